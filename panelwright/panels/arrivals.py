"""Whether what is sent to a host of a panel arrives there: asked of the host itself, as a visitor's browser would.

The request carries a number that nobody has seen before, and only this installation can answer it for the panel. It
goes to the public internet only, and what is told of it is one of a few words, so that nobody learns more of the
network around this machine than whether a web page can be had there.
"""

from __future__ import annotations

import re
import secrets

from django.utils.crypto import constant_time_compare, salted_hmac

from panelwright.core.reply import HttpReply
from panelwright.core.transport import NoResponse, NotSent, Transport, Unreachable
from panelwright.panels.models import Arrival

PATH = "/.well-known/panelwright"
NONCE = re.compile(r"[0-9a-f]{32}")
# A person waits for it, and there are two requests at most.
CONNECT_S = READ_S = 4.0
ANSWER_BYTES_MAX = 1_000
_HTTP, _HTTPS = 80, 443
_WHY = {
    Unreachable.NAME: Arrival.NO_NAME,
    Unreachable.PRIVATE: Arrival.PRIVATE,
    Unreachable.CERTIFICATE: Arrival.CERTIFICATE,
    Unreachable.TIME: Arrival.NO_ANSWER,
    Unreachable.OTHER: Arrival.NO_CONNECTION,
}


def answer(panel_id: int, nonce: str) -> str:
    """What the panel answers at PATH."""
    return salted_hmac("panelwright.arrival", f"{panel_id}:{nonce}", algorithm="sha256").hexdigest()


def look(panel_id: int, host: str, port: int, *, allow_private: bool) -> Arrival:
    """By HTTPS, then by plain HTTP, at the port that the domain names, or at those of the two."""
    if port == _HTTP:
        found = _asked(panel_id, f"http://{host}:{port}", port, allow_private=allow_private)
        return Arrival.NO_HTTPS if found is Arrival.ARRIVES else found
    found = _asked(panel_id, f"https://{host}:{port or _HTTPS}", port or _HTTPS, allow_private=allow_private)
    if found not in {Arrival.NO_CONNECTION, Arrival.NO_ANSWER} or port == _HTTPS:
        return found
    plain = _asked(panel_id, f"http://{host}:{port or _HTTP}", port or _HTTP, allow_private=allow_private)
    return Arrival.NO_HTTPS if plain is Arrival.ARRIVES else plain


def _asked(panel_id: int, start: str, port: int, *, allow_private: bool) -> Arrival:
    nonce = secrets.token_hex(16)
    # What else listens at this machine's own addresses is nobody's to find out: there, only the ports of the web.
    allow_own = allow_private or port in {_HTTP, _HTTPS}
    try:
        transport = Transport(
            url=f"{start}{PATH}?nonce={nonce}",
            allow_private=allow_private,
            allow_own=allow_own,
            connect_timeout_s=CONNECT_S,
            read_timeout_s=READ_S,
            max_bytes=ANSWER_BYTES_MAX,
            secrets=(),
        )
    except ValueError:
        return Arrival.NO_NAME
    try:
        reply = transport.get({"Accept": "text/plain"})
    finally:
        transport.close()
    return judged(reply, answer(panel_id, nonce))


def judged(reply: HttpReply | NotSent | NoResponse, expected: str) -> Arrival:
    """What a request came to. Pure."""
    if isinstance(reply, NotSent):
        return _WHY[reply.why]
    if isinstance(reply, NoResponse):
        return Arrival.NO_ANSWER
    said = reply.body.decode("ascii", "replace").strip()
    arrives = reply.status == 200 and not reply.broke and constant_time_compare(said, expected)
    return Arrival.ARRIVES if arrives else Arrival.ELSEWHERE
