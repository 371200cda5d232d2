"""Third-party clients of the panel API v2, unmodified, against a live panel.

Each client is used the way its own page shows it; what differs between them is what the server has to bear:

| client          | request                             | what it insists on                                      |
|-----------------|-------------------------------------|---------------------------------------------------------|
| babismm         | POST form, absent fields left out   | status 2xx, JSON, no `error` with a text in an object   |
| smmpy           | POST form, every value as text      | the same; always sends `quantity`                       |
| safesmm         | POST form by urllib, own User-Agent | UTF-8, JSON, no key `error` in an object at all         |
| lytics-smm-demo | POST JSON, numbers as JSON numbers  | JSON; hands an `error` object back as an answer         |
| optsmm          | GET, everything in the query string | media type application/json, `service` a JSON number    |

The panel must stand still while these run: no worker may move orders, or the books would move on their own.
"""

from __future__ import annotations

import asyncio
import json
import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Protocol

import lytics.main
import pytest
import smm
import smmpy
from optsmm import OptSMM
from safesmm import SafeSMM, SafeSMMError

CURRENCY = "USD"
UNKNOWN = 999_999_999  # an id that no order and no refill has
SERVICE_KEYS = ["service", "name", "type", "category", "rate", "min", "max", "refill", "cancel"]
STATUS_KEYS = ["charge", "start_count", "status", "remains", "currency"]


class Live(Protocol):
    """A panel that answers on loopback; tests/protocol/conftest.py starts it."""

    api_url: str
    base_url: str
    api_key: str

    def service(self, type_name: str) -> int: ...

    def completed_order(self) -> int: ...

    def refill(self, status: str = "Completed") -> int: ...

    def pending_order(self) -> int: ...

    def balance(self) -> Decimal: ...


@dataclass(frozen=True)
class Sale:
    """One service type as a reseller orders it: `own` are its fields beside link and quantity.

    `lines_of` names the field whose lines are billed; "{lines}" there stands for exactly as many as ordered.
    """

    own: dict[str, object] = field(default_factory=dict)
    lines_of: str = ""
    link: bool = True
    flat: bool = False


SALES: dict[str, Sale] = {
    "Default": Sale(),
    "Package": Sale(flat=True),
    "SEO": Sale({"keywords": "red shoes\r\nblue shoes"}),
    "Custom Comments": Sale(lines_of="comments"),
    "Mentions with Hashtags": Sale({"usernames": "anna\nboris", "hashtags": "#spring\n#sale"}),
    "Mentions Custom List": Sale(lines_of="usernames"),
    "Mentions Hashtag": Sale({"hashtag": "#spring"}),
    "Mentions User Followers": Sale({"username": "https://example.com/anna"}),
    "Mentions Media Likers": Sale({"media": "https://example.com/p/1"}),
    "Subscriptions": Sale({"username": "anna", "delay": 30, "posts": 10, "expiry": "31/12/2099"}, link=False),
    "Custom Comments Package": Sale({"comments": "Great!\nWell done"}, flat=True),
    "Comment Likes": Sale({"username": "anna"}),
    "Poll": Sale({"answer_number": "7"}),
    "Comment Replies": Sale({"username": "anna"}, lines_of="comments"),
    "Invites from Groups": Sale({"groups": "https://example.com/g/1\nhttps://example.com/g/2"}),
    "Mentions": Sale({"usernames": "anna\nboris"}),
    "Web Traffic": Sale({"country": "US", "device": 5, "type_of_traffic": 1, "google_keyword": "red shoes"}),
}


def lines(count: int) -> str:
    """`count` lines the way forms deliver them: CRLF and LF mixed, blank lines between, letters beyond ASCII."""
    return "".join(f"Отлично 👍 {n}" + ("\r\n" if n % 2 else "\n\n") for n in range(1, count + 1))


def new_link() -> str:
    """A link that no open order has, with what has to be escaped in a form."""
    return f"https://example.com/p/{uuid.uuid4().hex}?a=1&b=%D1%8F+z"


def charge_of(rate: str, units: int) -> Decimal:
    """Rate is per 1000 units; the charge is rounded up to the micro."""
    micros = int(Decimal(rate) * 10**6)
    return Decimal(-(-micros * units // 1000)) / 10**6


def wire(amount: Decimal) -> str:
    """Money as the protocol writes it: 2 to 6 fraction digits, zeros trimmed down to 2."""
    whole, fraction = f"{amount:.6f}".split(".")
    return f"{whole}.{fraction.rstrip('0'):0<2}"


@dataclass(frozen=True)
class Purchase:
    """Fields of an `add` beside `service`, with the units (0 when flat or charged later) and the charge expected."""

    fields: dict[str, Any]
    units: int
    charge: Decimal


def purchase(row: dict[str, Any]) -> Purchase:
    """An order that the service of this `services` row must accept."""
    sale = SALES[row["type"]]
    units = min(int(row["min"]) + 7, int(row["max"]))
    own: dict[str, Any] = dict(sale.own)
    if not sale.link:
        return Purchase(own | {"min": int(row["min"]), "max": units}, 0, Decimal(0))
    own["link"] = new_link()
    if sale.flat:
        return Purchase(own, 0, Decimal(row["rate"]))
    own |= {sale.lines_of: lines(units)} if sale.lines_of else {"quantity": units}
    return Purchase(own, units, charge_of(row["rate"], units))


@contextmanager
def spends(live: Live, amount: Decimal | int) -> Iterator[None]:
    """The books must show exactly this much less afterwards; 0 after a refusal."""
    before = live.balance()
    yield
    assert live.balance() == before - amount


def row_of(services: list[dict[str, Any]], number: int) -> dict[str, Any]:
    [row] = [row for row in services if row["service"] == number]
    return row


def check_services(live: Live, services: Any) -> None:
    """The list as every client gets it: all 17 types, keys in order, JSON types as published."""
    assert isinstance(services, list)
    assert {row["type"] for row in services} == set(SALES)
    for row in services:
        assert list(row)[:9] == SERVICE_KEYS
        assert [type(row[key]) for key in SERVICE_KEYS] == [int, str, str, str, str, str, str, bool, bool]
        assert re.fullmatch(r"\d+\.\d{2,6}", row["rate"])
        assert row["min"].isdigit() and row["max"].isdigit()
    row = row_of(services, live.service("Default"))
    assert (row["type"], row["refill"], row["cancel"]) == ("Default", True, True)


def check_fresh(status: dict[str, Any], bought: Purchase) -> None:
    """An order that nobody has touched yet."""
    assert list(status)[:5] == STATUS_KEYS
    assert all(isinstance(status[key], str) for key in STATUS_KEYS)
    assert (status["charge"], status["start_count"]) == (wire(bought.charge), "0")
    assert status["currency"] == CURRENCY
    assert status["status"] == ("Pending" if "link" in bought.fields else "Active")
    if bought.units:
        assert status["remains"] == str(bought.units)


@contextmanager
def settles(live: Live, status: Callable[[int], dict[str, Any]], order: int) -> Iterator[None]:
    """Whatever a cancellation does at once, the balance gains exactly what the order's charge loses."""
    charge, balance = Decimal(status(order)["charge"]), live.balance()
    yield
    assert live.balance() - balance == charge - Decimal(status(order)["charge"])


@pytest.fixture(autouse=True)
def straight_to_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clients honour proxy settings of the environment; a proxy has no business between these two."""
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("no_proxy", "*")


# babismm and smmpy: the same methods over a form; babismm knows more fields and has error classes of its own.


@pytest.fixture(params=["babismm", "smmpy", "babismm, slash", "smmpy, slash"])
def form_client(request: pytest.FixtureRequest, live: Live) -> Iterator[Any]:
    """With a slash at the end smmpy asks for it as written, while babismm takes it off."""
    name, _, slash = request.param.partition(", ")
    url = live.api_url + ("/" if slash else "")
    if name == "smmpy":
        yield smmpy.smm(url, live.api_key)
    else:
        with smm.SMM(api_url=url, api_key=live.api_key) as client:
            yield client


@contextmanager
def refused(text: str) -> Iterator[None]:
    """smmpy raises a bare Exception with the text, babismm one of its own with the same text."""
    with pytest.raises(Exception, match=re.escape(text)) as caught:
        yield
    assert str(caught.value) == text


def test_form_services(live: Live, form_client: Any) -> None:
    check_services(live, form_client.get_services())


def test_form_balance(live: Live, form_client: Any) -> None:
    assert form_client.get_balance() == {"balance": wire(live.balance()), "currency": CURRENCY}


def test_form_order_and_status(live: Live, form_client: Any) -> None:
    number = live.service("Default")
    bought = purchase(row_of(form_client.get_services(), number))
    with spends(live, bought.charge):
        answer = form_client.add_order(number, bought.fields["link"], bought.fields["quantity"])
    assert list(answer) == ["order"] and type(answer["order"]) is int
    status = form_client.get_status(answer["order"])
    check_fresh(status, bought)
    assert list(status) == STATUS_KEYS
    assert form_client.get_status(str(answer["order"])) == status


def test_form_drip_feed(live: Live, form_client: Any) -> None:
    number = live.service("Default")
    row = row_of(form_client.get_services(), number)
    quantity, runs = int(row["min"]) + 1, 3
    cost = charge_of(row["rate"], quantity * runs)
    with spends(live, cost):
        answer = form_client.add_order(number, new_link(), quantity, runs=runs, interval=15)
    status = form_client.get_status(answer["order"])
    assert list(status) == [*STATUS_KEYS, "runs", "orders"]
    assert (status["charge"], status["currency"]) == (wire(cost), CURRENCY)


def test_form_comments_outvote_the_quantity(live: Live, form_client: Any) -> None:
    """smmpy cannot leave the quantity out, so it is sent with comments and must count for nothing."""
    number = live.service("Custom Comments")
    bought = purchase(row_of(form_client.get_services(), number))
    with spends(live, bought.charge):
        answer = form_client.add_order(number, bought.fields["link"], 1, comments=bought.fields["comments"])
    check_fresh(form_client.get_status(answer["order"]), bought)


def test_form_many_statuses(live: Live, form_client: Any) -> None:
    first, second = live.pending_order(), live.completed_order()
    answer = form_client.get_multi_status([second, UNKNOWN, first])
    assert list(answer) == [str(second), str(UNKNOWN), str(first)]
    assert answer[str(first)] == form_client.get_status(first)
    assert answer[str(second)] == form_client.get_status(second)
    assert answer[str(second)]["status"] == "Completed"
    assert answer[str(second)]["remains"] == "0"
    assert answer[str(UNKNOWN)] == {"error": "Incorrect order ID"}
    assert form_client.get_multi_status([first]) == {str(first): answer[str(first)]}


def test_form_refill(live: Live, form_client: Any) -> None:
    order = live.completed_order()
    with spends(live, 0):
        answer = form_client.create_refill(order)
    assert list(answer) == ["refill"] and isinstance(answer["refill"], str) and answer["refill"].isdigit()
    assert form_client.get_refill_status(answer["refill"]) == {"status": "Pending"}
    with refused("The refill task is not completed for this order"):
        form_client.create_refill(order)


def test_form_many_refills(live: Live, form_client: Any) -> None:
    order = live.completed_order()
    with spends(live, 0):
        [good, bad] = form_client.create_multi_refill([order, UNKNOWN])
    assert list(good) == ["order", "refill"] and good["order"] == order and type(good["refill"]) is int
    assert bad == {"order": UNKNOWN, "refill": {"error": "Incorrect order ID"}}
    assert form_client.get_refill_status(good["refill"]) == {"status": "Pending"}


def test_form_refill_status(live: Live, form_client: Any) -> None:
    done, rejected = live.refill(), live.refill(status="Rejected")
    assert form_client.get_refill_status(done) == {"status": "Completed"}
    assert form_client.get_refill_status(str(rejected)) == {"status": "Rejected"}
    assert form_client.get_multi_refill_status([rejected, UNKNOWN, done]) == [
        {"refill": rejected, "status": "Rejected"},
        {"refill": UNKNOWN, "status": {"error": "Refill not found"}},
        {"refill": done, "status": "Completed"},
    ]
    with refused("Refill not found"):
        form_client.get_refill_status(UNKNOWN)


def test_form_cancel(live: Live, form_client: Any) -> None:
    order = live.pending_order()
    with settles(live, form_client.get_status, order):
        answer = form_client.cancel_orders([order, UNKNOWN])
    assert answer == [
        {"order": order, "cancel": 1},
        {"order": UNKNOWN, "cancel": {"error": "Incorrect order ID"}},
    ]


def test_form_refusals(live: Live, form_client: Any) -> None:
    number = live.service("Default")
    row = row_of(form_client.get_services(), number)
    least, most = int(row["min"]), int(row["max"])
    with spends(live, 0):
        with refused("Incorrect service ID"):
            form_client.add_order(UNKNOWN, new_link(), least)
        with refused("Bad link"):
            form_client.add_order(number, "", least)
        with refused(f"Quantity less than minimal {least}"):
            form_client.add_order(number, new_link(), least - 1)
        with refused(f"Quantity more than maximum {most}"):
            form_client.add_order(number, new_link(), most + 1)
        with refused("Incorrect interval"):
            form_client.add_order(number, new_link(), least, runs=2)
        with refused("Incorrect order ID"):
            form_client.get_status(UNKNOWN)
        form_client.api_key = "nobody's key"
        with refused("Invalid API key"):
            form_client.get_balance()


@pytest.mark.parametrize("type_name", SALES)
def test_babismm_orders_every_type(live: Live, type_name: str) -> None:
    with smm.SMM(live.api_url, live.api_key) as client:
        bought = purchase(row_of(client.get_services(), live.service(type_name)))
        with spends(live, bought.charge):
            answer = client.add_order(service=live.service(type_name), **bought.fields)
        assert list(answer) == ["order"] and type(answer["order"]) is int
        check_fresh(client.get_status(answer["order"]), bought)


def test_babismm_errors_are_the_panels_own(live: Live) -> None:
    """SMMAPIError is raised for a refusal under status 200 only: under 4xx this client loses the text."""
    client = smm.SMM(live.api_url, "nobody's key", timeout=60)
    with pytest.raises(smm.SMMAPIError, match=r"^Invalid API key$"):
        client.get_services()
    client.close()


def test_babismm_sends_booleans_and_strangers(live: Live) -> None:
    """True travels as "1"; a parameter that the protocol does not know changes nothing."""
    with smm.SMM(live.api_url, live.api_key) as client:
        bought = purchase(row_of(client.get_services(), live.service("Default")))
        with spends(live, bought.charge):
            answer = client.add_order(live.service("Default"), **bought.fields, is_drip_feed=True, note="x" * 500)
        check_fresh(client.get_status(answer["order"]), bought)


# safesmm: urllib; takes any object with a key `error` for a refusal.


@pytest.fixture
def safe_client(live: Live) -> SafeSMM:
    return SafeSMM(live.api_key, api_url=live.api_url, timeout=60)


def test_safesmm_balance_and_services(live: Live, safe_client: SafeSMM) -> None:
    assert safe_client.balance() == {"balance": wire(live.balance()), "currency": CURRENCY}
    check_services(live, safe_client.services())


@pytest.mark.parametrize("type_name", SALES)
def test_safesmm_orders_every_type(live: Live, safe_client: SafeSMM, type_name: str) -> None:
    bought = purchase(row_of(safe_client.services(), live.service(type_name)))
    fields = {"link": None} | bought.fields
    with spends(live, bought.charge):
        answer = safe_client.add_order(live.service(type_name), **fields)
    assert list(answer) == ["order"] and type(answer["order"]) is int
    check_fresh(safe_client.status(answer["order"]), bought)


def test_safesmm_many_statuses(live: Live, safe_client: SafeSMM) -> None:
    order = live.completed_order()
    answer = safe_client.multi_status([UNKNOWN, order])
    assert list(answer) == [str(UNKNOWN), str(order)]
    assert answer == {str(UNKNOWN): {"error": "Incorrect order ID"}, str(order): safe_client.status(order)}


def test_safesmm_refill(live: Live, safe_client: SafeSMM) -> None:
    order = live.completed_order()
    with spends(live, 0):
        answer = safe_client.refill(order)
    assert list(answer) == ["refill"] and isinstance(answer["refill"], str) and answer["refill"].isdigit()


def test_safesmm_cancel(live: Live, safe_client: SafeSMM) -> None:
    first, second = live.pending_order(), live.pending_order()
    with settles(live, safe_client.status, first):
        assert safe_client.cancel(first) == [{"order": first, "cancel": 1}]
    with settles(live, safe_client.status, second):
        assert safe_client.cancel([UNKNOWN, second]) == [
            {"order": UNKNOWN, "cancel": {"error": "Incorrect order ID"}},
            {"order": second, "cancel": 1},
        ]


def test_safesmm_refusals(live: Live, safe_client: SafeSMM) -> None:
    number = live.service("Subscriptions")
    fields = purchase(row_of(safe_client.services(), number)).fields
    with spends(live, 0):
        with pytest.raises(SafeSMMError, match=r"^Incorrect quantity$"):
            safe_client.add_order(live.service("Default"), new_link(), "a hundred")
        with pytest.raises(SafeSMMError, match=r"^Incorrect delay$"):
            safe_client.add_order(number, None, **(fields | {"delay": 7}))
        with pytest.raises(SafeSMMError, match=r"^Incorrect order ID$"):
            safe_client.refill(UNKNOWN)
        with pytest.raises(SafeSMMError, match=r"^Invalid API key$"):
            SafeSMM("nobody's key", api_url=live.api_url).balance()


# lytics-smm-demo: JSON bodies; its address is a constant of its module.


@pytest.fixture
def lytics_client(live: Live, monkeypatch: pytest.MonkeyPatch) -> lytics.main.Lytics:
    monkeypatch.setattr(lytics.main, "api_url", live.api_url)
    return lytics.main.Lytics(live.api_key)


def test_lytics_balance_and_services(live: Live, lytics_client: lytics.main.Lytics) -> None:
    assert lytics_client.balance() == {"balance": wire(live.balance()), "currency": CURRENCY}
    printed = lytics_client.services()
    assert isinstance(printed, str)
    check_services(live, json.loads(printed))


@pytest.mark.parametrize("type_name", SALES)
def test_lytics_orders_every_type(live: Live, lytics_client: lytics.main.Lytics, type_name: str) -> None:
    """Numbers arrive as JSON numbers: service, quantity, min, max, delay, posts."""
    bought = purchase(row_of(json.loads(lytics_client.services()), live.service(type_name)))
    with spends(live, bought.charge):
        answer = lytics_client.order(live.service(type_name), **bought.fields)
    assert list(answer) == ["order"] and type(answer["order"]) is int
    check_fresh(lytics_client.status(answer["order"]), bought)


def test_lytics_leaves_out_with_null(live: Live, lytics_client: lytics.main.Lytics) -> None:
    """None becomes a JSON null, which means: not sent."""
    bought = purchase(row_of(json.loads(lytics_client.services()), live.service("Default")))
    with spends(live, bought.charge):
        answer = lytics_client.order(live.service("Default"), **bought.fields, runs=None, interval=None)
    status = lytics_client.status(answer["order"])
    check_fresh(status, bought)
    assert list(status) == STATUS_KEYS


def test_lytics_many_statuses(live: Live, lytics_client: lytics.main.Lytics) -> None:
    first, second = live.pending_order(), live.completed_order()
    assert lytics_client.multi_status([first, second, UNKNOWN]) == {
        str(first): lytics_client.status(first),
        str(second): lytics_client.status(second),
        str(UNKNOWN): {"error": "Incorrect order ID"},
    }


def test_lytics_refills(live: Live, lytics_client: lytics.main.Lytics) -> None:
    order, other = live.completed_order(), live.completed_order()
    with spends(live, 0):
        answer = lytics_client.refill(order)
        assert list(answer) == ["refill"] and isinstance(answer["refill"], str) and answer["refill"].isdigit()
        [again, good, bad] = lytics_client.multi_refill([order, other, UNKNOWN])
    assert again == {"order": order, "refill": {"error": "The refill task is not completed for this order"}}
    assert list(good) == ["order", "refill"] and good["order"] == other and type(good["refill"]) is int
    assert bad == {"order": UNKNOWN, "refill": {"error": "Incorrect order ID"}}


def test_lytics_refill_status_names_no_refill(live: Live, lytics_client: lytics.main.Lytics) -> None:
    """Broken by itself: it sends the refill's number as `order`, and so is told that the selector is missing."""
    assert lytics_client.refill_status(live.refill()) == {"error": "Incorrect request"}
    assert lytics_client.multi_refill_status([live.refill(), UNKNOWN]) == {"error": "Incorrect request"}


def test_lytics_refusals_are_answers(live: Live, lytics_client: lytics.main.Lytics) -> None:
    number = live.service("Default")
    with spends(live, 0):
        assert lytics_client.order(UNKNOWN, link=new_link(), quantity=100) == {"error": "Incorrect service ID"}
        assert lytics_client.order(number, link=new_link(), quantity=-5) == {"error": "Incorrect quantity"}
        assert lytics_client.order(number, quantity=100) == {"error": "Bad link"}
        assert lytics_client.status(UNKNOWN) == {"error": "Incorrect order ID"}
        assert lytics.main.Lytics("nobody's key").balance() == {"error": "Invalid API key"}


# optsmm: GET with aiohttp, which reads the body only as application/json; `base_url` is where it goes.


@pytest.fixture
def opt_client(live: Live) -> OptSMM:
    client = OptSMM(live.api_key)
    client.base_url = live.api_url
    return client


def test_optsmm_balance(live: Live, opt_client: OptSMM) -> None:
    assert asyncio.run(opt_client.balance()) == (float(live.balance()), CURRENCY)


def test_optsmm_services(live: Live, opt_client: OptSMM) -> None:
    services = asyncio.run(opt_client.services())
    check_services(live, services)
    wanted = row_of(services, live.service("Poll"))["name"].lower()
    found = [row for row in services if wanted in row["name"].lower()]
    assert asyncio.run(opt_client.search_services(wanted.upper())) == found


@pytest.mark.parametrize("type_name", [name for name, sale in SALES.items() if sale.link and not sale.flat])
def test_optsmm_orders(live: Live, opt_client: OptSMM, type_name: str) -> None:
    """It asks for services and balance first and reckons for itself; then everything stands in the address."""
    number = live.service(type_name)
    bought = purchase(row_of(asyncio.run(opt_client.services()), number))
    with spends(live, bought.charge):
        order = asyncio.run(opt_client.create_order(number, **({"quantity": bought.units} | bought.fields)))
    assert type(order) is int
    check_fresh(asyncio.run(opt_client.order_status(order)), bought)


def test_optsmm_drip_feed(live: Live, opt_client: OptSMM) -> None:
    number = live.service("Default")
    row = row_of(asyncio.run(opt_client.services()), number)
    quantity = int(row["min"])
    cost = charge_of(row["rate"], quantity * 2)
    with spends(live, cost):
        order = asyncio.run(opt_client.create_order(number, new_link(), quantity, runs=2, interval=60))
    assert asyncio.run(opt_client.order_status(order))["charge"] == wire(cost)


def test_optsmm_refusals(live: Live, opt_client: OptSMM) -> None:
    number = live.service("Default")
    least = int(row_of(asyncio.run(opt_client.services()), number)["min"])
    with spends(live, 0):
        with pytest.raises(Exception, match=r"создать заказ: Bad link$"):
            asyncio.run(opt_client.create_order(number, "", least))
        with pytest.raises(Exception, match=r"создать заказ: Incorrect runs$"):
            asyncio.run(opt_client.create_order(number, new_link(), least, interval=60))
        with pytest.raises(Exception, match=r"статус заказа: Incorrect order ID$"):
            asyncio.run(opt_client.order_status(UNKNOWN))
        opt_client.api_key = "stranger"
        with pytest.raises(Exception, match=r"баланс: Invalid API key$"):
            asyncio.run(opt_client.balance())
