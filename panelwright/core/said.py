"""What this installation itself says where a stranger's own words may stand too, such as why a row of a provider's list
is left out or a request got no answer: a code with facts, in the shape of a text, so that it stands in the same fields.

`said("row_step", step=100)` is "¦row_step¦step=100": it can be cut anywhere and still be read. `words` puts it in the
reader's language and leaves a stranger's words as they are. They stand behind others, so that they are parts of
sentences. Who lets a stranger's words into such a field takes the mark out of them (`not_ours`). Pure.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_MARK, _INNER = "¦", "‖"
# Characters of a fact: codes stand in columns with other things.
FACT_MAX = 300


def gettext_noop(text: str) -> str:
    """As Django's, which would load Django: whoever reads a feed does without it (providers/posts/feed_child.py)."""
    return text


WORDS = {
    # -- why a row of a provider's list is left out
    "row_here": gettext_noop("it is here already"),
    "row_not_chosen": gettext_noop("it was not chosen"),
    "row_not_used": gettext_noop("no service here is delivered by it"),
    "row_twice": gettext_noop("its id stands in the list before; that row counts"),
    "row_no_id": gettext_noop("it has no id"),
    "row_no_name": gettext_noop("it has no name"),
    "row_no_rate": gettext_noop("it has no rate"),
    "row_rate_unclear": gettext_noop("its rate %(value)s may be a fraction or thousands"),
    "row_rate_unread": gettext_noop("its rate %(value)s cannot be read"),
    "row_rate_large": gettext_noop("its rate %(value)s is too large"),
    "row_price_large": gettext_noop("its rate is too large"),
    "row_minimum_unread": gettext_noop("its minimum %(value)s cannot be read"),
    "row_maximum_unread": gettext_noop("its maximum %(value)s cannot be read"),
    "row_maximum_low": gettext_noop("its maximum %(most)s is below its minimum %(least)s"),
    "row_currency": gettext_noop("its rate is in %(theirs)s, and the provider's rates are counted in %(ours)s"),
    "row_type": gettext_noop("its type %(type)s is not known here"),
    "row_step_unread": gettext_noop("its increment cannot be read"),
    "row_step": gettext_noop("no multiple of its increment %(step)s lies between %(least)s and %(most)s"),
    # -- how far a request of ours came, whoever it was sent to (core/transport.py, core/addresses.py)
    "net_name_silent": gettext_noop("the name server did not answer in time"),
    "net_name_unknown": gettext_noop("the name of this host is not known"),
    "net_private": gettext_noop("this host is not on the public internet, which is not allowed here"),
    "net_certificate": gettext_noop("the certificate is not valid: %(said)s"),
    "net_tls": gettext_noop("the encrypted connection (TLS) failed: %(said)s"),
    "net_connect_time": gettext_noop("no connection in time"),
    "net_connect": gettext_noop("no connection: %(said)s"),
    "net_no_answer": gettext_noop("no answer within %(seconds)s s after the request was sent"),
    "net_broke": gettext_noop("the connection broke after the request was sent: %(said)s"),
    "net_broke_off": gettext_noop("the answer broke off: %(said)s"),
    "net_long": gettext_noop("the answer is longer than %(bytes)s bytes"),
    "net_incomplete": gettext_noop("the answer was not complete within %(seconds)s s"),
    "net_frame_bytes": gettext_noop("the answer has more bytes than it says anything with"),
    "net_frame_heads": gettext_noop("the answer has more than %(count)s interim heads"),
    "net_frame_chunks": gettext_noop("the answer has more than %(count)s chunks"),
    "url_none": gettext_noop("this is not a URL"),
    "url_scheme": gettext_noop("the URL begins with https:// or http://"),
    "url_no_host": gettext_noop("the URL has no host"),
    "url_user": gettext_noop("the URL must not hold a user name or password"),
    "own_fault": gettext_noop("fault in our client: %(type)s"),
    "own_slow": gettext_noop("the worker was too slow, nothing was sent"),
    # -- what a provider answered, where it says nothing itself (providers/wire/panel_v2)
    "up_status": gettext_noop("HTTP %(status)s: %(said)s"),
    "up_broke": gettext_noop("HTTP %(status)s, %(said)s"),
    "up_empty": gettext_noop("HTTP %(status)s with an empty body"),
    "up_not_understood": gettext_noop("HTTP %(status)s with an answer that is not understood"),
    "up_many_values": gettext_noop("HTTP %(status)s with an answer of too many values"),
    "up_page": gettext_noop("HTTP %(status)s with a page instead of JSON"),
    "up_text": gettext_noop("HTTP %(status)s with a text instead of JSON"),
    "up_id_and_code": gettext_noop("HTTP %(status)s with the id %(id)s beside the code of an error"),
    "up_id": gettext_noop("HTTP %(status)s with the id %(id)s"),
    "up_id_and_error": gettext_noop("HTTP %(status)s with the id %(id)s beside the error: %(said)s"),
    "up_no_id": gettext_noop("%(provider)s said yes and gave no order id"),
    "up_id_taken": gettext_noop("%(provider)s answered with the id %(id)s, which another order has already"),
    "up_other_order": gettext_noop("%(provider)s has another order for it: %(said)s"),
    "up_wordless": gettext_noop("refused without a word"),
    "up_nothing": gettext_noop("the answer says nothing"),
    "up_limit": gettext_noop("too many requests"),
    "up_redirect": gettext_noop("redirected to %(url)s; enter that address"),
    "up_redirect_nowhere": gettext_noop("redirected, and no address to go to is named"),
    "up_left_out": gettext_noop("the answer leaves this id out"),
    "up_no_order": gettext_noop("nothing is said of this order"),
    "up_no_refill": gettext_noop("nothing is said of this refill"),
    "up_report": gettext_noop("the report is not understood"),
    "up_list_refused": gettext_noop("the whole list was refused: %(said)s"),
    "up_rows_many": gettext_noop("the price list has more than %(count)s rows"),
    "up_rows_none": gettext_noop("no row of the price list is understood: %(said)s"),
    "up_not_now": gettext_noop("the provider gets no more requests now; nothing was sent"),
    "up_rests": gettext_noop("it rests, or has had its requests of this minute"),
    "up_gone": gettext_noop("the provider is not there any more"),
    "no_transport": gettext_noop("nothing here speaks the transport %(name)s"),
    "too_large": gettext_noop("%(amount)s is more than can be kept"),
    "service_costly": gettext_noop("service %(service)s would cost more than can be kept"),
    "key_unreadable": gettext_noop(
        "the stored API key cannot be decrypted: enter it again, or have the installation's former secret key put back"
    ),
    "sender_stopped": gettext_noop("the sender stopped in the middle"),
    "once_requests": gettext_noop("once the provider takes requests"),
    # -- feeds (providers/posts)
    "feed_broken": gettext_noop("the feed is broken: it is not well-formed XML"),
    "feed_none": gettext_noop("this is no RSS, Atom or JSON feed"),
    "feed_tags": gettext_noop("the feed has more than %(count)s tags"),
    "feed_values": gettext_noop("the feed has more than %(count)s values"),
    "feed_json": gettext_noop("this is no whole JSON feed"),
    "feed_json_version": gettext_noop("this is JSON, but no JSON Feed of version 1"),
    "feed_effort": gettext_noop("the feed could not be read in the time and memory that a feed may take"),
    "feed_memory": gettext_noop("the feed takes more memory than a feed may"),
    "feed_status": gettext_noop("the server answers %(status)s"),
    "feed_moved": gettext_noop("the server answers %(status)s to %(url)s; give that address"),
    # -- webhooks of customers (events/webhook_rules.py)
    "hook_status": gettext_noop("the answer was %(status)s"),
    "hook_redirect": gettext_noop("the answer was %(status)s; redirects are not followed"),
    "hook_redirect_to": gettext_noop("the answer was %(status)s; redirects are not followed: %(url)s"),
    # -- letters (events/mail_rules.py)
    "mail_status": gettext_noop("the mail server answered %(status)s %(said)s"),
    "mail_halted": gettext_noop("the panel is suspended"),
    "mail_time": gettext_noop("the mail server did not answer in time"),
    "mail_connect": gettext_noop("no connection to the mail server: %(said)s"),
}


class Said(str):
    """A text that this installation made of a code; a stranger's words never are one."""

    __slots__ = ()


def said(code: str, **facts: object) -> Said:
    """A code of WORDS with its facts, as a text. A fact may be such a text itself, whose own facts are not."""
    assert code in WORDS, code
    return Said(_MARK.join(["", code, *(f"{name}={_fact(value)}" for name, value in facts.items())]))


def not_ours(text: str) -> str:
    """A stranger's words, so that they are never taken for a code of ours."""
    return text.replace(_MARK, "|")


def _fact(value: object) -> str:
    text = " ".join(str(value).split())
    text = text.replace(_INNER, "|").replace(_MARK, _INNER if is_ours(text) else "|")
    return text[:FACT_MAX]


def is_ours(text: str) -> bool:
    """Whether a text is a code with facts, and not somebody's own words."""
    return text.startswith(_MARK) and text[1:].partition(_MARK)[0] in WORDS


def words(text: str, translate: Callable[[str], str] = str) -> str:
    """In English, or as `translate` puts it; a stranger's words as they are. Facts that are not there never raise."""
    if not is_ours(text):
        return text
    code, *parts = text[1:].split(_MARK)
    facts = dict(part.partition("=")[::2] for part in parts)
    told = _Told({name: words(value.replace(_INNER, _MARK), translate) for name, value in facts.items()})
    return translate(WORDS[code]) % told


def everywhere(value: Any, translate: Callable[[str], str] = str) -> Any:
    """`words` of all texts in lists and objects, for answers to programs, which are in English."""
    if isinstance(value, str):
        return words(value, translate)
    if isinstance(value, Mapping):
        return {name: everywhere(one, translate) for name, one in value.items()}
    return [everywhere(one, translate) for one in value] if isinstance(value, list | tuple) else value


class _Told(dict[str, str]):
    def __missing__(self, name: str) -> str:
        return ""
