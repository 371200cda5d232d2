"""The loops of the two outboxes: webhooks and e-mail."""

from __future__ import annotations

from panelwright.core import clock
from panelwright.core.loop import AppLoops, LoopSpec
from panelwright.events import delivery_actions, mail_actions
from panelwright.events.delivery_actions import Tell
from panelwright.events.mail_loop import send_mails
from panelwright.events.webhook_loop import Webhooks

OUTBOX_IDLE_S = 1.0
TIDY_IDLE_S = 60.0


def loops(*, tell: Tell) -> AppLoops:
    """`tell` is called when a webhook was switched off because nobody answers there."""
    webhooks = Webhooks(tell)

    def finish(deadline: float) -> None:
        while webhooks.on_the_way() and clock.now().timestamp() < deadline:
            webhooks.write_down(wait_s=1.0)
        webhooks.close()

    return AppLoops(
        (
            LoopSpec("webhooks", webhooks.deliver, idle_s=OUTBOX_IDLE_S),
            LoopSpec("mail", send_mails, idle_s=OUTBOX_IDLE_S),
            LoopSpec("tidy", _tidy, idle_s=TIDY_IDLE_S),
        ),
        finish,
    )


def _tidy() -> int:
    """Forget what is old in the outboxes, a slice at a time."""
    return delivery_actions.tidy() + mail_actions.tidy()
