"""What may be attached to a message: a few types, told by their content and not only by their name. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from django.db import models

from panelwright.core import limits
from panelwright.core.refusal import Refusal
from panelwright.core.text import normalized


class FileType(models.TextChoices):
    PNG = "png"
    JPEG = "jpeg"
    WEBP = "webp"
    PDF = "pdf"
    TXT = "txt"


MEDIA_TYPES = {
    FileType.PNG: "image/png",
    FileType.JPEG: "image/jpeg",
    FileType.WEBP: "image/webp",
    FileType.PDF: "application/pdf",
    FileType.TXT: "text/plain; charset=utf-8",
}
# What a file field of a form offers.
ACCEPT = ".png,.jpg,.jpeg,.webp,.pdf,.txt"
_ENDINGS = {
    "png": FileType.PNG,
    "jpg": FileType.JPEG,
    "jpeg": FileType.JPEG,
    "webp": FileType.WEBP,
    "pdf": FileType.PDF,
    "txt": FileType.TXT,
}
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")


class Upload(NamedTuple):
    """A file as it came: both the name and the content are the sender's."""

    name: str
    data: bytes


class CheckedFile(NamedTuple):
    name: str
    type: FileType
    data: bytes


def check(uploads: tuple[Upload, ...]) -> list[CheckedFile] | Refusal:
    """The files with their types and names that are safe to write, or why they are not taken."""
    if len(uploads) > limits.ATTACHMENTS_MAX:
        return Refusal("too_many_files", "files", limits.ATTACHMENTS_MAX)
    checked = []
    for upload in uploads:
        if not upload.data:
            return Refusal("empty_file", "files")
        if len(upload.data) > limits.ATTACHMENT_BYTES_MAX:
            return Refusal(
                "file_too_large",
                "files",
                limits.ATTACHMENT_BYTES_MAX,
                facts=(("limit", limits.ATTACHMENT_BYTES_MAX // 2**20),),
            )
        name = clean_name(upload.name)
        named = _ENDINGS.get(name.rpartition(".")[2].lower())
        if named is None or type_of(upload.data) is not named:
            return Refusal("bad_file", "files")
        checked.append(CheckedFile(name, named, upload.data))
    return checked


def clean_name(name: str) -> str:
    """The last part of the name, of letters that can be seen, FILE_NAME_CHARS_MAX at most with its ending."""
    most = limits.FILE_NAME_CHARS_MAX
    name = re.split(r"[/\\]", normalized("NFC", name))[-1]
    name = "".join(c if c.isprintable() and c not in '"<>:|?*' else "_" for c in name).strip(" .")
    stem, dot, ending = name.rpartition(".")
    if not dot:
        return name[:most] or "file"
    return f"{(stem.strip() or 'file')[: most - len(ending) - 1]}.{ending}"[: limits.FILE_NAME_CHARS_MAX]


def type_of(data: bytes) -> FileType | None:
    """The type by the content's first and last bytes; None for whatever is none of ours."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR" and b"IEND" in data[-64:]:
        return FileType.PNG
    if data.startswith(b"\xff\xd8\xff") and b"\xff\xd9" in data[-4096:]:
        return FileType.JPEG
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP" and int.from_bytes(data[4:8], "little") + 8 <= len(data) + 1:
        return FileType.WEBP
    if data.startswith(b"%PDF-") and b"%%EOF" in data[-1024:]:
        return FileType.PDF
    return FileType.TXT if _is_text(data) else None


def _is_text(data: bytes) -> bool:
    """UTF-8 without control characters. What a browser might take for a page is none: nobody needs to send one."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return _CONTROL.search(data) is None and not text.lstrip("\ufeff \t\r\n\f").startswith(("<", "%PDF-", "%!PS"))
