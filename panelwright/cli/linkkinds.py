"""List what links lead to: a panel's own rows, the sites that come with Panelwright, or what one link leads to."""

from __future__ import annotations

import argparse

from panelwright.cli import setup

EXAMPLE = """examples:
  panelwright link-pattern list --panel acme
  panelwright link-pattern list --panel acme --try https://t.me/s/channel/12
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--try", dest="tried", metavar="LINK", help="say what this link or name leads to")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.catalog import link_kinds, link_store
    from panelwright.catalog.link_actions import list_patterns

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        table = link_store.current(panel.id)
        rows = list_patterns(panel.id)
    if args.tried is not None:
        leads = table.leads(args.tried.strip())
        if leads is None:
            print("No row knows it: every service takes it.")
        else:
            kinds = "nothing is said of it" if leads.kinds is None else link_kinds.listed(leads.kinds)
            print(f"{leads.site or 'a name on any site'}: {kinds}")
        return 0
    for row in rows:
        print(f"{row.kinds:<24}  {row.host}{row.path}")
    print(f"{len(rows)} rows of its own." if rows else f"{panel.slug} has no rows of its own.")
    print(f"Sites that are known: {', '.join(sorted(table.sites()))}")
    print(f"Kinds: {', '.join(link_kinds.KINDS)}; any (nothing can be said), other (nothing that is ordered for)")
    return 0
