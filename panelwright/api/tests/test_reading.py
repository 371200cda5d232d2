"""Whatever the bytes of a request are, they are read or left out; nothing in them raises."""

from __future__ import annotations

import gc
import json
import tracemalloc
from urllib.parse import unquote_to_bytes

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from panelwright.api.reading import NAME_MAX, PARAMS_MAX, parameters
from panelwright.core.text import trim

FORM = b"application/x-www-form-urlencoded"
JSON = b"application/json"
MULTIPART = b"multipart/form-data; boundary=b"


def part(name: str, value: str, extra: str = "") -> str:
    return f'--b\r\nContent-Disposition: form-data; name="{name}"{extra}\r\n\r\n{value}\r\n'


@pytest.mark.parametrize(
    ("query", "content_type", "body", "expected"),
    [
        (b"", b"", b"", {}),
        (b"key=k&action=balance", b"", b"", {"key": "k", "action": "balance"}),
        (b"", FORM, b"link=https%3A%2F%2Fa.example%2F%3Fx%3D1%26y%3D2", {"link": "https://a.example/?x=1&y=2"}),
        (b"", FORM, b"comments=a+b%0D%0Ac", {"comments": "a b\r\nc"}),
        (b"key=q&action=add", FORM, b"action=status&order=5", {"key": "q", "action": "status", "order": "5"}),
        (b"", FORM, b"quantity=1&quantity=2", {"quantity": "2"}),
        (b"", FORM, b"link=%20x%20&username=", {"link": "x", "username": ""}),
        (b"", FORM, b"orders[]=1&orders[]=2&orders%5B%5D=3", {"orders": "1,2,3"}),
        (b"", FORM, b"comments[0]=a&comments[1]=b", {"comments": "a\nb"}),
        (b"", FORM, b"&&=x&a&b==&", {"a": "", "b": "="}),
        (b"", FORM, b"link=%ff%fe", {"link": "\udcff\udcfe"}),
        (b"", FORM, b"link=%F0%9F%98%80", {"link": "😀"}),
        (b"", FORM, b"link=%zz%4", {"link": "%zz%4"}),
        (b"", b"", b'{"key":"k","quantity":1000,"rate":1.50}', {"key": "k", "quantity": "1000", "rate": "1.50"}),
        (b"", JSON, b'\xef\xbb\xbf{"key":"k"}', {"key": "k"}),
        (
            b"",
            JSON,
            b'{"a":100.0,"b":-5.00,"c":1.5e1,"d":1E2,"e":50.83,"f":1e18,"g":1e1000000000,"h":-0.0,"i":1e-1}',
            {
                "a": "100",
                "b": "-5",
                "c": "15",
                "d": "100",
                "e": "50.83",
                "f": "1e18",
                "g": "1e1000000000",
                "h": "0",
                "i": "1e-1",
            },
        ),
        (
            b"",
            JSON,
            b'{"a":10000e-2,"b":-10000E-2,"c":12.50e1,"d":1250e-1,"e":100e-3,"f":0e-5,"g":0.00e9,"h":10.0e-1,"i":15e-1,'
            b'"j":100000000000000000000e-10,"k":1e-1,"l":0.001e3,"m":100000000000000000000.0}',
            {
                "a": "100",
                "b": "-100",
                "c": "125",
                "d": "125",
                "e": "100e-3",
                "f": "0",
                "g": "0",
                "h": "1",
                "i": "15e-1",
                "j": "10000000000",
                "k": "1e-1",
                "l": "1",
                "m": "100000000000000000000",
            },
        ),
        (b"", FORM, "key=\u061ck\u180e&link=\u2066x\u2069".encode(), {"key": "k", "link": "x"}),
        (b"", FORM, "\ufeffkey=\u200b k\u00a0\u2060&x=\u00ad".encode(), {"key": "k", "x": ""}),
        (b"", JSON, '{"\u200blink":"\u202aa\u200db\u202c"}'.encode(), {"link": "a\u200db"}),
        (b"", JSON, b'{"quantity":1e400,"min":-0,"x":NaN}', {"quantity": "1e400", "min": "-0", "x": "NaN"}),
        (
            b"",
            JSON,
            b'{"a":100.0,"b":-5.00,"c":1.5e1,"d":1E2,"e":50.83,"f":1e18,"g":1e1000000000,"h":-0.0,"i":1e-1}',
            {
                "a": "100",
                "b": "-5",
                "c": "15",
                "d": "100",
                "e": "50.83",
                "f": "1e18",
                "g": "1e1000000000",
                "h": "0",
                "i": "1e-1",
            },
        ),
        (
            b"",
            JSON,
            b'{"a":10000e-2,"b":-10000E-2,"c":12.50e1,"d":1250e-1,"e":100e-3,"f":0e-5,"g":0.00e9,"h":10.0e-1,"i":15e-1,'
            b'"j":100000000000000000000e-10,"k":1e-1,"l":0.001e3,"m":100000000000000000000.0}',
            {
                "a": "100",
                "b": "-100",
                "c": "125",
                "d": "125",
                "e": "100e-3",
                "f": "0",
                "g": "0",
                "h": "1",
                "i": "15e-1",
                "j": "10000000000",
                "k": "1e-1",
                "l": "1",
                "m": "100000000000000000000",
            },
        ),
        (b"", FORM, "key=\u061ck\u180e&link=\u2066x\u2069".encode(), {"key": "k", "link": "x"}),
        (b"", FORM, "\ufeffkey=\u200b k\u00a0\u2060&x=\u00ad".encode(), {"key": "k", "x": ""}),
        (b"", JSON, '{"\u200blink":"\u202aa\u200db\u202c"}'.encode(), {"link": "a\u200db"}),
        (b"", JSON, b'{"quantity":1' + b"0" * 30 + b"}", {"quantity": "1" + "0" * 30}),
        (b"", JSON, b'{"yes":true,"no":false,"none":null,"deep":{"a":1}}', {"yes": "true", "no": "false"}),
        (
            b"",
            JSON,
            b'{"orders":[1,"2",true,null,[3],{}],"runs":["a","b"]}',
            {"orders": "1,2,true", "runs": "a\nb"},
        ),
        (b"", JSON, b'{"a":1,"a":2}', {"a": "2"}),
        (b"", JSON, b"[1,2]", {"": ""}),
        (b"", JSON, b'{"key":"k"', {'{"key":"k"': ""}),
        (b"key=q", JSON, b'{"link":"\\ud800"}', {"key": "q", "link": "\ud800"}),
    ],
)
def test_what_is_sent_is_read(query: bytes, content_type: bytes, body: bytes, expected: dict[str, str]) -> None:
    assert parameters(query, content_type, body) == expected


def test_a_multipart_form_with_a_file_is_read() -> None:
    body = (
        part("key", " k ") + part("comments", "a\r\nb", '; filename="comments.txt"') + part("link", "ж") + "--b--\r\n"
    )
    assert parameters(b"action=add&key=q", MULTIPART, body.encode()) == {
        "action": "add",
        "key": "k",
        "comments": "a\r\nb",
        "link": "ж",
    }


def test_a_multipart_form_that_breaks_off_counts_as_far_as_it_goes() -> None:
    body = (part("key", "k") + '--b\r\nContent-Disposition: form-data; name="link"').encode()
    assert parameters(b"", MULTIPART, body) == {"key": "k"}


@pytest.mark.parametrize(
    "content_type",
    [
        b"multipart/form-data",
        b"multipart/form-data; boundary=",
        b"multipart/form-data; boundary=\xff\xfe",
        b"multipart/form-data; boundary*=utf-8''%41; boundary=b",
        b"MULTIPART/FORM-DATA; BOUNDARY=b",
        b"multipart/form-data; boundary=" + b"x" * 5000,
        b"multipart/form-data;;;=;boundary",
    ],
)
def test_a_multipart_form_without_a_proper_boundary_is_empty_or_read(content_type: bytes) -> None:
    found = parameters(b"key=q", content_type, (part("link", "x") + "--b--\r\n").encode())
    assert found in ({"key": "q"}, {"key": "q", "link": "x"})


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "7bit", "rot13", "\x00"])
def test_a_part_may_be_encoded_in_any_way(encoding: str) -> None:
    text = f'--b\r\nContent-Disposition: form-data; name="link"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n!!!\r\n'
    assert set(parameters(b"", MULTIPART, (text + "--b--\r\n").encode())) <= {"link"}


def test_only_so_many_parameters_are_read() -> None:
    names = [f"n{i}" for i in range(5000)]
    assert len(parameters("&".join(names).encode(), b"", b"")) == PARAMS_MAX
    assert len(parameters(b"", JSON, json.dumps(dict.fromkeys(names, "1")).encode())) == PARAMS_MAX
    body = "".join(part(name, "1") for name in names) + "--b--\r\n"
    assert len(parameters(b"", MULTIPART, body.encode())) == PARAMS_MAX


@pytest.mark.parametrize(
    "body",
    [
        part("comments", "x" * 500_000) + "--b--\r\n",
        part("comments", "x" * 500_000, '; filename="x"') + "--b--\r\n",
        part("comments", "x" * 500_000, '; filename="x"'),
    ],
)
def test_a_form_leaves_nothing_for_the_collector_of_garbage(body: str) -> None:
    """The parser pointed to itself: each multipart form left its size behind twice, until many objects had gathered."""
    sent = body.encode()
    parameters(b"", MULTIPART, sent)
    gc.collect()
    gc.disable()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(5):
            parameters(b"", MULTIPART, sent)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        gc.enable()
    assert after - before < 50_000


LONG = b" " * 5_000


@given(
    st.lists(
        st.sampled_from(
            [
                *(
                    b"{",
                    b"}",
                    b"[",
                    b"]",
                    b",",
                    b":",
                    b" ",
                    b'"a"',
                    b'"a":',
                    b'"orders":',
                    b',"b":',
                    b"1",
                    b"1.0",
                    b"-0",
                ),
                *(b"true", b"null", b"NaN", b'"\\ud800"', b'"x\\n"', b'"', b"\\", b"01", b"\xff", b'[1,"2",{"a":[1]}]'),
                *(b'{"x":[{}]}', b"[ ]", b"[[],1]", b"{}"),
            ]
        ),
        max_size=10,
    )
)
@example([b'"a":', b"1", b',"b":', b"[[],1]", b"}"])
@example([b'"a":', b"1", b",", b'"a":', b"null", b"}"])
def test_a_long_json_object_means_what_a_short_one_does(pieces: list[bytes]) -> None:
    """Long ones are read member by member, and not to their end."""
    body = b"{" + b"".join(pieces)
    plain = parameters(b"", JSON, body)
    long = parameters(b"", JSON, body + LONG)
    assert long == plain


def test_of_a_long_list_the_first_ids_count_and_other_lists_are_refused() -> None:
    ids = [str(n) for n in range(20_000)]
    found = parameters(b"", JSON, json.dumps({"orders": ids, "comments": ids, "link": [[]] * 500, "key": "k"}).encode())
    assert found["orders"].split(",")[:100] == ids[:100]
    assert found["key"] == "k"
    assert found["link"] == ""
    # Not so many of the comments that an order could be made of them.
    assert found["comments"].endswith("\udcff")
    deep = {"orders": ids, "more": [*ids, {"a": 1}], "key": "k"}
    assert "key" not in parameters(b"", JSON, json.dumps(deep).encode())
    assert "key" not in parameters(b"", JSON, json.dumps({"a": [[]] * 2_000, "key": "k"}).encode())
    assert "key" not in parameters(b"", JSON, json.dumps({"a": {"b": "x" * 70_000}, "key": "k"}).encode())
    assert parameters(b"", JSON, json.dumps({"a": {"b": "x" * 60_000}, "key": "k"}).encode()) == {"key": "k"}
    commas = {"comments": ",\n" * 200_000 + "x", "key": "k"}
    assert parameters(b"", JSON, json.dumps(commas).encode()) == commas


ESCAPES = ["%", "%2", "%3", "%3A", "%3a", "%2F", "%25", "%2B", "%ff", "%C3", "%a9", "+", "A", "3", "2F", ":", "/", "é"]


@given(st.lists(st.sampled_from(ESCAPES), max_size=8))
@example(["%", "%3A", "A"])
@example(["%2", "%3A"])
@example(["%25", "3A"])
def test_a_value_is_decoded_as_the_standard_says(pieces: list[str]) -> None:
    value = "".join(pieces).encode()
    expected = unquote_to_bytes(value.replace(b"+", b" ")).decode("utf-8", "surrogateescape").strip()
    for name in ("link", "other"):
        assert parameters(b"", FORM, name.encode() + b"=" + value) == {name: expected}


def test_a_long_name_is_left_out() -> None:
    name = "n" * (NAME_MAX + 1)
    assert parameters(name.encode() + b"=1&a=2", JSON, json.dumps({name: "1"}).encode()) == {"a": "2"}


@pytest.mark.parametrize("body", [b"[" * 200_000, b'{"a":' * 100_000, b'{"a":[' + b"[" * 200_000])
def test_deep_json_ends_nothing(body: bytes) -> None:
    assert isinstance(parameters(b"", JSON, body), dict)


CONTENT_TYPES = st.one_of(st.sampled_from([b"", FORM, JSON, MULTIPART, b"text/plain"]), st.binary(max_size=60))
PIECES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                b"--b\r\n",
                b"--b--\r\n",
                b"\r\n",
                b"\r\n\r\n",
                b'Content-Disposition: form-data; name="key"',
                b'Content-Disposition: form-data; name="f"; filename="x"',
                b"Content-Disposition: form-data",
                b"Content-Transfer-Encoding: base64",
                b"Content-Transfer-Encoding: quoted-printable",
                b'{"key":',
                b'"x"}',
                b"key=%",
                b"&[]=1",
                b"a[=1&",
                b"\x00",
                b"\xff",
            ]
        ),
        st.binary(max_size=20),
    ),
    max_size=12,
).map(b"".join)


@given(PIECES, CONTENT_TYPES, PIECES)
@example(b"]=1&[=2", FORM, b"x[]=")
@example(
    b"", MULTIPART, b'--b\r\nContent-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64\r\n\r\n='
)
def test_any_bytes_are_parameters(query: bytes, content_type: bytes, body: bytes) -> None:
    found = parameters(query, content_type, body)
    assert len(found) <= 2 * PARAMS_MAX
    for name, value in found.items():
        assert isinstance(name, str)
        assert isinstance(value, str)
        assert len(name) <= NAME_MAX
    assert parameters(query, content_type, body) == found


@given(
    st.dictionaries(
        st.text(max_size=20),
        st.recursive(
            st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
            lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
            max_leaves=10,
        ),
        max_size=8,
    )
)
def test_any_json_object_is_parameters(sent: dict[str, object]) -> None:
    found = parameters(b"", JSON, json.dumps(sent).encode())
    names = [trim(name) for name in sent]
    for name, value in sent.items():
        if isinstance(value, str) and name == trim(name) and names.count(name) == 1:
            assert found[name] == trim(value)
        if isinstance(value, int) and not isinstance(value, bool) and names.count(trim(name)) == 1:
            assert found[trim(name)] == str(value)
