"""Who may do what with sharing out and budget responsibility (DESIGN §5)."""

from __future__ import annotations

from typing import Any

from budgets.models import BudgetLine, BudgetResponsibility, BudgetYear, Sharing
from foi_portal.core.permissions import ADMINISTRATOR, FOI, MANAGER, RESPONSIBLE
from registry.models import Asset
from tests.access.rules import Rule

SEE = frozenset({FOI, MANAGER, ADMINISTRATOR})
EDIT = frozenset({FOI, MANAGER})
KEY = ("sharing_year", "sharing_code")

RULES: dict[str, Rule] = {
    "sharing-list": Rule(SEE, None, ("sharing_year",)),
    "sharing-users": Rule(SEE, None, KEY),
    "sharing-update": Rule(EDIT, EDIT, KEY),
    "sharing-archive": Rule(EDIT, EDIT, KEY),
    "sharing-history": Rule(SEE, None, KEY),
    # A systemansvarlig gets what own systems use, and here there are none of those (tests/budgets/test_responsibility).
    "responsibility-list": Rule(SEE | {RESPONSIBLE}),
    "responsibility-create": Rule(EDIT, EDIT),
    "responsibility-detail": Rule(SEE, None, ("sharing_code",)),
    "responsibility-update": Rule(EDIT, EDIT, ("sharing_code",)),
    "responsibility-archive": Rule(EDIT, EDIT, ("sharing_code",)),
    "responsibility-restore": Rule(EDIT, EDIT, ("sharing_code",)),
    "responsibility-history": Rule(SEE, None, ("sharing_code",)),
}
MISSING: dict[str, Any] = {"sharing_year": 2097, "sharing_code": "FINDES-IKKE"}


def world(found: dict[str, Any]) -> dict[str, Any]:
    """A draft year with a component that has a key and somebody's budget."""
    component = Asset.objects.components().order_by("code")[0]
    year = BudgetYear.objects.create(year=2046)
    BudgetLine.objects.create(year=year, component=component, cost_type="operation", original=1000)
    Sharing.objects.create(year=year, component=component, key="systems")
    BudgetResponsibility.objects.create(component=component)
    return {"sharing_year": year.year, "sharing_code": component.code}
