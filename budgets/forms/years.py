"""Forms of budget years: a new one, empty or from another, and the note of one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef
from django.forms.boundfield import BoundField

from budgets.computing import indexation
from budgets.copy_plan import Base, Terms
from budgets.copying import PL
from budgets.forms.fields import AmountField, PercentField
from budgets.models import (
    FIRST_YEAR,
    LAST_YEAR,
    Assumption,
    AssumptionValue,
    BudgetLine,
    BudgetYear,
    CostType,
)
from budgets.prices import danish

NUMBER = f"Skriv et årstal mellem {FIRST_YEAR} og {LAST_YEAR}."


def tidy_lines(text: str) -> str:
    """Browsers send line ends as two signs: the same text must not count as a change."""
    return text.replace("\r\n", "\n").strip()


class QuantityField(AmountField):
    """A number of inhabitants, calls or users: at least 0, written as people write it."""

    def to_python(self, value: Any) -> Decimal | None:  # type: ignore[override]
        try:
            number = super().to_python(value)
        except ValidationError as error:
            raise ValidationError("Skriv et tal, fx 211.500.") from error
        if number is not None and number < 0:
            raise ValidationError("Tallet kan ikke være under 0.")
        return number


class NoteForm(forms.ModelForm[BudgetYear]):
    """What is said about a year as a whole."""

    class Meta:
        model = BudgetYear
        fields = ("note",)
        widgets = {"note": forms.Textarea(attrs={"rows": 4})}

    def clean_note(self) -> str:
        return tidy_lines(self.cleaned_data["note"])


class NewYearForm(forms.Form):
    """The year, where its lines come from, PL, and assumptions that nobody has written for it yet."""

    year = forms.IntegerField(
        label="Budgetår",
        min_value=FIRST_YEAR,
        max_value=LAST_YEAR,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages={"invalid": NUMBER, "min_value": NUMBER, "max_value": NUMBER},
    )
    source = forms.TypedChoiceField(
        label="Linjer fra",
        required=False,
        coerce=int,
        empty_value=None,
        help_text="Tomt år: linjerne skrives selv.",
    )
    base = forms.ChoiceField(label="Udgangspunkt", choices=Base.choices, initial=Base.ORIGINAL)
    rate = PercentField(label="PL i procent", required=False)
    note = forms.CharField(
        label="Bemærkning", max_length=5000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"use_required_attribute": False} | kwargs)
        years = list(BudgetYear.objects.order_by("-year").values_list("year", flat=True))
        self.fields["source"].choices = [("", "Tomt år"), *((year, str(year)) for year in years)]  # type: ignore[attr-defined]
        if years:
            self.initial = {"year": years[0] + 1, "source": years[0], **self.initial}
        self.fields["rate"].help_text = f"Tomt: årets PL fra forudsætningerne{_known_rates()}."
        for value, label in CostType.choices:
            self.fields[f"rate_{value}"] = PercentField(label=f"PL for {label.lower()}", required=False)
        self.assumptions = {row.pk: row for row in _used_assumptions()}
        for key, row in self.assumptions.items():
            self.fields[f"a{key}"] = QuantityField(
                label=_named(row), required=False, help_text=_last(row.values.all())
            )

    @property
    def rate_fields(self) -> Iterator[BoundField]:
        return (self[f"rate_{value}"] for value in CostType.values)

    @property
    def assumption_fields(self) -> Iterator[BoundField]:
        return (self[f"a{key}"] for key in self.assumptions)

    @property
    def rates_used(self) -> bool:
        """Whether PL of single cost types must be in sight."""
        return any(bound.data or bound.errors for bound in self.rate_fields)

    def clean_note(self) -> str:
        return tidy_lines(self.cleaned_data["note"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        year, source = cleaned.get("year"), cleaned.get("source")
        if year is None or source is None or self.errors:
            return cleaned
        if year == source:
            self.add_error("source", "Et år kan ikke kopieres til sig selv. Vælg et andet.")
        if cleaned["rate"] is None:
            cleaned["rate"] = self._known_rate(year)
        self._judge_assumptions(year)
        return cleaned

    def _known_rate(self, year: int) -> Decimal | None:
        rate = indexation(year)
        if rate is None:
            self.add_error("rate", f"Der er ikke skrevet en PL for {year}. Skriv procenten, fx 2,8.")
        return rate

    def _judge_assumptions(self, year: int) -> None:
        values = AssumptionValue.objects.filter(assumption__in=self.assumptions, year=year).exclude(
            value=None
        )
        for key, known in values.values_list("assumption", "value"):
            typed = self.cleaned_data.get(f"a{key}")
            if known is not None and typed is not None and typed != known:
                text = (
                    f"Der står allerede {danish(known)} for {year}. Ret forudsætningen, hvis det er forkert."
                )
                self.add_error(f"a{key}", text)
            self.cleaned_data[f"a{key}"] = None

    @property
    def terms(self) -> Terms | None:
        """What is asked for; None for an empty year. The form is valid."""
        said = self.cleaned_data
        if said["source"] is None:
            return None
        rates = {value: said[f"rate_{value}"] for value in CostType.values}
        assumptions = {key: said[f"a{key}"] for key in self.assumptions}
        return Terms(
            source=said["source"],
            target=said["year"],
            rate=said["rate"],
            base=said["base"],
            rates={value: rate for value, rate in rates.items() if rate is not None},
            assumptions={key: value for key, value in assumptions.items() if value is not None},
        )


def _used_assumptions() -> list[Assumption]:
    """Those that the lines' price models are multiplied by."""
    lines = BudgetLine.objects.current().filter(price_model__assumption=OuterRef("pk"))
    return list(Assumption.objects.current().filter(Exists(lines)).prefetch_related("values"))


def _named(row: Assumption) -> str:
    return str(row) if row.unit.lower() == row.name.lower() else f"{row} ({row.unit})"


def _known_rates() -> str:
    last = _last(
        AssumptionValue.objects.filter(assumption__code=PL).exclude(value=None).order_by("-year")[:3]
    )
    return f" ({last})" if last else ""


def _last(values: Iterable[AssumptionValue]) -> str:
    """The last years' values, so that the new one can be judged."""
    known = [(row.year, row.value) for row in values if row.value is not None]
    return ", ".join(f"{year}: {danish(value)}" for year, value in sorted(known, reverse=True)[:3])


__all__ = ["NewYearForm", "NoteForm"]
