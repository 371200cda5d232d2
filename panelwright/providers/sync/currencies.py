"""Which currency a provider means by what it tells with a balance: a code, a sign, or a word. Pure."""

from __future__ import annotations

import unicodedata

from panelwright.core.said import said
from panelwright.providers.wire.outcomes import LeftOut, Offers

_DOLLARS = "USD CAD AUD NZD SGD HKD MXN ARS CLP COP"
# Signs and words -> the currencies that they may stand for.
_SIGNS = {
    "$": _DOLLARS,
    "US$": "USD",
    "$US": "USD",
    "DOLLAR": _DOLLARS,
    "DOLLARS": _DOLLARS,
    "USDT": "USD",
    "USDC": "USD",
    "€": "EUR",
    "EURO": "EUR",
    "£": "GBP",
    "₽": "RUB",
    "RUR": "RUB",
    "РУБ": "RUB",
    "РУБ.": "RUB",
    "RUBLE": "RUB",
    "R$": "BRL",
    "REAIS": "BRL",
    "₺": "TRY",
    "TL": "TRY",
    "₹": "INR",
    "RS": "INR PKR",
    "RS.": "INR PKR",
    "RUPEE": "INR PKR",
    "₴": "UAH",
    "ГРН": "UAH",
    "₸": "KZT",
    "¥": "CNY JPY",
    "元": "CNY",
    "RMB": "CNY",
    "CNH": "CNY",
    "RP": "IDR",
    "RP.": "IDR",
    "₫": "VND",
    "₦": "NGN",
    "₱": "PHP",
    "৳": "BDT",
    "฿": "THB",
    "₩": "KRW",
    "₪": "ILS",
    "₼": "AZN",
    "₾": "GEL",
}


def currencies_of(told: str) -> frozenset[str]:
    """The currencies that it may mean; nothing where it cannot be understood."""
    text = unicodedata.normalize("NFKC", told).strip().upper()
    if text in _SIGNS:
        return frozenset(_SIGNS[text].split())
    return frozenset({text}) if len(text) == 3 and text.isascii() and text.isalpha() else frozenset()


def differs(*, told: str, counted: str, overruled: str = "") -> bool:
    """Whether a provider tells another currency than the one that its rates are counted in.

    What it tells and nobody understands differs, too. `overruled`: a person has said that this is told wrongly.
    """
    return told != "" and told != overruled and counted not in currencies_of(told)


def counted_in(offers: Offers, currency: str, *, overruled: str = "") -> Offers:
    """The list without the rows that name another currency than the provider's rates are counted in.

    `overruled`: a person has said that this is told wrongly.
    """
    told = [(o, code) for o in offers for code in o.currencies]
    wrong = {o.service: (o, c) for o, c in told if differs(told=c, counted=currency, overruled=overruled)}
    if not wrong:
        return offers
    named = [LeftOut(o.service, o.name, said("row_currency", theirs=c, ours=currency)) for o, c in wrong.values()]
    right = [offer for offer in offers if offer.service not in wrong]
    # Nothing that is understood is left of a whole list; of a part of it that may be so.
    return Offers(right, [*offers.left_out, *named], is_empty=offers.is_empty)
