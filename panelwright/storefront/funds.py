"""Adding funds: the methods with what each costs and brings, one payment with its way, and the history."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from panelwright.content import markdown
from panelwright.core import clock, limits, money
from panelwright.core.lists import whole
from panelwright.core.refusal import Refusal
from panelwright.payments import (
    actions,
    asking_actions,
    lists,
    method_actions,
    queries,
    registry,
    rules,
    voucher_actions,
)
from panelwright.payments.gateways.by_hand.gateway import needed
from panelwright.payments.models import BACK_MAX, Payment, PaymentMethod, PaymentState
from panelwright.payments.rules import PaymentSum, Terms
from panelwright.promotions import actions as promotions
from panelwright.promotions import queries as promotion_queries
from panelwright.promotions.actions import Depositor, Entered
from panelwright.promotions.models import CODE_MAX as COUPON_CODE_MAX
from panelwright.receipts import queries as issued
from panelwright.support import downloads, files
from panelwright.support.files import Upload
from panelwright.ui import links, qr, refusals
from panelwright.ui.forms import Form
from panelwright.ui.pages import is_resumed
from panelwright.ui.request import CustomerRequest

# What a page may lead back to: that of an order, with what was typed in.
_BACK = re.compile(r"/order(?:/many)?(?:\?[\w.~%+&=/:@,;!*()'-]*)?", re.ASCII)
_TYPED = ("method", "amount", "coupon", "back")
_FIELD = re.compile(r"\{\{\s*(amount|currency|reference)\s*\}\}")
# Lines of a payment's story that are staff's alone.
_UNTOLD = frozenset({"problem", "refund_unknown", "paid_there_too", "checked"}) | frozenset(
    {"held", "ripe", "dispute_unlisted", "dispute_listed", "surplus", "surplus_settled"}
)
_EMPTIED = frozenset({PaymentState.FAILED, PaymentState.EXPIRED, PaymentState.CANCELED})


class OfferedMethod(NamedTuple):
    """A method as the page offers it, in the visitor's language. `bonuses`: whether amounts bring something on top."""

    row: PaymentMethod
    terms: Terms
    name: str
    note: str
    icon: str
    fee: str

    @property
    def id(self) -> int:
        return self.row.id


class PresetAmount(NamedTuple):
    text: str
    bonus: str
    chosen: bool


@require_safe
def funds(request: CustomerRequest) -> HttpResponse:
    """Choose a method and an amount, and see what it costs and brings before anything is paid."""
    form = Form(
        {name: request.GET.get(name, "")[: BACK_MAX + 1] for name in ("method", "amount", "need", "back", "coupon")}
    )
    return _page(request, form)


@require_safe
def price(request: CustomerRequest) -> HttpResponse:
    """The part of the page that says what arrives, while the form is filled in."""
    form = Form(
        {name: request.GET.get(name, "")[: BACK_MAX + 1] for name in ("method", "amount", "need", "back", "coupon")}
    )
    return render(request, "storefront/funds/arrives.html", {**_asked(request, form), "alone": True})


@require_POST
def show(request: CustomerRequest) -> HttpResponse:
    """What the form holds, on a page that says what arrives."""
    return redirect(f"{reverse('storefront:funds')}?{_typed(Form.sent(request))}")


@require_POST
def pay(request: CustomerRequest) -> HttpResponse:
    """Begin the payment on the terms that the page showed for what the form holds."""
    form = Form.sent(request)
    asked = rules.read_amount(form.text("amount"))
    agreed = rules.read_agreed(form.text("agreed"))
    method_id = whole(form.text("method"))
    coupon = _agreed_coupon(form)
    if is_resumed(request) or agreed is None or asked is None or method_id is None:
        return _page(request, form)
    if not _is_shown(form, asked, agreed):
        form.values["request_id"] = ""
        form.wrong("", _("You changed the form. Check what arrives, then pay."))
        return _page(request, form)
    result = actions.begin(
        panel_id=request.panel.id,
        customer_id=request.customer.id,
        method_id=method_id,
        amount_micros=asked,
        agreed=agreed,
        back=_back(form.text("back")),
        request_id=form.text("request_id"),
        coupon=coupon,
        address=request.address,
    )
    if isinstance(result, Refusal):
        # What is shown now is another form, and another payment.
        form.values["request_id"] = ""
        form.refuse(result, beside=result.field if result.field in {"amount", "coupon"} else "")
        return _page(request, form)
    if result.by_hand:
        return redirect("storefront:payment", result.number)
    return _to_gateway(request, result.payment_id, result.number)


def _typed(form: Form) -> str:
    """What the form holds, as the query of a page that shows what it brings."""
    return urlencode([(name, form.text(name)[: BACK_MAX + 1]) for name in _TYPED if form.text(name)])


def _is_shown(form: Form, asked: int, agreed: PaymentSum) -> bool:
    """Whether the sums that the page showed are those of what the form holds: a coupon or another amount may have been
    typed since.
    """
    shown = form.text("method_shown") in ("", form.text("method")) and form.text("coupon_shown") == form.text("coupon")
    return shown and asked == agreed.asked_micros


def _depositor(request: CustomerRequest) -> Depositor:
    return Depositor(request.customer.id, request.customer.account_id, request.address)


def _coupon(request: CustomerRequest, form: Form, found: PaymentSum) -> Entered | None:
    """What the coupon that is typed in would bring on top; what is wrong with it stands beside it."""
    code = form.text("coupon")
    if not code or form.error_of("coupon"):
        return None
    entered = promotions.entered(
        panel_id=request.panel.id,
        who=_depositor(request),
        code=code,
        credit_micros=found.credit_micros,
        currency=request.panel.currency,
    )
    if isinstance(entered, Refusal):
        form.refuse(entered, beside="coupon")
        return None
    return entered


def _agreed_coupon(form: Form) -> Entered | None:
    """The coupon that the page showed, with what it said that it brings."""
    code, micros = form.text("coupon")[: COUPON_CODE_MAX + 1], whole(form.text("coupon_brings"))
    return Entered(code, micros) if code and micros is not None else None


def _to_gateway(request: CustomerRequest, payment_id: int, number: int) -> HttpResponse:
    """Off to the page where the customer pays; where it cannot be opened now, the payment's own page says so.

    By a page that leads there: browsers let no form end at another host, not by a redirect either (form-action of the
    policy). Where the panel does not know its own address nothing is opened: a host that the customer's browser names
    would be told of the payment, and be given what the gateway sends to prove itself.
    """
    start = links.origin(request)
    if not start:
        messages.error(request, refusals.text(Refusal("no_payment_address")))
        return redirect("storefront:payment", number)
    token = queries.hook_token(request.panel.id, payment_id)
    found = asking_actions.open_checkout(
        panel_id=request.panel.id,
        payment_id=payment_id,
        back_url=start + reverse("storefront:payment", args=[number]) + "?from=gateway",
        hook_url=start + reverse("storefront:hook_payments", args=[token]),
    )
    if isinstance(found, Refusal):
        messages.error(request, refusals.text(found))
        return redirect("storefront:payment", number)
    if found.code or not found.url:
        # Paid from the page itself: by a text to copy, or a picture to scan.
        return redirect("storefront:payment", number)
    return render(request, "storefront/funds/leave.html", {"url": found.url})


@require_POST
def go_on(request: CustomerRequest, number: int) -> HttpResponse:
    """Back to the gateway's page of a payment that was begun."""
    payment_id = _hers(request, number)
    return _not_found(request) if payment_id is None else _to_gateway(request, payment_id, number)


@require_POST
def redeem(request: CustomerRequest) -> HttpResponse:
    """Bring a voucher's value to the balance."""
    form = Form({"voucher": request.POST.get("voucher", "")[: limits.VOUCHER_CHARS_MAX + 1]})
    if is_resumed(request):
        return _page(request, form)
    result = voucher_actions.redeem(
        panel_id=request.panel.id,
        customer_id=request.customer.id,
        code=form.raw("voucher"),
        address=request.address,
    )
    if isinstance(result, Refusal):
        form.refuse(result, beside="voucher")
        return _page(request, form)
    told = {"amount": money.text(result), "currency": request.panel.currency}
    messages.success(request, _("%(amount)s %(currency)s was added to your balance.") % told)
    return redirect("storefront:funds")


@require_http_methods(["GET", "HEAD", "POST"])
def payment(request: CustomerRequest, number: int) -> HttpResponse:
    """One payment: how to make it, how it stands, and what has happened. POST gives the proof of one by hand."""
    found = queries.payment(request.panel.id, number, customer_id=request.customer.id)
    if found is None:
        return _not_found(request)
    form = Form({})
    named = asking_actions.named(found, request.GET.dict()) if request.method == "GET" else ""
    if named or (request.GET.get("from") == "gateway" and request.method == "GET"):
        # What the browser says of it proves nothing: the gateway is asked, and that soon.
        asking_actions.come_back(panel_id=request.panel.id, payment=found, now=clock.now(), named=named)
    if request.method == "POST":
        form = Form.sent(request)
        if not is_resumed(request):
            uploads = request.FILES.getlist("files")[: limits.ATTACHMENTS_MAX + 1]
            refused = actions.submit(
                panel_id=request.panel.id,
                customer_id=request.customer.id,
                payment_id=found.id,
                proof=form.raw("proof"),
                # One byte more than is allowed says that it is too much.
                uploads=[Upload(one.name or "", one.read(limits.ATTACHMENT_BYTES_MAX + 1)) for one in uploads],
            )
            if refused is None:
                messages.success(request, _("Thank you. We will check your payment."))
                return redirect("storefront:payment", number)
            form.refuse(refused, beside=refused.field if refused.field in {"proof", "files"} else "")
    return _one(request, found, form)


@require_safe
def live(request: CustomerRequest, number: int) -> HttpResponse:
    """Whether a payment is still as the page shows it, asked every few seconds: nothing, else a word to load it anew.

    The gateway is asked meanwhile, as when the customer comes back, and no oftener.
    """
    found = queries.payment(request.panel.id, number, customer_id=request.customer.id)
    if found is None:
        return HttpResponse(status=404)
    if found.state != request.GET.get("state"):
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    now = clock.now()
    # One in three: pages ask every five seconds, and what they may bring forward lasts for a quarter of an hour so.
    if now.second % 15 < 5:
        asking_actions.come_back(panel_id=request.panel.id, payment=found, now=now)
    return HttpResponse(status=204)


@require_POST
def cancel(request: CustomerRequest, number: int) -> HttpResponse:
    payment_id = _hers(request, number)
    refused = actions.cancel(panel_id=request.panel.id, customer_id=request.customer.id, payment_id=payment_id or 0)
    if payment_id is None or (refused is not None and refused.code == "no_payment"):
        return _not_found(request)
    if refused is None:
        messages.success(request, _("Payment canceled."))
    return redirect("storefront:payment", number)


@require_safe
def receipt(request: CustomerRequest, number: int, file_id: int) -> HttpResponse:
    """A file that the customer sent with a payment of theirs, as a download."""
    found = queries.payment(request.panel.id, number, customer_id=request.customer.id)
    file = found and queries.file(request.panel.id, found, file_id)
    return downloads.file(file) if file else _not_found(request)


def _hers(request: CustomerRequest, number: int) -> int | None:
    found = queries.payment(request.panel.id, number, customer_id=request.customer.id)
    return None if found is None else found.id


def _not_found(request: CustomerRequest) -> HttpResponse:
    return render(request, "ui/not_found.html", status=404)


def _back(address: str) -> str:
    """The page to go on with afterwards: that of an order, and no other."""
    return address if len(address) <= BACK_MAX and _BACK.fullmatch(address) else ""


def _page(request: CustomerRequest, form: Form) -> HttpResponse:
    further, back = whole(request.GET.get("before", "")), whole(request.GET.get("after", ""))
    page = queries.payments_of(request.panel.id, request.customer.id, further=further, back=back)
    context = {
        **_asked(request, form),
        "open": queries.open_of(request.panel.id, request.customer.id),
        "list": lists.PAYMENTS,
        "page": page,
        "first": further is None and back is None,
    }
    return render(request, "storefront/funds/funds.html", context, status=form.status)


def _asked(request: CustomerRequest, form: Form) -> dict[str, Any]:
    """The methods, the one that is chosen, and what its amount costs and brings."""
    offered = [one for row in queries.methods(request.panel.id) if (one := _offered(request, row)) is not None]
    wanted = whole(form.text("method"))
    chosen = next((one for one in offered if one.id == wanted), offered[0] if offered else None)
    back = _back(form.text("back"))
    if chosen is None:
        return {"request": request, "methods": [], "form": form, "back": back}
    need = rules.read_amount(form.text("need"))
    if need is not None and not form.text("amount"):
        form.values["amount"] = money.text(rules.asked_for(chosen.terms, need))
    asked = rules.read_amount(form.text("amount"))
    found: PaymentSum | None = None
    coupon: Entered | None = None
    if form.text("amount"):
        quoted = rules.quote(chosen.terms, asked) if asked is not None else Refusal("bad_payment_amount", "amount")
        if isinstance(quoted, PaymentSum):
            found = quoted
            coupon = _coupon(request, form, found)
        elif not form.errors:
            form.refuse(quoted)
    arrives = (found.arrives_micros if found is not None else 0) + (coupon.micros if coupon is not None else 0)
    # What an order lacks is asked for in the panel's currency; the account holds it exactly.
    balance = request.customer.account.balance_micros or 0
    owed = request.customer.account.owed_micros
    return {
        "request": request,
        "methods": offered,
        "chosen": chosen,
        "form": form,
        "back": back,
        "need": need,
        "sum": found,
        "agreed": rules.agreed_text(found) if found is not None else "",
        "coupon": coupon,
        "coupon_chars": COUPON_CODE_MAX,
        "arrives": arrives,
        "after": None if found is None else balance + arrives - min(owed, arrives),
        "pays_debt": min(owed, arrives),
        "foreign": chosen.row.currency != request.panel.currency,
        "rate": money.rate_text(chosen.row.rate_e12),
        "hours": chosen.row.spend_after_h,
        "presets": _presets(chosen.terms, asked),
        "least": money.text(max(chosen.terms.min_micros, chosen.terms.step)),
        "most": money.text(chosen.terms.max_micros) if chosen.terms.max_micros else "",
        "bonus_percent": _percent(found.bonus_e2) if found is not None else "",
        "request_id": form.text("request_id")[:64] or secrets.token_urlsafe(16),
    }


def _offered(request: CustomerRequest, row: PaymentMethod) -> OfferedMethod | None:
    """None: its gateway is not installed any more."""
    gateway = registry.gateway(row.kind)
    if gateway is None:
        return None
    texts = method_actions.texts_in(row, get_language() or "", request.panel.language)
    fee = queries.fee_text(row.fee_percent_e2, row.fee_fixed_micros)
    return OfferedMethod(
        row, actions.terms_of(row), texts["name"], texts["note"], gateway.icon, "" if fee == "–" else fee
    )


def _percent(percent_e2: int) -> str:
    return f"{percent_e2 // 100}.{percent_e2 % 100:02d}".rstrip("0").rstrip(".")


def _presets(terms: Terms, asked: int | None) -> Sequence[PresetAmount]:
    """Round amounts that the method takes, with the bonus that each brings."""
    found = []
    for amount in rules.PRESETS:
        micros = amount * money.MICROS
        if not isinstance(rules.quote(terms, micros), Refusal):
            percent = rules.bonus_e2(terms.bonuses, micros)
            found.append(PresetAmount(str(amount), _percent(percent) if percent else "", micros == asked))
    return found


def _one(request: CustomerRequest, found: Payment, form: Form) -> HttpResponse:
    texts = method_actions.texts_in(found.method, get_language() or "", request.panel.language)
    gateway = registry.gateway(found.method.kind)
    by_hand = gateway is not None and gateway.by_hand
    state = PaymentState(found.state)
    wants = needed(found.method.settings)
    coupon = promotion_queries.use_of(request.panel.id, found.number)
    # By a text to copy, until its time is over.
    is_open = state is PaymentState.SENT and (found.expires_at is None or found.expires_at > clock.now())
    context = {
        "payment": found,
        "method": texts["name"],
        "paid": found.asked_micros + found.fee_micros,
        "arrives": found.arrives_micros + promotion_queries.micros_of(coupon),
        "coupon": coupon,
        "coupon_micros": promotion_queries.micros_of(coupon),
        "by_hand": by_hand,
        "is_back": request.GET.get("from") == "gateway",
        "may_go_on": not by_hand and (state is PaymentState.CREATED or (is_open and not found.code)),
        "is_open": is_open,
        "is_waited_for": not by_hand and state in (PaymentState.SENT, PaymentState.PENDING),
        "qr": qr.svg(found.qr or found.code) if is_open else None,
        "refunds": queries.refunds(found),
        "receipts": issued.of_payment(found),
        "disputes": queries.disputes(found),
        "owed": request.customer.account.owed_micros,
        "may_pay": by_hand and rules.may_be_proven(state),
        "may_cancel": state in (PaymentState.CREATED, PaymentState.SENT),
        "is_checked": state is PaymentState.PROBLEM or (by_hand and state is PaymentState.PENDING),
        "is_settled": state not in rules.UNPAID,
        "is_over": state in _EMPTIED,
        "fresh": queries.fresh(found),
        "instructions": _instructions(found, texts["instructions"]) if by_hand else "",
        "wants": wants,
        "steps": [one for one in queries.steps(found) if one.code not in _UNTOLD],
        "files": queries.files(found),
        "form": form,
        "files_max": limits.ATTACHMENTS_MAX,
        "size_max_mib": limits.ATTACHMENT_BYTES_MAX // 2**20,
        "accept": files.ACCEPT,
    }
    return render(request, "storefront/funds/payment.html", context, status=form.status)


def _instructions(found: Payment, text: str) -> SafeString:
    """The owner's text with the payment's own amount and reference in it, which are digits and letters."""
    values = {
        "amount": money.text(found.asked_micros + found.fee_micros),
        "currency": found.currency,
        "reference": found.reference,
    }
    return markdown.html(_FIELD.sub(lambda match: values[match[1]], text))
