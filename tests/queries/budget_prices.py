"""Queries of the pages about prices and assumptions: (limit, address' name, its arguments, query) by title."""

from __future__ import annotations

from typing import Any

from budgets.models import Assumption, AssumptionValue, BudgetLine, BudgetYear, Estimate, Price, PriceModel
from registry.models import Asset

PAGES: dict[str, tuple[int, str, list[Any], str]] = {
    "prismodeller": (12, "price-list", [], "size=250&year=2051"),
    "prismodeller, filtreret": (12, "price-list", [], "kind=user&component=K1&year=2051&q=pris&sort=-price"),
    "prismodeller som CSV": (12, "price-list", [], "_export=csv&year=2051"),
    "prismodel": (20, "price-detail", ["PRIS-0"], ""),
    "historik for en prismodel": (16, "price-history", ["PRIS-0"], ""),
    "ny prismodel": (14, "price-create", [], ""),
    "ny pris": (14, "price-year-create", ["PRIS-0"], ""),
    "forudsætninger": (12, "assumption-list", [], "size=250"),
    "forudsætninger år for år": (12, "assumption-table", [], ""),
    "forudsætninger som CSV": (12, "assumption-table", [], "_export=csv"),
    "forudsætning": (14, "assumption-detail", ["TAL-0"], ""),
    "historik for en forudsætning": (16, "assumption-history", ["TAL-0"], ""),
    "forudsætningens tal": (14, "assumption-values", ["TAL-0"], ""),
    "ny forudsætning": (12, "assumption-create", [], ""),
    "regn linjer om": (14, "budget-compute", [2051], ""),
    "regn linjer om, CSV": (14, "budget-compute", [2051], "_export=csv"),
    "hvad nu hvis": (16, "budget-what-if", [2051], "TAL-0=%2B2+%25&TAL-1=5&linjer=alle"),
    "hvad nu hvis, CSV": (16, "budget-what-if", [2051], "TAL-0=%2B2+%25&_export=csv"),
}


def grow(start: int, count: int) -> None:
    """Rows number ``start`` to ``count``; the registry has components K0 …."""
    year, _ = BudgetYear.objects.get_or_create(year=2051)
    assets = {asset.code: asset for asset in Asset.objects.components()}
    numbers = range(start, count)
    tal = Assumption.objects.bulk_create(
        Assumption(code=f"TAL-{i}", name=f"Tal {i}", unit="brugere") for i in numbers
    )
    models = PriceModel.objects.bulk_create(
        PriceModel(code=f"PRIS-{i}", name=f"Pris {i}", kind="user", assumption=it, component=assets[f"K{i}"])
        for i, it in zip(numbers, tal, strict=True)
    )
    first = PriceModel.objects.select_related("assumption").get(code="PRIS-0")
    AssumptionValue.objects.bulk_create(AssumptionValue(assumption=it, year=2051, value=5) for it in tal)
    Price.objects.bulk_create(Price(model=it, since=2040, steps=[["0", "5.00"]]) for it in models)
    # some years of one, all on one page of its history, and many lines that lean on it
    many = [i for i in numbers if 0 < i < 40]
    AssumptionValue.objects.bulk_create(
        AssumptionValue(assumption=first.assumption, year=2000 + i, value=i) for i in many
    )
    Price.objects.bulk_create(Price(model=first, since=2000 + i, steps=[["0", f"{i}.00"]]) for i in many)
    lines = BudgetLine.objects.bulk_create(
        BudgetLine(
            year=year,
            component=assets[f"K{i}"],
            cost_type="transaction",
            price_model=first if i % 2 else models[i - start],
            original=i,
        )
        for i in numbers
    )
    Estimate.objects.bulk_create(Estimate(line=line, ahead=1, amount=5) for line in lines)
