"""The words of the panel API v2: refusal texts and the shapes of answers. Pure; see PROTOCOL.md sections 1 to 4.

Clients compare bytes, so answers are written compactly and keys stand in the documented order.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date

from panelwright.core import money, refusals
from panelwright.core.refusal import Refusal
from panelwright.customers.access import Grant
from panelwright.orders import reasons
from panelwright.orders.models import OrderKind
from panelwright.orders.queries import Progress, Standing
from panelwright.orders.rules import Replayed

IDS_MAX = 100
DETAIL_MAX = 300  # bytes
_ITEMS_MAX = 10 * IDS_MAX

# The refusals that the API tells. Clients sort texts by substring, so every word matters.
TEXTS = {code: words.wire for code, words in refusals.REFUSALS.items() if words.wire}


def text(refusal: Refusal) -> str:
    """A refusal in the words of the wire (core/refusals.py)."""
    return refusals.wire(refusal)


def detail(refusal: Refusal) -> bytes:
    """Why exactly, for the header X-Error-Detail: English and safe in a head, whatever the facts are; mostly empty."""
    said = reasons.text(refusal) if refusal.why else ""
    return "".join(c if " " <= c <= "~" else "?" for c in said).encode()[:DETAIL_MAX]


def dump(value: object) -> bytes:
    """Compact UTF-8 JSON. A lone surrogate, which has no UTF-8, becomes a question mark."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def error(refusal: Refusal) -> bytes:
    return dump({"error": text(refusal)})


_BAD_ORDER = dump({"error": TEXTS["bad_order"]}).decode()


class Ids:
    """A list of ids as a client sent it: up to 100, in order, an id that comes again once, garbage included."""

    __slots__ = ("known", "numbers", "sent")

    def __init__(self, sent: str) -> None:
        # Of a megabyte of commas not every one is looked at.
        items = [item.strip() for item in sent.split(",", _ITEMS_MAX)[:_ITEMS_MAX]]
        self.sent: list[str] = []
        self.numbers: list[int | None] = []
        # Those that are numbers; in `numbers` None stands for the others.
        self.known: set[int] = set()
        for item in items:
            if not item:
                continue
            id_ = number(item)
            if id_ is not None:
                if id_ in self.known:
                    continue
                self.known.add(id_)
            self.sent.append(item)
            self.numbers.append(id_)
            if len(self.sent) == IDS_MAX:
                break


def number(item: str) -> int | None:
    """The id that an item stands for, or None. Leading zeros are garbage: nobody was ever given such an id."""
    # isdigit alone would take "²" and the digits of other scripts.
    if item.isdigit() and item.isascii() and len(item) <= 18 and item[0] != "0":
        return int(item)
    return None


def echo(item: str) -> int | str:
    """An id in a list of answers: a number, or as text where it is none."""
    value = number(item)
    return item if value is None else value


class Replay(bytes):
    """An answer that was given before, to the first call with this request_id; a header says so."""


def added(order: int) -> bytes:
    body = b'{"order":%d}' % order
    return Replay(body) if isinstance(order, Replayed) else body


def price(micros: int, currency: str) -> bytes:
    """The answer to a dry run."""
    return f'{{"charge":"{money.text(micros)}","currency":"{currency}"}}'.encode()


def balance(micros: int, currency: str) -> bytes:
    return f'{{"balance":"{money.text(micros)}","currency":"{currency}"}}'.encode()


def standing(order: Standing, progress: Mapping[int, Progress], currency: str) -> str:
    """One order's status. All texts and never null; schedules carry more keys behind the five."""
    # Written by hand: a request may ask for 100 of them, and the values need no escaping.
    _, _, charge_micros, start_count, status, remains, scheduled = order
    five = (
        f'{{"charge":"{money.text(charge_micros)}","start_count":"{start_count or 0}",'
        f'"status":"{status}","remains":"{remains}","currency":"{currency}"'
    )
    return f"{five}}}" if scheduled is None else five + _more(progress[scheduled])


def _more(progress: Progress) -> str:
    orders = "[" + ",".join(map(str, progress.children)) + "]"
    if progress.kind == OrderKind.DRIP_FEED.value:
        return f',"runs":"{progress.runs_done}","orders":{orders}}}'
    return f',"posts":"{progress.posts_done}","orders":{orders},"expiry":"{expiry(progress.expires_on)}"}}'


def with_order(order: int, said: str) -> bytes:
    """A status that was asked for by request_id: it says which order it is of."""
    return f'{{"order":{order},{said[1:]}'.encode()


def expiry(on: date | None) -> str:
    return f"{on.day:02d}/{on.month:02d}/{on.year:04d}" if on else ""


def standings(ids: Ids, of_panel: Mapping[int, Standing], grant: Grant, progress: Mapping[int, Progress]) -> bytes:
    """`status` of many: an object keyed by the ids as sent. `of_panel`: orders by number, whoever they belong to."""
    customer_id, currency, find = grant.customer_id, grant.currency, of_panel.get
    said: list[str] = []
    garbage: set[str] = set()
    for sent, number_ in zip(ids.sent, ids.numbers, strict=True):
        order = find(number_) if number_ is not None else None
        if order is not None and order[1] == customer_id:
            said.append(f'"{sent}":{standing(order, progress, currency)}')
        elif number_ is not None:
            # A number needs no escaping.
            said.append(f'"{sent}":{_BAD_ORDER}')
        elif sent not in garbage:
            garbage.add(sent)
            said.append(f"{json.dumps(sent, ensure_ascii=False)}:{_BAD_ORDER}")
    return ("{" + ",".join(said) + "}").encode("utf-8", "replace")


def listed(name: str, ids: Ids, key: str, values: Sequence[object]) -> bytes:
    """Answers to many refills, refill states or cancels: always a list, in the order asked."""
    return dump(
        [
            {name: echo(sent), key: {"error": text(value)} if isinstance(value, Refusal) else value}
            for sent, value in zip(ids.sent, values, strict=True)
        ]
    )
