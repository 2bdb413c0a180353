"""Forms of follow-up rounds: the round itself, and one line's forecast as a row of its table."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from django import forms

from budgets.forms.fields import AmountField
from budgets.importing.actuals import MONTH_NAMES
from budgets.models import ForecastRound


class MonthField(forms.TypedChoiceField):
    """One of some months, as its last day."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(coerce=datetime.date.fromisoformat, empty_value=None, **kwargs)

    def offer(self, days: Sequence[datetime.date]) -> None:
        """The last days of the months to choose from."""
        self.choices = [(day.isoformat(), f"{MONTH_NAMES[day.month - 1]} {day.year}") for day in days]

    def prepare_value(self, value: Any) -> Any:
        return value.isoformat() if isinstance(value, datetime.date) else value


class RoundForm(forms.ModelForm[ForecastRound]):
    actuals_to = MonthField(
        label="Forbrug til og med",
        help_text="Den sidste måned, der er bogført. Forbrug derefter tæller ikke med.",
    )

    class Meta:
        model = ForecastRound
        fields = ("name", "actuals_to")

    def __init__(self, *args: Any, months: Sequence[datetime.date], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["actuals_to"]
        field.offer(months)


class ForecastRowForm(forms.Form):
    """What one line is expected to end at. Nothing means that it is not known."""

    amount = AmountField(label="Forventet regnskab", max_length=40, required=False)

    @property
    def row_label(self) -> str:
        """Id of the element that names the row, for ``aria-labelledby``."""
        return f"r-{self.prefix}"


__all__ = ["ForecastRowForm", "MonthField", "RoundForm"]
