"""Signed webhooks as the Standard Webhooks write them: secrets, signing, checking. Pure."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Mapping, Sequence
from datetime import datetime

from standardwebhooks.webhooks import Webhook, WebhookVerificationError

_HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


def new_secret() -> str:
    """As the standard writes it: whsec_ and 24 random bytes in base64."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


def signed(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
    """Whether the body was signed with the secret, not more than five minutes ago or ahead."""
    try:
        Webhook(secret).verify(body, {name: headers.get(name, "") for name in _HEADERS}, json_parse=False)
    except (WebhookVerificationError, ValueError, OverflowError):
        return False
    return True


def headers(secrets_: Sequence[str], *, message_id: str, at: datetime, body: str) -> dict[str, str]:
    """The three headers of a message, signed with each of the secrets."""
    signatures = (Webhook(secret).sign(message_id, at, body) for secret in secrets_)
    return dict(zip(_HEADERS, (message_id, str(int(at.timestamp())), " ".join(signatures)), strict=True))
