"""What Telegram answers to a bot that says something. Pure.

https://core.telegram.org/bots/api#making-requests: a JSON object with `ok`, and `description` where it is false.
"""

from __future__ import annotations

import json
import re
from typing import Any

from panelwright.core.reply import HttpReply, decode, hide, storable
from panelwright.core.said import not_ours, said
from panelwright.core.transport import NoResponse, NotSent
from panelwright.events.webhook_rules import ANSWER_MAX, PROBLEM_MAX, DeliveryOutcome

# Characters of one message.
TEXT_MAX = 4096
# It stands in the path of an address: nothing gets through that would lead elsewhere. Telegram says which it knows.
_TOKEN = re.compile(r"[A-Za-z0-9:_-]{20,150}", re.ASCII)
# A number, below 0 for a group; or the public name of a channel.
_CHAT = re.compile(r"-?[0-9]{1,20}|@[A-Za-z][A-Za-z0-9_]{3,63}", re.ASCII)


def good_token(token: str) -> bool:
    return _TOKEN.fullmatch(token) is not None


def good_chat(chat: str) -> bool:
    return _CHAT.fullmatch(chat) is not None


def message(chat: str, text: str) -> str:
    """The body of `sendMessage`: plain text, so that nothing in it is read as markup. What is too long is cut."""
    if _length(text) > TEXT_MAX:
        text = _cut(text, TEXT_MAX - 1) + "…"
    body = {"chat_id": chat, "text": text, "link_preview_options": {"is_disabled": True}}
    return json.dumps(body, ensure_ascii=False, separators=(",", ":"))


def _length(text: str) -> int:
    """As Telegram counts: in UTF-16."""
    return len(text.encode("utf-16-le")) // 2


def _cut(text: str, most: int) -> str:
    return text.encode("utf-16-le")[: most * 2].decode("utf-16-le", "ignore")


def judged(came: HttpReply | NotSent | NoResponse) -> DeliveryOutcome:
    """A success only where Telegram says so."""
    if isinstance(came, NotSent | NoResponse):
        return DeliveryOutcome(False, problem=came.text[:PROBLEM_MAX])
    answered = _object(came)
    answer = storable(hide(decode(came.body), came.secrets))[:ANSWER_MAX].strip()
    if came.status == 200 and answered.get("ok") is True:
        return DeliveryOutcome(True, came.status, answer)
    description = answered.get("description")
    words = storable(hide(description, came.secrets)) if isinstance(description, str) else ""
    problem = not_ours(words) or said("hook_status", status=came.status)
    return DeliveryOutcome(False, came.status, answer, problem[:PROBLEM_MAX], _wait_s(came, answered))


def _object(came: HttpReply) -> dict[str, Any]:
    try:
        answered = json.loads(decode(came.body))
    except (ValueError, RecursionError):
        return {}
    return answered if isinstance(answered, dict) else {}


def _wait_s(came: HttpReply, answered: dict[str, Any]) -> int:
    parameters = answered.get("parameters")
    asked = parameters.get("retry_after") if isinstance(parameters, dict) else None
    if isinstance(asked, int) and not isinstance(asked, bool) and 0 < asked < 10**9:
        return asked
    return came.retry_after_s or 0
