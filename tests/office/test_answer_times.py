"""The report on support: how long customers wait for the first answer, and for the end."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from panelwright.storefront.tests.reading import text_of
from tests.support.people import execute

if TYPE_CHECKING:
    from tests.office.office import Office
    from tests.support.people import Time

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(
    ("seconds", "median", "ninetieth"),
    [([], None, None), ([7], 7, 7), ([1, 2], 1, 2), ([1, 2, 3], 2, 3), (list(range(1, 11)), 5, 9)],
)
def test_a_share_of_times(seconds: list[int], median: int | None, ninetieth: int | None) -> None:
    from panelwright.reports import answer_times

    assert (answer_times.at_share(seconds, 50), answer_times.at_share(seconds, 90)) == (median, ninetieth)


def test_first_answers_and_ends_are_timed_by_topic_and_person(office: Office, time: Time) -> None:
    from panelwright.support.tests.making import written

    execute("DELETE FROM support_message")
    execute("DELETE FROM support_ticket")
    browser = office.browser("owner")
    assert "No tickets in this period." in text_of(browser.get("/admin/reports/support"))
    first = written(office.carol, "Where is it?", subject="payment")
    second = written(office.carol, "And this?", subject="other")
    written(office.carol, "Nobody answers this", subject="other")
    office.world.do("customer.open_ticket", office.carol.number, title="News", text="Ours waits for no answer.")
    time.passes(minutes=10)
    assert browser.post(f"/admin/tickets/{first.number}/answer", text="Here.").status_code == 302
    time.passes(minutes=20)
    assert browser.post(f"/admin/tickets/{second.number}/answer", text="There.", close="yes").status_code == 302
    file = browser.answer("/admin/reports/support.csv")
    rows = b"".join(file.streaming_content).decode("utf-8-sig").splitlines()
    assert rows[1:] == [
        "Something else,2,30 min,30 min,1,30 min,30 min",
        "A payment,1,10 min,10 min,0,,",
        "alice@shop.example,2,10 min,30 min,1,30 min,30 min",
    ]
    (total,) = re.findall(r"<tfoot>(.*?)</tfoot>", browser.get("/admin/reports/support"), re.S)
    told = [text_of(cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", total)]
    assert told == ["All", "3", "10 min", "30 min", "1", "30 min", "30 min"]
    assert browser.answer("/admin/reports/support?period=yesterday").status_code == 200
    assert office.browser("read_only").answer("/admin/reports/support").status_code == 403
