"""Stripe as it speaks to whoever sells: checkout sessions, refunds, the balance, and signed events. In memory.

Played from its public description, with the faults that happen there: an answer that is lost after the work was done,
a 5xx after it, a key that is sent again with other fields. What a buyer does, `pay`, `expire` and others say; what
is told of it `event` gives: the caller delivers it, as often, as late and as changed as it likes.
"""

from __future__ import annotations

import hashlib
import hmac
import html
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from panelwright.sandbox.wire import HTML, Ending, Request, SandboxReply, reply

SECRET = "whsec_sandbox_secret_of_the_simulated_stripe"
KEY_PREFIXES = ("sk_test_", "sk_live_")


@dataclass
class Session:
    """A checkout session with its payment. Amounts are in the smallest unit of the currency."""

    id: str
    amount: int
    currency: str
    reference: str
    metadata: dict[str, str]
    livemode: bool
    success_url: str
    status: str = "open"
    payment_status: str = "unpaid"
    # A payment that takes days is under way.
    processing: bool = False
    refunded: int = 0
    disputes: list[dict[str, Any]] = field(default_factory=list)
    # The buyer's card, and where they say that they live.
    fingerprint: str = "Xt5EWLLDS7FJjR1c"
    card_country: str = "US"
    country: str = "US"
    # What Stripe tells, where a test wants it to be something else.
    told: dict[str, Any] = field(default_factory=dict)

    @property
    def intent(self) -> str:
        return self.id.replace("cs_", "pi_")

    def as_json(self, *, expanded: bool) -> dict[str, Any]:
        charge = {
            "id": self.id.replace("cs_", "ch_"),
            "amount_refunded": self.refunded,
            "disputed": bool(self.disputes),
            "billing_details": {"address": {"country": self.country}},
            "payment_method_details": {
                "type": "card",
                "card": {
                    "brand": "visa",
                    "country": self.card_country,
                    "fingerprint": self.fingerprint,
                    "last4": "4242",
                },
            },
        }
        paid = self.payment_status == "paid"
        intent: Any = self.intent if paid or self.status == "complete" else None
        if expanded and intent is not None:
            status = "succeeded" if paid else "processing" if self.processing else "requires_payment_method"
            intent = {"id": self.intent, "status": status, "latest_charge": charge if paid else None}
        return {
            "id": self.id,
            "object": "checkout.session",
            "status": self.status,
            "payment_status": self.payment_status,
            "amount_total": self.amount,
            "currency": self.currency,
            "client_reference_id": self.reference,
            "metadata": self.metadata,
            "livemode": self.livemode,
            "payment_intent": intent,
            "url": self.success_url,
            **self.told,
        }


class SimulatedStripe:
    """`base_url`: where its pages for buyers are. Knobs are plain attributes, which hold for the next calls."""

    def __init__(self, base_url: str = "", *, secret: str = SECRET) -> None:
        self.base_url = base_url
        self.secret = secret
        self.sessions: dict[str, Session] = {}
        self.refunds: list[dict[str, Any]] = []
        # Key -> the request that it stood for, and the answer; a stored fault is answered again, too.
        self._kept: dict[str, tuple[bytes, SandboxReply]] = {}
        self._count = 0
        # For so many creating calls: the work is done, and the answer never arrives, or is a fault of theirs.
        self.lose_answers = 0
        self.fail_after = 0
        self.refuse_keys = False
        self.refund_status = "succeeded"
        self.refuse_refunds = False
        self.calls: list[str] = []

    # ---- what sellers ask ------------------------------------------------------------------------

    def answer(self, request: Request) -> SandboxReply:
        if request.path.startswith("/pay/"):
            return self._buyer(request)
        self.calls.append(f"{request.method} {request.path}")
        key = request.headers.get("authorization", "").removeprefix("Bearer ")
        if self.refuse_keys or not key.startswith(KEY_PREFIXES):
            return _error("Invalid API Key provided", 401)
        if request.method == "GET":
            return self._read(request)
        if request.method != "POST":
            return _error("Unrecognized request", 404)
        once = request.headers.get("idempotency-key", "")
        asked = request.path.encode() + b"?" + request.body
        if once and once in self._kept:
            before, kept = self._kept[once]
            if before != asked:
                text = "Keys for idempotent requests can only be used with the same parameters"
                return _error(text, 400, kind="idempotency_error")
            return kept
        made = self._create(request, live=key.startswith("sk_live_"))
        if once:
            self._kept[once] = (asked, made)
        if self.lose_answers:
            self.lose_answers -= 1
            return made.ended(Ending.RESET)
        if self.fail_after:
            self.fail_after -= 1
            return _error("An unknown error occurred", 500)
        return made

    def _read(self, request: Request) -> SandboxReply:
        if request.path == "/v1/balance":
            return reply({"object": "balance", "available": []})
        asked = dict(parse_qsl(request.query.decode()))
        kind, _, id_ = request.path.removeprefix("/v1/").partition("/")
        if kind == "payment_intents":
            return self._intent(id_)
        if kind == "refunds":
            return self._refunds_of(id_, asked)
        if kind == "disputes":
            of = self._by_intent(asked.get("payment_intent", ""))
            return reply({"object": "list", "data": [] if of is None else of.disputes, "has_more": False})
        session = self.sessions.get(request.path.removeprefix("/v1/checkout/sessions/"))
        if session is None:
            return _error("No such checkout.session", 404)
        return reply(session.as_json(expanded=b"expand" in request.query))

    def _by_intent(self, intent: str) -> Session | None:
        return next((one for one in self.sessions.values() if one.intent == intent), None)

    def _intent(self, id_: str) -> SandboxReply:
        session = self._by_intent(id_)
        if session is None:
            return _error(f"No such payment_intent: '{id_}'", 404)
        return reply({"id": id_, "object": "payment_intent", "metadata": session.metadata})

    def _refunds_of(self, id_: str, asked: dict[str, str]) -> SandboxReply:
        if not id_:
            found = [one for one in self.refunds if one["payment_intent"] == asked.get("payment_intent")]
            return reply({"object": "list", "data": found[::-1], "has_more": False})
        one = next((one for one in self.refunds if one["id"] == id_), None)
        return _error(f"No such refund: '{id_}'", 404) if one is None else reply(one)

    def _create(self, request: Request, *, live: bool) -> SandboxReply:
        given = dict(parse_qsl(request.body.decode(), keep_blank_values=True))
        if request.path == "/v1/checkout/sessions":
            return self._open(given, live=live)
        if request.path == "/v1/refunds":
            return self._refund(given)
        if request.path.endswith("/expire"):
            return self._expire(request.path.removeprefix("/v1/checkout/sessions/").removesuffix("/expire"))
        return _error("Unrecognized request URL", 404)

    def _open(self, given: dict[str, str], *, live: bool) -> SandboxReply:
        prefix = "line_items[0][price_data]"
        amount = given.get(f"{prefix}[unit_amount]", "")
        if given.get("mode") != "payment" or not amount.isdigit() or int(amount) < 50:
            return _error("The Checkout Session's total amount must be at least the minimum", 400)
        self._count += 1
        id_ = f"cs_{'live' if live else 'test'}_{self._count:08d}"
        session = Session(
            id=id_,
            amount=int(amount),
            currency=given.get(f"{prefix}[currency]", ""),
            reference=given.get("client_reference_id", ""),
            metadata=_metadata(given),
            livemode=live,
            success_url=given.get("success_url", ""),
        )
        self.sessions[id_] = session
        return reply({**session.as_json(expanded=False), "url": f"{self.base_url}/pay/{id_}"})

    def _refund(self, given: dict[str, str]) -> SandboxReply:
        session = next((one for one in self.sessions.values() if one.intent == given.get("payment_intent")), None)
        amount = given.get("amount", "")
        if session is None or self.refuse_refunds:
            return _error("This charge cannot be refunded", 400)
        if not amount.isdigit() or not 0 < int(amount) <= session.amount - session.refunded:
            return _error("Refund amount is greater than unrefunded amount on charge", 400)
        if self.refund_status != "failed":
            session.refunded += int(amount)
        self._count += 1
        made = {
            "id": f"re_{self._count:08d}",
            "object": "refund",
            "amount": int(amount),
            "status": self.refund_status,
            "payment_intent": session.intent,
            "metadata": _metadata(given),
        }
        self.refunds.append(made)
        return reply(made)

    def _expire(self, id_: str) -> SandboxReply:
        session = self.sessions.get(id_)
        if session is None:
            return _error("No such checkout.session", 404)
        if session.status != "open":
            return _error('Only Checkout Sessions with a status in ["open"] can be expired', 400)
        session.status = "expired"
        return reply(session.as_json(expanded=False))

    # ---- what buyers and others do ---------------------------------------------------------------

    def pay(self, id_: str) -> None:
        session = self.sessions[id_]
        session.status, session.payment_status, session.processing = "complete", "paid", False

    def processes(self, id_: str) -> None:
        """A payment that takes days has begun."""
        session = self.sessions[id_]
        session.status, session.payment_status, session.processing = "complete", "unpaid", True

    def expire(self, id_: str) -> None:
        self.sessions[id_].status = "expired"

    def fail(self, id_: str) -> None:
        """A payment that takes days, and does not come."""
        session = self.sessions[id_]
        session.status, session.payment_status, session.processing = "complete", "unpaid", False

    def refund_there(self, id_: str, amount: int) -> None:
        """In Stripe's own dashboard, without telling the seller's program."""
        self.sessions[id_].refunded += amount

    def dispute(self, id_: str, amount: int = 0, *, takes: bool = True, currency: str = "") -> dict[str, Any]:
        """The buyer's bank wants money back; `takes`: and has it already. Without, it is an inquiry."""
        session = self.sessions[id_]
        self._count += 1
        made: dict[str, Any] = {
            "id": f"du_{self._count:08d}",
            "object": "dispute",
            "amount": amount or session.amount,
            "currency": currency or session.currency,
            "payment_intent": session.intent,
            "charge": session.id.replace("cs_", "ch_"),
            "status": "needs_response" if takes else "warning_needs_response",
            "reason": "fraudulent",
            "evidence_details": {"due_by": 1_800_000_000},
            "balance_transactions": [],
            "metadata": {},
        }
        session.disputes.append(made)
        if takes:
            self.withdraw(made)
        return made

    def withdraw(self, dispute: dict[str, Any]) -> None:
        dispute["balance_transactions"].append({"amount": -dispute["amount"], "fee": 1500})

    def close_dispute(self, dispute: dict[str, Any], status: str) -> None:
        """`won`: the money comes back; `lost`: it stays gone; `warning_closed`: an inquiry is over."""
        dispute["status"] = status
        moved = sum(one["amount"] for one in dispute["balance_transactions"])
        if status == "won" and moved < 0:
            dispute["balance_transactions"].append({"amount": -moved, "fee": 0})

    def dispute_event(self, kind: str, dispute: dict[str, Any], *, at: int, event_id: str = "") -> tuple[bytes, str]:
        """Body and signature; like Stripe's it names the payment intent, and nothing of the seller's."""
        self._count += 1
        name = event_id or f"evt_{self._count:08d}"
        body = json.dumps({"id": name, "object": "event", "type": kind, "data": {"object": dispute}}).encode()
        return body, self.signature(body, at=at)

    def event(
        self, kind: str, id_: str, *, at: int, event_id: str = "", secret: str = "", **changed: Any
    ) -> tuple[bytes, str]:
        """Body and `Stripe-Signature` of an event about a session; `changed` is what a forger writes into it."""
        self._count += 1
        thing = {**self.sessions[id_].as_json(expanded=False), **changed}
        body = json.dumps(
            {"id": event_id or f"evt_{self._count:08d}", "object": "event", "type": kind, "data": {"object": thing}}
        ).encode()
        return body, self.signature(body, at=at, secret=secret)

    def signature(self, body: bytes, *, at: int, secret: str = "") -> str:
        signed = hmac.new((secret or self.secret).encode(), f"{at}.".encode() + body, hashlib.sha256).hexdigest()
        return f"t={at},v1={signed},v0=ignored"

    def _buyer(self, request: Request) -> SandboxReply:
        """The page on which a buyer pays with one click and is led back."""
        id_ = request.path.removeprefix("/pay/")
        if request.method == "POST" and id_ in self.sessions:
            if self.sessions[id_].status == "open":
                self.pay(id_)
            return SandboxReply(303, b"").with_header("Location", self.sessions[id_].success_url)
        return self.page(id_)

    def page(self, id_: str) -> SandboxReply:
        """Where a buyer pays: a page with one button."""
        session = self.sessions.get(id_)
        if session is None:
            return _error("No such checkout.session", 404)
        text = f"{session.amount / 100:.2f} {session.currency.upper()}"
        body = (
            '<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
            f"<title>Simulated payment</title><h1>Pay {html.escape(text)}</h1><p>No real money is taken here.</p>"
            f'<form method="post"><button>Pay</button></form>'
            f'<p><a href="{html.escape(session.success_url)}">Back without paying</a></p></html>'
        )
        return SandboxReply(200, body.encode(), content_type=HTML)


def _metadata(given: dict[str, str]) -> dict[str, str]:
    return {
        name.removeprefix("metadata[").removesuffix("]"): value
        for name, value in given.items()
        if name.startswith("metadata[")
    }


def _error(text: str, status: int, *, kind: str = "invalid_request_error") -> SandboxReply:
    return reply({"error": {"message": text, "type": kind}}, status=status)
