"""What the how-to page tells customers to write does check our messages."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from panelwright.core import signatures

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "webhooks.md"
BODY = '{"type":"test","timestamp":"2026-05-04T12:00:00.000Z","data":{"endpoint":1}}'


def test_the_python_of_the_page() -> None:
    (program,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    names: dict[str, Any] = {}
    exec(program, names)
    secret, other = signatures.new_secret(), signatures.new_secret()
    now = datetime.now(UTC)
    headers = signatures.headers([other, secret], message_id="msg_1", at=now, body=BODY)
    assert names["message"](secret, headers, BODY.encode())["data"] == {"endpoint": 1}
    assert names["message"](signatures.new_secret(), headers, BODY.encode()) is None
    assert names["message"](secret, headers, BODY.replace("1}", "2}").encode()) is None
    old = signatures.headers([secret], message_id="msg_1", at=now - timedelta(minutes=6), body=BODY)
    assert names["message"](secret, old, BODY.encode()) is None


def test_the_events_of_the_page_are_those_that_there_are() -> None:
    from panelwright.events.webhook_rules import NAMES

    table = PAGE.read_text().partition("| event |")[2].partition("\n\n")[0]
    told: list[str] = []
    for name in re.findall(r"`((?:order|refill|subscription)?\.[a-z_]+)`", table):
        told.append(f"{told[-1].partition('.')[0]}{name}" if name.startswith(".") else name)
    assert sorted(told) == sorted(NAMES)
