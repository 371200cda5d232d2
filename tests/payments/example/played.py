"""Tally as it speaks to whoever sells, and how it is played: docs/how-to/add-a-gateway.md, steps 3 and 4."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from panelwright.sandbox.simulated_base import GatewayBase, json_of, led_back, pay_page
from panelwright.sandbox.wire import Request, SandboxReply, reply
from tests.payments.till import Play, SentHook

KEY, SECRET = "test_key_of_the_tally", "test_secret_of_the_tally"


class SimulatedTally(GatewayBase):
    def __init__(self) -> None:
        super().__init__()
        self.bills: dict[str, dict[str, Any]] = {}
        self.backs: dict[str, str] = {}

    def refusal(self, request: Request) -> SandboxReply | None:
        is_known = request.headers.get("authorization") == f"Bearer {KEY}" and not self.refuse_keys
        return None if is_known else reply({"error": "unknown key"}, status=401)

    def serve(self, request: Request) -> SandboxReply:
        given, parts = json_of(request.body), request.path.strip("/").split("/")
        if parts == ["me"]:
            return reply({})
        if parts == ["bills"]:
            # Our reference is the key: sent again, it is the same bill.
            bill = {"state": "open", "live": False, "given_back": "0", **given}
            found = self.bills.setdefault(given["ref"], bill)
            return reply({**found, "id": given["ref"], "url": f"{self.base_url}/pay/{given['ref']}"})
        found = self.bills[parts[1]]
        if parts[2:] == ["back"] and given["key"] not in self.backs:
            self.backs[given["key"]] = found["given_back"] = given["amount"]
        return reply({**found, "id": parts[1]})

    def buyer(self, request: Request) -> SandboxReply:
        bill = self.bills[request.path.removeprefix("/pay/")]
        if request.method == "GET":
            return pay_page(bill["amount"], bill["back"])
        bill["state"] = "paid"
        return led_back(bill["back"])


class Tally(Play):
    kind = "tally"

    def __init__(self) -> None:
        self.double = SimulatedTally()

    def entered(self) -> dict[str, Any]:
        return {"key": KEY, "hook_secret": SECRET}

    def of(self, reference: str) -> dict[str, Any]:
        found: dict[str, Any] = self.double.bills[reference]
        return found

    def is_there(self, reference: str) -> int:
        return int(reference in self.double.bills)

    def pay(self, reference: str) -> None:
        self.of(reference)["state"] = "paid"

    def differ(self, reference: str, what: str) -> None:
        self.of(reference).update(state="paid", amount={"less": "19.99", "more": "20.01"}[what])

    def hook(self, reference: str, *, at_s: int | None = None, secret: str = "", lie: bool = False) -> SentHook:
        body = json.dumps({"ref": reference, "amount": "99999" if lie else "20.00"}).encode()
        signed = hmac.new((secret or SECRET).encode(), body, hashlib.sha256).hexdigest()
        return SentHook({"x-tally": signed}, body)

    def forged(self, reference: str) -> list[SentHook]:
        right = self.hook(reference)
        return [SentHook({}, right.body), self.hook(reference, secret="another"), right._replace(body=b"{}")]

    def refund_there(self, reference: str, amount: str) -> None:
        self.of(reference)["given_back"] = amount

    def given_back(self, reference: str) -> list[str]:
        return list(self.double.backs.values())
