"""Between the panel and its callers: what was asked, in the panel's terms; what is answered, in a dialect."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from panelwright.sandbox import wire
from panelwright.sandbox.checks import SandboxRefusal
from panelwright.sandbox.dialects import PROTOCOL, TEXT_ID, Dialect, Row
from panelwright.sandbox.languages import translated
from panelwright.sandbox.panel import Answer
from panelwright.sandbox.wire import SandboxReply

_ID_PARAMS = ("order", "orders")
# The text ids are understood in every dialect: a dialect may change while an order is open.
_TEXT_ID = re.compile(rf"{TEXT_ID}([0-9]+)")
_BEARER = "bearer "


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One call. `params` are the panel's; `sent` maps an order id to how the caller wrote it, if otherwise."""

    params: dict[str, str]
    sent: dict[str, str]

    @property
    def action(self) -> str:
        return self.params.get("action", "")

    def get(self, name: str) -> str:
        return self.params.get(name, "")

    def with_key(self, key: str) -> ApiCall:
        return replace(self, params=self.params | {"key": key})

    def asks_many(self, *, one: str, many: str) -> bool:
        return bool(self.get(many)) or "," in self.get(one)


def hear(params: dict[str, str], *, authorization: str) -> ApiCall:
    """What was asked, with the key of `Authorization: Bearer` where the parameter is missing."""
    sent: dict[str, str] = {}

    def plain(text: str) -> str:
        found = _TEXT_ID.fullmatch(text)
        if found is None:
            return text
        sent[found[1]] = text
        return found[1]

    heard = dict(params)
    if not heard.get("key") and authorization.lower().startswith(_BEARER):
        heard["key"] = authorization[len(_BEARER) :].strip()
    for name in _ID_PARAMS:
        if TEXT_ID in heard.get(name, ""):
            heard[name] = ",".join(plain(part.strip()) for part in heard[name].split(","))
    return ApiCall(heard, sent)


def refuse(dialect: Dialect, refusal: SandboxRefusal, *, status: int | None = None) -> SandboxReply:
    """A refusal of the whole request. The header with its code is the protocol's: other panels have none."""
    value = dialect.error(translated(refusal.text, dialect.texts), refusal.code)
    code = refusal.code if dialect is PROTOCOL else ""
    return _reply(dialect, value, status=dialect.error_status if status is None else status, code=code)


def speak(dialect: Dialect, asked: ApiCall, answer: Answer) -> SandboxReply:
    """What the panel answers, as the dialect says it."""
    if isinstance(answer, SandboxRefusal):
        return refuse(dialect, answer)
    return _reply(dialect, _SHAPES[asked.action](dialect, asked, answer), status=dialect.ok_status)


def _reply(dialect: Dialect, value: object, *, status: int, code: str = "") -> SandboxReply:
    said = wire.reply(value, status=status, code=code)
    return replace(said, body=dialect.prefix + said.body) if dialect.prefix else said


# ---- the answer to each action: the panel's into the dialect's ---------------------------------------


def _add(dialect: Dialect, _asked: ApiCall, answer: Any) -> object:
    return dialect.add(dialect.order_id(answer["order"]))


def _services(dialect: Dialect, _asked: ApiCall, answer: Any) -> object:
    return dialect.services([_stepped(row, dialect.row) for row in answer])


def _balance(dialect: Dialect, _asked: ApiCall, answer: Any) -> object:
    return dialect.balance(answer["balance"], answer["currency"])


def _status(dialect: Dialect, asked: ApiCall, answer: Any) -> object:
    if not asked.asks_many(one="order", many="orders"):
        return _report(dialect, answer)
    reports: Row = {}
    for order, item in answer.items():
        if "error" not in item:
            reports[asked.sent.get(order, order)] = _report(dialect, item)
        elif dialect.bad_id is not None:
            reports[asked.sent.get(order, order)] = dialect.bad_id(translated(item["error"], dialect.texts))
    return dialect.many(reports)


def _report(dialect: Dialect, report: Row) -> Row:
    said = _stepped(report, dialect.report)
    if isinstance(children := said.get("orders"), list):
        said["orders"] = [dialect.order_id(child) for child in children]
    return said | {"status": dialect.words.get(str(said["status"]), said["status"])}


def _refill(dialect: Dialect, asked: ApiCall, answer: Any) -> object:
    if not asked.asks_many(one="order", many="orders"):
        order = asked.get("order")
        return dialect.refill(answer["refill"], asked.sent.get(order, order))
    return [_row(dialect, asked, row) for row in answer]


def _refill_status(dialect: Dialect, asked: ApiCall, answer: Any) -> object:
    if not asked.asks_many(one="refill", many="refills"):
        return dialect.refill_status(dialect.refill_words.get(answer["status"], answer["status"]))
    said = [_said(dialect, row) for row in answer]
    words = dialect.refill_words
    return [row | {"status": words.get(w, w) if isinstance(w := row["status"], str) else w} for row in said]


def _cancel(dialect: Dialect, asked: ApiCall, answer: Any) -> object:
    return dialect.cancel([_row(dialect, asked, row) for row in answer])


def _stepped(row: Row, steps: tuple[Any, ...]) -> Row:
    for step in steps:
        row = step(row)
    return dict(row)


def _row(dialect: Dialect, asked: ApiCall, row: Row) -> Row:
    """A row about one order: its id as the caller wrote it, its error in the dialect's language."""
    return _said(dialect, row) | {"order": asked.sent.get(str(row["order"]), row["order"])}


def _said(dialect: Dialect, row: Row) -> Row:
    return {
        name: {"error": translated(value["error"], dialect.texts)} if isinstance(value, dict) else value
        for name, value in row.items()
    }


_SHAPES = {
    "add": _add,
    "services": _services,
    "balance": _balance,
    "status": _status,
    "refill": _refill,
    "refill_status": _refill_status,
    "cancel": _cancel,
}
