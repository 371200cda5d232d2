"""The demonstration starts again on its folder, with its provider at another port, and sells without money."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django_scopes import scope

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("preset", ["bare", "painelgramsmm"])
def test_a_second_start_finds_its_provider_and_its_methods(settings: Any, tmp_path: Path, preset: str) -> None:
    from panelwright.catalog.panel_actions import build_panel
    from panelwright.cli import demo_data, demo_payments
    from panelwright.cli.demo import DemoProvider
    from panelwright.core.secret import installation_box
    from panelwright.panels.presets import load
    from panelwright.payments.models import PaymentMethod
    from panelwright.providers.models import Provider

    settings.TEST_PAYMENTS = True
    panel = build_panel(load(preset), slug=preset, domains=[])
    with scope(panel=panel):
        for port in (8901, 8902):
            upstream = DemoProvider(port=port, key="k" * 32, bargain_key="b" * 32, token="t", file=tmp_path / "x")
            demo_data._route(panel, load(preset), upstream)
            demo_payments.ensure(panel)
        provider = Provider.objects.get(panel=panel, name=demo_data.USUAL)
        assert provider.url == "http://127.0.0.1:8902/api/v2"
        assert installation_box().open(provider.sealed_key) == "k" * 32
        methods = PaymentMethod.objects.filter(panel=panel).order_by("position")
        found = list(methods.values_list("kind", "currency", "enabled", "live"))
        assert found == [("stripe", panel.currency, True, False), ("mercado_pago", "BRL", True, False)]
