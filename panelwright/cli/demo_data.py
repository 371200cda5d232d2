"""The demonstration's data: panels, people, and a history that went through the same actions as any order.

Nothing is written past the actions: past orders are placed, sent and settled with the clock set
back, and the sandbox is told of them through its control address.
"""

from __future__ import annotations

import json
import random
import secrets
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import connection
from django_scopes import scope, scopes_disabled

from panelwright.catalog.actions import set_rate
from panelwright.catalog.panel_actions import build_panel
from panelwright.catalog.types import BY_NAME
from panelwright.cli import demo_history, demo_money, demo_payments, demo_scenes
from panelwright.cli.demo_history import Merit, Past
from panelwright.cli.demo_money import Till
from panelwright.content.actions import announce
from panelwright.content.models import Announcement
from panelwright.core import clock, money
from panelwright.customers import passwords
from panelwright.customers.actions import create_customer, create_key, create_staff
from panelwright.customers.models import Customer
from panelwright.host.actions import add_operator
from panelwright.host.models import Operator
from panelwright.ledger.actions import credit_customer
from panelwright.ledger.models import TransferCode
from panelwright.orders.models import Order
from panelwright.panels.actions import add_domain
from panelwright.panels.models import Domain, Panel
from panelwright.panels.presets import Preset, PresetService, load
from panelwright.providers import actions as provider_actions
from panelwright.providers.models import Provider
from panelwright.providers.routing import route_actions
from panelwright.sandbox.catalogue import CATALOGUE, SandboxService
from panelwright.staff.rights import Role
from panelwright.support.actions import Letter, open_ticket
from panelwright.support.models import Subject, Ticket

if TYPE_CHECKING:
    from panelwright.cli.demo import DemoProvider

BALANCE_MICROS = 10_000 * money.MICROS
# The first panel is the one with a living past and present; of the others there is something to look at.
LIVELY = "everything"
LIVELY_PAST = Past(people=40, orders=2_000, days=90)
PAST = Past(people=3, orders=60, days=25)
USUAL, BARGAIN = "sandbox", "bargain"
UPSTREAM_CURRENCY = "USD"
# One that is dearer and delivers, and one that is cheap, slow, and leaves a part undelivered now and then.
MERITS = {USUAL: Merit((0.2, 5.0), (95, 3, 2)), BARGAIN: Merit((2.0, 30.0), (76, 15, 9), price=70)}
# Of the services of the lively panel every third is tried at the cheap one first.
BARGAIN_EVERY = 3
TEAM = (
    ("max", Role.MANAGER),
    ("olga", Role.ORDERS),
    ("sam", Role.SUPPORT),
    ("fay", Role.FINANCE),
    ("ron", Role.READ_ONLY),
)


def ensure(names: Sequence[str], *, folder: Path, host: str, port: int, upstream: DemoProvider) -> dict[str, Any]:
    """The panels and an operator, made where they are missing; what to write into demo.json. Safe to repeat after a
    crash."""
    path = folder / "demo.json"
    kept = json.loads(path.read_text()) if path.exists() else {}
    before = {p["preset"]: p for p in kept.get("panels", ())}
    told = []
    with scopes_disabled():
        for index, name in enumerate(names):
            panel = Panel.objects.filter(slug=name).first() or build_panel(load(name), slug=name, domains=[])
            _answer_on(panel, port + index)
            known = before.get(name) or _people(panel)
            with scope(panel=panel):
                _route(panel, load(name), upstream)
                demo_payments.ensure(panel)
                _history(panel, load(name), known["customer"]["email"], upstream)
                _news(panel, load(name))
                _ticket(panel, known["customer"]["email"])
            address = f"http://{'127.0.0.1' if host in {'0.0.0.0', '::'} else host}:{port + index}"
            told.append(
                {**known, "preset": name, "name": panel.name, "url": f"{address}/", "api_url": f"{address}/api/v2"}
            )
    operator = {**(kept.get("host") or _operator()), "url": f"http://{settings.HOST_SITE}:{port}/"}
    return {"panels": [{k: p[k] for k in _TOLD} for p in told], "host": operator}


_TOLD = ("preset", "name", "url", "api_url", "api_key", "customer", "staff", "team")


def _operator() -> dict[str, Any]:
    """Who runs the installation, told once: each recovery code logs in once, and the key makes more in an app."""
    tag = "" if not Operator.objects.exists() else secrets.token_hex(2)
    email, password = f"henry{tag}@host.example", secrets.token_urlsafe(9)
    _row, factor = add_operator(email=email, password_hash=passwords.hashed_at_leisure(password))
    return {"email": email, "password": password, "app_key": factor.key, "recovery_codes": factor.codes}


def _answer_on(panel: Panel, port: int) -> None:
    """Any host on the panel's port, and no other: the ports may have moved since the last start."""
    if not Domain.objects.filter(panel=panel, host="*", port=port).exists():
        Domain.objects.filter(host="*", port=port).delete()
        Domain.objects.filter(panel=panel).delete()
        add_domain(panel_id=panel.id, host="*", port=port)


def _people(panel: Panel) -> dict[str, Any]:
    """A customer with a key, and who runs the panel. Their secrets are told once, in demo.json."""
    days = (LIVELY_PAST if panel.slug == LIVELY else PAST).days
    with scope(panel=panel), clock.at(clock.now() - timedelta(days=days, hours=3)):
        tag = "" if not Customer.objects.filter(panel=panel).exists() else secrets.token_hex(2)
        customer = _somebody(panel, f"carol{tag}")
        staff = _somebody(panel, f"alice{tag}")
        row = create_customer(panel_id=panel.id, email=customer["email"], password=customer["password"])
        create_staff(panel_id=panel.id, email=staff["email"], password=staff["password"], role=Role.OWNER)
        team = [{"role": role.value, **_somebody(panel, f"{name}{tag}")} for name, role in TEAM]
        for one in team:
            create_staff(panel_id=panel.id, email=one["email"], password=one["password"], role=Role(one["role"]))
        _, key = create_key(customer=row, name="demo")
    return {"api_key": key, "customer": customer, "staff": staff, "team": team}


def _somebody(panel: Panel, name: str) -> dict[str, str]:
    return {"email": f"{name}@{panel.slug}.example", "password": secrets.token_urlsafe(9)}


def _provider(panel: Panel, name: str) -> Provider:
    found: Provider = Provider.objects.get(panel=panel, name=name)
    return found


def _route(panel: Panel, preset: Preset, upstream: DemoProvider) -> None:
    """The sandbox as provider of every service; its port is another one at each start."""
    known = list(Provider.objects.filter(panel=panel, name__in=(USUAL, BARGAIN)))
    for provider in known:
        # A new address takes the key again.
        key = upstream.key if provider.name == USUAL else upstream.bargain_key
        provider_actions.set_provider(panel_id=panel.id, provider_id=provider.id, url=upstream.url, key=key)
    if known:
        return
    usual = provider_actions.add_provider(
        panel_id=panel.id, name=USUAL, url=upstream.url, key=upstream.key, knows_request_id=True
    )
    ids = dict(panel.service_set.values_list("number", "id"))
    sold = [(ids[s.number], upstream_service(s)) for s in preset.services]
    routes = [route_actions.NewRoute(id_, usual.id, str(of.service), of.type) for id_, of in sold]
    if panel.slug == LIVELY:
        bargain = provider_actions.add_provider(
            panel_id=panel.id, name=BARGAIN, url=upstream.url, key=upstream.bargain_key
        )
        cheap = [route._replace(provider_id=bargain.id) for route in routes]
        routes = [*cheap[::BARGAIN_EVERY], *routes, *cheap[1::BARGAIN_EVERY]]
    route_actions.add_routes(panel.id, routes)
    if panel.currency == UPSTREAM_CURRENCY:
        # What its services cost and what our balance is there, the worker asks at once.
        for provider in Provider.objects.filter(panel=panel, name__in=(USUAL, BARGAIN)):
            provider_actions.set_provider(panel_id=panel.id, provider_id=provider.id, sync_every_min=60)


def upstream_service(service: PresetService) -> SandboxService:
    """The sandbox service that delivers it; a subscription goes to it as a whole, as most panels have it."""
    of_type = [s for s in CATALOGUE if s.type == service.type and not s.unique_link]
    return next((s for s in of_type if s.character == service.upstream), of_type[0])


def _history(panel: Panel, preset: Preset, email: str, upstream: DemoProvider) -> None:
    """The panel's past, then as much money as makes the balance 10,000 again. Nothing when there are any orders."""
    customer = Customer.objects.select_related("account").get(panel=panel, user__email=email)
    account = customer.account
    if not Order.objects.filter(panel=panel).exists():
        lively = panel.slug == LIVELY
        with _unhurried():
            if lively:
                demo_scenes.set_up(panel)
                demo_money.set_up(panel, clock.now() - timedelta(days=LIVELY_PAST.days, hours=2, minutes=30))
            till = Till(panel) if lively else None
            people = demo_history.live_through(
                panel, preset, customer, LIVELY_PAST if lively else PAST, upstream, MERITS, till
            )
            if till is not None:
                demo_scenes.act(panel, people, _provider(panel, BARGAIN), preset.services[0].number)
                demo_money.act(till, people)
    account.refresh_from_db()
    missing = BALANCE_MICROS - (account.balance_micros or 0)
    if missing > 0:
        _credit(panel, account.id, missing, "demo-balance", clock.now())


@contextmanager
def _unhurried() -> Iterator[None]:
    """Within the block SQLite does not wait for the disk: who loses the demonstration's past makes another one."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA synchronous")
        (before,) = cursor.fetchone()
        cursor.execute("PRAGMA synchronous = OFF")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA synchronous = {before}")


def _credit(panel: Panel, account_id: int, micros: int, reference: str, at: datetime) -> None:
    try:
        credit_customer(
            panel_id=panel.id,
            account_id=account_id,
            amount_micros=micros,
            code=TransferCode.BONUS,
            reference=reference,
            now=at,
        )
    except ValueError:
        return  # booked at an earlier start; what was spent since is spent


def _news(panel: Panel, preset: Preset) -> None:
    """Prices that moved and came back to the preset's, and an announcement. Nothing when there are any."""
    if Announcement.objects.filter(panel=panel).exists():
        return
    draw = random.Random(f"news:{panel.slug}")
    sold = [service for service in preset.services if not BY_NAME[service.type].subscription]
    moves: list[tuple[datetime, int, int]] = []
    for service in draw.sample(sold, min(5, len(sold))):
        rate_micros, at = money.parse(service.rate), clock.now() - timedelta(days=draw.uniform(6, PAST.days))
        moves.append((at, service.number, rate_micros * draw.choice([9, 11, 12]) // 10))
        moves.append((at + timedelta(days=draw.uniform(1, 5)), service.number, rate_micros))
    for at, number, rate_micros in sorted(moves):
        with clock.at(at):
            set_rate(panel_id=panel.id, number=number, rate_micros=rate_micros)
    title, body = _WELCOME[panel.language]
    with clock.at(clock.now() - timedelta(days=3)):
        announce(panel_id=panel.id, title=title, body=body, by="demo")


_WELCOME = {
    "en": (
        "A demonstration panel",
        "Nothing here reaches anybody: a simulated provider delivers numbers. Order, cancel, ask for refills, open a"
        " ticket, make an API key. What would be e-mail is written to the folder `mail` beside the data.",
    ),
    "pt-BR": (
        "Um painel de demonstração",
        "Nada aqui chega a ninguém: um fornecedor simulado entrega números. Faça pedidos, cancele, peça reposição, abra"
        " um ticket, crie uma chave de API. O que seria e-mail é gravado na pasta `mail`, ao lado dos dados.",
    ),
    "es": (
        "Un panel de demostración",
        "Nada de esto llega a nadie: un proveedor simulado entrega números. Haga pedidos, cancele, pida reposiciones,"
        " abra un ticket, cree una clave de API. Los correos se guardan en la carpeta `mail`, junto a los datos.",
    ),
    "ru": (
        "Демонстрационная панель",
        "Отсюда ничего не уходит наружу: учебный поставщик выдаёт только числа. Заказывайте, отменяйте, просите"
        " восстановление, пишите в поддержку, создавайте ключи API. Письма лежат в папке `mail` рядом с данными.",
    ),
}


_QUESTION = {
    "en": "Hello, how long does an order like %d take as a rule?",
    "pt-BR": "Olá, quanto tempo costuma levar um pedido como o %d?",
    "es": "Hola, ¿cuánto suele tardar un pedido como el %d?",
    "ru": "Здравствуйте! Сколько обычно выполняется такой заказ, как %d?",
}


def _ticket(panel: Panel, email: str) -> None:
    """A question about an order. Nothing when there are tickets."""
    customer = Customer.objects.get(panel=panel, user__email=email)
    newest = Order.objects.filter(panel=panel, customer=customer).order_by("-number").first()
    if newest is None or Ticket.objects.filter(panel=panel).exists():
        return
    letter = Letter(_QUESTION[panel.language] % newest.number)
    open_ticket(panel_id=panel.id, customer_id=customer.id, subject=Subject.OTHER.value, letter=letter)
