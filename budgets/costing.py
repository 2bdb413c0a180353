"""What components cost in some years, line by line, and where each amount comes from.

The best that is known of a line counts: a closed year's accounts, else the newest follow-up's forecast, else the
revised budget. A year without a budget takes the estimates (overslag) of the newest budget before it. What nobody has
written is unknown. A constant number of queries, whatever the number of components, lines and years.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from django.db import models
from django.db.models import Exists, OuterRef, QuerySet, Sum

from budgets.models import (
    ESTIMATED_YEARS,
    Actual,
    AdjustmentEntry,
    AdjustmentState,
    BudgetLine,
    BudgetYear,
    CostType,
    Estimate,
    Forecast,
    ForecastRound,
    Funding,
    YearState,
)
from foi_portal.core.keys import among
from foi_portal.core.money import ZERO


class Origin(models.TextChoices):
    """Where an amount comes from, best first."""

    ACCOUNTS = "accounts", "regnskab"
    FORECAST = "forecast", "forventet regnskab"
    REVISED = "revised", "budget"
    PROPOSED = "proposed", "budgetforslag"
    ESTIMATE = "estimate", "overslag"


class Line(NamedTuple):
    """What makes lines of different years the same cost."""

    component: int
    cost_type: str
    funding: str
    unit: int | None

    @property
    def words(self) -> str:
        return f"{CostType(self.cost_type).label}, {Funding(self.funding).label}"


@dataclass(frozen=True, slots=True)
class Cost:
    """A line's DKK in ``year``; ``None`` is not known. ``budget`` is the year whose budget the line is in."""

    line: Line
    year: int
    amount: Decimal | None
    origin: Origin
    budget: int
    illustrative: bool = False


@dataclass(frozen=True, slots=True)
class _Year:
    """A budget year with lines: what pages need of it without asking again."""

    key: int
    year: int
    state: str

    @property
    def is_closed(self) -> bool:
        return self.state == YearState.CLOSED

    @property
    def is_adopted(self) -> bool:
        return self.state in (YearState.APPROVED, YearState.CLOSED)


def costs(years: Collection[int], components: Collection[int] | None = None) -> list[Cost]:
    """What the components (keys; None: all) cost in the years. Seven queries; three when there is no such budget."""
    budgets = _budgets(min(years) - ESTIMATED_YEARS, max(years))
    # The years that each budget speaks for, by its key.
    speaks: dict[int, list[int]] = {}
    for year in sorted(years):
        budget = _budget_for(year, budgets)
        if budget is not None:
            speaks.setdefault(budget.key, []).append(year)
    by_key = {budget.key: budget for budget in budgets}
    own = {key for key, spoken in speaks.items() if by_key[key].year in spoken}
    closed = {key for key in own if by_key[key].is_closed}
    lines = BudgetLine.objects.current().filter(year__in=list(speaks))
    if components is not None:
        lines = lines.filter(component__in=among(components))
    fields = ("pk", "year", "component", "cost_type", "funding", "unit", "original", "illustrative")
    rows = list(
        lines.order_by("component__name", "component", "cost_type", "funding", "unit", "pk").values_list(
            *fields
        )
    )
    known = _Amounts.of(lines, own, closed)
    found = []
    for key, year_key, component, cost_type, funding, unit, original, illustrative in rows:
        budget = by_key[year_key]
        line = Line(component, cost_type, funding, unit)
        for year in speaks[year_key]:
            amount, origin = known.best(key, budget, year - budget.year, original)
            found.append(Cost(line, year, amount, origin, budget.year, illustrative))
    return found


def by_component(rows: Iterable[Cost]) -> dict[int, Decimal]:
    """The sum of what is known, by component; those of which nothing is known are left out."""
    found: dict[int, Decimal] = {}
    for row in rows:
        if row.amount is not None:
            found[row.line.component] = found.get(row.line.component, ZERO) + row.amount
    return found


def _budgets(first: int, last: int) -> list[_Year]:
    """The budget years with lines, newest first. One query."""
    lines = BudgetLine.objects.current().filter(year=OuterRef("pk"))
    years = BudgetYear.objects.filter(Exists(lines), year__gte=first, year__lte=last).order_by("-year")
    return [_Year(*row) for row in years.values_list("pk", "year", "state")]


def _budget_for(year: int, budgets: Iterable[_Year]) -> _Year | None:
    """The year's own budget, else the newest before it that has estimates for it."""
    return next((b for b in budgets if b.year <= year <= b.year + ESTIMATED_YEARS), None)


@dataclass(frozen=True, slots=True)
class _Amounts:
    """What is written about lines, by their keys."""

    adjusted: dict[int, Decimal]
    spent: dict[int, Decimal]
    expected: dict[int, Decimal | None]
    estimated: dict[tuple[int, int], Decimal | None]

    @classmethod
    def of(cls, lines: QuerySet[BudgetLine], own: Collection[int], closed: Collection[int]) -> _Amounts:
        """Of the lines; forecasts and adjustments of ``own`` years, actuals of ``closed`` ones. Five queries."""
        keys = lines.order_by().values("pk")
        entries = AdjustmentEntry.objects.filter(
            adjustment__state=AdjustmentState.APPROVED, adjustment__year__in=own, line__in=keys
        )
        actuals = Actual.objects.filter(year__in=closed, line__in=keys)
        newest: dict[int, int] = {}
        rounds = ForecastRound.objects.filter(year__in=own).written().order_by("-actuals_to", "-id")
        for key, year in rounds.values_list("pk", "year"):
            newest.setdefault(year, key)
        forecasts = Forecast.objects.filter(round__in=newest.values(), line__in=keys).order_by()
        estimates = Estimate.objects.filter(line__in=keys).order_by()
        return cls(
            adjusted=_sums(entries),
            spent=_sums(actuals),
            expected=dict(forecasts.values_list("line", "amount")),
            estimated={
                (line, ahead): amount
                for line, ahead, amount in estimates.values_list("line", "ahead", "amount")
            },
        )

    def best(
        self, line: int, budget: _Year, ahead: int, original: Decimal | None
    ) -> tuple[Decimal | None, Origin]:
        """The best that is known of the line ``ahead`` years after its budget's own."""
        if ahead:
            return self.estimated.get((line, ahead)), Origin.ESTIMATE
        if budget.is_closed and line in self.spent:
            return self.spent[line], Origin.ACCOUNTS
        expected = self.expected.get(line)
        if expected is not None and not budget.is_closed:
            return expected, Origin.FORECAST
        revised = None if original is None else original + self.adjusted.get(line, ZERO)
        return revised, Origin.REVISED if budget.is_adopted else Origin.PROPOSED


def _sums(rows: Any) -> dict[int, Decimal]:
    return dict(rows.order_by().values_list("line").annotate(total=Sum("amount")))


__all__ = ["Cost", "Line", "Origin", "by_component", "costs"]
