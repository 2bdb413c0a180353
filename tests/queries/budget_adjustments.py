"""Queries of adjustments, versions and follow-ups: (limit, address' name, its arguments, query) by title."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone

from budgets.models import (
    Adjustment,
    AdjustmentEntry,
    AdjustmentState,
    BudgetLine,
    BudgetYear,
    Forecast,
    ForecastRound,
    YearState,
)
from foi_portal.core.models import User
from registry.models import Asset
from tests.queries.budget_overview import COMPONENT

YEAR, KEY = 2004, 910_000  # a key of our own, away from those that are given
PAGES: dict[str, tuple[int, str, list[Any], str]] = {
    "budgetændringer": (12, "adjustment-list", [YEAR], "size=250"),
    "budgetændringer som csv": (12, "adjustment-list", [YEAR], "_export=csv"),
    "en budgetændring": (14, "adjustment-detail", [YEAR, KEY], ""),
    "ny budgetændring": (12, "adjustment-create", [YEAR], f"fra={KEY}"),
    "PL-fremskrivning": (12, "adjustment-indexation", [YEAR], ""),
    "opfølgninger": (12, "forecast-list", [YEAR], "size=250"),
    "en opfølgning": (18, "forecast-detail", [YEAR, KEY], ""),
    "en opfølgning som xlsx": (16, "forecast-detail", [YEAR, KEY], "_export=xlsx"),
    "versioner": (18, "budget-versions", [YEAR], ""),
    "to versioner": (24, "budget-versions", [YEAR], "pr=2099-01-01&sammenlign=2099-01-02"),
    "opslag af budgetlinjer": (8, "budget-line-lookup", [], f"year={YEAR}&q=komponent"),
    "budget med ændringer": (30, "budget-year", [YEAR], ""),
    "komponentens budget med ændringer": (COMPONENT, "budget-component", [YEAR, "K0"], ""),
}


def grow(start: int, count: int) -> None:
    """Rows number ``start`` to ``count``; the registry has components K0 …."""
    year, _ = BudgetYear.objects.get_or_create(year=YEAR, defaults={"state": YearState.APPROVED})
    user = User.objects.order_by("pk")[0]
    done = {"state": AdjustmentState.APPROVED, "decided_by": user, "decided_at": timezone.now()}
    kept, _ = Adjustment.objects.get_or_create(
        pk=KEY, defaults={"year": year, "kind": "supplement", "reason": "Mere", "proposed_by": user}
    )
    round_, _ = ForecastRound.objects.get_or_create(
        pk=KEY, defaults={"year": year, "name": "1.", "actuals_to": datetime.date(YEAR, 3, 31)}
    )
    assets = {asset.code: asset for asset in Asset.objects.components()}
    lines = BudgetLine.objects.bulk_create(
        BudgetLine(year=year, component=assets[f"K{i}"], cost_type="operation", original=1000 + i)
        for i in range(start, count)
    )
    lines += BudgetLine.objects.bulk_create(
        BudgetLine(year=year, component=assets["K0"], cost_type="licence", unit_id=unit, original=5)
        for unit in Asset.objects.filter(code__in=[f"K{i}" for i in range(start, count)]).values_list(
            "provider", flat=True
        )
    )
    AdjustmentEntry.objects.bulk_create(
        AdjustmentEntry(adjustment=kept, line=line, amount=10) for line in lines
    )
    Forecast.objects.bulk_create(Forecast(round=round_, line=line, amount=10) for line in lines)
    for values in (done, {}):
        made = Adjustment.objects.bulk_create(
            Adjustment(year=year, kind="supplement", reason=f"Mere {i}", proposed_by=user, **values)
            for i in range(start, count)
        )
        AdjustmentEntry.objects.bulk_create(
            AdjustmentEntry(adjustment=one, line=line, amount=1)
            for one, line in zip(made, lines, strict=False)
        )
