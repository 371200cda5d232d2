"""Who does something: a person who is logged in, a program with a key, or whoever runs commands on the host."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from panelwright.staff.rights import ALL, Right


class ActorKind(StrEnum):
    STAFF = "staff"  # logged in
    KEY = "key"  # a program with a staff key
    HOST = "host"  # an operator who is signed in as a panel's owner (customers/host_guests.py)
    OPERATOR = "operator"  # a command on the host, or an operator who is logged in on its pages


@dataclass(frozen=True, slots=True)
class Actor:
    """`id`: of the member of staff, whose key it may be; None for an operator. `name`: as the trail shows it.

    `address`: where the call came from; empty for a command. `rights`: what it may do, at this moment. `key_id`: of a
    program, the staff key that it calls with. `origin`: where the panel can be reached, as "https://shop.example", for
    links of letters; empty: not known.
    """

    kind: ActorKind
    id: int | None
    name: str
    address: str
    rights: frozenset[Right]
    key_id: int | None = None
    origin: str = ""

    def may(self, right: Right | None) -> bool:
        """Whether it has the right; None stands for what any of the staff may."""
        return right is None or right in self.rights


def operator(name: str, *, address: str = "") -> Actor:
    """Whoever runs commands on the host, or is logged in on its pages: nothing is kept from them."""
    return Actor(ActorKind.OPERATOR, None, name, address, ALL)
