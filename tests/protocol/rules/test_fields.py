"""PROTOCOL.md section 3, fields one by one: what is taken as it is, and the name by which each is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.protocol.rules.stand import Reseller, Stand, new_link
from tests.protocol.rules.test_types import TYPES, needed
from tests.protocol.rules.wire import API, FORM, JSON, form

NO_NUMBERS = [
    *(
        "-5",
        "1.5",
        "1e3",
        "abc",
        "٣",
        "５",
        "0x10",
        "1 000",
        "1,000",
        "1_000",
        "NaN",
        "Infinity",
        "true",
        "+",
        "½",
        "--1",
    ),
    *("9" * 101, "10\0", "1;2", "$10", "10 OR 1=1", "0\u202e1"),
]
NUMBERS = [
    ("Default", "quantity"),
    ("Default", "runs"),
    ("Default", "interval"),
    ("Web Traffic", "quantity"),
    ("Poll", "quantity"),
    ("Poll", "answer_number"),
    ("Subscriptions", "min"),
    ("Subscriptions", "max"),
    ("Subscriptions", "posts"),
    ("Subscriptions", "old_posts"),
]


@pytest.mark.parametrize(("type_name", "name"), NUMBERS, ids=lambda value: value.replace(" ", "-"))
def test_what_is_no_number(stand: Stand, carol: Reseller, type_name: str, name: str) -> None:
    fields = needed(stand.row(type_name)) | TYPES[type_name].more
    for text in NO_NUMBERS:
        assert carol.refused("add", **fields | {name: text}) == f"Incorrect {name}", text


@pytest.mark.parametrize(
    ("type_name", "name"),
    [
        ("Default", "runs"),
        ("Default", "interval"),
        ("Poll", "answer_number"),
        ("Subscriptions", "min"),
        ("Subscriptions", "max"),
    ],
)
def test_nothing_where_something_is_counted(stand: Stand, carol: Reseller, type_name: str, name: str) -> None:
    fields = needed(stand.row(type_name)) | TYPES[type_name].more
    assert carol.refused("add", **fields | {name: "0"}) == f"Incorrect {name}"


# ---- links -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "link",
    [
        "https://example.com/p/1?a=1&b=2#c",
        "HTTP://EXAMPLE.COM",
        "http://127.0.0.1:8000/x",
        "https://пример.рф/страница?q=ю",
        "https://example.com/%D1%8F+z%20",
        "example.com/p",
        "t.me:443/channel",
        "@anna",
        "anna",
        "👍",
        "https://example.com/" + "a" * 1900,
        "https://example.com/'\"<>\\;--",
    ],
)
def test_a_link_or_name_is_kept_as_it_is(stand: Stand, carol: Reseller, link: str) -> None:
    order = carol.order(stand.service(), link=link, quantity=50)
    assert stand.inside.order(order=order)["link"] == link


@pytest.mark.parametrize(
    "link",
    [
        *("two words", "a\tb", "a\nb", "https://", "http://?x", "https:///p", "javascript:alert(1)", "JaVaScRiPt:x"),
        *("data:text/html,x", "file:///etc/passwd", "ftp://example.com/x", "mailto:a@example.com", "a\0b", "\x1b[2J"),
        *("https://example.com/" + "a" * 5000, "\u2028x\u2028y", "vbscript:x"),
    ],
)
def test_a_bad_link(stand: Stand, carol: Reseller, link: str) -> None:
    for type_name in ("Default", "Package", "Custom Comments"):
        assert carol.refused("add", **needed(stand.row(type_name)) | {"link": link}) == "Bad link"


INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u200f\u202a\u202e\u2060\u2066\u2069\ufeff"


@pytest.mark.parametrize("way", ["form", "json", "query"])
def test_invisible_characters_at_the_ends_come_along_when_a_link_is_copied(
    stand: Stand, carol: Reseller, way: str
) -> None:
    for char in INVISIBLE:
        link = new_link()
        sent = {"key": carol.key, "action": "add", "service": stand.service(), "link": link, "quantity": 50}
        padded = {name: f"{char} {value}\u00a0{char}{char}" for name, value in sent.items()}
        if way == "form":
            reply = carol.send("POST", API, FORM, body=form(padded))
        elif way == "json":
            reply = carol.send("POST", API, JSON, body=json.dumps(padded).encode())
        else:
            reply = carol.send("GET", f"{API}?{form(padded).decode()}")
        kept = stand.inside.order(order=reply.value["order"])
        assert (kept["link"], kept["quantity"]) == (link, 50)


def test_invisible_characters_within(stand: Stand, carol: Reseller) -> None:
    for char in INVISIBLE:
        for link in (f"https://exam{char}ple.com/p", f"exam{char}ple.com", f"HTTPS://example.com{char}:443/p"):
            reply = carol.ask("add", service=stand.service(), link=link, quantity=50)
            assert reply.value == {"error": "Bad link"}
            assert reply.headers["x-error-detail"].startswith("The site name in the link contains invisible")
        link = f"https://example.com/a{char}b?c{char}=d#{char}e"
        order = carol.order(stand.service(), link=link, quantity=50)
        assert stand.inside.order(order=order)["link"] == link


@pytest.mark.parametrize("broken", [b"%FF", b"a%ED%A0%80b", b"%C3%28", b"\xff", b"https://x.example/%F0%9F", b"%00"])
def test_broken_bytes_are_no_link_and_no_text(stand: Stand, carol: Reseller, broken: bytes) -> None:
    """An order for a damaged link would be money lost. (Forms are decoded here by hand.)"""
    for type_name, name, text in [
        ("Default", "link", "Bad link"),
        ("Custom Comments", "comments", "Incorrect comments"),
        ("Comment Likes", "username", "Incorrect username"),
    ]:
        fields = needed(stand.row(type_name))
        del fields[name]
        body = form({"key": carol.key, "action": "add", **fields}) + f"&{name}=".encode() + broken
        with stand.still():
            assert carol.send("POST", API, FORM, body=body).value == {"error": text}


# ---- one open order a link -------------------------------------------------------------------------

ACTIVE = "You have active order with this link. Please wait until order being completed."


def test_one_open_order_for_a_link(stand: Stand) -> None:
    row: dict[str, Any] = {"category": "C", "name": "N", "type": "Default", "rate_micros": 1000, "min": 1, "max": 99}
    shop = stand.shop(*(row | {"number": n, "unique_link": n < 3, "cancel": True} for n in (1, 2, 3)))
    other = stand.customer(panel_id=shop.panel_id, host=shop.host)
    fields: dict[str, Any] = {"link": new_link(), "quantity": 5}
    first = shop.order(1, **fields)
    for step in ("Pending", "Processing", "In progress"):
        if step != "Pending":
            stand.inside.report(order=first, status=step)
        assert shop.refused("add", service=1, **fields) == ACTIVE
        assert shop.refused("add", service=1, **fields | {"quantity": 9}) == ACTIVE
    # Another link, another service, another customer, a service without the rule: all free.
    shop.order(1, **fields | {"link": f"{fields['link']}?page=2"})
    shop.order(2, **fields)
    other.order(1, **fields)
    assert shop.order(3, **fields) != shop.order(3, **fields)
    stand.inside.report(order=first, status="Partial", remains=2)
    again = shop.order(1, **fields)
    assert shop.refused("add", service=1, **fields) == ACTIVE
    stand.inside.report(order=again, status="Completed")
    shop.order(1, **fields)


@pytest.mark.parametrize(
    "shared",
    [
        *("http://{}", "HTTPS://{}", "{}", "//{}", "https://WWW.{}", "https://{}?", "https://{}#", "https://{}/?#"),
        *("https://{}/?igsh=MzRlODBiNWFlZA==", "https://{}?igshid=1&utm_source=x&utm_medium=y&fbclid=2&gclid=3"),
        *("\u200bhttps://{}\ufeff", "https://{}\u2060/", "https://{}/?&"),
    ],
)
def test_the_same_post_shared_from_an_app_is_the_same_link(stand: Stand, shared: str) -> None:
    row: dict[str, Any] = {"category": "C", "name": "N", "type": "Default", "rate_micros": 1000, "min": 1, "max": 99}
    shop = stand.shop(row | {"number": 1, "unique_link": True})
    page = new_link().removeprefix("https://").replace("/p/", "/P/")
    link = shared.format(page)
    order = shop.order(1, link=link, quantity=5)
    # What is kept and sent upstream stays as it was given, but for what nobody sees around it.
    assert stand.inside.order(order=order)["link"] == link.strip("\u200b\ufeff")
    for again in (f"https://{page}", link, f"https://example.com{page[len('example.com') :]}/?utm_campaign=z"):
        assert shop.refused("add", service=1, link=again, quantity=5) == ACTIVE
    # The case of a path counts, and so does what a query asks for.
    shop.order(1, link=f"https://{page.lower()}", quantity=5)
    shop.order(1, link=f"https://{page}?v=1", quantity=5)
    stand.inside.report(order=order, status="Completed")
    shop.order(1, link=f"https://{page}", quantity=5)


def test_who_shared_a_video_counts_only_where_it_may_mean_more(stand: Stand) -> None:
    row: dict[str, Any] = {"category": "C", "name": "N", "type": "Default", "rate_micros": 1000, "min": 1, "max": 99}
    shop = stand.shop(row | {"number": 1, "unique_link": True})
    shop.order(1, link="https://youtu.be/dQw4w9WgXcQ?si=abc", quantity=5)
    assert shop.refused("add", service=1, link="youtu.be/dQw4w9WgXcQ?si=def", quantity=5) == ACTIVE
    shop.order(1, link="https://youtu.be/dqw4w9wgxcq", quantity=5)
    shop.order(1, link="https://example.com/watch?si=abc", quantity=5)
    shop.order(1, link="https://example.com/watch?si=def", quantity=5)


# ---- lists -----------------------------------------------------------------------------------------

LISTS = [
    ("SEO", "keywords"),
    ("Custom Comments", "comments"),
    ("Mentions with Hashtags", "usernames"),
    ("Mentions with Hashtags", "hashtags"),
    ("Mentions Custom List", "usernames"),
    ("Custom Comments Package", "comments"),
    ("Comment Replies", "comments"),
    ("Invites from Groups", "groups"),
    ("Mentions", "usernames"),
]


@pytest.mark.parametrize(("type_name", "name"), LISTS)
@pytest.mark.parametrize(
    "sent",
    [
        "one\ntwo\nthree",
        "one\r\ntwo\r\nthree",
        "one\rtwo\rthree",
        "one\r\ntwo\nthree\r",
        "one\x85two\u2028three\u2029",
        "\ufeffone\n\u200b\ntwo\u200e\r\n\u2060\u00ad\n\u202athree",
        "\n\none\r\n\r\n \ntwo\n\t\n\nthree\n\r\n  ",
        " one \n  two\r\n three  ",
    ],
)
def test_lists_are_separated_by_any_line_end_and_blank_lines_do_not_count(
    stand: Stand, carol: Reseller, type_name: str, name: str, sent: str
) -> None:
    row = stand.row(type_name)
    expected = carol.order(**needed(row) | {name: "one\ntwo\nthree"})
    order = carol.order(**needed(row) | {name: sent})
    kept = stand.inside.order(order=order)
    assert kept["fields"][name] == "one\ntwo\nthree"
    assert kept["charge_micros"] == stand.inside.order(order=expected)["charge_micros"]
    assert carol.status(order)["remains"] == carol.status(expected)["remains"]


@pytest.mark.parametrize(("type_name", "name"), LISTS)
def test_a_list_of_nothing(stand: Stand, carol: Reseller, type_name: str, name: str) -> None:
    for sent in (None, "", "\n", "\r\n\r\n", " \n\t\r\n ", "\r"):
        assert carol.refused("add", **needed(stand.row(type_name)) | {name: sent}) == f"Incorrect {name}"


@pytest.mark.parametrize(("type_name", "name"), LISTS)
def test_a_line_end_in_letters_separates_names_and_never_comments(
    stand: Stand, carol: Reseller, type_name: str, name: str
) -> None:
    for sent in ("one\\ntwo", "one\\r\\ntwo\\n"):
        order = carol.order(**needed(stand.row(type_name)) | {name: sent})
        assert stand.inside.order(order=order)["fields"][name] == (sent if name == "comments" else "one\ntwo")


def test_lines_are_kept_as_they_are(stand: Stand, carol: Reseller) -> None:
    comments = [
        "Отлично 👍🏽",
        "a,b;c|d",
        "<b>\"x\"</b> & 'y'",
        "100% + 1 = 101",
        "{}[]\\",
        "日本語",
        "same",
        "same",
        "a\tb",
    ]
    order = carol.order(**needed(stand.row("Custom Comments")) | {"comments": "\r\n".join(comments)})
    kept = stand.inside.order(order=order)
    assert (kept["fields"]["comments"].split("\n"), kept["quantity"]) == (comments, len(comments))


# ---- names, addresses, choices ---------------------------------------------------------------------

ONE_LINE = [
    ("Mentions Hashtag", "hashtag"),
    ("Mentions User Followers", "username"),
    ("Comment Likes", "username"),
    ("Comment Replies", "username"),
    ("Subscriptions", "username"),
]


@pytest.mark.parametrize(("type_name", "name"), ONE_LINE)
def test_a_name_or_the_address_of_one(stand: Stand, carol: Reseller, type_name: str, name: str) -> None:
    for text in ("anna", "@anna", "#весна", "https://example.com/anna?x=1", "anna.b_c-1", "Anna B", "12345", "👍"):
        order = carol.order(**needed(stand.row(type_name)) | {name: text})
        assert stand.inside.order(order=order)["fields"][name] == text
    for text in ("anna\nboris", "a\0b", "\x07", "x" * 3000, "javascript:alert(1)", "a\r\nb"):
        assert carol.refused("add", **needed(stand.row(type_name)) | {name: text}) == f"Incorrect {name}"


def test_media_is_an_address(stand: Stand, carol: Reseller) -> None:
    fields = needed(stand.row("Mentions Media Likers"))
    for media in ("https://example.com/p/1", "http://пример.рф/п?x=%20", "HTTPS://EXAMPLE.COM/P"):
        order = carol.order(**fields | {"media": media, "link": new_link()})
        assert stand.inside.order(order=order)["fields"] == {"media": media}
    for media in (
        "anna",
        "//example.com/p",
        "ftp://example.com/p",
        "https://",
        "https://a b",
        "javascript:x",
        "example.com",
    ):
        assert carol.refused("add", **fields | {"media": media}) == "Incorrect media"


def test_an_answer_is_a_number(stand: Stand, carol: Reseller) -> None:
    fields = needed(stand.row("Poll"))
    for answer in ("1", "2", "100"):
        order = carol.order(**fields | {"answer_number": answer})
        assert stand.inside.order(order=order)["fields"] == {"answer_number": answer}


@pytest.mark.parametrize(("name", "good"), [("device", "12345"), ("type_of_traffic", "123")])
def test_choices_of_web_traffic(stand: Stand, carol: Reseller, name: str, good: str) -> None:
    fields = needed(stand.row("Web Traffic")) | {"google_keyword": "shoes", "referring_url": "https://example.com/"}
    for choice in good:
        order = carol.order(**fields | {name: choice, "link": new_link()})
        assert stand.inside.order(order=order)["fields"][name] == choice
    for choice in ("0", str(len(good) + 1), "-1", "1.0", "desktop", "01", "1,2", "１"):
        assert carol.refused("add", **fields | {name: choice}) == f"Incorrect {name}"


def test_countries_by_code_or_english_name(stand: Stand, carol: Reseller) -> None:
    fields = needed(stand.row("Web Traffic"))
    for said, code in [
        *(("US", "US"), ("us", "US"), ("United States", "US"), ("united states", "US"), ("BR", "BR"), ("Brazil", "BR")),
        *(("Germany", "DE"), ("gb", "GB"), ("United Kingdom", "GB"), ("RU", "RU"), ("India", "IN"), ("Viet Nam", "VN")),
        *(("NO", "NO"), ("Norway", "NO"), ("South Korea", "KR"), ("Türkiye", "TR"), ("Turkey", "TR")),
    ]:
        order = carol.order(**fields | {"country": said})
        assert stand.inside.order(order=order)["fields"]["country"] == code
    for said in ("XX", "Brasil", "Deutschland", "U", "USA!", "United", "1", "US,BR", "Россия"):
        assert carol.refused("add", **fields | {"country": said}) == "Incorrect country"


KEYWORD, REFERRER = {"google_keyword": "red shoes"}, {"referring_url": "https://example.com/from"}


@pytest.mark.parametrize(
    ("traffic", "sent", "text"),
    [
        ("1", {}, "Incorrect google_keyword"),
        ("1", REFERRER, "Incorrect google_keyword"),
        ("1", KEYWORD, ""),
        ("1", KEYWORD | REFERRER, ""),
        ("2", {}, "Incorrect referring_url"),
        ("2", KEYWORD, "Incorrect referring_url"),
        ("2", {"referring_url": "example"}, "Incorrect referring_url"),
        ("2", REFERRER, ""),
        ("3", {}, ""),
        ("3", {"google_keyword": "None", "referring_url": "undefined"}, ""),
    ],
)
def test_traffic_needs_what_its_kind_needs(
    stand: Stand, carol: Reseller, traffic: str, sent: dict[str, str], text: str
) -> None:
    fields = needed(stand.row("Web Traffic")) | {"type_of_traffic": traffic} | sent
    if text:
        assert carol.refused("add", **fields) == text
    else:
        kept = stand.inside.order(order=carol.order(**fields))["fields"]
        assert kept["type_of_traffic"] == traffic
        assert {name: kept[name] for name in sent if sent[name] not in {"None", "undefined"}} == {
            name: value for name, value in sent.items() if value not in {"None", "undefined"}
        }
