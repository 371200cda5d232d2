"""The ceiling of the benchmark: an application that reads a request and answers with nothing.

Run by `bench` as a program of its own, on the server and with the settings of every web process.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import uvicorn

from panelwright.cli.processes import collect_seldom, listen
from panelwright.lane.http_protocol import config

if TYPE_CHECKING:
    from panelwright.api.app import Receive, Scope, Send

_HEADERS = [(b"Content-Type", b"application/json"), (b"Content-Length", b"0")]


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    await receive()
    await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
    await send({"type": "http.response.body", "body": b""})


if __name__ == "__main__":
    settings = config("tools.bench.empty:app", lifespan="off")
    settings.load()
    collect_seldom()
    uvicorn.Server(settings).run([listen("127.0.0.1", int(sys.argv[1]))])
