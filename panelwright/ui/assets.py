"""The product's own style sheets, scripts and pictures, served from memory.

They are a few small files that belong to the release, so no folder is ever read at the wish of a
request: a name that is not in the table made at start is a 404, whatever dots and slashes it has.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import django_htmx

# Each site has a folder of its own; names are unique over all of them.
FOLDERS = tuple(Path(__file__).parent.with_name(site) / "static" for site in ("ui", "storefront", "backoffice"))
# The script library is not ours: it comes with the package that the lock file pins.
HTMX = Path(django_htmx.__file__).parent / "static" / "django_htmx" / "htmx-2.min.js"
CONTENT_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: its bytes, plain and gzipped, and `version`, 16 hex digits of their digest."""

    name: str
    content_type: str
    body: bytes
    gzipped: bytes
    version: str


@cache
def all_assets() -> dict[str, Asset]:
    """Every file of the folders by its name. Read once: a new release is a new process."""
    paths = sorted(path for folder in FOLDERS for path in folder.iterdir())
    found = {path.name: _read(path) for path in paths if path.suffix in CONTENT_TYPES}
    found["htmx.js"] = _read(HTMX, name="htmx.js")
    return found


def _read(path: Path, *, name: str = "") -> Asset:
    body = path.read_bytes()
    return Asset(
        name=name or path.name,
        content_type=CONTENT_TYPES[path.suffix],
        body=body,
        gzipped=gzip.compress(body, mtime=0),
        version=hashlib.sha256(body).hexdigest()[:16],
    )
