"""Queries of the pages about budget years and lines: (limit, address' name, its arguments, query) by title."""

from __future__ import annotations

from typing import Any

from budgets.models import BudgetLine, BudgetYear, Estimate, YearDecision
from foi_portal.core.models import User
from registry.models import Asset, Organisation
from tests.queries.budget_overview import WHOLE

LINE = 900_001  # a key of our own, for an address must be known before there are rows
EVERY = (
    "size=250&col=component&col=component_code&col=provider&col=kind&col=funding&col=unit&col=original&col=revised"
    "&col=estimate_1&col=estimate_2&col=estimate_3&col=note&col=account&col=illustrative&col=price_model"
    "&col=calculation&col=updated_at"
)

PAGES: dict[str, tuple[int, str, list[Any], str]] = {
    "budgetlinjer": (14, "line-list", [2054], ""),
    "budgetlinjer, alle kolonner": (14, "line-list", [2054], EVERY),
    "budgetlinjer, filtreret": (
        16,
        "line-list",
        [2054],
        "q=komp&component=K1&provider=O1&kind=operation&unknown=nej&illustrative=nej&sort=-revised",
    ),
    "budgetlinjer som regneark": (12, "line-list", [2054], f"_export=xlsx&{EVERY}"),
    "ny budgetlinje": (14, "line-create", [2054], ""),
    "formular for budgetlinje": (16, "line-update", [2054, LINE], ""),
    "arkivering af budgetlinje": (16, "line-archive", [2054, LINE], ""),
    "historik for budgetlinje": (14, "line-history", [2054, LINE], ""),
    "nyt budgetår": (14, "budget-year-create", [], ""),
    "indsend budget": (18, "budget-year-submit", [2054], ""),
    "hele året med dets gang": (WHOLE, "budget-year", [2054], ""),
}


def grow(start: int, count: int) -> None:
    """Rows number ``start`` to ``count``; the registry has components K0 …."""
    year, _ = BudgetYear.objects.get_or_create(year=2054)
    assets = {asset.code: asset for asset in Asset.objects.components()}
    unit, by = Organisation.objects.order_by("pk")[0], User.objects.order_by("pk")[0]
    if not BudgetLine.objects.filter(pk=LINE).exists():
        BudgetLine.objects.create(
            pk=LINE, year=year, component=assets["STS"], cost_type="staff", original=5, unit=unit
        )
        YearDecision.objects.create(year=year, kind="submit", by=by, at="2055-09-01T10:00Z")
    lines = BudgetLine.objects.bulk_create(
        BudgetLine(
            year=year,
            component=assets[f"K{i}"],
            cost_type="operation",
            original=i,
            unit=unit,
        )
        for i in range(start, count)
    )
    Estimate.objects.bulk_create(
        Estimate(line=line, ahead=ahead, amount=9) for line in lines for ahead in (1, 2)
    )
