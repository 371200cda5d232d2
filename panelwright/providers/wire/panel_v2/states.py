"""Upstream's words for the state of orders, subscriptions and refills, as tables: spelling -> our word.

A new spelling is one more word in a row, written without spaces. Case, accents, spaces, underscores, dashes,
markup and what stands around the word ("tasks.status.completed", "Order status: Completed") do not count.
What only may mean an end is in no row: it stays a problem for a person, because money moves with an end.
"""

from __future__ import annotations

import re
from decimal import Decimal

from panelwright.providers.wire.folding import fold

# Codes: 0 pending, 1 processing, 2 completed, 3 partial, 4 canceled, 5 refunded.
ORDER_STATES: dict[str, str] = {
    "Pending": """
        0 pending pend awaiting await awaitingstart waiting waitingforstart inwaiting queued queue inqueue new created
        received placed accepted notstarted unstarted scheduled onhold moderation onmoderation initiated
        ожидание ожидает ожидается вожидании ожидаетзапуска ожидаетначала вочереди новый создан принят намодерации
        очікує очікування вочікуванні вчерзі
        pendente aguardando nafila emfila emespera pendiente enespera encola encolado esperando
        enattente attente inattesa ausstehend wartend oczekujace oczekujacy
        bekliyor beklemede bekleyen sirada siradabekliyor
        قيدالانتظار فيالانتظار معلق بانتظار انتظار
        लंबित प्रतीक्षा प्रतीक्षामें
        待处理 等待中 等待处理 待开始 排队中 未开始 待處理 等待處理 待機中 대기중 inafwachting
        dangcho choxuly dangchoxuly menunggu tertunda antri รอดำเนินการ
    """,
    "Processing": """
        1 processing process inprocess inprocessing underprocess underprocessing processed starting preparing sending
        обработка вобработке обрабатывается запускается подготовка обробка вобробці обробляється
        processando emprocessamento emprocesso procesando enproceso enprocesamiento procesandose
        entraitement inelaborazione inbearbeitung inverarbeitung przetwarzanie
        isleniyor islemde isleme hazirlaniyor
        قيدالمعالجة جاريالمعالجة يعالج
        प्रक्रियामें प्रसंस्करण
        处理中 正在处理 處理中 処理中 처리중
        dangxuly diproses sedangdiproses dalamproses memproses กำลังประมวลผล
    """,
    "In progress": """
        inprogress inprogres progress progressing running inwork working started ongoing delivering indelivery executing
        cancelling canceling cancelrequested cancellationrequested pendingcancel pendingcancellation
        вработе впроцессе впроцессевыполнения выполняется запущен запущено вроботі виконується
        emandamento emprogresso emexecucao iniciado encurso enprogreso enejecucion enmarcha
        encours incorso laufend inarbeit wtrakcie
        devamediyor surecte yukleniyor calisiyor gonderiliyor
        قيدالتنفيذ جاريالتنفيذ جاري قيدالعمل قيدالتقدم
        प्रगतिमें प्रगतिपर जारी चलरहाहै
        进行中 正在进行 執行中 进行 运行中 執行 進行中 진행중
        dangchay dangthuchien dangtienhanh sedangberjalan berjalan sedangproses sedangdikerjakan กำลังดำเนินการ
    """,
    "Completed": """
        2 completed complete completedsuccessfully successfullycompleted done finished finish fulfilled
        delivered fullydelivered executed
        выполнен выполнено выполнена завершен завершено завершена готово исполнен виконано виконаний
        concluido concluida completo completa completado completada finalizado finalizada entregue entregado terminado
        termine terminee completato abgeschlossen fertig erledigt zakonczone ukonczone
        tamamlandi tamamlanan tamam bitti
        مكتمل مكتملة اكتمل تم تمالاكتمال
        पूर्ण पूराहुआ पूरा संपन्न
        已完成 完成 已结束 已完工 完了 完了しました 완료 완료됨 voltooid afgerond
        hoanthanh dahoanthanh hoantat selesai telahselesai สำเร็จ เสร็จสิ้น
    """,
    "Partial": """
        3 partial partials partially partiallycompleted partialcompleted partialcomplete partiallycomplete
        partiallydelivered partiallyrefunded partialrefund partialrefunded
        частично частичный частичновыполнен частичновыполнено частичновозвращен частичноевыполнение
        частковий частково часткововиконано
        parcial parcialmente parcialmenteconcluido parcialmentecompletado parcialmenteconcluida completadoparcial
        partiel partiellementtermine parziale parzialmentecompletato teilweise teilweiseabgeschlossen czesciowe
        kismi kismen kismitamamlandi kismentamamlandi
        جزئي مكتملجزئيا
        आंशिक आंशिकपूर्ण आंशिकरूपसेपूर्ण
        部分完成 部分 部分退款 部分完了 一部完了 부분완료 gedeeltelijk gedeeltelijkvoltooid
        motphan hoanthanhmotphan sebagian selesaisebagian parsial บางส่วน
    """,
    "Canceled": """
        4 5 canceled cancelled cancel canceld cancled canceledandrefunded cancelledandrefunded canceledrefunded
        cancelledrefunded canceledbyuser cancelledbyuser canceledbyadmin cancelledbyadmin canceledbyprovider
        cancelledbyprovider refunded refund fullrefund fullyrefunded
        fail failed rejected declined
        отменен отменено отменена отмена возврат возвращен возвращено возвратсредств отклонен неудача
        скасовано скасований повернено
        cancelado cancelada canceladoereembolsado reembolsado reembolsada reembolso estornado falhou fallido falha
        anulado rechazado rejeitado devuelto
        annule annulee rembourse remboursee annullato rimborsato storniert erstattet abgebrochen anulowane
        iptal iptaledildi iadeedildi iade reddedildi
        ملغي ملغى ملغاة ملغية تمالالغاء مسترد تمالاسترداد مرفوض
        रद्द रद्दकियागया वापसकियागया
        已取消 取消 已退款 退款 失败 已失败 已拒绝 취소됨 취소완료 geannuleerd
        キャンセル キャンセル済み キャンセルされました
        dahuy huy dahoantien hoantien thatbai dibatalkan batal dikembalikan gagal ยกเลิก คืนเงิน คืนเงินแล้ว
    """,
    "Active": "active активен активна активный activa ativo ativa activo aktif نشط सक्रिय 活跃 hoatdong",
    "Paused": """
        paused pause приостановлен приостановлена пауза напаузе pausado pausada enpausa empausa duraklatildi
        متوقف متوقفمؤقتا रुकाहुआ 已暂停 暂停 tamdung dijeda
    """,
    "Expired": """
        expired истек истекла просрочен expirado expirada vencido vencida caducado suresidoldu
        منتهيالصلاحية 已过期 hethan kedaluwarsa kadaluarsa
    """,
}

REFILL_STATES: dict[str, str] = {
    "Pending": """
        0 pending awaiting await waiting queued queue inqueue new created requested
        ожидание ожидает вожидании вочереди новый pendente aguardando pendiente enespera bekliyor beklemede
        قيدالانتظار लंबित 待处理 等待中 dangcho menunggu
    """,
    "In progress": """
        1 inprogress progress processing process inprocess inprocessing running started refilling
        вработе впроцессе выполняется вобработке
        emandamento processando emprocessamento enprogreso enproceso procesando encurso isleniyor islemde devamediyor
        قيدالتنفيذ قيدالمعالجة प्रगतिमें 进行中 处理中 dangxuly dangchay diproses
    """,
    "Completed": """
        2 completed complete done finished refilled success successful successfully
        выполнен выполнено завершен завершено восстановлен восстановлено
        concluido completo completado finalizado reposto tamamlandi
        مكتمل पूर्ण 已完成 完成 hoanthanh selesai
    """,
    "Rejected": """
        rejected reject declined denied refused fail failed error
        отклонен отклонено отказ отказано rejeitado recusado rechazado reddedildi
        مرفوض अस्वीकृत 已拒绝 拒绝 失败 tuchoi ditolak
    """,
    "Canceled": """
        canceled cancelled cancel отменен отменено отмена cancelado cancelada iptal iptaledildi
        ملغي ملغى रद्द 已取消 取消 dahuy dibatalkan
    """,
}

# What may stand before the word itself: "Order status: Completed", "STATUS_COMPLETED".
_AROUND = frozenset(
    {"order", "orders", "task", "tasks", "status", "statuses", "state", "states", "label"}
    | {"your", "the", "is", "was"}
)
# Of a refill's state alone: "Refill rejected" of an order says nothing about the order.
_AROUND_REFILLS = _AROUND | {"refill", "refills"}
# What may stand before the last part of an untranslated key, besides: any other word may turn it round, as "cancel" in
# "cancel.rejected" and "not" in "not.completed".
_KEYS = frozenset(
    {
        "labels",
        "orderstatus",
        "orderstatuses",
        "taskstatus",
        "refillstatus",
        "api",
        "app",
        "lang",
        "message",
        "messages",
    }
    | {"text", "texts", "common", "general", "site", "panel", "client", "user", "admin", "page", "pages", "list"}
    | {"trans", "translation", "translations", "i18n", "badge", "badges"}
)


def spelled(states: dict[str, str]) -> dict[str, str]:
    """The table turned round: folded spelling -> our word."""
    return {_joined(word): ours for ours, words in states.items() for word in words.split()}


def _joined(text: str) -> str:
    return fold(text).replace(" ", "")


_SUCCESS = frozenset(
    map(
        _joined,
        (
            *("success", "succes", "successful", "successfully", "успешно", "успех", "sucesso", "exito", "basarili"),
            *("sukses", "sukces", "erfolgreich", "成功", "성공"),
        ),
    )
)
_ORDER_WORDS = spelled(ORDER_STATES)
_REFILL_WORDS = spelled(REFILL_STATES)


def order_status(word: object) -> str | None:
    """Our order or subscription word for upstream's word or code, None where it is not understood."""
    return _found(word, _ORDER_WORDS, _AROUND)


def refill_status(word: object) -> str | None:
    """Our refill word for upstream's word or code, None where it is not understood."""
    return _found(word, _REFILL_WORDS, _AROUND_REFILLS)


def says_success(word: str) -> bool:
    """Whether it is a word for success, which some panels use for Completed and others for "I heard you"."""
    return _joined(word) in _SUCCESS


def _found(word: object, table: dict[str, str], around: frozenset[str]) -> str | None:
    """ "In_progress" as "inprogress", Decimal("2.0") as "2", an untranslated key by its end."""
    if isinstance(word, Decimal) and word == word.to_integral_value():
        word = int(word)
    if isinstance(word, bool) or not isinstance(word, (str, int)):
        return None
    text = str(word)
    if (ours := table.get(_joined(text))) is not None:
        return ours
    if re.fullmatch(r"\s*[\w-]{1,100}([.:/][\w-]{1,100})+\s*", text):  # an untranslated key
        *before, last = re.split(r"[.:/]", text)
        text = last if {word for part in before for word in fold(part).split()} <= around | _KEYS else text
    words = fold(text).split()
    while len(words) > 1 and words[0] in around:
        words.pop(0)
    return table.get("".join(words))
