"""Example code: right in its own language, whatever the values are."""

from __future__ import annotations

import ast
import subprocess
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from panelwright.catalog.types import BY_NAME, TYPES, ServiceType
from panelwright.core import signatures
from panelwright.orders import fields
from panelwright.storefront import examples
from tests.support.effort import effort

URL = "http://panel.example/api/v2"
# What a shell argument, a form and a database can all hold.
texts = st.text(st.characters(exclude_characters="\0", codec="utf-8"))


def shell_words(command: str) -> list[str]:
    """The arguments as a real shell hands them to a program."""
    printer = "curl() { printf '%s\\0' \"$@\"; }\n"
    output = subprocess.run(["sh", "-c", printer + command], capture_output=True, check=True, timeout=10).stdout
    return output.decode().split("\0")[:-1]


@settings(max_examples=effort(30, proving=150))
@given(texts)
def test_a_shell_takes_any_value_as_it_is(value: str) -> None:
    words = shell_words(examples.curl_call(URL, "add", [("comments", value)]))
    assert words[-1] == f"comments={value}"
    assert words[:6] == ["-sS", URL, "-d", f"key={examples.KEY}", "-d", "action=add"]


@given(texts)
def test_python_takes_any_value_as_it_is(value: str) -> None:
    program = ast.parse(examples.python_program(URL, [("comments", value)]))
    values = {
        keyword.arg: keyword.value.value
        for node in ast.walk(program)
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if isinstance(keyword.value, ast.Constant)
    }
    assert values["comments"] == value


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("red shoes", "'red shoes'"),
        ("it's", "'it\\'s'"),
        ("a\\b", "'a\\\\b'"),
        ("a$b{$c}", "'a$b{$c}'"),
        ("Great!\nWell done", '"Great!\\nWell done"'),
        ('a\n$b "c" \\n {$d}\r', '"a\\n\\$b \\"c\\" \\\\n {\\$d}\\r"'),
    ],
)
def test_php_takes_any_value_as_it_is(value: str, written: str) -> None:
    assert f"    'comments' => {written},\n" in examples.php_program(URL, [("comments", value)])


@pytest.mark.parametrize("type_", TYPES, ids=lambda type_: type_.slug)
def test_the_example_of_every_type_passes_the_check_of_the_api(type_: ServiceType) -> None:
    sent = dict(examples.add_parameters(type_, None))
    assert sent.pop("service") == "1"
    checked = fields.check(type_, sent, drip_feed=False, flat_quantity=1)
    assert isinstance(checked, fields.CheckedFields), checked
    assert set(sent) == {f.name for f in type_.fields if f.required} | (
        {"google_keyword"} if type_.name == "Web Traffic" else set()
    )


def test_the_programs_place_the_order_that_they_are_told() -> None:
    by_slug = {program.slug: program for program in examples.programs(URL, BY_NAME["Default"], None)}
    assert list(by_slug) == ["curl", "php", "python"]
    assert [program.language for program in by_slug.values()] == ["curl", "PHP", "Python"]
    assert (
        "-d service=1 \\\n  --data-urlencode link='https://example.com/page' \\\n  -d quantity=100)"
        in by_slug["curl"].code
    )
    assert (
        "'service' => '1',\n    'link' => 'https://example.com/page',\n    'quantity' => '100',\n"
        in by_slug["php"].code
    )
    assert 'service="1",\n    link="https://example.com/page",\n    quantity="100",\n' in by_slug["python"].code
    for program in by_slug.values():
        assert program.code.count(examples.KEY) == 1
        assert program.code.count(URL) == 1


def test_the_check_of_a_webhook_takes_what_was_signed_and_nothing_else() -> None:
    made: dict[str, Any] = {}
    exec(examples.python_webhook(), made)
    secret, other = signatures.new_secret(), signatures.new_secret()
    made["SECRET"] = secret
    now = datetime.now(UTC)
    body = '{"type":"order.completed","data":{"link":"https://example.com/ж"}}'

    def headers(*secrets: str, at: datetime = now) -> dict[str, str]:
        return signatures.headers(secrets, message_id="msg_1", at=at, body=body)

    signed = made["signed"]
    assert signed(headers(secret), body.encode())
    assert signed(headers(other, secret), body.encode()), "while the secret is being changed"
    assert not signed(headers(other), body.encode())
    assert not signed(headers(secret), body.encode() + b" ")
    assert not signed(headers(secret) | {"webhook-id": "msg_2"}, body.encode())
    assert not signed(headers(secret, at=now - timedelta(minutes=6)), body.encode())
    assert not signed({}, body.encode())
    assert not signed(headers(secret) | {"webhook-signature": "v1,ж"}, body.encode())


def test_the_programs_keep_a_request_id_over_their_retries() -> None:
    for program in examples.programs(URL, BY_NAME["Default"], None):
        assert "request_id" in program.code
        assert ("429" in program.code and "408" in program.code) or "--retry-all-errors" in program.code
