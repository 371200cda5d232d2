"""Refusals in Polish, Korean, Japanese, and Hindi in Latin letters, as a panel's operator would word them."""

from __future__ import annotations

import pytest

from panelwright.providers.wire.panel_v2.error_phrases import classify

TEXTS = [
    ("funds", "Brak środków na koncie"),
    ("funds", "Niewystarczające saldo"),
    ("link", "Nieprawidłowy link"),
    ("duplicate", "Masz już aktywne zamówienie dla tego linku"),
    ("quantity", "Minimalna ilość to 100"),
    ("service", "Usługa jest niedostępna"),
    ("limit", "Spróbuj ponownie później"),
    ("not found", "Zamówienie nie istnieje"),
    ("key", "Nieprawidłowy klucz API"),
    ("funds", "잔액이 부족합니다"),
    ("link", "잘못된 링크입니다"),
    ("quantity", "최소 수량은 100입니다"),
    ("duplicate", "이미 진행 중인 주문이 있습니다"),
    ("service", "서비스를 찾을 수 없습니다"),
    ("limit", "잠시 후 다시 시도해 주세요"),
    ("not found", "주문을 찾을 수 없습니다"),
    ("funds", "残高が不足しています"),
    ("link", "無効なリンクです"),
    ("quantity", "最小数量は100です"),
    ("duplicate", "このリンクには進行中の注文があります"),
    ("service", "サービスが見つかりません"),
    ("limit", "しばらくしてからもう一度お試しください"),
    ("key", "APIキーが無効です"),
    ("not found", "注文が見つかりません"),
    ("funds", "Aapka balance kam hai"),
    ("link", "Galat link hai"),
    ("duplicate", "Is link par pehle se order chal raha hai"),
    ("service", "Yeh service abhi band hai"),
    ("quantity", "Quantity bahut kam hai"),
    ("limit", "Thodi der baad mein try karein"),
    ("not found", "Order nahi mila"),
    ("key", "Galat API key"),
    ("funds", "Za mało środków, doładuj saldo"),
    ("link", "Podany adres jest niepoprawny"),
    ("duplicate", "Poczekaj, aż poprzednie zamówienie się zakończy"),
    ("quantity", "Ilość jest za mała"),
    ("service", "Nie znaleziono usługi"),
    ("limit", "Zbyt wiele żądań"),
    ("funds", "충전해 주세요. 잔고가 부족합니다"),
    ("key", "유효하지 않은 API 키"),
    ("link", "링크가 올바르지 않습니다"),
    ("quantity", "최대 주문 수량을 초과했습니다"),
    ("limit", "요청이 너무 많습니다"),
    ("link", "비공개 계정입니다"),
    ("funds", "資金不足のため注文できません"),
    ("link", "URLが正しくありません"),
    ("quantity", "数量が多すぎます"),
    ("duplicate", "既に注文済みです"),
    ("limit", "現在メンテナンス中です"),
    ("service", "このサービスは現在停止しています"),
    ("funds", "Wallet me paise nahi hai, recharge karo"),
    ("link", "Link sahi nahi hai"),
    ("duplicate", "Already ek order running hai"),
    ("quantity", "Kam se kam 100 hona chahiye"),
    ("service", "Service uplabdh nahi hai"),
    ("limit", "Bahut zyada request, ruk jao"),
]


@pytest.mark.parametrize(("reason", "text"), TEXTS)
def test_each_is_of_its_class(reason: str, text: str) -> None:
    assert classify(text)[0].value == reason
