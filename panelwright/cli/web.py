"""One web process; started by `serve` and `demo`, which hand it the sockets to listen on."""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import socket
import sys

import uvicorn

from panelwright.cli.processes import collect_seldom, share_the_interpreter, stop_with_parent
from panelwright.lane.connections import OpenConnections
from panelwright.lane.http_protocol import LaneProtocol, config

_OTHER_FILES = 256


def configure(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--fd", type=int, action="append", required=True)


def _files_max() -> int:
    """How many files this process may have open, raised as far as the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != hard:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
        soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


def _open_connections() -> OpenConnections:
    from django.conf import settings

    return OpenConnections(
        each=settings.CONNECTIONS_PER_ADDRESS,
        # The database, the mail and all else want files too.
        total=min(settings.CONNECTIONS, max(_files_max() - _OTHER_FILES, 64)),
        proxies=settings.TRUSTED_PROXIES,
    )


def _patience_s() -> tuple[float, float]:
    """How long a head and a body may take."""
    from django.conf import settings

    return settings.HEAD_S, settings.BODY_S


def run(args: argparse.Namespace) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "panelwright.settings")
    sockets = [socket.socket(fileno=fd) for fd in args.fd]
    settings = config()
    settings.load()
    # Models can be read now.
    from panelwright.panels import hosts

    LaneProtocol.open_connections = _open_connections()
    LaneProtocol.head_s, LaneProtocol.body_s = _patience_s()
    hosts.serves([one.getsockname()[1] for one in sockets if one.family in (socket.AF_INET, socket.AF_INET6)])
    collect_seldom()
    share_the_interpreter()
    stop_with_parent()
    uvicorn.Server(settings).run(sockets=sockets)
    return 0
