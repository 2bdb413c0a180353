"""What people write in cells, and what it becomes."""

from __future__ import annotations

import datetime
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.importing.formats import criticality, dependency_status
from registry.importing.problems import Suggester
from registry.importing.values import (
    BadValue,
    clean,
    parse_choice,
    parse_code,
    parse_date,
    parse_link,
    parse_number,
    parse_whole,
)

pytestmark = pytest.mark.anywhere

DATES = st.dates(datetime.date(1900, 1, 1), datetime.date(2199, 12, 31))
NEW_YEAR_2019 = datetime.date(2019, 1, 1)


@pytest.mark.parametrize(
    "text", ["31-12-2026", "31.12.2026", "31/12/2026", "2026-12-31", "2026-12-31 00:00:00"]
)
def test_a_date_is_read_in_the_ways_danes_write_it(text):
    assert parse_date(text) == datetime.date(2026, 12, 31)


def test_a_year_alone_is_the_first_of_january_where_that_is_allowed():
    assert parse_date("2019", year_alone=True) == NEW_YEAR_2019
    with pytest.raises(BadValue, match="31-12-2026"):
        parse_date("2019")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("31-12-26", "fire cifre"),
        ("29-02-2023", "kalenderen"),
        ("12-31-2026", "kalenderen"),
        ("1-1-0019", "mellem 1900"),
        ("2026-13-01", "kalenderen"),
        ("i går", "31-12-2026"),
        ("²-1-2026", "31-12-2026"),
    ],
)
def test_a_date_that_is_none_says_why(text, why):
    with pytest.raises(BadValue, match=why):
        parse_date(text)


@given(DATES)
def test_every_date_survives_every_way_of_writing_it(date):
    for pattern in ("%d-%m-%Y", "%d.%m.%Y", "%Y-%m-%d", "%d/%m/%Y"):
        assert parse_date(date.strftime(pattern)) == date
    assert parse_date(f"{date.day}-{date.month}-{date.year}") == date


@given(st.decimals(min_value=-999_999_999, max_value=999_999_999, places=2))
def test_every_amount_survives_danish_and_plain_writing(amount):
    danish = f"{amount:,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".")
    assert parse_number(danish) == amount
    assert parse_number(f"{danish} kr.") == amount
    assert parse_number(f"{amount:.2f}".replace(".", ",")) == amount
    assert parse_number(f"{amount:.2f}") == amount
    assert parse_number(f"{amount:,.2f}".replace("-", "−")) == amount


@given(st.text(max_size=30))
def test_no_text_makes_a_parser_fall_over(text):
    for parse in (parse_date, parse_number, parse_code, parse_link, clean, criticality, dependency_status):
        with suppress(BadValue):
            parse(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [("1.234.567,50", "1234567.50"), ("1.234", "1234"), ("1,5", "1.5"), ("12.5", "12.5"), ("−3", "-3")],
)
def test_points_separate_thousands_and_a_comma_is_the_decimal_comma(text, value):
    assert parse_number(text) == Decimal(value)


@pytest.mark.parametrize("text", ["1.23.456", "1e5", "NaN", "--2", "kr.", "12a", "٣"])
def test_what_is_not_a_number_is_refused(text):
    with pytest.raises(BadValue):
        parse_number(text)


@pytest.mark.parametrize("text", ["7", "0", "2,5", "-1", "fire", "99999999999999999999"])
def test_criticality_is_one_to_four(text):
    with pytest.raises(BadValue, match=r"1 .*4"):
        criticality(text)


@pytest.mark.parametrize("text", ["4", "4 Kritisk", "kritisk", "4,0"])
def test_criticality_is_taken_as_number_or_as_the_screens_write_it(text):
    assert criticality(text) == 4


def test_nothing_is_no_value():
    assert parse_date("") is None
    assert parse_number("") is None
    assert parse_whole("", 1, 4) is None
    assert parse_code("") == ""
    assert parse_choice("", {"a": "A"}) == ""


def test_a_choice_is_taken_by_value_or_by_danish_label_in_any_case():
    choices = {"phasing_out": "Udfases", "active": "I drift"}
    for text in ("phasing_out", "Phasing_Out", "phasing out", "udfases"):
        assert parse_choice(text, choices) == "phasing_out"
    with pytest.raises(BadValue, match="Mente du «active»"):
        parse_choice("activ", choices)


def test_a_dependency_that_is_retired_has_ended():
    assert (
        dependency_status("retired") == dependency_status("Ended") == dependency_status("ophørt") == "ended"
    )


@pytest.mark.parametrize("code", ["A/B", "-A", "A B", "<B>", "A" * 41, "Æ×"])
def test_a_code_with_other_signs_is_refused(code):
    with pytest.raises(BadValue, match="Koden"):
        parse_code(code)


def test_codes_are_kept_in_upper_case():
    assert parse_code("sf1320_a") == "SF1320_A"
    assert parse_code("økonomi") == "ØKONOMI"


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "JAVASCRIPT:x", "data:text/html,x", "https:// a", "www.dr.dk"]
)
def test_an_address_that_could_run_something_is_refused(address):
    with pytest.raises(BadValue, match="https://"):
        parse_link(address)


@pytest.mark.parametrize("text", ["=A1+B2", "=SUM(A1:A9)", "='Ark 2'!A1", "=-A1", "  =1+1"])
def test_a_formula_is_named_as_one(text):
    with pytest.raises(BadValue, match="formel"):
        clean(text)


def test_cells_are_cleaned_of_blanks_line_ends_and_the_exports_guard():
    assert clean("\u00a0 SP \t") == "SP"
    assert clean("to\r\nlinjer") == "to\nlinjer"
    assert clean("'-5 grader") == "-5 grader"
    assert clean("'citeret'") == "'citeret'"
    with pytest.raises(BadValue, match="usynligt"):
        clean("SP\x07")


def test_a_code_is_suggested_by_one_edit_by_signs_left_out_and_by_name():
    suggest = Suggester({"SF1520": "CPR-opslag", "SF1320_A": "Hændelser", "CURA": "Cura"})
    assert suggest("SF152O") == "SF1520"
    assert suggest("SF152") == "SF1520"
    assert suggest("SF-1520") == "SF1520"
    assert suggest("SF5120") == "SF1520"
    assert suggest("SF1320A") == "SF1320_A"
    assert suggest("CPR-OPSLAG") == "SF1520"
    assert suggest("HELTANDET") is None
