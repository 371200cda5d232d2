"""What other panels say where the protocol says something in English: refusals and the words for states.

A table maps our sentence, or its beginning up to the part that changes, to theirs; `{}` takes that part.
A sentence that a table lacks stays English, as it does in panels that are translated halfway.
"""

from __future__ import annotations

from collections.abc import Mapping

# The keys of a panel whose translations are missing: the key stands where the sentence should.
ORDER_KEYS = {
    "Not enough funds on balance": "neworder.error.not_enough_funds",
    "You have active order with this link. Please wait until order being completed.": "neworder.error.link_duplicate",
    "Quantity less than minimal": "neworder.error.min_quantity",
    "Quantity more than maximum": "neworder.error.max_quantity",
    "Quantity must be a multiple of": "neworder.error.increment",
    "Incorrect service ID": "neworder.error.service",
    "Bad link": "neworder.error.link",
}
ID_KEYS = {
    "Incorrect service ID": "error.incorrect_service_id",
    "Incorrect order ID": "error.incorrect_order_id",
}

RUSSIAN = {
    "Invalid API key": "Неверный API ключ",
    "Incorrect request": "Неверный запрос",
    "Incorrect service ID": "Неверный ID услуги",
    "Bad link": "Неверная ссылка",
    "You have active order with this link. Please wait until order being completed.": (
        "У вас уже есть активный заказ на эту ссылку. Дождитесь его завершения."
    ),
    "Not enough funds on balance": "Недостаточно средств на балансе",
    "Quantity less than minimal": "Количество меньше минимального: {}",
    "Quantity more than maximum": "Количество больше максимального: {}",
    "Quantity must be a multiple of": "Количество должно быть кратно {}",
    "Incorrect order ID": "Неверный ID заказа",
    "Refill not found": "Рефил не найден",
    "Refill is disabled for this service": "Рефил отключен для этой услуги",
    "The order is not completed": "Заказ ещё не завершён",
    "The refill task is not completed for this order": "Рефил этого заказа ещё не завершён",
    "The order was completed or refill was requested less than 24 hours ago": (
        "Заказ завершён или рефил запрошен менее 24 часов назад"
    ),
    "Refill days are over": "Срок рефила истёк",
    "Cancel is disabled for this service": "Отмена недоступна для этой услуги",
    "The order cannot be canceled": "Заказ нельзя отменить",
    "Rate limit exceeded. Please try again later.": "Слишком много запросов, попробуйте позже",
    "Incorrect": "Неверное значение поля {}",
}
RUSSIAN_WORDS = {
    "Pending": "Ожидание",
    "In progress": "В работе",
    "Completed": "Выполнен",
    "Partial": "Частично выполнен",
    "Canceled": "Отменён",
}

PORTUGUESE = {
    "Invalid API key": "Chave de API inválida",
    "Incorrect request": "Requisição incorreta",
    "Incorrect service ID": "ID do serviço incorreto",
    "Bad link": "Link inválido",
    "You have active order with this link. Please wait until order being completed.": (
        "Você já tem um pedido ativo com este link. Aguarde até que o pedido seja concluído."
    ),
    "Not enough funds on balance": "Saldo insuficiente",
    "Quantity less than minimal": "A quantidade é menor que o mínimo de {}",
    "Quantity more than maximum": "A quantidade é maior que o máximo de {}",
    "Quantity must be a multiple of": "A quantidade deve ser múltipla de {}",
    "Incorrect order ID": "ID do pedido incorreto",
    "Refill not found": "Refil não encontrado",
    "Refill is disabled for this service": "O refil está desativado para este serviço",
    "The order is not completed": "O pedido não está concluído",
    "Cancel is disabled for this service": "O cancelamento está desativado para este serviço",
    "The order cannot be canceled": "O pedido não pode ser cancelado",
    "Rate limit exceeded. Please try again later.": "Muitas requisições. Tente novamente mais tarde.",
    "Incorrect": "Valor incorreto: {}",
}
PORTUGUESE_WORDS = {
    "Pending": "Pendente",
    "In progress": "Em andamento",
    "Completed": "Concluído",
    "Partial": "Parcial",
    "Canceled": "Cancelado",
}

SPANISH = {
    "Invalid API key": "Clave de API inválida",
    "Incorrect request": "Solicitud incorrecta",
    "Incorrect service ID": "ID del servicio incorrecto",
    "Bad link": "Enlace inválido",
    "You have active order with this link. Please wait until order being completed.": (
        "Ya tienes un pedido activo con este enlace. Espera hasta que se complete."
    ),
    "Not enough funds on balance": "Fondos insuficientes",
    "Quantity less than minimal": "La cantidad es menor que el mínimo de {}",
    "Quantity more than maximum": "La cantidad es mayor que el máximo de {}",
    "Quantity must be a multiple of": "La cantidad debe ser múltiplo de {}",
    "Incorrect order ID": "ID del pedido incorrecto",
    "Refill not found": "Refill no encontrado",
    "Refill is disabled for this service": "La reposición está desactivada para este servicio",
    "The order is not completed": "El pedido no está completado",
    "Cancel is disabled for this service": "La cancelación está desactivada para este servicio",
    "The order cannot be canceled": "El pedido no se puede cancelar",
    "Rate limit exceeded. Please try again later.": "Demasiadas solicitudes. Inténtalo más tarde.",
    "Incorrect": "Valor incorrecto: {}",
}
SPANISH_WORDS = {
    "Pending": "Pendiente",
    "In progress": "En progreso",
    "Completed": "Completado",
    "Partial": "Parcial",
    "Canceled": "Cancelado",
}

TURKISH = {
    "Invalid API key": "Geçersiz API anahtarı",
    "Incorrect request": "Hatalı istek",
    "Incorrect service ID": "Geçersiz servis",
    "Bad link": "Geçersiz bağlantı",
    "You have active order with this link. Please wait until order being completed.": (
        "Bu bağlantı için aktif bir siparişiniz var. Lütfen tamamlanmasını bekleyin."
    ),
    "Not enough funds on balance": "Yetersiz bakiye",
    "Quantity less than minimal": "Miktar çok az, minimum {}",
    "Quantity more than maximum": "Miktar çok fazla, maksimum {}",
    "Quantity must be a multiple of": "Miktar {} katı olmalıdır",
    "Incorrect order ID": "Geçersiz sipariş",
    "Refill not found": "Refill bulunamadı",
    "Refill is disabled for this service": "Bu servis için telafi desteklenmiyor: refill kapalı",
    "The order is not completed": "Sipariş tamamlanmadı",
    "Cancel is disabled for this service": "Bu servis için iptal mümkün değil",
    "The order cannot be canceled": "Sipariş iptal edilemez",
    "Rate limit exceeded. Please try again later.": "Çok fazla istek, daha sonra tekrar deneyin",
    "Incorrect": "Hatalı değer: {}",
}
TURKISH_WORDS = {
    "Pending": "Beklemede",
    "In progress": "Devam ediyor",
    "Completed": "Tamamlandı",
    "Partial": "Kısmi",
    "Canceled": "İptal edildi",
}


def translated(text: str, table: Mapping[str, str]) -> str:
    """The sentence as the table says it, or itself."""
    if text in table:
        return table[text]
    for begin, said in table.items():
        if text.startswith(f"{begin} "):
            return said.format(text.removeprefix(f"{begin} "))
    return text
