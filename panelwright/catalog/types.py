"""The service types of the panel API v2, as data.

One table, read by the API's check of `add`, the order form, the API documentation page, the
upstream client, the sandbox and the tests. To sell a new type, add a row here.

Terms: a *field* is a parameter of `add` beside `service`. `units` is what is billed and what
minimum and maximum apply to; see `Units`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum
from functools import lru_cache


class FieldKind(Enum):
    """How the text of a field is checked. The checks themselves are in orders/fields.py."""

    LINK = "link"  # the target of the order; refused with "Bad link"
    URL = "url"  # an address of http or https
    NAME = "name"  # one line: a user name, a hashtag, or a URL that leads to one
    LINES = "lines"  # one or more lines, blank ones do not count
    COUNT = "count"  # a whole number >= 1
    NUMBER = "number"  # a whole number >= 0
    CHOICE = "choice"  # one of `choices`
    COUNTRY = "country"  # ISO 3166-1 alpha-2 code or English name
    DATE = "date"  # d/m/Y


class Units(Enum):
    """How the billed units of an order are counted."""

    QUANTITY = "quantity"  # the field `quantity` (times runs, for a drip-feed)
    LINES = "lines"  # the lines of the field named by ServiceType.lines_of
    FLAT = "flat"  # the rate once, whatever was sent
    PER_POST = "per post"  # nothing at first: each order that a subscription creates


@dataclass(frozen=True, slots=True)
class TypeField:
    """One parameter of `add`. `help` and `label` are English and marked for translation."""

    name: str
    kind: FieldKind
    label: str
    help: str = ""
    required: bool = True
    choices: tuple[str, ...] = ()
    example: str = ""
    # Needed only when another field has a value: ("type_of_traffic", "1").
    needed_when: tuple[str, str] | None = None
    # What blocks look at, in fields that hold text: whether the field leads to somebody, or holds words. Both
    # until it is said otherwise, so that nobody walks past the blocks because a row of this table forgot them.
    target: bool = True
    words: bool = True
    # Of lines: prose, in which a literal backslash and n are just that. Between names they are a line end.
    verbatim: bool = False
    # It names somebody, or is a link to her: a service's rule about links looks at it (catalog/link_kinds.py).
    of_somebody: bool = False

    @property
    def names_target(self) -> bool:
        """Whether blocked targets are looked for in it, in each of its lines."""
        return self.target and self.kind in _TEXT_KINDS

    @property
    def holds_words(self) -> bool:
        """Whether blocked words are looked for in it."""
        return self.words and self.kind in _TEXT_KINDS and self.kind not in _ADDRESS_KINDS


_ADDRESS_KINDS = frozenset({FieldKind.LINK, FieldKind.URL})
_TEXT_KINDS = frozenset({*_ADDRESS_KINDS, FieldKind.NAME, FieldKind.LINES})


@dataclass(frozen=True, slots=True)
class ServiceType:
    """A row of the table. `name` is the exact word on the wire; `slug` is for addresses and ids."""

    name: str
    slug: str
    fields: tuple[TypeField, ...]
    units: Units = Units.QUANTITY
    lines_of: str = ""
    drip_feed: bool = False
    # Worked out once, as every order asks: whether it takes a link, and the fields that only this type has, which
    # are all but link, quantity, runs and interval.
    has_link: bool = field(init=False, repr=False, compare=False)
    own_fields: tuple[TypeField, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "has_link", any(f.name == "link" for f in self.fields))
        object.__setattr__(self, "own_fields", tuple(f for f in self.fields if f.name not in _COMMON))

    @property
    def flat(self) -> bool:
        """True when `rate` is the price of the whole order, not of 1000 units."""
        return self.units is Units.FLAT

    @property
    def subscription(self) -> bool:
        return self.units is Units.PER_POST

    def field(self, name: str) -> TypeField | None:
        return next((f for f in self.fields if f.name == name), None)


_COMMON = frozenset({"link", "quantity", "runs", "interval"})

# Minutes between a post and its order (PROTOCOL.md section 3).
DELAYS_MIN = (0, 5, 10, 15, 30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 360, 420, 480, 540, 600)


def _(text: str) -> str:
    """Mark for translation without loading Django: this table must stay plain data."""
    return text


LINK = TypeField("link", FieldKind.LINK, _("Link"), _("Link to the page"), example="https://example.com/page")
QUANTITY = TypeField("quantity", FieldKind.COUNT, _("Quantity"), _("Quantity"), example="100")
RUNS = TypeField(
    "runs", FieldKind.COUNT, _("Runs"), _("How many times to deliver the quantity"), required=False, example="2"
)
INTERVAL = TypeField(
    "interval", FieldKind.COUNT, _("Interval"), _("Minutes between two runs"), required=False, example="30"
)
COMMENTS = TypeField(
    "comments",
    FieldKind.LINES,
    _("Comments"),
    _("One comment per line (\\r\\n or \\n)"),
    example="Great!\nWell done",
    target=False,
    verbatim=True,
)
USERNAMES = TypeField(
    "usernames",
    FieldKind.LINES,
    _("Usernames"),
    _("One username per line (\\r\\n or \\n)"),
    example="anna\nboris",
    words=False,
)
COMMENT_OWNER = TypeField(
    "username",
    FieldKind.NAME,
    _("Username"),
    _("Username of the comment's owner"),
    example="anna",
    words=False,
    of_somebody=True,
)

_DRIP = (RUNS, INTERVAL)

TYPES: tuple[ServiceType, ...] = (
    ServiceType("Default", "default", (LINK, QUANTITY, *_DRIP), drip_feed=True),
    ServiceType("Package", "package", (LINK,), Units.FLAT),
    ServiceType(
        "SEO",
        "seo",
        (
            LINK,
            QUANTITY,
            TypeField(
                "keywords",
                FieldKind.LINES,
                _("Keywords"),
                _("One keyword per line (\\r\\n or \\n)"),
                example="shoes\nred shoes",
                target=False,
            ),
        ),
    ),
    ServiceType("Custom Comments", "custom-comments", (LINK, COMMENTS), Units.LINES, "comments"),
    ServiceType(
        "Mentions with Hashtags",
        "mentions-with-hashtags",
        (
            LINK,
            QUANTITY,
            USERNAMES,
            TypeField(
                "hashtags",
                FieldKind.LINES,
                _("Hashtags"),
                _("One hashtag per line (\\r\\n or \\n)"),
                example="#spring\n#sale",
                target=False,
            ),
        ),
    ),
    ServiceType("Mentions Custom List", "mentions-custom-list", (LINK, USERNAMES), Units.LINES, "usernames"),
    ServiceType(
        "Mentions Hashtag",
        "mentions-hashtag",
        (
            LINK,
            QUANTITY,
            TypeField(
                "hashtag", FieldKind.NAME, _("Hashtag"), _("Hashtag whose users will be mentioned"), example="#spring"
            ),
        ),
    ),
    ServiceType(
        "Mentions User Followers",
        "mentions-user-followers",
        (
            LINK,
            QUANTITY,
            TypeField(
                "username",
                FieldKind.NAME,
                _("Username"),
                _("User whose followers will be mentioned"),
                example="anna",
                words=False,
                of_somebody=True,
            ),
        ),
    ),
    ServiceType(
        "Mentions Media Likers",
        "mentions-media-likers",
        (
            LINK,
            QUANTITY,
            TypeField(
                "media",
                FieldKind.URL,
                _("Media"),
                _("Post whose likers will be mentioned"),
                example="https://example.com/p/1",
            ),
        ),
    ),
    ServiceType(
        "Subscriptions",
        "subscriptions",
        (
            TypeField(
                "username",
                FieldKind.NAME,
                _("Username"),
                _("Username whose new posts get orders"),
                example="anna",
                words=False,
                of_somebody=True,
            ),
            TypeField("min", FieldKind.COUNT, _("Minimum quantity"), _("Minimum quantity per post"), example="50"),
            TypeField("max", FieldKind.COUNT, _("Maximum quantity"), _("Maximum quantity per post"), example="100"),
            TypeField(
                "posts",
                FieldKind.NUMBER,
                _("New posts"),
                _("Number of new posts. Leave empty for no limit."),
                required=False,
                example="10",
            ),
            TypeField(
                "old_posts",
                FieldKind.NUMBER,
                _("Old posts"),
                _("Number of existing posts"),
                required=False,
                example="5",
            ),
            TypeField(
                "delay",
                FieldKind.CHOICE,
                _("Delay in minutes"),
                _("Minutes to wait after each post"),
                choices=tuple(str(d) for d in DELAYS_MIN),
                example="30",
            ),
            TypeField(
                "expiry",
                FieldKind.DATE,
                _("Expiry"),
                _("Last day of the subscription, d/m/Y"),
                required=False,
                example="31/12/2099",
            ),
        ),
        Units.PER_POST,
    ),
    ServiceType("Custom Comments Package", "custom-comments-package", (LINK, COMMENTS), Units.FLAT),
    ServiceType("Comment Likes", "comment-likes", (LINK, QUANTITY, COMMENT_OWNER)),
    ServiceType(
        "Poll",
        "poll",
        (
            LINK,
            QUANTITY,
            TypeField(
                "answer_number", FieldKind.COUNT, _("Answer number"), _("Number of the answer to vote for"), example="1"
            ),
        ),
    ),
    ServiceType("Comment Replies", "comment-replies", (LINK, COMMENT_OWNER, COMMENTS), Units.LINES, "comments"),
    ServiceType(
        "Invites from Groups",
        "invites-from-groups",
        (
            LINK,
            QUANTITY,
            TypeField(
                "groups",
                FieldKind.LINES,
                _("Groups"),
                _("One group per line (\\r\\n or \\n)"),
                example="https://example.com/g/1\nhttps://example.com/g/2",
            ),
        ),
    ),
    ServiceType("Mentions", "mentions", (LINK, QUANTITY, USERNAMES)),
    ServiceType(
        "Web Traffic",
        "web-traffic",
        (
            LINK,
            QUANTITY,
            *_DRIP,
            TypeField("country", FieldKind.COUNTRY, _("Country"), _("Country code or English name"), example="US"),
            TypeField(
                "device",
                FieldKind.CHOICE,
                _("Device"),
                _("1 desktop, 2 Android, 3 iOS, 4 mixed mobile, 5 mixed"),
                choices=("1", "2", "3", "4", "5"),
                example="5",
            ),
            TypeField(
                "type_of_traffic",
                FieldKind.CHOICE,
                _("Type of traffic"),
                _("1 search keyword, 2 referrer, 3 blank"),
                choices=("1", "2", "3"),
                example="1",
            ),
            TypeField(
                "google_keyword",
                FieldKind.NAME,
                _("Search keyword"),
                _("Required for type of traffic 1 (search keyword)"),
                required=False,
                example="red shoes",
                needed_when=("type_of_traffic", "1"),
                target=False,
            ),
            TypeField(
                "referring_url",
                FieldKind.URL,
                _("Referring URL"),
                _("Required for type of traffic 2 (referring page)"),
                required=False,
                example="https://example.com/from",
                needed_when=("type_of_traffic", "2"),
            ),
        ),
        drip_feed=True,
    ),
)

BY_NAME: dict[str, ServiceType] = {t.name: t for t in TYPES}
BY_SLUG: dict[str, ServiceType] = {t.slug: t for t in TYPES}


def parameters() -> frozenset[str]:
    """The names of all parameters that say what is ordered, of every type."""
    return _parameters(tuple(BY_NAME))


@lru_cache(maxsize=4)
def _parameters(names: Iterable[str]) -> frozenset[str]:
    return _COMMON | {"service"} | {f.name for name in names for f in BY_NAME[name].fields}
