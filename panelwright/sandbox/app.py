"""The sandbox as one raw ASGI callable: `/api/v2` for callers, `/control/...` for tests and the demo."""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import logging

from panelwright.sandbox import effects, protocol, simulated_gateways, wire
from panelwright.sandbox.checks import SandboxRefusal
from panelwright.sandbox.control import Control
from panelwright.sandbox.dialects import Dialect, combined
from panelwright.sandbox.faults import Facts, FaultEffect, Faults, target_link
from panelwright.sandbox.panel import SandboxPanel, numbers_of, owner_of
from panelwright.sandbox.protocol import ApiCall
from panelwright.sandbox.reading import BadControl
from panelwright.sandbox.store import Store
from panelwright.sandbox.wire import Request, SandboxReply

API_PATHS = frozenset({"/api/v2", "/api/v2/"})
CONTROL_PREFIX = "/control/"
TOKEN_HEADER = "x-control-token"
API_BODY_MAX = 2 * 1024 * 1024
CONTROL_BODY_MAX = 64 * 1024 * 1024

logger = logging.getLogger(__name__)


class App:
    """Every call of the API passes `exchange`, from Request to Reply: a fault stands before or after its work."""

    def __init__(self, store: Store, panel: SandboxPanel, *, control_token: str = "") -> None:
        self.store = store
        self.panel = panel
        self.faults = Faults()
        self.control = Control(panel, self.faults)
        self.gateways = simulated_gateways.all_simulated()
        self._control_token = control_token.encode()
        self._leaving = asyncio.Event()

    def leave(self) -> None:
        """Let nobody wait any longer: delays end, silent connections close. To be called in the event loop."""
        self._leaving.set()

    async def __call__(self, scope: wire.Scope, receive: wire.Receive, send: wire.Send) -> None:
        if scope["type"] == "http":
            await wire.write(await self._reply(scope, receive), scope, receive, send, leaving=self._leaving)

    async def _reply(self, scope: wire.Scope, receive: wire.Receive) -> SandboxReply:
        path = scope["path"]
        if path.removeprefix("/").partition("/")[0] in self.gateways:
            return await self._gateway(scope, receive)
        api = path in API_PATHS
        if not api and not path.startswith(CONTROL_PREFIX):
            return wire.error("Not found", status=404)
        if not api and not self._may_control(scope):
            return wire.error("The control address needs its token", status=403)
        try:
            request = await wire.read(scope, receive, body_max=API_BODY_MAX if api else CONTROL_BODY_MAX)
            return await (self.exchange(request) if api else self._control(request))
        except wire.BodyTooLarge:
            return wire.error("Request is too large", status=413)
        except Exception:
            logger.exception("the sandbox failed on %s", path)
            return wire.error("Internal error", status=500)

    async def _gateway(self, scope: wire.Scope, receive: wire.Receive) -> SandboxReply:
        """Calls of sellers, and the pages on which buyers pay."""
        try:
            request = await wire.read(scope, receive, body_max=API_BODY_MAX)
        except wire.BodyTooLarge:
            return wire.error("Request is too large", status=413)
        return simulated_gateways.answer(self.gateways, request)

    async def exchange(self, request: Request) -> SandboxReply:
        """One call of the API. When this returns, what it did is on the disk."""
        if request.method not in ("GET", "POST"):
            return wire.error("Incorrect request", status=405)
        params = wire.params_of(request)
        asked = protocol.hear(params, authorization=request.headers.get("authorization", ""))
        strike = self.faults.strike(self._facts(asked))
        dialect = combined((*self.panel.settings.dialects, *strike.dialects))
        if not dialect.bearer:
            asked = asked.with_key(params.get("key", ""))
        await self._pass(strike.before_s)
        key = request.headers.get("idempotency-key", "").strip()
        reply = await self._answer(asked, strike, dialect=dialect, idempotency_key=key)
        await self._pass(strike.after_s)
        return reply

    async def _pass(self, seconds: float) -> None:
        if seconds > 0:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._leaving.wait(), seconds)

    async def _answer(
        self, asked: ApiCall, strike: FaultEffect, *, dialect: Dialect, idempotency_key: str
    ) -> SandboxReply:
        if strike.instead is not None and not strike.instead.after:
            with self.store.step():
                self.panel.note_dropped(asked.params, idempotency_key=idempotency_key, fault=strike.instead.fault)
            await self.store.durable()
            return effects.instead(strike, dialect=dialect, asked=asked)
        with self.store.step():
            answer = self.panel.answer(asked.params, idempotency_key=idempotency_key, conduct=strike)
        await self.store.durable()
        reply = protocol.speak(dialect, asked, answer)
        if strike.instead is None or (strike.instead.fault == "duplicate" and isinstance(answer, SandboxRefusal)):
            return reply
        return effects.instead(strike, dialect=dialect, asked=asked, answer=reply)

    def _facts(self, asked: ApiCall) -> Facts:
        owner = owner_of(asked.get("key"))

        def targets() -> list[tuple[int, str]]:
            if asked.action == "add":
                service = numbers_of(asked.get("service"))
                return [(service[0] if service else 0, target_link(asked.get("link"), asked.params))]
            orders = numbers_of(asked.get("orders") or asked.get("order"))
            if refills := numbers_of(asked.get("refills") or asked.get("refill")):
                orders = [refill.order_id for refill in self.store.refills(refills, owner=owner).values()]
            found = self.store.orders(orders, owner=owner).values()
            return [(order.service, target_link(order.link, order.params)) for order in found]

        return Facts(
            action=asked.action,
            owner=owner,
            now=self.panel.clock.now(),
            targets=targets,
            latest=lambda: self.store.latest_order(owner),
        )

    def _may_control(self, scope: wire.Scope) -> bool:
        """Without a token in the configuration nobody may."""
        sent = dict(scope["headers"]).get(TOKEN_HEADER.encode(), b"")
        return bool(self._control_token) and hmac.compare_digest(sent, self._control_token)

    async def _control(self, request: Request) -> SandboxReply:
        name = request.path.removeprefix(CONTROL_PREFIX)
        try:
            with self.store.step():
                answer = self.control.answer(request.method, name, wire.load_json(request.body))
        except BadControl as bad:
            return wire.error(str(bad), status=400)
        await self.store.durable()
        return wire.error("Not found", status=404) if answer is None else wire.reply(answer)
