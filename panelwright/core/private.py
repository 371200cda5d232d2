"""What is stored is for the user that runs the panels, and for no other user of the machine."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path

UMASK = 0o077


def keep_private() -> None:
    """From now on this process, and those that it starts, make files and folders for their owner only."""
    os.umask(UMASK)


def make_folder(folder: Path) -> None:
    """The folder, for its owner only where it is new. One that is there keeps its mode: see `open_to_others`."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)


def open_to_others(folder: Path, files: Iterable[Path] = ()) -> list[str]:
    """Warnings, with what to do: the folder when other users may look into it, and files that they may open.

    Files in a folder that is shut are shut with it.
    """
    found = [folder] if _is_open(folder) else []
    found += [file for file in files if _is_open(file) and _is_open(file.parent)]
    return [
        f"other users of this machine can read {path}, and with it passwords' hashes and keys:"
        f" chmod {'700' if path.is_dir() else '600'} {path}"
        for path in dict.fromkeys(found)
    ]


def _is_open(path: Path) -> bool:
    try:
        return bool(stat.S_IMODE(path.stat().st_mode) & UMASK)
    except OSError:
        return False
