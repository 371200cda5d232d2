"""The services list as the API answers it: rendered once per price list and catalogue version."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import NamedTuple

from django.db import connection

from panelwright.catalog.types import BY_NAME
from panelwright.core import money, sql

_SERVICES = sql.Query(
    "SELECT v.number, v.name, v.type, g.name, v.rate_micros, v.min, v.max, v.refill, v.cancel, v.drip_feed, v.private,"
    " r.rate_micros FROM catalog_service v JOIN catalog_category g ON g.id = v.category_id"
    " LEFT JOIN catalog_pricelistrate r ON r.panel_id = v.panel_id AND r.service_id = v.id AND r.price_list_id = ?"
    " WHERE v.panel_id = ? AND v.enabled ORDER BY g.position, g.id, v.position, v.number"
)


class Rendered(NamedTuple):
    """A list ready to be sent. `etag` is quoted, as in the header."""

    body: bytes
    gzipped: bytes
    etag: bytes


# (panel id, price list id or 0, percent off, catalogue version)
Key = tuple[int, int, int, int]


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
    panel_id, price_list_id, percent_off_e2, _ = key
    rows = _SERVICES.rows(connection, price_list_id, panel_id)
    parts = [text for row in rows if (text := _service(row, percent_off_e2))]
    body = ("[" + ",".join(parts) + "]").encode("utf-8", "replace")
    etag = b'"' + hashlib.sha256(body).hexdigest()[:32].encode() + b'"'
    return Rendered(body, gzip.compress(body, 6, mtime=0), etag)


def _service(row: Sequence[object], percent_off_e2: int) -> str:
    number, name, type_, category, rate, low, high, refill, cancel, drip_feed, private, own_rate = row
    if own_rate is not None:
        rate = own_rate
    elif private:
        return ""
    elif percent_off_e2:
        rate = money.discounted(rate_micros=int(str(rate)), percent_off_e2=percent_off_e2)
    return json.dumps(
        {
            "service": number,
            "name": name,
            "type": type_,
            "category": category,
            "rate": money.text(int(str(rate))),
            "min": str(low),
            "max": str(high),
            "refill": bool(refill),
            "cancel": bool(cancel),
            "dripfeed": bool(drip_feed) and BY_NAME[str(type_)].drip_feed,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    )
