"""The API documentation: what this panel sells, in the table's own words, and answers as on the wire."""

from __future__ import annotations

import json
import re

import pytest
from django_scopes import scope

from panelwright.catalog.actions import NewService, add_services, set_enabled
from panelwright.catalog.types import BY_NAME, TYPES
from panelwright.events import webhook_rules
from panelwright.orders.models import PauseReason
from panelwright.orders.status import OrderStatus, RefillStatus, SubscriptionStatus
from panelwright.panels import presets
from panelwright.panels.models import Panel
from panelwright.storefront.tests.reading import codes, parameters, programs, section, text_of, types_offered

# What the published panels sell, by the table of the protocol.
_P0 = [
    "Default",
    "Package",
    "Custom Comments",
    "Mentions with Hashtags",
    "Mentions Custom List",
    "Mentions User Followers",
    "Subscriptions",
    "Custom Comments Package",
    "Comment Likes",
    "Poll",
]
SOLD = {
    "everything": [type_.name for type_ in TYPES],
    "promospanel": _P0,
    "promobox": ["Default", "Custom Comments"],
    "painelgramsmm": [
        "Default",
        "Package",
        "Custom Comments",
        "Mentions with Hashtags",
        "Subscriptions",
        "Comment Likes",
    ],
    "smmpanel": [type_.name for type_ in TYPES if type_.name not in {"Mentions", "Web Traffic"}],
    "bare": ["Default", "Subscriptions"],
}
ACTIONS = {
    "services": ("services", []),
    "status": ("status", ["order"]),
    "multi-status": ("status", ["orders"]),
    "status-by-request-id": ("status", ["request_id"]),
    "refill": ("refill", ["order"]),
    "multi-refill": ("refill", ["orders"]),
    "refill-status": ("refill_status", ["refill"]),
    "multi-refill-status": ("refill_status", ["refills"]),
    "cancel": ("cancel", ["orders"]),
    "balance": ("balance", []),
}


@pytest.fixture
def read(open_panel, visit):
    """`read("bare")` is the text of the panel's documentation page."""

    def get(name: str, query: str = "") -> str:
        open_panel(name)
        response = visit(name).get(f"/api{query}")
        assert response.status_code == 200
        return response.content.decode()

    return get


@pytest.mark.parametrize("name", presets.names())
def test_the_types_to_choose_from_are_those_that_the_panel_sells(read, name: str) -> None:
    page = read(name)
    assert types_offered(page) == SOLD[name]
    assert re.findall(r'data-variant="([\w-]+)"', page) == [BY_NAME[type_].slug for type_ in SOLD[name]]


def test_each_type_shows_the_fields_that_the_api_checks(read) -> None:
    page = read("everything")
    for type_ in TYPES:
        expected = {"key": True, "action": True, "service": True} | {f.name: f.required for f in type_.fields}
        assert parameters(section(page, f"add-{type_.slug}")) == expected, type_.name


def test_choices_that_the_help_does_not_explain_are_listed(read) -> None:
    page = read("everything")
    delays = "0, 5, 10, 15, 30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 360, 420, 480, 540, 600"
    assert f"One of {delays}" in text_of(section(page, "add-subscriptions"))
    assert "1 search keyword, 2 referrer, 3 blank" in text_of(section(page, "add-web-traffic"))
    assert "One of" not in text_of(section(page, "add-web-traffic"))


@pytest.mark.parametrize(
    ("slug", "price"),
    [
        ("default", "rate × quantity × runs ÷ 1000."),
        ("package", "the rate, per package."),
        ("custom-comments", "rate × lines of comments ÷ 1000."),
        ("mentions-custom-list", "rate × lines of usernames ÷ 1000."),
        ("subscriptions", "nothing up front; each order the subscription creates costs rate × quantity ÷ 1000."),
        ("poll", "rate × quantity ÷ 1000."),
    ],
)
def test_each_type_says_how_it_is_priced(read, slug: str, price: str) -> None:
    assert f"Price: {price}" in text_of(section(read("everything"), f"add-{slug}"))


@pytest.mark.parametrize("name", presets.names())
def test_every_action_has_its_parameters(read, name: str) -> None:
    page = read(name)
    for slug, (action, own) in ACTIONS.items():
        part = section(page, slug)
        assert list(parameters(part)) == ["key", "action", *own], slug
        assert f'<code translate="no">{action}</code>' in part


@pytest.mark.parametrize("name", presets.names())
def test_example_answers_are_the_bytes_of_the_wire(read, name: str) -> None:
    page = read(name)
    currency = presets.load(name).currency
    answers = {slug: codes(section(page, slug)) for slug in ACTIONS}
    for texts in answers.values():
        for text in texts:
            assert json.dumps(json.loads(text), ensure_ascii=False, separators=(",", ":")) == text
    status = (
        '{"charge":"0.27819","start_count":"3572","status":"Partial","remains":"157","currency":"' + currency + '"}'
    )
    assert answers["status"][0] == status
    assert list(json.loads(answers["status"][1])) == [*json.loads(status), "runs", "orders"]
    assert list(json.loads(answers["status"][2])) == [*json.loads(status), "posts", "orders", "expiry"]
    assert answers["multi-status"][0].startswith('{"23501":' + status + ',"10":{"error":"Incorrect order ID"},"23504":')
    assert list(json.loads(answers["status-by-request-id"][0])) == ["order", *json.loads(status)]
    assert answers["refill"] == ['{"refill":"1"}']
    assert answers["multi-refill"] == [
        '[{"order":1,"refill":1},{"order":2,"refill":2},{"order":3,"refill":{"error":"Incorrect order ID"}}]'
    ]
    assert answers["refill-status"] == ['{"refill":"Completed"}' if name == "promobox" else '{"status":"Completed"}']
    assert answers["multi-refill-status"] == [
        '[{"refill":1,"status":"Completed"},{"refill":2,"status":"Rejected"},'
        '{"refill":3,"status":{"error":"Refill not found"}}]'
    ]
    assert answers["cancel"] == ['[{"order":9,"cancel":{"error":"Incorrect order ID"}},{"order":2,"cancel":1}]']
    assert answers["balance"] == ['{"balance":"100.84292","currency":"' + currency + '"}']
    assert '{"order":23501}' in codes(page)


def test_the_service_list_shows_services_of_this_panel(read) -> None:
    listed = json.loads(codes(section(read("promobox"), "services"))[0])
    assert listed == [
        {
            "service": 1,
            "name": "Подписчики",
            "type": "Default",
            "category": "Подписчики и лайки",
            "rate": "1.5055",
            "min": "50",
            "max": "10000",
            "refill": True,
            "cancel": True,
            "dripfeed": True,
        },
        {
            "service": 6,
            "name": "Свои комментарии",
            "type": "Custom Comments",
            "category": "Комментарии",
            "rate": "8.4567",
            "min": "1",
            "max": "1000",
            "refill": True,
            "cancel": True,
            "dripfeed": False,
        },
    ]


def test_the_address_is_the_one_that_the_visitor_uses(open_panel, visit) -> None:
    open_panel("bare", host="panel.example")
    response = visit("bare").get("/api", headers={"host": "panel.example:8443"}, secure=True)
    page = response.content.decode()
    assert '<code class="copyable" translate="no" dir="ltr">https://panel.example:8443/api/v2</code>' in page
    for program in programs(page).values():
        assert "https://panel.example:8443/api/v2" in program


def test_one_type_can_be_asked_for_without_a_script(read) -> None:
    page = read("everything", "?type=poll")
    assert '<option value="poll" selected>' in page and page.count(" selected>") == 1
    assert '<div class="variants one">' in page
    assert re.findall(r'<section class="variant chosen" id="([\w-]+)"', page) == ["add-poll"]


@pytest.mark.parametrize("query", ["?type=", "?type=none", "?type=POLL", "?type=poll", "?type=%01&type=%ff"])
def test_a_type_that_is_not_sold_is_not_asked_for(read, query: str) -> None:
    page = read("bare", query)
    assert '<div class="variants">' in page
    assert re.findall(r'<section class="variant chosen" id="([\w-]+)"', page) == ["add-default"]


def test_the_documentation_answers_with_and_without_a_slash(open_panel, visit) -> None:
    open_panel("bare")
    assert visit("bare").get("/api").content == visit("bare").get("/api/").content
    assert visit("bare").get("/api/").status_code == 200


def test_the_words_are_those_of_the_orders(read) -> None:
    words = text_of(section(read("promobox"), "words")).split("\n")
    for values in (OrderStatus.values, SubscriptionStatus.values, RefillStatus.values):
        assert any(" ".join(values) in line for line in words)


def test_errors_of_parameters_name_parameters_that_the_panel_knows(open_panel, visit) -> None:
    panel = open_panel("bare")
    with scope(panel=panel):
        for number in (1, 2, 3, 4):
            set_enabled(panel_id=panel.id, number=number, enabled=False)
        add_services(panel.id, [NewService(number=9, category="Packs", name="Pack", type="Package", rate_micros=1)])
    errors = text_of(section(visit("bare").get("/api").content.decode(), "errors"))
    assert "Incorrect request_id" in errors
    assert "Incorrect quantity" not in errors


def test_examples_stay_within_the_limits_of_the_service(open_panel, visit) -> None:
    panel = open_panel("bare")
    with scope(panel=panel):
        for number in (1, 2, 3, 4):
            set_enabled(panel_id=panel.id, number=number, enabled=False)
        new = [
            NewService(number=20, category="C", name="Large", type="Default", rate_micros=1, min=500, max=900),
            NewService(number=21, category="C", name="Small", type="Poll", rate_micros=1, min=1, max=7),
            NewService(number=22, category="C", name="Words", type="Custom Comments", rate_micros=1, min=3, max=9),
            NewService(number=23, category="C", name="New posts", type="Subscriptions", rate_micros=1, min=60, max=80),
            NewService(number=24, category="C", name="Larger", type="Default", rate_micros=1, min=1, max=900),
        ]
        add_services(panel.id, new)
    page = visit("bare").get("/api").content.decode()
    calls = {slug: codes(section(page, f"add-{slug}"))[0] for slug in ("default", "poll", "custom-comments")}
    assert "-d service=20 " in calls["default"] and "-d quantity=500" in calls["default"]
    assert "-d quantity=7 " in calls["poll"]
    assert "--data-urlencode comments='Great!\nWell done\nGreat!'" in calls["custom-comments"]
    subscription = codes(section(page, "add-subscriptions"))[0]
    assert "-d min=60 " in subscription and "-d max=80 " in subscription


def test_what_a_program_cannot_guess_is_told(read) -> None:
    page = read("everything")
    limits = text_of(section(page, "limits"))
    for name in ("RateLimit-Policy", "RateLimit", "Retry-After", "X-Error-Code", "X-Error-Detail", "ETag"):
        assert f">{name}</code>" in section(page, "limits")
    assert "Each key may make 60,000 calls per minute" in limits
    assert codes(section(page, "limits"))[0].startswith("curl -sS -G ")
    assert "never expires" in text_of(section(page, "retries"))
    assert "Idempotent-Replayed: true" in text_of(section(page, "retries"))
    assert json.loads(codes(section(page, "dry-run"))[1]) == {"charge": "1.44219", "currency": "USD"}
    keys = text_of(section(page, "keys"))
    assert "refill_status" in keys and "UTC" in keys
    money = text_of(section(page, "money"))
    assert "Amounts are in USD" in money and "rounded up to the next 0.000001, a refund down" in money
    assert "All times are UTC." in money
    hooks = section(page, "webhooks")
    for name in webhook_rules.NAMES:
        assert f">{name}</code>" in hooks
    for word in ("parent", "reason", *PauseReason.values, "by hand"):
        assert f">{word}</code>" in hooks
    message = json.loads(codes(hooks)[0])
    assert list(message) == ["type", "timestamp", "data"]
    assert "tried again, 9 times" in text_of(hooks)


def test_a_panel_without_a_rate_limit_says_so(open_panel, visit) -> None:
    panel = open_panel("bare")
    Panel.objects.filter(id=panel.id).update(per_minute_max=None)
    assert "This panel sets no rate limit." in text_of(section(visit("bare").get("/api").content.decode(), "limits"))


def test_final_words_are_marked(read) -> None:
    marked = re.findall(r'<code class="final">([^<]+)</code>', section(read("bare"), "words"))
    orders, subscriptions, refills = (
        ["Completed", "Partial", "Canceled"],
        ["Completed", "Expired", "Canceled"],
        ["Completed", "Rejected", "Canceled"],
    )
    assert marked == [*orders, *subscriptions, *refills]
