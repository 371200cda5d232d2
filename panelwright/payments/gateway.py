"""What a gateway keeps to: a plain description with a few functions, in `gateways/<name>/gateway.py`.

One by hand has none of the functions: staff confirm its payments. Any other opens a checkout, is asked how it stands,
gives back, and reads what it is told. None of them touches the database, and none is called inside a transaction.
What they keep between calls is in memory (access_tokens.py), and may be lost at any moment.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from panelwright.core.refusal import Refusal
from panelwright.payments.hold_rules import PaidBy
from panelwright.payments.rules import ReceivedMoney, step_micros
from panelwright.staff.action import Field


class Connection(NamedTuple):
    """How one method's gateway is reached: what its owner has set. `base_url`: of a simulated gateway, else empty.

    `private_hosts`: addresses off the public internet that the operator of the host lets owners name.
    """

    settings: Mapping[str, Any]
    secrets: Mapping[str, str]
    base_url: str = ""
    private_hosts: frozenset[str] = frozenset()

    def may_be_private(self, url: str) -> bool:
        """Whether this address may lead into the host's own network: only where its operator has said so."""
        return bool(self.base_url) or (urlsplit(url).hostname or "") in self.private_hosts


class NewCheckout(NamedTuple):
    """A payment that the customer is to make at the gateway. `reference` is ours, and the key that makes a repeat
    harmless; amounts are micros of the currency, the fee included. `hook_url`: where the gateway can tell us of it.
    """

    reference: str
    amount_micros: int
    currency: str
    label: str
    email: str
    back_url: str
    panel: str
    number: int
    created_at: datetime
    language: str = ""
    hook_url: str = ""


class OpenCheckout(NamedTuple):
    """The gateway's name for it, empty where it does not say; and how the customer pays: on the gateway's page (`url`),
    or on ours.

    `code`: a text to copy, such as that of Pix or a coin's address. `qr`: what the picture to scan says, where that is
    not the code. `expires_at`: until when it can be paid so; None: the gateway does not say.
    """

    gateway_id: str
    url: str = ""
    code: str = ""
    qr: str = ""
    expires_at: datetime | None = None


class Trouble(NamedTuple):
    """The gateway was not reached, or refused. `sure`: certainly nothing was done. `said`: its words, for staff.

    `code`: gateway_unreachable, gateway_busy and gateway_answer are asked again; gateway_key is the owner's to mend;
    gateway_refused is its decision.
    """

    code: str
    said: str = ""
    sure: bool = True


class Progress(StrEnum):
    """How a payment stands at its gateway."""

    OPEN = "open"  # the customer has not paid
    PENDING = "pending"  # they have; the money is on its way, or is checked
    PAID = "paid"
    FAILED = "failed"
    EXPIRED = "expired"


class DisputeProgress(StrEnum):
    """How a dispute stands at its gateway."""

    OPEN = "open"
    WON = "won"  # for the panel; or it was closed, and took nothing
    LOST = "lost"


class FoundDispute(NamedTuple):
    """A customer's bank, or the gateway, wants money back. `amount_micros` of `currency` is what it is about.

    `taken`: the gateway has taken the money off the panel, and has not given it back. An inquiry takes none. What is
    lost counts as taken. `answer_by`: until when the owner can answer there. `reason`: the gateway's word for it.
    """

    gateway_id: str
    progress: DisputeProgress
    amount_micros: int
    currency: str
    taken: bool
    reason: str = ""
    answer_by: datetime | None = None


class FoundPayment(NamedTuple):
    """What the gateway tells when it is asked. `money`: where it is paid. `refunded_micros`: of it, all that was given
    back, whoever did it; a dispute's money is no refund. `gateway_id`: its name, where it was found by our reference.

    `by`: who paid, as far as the gateway tells. `ended`: where the gateway tells of a dispute only while it lasts, the
    name that one would have, and how it ended if there was one.
    """

    progress: Progress
    money: ReceivedMoney | None = None
    refunded_micros: int = 0
    disputes: tuple[FoundDispute, ...] = ()
    gateway_id: str = ""
    ended: tuple[tuple[str, DisputeProgress], ...] = ()
    by: PaidBy = PaidBy()


def paid_by(
    gateway: str, *, key: object = "", card: object = "", country: object = "", billing_country: object = ""
) -> PaidBy:
    """Who paid, from texts of a gateway. `key`: its name for the card or account, of which a digest is kept."""
    name = str(key or "")
    codes = (str(one or "").upper() for one in (country, billing_country))
    return PaidBy(
        hashlib.sha256(f"{gateway}:{name}".encode()).hexdigest() if name else "",
        str(card or "")[:_CARD_MAX],
        *(code if _COUNTRY.fullmatch(code) else "" for code in codes),
    )


_CARD_MAX = 40
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)


class RefundProgress(StrEnum):
    DONE = "done"
    PENDING = "pending"
    FAILED = "failed"  # certainly nothing of it has gone back, or will
    UNKNOWN = "unknown"  # it has ended there, and not as it was asked for: staff decide


class AskedRefund(NamedTuple):
    """A part that is to go back, once for the key. `gateway_id`: the gateway's name of it, where we have it."""

    amount_micros: int
    currency: str
    key: str
    gateway_id: str = ""


class MadeRefund(NamedTuple):
    """`url`: where the customer has to fetch it, with gateways of coins."""

    gateway_id: str
    progress: RefundProgress
    url: str = ""


class Hook(NamedTuple):
    """A webhook as it arrived: the names of headers in lower case, the last value of each parameter of the query."""

    headers: Mapping[str, str]
    body: bytes
    now: datetime
    query: Mapping[str, str] = {}


class HookEvent(NamedTuple):
    """What a webhook is about: its id, empty where there is none, and our reference; empty: it does not say.

    `gateway_id`: the gateway's name of the payment, where it is told; we may not have it yet. `lookup`: what the
    gateway can be asked for to learn the reference (`Api.find`), such as a dispute's charge; empty: nothing.
    """

    event_id: str
    reference: str
    gateway_id: str = ""
    lookup: str = ""


# Why a method with these settings and secrets cannot be turned on; None: it can. It asks nobody.
Ready = Callable[[Mapping[str, Any], Mapping[str, str]], Refusal | None]


def _always(_settings: Mapping[str, Any], _secrets: Mapping[str, str]) -> None:
    return None


def _complete(_hook: Hook) -> bool:
    return True


def _live(_settings: Mapping[str, Any], _secrets: Mapping[str, str]) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Api:
    """The moments of a gateway that programs speak with. Each `reference` is ours, each `gateway_id` the gateway's.

    - `open_(to, asked)`: a checkout is made; a repeat with the same reference gives the same one.
    - `ask(to, reference, gateway_id)`: how it stands. It may take what the customer has agreed to there (a capture),
      and gives nothing back. `by_reference`: it finds the payment where `gateway_id` is empty, too.
    - `ask_told(to, reference, gateway_id, told)`: the same, where webhooks name what the gateway does not list: `told`
      are the `lookup`s of those that came about this payment. Where there is one, it is called in place of `ask`.
    - `returned(query)`: the lookup that the address names by which a customer comes back, empty: none. `ask_told` gets
      it behind the others. Customers can write whatever they like there.
    - `peek(to, reference, gateway_id)`: the same, and takes nothing. Where `ask` may take, there has to be one: it is
      called in its place once nobody wants the payment any more.
    - `refund(to, reference, gateway_id, asked)`: some of it is given back, once for each key.
    - `ask_refund(to, reference, gateway_id, asked)`: how that refund stands, by its name or its key; None: the gateway
      has none such. Where a gateway cannot be asked, there is no function, and staff decide.
    - `gives_back`: whether it gives back by program. Where it does not, staff send the money, and write it down.
    - `verified(to, hook)`: a webhook is the gateway's. `asks_to_verify`: it asks the gateway for that; such calls have
      a budget, and Trouble is answered so that the gateway tells it again. `complete(hook)`: it has all that the
      gateway would be asked with; what has not costs nothing of the budget.
    - `read(hook)`: what it is about; None for what is none, or of no interest. It is called again with the stored body.
    - `find(to, lookup)`: our reference for what an event names; empty: none of ours.
    - `expire(to, reference, gateway_id)`: nobody shall be able to pay it any more. One that is paid stays so.
    - `test(to)`: a call that changes nothing; None when all is well.
    - `live(settings, secrets)`: whether they are for real money.
    - `heard`: what a webhook is answered that was understood, where the gateway repeats it for anything else.
    """

    open_: Callable[[Connection, NewCheckout], OpenCheckout | Trouble]
    ask: Callable[[Connection, str, str], FoundPayment | Trouble]
    refund: Callable[[Connection, str, str, AskedRefund], MadeRefund | Trouble]
    verified: Callable[[Connection, Hook], bool | Trouble]
    read: Callable[[Hook], HookEvent | None]
    test: Callable[[Connection], Trouble | None]
    live: Callable[[Mapping[str, Any], Mapping[str, str]], bool] = _live
    ask_refund: Callable[[Connection, str, str, AskedRefund], MadeRefund | Trouble | None] | None = None
    find: Callable[[Connection, str], str | Trouble] | None = None
    expire: Callable[[Connection, str, str], Trouble | None] | None = None
    ask_told: Callable[[Connection, str, str, tuple[str, ...]], FoundPayment | Trouble] | None = None
    returned: Callable[[Mapping[str, str]], str] | None = None
    peek: Callable[[Connection, str, str], FoundPayment | Trouble] | None = None
    by_reference: bool = False
    gives_back: bool = True
    asks_to_verify: bool = False
    complete: Callable[[Hook], bool] = _complete
    heard: Mapping[str, Any] = field(default_factory=lambda: {"received": True})


@dataclass(frozen=True, slots=True)
class Gateway:
    """`name` is its folder's; `label` and `help` are texts for staff, `icon` one of the pages'.

    `fields`: what the owner sets, beside what every method has; secrets among them are kept sealed. `by_hand`: staff
    confirm each payment, by what the customer gives as proof. `ready` says whether it can be turned on. `step`: the
    smallest amount that it takes of a currency. `currencies`: those that it takes; empty: it may take any.
    """

    name: str
    label: str
    icon: str
    fields: tuple[Field, ...] = ()
    help: str = ""
    by_hand: bool = False
    ready: Ready = _always
    api: Api | None = None
    step: Callable[[str], int] = step_micros
    currencies: frozenset[str] = frozenset()
