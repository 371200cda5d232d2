"""The control address: what a test or the demo may do to the sandbox, and no caller of its API.

Answers are JSON; bad input is a 400 with an `error` body. The whole of it stands behind the token that
app.py checks. What `faults` takes is told in faults.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from panelwright.sandbox import delivery, money, schedules
from panelwright.sandbox.catalogue import BY_ID
from panelwright.sandbox.checks import digest
from panelwright.sandbox.clock import wall_ms
from panelwright.sandbox.delivery import ENDED, OPEN, OrderCourse, SandboxOrder
from panelwright.sandbox.faults import Faults
from panelwright.sandbox.kinds import dialect_names
from panelwright.sandbox.panel import SandboxPanel, owner_of
from panelwright.sandbox.reading import BadControl, amount, count, flag, iso, moment, number, refuse_unknown
from panelwright.sandbox.wire import clean

SPEED_MAX = 10_000.0
ADVANCE_MAX_S = 10 * 366 * 86_400
IMPORT_MAX = 100_000
# How long an imported order took when its end is not told.
_HISTORY_MS = 3_600_000
# What an imported order says of its course; everything else counts as a parameter of its `add`.
_PAST_ONLY = frozenset({"status", "created_at", "ended_at", "remains", "start_count"})


class Control:
    def __init__(self, panel: SandboxPanel, faults: Faults) -> None:
        self.panel = panel
        self.faults = faults
        self.store, self.clock, self.settings = panel.store, panel.clock, panel.settings
        self._gets: dict[str, Callable[[], dict[str, object]]] = {
            "state": self._state,
            "faults": self.faults.shown,
        }
        self._posts: dict[str, Callable[[dict[str, Any]], dict[str, object]]] = {
            "import": self._import,
            "balance": self._balance,
            "order": self._order,
            "config": self._config,
            "faults": self._set_faults,
        }

    def answer(self, method: str, name: str, body: object) -> dict[str, object] | None:
        """What to answer; None for an address that does not exist. To be called within a step of the store."""
        schedules.tick(self.store, now=self.clock.now())
        if method == "GET" and name in self._gets:
            return self._gets[name]()
        if method == "DELETE" and name == "faults":
            return self._set_faults({})
        action = self._posts.get(name)
        if method != "POST" or action is None:
            return None
        if not isinstance(body, dict):
            raise BadControl("write a JSON object")
        return action(body)

    # state

    def _state(self) -> dict[str, object]:
        """Every order and every add call there ever was, and what stands on the accounts."""
        now = self.clock.now()
        log = self.store.dump("add_log")
        calls: dict[str, int] = {}
        for row in log:
            row["params"] = json.loads(row["params"])
            row["received_at"] = iso(row["received_at"])
            if row["request_id"] is not None:
                calls[row["request_id"]] = calls.get(row["request_id"], 0) + 1
        return {
            "config": self._shown_config(),
            "accounts": [
                {"owner": a["owner"], "balance": money.text(a["balance_micros"])} for a in self.store.dump("accounts")
            ],
            "orders": [self._shown(order, now=now) for order in self.store.all_orders()],
            "refills": [
                {"id": r.id, "order": r.order_id, "status": delivery.refill_status(r, now=now)}
                for r in (delivery.SandboxRefill(**row) for row in self.store.dump("refills"))
            ],
            "add_calls": calls,
            "add_log": log,
        }

    def _shown_config(self) -> dict[str, object]:
        return {
            "now": iso(self.clock.now()),
            "speed": self.clock.anchor.speed,
            "knows_request_id": self.settings.knows_request_id,
            "refill_wait_s": self.settings.refill_wait_ms / 1000,
            "dialect": list(self.settings.dialects),
        }

    def _shown(self, order: SandboxOrder, *, now: int) -> dict[str, object]:
        state = self.panel.state(order, now=now)
        return {
            "id": order.id,
            "owner": order.owner,
            "request_id": order.request_id,
            "parent": order.parent,
            "service": order.service,
            "link": order.link,
            "quantity": order.quantity,
            "params": order.params,
            "received_at": iso(order.received_at),
            "created_at": iso(order.created_at),
            "status": state.status,
            "start_count": state.start_count,
            "remains": state.remains,
            "charge": money.text(state.charge_micros),
            "lost": order.lost,
        }

    # What can be changed

    def _owner(self, body: dict[str, Any]) -> str:
        """The caller that `key` names; the first one when it is not sent."""
        if "key" not in body:
            return self.settings.owners[0]
        owner = owner_of(str(body["key"]))
        if owner not in self.settings.owners:
            raise BadControl("key: this sandbox was not started with it")
        return owner

    def _balance(self, body: dict[str, Any]) -> dict[str, object]:
        owner, micros = self._owner(body), amount(body, "balance")
        self.store.set_balance(owner, balance_micros=micros)
        return {"balance": money.text(micros)}

    def _config(self, body: dict[str, Any]) -> dict[str, object]:
        """Speed and jump of the clock are kept in the file; the rest lasts until the process ends."""
        refuse_unknown(body, {"speed", "advance_s", "knows_request_id", "refill_wait_s", "dialect"})
        speed = number(body, "speed", most=SPEED_MAX) if "speed" in body else None
        advance_s = number(body, "advance_s", most=ADVANCE_MAX_S) if "advance_s" in body else 0.0
        wait_s = number(body, "refill_wait_s", most=ADVANCE_MAX_S) if "refill_wait_s" in body else None
        knows = flag(body, "knows_request_id", self.settings.knows_request_id)
        dialects = dialect_names(body["dialect"], name="dialect") if "dialect" in body else self.settings.dialects
        self.settings.knows_request_id, self.settings.dialects = knows, dialects
        if wait_s is not None:
            self.settings.refill_wait_ms = int(wait_s * 1000)
        self.store.save_anchor(self.clock.change(speed=speed, advance_ms=int(advance_s * 1000)))
        return self._shown_config()

    def _set_faults(self, body: dict[str, Any]) -> dict[str, object]:
        """These rules in the place of all others; counts begin at 0."""
        self.faults.replace(body, now=self.clock.now(), owners=self.settings.owners)
        return self.faults.shown()

    def _order(self, body: dict[str, Any]) -> dict[str, object]:
        """Make an order show this from now on, whatever it showed before: only a test may do that.

        An open word holds the order there until it is set again. What was taken for it follows the new charge.
        """
        order = self.store.orders([count(body, "order")]).get(count(body, "order"))
        if order is None:
            raise BadControl("order: there is none with this id")
        now = self.clock.now()
        shown = self.panel.state(order, now=now)
        status = str(body.get("status", shown.status))
        if status not in OPEN | ENDED:
            raise BadControl(f"status: write one of {', '.join(sorted(OPEN | ENDED))}")
        remains = count(body, "remains", 0 if status == delivery.COMPLETED else shown.remains)
        kept = money.kept(
            outcome=status, charge_micros=order.charge_micros, remains=remains, quantity=max(order.quantity, 1)
        )
        held = replace(
            order.plan,
            ends_at=now,
            outcome=status,
            remains=remains,
            start_count=count(body, "start_count", shown.start_count),
            kept_micros=amount(body, "charge") if "charge" in body else kept,
        )
        return self._shown(self.store.replace_plan(order, held, settled=True), now=now)

    # import

    def _import(self, body: dict[str, Any]) -> dict[str, object]:
        """Take in ended orders of the past, all or none. They were paid long ago: no balance moves."""
        rows, owner = body.get("orders"), self._owner(body)
        if not isinstance(rows, list) or len(rows) > IMPORT_MAX:
            raise BadControl(f"orders: write a list of at most {IMPORT_MAX}")
        ids: list[int] = []
        for index, row in enumerate(rows):
            try:
                if not isinstance(row, dict):
                    raise BadControl("write a JSON object")
                order = self._past(row, owner=owner)
            except BadControl as bad:
                raise BadControl(f"orders[{index}]: {bad}") from None
            self.store.insert_order(order, debit=False)
            ids.append(order.id)
        return {"orders": ids}

    def _past(self, row: dict[str, Any], *, owner: str) -> SandboxOrder:
        service = BY_ID.get(count(row, "service"))
        if service is None or service.service_type.subscription:
            raise BadControl("service: this one is not in the catalogue, or is a subscription")
        quantity, status = count(row, "quantity"), str(row.get("status", delivery.COMPLETED))
        remains = count(row, "remains", quantity if status == delivery.CANCELED else 0)
        fits = {
            delivery.COMPLETED: remains == 0,
            delivery.PARTIAL: 0 < remains < quantity,
            delivery.CANCELED: remains <= quantity,
        }
        if status not in fits or not fits[status] or quantity == 0:
            raise BadControl(
                "status, quantity and remains do not fit together; status is Completed, Partial or Canceled"
            )
        now = self.clock.now()
        created_at = moment(row.get("created_at"), name="created_at")
        ended_at = moment(row["ended_at"], name="ended_at") if "ended_at" in row else min(created_at + _HISTORY_MS, now)
        if not created_at <= ended_at <= now:
            raise BadControl("created_at and ended_at must follow each other and lie in the past")
        charge = money.charge(service, units=quantity)
        kept = money.kept(outcome=status, charge_micros=charge, remains=remains, quantity=quantity)
        params = {name: clean(str(value)) for name, value in row.items() if name not in _PAST_ONLY}
        return SandboxOrder(
            id=self.store.next_order_id(),
            owner=owner,
            service=service.service,
            link=params.get("link", ""),
            quantity=quantity,
            charge_micros=charge,
            params=params,
            received_at=wall_ms(),
            created_at=created_at,
            plan=OrderCourse(created_at, ended_at, ended_at, count(row, "start_count", 0), status, remains, kept),
            digest=digest(params),
            settled=True,
        )
