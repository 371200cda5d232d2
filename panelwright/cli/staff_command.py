"""The commands of declared staff actions: `panelwright NOUN VERB [WHICH] --panel SLUG --field …`."""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from panelwright.cli import setup
from panelwright.cli.main import FORMS, CommandRefused, new_parser, run_with, use_installation
from panelwright.cli.secret_options import add_address, add_secret

if TYPE_CHECKING:
    from panelwright.staff.action import Action, Field
    from panelwright.staff.actions import Performed

_FILE_MAX = 1_500_000
_SHOWN_MAX = 200


def main(noun: str, verb: str, arguments: Sequence[str]) -> int:
    """The declarations need Django, and that needs to know the installation: its options are read first."""
    name = f"{noun} {verb}"
    first, _ = new_parser(name, None, None).parse_known_args([a for a in arguments if a not in {"-h", "--help"}])
    use_installation(first)
    try:
        setup.django(migrated=not {"-h", "--help"} & set(arguments))
    except CommandRefused as refused:
        sys.stderr.write(f"panelwright {name}: {refused}\n")
        return 1
    from panelwright.staff import registry

    action = registry.of_noun(noun).get(verb)
    if action is None or action.person:
        known = noun in registry.nouns() or noun in FORMS
        missing = f"{noun} has no command {verb!r}" if known else f"there is no command {noun!r}"
        where = f"panelwright {noun} --help" if known else "panelwright --help"
        sys.stderr.write(f"panelwright: {missing}; `{where}` lists them\n")
        return 2
    parser = new_parser(name, f"{action.label}. {action.help}".strip(), None)
    configure(parser, action)
    return run_with(parser.parse_args(arguments), name, lambda args: _run(action, args))


def configure(parser: argparse.ArgumentParser, action: Action) -> None:
    """The options of an action, from its fields."""
    if action.on_target:
        parser.add_argument("target", metavar=action.noun.named_by.upper(), help=f"which {action.noun.name}")
    if not action.host:
        parser.add_argument("--panel", required=True, metavar="SLUG")
    parser.add_argument("--json", action="store_true", help="print what came of it as a JSON object")
    for field in action.fields:
        _add_option(parser, field)


def _add_option(parser: argparse.ArgumentParser, field: Field) -> None:
    from panelwright.staff.action import ActionFieldKind

    option = "--" + field.name.replace("_", "-")
    told: dict[str, Any] = {
        "help": f"{field.label}. {field.help}".strip().replace("%", "%%"),
        "dest": f"field_{field.name}",
    }
    match field.kind:
        case ActionFieldKind.SECRET:
            made = " (made up and printed when left out)" if field.required else ""
            add_secret(parser, option, help=f"{field.label}{made}", dest=told["dest"])
        case ActionFieldKind.URL:
            add_address(parser, option, help=told["help"], dest=told["dest"], required=field.required)
        case ActionFieldKind.YES_NO:
            parser.add_argument(option, action=argparse.BooleanOptionalAction, **told)
        case ActionFieldKind.LONG_TEXT:
            either = parser.add_mutually_exclusive_group(required=field.required)
            either.add_argument(option, metavar="TEXT", **told)
            either.add_argument(f"{option}-file", metavar="FILE", type=_text_of, dest=told["dest"], help="- is stdin")
        case ActionFieldKind.FILE:
            parser.add_argument(option, metavar="FILE", type=_bytes_of, required=field.required, **told)
        case ActionFieldKind.CHOICE:
            parser.add_argument(option, choices=field.choices, required=field.required, **told)
        case _:
            parser.add_argument(option, metavar=field.kind.value.upper(), required=field.required, **told)


def _text_of(name: str) -> str:
    try:
        raw = sys.stdin.buffer.read(_FILE_MAX) if name == "-" else Path(name).read_bytes()[:_FILE_MAX]
        return raw.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise argparse.ArgumentTypeError(f"{name} cannot be read: {error}") from None


def _bytes_of(name: str) -> bytes:
    try:
        return Path(name).read_bytes()[:_FILE_MAX]
    except OSError as error:
        raise argparse.ArgumentTypeError(f"{name} cannot be read: {error.strerror}") from None


def _run(action: Action, args: argparse.Namespace) -> int:
    from contextlib import nullcontext

    from django_scopes import scope

    from panelwright.staff import values

    given: dict[str, object] = {}
    made_up: dict[str, str] = {}
    for field in action.fields:
        value = getattr(args, f"field_{field.name}", None)
        if value is not None:
            given[field.name] = values.from_text(field, value) if isinstance(value, str) else value
        elif field.is_secret and field.required:
            given[field.name] = made_up[field.name] = secrets.token_urlsafe(12)
    panel = None if action.host else setup.panel(args.panel)
    with scope(panel=panel) if panel is not None else nullcontext():
        target = None
        if action.on_target:
            target = _target(action, panel.id if panel else 0, args.target)
        performed = setup.perform(action.name, panel=panel, target=target, given=given)
    _tell(performed._replace(shown={**performed.shown, **made_up}), as_json=args.json)
    return 0


def _target(action: Action, panel_id: int, text: str) -> int:
    """What the object that is named is called: its number or id. Raises Refused."""
    found = action.noun.find(panel_id, text) if action.noun.find is not None else None
    if found is None:
        raise CommandRefused(f"there is no {action.noun.name} {text!r} here")
    return found


def _tell(performed: Performed, *, as_json: bool) -> None:
    from panelwright.core import said
    from panelwright.staff import trail

    performed = performed._replace(shown=said.everywhere(performed.shown))
    before, after = trail.difference(performed.before, performed.after)
    if as_json:
        told = {"action": performed.action.name, "id": performed.called, "before": before, "after": after}
        print(json.dumps({**told, **performed.shown}, ensure_ascii=False, indent=2, default=str))
        return
    which = "" if performed.called is None else f" {performed.called}"
    print(f"{performed.action.noun.name}{which}: {performed.action.verb} done")
    for name, value in performed.shown.items():
        print(f"  {name}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)}")
    for name in {**before, **after}:
        print(f"  {name}: {_change(before.get(name), after.get(name))}")


def _change(old: Any, new: Any) -> str:
    sides = [value for value in (old, new) if value is not None]
    return " -> ".join(json.dumps(value, ensure_ascii=False, default=str)[:_SHOWN_MAX] for value in sides) or "none"
