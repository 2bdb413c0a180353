"""Forms of actuals: one posting typed in, where postings without a line go, and moving one that stands wrong."""

from __future__ import annotations

from typing import Any

from django import forms

from budgets.forms.fields import AmountField
from budgets.forms.line_field import LineField
from budgets.importing.actuals import MONTH_NAMES
from budgets.models import BudgetYear
from budgets.models.fields import AccountField


class LineForm(forms.Form):
    """Anything that is put on one of the year's lines."""

    line = LineField(
        help_text="Komponentens kode eller navn; har den flere linjer, så også typen, fx «FKI · Drift»."
    )

    def __init__(self, year: BudgetYear, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["line"]
        field.of(year)


class PostingForm(LineForm):
    month = forms.TypedChoiceField(
        label="Måned", coerce=int, choices=[(number, name) for number, name in enumerate(MONTH_NAMES, 1)]
    )
    amount = AmountField(label="Beløb", help_text="Kroner, fx 1.234,50. Skriv minus foran en kreditnota.")
    account = forms.CharField(
        label="Kontostreng", max_length=60, required=False, validators=AccountField.default_validators
    )
    text = forms.CharField(label="Tekst", max_length=300, required=False)


class PlaceForm(LineForm):
    alike = forms.BooleanField(required=False)
    remember = forms.BooleanField(required=False)


class MoveForm(LineForm):
    alike = forms.BooleanField(required=False)


__all__ = ["LineForm", "MoveForm", "PlaceForm", "PostingForm"]
