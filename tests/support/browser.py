"""A real browser on the pages under test: the system's Chromium, driven by Playwright.

A page that reaches for any host but loopback, or whose script fails, fails its test.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Request, expect, sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# A browser finds names below localhost on this machine; operators have one of their own.
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "host.localhost", "::1"})
# What waits for another process waits a minute: a slow machine is no fault.
_ACTION_MAX_MS = 60_000
# Nothing but loopback is ever found. To look at each request on its way instead would cost the browser's cache.
_ONLY_LOOPBACK = "--host-resolver-rules=MAP * ~NOTFOUND, " + ", ".join(f"EXCLUDE {host}" for host in sorted(_LOOPBACK))
# Chromium's own services look for their makers' hosts at every start.
_QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    _ONLY_LOOPBACK,
)


def find_chromium() -> str | None:
    """The browser's path: PANELWRIGHT_CHROMIUM, else a usual name on the PATH."""
    named = os.environ.get("PANELWRIGHT_CHROMIUM")
    return named or next((path for name in _NAMES if (path := shutil.which(name))), None)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser per test file, not longer: while Playwright is open, Django takes this thread for an
    asynchronous one and refuses database calls, so that guard is lifted meanwhile."""
    executable = find_chromium()
    if executable is None:
        pytest.skip("no Chromium found; install it, or name one in PANELWRIGHT_CHROMIUM")
    # The sandbox of the browser does not work for root, as in most containers.
    arguments = [*_QUIET, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    expect.set_options(timeout=_ACTION_MAX_MS)
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        opened = playwright.chromium.launch(executable_path=executable, args=arguments)
        yield opened
        opened.close()


class Watch:
    """What the pages of one context did that they must not."""

    def __init__(self, context: BrowserContext) -> None:
        self.foreign: list[str] = []  # addresses asked for, none of them reached
        self.errors: list[str] = []  # messages of scripts that failed
        context.on("request", self._look)
        context.on("weberror", lambda error: self.errors.append(str(error.error)))

    def _look(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https"} and parts.hostname not in _LOOPBACK:
            self.foreign.append(request.url)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page with nobody logged in. `page.set_viewport_size` makes it a phone."""
    context = browser.new_context(locale="en-US")
    context.set_default_timeout(_ACTION_MAX_MS)
    watch = Watch(context)
    yield context.new_page()
    context.close()
    assert watch.foreign == [], "the page asked other hosts"
    assert watch.errors == [], "a script on the page failed"
