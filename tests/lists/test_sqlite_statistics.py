"""What SQLite is told of the tables: with it no statement reads a whole panel where it looks up some rows by id."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest
from django.db import connection

import panelwright
from panelwright.core import sql, sqlite_statistics

pytestmark = [pytest.mark.django_db, pytest.mark.one_database]

# Rows that are looked up by ids: a list of them, or one.
_BY_IDS = re.compile(r"\b(?!panel_id|customer_id|provider_id)\w*id (IN \(SELECT value FROM json_each\(\?\)\)|= \?)")
# Plans that read all of a panel, or all of a table for it.
_WHOLE = re.compile(r"\(panel_id=\?\)|AUTOMATIC")
# Of these a panel has some dozens, and thousands of services.
_FEW = (
    "cancel_waiting",
    "catalog_category",
    "catalog_linkpattern",
    "panels_",
    "providers_provider ",
    "providers_exchangerate",
    "notices_",
    "reports_reportcalendar",
    "service_panel",
)


def _queries() -> list[sql.Query]:
    names = [module.name for module in pkgutil.walk_packages(panelwright.__path__, "panelwright.")]
    modules = [
        importlib.import_module(name) for name in names if not re.search(r"\.(tests|migrations|__main__|asgi)\b", name)
    ]
    # By its exact type: `isinstance` would wake whatever is lazy.
    found = [value for module in modules for value in vars(module).values() if type(value) is sql.Query]
    return list({id(query): query for query in found}.values())


def _steps(text: str) -> list[str]:
    with connection.cursor() as run:
        marked = text.replace("%", "%%").replace("?", "%s")
        run.execute(f"EXPLAIN QUERY PLAN {marked}", ["[]"] * text.count("?"))
        return [row[3] for row in run.fetchall()]


def test_what_is_looked_up_by_id_does_not_read_a_whole_panel() -> None:
    looked, faults = 0, []
    for query in _queries():
        text = query.text(connection)
        if not _BY_IDS.search(text):
            continue
        looked += 1
        steps = [step for step in _steps(text) if _WHOLE.search(step)]
        faults += [f"{step}: {text}" for step in steps if not any(name in f"{step}: {text} " for name in _FEW)]
    assert looked > 60
    assert faults == []


def test_the_account_of_sales_is_found_by_its_name() -> None:
    """It is looked for with every call of the API, and a panel has an account for each customer."""
    of_accounts = [
        query.text(connection) for query in _queries() if "ledger_account s ON s.panel_id" in query.text(connection)
    ]
    assert len(of_accounts) > 3
    for text in of_accounts:
        assert any("account_panel_kind_name (panel_id=? AND kind=? AND name=?)" in step for step in _steps(text)), text


def test_the_account_of_what_a_partner_has_earned_is_found_by_its_name() -> None:
    of_partners = [text for query in _queries() if "kind = 'earnings'" in (text := query.text(connection))]
    assert len(of_partners) > 3
    for text in of_partners:
        assert any("account_panel_kind_name (panel_id=? AND kind=? AND name=?)" in step for step in _steps(text)), text


def test_they_are_there_after_a_migration_and_know_each_table_that_they_name() -> None:
    with connection.cursor() as run:
        run.execute("SELECT tbl, idx FROM sqlite_stat1")
        told = run.fetchall()
    assert {table for table, _ in told} == set(sqlite_statistics.TABLES)
    assert {index for _, index in told} >= sqlite_statistics.PARTIAL


# Tables of which a panel has some, or some thousands, however many its customers are.
SMALL = {
    *("catalog_category", "catalog_linkpattern", "catalog_pricelistpercent", "content_announcement", "content_page"),
    *("customers_hostticket", "customers_pricelist", "customers_recoverycode", "customers_staff", "customers_staffkey"),
    *("customers_stafflink", "customers_switchticket", "notices_createdcursor", "panels_block", "panels_domain"),
    *("panels_numbering", "panels_panellogo", "payments_holdrules", "payments_paymentblock", "payments_paymentmethod"),
    *("promotions_affiliateterms", "promotions_coupon", "promotions_trialterms", "providers_exchangerate"),
    *("providers_postsource", "providers_provider", "receipts_receiptcounter", "receipts_receiptsettings"),
    *("reports_reportcalendar", "staff_bulkwork", "staff_savedview", "support_savedreply"),
}


def test_every_table_of_panels_is_told_of_or_known_to_be_small() -> None:
    """A new one is put where it belongs: sqlite_statistics.TABLES, or above."""
    with connection.cursor() as run:
        run.execute(
            "SELECT DISTINCT m.tbl_name"
            " FROM sqlite_master m, pragma_index_list(m.tbl_name) l, pragma_index_info(l.name) i"
            " WHERE m.type = 'table' AND NOT l.partial AND i.seqno = 0 AND i.name = 'panel_id'"
        )
        of_panels = {row[0] for row in run.fetchall()}
    assert of_panels == SMALL | {table for table in sqlite_statistics.TABLES if table in of_panels}
    assert not SMALL & set(sqlite_statistics.TABLES)
