"""The installation's secret, and what is encrypted with it."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pytest_django import Settings

from panelwright.core.secret import Box, add_key, drop_old_keys, installation_box, secret_keys


@pytest.fixture(autouse=True)
def no_key_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PANELWRIGHT_SECRET_KEY", "PANELWRIGHT_SECRET_KEY_FALLBACKS"):
        monkeypatch.delenv(name, raising=False)


def test_the_secret_is_made_once_and_is_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    (secret,) = secret_keys(folder)
    assert len(secret) >= 64
    assert secret_keys(folder) == [secret]
    assert secret_keys(tmp_path / "other") != [secret]
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "secret.key").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["secret.key"]


def test_processes_that_start_together_have_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(secret_keys, [tmp_path / "data"] * 64))
    assert len(set(map(tuple, found))) == 1


def test_what_is_sealed_does_not_show_and_opens_again() -> None:
    box = Box("the secret")
    sealed = box.seal("key-of-upstream")
    assert "key-of-upstream" not in sealed
    assert box.open(sealed) == "key-of-upstream"
    assert box.seal("key-of-upstream") != sealed, "equal keys must not look equal"


def test_what_another_secret_sealed_does_not_open() -> None:
    sealed = Box("the secret").seal("key-of-upstream")
    with pytest.raises(ValueError, match="put the old one back or enter the key again"):
        Box("another secret").open(sealed)
    with pytest.raises(ValueError, match="cannot be decrypted"):
        Box("the secret").open(sealed[:-4] + "AAAA")


def test_the_first_key_writes_and_all_of_them_read() -> None:
    old = Box("the old one").seal("key-of-upstream")
    box = Box("the new one", "the old one")
    assert box.open(old) == "key-of-upstream"
    anew = box.anew(old)
    assert anew is not None
    assert box.anew(anew) is None, "it is done already"
    assert Box("the new one").open(anew) == "key-of-upstream"
    with pytest.raises(ValueError, match="cannot be decrypted"):
        Box("the new one").anew(old)


def test_what_runs_knows_the_key_that_was_put_in_front_meanwhile(tmp_path: Path, settings: Settings) -> None:
    settings.DATA = tmp_path
    (settings.SECRET_KEY,) = secret_keys(tmp_path)
    settings.SECRET_KEY_FALLBACKS = []
    running = installation_box()
    before = running.seal("of before")
    add_key(tmp_path)
    new, _ = secret_keys(tmp_path)
    assert running.open(Box(new).seal("by a command")) == "by a command"
    assert Box(new).open(running.seal("of now")) == "of now", "it is not lost when the old key goes"
    assert Box(new).open(running.anew(before) or "") == "of before"
    drop_old_keys(tmp_path)
    assert running.open(before) == "of before", "it goes on reading"
    assert Box(new).open(running.seal("of later")) == "of later"
    with pytest.raises(ValueError, match="cannot be decrypted"):
        running.open(Box("nobody knows").seal("x"))
    (tmp_path / "secret.key").unlink()
    assert Box(new).open(running.seal("without the file")) == "without the file"
    assert list(tmp_path.iterdir()) == [], "and it makes none"


def test_a_file_that_is_not_whole_and_one_beside_the_environment_count_for_nothing(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATA = tmp_path
    (old,) = secret_keys(tmp_path)
    settings.SECRET_KEY = old
    settings.SECRET_KEY_FALLBACKS = []
    for text in ("", "\n", "short\n", f"{'k' * 40}\nshort\n"):
        (tmp_path / "secret.key").write_text(text)
        assert Box(old).open(installation_box().seal("x")) == "x"
    (tmp_path / "secret.key").write_text("k" * 40)
    monkeypatch.setenv("PANELWRIGHT_SECRET_KEY", old)
    assert Box(old).open(installation_box().seal("x")) == "x"


def test_keys_come_from_the_environment_or_from_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (first,) = secret_keys(tmp_path)
    add_key(tmp_path)
    newer, older = secret_keys(tmp_path)
    assert (older, stat.S_IMODE((tmp_path / "secret.key").stat().st_mode)) == (first, 0o600)
    monkeypatch.setenv("PANELWRIGHT_SECRET_KEY_FALLBACKS", f" {'o' * 32},\n{'p' * 40},{newer}")
    assert secret_keys(tmp_path) == [newer, older, "o" * 32, "p" * 40]
    monkeypatch.setenv("PANELWRIGHT_SECRET_KEY", "n" * 32)
    assert secret_keys(tmp_path) == ["n" * 32, "o" * 32, "p" * 40, newer]
    assert drop_old_keys(tmp_path) == 1
    monkeypatch.undo()
    assert (tmp_path / "secret.key").read_text() == f"{newer}\n"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PANELWRIGHT_SECRET_KEY", "x"),
        ("PANELWRIGHT_SECRET_KEY", "x" * 31),
        ("PANELWRIGHT_SECRET_KEY", " " * 40),
        ("PANELWRIGHT_SECRET_KEY", "x" * 31 + " "),
        ("PANELWRIGHT_SECRET_KEY_FALLBACKS", "o" * 32 + ",short"),
    ],
)
def test_a_key_that_can_be_found_by_trying_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=rf"{name}: a key of \d+ characters is too short, it needs 32"):
        secret_keys(tmp_path)


def test_a_key_is_the_same_one_wherever_it_stands(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An end of line that came along with it once would be missing where it is named as an old one."""
    monkeypatch.setenv("PANELWRIGHT_SECRET_KEY", f" {'k' * 40}\r\n")
    assert secret_keys(tmp_path) == ["k" * 40]
    for inside in (" ", "\n", ",", ", "):
        monkeypatch.setenv("PANELWRIGHT_SECRET_KEY", f"{'k' * 40}{inside}{'l' * 40}")
        with pytest.raises(ValueError, match="PANELWRIGHT_SECRET_KEY: one key, without spaces, line breaks and commas"):
            secret_keys(tmp_path)


@pytest.mark.parametrize("text", ["", "\n", "short\n"])
def test_a_file_without_a_key_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "secret.key").write_text(text)
    with pytest.raises(ValueError, match=r"secret\.key: a key of"):
        secret_keys(tmp_path)
