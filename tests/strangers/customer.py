"""A customer's program, in a process of its own: places an order every so often until its standard input ends.

`python -m tests.strangers.customer PORT KEY SERVICE EVERY_S` writes a line of JSON an order. Orders are due at set
times, and each counts from when it was due: a panel that stands for a second is late for all that were due then.
"""

from __future__ import annotations

import http.client
import json
import sys
import time
from typing import Any
from urllib.parse import urlencode

from tests.strangers.turns import turns

PATIENCE_S = 60.0


def main(port: int, key: str, service: str, every_s: float) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    for number, due in enumerate(turns(every_s), 1):
        link = f"https://example.com/{time.time_ns()}/{number}"
        told: dict[str, Any] = {"link": link, "due": due, "order": 0, "fault": ""}
        form = {"key": key, "action": "add", "service": service, "link": link, "quantity": "100"}
        try:
            connection.request(
                "POST", "/api/v2", urlencode(form), {"Content-Type": "application/x-www-form-urlencoded"}
            )
            response = connection.getresponse()
            body = response.read()
            told["order"] = json.loads(body).get("order", 0)
            told["fault"] = "" if told["order"] else f"{response.status} {body!r}"
        except (OSError, http.client.HTTPException, ValueError) as error:
            connection.close()
            told["fault"] = repr(error)
        told["answered_s"] = time.time() - due
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4]))
