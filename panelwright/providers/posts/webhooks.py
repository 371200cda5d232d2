"""The body of signed webhooks that tell of posts. Pure; the signature is core/signatures.py's."""

from __future__ import annotations

import json

from panelwright.core import limits
from panelwright.core.text import trim
from panelwright.orders import fields
from panelwright.orders.post_rules import ReportedPost
from panelwright.providers.posts.feeds import moment


def read(body: bytes) -> list[tuple[str, ReportedPost]]:
    """User names and their posts. Raises ValueError with what is wrong."""
    try:
        said = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError):
        raise ValueError("the body is not JSON in UTF-8") from None
    posts = said.get("posts", [said]) if isinstance(said, dict) else None
    if not isinstance(posts, list) or not 1 <= len(posts) <= limits.HOOK_POSTS_MAX:
        raise ValueError(f"send one post, or a list of 1 to {limits.HOOK_POSTS_MAX} under posts")
    return [_post(post) for post in posts]


def _post(post: object) -> tuple[str, ReportedPost]:
    if not isinstance(post, dict):
        raise ValueError("a post is an object with username and link")
    username, link, published = post.get("username"), post.get("link"), post.get("published_at")
    if not isinstance(username, str) or not username.strip() or len(username) > 500:
        raise ValueError("a post needs a username")
    if not isinstance(link, str) or not fields.good_link(trim(link)):
        raise ValueError("a post needs a good link")
    published_at = moment(published)
    if published is not None and published_at is None:
        raise ValueError("published_at is a time in ISO 8601, such as 2026-05-04T12:00:00Z")
    return username, ReportedPost(trim(link), published_at)
