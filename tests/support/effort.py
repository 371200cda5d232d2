"""How long what is random looks for faults: shortly in a run of all tests, long and with other seeds in `make prove`.

`make prove` sets PANELWRIGHT_PROVE to a seed, and PANELWRIGHT_PROVE_SHARE to its share of an hour: in less than an hour
it tries less of everything, rather than only some. Without a seed each run draws the same: a change is not held up by
what it did not break, and what `make prove` has found once becomes a test of its own.
"""

from __future__ import annotations

import os

_SEED = os.environ.get("PANELWRIGHT_PROVE", "")
_SHARE = float(os.environ.get("PANELWRIGHT_PROVE_SHARE", "1"))
PROVING = bool(_SEED)


def seed(usual: int) -> int:
    """What to draw from."""
    return int(_SEED) if PROVING else usual


def effort(usual: int, *, proving: int) -> int:
    """How many of something to try; never fewer than in a usual run."""
    return max(usual, round(proving * _SHARE)) if PROVING else usual
