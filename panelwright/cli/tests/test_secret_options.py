"""No command takes a secret from its command line, which every user of the machine can read."""

from __future__ import annotations

import argparse
import importlib
import io
import re
from pathlib import Path

import pytest

from panelwright.cli.main import COMMANDS, main
from panelwright.cli.secret_options import SECRET_MAX, add_address, add_secret, database_url, of_file

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


TOKEN = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    "url",
    [
        f"https://panel:{TOKEN}@north.example/api/v2",
        f"https://north.example/api/v2?key={TOKEN}",
        f"https://north.example/api/v2?{TOKEN}",
        f"https://north.example/feed/{TOKEN}/rss",
    ],
)
@pytest.mark.parametrize(
    "command",
    [
        ("addprovider", "--panel", "x", "--name", "y", "--key-file", "key", "--url"),
        ("setprovider", "--panel", "x", "--provider", "y", "--url"),
        ("addpostsource", "--panel", "x", "--username", "y", "--feed"),
    ],
)
def test_an_address_with_a_token_is_refused_and_the_token_is_not_repeated(
    command: tuple[str, ...],
    url: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "key").write_text("a key\n")
    with pytest.raises(SystemExit) as stopped:
        main([*command, url])
    said = capsys.readouterr().err
    assert stopped.value.code == 2
    assert "stands in the list of processes" in said and f"{command[-1]}-file FILE" in said
    assert TOKEN not in said


def test_an_address_comes_from_the_command_line_from_standard_input_or_from_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parser = argparse.ArgumentParser(exit_on_error=False)
    add_address(parser, "--url", help="an address")
    for url in (
        "https://north.example/api/v2",
        "http://127.0.0.1:8000/api/v2/",
        "HTTPS://anna.example/feed.xml#top",
        "http://[",
        "ftp://x",
    ):
        assert parser.parse_args(["--url", url]).url == url
    secret = f"https://north.example/feed/{TOKEN}"
    monkeypatch.setattr("sys.stdin", io.StringIO(f" {secret} \nkey\n"))
    assert parser.parse_args(["--url", "-"]).url == secret
    file = tmp_path / "address"
    file.write_text(f"{secret}\n")
    assert parser.parse_args(["--url-file", str(file)]).url == secret
    assert parser.parse_args([]).url is None
    with pytest.raises(argparse.ArgumentError, match="not allowed with argument"):
        parser.parse_args(["--url", "https://north.example/", "--url-file", str(file)])


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
