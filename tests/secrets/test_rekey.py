"""The secret key is exchanged while the panels run: everything that is sealed, whatever table it is in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.core import signing

from tests.support.rounds import Rounds
from tests.support.upstream import LOST, ScriptedUpstream

if TYPE_CHECKING:
    from tests.support.people import Buyer, Owner, Time

TOTP = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NEW = "a-key-that-took-the-place-of-the-one-before"


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    from panelwright.cli.main import main

    def run(status: int, *arguments: str) -> str:
        capsys.readouterr()
        came = main(arguments)
        printed = capsys.readouterr()
        assert came == status, printed
        return printed.out if status == 0 else printed.err

    return run


@pytest.fixture
def rotated(settings: Any) -> Callable[[], str]:
    """Call it to put a new key in front of the one that there is, which it answers."""

    def rotate() -> str:
        old: str = settings.SECRET_KEY
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = NEW, [old]
        return old

    return rotate


def seal_some_of_everything(alice: Owner, carol: Buyer, time: Time) -> None:
    """Through the product's own actions, so that a secret that is stored anywhere is here."""
    import pyotp
    from django_scopes import scope

    from panelwright.customers import account_actions
    from panelwright.customers.models import User
    from panelwright.events import webhook_actions
    from panelwright.host.actions import add_operator
    from panelwright.payments import method_actions
    from panelwright.providers.posts.post_actions import add_webhook
    from panelwright.providers.secret_actions import request_secret

    with scope(panel=alice.panel):
        alice.provider("https://north.example/api/v2")
        add_webhook(panel_id=alice.panel_id)
        made = webhook_actions.create_endpoint(
            panel_id=alice.panel_id,
            customer_id=carol.customer_id,
            url="https://hooks.example/",
            names=["order.completed"],
            description="",
        )
        assert isinstance(made, tuple), made
        webhook_actions.rotate_secret(panel_id=alice.panel_id, customer_id=carol.customer_id, endpoint_id=made[0])
        user = User.objects.select_related("panel").get(id=carol.customer.user_id)
        code = pyotp.TOTP(TOTP).at(int(time.now.timestamp()))
        on = account_actions.switch_on_second_factor(
            user=user, current="correct horse", secret=TOTP, code=code, session_id=0
        )
        assert isinstance(on, account_actions.FactorOn), on
        method = method_actions.add(panel_id=alice.panel_id, kind="stripe", name="Card")
        method_actions.set_gateway(panel_id=alice.panel_id, method_id=method.id, key="sk_live_k")
    request_secret()
    add_operator(email="olga@host.example", password_hash="x")


def tokens() -> Iterator[tuple[str, str]]:
    """Whatever looks like something that was encrypted, in any column of any table, with where it is."""
    from django.db import connection

    from tests.support.people import values

    for table in connection.introspection.django_table_names(include_views=False):
        with connection.cursor() as run:
            run.execute(f'SELECT * FROM "{table}" LIMIT 0')
            columns = [column[0] for column in run.description]
        for row in values(f'SELECT * FROM "{table}"'):
            for name, cell in zip(columns, row, strict=True):
                if "gAAAAA" in str(cell):
                    yield f"{table}.{name}", str(cell)


def test_whatever_is_encrypted_is_in_a_sealed_column_and_is_sealed_anew(
    alice: Owner, carol: Buyer, time: Time, rotated: Callable[[], str], said: Callable[..., str]
) -> None:
    from panelwright.core.rekey_actions import sealed_columns
    from panelwright.core.secret import Box

    seal_some_of_everything(alice, carol, time)
    before = dict(tokens())
    assert {str(column) for column in sealed_columns()} == set(before), (
        "a column that rekey does not walk, or one that this test puts nothing into"
    )
    old = Box(rotated())
    plain = {where: old.open(sealed) for where, sealed in before.items()}
    told = said(0, "rekey")
    assert "providers_provider.sealed_key: 1 sealed anew" in told
    after = dict(tokens())
    assert {where: Box(NEW).open(sealed) for where, sealed in after.items()} == plain
    assert "anew" not in said(0, "rekey").replace("0 sealed anew", ""), "nothing is left to do"
    assert dict(tokens()) == after


def test_it_goes_on_where_it_was_stopped_in_short_transactions(
    alice: Owner, rotated: Callable[[], str], monkeypatch: pytest.MonkeyPatch, said: Callable[..., str]
) -> None:
    from panelwright.core import rekey_actions
    from panelwright.core.secret import Box
    from tests.support.people import values

    for number in range(7):
        alice.provider("https://north.example/api/v2", name=f"north {number}")
    old = rotated()
    monkeypatch.setattr(rekey_actions, "BATCH", 3)
    (column,) = [c for c in rekey_actions.sealed_columns() if str(c) == "providers_provider.sealed_key"]
    walk = rekey_actions.rekey(column)
    assert next(walk).sealed == 3
    walk.close()
    sealed = [row[0] for row in values("SELECT sealed_key FROM providers_provider ORDER BY id")]
    assert [Box(old).anew(one) is not None for one in sealed[3:]] == [False] * 4, "the rest is as it was"
    said(0, "rekey")
    sealed = [row[0] for row in values("SELECT sealed_key FROM providers_provider ORDER BY id")]
    assert [Box(NEW).open(one) for one in sealed] == [f"key-of-north {number}" for number in range(7)]


def test_what_no_key_opens_is_named_and_the_rest_is_done(
    alice: Owner, rotated: Callable[[], str], said: Callable[..., str]
) -> None:
    from panelwright.core.secret import Box
    from tests.support.people import execute, value

    alice.provider("https://north.example/api/v2", name="north")
    lost = alice.provider("https://south.example/api/v2", name="south").id
    execute("UPDATE providers_provider SET sealed_key = %s WHERE id = %s", Box("nobody knows").seal("x"), lost)
    rotated()
    assert f"providers_provider.sealed_key of row {lost}" in said(1, "rekey")
    sealed = value("SELECT sealed_key FROM providers_provider WHERE name = 'north'")
    assert Box(NEW).open(sealed) == "key-of-north"


def test_signatures_from_before_stay_valid(carol: Buyer, time: Time, rotated: Callable[[], str]) -> None:
    """A log-in that is between password and code, and a session."""
    import pyotp
    from django_scopes import scope

    from panelwright.customers import account_actions, login_actions
    from panelwright.customers.login_actions import Admitted, CodeNeeded, Visitor
    from panelwright.customers.models import User
    from panelwright.customers.sessions import session_of

    panel, visitor = carol.owner.panel, Visitor("198.51.100.7", "Firefox", "device")
    code = pyotp.TOTP(TOTP).at
    with scope(panel=panel):
        user = User.objects.select_related("panel").get(id=carol.customer.user_id)
        admitted = login_actions.admit(user, visitor)
        assert admitted is not None
        token = admitted.token
        account_actions.switch_on_second_factor(
            user=user, current="correct horse", secret=TOTP, code=code(int(time.now.timestamp())), session_id=0
        )
        time.passes(seconds=60)
        needed = login_actions.log_in(panel_id=panel.id, email=user.email, password="correct horse", visitor=visitor)
        assert isinstance(needed, CodeNeeded)
        signed = signing.dumps(1)
        rotated()
        now = code(int(time.now.timestamp()))
        entered = login_actions.log_in_with_code(panel_id=panel.id, proof=needed.proof, code=now, visitor=visitor)
        assert isinstance(entered, Admitted), entered
        assert signing.loads(signed) == 1
        assert session_of(panel.id, entered.token, now=time.now) is not None
        assert token


@pytest.mark.django_db(transaction=True)
def test_an_order_that_is_sent_again_goes_by_the_same_request_id(
    alice: Owner,
    carol: Buyer,
    time: Time,
    worker: Rounds,
    upstream: ScriptedUpstream,
    rotated: Callable[[], str],
    said: Callable[..., str],
    settings: Any,
) -> None:
    """The key is exchanged and the old one thrown away while nobody knows whether the order arrived."""
    from tests.support.people import FOLLOWERS, row_of

    alice.route(FOLLOWERS, alice.provider(upstream.url, knows_request_id=True))
    upstream.answers("add", LOST, {"order": 7})
    order_id = carol.order()
    worker.forward()
    rotated()
    said(0, "rekey")
    settings.SECRET_KEY_FALLBACKS = []
    later = Rounds()
    try:
        time.passes(minutes=30)
        assert later.recover() == 1
    finally:
        later.close()
    sent = [call["request_id"] for call in upstream.called("add")]
    assert len(sent) == 2
    assert len(set(sent)) == 1, sent
    assert row_of(order_id).upstream_id == "7"


@pytest.mark.django_db(transaction=True)
def test_without_the_secret_of_request_ids_nothing_is_sent(
    alice: Owner, carol: Buyer, worker: Rounds, upstream: ScriptedUpstream, settings: Any, said: Callable[..., str]
) -> None:
    from panelwright.providers.secret_actions import request_secret
    from tests.support.people import FOLLOWERS, everything

    request_secret()
    settings.SECRET_KEY = NEW
    alice.route(FOLLOWERS, alice.provider(upstream.url, knows_request_id=True))
    carol.order()
    before = everything()
    for round_ in (worker.forward, worker.recover):
        with pytest.raises(ValueError, match="panelwright rekey --lost"):
            round_()
    assert (everything(), upstream.calls) == (before, [])
    assert "it is a new one now" in said(0, "rekey", "--lost")
    upstream.answers("add", {"order": 7})
    later = Rounds()
    later.forward()
    later.close()
    assert len(upstream.called("add")) == 1
