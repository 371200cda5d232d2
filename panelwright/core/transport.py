"""One request to an upstream panel, a feed or a webhook: sent at most once, limited in time and bytes.

What matters to the callers is only how far it came: never sent (NotSent), sent without an answer
(Lost), or answered (Reply). urllib3 does HTTP, TLS and the pool of connections; the connection
classes here add the address check, the proof of "never sent", and the time limit on whole answers.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import re
import socket
import ssl
import time
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import SplitResult, quote, urlencode, urlsplit

import certifi
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import HTTPError, ReadTimeoutError

from panelwright import __version__
from panelwright.core import addresses, limits
from panelwright.core.gate import aside
from panelwright.core.reply import HttpReply, hide
from panelwright.core.said import Said, said

# A kept connection is used again only when it was busy a moment ago. Servers close idle ones after a
# few seconds, and a request that meets the closing door has an unknown outcome.
IDLE_MAX_S = 2.0
_POOL_MAX = 32
_ADDRESSES_MAX = 4  # tried for one connection
_CHUNK = 65_536
_URL_SAFE = "/%:@!$&'()*+,;=~-._"
_TIME_LEFT_MIN_S = 0.001  # 0 would mean "do not block" to a socket

# A name in ASCII, or an IP address.
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+", re.I | re.A)

USER_AGENT = f"Panelwright/{__version__} (panel API v2 client)"


class Unreachable(StrEnum):
    """Why there is no connection."""

    NAME = "name"  # it has no address
    PRIVATE = "private"  # it has one that we do not talk to
    CERTIFICATE = "certificate"
    TIME = "time"
    OTHER = "other"  # nobody listens there, or does not speak TLS


@dataclass(frozen=True, slots=True)
class NotSent:
    """No connection came about: certainly no byte of the request has left. `text` is for staff (core/said.py)."""

    text: Said
    why: Unreachable = Unreachable.OTHER


@dataclass(frozen=True, slots=True)
class NoResponse:
    """The request has left, at least partly, and no answer came. `closed`: the connection broke at once."""

    text: Said
    closed: bool = False


class Unsent(Exception):
    """Raised while connecting. Not an OSError, so that nothing below takes it for something else."""

    def __init__(self, text: Said, why: Unreachable) -> None:
        super().__init__(text)
        self.text = text
        self.why = why


class TooMuch(http.client.HTTPException):
    """More than is taken of an answer's frame: its heads, its chunks, what is packed into nothing."""

    def __init__(self, text: Said) -> None:
        super().__init__(text)
        self.text = text


# ---- sockets that keep limits of time and bytes ------------------------------------------------------


class _Limited:
    """A socket whose reads share one deadline, and a number of bytes. A plain time-out starts again with each byte."""

    deadline: float | None = None  # of time.monotonic()
    bytes_left: int | None = None

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        if self.deadline is not None:
            left_s = self.deadline - time.monotonic()
            if left_s <= 0:
                raise TimeoutError("timed out")
            self.settimeout(left_s)  # type: ignore[attr-defined]
        if self.bytes_left is not None and self.bytes_left <= 0:
            raise TooMuch(said("net_frame_bytes"))
        count: int = super().recv_into(*args, **kwargs)  # type: ignore[misc]
        if self.bytes_left is not None:
            self.bytes_left -= count
        return count


class _Socket(_Limited, socket.socket):
    pass


class _TlsSocket(_Limited, ssl.SSLSocket):
    pass


@functools.cache
def tls_context() -> ssl.SSLContext:
    """Certificates are checked against certifi's store and the system's."""
    context = ssl.create_default_context(cafile=certifi.where())
    context.load_default_certs()
    context.sslsocket_class = _TlsSocket
    return context


# ---- connections -----------------------------------------------------------------------------------


class _Answer(http.client.HTTPResponse):
    """An answer whose frame has an end. http.client reads interim heads, trailers and the smallest chunks as long as
    they come, and whoever sends them busies the processor until the time is up.
    """

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self._limited = sock if isinstance(sock, _Limited) else None
        self._heads = self._chunks = 0

    def _read_status(self) -> tuple[str, int, str]:
        self._heads += 1
        if self._heads > limits.INTERIM_HEADS_MAX + 1:
            raise TooMuch(said("net_frame_heads", count=limits.INTERIM_HEADS_MAX))
        return super()._read_status()  # type: ignore[misc]

    def _read_next_chunk_size(self) -> int:
        self._chunks += 1
        if self._chunks > limits.ANSWER_CHUNKS_MAX:
            raise TooMuch(said("net_frame_chunks", count=f"{limits.ANSWER_CHUNKS_MAX:,}"))
        return super()._read_next_chunk_size()  # type: ignore[misc]

    def _read_and_discard_trailer(self) -> None:
        if self._limited is not None:
            self._limited.bytes_left = limits.ANSWER_HEAD_BYTES_MAX
        super()._read_and_discard_trailer()  # type: ignore[misc]


class _Checked(HTTPConnection):
    """An HTTP connection to a checked address of its host.

    Host header, SNI and the certificate check keep the name; only the socket goes to the address.
    """

    response_class = _Answer

    def __init__(
        self, *args: Any, max_bytes: int, allow_private: bool = False, allow_own: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.allow_private, self.allow_own = allow_private, allow_own
        self.max_bytes = max_bytes
        self.used_at = 0.0  # of time.monotonic()

    def connect(self) -> None:
        try:
            super().connect()
        except Exception as exc:
            # Nothing of the request is sent before connect() returns, TLS included.
            self.close()
            raise Unsent(_not_sent(exc), _why(exc)) from None
        self.used_at = time.monotonic()

    def _new_conn(self) -> socket.socket:
        limit_s = float(self.timeout or 0)
        deadline = time.monotonic() + limit_s
        found = addresses.lookup(self.host, self.port or self.default_port, timeout_s=limit_s)
        if not self._may_reach(found):
            # The address stays unsaid, or the answer would be a map of the host's network.
            raise Unsent(said("net_private"), Unreachable.PRIVATE)
        return _first_that_connects(found[:_ADDRESSES_MAX], deadline)

    def _may_reach(self, found: addresses.Found) -> bool:
        if not self.allow_private and not addresses.all_public(found):
            return False
        return self.allow_own or not addresses.any_of_ours(found)

    def request(self, *args: Any, **kwargs: Any) -> None:
        if self.sock is not None and time.monotonic() - self.used_at > IDLE_MAX_S:
            self.close()  # the request opens it anew
        super().request(*args, **kwargs)

    def getresponse(self) -> Any:
        # By now self.timeout is the time for the whole answer, headers and body.
        sock = self.sock if isinstance(self.sock, _Limited) else None
        if sock is not None:
            sock.deadline = time.monotonic() + float(self.timeout or 0)
            sock.bytes_left = limits.ANSWER_HEAD_BYTES_MAX
        response = super().getresponse()
        if sock is not None:
            # Twice the body, for its chunks' heads; what is read too much of is noticed by the reader.
            sock.bytes_left = 2 * self.max_bytes + 2 * _CHUNK
        self.used_at = time.monotonic()
        return response


class _CheckedTls(_Checked, HTTPSConnection):
    pass


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Checked


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _CheckedTls


def _first_that_connects(found: addresses.Found, deadline: float) -> _Socket:
    """A socket connected to the first address that answers; the time left is shared among the rest."""
    failure: OSError = TimeoutError()
    for tried, (family, address) in enumerate(found):
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            break
        sock = _Socket(family, socket.SOCK_STREAM)
        try:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.settimeout(left_s / (len(found) - tried))
            sock.connect(address)
            sock.settimeout(max(_TIME_LEFT_MIN_S, deadline - time.monotonic()))  # for the TLS handshake
            return sock
        except OSError as exc:
            sock.close()
            failure = exc
    raise failure


def _why(exc: BaseException) -> Unreachable:
    if isinstance(exc, Unsent):
        return exc.why
    if isinstance(exc, addresses.LookupFailed):
        return Unreachable.NAME
    if isinstance(exc, ssl.SSLCertVerificationError):
        return Unreachable.CERTIFICATE
    return Unreachable.TIME if isinstance(exc, TimeoutError) else Unreachable.OTHER


def _not_sent(exc: BaseException) -> Said:
    """Why there is no connection, for staff."""
    if isinstance(exc, (Unsent, addresses.LookupFailed)):
        return exc.text
    if isinstance(exc, ssl.SSLCertVerificationError):
        return said("net_certificate", said=exc.verify_message)
    if isinstance(exc, TimeoutError):
        return said("net_connect_time")
    if isinstance(exc, ssl.SSLError):
        return said("net_tls", said=exc.reason or type(exc).__name__)
    if isinstance(exc, OSError):
        return said("net_connect", said=exc.strerror or type(exc).__name__)
    return said("net_connect", said=type(exc).__name__)


# ---- the request -------------------------------------------------------------------------------------


def split_url(url: str) -> tuple[SplitResult, str, int]:
    """A URL with its host and port. ValueError, a text of core/said.py without the URL in it, for one that we do not
    take.
    """
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").encode("idna" if not (parts.hostname or "").isascii() else "ascii").decode()
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise ValueError(said("url_none")) from None
    if parts.scheme not in ("http", "https"):
        raise ValueError(said("url_scheme"))
    if not _HOST.fullmatch(host):
        raise ValueError(said("url_no_host"))
    if parts.username is not None or parts.password is not None:
        raise ValueError(said("url_user"))
    return parts, host, port


class Transport:
    """Requests to one URL over a pool of connections; safe to share among threads.

    Without `allow_private` only to the public internet; without `allow_own` to no address of this machine's own
    interfaces, public or private: customers choose where webhooks go, staff choose providers and feeds.
    """

    def __init__(
        self,
        *,
        url: str,
        allow_private: bool,
        allow_own: bool = True,
        connect_timeout_s: float,
        read_timeout_s: float,
        max_bytes: int,
        secrets: tuple[str, ...],
    ) -> None:
        parts, host, port = split_url(url)
        self.host = host
        self._target = "/" + quote(parts.path.lstrip("/"), safe=_URL_SAFE)
        if parts.query:
            self._target += "?" + quote(parts.query, safe=_URL_SAFE + "?")
        self._limits = urllib3.Timeout(connect=connect_timeout_s, read=read_timeout_s)
        self._read_timeout_s = read_timeout_s
        self._max_bytes = max_bytes
        self._secrets = secrets
        allowed: dict[str, Any] = {"allow_private": allow_private, "allow_own": allow_own, "max_bytes": max_bytes}
        if parts.scheme == "https":
            self._pool: HTTPConnectionPool = _TlsPool(
                host, port, maxsize=_POOL_MAX, ssl_context=tls_context(), **allowed
            )
        else:
            self._pool = _Pool(host, port, maxsize=_POOL_MAX, **allowed)

    def close(self) -> None:
        self._pool.close()

    def post(self, fields: list[tuple[str, str]], *, max_bytes: int | None = None) -> HttpReply | NotSent | NoResponse:
        """Send one urlencoded form, once. No retries, no redirects, whatever happens.

        `max_bytes`: of this answer, where that is less than what is taken of every answer.
        """
        body = urlencode(fields, errors="replace").encode("ascii")
        headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
        return self._send("POST", body, headers, max_bytes)

    def post_body(self, body: bytes, headers: dict[str, str]) -> HttpReply | NotSent | NoResponse:
        """Send one body as it is, once. No retries, no redirects."""
        return self._send("POST", body, headers)

    def get(self, headers: dict[str, str]) -> HttpReply | NotSent | NoResponse:
        """Read the URL, once. No retries, no redirects."""
        return self._send("GET", None, headers)

    def _send(
        self, method: str, body: bytes | None, headers: dict[str, str], max_bytes: int | None = None
    ) -> HttpReply | NotSent | NoResponse:
        with aside():
            return self._ask(method, body, headers, max_bytes)

    def _ask(
        self, method: str, body: bytes | None, headers: dict[str, str], max_bytes: int | None
    ) -> HttpReply | NotSent | NoResponse:
        try:
            response = self._pool.urlopen(
                method,
                self._target,
                body=body,
                headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip", **headers},
                timeout=self._limits,
                retries=False,
                redirect=False,
                assert_same_host=False,
                preload_content=False,
            )
        except Unsent as exc:
            return NotSent(Said(hide(exc.text, self._secrets)), exc.why)
        except ReadTimeoutError:
            return NoResponse(said("net_no_answer", seconds=f"{self._read_timeout_s:g}"))
        except (HTTPError, http.client.HTTPException, OSError, ValueError) as exc:
            return NoResponse(_broke("net_broke", exc), closed=_closed(exc))
        return self._read(response, min(max_bytes or self._max_bytes, self._max_bytes))

    def _read(self, response: urllib3.BaseHTTPResponse, max_bytes: int) -> HttpReply:
        """The answer up to the limits of bytes and time; `broke` says if one of them, or the network, cut it."""
        chunks: list[bytes] = []
        size, broke = 0, ""
        try:
            while chunk := response.read1(_CHUNK, decode_content=True):
                chunks.append(chunk)
                size += len(chunk)
                if size > max_bytes:
                    broke = said("net_long", bytes=f"{max_bytes:,}")
                    break
        except ReadTimeoutError:
            broke = said("net_incomplete", seconds=f"{self._read_timeout_s:g}")
        except (HTTPError, http.client.HTTPException, OSError, ValueError) as exc:
            broke = _broke("net_broke_off", exc)
        if broke:
            with contextlib.suppress(HTTPError, http.client.HTTPException, OSError):
                response.close()  # never back into the pool with half an answer in it
        return HttpReply(
            status=response.status,
            body=b"".join(chunks)[:max_bytes],
            broke=broke,
            retry_after_s=_retry_after_s(response.headers.get("Retry-After", "")),
            location=response.headers.get("Location", "")[:500],
            etag=response.headers.get("ETag", "")[:301],
            last_modified=response.headers.get("Last-Modified", "")[:101],
            secrets=self._secrets,
        )


def _retry_after_s(header: str) -> int | None:
    """The seconds of a Retry-After, at most a day. Dates are rare on APIs and not read."""
    text = header.strip()
    return min(int(text), 86_400) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _root(exc: BaseException) -> BaseException:
    """urllib3 wraps the cause as the last argument: ProtocolError("Connection aborted.", OSError(…))."""
    inner = exc.args[-1] if exc.args else None
    return _root(inner) if isinstance(inner, BaseException) else exc


def _broke(code: str, exc: BaseException) -> Said:
    """What broke a connection: a limit of ours, which speaks for itself, or what the network said."""
    root = _root(exc)
    if isinstance(root, TooMuch):
        return root.text
    return said(code, said=(isinstance(root, OSError) and root.strerror) or type(root).__name__)


def _closed(exc: BaseException) -> bool:
    """True where the other side closed without a byte of an answer, as it does with a connection it gave up."""
    return isinstance(_root(exc), (ConnectionResetError, BrokenPipeError, http.client.RemoteDisconnected))
