"""What each order may still do upstream: the rule that nothing is sent or taken twice, watched from outside.

The panel learns of an order's fate only from answers that it has written down. Until it has written
down a clear refusal, an order that went out may be there; it may then go out again only to the same
provider, and only where that one knows `request_id`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from panelwright.providers.routing import rules
from panelwright.providers.secret_actions import request_secret
from panelwright.providers.wire.outcomes import Reason
from tests.simulator.broken import Complaints
from tests.simulator.upstream import BEFORE_LOOKING, Delivery, Followed, UpstreamModel


class Fate(Enum):
    """What the panel can know of an order at its providers."""

    NOT_THERE = "not there"  # never sent, or clearly refused
    MAYBE = "maybe"  # sent or claimed for it, and nothing clear has been written down
    THERE = "there"  # its upstream id has been written down


@dataclass(slots=True)
class Parcel:
    order_id: int
    link: str
    quantity: int
    fate: Fate = Fate.NOT_THERE
    model: UpstreamModel | None = None
    calls: int = 0
    taken: list[tuple[str, str]] = field(default_factory=list)  # provider, its order id


class Deliveries:
    """The witness of all upstream models."""

    def __init__(self, complaints: Complaints) -> None:
        self._complaints = complaints
        self._parcels: dict[str, Parcel] = {}
        self._request_ids: dict[int, str] = {}
        self._sent_refills: dict[int, Fate] = {}
        self.refill_under_way: int | None = None
        self._secret = ""
        # What providers have made of subscriptions and is not ours yet: (model, its id) -> the subscription.
        self.made: dict[tuple[str, str], int] = {}

    def register(self, order_id: int, created_at: datetime, link: str, quantity: int) -> None:
        """An order that can go to a provider."""
        self._secret = self._secret or request_secret()
        request_id = rules.request_id(self._secret, order_id, created_at)
        if request_id in self._parcels:
            self._complaints.add(f"order {order_id} goes upstream as {self._parcels[request_id].order_id} did")
        self._parcels[request_id] = Parcel(order_id, link, quantity)
        self._request_ids[order_id] = request_id

    def parcel(self, order_id: int) -> Parcel:
        return self._parcels[self._request_ids[order_id]]

    # ---- heard from the models ----

    def add_called(self, model: UpstreamModel, params: dict[str, str]) -> None:
        parcel = self._parcels.get(params.get("request_id", ""))
        if parcel is None:
            self._complaints.add(f"{model.name} was sent what nobody ordered: {params}")
            return
        parcel.calls += 1
        if parcel.fate is Fate.THERE:
            self._complaints.add(f"order {parcel.order_id} was sent again, to {model.name}, after it was taken")
        elif parcel.fate is Fate.MAYBE and not (model is parcel.model and model.knows_request_id):
            before = parcel.model.name if parcel.model is not None else "nobody"
            self._complaints.add(
                f"order {parcel.order_id} was sent to {model.name} while its outcome at {before} was unknown"
            )
        if params.get("link", params.get("username", "")) != parcel.link or params.get(
            "quantity", str(parcel.quantity)
        ) != str(parcel.quantity):
            self._complaints.add(f"order {parcel.order_id} went out as another order: {params}")
        if "runs" in params or "interval" in params:
            self._complaints.add(f"order {parcel.order_id} was passed on as a drip-feed: {params}")
        parcel.fate, parcel.model = Fate.MAYBE, model

    def post_made(self, model: UpstreamModel, followed: Followed, order: Delivery) -> None:
        parcel = self._parcels.get(followed.request_id)
        if parcel is not None:
            self.made[model.name, order.ref] = parcel.order_id

    def is_taken_over(self, model: UpstreamModel, ref: str) -> bool:
        return (model.name, ref) not in self.made

    def order_taken(self, model: UpstreamModel, order: Delivery | Followed) -> None:
        parcel = self._parcels.get(order.request_id)
        if parcel is None:
            return  # complained of by `add_called`
        parcel.taken.append((model.name, order.ref))
        if len(parcel.taken) > 1:
            self._complaints.add(f"order {parcel.order_id} is upstream {len(parcel.taken)} times: {parcel.taken}")

    def refill_called(self, model: UpstreamModel, ref: str) -> None:
        refill_id = self.refill_under_way
        if refill_id is None:
            return
        if self._sent_refills.get(refill_id, Fate.NOT_THERE) is not Fate.NOT_THERE:
            self._complaints.add(f"refill {refill_id} was passed on to {model.name} again")
        self._sent_refills[refill_id] = Fate.MAYBE

    # ---- heard from the workers and from people ----

    def lost(self, order_id: int, model: UpstreamModel) -> None:
        """A worker died that had claimed the order: whether it went out is not written down anywhere."""
        parcel = self.parcel(order_id)
        if parcel.fate is Fate.NOT_THERE:
            parcel.fate, parcel.model = Fate.MAYBE, model

    def refused(self, order_id: int, reason: Reason, *, again: bool) -> None:
        """A refusal was written down. A repeat is cleared by it only where it says something of the first try."""
        parcel = self.parcel(order_id)
        if not (again and reason in BEFORE_LOOKING):
            parcel.fate, parcel.model = Fate.NOT_THERE, None

    def written_down(self, order_id: int) -> None:
        self.parcel(order_id).fate = Fate.THERE

    def decided(self, order_id: int) -> None:
        """A person looked at the provider and did not find it."""
        parcel = self.parcel(order_id)
        parcel.fate, parcel.model = Fate.NOT_THERE, None

    def refill_lost(self, refill_id: int) -> None:
        self._sent_refills[refill_id] = Fate.MAYBE

    def refill_refused(self, refill_id: int) -> None:
        self._sent_refills[refill_id] = Fate.NOT_THERE
