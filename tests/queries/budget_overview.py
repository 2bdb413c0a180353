"""Queries of the budget overview: (limit, address' name, its arguments, query) by title."""

from __future__ import annotations

import datetime
from typing import Any

from budgets.models import (
    Actual,
    BudgetLine,
    BudgetYear,
    Estimate,
    Forecast,
    ForecastRound,
)
from registry.models import Asset

# Pages of several subjects, each with panels on them. In a transaction what was added up is read afresh: eighteen
# queries instead of one.
WHOLE, COMPONENT = 36, 50
PAGES: dict[str, tuple[int, str, list[Any], str]] = {
    "budgetår": (16, "budget-list", [], ""),
    "budget": (WHOLE, "budget-year", [2044], ""),
    "budget, kun afvigelser": (
        WHOLE,
        "budget-year",
        [2044],
        "kun=afvigelser&finansiering=DA&opdel=finansiering",
    ),
    "budget, linje for linje": (WHOLE, "budget-year", [2044], "vis=linjer"),
    "budget i kladde": (WHOLE, "budget-year", [2045], ""),
    "budget som CSV": (16, "budget-year", [2044], "_export=csv"),
    "budget som regneark": (24, "budget-year", [2044], "_export=xlsx"),
    "komponentens budget": (COMPONENT, "budget-component", [2044, "K0"], ""),
}


def grow(start: int, count: int) -> None:
    """Rows number ``start`` to ``count``; the registry has components K0 …."""
    year, _ = BudgetYear.objects.get_or_create(year=2044, defaults={"state": "approved"})
    draft, _ = BudgetYear.objects.get_or_create(year=2045)
    day = datetime.date(2044, 8, 1)
    round_, _ = ForecastRound.objects.get_or_create(
        year=year, actuals_to=day, defaults={"name": "Opfølgning"}
    )
    assets = {asset.code: asset for asset in Asset.objects.components()}
    for of in (year, draft):
        lines = BudgetLine.objects.bulk_create(
            BudgetLine(year=of, component=assets[f"K{i}"], cost_type=kind, original=100 + i, note="x")
            for i in range(start, count)
            for kind in ("operation", "licence")
        )
        if of is draft:
            Estimate.objects.bulk_create(Estimate(line=line, ahead=1, amount=5) for line in lines)
            continue
        Actual.objects.bulk_create(Actual(year=year, line=line, month=1, amount=5) for line in lines)
        Forecast.objects.bulk_create(
            Forecast(round=round_, line=line, amount=150 + i) for i, line in enumerate(lines)
        )
