"""The tabs between the pages of one budget year."""

from __future__ import annotations

from typing import NamedTuple

from django.urls import reverse

from budgets.models import BudgetYear

TABS = (
    ("budget-year", "Overblik"),
    ("line-list", "Linjer"),
    ("adjustment-list", "Ændringer"),
    ("actual-list", "Forbrug"),
    ("forecast-list", "Opfølgninger"),
    ("budget-compute", "Beregning"),
    ("sharing-list", "Fordeling"),
    ("budget-versions", "Versioner"),
)


class Tab(NamedTuple):
    name: str
    label: str
    url: str


def of(year: BudgetYear) -> list[Tab]:
    """The year's tabs, in order."""
    return [Tab(name, label, reverse(name, args=[year.year])) for name, label in TABS]


__all__ = ["TABS", "Tab", "of"]
