"""The installation's secret keys, and what is encrypted with them.

There is a list of them: the first one writes, all of them read. So a key can be exchanged while the panels run:
the new one goes in front, `panelwright rekey` seals everything anew, the old one is taken away.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import secrets
from collections.abc import Callable, Sequence
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from panelwright.core.private import make_folder

KEY_MIN = 32  # characters
VARIABLE = "PANELWRIGHT_SECRET_KEY"
OLD_VARIABLE = "PANELWRIGHT_SECRET_KEY_FALLBACKS"
_BETWEEN = re.compile(r"[,\s]+")


def secret_keys(folder: Path) -> list[str]:
    """The keys, the one that writes first: from the environment, or else the lines of the data folder's file.

    Raises ValueError for a key of less than 32 characters, which can be found by trying, and for one with a space or
    a comma in it, which could not be named among the old ones later.
    """
    first = os.environ.get(VARIABLE, "")
    if _BETWEEN.search(first.strip()):
        raise ValueError(
            f"{VARIABLE}: one key, without spaces, line breaks and commas; those from before stand in {OLD_VARIABLE}"
        )
    old = [key for key in _BETWEEN.split(os.environ.get(OLD_VARIABLE, "")) if key]
    keys, where = ([first.strip()], VARIABLE) if first else (_kept(folder), str(folder / "secret.key"))
    for key, said in [*((key, where) for key in keys), *((key, OLD_VARIABLE) for key in old)]:
        if len(key) < KEY_MIN:
            raise ValueError(
                f"{said}: a key of {len(key)} characters is too short, it needs {KEY_MIN}; make one with"
                " python3 -c 'import secrets; print(secrets.token_urlsafe(48))'"
            )
    return list(dict.fromkeys([*keys, *old]))


def _kept(folder: Path) -> list[str]:
    """The keys in the data folder, made on first use; the file is readable by its owner only.

    Two processes may start at once: the file is created whole or not at all, and the loser of the
    race reads the winner's.
    """
    path = folder / "secret.key"
    if not path.exists():
        make_folder(folder)
        scratch = folder / f".secret.{os.getpid()}.{secrets.token_hex(4)}"
        _write(scratch, [secrets.token_urlsafe(48)])
        try:
            os.link(scratch, path)
        except FileExistsError:
            pass
        finally:
            scratch.unlink()
    return [line.strip() for line in path.read_text().splitlines() if line.strip()] or [""]


def add_key(folder: Path) -> None:
    """Put a new key in front of those in the data folder. Processes that run seal with it from now on."""
    path, keys = folder / "secret.key", _kept(folder)
    scratch = folder / f".secret.{os.getpid()}.{secrets.token_hex(4)}"
    _write(scratch, [secrets.token_urlsafe(48), *keys])
    scratch.replace(path)


def drop_old_keys(folder: Path) -> int:
    """Leave only the first key in the data folder's file. Answers how many went."""
    path, keys = folder / "secret.key", _kept(folder)
    scratch = folder / f".secret.{os.getpid()}.{secrets.token_hex(4)}"
    _write(scratch, keys[:1])
    scratch.replace(path)
    return len(keys) - 1


def _write(path: Path, keys: Sequence[str]) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write("\n".join(keys) + "\n")
        file.flush()
        os.fsync(file.fileno())


class Box:
    """Encrypts small texts (provider keys) with the first of the keys, and opens what any of them sealed.

    `kept` answers the keys that there are by now, or none. It is asked before something is sealed, and where no key
    that was known opens a text: so a process that runs seals and reads with a key that it was not started with.
    """

    def __init__(self, *keys: str, kept: Callable[[], Sequence[str]] | None = None) -> None:
        self._kept = kept
        self._locks = [_lock(key) for key in keys]
        self._keys = list(keys)

    def seal(self, text: str) -> str:
        self._look()
        return self._locks[0].encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Raises ValueError when it was sealed with another secret."""
        try:
            return self._opened(sealed)
        except InvalidToken:
            self._look()
        try:
            return self._opened(sealed)
        except InvalidToken:
            raise ValueError(
                "a stored provider key cannot be decrypted: PANELWRIGHT_SECRET_KEY (or secret.key in the "
                "data folder) is not the one it was stored with; put the old one back or enter the key again"
            ) from None

    def anew(self, sealed: str) -> str | None:
        """The same text, sealed with the first key; None when it is so already. Raises ValueError as `open`."""
        self._look()
        try:
            self._locks[0].decrypt(sealed.encode())
        except InvalidToken:
            return self.seal(self.open(sealed))
        return None

    def _opened(self, sealed: str) -> str:
        return MultiFernet(self._locks).decrypt(sealed.encode()).decode()

    def _look(self) -> None:
        """Take the keys that there are now; those from before go on reading here."""
        now = self._kept() if self._kept else ()
        if now and list(now) != self._keys[: len(now)]:
            keys = list(dict.fromkeys([*now, *self._keys]))
            self._locks, self._keys = [_lock(key) for key in keys], keys


def _lock(key: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(_digest(key)))


def _digest(key: str) -> bytes:
    return hashlib.sha256(b"panelwright.box:" + key.encode()).digest()


def conceal(text: str, *, purpose: str) -> str:
    """Encrypted for an address of a page: the same text always gives the same one. Nobody else can make or read it.

    What was concealed for one purpose means nothing for another. For what need not be readable after the keys change.
    """
    from django.conf import settings  # as below

    return base64.urlsafe_b64encode(_siv(settings.SECRET_KEY).encrypt(text.encode(), [purpose.encode()])).decode()


def reveal(concealed: str, *, purpose: str) -> str:
    """The text. Raises ValueError for what was not concealed here for this purpose."""
    from django.conf import settings

    for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
        try:
            raw = base64.b64decode(concealed.encode("ascii"), altchars=b"-_", validate=True)
            return _siv(key).decrypt(raw, [purpose.encode()]).decode()
        except (InvalidTag, ValueError):
            continue
    raise ValueError("nothing that was concealed here")


def _siv(key: str) -> AESSIV:
    return AESSIV(hashlib.sha512(b"panelwright.conceal:" + key.encode()).digest())


def installation_box() -> Box:
    """The box of this installation. Keys of the data folder's file are known as they are there now."""
    from django.conf import settings  # the settings themselves read their keys from this module

    return Box(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS, kept=lambda: _kept_now(settings.DATA))


def _kept_now(folder: Path) -> list[str]:
    """The keys in the data folder's file; none where the environment has them, or the file is not whole."""
    if os.environ.get(VARIABLE):
        return []
    try:
        keys = [line.strip() for line in (folder / "secret.key").read_text().splitlines() if line.strip()]
    except (OSError, ValueError):
        return []
    return keys if all(len(key) >= KEY_MIN for key in keys) else []
