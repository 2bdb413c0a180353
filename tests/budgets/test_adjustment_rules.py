"""What an adjustment must be, and what a suggested forecast is: rules without a database."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets.adjustment_rules import (
    Entry,
    LineFacts,
    balance_fault,
    fault_of,
    indexed,
    judge,
    percent_fault,
)
from budgets.suggesting import Rule, suggest
from budgets.words import change, exact

pytestmark = pytest.mark.anywhere

CENTS = st.integers(-(10**9), 10**9).map(lambda cents: Decimal(cents) / 100)


def line(original, revised=None, **more):
    known = None if original is None else Decimal(original)
    return LineFacts("STS, drift", known, known if revised is None else Decimal(revised), **more)


@pytest.mark.parametrize(
    ("facts", "amount", "told"),
    [
        (line(100), "-100", ""),
        (line(100), "-100.01", "kan højst trækkes 100 kr. fra"),
        (line(100, is_licence=True), "-101", "En licens kan ikke koste mindre end 0 kr."),
        (line(0), "-1", "ikke noget budget at tage af"),
        (line(-500), "-1", ""),  # an income may grow
        (line(-500), "600", ""),
        (line(0, 300), "-300", ""),
        (line(None), "1", "ikke kendt"),
        (line(100), "0", "ikke er 0"),
        (line(100, is_archived=True), "1", "arkiveret"),
        (line("999999999999.99"), "0.01", "Så stort"),
    ],
)
def test_what_one_line_can_take(facts, amount, told):
    fault = fault_of(facts, Decimal(amount))
    assert (told in fault.message) if told else fault is None


def test_all_that_is_wrong_is_told_at_once():
    lines = {1: line(100), 2: line(None), 3: line(100)}
    entries = [
        Entry(1, Decimal(5)),
        Entry(2, Decimal(5)),
        Entry(3, Decimal(5)),
        Entry(3, Decimal(1)),
        Entry(9, Decimal(1)),
    ]
    faults = judge(entries, lines, sums_to_zero=True)
    assert faults.whole == [balance_fault([entry.amount for entry in entries])]
    assert {place: fault.part for place, fault in faults.rows.items()} == {
        1: "line",
        2: "line",
        3: "line",
        4: "line",
    }
    assert "flere gange" in faults.rows[2].message
    assert judge([], lines, sums_to_zero=False).whole


@pytest.mark.parametrize(
    ("amounts", "told"),
    [
        (["-20000", "15000"], "Læg 5.000 kr. mere til en linje"),
        (["-20000", "20000.50"], "Træk 0,50 kr. mere fra en linje"),
        (["-1", "1"], ""),
    ],
)
def test_what_a_transfer_lacks_is_told(amounts, told):
    message = balance_fault([Decimal(amount) for amount in amounts])
    assert (told in message) if told else not message


@given(st.lists(CENTS, min_size=1, max_size=20))
def test_the_message_tells_just_what_is_missing(amounts):
    assert not balance_fault([*amounts, -sum(amounts, Decimal(0))])
    assert bool(balance_fault(amounts)) == bool(sum(amounts, Decimal(0)))


@given(CENTS)
def test_a_line_never_ends_below_nought_by_an_adjustment_that_is_let_through(revised):
    facts = LineFacts("x", Decimal(0), abs(revised))
    for amount in (-abs(revised), -abs(revised) - Decimal("0.01"), abs(revised) + 1):
        if fault_of(facts, amount) is None:
            assert facts.revised + amount >= 0


@pytest.mark.parametrize(("percent", "fits"), [("2.9", 1), ("-1.5", 1), ("0", 0), ("25.1", 0), ("-26", 0)])
def test_a_percent_is_an_index_and_not_a_slip(percent, fits):
    assert bool(percent_fault(Decimal(percent))) != bool(fits)


def test_an_index_gives_whole_kroner():
    assert indexed(Decimal("2.9"), Decimal(262_200)) == Decimal("7604.00")
    assert indexed(Decimal("0.5"), Decimal(100)) == Decimal("1.00")  # half goes up
    assert indexed(Decimal("-0.5"), Decimal(100)) == Decimal("-1.00")
    assert indexed(Decimal("2.9"), Decimal(10)) == 0


def test_kroner_are_written_without_needless_oere():
    assert (exact(Decimal("1434900.00")), exact(Decimal("-1234.5")), exact(Decimal(0))) == (
        "1.434.900",
        "−1.234,50",
        "0",
    )
    assert (change(Decimal(5)), change(Decimal(-5)), change(Decimal(0))) == ("+5", "−5", "0")


@pytest.mark.parametrize(
    ("revised", "spent", "months", "once", "amount", "rule"),
    [
        (1200, None, 3, False, 1200, Rule.BUDGET),
        (1200, -50, 3, False, 1200, Rule.BUDGET),  # a credit note alone
        (1200, 250, 3, False, 1000, Rule.LINEAR),
        (None, 250, 3, False, 1000, Rule.LINEAR),
        (1200, 100, 7, False, 171, Rule.LINEAR),
        (1200, "100.25", 12, False, "100.25", Rule.LINEAR),
        (1200, 250, 3, True, 1200, Rule.ONCE),
        (1200, 1300, 3, True, 1300, Rule.ONCE),
        (1200, 1300, 12, False, 1300, Rule.LINEAR),
    ],
)
def test_a_suggestion_and_the_rule_that_gave_it(revised, spent, months, once, amount, rule):
    found = suggest(
        revised=None if revised is None else Decimal(revised),
        spent=None if spent is None else Decimal(spent),
        months=months,
        invoiced_once=once,
    )
    assert found == (Decimal(amount), rule)


def test_nothing_known_suggests_nothing():
    assert suggest(revised=None, spent=None, months=3, invoiced_once=False) is None
    with pytest.raises(ValueError, match="twelve"):
        suggest(revised=None, spent=None, months=13, invoiced_once=False)
