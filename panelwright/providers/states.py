"""Upstream's words for the state of orders, subscriptions and refills, as tables: spelling -> our word.

A new spelling is one more word in a row, written without spaces. Case, accents, spaces, underscores
and the front of an untranslated key ("tasks.status.completed") do not count.
"""

from __future__ import annotations

import re
from decimal import Decimal

from panelwright.providers.words import fold

# Codes: 0 pending, 1 processing, 2 completed, 3 partial, 4 canceled, 5 refunded.
_ORDER_STATES: dict[str, str] = {
    "Pending": """
        0 pending pend awaiting await waiting queued queue new created received placed
        ожидание ожидает вожидании ожидаетзапуска вочереди новый
        pendente aguardando nafila pendiente enespera encola bekliyor beklemede bekleyen sirada
        """,
    "Processing": """
        1 processing process inprocess processed starting preparing
        обработка вобработке обрабатывается запускается
        processando emprocessamento procesando enproceso isleniyor islemde
        """,
    "In progress": """
        inprogress progress running inwork working started
        вработе впроцессе выполняется
        emandamento emprogresso encurso enprogreso enmarcha devamediyor surecte yukleniyor
        """,
    "Completed": """
        2 completed complete done finished
        выполнен выполнено завершен завершено
        concluido completo completado completada finalizado tamamlandi tamamlanan
        """,
    "Partial": """
        3 partial partially partiallycompleted partialcompleted partialcomplete partiallyrefunded partialrefund
        частично частичный частичновыполнен частичновыполнено
        parcial parcialmente parcialmenteconcluido kismi kismen kismitamamlandi
        """,
    "Canceled": """
        4 5 canceled cancelled cancel refunded refund fullrefund fail failed rejected declined
        отменен отменено отмена возврат
        cancelado cancelada reembolsado reembolsada falhou fallido falha anulado
        iptal iptaledildi iadeedildi iade
        """,
    "Active": "active активен активна ativo activo aktif",
    "Paused": "paused pause приостановлен приостановлена pausado pausada duraklatildi",
    "Expired": "expired истек истекла expirado expirada suresidoldu",
}

_REFILL_STATES: dict[str, str] = {
    "Pending": """
        0 pending awaiting await waiting queued queue new created
        ожидание вожидании pendente aguardando pendiente enespera bekliyor beklemede
        """,
    "In progress": """
        1 inprogress progress processing process inprocess running started refilling
        вработе впроцессе выполняется вобработке
        emandamento processando enprogreso enproceso procesando isleniyor devamediyor
        """,
    "Completed": """
        2 completed complete done finished refilled success successful
        выполнен выполнено завершен concluido completado finalizado tamamlandi
        """,
    "Rejected": """
        rejected reject declined denied refused fail failed error
        отклонен отклонено отказ rejeitado recusado rechazado reddedildi
        """,
    "Canceled": "canceled cancelled cancel отменен отменено cancelado iptal iptaledildi",
}


def _spelled(states: dict[str, str]) -> dict[str, str]:
    return {fold(word): ours for ours, words in states.items() for word in words.split()}


_ORDER_WORDS = _spelled(_ORDER_STATES)
_REFILL_WORDS = _spelled(_REFILL_STATES)


def order_status(word: object) -> str | None:
    """Our order or subscription word for upstream's word or code, None where it is not understood."""
    return _ORDER_WORDS.get(_compact(word))


def refill_status(word: object) -> str | None:
    """Our refill word for upstream's word or code, None where it is not understood."""
    return _REFILL_WORDS.get(_compact(word))


def _compact(word: object) -> str:
    """A state as a key of the tables: "In_progress" -> "inprogress", Decimal("2.0") -> "2"."""
    if isinstance(word, Decimal) and word == word.to_integral_value():
        word = int(word)
    if isinstance(word, bool) or not isinstance(word, (str, int)):
        return ""
    text = str(word)
    if re.fullmatch(r"\s*\w{1,100}(\.\w{1,100})+\s*", text):  # an untranslated key
        text = text.rpartition(".")[2]
    return fold(text).replace(" ", "")
