"""No command takes a secret from its command line, which every user of the machine can read."""

from __future__ import annotations

import argparse
import importlib
import io
import re
from pathlib import Path

import pytest

from panelwright.cli.main import COMMANDS, main
from panelwright.cli.secret_options import SECRET_MAX, add_secret, database_url, of_file

SECRET = re.compile(r"--[a-z-]*(key|password|secret|token)[a-z-]*")
# They name a row or a file, or say what to do: none of them is a secret.
NONE_OF_THEM = {"--key-file", "--password-file", "--owner-password-file", "--new-key"}


def parser_of(name: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    importlib.import_module(f"panelwright.cli.{name}").configure(parser)
    return parser


def test_every_option_that_sounds_like_a_secret_takes_a_dash_only() -> None:
    found = []
    for name in COMMANDS:
        if name == "sandbox":
            continue  # its own parser: sandbox/tests/test_process.py
        for action in parser_of(name)._actions:
            for option in action.option_strings:
                if SECRET.fullmatch(option) and option not in NONE_OF_THEM:
                    found.append((name, option))
                    assert callable(action.type), (name, option)
                    with pytest.raises(argparse.ArgumentTypeError, match="stands in the list of processes"):
                        action.type("my-own-secret")
    assert set(found) == {
        ("addprovider", "--key"),
        ("setprovider", "--key"),
        ("createcustomer", "--password"),
        ("createstaff", "--password"),
        ("createpanel", "--owner-password"),
    }


@pytest.mark.parametrize(
    "command",
    [
        ("createcustomer", "--panel", "x", "--email", "y", "--password", "my-own-secret"),
        ("createcustomer", "--panel", "x", "--email", "y", "--password=my-own-secret"),
        ("addprovider", "--panel", "x", "--name", "y", "--key", "my-own-secret"),
        ("audit", "--database", "postgresql://panel:my-own-secret@db.example/panel"),
        ("audit", "--database", "postgresql://db.example/panel?user=panel&password=my-own-secret"),
    ],
)
def test_it_is_refused_and_not_repeated(command: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(command)
    said = capsys.readouterr().err
    assert stopped.value.code == 2
    assert "stands in the list of processes" in said
    assert "my-own-secret" not in said


def options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_secret(parser, "--key", help="a key")
    return parser


def test_standard_input_and_files_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(" one \ntwo\n"))
    assert options().parse_args(["--key", "-"]).key == "one"
    file = tmp_path / "key"
    file.write_text("three\nfour\n")
    assert options().parse_args(["--key-file", str(file)]).key == "three"
    assert options().parse_args([]).key is None
    for text in ("", "\n", "  \n"):
        file.write_text(text)
        with pytest.raises(argparse.ArgumentError, match="it is empty"):
            options().parse_args(["--key-file", str(file)])
    file.write_bytes(b"\xff\xfe")
    for bad in (file, tmp_path, tmp_path / "none"):
        with pytest.raises(argparse.ArgumentError, match="it cannot be read"):
            options().parse_args(["--key-file", str(bad)])
    file.write_text("x" * (SECRET_MAX + 1))
    with pytest.raises(argparse.ArgumentError, match=f"more than {SECRET_MAX} characters"):
        options().parse_args(["--key-file", str(file)])
    file.write_bytes(b"\xef\xbb\xbffive\r\n")
    assert options().parse_args(["--key-file", str(file)]).key == "five", "without the mark of some editors"


@pytest.mark.parametrize(
    "url", ["sqlite:////var/panel.sqlite3", "postgresql://panel@db.example/panel", "postgresql:///panel?host=/run"]
)
def test_a_database_address_without_a_password_is_taken(url: str) -> None:
    assert database_url(url) == url


def test_one_with_a_password_comes_from_standard_input_or_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = "postgresql://panel:my-own-secret@db.example/panel"
    monkeypatch.setattr("sys.stdin", io.StringIO(f"{url}\n"))
    assert database_url("-") == url
    file = tmp_path / "database"
    file.write_text(f"{url}\n")
    assert of_file(str(file)) == url
    monkeypatch.setenv("PANELWRIGHT_DATABASE_URL", "as it was")
    with pytest.raises(SystemExit):
        main(["audit", "--database-file", str(tmp_path / "none")])
    assert "argument --database-file: it cannot be read" in capsys.readouterr().err
