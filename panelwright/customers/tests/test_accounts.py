"""A user's own account: signing up, letters and their links, passwords, addresses, profile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django_scopes import scope, scopes_disabled

from panelwright.core.refusal import Refusal
from panelwright.customers import account_actions, sessions
from panelwright.customers.account_actions import OLD_LINK, LetterSent
from panelwright.customers.login_actions import Admitted, Visitor
from panelwright.customers.models import LetterKind, User
from panelwright.customers.session_actions import open_session
from panelwright.events.models import Mail
from tests.support.people import PASSWORD, Buyer, Owner, Time, counts, everything, execute, value, values
from tests.support.threads import together

CAROL, DAVE = "carol@customer.example", "dave@customer.example"
GOOD = "a good password of dave"
VISITOR = Visitor("198.51.100.7", "Firefox", "device")


class Post:
    """What the letters would say: the tokens of their links, the newest last."""

    def __init__(self) -> None:
        self.tokens: list[str] = []

    def __call__(self, token: str) -> str:
        self.tokens.append(token)
        return f"https://shop.example/x/{token}"


@pytest.fixture
def post() -> Post:
    return Post()


def sign_up(owner: Owner, post: Post, email: str = DAVE, password: str = GOOD, address: str = "198.51.100.7") -> Any:
    with scope(panel=owner.panel):
        return account_actions.sign_up(
            panel=owner.panel,
            email=email,
            password=password,
            language="en",
            link_to=post,
            reset_link="https://shop.example/reset",
            address=address,
        )


def confirm(owner: Owner, token: str, **how: Any) -> Any:
    with scope(panel=owner.panel):
        return account_actions.confirm_sign_up(panel=owner.panel, token=token, visitor=VISITOR, **how)


def ask_reset(owner: Owner, post: Post, email: str = CAROL) -> Any:
    with scope(panel=owner.panel):
        return account_actions.ask_reset(
            panel=owner.panel, email=email, language="en", link_to=post, address="198.51.100.7"
        )


def reset(owner: Owner, token: str, password: str = GOOD) -> Any:
    with scope(panel=owner.panel):
        return account_actions.reset_password(panel=owner.panel, token=token, password=password)


def user_of(owner: Owner, email: str) -> User:
    with scope(panel=owner.panel):
        found: User = User.objects.select_related("panel").get(email=email)
        return found


def ask_new_email(owner: Owner, post: Post, who: str, email: str, current: str = PASSWORD) -> Any:
    with scope(panel=owner.panel):
        return account_actions.ask_new_email(
            user=user_of(owner, who), current=current, email=email, link_to=post, address="198.51.100.7"
        )


def confirm_email(owner: Owner, token: str) -> Any:
    with scope(panel=owner.panel):
        return account_actions.confirm_new_email(panel=owner.panel, token=token)


def kinds() -> list[tuple[str, str]]:
    with scopes_disabled():
        return list(Mail.objects.order_by("id").values_list("to", "kind"))


def test_an_account_is_made_when_its_letter_is_opened(alice: Owner, post: Post) -> None:
    asked = sign_up(alice, post, f" {DAVE.upper()} ")
    assert isinstance(asked, LetterSent)
    assert value("SELECT COUNT(*) FROM customers_user WHERE email = %s", DAVE) == 0
    admitted = confirm(alice, post.tokens[0], mark=asked.mark)
    assert isinstance(admitted, Admitted)
    user = user_of(alice, DAVE)
    assert user.check_password(GOOD)
    with scope(panel=alice.panel):
        assert (user.customer.account.balance_micros, user.customer.enabled) == (0, True)
    assert value("SELECT password FROM customers_lettertoken") == "", "the hash is kept in one place"
    assert confirm(alice, post.tokens[0], mark=asked.mark) == OLD_LINK
    assert value("SELECT COUNT(*) FROM events_event WHERE name = 'customer.signed_up'") == 1


def test_a_stranger_who_signs_up_with_her_address_does_not_choose_her_password(alice: Owner, post: Post) -> None:
    sign_up(alice, post, password="the one of the stranger")
    before = everything()
    for how in ({}, {"mark": "x"}, {"password": GOOD}, {"password": "x" * 10**6}, {"mark": "\ud800"}):
        assert confirm(alice, post.tokens[0], **how) == Refusal("wrong_chosen_password", "password")
    assert everything() == before
    found = [confirm(alice, post.tokens[0], password="x") for _ in range(6)]
    assert [refused.code for refused in found] == ["wrong_chosen_password"] * 5 + ["too_often"]
    sign_up(alice, post)
    assert isinstance(confirm(alice, post.tokens[1], password=GOOD), Admitted)
    assert user_of(alice, DAVE).check_password(GOOD)


@pytest.mark.parametrize(
    ("email", "password", "refusal"),
    [
        ("", GOOD, Refusal("bad_email", "email")),
        ("dave", GOOD, Refusal("bad_email", "email")),
        ("dave@", GOOD, Refusal("bad_email", "email")),
        ("dave@customer.example\nBcc: x@y.example", GOOD, Refusal("bad_email", "email")),
        ("da\x00ve@customer.example", GOOD, Refusal("bad_email", "email")),
        ("d" * 250 + "@customer.example", GOOD, Refusal("bad_email", "email")),
        ("d" * 10**6, GOOD, Refusal("bad_email", "email")),
        (DAVE, "seven77", Refusal("short_password", "password", 8)),
        (DAVE, "x" * 201, Refusal("long_password", "password", 200)),
        (DAVE, "password123", Refusal("common_password", "password")),
        (DAVE, DAVE.upper(), Refusal("common_password", "password")),
    ],
)
def test_what_cannot_be_an_account_is_refused(
    alice: Owner, post: Post, email: str, password: str, refusal: Refusal
) -> None:
    assert sign_up(alice, post, email, password) == refusal
    assert counts("events_mail", "customers_lettertoken") == (0, 0)


def test_a_password_of_two_hundred_characters_in_any_script_is_fine(alice: Owner, post: Post) -> None:
    long = "пароль🎉" * 28 + "1234"
    assert len(long) == 200
    asked = sign_up(alice, post, password=long)
    assert isinstance(confirm(alice, post.tokens[0], mark=asked.mark), Admitted)
    assert user_of(alice, DAVE).check_password(long)


def test_nobody_learns_that_an_address_has_an_account(alice: Owner, carol: Buyer, post: Post) -> None:
    known, unknown = sign_up(alice, post, CAROL), sign_up(alice, post, DAVE)
    assert type(known) is type(unknown) is LetterSent
    assert len(known.mark) == len(unknown.mark) == 64
    assert kinds() == [(CAROL, "sign-up"), (DAVE, "sign-up")]
    with scopes_disabled():
        first, second = Mail.objects.order_by("id")
    assert "already have an account" in first.text.replace("\n", " ")
    assert "https://shop.example/reset" in first.text
    assert post.tokens[0] in second.text
    # A reset writes rows either way, so that it takes as long; a letter goes out for one of them.
    rows = counts("customers_lettertoken")[0]
    assert ask_reset(alice, post, CAROL) is None
    assert counts("customers_lettertoken") == (rows + 1,)
    assert ask_reset(alice, post, "erin@customer.example") is None
    assert counts("customers_lettertoken") == (rows + 2,)
    assert kinds()[2:] == [(CAROL, "reset")]


def test_letters_are_few(alice: Owner, post: Post) -> None:
    assert [type(sign_up(alice, post)) for _ in range(4)] == [LetterSent] * 3 + [Refusal]
    found = [sign_up(alice, post, f"p{n}@customer.example", address=f"2001:db8::{n:x}") for n in range(21)]
    assert [type(one) for one in found] == [LetterSent] * 20 + [Refusal], "a network of its own is one address"


def test_a_link_leads_to_its_own_end_on_its_own_panel_for_its_time(
    alice: Owner, rival: Owner, carol: Buyer, post: Post, time: Time
) -> None:
    asked = sign_up(alice, post)
    ask_reset(alice, post)
    signing_up, resetting = post.tokens
    for token in ("", "x", signing_up, "\ud800", "x" * 10**6):
        assert reset(alice, token) == OLD_LINK
    assert confirm(alice, resetting, password=PASSWORD) == OLD_LINK
    assert confirm_email(alice, resetting) == OLD_LINK
    assert reset(rival, resetting) == OLD_LINK
    assert confirm(rival, signing_up, mark=asked.mark) == OLD_LINK
    time.passes(minutes=60)
    assert reset(alice, resetting) == OLD_LINK
    time.passes(hours=22, minutes=59)
    with scope(panel=alice.panel):
        assert account_actions.letter_works(panel_id=alice.panel_id, kind=LetterKind.SIGN_UP, token=signing_up)
    time.passes(minutes=1)
    assert confirm(alice, signing_up, mark=asked.mark) == OLD_LINK


def test_a_reset_sets_the_password_once_and_ends_all_sessions(alice: Owner, carol: Buyer, post: Post) -> None:
    with scope(panel=alice.panel):
        open_session(user=carol.customer.user, address="", browser="")
    ask_reset(alice, post)
    ask_reset(alice, post)
    first, second = post.tokens
    assert reset(alice, first, "short") == Refusal("short_password", "password", 8)
    assert isinstance(reset(alice, first), User)
    assert user_of(alice, CAROL).check_password(GOOD)
    assert counts("customers_session") == (0,), "and nobody is logged in by it"
    assert reset(alice, first) == OLD_LINK
    assert reset(alice, second, "another good one") == OLD_LINK, "an older letter does not set it back"
    assert kinds()[-1] == (CAROL, "account")


def test_a_new_password_takes_the_old_one_and_keeps_this_session(alice: Owner, carol: Buyer) -> None:
    with scope(panel=alice.panel):
        for _ in range(2):
            open_session(user=carol.customer.user, address="", browser="")
        kept = value("SELECT MIN(id) FROM customers_session")

        def change(current: str, password: str) -> Any:
            return account_actions.change_password(
                user=user_of(alice, CAROL), current=current, password=password, session_id=kept
            )

        before = everything()
        assert change("wrong", GOOD) == Refusal("wrong_password", "current")
        assert change("x" * 10**6, GOOD) == Refusal("wrong_password", "current")
        assert change(PASSWORD, "1234567") == Refusal("short_password", "password", 8)
        assert everything() == before
        token = change(PASSWORD, GOOD)
    assert values("SELECT id, digest FROM customers_session") == [(kept, sessions.digest(token))], "a new token"
    assert user_of(alice, CAROL).check_password(GOOD)


def test_an_address_changes_when_the_letter_to_the_new_one_is_opened(alice: Owner, carol: Buyer, post: Post) -> None:
    assert ask_new_email(alice, post, CAROL, DAVE, current="x") == Refusal("wrong_password", "current")
    assert ask_new_email(alice, post, CAROL, "x") == Refusal("bad_email", "email")
    assert ask_new_email(alice, post, CAROL, DAVE) is None
    ask_reset(alice, post, CAROL)
    assert kinds() == [(DAVE, "new-email"), (CAROL, "reset")]
    assert isinstance(confirm_email(alice, post.tokens[0]), User)
    assert user_of(alice, DAVE).id == carol.customer.user_id
    assert kinds()[-1] == (CAROL, "account"), "the old address is told"
    assert reset(alice, post.tokens[1]) == OLD_LINK, "a letter in the old mailbox opens nothing any more"


def test_an_address_that_somebody_has_gets_no_letter(alice: Owner, carol: Buyer, post: Post) -> None:
    alice.customer("dave")
    rows = counts("customers_lettertoken")[0]
    assert ask_new_email(alice, post, CAROL, DAVE) is None
    assert (kinds(), counts("customers_lettertoken")) == ([], (rows + 1,))


@pytest.mark.parametrize("name", ["Carol", "  Carol \n of Shop ", "Кэрол 🎉"])
def test_a_name_is_one_line(alice: Owner, carol: Buyer, name: str) -> None:
    with scope(panel=alice.panel):
        user = user_of(alice, CAROL)
        assert account_actions.change_profile(user=user, name=name, language="", timezone="Europe/Berlin") is None
    assert user_of(alice, CAROL).name == " ".join(name.split())


@pytest.mark.parametrize(
    ("fields", "refusal"),
    [
        ({"name": "x" * 101}, Refusal("too_long", "name", 100)),
        ({"language": "xx"}, Refusal("bad_choice", "language")),
        ({"timezone": "../../etc/passwd"}, Refusal("bad_choice", "timezone")),
        ({"timezone": "Mars/Base"}, Refusal("bad_choice", "timezone")),
    ],
)
def test_a_profile_takes_what_there_is(alice: Owner, carol: Buyer, fields: dict[str, str], refusal: Refusal) -> None:
    given = {"name": "", "language": "", "timezone": "", **fields}
    with scope(panel=alice.panel):
        assert account_actions.change_profile(user=user_of(alice, CAROL), **given) == refusal
    assert (user_of(alice, CAROL).name, user_of(alice, CAROL).timezone) == ("", "")


@pytest.mark.django_db(transaction=True)
def test_two_letters_to_one_address_make_one_account(transactional_db: None, alice: Owner, post: Post) -> None:
    marks = [sign_up(alice, post).mark for _ in range(2)]
    opened: list[Callable[[], Any]] = [
        lambda token=token, mark=mark: confirm(alice, token, mark=mark)  # type: ignore[misc]
        for token, mark in zip(post.tokens, marks, strict=True)
        for _ in range(3)
    ]
    found = together(opened)
    assert sum(isinstance(one, Admitted) for one in found) == 1
    assert found.count(OLD_LINK) == 5
    assert value("SELECT COUNT(*) FROM customers_user WHERE email = %s", DAVE) == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_want_one_address_do_not_both_get_it(
    transactional_db: None, alice: Owner, carol: Buyer, post: Post
) -> None:
    alice.customer("erin")
    wanted = "new@customer.example"
    ask_new_email(alice, post, CAROL, wanted)
    ask_new_email(alice, post, "erin@customer.example", wanted)
    asked = sign_up(alice, post, wanted)
    assert isinstance(asked, LetterSent)
    first, second, third = post.tokens
    found = together(
        [
            lambda: confirm_email(alice, first),
            lambda: confirm_email(alice, second),
            lambda: confirm(alice, third, mark=asked.mark),
        ]
    )
    assert found.count(OLD_LINK) == 2
    assert value("SELECT COUNT(*) FROM customers_user WHERE email = %s", wanted) == 1
    execute("DELETE FROM customers_attempts")


def test_a_letter_about_a_new_password_offers_customers_to_revoke_keys(alice: Owner, carol: Buyer, bob: Any) -> None:
    def texts(user: User, link: str) -> str:
        execute("DELETE FROM events_mail")
        done = account_actions.change_password(user=user, current=PASSWORD, password=GOOD, session_id=0, keys_link=link)
        assert isinstance(done, str), done
        (text,) = [row[0] for row in values("SELECT text FROM events_mail")]
        execute("UPDATE customers_user SET password = %s WHERE id = %s", kept, user.id)
        user.refresh_from_db()
        return str(text)

    with scope(panel=alice.panel):
        user = user_of(alice, CAROL)
        kept = user.password
        assert texts(user, "https://shop.example/account/keys").endswith("here:\nhttps://shop.example/account/keys")
        assert texts(user, "").endswith("revoke it in your account, under API keys.")
        assert "API keys" not in texts(user_of(alice, "bob@shop.example"), "https://shop.example/account/keys")
