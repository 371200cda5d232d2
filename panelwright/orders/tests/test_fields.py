"""The check of `add`'s parameters: exact refusals in the documented order, and no text that breaks it."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from panelwright.catalog.types import BY_NAME, TYPES, FieldKind, ServiceType, TypeField, Units
from panelwright.core.refusal import Refusal
from panelwright.core.text import trim
from panelwright.orders import fields, reasons
from panelwright.orders.fields import CheckedFields, check

LINK = "https://example.com/p"


def given_params(type_: ServiceType, **changes: str) -> dict[str, str]:
    """Every field with the example of the table, runs and interval left out."""
    params = {f.name: f.example for f in type_.fields if f.name not in ("runs", "interval")}
    return {**params, **changes}


def checked(type_name: str, *, drip_feed: Any = True, **changes: Any) -> CheckedFields | Refusal:
    type_ = BY_NAME[type_name]
    return check(type_, given_params(type_, **changes), drip_feed=drip_feed, flat_quantity=1)


# ---- every type ------------------------------------------------------------------------------------


@pytest.mark.parametrize("type_", TYPES, ids=lambda type_: type_.slug)
def test_the_examples_of_the_table_are_in_order(type_: ServiceType) -> None:
    result = check(type_, given_params(type_), drip_feed=False, flat_quantity=7)
    assert isinstance(result, CheckedFields), result
    assert set(result.own) == {f.name for f in type_.own_fields}
    quantity = {Units.QUANTITY: 100, Units.FLAT: 7, Units.PER_POST: 0, Units.LINES: 2}[type_.units]
    assert (result.quantity, result.runs, result.interval_min) == (quantity, 1, 0)


@pytest.mark.parametrize(
    ("type_", "name"), [(t, f.name) for t in TYPES for f in t.fields if f.required], ids=lambda v: getattr(v, "slug", v)
)
@pytest.mark.parametrize("absent", ["", None])
def test_each_required_field_is_missed_by_its_name(type_: ServiceType, name: str, absent: str | None) -> None:
    params = given_params(type_)
    if absent is None:
        del params[name]
    else:
        params[name] = absent
    refusal = check(type_, params, drip_feed=False, flat_quantity=1)
    assert refusal == (Refusal("bad_link", "link") if name == "link" else Refusal("bad_field", name))


@pytest.mark.parametrize(
    ("type_", "name"),
    [(t, f.name) for t in TYPES for f in t.fields if not f.required and f.needed_when is None],
    ids=lambda v: getattr(v, "slug", v),
)
@pytest.mark.parametrize("absent", sorted(fields.ABSENT))
def test_an_optional_field_that_says_nothing_is_not_sent(type_: ServiceType, name: str, absent: str) -> None:
    left_out = given_params(type_)
    left_out.pop(name, None)
    expected = check(type_, left_out, drip_feed=False, flat_quantity=1)
    assert isinstance(expected, CheckedFields)
    assert check(type_, {**left_out, name: absent}, drip_feed=False, flat_quantity=1) == expected
    assert name not in expected.own


@pytest.mark.parametrize("type_", [t for t in TYPES if t.units is not Units.QUANTITY], ids=lambda type_: type_.slug)
def test_a_quantity_that_the_type_derives_is_ignored(type_: ServiceType) -> None:
    without = check(type_, given_params(type_), drip_feed=False, flat_quantity=1)
    assert check(type_, given_params(type_, quantity="-5"), drip_feed=False, flat_quantity=1) == without


def test_the_link_is_looked_at_first_then_own_fields_then_runs_then_quantity() -> None:
    wrong = {"link": "", "device": "9", "runs": "0", "quantity": "none"}
    mended = {"link": LINK, "device": "1", "runs": "", "quantity": "100"}
    said = []
    for name, good in mended.items():
        refusal = checked("Web Traffic", **wrong)
        assert isinstance(refusal, Refusal)
        said.append(refusal.field)
        wrong[name] = good
    assert said == ["link", "device", "runs", "quantity"]
    assert isinstance(checked("Web Traffic", **wrong), CheckedFields)


# ---- links -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "link",
    [
        "https://example.com/p?a=1#b",
        "HTTP://EXAMPLE.COM",
        "http://127.0.0.1:8000/x",
        "https://[2001:db8::1]:8443/x",
        "https://carol@example.com:443?x",
        "https://example.com:/x",
        "https://example.com?a=b:c",
        "example.com/p",
        "t.me:443/channel",
        "t.me:443",
        "www.example.com:8080?a=1#b",
        "@carol",
        "carol",
        "https://пример.рф/страница",
        "https://example.com/p\u200d/\u00ada?b=\u200e#\ufeff",
        "example.com/a\u200bb",
        "https://example.com/" + "a" * 1980,
    ],
)
def test_a_link_or_a_bare_name_is_taken_as_it_is(link: str) -> None:
    result = checked("Default", link=link)
    assert isinstance(result, CheckedFields)
    assert result.link == link


@pytest.mark.parametrize(
    "link",
    [
        "null",
        "undefined",
        "None",
        "javascript:alert(1)",
        # A browser takes what looks like a port for a statement.
        "javascript:1;alert(1)",
        "javascript:1/alert(1)",
        "JavaScript:0?1:alert(1)",
        "javascript:1",
        "vbscript:1;x",
        "data:1/html,<script>",
        "java-script.x:1;alert(1)",
        "host.example:123456",
        "host.example:80;alert(1)",
        "host.example:80alert",
        "data:text/html,x",
        "https://javascript:1;alert(1)",
        "https://example.com:80alert(1)/",
        "https://example.com:80:80/",
        "https://example.com:123456/",
        "https://[::1/x",
        "https://:80/",
        "ftp://example.com/x",
        "file:///etc/passwd",
        "http://",
        "https:///p",
        "http://@example.com",
        "two words",
        "a\tb",
        "a\x00b",
        "a\x85b",
        "a\u2028b",
        "broken\udcff",
        "https://exam\u200bple.com/p",
        "https://example.com\u00ad/p",
        "https://\u2066example.com",
        "exam\u200dple.com/p",
        "ca\ufeffrol",
        "https://example.com/" + "a" * 1981,
    ],
)
def test_what_nobody_can_deliver_to_is_a_bad_link(link: str) -> None:
    assert checked("Default", link=link) == Refusal("bad_link", "link")


# ---- quantities, runs, lines, days -------------------------------------------------------------------


@pytest.mark.parametrize("quantity", ["-1", "1.0", "1e3", "1,000", "1 000", "+5", "٣", "five", "0x10", "9" * 101])
def test_a_quantity_is_a_whole_number_in_plain_digits(quantity: str) -> None:
    assert checked("Default", quantity=quantity) == Refusal("bad_field", "quantity")


def test_a_quantity_of_any_size_is_read_exactly() -> None:
    result = checked("Default", quantity="1" + "0" * 30)
    assert isinstance(result, CheckedFields)
    assert result.quantity == 10**30


@pytest.mark.parametrize(
    ("runs", "interval", "expected"),
    [
        ("", "", (1, 0)),
        ("1", "", (1, 0)),
        ("1", "5", (1, 0)),
        ("2", "5", (2, 5)),
        ("10000", "525600", (10_000, 525_600)),
        ("null", "undefined", (1, 0)),
        ("2", "", "interval"),
        ("2", "0", "interval"),
        ("2", "525601", "interval"),
        ("2", "x", "interval"),
        ("1", "0", (1, 0)),
        ("1", "x", (1, 0)),
        ("01", "0", (1, 0)),
        ("0", "0", (1, 0)),
        ("", "0", (1, 0)),
        ("null", "00", (1, 0)),
        ("0", "", "runs"),
        ("", "5", "runs"),
        ("0", "5", "runs"),
        ("-2", "5", "runs"),
        ("10001", "5", "runs"),
        ("2.5", "5", "runs"),
    ],
)
def test_runs_and_interval_come_together_or_not_at_all(
    runs: str, interval: str, expected: tuple[int, int] | str
) -> None:
    result = checked("Default", runs=runs, interval=interval)
    if isinstance(expected, str):
        assert result == Refusal("bad_field", expected)
    else:
        assert isinstance(result, CheckedFields)
        assert (result.runs, result.interval_min) == expected
        assert result.quantity == 100, "the quantity is that of one run"


def test_drip_feed_is_refused_where_the_service_has_none() -> None:
    assert checked("Default", drip_feed=False, runs="2", interval="5") == Refusal("bad_field", "runs")
    one_run = checked("Default", drip_feed=False, runs="1", interval="5")
    plain = checked("Default", drip_feed=False)
    assert one_run == plain
    for runs, interval in (("1", "0"), ("1", ""), ("0", "0"), ("", "0")):
        assert checked("Default", drip_feed=False, runs=runs, interval=interval) == plain
    assert checked("SEO", runs="x", interval="y") == checked("SEO"), "a type without runs does not look at them"


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("one", ["one"]),
        ("one\r\ntwo\r\n", ["one", "two"]),
        ("one\ntwo\n\n  \nthree", ["one", "two", "three"]),
        ("one\rtwo\r\r\nthree", ["one", "two", "three"]),
        ("  padded  \n\tx", ["padded", "x"]),
        ("same\nsame", ["same", "same"]),
        ("😀\nпривет", ["😀", "привет"]),
        ("one\rtwo\x85three\u2028four\u2029five", ["one", "two", "three", "four", "five"]),
        ("\ufeffone\n\u200b\n\u2060 \u200d\n\u200etwo\u200f\n\u00ad", ["one", "two"]),
        ("a\\nb\\r\\nc", ["a\\nb\\r\\nc"]),
    ],
)
def test_lines_are_counted_without_the_blank_ones(text: str, lines: list[str]) -> None:
    assert fields.lines(text) == lines
    result = checked("Custom Comments", comments=text)
    assert isinstance(result, CheckedFields)
    assert (result.quantity, result.own) == (len(lines), {"comments": "\n".join(lines)})


@pytest.mark.parametrize(
    ("type_", "name"), [(t, f) for t in TYPES for f in t.fields if f.kind is FieldKind.LINES], ids=lambda v: v.name
)
@pytest.mark.parametrize("text", ["one\\ntwo", "one\\r\\ntwo", "\\none\\n\\n two\\n", "one\\n\ntwo"])
def test_a_line_end_in_letters_separates_names_and_never_comments(
    type_: ServiceType, name: TypeField, text: str
) -> None:
    result = checked(type_.name, **{name.name: text})
    assert isinstance(result, CheckedFields)
    if name.name == "comments":
        assert result.own["comments"].replace("\n", "") == text.replace("\n", "")
    else:
        assert result.own[name.name] == "one\ntwo"
        assert result.quantity in {2, 100}


def test_whoever_escapes_the_backslash_too_is_not_billed_for_more() -> None:
    result = checked("Custom Comments", comments="C:\\new\\names")
    assert isinstance(result, CheckedFields)
    assert (result.quantity, result.own) == (1, {"comments": "C:\\new\\names"})


@pytest.mark.parametrize("text", ["\n\r\n", "\u200b\n\ufeff", "a\x00b", "a\udc80", "x\n" * 10_001, "x" * 500_001])
def test_lines_that_are_none_or_too_many_are_refused(text: str) -> None:
    assert checked("Custom Comments", comments=text) == Refusal("bad_field", "comments")


def test_ten_thousand_lines_are_taken() -> None:
    result = checked("Custom Comments", comments="x\n" * 10_000)
    assert isinstance(result, CheckedFields)
    assert result.quantity == 10_000


@pytest.mark.parametrize(
    ("text", "day"),
    [("31/12/2026", date(2026, 12, 31)), ("1/2/2027", date(2027, 2, 1)), ("29/02/2028", date(2028, 2, 29))],
)
def test_a_day_is_written_day_first(text: str, day: date) -> None:
    assert fields.day(text) == day
    result = checked("Subscriptions", expiry=text)
    assert isinstance(result, CheckedFields)
    assert result.own["expiry"] == day.strftime("%d/%m/%Y")


@pytest.mark.parametrize("text", ["2026-12-31", "12/31/2026", "29/02/2027", "0/1/2027", "1/1/27", "1/1/0000", "x"])
def test_what_is_no_day_is_refused(text: str) -> None:
    assert fields.day(text) is None
    assert checked("Subscriptions", expiry=text) == Refusal("bad_field", "expiry")


@pytest.mark.parametrize("delay", ["0", "5", "600"])
def test_a_delay_of_the_list_is_taken(delay: str) -> None:
    result = checked("Subscriptions", delay=delay)
    assert isinstance(result, CheckedFields)
    assert result.own["delay"] == delay


@pytest.mark.parametrize("delay", ["1", "-5", "601", "05", "30.0"])
def test_a_delay_beside_the_list_is_refused(delay: str) -> None:
    assert checked("Subscriptions", delay=delay) == Refusal("bad_field", "delay")


# ---- web traffic: fields that hang on others ------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "needed", "other"), [("1", "google_keyword", "referring_url"), ("2", "referring_url", "google_keyword")]
)
def test_a_kind_of_traffic_needs_its_own_field_only(kind: str, needed: str, other: str) -> None:
    assert isinstance(checked("Web Traffic", type_of_traffic=kind, **{other: ""}), CheckedFields)
    assert checked("Web Traffic", type_of_traffic=kind, **{needed: ""}) == Refusal("bad_field", needed)
    blank = checked("Web Traffic", type_of_traffic="3", google_keyword="", referring_url="")
    assert isinstance(blank, CheckedFields)
    assert set(blank.own) == {"country", "device", "type_of_traffic"}


@pytest.mark.parametrize(("country", "code"), [("BR", "BR"), ("br", "BR"), ("Brazil", "BR"), ("united states", "US")])
def test_a_country_is_a_code_or_an_english_name(country: str, code: str) -> None:
    result = checked("Web Traffic", country=country)
    assert isinstance(result, CheckedFields)
    assert result.own["country"] == code


@pytest.mark.parametrize("country", ["XX", "Atlantis", "1", "B R"])
def test_a_country_that_is_none_is_refused(country: str) -> None:
    assert checked("Web Traffic", country=country) == Refusal("bad_field", "country")


@pytest.mark.parametrize("username", ["https://example.com/carol", "carol", "@carol", "carol: the one"])
def test_a_user_name_may_be_a_url_or_a_name(username: str) -> None:
    assert isinstance(checked("Mentions User Followers", username=username), CheckedFields)


@pytest.mark.parametrize(
    "username",
    [
        "javascript:x",
        "javascript:1;alert(1)",
        "javascript:alert(1) // with spaces",
        "JAVASCRIPT :alert(1) //",
        "data:text/html,<b> x",
        "vbscript:1;msgbox x",
        "a\nb",
        "a\x00",
        "u" * 501,
        "\ud800",
    ],
)
def test_a_user_name_that_runs_or_breaks_is_refused(username: str) -> None:
    assert checked("Mentions User Followers", username=username) == Refusal("bad_field", "username")


# ---- why ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_name", "changes", "said"),
    [
        ("Default", {"quantity": "1,000"}, "Use a whole number in digits only, such as 1000."),
        ("Default", {"quantity": ""}, "This field is required."),
        ("Default", {"link": "javascript:x"}, "A link must start with http:// or https://, followed by a site name."),
        ("Default", {"link": "two words"}, "A link cannot contain spaces or line breaks."),
        ("Default", {"link": "a" * 2001}, "Use at most 2000 characters."),
        ("Default", {"runs": "10001", "interval": "5"}, "The maximum is 10000."),
        ("Default", {"runs": "2", "interval": "0"}, "The minimum is 1."),
        ("Default", {"runs": "2"}, "Drip-feed needs both runs and interval."),
        ("Default", {"drip_feed": False, "runs": "2", "interval": "5"}, "This service has no drip-feed."),
        ("Custom Comments", {"comments": "x\n" * 10_001}, "Use at most 10000 lines."),
        ("Poll", {"answer_number": "0"}, "The minimum is 1."),
        ("Web Traffic", {"device": "9"}, "Use one of the listed values."),
        (
            "Web Traffic",
            {"country": "Atlantis"},
            "Use a two-letter country code, such as US, or its English name.",
        ),
        ("Subscriptions", {"expiry": "2030-01-01"}, "Use a date such as 31/12/2030: day/month/year."),
        (
            "Mentions Media Likers",
            {"media": "https://exam\u200bple.com/"},
            "The site name in the link contains invisible characters. Type it by hand.",
        ),
    ],
)
def test_a_refusal_knows_why(type_name: str, changes: dict[str, Any], said: str) -> None:
    refusal = checked(type_name, **changes)
    assert isinstance(refusal, Refusal)
    assert reasons.text(refusal) == said


# ---- any text at all ------------------------------------------------------------------------------------

# Lone surrogates are what the API makes of bytes that are no UTF-8.
ANY_TEXT = st.text(st.characters(codec=None, categories=None), max_size=40)
LIKELY = st.sampled_from(
    [
        "",
        "0",
        "1",
        "2",
        "5",
        "100",
        "null",
        "None",
        "undefined",
        LINK,
        "carol",
        "a\nb",
        "1/1/2030",
        "US",
        "Brazil",
        "-1",
    ]
)
PARAMS = st.dictionaries(
    st.sampled_from(sorted({f.name for t in TYPES for f in t.fields})), st.one_of(LIKELY, ANY_TEXT), max_size=12
)


@given(st.sampled_from(TYPES), PARAMS, st.booleans(), st.booleans())
@example(BY_NAME["Subscriptions"], {"username": "c", "min": "9" * 100, "max": "9", "delay": "0"}, False, True)
def test_any_parameters_are_checked_or_refused_and_never_raise(
    type_: ServiceType, params: dict[str, str], drip_feed: bool, complete: bool
) -> None:
    sent = {**given_params(type_), **params} if complete else params
    result = check(type_, sent, drip_feed=drip_feed, flat_quantity=3)
    assert result == check(type_, dict(sent), drip_feed=drip_feed, flat_quantity=3)
    if isinstance(result, Refusal):
        assert result.code in {"bad_link", "bad_field"}
        assert type_.field(result.field) is not None
        assert reasons.text(result)
        return
    assert result.runs >= 1
    assert (result.runs == 1) == (result.interval_min == 0)
    assert result.quantity >= 0
    for text in (result.link, *result.own.values()):
        # What is kept goes into a database, into JSON and upstream.
        assert "\x00" not in text
        text.encode()


@given(st.sampled_from(TYPES), PARAMS)
def test_what_was_checked_is_checked_again_to_the_same(type_: ServiceType, params: dict[str, str]) -> None:
    """What is kept is what goes upstream, and a panel of ours upstream must read it as we did."""
    first = check(type_, {**given_params(type_), **params}, drip_feed=True, flat_quantity=3)
    if isinstance(first, Refusal):
        return
    again = {"link": first.link, "quantity": str(first.quantity), **first.own}
    if first.runs > 1:
        again |= {"runs": str(first.runs), "interval": str(first.interval_min)}
    assert check(type_, again, drip_feed=True, flat_quantity=3) == first


@given(ANY_TEXT)
def test_any_text_is_a_number_or_none(text: str) -> None:
    number = fields.whole(text)
    assert number is None or (number >= 0 and text.isascii() and text.lstrip("0") == str(number).lstrip("0"))


@given(ANY_TEXT)
def test_any_text_has_lines(text: str) -> None:
    found = fields.lines(text)
    assert all(line == trim(line) and line and not set(line) & set("\n\r\x85\u2028\u2029") for line in found)
    assert fields.lines("\n".join(found)) == found


def test_every_kind_of_field_has_its_check() -> None:
    used = {f.kind for t in TYPES for f in t.fields}
    assert used <= set(fields._CHECKS)
    assert set(FieldKind) == set(fields._CHECKS)


@given(st.one_of(st.from_regex(fields._USUAL, fullmatch=True), ANY_TEXT.map("https://{}".format)))
@example("https://a:1")
@example("https://a/\x7f")
@example("https://a/\n")
@example("https://user@a/")
def test_what_nearly_everybody_sends_is_judged_as_by_the_whole_check(link: str) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(fields, "_USUAL", re.compile("(?!)"))
        whole_check = fields.good_link(link)
    assert fields.good_link(link) == whole_check
