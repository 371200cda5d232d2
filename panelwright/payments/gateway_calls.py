"""One call of a gateway over HTTP, with JSON as the answer. No library of a gateway's own, and no database.

What did not come to an answer that can be read is Trouble; what an answer means is the gateway's folder to say.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, NamedTuple

from panelwright.core.reply import HttpReply
from panelwright.core.transport import NoResponse, NotSent, Transport
from panelwright.payments.gateway import Trouble

ANSWER_BYTES_MAX = 256 * 1024
_NUMBER_CHARS_MAX = 100
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
        found = read_json(reply.body)
    except ValueError:
        return Trouble("gateway_answer", reply.clean(reply.body.decode("utf-8", "replace")), sure=False)
    return GatewayAnswer(reply.status, found, reply)


def read_json(body: bytes | str) -> Any:
    """What JSON of a gateway holds, numbers with a point as Decimal. ValueError where it is none, or where something
    stands in it that no gateway means: an absurd number, or a text that no database keeps.
    """
    text = body if isinstance(body, str) else body.decode("utf-8-sig")
    try:
        found = _DECODER.decode(text)
    except RecursionError as error:
        raise ValueError("too deep") from error
    # Nothing but an escape can write what is refused here.
    if "\\u" in text:
        _check_texts(found)
    return found


def _number(text: str) -> Decimal:
    # Looked at before anybody works with it: 1e999999999 is short to write.
    try:
        number = Decimal(text) if len(text) <= _NUMBER_CHARS_MAX else Decimal("NaN")
    except InvalidOperation as error:
        raise ValueError("an absurd number") from error
    if not number.is_finite() or (number and not -100 < number.adjusted() < 100):
        raise ValueError("an absurd number")
    return number if number else Decimal(0)


def _integer(text: str) -> int:
    if len(text) > _NUMBER_CHARS_MAX:
        raise ValueError("an absurd number")
    return int(text)


def _refuse(text: str) -> None:
    raise ValueError(f"{text} is no JSON")


def _check_texts(found: Any) -> None:
    """ValueError where a text has half a character (a lone surrogate), or a zero character."""
    left = [found]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            left += [*one, *one.values()]
        elif isinstance(one, list):
            left += one
        elif isinstance(one, str):
            one.encode()  # UnicodeEncodeError is a ValueError
            if "\0" in one:
                raise ValueError("a zero character")


_DECODER = json.JSONDecoder(parse_float=_number, parse_int=_integer, parse_constant=_refuse)


def object_of(value: object) -> dict[str, Any]:
    """An object of JSON; nothing where it is none."""
    return value if isinstance(value, dict) else {}


def list_of(value: object) -> list[Any]:
    """A list of JSON; nothing where it is none."""
    return value if isinstance(value, list) else []
