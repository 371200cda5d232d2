"""The commonest home-made clients of the panel API v2, byte by byte, against a live panel.

Most traffic of such a panel comes from copies of one PHP class, from panel scripts that resell, and from a few
lines of whatever language was at hand. None of them can be installed, so their requests are written out here
with the headers they really send; curl itself runs where the machine has it.

The panel must stand still while these run: no worker may move orders, or the books would move on their own.
"""

from __future__ import annotations

import gzip
import http.client
import json
import shutil
import socket
import subprocess
import uuid
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Any, NamedTuple, Self
from urllib.parse import quote_plus, urlencode, urlsplit
from urllib.request import ProxyHandler, Request, build_opener

import pytest
import urllib3

from tests.protocol.test_clients import CURRENCY, UNKNOWN, Live, charge_of, new_link, spends, wire

FORM = "Content-Type: application/x-www-form-urlencoded"
BROWSER_OF_1999 = "Mozilla/4.0 (compatible; MSIE 5.01; Windows NT 5.0)"
COMMENTS = ["Отлично!", "Great & good = 100% + 1", "👍 ~ok~", '日本; "q"', "<b>'x'</b>"]
CURL = shutil.which("curl")
DIRECT = build_opener(ProxyHandler({}))  # no proxy of the environment between these two

Fields = Mapping[str, str | int | bool]


class Answer(NamedTuple):
    """What came back over the wire. `headers` have lower-case names; `interim` counts "100 Continue"."""

    status: int
    headers: dict[str, str]
    body: bytes
    interim: int = 0

    @property
    def json(self) -> Any:
        """The value in a proper answer: 200, exactly this content type, compact UTF-8."""
        assert self.status == 200
        assert self.headers["content-type"] == "application/json"
        value = json.loads(self.body.decode("utf-8"))
        assert self.body == compact(value)
        return value


def lower(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers}


def compact(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


class Wire:
    """A bare connection to the panel."""

    def __init__(self, live: Live) -> None:
        self.host = urlsplit(live.base_url).netloc
        name, _, port = self.host.partition(":")
        self.socket = socket.create_connection((name, int(port)), timeout=60)
        self.reader = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None:
        self.reader.close()
        self.socket.close()

    def send(self, method: str, *headers: str, body: bytes = b"", target: str = "/api/v2") -> None:
        """A request with these header lines in this order after Host; "Content-Length" gets its number."""
        lines = [f"{line}: {len(body)}" if line.lower() == "content-length" else line for line in headers]
        head = "\r\n".join([f"{method} {target} HTTP/1.1", f"Host: {self.host}", *lines, "", ""])
        self.socket.sendall(head.encode("ascii") + body)

    def answer(self, *, has_body: bool = True) -> Answer:
        """The next answer. It must say its length: what HTTP/1.0 clients and hand-written readers need."""
        interim = 0
        while True:
            status = int(self.reader.readline().split()[1])
            headers: dict[str, str] = {}
            while line := self.reader.readline().strip():
                name, _, value = line.decode("ascii").partition(":")
                headers[name.lower()] = value.strip()
            if status != 100:
                break
            interim += 1
        body = self.reader.read(int(headers["content-length"])) if has_body else b""
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        return Answer(status, headers, body, interim)


def form(fields: Fields) -> bytes:
    """As PHP's urlencode has it: everything escaped but letters, digits and -_."""
    return "&".join(f"{name}={quote_plus(str(value)).replace('~', '%7E')}" for name, value in fields.items()).encode()


def exchange(live: Live, method: str, *headers: str, body: bytes = b"", target: str = "/api/v2") -> Answer:
    """One request over a connection of its own."""
    with Wire(live) as line:
        line.send(method, *headers, body=body, target=target)
        return line.answer()


# The clients. Each takes the fields of one call and gives the answer.

Call = Callable[[Live, Fields], Answer]


def php_class(live: Live, fields: Fields) -> Answer:
    """The "example code" of nearly every panel: curl in PHP, redirects followed (and the POST lost on the way)."""
    agent = f"User-Agent: {BROWSER_OF_1999}"
    return exchange(live, "POST", agent, "Accept: */*", "Content-Length", FORM, body=form(fields))


def php_http2(live: Live, fields: Fields) -> Answer:
    """A much copied panel script asks curl for HTTP/2, as Java's HttpClient does of itself. On plain http that is an
    offer to upgrade, which a server of HTTP/1.1 passes over: the body belongs to the request all the same."""
    headers = (
        f"User-Agent: {BROWSER_OF_1999}",
        "Accept: */*",
        "Accept-Encoding: deflate, gzip",
        "Connection: Upgrade, HTTP2-Settings",
        "Upgrade: h2c",
        "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA",
    )
    return exchange(live, "POST", *headers, "Content-Length", FORM, body=urlencode(fields).encode())


def php_get(live: Live, fields: Fields) -> Answer:
    """Another panel script, and its many children: everything in the address."""
    agent = "User-Agent: API (compatible; MSIE 5.01; Windows NT 5.0)"
    return exchange(live, "GET", agent, "Accept: */*", target="/api/v2?" + form(fields).decode())


def php_old_curl(live: Live, fields: Fields) -> Answer:
    """Older curl for a body over 1 KB, .NET Framework for every POST: the body waits for "100 Continue"."""
    body = form(fields)
    with Wire(live) as line:
        line.send("POST", "Accept: */*", f"Content-Length: {len(body)}", FORM, "Expect: 100-continue")
        assert line.reader.peek(12)[:12] == b"HTTP/1.1 100"
        line.socket.sendall(body)
        answer = line.answer()
    assert answer.interim == 1
    return answer


class Http10Connection(http.client.HTTPConnection):
    _http_vsn = 10
    _http_vsn_str = "HTTP/1.0"


def php_file_get_contents(live: Live, fields: Fields) -> Answer:
    """PHP before 8 without curl: HTTP/1.0, one answer for a connection."""
    host = urlsplit(live.base_url).netloc
    connection = Http10Connection(host, timeout=60)
    headers = {"Host": host, "Connection": "close", "Content-type": FORM.partition(": ")[2]}
    connection.request("POST", "/api/v2", body=urlencode(fields), headers=headers)
    response = connection.getresponse()
    body = response.read()
    connection.close()
    assert response.getheader("Transfer-Encoding") is None
    return Answer(response.status, lower(response.getheaders()), body)


def wordpress(live: Live, fields: Fields) -> Answer:
    """A shop plugin: wp_remote_post with an array for a body; a proxy on the way has lowered the names of headers."""
    headers = (
        "user-agent: WordPress/6.5; https://shop.example.com",
        "accept: */*",
        "accept-encoding: gzip",
        "referer: https://shop.example.com/",
        "connection: close",
        "content-type: application/x-www-form-urlencoded; charset=UTF-8",
    )
    with Wire(live) as line:
        line.send("POST", *headers, "content-length", body=urlencode(fields).encode())
        answer = line.answer()
        assert line.reader.read() == b""  # closed, as asked
        return answer


def python_urllib(live: Live, fields: Fields) -> Answer:
    with DIRECT.open(Request(live.api_url, urlencode(fields).encode()), timeout=60) as response:
        return Answer(response.status, lower(response.getheaders()), response.read())


def python_f_string(live: Live, fields: Fields) -> Answer:
    """get(f"…/api/v2/?action=…"), slash included."""
    with DIRECT.open(f"{live.api_url}/?{urlencode(fields)}", timeout=60) as response:
        return Answer(response.status, lower(response.getheaders()), response.read())


def python_empty_post(live: Live, fields: Fields) -> Answer:
    """requests.post(URL + "?key=…"): a POST with nothing in it."""
    agent = "User-Agent: python-requests/2.32.3"
    return exchange(live, "POST", agent, "Content-Length", target="/api/v2?" + urlencode(fields))


def python_multipart(live: Live, fields: Fields) -> Answer:
    response = urllib3.PoolManager().request("POST", live.api_url, fields={k: str(v) for k, v in fields.items()})
    return Answer(response.status, lower(response.headers.items()), response.data)


def dotnet_multipart(live: Live, fields: Fields) -> Answer:
    """MultipartFormDataContent: boundary in quotes, names without, a content type on every part."""
    edge = str(uuid.uuid4())
    part = f"--{edge}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Disposition: form-data; name="
    body = "".join(f"{part}{name}\r\n\r\n{value}\r\n" for name, value in fields.items()) + f"--{edge}--\r\n"
    kind = f'Content-Type: multipart/form-data; boundary="{edge}"'
    return exchange(live, "POST", kind, "Content-Length", body=body.encode())


def key_in_address(live: Live, fields: Fields) -> Answer:
    """Key and action in the address, the rest in the form."""
    in_address = {name: fields[name] for name in ("key", "action")}
    body = form({name: value for name, value in fields.items() if name not in in_address})
    return exchange(live, "POST", FORM, "Content-Length", body=body, target="/api/v2?" + urlencode(in_address))


def axios_json(live: Live, fields: Fields) -> Answer:
    """An object handed to axios.post: ids and quantities are JSON numbers."""
    headers = (
        "Accept: application/json, text/plain, */*",
        "Content-Type: application/json",
        "User-Agent: axios/1.7.9",
        "Content-Length",
        "Accept-Encoding: gzip, compress, deflate",
        "Connection: keep-alive",
    )
    return exchange(live, "POST", *headers, body=compact(dict(fields)))


def axios_slash(live: Live, fields: Fields) -> Answer:
    """axios.create({baseURL: "…/api/v2"}).post("/", new URLSearchParams(…))."""
    kind = f"{FORM};charset=utf-8"
    return exchange(live, "POST", kind, "Content-Length", body=urlencode(fields).encode(), target="/api/v2/")


def php_json(live: Live, fields: Fields) -> Answer:
    """json_encode: letters beyond ASCII as \\u escapes, emoji as surrogate pairs, slashes escaped."""
    body = json.dumps(dict(fields)).replace("/", "\\/").encode()
    return exchange(live, "POST", "Content-Type: application/json; charset=utf-8", "Content-Length", body=body)


def streamed(live: Live, fields: Fields) -> Answer:
    """A body of unknown length (Go's io.Reader, Java's streaming mode), in chunks cut anywhere."""
    body = urlencode(fields).encode()
    pieces = [body[at : at + 7] for at in range(0, len(body), 7)] + [b""]
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
    headers = ("User-Agent: Go-http-client/1.1", "Transfer-Encoding: chunked", FORM)
    return exchange(live, "POST", *headers, body=chunks)


def curl(*options: str, each: str) -> Call:
    """curl with these options; `each` is the option that carries one field."""

    def call(live: Live, fields: Fields) -> Answer:
        assert CURL is not None
        given = [part for name, value in fields.items() for part in (each, f"{name}={value}")]
        command = [CURL, "-sS", "--noproxy", "*", "--max-time", "10", "-D", "-", *options, *given, live.api_url]
        rest = subprocess.run(command, capture_output=True, check=True).stdout
        heads = []
        while rest.startswith(b"HTTP/"):
            head, _, rest = rest.partition(b"\r\n\r\n")
            heads.append(head.decode("ascii"))
        first, *lines = heads[-1].split("\r\n")
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        return Answer(int(first.split()[1]), headers, rest, len(heads) - 1)

    return call


CLIENTS: dict[str, Call] = {
    "PHP class": php_class,
    "PHP, HTTP/2 offered": php_http2,
    "PHP, GET": php_get,
    "PHP, old curl": php_old_curl,
    "PHP, file_get_contents": php_file_get_contents,
    "WordPress": wordpress,
    "Python, urllib": python_urllib,
    "Python, f-string": python_f_string,
    "Python, empty POST": python_empty_post,
    "Python, multipart": python_multipart,
    ".NET, multipart": dotnet_multipart,
    "key in the address": key_in_address,
    "axios, JSON": axios_json,
    "axios, slash": axios_slash,
    "PHP, JSON": php_json,
    "Go, streamed": streamed,
}
if CURL:
    CLIENTS |= {
        "curl -d": curl(each="--data-urlencode"),
        "curl -F": curl(each="--form-string"),
        "curl -G": curl("-G", each="--data-urlencode"),
        "curl -L --http1.0": curl("-L", "--http1.0", each="--data-urlencode"),
        "curl --expect": curl("-H", "Expect: 100-continue", "--compressed", each="--data-urlencode"),
    }


@pytest.fixture(params=CLIENTS)
def call(request: pytest.FixtureRequest, live: Live) -> Callable[..., Answer]:
    """call(action, **fields) through one of the clients."""
    client = CLIENTS[request.param]

    def by_client(action: str, *, key: str = live.api_key, **fields: str | int | bool) -> Answer:
        return client(live, {"key": key, "action": action, **fields})

    return by_client


def row_of(live: Live, type_name: str) -> dict[str, Any]:
    services = php_class(live, {"key": live.api_key, "action": "services"}).json
    [row] = [row for row in services if row["service"] == live.service(type_name)]
    return dict(row)


# What every client does.


def test_balance(live: Live, call: Callable[..., Answer]) -> None:
    answer = call("balance")
    assert answer.json == {"balance": wire(live.balance()), "currency": CURRENCY}
    assert answer.body == b'{"balance":"%s","currency":"USD"}' % wire(live.balance()).encode()


def test_services(live: Live, call: Callable[..., Answer]) -> None:
    services = call("services").json
    assert len({row["type"] for row in services}) == 17
    [row] = [row for row in services if row["service"] == live.service("Web Traffic")]
    assert list(row)[:3] == ["service", "name", "type"] and row["type"] == "Web Traffic"


def test_order_and_status(live: Live, call: Callable[..., Answer]) -> None:
    row = row_of(live, "Default")
    quantity = int(row["min"]) + 1
    cost = charge_of(row["rate"], quantity)
    with spends(live, cost):
        answer = call("add", service=row["service"], link=new_link(), quantity=quantity)
    order = answer.json["order"]
    assert answer.body == b'{"order":%d}' % order
    status = {
        "charge": wire(cost),
        "start_count": "0",
        "status": "Pending",
        "remains": str(quantity),
        "currency": "USD",
    }
    assert call("status", order=order).body == compact(status)
    many = call("status", orders=f"{UNKNOWN},{order},Array")
    wrong = {"error": "Incorrect order ID"}
    assert many.json == {str(UNKNOWN): wrong, str(order): status, "Array": wrong}
    assert many.body == compact({str(UNKNOWN): wrong, str(order): status, "Array": wrong})


def test_comments_arrive_whole(live: Live, call: Callable[..., Answer]) -> None:
    """Lines in several scripts, with everything that forms, addresses and JSON escape; CRLF between them."""
    row = row_of(live, "Custom Comments")
    repeat = -(-int(row["min"]) // len(COMMENTS))
    cost = charge_of(row["rate"], repeat * len(COMMENTS))
    with spends(live, cost):
        answer = call("add", service=row["service"], link=new_link(), comments="\r\n".join(COMMENTS * repeat))
    status = call("status", order=answer.json["order"]).json
    assert (status["charge"], status["remains"]) == (wire(cost), str(repeat * len(COMMENTS)))


def test_refill(live: Live, call: Callable[..., Answer]) -> None:
    order, done = live.completed_order(), live.refill()
    with spends(live, 0):
        answer = call("refill", order=order)
        refill = answer.json["refill"]
        assert answer.body == b'{"refill":"%d"}' % int(refill)
        assert call("refill_status", refill=refill).body == b'{"status":"Pending"}'
        assert call("refill_status", refills=f"{done},{UNKNOWN}").body == (
            b'[{"refill":%d,"status":"Completed"},{"refill":%d,"status":{"error":"Refill not found"}}]'
            % (done, UNKNOWN)
        )


def test_cancel(live: Live, call: Callable[..., Answer]) -> None:
    order = live.pending_order()
    charge, balance = Decimal(call("status", order=order).json["charge"]), live.balance()
    assert call("cancel", orders=f"{order},x,{UNKNOWN}").body == (
        b'[{"order":%d,"cancel":1},{"order":"x","cancel":{"error":"Incorrect order ID"}},'
        b'{"order":%d,"cancel":{"error":"Incorrect order ID"}}]' % (order, UNKNOWN)
    )
    assert live.balance() - balance == charge - Decimal(call("status", order=order).json["charge"])


def test_refusals(live: Live, call: Callable[..., Answer]) -> None:
    """Status 200 and one key, whatever is wrong: clients throw the text away otherwise."""
    with spends(live, 0):
        for answer, text in [
            (call("balance", key="nobody"), b"Invalid API key"),
            (call("status"), b"Incorrect request"),
            (call("dance"), b"Incorrect request"),
            (call("add", service=live.service("Default"), quantity=100), b"Bad link"),
            (call("add", service=UNKNOWN, link=new_link(), quantity=100), b"Incorrect service ID"),
            (call("refill", order=UNKNOWN), b"Incorrect order ID"),
        ]:
            assert answer.body == b'{"error":"%s"}' % text
            assert (answer.status, answer.headers["content-type"]) == (200, "application/json")


# What some of them do.


@pytest.mark.parametrize("absent", ["", "undefined", "null", "None"])
@pytest.mark.parametrize("client", ["PHP class", "Python, f-string", "axios, JSON"])
def test_absent_in_words(live: Live, client: str, absent: str) -> None:
    """URLSearchParams writes "undefined", an f-string "None", a PHP form an empty value."""
    row = row_of(live, "Default")
    fields = {"service": row["service"], "link": new_link(), "quantity": int(row["min"])}
    names = ("runs", "interval", "comments", "username", "request_id")
    call = CLIENTS[client]
    with spends(live, charge_of(row["rate"], int(row["min"]))):
        answer = call(live, {"key": live.api_key, "action": "add", **fields, **dict.fromkeys(names, absent)})
    status = call(live, {"key": live.api_key, "action": "status", "order": answer.json["order"], "orders": absent})
    assert list(status.json) == ["charge", "start_count", "status", "remains", "currency"]


def test_json_booleans_count_as_text(live: Live) -> None:
    """Strangers of any type beside the known fields do no harm."""
    row = row_of(live, "Default")
    fields = {"service": row["service"], "link": new_link(), "quantity": int(row["min"])}
    with spends(live, charge_of(row["rate"], int(row["min"]))):
        answer = axios_json(live, {"key": live.api_key, "action": "add", "dripfeed": True, "refill": False, **fields})
    assert list(answer.json) == ["order"]
    assert axios_json(live, {"key": live.api_key, "action": "status", "order": True}).json == {
        "error": "Incorrect order ID"
    }


def test_comma_in_order_means_many(live: Live) -> None:
    first, second = live.pending_order(), live.completed_order()
    one = php_class(live, {"key": live.api_key, "action": "status", "order": first}).json
    many = php_class(live, {"key": live.api_key, "action": "status", "order": f"{second}, {first}"}).json
    assert list(many) == [str(second), str(first)]
    assert many[str(first)] == one


def test_body_wins_over_address(live: Live) -> None:
    done, rejected = live.refill(), live.refill(status="Rejected")
    target = f"/api/v2?key={live.api_key}&action=balance&refill={done}"
    body = form({"refill": rejected, "action": "refill_status"})
    assert exchange(live, "POST", FORM, "Content-Length", body=body, target=target).body == b'{"status":"Rejected"}'


def test_values_are_trimmed(live: Live) -> None:
    """Keys are pasted with a line end or a blank."""
    for key in (f" {live.api_key}", f"{live.api_key}\r\n", f"\t{live.api_key} "):
        answer = php_class(live, {"key": key, "action": " balance\n"})
        assert answer.json == {"balance": wire(live.balance()), "currency": CURRENCY}


def test_slash_answers_alike(live: Live) -> None:
    """The same bytes under both addresses: a redirect is refused, or turns the POST into a GET."""
    for query in ("", f"?key={live.api_key}&action=services"):
        bare, slash = (exchange(live, "GET", target=f"/api/v2{end}{query}") for end in ("", "/"))
        assert (bare.status, slash.status) == (200, 200)
        assert bare.body == slash.body


@pytest.mark.parametrize(
    "agent", [BROWSER_OF_1999, "", "-", "curl/7.19.7", "python-requests/2.6.0", "Java/1.8.0_292", "bot", "sqlmap/1.8"]
)
def test_user_agent_is_never_filtered(live: Live, agent: str) -> None:
    answer = exchange(live, "GET", f"User-Agent: {agent}", target=f"/api/v2?key={live.api_key}&action=balance")
    assert list(answer.json) == ["balance", "currency"]


def test_expect_without_waiting(live: Live) -> None:
    """curl gives up after a second and sends the body anyway; some send both at once."""
    body = form({"key": live.api_key, "action": "balance"})
    answer = exchange(live, "POST", "Expect: 100-continue", "Content-Length", FORM, body=body)
    assert list(answer.json) == ["balance", "currency"]


def test_connection_is_kept(live: Live) -> None:
    """Sessions send call after call over one connection, POST and GET in turn, a refused one between."""
    good, bad = form({"key": live.api_key, "action": "balance"}), form({"key": "nobody", "action": "balance"})
    with Wire(live) as line:
        for body in (good, bad, good):
            keys = ["error"] if body is bad else ["balance", "currency"]
            line.send("POST", FORM, "Content-Length", body=body)
            assert list(line.answer().json) == keys
            line.send("GET", target="/api/v2?" + body.decode())
            assert list(line.answer().json) == keys


def test_no_compression_unasked(live: Live) -> None:
    """The PHP class sends no Accept-Encoding and cannot unpack."""
    answer = php_class(live, {"key": live.api_key, "action": "services"})
    assert "content-encoding" not in answer.headers
    assert answer.body.startswith(b'[{"service":')


def test_long_address(live: Live) -> None:
    """A panel script that resells with GET puts all comments into the address: 30 KB of them."""
    row = row_of(live, "Custom Comments")
    count = min(int(row["max"]), 900)
    fields = {"service": row["service"], "link": new_link(), "comments": "\n".join(["+" * 10] * count)}
    with spends(live, charge_of(row["rate"], count)):
        assert list(php_get(live, {"key": live.api_key, "action": "add", **fields}).json) == ["order"]


# Beyond the letter of the protocol: mislabelled and oddly shaped requests that are plain in their meaning.


@pytest.mark.parametrize("label", [[], [FORM.upper()], ["Content-Type: text/plain;charset=UTF-8"]])
@pytest.mark.parametrize("as_json", [False, True])
def test_body_tells_its_kind(live: Live, label: list[str], as_json: bool) -> None:
    """fetch labels a string text/plain, old axios labels JSON a form when told so, sockets label nothing."""
    fields: Fields = {"key": live.api_key, "action": "status", "order": live.pending_order()}
    body = compact(fields) if as_json else form(fields)
    assert exchange(live, "POST", *label, "Content-Length", body=body).json["status"] == "Pending"


@pytest.mark.parametrize(
    "names", [("orders[]", "orders[]"), ("orders[0]", "orders[1]"), ("orders%5B%5D", "orders%5B%5D")]
)
def test_list_in_a_form(live: Live, names: tuple[str, str]) -> None:
    """http_build_query of an array that nobody has joined."""
    first, second = live.completed_order(), live.pending_order()
    body = f"key={live.api_key}&action=status&{names[0]}={first}&{names[1]}={second}".encode()
    assert list(exchange(live, "POST", FORM, "Content-Length", body=body).json) == [str(first), str(second)]


def test_list_in_json(live: Live) -> None:
    first, second = live.completed_order(), live.pending_order()
    body = compact({"key": live.api_key, "action": "status", "orders": [first, str(second)]})
    answer = exchange(live, "POST", "Content-Type: application/json", "Content-Length", body=body)
    assert list(answer.json) == [str(first), str(second)]


def test_drip_feed_is_told_for_every_service(live: Live) -> None:
    """A widespread panel script reads `dripfeed` of each row, unasked, when it copies the list."""
    services = php_get(live, {"key": live.api_key, "action": "services"}).json
    told = {row["service"]: row["dripfeed"] for row in services}
    assert {type(value) for value in told.values()} == {bool}
    assert (told[live.service("Default")], told[live.service("Package")]) == (True, False)


def test_head_has_no_body(live: Live) -> None:
    """What monitors send to see whether the panel is up."""
    target = f"/api/v2?key={live.api_key}&action=balance"
    with Wire(live) as line:
        line.send("HEAD", target=target)
        answer = line.answer(has_body=False)
        assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
        line.send("GET", target=target)
        assert list(line.answer().json) == ["balance", "currency"]
