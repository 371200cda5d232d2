"""What somebody typed into a form that could not be taken yet: kept on the page that answers, and sent from there.

Nothing is stored. The values stand in hidden fields, escaped like any other; passwords and codes are left out. Only
what came from our own page is kept: a form of a stranger's page must not be sent by one click of a button of ours.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import NamedTuple

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme

from panelwright.ui.forms import SECRET

FIELDS_MAX = 200
# Of an address to go on to; what is longer is none of ours.
ADDRESS_MAX = 2000
_OWN = frozenset({"csrfmiddlewaretoken", "kept", "resume"})


class Kept(NamedTuple):
    """`fields` are names and values, in the order in which they came; `files`: there were some, which are lost.

    `sent`: something was sent, if only a button without a field.
    """

    fields: tuple[tuple[str, str], ...]
    files: bool = False
    sent: bool = False

    @property
    def packed(self) -> list[str]:
        """The values of hidden fields called `kept`, for a form between."""
        marks = (["files"] if self.files else []) + (["sent"] if self.sent else [])
        return [json.dumps(pair) for pair in self.fields] + marks


NOTHING = Kept(())


def typed(request: HttpRequest) -> Kept:
    """What the request brings."""
    if request.method != "POST":
        return NOTHING
    return Kept(tuple(_fields(request))[:FIELDS_MAX], bool(request.FILES), sent=True)


def _fields(request: HttpRequest) -> Iterator[tuple[str, str]]:
    for name, values in request.POST.lists():
        if name not in _OWN and name not in SECRET:
            for value in values:
                yield name, str(value)


def unpacked(request: HttpRequest) -> Kept:
    """What a form between brings along."""
    packed = request.POST.getlist("kept")[: FIELDS_MAX + 2]
    found: list[tuple[str, str]] = []
    for text in packed:
        try:
            pair = json.loads(text)
        except ValueError:
            continue
        if isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair):
            found.append((pair[0], pair[1]))
    found = [pair for pair in found if pair[0] not in _OWN and pair[0] not in SECRET]
    return Kept(tuple(found), "files" in packed, "sent" in packed)


def from_our_own_page(request: HttpRequest) -> bool:
    """Whether the browser says that the form stood on a page of this host."""
    if request.headers.get("Sec-Fetch-Site", "") == "same-origin":
        return True
    return request.headers.get("Origin", "") == f"{request.scheme}://{request.get_host()}"


def is_ours(address: str) -> bool:
    """Whether an address to go on to is on this panel."""
    safe = url_has_allowed_host_and_scheme(address, allowed_hosts=None) and address.startswith("/")
    return safe and len(address) <= ADDRESS_MAX
