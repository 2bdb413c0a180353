"""Who may see budgets: amounts are for FOI, the kontorchef and administrators; the first two explain (DESIGN §5)."""

from __future__ import annotations

from typing import Any

from budgets.models import BudgetLine, BudgetYear
from foi_portal.core.permissions import ADMINISTRATOR, FOI, MANAGER
from registry.models import Asset
from tests.access.rules import Rule

SEE = frozenset({FOI, MANAGER, ADMINISTRATOR})
EXPLAIN = frozenset({FOI, MANAGER})

RULES: dict[str, Rule] = {
    "budget-list": Rule(SEE, None, ()),
    "budget-year": Rule(SEE, None, ("overview_year",)),
    "budget-component": Rule(SEE, None, ("overview_year", "overview_code")),
    "budget-visit": Rule(None, SEE, ("overview_year",)),
    "explanation-update": Rule(EXPLAIN, EXPLAIN, ("overview_year", "overview_line")),
}
MISSING: dict[str, Any] = {"overview_year": 2098, "overview_code": "FINDES-IKKE", "overview_line": 0}


def world(found: dict[str, Any]) -> dict[str, Any]:
    """A year with one line."""
    component = Asset.objects.components().order_by("code")[0]
    year = BudgetYear.objects.create(year=2043)
    line = BudgetLine.objects.create(year=year, component=component, cost_type="operation", original=1000)
    return {"overview_year": year.year, "overview_code": component.code, "overview_line": line.pk}
