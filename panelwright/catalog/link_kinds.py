"""What a link leads to: a post, a channel, an invite …; and whether that is what a service needs. Pure.

The table of sites stands in links.toml; a panel's own rows (LinkPattern) stand before it. A link that no row
knows passes: new paths and new sites appear every day, and the provider has the last word. So does a bare word,
which may be a name or the id of a post. `@name` is a name: it stands for whatever a name can lead to.

Patterns are a language of path segments, without backtracking: the work for a link is bounded by its length
times the number of its site's patterns.
"""

from __future__ import annotations

import functools
import re
import tomllib
import unicodedata
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote

from panelwright.core import limits
from panelwright.core.refusal import Refused

FILE = Path(__file__).with_name("links.toml")

# The kinds that a service can ask for, in the order in which they are told.
KINDS = (
    *("post", "photo", "video", "short", "story", "live", "clip", "comment", "poll"),
    *("profile", "channel", "group", "page", "server", "invite", "bot", "board", "event"),
    *("track", "album", "playlist", "artist", "podcast", "episode"),
)
ANY, OTHER = "any", "other"
# How `@name` is called where it is none of what a service needs.
NAME = "name"
# What a name alone can stand for.
NAMED = frozenset({"profile", "channel", "group", "page", "server", "bot", "artist", "live"})
# What the name of somebody can be a link to: the field `username` takes either.
OF_SOMEBODY = NAMED | {"invite", "event", "podcast"}
_TOLD = (*KINDS, OTHER, NAME)

_SCHEME = re.compile(r"(?:https?:)?//", re.I | re.A)
_AUTHORITY = re.compile(r"[^/?#]*")
_PORT = re.compile(r":\d*\Z", re.A)
_NAME = re.compile(r"@[^\s/?#@]+/*")
_NUMBER = re.compile(r"[0-9]+")
_HOST = re.compile(r"(?:\*\.)?[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})+", re.A)
_HOST_MAX = 253
# Labels in front of a host that say nothing of its paths.
_NEUTRAL = re.compile(r"www\d?|m|mobile|mbasic|web|touch|amp|old|new|np|[a-z]{2}|[a-z]{2}-[a-z]{2}", re.A)
_IN_PATTERN = re.compile(r"[a-z0-9._~@+:%=!,$#*-]+", re.A)
_IN_KEY = re.compile(r"[a-z0-9_.-]{1,40}", re.A)
_CONDITIONS_MAX = 3


class ParsedLink(NamedTuple):
    """A link taken apart: host in lower case; the first segments of its path, decoded; its query as it came."""

    host: str
    segments: tuple[str, ...]
    query: str


class Leads(NamedTuple):
    """Where a link leads. `site` is empty for a name; `kinds` None: nothing can be said."""

    site: str
    host: str
    kinds: frozenset[str] | None


# ---- patterns ----------------------------------------------------------------------------------------

# Of a segment: literal texts, _DIGITS, and _REST at its end. Of a parameter, also _THERE, alone.
_DIGITS, _REST, _THERE = "#", "*", "**"
_Tokens = tuple[str, ...]


class Pattern(NamedTuple):
    """`segments`, and with `more` any that follow; `query`: parameters that must be there, as they must look."""

    segments: tuple[_Tokens, ...]
    more: bool
    query: tuple[tuple[str, _Tokens], ...]

    def fits(self, segments: tuple[str, ...], query: Mapping[str, str]) -> bool:
        own, more, wanted = self
        if len(segments) < len(own) or (len(segments) > len(own) and not more):
            return False
        # Written out: each link of an order is held against all patterns of its site.
        for tokens, text in zip(own, segments, strict=False):
            first = tokens[0]
            if (first != _REST and first != _DIGITS and not text.startswith(first)) or not _fits(tokens, text):
                return False
        return all(
            name in query if tokens == (_THERE,) else _fits(tokens, query.get(name, "")) for name, tokens in wanted
        )

    def __str__(self) -> str:
        path = "/" + "/".join("".join(tokens) for tokens in self.segments)
        path += ("" if path == "/" else "/") + "**" if self.more else ""
        conditions = (name if tokens == (_REST,) else f"{name}={''.join(tokens)}" for name, tokens in self.query)
        return f"{path}?{'&'.join(conditions)}" if self.query else path


def _fits(tokens: _Tokens, text: str) -> bool:
    """One pass over the text: digits are taken as far as they go, and nothing is ever tried again."""
    at = 0
    for token in tokens:
        if token == _DIGITS:
            number = _NUMBER.match(text, at)
            if number is None:
                return False
            at = number.end()
        elif token == _REST:
            return at < len(text)
        elif text.startswith(token, at):
            at += len(token)
        else:
            return False
    return at == len(text)


def parse_pattern(text: str) -> Pattern:
    """A pattern such as `/p/*`, `/*/status/#/**` or `/watch?v`. Raises ValueError with what is wrong with it."""
    if len(text) > limits.LINK_PATTERN_CHARS_MAX:
        raise ValueError(f"a pattern has at most {limits.LINK_PATTERN_CHARS_MAX} characters")
    path, _, query = text.lower().partition("?")
    if not path.startswith("/"):
        raise ValueError(f"{text!r}: a pattern begins with /, as in /p/*")
    parts = [part for part in path.split("/") if part]
    more = bool(parts) and parts[-1] == "**"
    if more:
        parts.pop()
    if len(parts) > limits.LINK_PATTERN_SEGMENTS_MAX:
        raise ValueError(f"a pattern has at most {limits.LINK_PATTERN_SEGMENTS_MAX} segments")
    conditions = []
    for condition in query.split("&") if query else []:
        name, _, value = condition.partition("=")
        if not _IN_KEY.fullmatch(name):
            raise ValueError(f"{text!r}: {name!r} is no name of a parameter")
        conditions.append((name, (_THERE,) if value == _THERE else _tokens(value or _REST, of=text)))
    if len(conditions) > _CONDITIONS_MAX:
        raise ValueError(f"a pattern asks for at most {_CONDITIONS_MAX} parameters")
    return Pattern(tuple(_tokens(part, of=text) for part in parts), more, tuple(sorted(conditions)))


def _tokens(part: str, *, of: str) -> _Tokens:
    if not _IN_PATTERN.fullmatch(part):
        raise ValueError(f"{of!r}: {part!r} holds a character that no pattern has")
    tokens = tuple(re.findall(r"[#*]|[^#*]+", part))
    for place, token in enumerate(tokens):
        before = tokens[place - 1] if place else ""
        if before == _REST or (before == _DIGITS and (token == _DIGITS or token[0].isdigit())):
            raise ValueError(f"{of!r}: in a segment * comes last, and no digit follows #; ** is a segment of its own")
    return tokens


# ---- links -------------------------------------------------------------------------------------------


def take_apart(text: str) -> ParsedLink | None:
    """A link's parts, or None where it has no host, or one that programs read in different ways."""
    scheme = _SCHEME.match(text)
    start = scheme.end() if scheme is not None else 0
    match = _AUTHORITY.match(text, start)
    authority = match.group() if match is not None else ""
    # "#!/…": a page that its own script finds.
    if "\\" in text or "#!" in text or len(authority) > 2 * _HOST_MAX:
        return None
    host = _PORT.sub("", authority.rpartition("@")[2])
    if not host.isascii():
        host = unicodedata.normalize("NFKC", host)
    host = host.lower().rstrip(".")
    if "." not in host or len(host) > _HOST_MAX:
        return None
    rest, _, _fragment = text[start + len(authority) :].partition("#")
    path, _, query = rest.partition("?")
    # One more than any pattern can have, with what may stand in front of them.
    parts = [part for part in path.split("/") if part][: 2 * limits.LINK_PATTERN_SEGMENTS_MAX]
    return ParsedLink(host, tuple(unquote(part).lower() for part in parts), query)


def _parameters(query: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for pair in query.split("&", limits.LINK_PARAMETERS_MAX)[: limits.LINK_PARAMETERS_MAX]:
        name, _, value = pair.partition("=")
        # "&amp;v=" comes along where a link is copied out of the source of a page.
        name = name.lower().removeprefix("amp;")
        if name:
            found.setdefault(name, unquote(value).lower())
    return found


# ---- the table ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PatternRow:
    pattern: Pattern
    kinds: frozenset[str] | None


@dataclass(frozen=True, slots=True)
class LinkSite:
    """Hosts with the same paths, of a site."""

    site: str
    rows: tuple[PatternRow, ...]
    lead: tuple[_Tokens, ...] = ()

    def kinds(self, segments: tuple[str, ...], query: str) -> frozenset[str] | None:
        while len(segments) > 1 and any(_fits(tokens, segments[0]) for tokens in self.lead):
            segments = segments[1:]
        if "." in segments or ".." in segments:
            return None
        parameters = _parameters(query) if query else {}
        return next((row.kinds for row in self.rows if row.pattern.fits(segments, parameters)), None)


class OwnRow(NamedTuple):
    """A panel's own row, as LinkPattern keeps it."""

    host: str
    path: str
    kinds: str


@dataclass(frozen=True, slots=True)
class Table:
    """`places` by host or site, `examples` by site and kind, `titles` by site: as people write it."""

    places: dict[str, LinkSite] = field(default_factory=dict)
    examples: dict[tuple[str, str], str] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)

    def site_of(self, host: str) -> str:
        """The site that a host, or a site's name, stands for; the word itself where it is not known."""
        found = self._place(host)
        return found[0].site if found is not None else host

    def sites(self) -> set[str]:
        return {place.site for place in self.places.values()}

    def leads(self, text: str) -> Leads | None:
        """Where a link or name leads; None where no row knows it."""
        if _NAME.fullmatch(text):
            return Leads("", "", NAMED)
        link = take_apart(text)
        found = self._place(link.host) if link is not None else None
        if link is None or found is None:
            return None
        place, before = found
        segments = link.segments
        if before.startswith("*"):
            segments = (before[1:], *segments)
        elif before:
            return Leads(place.site, link.host, None)
        return Leads(place.site, link.host, place.kinds(segments, link.query))

    def _place(self, host: str) -> tuple[LinkSite, str] | None:
        """The place of a host or of one above it, and the labels in front that say something ("*name": a name)."""
        found = self.places.get(host)
        if found is not None:
            return found, ""
        labels = host.split(".")
        for count in range(max(1, len(labels) - limits.LINK_LABELS_MAX), len(labels) - 1):
            above = ".".join(labels[count:])
            named, place = self.places.get(f"*.{above}"), self.places.get(above)
            if named is None and place is None:
                continue
            front = [label for label in labels[:count] if not _NEUTRAL.fullmatch(label)]
            if named is not None and front == labels[count - 1 : count]:
                return named, f"*{front[0]}"
            return (place, ".".join(front)) if place is not None else None
        return None

    def with_rows(self, rows: Iterable[OwnRow]) -> Table:
        """The table with a panel's own rows before its own ones. A host that it does not know is a site of its own."""
        places = dict(self.places)
        for row in reversed(list(rows)):
            place = places.get(row.host) or LinkSite(self.site_of(row.host), ())
            try:
                new = PatternRow(parse_pattern(row.path), _kinds(row.kinds))
            except ValueError:
                # Written by another version: a row less is no reason to take no orders.
                continue
            made = LinkSite(place.site, (new, *place.rows), place.lead)
            # All hosts with the same paths: vk.com, vk.ru and the site's name are one place.
            same = [other for other, of in places.items() if of is place] or [row.host]
            places.update(dict.fromkeys(same, made))
        return replace(self, places=places)

    def titles_of(self, rule: LinkRule) -> str:
        """The sites and hosts that a rule names, as people write them."""
        return ", ".join(dict.fromkeys(self.titles.get(host, host) for host in rule.hosts))

    def example(self, rule: LinkRule) -> str:
        """A link that fits a rule, where the table has one of the first site and kind that it names."""
        wanted = [kind for kind in KINDS if kind in rule.kinds] or ["post", "profile"]
        sites = [self.site_of(host) for host in rule.hosts]
        return next((self.examples[s, k] for s in sites for k in wanted if (s, k) in self.examples), "")


def _kinds(text: str) -> frozenset[str] | None:
    kinds = frozenset(text.split(","))
    return None if ANY in kinds else kinds


@functools.cache
def shipped() -> Table:
    """The table of links.toml."""
    return read_table(FILE.read_text(encoding="utf-8"))


def read_table(text: str) -> Table:
    """A table out of TOML. Raises ValueError with what is wrong, and where."""
    table = Table()
    for name, part in tomllib.loads(text).items():
        site = str(part.get("part_of", name))
        try:
            rows = tuple(_row(line) for line in part["links"])
            place = LinkSite(site, rows, tuple(_tokens(lead, of=lead) for lead in part.get("lead", ())))
            for host in part["hosts"]:
                if table.places.setdefault(host, place) is not place or not is_host(host):
                    raise ValueError(f"host {host!r} is none, or stands there twice")
            table.examples.update({(site, kind): link for kind, link in part.get("examples", {}).items()})
        except (KeyError, ValueError) as error:
            raise ValueError(f"[{name}]: {error}") from None
        if "." not in name and site == name:
            # A rule may name the site itself.
            table.places.setdefault(name, place)
            table.titles[name] = str(part.get("title", name.capitalize()))
    return table


def _row(line: str) -> PatternRow:
    kinds, _, pattern = line.partition(" ")
    return PatternRow(parse_pattern(pattern.strip()), _kinds(kinds_text(kinds.split(","), also=(ANY, OTHER))))


# ---- rules of services -------------------------------------------------------------------------------


class LinkRule(NamedTuple):
    """What a service needs: a link to one of these sites or hosts (none: any), of one of these kinds (none: any)."""

    hosts: tuple[str, ...]
    kinds: frozenset[str]


class Wrong(NamedTuple):
    """Why a link is not what a service needs.

    `why` is `link_host`, with a host and the titles of sites, or `link_kind`, with kinds parted by commas.
    """

    why: str
    found: str
    wanted: str


@functools.lru_cache(maxsize=1024)
def rule_of(hosts: str, kinds: str) -> LinkRule | None:
    """A service's rule out of its columns; None where it has none."""
    if not hosts and not kinds:
        return None
    return LinkRule(tuple(hosts.split(",")) if hosts else (), frozenset(kinds.split(",")) if kinds else frozenset())


def hosts_text(hosts: Iterable[str], table: Table) -> str:
    """Sites and hosts as they are kept. Raises ValueError for what is neither."""
    made: dict[str, None] = {}
    for host in hosts:
        name = host.strip().lower().rstrip("/")
        link = take_apart(name)
        if link is not None and not link.segments and not link.query:
            name = link.host.removeprefix("www.")
        if name not in table.sites() and (not is_host(name) or name.startswith("*")):
            raise Refused("unknown_site", "link_hosts", site=host[:100], sites=", ".join(sorted(table.sites())))
        made[name] = None
    text = ",".join(made)
    if len(made) > limits.LINK_HOSTS_MAX or len(text) > 500:
        raise Refused("too_many_sites", "link_hosts", limit=limits.LINK_HOSTS_MAX)
    return text


def is_host(text: str) -> bool:
    """Whether it is a host in lower case, maybe with `*.` in front."""
    if len(text) > _HOST_MAX or text.count(".") >= limits.LINK_LABELS_MAX:
        return False
    return _HOST.fullmatch(text) is not None


def kinds_text(kinds: Iterable[str], *, also: tuple[str, ...] = ()) -> str:
    """Kinds as they are kept, in the order of KINDS. Raises ValueError for an unknown one."""
    named = {kind.strip().lower() for kind in kinds}
    unknown = named - {*KINDS, *also}
    if unknown or not named:
        raise Refused(
            "unknown_link_kind", "kinds", kind=(", ".join(sorted(unknown)) or "none")[:100], kinds=", ".join(KINDS)
        )
    return ",".join(kind for kind in (*KINDS, *also) if kind in named)


def wrong_link(rule: LinkRule, table: Table, text: str) -> Wrong | None:
    """Why a link is not what the rule asks for; None where it is, or where no row knows it."""
    leads = table.leads(text)
    if leads is None:
        return None
    return _wrong_host(rule, table, leads) or _wrong_kind(leads, rule.kinds)


def wrong_name(rule: LinkRule, table: Table, text: str) -> Wrong | None:
    """The same of the name of somebody, which may be a link to her: the hosts count, and that it leads to somebody."""
    leads = table.leads(text)
    if leads is None:
        return None
    return _wrong_host(rule, table, leads) or _wrong_kind(leads, OF_SOMEBODY)


def _wrong_host(rule: LinkRule, table: Table, leads: Leads) -> Wrong | None:
    if not rule.hosts or not leads.site:
        return None
    for host in rule.hosts:
        if leads.host == host or leads.host.endswith(f".{host}") or table.site_of(host) == leads.site:
            return None
    return Wrong("link_host", leads.host, table.titles_of(rule))


def _wrong_kind(leads: Leads, wanted: frozenset[str]) -> Wrong | None:
    if not wanted or leads.kinds is None or leads.kinds & wanted:
        return None
    found = leads.kinds if leads.site else {NAME}
    return Wrong("link_kind", listed(found), listed(wanted))


def listed(kinds: Set[str]) -> str:
    """Kinds parted by commas, in the order in which they are told."""
    return ",".join(kind for kind in _TOLD if kind in kinds)
