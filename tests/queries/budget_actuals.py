"""Queries of the pages about actuals: (limit, address' name, its arguments, query) by title."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from budgets.models import Actual, ActualImport, BudgetLine, BudgetYear
from foi_portal.core.models import User
from registry.models import Asset

YEAR, KEY = 2003, 900_000  # a key of our own, away from those that are given
PAGES: dict[str, tuple[int, str, list[Any], str]] = {
    "forbrug": (14, "actual-list", [YEAR], ""),
    "forbrug af en komponent": (14, "actual-list", [YEAR], "komponent=K1"),
    "forbrug uden linje": (14, "actual-unplaced", [YEAR], ""),
    "ny postering": (14, "actual-create", [YEAR], ""),
    "posteringer": (12, "actual-postings", [YEAR], "size=250"),
    "posteringer, filtreret": (14, "actual-postings", [YEAR], "component=K1&month=1&state=standing&q=a"),
    "posteringer som csv": (12, "actual-postings", [YEAR], "_export=csv"),
    "en postering": (14, "actual-detail", [YEAR, KEY], ""),
    "en indlæst fil": (12, "actual-import-detail", [YEAR, KEY], ""),
}


def grow(start: int, count: int) -> None:
    """Rows number ``start`` to ``count``; the registry has components K0 …."""
    year, _ = BudgetYear.objects.get_or_create(year=YEAR)
    user = User.objects.order_by("pk")[0]
    file, _ = ActualImport.objects.get_or_create(
        pk=KEY, defaults={"year": year, "file_name": "a.csv", "digest": "x", "by": user, "at": timezone.now()}
    )
    Actual.objects.get_or_create(
        pk=KEY, defaults={"year": year, "month": 3, "amount": 7, "account": "K", "batch": file}
    )
    assets = {asset.code: asset for asset in Asset.objects.components()}
    lines = BudgetLine.objects.bulk_create(
        BudgetLine(year=year, component=assets[f"K{i}"], cost_type="operation", original=i)
        for i in range(start, count)
    )
    Actual.objects.bulk_create(
        Actual(year=year, line=line, month=1, amount=5, account="K", text="a", batch=file) for line in lines
    )
    Actual.objects.bulk_create(
        Actual(year=year, month=2, amount=i, account=f"K {i}") for i in range(start, count)
    )
    ActualImport.objects.bulk_create(
        ActualImport(year=year, file_name=f"{i}.csv", digest=str(i), by=user, at=timezone.now())
        for i in range(start, count)
    )
