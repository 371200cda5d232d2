"""The installation's secret: made once, kept in the data folder, and what is encrypted with it."""

from __future__ import annotations

import base64
import hashlib
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken


def secret_key(folder: Path) -> str:
    """The secret of the data folder, made on first use; the file is readable by its owner only.

    Two processes may start at once: the file is created whole or not at all, and the loser of the
    race reads the winner's.
    """
    path = folder / "secret.key"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        scratch = folder / f".secret.{os.getpid()}.{secrets.token_hex(4)}"
        with open(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(scratch, path)
        except FileExistsError:
            pass
        finally:
            scratch.unlink()
    return path.read_text().strip()


class Box:
    """Encrypts small texts (provider keys) with the installation's secret."""

    def __init__(self, secret: str) -> None:
        digest = hashlib.sha256(b"panelwright.box:" + secret.encode()).digest()
        self._fernet = Fernet(base64.urlsafe_b64encode(digest))

    def seal(self, text: str) -> str:
        return self._fernet.encrypt(text.encode()).decode()

    def open(self, sealed: str) -> str:
        """Raises ValueError when it was sealed with another secret."""
        try:
            return self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            raise ValueError(
                "a stored provider key cannot be decrypted: PANELWRIGHT_SECRET_KEY (or secret.key in the "
                "data folder) is not the one it was stored with; put the old one back or enter the key again"
            ) from None
