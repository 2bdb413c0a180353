"""Who may do what with prices and assumptions: who sees amounts reads them, FOI and the kontorchef correct them."""

from __future__ import annotations

from typing import Any

from budgets.models import Assumption, BudgetLine, BudgetYear, PriceModel
from foi_portal.core.permissions import ADMINISTRATOR, FOI, MANAGER
from registry.models import Asset
from tests.access.rules import Rule

SEE = frozenset({FOI, MANAGER, ADMINISTRATOR})
EDIT = frozenset({FOI, MANAGER})


def pages(name: str, key: str) -> dict[str, Rule]:
    return {
        f"{name}-list": Rule(SEE),
        f"{name}-create": Rule(EDIT, EDIT),
        f"{name}-detail": Rule(SEE, None, (key,)),
        f"{name}-update": Rule(EDIT, EDIT, (key,)),
        f"{name}-archive": Rule(EDIT, EDIT, (key,)),
        f"{name}-restore": Rule(EDIT, EDIT, (key,)),
        f"{name}-history": Rule(SEE, None, (key,)),
    }


RULES: dict[str, Rule] = {
    **pages("price", "price_code"),
    "price-year-create": Rule(EDIT, EDIT, ("price_code",)),
    "price-year-update": Rule(EDIT, EDIT, ("price_code", "price_pk")),
    "price-year-archive": Rule(EDIT, EDIT, ("price_code", "price_pk")),
    "price-year-restore": Rule(EDIT, EDIT, ("price_code", "price_pk")),
    **pages("assumption", "assumption_code"),
    "assumption-table": Rule(SEE),
    "assumption-values": Rule(EDIT, EDIT, ("assumption_code",)),
    "budget-compute": Rule(SEE, EDIT, ("compute_year",)),
    "budget-what-if": Rule(SEE, None, ("compute_year",)),
}
MISSING: dict[str, Any] = {"price_code": "X", "price_pk": 0, "assumption_code": "X", "compute_year": 2097}


def world(found: dict[str, Any]) -> dict[str, Any]:
    """A price of each inhabitant, and a draft year with a line that it cannot be computed for yet."""
    assumption = Assumption.objects.create(code="BORGERE", name="Borgere", unit="borgere")
    model = PriceModel.objects.create(
        code="BORGERPRIS", name="Borgerpris", kind="inhabitant_flat", assumption=assumption
    )
    price = model.prices.create(since=2040, steps=[["0", "5.00"]])
    year = BudgetYear.objects.create(year=2049)
    component = Asset.objects.components().order_by("code")[0]
    BudgetLine.objects.create(year=year, component=component, cost_type="licence", price_model=model)
    return {
        "price_code": model.code,
        "price_pk": price.pk,
        "assumption_code": assumption.code,
        "compute_year": year.year,
    }
