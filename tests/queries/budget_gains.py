"""Queries of the pages about gains: (limit, address' name, its arguments, query) by title."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from budgets.models import BudgetLine, BudgetYear, Estimate, Gain
from registry.models import Asset

FIRST = 95_001  # key of the gain that the detail pages are about
LIST, DETAIL, CASE = 24, 20, 20  # in a transaction the landscape is read afresh: six queries instead of one

PAGES: dict[str, tuple[int, str, list[Any], str]] = {
    "gevinster": (LIST, "gain-list", [], "size=250"),
    "gevinster, filtreret": (
        LIST + 4,
        "gain-list",
        [],
        "q=data&within=STS&side=gain&kind=data_reuse&state=live&organisation=O1&follow_up=overdue&amount=ja&ended=nej",
    ),
    "gevinster som regneark": (LIST, "gain-list", [], "_export=xlsx&archived=alle"),
    "gevinst": (DETAIL, "gain-detail", [FIRST], ""),
    "historik for en gevinst": (LIST, "gain-history", [FIRST], ""),
    "formular for en gevinst": (DETAIL, "gain-update", [FIRST], ""),
    "ny gevinst": (DETAIL, "gain-create", [], "asset=K1"),
    "mulige gevinster": (LIST, "gain-possible", [], "hoejst=1000"),
    "mulige gevinster, en slags": (LIST, "gain-possible", [], "fund=hardly_used&hoejst=1000&asset=STS"),
    "mulige gevinster som CSV": (LIST, "gain-possible", [], "_export=csv&hoejst=1000"),
    "business case": (CASE, "business-case", ["STS"], "fra=2034&gevinster=alle"),
    "business case som regneark": (CASE, "business-case", ["STS"], "fra=2034&_export=xlsx"),
    "business cases": (CASE, "business-case-list", [], "fra=2034"),
    "søgning efter en gevinst": (18, "search", [], "q=data+hentes"),
}


def grow(start: int, count: int) -> None:
    """Rows number ``start`` to ``count``; the registry has systems S0 …, components K0 … below STS, organisations O0 ….

    Each component has a gain, half of them with kroner, and costs in this year and in another.
    """
    years = [BudgetYear.objects.get_or_create(year=number)[0] for number in (timezone.localdate().year, 2034)]
    assets = {asset.code: asset for asset in Asset.objects.all()}
    Gain.objects.bulk_create(
        Gain(
            id=FIRST + i,
            asset=assets[f"K{i}"],
            kind="data_reuse" if i % 3 else "double_cost",
            text=f"Data hentes ét sted, {i}",
            yearly=i if i % 2 else None,
            from_year=2030 if i % 2 else None,
            state="planned" if i % 4 else "realised",
            follow_up_on=timezone.localdate(),
        )
        for i in range(start, count)
    )
    lines = BudgetLine.objects.bulk_create(
        BudgetLine(year=year, component=assets[f"K{i}"], cost_type="licence", original=i)
        for i in range(start, count)
        for year in years
    )
    Estimate.objects.bulk_create(Estimate(line=line, ahead=1, amount=5) for line in lines)
