"""The commands by noun: each declared action has one, and those of one word do the same."""

from __future__ import annotations

import importlib
import json
import re
import shlex
from collections.abc import Callable
from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from tests.support.people import FOLLOWERS, Buyer, Owner, value, values
from tests.support.story import Story

Said = Callable[..., str]
SHOP = ("--panel", "shop")


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Said:
    """Runs a command that must end with this status; what it wrote."""

    def run(status: int, *arguments: str) -> str:
        from panelwright.cli.main import main

        try:
            came = main(arguments)
        except SystemExit as end:
            came = int(str(end.code))
        written = capsys.readouterr()
        assert came == status, written
        return written.out + written.err

    return run


def test_each_form_has_its_module(db: None) -> None:
    from panelwright.cli.main import COMMANDS, FORMS

    for verbs in FORMS.values():
        for form in verbs.values():
            module = importlib.import_module(f"panelwright.cli.{form.split()[0]}")
            assert form.split()[0] in COMMANDS and callable(module.run)


def test_each_command_tells_its_options(db: None, said: Said) -> None:
    from panelwright.cli.main import COMMANDS, nouns
    from panelwright.staff import registry

    known = nouns()
    overview = said(0, "--help")
    assert {(one.noun.name, one.verb) for one in registry.actions().values() if not one.person} <= {
        (noun, verb) for noun, verbs in known.items() for verb in verbs
    }
    for noun, verbs in known.items():
        # Where the noun is an older command too, that answers.
        listed = "" if noun in COMMANDS else said(0, noun, "--help")
        assert f"  {noun.replace('_', '-')} " in overview
        for verb in verbs:
            assert not listed or f"  {noun} {verb}".replace("_", "-") in listed
            assert "usage: panelwright" in said(0, noun, verb, "--help"), (noun, verb)
    assert "has no command 'fly'" in said(2, "order", "fly", "1")
    assert "there is no command 'ordr'" in said(2, "ordr", "done", "1") + said(2, "ordr")


def test_each_example_is_a_command_by_its_noun(db: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """What help shows is taken as it stands, of older commands too, whose examples show the newer forms."""
    from panelwright.cli import main, staff_command
    from panelwright.staff import registry

    known = main.nouns()
    monkeypatch.chdir(tmp_path)
    for name in main.COMMANDS:
        examples = (
            getattr(importlib.import_module(f"panelwright.cli.{name}"), "EXAMPLE", "") if name != "sandbox" else ""
        )
        for line in re.sub(r"( \\)?\n {4,}--", " --", examples).splitlines():
            if not line.startswith("  ") or "panelwright " not in line:
                continue
            command = re.split(r" {3,}| < | > |  #", line[line.index("panelwright ") :])[0]
            _, first, *words = shlex.split(command)
            if first in main.SYSTEM:
                continue
            noun, verb = first.replace("-", "_"), words.pop(0).replace("-", "_")
            assert verb in known.get(noun, ()), line
            for word in words:
                if word.endswith((".md", ".png", ".txt")):
                    Path(word).write_text("Text")
            monkeypatch.setattr("sys.stdin", TextIOWrapper(BytesIO(b"typed\n")))
            parser = main.new_parser(name, None, None)
            form = main.FORMS.get(noun, {}).get(verb)
            if form is None:
                staff_command.configure(parser, registry.of_noun(noun)[verb])
            else:
                of, *words = [*form.split(), *words]
                importlib.import_module(f"panelwright.cli.{of}").configure(parser)
            try:
                parser.parse_args(words)
            except SystemExit:
                raise AssertionError(line) from None


def test_a_provider_is_added_and_changed(alice: Owner, said: Said, monkeypatch: pytest.MonkeyPatch) -> None:
    from io import StringIO

    monkeypatch.setattr("sys.stdin", StringIO("s3cret\n"))
    url = "https://north.example/api/v2"
    made = said(0, "provider", "add", *SHOP, "--name", "north", "--url", url, "--key", "-")
    assert made.startswith("provider ") and '  name: "north"' in made and "s3cret" not in made
    changed = said(0, "provider", "set", "north", *SHOP, "--per-minute", "60", "--no-enabled")
    assert "  per_minute: 60\n" in changed and "  enabled: true -> false\n" in changed
    assert values("SELECT per_minute_max, enabled FROM providers_provider") in ([(60, False)], [(60, 0)])
    told = json.loads(said(0, "provider", "set", "north", *SHOP, "--per-minute", "61", "--json"))
    assert (told["action"], told["before"], told["after"]) == ("provider.set", {"per_minute": 60}, {"per_minute": 61})
    assert "there is no provider 'south' here" in said(1, "provider", "set", "south", *SHOP, "--per-minute", "60")
    assert said(1, "provider", "set", "north", *SHOP, "--currency", "x") == (
        "panelwright provider set: currency: Enter a three-letter currency code such as USD.\n"
    )
    assert "a secret on the command line" in said(2, "provider", "set", "north", *SHOP, "--key", "x")


def test_staff_are_added_with_a_role_and_listed(alice: Owner, said: Said) -> None:
    made = said(0, "staff", "add", *SHOP, "--email", "eve@shop.example", "--role", "support", "--rights", "content")
    assert "  password: " in made and '  role: "support"' in made
    assert "eve@shop.example  support and content\n" in said(0, "staff", "roles", *SHOP)
    assert said(0, "staff", "roles").splitlines()[3].split() == [
        "support",
        "orders.read,",
        "customers.read,",
        "support",
    ]
    key = said(0, "staff-key", "add", *SHOP, "--staff", "eve@shop.example", "--rights", "support")
    assert "  key: " in key
    assert "A panel needs at least one active owner." in said(
        1, "staff", "set", "alice@shop.example", *SHOP, "--role", "support"
    )
    # One who could log in and no longer may.
    said(0, "staff", "set", "eve@shop.example", *SHOP, "--no-active")
    assert "may not log in" in said(0, "staff", "roles", *SHOP)


def test_money_is_added_once(carol: Buyer, said: Said) -> None:
    credit = ("customer", "credit", "carol@customer.example", *SHOP, "--amount", "5.00", "--reference", "gift")
    assert '  balance: "100.00" -> "105.00"' in said(0, *credit)
    assert "  booked: false" in said(0, *credit)
    assert carol.balance() == "105.00"


def test_the_trail_is_listed(story: Story, said: Said) -> None:
    said(0, "service", "set-rate", str(FOLLOWERS), *SHOP, "--rate", "0.95")
    said(0, "block", "add", *SHOP, "--kind", "domain", "--text", "evil.example")
    said(0, "setservice", *SHOP, "--service", str(FOLLOWERS), "--step", "50")
    lines = said(0, "trail", *SHOP)
    actions = [line.split()[2] for line in lines.splitlines() if not line.startswith("        ")]
    assert actions == ["service.set", "block.add", "service.set_rate"]
    assert '        rate: "0.90" -> "0.95"' in lines and "        step: 1 -> 50" in lines
    (entry,) = json.loads(said(0, "trail", *SHOP, "--object", "block", "--json"))["items"]
    assert (entry["action"], entry["actor"]["kind"], entry["after"]["text"]) == (
        "block.add",
        "operator",
        "evil.example",
    )
    assert said(0, "trail", "--panel", "rival") == ""
    assert "--object" in said(1, "trail", *SHOP, "--id", "3")


def test_the_hosts_rules_are_in_the_hosts_trail(story: Story, said: Said) -> None:
    said(0, "host-block", "add", "--kind", "word", "--text", "bad thing")
    assert value("SELECT COUNT(*) FROM staff_trailentry WHERE panel_id IS NULL AND action = 'host_block.add'") == 1
    assert said(0, "trail", *SHOP) == ""
