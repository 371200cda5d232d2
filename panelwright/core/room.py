"""Room that many share: who asks for more than is left goes without."""

from __future__ import annotations

from panelwright.core import limits

# The part of it that one of them may have.
_SHARE = 4


class ByteRoom:
    """So many bytes, a quarter of them for each address. To be used from one thread."""

    def __init__(self, size: int) -> None:
        self.size = self.left = size
        self._of: dict[str, int] = {}

    def take(self, count: int, of: str) -> bool:
        """False when there is not so much left, or not for this address: then nothing was taken. `of` "": anybody."""
        has = self._of.get(of, 0) + count
        if count > self.left or (of and has > self.size // _SHARE):
            return False
        self.left -= count
        self._of[of] = has
        return True

    def give_back(self, count: int, of: str) -> None:
        self.left += count
        has = self._of.get(of, 0) - count
        if has > 0:
            self._of[of] = has
        else:
            self._of.pop(of, None)


# For the bodies of requests, of the API and the pages together, in the event loop of a web process.
BODIES = ByteRoom(limits.BODIES_BYTES_MAX)
# What each body may have without asking.
FREE_BYTES = 64 * limits.KIB
