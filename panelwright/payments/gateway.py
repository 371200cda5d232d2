"""What a gateway keeps to: a plain description with a few functions, in `gateways/<name>/gateway.py`.

One by hand has none of the functions: staff confirm its payments. Any other opens a checkout, is asked how it stands,
gives back, and reads what it is told. None of them touches the database, and none is called inside a transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from panelwright.core.refusal import Refusal
from panelwright.payments.rules import ReceivedMoney
from panelwright.staff.action import Field


class Connection(NamedTuple):
    """How one method's gateway is reached: what its owner has set. `base_url`: of a simulated gateway, else empty."""

    settings: Mapping[str, Any]
    secrets: Mapping[str, str]
    base_url: str = ""


class NewCheckout(NamedTuple):
    """A payment that the customer is to make at the gateway. `reference` is ours, and the key that makes a repeat
    harmless; amounts are micros of the currency, the fee included.
    """

    reference: str
    amount_micros: int
    currency: str
    label: str
    email: str
    back_url: str
    panel: str
    number: int


class OpenCheckout(NamedTuple):
    """The gateway's name for it, and where the customer pays."""

    gateway_id: str
    url: str


class Trouble(NamedTuple):
    """The gateway was not reached, or refused. `sure`: certainly nothing was done. `said`: its words, for staff."""

    code: str
    said: str = ""
    sure: bool = True


class Progress(StrEnum):
    """How a payment stands at its gateway."""

    OPEN = "open"  # the customer has not paid, or the money is on its way
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"


class FoundPayment(NamedTuple):
    """What the gateway tells when it is asked. `money`: where it is paid. `refunded_micros`: of it, all that was given
    back, whoever did it.
    """

    progress: Progress
    money: ReceivedMoney | None = None
    refunded_micros: int = 0


class RefundState(StrEnum):
    DONE = "done"
    PENDING = "pending"
    FAILED = "failed"


class MadeRefund(NamedTuple):
    gateway_id: str
    state: RefundState


class HookEvent(NamedTuple):
    """What a webhook is about: its id, empty where there is none, and our reference; empty: none of ours.

    `gateway_id`: the gateway's name of the payment, where it is told; we may not have it yet.
    """

    event_id: str
    reference: str
    gateway_id: str = ""


# Why a method with these settings and secrets cannot be turned on; None: it can. It asks nobody.
Ready = Callable[[Mapping[str, Any], Mapping[str, str]], Refusal | None]


def _always(_settings: Mapping[str, Any], _secrets: Mapping[str, str]) -> None:
    return None


def _live(_secrets: Mapping[str, str]) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Api:
    """The moments of a gateway that programs speak with.

    `open_`: a checkout is made; a repeat with the same reference gives the same one. `ask`: how it stands, by our
    reference and the gateway's name. `refund`: some of it is given back, once for each key. `verified`: a webhook's
    signature is right at this moment. `read`: what it is about; None for what is none. `test`: a call that changes
    nothing; None when all is well. `live`: whether these secrets are for real money.
    """

    open_: Callable[[Connection, NewCheckout], OpenCheckout | Trouble]
    ask: Callable[[Connection, str, str], FoundPayment | Trouble]
    refund: Callable[..., MadeRefund | Trouble]
    verified: Callable[[Mapping[str, str], Mapping[str, str], bytes, datetime], bool]
    read: Callable[[bytes], HookEvent | None]
    test: Callable[[Connection], Trouble | None]
    live: Callable[[Mapping[str, str]], bool] = _live


@dataclass(frozen=True, slots=True)
class Gateway:
    """`name` is its folder's; `label` and `help` are texts for staff, `icon` one of the pages'.

    `fields`: what the owner sets, beside what every method has; secrets among them are kept sealed. `by_hand`: staff
    confirm each payment, by what the customer gives as proof. `ready` says whether it can be turned on.
    """

    name: str
    label: str
    icon: str
    fields: tuple[Field, ...] = ()
    help: str = ""
    by_hand: bool = False
    ready: Ready = _always
    api: Api | None = None
