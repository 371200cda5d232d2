"""An error that tells of a crash may have struck after the order was taken: it refuses nothing."""

from __future__ import annotations

import pytest

from panelwright.core.said import words
from panelwright.providers.wire.outcomes import Reason, Unknown, UpstreamRefused
from panelwright.providers.wire.panel_v2.reading import read_add
from panelwright.providers.wire.panel_v2.tests.test_reading import reply

CRASHES = [
    "Duplicate entry '5' for key 'PRIMARY'",
    'duplicate key value violates unique constraint "orders_pkey"',
    'Attempt to read property "id" on null',
    "Trying to access array offset on value of type null",
    "MySQL server has gone away",
    "Lost connection to MySQL server during query",
    "Access denied for user 'panel'@'localhost' (using password: YES)",
    "Maximum execution time of 30 seconds exceeded",
    "Allowed memory size of 134217728 bytes exhausted (tried to allocate 20480 bytes)",
    "Call to undefined function foo()",
    "Division by zero",
    "Connection reset by peer",
    "ECONNRESET",
    "connect ETIMEDOUT 203.0.113.9:443",
    "socket hang up",
    "Cannot read properties of undefined (reading 'id')",
    "Request failed with status code 502",
    "Error 500",
    "Data too long for column 'link' at row 1",
    "Unexpected end of JSON input",
    "An error occurred",
    "An error has occurred, please try again later",
    "Произошла ошибка",
    "Что-то пошло не так",
    "Ocorreu um erro",
    "Ocurrió un error",
    "Bir hata oluştu",
    "Une erreur est survenue",
    "Ein Fehler ist aufgetreten",
    "Si è verificato un errore",
    "حدث خطأ",
    "कुछ गलत हो गया",
    "Kuch galat ho gaya",
    "发生错误",
    "Đã xảy ra lỗi",
    "Terjadi kesalahan",
    "Wystąpił błąd serwera",
    "サーバーエラー",
    "エラーが発生しました",
    "서버 오류",
    "오류가 발생했습니다",
]


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize("text", CRASHES)
def test_a_crash_refuses_nothing(text: str, status: int) -> None:
    came = read_add(reply({"error": text}, status))
    assert isinstance(came, Unknown)
    assert words(came.text) == f"HTTP {status}: {text}"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("An error occurred: not enough funds on balance", Reason.FUNDS),
        ("Произошла ошибка: неверная ссылка", Reason.LINK),
        ("오류가 발생했습니다: 잘못된 링크", Reason.LINK),
    ],
)
def test_what_went_wrong_counts_where_it_is_said(text: str, reason: Reason) -> None:
    assert read_add(reply({"error": text})) == UpstreamRefused(reason, text)


def test_a_crash_beside_a_known_sentence_stays_one() -> None:
    assert isinstance(read_add(reply({"error": "SQLSTATE[HY000]: Incorrect service ID"})), Unknown)
