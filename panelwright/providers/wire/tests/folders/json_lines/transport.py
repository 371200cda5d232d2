"""`lines://host:port`: each call is a connection, a line with what is asked, and a line with what is answered."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from panelwright.providers.wire.outcomes import (
    Accepted,
    Balance,
    Offers,
    OrderReport,
    Reason,
    RefillReport,
    ServiceOffer,
    Unknown,
    UpstreamRefused,
)
from panelwright.providers.wire.upstream import Upstream

TIMEOUT_S = 5.0


def good_address(url: str) -> bool:
    return url.startswith("lines://")


def connect(*, url: str, key: str, allow_private: bool) -> Upstream:
    return LinesClient(url, key)


class LinesClient:
    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        self._address = (parts.hostname or "", parts.port or 0)
        self._key = key

    def _ask(self, what: str, **given: object) -> Any:
        """What was answered; UpstreamRefused where nothing was sent, Unknown where nothing came back."""
        try:
            wire = socket.create_connection(self._address, TIMEOUT_S)
        except OSError as error:
            return UpstreamRefused(Reason.UNREACHABLE, type(error).__name__)
        try:
            with wire, wire.makefile("rw", encoding="utf-8") as lines:
                lines.write(json.dumps({"key": self._key, "what": what, **given}) + "\n")
                lines.flush()
                answer = json.loads(lines.readline())
        except (OSError, ValueError) as error:
            return Unknown(type(error).__name__)
        return UpstreamRefused(Reason(answer["no"]), answer["no"]) if "no" in answer else answer["yes"]

    def add(self, params: Mapping[str, str]) -> Accepted | UpstreamRefused | Unknown:
        said = self._ask("order", **params)
        return Accepted(said) if isinstance(said, str) else said

    def status(self, ids: Sequence[str]) -> dict[str, OrderReport | UpstreamRefused | Unknown]:
        said = self._ask("orders", ids=list(ids))
        if not isinstance(said, dict):
            return dict.fromkeys(ids, said)
        return {ref: OrderReport(word, 5, left, None, "", word) for ref, (word, left) in said.items()}

    def cancel(self, ids: Sequence[str]) -> dict[str, Accepted | UpstreamRefused | Unknown]:
        said = self._ask("stop", ids=list(ids))
        return {ref: Accepted("") for ref in ids} if said is True else dict.fromkeys(ids, said)

    def refill(self, order: str) -> Accepted | UpstreamRefused | Unknown:
        said = self._ask("again", order=order)
        return Accepted(said) if isinstance(said, str) else said

    def refill_status(self, ids: Sequence[str]) -> dict[str, RefillReport | UpstreamRefused | Unknown]:
        said = self._ask("agains", ids=list(ids))
        if not isinstance(said, dict):
            return dict.fromkeys(ids, said)
        return {ref: RefillReport(word, word) for ref, word in said.items()}

    def services(self) -> Offers | UpstreamRefused | Unknown:
        said = self._ask("offers")
        if not isinstance(said, list):
            return said
        return Offers(
            ServiceOffer(ref, name, "Default", "All", Decimal(rate), 10, 10_000, True, True, False, "")
            for ref, name, rate in said
        )

    def balance(self) -> Balance | UpstreamRefused | Unknown:
        said = self._ask("money")
        return Balance(Decimal(said), "USD") if isinstance(said, str) else said

    def close(self) -> None:
        pass
