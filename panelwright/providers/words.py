"""Upstream's refusal texts as a table: phrase -> Reason.

A new phrase is a new line. Texts are compared folded: lower case, without accents, punctuation and
underscores become spaces, so that "neworder.error.not_enough_funds" and "Not enough funds!" are one.
The words for states are in states.py.
"""

from __future__ import annotations

import re
import unicodedata

from panelwright.providers.outcomes import Reason

_FOLD_MAX = 1_000  # characters of a text that are looked at


def fold(text: str) -> str:
    """Lower case words separated by one space; no accents (also й -> и, ё -> е, ı -> i)."""
    plain = unicodedata.normalize("NFKD", text[:_FOLD_MAX].casefold())
    plain = "".join(c for c in plain if not unicodedata.combining(c)).replace("ı", "i")
    return " ".join(re.sub(r"[\W_]+", " ", plain).split())


# The first row with a matching phrase decides, so the order matters: "Refill is disabled for this
# service" is about the refill, "active order with this link" about the order.
#
# Firm: a sentence that only a panel says which has read the request and refused it. Only these are a
# refusal of `add` when the HTTP status is 5xx: a loose "Service unavailable" may there come from a
# proxy in front of a panel that took the order.
_FIRM, _LOOSE = True, False

_TABLE: tuple[tuple[Reason, bool, str], ...] = (
    (
        Reason.FUNDS,
        _FIRM,
        r"""
        (not|no|t have|without) (enough|sufficient) (funds|balance|money|credits?)
        insufficient (account |user |wallet )?(funds|balance|money|credits?)
        (funds|balance|credits?) (is |are |too |not )*(insufficient|low|enough|sufficient)
        low balance
        out of (funds|credits?)
        (add|top up|recharge|deposit).{0,15}(funds|balance)
        недостаточно (средств|денег|баланс\w*)
        не ?хватает (средств|денег|баланс\w*)
        недостаточныи баланс
        (на балансе|баланс\w*) недостаточно
        пополните (баланс|счет)
        нет средств
        (saldo|fundos|fondos|creditos?) (e |es |esta )?insuficientes?
        sem saldo
        saldo (e |es )?(baixo|bajo)
        n(ao|o) (ha|hay|tem|tiene|tienes|possui|cuenta con) .{0,25}(saldo|fundos|fondos)
        yetersiz bakiye
        bakiye\w* (\w+ )?(yetersiz|yeterli degil)
        yeterli bakiye
        saldo (anda )?(tidak|kurang)
        so du khong du
        solde insuffisant
        """,
    ),
    (
        Reason.KEY,
        _FIRM,
        r"""
        \bapi key\b
        (invalid|incorrect|wrong|bad|missing|unknown|empty|inactive|expired|no) (api )?(key|token)\b
        \bkey (is )?(invalid|incorrect|wrong|missing|required|not found|disabled|inactive)
        unauthori[sz]ed
        unauthenticated
        authentication (failed|required)
        (user|account) (is |has been )?(not active|inactive|disabled|suspended|banned|blocked)
        \bip\b.{0,30}not (allowed|whitelisted|authori[sz]ed)
        (неверн|неправильн|некорректн|недеиствительн)\w+ (api )?(ключ|токен)
        api ключ
        ключ api
        chave (da |de )?api
        chave (e )?(invalida|incorreta)
        (clave|llave) (de (la )?|del )?api
        (clave|llave) (es )?(invalida|incorrecta)
        api anahtari
        (gecersiz|hatali|yanlis) (api )?(anahtar|key)
        """,
    ),
    (
        Reason.DISABLED,
        _FIRM,
        r"""
        (refill|cancel)\w*.{0,40}\bdisabled
        (refill|cancel)\w*.{0,40}\b(not|isn t|doesn t) (available|supported?|allowed|enabled|possible|offered)
        does not support (refill|cancel)
        \bno refill\b
        \bnon refill
        (рефил|восстановлен|докрут|отмен)\w*.{0,40}(отключен|недоступ|запрещен|не поддерж|невозмож)
        (refil|reposic|cancel|anula)\w*.{0,40}(desativad|desabilitad|desactivad|deshabilitad|indispon)
        (refil|reposic|cancel|anula)\w*.{0,40}n(ao|o) (esta )?disponi
        (telafi|iptal|refill)\w*.{0,40}(kapali|devre disi|desteklenm|mumkun degil|yok)
        """,
    ),
    (
        Reason.DUPLICATE,
        _FIRM,
        r"""
        active (order|task)
        same link
        duplicate
        already (have|has|exists?|been|ordered|in progress|active|process)
        orders? .{0,20}(in progress|in process|processing|running)
        wait (until|till|for) .{0,30}(order|complet)
        previous order
        активн\w+ заказ
        уже (есть|существует|имеется|добавлен|запущен|выполняется|оформлен)
        дубл\w+
        ссылка занята
        предыдущ\w+ заказ
        дождитесь
        с (этои|такои|даннои) ссылк
        (pedido|ordem|orden)\w* (ativ|activ|em andamento|en (curso|progreso|proceso))
        ja (existe|possui|tem)
        ya (existe|tienes?|hay)
        mesmo link
        mismo (enlace|link)
        duplicad
        (aktif|devam eden|acik) (bir )?siparis
        ayni (link|baglanti)
        zaten
        tamamlanmasini bekle
        """,
    ),
    (
        Reason.NOT_FOUND,
        _FIRM,
        r"""
        (incorrect|invalid|wrong|unknown|bad|no such) (order|refill|task)( id\w*)?\b(?! (quantity|link|status))
        (order|refill|task)s?( id\w*)?( \d+)? (is |was |does |do |are )?not (found|exist|valid)
        (order|refill|task)s?( id\w*)?( \d+)? (is |are )?(invalid|incorrect|missing)
        (order|refill|task)s?( id\w*)?( \d+)? doesn t exist
        (заказ|рефил|задани|задач)\w*.{0,20}(не (наиден|существует)|неверн)
        неверн\w+ (id|номер|идентификатор) (заказ|рефил)
        (pedido|ordem|orden|refil\w*|reposic\w+).{0,20}n(ao|o) (foi |fue )?(encontrad|existe)
        (id|numero) (do|de|del|de la) (pedido|ordem|orden).{0,12}(invalid|incorret|incorrect)
        siparis\w*.{0,20}bulunamadi
        (gecersiz|hatali|yanlis) siparis
        """,
    ),
    (
        Reason.LIMIT,
        _FIRM,
        r"""
        rate limit
        too many (request|attempt|order|call)
        request limit
        requests? per (second|minute|hour|day)
        limit (is |has been |was )?(exceeded|reached)
        (exceeded|reached) (the |your |our )?(\w+ )?limit
        slow down
        throttl
        слишком (много|часто)
        превышен\w* .{0,20}(лимит|ограничен)
        лимит .{0,20}(превышен|исчерпан)
        muitas (requisicoes|solicitacoes|tentativas)
        demasiad[ao]s (solicitudes|peticiones|intentos)
        limite (de \w+ )?(foi |fue )?(excedid|atingid|superad|alcanzad)
        cok fazla (istek|talep)
        (limit|sinir)\w* (asildi|doldu)
        """,
    ),
    (
        Reason.QUANTITY,
        _FIRM,
        r"""
        less than (the )?min
        (more|greater|higher) than (the )?max
        (incorrect|invalid|wrong|bad) (quantity|amount|count)
        (min|max)(imum|imal)? (order )?(quantity|amount|count)\b
        quantity (is |must |should |has |too )*(be )?(less|more|greater|between|multiple|at least|at most)
        quantity (is |too )*(invalid|incorrect|low|high|small|big|not)
        neworder error (min|max|increment|quantity)
        multiple of
        (below|under) .{0,10}min
        (above|over|exceed\w*) .{0,10}max
        (минимальн|максимальн)\w+ .{0,15}(колич|заказ|знач)
        количеств\w* .{0,30}(меньше|больше|кратн|неверн|некоррект|минимал|максимал|превыш)
        (неверн|некорректн|неправильн)\w+ количеств
        (меньше|ниже) минимал
        (больше|выше) максимал
        (quantidade|cantidad) .{0,30}(min|max|menor|mayor|maior|inval|incorr|multip|inferior|superior|abaixo|acima)
        (menor|inferior|abaixo|mayor|maior|superior|acima) .{0,12}(min|max)im
        (minim|maxim)[oa] (de|e|es)\b
        (miktar|adet)\w* .{0,30}(az|fazla|kucuk|buyuk|gecersiz|hatali|minimum|maksimum|kati)
        (minimum|maksimum|en az|en fazla) .{0,15}(miktar|adet|siparis|\d)
        """,
    ),
    (
        Reason.SERVICE,
        _FIRM,
        r"""
        (incorrect|invalid|wrong|unknown|bad|no such) service
        neworder error service
        service( id)?( \d+)? (is |was |does |has been )?not (found|exist|valid)
        service( id)?( \d+)? (is |was |has been )?(invalid|incorrect|deleted|removed)
        service( id)?( \d+)? doesn t exist
        (неверн|некорректн|неправильн|несуществующ)\w+ (id |номер |идентификатор )?(услуг|сервис)
        (услуг|сервис)\w* .{0,30}(не (наиден|существует)|удален|больше не предоставляется)
        servici?o .{0,20}(invalid|incorret|incorrect)
        servici?o .{0,20}n(ao|o) (foi |fue )?(encontrad|existe)
        (id|numero) (do|de|del) servic
        (gecersiz|hatali|yanlis) (servis|hizmet)
        (servis|hizmet)\w* .{0,20}(bulunamadi|gecersiz|mevcut degil)
        """,
    ),
    (
        Reason.SERVICE,
        _LOOSE,
        r"""
        (this|the|selected) service .{0,30}(disabled|inactive|closed|paused|unavailable|stopped)
        (this|the|selected) service .{0,30}not (active|available|enabled|allowed|working)
        service( id)?( \d+)? (is |currently |has been |was )*(disabled|inactive|closed|paused|stopped)
        service( id)?( \d+)? (is |currently |has been |was )*not (active|enabled|allowed)
        (disabled|inactive|closed) service
        (услуг|сервис)\w* .{0,30}(недоступ|отключен|не актив|неактив|закрыт|приостановлен)
        servici?o .{0,30}(indispon|desativad|desabilitad|desactivad|deshabilitad|inativ|inactiv)
        servici?o .{0,30}n(ao|o) (esta )?disponi
        (servis|hizmet)\w* .{0,30}(pasif|kapali|aktif degil|devre disi|kullanilamiyor)
        """,
    ),
    (
        Reason.LINK,
        _FIRM,
        r"""
        (bad|invalid|incorrect|wrong|broken|unsupported|missing|empty) (link|url|target|user ?name|profile|post)\b
        (link|url|user ?name|profile|post|account)\b.{0,30}(invalid|incorrect|wrong|required|private|broken)
        (link|url|user ?name|profile|post|account)\b.{0,30}not (valid|correct|found|exist|supported|public|available)
        neworder error link
        private (account|profile)
        does not match .{0,20}(link|url|pattern)
        (неверн|некорректн|неправильн|недеиствительн|невалидн|плох)\w+ (ссылк|адрес|url)
        ссылк\w* .{0,30}(неверн|некоррект|невалид|недеиств|не подходит|недоступ)
        (link|url|enlace|endereco) (e |es |esta )?(invalid|incorret|incorrect|errad|ruim)
        (link|url|enlace|endereco) n(ao|o) (e |es )?valid
        (gecersiz|hatali|yanlis) (link|baglanti|url)
        (link|baglanti|url)\w* (\w+ )?(gecersiz|hatali|yanlis)
        """,
    ),
    (
        Reason.QUANTITY,
        _LOOSE,
        r"""
        \bquantity\b
        количеств
        quantidade
        \bcantidad\b
        \bmiktar
        """,
    ),
    (
        Reason.LINK,
        _LOOSE,
        r"""
        \bссылк
        \benlace\b
        \bbaglanti
        """,
    ),
    (
        Reason.LIMIT,
        _LOOSE,
        r"""
        temporar(y|ily)
        try (again |it )?later
        maintenance
        overload
        (server|system|panel|provider|api) (is )?(too )?busy
        ^(the )?service (is )?(currently )?(unavailable|not available)$
        less than \d+ hours? ago
        (попробуите|повторите) .{0,20}(позже|позднее)
        технически\w+ (работ|обслуж)
        временно
        mais tarde
        mas tarde
        manutencao
        mantenimiento
        tempora(ri|l)amente
        temporalmente
        daha sonra
        bakim
        gecici
        """,
    ),
)

# An error that tells of a breakdown, not of a decision: it may have struck after the order was taken.
_BREAKDOWN = r"""
    time ?outs?\b
    timed out
    internal (server )?error
    server error
    sqlstate
    deadlock
    exception
    stack ?trace
    curl error
    bad gateway
    gateway time
    fatal error
    parse error
    undefined (index|variable|array|offset|property|method)
    call to a member
    unexpected error
    unknown error
    something went wrong
    внутренн\w+ ошибк
    неизвестн\w+ ошибк
    err(o|or) (interno|desconhecido|desconocido|inesperado)
    algo (deu errado|salio mal)
    bilinmeyen hata
    sunucu hatasi
"""


def _compiled(phrases: str) -> re.Pattern[str]:
    lines = [line.strip() for line in phrases.splitlines()]
    return re.compile("|".join(f"(?:{line})" for line in lines if line))


_ROWS = tuple((reason, firm, _compiled(phrases)) for reason, firm, phrases in _TABLE)
_BROKE_DOWN = _compiled(_BREAKDOWN)


def classify(text: str) -> tuple[Reason, bool]:
    """The reason class of a refusal, and whether the text is firm (see above)."""
    folded = fold(text)
    for reason, firm, phrases in _ROWS:
        if phrases.search(folded):
            return reason, firm
    return Reason.OTHER, False


def tells_of_a_breakdown(text: str) -> bool:
    """True for "Operation timed out", "SQLSTATE[40001]…" and the like."""
    return _BROKE_DOWN.search(fold(text)) is not None
