"""What people paste is read where it can only mean one thing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from panelwright.storefront.pasted import Cells, cells, number, service, understood
from tests.support.proportion import in_proportion

SPACES = " \u00a0\u202f\u2009\u2007"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" 1000 ", 1000),
        ("\u200b1000\ufeff", 1000),
        ("1,000", 1000),
        *((f"1{mark}000", 1000) for mark in SPACES + "'\u2019\u02bc_"),
        *((f"12{mark}345{mark}678", 12_345_678) for mark in SPACES + "'\u2019,."),
        ("1000.0", 1000),
        ("1000,00", 1000),
        ("1,000.00", 1000),
        ("1.000,00", 1000),
        ("1 000,0", 1000),
        ("0", 0),
        ("007", 7),
        ("1,00,000", 100_000),
        ("12,34,56,789", 123_456_789),
        ("1,00,000.00", 100_000),
        ("１０００", 1000),
        ("１，０００", 1000),
        ("\u0661\u0660\u0660\u0660", 1000),
        ("\u0661\u066c\u0660\u0660\u0660\u066b\u0660", 1000),
        ("\u06f1\u06f0\u06f0\u06f0", 1000),
        ("\u0967,\u0966\u0966,\u0966\u0966\u0966", 100_000),
    ],
)
def test_a_number_as_it_is_pasted(text: str, expected: int) -> None:
    assert number(text) == expected
    assert understood(text) == str(expected)


@pytest.mark.parametrize(
    "text",
    [
        *(
            "1.000",
            "123,00,000",
            "0,10,000",
            "1,00,00",
            "1.00.000",
            "1 00 000",
            "1,00,000,00",
            "1,0000",
            "12,34",
            "1.5",
            "1 00",
            "1,000.000",
            "1,000,00",
            "0,100",
            "1 000,000",
            "-1",
        ),
        *(
            "+1",
            "1k",
            "1e3",
            "",
            "one",
            "1０",
            "\u0661\u06f0",
            "\u0661\u066b\u0660\u0660\u0660",
            "１．０００",
            "①",
            "1²",
            "1,",
            ",100",
            "1'000,000",
            "9" * 41,
            "1\n000",
        ),
    ],
)
def test_what_may_mean_two_things_is_no_number(text: str) -> None:
    assert number(text) is None
    assert understood(f" {text} ") == text


@given(st.integers(0, 10**12), st.sampled_from(list(SPACES + "',")))
def test_any_number_in_groups_is_itself(value: int, mark: str) -> None:
    assert number(f" {value:,} ".replace(",", mark)) == value


@given(st.text("0123456789.,' \u00a0_-e", max_size=12))
def test_a_number_has_the_digits_that_were_written(text: str) -> None:
    found = number(text)
    if found is not None:
        digits = "".join(c for c in text if c.isdigit())
        assert digits.lstrip("0").rstrip("0") == str(found).strip("0")


@pytest.mark.parametrize(
    "text", ["12", " 12 ", "#12", "# 12", "\u211612", "\u2116 12", "ID 12", "id:12", "ID#12", "\ufeff#12"]
)
def test_a_service(text: str) -> None:
    assert service(text) == 12


@pytest.mark.parametrize("text", ["", "#", "##12", "1 2", "12a", "a12", "-12", "1.2", "9" * 18, "identity 12"])
def test_no_service(text: str) -> None:
    assert service(text) is None


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("1|a|2", Cells(1, "a", ("2",))),
        ("1 | carol |", Cells(1, "carol", ())),
        ("| 1 | carol | 2 | 3 | 4 | |", Cells(1, "carol", ("2", "3", "4"))),
        ("1\thttps://a.example/?x=1,2;3\t5", Cells(1, "https://a.example/?x=1,2;3", ("5",))),
        ("1\tcarol\t5", Cells(1, "carol", ("5",))),
        ("1\thttps://a.example\t5\t3\t60", Cells(1, "https://a.example", ("5", "3", "60"))),
        ('1\t"https://a.example"\tGreat! / Well done\t', Cells(1, "https://a.example", ("Great! / Well done",))),
        ("1 \thttps://a.example 5", Cells(1, "https://a.example", ("5",))),
        ("1;https://a.example/?x=1,2;5", Cells(1, "https://a.example/?x=1,2", ("5",))),
        ('1,"https://a.example/?x=1,2",5', Cells(1, "https://a.example/?x=1,2", ("5",))),
        ("1 https://a.example/?x=1;2 5", Cells(1, "https://a.example/?x=1;2", ("5",))),
        ("1 @carol 5", Cells(1, "@carol", ("5",))),
        ("1 https://a.example", Cells(1, "https://a.example", ())),
        ("1 @carol 1,000", Cells(1, "@carol", ("1,000",))),
        *((f"1 https://a.example 100{space}200", None) for space in SPACES),
        *((f"1 https://a.example 1{space}000{space}000", None) for space in SPACES),
        ("1\thttps://a.example\t1 000", Cells(1, "https://a.example", ("1 000",))),
        ("1;https://a.example;1 000", Cells(1, "https://a.example", ("1 000",))),
        ("1 carol 5", None),
        ("1||5", None),
        ("1", None),
        ("", None),
        ("|", None),
        ('1,"https://a.example,5', None),
        ("1," + '"' * 20_000, None),
    ],
)
def test_a_line(line: str, expected: Cells | None) -> None:
    assert cells(line) == expected


@given(st.text(st.sampled_from("1#|;,\t \"'a./@"), max_size=30))
def test_any_line_is_read_or_not(line: str) -> None:
    found = cells(line)
    if found is not None:
        assert found.link in line.replace('""', '"') or '"' in line
        assert str(found.service) in line


@pytest.mark.parametrize(
    "piece",
    ["id ", " ", "1 ", "1,", '"', '1,"', "|", "1|a|", "\t", ";", "\u200b", "#", "1'000", "\u200b1", " / ", "www."],
)
def test_the_worst_line_is_read_in_no_time(piece: str) -> None:
    """Up to a megabyte: no character takes longer than the one before."""
    for frame in ("%s", "id%sx", "1 | %s", "1,%s,1"):
        few, many = (frame.replace("%s", piece * count) for count in (10_000, 160_000))
        for read in (cells, number):
            in_proportion(lambda: read(few), lambda: read(many), 100, about=(read, frame))  # noqa: B023
