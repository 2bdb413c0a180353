"""Reads over a year's budget: a constant number of queries, whatever the number of lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Max, Sum

from budgets.models import (
    Actual,
    AdjustmentEntry,
    AdjustmentState,
    BudgetLine,
    BudgetYear,
    Forecast,
    ForecastRound,
)
from foi_portal.core.money import ZERO, sum_of_known
from registry.models import Asset


@dataclass(frozen=True, slots=True)
class LineAmounts:
    """A line's amounts in DKK; ``None`` is not known. ``actual`` is what has been booked so far."""

    line: BudgetLine
    original: Decimal | None
    revised: Decimal | None
    actual: Decimal | None
    forecast: Decimal | None

    @property
    def deviation(self) -> Decimal | None:
        """The forecast less the revised budget: above 0 is overspending."""
        if self.forecast is None or self.revised is None:
            return None
        return self.forecast - self.revised


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums of what is known, in DKK; ``None`` when nothing is. ``unknown`` counts lines without a budget.

    The deviation counts only lines of which both forecast and revised budget are known.
    """

    original: Decimal | None
    revised: Decimal | None
    actual: Decimal | None
    forecast: Decimal | None
    deviation: Decimal | None
    unknown: int


@dataclass(frozen=True, slots=True)
class Booked:
    """What has become of a year's lines, by line key: approved adjustments, actuals, and the newest forecast.

    ``month`` is the last month with an actual, ``None`` when nothing is booked on a line.
    """

    adjusted: dict[int, Decimal]
    spent: dict[int, Decimal]
    expected: dict[int, Decimal | None]
    round: ForecastRound | None
    month: int | None

    def revised(self, line: int, original: Decimal | None) -> Decimal | None:
        return None if original is None else original + self.adjusted.get(line, ZERO)


def booked(year: BudgetYear) -> Booked:
    """Four queries."""
    adjusted = (
        AdjustmentEntry.objects.order_by()
        .filter(adjustment__year=year, adjustment__state=AdjustmentState.APPROVED)
        .values_list("line")
        .annotate(total=Sum("amount"))
    )
    spent: dict[int, Decimal] = {}
    month = None
    rows = Actual.objects.order_by().filter(year=year, line__isnull=False).values_list("line")
    for line, amount, last in rows.annotate(total=Sum("amount"), last=Max("month")):
        spent[line] = amount
        month = last if month is None else max(month, last)
    newest = told_round(year)
    forecasts = Forecast.objects.filter(round=newest).order_by().values_list("line", "amount")
    return Booked(dict(adjusted), spent, dict(forecasts) if newest else {}, newest, month)


def line_amounts(year: BudgetYear, component: Asset | None = None) -> list[LineAmounts]:
    """The year's live lines with their amounts, by component. Five queries."""
    lines = BudgetLine.objects.filter(archived_at=None, year=year)
    if component is not None:
        lines = lines.filter(component=component)
    found = booked(year)
    return [
        LineAmounts(
            line=line,
            original=line.original,
            revised=found.revised(line.pk, line.original),
            actual=found.spent.get(line.pk),
            forecast=found.expected.get(line.pk),
        )
        for line in lines.select_related("component", "unit").order_by(
            "component__name", "component__pk", "cost_type", "funding", "pk"
        )
    ]


def told_round(year: BudgetYear) -> ForecastRound | None:
    """The year's latest follow-up in which something has been written: what the year is expected to end at."""
    return ForecastRound.objects.filter(year=year).written().order_by("-actuals_to", "-id").first()


def newest_round(year: BudgetYear) -> ForecastRound | None:
    """The year's latest follow-up, the one to write on."""
    return ForecastRound.objects.filter(year=year).order_by("-actuals_to", "-id").first()


def totals(rows: Iterable[LineAmounts]) -> Totals:
    """The sums of the lines."""
    rows = list(rows)
    return Totals(
        original=sum_of_known(row.original for row in rows),
        revised=sum_of_known(row.revised for row in rows),
        actual=sum_of_known(row.actual for row in rows),
        forecast=sum_of_known(row.forecast for row in rows),
        deviation=sum_of_known(row.deviation for row in rows),
        unknown=sum(row.original is None for row in rows),
    )


__all__ = [
    "Booked",
    "LineAmounts",
    "Totals",
    "booked",
    "line_amounts",
    "newest_round",
    "told_round",
    "totals",
]
