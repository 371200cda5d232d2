"""The installation's secret, and what is encrypted with it."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from panelwright.core.secret import Box, secret_key


def test_the_secret_is_made_once_and_is_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    secret = secret_key(folder)
    assert len(secret) >= 64
    assert secret_key(folder) == secret
    assert secret_key(tmp_path / "other") != secret
    assert stat.S_IMODE((folder / "secret.key").stat().st_mode) == 0o600
    assert [path.name for path in folder.iterdir()] == ["secret.key"]


def test_processes_that_start_together_have_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        secrets = set(pool.map(secret_key, [tmp_path / "data"] * 64))
    assert len(secrets) == 1


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
