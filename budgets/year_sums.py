"""The budgets of all years beside each other: what was planned, what was spent, and what is estimated ahead."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery, Sum

from budgets import kept
from budgets.models import (
    ESTIMATED_YEARS,
    Actual,
    AdjustmentEntry,
    AdjustmentState,
    BudgetLine,
    BudgetYear,
    Estimate,
    Forecast,
    ForecastRound,
    YearState,
)
from budgets.rollup import plus
from foi_portal.core.money import ZERO
from registry.models import Asset

Kind = tuple[str, str]  # cost type, funding
MOST = 14  # years beside each other


@dataclass(slots=True)
class YearSums:
    """A year's known amounts in DKK by cost type and funding. ``state`` is "" for a year that is only estimated."""

    year: int
    state: str = ""
    lines: int = 0
    unknown: int = 0  # lines without a budget
    original: Decimal | None = None
    revised: Decimal | None = None
    actual: Decimal | None = None
    forecast: Decimal | None = None
    planned: dict[Kind, Decimal] = field(default_factory=dict)
    spent: dict[Kind, Decimal] = field(default_factory=dict)

    @property
    def is_estimate(self) -> bool:
        return not self.state

    @property
    def state_name(self) -> str:
        return str(YearState(self.state).label) if self.state else "Overslag"


def parts(amounts: dict[Kind, Decimal], part: int) -> dict[str, Decimal]:
    """The amounts by cost type (0) or by funding (1)."""
    found: dict[str, Decimal] = {}
    for kind, amount in amounts.items():
        found[kind[part]] = found.get(kind[part], ZERO) + amount
    return found


def every(version: tuple[Any, ...] | None = None) -> Sequence[YearSums]:
    """All budget years and the estimated years of the newest one, the first first. Never write on it.

    No query when they are known already and ``version`` is given, else five or six.
    """
    return kept.once(kept.version() if version is None else version, "years", _load)


def around(years: Iterable[YearSums], number: int) -> list[YearSums]:
    """The years that a page about ``number`` shows: those there are, to the end of its own estimates or of what is
    budgeted, and at most ``MOST``."""
    years = list(years)
    last = max([number + ESTIMATED_YEARS, *(one.year for one in years if not one.is_estimate)])
    return [one for one in years if one.year <= last][-MOST:]


def of_component(component: Asset) -> list[YearSums]:
    """The component's own lines, year by year, with the estimates of the newest; the first first. Five queries."""
    return _load(Q(component=component))


def briefly(component: Asset) -> list[YearSums]:
    """The component's own lines, year by year, without forecasts and estimates. One query."""
    lines = BudgetLine.objects.current().filter(component=component).order_by("year__year", "pk")
    approved = Q(adjustment_entries__adjustment__state=AdjustmentState.APPROVED)
    rows = BudgetLine.objects.filter(pk=OuterRef("pk")).order_by().values("pk")
    adjusted = rows.annotate(total=Sum("adjustment_entries__amount", filter=approved)).values("total")
    spent = rows.annotate(total=Sum("actuals__amount")).values("total")
    years: dict[int, YearSums] = {}
    for number, state, kind, funding, original, change, actual in lines.values_list(
        "year__year", "year__state", "cost_type", "funding", "original", Subquery(adjusted), Subquery(spent)
    ):
        one = years.setdefault(number, YearSums(number, state))
        one.lines, one.unknown = one.lines + 1, one.unknown + (original is None)
        one.original, one.actual = plus(one.original, original), plus(one.actual, actual)
        if original is not None:
            one.revised = plus(one.revised, original + (change or ZERO))
            one.planned[kind, funding] = (
                plus(one.planned.get((kind, funding)), original + (change or ZERO)) or ZERO
            )
    return list(years.values())


def _load(lines: Q | None = None) -> list[YearSums]:
    """``lines`` narrows the budget lines; then years without any are left out."""
    years: dict[int, YearSums] = {}
    if lines is None:
        known = BudgetYear.objects.order_by("year").values_list("pk", "year", "state")
        years = {key: YearSums(number, state) for key, number, state in known}
    live = BudgetLine.objects.current().filter(lines or Q()).order_by()
    for key, number, state, cost_type, funding, count, unknown, total in live.values_list(
        "year_id", "year__year", "year__state", "cost_type", "funding"
    ).annotate(count=Count("pk"), unknown=Count("pk", filter=Q(original=None)), total=Sum("original")):
        one = years.setdefault(key, YearSums(number, state))
        one.lines, one.unknown = one.lines + count, one.unknown + unknown
        if total is not None:
            one.original = plus(one.original, total)
            one.planned[cost_type, funding] = total
    mine = None if lines is None else BudgetLine.objects.current().filter(lines).order_by().values("pk")
    changed = AdjustmentEntry.objects.filter(adjustment__state=AdjustmentState.APPROVED)
    for key, kind, total in _by_kind(changed.exclude(line__original=None), mine):
        years[key].planned[kind] = years[key].planned.get(kind, ZERO) + total
    for key, kind, total in _by_kind(Actual.objects.all(), mine):
        years[key].spent[kind] = total
        years[key].actual = plus(years[key].actual, total)
    for one in years.values():
        one.revised = sum(one.planned.values(), ZERO) if one.planned else None
    for key, total in _forecasts(mine):
        years[key].forecast = total
    found = sorted(years.values(), key=lambda one: one.year)
    return found + _estimated(found[-1].year, mine) if found else []


def _narrowed(rows: QuerySet[Any], mine: QuerySet[Any, Any] | None) -> QuerySet[Any]:
    """What hangs on the lines that are meant: those not archived, or ``mine``."""
    return (
        rows.filter(line__archived_at=None, line__isnull=False)
        if mine is None
        else rows.filter(line__in=mine)
    )


def _by_kind(rows: QuerySet[Any], mine: QuerySet[Any, Any] | None) -> Iterable[tuple[int, Kind, Decimal]]:
    """Sums by the lines' year, cost type and funding."""
    grouped = _narrowed(rows, mine).order_by()
    found = grouped.values_list("line__year_id", "line__cost_type", "line__funding").annotate(
        total=Sum("amount")
    )
    return ((key, (cost_type, funding), total) for key, cost_type, funding, total in found)


def _forecasts(mine: QuerySet[Any, Any] | None) -> Iterable[tuple[int, Decimal | None]]:
    """What each year is expected to end at by its newest follow-up."""
    newest = (
        ForecastRound.objects.filter(year=OuterRef("round__year")).written().order_by("-actuals_to", "-id")
    )
    rows = _narrowed(Forecast.objects.filter(round=Subquery(newest.values("pk")[:1])), mine)
    found: QuerySet[Any, Any] = rows.order_by().values_list("round__year_id").annotate(total=Sum("amount"))
    return found


def _estimated(newest: int, mine: QuerySet[Any, Any] | None) -> list[YearSums]:
    rows = _narrowed(Estimate.objects.filter(line__year__year=newest), mine).order_by()
    sums: dict[int, YearSums] = {}
    for ahead, cost_type, funding, total in rows.values_list(
        "ahead", "line__cost_type", "line__funding"
    ).annotate(total=Sum("amount")):
        if total is not None:
            one = sums.setdefault(ahead, YearSums(newest + ahead))
            one.planned[cost_type, funding] = total
            one.original = one.revised = plus(one.revised, total)
    return [sums[ahead] for ahead in sorted(sums)]


__all__ = ["YearSums", "around", "briefly", "every", "of_component", "parts"]
