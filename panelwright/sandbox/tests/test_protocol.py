"""The envelope, and each action, over HTTP."""

from __future__ import annotations

from decimal import Decimal

import pytest

from panelwright.catalog.types import BY_NAME, TYPES, Units
from panelwright.sandbox.catalogue import CATALOGUE, pick
from panelwright.sandbox.tests.harness import Caller, Sandbox, example_params

STEADY = pick(type="Default").service
LINK = "https://example.com/page"


# The envelope


@pytest.mark.parametrize("path", ["/api/v2", "/api/v2/"])
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_both_paths_and_methods_answer_the_same_bytes(sandbox: Sandbox, caller: Caller, path: str, method: str):
    fields = {"key": caller.key, "action": "balance"}
    answer = sandbox.http.request(method, sandbox.url + path, fields=fields, redirect=False)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.data == b'{"balance":"1000000.00","currency":"USD"}'


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"service":%d,"link":" %s ","quantity":100}'),
        ("text/plain", b'{"service":%d,"link":" %s ","quantity":100}'),
        ("application/x-www-form-urlencoded", b"service=%d&link=+%s+&quantity=100"),
        ("", b"service=%d&link=+%s+&quantity=100"),
    ],
)
def test_key_in_the_query_and_the_rest_in_the_body(sandbox: Sandbox, caller: Caller, content_type: str, body: bytes):
    url = f"{sandbox.url}/api/v2?key={caller.key}&action=add&quantity=99999999"
    headers = {"Content-Type": content_type} if content_type else {}
    answer = sandbox.http.request("POST", url, body=body % (STEADY, LINK.encode()), headers=headers)
    order = answer.json()["order"]
    mine = [o for o in sandbox.state()["orders"] if o["id"] == order]
    assert (mine[0]["link"], mine[0]["quantity"]) == (LINK, 100)


def test_a_multipart_form_with_a_file_that_nobody_asked_for(sandbox: Sandbox, caller: Caller):
    fields: dict[str, str | tuple[str, str]] = {
        "key": caller.key,
        "action": "add",
        "service": str(STEADY),
        "link": LINK,
        "quantity": "100",
        "upload": ("a.txt", "x" * 200_000),
    }
    answer = sandbox.http.request("POST", f"{sandbox.url}/api/v2", fields=fields)
    assert list(answer.json()) == ["order"]


def test_key_comes_before_action_and_action_before_parameters(sandbox: Sandbox, caller: Caller):
    assert sandbox.caller("wrong")("nonsense") == {"error": "Invalid API key"}
    assert sandbox.caller("")("balance") == {"error": "Invalid API key"}
    for action in ("nonsense", "", "status", "refill", "refill_status", "cancel"):
        assert caller(action) == {"error": "Incorrect request"}


def test_a_refusal_has_one_key_and_its_code_in_a_header(caller: Caller):
    answer = caller.raw("add", service=999)
    assert answer.data == b'{"error":"Incorrect service ID"}'
    assert answer.headers["x-error-code"] == "incorrect_service"


def test_too_large_unknown_path_and_method(sandbox: Sandbox):
    assert sandbox.http.request("POST", f"{sandbox.url}/api/v2", body=b"x" * 3_000_000).status == 413
    assert sandbox.http.request("GET", f"{sandbox.url}/elsewhere").status == 404
    answer = sandbox.http.request("DELETE", f"{sandbox.url}/api/v2")
    assert (answer.status, answer.data) == (405, b'{"error":"Incorrect request"}')


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("application/json", b'{"link":"\\ud800","comments":"\\u0000"}'),
        ("application/json", b"[" * 100_000),
        ("application/json", b'{"link":' * 50_000),
        ("application/json", b'{"quantity":1e999,"service":NaN,"link":[1,{}]}'),
        ("application/json", b'{"quantity":' + b"9" * 10_000 + b"}"),
        ("application/json", b"\xff\xfe\x00"),
        ("application/x-www-form-urlencoded", b"link=%ff%00&" * 2_000),
        ("multipart/form-data", b"no boundary"),
        ("multipart/form-data; boundary=x", b"--x\r\nbroken"),
        (
            "multipart/form-data; boundary=x",
            b'--x\r\nContent-Disposition: form-data; name="link"\r\n\r\n\xf0\x9f\x98\x80',
        ),
    ],
)
def test_broken_input_is_refused_and_never_a_failure(sandbox: Sandbox, caller: Caller, content_type: str, body: bytes):
    url = f"{sandbox.url}/api/v2?key={caller.key}&action=add&service={STEADY}"
    answer = sandbox.http.request("POST", url, body=body, headers={"Content-Type": content_type})
    assert answer.status == 200
    assert list(answer.json()) == ["error"]


# services and balance


def test_services_show_the_catalogue_with_the_protocols_types(caller: Caller):
    answer = caller.raw("services")
    rows = answer.json()
    assert [row["service"] for row in rows] == [s.service for s in CATALOGUE] == list(range(1, len(CATALOGUE) + 1))
    assert {row["type"] for row in rows} == set(BY_NAME)
    first = (
        b'[{"service":1,"name":"Followers, fast","type":"Default","category":"Audience","rate":"0.90",'
        b'"min":"10","max":"100000","refill":true,"cancel":true,"dripfeed":true},'
    )
    assert answer.data.startswith(first)


def test_every_type_has_a_service_that_delivers_steadily_and_default_every_character():
    assert {s.type for s in CATALOGUE if s.character == "steady"} == set(BY_NAME)
    assert {s.character for s in CATALOGUE if s.type == "Default"} == {"fast", "steady", "slow", "partial", "cancels"}


# add


@pytest.mark.parametrize("type_", TYPES, ids=lambda t: t.slug)
def test_add_of_every_type_is_charged_and_delivered(sandbox: Sandbox, caller: Caller, type_):
    service = pick(type=type_.name)
    params = example_params(type_)
    order = caller.add(service=service.service, **params)

    units = {Units.QUANTITY: 250, Units.LINES: 2, Units.FLAT: 1, Units.PER_POST: 0}[type_.units]
    price = Decimal(service.rate) * (1 if type_.flat else Decimal(units) / 1000)
    charge = price.quantize(Decimal("0.000001"), rounding="ROUND_CEILING")
    shown = caller.status(order)
    assert Decimal(shown["charge"]) == charge
    assert Decimal(caller.balance()) == Decimal("1000000") - charge
    if type_.subscription:
        assert (shown["status"], shown["remains"]) == ("Active", "0")
        return
    assert (shown["status"], shown["remains"], shown["start_count"]) == ("Pending", str(units), "0")
    received = next(o for o in sandbox.state()["orders"] if o["id"] == order)
    assert received["params"] == {"service": str(service.service), **params}
    sandbox.advance(60)
    shown = caller.status(order)
    assert (shown["status"], shown["remains"], Decimal(shown["charge"])) == ("Completed", "0", charge)
    assert int(shown["start_count"]) >= 100


_DEFAULT = {"service": STEADY, "link": LINK, "quantity": 100}
_POLL = {"service": pick(type="Poll").service, "link": LINK, "quantity": 100, "answer_number": 1}
_SUBSCRIPTION = {"service": pick(type="Subscriptions").service, "username": "anna", "min": 10, "max": 20, "delay": 0}
_TRAFFIC = {
    "service": pick(type="Web Traffic").service, "link": LINK, "quantity": 100, "country": "US", "device": 5,
    "type_of_traffic": 3,
}  # fmt: skip


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({}, "Incorrect service ID"),
        (_DEFAULT | {"service": "1e0"}, "Incorrect service ID"),
        (_DEFAULT | {"link": "", "quantity": 0}, "Bad link"),
        (_DEFAULT | {"link": "a\nb"}, "Bad link"),
        (_POLL | {"answer_number": "x", "quantity": ""}, "Incorrect answer_number"),
        (_DEFAULT | {"runs": 2}, "Incorrect interval"),
        (_DEFAULT | {"interval": 5}, "Incorrect runs"),
        (_DEFAULT | {"service": 3, "runs": 2, "interval": 5}, "Incorrect runs"),
        (_DEFAULT | {"quantity": "-5"}, "Incorrect quantity"),
        (_DEFAULT | {"quantity": "10.5"}, "Incorrect quantity"),
        (_DEFAULT | {"quantity": 9}, "Quantity less than minimal 10"),
        (_DEFAULT | {"quantity": 100_001}, "Quantity more than maximum 100000"),
        (_DEFAULT | {"quantity": 10**30}, "Quantity more than maximum 100000"),
        ({"service": 9, "link": LINK, "comments": "\r\n \n"}, "Incorrect comments"),
        (_SUBSCRIPTION | {"delay": 7}, "Incorrect delay"),
        (_SUBSCRIPTION | {"min": 9}, "Quantity less than minimal 10"),
        (_SUBSCRIPTION | {"max": 5001}, "Quantity more than maximum 5000"),
        (_SUBSCRIPTION | {"min": 21}, "Incorrect min"),
        (_SUBSCRIPTION | {"expiry": "31/02/2030"}, "Incorrect expiry"),
        (_TRAFFIC | {"device": 6}, "Incorrect device"),
        (_TRAFFIC | {"type_of_traffic": 1}, "Incorrect google_keyword"),
        (_TRAFFIC | {"type_of_traffic": 2, "referring_url": "nowhere"}, "Incorrect referring_url"),
        (_DEFAULT | {"request_id": "x" * 101}, "Incorrect request_id"),
    ],
)
def test_add_refuses_with_the_protocols_words_and_moves_nothing(
    caller: Caller, sandbox: Sandbox, params: dict[str, object], text: str
):
    orders = len(sandbox.state()["orders"])
    assert caller("add", **params) == {"error": text}
    after = sandbox.state()
    assert (len(after["orders"]), caller.balance()) == (orders, "1000000.00")
    assert (after["add_log"][-1]["result"], after["add_log"][-1]["error"]) == ("refused", text)


def test_absent_words_lone_carriage_returns_and_runs_of_one(sandbox: Sandbox, caller: Caller):
    assert caller.add(**_DEFAULT, runs="undefined", interval="null")
    assert caller.add(**_DEFAULT, runs=1, interval=5)
    order = caller.add(service=9, link=LINK, comments="one\rtwo\r\n\r\nthree", quantity=77)
    assert caller.status(order)["remains"] == "3"


def test_not_enough_funds_and_the_last_micro(sandbox: Sandbox, caller: Caller):
    sandbox.control("balance", key=caller.key, balance="0.123449")
    assert caller("add", **_DEFAULT) == {"error": "Not enough funds on balance"}
    sandbox.control("balance", key=caller.key, balance="0.12345")
    caller.add(**_DEFAULT)
    assert caller.balance() == "0.00"


def test_one_open_order_a_link_where_the_service_says_so(sandbox: Sandbox, caller: Caller):
    params = {"service": 6, "link": f"{LINK}/{caller.key}", "quantity": 100}
    caller.add(**params)
    assert caller("add", **params)["error"].startswith("You have active order with this link.")
    caller.add(**params | {"link": f"{LINK}/{caller.key}/2"})
    sandbox.advance(60)
    caller.add(**params)


# request_id


def test_a_repeated_request_id_answers_the_first_order_and_takes_nothing(
    sandbox: Sandbox, caller: Caller, other: Caller
):
    first = caller.add(**_DEFAULT, request_id=f"r-{caller.key}")
    balance = caller.balance()
    assert caller.add(**_DEFAULT, request_id=f"r-{caller.key}") == first
    by_header = caller.raw("add", idempotency_key=f"r-{caller.key}", **_DEFAULT)
    assert by_header.json() == {"order": first}
    assert caller("add", **_DEFAULT | {"quantity": 101}, request_id=f"r-{caller.key}") == {
        "error": "Incorrect request_id"
    }
    assert caller.balance() == balance == "999999.87655"
    assert other.add(**_DEFAULT, request_id=f"r-{caller.key}") != first

    state = sandbox.state()
    assert state["add_calls"][f"r-{caller.key}"] == 5
    results = [row["result"] for row in state["add_log"] if row["request_id"] == f"r-{caller.key}"]
    assert results == ["placed", "repeated", "repeated", "refused", "placed"]
    assert next(o["id"] for o in state["orders"] if o["request_id"] == f"r-{caller.key}") == first


def test_a_refused_request_id_may_be_tried_again(sandbox: Sandbox, caller: Caller):
    sandbox.control("balance", key=caller.key, balance="0.00")
    assert "error" in caller("add", **_DEFAULT, request_id=f"r-{caller.key}")
    sandbox.control("balance", key=caller.key, balance="1.00")
    assert caller.add(**_DEFAULT, request_id=f"r-{caller.key}")


def test_a_panel_that_does_not_know_request_id_makes_every_add_an_order(sandbox: Sandbox, caller: Caller):
    sandbox.control("config", knows_request_id=False)
    try:
        orders = {caller.add(**_DEFAULT, request_id=f"r-{caller.key}") for _ in range(3)}
    finally:
        sandbox.control("config", knows_request_id=True)
    assert len(orders) == 3
    assert sandbox.state()["add_calls"][f"r-{caller.key}"] == 3


# status


def test_status_of_many_answers_each_id_as_sent(caller: Caller, other: Caller):
    mine, foreign = caller.add(**_DEFAULT), other.add(**_DEFAULT)
    wrong = {"error": "Incorrect order ID"}
    many = caller("status", orders=f"Array,{mine}, {foreign},99999999999999999999,,1")
    assert list(many) == ["Array", str(mine), str(foreign), "99999999999999999999", "1"]
    assert list(many[str(mine)]) == ["charge", "start_count", "status", "remains", "currency"]
    assert many[str(mine)]["charge"] == "0.12345"
    assert [v for k, v in many.items() if k != str(mine)] == [wrong] * 4
    assert caller("status", orders=mine) == {str(mine): many[str(mine)]}
    assert caller("status", order=f"{mine},x") == {str(mine): many[str(mine)], "x": wrong}
    assert caller("status", order=foreign) == wrong
    assert len(caller("status", orders=",".join(str(n) for n in range(150)))) == 100


# refill


def test_a_refill_runs_to_its_end(sandbox: Sandbox, caller: Caller, other: Caller):
    orders = [caller.add(**_DEFAULT) for _ in range(12)]
    assert caller("refill", order=orders[0]) == {"error": "The order is not completed"}
    sandbox.advance(60)
    single = caller("refill", order=orders[0])
    assert list(single) == ["refill"]
    assert isinstance(single["refill"], str)
    assert caller("refill", order=orders[0]) == {"error": "The refill task is not completed for this order"}
    rest = caller("refill", orders=",".join(map(str, orders[1:])))
    assert [row["order"] for row in rest] == orders[1:]
    ids = [int(single["refill"]), *(row["refill"] for row in rest)]
    assert len(set(ids)) == 12

    seen = []
    for seconds in (0, 3.5, 60):
        sandbox.advance(seconds)
        rows = caller("refill_status", refills=",".join(map(str, ids)))
        assert [row["refill"] for row in rows] == ids
        seen.append({row["status"] for row in rows})
    assert seen == [{"Pending"}, {"In progress"}, {"Completed", "Rejected"}]
    assert caller("refill_status", refill=ids[0]) == {"status": rows[0]["status"]}
    assert other("refill_status", refill=ids[0]) == {"error": "Refill not found"}
    assert other("refill_status", refills=f"{ids[0]},x") == [
        {"refill": ids[0], "status": {"error": "Refill not found"}},
        {"refill": "x", "status": {"error": "Refill not found"}},
    ]
    assert list(caller("refill", order=orders[0])) == ["refill"]


def test_refills_that_are_refused(sandbox: Sandbox, caller: Caller, other: Caller):
    order, plain = caller.add(**_DEFAULT), caller.add(**_DEFAULT | {"service": 3})
    sandbox.advance(60)
    assert caller("refill", orders=f"{plain},x") == [
        {"order": plain, "refill": {"error": "Refill is disabled for this service"}},
        {"order": "x", "refill": {"error": "Incorrect order ID"}},
    ]
    assert other("refill", order=order) == {"error": "Incorrect order ID"}
    sandbox.control("config", refill_wait_s=86_400)
    try:
        early = caller("refill", order=order)
    finally:
        sandbox.control("config", refill_wait_s=0)
    assert early == {"error": "The order was completed or refill was requested less than 24 hours ago"}
    sandbox.advance(31 * 86_400)
    assert caller("refill", order=order) == {"error": "Refill days are over"}


# cancel


def test_cancel_takes_effect_a_moment_later_with_exact_remains(sandbox: Sandbox, caller: Caller):
    slow = {"service": 5, "link": LINK, "quantity": 20_000}
    waiting = caller.add(**slow)
    running = caller.add(**slow)
    sandbox.advance(60)
    assert caller.status(running)["status"] == "In progress"
    waiting = caller.add(**slow)
    assert caller("cancel", orders=f"{waiting},{running},x") == [
        {"order": waiting, "cancel": 1},
        {"order": running, "cancel": 1},
        {"order": "x", "cancel": {"error": "Incorrect order ID"}},
    ]
    assert [caller.status(o)["status"] for o in (waiting, running)] == ["Pending", "In progress"]
    before = int(caller.status(running)["remains"])
    sandbox.advance(3)
    whole = caller.status(waiting)
    assert (whole["status"], whole["remains"], whole["charge"]) == ("Canceled", "20000", "0.00")
    part = caller.status(running)
    remains = int(part["remains"])
    assert part["status"] == "Partial"
    assert 0 < remains <= before
    assert Decimal(part["charge"]) == Decimal("54.30") - Decimal(54_300_000 * remains // 20_000) / 1_000_000
    sandbox.advance(1000)
    assert [caller.status(o) for o in (waiting, running)] == [whole, part]
    assert caller("cancel", order=running) == [{"order": running, "cancel": {"error": "The order cannot be canceled"}}]


def test_cancels_that_are_refused(caller: Caller, other: Caller):
    order, firm = caller.add(**_DEFAULT), caller.add(service=21, link=LINK, quantity=10, usernames="anna")
    assert caller("cancel", orders=firm) == [
        {"order": firm, "cancel": {"error": "Cancel is disabled for this service"}}
    ]
    assert other("cancel", orders=order) == [{"order": order, "cancel": {"error": "Incorrect order ID"}}]
    assert caller.status(order)["status"] == "Pending"


# Drip-feeds and subscriptions


def test_a_drip_feed_is_charged_at_once_and_runs_on_time(sandbox: Sandbox, caller: Caller):
    order = caller.add(**_DEFAULT, runs=3, interval=10)
    assert caller.balance() == "999999.62965"
    first = caller.status(order)
    assert list(first) == ["charge", "start_count", "status", "remains", "currency", "runs", "orders"]
    assert (first["charge"], first["status"], first["remains"], first["runs"]) == ("0.37035", "In progress", "300", "0")
    assert len(first["orders"]) == 1
    sandbox.advance(605)
    second = caller.status(order)
    assert (second["remains"], second["runs"], len(second["orders"])) == ("200", "1", 2)
    runs = caller("status", orders=",".join(map(str, second["orders"])))
    assert [r["status"] for r in runs.values()] == ["Completed", "In progress"]
    assert caller("cancel", order=second["orders"][1])[0]["cancel"] == {"error": "The order cannot be canceled"}
    sandbox.advance(3600)
    last = caller.status(order)
    assert (last["status"], last["remains"], last["runs"], len(last["orders"])) == ("Completed", "0", "3", 3)
    assert (last["charge"], caller.balance()) == ("0.37035", "999999.62965")


def test_a_cancelled_drip_feed_gives_back_the_runs_not_started(sandbox: Sandbox, caller: Caller):
    order = caller.add(**_DEFAULT, runs=3, interval=10)
    sandbox.advance(605)
    assert caller("cancel", order=order) == [{"order": order, "cancel": 1}]
    sandbox.advance(3600)
    shown = caller.status(order)
    assert (shown["status"], shown["remains"], shown["charge"]) == ("Partial", "100", "0.2469")
    assert (shown["runs"], len(shown["orders"]), caller.balance()) == ("2", 2, "999999.7531")


def test_a_subscription_orders_for_each_post_pauses_without_funds_and_ends(sandbox: Sandbox, caller: Caller):
    order = caller.add(**_SUBSCRIPTION, posts=3, old_posts=2)
    shown = caller.status(order)
    assert list(shown) == ["charge", "start_count", "status", "remains", "currency", "posts", "orders", "expiry"]
    assert (shown["status"], shown["posts"], shown["expiry"], len(shown["orders"])) == ("Active", "2", "", 2)
    sandbox.control("balance", key=caller.key, balance="0.00")
    sandbox.advance(61)
    assert (caller.status(order)["status"], caller.status(order)["posts"]) == ("Paused", "2")
    sandbox.control("balance", key=caller.key, balance="5.00")
    assert (caller.status(order)["status"], caller.status(order)["posts"]) == ("Active", "3")
    sandbox.advance(600)
    last = caller.status(order)
    assert (last["status"], last["posts"]) == ("Completed", "5")
    made = [o for o in sandbox.state()["orders"] if o["parent"] == order]
    assert [o["id"] for o in made] == last["orders"]
    assert all(10 <= o["quantity"] <= 20 and o["status"] == "Completed" for o in made)
    assert Decimal(caller.balance()) == 5 - sum(Decimal(o["charge"]) for o in made[2:])


def test_a_subscription_expires_or_is_cancelled(sandbox: Sandbox, caller: Caller):
    today = sandbox.control("config")["now"][:10]
    expiry = f"{today[8:10]}/{today[5:7]}/{today[:4]}"
    order, endless = caller.add(**_SUBSCRIPTION | {"expiry": expiry, "delay": 30}), caller.add(**_SUBSCRIPTION)
    sandbox.advance(2 * 86_400)
    shown = caller.status(order)
    assert (shown["status"], shown["expiry"]) == ("Expired", expiry)
    assert caller("cancel", orders=f"{order},{endless}") == [
        {"order": order, "cancel": {"error": "The order cannot be canceled"}},
        {"order": endless, "cancel": 1},
    ]
    posts = caller.status(endless)["posts"]
    sandbox.advance(86_400)
    assert (caller.status(endless)["status"], caller.status(endless)["posts"]) == ("Canceled", posts)
