"""Attachments are told by their content; a name alone opens nothing."""

from __future__ import annotations

import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelwright.core import limits
from panelwright.core.refusal import Refusal
from panelwright.support.files import CheckedFile, FileType, Upload, check, clean_name, type_of


def png(padding: int = 0) -> bytes:
    """A picture of one grey pixel, with a text chunk of so many bytes."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    text = chunk(b"tEXt", b"x" * padding) if padding else b""
    return b"\x89PNG\r\n\x1a\n" + header + text + chunk(b"IDAT", zlib.compress(b"\0\x80")) + chunk(b"IEND", b"")


JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0" + b"\0" * 40 + b"\xff\xd9"
WEBP = b"RIFF" + struct.pack("<I", 20) + b"WEBPVP8 " + b"\0" * 12
PDF = b"%PDF-1.7\n1 0 obj\nendobj\ntrailer\n%%EOF\n"
TXT = "Order 123 dropped: 1500 → 900\n".encode()
EACH = {FileType.PNG: png(), FileType.JPEG: JPEG, FileType.WEBP: WEBP, FileType.PDF: PDF, FileType.TXT: TXT}


@pytest.mark.parametrize(("kind", "data"), EACH.items())
def test_each_type_is_known_by_its_content_and_takes_its_name_only(kind: FileType, data: bytes) -> None:
    assert type_of(data) is kind
    assert check((Upload(f"proof.{kind.value}", data),)) == [CheckedFile(f"proof.{kind.value}", kind, data)]
    for other in EACH.keys() - {kind}:
        assert check((Upload(f"proof.{other.value}", data),)) == Refusal("bad_file", "files")


@pytest.mark.parametrize(
    "data",
    [
        b"<html><script>alert(1)</script>",
        b"\xef\xbb\xbf \n<!doctype html>",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"GIF89a" + b"\0" * 20,
        b"MZ\x90\0\x03",
        b"PK\x03\x04" + b"\0" * 30,
        b"text with a \0 in it",
        b"\xff\xfetext",
        "лат".encode("cp1251"),
        png()[:40],
        JPEG[:20],
        b"%PDF-1.7 without an end",
        b"RIFF\xff\xff\xff\x7fWEBPVP8 ",
    ],
)
def test_anything_else_is_refused_whatever_its_name(data: bytes) -> None:
    assert type_of(data) is None
    for ending in ("png", "jpg", "jpeg", "webp", "pdf", "txt", "html", "svg", ""):
        assert check((Upload(f"a.{ending}", data),)) == Refusal("bad_file", "files")


def test_limits_of_number_and_size() -> None:
    one = Upload("a.png", png())
    assert check(()) == []
    assert len(check((one, one, one))) == 3  # type: ignore[arg-type]
    assert check((one,) * 4) == Refusal("too_many_files", "files", 3)
    assert check((Upload("a.txt", b""),)) == Refusal("empty_file", "files")
    assert check((Upload("a.txt", b"x" * limits.ATTACHMENT_BYTES_MAX),)) == [
        CheckedFile("a.txt", FileType.TXT, b"x" * limits.ATTACHMENT_BYTES_MAX)
    ]
    assert check((Upload("a.txt", b"x" * (limits.ATTACHMENT_BYTES_MAX + 1)),)) == Refusal(
        "file_too_large", "files", limits.ATTACHMENT_BYTES_MAX
    )
    assert check((one, Upload("a.gif", b"GIF89a"))) == Refusal("bad_file", "files")


@pytest.mark.parametrize(
    ("name", "clean"),
    [
        ("proof.png", "proof.png"),
        ("C:\\Users\\carol\\proof.PNG", "proof.PNG"),
        ("../../etc/passwd.txt", "passwd.txt"),
        ("до и после.png", "до и после.png"),
        ('a"b<c>\r\nX: y.txt', "a_b_c___X_ y.txt"),
        ("\u202egnp.txt", "_gnp.txt"),
        ("x" * 300 + ".png", "x" * 96 + ".png"),
        ("...", "file"),
        ("", "file"),
        (".png", "png"),
    ],
)
def test_names_are_made_harmless(name: str, clean: str) -> None:
    assert clean_name(name) == clean


@given(st.text(max_size=200))
def test_any_name_becomes_one_that_can_be_written_anywhere(name: str) -> None:
    clean = clean_name(name)
    assert 1 <= len(clean) <= limits.FILE_NAME_CHARS_MAX
    assert clean.isprintable()
    assert not set(clean) & set('/\\"<>:|?*')


@given(st.binary(max_size=200))
def test_any_content_is_of_one_type_or_none(data: bytes) -> None:
    assert type_of(data) in {*FileType, None}
