"""What the simulated payment gateways have in common: the faults that happen with all of them. In memory.

An answer that is lost after the work was done, a 5xx after it, a key that is sent again: knobs are plain attributes,
which hold for the next creating calls.
"""

from __future__ import annotations

import html
import json
from abc import ABC, abstractmethod
from typing import Any

from panelwright.sandbox.wire import HTML, Ending, Request, SandboxReply


class GatewayBase(ABC):
    """`base_url`: where sellers reach it, and where its pages for buyers are. `key_header` makes a repeat harmless."""

    key_header = ""

    def __init__(self, base_url: str = "") -> None:
        self.base_url = base_url
        self.calls: list[str] = []
        self.lose_answers = 0
        self.fail_after = 0
        self.refuse_keys = False
        # Key -> the request that it stood for, and the answer.
        self._kept: dict[str, tuple[bytes, SandboxReply]] = {}
        self._count = 0

    def answer(self, request: Request) -> SandboxReply:
        """One call of a seller's, or of a buyer's browser."""
        if request.path.startswith("/pay/"):
            return self.buyer(request)
        self.calls.append(f"{request.method} {request.path}")
        refused = self.refusal(request)
        if refused is not None:
            return refused
        if request.method == "GET":
            return self.serve(request)
        once = self.once(request)
        asked = request.path.encode() + b"?" + request.body
        if once and once in self._kept:
            before, kept = self._kept[once]
            return kept if before == asked else self.key_clash(kept)
        made = self.serve(request)
        if once:
            self._kept[once] = (asked, made)
        if self.is_creating(request):
            if self.lose_answers:
                self.lose_answers -= 1
                return made.ended(Ending.RESET)
            if self.fail_after:
                self.fail_after -= 1
                return SandboxReply(500, b'{"message":"internal_error"}')
        return made

    def once(self, request: Request) -> str:
        """The key under which the answer is kept; empty: each call is a new one."""
        return request.headers.get(self.key_header, "") if self.key_header else ""

    def is_creating(self, request: Request) -> bool:
        """Whether it makes something, so that its answer may be lost; asking is not."""
        return request.method == "POST"

    def key_clash(self, kept: SandboxReply) -> SandboxReply:
        """The answer to a key that stood for something else."""
        return kept

    def next(self) -> int:
        self._count += 1
        return self._count

    @abstractmethod
    def refusal(self, request: Request) -> SandboxReply | None:
        """The answer to a key that it does not take."""

    @abstractmethod
    def serve(self, request: Request) -> SandboxReply: ...

    @abstractmethod
    def buyer(self, request: Request) -> SandboxReply:
        """Its pages for buyers, below `/pay/`: a POST pays."""


def json_of(body: bytes) -> dict[str, Any]:
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def pay_page(amount: str, back_url: str) -> SandboxReply:
    """Where a buyer pays: a page with one button."""
    back = f'<p><a href="{html.escape(back_url)}">Back without paying</a></p>' if back_url else ""
    body = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f"<title>Simulated payment</title><h1>Pay {html.escape(amount)}</h1><p>No real money is taken here.</p>"
        f'<form method="post"><button>Pay</button></form>{back}</html>'
    )
    return SandboxReply(200, body.encode(), content_type=HTML)


def paid_page() -> SandboxReply:
    """For who pays by a code, and has no page to be led back to."""
    body = (
        '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        "<title>Paid</title><h1>Paid</h1><p>Close this page. The page with the code shows it in a moment.</p></html>"
    )
    return SandboxReply(200, body.encode(), content_type=HTML)


def led_back(back_url: str) -> SandboxReply:
    return SandboxReply(303, b"").with_header("Location", back_url)
