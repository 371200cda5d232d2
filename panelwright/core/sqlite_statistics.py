"""What SQLite is told of our tables: a panel may have a million rows of each.

SQLite counts nothing by itself. Without statistics it takes every index to lead to some ten rows, so it reads a whole
panel where it could have looked up fifty ids. ANALYZE would count what is there at the moment, which is nothing when a
panel begins, and is noticed by new connections only. So the numbers are given, as SQLite's own documentation describes
for plans that stay as they are ("Manual control of query plans using SQLITE_STAT tables"): they are those of a large
panel, and a small one is quick whatever is read.

PostgreSQL counts for itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import connection

# A panel is one of so many that are as large.
PANELS = 5
_MANY = 200_000
# The tables that grow with what customers do, and rows of a panel in each.
TABLES = {
    **dict.fromkeys(("catalog_service", "providers_route"), 5_000),
    **dict.fromkeys(("events_endpoint", "notices_noticechannel"), 5_000),
    **dict.fromkeys(
        (
            *("catalog_favourite", "catalog_pricelistrate"),
            *("customers_apikey", "customers_attempts", "customers_customer", "customers_device"),
            *("customers_lettertoken", "customers_session", "customers_user"),
            *("events_delivery", "events_event", "events_mail"),
            *("ledger_account", "ledger_quarter", "ledger_transfer"),
            *("orders_cancel", "orders_order", "orders_post", "orders_refill", "orders_schedule"),
            *("payments_dispute", "payments_payment", "payments_refund", "payments_voucher", "payments_voucheruse"),
            *("payments_webhookevent", "promotions_commission", "promotions_couponuse", "promotions_partner"),
            *("promotions_partnerclicks", "promotions_payout", "promotions_referral", "promotions_trialbalance"),
            *("providers_providercall", "receipts_receipt"),
            *("reports_reportsum", "staff_trailentry", "support_ticket"),
        ),
        _MANY,
    ),
}
# Of the indexes of a part of a table, those of nearly all of it. The others hold what is open, or waits for somebody.
PARTIAL = frozenset(
    {
        *("endpoint_slot", "endpoint_url", "order_open_link_once", "order_request_once", "order_upstream_once"),
        *("payment_came_in", "payment_gateway_id", "webhook_event_once"),
    }
)
# Rows of a panel with one value of a column, where they are many: few words, or what nearly all have in common.
_COMMON = {
    **dict.fromkeys(("kind", "object_kind", "provider_id"), 100_000),
    **dict.fromkeys(("action", "code", "cut", "language", "name", "state", "status"), 20_000),
    **dict.fromkeys(("actor_id", "endpoint_id", "grain", "method_id", "price_list_id", "year"), 5_000),
}
# ... and of any other column.
_SOME = 50


def give() -> None:
    """Write the statistics, in place of whatever is there. Nothing on PostgreSQL."""
    if connection.vendor != "sqlite":
        return
    with connection.cursor() as run:
        # Makes the table; afterwards, it is read anew.
        run.execute("ANALYZE sqlite_schema")
        run.execute("DELETE FROM sqlite_stat1")
        for table, rows in TABLES.items():
            run.execute('SELECT name, "unique", partial FROM pragma_index_list(%s)', (table,))
            for index, unique, partial in run.fetchall():
                run.execute("SELECT name FROM pragma_index_info(%s) ORDER BY seqno", (index,))
                columns = [row[0] for row in run.fetchall()]
                if columns[0] == "panel_id" and (index in PARTIAL or not partial):
                    told = _told(columns[1:], rows, unique=bool(unique))
                    run.execute("INSERT INTO sqlite_stat1 VALUES (%s, %s, %s)", (table, index, told))
        run.execute("ANALYZE sqlite_schema")


def _told(columns: Sequence[str], rows: int, *, unique: bool) -> str:
    """The numbers of an index of panel and columns: rows in all, then with the same panel, panel and first column..."""
    numbers = [PANELS * rows, rows]
    for place, column in enumerate(columns, start=1):
        one = column in {"id", "number"} or (unique and place == len(columns))
        numbers.append(1 if one else min(numbers[-1], _COMMON.get(column, _SOME)))
    return " ".join(map(str, numbers))
