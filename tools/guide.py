"""The pictures of docs/how-to, taken of the demonstration: `python -m tools.guide docs/images`.

Each guide shows the page that it is about, as it looks with three months of history behind it. Whoever changes how such
a page looks takes them anew; `--only` takes some.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from playwright.sync_api import Page, ViewportSize, sync_playwright

SIZE: ViewportSize = {"width": 1280, "height": 800}
READY_WITHIN_S = 120
PORT = 8970
# Name of the picture -> the page of the back office; or the list whose first row it is of.
PAGES: dict[str, tuple[str, str]] = {
    "home": ("/admin/", ""),
    "unknown-outcome": ("", "/admin/orders?show=problem&problem=outcome_unknown"),
    "services": ("/admin/services", ""),
    "routes": ("/admin/services/1", ""),
    "ticket": ("", "/admin/tickets"),
    "customer": ("", "/admin/customers?q=anna"),
    "payment": ("", "/admin/payments?show=waiting"),
    "reports": ("/admin/reports?period=90&by=service&compare=yes", ""),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="where the pictures go")
    parser.add_argument("--only", default="", metavar="TEXT", help="pictures whose name has this in it")
    parser.add_argument("--port", type=int, default=PORT, help="of the demonstration's first panel")
    args = parser.parse_args()
    args.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        command = [sys.executable, "-m", "panelwright", "demo", "--data", scratch, "--port", str(args.port)]
        demo = subprocess.Popen([*command, "--quiet-customers"], stdout=subprocess.DEVNULL)
        try:
            count = _take(args, _told(Path(scratch) / "demo.json", demo))
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait()
    print(f"{count} pictures in {args.folder}")


def _told(path: Path, demo: subprocess.Popen[bytes]) -> dict[str, Any]:
    """What demo.json tells of the first panel, once it is there."""
    until = time.monotonic() + READY_WITHIN_S
    while time.monotonic() < until and demo.poll() is None:
        if path.exists():
            # The worker reads the providers' lists and adds up the reports meanwhile.
            time.sleep(15)
            panel: dict[str, Any] = json.loads(path.read_text())["panels"][0]
            return panel
        time.sleep(0.5)
    raise SystemExit("the demonstration did not start")


def _take(args: Any, panel: dict[str, Any]) -> int:
    from tests.support.browser import find_chromium

    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    count = 0
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=sandbox)
        page = browser.new_context(locale="en-US", viewport=SIZE).new_page()
        url = panel["url"].rstrip("/")
        page.goto(f"{url}/login")
        page.get_by_label("Email").fill(panel["staff"]["email"])
        page.get_by_label("Password", exact=True).fill(panel["staff"]["password"])
        page.get_by_role("main").get_by_role("button", name="Log in").click()
        page.wait_for_url("**/admin/")
        for name, (address, by) in PAGES.items():
            if args.only in name:
                page.goto(f"{url}{address or _first_of(page, url, by)}")
                page.screenshot(path=args.folder / f"office-{name}.png")
                count += 1
        browser.close()
    return count


def _first_of(page: Page, url: str, of_list: str) -> str:
    """The address of the first row of a list."""
    page.goto(f"{url}{of_list}")
    found = page.locator("tbody td.c-first a, tbody td.c-main a").first.get_attribute("href")
    assert found, of_list
    return found


if __name__ == "__main__":
    main()
