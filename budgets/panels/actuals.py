"""Panels of actuals: a component's spending month by month in a year."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from itertools import accumulate
from typing import Any

from django.db.models import Sum
from django.http import HttpRequest

from budgets.importing.actuals import MONTH_NAMES
from budgets.models import Actual, BudgetLine
from budgets.panels import ComponentYear
from budgets.rights import may_see_amounts
from foi_portal.core.money import ZERO
from foi_portal.ui import panels


def register() -> None:
    """Make the panels known."""
    panels.register(
        "budget-component",
        panels.Panel("actuals", "budgets/panel_actuals.html", load=of_component, order=50),
    )


def of_component(request: HttpRequest, shown: ComponentYear) -> dict[str, Any] | None:
    """Twelve months × the component's lines with something booked, with sums and a running total. Two queries."""
    if not may_see_amounts(request.user):
        return None
    booked = Actual.objects.filter(year=shown.year, line__component=shown.component).order_by()
    sums: dict[int, dict[int, Decimal]] = defaultdict(dict)
    for line, month, total in booked.values_list("line", "month").annotate(total=Sum("amount")):
        sums[month][line] = total
    wanted, last = {line for month in sums.values() for line in month}, max(sums, default=0)
    lines = list(
        BudgetLine.objects.filter(pk__in=wanted).select_related("unit").order_by("cost_type", "funding", "pk")
    )
    months = [sum(sums[number].values(), ZERO) if number in sums else None for number in range(1, 13)]
    running = accumulate(amount or ZERO for amount in months)
    rows = [
        (number, name, [sums[number].get(line.pk) for line in lines], month, so_far)
        for (number, name), month, so_far in zip(enumerate(MONTH_NAMES, 1), months, running, strict=True)
    ]
    by_line = [sum((month.get(line.pk, ZERO) for month in sums.values()), ZERO) for line in lines]
    return {
        "year": shown.year,
        "component": shown.component,
        "lines": lines,
        "rows": rows,
        "by_line": by_line,
        "total": sum(by_line, ZERO),
        "last": last,
        "latest": rows[last - 1] if last else None,
    }
