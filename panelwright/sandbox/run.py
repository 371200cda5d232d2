"""`panelwright sandbox`: the sandbox as a process."""

from __future__ import annotations

import argparse
import errno
import math
import os
import signal
import socket
import sys
from pathlib import Path

import uvicorn

from panelwright.sandbox.app import App
from panelwright.sandbox.clock import Anchor, Clock, wall_ms
from panelwright.sandbox.connection import SandboxProtocol
from panelwright.sandbox.control import SPEED_MAX
from panelwright.sandbox.dialects import DIALECTS
from panelwright.sandbox.panel import OPENING_BALANCE_MICROS, SandboxPanel, Settings, owner_of
from panelwright.sandbox.store import Store, Unusable

KEYS = "PANELWRIGHT_SANDBOX_KEYS"
CONTROL_TOKEN = "PANELWRIGHT_SANDBOX_CONTROL_TOKEN"

_EXAMPLE = """example:
  echo secret1 > sandbox.key
  panelwright sandbox --data sandbox.sqlite3 --key-file sandbox.key
  curl -d key=secret1 -d action=services http://127.0.0.1:8900/api/v2

Exit status: 0 stopped by SIGTERM or SIGINT, 1 the port or the file cannot be used, 2 wrong usage.
"""


def _speed(text: str) -> float:
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 0 <= speed <= SPEED_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to {SPEED_MAX:.0f}")
    return speed


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65535")
    return int(text)


def _secrets_of(name: str) -> list[str]:
    """The lines of a file; of standard input, where it is called -."""
    try:
        lines = sys.stdin.readlines() if name == "-" else Path(name).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        raise argparse.ArgumentTypeError(f"it cannot be read: {error}") from None
    found = [line.strip() for line in lines if line.strip()]
    if not found:
        raise argparse.ArgumentTypeError("there is nothing in it")
    return found


def _secret_of(name: str) -> str:
    return _secrets_of(name)[0]


def _standard_input(text: str) -> list[str]:
    if text != "-":
        raise argparse.ArgumentTypeError(
            "a secret on the command line stands in the list of processes: name a file that holds it, or set"
            f" {KEYS} and {CONTROL_TOKEN}"
        )
    return _secrets_of(text)


class _ListDialects(argparse.Action):
    """Like --help: prints the dialects, and that is all."""

    def __call__(self, parser: argparse.ArgumentParser, *_unused: object) -> None:
        for dialect in DIALECTS.values():
            sys.stdout.write(f"{dialect.name:<20} {dialect.about}\n")
        parser.exit()


def _dialect(text: str) -> str:
    if text not in DIALECTS:
        raise argparse.ArgumentTypeError(f"{text!r} is none of the dialects that --list-dialects shows")
    return text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="panelwright sandbox",
        description="Run a simulated upstream panel: it speaks the panel API v2 and delivers nothing but numbers.",
        epilog=_EXAMPLE,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=_port, default=8900, help="port, 0 for a free one (default: %(default)s)")
    parser.add_argument("--data", required=True, metavar="FILE", help="SQLite file that keeps its orders")
    keys = parser.add_mutually_exclusive_group()
    keys.add_argument(
        "--key", dest="keys", type=_standard_input, metavar="-", help="- reads the API keys from standard input"
    )
    keys.add_argument(
        "--key-file",
        dest="keys",
        type=_secrets_of,
        metavar="FILE",
        help=f"the API keys that it accepts, one a line (default: ${KEYS}, with spaces between)",
    )
    parser.add_argument(
        "--speed", type=_speed, default=1.0, metavar="F", help="10 delivers ten times faster, 0 stands still"
    )
    # Refused in our words: argparse would repeat the secret.
    parser.add_argument("--control-token", type=lambda text: _standard_input(text)[0], help=argparse.SUPPRESS)
    parser.add_argument(
        "--control-token-file",
        dest="control_token",
        type=_secret_of,
        metavar="FILE",
        help=f"what opens /control/ (header X-Control-Token; default: ${CONTROL_TOKEN})",
    )
    parser.add_argument(
        "--no-request-id", action="store_true", help="behave like a panel that does not know request_id"
    )
    parser.add_argument(
        "--dialect",
        action="append",
        default=[],
        type=_dialect,
        metavar="NAME",
        help="answer in this dialect; several can be spoken together",
    )
    parser.add_argument("--list-dialects", action=_ListDialects, nargs=0, help="show the names of the dialects")
    return parser


def _app(args: argparse.Namespace) -> App:
    """The app on its file. Raises Unusable."""
    store = Store(args.data)
    owners = tuple(dict.fromkeys(owner_of(key) for key in args.keys))
    with store.step():
        now_ms = wall_ms()
        clock = Clock(store.load_anchor() or Anchor(now_ms, now_ms, args.speed))
        store.save_anchor(clock.change(speed=args.speed))
        for owner in owners:
            store.open_account(owner, balance_micros=OPENING_BALANCE_MICROS)
    store.commit()
    settings = Settings(owners, knows_request_id=not args.no_request_id, dialects=tuple(args.dialect))
    return App(store, SandboxPanel(store, clock, settings), control_token=args.control_token)


def _listen(host: str, port: int) -> socket.socket:
    """A listening socket: connections made from now on wait until the server is up. Raises OSError."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    sock = socket.socket(family, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen(2048)
    except OSError:
        sock.close()
        raise
    return sock


def _fail(text: str) -> int:
    sys.stderr.write(f"panelwright sandbox: {text}\n")
    return 1


def main(argv: list[str] | None = None) -> int:
    # Its orders are for their owner, and no secret is an argument: all users see the list of processes.
    os.umask(0o077)
    parser = _parser()
    args = parser.parse_args(argv)
    args.keys = args.keys or os.environ.get(KEYS, "").split()
    args.control_token = args.control_token or os.environ.get(CONTROL_TOKEN, "").strip()
    if not args.keys:
        parser.error(f"it accepts no key: name a file with --key-file, or set {KEYS}")
    folder = Path(args.data).resolve().parent
    if not folder.is_dir():
        return _fail(f"there is no folder {folder}")
    try:
        sock = _listen(args.host, args.port)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            return _fail(f"port {args.port} on {args.host} is in use; choose another with --port")
        return _fail(f"cannot listen on {args.host} port {args.port}: {error}")
    with sock:
        try:
            app = _app(args)
        except Unusable as error:
            return _fail(str(error))
        _serve(app, sock, host=args.host)
    app.store.close()
    return 0


class _Server(uvicorn.Server):
    """Stops without waiting for the calls that a fault delays."""

    def __init__(self, config: uvicorn.Config, app: App) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.leave()
        await super().shutdown(sockets)


def _serve(app: App, sock: socket.socket, *, host: str) -> None:
    """Answer until SIGTERM or SIGINT; calls under way are finished."""
    server = _Server(
        uvicorn.Config(
            app,
            loop="uvloop",
            http=SandboxProtocol,
            ws="none",
            lifespan="off",
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=5,
        ),
        app,
    )

    def stop(_signum: int, _frame: object) -> None:
        server.should_exit = True

    # uvicorn raises the signal that stopped it once more when it is done; this keeps that from killing us.
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, stop)
    address = f"[{host}]" if ":" in host else host
    sys.stdout.write(f"Sandbox panel on http://{address}:{sock.getsockname()[1]}/api/v2\n")
    sys.stdout.flush()
    server.run(sockets=[sock])


if __name__ == "__main__":
    sys.exit(main())
