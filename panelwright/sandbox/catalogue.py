"""What the sandbox sells: a fixed list, so that presets and tests can route to a service by its id."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from panelwright.catalog.types import BY_NAME, ServiceType

# How a service delivers; the times are in delivery.py.
CHARACTERS = ("fast", "steady", "slow", "partial", "cancels")


@dataclass(frozen=True, slots=True)
class SandboxService:
    """A row of the catalogue. `rate` is per 1000 units, or for the whole order when the type is flat."""

    service: int
    name: str
    type: str
    category: str
    rate: str
    min: int
    max: int
    character: str = "steady"
    refill: bool = False
    cancel: bool = False
    drip_feed: bool = False
    # One open order a link.
    unique_link: bool = False
    # A refill can be asked for this many days after completion.
    refill_days: int = 30
    # Quantities are multiples of it; the list tells of one above 1.
    increment: int = 1

    @property
    def service_type(self) -> ServiceType:
        return BY_NAME[self.type]

    @property
    def rate_micros(self) -> int:
        return int(Decimal(self.rate) * 1_000_000)


_AUDIENCE, _WORDS, _MENTIONS, _TRAFFIC = "Audience", "Comments", "Mentions", "Traffic and votes"

# The ids are promised: add rows at the end, never renumber.
CATALOGUE: tuple[SandboxService, ...] = (
    SandboxService(
        1,
        "Followers, fast",
        "Default",
        _AUDIENCE,
        "0.90",
        10,
        100_000,
        "fast",
        refill=True,
        cancel=True,
        drip_feed=True,
    ),
    SandboxService(
        2, "Followers, steady", "Default", _AUDIENCE, "1.2345", 10, 100_000, refill=True, cancel=True, drip_feed=True
    ),
    SandboxService(3, "Likes, often partial", "Default", _AUDIENCE, "0.333333", 10, 50_000, "partial", cancel=True),
    SandboxService(4, "Views, often cancelled", "Default", _AUDIENCE, "0.0471", 100, 1_000_000, "cancels", cancel=True),
    SandboxService(
        5,
        "Followers, slow and lasting",
        "Default",
        _AUDIENCE,
        "2.715",
        10,
        20_000,
        "slow",
        refill=True,
        cancel=True,
        drip_feed=True,
    ),
    SandboxService(6, "Likes, one order a link", "Default", _AUDIENCE, "0.4567", 10, 10_000, unique_link=True),
    SandboxService(7, "Starter package", "Package", _AUDIENCE, "4.995", 1, 1, refill=True),
    SandboxService(8, "Search ranking", "SEO", _TRAFFIC, "12.3456", 10, 10_000, cancel=True),
    SandboxService(9, "Custom comments", "Custom Comments", _WORDS, "8.1234", 1, 1_000, refill=True, cancel=True),
    SandboxService(10, "Mentions with hashtags", "Mentions with Hashtags", _MENTIONS, "3.7001", 10, 20_000),
    SandboxService(11, "Mentions of your list", "Mentions Custom List", _MENTIONS, "5.50505", 1, 10_000, cancel=True),
    SandboxService(12, "Mentions by hashtag", "Mentions Hashtag", _MENTIONS, "3.14159", 10, 20_000),
    SandboxService(13, "Mentions of followers", "Mentions User Followers", _MENTIONS, "2.9876", 10, 20_000),
    SandboxService(14, "Mentions of likers", "Mentions Media Likers", _MENTIONS, "2.8765", 10, 20_000),
    SandboxService(15, "Likes for new posts", "Subscriptions", _AUDIENCE, "1.00001", 10, 5_000, cancel=True),
    SandboxService(16, "Comments package", "Custom Comments Package", _WORDS, "7.77", 1, 1),
    SandboxService(17, "Likes for a comment", "Comment Likes", _WORDS, "1.55555", 10, 10_000, refill=True),
    SandboxService(18, "Poll votes", "Poll", _TRAFFIC, "0.619", 10, 50_000, cancel=True),
    SandboxService(19, "Replies to a comment", "Comment Replies", _WORDS, "9.0909", 1, 1_000),
    SandboxService(20, "Invites from groups", "Invites from Groups", _AUDIENCE, "6.25", 10, 10_000, cancel=True),
    SandboxService(21, "Mentions", "Mentions", _MENTIONS, "3.003", 10, 20_000),
    SandboxService(22, "Visitors", "Web Traffic", _TRAFFIC, "0.1875", 100, 1_000_000, cancel=True, drip_feed=True),
    SandboxService(
        23, "Custom comments, often partial", "Custom Comments", _WORDS, "6.6667", 1, 1_000, "partial", cancel=True
    ),
)

BY_ID: dict[int, SandboxService] = {s.service: s for s in CATALOGUE}


def pick(*, type: str, character: str = "steady") -> SandboxService:
    """The first service of a type that delivers so. KeyError where none does."""
    for service in CATALOGUE:
        if service.type == type and service.character == character:
            return service
    raise KeyError(f"the sandbox has no {character} service of type {type}")
