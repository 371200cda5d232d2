"""What blocks look at stands in the table of service types: a type that is added is blocked with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django_scopes import scope

from panelwright.catalog import types
from panelwright.catalog.actions import NewService, add_services
from panelwright.catalog.priced_catalogue import shelf_for, shelves
from panelwright.catalog.types import BY_NAME, TYPES, FieldKind, ServiceType, TypeField, Units
from panelwright.core import limits
from panelwright.core.refusal import Refusal
from panelwright.core.reply import HttpReply
from panelwright.orders import fields
from panelwright.orders.blocking import Screen
from panelwright.panels import block_store
from panelwright.panels.block_actions import NewBlock, add_blocks
from panelwright.providers.routing import rules
from panelwright.providers.wire.panel_v2.reading import read_services
from tests.support.people import Buyer, Owner, everything, row_of

NUMBER = 18
QUANTITY = {"link": "https://good.example/x", "quantity": 100}


@pytest.fixture
def sell(alice: Owner, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[ServiceType], None]]:
    """Sell an eighteenth type, which lives in this test's memory: its constraint of the table is lifted."""

    def add(type_: ServiceType) -> None:
        monkeypatch.setitem(types.BY_NAME, type_.name, type_)
        with connection.cursor() as run:
            if connection.vendor == "postgresql":
                run.execute("SET CONSTRAINTS ALL IMMEDIATE")
                run.execute("ALTER TABLE catalog_service DROP CONSTRAINT service_type")
            else:
                run.execute("PRAGMA ignore_check_constraints = ON")
        sold = NewService(
            number=NUMBER, category="New", name="New", type=type_.name, rate_micros=1_000_000, min=1, max=10_000
        )
        with scope(panel=alice.panel):
            add_services(alice.panel_id, [sold])

    yield add
    if connection.vendor == "sqlite":
        with connection.cursor() as run:
            run.execute("PRAGMA ignore_check_constraints = OFF")


def refused(carol: Buyer, field: str, **params: Any) -> None:
    before = everything()
    assert carol.place(service=NUMBER, **params) == Refusal("bad_field", field, why="not_accepted")
    after = everything()
    assert {**after, "events_event": ()} == {**before, "events_event": ()}


@pytest.mark.parametrize(
    ("field", "targets", "words"),
    [
        (TypeField("profiles", FieldKind.LINES, "Profiles"), True, True),
        (TypeField("profiles", FieldKind.LINES, "Profiles", words=False), True, False),
        (TypeField("profiles", FieldKind.LINES, "Profiles", target=False), False, True),
        (TypeField("profiles", FieldKind.NAME, "Profiles"), True, True),
        (TypeField("profiles", FieldKind.NAME, "Profiles", target=False), False, True),
        (TypeField("profiles", FieldKind.NAME, "Profiles", words=False), True, False),
        (TypeField("profiles", FieldKind.URL, "Profiles"), True, False),
    ],
    ids=lambda value: f"{value.kind.value}-{value.target}-{value.words}" if isinstance(value, TypeField) else None,
)
def test_a_type_that_is_added_is_blocked(
    carol: Buyer, alice: Owner, sell: Callable[[ServiceType], None], field: TypeField, targets: bool, words: bool
) -> None:
    type_ = ServiceType("Profiles", "profiles", (types.LINK, types.QUANTITY, field))
    sell(type_)
    add_blocks(alice.panel_id, [NewBlock("domain", "evil.example"), NewBlock("word", "bad"), NewBlock("exact", "anna")])
    many = "boris\n" if field.kind is FieldKind.LINES else ""
    for value in ("https://a.evil.example:80/x", "https://evil.example/"):
        if targets:
            refused(carol, "profiles", profiles=many + value, **QUANTITY)
        else:
            carol.order(service=NUMBER, profiles=many + value, **QUANTITY)
    if field.kind is not FieldKind.URL:
        if words:
            refused(carol, "profiles", profiles=many + "so BAD", **QUANTITY)
        else:
            carol.order(service=NUMBER, profiles=many + "so BAD", **QUANTITY)
    good = many + "https://good.example/anna"
    order = row_of(carol.order(service=NUMBER, profiles=good, **QUANTITY))
    shelves.forget()
    assert shelf_for(alice.panel).types[-1] is type_
    # It is kept, and sent on, and a repeat is told from another order.
    sent = rules.upstream_params(
        kind="plain",
        type_name=type_.name,
        upstream_service="7",
        link=order.link,
        quantity=100,
        fields=order.fields,
        request_id="r",
    )
    assert sent["profiles"] == good
    first = carol.place(service=NUMBER, profiles=good, request_id="one", **QUANTITY)
    assert carol.place(service=NUMBER, profiles=good, request_id="one", **QUANTITY) == first
    other = carol.place(service=NUMBER, profiles=good + "2", request_id="one", **QUANTITY)
    assert isinstance(other, Refusal)
    assert other.field == "request_id"


def test_a_type_that_counts_lines_and_has_no_link(
    carol: Buyer, alice: Owner, sell: Callable[[ServiceType], None]
) -> None:
    sell(ServiceType("Profiles", "profiles", (TypeField("profiles", FieldKind.LINES, "x"),), Units.LINES, "profiles"))
    add_blocks(alice.panel_id, [NewBlock("exact", "anna")])
    refused(carol, "profiles", profiles="boris\n@Anna:80")
    assert row_of(carol.order(service=NUMBER, profiles="boris\ncarol")).quantity == 2


def test_a_providers_list_knows_the_type(monkeypatch: pytest.MonkeyPatch) -> None:
    body = b'[{"service":1,"name":"x","type":"new_profiles","rate":"1"}]'
    assert [offer.type for offer in read_services(HttpReply(200, body))] == ["new_profiles"]  # type: ignore[union-attr]
    monkeypatch.setitem(types.BY_NAME, "New Profiles", ServiceType("New Profiles", "new-profiles", ()))
    assert [offer.type for offer in read_services(HttpReply(200, body))] == ["New Profiles"]  # type: ignore[union-attr]


def test_what_the_table_says_of_the_fields_there_are() -> None:
    said = {(f.name, f.kind): (f.names_target, f.holds_words) for t in TYPES for f in t.fields}
    text = {FieldKind.LINK, FieldKind.URL, FieldKind.NAME, FieldKind.LINES}
    assert {key[0]: value for key, value in said.items() if key[1] in text} == {
        "link": (True, False),
        "keywords": (False, True),
        "comments": (False, True),
        "usernames": (True, False),
        "hashtags": (False, True),
        "hashtag": (True, True),
        "username": (True, False),
        "media": (True, False),
        "groups": (True, True),
        "google_keyword": (False, True),
        "referring_url": (True, False),
    }
    assert {value for key, value in said.items() if key[1] not in text} == {(False, False)}


# ---- lines -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_", "field", "line", "most"),
    [
        ("Mentions", "usernames", "a" + ":80" * 20_000, limits.NAME_CHARS_MAX),
        ("Mentions", "usernames", "a" * (limits.NAME_CHARS_MAX + 1), limits.NAME_CHARS_MAX),
        ("Invites from Groups", "groups", "https://a.example/" + "a" * limits.LINK_CHARS_MAX, limits.NAME_CHARS_MAX),
        ("Mentions with Hashtags", "hashtags", "a" * (limits.NAME_CHARS_MAX + 1), limits.NAME_CHARS_MAX),
        ("SEO", "keywords", "a" * (limits.NAME_CHARS_MAX + 1), limits.NAME_CHARS_MAX),
        ("Custom Comments", "comments", "a" * (limits.COMMENT_CHARS_MAX + 1), limits.COMMENT_CHARS_MAX),
    ],
)
def test_a_line_is_no_longer_than_what_it_names(type_: str, field: str, line: str, most: int) -> None:
    params = {f.name: f.example for f in BY_NAME[type_].fields}
    for text in (line, f"anna\n{line}\nboris"):
        found = fields.check(BY_NAME[type_], {**params, field: text}, drip_feed=False, flat_quantity=1)
        assert found == Refusal("bad_field", field, why="long_line", facts=(("limit", most),))
    good = {**params, field: f"{line[:most]}\nhttps://a.example/{'a' * 1_900}"}
    found = fields.check(BY_NAME[type_], good, drip_feed=False, flat_quantity=1)
    assert isinstance(found, fields.CheckedFields) == (type_ in ("Mentions", "Invites from Groups", "Custom Comments"))


def test_what_takes_too_long_to_look_up_is_refused(carol: Buyer, alice: Owner) -> None:
    add_blocks(alice.panel_id, [NewBlock("pattern", f"*a*{n}") for n in range(limits.PATTERNS_MAX)])
    with pytest.raises(ValueError, match="at most 1000 patterns"):
        add_blocks(alice.panel_id, [NewBlock("pattern", "*more*")])
    assert add_blocks(alice.panel_id, [NewBlock("exact", "more")]) == 1
    screen = Screen(block_store.current(alice.panel_id))
    names = "\n".join(f"a{n}-" for n in range(limits.LINES_MAX))
    params = {"link": "a", "quantity": "1", "usernames": names}
    found = fields.check(BY_NAME["Mentions"], params, drip_feed=False, flat_quantity=1, screen=screen)
    assert found == Refusal("bad_field", "usernames", why="not_accepted")
    assert screen.hit is None
