"""The sandbox as one raw ASGI callable: `/api/v2` for callers, `/control/...` for tests and the demo."""

from __future__ import annotations

import hmac
import logging

from panelwright.sandbox import wire
from panelwright.sandbox.checks import Refusal
from panelwright.sandbox.control import Bad, Control
from panelwright.sandbox.panel import Panel
from panelwright.sandbox.store import Store
from panelwright.sandbox.wire import Reply, Request

API_PATHS = frozenset({"/api/v2", "/api/v2/"})
CONTROL_PREFIX = "/control/"
TOKEN_HEADER = "x-control-token"
API_BODY_MAX = 2 * 1024 * 1024
CONTROL_BODY_MAX = 64 * 1024 * 1024

logger = logging.getLogger(__name__)


class App:
    """Every call of the API passes `exchange`, from Request to Reply: a fault stands before or after it."""

    def __init__(self, store: Store, panel: Panel, *, control_token: str = "") -> None:
        self.store = store
        self.panel = panel
        self.control = Control(panel)
        self._control_token = control_token.encode()

    async def __call__(self, scope: wire.Scope, receive: wire.Receive, send: wire.Send) -> None:
        if scope["type"] == "http":
            await wire.write(await self._reply(scope, receive), send)

    async def _reply(self, scope: wire.Scope, receive: wire.Receive) -> Reply:
        path = scope["path"]
        api = path in API_PATHS
        if not api and not path.startswith(CONTROL_PREFIX):
            return wire.error("Not found", status=404)
        if not api and not self._may_control(scope):
            return wire.error("The control address needs its token", status=403)
        try:
            request = await wire.read(scope, receive, body_max=API_BODY_MAX if api else CONTROL_BODY_MAX)
            return await (self.exchange(request) if api else self._control(request))
        except wire.TooLarge:
            return wire.error("Request is too large", status=413)
        except Exception:
            logger.exception("the sandbox failed on %s", path)
            return wire.error("Internal error", status=500)

    async def exchange(self, request: Request) -> Reply:
        """One call of the API. When this returns, what it did is on the disk."""
        if request.method not in ("GET", "POST"):
            return wire.error("Incorrect request", status=405)
        params = wire.params_of(request)
        key = request.headers.get("idempotency-key", "").strip()
        with self.store.step():
            answer = self.panel.answer(params, idempotency_key=key)
        await self.store.durable()
        if isinstance(answer, Refusal):
            return wire.error(answer.text, code=answer.code)
        return wire.reply(answer)

    def _may_control(self, scope: wire.Scope) -> bool:
        """Without a token in the configuration nobody may."""
        sent = dict(scope["headers"]).get(TOKEN_HEADER.encode(), b"")
        return bool(self._control_token) and hmac.compare_digest(sent, self._control_token)

    async def _control(self, request: Request) -> Reply:
        name = request.path.removeprefix(CONTROL_PREFIX)
        try:
            with self.store.step():
                answer = self.control.answer(request.method, name, wire.load_json(request.body))
        except Bad as bad:
            return wire.error(str(bad), status=400)
        await self.store.durable()
        return wire.error("Not found", status=404) if answer is None else wire.reply(answer)
