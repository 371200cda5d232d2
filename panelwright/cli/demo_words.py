"""What people write to the demonstration's panel, and what they are answered. `{order}` is one of their orders."""

from __future__ import annotations

from typing import NamedTuple

from panelwright.support.models import Subject


class Talk(NamedTuple):
    """A ticket: its first message, and the staff's answers with what the customer says to each. `closed` by staff.

    `open_order`: it is about an order that is still under way.
    """

    subject: str
    text: str
    title: str = ""
    answers: tuple[tuple[str, str], ...] = ()
    closed: bool = False
    open_order: bool = False


# Those that ended, oldest first; then those that wait.
TALKS = (
    Talk(
        Subject.PAYMENT.value,
        "Hi, I sent 50 USD yesterday and my balance is still the same. What do you need from me?",
        "Payment not on my balance",
        (
            ("Hello! Please send us the reference of the transfer.", "It is 8841-2207."),
            ("Thank you, found it: the 50.00 USD are on your balance now.", ""),
        ),
        closed=True,
    ),
    Talk(Subject.ORDER.value, "refill {order}", answers=(("The refill is on its way.", ""),), closed=True),
    Talk(
        Subject.OTHER.value,
        "Do you give a discount to somebody who orders every day? I resell to about thirty people.",
        "Reseller prices",
        (
            (
                "We do. From 500 USD a month you are on our reseller price list. I have put you on it.",
                "Great, thank you!",
            ),
        ),
        closed=True,
    ),
    Talk(
        Subject.OTHER.value,
        "Order {order} started from a much higher number than I had. Can you check the start count?",
        "Start count of {order}",
        (("The number was read when the provider began. We have corrected it.", "Looks right now."),),
        closed=True,
    ),
    Talk(Subject.ORDER.value, "cancel {order}", answers=(("It had been completed before we could stop it.", ""),)),
    Talk(
        Subject.OTHER.value,
        "How do I get notified when an order is completed? I poll the API every minute now.",
        "Notifications for my system",
        (("Add a webhook on your account page: it is called for each order that ends.", "Perfect."),),
        closed=True,
    ),
    Talk(
        Subject.PAYMENT.value,
        "Can I pay by bank transfer in euro?",
        "Bank transfer",
        (("Not yet, we are working on it.", ""),),
    ),
    Talk(
        Subject.OTHER.value,
        "Half of order {order} is gone after two weeks. The service says 30 days of refill.",
        "Drop on order {order}",
        (("We have asked the provider for a refill.", "It is still dropping, please have another look."),),
    ),
    Talk(Subject.ORDER.value, "speed up {order}", open_order=True),
    Talk(
        Subject.OTHER.value,
        "I ordered to the wrong link by mistake ({order}). Can the link be changed before it starts?",
        "Wrong link",
        open_order=True,
    ),
    Talk(
        Subject.PAYMENT.value,
        "My card was charged twice for one payment of 100 USD. Both show on my statement, only one on my balance.",
        "Charged twice",
    ),
    Talk(Subject.OTHER.value, "Which of your follower services lasts the longest? Slow is fine.", "Advice"),
)
