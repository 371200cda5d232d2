"""What becomes of an order that a provider refused, and what is sent upstream."""

from __future__ import annotations

import inspect
import json
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelwright.catalog.types import TYPES, ServiceType, Units
from panelwright.orders.fields import CheckedFields, check
from panelwright.orders.models import OrderKind
from panelwright.orders.problems import facts_of, words
from panelwright.providers.routing import rules
from panelwright.providers.routing.rules import Next, after_refusal, backoff, request_id, upstream_params
from panelwright.providers.wire.outcomes import Reason, UpstreamRefused
from panelwright.providers.wire.panel_v2.client import PanelClient

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
SECRET = "the installation's secret"


def step(reason: Reason, *, more_routes: bool, attempts: int = 1) -> Next:
    refused = UpstreamRefused(reason, "no")
    return after_refusal(refused, provider="up", attempts=attempts, more_routes=more_routes, now=NOON).step


@pytest.mark.parametrize(
    ("reason", "with_more", "without"),
    [
        (Reason.FUNDS, Next.OTHER_ROUTE, Next.WAIT),
        (Reason.KEY, Next.OTHER_ROUTE, Next.WAIT),
        (Reason.UNREACHABLE, Next.OTHER_ROUTE, Next.WAIT),
        (Reason.NOT_FOUND, Next.OTHER_ROUTE, Next.WAIT),
        (Reason.OTHER, Next.OTHER_ROUTE, Next.WAIT),
        (Reason.SERVICE, Next.OTHER_ROUTE, Next.CANCEL),
        (Reason.QUANTITY, Next.OTHER_ROUTE, Next.CANCEL),
        (Reason.DISABLED, Next.OTHER_ROUTE, Next.CANCEL),
        (Reason.DUPLICATE, Next.WAIT, Next.WAIT),
        (Reason.LIMIT, Next.WAIT, Next.WAIT),
        (Reason.LINK, Next.CANCEL, Next.CANCEL),
    ],
)
def test_what_follows_each_reason(reason: Reason, with_more: Next, without: Next) -> None:
    assert step(reason, more_routes=True) is with_more
    assert step(reason, more_routes=False) is without


def test_every_reason_has_a_consequence() -> None:
    assert set(rules._NEXT) == set(Reason)


@pytest.mark.parametrize(
    ("attempts", "wait_s"), [(0, 5), (1, 5), (2, 10), (3, 20), (10, 2560), (11, 3600), (30_000, 3600)]
)
def test_the_wait_doubles_up_to_an_hour(attempts: int, wait_s: int) -> None:
    assert backoff(attempts) == timedelta(seconds=wait_s)


@pytest.mark.parametrize(("named_s", "wait_s"), [(None, 5), (2, 5), (90, 90), (10**9, 3600)])
def test_a_time_that_the_provider_names_is_kept_within_reason(named_s: int | None, wait_s: int) -> None:
    refused = UpstreamRefused(Reason.LIMIT, "slow down", retry_after_s=named_s)
    after = after_refusal(refused, provider="up", attempts=1, more_routes=True, now=NOON)
    assert after.due_at == NOON + timedelta(seconds=wait_s)
    assert words(after.problem.problem_code, facts_of(after.problem.problem_facts)) == "up refused it: slow down"


def test_the_next_route_is_tried_at_once() -> None:
    refused = UpstreamRefused(Reason.FUNDS, "")
    after = after_refusal(refused, provider="up", attempts=9, more_routes=True, now=NOON)
    assert after.due_at == NOON
    assert words(after.problem.problem_code, facts_of(after.problem.problem_facts)) == "up refused it"


def test_a_lease_outlives_the_slowest_call() -> None:
    limits = inspect.signature(PanelClient).parameters
    # Twice to connect and once to read is the longest that a call can last, and some calls are made twice.
    longest_s = 2 * (2 * limits["connect_timeout_s"].default + limits["read_timeout_s"].default)
    assert timedelta(seconds=longest_s) < rules.LEASE / 2


# ---- parameters --------------------------------------------------------------------------------------


def sent(type_: ServiceType, *, kind: OrderKind = OrderKind.PLAIN) -> tuple[CheckedFields, dict[str, str]]:
    params = {f.name: f.example for f in type_.fields}
    checked = check(type_, params, drip_feed=True, flat_quantity=1)
    assert isinstance(checked, CheckedFields), checked
    fields = json.dumps(checked.own, ensure_ascii=False) if checked.own else ""
    return checked, upstream_params(
        kind=kind.value,
        type_name=type_.name,
        upstream_service="77",
        link=checked.link,
        quantity=checked.quantity,
        fields=fields,
        request_id="r",
    )


@pytest.mark.parametrize("type_", [t for t in TYPES if not t.subscription], ids=lambda type_: type_.slug)
def test_a_panel_of_ours_upstream_reads_what_we_send_as_we_did(type_: ServiceType) -> None:
    checked, params = sent(type_)
    assert (params["service"], params["request_id"]) == ("77", "r")
    assert {"runs", "interval"}.isdisjoint(params), "each run goes out as an order of its own"
    again = check(type_, params, drip_feed=True, flat_quantity=1)
    assert again == checked._replace(runs=1, interval_min=0)
    assert ("quantity" in params) == (type_.units is Units.QUANTITY)


@pytest.mark.parametrize("type_", [t for t in TYPES if t.subscription], ids=lambda type_: type_.slug)
def test_a_post_goes_out_as_a_link_and_a_quantity(type_: ServiceType) -> None:
    params = upstream_params(
        kind=OrderKind.POST.value,
        type_name=type_.name,
        upstream_service="77",
        link="https://example.com/p/1",
        quantity=120,
        fields='{"username":"carol"}',
        request_id="r",
    )
    assert params == {"service": "77", "link": "https://example.com/p/1", "quantity": "120", "request_id": "r"}


# ---- request_id --------------------------------------------------------------------------------------


def test_a_request_id_is_the_same_for_each_try() -> None:
    first = request_id(SECRET, 7, NOON)
    assert first == request_id(SECRET, 7, NOON.astimezone(timezone(timedelta(hours=3))))
    assert len(first) == 40
    assert first.isalnum()


@given(st.integers(min_value=1, max_value=2**62), st.integers(min_value=0, max_value=10**9))
def test_no_two_orders_share_a_request_id(order_id: int, later_us: int) -> None:
    mine = request_id(SECRET, order_id, NOON)
    assert mine != request_id(SECRET, order_id + 1, NOON)
    assert mine != request_id("another installation", order_id, NOON)
    # After a restore from an older backup the same id comes again, at another time.
    assert mine != request_id(SECRET, order_id, NOON + timedelta(microseconds=later_us + 1))


def test_the_secret_does_not_show_in_it() -> None:
    assert SECRET not in request_id(SECRET, 7, NOON)
