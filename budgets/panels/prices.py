"""Panels of prices: how a component's lines are computed, and how many of a year's would be otherwise today."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from budgets import computing, prices
from budgets.models import BudgetLine, BudgetYear, PriceModel
from budgets.panels import ComponentYear
from budgets.rights import may_edit_lines, may_see_amounts
from foi_portal.ui import panels
from foi_portal.ui.panels import Panel


def register() -> None:
    """Make the panels known."""
    panels.register(
        "budget-component", Panel("prices", "budgets/panel_prices.html", load=component_panel, order=60)
    )
    panels.register(
        "budget-year",
        Panel("computing", "budgets/panel_computing.html", load=year_panel, place="side", order=80),
    )


def component_panel(request: HttpRequest, shown: ComponentYear) -> dict[str, Any] | None:
    """The component's price models: this year's arithmetic, line by line, and the price over the years."""
    if not may_see_amounts(request.user):
        return None
    lines = list(
        computing.computed_lines(shown.year).filter(component=shown.component).select_related("unit")
    )
    own = PriceModel.objects.current().filter(component=shown.component)
    keys = {*(line.price_model_id for line in lines), *own.values_list("pk", flat=True)}
    if not keys:
        return None
    rates = computing.Rates.of(keys)
    planned = computing.plan(shown.year, lines, rates)
    models = [
        (
            tariff,
            rates.compute(key, shown.year.year),
            prices.story(tariff.periods, tariff.kind.per),
            [row for row in planned if row.line.price_model_id == key],
        )
        for key, tariff in sorted(rates.tariffs.items(), key=lambda pair: (pair[1].name, pair[1].code))
    ]
    return {"models": models, "may_edit": may_edit_lines(request.user, shown.year)}


def year_panel(request: HttpRequest, year: BudgetYear) -> dict[str, Any] | None:
    """How many lines would be computed otherwise today, for those who may change them."""
    if not may_see_amounts(request.user):
        return None
    if not may_edit_lines(request.user, year):
        computed = BudgetLine.objects.current().filter(year=year, price_model__isnull=False).exists()
        return {"differing": 0, "missing": 0, "computed": computed}
    planned = computing.plan(year)
    return {
        "differing": sum(row.differs for row in planned),
        "missing": sum(row.outcome.missing is not None for row in planned),
        "computed": bool(planned),
    }
