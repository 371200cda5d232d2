"""The markup of RSS, RDF and Atom, as far as posts are concerned: one pass over the text. Pure.

No XML parser: those that read what real feeds hold (undeclared entities, bare ampersands, HTML that is not
closed) have been quadratic or worse on what strangers sent, and the strict ones read too few feeds. This pass
looks at each character a fixed number of times, keeps nothing but the post that it is in, follows no
declaration, and gives up at the limits of core/limits.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.entities import html5
from itertools import islice
from typing import NamedTuple

from panelwright.core import limits
from panelwright.core.said import said

BROKEN = said("feed_broken")
_NO_FEED = said("feed_none")

_ATOM = ("http://www.w3.org/2005/atom", "http://purl.org/atom/ns#")
_DUBLIN_CORE = ("http://purl.org/dc/elements/1.1/", "http://purl.org/dc/terms/")
# For feeds that forget to declare a prefix.
_USUAL_PREFIXES = {"atom": "atom", "a10": "atom", "dc": "dc", "dcterms": "dc", "xml": "xml"}

# Possessive throughout: what has been passed over is never looked at again.
_TAG = re.compile(r"""[^<>"']*+(?:"[^"]*+"[^<>"']*+|'[^']*+'[^<>"']*+)*+>""")
_NAME = re.compile(r"[^\s/<>\"'=]++")
_ATTRIBUTE = re.compile(r"""([^\s=/"'<>]++)(?:\s*+=\s*+(?:"([^"]*+)"|'([^']*+)'|([^\s"'<>]++)))?""")
_ENTITY = re.compile(r"&(#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{0,31});")

_LINKS = frozenset({"link", "guid", "id"})
_PUBLISHED = frozenset({"pubdate", "published", "issued", "created", "date"})
_CHANGED = frozenset({"updated", "modified"})
_TEXTS = _LINKS | _PUBLISHED | _CHANGED


class FeedPost(NamedTuple):
    """A post as its feed writes it: texts, not yet judged. `base`: what its link is relative to, "" for the feed."""

    link: str
    base: str
    published: str
    changed: str


class _Tag(NamedTuple):
    """A tag, a piece of text inside of one, or a `<` that begins nothing (name "<")."""

    name: str
    closes: bool = False
    empty: bool = False
    inside: str = ""  # between the name and the bracket
    text: str = ""  # what stood before it
    cdata: str = ""


def posts(text: str) -> Iterator[FeedPost]:
    """The posts, each as soon as its end has been seen. ValueError where the text is no feed, or no whole one.

    A post whose link could have been cut off is never yielded: its element must be closed, and hold text alone.
    """
    tags = _tags(text)
    root = next((tag for tag in tags if tag.name and not tag.closes), None)
    kind = _local(root.name) if root is not None else ""
    if root is None or kind not in ("rss", "rdf", "feed"):
        raise ValueError(_NO_FEED)
    namespaces = _namespaces(root)
    base = _base(root)
    wanted = "entry" if kind == "feed" else "item"
    for tag in tags:
        if tag.closes and _same(tag.name, root.name):
            return
        if not tag.closes and not tag.empty and _local(tag.name) == wanted:
            post = _post(tags, tag, atom=kind == "feed", namespaces=namespaces, base=base)
            if post is not None:
                yield post
    raise ValueError(BROKEN)


# ---- one post ----------------------------------------------------------------------------------------


def _post(tags: Iterator[_Tag], start: _Tag, *, atom: bool, namespaces: dict[str, str], base: str) -> FeedPost | None:
    """Read up to the end of an item or entry. Only its own children count: what those hold is passed over."""
    found: dict[str, str] = {}
    base = _base(start) or base
    for tag in tags:
        if tag.closes:
            if _same(tag.name, start.name):
                return _made(found, base, atom=atom)
            continue
        if _same(tag.name, start.name):
            raise ValueError(BROKEN)  # the one before it has no end
        if tag.name in ("", "<"):
            continue
        name = _meaning(tag.name, namespaces)
        in_attribute = name == "link" and (atom or namespaces.get(tag.name.rpartition(":")[0].lower()) == "atom")
        if in_attribute:
            _linked(tag, found)
        if tag.empty:
            continue
        if name in _TEXTS and not in_attribute:
            text, ended = _text(tags, tag, start)
            if name != "guid" or _attributes(tag).get("ispermalink", "").lower() != "false":
                found.setdefault(name, text)
        else:
            ended = _pass_over(tags, tag, start)
        if ended:
            return _made(found, base, atom=atom)
    raise ValueError(BROKEN)


def _meaning(name: str, namespaces: dict[str, str]) -> str:
    """The local name in lower case, if it is RSS, Atom or Dublin Core that it belongs to; else ""."""
    prefix, _, local = name.rpartition(":")
    if prefix and namespaces.get(prefix.lower()) not in ("atom", "dc", "root"):
        return ""
    return local.lower()


def _linked(tag: _Tag, found: dict[str, str]) -> None:
    """Atom's link: the address is an attribute; the first one that leads to the post itself counts."""
    said = _attributes(tag)
    if said.get("rel", "alternate") not in ("alternate", ""):
        return
    kind = "href" if "html" in said.get("type", "html") else "other href"
    if said.get("href") and found.setdefault(kind, said["href"]) is said["href"] and said.get("xml:base"):
        found[f"{kind} base"] = said["xml:base"]


def _text(tags: Iterator[_Tag], start: _Tag, item: _Tag) -> tuple[str, bool]:
    """The text of an element, and whether the item ended with it. "" for one that is longer than any that counts."""
    parts: list[str] = []
    size = 0
    for tag in tags:
        for part, plain in ((tag.text, False), (tag.cdata, True)):
            size += len(part)
            if size <= limits.FEED_TEXT_CHARS_MAX:
                parts.append(part if plain else unescape(part))
        if tag.closes and _same(tag.name, start.name):
            return "".join(parts).strip() if size <= limits.FEED_TEXT_CHARS_MAX else "", False
        if tag.closes and _same(tag.name, item.name):
            return "", True
        if tag.name and _local(start.name) in _LINKS:
            raise ValueError(BROKEN)  # a tag in the middle of an address: a piece of it is missing
    raise ValueError(BROKEN)


def _pass_over(tags: Iterator[_Tag], start: _Tag, item: _Tag) -> bool:
    """Go to the end of an element that says nothing to us. True where the whole item ended first."""
    depth = 1
    for tag in tags:
        if tag.closes and _same(tag.name, item.name):
            return True
        if _same(tag.name, start.name) and not tag.empty:
            depth += -1 if tag.closes else 1
            if not depth:
                return False
    raise ValueError(BROKEN)


def _made(found: dict[str, str], base: str, *, atom: bool) -> FeedPost | None:
    link = found.get("link", "")
    if not link:
        kind = next((kind for kind in ("href", "other href") if kind in found), "")
        link, base = found.get(kind, ""), found.get(f"{kind} base") or base
    if not link:
        # An identity that is an address is that of the post.
        named = (found.get(kind, "") for kind in ("guid", "id"))
        link = next((text for text in named if text[:8].lower().startswith(("http://", "https://"))), "")
    if not link:
        return None
    names = ("pubdate", "published", "issued", "created", "date")
    published = next((found[name] for name in names if found.get(name)), "")
    changed = found.get("updated") or found.get("modified", "")
    # The one date that an item of RSS or RDF has is that of its publication, whatever it is called.
    return FeedPost(link, base, published or ("" if atom else changed), changed)


# ---- tags --------------------------------------------------------------------------------------------


def _tags(text: str) -> Iterator[_Tag]:
    """Each tag with what stood before it; pieces of CDATA come as tags without a name."""
    at, seen = 0, 0
    while (begin := text.find("<", at)) >= 0:
        seen += 1
        if seen > limits.FEED_TAGS_MAX:
            raise ValueError(said("feed_tags", count=f"{limits.FEED_TAGS_MAX:,}"))
        before = text[at : min(begin, at + limits.FEED_TEXT_CHARS_MAX + 1)]
        if text.startswith("<![CDATA[", begin):
            end = _after(text, "]]>", begin)
            whole = text[begin + 9 : min(end - 3, begin + 10 + limits.FEED_TEXT_CHARS_MAX)]
            yield _Tag("", text=before, cdata=whole)
        elif text.startswith("<!--", begin):
            end = _after(text, "-->", begin + 4)
            yield _Tag("", text=before)
        elif text.startswith("<?", begin):
            end = _after(text, "?>", begin)
            yield _Tag("", text=before)
        elif text.startswith("<!", begin):
            end = _after_declaration(text, begin)
            yield _Tag("", text=before)
        else:
            end, tag = _tag(text, begin, before)
            yield tag
        at = end


def _after(text: str, mark: str, begin: int) -> int:
    found = text.find(mark, begin)
    if found < 0:
        raise ValueError(BROKEN)
    return found + len(mark)


def _after_declaration(text: str, begin: int) -> int:
    """Behind a DOCTYPE, with all that it declares: nothing of that is ever read."""
    end = _after(text, ">", begin)
    subset = text.find("[", begin, end)
    return _after(text, ">", _after(text, "]", subset) - 1) if subset >= 0 else end


def _tag(text: str, begin: int, before: str) -> tuple[int, _Tag]:
    closes = text.startswith("</", begin)
    start = begin + 2 if closes else begin + 1
    name = _NAME.match(text, start, start + limits.FEED_TEXT_CHARS_MAX)
    if name is None or not (name[0][0].isalpha() or name[0][0] == "_"):
        return begin + 1, _Tag("<", text=before)
    whole = _TAG.match(text, name.end(), name.end() + limits.FEED_TAG_CHARS_MAX)
    # What has no end in sight, or an odd quote, ends at the next bracket; its attributes say nothing then.
    end = whole.end() if whole is not None else _after(text, ">", name.end())
    inside = text[name.end() : end - 1] if whole is not None else ""
    return end, _Tag(name[0], closes, text.endswith("/", begin, end - 1), inside, before)


def _attributes(tag: _Tag) -> dict[str, str]:
    """Names in lower case. The first of a name counts."""
    said: dict[str, str] = {}
    for found in islice(_ATTRIBUTE.finditer(tag.inside), limits.FEED_ATTRIBUTES_MAX):
        value = next((value for value in found.groups()[1:] if value is not None), "")
        said.setdefault(found[1].lower(), unescape(value).strip())
    return said


def _namespaces(root: _Tag) -> dict[str, str]:
    """What the prefixes stand for: "atom", "dc", "root" for the feed's own, "other"."""
    known = dict(_USUAL_PREFIXES)
    for name, value in _attributes(root).items():
        if name.startswith("xmlns:"):
            where = value.lower()
            kind = "atom" if where in _ATOM else "dc" if where in _DUBLIN_CORE else "other"
            known[name.removeprefix("xmlns:")] = kind
    prefix, _, local = root.name.rpartition(":")
    if prefix and local.lower() != "rdf":
        known[prefix.lower()] = "root"
    return known


def _base(tag: _Tag) -> str:
    return _attributes(tag).get("xml:base", "")


def _local(name: str) -> str:
    return name.rpartition(":")[2].lower()


def _same(name: str, other: str) -> bool:
    return len(name) == len(other) and name.lower() == other.lower()


def unescape(text: str) -> str:
    """Character references, and the names that HTML knows; every other ampersand stays one."""
    return _ENTITY.sub(_character, text) if "&" in text else text


def _character(found: re.Match[str]) -> str:
    name = found[1]
    if name[0] != "#":
        return html5.get(f"{name};", found[0])
    code = int(name[2:], 16) if name[1] in "xX" else int(name[1:])
    return chr(code) if 0 < code < 0xD800 or 0xDFFF < code <= 0x10FFFF else "\ufffd"
