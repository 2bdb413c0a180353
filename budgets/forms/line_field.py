"""The field that picks a budget line by what is typed: a year may have thousands of them."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from budgets import line_names
from budgets.models import BudgetLine, BudgetYear
from foi_portal.ui.forms import RowChoiceField


class LineField(RowChoiceField):
    """A line of one year: «STS», where the component has only one, else «STS · Drift» and so on."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("label", "Budgetlinje")
        kwargs.setdefault("error_messages", {"required": "Skriv, hvilken linje det er."})
        super().__init__(BudgetLine.objects.none(), "", **kwargs)

    def of(self, year: BudgetYear) -> None:
        """Choose among the year's lines. To be called before the field is shown or judged."""
        self.queryset = line_names.lines_of(year)
        self.lookup = f"budget-line-lookup?year={year.year}"

    def written(self, row: Any) -> str:
        return line_names.written(row)

    def find_all(self, texts: Collection[str]) -> dict[str, Any]:
        return dict(line_names.meant(self.queryset, texts))


__all__ = ["LineField"]
