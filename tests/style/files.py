"""The files of the project, as git sees them: what is ignored is not ours to judge."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterable
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]


@cache
def all_files() -> tuple[str, ...]:
    """Paths below the root, of files tracked or new and not ignored."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listing = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return tuple(sorted(path for path in set(listing.split("\0")) if path and (ROOT / path).is_file()))


def files(*suffixes: str, under: str = "") -> list[str]:
    return [path for path in all_files() if path.endswith(suffixes) and path.startswith(under)]


def product_code(under: str = "panelwright/") -> list[str]:
    """The Python files that run in production: without tests and generated migrations."""
    return [path for path in files(".py", under=under) if not {"tests", "migrations"} & set(path.split("/"))]


def text_of(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8", errors="replace")


def any_of(words: Iterable[str]) -> re.Pattern[str]:
    """Finds each of the words where it stands by itself. Without words it finds nothing."""
    return re.compile("|".join(rf"(?<!\w){re.escape(word)}(?![A-Za-z])" for word in words) or r"(?!)")


def lines_with(pattern: re.Pattern[str], paths: Iterable[str]) -> list[str]:
    """`path:line` of every line in which the pattern is found."""
    return [
        f"{path}:{number}"
        for path in paths
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if pattern.search(line)
    ]
