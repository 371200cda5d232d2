"""A round that changes much is written in parts: what is locked is little, and a round that dies loses nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection
from datetime import timedelta
from typing import Any

import pytest
from django_scopes import scope

from panelwright.catalog.actions import set_rate
from panelwright.panels.models import Panel
from panelwright.providers import declarations
from panelwright.providers.actions import set_provider
from panelwright.providers.models import Provider
from panelwright.providers.sync import round_actions, sync_actions
from panelwright.providers.sync.sync_actions import set_exchange_rate
from panelwright.providers.sync.sync_rules import Catalogue
from panelwright.providers.sync.syncing import sync_one
from panelwright.providers.sync.tests import test_believed_lists
from panelwright.providers.sync.tests.test_sync import Shop, listed, names
from panelwright.staff import actor, registry
from panelwright.staff.actions import Performed, perform
from tests.support.people import Time, execute, value, values

shop, roubles = test_believed_lists.shop, test_believed_lists.roubles
MANY = 25
PART, WINDOW = 4, 10


class Died(BaseException):
    """The worker was killed."""


@pytest.fixture(autouse=True)
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PART", "PART_MIN", "PART_MAX"):
        monkeypatch.setattr(round_actions, name, PART)
    monkeypatch.setattr(round_actions, "WINDOW", WINDOW)


@pytest.fixture
def dies(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """`dies(2)`: the next round dies when it has written two parts and begins another one."""
    write = sync_actions.write
    parts_left: list[int] = []

    def written(*args: Any) -> None:
        if parts_left:
            parts_left[0] -= 1
            if parts_left[0] < 0:
                parts_left.clear()
                write(*args)
                raise Died
        write(*args)

    monkeypatch.setattr(sync_actions, "write", written)
    return parts_left.append


def all_at(shop: Shop, rate: str, *, count: int = MANY, first: int = 501, **more: Any) -> None:
    shop.lists(*[listed(first + n, rate, **more) for n in range(count)])


def rates(shop: Shop) -> list[str]:
    return [shop.sells(10 + n)[0] for n in range(MANY)]


def recorded() -> Counter[tuple[str, int]]:
    """What was recorded about services: each event's name and service, and how often."""
    rows = values("SELECT name, subject_id FROM events_event")
    told = [(name, subject) for name, subject in rows if name.startswith(("route.", "service."))]
    return Counter(one for one in told if one[0] != "service.added")


def version(shop: Shop) -> int:
    return Panel.objects.get(id=shop.owner.panel_id).catalog_version


@pytest.mark.parametrize("written", [0, 1, 3, MANY // PART])
def test_a_round_that_dies_between_parts_loses_nothing(shop: Shop, dies: Callable[[int], None], written: int) -> None:
    all_at(shop, "1.00")
    shop.imports()
    all_at(shop, "1.10")
    dies(written)
    with pytest.raises(Died):
        shop.syncs()
    done = written * PART
    assert rates(shop) == ["1.32"] * done + ["1.20"] * (MANY - done)
    assert sum(recorded().values()) == 2 * done, "what was written is told, and nothing else"
    assert shop.row().synced_at is None
    assert names(shop.syncs()) == names_of_parts(MANY - done)
    assert rates(shop) == ["1.32"] * MANY
    assert set(recorded().values()) == {1}, "each change is told once"
    assert len(recorded()) == 2 * MANY
    assert shop.syncs().events == []


def names_of_parts(count: int, part: int = PART) -> list[str]:
    told = []
    for start in range(0, count, part):
        size = min(part, count - start)
        told += ["route.rate_changed"] * size + ["service.rate_changed"] * size
    return told


def test_a_catalogue_is_of_another_version_after_each_part(shop: Shop) -> None:
    all_at(shop, "1.00")
    shop.imports()
    before = version(shop)
    all_at(shop, "1.10")
    shop.syncs()
    assert version(shop) == before + -(-MANY // PART)


def test_what_is_dry_run_is_what_would_be(shop: Shop) -> None:
    all_at(shop, "1.00")
    shop.imports()
    all_at(shop, "1.10")
    came = sync_one(shop.provider.id, shop.client, dry_run=True)
    assert rates(shop) == ["1.20"] * MANY
    assert shop.row().synced_at is None and shop.row().balance_micros is None
    assert recorded() == Counter()
    assert names(came) == names_of_parts(MANY, WINDOW)
    assert sorted(names(shop.syncs())) == sorted(names(came))


def test_a_currency_is_worked_out_once_whenever_the_round_dies(shop: Shop, dies: Callable[[int], None]) -> None:
    """Half of the services are in the new currency, half in the old one; the next round takes up the others alone."""
    all_at(shop, "100.00")
    shop.imports()
    set_exchange_rate(currency="RUB", target="USD", rate_e12=1_200_000_000_000)
    shop.upstream.answers("balance", {"balance": "100.00", "currency": "RUB"})
    with scope(panel=shop.owner.panel):
        set_provider(panel_id=shop.owner.panel_id, provider_id=shop.provider.id, currency="RUB")
    dies(3)
    with pytest.raises(Died):
        shop.syncs()
    assert shop.row().rework, "it is not over"
    assert rates(shop) == ["144.00"] * 3 * PART + ["120.00"] * (MANY - 3 * PART)
    # What a person sets meanwhile is not worked out anew.
    with scope(panel=shop.owner.panel):
        set_rate(panel_id=shop.owner.panel_id, number=10, rate_micros=999_000_000)
    shop.syncs()
    assert rates(shop) == ["999.00"] + ["144.00"] * (MANY - 1)
    assert not shop.row().rework


def test_what_is_held_in_the_part_of_a_round_that_died_stays_held(shop: Shop, dies: Callable[[int], None]) -> None:
    all_at(shop, "1.00")
    shop.imports()
    all_at(shop, "2.50")
    dies(2)
    with pytest.raises(Died):
        shop.syncs()
    shop.syncs()
    assert {shop.sells(10 + n) for n in range(MANY)} == {("1.20", 10, 5000, False, "held")}
    assert sorted(name for name, _ in recorded()) == ["route.held"] * MANY + ["service.paused"] * MANY
    assert set(recorded().values()) == {1}


def test_what_changes_nothing_is_found_out_before_anything_is_locked(
    roubles: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    roubles.upstream.answers("balance", {"balance": "100.00", "currency": "RUB"})
    roubles.lists(listed(501, "1.50"))
    locked: list[bool] = []
    load = sync_actions.load

    def seen(panel: Panel, provider: Provider, services: Collection[int], *, lock: bool = True) -> Catalogue:
        locked.append(lock)
        if hook and lock is hook[0][0]:
            hook.pop()[1]()
        return load(panel, provider, services, lock=lock)

    hook: list[tuple[bool, Callable[[], object]]] = []
    monkeypatch.setattr(sync_actions, "load", seen)
    roubles.syncs()
    assert locked == [False, True], "its rate has changed"
    locked.clear()
    assert (roubles.syncs().problem, locked) == ("", [False])
    locked.clear()
    # What decides what the list means is changed while it is read: it is read again.
    hook.append((False, lambda: execute("UPDATE providers_provider SET rise_max_e2 = 1234")))
    assert (roubles.syncs().problem, locked) == ("", [False, False])


def test_a_person_who_changes_the_provider_between_parts_is_heard(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    all_at(shop, "1.00")
    shop.imports()
    all_at(shop, "1.90")
    part, parts = round_actions._part, [0]

    def then_changed(*args: Any) -> Any:
        parts[0] += 1
        if parts[0] == 3:
            with scope(panel=shop.owner.panel):
                set_provider(panel_id=shop.owner.panel_id, provider_id=shop.provider.id, rise_max_e2=150)
        return part(*args)

    monkeypatch.setattr(round_actions, "_part", then_changed)
    shop.syncs()
    assert rates(shop) == ["2.28"] * 2 * PART + ["1.20"] * (MANY - 2 * PART)
    # What was written before is judged by the new limit, too: its rate does not stand for a day yet.
    assert [shop.sells(10 + n)[4] for n in range(MANY)] == ["held"] * MANY
    assert Counter(name for name, _ in recorded()) == {
        **dict.fromkeys(("route.rate_changed", "service.rate_changed"), 2 * PART),
        **dict.fromkeys(("route.held", "service.paused"), MANY),
    }


# ---- a person's round --------------------------------------------------------------------------------


def by_hand(shop: Shop, **given: Any) -> Performed:
    with scope(panel=shop.owner.panel):
        did = perform(
            registry.actions()["provider.sync"],
            actor=actor.operator("alice"),
            panel_id=shop.owner.panel_id,
            target=shop.provider.id,
            given=given,
        )
    assert isinstance(did, Performed), did
    return did


@pytest.fixture
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(declarations, "SYNCED_AT_ONCE", 6)


@pytest.mark.usefixtures("few_at_once")
def test_a_person_brings_some_in_step_and_a_worker_the_others(shop: Shop, time: Time) -> None:
    all_at(shop, "1.00")
    shop.imports()
    all_at(shop, "1.10")
    shown = by_hand(shop).shown
    assert (len(shown["changes"]), shown["problem"], shown["left"]) == (12, "", MANY - 6)
    assert rates(shop) == ["1.32"] * 6 + ["1.20"] * (MANY - 6)
    assert shop.row().sync_due_at == time.now, "at once"
    assert sync_actions.claim_syncs(8) == [shop.provider.id]
    assert len(shop.syncs().events) == 2 * (MANY - 6)
    assert rates(shop) == ["1.32"] * MANY
    assert shop.row().sync_due_at == time.now + timedelta(minutes=60)


@pytest.mark.usefixtures("few_at_once")
def test_without_a_worker_that_would_go_on_a_person_brings_all_in_step(shop: Shop) -> None:
    all_at(shop, "1.00")
    shop.imports()
    with scope(panel=shop.owner.panel):
        set_provider(panel_id=shop.owner.panel_id, provider_id=shop.provider.id, sync_every_min=0)
    all_at(shop, "1.10")
    assert by_hand(shop).shown["left"] == 0
    assert rates(shop) == ["1.32"] * MANY


@pytest.mark.usefixtures("few_at_once")
def test_a_list_that_a_person_believes_is_believed_by_the_worker_as_far_as_it_was_seen(shop: Shop) -> None:
    all_at(shop, "1.00")
    shop.imports()
    all_at(shop, "1.00", count=5)
    assert "has lost 20 of 25" in by_hand(shop).shown["problem"]
    assert by_hand(shop, accept=True).shown["left"] == 20 - 6
    # It has lost more by now: that nobody has seen.
    all_at(shop, "1.00", count=1)
    assert shop.syncs().problem != ""
    assert [shop.sells(10 + n)[3] for n in range(MANY)] == [True] * 5 + [False] * 6 + [True] * 14
    all_at(shop, "1.00", count=5)
    assert shop.syncs().problem == ""
    assert [shop.sells(10 + n)[3] for n in range(MANY)] == [True] * 5 + [False] * 20
    # And that was for this once.
    assert value("SELECT kept_accepted FROM providers_provider") is None
    all_at(shop, "1.00", count=1)
    assert "has lost 4 of 5" in shop.syncs().problem
