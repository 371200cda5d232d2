"""What staff can do with sources of posts and with posts, declared."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core import money
from panelwright.core.refusal import Refused
from panelwright.core.web_addresses import without_secrets
from panelwright.orders.schedule_actions import charge_most, open_subscriptions, record_post
from panelwright.providers.models import PostSource
from panelwright.providers.posts import post_actions
from panelwright.staff.action import Action, ActionDone, ActionFieldKind, Field, Noun, State, by_id
from panelwright.staff.actor import Actor
from panelwright.staff.rights import Right
from panelwright.staff.shapes import NUMBER, TEXT, fields


def _source_state(panel_id: int, source_id: int) -> State | None:
    row = PostSource.objects.filter(panel_id=panel_id, id=source_id).first()
    if row is None:
        return None
    url = without_secrets(row.url)
    return {"id": row.id, "kind": row.kind, "username": row.username, "url": url, "every_min": row.every_min}


POST_SOURCE = Noun(
    "post_source",
    "post_sources",
    gettext_noop("Source of posts"),
    _source_state,
    shape=fields({"id": NUMBER, "kind": TEXT, "username": TEXT, "url": TEXT, "every_min": NUMBER}),
    find=by_id,
)
POST = Noun("post", "posts", gettext_noop("Post"), lambda panel_id, id_: None)


def _add_feed(actor: Actor, panel_id: int, _target: None, /, **values: Any) -> ActionDone:
    return ActionDone(post_actions.add_feed(panel_id=panel_id, **values).id)


def _add_webhook(actor: Actor, panel_id: int, _target: None, /) -> ActionDone:
    source, secret = post_actions.add_webhook(panel_id=panel_id)
    return ActionDone(source.id, shown={"secret": secret})


def _remove_source(actor: Actor, panel_id: int, target: int, /) -> ActionDone:
    post_actions.remove_source(panel_id=panel_id, source_id=target)
    return ActionDone(shown={"removed": 1})


def _report_post(
    actor: Actor, panel_id: int, _target: None, /, *, username: str, link: str, **values: Any
) -> ActionDone:
    subscriptions = open_subscriptions(panel_id, username)
    if not subscriptions:
        raise Refused("no_subscription", "username", id=username[:100])
    published_at = values.get("published_at")
    new = [
        id_
        for id_ in subscriptions
        if record_post(panel_id=panel_id, subscription_id=id_, link=link, published_at=published_at)
    ]
    told = {"username": username, "link": link, "subscriptions": len(subscriptions), "new": len(new)}
    told["charge_most"] = money.text(charge_most(panel_id, new))
    return ActionDone(before={}, after=told, shown={"new": len(new), "subscriptions": len(subscriptions)})


ACTIONS: tuple[Action, ...] = (
    Action(
        POST_SOURCE,
        "add_feed",
        gettext_noop("Read posts from a feed"),
        Right.PROVIDERS,
        _add_feed,
        (
            Field("url", ActionFieldKind.URL, gettext_noop("Address of the feed"), required=True),
            Field("username", ActionFieldKind.TEXT, gettext_noop("Username"), required=True),
            Field(
                "every", ActionFieldKind.NUMBER, gettext_noop("Minutes between reads"), least=1, argument="every_min"
            ),
        ),
        on_target=False,
    ),
    Action(
        POST_SOURCE,
        "add_webhook",
        gettext_noop("Receive posts by webhook"),
        Right.PROVIDERS,
        _add_webhook,
        on_target=False,
        shown={"secret": TEXT},
    ),
    Action(
        POST_SOURCE,
        "remove",
        gettext_noop("Remove source of posts"),
        Right.PROVIDERS,
        _remove_source,
        gone=True,
        shown={"removed": NUMBER},
    ),
    Action(
        POST,
        "report",
        gettext_noop("Report a new post to subscriptions"),
        # It charges customers, as charging one for a post of her subscription does (decision 12).
        Right.ORDERS_REFUND,
        _report_post,
        (
            Field("username", ActionFieldKind.TEXT, gettext_noop("Username"), required=True),
            Field("link", ActionFieldKind.TEXT, gettext_noop("Link"), required=True),
            Field("published_at", ActionFieldKind.MOMENT, gettext_noop("Published")),
        ),
        on_target=False,
        gone=True,
        moves_money=True,
        shown={"new": NUMBER, "subscriptions": NUMBER},
    ),
)
