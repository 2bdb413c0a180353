"""The columns of follow-up rounds, and of a round's rows in exports. Machine names are kept by people's scripts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from django.utils.html import conditional_escape

from budgets import words
from budgets.forecasting import Row
from foi_portal.core import money
from foi_portal.ui import tables
from foi_portal.ui.tables import Column, link


def _kroner(row: tables.Row) -> str:
    return conditional_escape(words.exact(row["total"]))


ROUND_COLUMNS = (
    # the list is of one year, and its own address is the base of those of its rows
    Column("name", "Opfølgning", "name", cell=lambda row: link(f"{row['pk']}/", row["name"])),
    Column("actuals_to", "Forbrug til og med", "actuals_to"),
    Column("lines", "Linjer med forventning", "lines", numeric=True),
    Column("total", "Forventet regnskab", "total", cell=_kroner, numeric=True),
    Column("updated_at", "Sidst rettet", "updated_at", minor=True, shown=False),
)
EXPORTED = (
    "component",
    "kind",
    "funding",
    "unit",
    "revised",
    "actual",
    "previous",
    "suggested",
    "forecast",
    "deviation",
)


def exported(rows: Iterable[Row], *, numbers: bool) -> Iterator[list[Any]]:
    """The rows' values by ``EXPORTED``: amounts as numbers for a workbook, else as 1234.50. Unknown is empty."""
    for row in rows:
        suggested = row.suggestion.amount if row.suggestion else None
        known = (row.revised, row.spent, row.previous, suggested, row.forecast, row.deviation)
        yield [
            row.line.component.code,
            row.line.cost_type,
            row.line.funding,
            row.line.unit.code if row.line.unit is not None else "",
            *(money.exported(amount, numbers=numbers) for amount in known),
        ]


__all__ = ["EXPORTED", "ROUND_COLUMNS", "exported"]
