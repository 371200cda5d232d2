"""Which currency a provider means by what it tells with a balance: a code, a sign, or a word. Pure."""

from __future__ import annotations

import re
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
    "US DOLLAR": "USD",
    "US DOLLARS": "USD",
    "U.S. DOLLAR": "USD",
    "ДОЛЛАР": _DOLLARS,
    "ДОЛЛАР США": "USD",
    "€": "EUR",
    "EURO": "EUR",
    "EUROS": "EUR",
    "ЕВРО": "EUR",
    "£": "GBP",
    "₽": "RUB",
    "RUR": "RUB",
    "РУБ": "RUB",
    "РУБ.": "RUB",
    "RUBLE": "RUB",
    "RUBLES": "RUB",
    "ROUBLE": "RUB",
    "RUSSIAN RUBLE": "RUB",
    "РУБЛЬ": "RUB",
    "РУБЛИ": "RUB",
    "РУБЛЕЙ": "RUB",
    "R$": "BRL",
    "REAIS": "BRL",
    "BRAZILIAN REAL": "BRL",
    "₺": "TRY",
    "TL": "TRY",
    "TURKISH LIRA": "TRY",
    "₹": "INR",
    "RS": "INR PKR",
    "RS.": "INR PKR",
    "RUPEE": "INR PKR",
    "INDIAN RUPEE": "INR",
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
    if meant := _meant(text):
        return meant
    # "USD ($)", "₽ RUB": what each of them may mean.
    first, *others = map(_meant, re.split(r"[\s()/|-]+", text.strip("() ")))
    return first.intersection(*others)


def _meant(word: str) -> frozenset[str]:
    if word in _SIGNS:
        return frozenset(_SIGNS[word].split())
    return frozenset({word}) if len(word) == 3 and word.isascii() and word.isalpha() else frozenset()


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
