"""Finding the refusal in an answer, in every shape that panels give it.

Pure functions on parsed JSON and on Reply; none of them raises.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from panelwright.core import limits
from panelwright.core.reply import HttpReply, decode
from panelwright.core.said import Said, said
from panelwright.providers.wire.folding import fold
from panelwright.providers.wire.outcomes import Reason, Unknown, UpstreamRefused
from panelwright.providers.wire.panel_v2.echoes import without_echoes
from panelwright.providers.wire.panel_v2.error_phrases import (
    classify,
    looked_up,
    refuses_a_known_request_id,
    tells_of_a_breakdown,
)
from panelwright.providers.wire.panel_v2.values import MISSING, too_many_values

WORDLESS = said("up_wordless")

_ERROR_KEYS = ("error", "errors", "error_message", "errormessage")
_TEXT_KEYS = ("message", "msg", "text", "description", "reason", "detail", "error_description", "data", "response")
_FLAG_KEYS = ("status", "success", "ok", "result")
_NEGATIVE = frozenset({"fail", "failed", "failure", "error", "false", "err", "ko"})
_POSITIVE = frozenset({"success", "successful", "succes", "ok", "true", "1", "200"})
# Texts that stand where an error would be, and mean that there is none.
_NO_ERROR = frozenset(
    {"", "0", "false", "null", "none", "no", "undefined", "no error", "no errors", "success", "ok", "n a", "nil"}
    | {"нет", "нет ошибок", "нет ошибки", "ошибок нет", "без ошибок", "немає", "успешно"}
    | {"nao", "nenhum", "nenhuma", "sem erro", "sem erros", "ningun", "ninguno", "ninguna", "sin error", "sin errores"}
    | {"yok", "hata yok", "aucun", "aucune", "kein", "keine", "nessun", "nessuno", "brak", "tidak ada", "khong", "无"}
)


def lowered(value: object) -> dict[str, Any]:
    """The object with its keys in lower case, or {} where this is none."""
    return {str(k).strip().lower(): v for k, v in value.items()} if isinstance(value, dict) else {}


def refusal_text(value: object) -> str | None:
    """What an answer refuses with, or None where it does not refuse.

    {"error":text}, {"error":{field:[text]}}, {"errors":…}, {"status":"fail","message":…},
    {"status":"error","msg":…}, {"status":false,"data":text}, {"success":false}. WORDLESS where it
    refuses and does not say why.
    """
    obj = lowered(value)
    for key in _ERROR_KEYS:
        if _is_error(obj.get(key)):
            text = flatten(obj[key]) if not isinstance(obj[key], (bool, int)) else ""
            return text or _message(obj) or WORDLESS
    if any(is_negative(obj.get(key)) for key in _FLAG_KEYS) or _zero_flag(obj):
        return _message(obj) or WORDLESS
    return None


def _zero_flag(obj: dict[str, Any]) -> bool:
    """{"success":0}, and {"status":0,"message":…}: alone, a status of 0 may be an order that is pending."""
    if any(key in obj and not isinstance(obj[key], bool) and obj[key] in (0, "0") for key in ("success", "ok")):
        return True
    return obj.get("status") in (0, "0") and any(isinstance(obj.get(key), str) for key in ("message", "msg"))


def is_negative(value: object) -> bool:
    """False, "fail", "error": a status that says no. 0 is not: as a state it means pending."""
    return value is False or (isinstance(value, str) and value.strip().lower() in _NEGATIVE)


def is_positive(value: object) -> bool:
    """True, 1, "success", "ok": a status that says yes, and is no state of an order."""
    if isinstance(value, str):
        return value.strip().lower() in _POSITIVE
    return value is True or (isinstance(value, int) and value in (1, 200))


def _is_error(value: object) -> bool:
    if isinstance(value, str):
        return fold(value) not in _NO_ERROR
    return bool(value)


def _message(obj: dict[str, Any]) -> str:
    return next((text for key in _TEXT_KEYS if (text := flatten(obj.get(key)))), "")


def flatten(value: object) -> str:
    """The words inside a text, a list of texts, or {field: [texts]}; "" where there are none."""
    return "; ".join(_texts(value, depth=4))[:2_000]


def _texts(value: object, *, depth: int) -> Iterator[str]:
    if isinstance(value, str):
        if value.strip():
            yield value.strip()[:2_000]
    elif depth and isinstance(value, list):
        for item in value[:10]:
            yield from _texts(item, depth=depth - 1)
    elif depth and isinstance(value, dict):
        obj = lowered(value)
        words = next((obj[key] for key in ("message", "msg", "text") if isinstance(obj.get(key), str)), None)
        if words is not None:
            yield from _texts(words, depth=depth - 1)
            return
        for key, item in list(obj.items())[:10]:
            for text in _texts(item, depth=depth - 1):
                # The field tells "required" of one from "required" of another.
                yield text if key in _ERROR_KEYS else f"{key[:40]}: {text}"


class Understood(NamedTuple):
    """What a text says by the provider's own words in it. See refusal_words for `firm`."""

    reason: Reason = Reason.OTHER
    firm: bool = False
    breakdown: bool = False
    known_request_id: bool = False


# Of what was not looked at nothing is concluded: it may tell of a breakdown, or of a request_id that is known.
NOT_LOOKED_AT = Understood(breakdown=True, known_request_id=True)


def understood(reply: HttpReply, text: str) -> Understood:
    """What a text of an answer says; NOT_LOOKED_AT once its texts together are beyond the limits.

    What is worked out is kept with the answer: the same text is asked about several times, and a hundred orders may
    have the same.
    """
    kept: _Lookups = reply.notes.setdefault(_Lookups, _Lookups())
    if text in kept.texts:
        return kept.texts[text]
    if kept.left <= 0:
        return NOT_LOOKED_AT
    own = without_echoes(text, reply.sent)
    kept.texts[text] = NOT_LOOKED_AT if own is None else _looked_up(kept, own)
    return kept.texts[text]


@dataclass(slots=True)
class _Lookups:
    """What is kept with an answer: what its texts say, and how many characters may still be looked up."""

    left: int = limits.REFUSALS_CHARS_MAX
    texts: dict[str, Understood] = field(default_factory=dict)
    folded: dict[tuple[str, ...], Understood] = field(default_factory=dict)


def _looked_up(kept: _Lookups, own: str) -> Understood:
    folded = looked_up(own)
    if folded not in kept.folded:
        kept.left -= sum(map(len, folded))
        if kept.left < 0:
            return NOT_LOOKED_AT
        says = Understood(*classify(own), tells_of_a_breakdown(own), refuses_a_known_request_id(own))
        kept.folded[folded] = says
    return kept.folded[folded]


def refused(reply: HttpReply, text: str) -> UpstreamRefused:
    """A refusal with its class. The class comes from the whole text, before it is cleaned and cut."""
    says = understood(reply, text)
    retry_after_s = reply.retry_after_s if says.reason is Reason.LIMIT else None
    known = says.known_request_id
    return UpstreamRefused(says.reason, reply.clean(text) or WORDLESS, retry_after_s, known_request_id=known)


def is_clear(reply: HttpReply, text: str) -> bool:
    """True for a text that says no, not one that reports a breakdown in the middle of the work."""
    says = understood(reply, text)
    return not says.breakdown and (says.firm or reply.status < 500)


def unknown(reply: HttpReply, text: str) -> Unknown:
    # Of control characters and markup alone, nothing is left for a person to read.
    return Unknown(reply.clean(text) or said("up_nothing"), reply.evidence)


def unclear(reply: HttpReply, text: str) -> Unknown:
    """A refusal that does not say for certain that nothing was done."""
    return unknown(reply, said("up_status", status=reply.status, said=reply.clean(text)))


def limited(reply: HttpReply, value: object) -> UpstreamRefused:
    """HTTP 429: the class is LIMIT, whatever the body says."""
    text = whole_text(reply, value) or said("up_limit")
    known = understood(reply, text).known_request_id
    return UpstreamRefused(Reason.LIMIT, reply.clean(text), reply.retry_after_s, known_request_id=known)


def is_known(reply: HttpReply, text: str) -> bool:
    """Whether a text is one of the refusals that are known."""
    return understood(reply, text).reason is not Reason.OTHER


def plain_refusal(reply: HttpReply) -> str | None:
    """The text of a short body that is no JSON and no page, such as `Invalid API key`, if its class is known."""
    text = decode(reply.body[:2_000]).strip()
    if reply.broke or not text or len(text) > 300 or text[0] in "<{[" or "</" in text:
        return None
    return text if is_known(reply, text) else None


def what_came(reply: HttpReply, value: object = MISSING) -> Said:
    """One line on an answer that says nothing: for Unknown.text."""
    if reply.broke:
        return said("up_broke", status=reply.status, said=reply.broke)
    if not reply.body.strip():
        return said("up_empty", status=reply.status)
    if value is not MISSING:
        return said("up_not_understood", status=reply.status)
    if too_many_values(reply):
        return said("up_many_values", status=reply.status)
    return said("up_page" if b"<" in reply.body[:2_000] else "up_text", status=reply.status)


def top_refusal(reply: HttpReply, value: object) -> UpstreamRefused | None:
    """The refusal of the whole request, for the actions that only read."""
    if reply.status == 429:
        return limited(reply, value)
    if moved(reply):
        return redirected(reply)
    text = whole_text(reply, value)
    return None if text is None else refused(reply, text)


def moved(reply: HttpReply) -> bool:
    """A redirect that tells to ask elsewhere. 303 is none: it says that the POST was worked on."""
    return reply.status in (301, 302, 307, 308)


def redirected(reply: HttpReply) -> UpstreamRefused:
    """Redirects are not followed: clients that do turn the POST into a GET, and an address that nobody
    entered would get the key."""
    where = reply.clean(reply.location)
    told = said("up_redirect", url=where) if where else said("up_redirect_nowhere")
    return UpstreamRefused(Reason.OTHER, told)


def whole_text(reply: HttpReply, value: object) -> str | None:
    """The refusing text of a whole answer, also as a list of one, a bare string, or plain text."""
    if isinstance(value, list) and len(value) == 1 and any(key in lowered(value[0]) for key in _ERROR_KEYS):
        value = value[0]
    if isinstance(value, str):
        return value if is_known(reply, value) else None
    if value is MISSING:
        return plain_refusal(reply)
    text = refusal_text(value)
    if text is not None:
        return text
    # {"message":"Unauthenticated."} and the like: only a sentence that is known, or an HTTP status, says no.
    obj = lowered(value)
    words = next((words for key in ("message", "msg") if (words := flatten(obj.get(key)))), "")
    if words and not any(is_positive(obj.get(key)) for key in _FLAG_KEYS):
        return words if reply.status >= 400 or understood(reply, words).firm else None
    return None
