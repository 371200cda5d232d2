"""Which refusal is which, in the words of the protocol and of panels in several languages."""

from __future__ import annotations

import pytest

from panelwright.providers.outcomes import Reason
from panelwright.providers.words import classify, fold, tells_of_a_breakdown

PROTOCOL = {
    "Invalid API key": Reason.KEY,
    "Incorrect service ID": Reason.SERVICE,
    "Bad link": Reason.LINK,
    "Incorrect quantity": Reason.QUANTITY,
    "Quantity less than minimal 50": Reason.QUANTITY,
    "Quantity more than maximum 10000": Reason.QUANTITY,
    "You have active order with this link. Please wait until order being completed.": Reason.DUPLICATE,
    "Not enough funds on balance": Reason.FUNDS,
    "Incorrect order ID": Reason.NOT_FOUND,
    "Refill not found": Reason.NOT_FOUND,
    "Refill is disabled for this service": Reason.DISABLED,
    "Cancel is disabled for this service": Reason.DISABLED,
    "Incorrect request": Reason.OTHER,
    "Incorrect runs": Reason.OTHER,
    "Incorrect delay": Reason.OTHER,
    "Incorrect keywords": Reason.OTHER,
    "Incorrect username": Reason.LINK,
    "Incorrect usernames": Reason.OTHER,
    "The order is not completed": Reason.OTHER,
    "The refill task is not completed for this order": Reason.OTHER,
    "The order was completed or refill was requested less than 24 hours ago": Reason.LIMIT,
    "Refill days are over": Reason.OTHER,
    "The order cannot be canceled": Reason.OTHER,
}
UNTRANSLATED = {
    "neworder.error.not_enough_funds": Reason.FUNDS,
    "neworder.error.link_duplicate": Reason.DUPLICATE,
    "neworder.error.min_quantity": Reason.QUANTITY,
    "neworder.error.max_quantity": Reason.QUANTITY,
    "neworder.error.increment": Reason.QUANTITY,
    "neworder.error.service": Reason.SERVICE,
    "neworder.error.link": Reason.LINK,
    "error.incorrect_service_id": Reason.SERVICE,
    "error.incorrect_order_id": Reason.NOT_FOUND,
}
ENGLISH = {
    "Insufficient balance": Reason.FUNDS,
    "Your balance is too low": Reason.FUNDS,
    "You don't have enough balance": Reason.FUNDS,
    "Please add funds": Reason.FUNDS,
    "The API key is required": Reason.KEY,
    "Wrong key": Reason.KEY,
    "Unauthorized": Reason.KEY,
    "Your account has been suspended": Reason.KEY,
    "Your IP 1.2.3.4 is not whitelisted": Reason.KEY,
    "Service not found": Reason.SERVICE,
    "Service ID 12 does not exist": Reason.SERVICE,
    "This service is currently disabled": Reason.SERVICE,
    "Service is inactive": Reason.SERVICE,
    "Minimum quantity for this service is 50": Reason.QUANTITY,
    "Quantity must be a multiple of 10": Reason.QUANTITY,
    "Quantity must be between 10 and 100": Reason.QUANTITY,
    "Order with the same link already exists": Reason.DUPLICATE,
    "Duplicate order": Reason.DUPLICATE,
    "An order for this post is in progress": Reason.DUPLICATE,
    "Invalid URL": Reason.LINK,
    "The link is not valid": Reason.LINK,
    "User not found": Reason.OTHER,
    "Account is private": Reason.LINK,
    "Instagram account not found": Reason.LINK,
    "Too many requests": Reason.LIMIT,
    "Rate limit exceeded, wait 10 seconds": Reason.LIMIT,
    "Daily limit reached": Reason.LIMIT,
    "Panel is under maintenance": Reason.LIMIT,
    "Service unavailable": Reason.LIMIT,
    "Please try again later": Reason.LIMIT,
    "This service does not support refill": Reason.DISABLED,
    "Cancellation is not available for this order": Reason.DISABLED,
    "Order 55 not found": Reason.NOT_FOUND,
}
RUSSIAN = {
    "Недостаточно средств на балансе": Reason.FUNDS,
    "Пополните баланс": Reason.FUNDS,
    "Неверный API ключ": Reason.KEY,
    "Неправильный ключ": Reason.KEY,
    "Неверный ID услуги": Reason.SERVICE,
    "Услуга временно недоступна": Reason.SERVICE,
    "Сервис не найден": Reason.SERVICE,
    "Минимальное количество 100": Reason.QUANTITY,
    "Количество меньше минимального": Reason.QUANTITY,
    "У вас уже есть активный заказ с этой ссылкой": Reason.DUPLICATE,
    "Ошибка создания нового заказа: ссылка дублируется": Reason.DUPLICATE,
    "Неверная ссылка": Reason.LINK,
    "Указана недействительная ссылка.": Reason.LINK,
    "Слишком много запросов": Reason.LIMIT,
    "Попробуйте ещё раз позже": Reason.LIMIT,
    "Заказ не найден": Reason.NOT_FOUND,
    "Отмена для этой услуги отключена": Reason.DISABLED,
}
PORTUGUESE = {
    "Saldo insuficiente": Reason.FUNDS,
    "Você não tem saldo suficiente": Reason.FUNDS,
    "Chave de API inválida": Reason.KEY,
    "Serviço inválido": Reason.SERVICE,
    "Serviço indisponível": Reason.SERVICE,
    "Quantidade menor que o mínimo": Reason.QUANTITY,
    "A quantidade mínima é 50": Reason.QUANTITY,
    "Você já possui um pedido ativo com este link": Reason.DUPLICATE,
    "Link inválido": Reason.LINK,
    "Muitas requisições": Reason.LIMIT,
    "Tente novamente mais tarde": Reason.LIMIT,
    "Pedido não encontrado": Reason.NOT_FOUND,
    "O cancelamento está desativado": Reason.DISABLED,
}
SPANISH = {
    "Fondos insuficientes": Reason.FUNDS,
    "No tiene suficiente saldo": Reason.FUNDS,
    "Clave API inválida": Reason.KEY,
    "ID de servicio incorrecto": Reason.SERVICE,
    "Servicio no encontrado": Reason.SERVICE,
    "La cantidad es menor que el mínimo": Reason.QUANTITY,
    "Ya existe una orden activa con el mismo enlace": Reason.DUPLICATE,
    "Enlace inválido": Reason.LINK,
    "Demasiadas solicitudes": Reason.LIMIT,
    "Inténtelo más tarde": Reason.LIMIT,
    "Pedido no encontrado": Reason.NOT_FOUND,
}
TURKISH = {
    "Yetersiz bakiye": Reason.FUNDS,
    "Bakiyeniz yetersiz": Reason.FUNDS,
    "Geçersiz API anahtarı": Reason.KEY,
    "Geçersiz servis": Reason.SERVICE,
    "Servis bulunamadı": Reason.SERVICE,
    "Miktar minimumdan az": Reason.QUANTITY,
    "Bu link için aktif siparişiniz var": Reason.DUPLICATE,
    "Aynı link ile sipariş zaten var": Reason.DUPLICATE,
    "Geçersiz bağlantı": Reason.LINK,
    "Çok fazla istek": Reason.LIMIT,
    "Sipariş bulunamadı": Reason.NOT_FOUND,
}


WITH_TWO_CASES = (PROTOCOL, UNTRANSLATED, ENGLISH, RUSSIAN, PORTUGUESE, SPANISH)


@pytest.mark.parametrize(("text", "reason"), [row for table in (*WITH_TWO_CASES, TURKISH) for row in table.items()])
def test_the_reason_of_a_text(text: str, reason: Reason) -> None:
    assert classify(text)[0] is reason
    assert classify(f" - {text}!! ")[0] is reason
    assert not tells_of_a_breakdown(text)


@pytest.mark.parametrize(("text", "reason"), [row for table in WITH_TWO_CASES for row in table.items()])
def test_the_reason_of_a_shouted_text(text: str, reason: Reason) -> None:
    assert classify(text.upper())[0] is reason


def test_case_and_punctuation_do_not_count() -> None:
    assert fold("  Not-Enough_FUNDS!! ") == "not enough funds"
    assert fold("Ещё й Ñ ç ı İ") == "еще и n c i i"


def test_sentences_of_proxies_are_not_firm() -> None:
    for text in ("Service Unavailable", "Service temporarily unavailable", "Overloaded", "Forbidden", "Not found"):
        assert classify(text)[1] is False
    for text in [*PROTOCOL][:9]:
        assert classify(text)[1] is True
