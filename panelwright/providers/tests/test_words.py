"""Which refusal is which, in the words of the protocol and of panels in several languages."""

from __future__ import annotations

import pytest

from panelwright.providers.folding import fold
from panelwright.providers.outcomes import Reason
from panelwright.providers.words import classify, tells_of_a_breakdown

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

# As running panels and their scripts write them.
FIELD = {
    "no money": Reason.FUNDS,
    "No money on your balance": Reason.FUNDS,
    "Not enough money": Reason.FUNDS,
    "You have no funds": Reason.FUNDS,
    "Insufficient credits!": Reason.FUNDS,
    "Your balance isn&#039;t enough": Reason.FUNDS,
    "You don’t have enough funds to place this order": Reason.FUNDS,
    "Please top up your account": Reason.FUNDS,
    "<b>Low balance</b>": Reason.FUNDS,
    "lack of funds": Reason.FUNDS,
    "is already running": Reason.DUPLICATE,
    "Order for this link is already running": Reason.DUPLICATE,
    "This link is already being processed": Reason.DUPLICATE,
    "Link is already in use": Reason.DUPLICATE,
    "Link is busy": Reason.DUPLICATE,
    "There is already an order for this link": Reason.DUPLICATE,
    "Order with this link is still in progress": Reason.DUPLICATE,
    "Wait for the previous order to complete": Reason.DUPLICATE,
    "Your previous order is not finished": Reason.DUPLICATE,
    "Task is already in queue": Reason.DUPLICATE,
    "is not link to the post": Reason.LINK,
    "It's not a link to a post": Reason.LINK,
    "is not full link": Reason.LINK,
    "This is not a full link": Reason.LINK,
    "Not a valid Instagram link": Reason.LINK,
    "Invalid Instagram username": Reason.LINK,
    "Please enter a correct link": Reason.LINK,
    "Enter the full link to the post": Reason.LINK,
    "Link format is wrong": Reason.LINK,
    "The link must start with https://": Reason.LINK,
    "Video was deleted": Reason.LINK,
    "This profile is private": Reason.LINK,
    "Account must be public": Reason.LINK,
    "Post does not exist": Reason.LINK,
    "Minimum order quantity is 100": Reason.QUANTITY,
    "Min 100": Reason.QUANTITY,
    "Quantity is lower than minimum": Reason.QUANTITY,
    "The quantity must be at least 10.": Reason.QUANTITY,
    "Quantity must be divisible by 10": Reason.QUANTITY,
    "Service is off": Reason.SERVICE,
    "Service 12 is no longer available": Reason.SERVICE,
    "Service has been stopped": Reason.SERVICE,
    "Invalid service id": Reason.SERVICE,
    "Invalid API": Reason.KEY,
    "Key not found": Reason.KEY,
    "api_key is invalid": Reason.KEY,
    "Flood control": Reason.LIMIT,
    "You have reached your daily limit": Reason.LIMIT,
    "нет денег": Reason.FUNDS,
    "На балансе недостаточно денег": Reason.FUNDS,
    "Не достаточно средств": Reason.FUNDS,
    "Недостаточный баланс": Reason.FUNDS,
    "На вашем счете не хватает средств": Reason.FUNDS,
    "Заказ уже выполняется": Reason.DUPLICATE,
    "На эту ссылку уже есть заказ": Reason.DUPLICATE,
    "Задание по данной ссылке уже в работе": Reason.DUPLICATE,
    "Дождитесь завершения предыдущего заказа": Reason.DUPLICATE,
    "Это не ссылка на пост": Reason.LINK,
    "Укажите полную ссылку": Reason.LINK,
    "Аккаунт закрыт": Reason.LINK,
    "Пост удалён": Reason.LINK,
    "Неправильный формат ссылки": Reason.LINK,
    "Сервис отключён": Reason.SERVICE,
    "Минимум 100": Reason.QUANTITY,
    "Недостатньо коштів": Reason.FUNDS,
    "Sem saldo": Reason.FUNDS,
    "Seu saldo é insuficiente": Reason.FUNDS,
    "Já existe um pedido em andamento para este link": Reason.DUPLICATE,
    "O link não é válido": Reason.LINK,
    "O perfil é privado": Reason.LINK,
    "Mínimo permitido: 100": Reason.QUANTITY,
    "Sin fondos": Reason.FUNDS,
    "No tienes saldo suficiente": Reason.FUNDS,
    "Ya tienes un pedido en curso": Reason.DUPLICATE,
    "El enlace no es válido": Reason.LINK,
    "Bakiyeniz yeterli değil": Reason.FUNDS,
    "Hatalı link": Reason.LINK,
    "Gizli hesap": Reason.LINK,
    "Bu link için zaten sipariş var": Reason.DUPLICATE,
    "Solde insuffisant": Reason.FUNDS,
    "Lien invalide": Reason.LINK,
    "Commande déjà en cours": Reason.DUPLICATE,
    "الرصيد غير كافٍ": Reason.FUNDS,
    "رصيدك غير كافي": Reason.FUNDS,
    "لديك طلب نشط بنفس الرابط": Reason.DUPLICATE,
    "الرابط غير صالح": Reason.LINK,
    "الكمية أقل من الحد الأدنى": Reason.QUANTITY,
    "الخدمة غير متاحة": Reason.SERVICE,
    "مفتاح API غير صالح": Reason.KEY,
    "अपर्याप्त शेष राशि": Reason.FUNDS,
    "पर्याप्त बैलेंस नहीं है": Reason.FUNDS,
    "अमान्य लिंक": Reason.LINK,
    "सेवा उपलब्ध नहीं है": Reason.SERVICE,
    "余额不足": Reason.FUNDS,
    "账户余额不足，请充值": Reason.FUNDS,
    "该链接已有进行中的订单": Reason.DUPLICATE,
    "链接无效": Reason.LINK,
    "无效的链接": Reason.LINK,
    "数量不能小于 100": Reason.QUANTITY,
    "服务不存在": Reason.SERVICE,
    "请求过于频繁": Reason.LIMIT,
    "Số dư không đủ": Reason.FUNDS,
    "Tài khoản của bạn không đủ tiền": Reason.FUNDS,
    "Đơn hàng đang chạy": Reason.DUPLICATE,
    "Liên kết không hợp lệ": Reason.LINK,
    "Số lượng tối thiểu là 100": Reason.QUANTITY,
    "Dịch vụ không tồn tại": Reason.SERVICE,
    "Saldo tidak cukup": Reason.FUNDS,
    "Saldo Anda tidak mencukupi": Reason.FUNDS,
    "Masih ada pesanan aktif": Reason.DUPLICATE,
    "Link tidak valid": Reason.LINK,
    "Layanan tidak ditemukan": Reason.SERVICE,
    "Jumlah kurang dari minimal": Reason.QUANTITY,
}
# Of a web server, not of a panel: an order that meets them is not refunded as one with a bad link.
SERVERS = (
    "Not Found",
    "404 page not found",
    "Page not found",
    "The requested URL was not found on this server.",
    "The requested URL was not found on the server. If you entered the URL manually please check your spelling.",
    "The POST method is not supported for this route. Supported methods: GET, HEAD.",
    "The POST method is not supported for route api/v2. Supported methods: GET.",
    "Unsupported Media Type",
    "Invalid post data",
    "Missing POST parameters",
    "Method Not Allowed",
    "Check the API URL",
    "API url is wrong",
    "Страница не найдена",
)


WITH_TWO_CASES = (PROTOCOL, UNTRANSLATED, ENGLISH, RUSSIAN, PORTUGUESE, SPANISH)


@pytest.mark.parametrize(
    ("text", "reason"), [row for table in (*WITH_TWO_CASES, TURKISH, FIELD) for row in table.items()]
)
def test_the_reason_of_a_text(text: str, reason: Reason) -> None:
    assert classify(text)[0] is reason
    assert classify(f" - {text}!! ")[0] is reason
    assert not tells_of_a_breakdown(text)


@pytest.mark.parametrize(("text", "reason"), [row for table in WITH_TWO_CASES for row in table.items()])
def test_the_reason_of_a_shouted_text(text: str, reason: Reason) -> None:
    assert classify(text.upper())[0] is reason


@pytest.mark.parametrize("text", SERVERS)
def test_a_server_s_own_error_is_no_bad_link(text: str) -> None:
    assert classify(text)[0] is Reason.OTHER


def test_case_and_punctuation_do_not_count() -> None:
    assert fold("  Not-Enough_FUNDS!! ") == "not enough funds"
    assert fold("Ещё й Ñ ç ı İ") == "еще и n c i i"


def test_sentences_of_proxies_are_not_firm() -> None:
    for text in ("Service Unavailable", "Service temporarily unavailable", "Overloaded", "Forbidden", "Not found"):
        assert classify(text)[1] is False
    for text in [*PROTOCOL][:9]:
        assert classify(text)[1] is True
