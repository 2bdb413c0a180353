"""Who may do what with adjustments, versions and follow-ups (DESIGN §5)."""

from __future__ import annotations

import datetime
from typing import Any

from budgets.models import (
    Adjustment,
    AdjustmentEntry,
    BudgetLine,
    BudgetYear,
    ForecastRound,
    YearState,
)
from foi_portal.core.permissions import ADMINISTRATOR, FOI, MANAGER
from registry.models import Asset
from tests import factories
from tests.access.rules import NONE, Rule

SEE = frozenset({FOI, MANAGER, ADMINISTRATOR})
WRITE = frozenset({FOI, MANAGER})
DECIDE = frozenset({MANAGER})
YEAR = ("adjustments_year",)
ONE, ROUND = (*YEAR, "adjustment"), (*YEAR, "forecast_round")

RULES: dict[str, Rule] = {
    "adjustment-list": Rule(SEE, None, YEAR),
    "adjustment-create": Rule(WRITE, WRITE, YEAR),
    "adjustment-indexation": Rule(WRITE, WRITE, YEAR),
    "adjustment-detail": Rule(SEE, None, ONE),
    "adjustment-history": Rule(SEE, None, ONE),
    "adjustment-approve": Rule(None, DECIDE, ONE),
    "adjustment-refuse": Rule(None, DECIDE, ONE),
    "adjustment-withdraw": Rule(None, NONE, ONE),  # only for who proposed it, which none of them did
    "forecast-list": Rule(SEE, None, YEAR),
    "forecast-create": Rule(WRITE, WRITE, YEAR),
    "forecast-detail": Rule(SEE, WRITE, ROUND),
    "forecast-update": Rule(WRITE, WRITE, ROUND),
    "forecast-history": Rule(SEE, None, ROUND),
    "budget-versions": Rule(SEE, None, YEAR),
    "budget-line-lookup": Rule(SEE),
}
MISSING: dict[str, Any] = {"adjustments_year": 2099, "adjustment": 0, "forecast_round": 0}


def world(found: dict[str, Any]) -> dict[str, Any]:
    """An approved year with a proposal and a round."""
    component = Asset.objects.components().order_by("code")[0]
    year = BudgetYear.objects.create(year=2002, state=YearState.APPROVED)
    line = BudgetLine.objects.create(year=year, component=component, cost_type="operation", original=1000)
    adjustment = Adjustment.objects.create(
        year=year, kind="supplement", reason="Mere", proposed_by=factories.user()
    )
    AdjustmentEntry.objects.create(adjustment=adjustment, line=line, amount=5)
    round_ = ForecastRound.objects.create(
        year=year, name="1. opfølgning", actuals_to=datetime.date(2002, 3, 31)
    )
    return {"adjustments_year": 2002, "adjustment": adjustment.pk, "forecast_round": round_.pk}
