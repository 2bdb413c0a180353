"""What a business case is asked: from which year, at what rate, with which gains. All of it stands in the address."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from budgets.business_case import DEFAULT_RATE, HIGHEST_RATE, YEARS
from budgets.case_reading import Question
from budgets.forms.gains import YearField
from budgets.models.year import LAST_YEAR
from budgets.prices import danish

RATE = re.compile(r"^\d{1,2}(?:[.,]\d{1,3})?$", re.ASCII)


class RateField(forms.CharField):
    """Per cent a year, such as 3,5."""

    wrong = f"Skriv en rente mellem 0 og {HIGHEST_RATE} procent, fx 3,5."

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        written = "".join(str(value or "").split()).removesuffix("%")
        if not written:
            return None
        if not RATE.match(written) or (rate := Decimal(written.replace(",", "."))) > HIGHEST_RATE:
            raise ValidationError(self.wrong, code="invalid")
        return rate

    def run_validators(self, value: Any) -> None:
        """What a text must be does not hold for a number."""


class CaseForm(forms.Form):
    """Every field may be left out; what cannot be read is told, and the usual is used instead."""

    fra = YearField(label=f"{YEARS} år fra og med", required=False)
    rente = RateField(label="Rente, procent om året", required=False)
    gevinster = forms.ChoiceField(
        label="Gevinster, der tæller",
        required=False,
        choices=(("", "Planlagte og realiserede"), ("alle", "Også mulige")),
    )
    moduler = forms.ChoiceField(
        label="Moduler", required=False, choices=(("", "Med moduler"), ("nej", "Uden moduler"))
    )

    def __init__(self, data: QueryDict, today: datetime.date) -> None:
        shown = data.copy()
        if not shown.get("fra"):
            shown["fra"] = str(today.year)
        if not shown.get("rente"):
            shown["rente"] = danish(DEFAULT_RATE)
        super().__init__(shown)
        self.today = today
        self.is_valid()

    def clean_fra(self) -> int | None:
        first: int | None = self.cleaned_data["fra"]
        if first is not None and first + YEARS - 1 > LAST_YEAR:
            raise ValidationError(f"Det sidste år kan højst være {LAST_YEAR}. Vælg et tidligere år.")
        return first

    @property
    def question(self) -> Question:
        asked = self.cleaned_data
        rate = asked.get("rente")
        return Question(
            first=asked.get("fra") or self.today.year,
            rate=DEFAULT_RATE if rate is None else rate,
            also_possible=asked.get("gevinster") == "alle",
            with_modules=asked.get("moduler") != "nej",
        )


class CasesForm(CaseForm):
    """The same for all components, which are always with their modules."""

    moduler = None  # type: ignore[assignment]


__all__ = ["CaseForm", "CasesForm"]
