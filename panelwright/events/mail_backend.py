"""E-mail into a folder, one file each: for an installation that has no mail server yet, and for the demo."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from panelwright.core import clock

_NOT_IN_NAMES = re.compile(r"[^a-z0-9.-]+")


class FolderBackend(BaseEmailBackend):
    """Writes .eml files that only their owner may read: they may hold links that log in."""

    def __init__(self, *, folder: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._folder = Path(folder)

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        for message in email_messages:
            name = _NOT_IN_NAMES.sub("-", message.extra_headers.get("Message-ID", "").lower()).strip("-")
            path = self._folder / f"{clock.now():%Y%m%d-%H%M%S}-{name[:60]}.eml"
            scratch = path.with_suffix(".part")
            with open(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                file.write(message.message().as_bytes())
            scratch.rename(path)
        return len(email_messages)
