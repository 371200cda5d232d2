"""Where a request comes from, when it may have come through proxies of ours."""

from __future__ import annotations

from collections.abc import Collection


def caller_address(peer: str, forwarded: str, proxies: Collection[str]) -> str:
    """The caller's address; behind a trusted proxy, the last one in X-Forwarded-For that is no proxy of ours."""
    if forwarded and peer in proxies:
        for part in reversed(forwarded.split(",")):
            peer = part.strip()
            if peer not in proxies:
                break
    return peer
