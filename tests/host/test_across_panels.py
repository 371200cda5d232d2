"""Which code reads the rows of all panels: few files, and of the sites the operators' queries alone."""

from __future__ import annotations

from tests.style.files import product_code, text_of

# What lets the ORM ask without a panel. Beside the operators' pages: loops that serve all panels and commands.
OPENS_ALL = {
    "panelwright/cli/demo_data.py",
    "panelwright/cli/setup.py",
    "panelwright/cli/subscription.py",
    "panelwright/core/rekey_actions.py",
    "panelwright/customers/host_guest_actions.py",
    "panelwright/customers/panel_link_actions.py",
    "panelwright/customers/panel_links.py",
    "panelwright/host/queries.py",
    "panelwright/payments/loops.py",
    "panelwright/providers/routing/merit_actions.py",
    "panelwright/providers/sync/syncing.py",
    "panelwright/receipts/loops.py",
}


def test_few_files_ask_over_all_panels() -> None:
    assert {path for path in product_code() if "scopes_disabled" in text_of(path)} == OPENS_ALL


def test_the_tables_of_the_host_point_to_no_panel_and_none_of_a_panel_to_them() -> None:
    from django.apps import apps

    ours = set(apps.get_app_config("host").get_models())
    assert {model.__name__ for model in ours} >= {"Operator", "OperatorSession", "OperatorRecoveryCode", "WorkerBeat"}
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            to = field.related_model
            if to is not None and (to in ours) != (model in ours):
                raise AssertionError(f"{model.__name__}.{field.name}")
