"""The page docs/reference/limits.md, made from core/limits.py: `python -m tests.limits` writes it anew."""

from __future__ import annotations

from pathlib import Path

from panelwright.core.limits import KIB, MIB, TABLE, Limit

PAGE = Path(__file__).resolve().parent.parent / "docs" / "reference" / "limits.md"

_HEAD = """# Limits

What anybody may write, and what happens to more. The table is `panelwright/core/limits.py`; this page is made from
it by `python -m tests.limits`. For each row a test in `tests/strangers` or beside the code sends the worst input
known while orders of other panels go on being placed and sent.

| limit | value | of what | beyond it |
|---|---|---|---|
"""


def _value(limit: Limit) -> str:
    if limit.unit == "bytes" and limit.value % MIB == 0:
        return f"{limit.value // MIB} MiB"
    if limit.unit == "bytes" and limit.value % KIB == 0:
        return f"{limit.value // KIB} KiB"
    return f"{limit.value:,g} {limit.unit}" if isinstance(limit.value, float) else f"{limit.value:,} {limit.unit}"


def text() -> str:
    """The whole page."""
    return _HEAD + "".join(f"| `{row.name}` | {_value(row)} | {row.of} | {row.beyond} |\n" for row in TABLE)


if __name__ == "__main__":
    PAGE.write_text(text(), encoding="utf-8")
