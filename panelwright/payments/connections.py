"""How the gateway of a method is reached: its functions, and what its owner has set, with secrets in the clear."""

from __future__ import annotations

import json

from django.conf import settings

from panelwright.core.secret import installation_box
from panelwright.payments import registry
from panelwright.payments.gateway import Api, Connection
from panelwright.payments.models import PaymentMethod


def connection_of(method: PaymentMethod) -> Connection:
    """Raises ValueError where its secrets cannot be opened any more."""
    kept = json.loads(installation_box().open(method.secrets_sealed)) if method.secrets_sealed else {}
    base_url = f"{settings.SANDBOX_GATEWAYS}/{method.kind}" if settings.SANDBOX_GATEWAYS else ""
    return Connection(method.settings, kept, base_url, settings.PRIVATE_GATEWAYS)


def api_of(method: PaymentMethod) -> Api | None:
    """None: a method by hand, or one whose gateway is not installed any more."""
    gateway = registry.gateway(method.kind)
    return None if gateway is None else gateway.api
