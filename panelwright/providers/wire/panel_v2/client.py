"""The client of one upstream panel.

Tolerant in what it reads (reading.py, reports.py), strict in what it claims: see outcomes.py for the
difference between refused and unknown. No method raises for anything that upstream or the network
does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from panelwright.core import limits
from panelwright.core.reply import TEXT_MAX, HttpReply, clean, spellings
from panelwright.core.transport import NoResponse, NotSent, Transport
from panelwright.providers.wire.outcomes import (
    Accepted,
    Balance,
    Offers,
    OrderReport,
    Reason,
    RefillReport,
    Unknown,
    UpstreamRefused,
)
from panelwright.providers.wire.panel_v2.echoes import strangers_words
from panelwright.providers.wire.panel_v2.reading import read_add, read_balance, read_cancel, read_refill, read_services
from panelwright.providers.wire.panel_v2.reports import read_refill_status, read_status

# Ids in one request; more are ignored by the protocol, so longer lists go out in several.
IDS_MAX = 100

# The one long answer there is; a process reads one at a time.
_LISTS = threading.Lock()

_One = TypeVar("_One")
_Each = TypeVar("_Each")


class PanelClient:
    """One provider's API: a URL and a key. Keeps connections open; share one object among threads.

    `allow_private`: also connect to addresses that are not on the public internet (the demo, tests, a
    panel on the same network). `connect_timeout_s` covers name, connection and TLS; `read_timeout_s`
    the whole answer. A call lasts at most about twice the first and once the second (calls that only
    read may be sent a second time when a kept connection turns out to be closed). `max_bytes` limits
    a price list after decompression, PROVIDER_ANSWER_BYTES_MAX every other answer.

    ValueError for a URL that is not http or https; nothing else raises.
    """

    def __init__(
        self,
        *,
        url: str,
        key: str,
        allow_private: bool,
        connect_timeout_s: float = 5,
        read_timeout_s: float = 25,
        max_bytes: int = limits.PROVIDER_LIST_BYTES_MAX,
    ) -> None:
        self._key = key
        self._secrets = spellings(key)
        self._transport = Transport(
            url=url,
            allow_private=allow_private,
            connect_timeout_s=connect_timeout_s,
            read_timeout_s=read_timeout_s,
            max_bytes=max_bytes,
            secrets=self._secrets,
        )

    def __repr__(self) -> str:
        return f"PanelClient({self._transport.host!r})"

    def close(self) -> None:
        """Close the kept connections."""
        self._transport.close()

    # ---- orders ----

    def add(self, params: Mapping[str, str]) -> Accepted | UpstreamRefused | Unknown:
        """Place an order. `params` are the protocol's: service, link, quantity, … Sent exactly once."""
        came = self._send("add", params)
        if isinstance(came, HttpReply):
            came = replace(came, sent=strangers_words(params))
        return self._kept(came, read_add)

    def status(self, ids: Sequence[str]) -> dict[str, OrderReport | UpstreamRefused | Unknown]:
        """The state of orders, 100 a request; every id asked is a key of the answer."""
        return self._many("status", ids, one="order", many="orders", read=read_status)

    def cancel(self, ids: Sequence[str]) -> dict[str, Accepted | UpstreamRefused | Unknown]:
        """Ask to cancel orders. Accepted: the request was taken; what becomes of it is told by `status`."""
        out: dict[str, Accepted | UpstreamRefused | Unknown] = {}
        for part in _parts(ids):
            out |= self._each(self._send("cancel", {"orders": ",".join(part)}), part, read_cancel)
        return out

    # ---- refills ----

    def refill(self, order: str) -> Accepted | UpstreamRefused | Unknown:
        """Ask to refill an order. The accepted id is the refill's; some panels give none. Sent exactly once."""
        return self._kept(self._send("refill", {"order": order}), read_refill)

    def refill_status(self, ids: Sequence[str]) -> dict[str, RefillReport | UpstreamRefused | Unknown]:
        """The state of refills, 100 a request; every id asked is a key of the answer."""
        return self._many("refill_status", ids, one="refill", many="refills", read=read_refill_status)

    # ---- the account ----

    def services(self) -> Offers | UpstreamRefused | Unknown:
        """What upstream sells, at its price for us."""
        came = self._ask("services", {}, max_bytes=None)
        with _LISTS:
            return self._one(came, read_services)

    def balance(self) -> Balance | UpstreamRefused | Unknown:
        """Our balance there."""
        return self._one(self._ask("balance", {}), read_balance)

    # ---- sending ----

    def _send(
        self, action: str, params: Mapping[str, str], *, max_bytes: int | None = limits.PROVIDER_ANSWER_BYTES_MAX
    ) -> HttpReply | NotSent | NoResponse:
        """For what changes something: one request, whatever comes."""
        fields = [("key", self._key), ("action", action)]
        fields += [(name, value) for name, value in params.items() if name not in ("key", "action")]
        return self._transport.post(fields, max_bytes=max_bytes)

    def _ask(
        self, action: str, params: Mapping[str, str], *, max_bytes: int | None = limits.PROVIDER_ANSWER_BYTES_MAX
    ) -> HttpReply | NotSent | NoResponse:
        """For what only reads: once more if the connection, probably a kept one, was closed on us."""
        came = self._send(action, params, max_bytes=max_bytes)
        if isinstance(came, NoResponse) and came.closed:
            came = self._send(action, params, max_bytes=max_bytes)
        return came

    def _many(
        self,
        action: str,
        ids: Sequence[str],
        *,
        one: str,
        many: str,
        read: Callable[[HttpReply, Sequence[str]], dict[str, _Each | UpstreamRefused | Unknown]],
    ) -> dict[str, _Each | UpstreamRefused | Unknown]:
        out: dict[str, _Each | UpstreamRefused | Unknown] = {}
        for part in _parts(ids):
            selector = {one: part[0]} if len(part) == 1 else {many: ",".join(part)}
            out |= self._each(self._ask(action, selector), part, read)
        return out

    # ---- reading ----

    def _one(
        self, came: HttpReply | NotSent | NoResponse, read: Callable[[HttpReply], _One]
    ) -> _One | UpstreamRefused | Unknown:
        return read(came) if isinstance(came, HttpReply) else self._without_answer(came)

    def _kept(
        self,
        came: HttpReply | NotSent | NoResponse,
        read: Callable[[HttpReply], Accepted | UpstreamRefused | Unknown],
    ) -> Accepted | UpstreamRefused | Unknown:
        """With the start of the answer as it came, for the order's story."""
        outcome = self._one(came, read)
        if isinstance(came, HttpReply) and not outcome.evidence:
            outcome = replace(outcome, evidence=came.evidence)
        return outcome

    def _each(
        self,
        came: HttpReply | NotSent | NoResponse,
        ids: Sequence[str],
        read: Callable[[HttpReply, Sequence[str]], dict[str, _Each | UpstreamRefused | Unknown]],
    ) -> dict[str, _Each | UpstreamRefused | Unknown]:
        if isinstance(came, HttpReply):
            return read(came, ids)
        same: UpstreamRefused | Unknown = self._without_answer(came)
        return dict.fromkeys(ids, same)

    def _without_answer(self, came: NotSent | NoResponse) -> UpstreamRefused | Unknown:
        text = clean(came.text, limit=TEXT_MAX, secrets=self._secrets)
        return UpstreamRefused(Reason.UNREACHABLE, text) if isinstance(came, NotSent) else Unknown(text)


def _parts(ids: Sequence[str]) -> Iterator[list[str]]:
    """The ids without repeats, IDS_MAX at a time."""
    unique = list(dict.fromkeys(ids))
    for at in range(0, len(unique), IDS_MAX):
        yield unique[at : at + IDS_MAX]
