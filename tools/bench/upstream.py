"""The provider of the delivery benchmark: answers `status` of any orders at once, and counts its requests.

Run by `bench --delivery` as a program of its own. Nine orders of ten are completed, one in ten was
delivered in half, so that refunds are part of what is measured.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

import uvicorn

from panelwright.cli.processes import listen
from panelwright.lane.http_protocol import config

if TYPE_CHECKING:
    from panelwright.api.app import Receive, Scope, Send

QUANTITY = 100
_counted = {"requests": 0, "orders": 0, "most": 0}


def standing(order: str) -> dict[str, str]:
    half = order.endswith("7")
    word, remains = ("Partial", QUANTITY // 2) if half else ("Completed", 0)
    return {"charge": "0.01", "start_count": "7", "status": word, "remains": str(remains), "currency": "USD"}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    message = await receive()
    body: bytes = message.get("body", b"")
    while message.get("more_body"):
        message = await receive()
        body += message.get("body", b"")
    form = {name: values[-1] for name, values in parse_qs(body.decode()).items()}
    answer: object = dict(_counted)
    if form.get("action") == "status":
        ids = form["orders"].split(",") if "orders" in form else [form["order"]]
        _counted["requests"] += 1
        _counted["orders"] += len(ids)
        _counted["most"] = max(_counted["most"], len(ids))
        answer = {id_: standing(id_) for id_ in ids} if "orders" in form else standing(ids[0])
    said = json.dumps(answer).encode()
    headers = [(b"Content-Type", b"application/json"), (b"Content-Length", b"%d" % len(said))]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": said})


if __name__ == "__main__":
    uvicorn.Server(config("tools.bench.upstream:app", lifespan="off")).run([listen("127.0.0.1", int(sys.argv[1]))])
