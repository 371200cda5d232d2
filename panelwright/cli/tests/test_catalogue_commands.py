"""`importservices`, `sync`, `setprovider`, `setrate`, `guard`, `changes`: what they print, and their exit status."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.people import NOON, Buyer, Owner, Time, execute, value, values
from tests.support.upstream import ScriptedUpstream

Said = Callable[..., str]
NORTH = ("--panel", "shop", "--provider", "north")


@pytest.fixture
def north(alice: Owner, upstream: ScriptedUpstream, time: Time, settings: Any) -> ScriptedUpstream:
    """A provider of alice's that lists two services, in the panel's currency."""
    settings.ALLOW_PRIVATE_PROVIDERS = True
    alice.provider(upstream.url, name="north")
    upstream.answers("balance", {"balance": "12.5", "currency": "USD"})
    usual = {"type": "Default", "category": "Theirs", "min": 10, "max": 900}
    upstream.answers(
        "services",
        [{"service": 7, "name": "Likes", "rate": "1.25", **usual}, {"service": 8, "name": "Saves", "rate": 2, **usual}],
    )
    return upstream


def test_import_shows_and_then_does(north: ScriptedUpstream, said: Said, carol: Buyer) -> None:
    shown = said(0, "importservices", *NORTH, "--markup", "12.5", "--round-to", "0.01", "--dry-run")
    assert shown.splitlines() == [
        "       7          1.25 -> 1.41          Default           Likes",
        "       8          2.00 -> 2.25          Default           Saves",
        "2 of 2 services would be imported.",
    ]
    assert value("SELECT COUNT(*) FROM providers_route") == 0
    told = said(0, "importservices", *NORTH, "--markup", "12.5", "--round-to", "0.01", "--service", "7")
    assert told.splitlines()[-1] == "1 services imported, 0 were here already."
    assert isinstance(carol.place(service=10, quantity=10, link="https://example.com/x"), int)
    told = said(0, "importservices", *NORTH)
    assert told.splitlines()[-1] == "1 services imported, 1 were here already."


def test_sync_prints_what_changed_and_changes_lists_it(north: ScriptedUpstream, said: Said) -> None:
    said(0, "importservices", *NORTH)
    assert said(0, "sync", *NORTH) == "Nothing has changed.\n"
    north.answers("services", [{"service": 7, "name": "Likes", "rate": "1.5", "min": 10, "max": 900}])
    assert said(0, "sync", *NORTH).splitlines() == [
        "route.rate_changed: provider north, service 10, theirs 7, old 1.25, new 1.50",
        "route.gone: provider north, service 11, theirs 8",
        "service.rate_changed: service 10, provider north, old 1.25, new 1.50, cost 1.50",
        "service.paused: service 11, provider north, why gone, rate 2.00",
        "4 changes.",
    ]
    listed = json.loads(said(0, "changes", "--panel", "shop", "--json"))
    assert [row["name"] for row in listed] == [
        *("service.added", "service.added", "route.rate_changed", "route.gone"),
        *("service.rate_changed", "service.paused"),
    ]
    assert said(0, "changes", "--panel", "shop", "--since", "2026-05-05") == "Nothing has changed.\n"
    assert said(0, "changes", "--panel", "shop", "--limit", "1").startswith(f"{NOON:%Y-%m-%d %H:%M}  service.paused")
    north.answers("services", [])
    assert "sync and accept the list" in said(1, "sync", *NORTH)


def test_a_currency_needs_a_rate(north: ScriptedUpstream, said: Said) -> None:
    said(0, "setprovider", *NORTH, "--currency", "eur")
    north.answers("balance", {"balance": "12.5", "currency": "EUR"})
    assert said(1, "importservices", *NORTH) == (
        "panelwright importservices: Set the exchange rate from EUR to USD first.\n"
    )
    assert said(0, "setrate", "--from", "EUR", "--to", "usd", "--rate", "1.0834") == (
        "1 EUR is worth 1.0834 USD for every panel that has no rate of its own.\n"
    )
    assert said(0, "setrate", "--from", "EUR", "--to", "USD", "--rate", "2", "--panel", "shop") == (
        "1 EUR is worth 2 USD for shop.\n"
    )
    assert " 2.50 -> 2.50 " in said(0, "importservices", *NORTH, "--dry-run")
    assert "two different currencies" in said(1, "setrate", "--from", "USD", "--to", "USD", "--rate", "1")


def test_settings_of_a_provider(north: ScriptedUpstream, said: Said, tmp_path: Path) -> None:
    another = tmp_path / "key"
    another.write_text("another\n")
    execute("UPDATE providers_provider SET failures = 9, rest_until = %s, problem = 'down'", NOON)
    shown = said(0, "setprovider", *NORTH, "--per-minute", "300", "--low-balance", "50", "--sync-every", "30")
    assert [line.split(maxsplit=1)[0] for line in shown.splitlines()] == [
        *("address", "enabled", "currency", "currency", "rates", "requests", "balance", "looked", "problem"),
    ]
    assert "requests a minute  300" in shown
    assert values("SELECT low_balance_micros, sync_every_min, failures FROM providers_provider") == [
        (50_000_000, 30, 9)
    ]
    # A new key is what a person does about it: it is tried again at once.
    said(0, "setprovider", *NORTH, "--key-file", str(another), "--per-minute", "0", "--sync-every", "0", "--disable")
    assert values("SELECT failures, rest_until, problem, per_minute_max, sync_due_at FROM providers_provider") == [
        (0, None, "", None, None)
    ]
    assert "another" not in str(value("SELECT sealed_key FROM providers_provider"))
    assert "http://" in said(1, "setprovider", *NORTH, "--url", "ftp://north.example")
    assert "it has north" in said(1, "setprovider", "--panel", "shop", "--provider", "south")


def test_the_guard(alice: Owner, said: Said) -> None:
    assert said(0, "guard", "--panel", "shop") == (
        "shop: a service that brings less than 0 % above its cost: it is paused.\n"
    )
    assert said(0, "guard", "--panel", "shop", "--rule", "reprice", "--margin", "7.5") == (
        "shop: a service that brings less than 7.5 % above its cost: its rate is raised.\n"
    )
    assert values("SELECT guard, guard_percent_e2 FROM panels_panel") == [("reprice", 750)]


def test_routes_are_shown_and_changed(north: ScriptedUpstream, alice: Owner, said: Said) -> None:
    shop = ("--panel", "shop", "--service", "1")
    assert said(0, "setroute", *shop) == "Service 1 has no route: add one with `panelwright addroute`.\n"
    alice.provider(north.url, name="south")
    for name, theirs in (("north", "7"), ("south", "9")):
        said(0, "addroute", *shop, "--provider", name, "--upstream-service", theirs)
    assert said(0, "setroute", *shop, "--route", "2", "--rate", "0.85", "--min", "100", "--max", "5000") == (
        "1  north service 7: rate not known, ? to ?\n2  south service 9: rate 0.85, 100 to 5000\n"
    )
    assert said(0, "setroute", *shop, "--route", "2", "--first") == (
        "1  south service 9: rate 0.85, 100 to 5000\n2  north service 7: rate not known, ? to ?\n"
    )
    disabled = said(0, "setroute", *shop, "--route", "1", "--disable")
    assert disabled.startswith("1  south service 9: rate 0.85, 100 to 5000, disabled\n")
    assert said(1, "setroute", *shop, "--route", "3", "--first").endswith("has 2 routes; there is no route 3\n")
    assert said(1, "setroute", *shop, "--route", "1", "--min", "9000").endswith("the minimum not above the maximum.\n")
    assert "say which route" in said(1, "setroute", *shop, "--first")
    assert values("SELECT min, max, enabled, position FROM providers_route ORDER BY position") == [
        (100, 5000, False, 0),
        (None, None, True, 1),
    ]
