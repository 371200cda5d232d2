"""Start six demonstration panels, their worker and a simulated provider, with data to look at."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import socket
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from panelwright.cli import setup
from panelwright.cli.main import CommandRefused
from panelwright.cli.processes import Supervisor, listen, port_number
from panelwright.core.private import make_folder
from panelwright.sandbox import run as sandbox

EXAMPLE = """example:
  panelwright demo --data ./var/demo --port 8000

Each panel answers on its own port, counted up from --port. Starting again on the same folder goes
on where it was. Ctrl-C or SIGTERM stops everything.
"""
READY_WITHIN_S = 60.0
HOST_SITE = "host.localhost"
PANELS = ("everything", "promospanel", "promobox", "painelgramsmm", "smmpanel", "bare")


def configure(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(data="./var/demo")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=port_number, default=8000, help="of the first panel (default: %(default)s)")
    parser.add_argument(
        "--quiet-customers", action="store_true", help="no simulated customers placing orders now and then"
    )


def run(args: argparse.Namespace) -> int:
    folder = Path(os.environ["PANELWRIGHT_DATA"])
    make_folder(folder)
    os.environ["PANELWRIGHT_ALLOW_PRIVATE_PROVIDERS"] = "1"
    os.environ["PANELWRIGHT_ALLOW_PRIVATE_WEBHOOKS"] = "1"
    os.environ["PANELWRIGHT_ALLOW_WEBHOOKS_TO_THIS_MACHINE"] = "1"
    upstream = _upstream(folder)
    # What visitors add takes no money, and is spent on orders that deliver nothing but numbers.
    os.environ["PANELWRIGHT_SANDBOX_GATEWAYS"] = f"http://127.0.0.1:{upstream.port}"
    os.environ["PANELWRIGHT_TEST_PAYMENTS"] = "1"
    # Browsers find names that end so on this machine.
    os.environ.setdefault("PANELWRIGHT_HOST_SITE", HOST_SITE)
    if args.port + len(PANELS) > 65536:
        raise CommandRefused(f"--port {args.port} leaves no room for {len(PANELS)} ports")
    sockets = [listen(args.host, args.port + i) for i in range(len(PANELS))]
    setup.django(migrated=False)
    setup.migrate()
    setup.warn()

    supervisor = Supervisor()
    supervisor.add("sandbox", upstream.arguments, env=upstream.secrets)
    supervisor.start()
    try:
        _wait_for(f"http://127.0.0.1:{upstream.port}/api/v2", supervisor)
        from panelwright.cli import demo_data

        told = demo_data.ensure(PANELS, folder=folder, host=args.host, port=args.port, upstream=upstream)
        supervisor.add_web("web", sockets)
        supervisor.add("worker", ["worker"])
        if not args.quiet_customers:
            supervisor.add("customers", ["demo_customers"])
        supervisor.start()
        for panel in told["panels"]:
            _wait_for(panel["api_url"], supervisor)
        _write_whole(folder / "demo.json", json.dumps(told, ensure_ascii=False, indent=2))
        _tell(told, folder)
    except BaseException:
        supervisor.stop()
        supervisor.run()
        raise
    return supervisor.run()


class DemoProvider:
    """The sandbox of this demo: its secrets are kept beside the data, its port is a free one each time."""

    def __init__(self, *, port: int, key: str, bargain_key: str, token: str, file: Path) -> None:
        """It has two accounts there, which stand for two providers."""
        self.port, self.key, self.bargain_key, self.token, self.file = port, key, bargain_key, token, file

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v2"

    @property
    def arguments(self) -> list[str]:
        return ["sandbox", "--port", str(self.port), "--data", str(self.file)]

    @property
    def secrets(self) -> dict[str, str]:
        """For its environment: all users see the list of processes."""
        return {sandbox.KEYS: f"{self.key} {self.bargain_key}", sandbox.CONTROL_TOKEN: self.token}

    def control(self, name: str, body: dict[str, Any]) -> dict[str, Any]:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/control/{name}",
            data=json.dumps(body).encode(),
            headers={"X-Control-Token": self.token, "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=60) as response:  # noqa: S310 (our own loopback address)
            answer: dict[str, Any] = json.load(response)
            return answer


def _upstream(folder: Path) -> DemoProvider:
    path = folder / "sandbox.json"
    if path.exists():
        known = json.loads(path.read_text())
    else:
        known = {name: secrets.token_hex(16) for name in ("key", "bargain_key", "token")}
        _write_whole(path, json.dumps(known))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    return DemoProvider(port=port, file=folder / "sandbox.sqlite3", **known)


def _write_whole(path: Path, text: str) -> None:
    """Write a file that holds secrets: readable by its owner only, and never half written."""
    scratch = path.with_name(f".{path.name}.{os.getpid()}")
    with open(os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    scratch.replace(path)


def _wait_for(url: str, supervisor: Supervisor) -> None:
    """Wait until something answers there. Raises Refused when nothing does in time."""
    deadline = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < deadline and not supervisor.stopping:
        supervisor.check()
        try:
            with urllib.request.urlopen(url, timeout=5):  # noqa: S310 (our own loopback address)
                return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.05)
    raise CommandRefused(f"nothing answered on {url} within {READY_WITHIN_S:.0f} s")


def _tell(told: dict[str, Any], folder: Path) -> None:
    first = told["panels"][0]
    width = max(len(panel["name"]) for panel in told["panels"])
    lines = ["", "Panelwright is ready. Six panels are running:", ""]
    lines += [f"  {panel['name'].ljust(width)}  {panel['url']}" for panel in told["panels"]]
    lines += [
        "",
        f"Log in at {first['url']}login as {first['customer']['email']} with {first['customer']['password']}",
        f"The back office: {first['url']}admin/ as {first['staff']['email']} with {first['staff']['password']}",
        f"All panels from one place: {told['host']['url']} as {told['host']['email']} with {told['host']['password']}"
        f" and the code {told['host']['recovery_codes'][0]}",
        f"Add funds without money: {first['url']}funds",
        f"API documentation: {first['url']}api",
        "Place the first order over the API:",
        "",
        f"  curl {first['api_url']} -d key={first['api_key']} -d action=add"
        " -d service=1 -d link=https://example.com/me -d quantity=100",
        "",
        f"Keys, customers and staff of all panels: {folder / 'demo.json'}",
        f"What would be e-mail is written to {folder / 'mail'}",
        "Ctrl-C stops everything; starting again on the same folder goes on where it was.",
        "",
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()
