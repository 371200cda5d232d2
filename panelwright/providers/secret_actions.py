"""What `request_id`s are made of. It must not change: an order that is sent again goes by the same one."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction

from panelwright.core.secret import installation_box
from panelwright.providers.models import HostSecret

REQUESTS = "request ids"


def request_secret() -> str:
    """The installation's own, kept from the first order on, whatever keys it has later.

    Raises ValueError when it was sealed with a key that is not known any more: with another one, an order
    that had arrived might be sent a second time.
    """
    kept = HostSecret.objects.filter(name=REQUESTS).first()
    if kept is None:
        # The oldest key: orders from before this row were sent with it.
        oldest = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS][-1]
        kept, _ = HostSecret.objects.get_or_create(name=REQUESTS, defaults={"sealed": installation_box().seal(oldest)})
    try:
        return installation_box().open(kept.sealed)
    except ValueError:
        raise ValueError(
            "what request ids are made of was sealed with a secret key that is not known any more: put it into"
            " PANELWRIGHT_SECRET_KEY_FALLBACKS, or run `panelwright rekey --lost`"
        ) from None


def replace_lost_secret() -> bool:
    """Take the present key in place of one that cannot be opened any more. False when it can be."""
    with transaction.atomic():
        try:
            request_secret()
        except ValueError:
            sealed = installation_box().seal(settings.SECRET_KEY)
            return bool(HostSecret.objects.filter(name=REQUESTS).update(sealed=sealed))
    return False
