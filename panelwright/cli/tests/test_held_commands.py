"""`held`, and what `importservices`, `sync` and `setprovider` say of a list that is not believed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.support.people import Owner, Time, value, values
from tests.support.upstream import ScriptedUpstream

Said = Callable[..., str]
NORTH = ("--panel", "shop", "--provider", "north")


def listed(service: int, name: str, rate: object = "1.00", **more: object) -> dict[str, object]:
    return {"service": service, "name": name, "rate": rate, "type": "Default", "min": 10, "max": 900, **more}


@pytest.fixture
def north(alice: Owner, upstream: ScriptedUpstream, time: Time, settings: Any) -> ScriptedUpstream:
    settings.ALLOW_PRIVATE_PROVIDERS = True
    alice.provider(upstream.url, name="north")
    upstream.answers("balance", {"balance": "12.5", "currency": "USD"})
    upstream.answers("services", [listed(7, "MixCloud Followers"), listed(8, "Saves", "2")])
    return upstream


def test_what_is_held_is_shown_and_decided(north: ScriptedUpstream, said: Said) -> None:
    said(0, "importservices", *NORTH)
    assert said(0, "held", "--panel", "shop") == "Nothing is held.\n"
    north.answers("services", [listed(7, "Shazam Plays [500K]"), listed(8, "Saves", "9.5")])
    assert said(1, "sync", *NORTH).splitlines()[-1] == (
        "panelwright sync: 2 services wait for you: `panelwright held list --panel shop`"
    )
    assert said(0, "held", "--panel", "shop").splitlines() == [
        "service 10 MixCloud Followers: north 7",
        "  since 2026-05-04 12:00: it has another name (name)",
        "  name  MixCloud Followers -> Shazam Plays [500K]",
        "service 11 Saves: north 8",
        "  since 2026-05-04 12:00: its rate rose beyond the limit (rate_up)",
        "  rate  2.00 -> 9.50",
    ]
    assert "say which with --service" in said(1, "held", "--panel", "shop", "--accept")
    assert "has no service 99" in said(1, "held", "--panel", "shop", "--service", "99", "--accept")
    assert "--only rate" in said(1, "held", "--panel", "shop", "--only", "rate")
    told = said(0, "held", *NORTH, "--only", "rate_up", "--all", "--accept")
    assert [line.split(":")[0] for line in told.splitlines()] == [
        *("route.accepted", "service.rate_changed", "service.resumed"),
    ]
    assert said(0, "held", "--panel", "shop", "--service", "10", "--reject").startswith("route.rejected: ")
    assert ", rejected" in said(0, "held", "--panel", "shop")
    assert values("SELECT number, enabled, paused_for FROM catalog_service WHERE number > 9 ORDER BY number") == [
        *((10, False, "held"), (11, True, "")),
    ]
    assert "nothing is held there" in said(1, "held", "--panel", "shop", "--service", "11", "--accept")
    assert said(0, "sync", *NORTH) == "Nothing has changed.\n"


def test_a_dry_run_names_every_row_that_it_leaves_out(north: ScriptedUpstream, said: Said) -> None:
    said(0, "importservices", *NORTH, "--service", "8")
    north.answers(
        "services",
        [
            *(listed(7, "Followers"), listed(8, "Saves", "2.5"), listed(9, "A gift", 0), listed(10, "Odd", "abc")),
            *(listed(11, "Odder", min="10.000"), listed(12, "Other", type="Teleport"), listed(7, "Again")),
        ],
    )
    assert said(0, "importservices", *NORTH, "--dry-run").splitlines() == [
        "       7          1.00 -> 1.00          Default           Followers",
        "       9          0.00 -> 0.00          Default           A gift"
        "  (costs nothing: not on sale until you say so, or --free)",
        "left out: 10 Odd: its rate 'abc' cannot be read",
        "left out: 11 Odder: its minimum '10.000' cannot be read",
        "left out: 7 Again: its id stands in the list before; that row counts",
        "left out: 8 Saves: it is here already",
        "left out: 12 Other: its type 'Teleport' is not known here",
        "2 of 7 services would be imported.",
    ]
    events = value("SELECT COUNT(*) FROM events_event")
    assert said(0, "sync", *NORTH, "--dry-run").splitlines() == [
        "route.rate_changed: provider north, service 10, theirs 8, old 2.00, new 2.50",
        "service.rate_changed: service 10, provider north, old 2.00, new 2.50, cost 2.50",
        "left out: 10 Odd: its rate 'abc' cannot be read",
        "left out: 11 Odder: its minimum '10.000' cannot be read",
        "left out: 7 Again: its id stands in the list before; that row counts",
        "left out: 7 Followers: no service here is delivered by it",
        "left out: 9 A gift: no service here is delivered by it",
        "left out: 12 Other: no service here is delivered by it",
        "2 changes would be made.",
    ]
    assert value("SELECT rate_micros FROM catalog_service WHERE number = 10") == 2_000_000
    assert value("SELECT COUNT(*) FROM events_event") == events
    told = said(0, "importservices", *NORTH).splitlines()
    assert told[-2:] == [
        "2 services imported, 1 were here already.",
        "1 of them cost nothing there and are not on sale: `panelwright held list --panel shop`.",
    ]
    assert "left out: 11 Odder: its minimum '10.000' cannot be read" in told


def test_what_is_meant_to_be_free(north: ScriptedUpstream, said: Said) -> None:
    north.answers("services", [listed(9, "A gift", 0)])
    said(0, "importservices", *NORTH, "--free")
    assert values("SELECT enabled, rate_micros FROM catalog_service WHERE number = 10") == [(True, 0)]


def test_the_limits_and_the_currency_of_a_provider(north: ScriptedUpstream, said: Said) -> None:
    shown = said(0, "setprovider", *NORTH)
    assert "rates are held     above 2 times what it was, below 0.5 times" in shown
    shown = said(0, "setprovider", *NORTH, "--rise-max", "3.5", "--fall-max", "0")
    assert "rates are held     above 3.5 times what it was, not for falling" in shown
    assert values("SELECT rise_max_e2, fall_max_e2 FROM providers_provider") == [(350, None)]
    with pytest.raises(SystemExit, match="2"):
        said(2, "setprovider", *NORTH, "--rise-max", "abc")
    said(0, "setprovider", *NORTH, "--currency", "RUB")
    said(0, "setrate", "--from", "RUB", "--to", "USD", "--rate", "0.011")
    assert "reports USD, but RUB is set for it" in said(1, "importservices", *NORTH)
    assert "reports USD, but RUB is set for it" in said(1, "importservices", *NORTH, "--dry-run")
    assert "reports USD, but RUB is set for it" in said(1, "sync", *NORTH)
    assert "currency told      USD" in said(0, "setprovider", *NORTH, "--currency-told-wrongly")
    said(0, "sync", *NORTH)
    assert "2 services imported" in said(0, "importservices", *NORTH)
