"""One call of a gateway over HTTP, with JSON as the answer. No library of a gateway's own, and no database.

What did not come to an answer that can be read is Trouble; what an answer means is the gateway's folder to say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from panelwright.core.reply import HttpReply
from panelwright.core.transport import NoResponse, NotSent, Transport
from panelwright.payments.gateway import Trouble

ANSWER_BYTES_MAX = 256 * 1024
CONNECT_S, READ_S = 5.0, 20.0


class GatewayAnswer(NamedTuple):
    """`body`: what the JSON holds, numbers with a point as Decimal; None where there was none. `reply` for its text."""

    status: int
    body: Any
    reply: HttpReply

    @property
    def fields(self) -> dict[str, Any]:
        """The body where it is an object; else nothing."""
        return object_of(self.body)

    def says(self, value: object) -> str:
        """Words of the gateway as one line, without our secrets."""
        return self.reply.clean(value)


def call(
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes | None = None,
    secrets: tuple[str, ...] = (),
    allow_private: bool = False,
) -> GatewayAnswer | Trouble:
    """GET, or POST where there is a body. Every status below 500 with JSON, or with nothing, is an answer.

    `allow_private`: the address may lead into the host's own network (`Connection.may_be_private`).
    """
    transport = Transport(
        url=url,
        allow_private=allow_private,
        connect_timeout_s=CONNECT_S,
        read_timeout_s=READ_S,
        max_bytes=ANSWER_BYTES_MAX,
        secrets=secrets,
    )
    try:
        reply = transport.get(dict(headers)) if body is None else transport.post_body(body, dict(headers))
    finally:
        transport.close()
    if isinstance(reply, NotSent):
        return Trouble("gateway_unreachable", reply.text)
    if isinstance(reply, NoResponse):
        return Trouble("gateway_unreachable", reply.text, sure=False)
    if reply.broke or reply.status >= 500:
        return Trouble("gateway_unreachable", reply.broke or f"HTTP {reply.status}", sure=False)
    if not reply.body.strip():
        return GatewayAnswer(reply.status, None, reply)
    try:
        found = json.loads(reply.body, parse_float=Decimal)
    except (ValueError, RecursionError):
        return Trouble("gateway_answer", reply.clean(reply.body.decode("utf-8", "replace")), sure=False)
    return GatewayAnswer(reply.status, found, reply)


def object_of(value: object) -> dict[str, Any]:
    """An object of JSON; nothing where it is none."""
    return value if isinstance(value, dict) else {}


def list_of(value: object) -> list[Any]:
    """A list of JSON; nothing where it is none."""
    return value if isinstance(value, list) else []
