"""Copying a year reads prices as computing does: archived, unknown, unreadable and too large ones included."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from budgets import computing, copying
from budgets.copy_plan import NewLine, Terms
from budgets.models import AssumptionValue, BudgetLine, BudgetYear
from foi_portal.core.permissions import FOI
from tests import factories
from tests.budgets import rows
from tests.registry.pages import words

pytestmark = pytest.mark.django_db


@pytest.fixture
def line() -> BudgetLine:
    """4,000,000 in 2026 at 25 kr. a head; 160,000 heads in 2027."""
    people = rows.assumption("INDBYGGERE", {2026: 160_000, 2027: 160_000})
    model = rows.price("FKI", people, [["0", "25"]], since=2026)
    return rows.line(rows.year(2026), price_model=model, original=4_000_000)


ASKED = Terms(source=2026, target=2027, rate=Decimal(2))


def copied() -> NewLine:
    """The line as the plan for 2027 has it."""
    (found,) = copying.plan(ASKED).lines
    return found


def test_the_copy_is_what_computing_says(line: BudgetLine):
    actor = factories.member(FOI)
    copying.carry_out(terms=ASKED, seen=copying.plan(ASKED).digest, actor=actor)
    (planned,) = computing.plan(BudgetYear.objects.get(year=2027))
    assert planned.line.original == Decimal(4_000_000)
    assert not planned.changes


def test_an_archived_price_is_not_read(line: BudgetLine):
    line.price_model.prices.create(since=2027, steps=[["0", "99"]], archived_at=timezone.now())
    assert copied().amount == Decimal(4_000_000)


@pytest.mark.parametrize(
    ("break_it", "said"),
    [
        ("value", "«Indbyggere» er ikke skrevet for 2027."),
        ("steps", "Prisen fra 2026 på «Fki» kan ikke læses."),
        ("huge", "Beløbet bliver for stort til et budget."),
    ],
)
def test_what_cannot_be_computed_follows_pl_and_says_why(line: BudgetLine, break_it: str, said: str):
    of_2027 = AssumptionValue.objects.filter(year=2027)
    {
        "value": lambda: of_2027.update(value=None),
        "steps": lambda: line.price_model.prices.update(steps=[]),
        "huge": lambda: of_2027.update(value=10**11),
    }[break_it]()
    found = copied()
    assert (found.amount, found.is_computed) == (Decimal(4_080_000), False)
    assert found.remark.startswith(said)


def test_a_number_typed_fills_the_row_that_said_it_was_not_known(line: BudgetLine):
    AssumptionValue.objects.filter(year=2027).update(value=None)
    people: Any = line.price_model.assumption_id
    asked = replace(ASKED, assumptions={people: Decimal(170_000)})
    copying.carry_out(terms=asked, seen=copying.plan(asked).digest, actor=factories.member(FOI))
    assert BudgetLine.objects.get(year__year=2027).original == Decimal(4_250_000)
    assert AssumptionValue.objects.get(year=2027).value == Decimal(170_000)


def test_a_pl_that_is_not_known_is_the_years_own(line: BudgetLine):
    line.price_model.prices.update(until=2026)
    rows.assumption("PL", {2028: 5}, unit="procent")
    assert copied().estimates[0] == Decimal("4284000.00")
    AssumptionValue.objects.filter(year=2028).update(value=None)
    assert copied().estimates[0] == Decimal("4161600.00")


def test_the_form_knows_the_numbers_that_are_there_and_no_others(line: BudgetLine):
    client: Client = factories.client()
    AssumptionValue.objects.filter(year=2027).update(value=None)
    rows.assumption("PL", {2026: Decimal("2.9")}, unit="procent").values.create(year=2027)
    page = words(client.get("/budget/ny/"))
    assert "2026: 160.000" in page
    data = {"year": "2027", "source": "2026", "base": "original"}
    assert "Der er ikke skrevet en PL for 2027." in words(client.post("/budget/ny/", data))
