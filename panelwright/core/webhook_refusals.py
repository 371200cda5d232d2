"""The words of refusals about webhooks, notices and letters to many, for the registry (core/refusals.py)."""

from __future__ import annotations

from django.utils.translation import gettext_noop

from panelwright.core.refusal import Words

WEBHOOKS: dict[str, Words] = {
    # Webhooks of customers
    "webhook_url": Words(
        gettext_noop("Enter an address such as https://example.com/hook with at most %(limit)s characters.")
    ),
    "webhook_private": Words(gettext_noop("This address is not on the public internet.")),
    "webhook_names": Words(gettext_noop("Choose at least one.")),
    "webhook_answered": Words(gettext_noop("The address answered %(answer)s. It must answer 200 to 299."), status=409),
    "webhook_unreachable": Words(gettext_noop("The address cannot be reached: %(said)s."), status=409),
    "telegram_token": Words(
        gettext_noop("Telegram does not accept this token. Copy it again from @BotFather."), status=409
    ),
    "telegram_chat_id": Words(gettext_noop("Enter a number such as -1001234567890, or a name such as @my_channel.")),
    "telegram_taken": Words(gettext_noop("This chat already gets notices."), status=409),
    "telegram_no_chat": Words(
        gettext_noop(
            "Telegram cannot find this chat. Send the bot a message first, or add it to the group, and check the chat"
            " ID. (%(said)s)"
        ),
        status=409,
    ),
    "telegram_forbidden": Words(
        gettext_noop("The bot is not allowed to write to this chat. Unblock it, or add it to the group again."),
        status=409,
    ),
    "telegram_busy": Words(
        gettext_noop("Telegram asks us to slow down. Try again in %(seconds)s seconds."), status=409
    ),
    "telegram_refused": Words(gettext_noop("Telegram rejected the message: %(said)s."), status=409),
    "telegram_unreachable": Words(gettext_noop("Telegram cannot be reached from this server: %(said)s."), status=409),
    "unsubscribed": Words(gettext_noop("The customer unsubscribed from news and offers."), status=409),
    "letters_end": Words(gettext_noop("The account is suspended."), status=409),
    "no_token": Words(gettext_noop("Only notices in Telegram have a bot token."), status=409),
    "mail_not_sent": Words(gettext_noop("The email could not be sent: %(said)s."), status=409),
    "no_notice": Words(gettext_noop("Notice %(id)s not found."), status=404),
    "notice_kinds": Words(gettext_noop("Choose at least one.")),
    "notice_taken": Words(gettext_noop("This colleague already gets notices by email."), status=409),
    "notice_limit": Words(gettext_noop("A panel can have at most %(limit)s notices. Remove one first."), status=409),
    "webhook_description": Words(gettext_noop("Use at most %(limit)s characters.")),
    "webhook_limit": Words(gettext_noop("You have %(limit)s webhooks, the maximum. Delete one first.")),
    "webhook_taken": Words(gettext_noop("You already have a webhook with this address.")),
    "webhook_off": Words(gettext_noop("This webhook is off. Turn it on first.")),
    "no_webhook": Words(gettext_noop("Webhook not found.")),
    "no_panel_webhook": Words(gettext_noop("Webhook not found."), status=404),
    "no_delivery": Words(gettext_noop("Message not found."), status=404),
    "delivery_waits": Words(gettext_noop("This message is already being sent.")),
    "delivery_too_often": Words(gettext_noop("This message was sent %(limit)s times, the maximum.")),
}
