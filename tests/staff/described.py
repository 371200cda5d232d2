"""Holds every answer of the staff API that a test sees against the description that the API gives of itself."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from jsonschema import Draft202012Validator

if TYPE_CHECKING:
    from tests.staff.site import Answer


def described(method: str, path: str, answer: Answer) -> Any:
    """The answer's JSON, which must be one that the description foresees for this method and path."""
    body = json.loads(answer.body)
    validator = _validator(method.lower(), path.partition("?")[0], str(answer.status))
    errors = [error.message[:500] for error in validator.iter_errors(body)]
    assert errors == [], (method, path, answer.status, body)
    return body


def _validator(method: str, path: str, status: str) -> Draft202012Validator:
    operation = _operation(method, path)
    if operation is None:
        # Nothing is described there: a refusal is all that can come.
        assert int(status) >= 400, (method, path, status)
        return _made("/components/schemas/Error")
    assert status in _description()["paths"][operation][method]["responses"], (method, path, status)
    escaped = operation.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")
    return _made(f"/paths/{escaped}/{method}/responses/{status}/content/application~1json/schema")


@cache
def _made(pointer: str) -> Draft202012Validator:
    return Draft202012Validator({**_description(), "$ref": f"#{pointer}"})


def _operation(method: str, path: str) -> str | None:
    for described_path, operations in _description()["paths"].items():
        pattern = re.sub(r"\\\{\w+\\\}", r"\\d+", re.escape(described_path))
        if method in operations and re.fullmatch(pattern, f"/{path}"):
            return str(described_path)
    return None


@cache
def _description() -> dict[str, Any]:
    from panelwright.api import openapi

    return openapi.description()
