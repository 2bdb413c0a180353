"""Panels of adjustments: a component's in a year, and what waits to be decided in a year."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from budgets import adjusting
from budgets.models import Adjustment, AdjustmentEntry, BudgetYear
from budgets.panels import ComponentYear
from budgets.rights import may_see_amounts
from foi_portal.core.permissions import may
from foi_portal.ui import panels


def register() -> None:
    """Make the panels known."""
    panels.register(
        "budget-component",
        panels.Panel("adjustments", "budgets/panel_adjustments.html", load=of_component, order=40),
    )
    panels.register(
        "budget-year",
        panels.Panel("pending", "budgets/panel_pending.html", load=of_year, place="side", order=40),
    )


def of_component(request: HttpRequest, shown: ComponentYear) -> dict[str, Any] | None:
    """The year's adjustments of the component's lines, line by line, the newest first. One query."""
    if not may_see_amounts(request.user):
        return None
    entries = AdjustmentEntry.objects.filter(
        adjustment__year=shown.year, line__component=shown.component
    ).select_related("adjustment__year", "line__unit")
    rows = list(entries.order_by("-adjustment__on", "-adjustment__pk", "line__cost_type", "pk"))
    open_ = not adjusting.why_not(shown.year)
    if not rows and not open_:
        return None
    return {
        "year": shown.year,
        "component": shown.component,
        "rows": rows,
        "may_propose": open_ and may(request.user, "add", Adjustment),
    }


def of_year(request: HttpRequest, year: BudgetYear) -> dict[str, Any] | None:
    """What nobody has decided yet, if anything. One query."""
    if not may_see_amounts(request.user):
        return None
    waiting = list(adjusting.waiting(year))
    return {"waiting": waiting} if waiting else None
