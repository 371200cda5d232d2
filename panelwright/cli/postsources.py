"""List where a panel hears of new posts, with what is wrong there."""

from __future__ import annotations

import argparse

from panelwright.cli import setup

EXAMPLE = """example:
  panelwright post-source list --panel acme
"""
ROWS_MAX = 200


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--panel", required=True, metavar="SLUG")


def run(args: argparse.Namespace) -> int:
    setup.django()
    from django_scopes import scope

    from panelwright.core import said
    from panelwright.providers.models import PostSource, SourceKind

    panel = setup.panel(args.panel)
    with scope(panel=panel):
        sources = list(PostSource.objects.filter(panel=panel).order_by("id")[: ROWS_MAX + 1])
    if not sources:
        print(f"{panel.slug} hears of posts from nowhere; add a source with `panelwright addpostsource`.")
    for source in sources[:ROWS_MAX]:
        if source.kind == SourceKind.WEBHOOK:
            print(f"{source.id}  webhook  /hooks/posts/{source.id}")
            continue
        read = f"read {source.read_at:%Y-%m-%d %H:%M} UTC" if source.read_at else "not read yet"
        print(f"{source.id}  feed     {source.username}  {source.url}  every {source.every_min} min, {read}")
        if source.problem:
            print(f"   problem, {source.failures} times in a row: {said.words(source.problem)}")
    if len(sources) > ROWS_MAX:
        print(f"… and more: the first {ROWS_MAX} are shown.")
    return 0
