"""Prove that the books balance: every balance, order's charge and report is the sum of its transfers."""

from __future__ import annotations

import argparse
import json

from panelwright.cli import setup

EXAMPLE = """example:
  panelwright audit
  panelwright audit --panel acme --json

Exit status: 0 the books balance, 1 they do not; then what is wrong is listed.
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", metavar="SLUG", help="only this panel (default: all)")
    parser.add_argument("--json", action="store_true", help="the result as JSON")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from panelwright.panels.models import Panel
    from panelwright.payments.audit import payment_faults
    from panelwright.promotions.affiliate_audit import affiliate_faults
    from panelwright.promotions.audit import coupon_faults, trial_faults
    from panelwright.reports.audit import audit
    from panelwright.support.audit import ticket_faults

    panels = [setup.panel(args.panel)] if args.panel else list(Panel.objects.order_by("id"))
    results = {panel.slug: audit(panel.id) for panel in panels}
    for panel in panels:
        results[panel.slug].faults += [*ticket_faults(panel.id), *payment_faults(panel.id), *coupon_faults(panel.id)]
        results[panel.slug].faults += [*affiliate_faults(panel.id), *trial_faults(panel.id)]
    wrong = sum(len(result.faults) for result in results.values())
    if args.json:
        told = {
            slug: {"orders": r.orders, "transfers": r.transfers, "accounts": r.accounts, "faults": r.faults}
            for slug, r in results.items()
        }
        print(json.dumps({"balanced": wrong == 0, "panels": told}, indent=2))
        return 1 if wrong else 0
    for slug, result in results.items():
        print(f"{slug}: {result.accounts} accounts, {result.transfers} transfers, {result.orders} orders")
        for fault in result.faults:
            print(f"  {fault}")
    print("The books balance." if not wrong else f"The books do NOT balance: {wrong} faults.")
    return 1 if wrong else 0
