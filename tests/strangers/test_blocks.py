"""Orders that are held against blocks: names of many layers, many names, texts of marks."""

from __future__ import annotations

import json
import socket
import time
import unicodedata
from contextlib import ExitStack
from urllib.parse import urlencode

import pytest
from django_scopes import scope

from panelwright.catalog.actions import NewService, add_services
from panelwright.core import limits
from panelwright.panels.block_actions import NewBlock, add_blocks
from tests.strangers.others import Others
from tests.strangers.wires import FORM, answer, ask, request
from tests.support.people import COMMENTS, Buyer, Owner

NAMES = 31
# Marks that combine, in the order that takes longest to put right.
MARKS = "".join(
    sorted(
        (c for c in map(chr, range(0x300, 0x1000)) if unicodedata.combining(c)), key=unicodedata.combining, reverse=True
    )
)


@pytest.fixture
def blocked(alice: Owner) -> None:
    """As many blocks as a panel can have, of every kind."""
    add_blocks(
        alice.panel_id,
        [
            *(NewBlock("exact", f"other{n}") for n in range(limits.RULES_MAX - 4_101)),
            *(NewBlock("domain", f"evil{n}.example") for n in range(4_000)),
            *(NewBlock("pattern", f"*{n}*evil{n}") for n in range(100)),
            NewBlock("word", "a " * (limits.PHRASE_WORDS_MAX - 1) + "b"),
        ],
    )
    sold = NewService(number=NAMES, category="c", name="Names", type="Mentions", rate_micros=1_000, min=1, max=1_000)
    with scope(panel=alice.panel):
        add_services(alice.panel_id, [sold])


WORST: tuple[tuple[dict[str, object], str], ...] = (
    ({"service": NAMES, "usernames": "a" + ":80" * 20_000}, "Incorrect usernames"),
    ({"service": NAMES, "usernames": "a" + " :80" * 20_000}, "Incorrect usernames"),
    ({"service": NAMES, "usernames": "a" + ".:80" * 20_000}, "Incorrect usernames"),
    ({"service": NAMES, "usernames": "a" + "\uff0e" * 20_000}, "Incorrect usernames"),
    ({"service": NAMES, "usernames": "\n".join("a" + ":80" * 160 for _ in range(1_000))}, ""),
    ({"service": NAMES, "usernames": "\n".join(f"user{n}" for n in range(limits.LINES_MAX))}, ""),
    ({"service": COMMENTS, "comments": "\u0301\u0323" * 5_000}, ""),
    ({"service": COMMENTS, "comments": "\n".join(["\u0301\u0323" * 2_000] * 8)}, ""),
    ({"service": COMMENTS, "comments": "a " * 5_000}, ""),
    # Short words, each with marks that have to be sorted: two thousand of them took half a second.
    ({"service": COMMENTS, "comments": "\n".join([f"a{MARKS[:199]} " * 49] * 33)}, ""),
    ({"service": COMMENTS, "comments": "\n".join([f"a{MARKS[:30]} " * 310] * 33)}, ""),
    ({"service": NAMES, "usernames": "\n".join(f"a{MARKS[:24]}{n}" for n in range(limits.LINES_MAX))}, ""),
)


# What takes long is looked at before the database.
@pytest.mark.one_database
@pytest.mark.alone
def test_the_worst_names_and_texts(others: Others, alice: Owner, carol: Buyer, blocked: None) -> None:
    before = others.memory_bytes("web")
    for params, refusal in WORST:
        sent = {"key": carol.key, "action": "add", "link": "https://good.example/x", "quantity": 100, **params}
        body = json.dumps(sent, ensure_ascii=False).encode()
        data = request("POST /api/v2", "Content-Type: application/json", body=body, host=alice.host)

        def attack(data: bytes = data, refusal: str = refusal) -> None:
            said = ask(others.port, data)
            assert said.status == 200, said
            if refusal:
                assert said.body == b'{"error":"%b"}' % refusal.encode()
            time.sleep(0.1)

        others.unharmed_by(attack)
    assert others.memory_bytes("web") - before < 100_000_000


LOOSE = 1_000  # patterns that are tried on every name
AT_ONCE = 48
NAMES_EACH = 15


@pytest.fixture
def loosely_blocked(alice: Owner) -> None:
    """As many patterns as a panel can have, none with three letters in a row, each with as many stars as it may."""
    stars = "*a" * (limits.PATTERN_STARS_MAX - 1)
    letters = "bcdefghijklmnopqrstuvwxyz0123456789"
    loose = [NewBlock("pattern", f"{stars}*{one}{two}") for one in letters for two in letters][:LOOSE]
    add_blocks(alice.panel_id, loose)
    sold = NewService(number=NAMES, category="c", name="Names", type="Mentions", rate_micros=1_000, min=1, max=1_000)
    with scope(panel=alice.panel):
        add_services(alice.panel_id, [sold])


@pytest.mark.alone
def test_many_small_orders_against_loose_patterns(
    others: Others, alice: Owner, carol: Buyer, loosely_blocked: None
) -> None:
    """Each is small and takes a hundredth of a second to check: in one batch they would take half a second."""
    names = "\n".join(f"{'a' * 80}{n:02d}_" for n in range(NAMES_EACH))
    sent = {"key": carol.key, "action": "add", "service": NAMES, "quantity": 1, "usernames": names}

    def attack() -> None:
        with ExitStack() as wires:
            asked = []
            for n in range(AT_ONCE):
                body = urlencode({**sent, "link": f"https://good.example/{n}"}).encode()
                wire = wires.enter_context(socket.create_connection(("127.0.0.1", others.port), timeout=60))
                asked.append((wire, request("POST /api/v2", FORM, body=body, host=alice.host)))
            for wire, data in asked:
                wire.sendall(data)
            for wire, _ in asked:
                said = answer(wire)
                assert said.status == 200, said
                assert said.body.startswith(b'{"order":'), said

    others.unharmed_by(attack)
