"""A refusal is of the class that it says, not of a word that it mentions: what is final, and whom it concerns."""

from __future__ import annotations

import pytest

from panelwright.providers.wire.folding import fold
from panelwright.providers.wire.outcomes import Reason
from panelwright.providers.wire.panel_v2.error_phrases import classify

# An open order for the same link, which is waited for: many of them mention the link.
OPEN_ORDERS = [
    "The order with this link is not completed",
    "Your order for this link is not finished",
    "Link not completed yet",
    "link is under process",
    "Link is not available, it is in use by another order",
    "order exists",
    "Order already exists",
    "You can't create two orders for one link",
    "Only one order per link",
    "An order for this link is pending",
    "This link has an ongoing order",
    "linkExists",
    "orderAlreadyExists",
    "Для этой ссылки есть незавершенный заказ",
    "Заказ по этой ссылке ещё не завершён",
    "Нельзя создать два заказа на одну ссылку",
    "Ссылка ещё обрабатывается",
    "По ссылке есть текущий заказ",
    "Для цього посилання є незавершене замовлення",
    "El enlace ya está en uso",
    "El pedido de este enlace aún no ha terminado",
    "Hay otro pedido para este enlace",
    "O link já está em uso",
    "O pedido deste link ainda não foi concluído",
    "Bu bağlantı kullanımda",
    "Bu link için tamamlanmamış sipariş var",
    "Siparişiniz devam ediyor",
    "链接重复",
    "该链接已存在",
    "此链接订单未完成",
    "您有一个正在进行的订单",
    "該連結正在使用中",
    "هذا الرابط قيد الاستخدام",
    "الطلب لهذا الرابط لم يكتمل بعد",
    "Link đã tồn tại",
    "Đơn hàng của link này chưa hoàn thành",
    "Link ini masih digunakan",
    "Pesanan untuk link ini belum selesai",
    "Zamówienie z tym linkiem jest już w trakcie realizacji",
    "Ten link jest już w użyciu",
    "同じリンクの注文が進行中です",
    "このリンクは使用中です",
    "같은 링크의 주문이 진행 중입니다",
    "이 주문은 아직 완료되지 않았습니다",
    "Für diesen Link gibt es eine laufende Bestellung",
    "Die Bestellung für diesen Link ist noch nicht abgeschlossen",
    "Une autre commande existe pour ce lien",
    "La commande de ce lien n'est pas terminée",
    "L'ordine per questo link è in corso",
    "Esiste un altro ordine per questo link",
    "इस लिंक का ऑर्डर अभी पूरा नहीं हुआ",
    "Link ka order pura nahi hua",
]
# Of whose account? Of a key's owner nothing works until a person acts, a target's is the customer's.
NOBODY_KNOWS = [
    "User is suspended",
    "Account suspended",
    "Account has been blocked",
    "User is not active",
    "Your account is not allowed to order this",
    "Usuário bloqueado",
    "Conta suspensa",
    "Cuenta suspendida",
    "Пользователь заблокирован",
    "Аккаунт отключен",
    "Akun diblokir",
    "Kullanıcı engellendi",
    "Hesap askıya alındı",
]
MENTIONED = ["Link", "This link", "Ссылка", "посилання", "El enlace", "链接", "الرابط", "bağlantı", "Quantity", "数量"]
TARGETS = [
    "Twitter user is suspended",
    "Instagram account is suspended",
    "Target account banned",
    "TikTok account does not exist",
    "Account is private",
]
OURS = [
    "Your account has been suspended",
    "Your API account is disabled",
    "Ваш аккаунт заблокирован",
    "Su cuenta está suspendida",
    "Sua conta foi bloqueada",
    "Akun Anda diblokir",
    "Hesabınız askıya alındı",
]
# Of what is waited for, what is ours to mend, and what ends the order.
TOLD_APART = {
    "Invalid username or password": Reason.KEY,
    "Wrong username/password": Reason.KEY,
    "Invalid request URL": Reason.KEY,
    "URL not found": Reason.KEY,
    "Invalid credentials": Reason.KEY,
    "Access denied": Reason.KEY,
    "Invalid auth key": Reason.KEY,
    "Your IP is blocked": Reason.KEY,
    "Your IP 203.0.113.9 has been banned": Reason.KEY,
    "Quantity limit exceeded": Reason.QUANTITY,
    "Quantity exceeds the limit": Reason.QUANTITY,
    "You exceeded the quantity limit": Reason.QUANTITY,
    "Maximum quantity limit exceeded (500)": Reason.QUANTITY,
    "Credit limit exceeded": Reason.FUNDS,
    "Your credit limit has been reached": Reason.FUNDS,
    "Request limit exceeded": Reason.LIMIT,
    "You exceeded the hourly limit": Reason.LIMIT,
    "Duplicate comments are not allowed": Reason.OTHER,
    "Comments contain duplicates": Reason.OTHER,
    "Duplicate usernames": Reason.OTHER,
    "Комментарии дублируются": Reason.OTHER,
    "Comentarios duplicados no permitidos": Reason.OTHER,
    "property request_id should not exist": Reason.OTHER,
    "User not found": Reason.LINK,
    "Account not found": Reason.LINK,
    "The video is unavailable": Reason.LINK,
    "This video service is unavailable": Reason.OTHER,
}


@pytest.mark.parametrize(("text", "reason"), TOLD_APART.items())
def test_of_two_that_say_nearly_the_same_each_is_told_apart(text: str, reason: Reason) -> None:
    assert classify(text)[0] is reason


@pytest.mark.parametrize("text", OPEN_ORDERS)
def test_an_open_order_is_waited_for_whatever_else_is_mentioned(text: str) -> None:
    assert classify(text)[0] is Reason.DUPLICATE
    assert classify(f"Error: {text}.")[0] is Reason.DUPLICATE


@pytest.mark.parametrize("text", [*NOBODY_KNOWS, *MENTIONED])
def test_what_does_not_say_it_is_decided_by_nobody(text: str) -> None:
    assert classify(text) == (Reason.OTHER, False)


@pytest.mark.parametrize("text", TARGETS)
def test_an_account_of_the_target_is_not_our_key(text: str) -> None:
    assert classify(text)[0] is Reason.LINK


@pytest.mark.parametrize("text", OURS)
def test_an_account_that_is_said_to_be_ours_is(text: str) -> None:
    assert classify(text)[0] is Reason.KEY


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        ("notEnoughFunds", Reason.FUNDS),
        ("insufficientFunds", Reason.FUNDS),
        ("NotEnoughBalance", Reason.FUNDS),
        ("error.notEnoughFunds", Reason.FUNDS),
        ("invalidApiKey", Reason.KEY),
        ("invalidAPIKey", Reason.KEY),
        ("tooManyRequests", Reason.LIMIT),
        ("incorrectServiceId", Reason.SERVICE),
        ("incorrectOrderID", Reason.NOT_FOUND),
        ("InvalidLink", Reason.LINK),
        ("minQuantity", Reason.QUANTITY),
    ],
)
def test_untranslated_keys_are_read_in_camel_case_too(key: str, reason: Reason) -> None:
    assert classify(key)[0] is reason


def test_names_keep_their_capitals() -> None:
    assert fold("YouTube") == "youtube"
    assert classify("TikTok account is private")[0] is Reason.LINK
