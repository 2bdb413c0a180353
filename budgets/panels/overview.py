"""The budget on a component's own page, for those who may see amounts."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from budgets import deviations, words, year_sums
from budgets.rights import may_see_amounts
from foi_portal.ui.panels import Panel
from foi_portal.ui.panels import register as register_panel
from registry.models import Asset, Component

SHOWN = 5  # years


def register() -> None:
    """Make the panels known."""
    register_panel(Component, Panel("budget", "budgets/panel_budget.html", component_panel, "side", 40))


def component_panel(request: HttpRequest, component: Asset) -> dict[str, Any] | None:
    """This year's budget and the years before; nothing for a component that is in no budget. One query."""
    if not may_see_amounts(request.user):
        return None
    years = year_sums.briefly(component)
    if not years:
        return None
    today = timezone.localdate()
    shown = [one for one in years if one.year <= today.year + 1][-SHOWN:] or years[:1]
    now = next((one for one in shown if one.year == today.year), shown[-1])
    before = next((one for one in shown if one.year == now.year - 1), None)
    change = (
        None
        if before is None or now.revised is None or before.revised is None
        else now.revised - before.revised
    )
    return {
        "now": now,
        "used": words.percent(deviations.percent(now.actual, now.revised), plus=False),
        "change": words.percent(deviations.percent(change, before.revised if before else None)),
        "before": before,
        "years": shown[::-1],
        "component": component,
    }
