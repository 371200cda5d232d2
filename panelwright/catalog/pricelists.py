"""The services list as the API answers it: rendered once per price list and catalogue version."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from collections import OrderedDict
from typing import NamedTuple

from panelwright.catalog.priced_catalogue import Key, Offer, read_offers
from panelwright.core import money


class Rendered(NamedTuple):
    """A list ready to be sent. `etag` is quoted, as in the header."""

    body: bytes
    gzipped: bytes
    etag: bytes


class Renderer:
    """Keeps the last lists; a new catalogue version is another key, so none can be stale."""

    def __init__(self, keep: int = 64) -> None:
        self._keep = keep
        self._lists: OrderedDict[Key, Rendered] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Key) -> Rendered:
        with self._lock:
            found = self._lists.get(key)
            if found is not None:
                self._lists.move_to_end(key)
                return found
        rendered = render(key)
        with self._lock:
            self._lists[key] = rendered
            while len(self._lists) > self._keep:
                self._lists.popitem(last=False)
        return rendered


def render(key: Key) -> Rendered:
    """The list for one price list, as bytes: compact UTF-8, keys in the order of PROTOCOL.md."""
    body = ("[" + ",".join(_service(offer) for offer in read_offers(key)) + "]").encode("utf-8", "replace")
    etag = b'"' + hashlib.sha256(body).hexdigest()[:32].encode() + b'"'
    return Rendered(body, gzip.compress(body, 6, mtime=0), etag)


def _service(offer: Offer) -> str:
    return json.dumps(
        {
            "service": offer.number,
            "name": offer.name,
            "type": offer.type,
            "category": offer.category,
            "rate": money.text(offer.rate_micros),
            "min": str(offer.min),
            "max": str(offer.max),
            "refill": offer.refill,
            "cancel": offer.cancel,
            "dripfeed": offer.drip_feed,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )
