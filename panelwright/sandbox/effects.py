"""What stands in the place of an answer when a fault strikes."""

from __future__ import annotations

from collections.abc import Callable
from http.client import responses

from panelwright.sandbox import protocol
from panelwright.sandbox.checks import INVALID_KEY, SandboxRefusal
from panelwright.sandbox.dialects import Dialect
from panelwright.sandbox.faults import FaultEffect
from panelwright.sandbox.kinds import REFUSALS, TOO_MANY
from panelwright.sandbox.protocol import ApiCall
from panelwright.sandbox.wire import HTML, Ending, SandboxReply

_NOTHING = SandboxReply(200, b"")


def page(status: int) -> SandboxReply:
    """A page as a server in front of a panel writes it."""
    title = f"{status} {responses.get(status, '')}".strip()
    body = f"<!DOCTYPE html>\n<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>\n"
    return SandboxReply(status, body.encode(), content_type=HTML)


def instead(strike: FaultEffect, *, dialect: Dialect, asked: ApiCall, answer: SandboxReply = _NOTHING) -> SandboxReply:
    """The reply to a call that was struck. `answer` is the panel's, where the call came that far."""
    assert strike.instead is not None
    settings = strike.instead.settings

    def refuse(refusal: SandboxRefusal, *, status: int | None = None) -> SandboxReply:
        return protocol.refuse(dialect, refusal, status=status)

    makers: dict[str, Callable[[], SandboxReply]] = {
        "timeout": lambda: SandboxReply(200, b"", ending=Ending.SILENCE, hold_s=settings["seconds"]),
        "reset": lambda: SandboxReply(200, b"", ending=Ending.RESET),
        "cut": lambda: answer.ended(Ending.CUT),
        "html": lambda: page(200),
        "http": lambda: _http(settings["status"], settings["body"], refuse(_failure(settings)), answer),
        "redirect": lambda: page(settings["status"]).with_header("location", settings["location"]),
        "refuse": lambda: refuse(
            REFUSALS[settings["code"]] if "code" in settings else SandboxRefusal(settings["text"], "")
        ),
        "rate_limit": lambda: (
            refuse(TOO_MANY)
            if settings["in_body"]
            else refuse(TOO_MANY, status=429).with_header("retry-after", str(settings["retry_after_s"]))
        ),
        "wrong_key": lambda: refuse(INVALID_KEY),
        "duplicate": lambda: protocol.speak(dialect, asked, {"order": strike.latest}),
    }
    return makers[strike.instead.fault]()


def _failure(settings: dict[str, str]) -> SandboxRefusal:
    return SandboxRefusal(settings["text"], "failure")


def _http(status: int, body: str, refusal: SandboxReply, answer: SandboxReply) -> SandboxReply:
    made = {"error": refusal, "empty": _NOTHING, "page": page(status), "answer": answer}[body]
    return made.with_status(status)
