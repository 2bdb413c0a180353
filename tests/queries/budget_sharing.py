"""Queries of sharing out and responsibility: (limit, address' name, its arguments, query) by title."""

from __future__ import annotations

from typing import Any

from budgets.models import BudgetLine, BudgetResponsibility, BudgetYear, SharePart, Sharing
from registry.models import Asset, Component, Organisation
from tests.queries.budget_overview import COMPONENT, WHOLE

# A test is in a transaction, where the landscape and its uses are read afresh: seven queries instead of one.
PAGES: dict[str, tuple[int, str, list[Any], str]] = {
    "fordeling": (20, "sharing-list", [2048], ""),
    "fordeling efter platform": (20, "sharing-list", [2048], "saml=platform&forvaltning=O1&beloeb=forbrug"),
    "fordeling som CSV": (20, "sharing-list", [2048], "_export=csv"),
    "komponentens brugere": (20, "sharing-users", [2048, "STS"], ""),
    "komponentens brugere som regneark": (20, "sharing-users", [2048, "STS"], "_export=xlsx"),
    "ret fordelingen": (12, "sharing-update", [2048, "K1"], ""),
    "arkivér fordelingen": (8, "sharing-archive", [2048, "K1"], ""),
    "platformens budget med brugere": (COMPONENT, "budget-component", [2048, "STS"], ""),
    "budgetår med uafklarede": (WHOLE, "budget-year", [2048], ""),
    "budgetansvar": (14, "responsibility-list", [], "size=250"),
    "budgetansvar, filtreret": (
        18,
        "responsibility-list",
        [],
        "state=uafklarede&year=2048&within=STS&organisation=O1&q=k&sort=since",
    ),
    "budgetansvar som CSV": (14, "responsibility-list", [], "_export=csv"),
    "ét budgetansvar": (12, "responsibility-detail", ["K1"], ""),
    "nyt budgetansvar": (6, "responsibility-create", [], "component=K2"),
}


def grow(start: int, count: int) -> None:
    """Rows number ``start`` to ``count``; the registry has components K0 …."""
    year, _ = BudgetYear.objects.get_or_create(year=2048)
    assets = {asset.code: asset for asset in Asset.objects.components()}
    units = list(Organisation.objects.filter(kind="forvaltning").order_by("pk"))
    platform = Component.objects.get(code="STS")
    BudgetLine.objects.get_or_create(
        year=year, component=platform, cost_type="licence", defaults={"original": 12345}
    )
    Sharing.objects.get_or_create(year=year, component=platform, defaults={"key": "systems"})
    BudgetLine.objects.bulk_create(
        BudgetLine(year=year, component=assets[f"K{i}"], cost_type="operation", original=i)
        for i in range(start, count)
    )
    sharings = Sharing.objects.bulk_create(
        Sharing(year=year, component=assets[f"K{i}"], key="users" if i % 2 else "systems")
        for i in range(start, count)
    )
    SharePart.objects.bulk_create(
        SharePart(sharing=sharing, organisation=unit, weight=at + 1)
        for sharing in sharings
        for at, unit in enumerate(units[:4])
    )
    one = Sharing.objects.get(year=year, component=assets["K1"])
    known = set(one.parts.values_list("organisation", flat=True))
    SharePart.objects.bulk_create(
        SharePart(sharing=one, organisation=unit, weight=1) for unit in units if unit.pk not in known
    )
    BudgetResponsibility.objects.bulk_create(
        BudgetResponsibility(component=assets[f"K{i}"], organisation=units[0], clarified=i % 5 != 0)
        for i in range(start, count)
        if i % 2
    )
