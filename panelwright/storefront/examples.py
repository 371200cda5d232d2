"""Example code for the API documentation: programs that run as they stand, once the key is filled in.

Every value is quoted for its language, so that no name or address can become code.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from django.utils.translation import gettext as _

from panelwright.catalog.types import FieldKind, ServiceType, TypeField, Units
from panelwright.storefront.queries import ExampleService

KEY = "YOUR_API_KEY"
_LINES_MAX = 10

# Names and values of the parameters of one call, in the order in which they are shown.
Parameters = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Program:
    """One tab of the example code."""

    slug: str
    language: str
    code: str


def programs(api_url: str, kind: ServiceType, service: ExampleService | None) -> tuple[Program, ...]:
    """The same small program in three languages: balance, an order of `kind`, its status."""
    order = add_parameters(kind, service)
    return (
        Program("curl", "curl", curl_program(api_url, order)),
        Program("php", "PHP", php_program(api_url, order)),
        Program("python", "Python", python_program(api_url, order)),
    )


def add_parameters(kind: ServiceType, service: ExampleService | None) -> Parameters:
    """`service` and the fields that `add` needs for this type, with values that the service takes."""
    values = {field.name: _value(field, kind, service) for field in kind.fields}
    needed = [field for field in kind.fields if field.required or _asked_for(field, values)]
    number = service.number if service else 1
    return [("service", str(number)), *((field.name, values[field.name]) for field in needed)]


def _asked_for(field: TypeField, values: dict[str, str]) -> bool:
    return field.needed_when is not None and values[field.needed_when[0]] == field.needed_when[1]


def _value(field: TypeField, kind: ServiceType, service: ExampleService | None) -> str:
    """The field's example, moved between the service's minimum and maximum and to its step where it counts units."""
    if service is None:
        return field.example
    if field.name in {"quantity", "min", "max"}:
        wanted = min(max(int(field.example), service.min), service.max)
        return str(-(-wanted // service.step) * service.step)
    if field.kind is FieldKind.LINK and service.link:
        return service.link
    if kind.units is Units.LINES and field.name == kind.lines_of:
        lines = field.example.splitlines()
        wanted = min(max(len(lines), service.min), service.max, _LINES_MAX)
        return "\n".join((lines * wanted)[:wanted])
    return field.example


def curl_call(api_url: str, action: str, parameters: Parameters) -> str:
    """One call as a shell command, a parameter a line."""
    form = [f"-d key={KEY} -d action={action}", *(_curl_pair(name, value) for name, value in parameters)]
    return " \\\n  ".join([f"curl -sS {_shell(api_url)}", *form])


def curl_program(api_url: str, order: Parameters) -> str:
    pairs = "".join(f" \\\n  {_curl_pair(name, value)}" for name, value in order)
    funds, place, follow = _steps()
    retried = _("One call, tried again while the panel is busy or cannot be reached")
    kept = _("Keep it with your order: sent again with it, the call cannot place a second one")
    return f"""\
API_URL={_shell(api_url)}
API_KEY={_shell(KEY)}

# {retried}
call() {{
  curl -fsS --max-time 30 --retry 6 --retry-all-errors "$API_URL" -d key="$API_KEY" "$@"
}}

# {funds}
call -d action=balance -w '\\n'

# {kept}
REQUEST_ID="order-$(date +%s)-$$"

# {place}
ANSWER=$(call -d action=add -d request_id="$REQUEST_ID"{pairs})
echo "$ANSWER"
ORDER=$(echo "$ANSWER" | sed -n 's/^{{"order":\\([0-9]*\\)}}$/\\1/p')

# {follow}
call -d action=status -d order="$ORDER" -w '\\n'
"""


def php_program(api_url: str, order: Parameters) -> str:
    pairs = "".join(f"    {_php(name)} => {_php(value)},\n" for name, value in order)
    funds, place, follow = _steps()
    throws = _("One call, tried again while the panel is busy or cannot be reached; throws when it is refused")
    kept = _("Keep it with your order: sent again with it, the call cannot place a second one")
    return f"""\
<?php

const API_URL = {_php(api_url)};
const API_KEY = {_php(KEY)};

// {throws}
function call_panel(string $action, array $parameters = []): array
{{
    for ($attempt = 1; ; $attempt++) {{
        $curl = curl_init(API_URL);
        curl_setopt_array($curl, [
            CURLOPT_POST => true,
            CURLOPT_POSTFIELDS => http_build_query(['key' => API_KEY, 'action' => $action] + $parameters),
            CURLOPT_RETURNTRANSFER => true,
            CURLOPT_TIMEOUT => 30,
        ]);
        $body = curl_exec($curl);
        $status = curl_getinfo($curl, CURLINFO_RESPONSE_CODE);
        $answer = $body === false ? null : json_decode($body, true);
        if (is_array($answer) && $status !== 408 && $status !== 429 && $status < 500) {{
            if (isset($answer['error'])) {{
                throw new RuntimeException($answer['error']);
            }}
            return $answer;
        }}
        if ($attempt === 7) {{
            throw new RuntimeException($answer['error'] ?? 'No answer: ' . curl_error($curl));
        }}
        sleep(2 ** ($attempt - 1));
    }}
}}

// {funds}
$balance = call_panel('balance');
echo $balance['balance'], ' ', $balance['currency'], PHP_EOL;

// {kept}
$request_id = bin2hex(random_bytes(16));

// {place}
$order = call_panel('add', [
{pairs}    'request_id' => $request_id,
]);
echo $order['order'], PHP_EOL;

// {follow}
$status = call_panel('status', ['order' => $order['order']]);
echo $status['status'], PHP_EOL;
"""


def python_program(api_url: str, order: Parameters) -> str:
    pairs = "".join(f"    {name}={_python(value)},\n" for name, value in order)
    funds, place, follow = _steps()
    ends = _("One call, tried again while the panel is busy or cannot be reached; ends the program when it is refused")
    kept = _("Keep it with your order: sent again with it, the call cannot place a second one")
    return f"""\
import json
import time
import uuid
from http.client import HTTPException
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import urlopen

API_URL = {_python(api_url)}
API_KEY = {_python(KEY)}


def call_panel(action, **parameters):
    # {ends}
    form = urlencode({{"key": API_KEY, "action": action, **parameters}}).encode()
    for wait_s in (1, 2, 4, 8, 16, 32, 0):
        try:
            with urlopen(API_URL, data=form, timeout=30) as response:
                answer = json.load(response)
            break
        except HTTPError as error:
            if wait_s == 0 or error.code not in (408, 429, 500, 502, 503, 504):
                raise
            wait_s = int(error.headers.get("Retry-After", wait_s))
        except (OSError, HTTPException, ValueError):
            if wait_s == 0:
                raise
        time.sleep(wait_s)
    if "error" in answer:
        raise SystemExit(answer["error"])
    return answer


# {funds}
balance = call_panel("balance")
print(balance["balance"], balance["currency"])

# {kept}
request_id = str(uuid.uuid4())

# {place}
order = call_panel(
    "add",
{pairs}    request_id=request_id,
)
print(order["order"])

# {follow}
status = call_panel("status", order=order["order"])
print(status["status"])
"""


def list_call(api_url: str) -> str:
    """The service list with curl, which asks for it again only when it has changed."""
    return (
        f"curl -sS -G {_shell(api_url)} \\\n  -d key={KEY} -d action=services --compressed \\\n"
        "  --etag-compare services.etag --etag-save services.etag -o services.json -w '%{http_code}\\n'"
    )


def php_webhook() -> str:
    return f"""\
<?php

// {_webhook_steps()[0]}
const SECRET = 'whsec_…';

function signed(string $body): bool
{{
    $id = $_SERVER['HTTP_WEBHOOK_ID'] ?? '';
    $timestamp = $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '';
    if (!ctype_digit($timestamp) || abs(time() - (int) $timestamp) > 300) {{
        return false;
    }}
    $key = base64_decode(substr(SECRET, strlen('whsec_')));
    $expected = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$timestamp.$body", $key, true));
    // {_webhook_steps()[1]}
    foreach (explode(' ', $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? '') as $signature) {{
        if (hash_equals($expected, $signature)) {{
            return true;
        }}
    }}
    return false;
}}

$body = file_get_contents('php://input');
if (!signed($body)) {{
    http_response_code(401);
    exit;
}}
$message = json_decode($body, true);
http_response_code(204);
"""


def python_webhook() -> str:
    return f"""\
import base64
import hashlib
import hmac
import time

# {_webhook_steps()[0]}
SECRET = "whsec_…"


def signed(headers, body):
    # {_("headers: their names in lower case; body: the bytes as they came")}
    message_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > 300:
        return False
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    said = f"{{message_id}}.{{timestamp}}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(key, said, hashlib.sha256).digest()).decode()
    # {_webhook_steps()[1]}
    signatures = headers.get("webhook-signature", "").split(" ")
    return any(hmac.compare_digest(expected.encode(), one.encode()) for one in signatures)
"""


def _webhook_steps() -> tuple[str, str]:
    return (
        _("The secret of the webhook, shown when you create it"),
        _("After you change the secret, there are two signatures for 24 hours"),
    )


def _steps() -> tuple[str, str, str]:
    """What the programs do, as comments in the reader's language."""
    return _("Get the balance"), _("Place an order and keep its ID"), _("Check its status")


def _curl_pair(name: str, value: str) -> str:
    if value.isascii() and value.isalnum():
        return f"-d {name}={value}"
    return f"--data-urlencode {name}={_shell(value)}"


def _shell(text: str) -> str:
    """Quoted for a POSIX shell."""
    return "'" + text.replace("'", "'\\''") + "'"


def _php(text: str) -> str:
    """A PHP string: single quotes, where nothing is special; double ones where a line ends inside."""
    if "\n" in text:
        for char, escape in (("\\", "\\\\"), ('"', '\\"'), ("$", "\\$"), ("\n", "\\n"), ("\r", "\\r")):
            text = text.replace(char, escape)
        return f'"{text}"'
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _python(text: str) -> str:
    """A Python string: JSON's escapes mean the same there."""
    return json.dumps(text, ensure_ascii=False)
