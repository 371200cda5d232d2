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


def test_an_operator_is_told_once_and_can_log_in(settings: Any, tmp_path: Path) -> None:
    """With the password and a recovery code of demo.json, at the host of the operators' pages."""
    import json

    from panelwright.cli import demo_data
    from panelwright.cli.demo import DemoProvider
    from panelwright.host import login_actions
    from panelwright.host.models import Operator

    settings.HOST_SITE = "host.localhost"
    upstream = DemoProvider(port=8903, key="k" * 32, bargain_key="b" * 32, token="t", file=tmp_path / "x")
    told = [demo_data.ensure([], folder=tmp_path, host="127.0.0.1", port=8000, upstream=upstream)["host"]]
    (tmp_path / "demo.json").write_text(json.dumps({"panels": [], "host": told[0]}))
    told.append(demo_data.ensure([], folder=tmp_path, host="127.0.0.1", port=8100, upstream=upstream)["host"])
    assert [one["url"] for one in told] == ["http://host.localhost:8000/", "http://host.localhost:8100/"]
    assert {**told[0], "url": ""} == {**told[1], "url": ""}, "the same again"
    assert Operator.objects.count() == 1
    caller = login_actions.Caller("127.0.0.1", "test")
    proof = login_actions.log_in(email=told[0]["email"], password=told[0]["password"], caller=caller)
    assert isinstance(proof, login_actions.OperatorProof)
    came = login_actions.log_in_with_code(proof=proof.text, code=told[0]["recovery_codes"][0], caller=caller)
    assert isinstance(came, login_actions.OperatorIn)
