"""What every command that touches the database does first, and what several of them look up."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from panelwright.cli.main import CommandRefused
from panelwright.core.private import make_folder, open_to_others

if TYPE_CHECKING:
    from django.db.migrations.executor import MigrationExecutor

    from panelwright.catalog.models import Service
    from panelwright.customers.models import Customer, Staff
    from panelwright.panels.models import Panel
    from panelwright.providers.models import Provider
    from panelwright.providers.wire.upstream import Upstream
    from panelwright.staff.actions import Performed


def django(*, migrated: bool = True) -> None:
    """Load Django. Raises Refused when the settings are wrong or (migrated) the database is not up to date."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "panelwright.settings")
    try:
        import django as framework

        framework.setup()
    except (ValueError, OSError) as error:
        raise CommandRefused(str(error)) from None
    if migrated:
        refuse_newer()
        if pending_migrations():
            raise CommandRefused(
                "the database is not at this version: stop every process of the version before, run `panelwright"
                " migrate`, then start this one (docs/how-to/upgrade.md)"
            )


# The first patch releases in which cookies are not read in a time that grows with their length squared.
SAFE_PYTHON = {(3, 11): 10, (3, 12): 6}


def old_python(version: tuple[int, int, int]) -> str:
    """What is to be said of this Python; nothing of one that is new enough."""
    least = SAFE_PYTHON.get(version[:2], 0)
    if version[2] >= least:
        return ""
    newer = " or later, ".join(f"{major}.{minor}.{patch}" for (major, minor), patch in SAFE_PYTHON.items())
    return (
        f"Python {'.'.join(map(str, version))} has known holes that later patch releases mend: use {newer} or later."
        " Panelwright goes round the one in reading cookies, by which anybody could hold up a server."
    )


def refuse_mixed_money() -> None:
    """Test money and real money never mix: refused where simulated gateways or test payments could credit a panel that
    takes real money. For what starts processes, after `django` and with the database at this version.
    """
    from django.conf import settings
    from django_scopes import scopes_disabled

    from panelwright.payments import queries

    simulated, tests = bool(settings.SANDBOX_GATEWAYS), settings.TEST_PAYMENTS
    if simulated and not tests:
        raise CommandRefused(
            "PANELWRIGHT_SANDBOX_GATEWAYS names simulated payment gateways, where anybody can pay with nothing:"
            " unset it; on an installation for tests alone, set PANELWRIGHT_TEST_PAYMENTS=1 as well"
        )
    if not tests:
        return
    with scopes_disabled():
        real = queries.takes_real_money()
    if real is not None:
        panel, method = real
        raise CommandRefused(
            f"panel {panel} takes real money by the payment method “{method}”, and PANELWRIGHT_TEST_PAYMENTS=1 would"
            " let test money onto its balances: unset it (and PANELWRIGHT_SANDBOX_GATEWAYS); on an installation for"
            " tests alone, turn the method off"
        )


def warn() -> None:
    """Say what is not safe on this machine. For what starts processes, after `django`."""
    old = old_python(sys.version_info[:3])
    if old:
        logging.getLogger("panelwright").warning(old)
    warn_of_open_files()


def warn_of_open_files() -> None:
    """Say which files other users of the machine can read."""
    from django.conf import settings
    from django.db import connection

    files = [settings.DATA / "secret.key"]
    if connection.vendor == "sqlite":
        files.append(Path(str(connection.settings_dict["NAME"])))
    warnings = open_to_others(settings.DATA, files)
    letters = settings.MAIL.get("folder")
    if letters and settings.DATA not in Path(letters).parents:
        warnings += open_to_others(Path(letters))
    for warning in warnings:
        logging.getLogger("panelwright").warning(warning)


def key_in_environment() -> bool:
    """Whether the secret keys come from the environment, not from the data folder's file."""
    return bool(os.environ.get("PANELWRIGHT_SECRET_KEY") or os.environ.get("PANELWRIGHT_SECRET_KEY_FALLBACKS"))


def _executor() -> MigrationExecutor:
    """What is known of the database's migrations. Raises Refused when it cannot be reached."""
    from django.db import OperationalError, connection
    from django.db.migrations.executor import MigrationExecutor

    try:
        return MigrationExecutor(connection)
    except OperationalError as error:
        raise CommandRefused(f"the database cannot be reached: {error}") from None


def pending_migrations() -> bool:
    """Whether the database lacks migrations. Raises Refused when it cannot be reached."""
    executor = _executor()
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def newer_migrations() -> list[str]:
    """Our migrations that the database has had and this version does not know. Raises Refused as above."""
    from django.apps import apps

    loader = _executor().loader
    ours = {config.label for config in apps.get_app_configs() if config.name.startswith("panelwright.")}
    return sorted(
        f"{app} {name}"
        for app, name in loader.applied_migrations
        if app in ours and (app, name) not in loader.disk_migrations
    )


def refuse_newer() -> None:
    """Raises Refused where a newer version has migrated the database: nothing of ours may write into that."""
    newer = newer_migrations()
    if newer:
        more = f" and {len(newer) - 1} more" if len(newer) > 1 else ""
        raise CommandRefused(
            f"a newer version of Panelwright has migrated this database ({newer[0]}{more}): start that version, or"
            " restore the backup from before it (docs/how-to/upgrade.md)"
        )


def migrate(*, verbosity: int = 0) -> None:
    """Bring the database to this version. Safe to call from several processes at once on PostgreSQL."""
    from django.conf import settings
    from django.core.management import call_command
    from django.db import connection

    make_folder(settings.DATA)
    refuse_newer()
    if not pending_migrations():
        return
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # Any number that is ours: two migrations at once would fail on each other's tables.
            cursor.execute("SELECT pg_advisory_lock(7262361)")
    try:
        call_command("migrate", verbosity=verbosity, interactive=False, skip_checks=True)
    finally:
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(7262361)")
        connection.close()


def panel(slug: str) -> Panel:
    """The panel of this slug. Raises Refused, naming those that there are."""
    from panelwright.panels.models import Panel

    found = Panel.objects.filter(slug=slug).first()
    if found is None:
        there = ", ".join(Panel.objects.order_by("slug").values_list("slug", flat=True)[:20]) or "none yet"
        raise CommandRefused(f"there is no panel {slug!r}; panels: {there}")
    return found


def customer(of: Panel, email: str) -> Customer:
    """The panel's customer with this address. Raises Refused."""
    from panelwright.customers.models import Customer

    found = Customer.objects.filter(panel=of, user__email=email.strip().lower()).select_related("account").first()
    if found is None:
        raise CommandRefused(f"{of.slug} has no customer {email}; make one with `panelwright createcustomer`")
    return found


def service(of: Panel, number: int) -> Service:
    """The panel's service of this number. Raises Refused."""
    from panelwright.catalog.models import Service

    found = Service.objects.filter(panel=of, number=number).first()
    if found is None:
        raise CommandRefused(f"{of.slug} has no service {number}")
    return found


def provider(of: Panel, name: str) -> Provider:
    """The panel's provider of this name. Raises Refused, naming those that there are."""
    from panelwright.providers.models import Provider

    found = Provider.objects.filter(panel=of, name=name).first()
    if found is None:
        there = ", ".join(Provider.objects.filter(panel=of).order_by("name").values_list("name", flat=True)[:20])
        raise CommandRefused(
            f"{of.slug} has no provider {name!r}; " + (f"it has {there}" if there else "add one: addprovider")
        )
    return found


def upstream(of: Provider) -> Upstream:
    """A client of the provider. Raises Refused when it has none, or its key cannot be decrypted."""
    from django.conf import settings

    from panelwright.core.secret import installation_box
    from panelwright.providers.wire import transports

    if of.kind != "api":
        raise CommandRefused(f"{of.name} are the panel's own people: there is no list to ask for")
    try:
        key = installation_box().open(of.sealed_key)
    except ValueError as error:
        raise CommandRefused(f"the key of {of.name}: {error}") from None
    allow_private = settings.ALLOW_PRIVATE_PROVIDERS
    return transports.connect(of.transport, url=of.url, key=key, allow_private=allow_private)


def amount(text: str) -> int:
    """Micros of an amount on the command line."""
    from panelwright.core import money

    try:
        return money.parse(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def facts_text(facts: dict[str, Any]) -> str:
    """An event's facts on one line; why something cannot be, in words."""
    from panelwright.core import refusals
    from panelwright.core.refusal import Refusal

    if facts.get("why") in refusals.REFUSALS:
        said = {"theirs": str(facts.get("new", "")), "type": str(facts.get("type", ""))}
        facts = {**facts, "why": refusals.page(Refusal(str(facts["why"]), facts=tuple(said.items())))}
    return ", ".join(f"{name} {value}" for name, value in facts.items() if value not in (None, ""))


def staff(of: Panel, email: str) -> Staff:
    """Who runs the panel under this address. Raises Refused."""
    from panelwright.customers.models import Staff

    found = Staff.objects.filter(panel=of, user__email=email.strip().lower()).select_related("user").first()
    if found is None:
        raise CommandRefused(f"{of.slug} has no staff {email}; make one with `panelwright createstaff`")
    return found


def operator() -> str:
    """Who runs this command, for the events."""
    return f"system user {os.getuid()}, by command"


def perform(
    name: str, *, panel: Panel | None, target: int | None = None, given: Mapping[str, object] | None = None
) -> Performed:
    """Do a declared action as whoever runs the command; fields that are None are left out. Raises Refused.

    To be called in the panel's scope.
    """
    from panelwright.core import refusals
    from panelwright.core.refusal import Refusal
    from panelwright.staff import actions, actor, registry

    performed = actions.perform(
        registry.actions()[name],
        actor=actor.operator(operator()),
        panel_id=None if panel is None else panel.id,
        target=target,
        given={field: value for field, value in (given or {}).items() if value is not None},
    )
    if isinstance(performed, Refusal):
        raise CommandRefused(refusals.staff(performed))
    return performed


def number(text: str) -> int:
    """An argument that is a whole number from 0 which the database can hold."""
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) < 2**63):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 0")
    return int(text)


def order_id(panel_id: int, number: int) -> int:
    """The id of the panel's order with this number. Raises Refused."""
    from panelwright.orders import queries

    found = queries.order_id(panel_id, number)
    if found is None:
        raise CommandRefused(f"there is no order {number} on this panel")
    return found
