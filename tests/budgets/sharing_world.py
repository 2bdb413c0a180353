"""A small year that is shared in every way: tests of sharing out and of responsibility begin with it."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from budgets.models import BudgetLine, BudgetYear, SharePart, Sharing
from registry.models import Asset, Organisation
from tests import factories


def organisation(code: str, kind: str, parent: Organisation | None = None, **values: Any) -> Organisation:
    return factories.organisation(code=code, name=f"Navn {code}", kind=kind, parent=parent, **values)


def sharing(year: BudgetYear, component: Asset, key: str, **values: Any) -> Sharing:
    """A key; ``parts`` by organisation."""
    parts = values.pop("parts", {})
    made = Sharing.objects.create(year=year, component=component, key=key, **values)
    for unit, weight in parts.items():
        SharePart.objects.create(sharing=made, organisation=unit, weight=Decimal(weight))
    return made


def line(year: BudgetYear, component: Asset, original: Any, **values: Any) -> BudgetLine:
    defaults = {"cost_type": "operation", "funding": "DA"}
    amount = None if original is None else Decimal(original)
    return BudgetLine.objects.create(year=year, component=component, original=amount, **defaults | values)


def world() -> SimpleNamespace:
    """BMF has an office with a unit, BSF a centre. The platform STS has the module ORG; POST is used by nobody.

    KY and KP (both of BSF) and OPUS (of BMF) use ORG; KY uses STS itself too; LOS, without a department, uses ORG.
    """
    w = SimpleNamespace(year=BudgetYear.objects.create(year=2026))
    w.city = organisation("OK", "municipality")
    w.bmf = organisation("BMF", "forvaltning", w.city)
    w.office = organisation("DA", "office", w.bmf)
    w.unit = organisation("FOI", "unit", w.office)
    w.bsf = organisation("BSF", "forvaltning", w.city)
    w.centre = organisation("CENTER", "department", w.bsf)
    w.sts = factories.component(code="STS", name="Støttesystemerne", component_type="platform")
    w.org = factories.component(code="ORG", name="Organisation", component_type="module", parent=w.sts)
    w.post = factories.component(code="POST", name="Fjernprint")
    w.ky = factories.system(code="KY", name="Ydelse", department=w.bsf)
    w.kp = factories.system(code="KP", name="Pension", department=w.bsf)
    w.opus = factories.system(code="OPUS", name="Opus", department=w.bmf)
    w.los = factories.system(code="LOS", name="Løs")
    for system in (w.ky, w.kp, w.opus, w.los):
        factories.dependency(source=system, target=w.org)
    factories.dependency(source=w.ky, target=w.sts)
    return w
