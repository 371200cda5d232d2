"""`block`, `unblock` and `blocks`: what they print, their exit status, and what is kept."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from panelwright.cli.main import main
from tests.support.people import Owner, values

EVIL = "evil.example"


def kept() -> list[tuple[str, str, str]]:
    return values("SELECT kind, text, note FROM panels_block ORDER BY kind, text")


def said(capsys: pytest.CaptureFixture[str], status: int, *arguments: str) -> str:
    """What a command printed, which must end with this status."""
    assert main(arguments) == status
    printed = capsys.readouterr()
    return printed.out if status == 0 else printed.err


def test_block_list_and_unblock(alice: Owner, rival: Owner, capsys: pytest.CaptureFixture[str]) -> None:
    shop = ("--panel", "shop")
    assert said(capsys, 0, "block", *shop, "--domain", "https://www.Evil.example/", "--note", "asked") == (
        "Blocked on shop: domain evil.example\n"
    )
    assert said(capsys, 0, "block", *shop, "--domain", EVIL) == "It was blocked before on shop: domain evil.example\n"
    assert said(capsys, 0, "block", "--host", "--word", "Two  Words") == "Blocked on every panel: word two words\n"
    assert kept() == [("domain", EVIL, "asked")]
    assert said(capsys, 0, "blocks", *shop) == "domain   evil.example  (asked)\n1 rules on shop.\n"
    assert json.loads(said(capsys, 0, "blocks", "--host", "--json")) == [
        {"id": values("SELECT id FROM panels_hostblock")[0][0], "kind": "word", "text": "two words", "note": ""}
    ]
    assert said(capsys, 0, "blocks", "--panel", "rival") == "Nothing is blocked on rival.\n"
    assert said(capsys, 1, "unblock", "--panel", "rival", "--domain", EVIL) == (
        "panelwright unblock: There is no such block.\n"
    )
    assert (
        said(capsys, 0, "unblock", *shop, "--domain", "EVIL.example")
        == "No longer blocked on shop: domain EVIL.example\n"
    )
    assert kept() == []


def test_try_a_text(alice: Owner, capsys: pytest.CaptureFixture[str]) -> None:
    shop = ("--panel", "shop")
    assert main(["block", *shop, "--domain", EVIL]) == main(["block", "--host", "--word", "bad"]) == 0
    capsys.readouterr()
    assert said(capsys, 0, "blocks", *shop, "--test", "https://a.evil.example/x") == (
        "Refused as a target by the panel's rule: domain evil.example\n"
    )
    assert said(capsys, 0, "blocks", *shop, "--test", "so BAD") == "Refused as a text by the host's rule: word bad\n"
    assert said(capsys, 0, "blocks", "--host", "--test", "bad") == "Refused as a text by the host's rule: word bad\n"
    assert said(capsys, 0, "blocks", *shop, "--test", "good.example") == "Nothing on shop refuses it.\n"


def test_import_is_all_or_none(alice: Owner, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "list.txt"
    shop = ("blocks", "--panel", "shop", "--import", str(file))
    file.write_text("# a list\r\ndomain\tevil.example\r\n\r\nword\tdos palabras\r\nexact\t@Anna\n", encoding="utf-8")
    assert said(capsys, 0, *shop) == "3 rules added on shop, 0 were there already.\n"
    assert said(capsys, 0, *shop) == "0 rules added on shop, 3 were there already.\n"
    assert kept() == [("domain", EVIL, ""), ("exact", "anna", ""), ("word", "dos palabras", "")]
    file.write_text("exact\tt.me/x\npattern\t*\n", encoding="utf-8")
    assert said(capsys, 1, *shop) == (
        f"panelwright blocks: {file}, line 2: This pattern would block every order.; nothing was added\n"
    )
    file.write_text("exact t.me/x\n", encoding="utf-8")
    assert said(capsys, 1, *shop) == (
        f"panelwright blocks: {file}, line 1: write kind, a tab, text; nothing was added\n"
    )
    file.write_bytes(b"exact\t\xff\n")
    assert "cannot be read" in said(capsys, 1, *shop)
    assert len(kept()) == 3


def test_what_cannot_be_a_rule_is_refused(alice: Owner, capsys: pytest.CaptureFixture[str]) -> None:
    assert said(capsys, 1, "block", "--panel", "shop", "--domain", "evil.example/x") == (
        "panelwright block: text: Enter a domain such as evil.example, without a path.\n"
    )
    assert "there is no panel 'nobody'" in said(capsys, 1, "block", "--panel", "nobody", "--word", "x")
    assert kept() == []


@pytest.mark.parametrize(
    "arguments", [["block", "--panel", "shop"], ["block", "--word", "x"], ["block", "--host", "--panel", "shop"]]
)
def test_wrong_usage_is_exit_status_2(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2


@pytest.mark.parametrize(
    ("command", "shown"), [("block", "block add"), ("unblock", "block remove"), ("blocks", "block list")]
)
def test_help_has_an_example(command: str, shown: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([command, "--help"])
    assert ended.value.code == 0
    assert f"  panelwright {shown} --" in capsys.readouterr().out
