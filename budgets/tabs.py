"""The tabs between the pages of one budget year. A page that is not there yet has no tab."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.urls import NoReverseMatch, reverse

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


def address(name: str, *args: Any) -> str:
    """The address, or "" as long as the page is not there."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


def of(year: BudgetYear) -> list[Tab]:
    """The year's tabs, in order."""
    found = [Tab(name, label, address(name, year.year)) for name, label in TABS]
    return [tab for tab in found if tab.url]


__all__ = ["TABS", "Tab", "address", "of"]
