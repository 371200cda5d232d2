"""How the demonstration's visitors add funds: by a simulated Stripe and a simulated Pix, which take no money."""

from __future__ import annotations

from typing import Any

from panelwright.core import money
from panelwright.panels.models import Panel
from panelwright.payments import method_actions
from panelwright.payments.models import RATE_ONE, PaymentMethod
from panelwright.sandbox import simulated_mercado_pago, simulated_stripe

# What a real is worth in a panel's currency, in 10^-12: for looking at, not for trading.
_REAL = {"USD": 18 * 10**10, "BRL": RATE_ONE}
_NOTES = {
    "en": ("Card", "Demo: no money is taken", "Pix", "Demo: no money is taken"),
    "es": ("Tarjeta", "Demostración: no se cobra nada", "Pix", "Demostración: no se cobra nada"),
    "pt-br": ("Cartão", "Demonstração: nada é cobrado", "Pix", "Demonstração: nada é cobrado"),
    "ru": ("Карта", "Демонстрация: деньги не списываются", "Pix", "Демонстрация: деньги не списываются"),
}


def ensure(panel: Panel) -> None:
    """The methods of a panel that has none yet. In the panel's scope."""
    if PaymentMethod.objects.filter(panel=panel).exists():
        return
    _add(
        panel,
        "stripe",
        0,
        {"currency": panel.currency, "fee_percent_e2": 290, "fee_fixed_micros": 300_000, "bonuses": "100 5"},
        {"key": "sk_test_ofthedemonstration", "hook_secret": simulated_stripe.SECRET},
    )
    if panel.currency in _REAL:
        _add(
            panel,
            "mercado_pago",
            2,
            {"currency": "BRL", "rate_e12": _REAL[panel.currency], "min_micros": 10 * money.MICROS},
            {
                "product": "pix",
                "token": simulated_mercado_pago.TOKEN,
                "hook_secret": simulated_mercado_pago.SECRET,
            },
        )


def _add(panel: Panel, kind: str, at: int, terms: dict[str, Any], entered: dict[str, Any]) -> None:
    row = method_actions.add(panel_id=panel.id, kind=kind, name=_NOTES["en"][at])
    method_actions.set_method(panel_id=panel.id, method_id=row.id, position=at, **terms)
    method_actions.set_gateway(panel_id=panel.id, method_id=row.id, **entered)
    for language in {panel.language, *panel.languages} & set(_NOTES):
        name, note = _NOTES[language][at : at + 2]
        method_actions.set_texts(panel_id=panel.id, method_id=row.id, language=language, name=name, note=note)
    method_actions.turn(panel_id=panel.id, method_id=row.id, enabled=True)
