"""Invented budgets on the invented landscape: twelve years, six lines to each component, up to 800,000 actuals.

``make()`` is pure; ``load()`` copies the rows in through the history's triggers. The landscape is measured first:
budgets make its history twice as long.
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from django.db.models import Model

from budgets.models import (
    Actual,
    ActualSource,
    BudgetLine,
    BudgetYear,
    CostType,
    Forecast,
    ForecastRound,
    Funding,
    YearState,
)
from foi_portal.pages.bench import landscape
from foi_portal.pages.bench.landscape import Row, Size
from foi_portal.pages.bench.measure import Page

FIRST, NOW, LAST = 2016, 2026, 2027  # the draft is the last
PER_COMPONENT = 6
MOST_ACTUALS = 800_000
MONTHS = 12

# What the year's page adds up: every line with its adjustments, actuals and newest forecast.
YEAR = f"""
    SELECT l.id, l.component_id, l.cost_type, l.funding, l.original, e.total AS adjusted, a.total AS actual, f.amount
    FROM budgets_budgetline l
    JOIN budgets_budgetyear y ON y.id = l.year_id AND y.year = {NOW}
    LEFT JOIN (SELECT line_id, sum(amount) AS total FROM budgets_actual
        WHERE year_id = (SELECT id FROM budgets_budgetyear WHERE year = {NOW}) AND line_id IS NOT NULL
        GROUP BY line_id) a ON a.line_id = l.id
    LEFT JOIN (SELECT n.line_id, sum(n.amount) AS total FROM budgets_adjustmententry n
        JOIN budgets_adjustment d ON d.id = n.adjustment_id AND d.state = 'approved' GROUP BY n.line_id) e
        ON e.line_id = l.id
    LEFT JOIN budgets_forecast f ON f.line_id = l.id AND f.round_id = (
        SELECT r.id FROM budgets_forecastround r JOIN budgets_budgetyear ry ON ry.id = r.year_id AND ry.year = {NOW}
        ORDER BY r.actuals_to DESC, r.id DESC LIMIT 1)
    WHERE l.archived_at IS NULL"""  # noqa: S608 - our own numbers
YEARS = """
    SELECT l.year_id, l.cost_type, l.funding, sum(a.amount) FROM budgets_actual a
    JOIN budgets_budgetline l ON l.id = a.line_id AND l.archived_at IS NULL GROUP BY 1, 2, 3"""


def pages() -> list[Page]:
    """The pages that add budgets up. One changes a line before each time: it is what the first to look waits for."""
    page = f"/budget/{NOW}/"
    change = "UPDATE budgets_budgetline SET note = md5(note) WHERE id = 1"
    return [
        Page("budget of a year", page, 36, (YEAR,)),
        Page("budget of a year, only deviations", f"{page}?kun=afvigelser", 36, (YEAR,)),
        Page("budget of a year, line by line", f"{page}?vis=linjer", 36, (YEAR,)),
        Page("budget of a year, after a change", page, 50, (YEAR, YEARS), slow=True, change=change),
        Page("budget of a year as CSV", f"{page}?_export=csv", 20, (YEAR,)),
        Page("budget of all years", "/budget/", 20, (YEARS,)),
    ]


def years() -> Iterator[Row]:
    for number in range(FIRST, LAST + 1):
        state = YearState.CLOSED if number < NOW else YearState.APPROVED if number == NOW else YearState.DRAFT
        yield {"id": number, "year": number, "state": state}


def lines(rng: random.Random, size: Size) -> Iterator[Row]:
    """Line number ``n`` of a year has the key after that of ``n - 1``, year after year."""
    kinds = [(cost_type, funding) for cost_type in CostType for funding in Funding]
    key = 0
    for number in range(FIRST, LAST + 1):
        for component in range(1, size.components + 1):
            for cost_type, funding in rng.sample(kinds, PER_COMPONENT):
                key += 1
                yield {
                    "id": key,
                    "year_id": number,
                    "component_id": component,
                    "cost_type": cost_type,
                    "funding": funding,
                    "original": Decimal(rng.randrange(1_000, 500_000)),
                    "note": "Drift og vedligehold",
                }


def actuals(rng: random.Random, size: Size) -> Iterator[Row]:
    """One a month on every line, the newest years first, until there are enough."""
    per_year, key = size.components * PER_COMPONENT, 0
    for number in range(NOW, FIRST - 1, -1):
        first = (number - FIRST) * per_year + 1
        for month in range(1, MONTHS + 1):
            for line in range(first, first + per_year):
                if key >= MOST_ACTUALS:
                    return
                key += 1
                yield {
                    "id": key,
                    "year_id": number,
                    "line_id": line,
                    "month": month,
                    "amount": Decimal(rng.randrange(100, 40_000)),
                    "source": ActualSource.FINANCE,
                }


def forecasts(rng: random.Random, size: Size) -> Iterator[Row]:
    per_year = size.components * PER_COMPONENT
    first = (NOW - FIRST) * per_year + 1
    for key in range(per_year):
        yield {
            "id": key + 1,
            "round_id": 1,
            "line_id": first + key,
            "amount": Decimal(rng.randrange(1_000, 500_000)),
        }


def make(seed: int, size: Size) -> list[tuple[type[Model], Iterable[Row]]]:
    """The budgets as (model, rows) pairs in an order that foreign keys accept."""
    rounds: list[dict[str, Any]] = [
        {"id": 1, "year_id": NOW, "name": "3. opfølgning", "actuals_to": datetime.date(NOW, 10, 31)}
    ]
    return [
        (BudgetYear, years()),
        (BudgetLine, lines(random.Random(seed + 4), size)),  # noqa: S311 - invented amounts, not secrets
        (Actual, actuals(random.Random(seed + 5), size)),  # noqa: S311
        (ForecastRound, rounds),
        (Forecast, forecasts(random.Random(seed + 6), size)),  # noqa: S311
    ]


def load(seed: int, size: Size) -> None:
    """Copy the budgets into the current PostgreSQL database, which has the landscape, unless there are some already."""
    if not BudgetYear.objects.exists():
        landscape.copy_in(make(seed, size))


__all__ = ["load", "make", "pages"]
