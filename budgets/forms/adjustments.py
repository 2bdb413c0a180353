"""Forms of adjustments: what it is about, its rows, and the per cent of an indexation."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from budgets.adjustment_rules import LineFacts, percent_fault
from budgets.forms.fields import AmountField, PercentField
from budgets.forms.line_field import LineField
from budgets.models import AdjustmentKind, BudgetYear, CostType
from foi_portal.ui.forms import DateField


class ActForm(forms.Form):
    """When, why and in which case. The date is the decision's own: in the year, or the one before or after."""

    on = DateField(label="Dato", help_text="Den dag, ændringen er besluttet.")
    reason = forms.CharField(
        label="Begrundelse", max_length=500, help_text="Fx «Byrådets 1. budgetopfølgning, pkt. 7»."
    )
    case_number = forms.CharField(label="Sagsnummer", max_length=60, required=False)

    def __init__(self, year: BudgetYear, *args: Any, **kwargs: Any) -> None:
        self.year = year
        super().__init__(*args, **kwargs)

    def clean_on(self) -> datetime.date:
        on: datetime.date = self.cleaned_data["on"]
        number = self.year.year
        if abs(on.year - number) > 1:
            raise ValidationError(f"Datoen skal ligge i {number - 1}, {number} eller {number + 1}.")
        return on


class AdjustForm(ActForm):
    """An adjustment whose amounts are typed."""

    kind = forms.ChoiceField(label="Slags", choices=AdjustmentKind.choices)
    field_order = ("kind", "on", "case_number", "reason")


class AdjustRowForm(forms.Form):
    """One line and its amount. ``facts`` is set when the line is known, to show what the amount does."""

    line = LineField()
    amount = AmountField(label="Beløb", max_length=40, error_messages={"required": "Skriv et beløb."})
    facts: LineFacts | None = None

    def __init__(self, year: BudgetYear, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["line"]
        field.of(year)
        self.fields["amount"].widget.attrs["inputmode"] = "text"  # a phone's number keys have no minus

    @property
    def row_label(self) -> str:
        """Id of the element that names the row, for ``aria-labelledby``."""
        return f"r-{self.prefix}"

    @property
    def after(self) -> Decimal | None:
        """The revised budget when the amount has been added; None when one of them is not known."""
        amount = getattr(self, "cleaned_data", {}).get("amount")
        if self.facts is None or self.facts.revised is None or amount is None:
            return None
        return self.facts.revised + Decimal(amount)

    @staticmethod
    def find_lines(rows: Sequence[AdjustRowForm]) -> None:
        """Look up all rows' lines at once; without it each row would ask by itself."""
        if rows:
            field: Any = rows[0].fields["line"]
            known = field.find_all(field.texts(row["line"].data for row in rows))
            for row in rows:
                row.fields["line"].known = known  # type: ignore[attr-defined]


class IndexForm(ActForm):
    """A per cent on all lines, or on those of some cost types."""

    percent = PercentField(label="Procent", help_text="Fx 2,9. Skriv minus foran, hvis budgettet sættes ned.")
    types = forms.MultipleChoiceField(
        label="Linjer", choices=CostType.choices, widget=forms.CheckboxSelectMultiple
    )
    field_order = ("percent", "on", "case_number", "reason", "types")

    def clean_percent(self) -> Decimal:
        percent: Decimal = self.cleaned_data["percent"]
        if message := percent_fault(percent):
            raise ValidationError(message)
        return percent


__all__ = ["ActForm", "AdjustForm", "AdjustRowForm", "IndexForm"]
