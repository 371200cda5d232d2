"""Start the panels of this installation: web processes and a worker, kept running until Ctrl-C or SIGTERM."""

from __future__ import annotations

import argparse

from panelwright.cli import setup
from panelwright.cli.main import CommandRefused
from panelwright.cli.processes import Supervisor, listen, port_number

EXAMPLE = """example:
  panelwright serve --host 0.0.0.0 --port 8000
  PANELWRIGHT_DATABASE_URL=postgresql://panel@localhost/panel panelwright serve --workers 2
"""


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=port_number, default=8000, help="(default: %(default)s)")
    parser.add_argument(
        "--workers", type=int, default=1, metavar="N", help="web processes; more than one needs PostgreSQL"
    )
    parser.add_argument("--no-worker", action="store_true", help="only the web: workers run elsewhere")


def run(args: argparse.Namespace) -> int:
    setup.django(migrated=False)
    from django.db import connection

    if args.workers < 1:
        raise CommandRefused("--workers: write 1 or more")
    if args.workers > 1 and connection.vendor != "postgresql":
        raise CommandRefused(
            "SQLite takes one web process: leave --workers out, or set PANELWRIGHT_DATABASE_URL to PostgreSQL"
        )
    sockets = [listen(args.host, args.port)]
    setup.migrate()
    setup.refuse_mixed_money()
    setup.warn()
    supervisor = Supervisor()
    for number in range(args.workers):
        supervisor.add_web(f"web {number + 1}" if args.workers > 1 else "web", sockets)
    if not args.no_worker:
        supervisor.add("worker", ["worker"])
    supervisor.start()
    print(f"Panelwright answers on http://{args.host}:{args.port}/ (Ctrl-C stops it)", flush=True)
    return supervisor.run()
