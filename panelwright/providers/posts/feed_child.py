"""Reads one feed in a process of its own: however long a pattern takes, it holds up nobody's sending.

`read` is as `feeds.read`. The child gets the feed on standard input, may compute for a limited time and with limited
memory, and is killed.
"""

from __future__ import annotations

import pickle
import resource
import subprocess
import sys
from contextlib import suppress

from panelwright.core import limits
from panelwright.core.said import said
from panelwright.providers.posts import feeds
from panelwright.providers.posts.feeds import FeedEntry

_PROGRAM = "from panelwright.providers.posts.feed_child import main; main()"


def read(body: bytes, *, url: str) -> list[FeedEntry]:
    """The posts of a feed. ValueError where it is none, or takes longer than any feed may."""
    command = [sys.executable, "-c", _PROGRAM]
    try:
        done = subprocess.run(
            command,
            input=pickle.dumps((body, url)),
            capture_output=True,
            check=True,
            timeout=limits.FEED_SECONDS_MAX,
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        raise ValueError(said("feed_effort")) from None
    # What our own program wrote.
    told: list[FeedEntry] | str = pickle.loads(done.stdout)  # noqa: S301
    if isinstance(told, str):
        raise ValueError(told)
    return told


def main() -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (int(limits.FEED_SECONDS_MAX), int(limits.FEED_SECONDS_MAX)))
    # Some systems know no limit of address space; the time still ends whatever takes more and more.
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (limits.FEED_MEMORY_BYTES_MAX, limits.FEED_MEMORY_BYTES_MAX))
    body, url = pickle.loads(sys.stdin.buffer.read())  # noqa: S301
    try:
        told: list[FeedEntry] | str = feeds.read(body, url=url)
    except ValueError as error:
        told = str(error)
    except MemoryError:
        told = said("feed_memory")
    sys.stdout.buffer.write(pickle.dumps(told))
