"""What staff can do with the panel itself: its name, its look, its guard, its blocks. Declared here, because the
tables lie below this app."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_noop

from panelwright.core import clock
from panelwright.core.refusal import Refused
from panelwright.panels import actions, block_actions, blocks, branding_actions, number_actions, numbers
from panelwright.panels.block_actions import NewBlock
from panelwright.panels.models import Block, BlockKind, Guard, Panel, RefillStatusKey
from panelwright.panels.models import Noun as Numbered
from panelwright.staff.action import Action, ActionDone, ActionFieldKind, Field, Noun, State
from panelwright.staff.actor import Actor
from panelwright.staff.rights import Right
from panelwright.staff.shapes import AMOUNT, NUMBER, TEXT, YES_NO, fields, listed, maybe, words

# What a text is called in forms and states, by its language.
_MAINTENANCE_TEXTS = {code: f"maintenance_{code.lower().replace('-', '_')}" for code in actions.LANGUAGES}
_IN_LANGUAGE = {
    "en": gettext_noop("Text in English"),
    "pt-BR": gettext_noop("Text in Portuguese"),
    "es": gettext_noop("Text in Spanish"),
    "ru": gettext_noop("Text in Russian"),
}


def _panel_state(panel_id: int, id_: int) -> State | None:
    panel = Panel.objects.select_for_update(no_key=True).filter(id=panel_id).first() if id_ == panel_id else None
    if panel is None:
        return None
    return {
        "slug": panel.slug,
        "name": panel.name,
        "language": panel.language,
        "languages": panel.languages,
        "hue": panel.hue,
        "logo": panel.logo_version,
        "guard": panel.guard,
        "staff_factor": panel.staff_factor_required,
        "guard_percent": f"{panel.guard_percent_e2 / 100:.2f}",
        "timezone": panel.timezone,
        "per_minute": panel.per_minute_max,
        "refill_status_key": panel.refill_status_key,
        "signup_open": panel.signup_open,
        "signup_terms": panel.signup_terms,
        "suspended": panel.suspended_at is not None,
        "suspended_reason": panel.suspended_reason,
        "maintenance": panel.maintenance,
        **{name: (panel.maintenance_texts or {}).get(code, "") for code, name in _MAINTENANCE_TEXTS.items()},
    }


def _block_state(panel_id: int, id_: int) -> State | None:
    row = Block.objects.filter(panel_id=panel_id, id=id_).first()
    return None if row is None else {"kind": row.kind, "text": row.text, "note": row.note}


_BLOCK = fields({"kind": words(BlockKind.values), "text": TEXT, "note": TEXT})

PANEL = Noun(
    "panel",
    "panel",
    gettext_noop("Panel"),
    _panel_state,
    shape=fields(
        {
            "slug": TEXT,
            "name": TEXT,
            "language": TEXT,
            "languages": listed(TEXT),
            "hue": maybe(NUMBER),
            "logo": TEXT,
            "guard": words(Guard.values),
            "staff_factor": YES_NO,
            "guard_percent": AMOUNT,
            "timezone": TEXT,
            "per_minute": maybe(NUMBER),
            "refill_status_key": words(RefillStatusKey.values),
            "signup_open": YES_NO,
            "signup_terms": YES_NO,
            "suspended": YES_NO,
            "suspended_reason": TEXT,
            "maintenance": YES_NO,
            **dict.fromkeys(_MAINTENANCE_TEXTS.values(), TEXT),
        }
    ),
    single=True,
)
BLOCK = Noun("block", "blocks", gettext_noop("Block"), _block_state, shape=_BLOCK)
HOST_BLOCK = Noun("host_block", "host_blocks", gettext_noop("Block on all panels"), _block_state, shape=_BLOCK)


def _changed(panel_id: int, before: State | None) -> ActionDone:
    after = _panel_state(panel_id, panel_id)
    return ActionDone(panel_id, before=before or {}, after=after, nothing=before == after)


def _set_look(actor: Actor, panel_id: int, _target: None, /, **values: Any) -> ActionDone:
    before = _panel_state(panel_id, panel_id)
    if "hue" in values or values.get("no_hue"):
        branding_actions.set_hue(panel_id=panel_id, hue=None if values.get("no_hue") else values["hue"])
    if "logo" in values or values.get("no_logo"):
        branding_actions.set_logo(panel_id=panel_id, body=None if values.get("no_logo") else values["logo"])
    return _changed(panel_id, before)


def _set_name(actor: Actor, panel_id: int, _target: None, /, *, name: str) -> ActionDone:
    before = _panel_state(panel_id, panel_id)
    actions.set_name(panel_id=panel_id, name=name)
    return _changed(panel_id, before)


def _set_languages(
    actor: Actor, panel_id: int, _target: None, /, *, language: str, languages: list[str] | None = None
) -> ActionDone:
    before = _panel_state(panel_id, panel_id) or {}
    offered = before.get("languages", []) if languages is None else languages
    actions.set_languages(panel_id=panel_id, language=language, languages=offered)
    return _changed(panel_id, before)


def _set_api(actor: Actor, panel_id: int, _target: None, /, **values: Any) -> ActionDone:
    before = _panel_state(panel_id, panel_id)
    actions.set_api(panel_id=panel_id, **values)
    return _changed(panel_id, before)


def _set_staff_factor(actor: Actor, panel_id: int, _target: None, /, *, staff_factor: bool) -> ActionDone:
    before = _panel_state(panel_id, panel_id)
    actions.require_staff_factor(panel_id=panel_id, required=staff_factor)
    return _changed(panel_id, before)


def _set_guard(actor: Actor, panel_id: int, _target: None, /, **values: Any) -> ActionDone:
    before = _panel_state(panel_id, panel_id)
    actions.set_guard(panel_id=panel_id, **values)
    return _changed(panel_id, before)


def _set_signup(actor: Actor, panel_id: int, _target: None, /, **values: bool) -> ActionDone:
    before = _panel_state(panel_id, panel_id)
    actions.set_signup(panel_id=panel_id, **values)
    return _changed(panel_id, before)


def _set_maintenance(actor: Actor, panel_id: int, _target: None, /, *, maintenance: bool, **texts: str) -> ActionDone:
    before = _panel_state(panel_id, panel_id)
    by_language = {code: texts[name] for code, name in _MAINTENANCE_TEXTS.items() if name in texts}
    actions.set_maintenance(panel_id=panel_id, closed=maintenance, texts=by_language)
    return _changed(panel_id, before)


# What people count. Payments are numbered by the same rule, once there are any.
_NUMBERED = (Numbered.ORDER, Numbered.REFILL, Numbered.TICKET)


def next_numbers(panel_id: int) -> State:
    """What the next ones are called: {"next_order": 1001, …}."""
    return {f"next_{noun.value}": numbers.next_number(panel_id, noun) for noun in _NUMBERED}


def _set_numbers(actor: Actor, panel_id: int, _target: None, /, **values: int) -> ActionDone:
    before = next_numbers(panel_id)
    number_actions.set_next_numbers(panel_id=panel_id, begin={Numbered(name): n for name, n in values.items()})
    after = next_numbers(panel_id)
    return ActionDone(panel_id, before=before, after=after, shown=after, nothing=before == after)


def _suspend(actor: Actor, panel_id: int, _target: None, /, *, reason: str) -> ActionDone:
    before = _panel_state(panel_id, panel_id)
    actions.suspend(panel_id=panel_id, reason=reason, now=clock.now())
    return _changed(panel_id, before)


def _resume(actor: Actor, panel_id: int, _target: None, /) -> ActionDone:
    before = _panel_state(panel_id, panel_id)
    actions.resume(panel_id=panel_id)
    return _changed(panel_id, before)


def _set_timezone(actor: Actor, panel_id: int, _target: None, /, *, timezone: str) -> ActionDone:
    before = _panel_state(panel_id, panel_id)
    actions.set_timezone(panel_id=panel_id, timezone=timezone)
    return _changed(panel_id, before)


def _add_block(actor: Actor, panel_id: int, _target: None, /, *, kind: str, text: str, note: str = "") -> ActionDone:
    added = block_actions.add_blocks(panel_id or None, [NewBlock(kind, text, note)])
    after = {"kind": kind, "text": blocks.normal(kind, text), "note": note}
    return ActionDone(before={}, after=after, shown={"added": added}, nothing=not added)


def _remove_block(actor: Actor, panel_id: int, _target: None, /, *, kind: str, text: str) -> ActionDone:
    if not block_actions.remove_block(panel_id or None, kind=kind, text=text):
        raise Refused("no_block", "text")
    return ActionDone(before={"kind": kind, "text": blocks.normal(kind, text)}, shown={"removed": 1})


def _import_blocks(actor: Actor, panel_id: int, _target: None, /, *, rules: list[str]) -> ActionDone:
    """Each rule is its kind, a tab, and the text."""
    new = []
    for rule in rules:
        kind, _, text = rule.partition("\t")
        new.append(NewBlock(kind.strip(), text))
    added = block_actions.add_blocks(panel_id or None, new)
    return ActionDone(before={}, after={"added": added, "known": len(new) - added}, shown={"added": added})


# What the database holds in its column.
_PER_MINUTE_MAX = 2**31 - 1

_KIND = Field("kind", ActionFieldKind.CHOICE, gettext_noop("Kind"), required=True, choices=tuple(BlockKind.values))
_TEXT = Field(
    "text",
    ActionFieldKind.TEXT,
    gettext_noop("Link, host, pattern or word"),
    required=True,
    help=gettext_noop("In a pattern, * stands for anything."),
)
_NOTE = Field("note", ActionFieldKind.TEXT, gettext_noop("Note"), most=block_actions.NOTE_MAX)
_RULES = Field(
    "rules",
    ActionFieldKind.WORDS,
    gettext_noop("Rules"),
    required=True,
    help=gettext_noop("One per line: kind, a tab, and the text."),
)
_ADDED = {"added": NUMBER}
_REMOVED = {"removed": NUMBER}


def _of_blocks(noun: Noun, *, host: bool) -> tuple[Action, ...]:
    return (
        Action(
            noun,
            "add",
            gettext_noop("Block a target or word"),
            Right.SETTINGS,
            _add_block,
            (_KIND, _TEXT, _NOTE),
            on_target=False,
            host=host,
            shown=_ADDED,
        ),
        Action(
            noun,
            "remove",
            gettext_noop("Remove a block"),
            Right.SETTINGS,
            _remove_block,
            (_KIND, _TEXT),
            on_target=False,
            host=host,
            gone=True,
            shown=_REMOVED,
        ),
        Action(
            noun,
            "import",
            gettext_noop("Import blocks"),
            Right.SETTINGS,
            _import_blocks,
            (_RULES,),
            on_target=False,
            host=host,
            gone=True,
            shown=_ADDED,
        ),
    )


ACTIONS = (
    Action(
        PANEL,
        "set_name",
        gettext_noop("Change the panel's name"),
        Right.SETTINGS,
        _set_name,
        (Field("name", ActionFieldKind.TEXT, gettext_noop("Name"), required=True, most=actions.NAME_MAX),),
        on_target=False,
        help=gettext_noop("Customers see it on every page and in every email."),
    ),
    Action(
        PANEL,
        "set_languages",
        gettext_noop("Change languages"),
        Right.SETTINGS,
        _set_languages,
        (
            Field(
                "languages",
                ActionFieldKind.CHOICES,
                gettext_noop("Languages"),
                choices=actions.LANGUAGES,
                help=gettext_noop("Visitors get their browser's language if it is one of these."),
            ),
            Field(
                "language",
                ActionFieldKind.CHOICE,
                gettext_noop("Default language"),
                required=True,
                choices=actions.LANGUAGES,
                help=gettext_noop("For everybody else. It is always offered."),
            ),
        ),
        on_target=False,
    ),
    Action(
        PANEL,
        "set_api",
        gettext_noop("Change API settings"),
        Right.SETTINGS,
        _set_api,
        (
            Field(
                "per_minute",
                ActionFieldKind.NUMBER,
                gettext_noop("Requests per minute"),
                most=_PER_MINUTE_MAX,
                argument="per_minute_max",
                help=gettext_noop("Per API key that has no limit of its own. 0: no limit."),
            ),
            Field(
                "refill_status_key",
                ActionFieldKind.CHOICE,
                gettext_noop("Key in the answer to refill_status"),
                choices=tuple(RefillStatusKey.values),
                help=gettext_noop("What clients read of one refill. Most panels use status."),
            ),
        ),
        on_target=False,
    ),
    Action(
        PANEL,
        "set_look",
        gettext_noop("Change color and logo"),
        Right.SETTINGS,
        _set_look,
        (
            Field(
                "hue",
                ActionFieldKind.NUMBER,
                gettext_noop("Hue"),
                most=359,
                help=gettext_noop("An angle: 25 red, 95 yellow, 155 green, 195 cyan, 250 blue, 290 violet, 340 pink."),
            ),
            Field("no_hue", ActionFieldKind.YES_NO, gettext_noop("Use the standard color")),
            Field(
                "logo",
                ActionFieldKind.FILE,
                gettext_noop("Logo"),
                help=gettext_noop("PNG, JPEG or WebP, up to 200 KiB."),
            ),
            Field("no_logo", ActionFieldKind.YES_NO, gettext_noop("Remove the logo")),
        ),
        on_target=False,
        body_max=512 * 1024,
    ),
    Action(
        PANEL,
        "set_guard",
        gettext_noop("Protect from selling below cost"),
        Right.PRICES,
        _set_guard,
        (
            Field(
                "rule",
                ActionFieldKind.CHOICE,
                gettext_noop("When the cost is too high"),
                choices=tuple(Guard.values),
                held_as="guard",
            ),
            Field(
                "margin",
                ActionFieldKind.PERCENT,
                gettext_noop("Minimum margin in percent"),
                argument="percent_e2",
                held_as="guard_percent",
                help=gettext_noop("What a service must bring above its cost."),
            ),
        ),
        on_target=False,
    ),
    Action(
        PANEL,
        "set_staff_factor",
        gettext_noop("Require two-factor authentication of staff"),
        Right.STAFF,
        _set_staff_factor,
        (Field("staff_factor", ActionFieldKind.YES_NO, gettext_noop("Required"), required=True),),
        on_target=False,
        help=gettext_noop("Staff who have not turned it on can do nothing else first. Staff keys are not affected."),
    ),
    Action(
        PANEL,
        "set_signup",
        gettext_noop("Change sign-up rules"),
        Right.SETTINGS,
        _set_signup,
        (
            Field(
                "signup_open",
                ActionFieldKind.YES_NO,
                gettext_noop("Sign-up open"),
                help=gettext_noop("If it is closed, only staff add customers."),
            ),
            Field(
                "signup_terms",
                ActionFieldKind.YES_NO,
                gettext_noop("Terms must be accepted"),
                help=gettext_noop("New customers tick a box that links to your page of terms."),
            ),
        ),
        on_target=False,
    ),
    Action(
        PANEL,
        "set_maintenance",
        gettext_noop("Close for maintenance"),
        Right.SETTINGS,
        _set_maintenance,
        (
            Field("maintenance", ActionFieldKind.YES_NO, gettext_noop("Closed for maintenance"), required=True),
            *(
                Field(
                    name,
                    ActionFieldKind.LONG_TEXT,
                    _IN_LANGUAGE[code],
                    most=actions.MAINTENANCE_CHARS_MAX,
                    clears=True,
                )
                for code, name in _MAINTENANCE_TEXTS.items()
            ),
        ),
        on_target=False,
        help=gettext_noop(
            "Visitors and customers see a page with your text instead of the panel. Staff work as usual, and log in at"
            " /admin/. The API keeps working: orders of programs are still taken and delivered."
        ),
    ),
    Action(
        PANEL,
        "set_numbers",
        gettext_noop("Choose the next numbers"),
        Right.SETTINGS,
        _set_numbers,
        tuple(
            Field(noun.value, ActionFieldKind.NUMBER, label, least=1, most=numbers.BEGIN_MAX)
            for noun, label in zip(
                _NUMBERED,
                (gettext_noop("Next order"), gettext_noop("Next refill"), gettext_noop("Next ticket")),
                strict=True,
            )
        ),
        on_target=False,
        help=gettext_noop("Numbers only go up. If you move from another panel, begin above your highest number."),
        shown={f"next_{noun.value}": NUMBER for noun in _NUMBERED},
    ),
    Action(
        PANEL,
        "set_timezone",
        gettext_noop("Change the time zone"),
        Right.SETTINGS,
        _set_timezone,
        (
            Field(
                "timezone",
                ActionFieldKind.TEXT,
                gettext_noop("Time zone"),
                required=True,
                most=50,
                help=gettext_noop("A name such as Europe/Madrid or Asia/Kolkata."),
            ),
        ),
        on_target=False,
        help=gettext_noop("Reports are counted again by the new days. With many orders this takes a few minutes."),
    ),
    Action(
        PANEL,
        "suspend",
        gettext_noop("Suspend panel"),
        Right.SETTINGS,
        _suspend,
        (
            Field(
                "reason",
                ActionFieldKind.TEXT,
                gettext_noop("Reason"),
                required=True,
                most=actions.REASON_CHARS_MAX,
                help=gettext_noop("The panel's staff read it."),
            ),
        ),
        on_target=False,
        operators=True,
        caution=True,
        help=gettext_noop(
            "New orders are refused, by pages and by programs, and customers no longer see the panel. Orders in"
            " progress continue. Staff keep working."
        ),
    ),
    Action(
        PANEL,
        "resume",
        gettext_noop("Resume panel"),
        Right.SETTINGS,
        _resume,
        on_target=False,
        operators=True,
    ),
    *_of_blocks(BLOCK, host=False),
    *_of_blocks(HOST_BLOCK, host=True),
)
