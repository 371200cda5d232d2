"""What stands in the place of an answer when a fault strikes."""

from __future__ import annotations

from collections.abc import Callable
from http.client import responses

from panelwright.sandbox import speech
from panelwright.sandbox.checks import INVALID_KEY, Refusal
from panelwright.sandbox.dialects import Dialect
from panelwright.sandbox.faults import Strike
from panelwright.sandbox.kinds import REFUSALS, TOO_MANY
from panelwright.sandbox.speech import Asked
from panelwright.sandbox.wire import HTML, Ending, Reply

_NOTHING = Reply(200, b"")


def page(status: int) -> Reply:
    """A page as a server in front of a panel writes it."""
    title = f"{status} {responses.get(status, '')}".strip()
    body = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    return Reply(status, body.encode(), content_type=HTML)


def instead(strike: Strike, *, dialect: Dialect, asked: Asked, answer: Reply = _NOTHING) -> Reply:
    """The reply to a call that was struck. `answer` is the panel's, where the call came that far."""
    assert strike.instead is not None
    settings = strike.instead.settings

    def refuse(refusal: Refusal, *, status: int | None = None) -> Reply:
        return speech.refuse(dialect, refusal, status=status)

    makers: dict[str, Callable[[], Reply]] = {
        "timeout": lambda: Reply(200, b"", ending=Ending.SILENCE, hold_s=settings["seconds"]),
        "reset": lambda: Reply(200, b"", ending=Ending.RESET),
        "cut": lambda: answer.ended(Ending.CUT),
        "html": lambda: page(200),
        "http": lambda: _http(settings["status"], settings["body"], refuse(_failure(settings)), answer),
        "redirect": lambda: page(settings["status"]).with_header("location", settings["location"]),
        "refuse": lambda: refuse(REFUSALS[settings["code"]] if "code" in settings else Refusal(settings["text"], "")),
        "rate_limit": lambda: (
            refuse(TOO_MANY)
            if settings["in_body"]
            else refuse(TOO_MANY, status=429).with_header("retry-after", str(settings["retry_after_s"]))
        ),
        "wrong_key": lambda: refuse(INVALID_KEY),
        "duplicate": lambda: speech.speak(dialect, asked, {"order": strike.latest}),
    }
    return makers[strike.instead.fault]()


def _failure(settings: dict[str, str]) -> Refusal:
    return Refusal(settings["text"], "failure")


def _http(status: int, body: str, refusal: Reply, answer: Reply) -> Reply:
    made = {"error": refusal, "empty": _NOTHING, "page": page(status), "answer": answer}[body]
    return made.with_status(status)
