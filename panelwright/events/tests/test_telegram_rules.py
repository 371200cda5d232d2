"""What Telegram is told, and what is made of its answers."""

from __future__ import annotations

import json

import pytest

from panelwright.core.reply import HttpReply
from panelwright.core.said import said
from panelwright.core.transport import NotSent
from panelwright.events import telegram_rules as rules
from panelwright.events.webhook_rules import DeliveryOutcome

TOKEN = "123456789:AAHfiqksKZ8WmR2zSJYM3tLLJLKeh-L6WuU"


def reply(status: int, body: str) -> HttpReply:
    return HttpReply(status, body.encode(), secrets=(TOKEN,))


def test_only_a_yes_of_telegram_is_one() -> None:
    assert rules.judged(reply(200, '{"ok":true,"result":{}}')).ok
    for body in ('{"ok":false}', "<html>captive portal</html>", "[]", "", '{"ok":"true"}', "[" * 20_000):
        assert not rules.judged(reply(200, body)).ok, body[:40]


def test_its_words_are_kept_without_the_token_and_its_pause_is_kept() -> None:
    body = {"ok": False, "error_code": 429, "description": f"Too many, {TOKEN}", "parameters": {"retry_after": 35}}
    outcome = rules.judged(reply(429, json.dumps(body)))
    assert (outcome.ok, outcome.status_code, outcome.retry_after_s) == (False, 429, 35)
    assert outcome.problem == "Too many, ***"
    assert TOKEN not in outcome.answer
    assert rules.judged(reply(502, "bad gateway")).problem == said("hook_status", status=502)
    assert rules.judged(NotSent(said("net_private"))) == DeliveryOutcome(False, problem=said("net_private"))
    odd = {"ok": False, "description": 7, "parameters": {"retry_after": True}}
    assert rules.judged(reply(400, json.dumps(odd))).retry_after_s == 0


@pytest.mark.parametrize("token", ["", "short", f"{TOKEN}/../x", f"{TOKEN}?a=b", f"{TOKEN}\n", "ü" * 40, "x" * 151])
def test_nothing_gets_into_the_path_that_leads_elsewhere(token: str) -> None:
    assert not rules.good_token(token)
    assert rules.good_token(TOKEN)


def test_chats() -> None:
    assert all(map(rules.good_chat, ("42", "-1001234567890", "@my_channel")))
    assert not any(map(rules.good_chat, ("", "my_channel", "@a", "1e5", "٣٤", "-", "@name!", "t.me/x")))


def test_a_long_text_is_cut_as_telegram_counts() -> None:
    body = json.loads(rules.message("42", "😀" * 3_000))
    assert body["chat_id"] == "42"
    assert body["text"] == "😀" * 2_047 + "…"
    assert len(body["text"].encode("utf-16-le")) // 2 <= 4_096
    assert json.loads(rules.message("42", "x" * 4_096))["text"] == "x" * 4_096
