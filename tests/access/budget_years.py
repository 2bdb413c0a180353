"""Who may do what with budget years and lines: FOI and the kontorchef write, the kontorchef decides (DESIGN §5).

The pages of a step say who may take it, so all who see the year may look at them.
"""

from __future__ import annotations

from typing import Any

from budgets.models import BudgetLine, BudgetYear
from foi_portal.core.permissions import ADMINISTRATOR, FOI, MANAGER
from registry.models import Asset
from tests.access.rules import Rule

SEE = frozenset({FOI, MANAGER, ADMINISTRATOR})
WRITE = frozenset({FOI, MANAGER})
DECIDE = frozenset({MANAGER})
YEAR, LINE = ("years_year",), ("years_year", "years_line")

RULES: dict[str, Rule] = {
    "budget-year-create": Rule(WRITE, WRITE),
    "budget-year-update": Rule(WRITE, WRITE, YEAR),
    "budget-year-history": Rule(SEE, None, YEAR),
    "budget-year-submit": Rule(SEE, WRITE, YEAR),
    "budget-year-return": Rule(SEE, DECIDE, YEAR),
    "budget-year-approve": Rule(SEE, DECIDE, YEAR),
    "budget-year-reopen": Rule(SEE, DECIDE, YEAR),
    "budget-year-close": Rule(SEE, DECIDE, YEAR),
    "line-list": Rule(SEE, None, YEAR),
    "line-create": Rule(WRITE, WRITE, YEAR),
    "line-update": Rule(WRITE, WRITE, LINE),
    "line-archive": Rule(WRITE, WRITE, LINE),
    "line-restore": Rule(WRITE, WRITE, LINE),
    "line-history": Rule(SEE, None, LINE),
}
MISSING: dict[str, Any] = {"years_year": 2097, "years_line": 0}


def world(found: dict[str, Any]) -> dict[str, Any]:
    """A draft with one line."""
    component = Asset.objects.components().order_by("code")[0]
    year = BudgetYear.objects.create(year=2053)
    line = BudgetLine.objects.create(year=year, component=component, cost_type="operation", original=1000)
    return {"years_year": year.year, "years_line": line.pk}
