"""Forms of budget lines: the whole line in a draft, what describes it in an approved year, and a new one there."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from budgets import drafting
from budgets.forms.fields import AmountField, ComponentField
from budgets.models import ESTIMATED_YEARS, BudgetLine, BudgetYear, CostType, Estimate, PriceModel
from foi_portal.core.money import ZERO
from registry.forms import organisations

AHEAD = range(1, ESTIMATED_YEARS + 1)
NEGATIVE = "En licens kan ikke koste mindre end 0 kr. Skriv en kreditnota som forbrug i stedet."
COMPUTED = (
    "Linjen regnes ud af en prismodel, så beløbet kan ikke skrives. Regn linjen ud igen, "
    "eller tag prismodellen af den."
)


def estimate_name(ahead: int) -> str:
    return f"estimate_{ahead}"


class YearForm(forms.ModelForm[BudgetLine]):
    """A line of the given year: the rules that name the year are judged too, although the form has no such field."""

    def __init__(self, *args: Any, year: BudgetYear, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.year = year
        if "cost_type" in self.fields:
            self.fields["cost_type"].choices = [("", "Vælg"), *CostType.choices]  # type: ignore[attr-defined]
        if self.instance._state.adding:
            self.instance.year = year

    def _get_validation_exclusions(self) -> set[str]:
        return super()._get_validation_exclusions() - {"year", "archived_at", "original"}  # type: ignore[misc, no-any-return]

    @property
    def estimates(self) -> dict[int, Decimal | None]:
        """The estimates that the form tells, by how many years they are ahead."""
        names = {ahead: estimate_name(ahead) for ahead in AHEAD}
        return {ahead: self.cleaned_data[name] for ahead, name in names.items() if name in self.cleaned_data}

    @property
    def has_amounts(self) -> bool:
        return "original" in self.fields


class DescribeForm(YearForm):
    """What may be told about a line of an approved year."""

    class Meta:
        model = BudgetLine
        fields: tuple[str, ...] = ("note", "account", "illustrative")


class AddToApprovedForm(YearForm):
    """A new line in an approved year. Its original budget is 0 kr.: it was not in what was approved."""

    component = ComponentField()
    unit = organisations(label="Budgetenhed", required=False)

    class Meta:
        model = BudgetLine
        fields: tuple[str, ...] = ("component", "cost_type", "funding", "unit", "account", "note")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance._state.adding:
            self.instance.original = ZERO


class LineForm(YearForm):
    """The whole line with its three estimated years."""

    component = ComponentField()
    unit = organisations(
        label="Budgetenhed",
        required=False,
        help_text="Den enhed, hvis budget linjen ligger i. Kode eller navn.",
    )
    original = AmountField(
        label="Budget", required=False, help_text="Kroner. Tomt, når beløbet ikke er kendt."
    )
    estimate_1 = AmountField(required=False)
    estimate_2 = AmountField(required=False)
    estimate_3 = AmountField(required=False)

    class Meta:
        model = BudgetLine
        fields: tuple[str, ...] = (
            "component",
            "cost_type",
            "funding",
            "unit",
            "original",
            "price_model",
            "account",
            "note",
            "illustrative",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["original"].label = f"Budget {self.year.year}"
        rows = Estimate.objects.filter(line=self.instance) if self.instance.pk else ()
        self.standing = {row.ahead: row for row in rows}
        for ahead in AHEAD:
            name = estimate_name(ahead)
            self.fields[name].label = f"Overslag {self.year.year + ahead}"
            if ahead in self.standing:
                self.initial[name] = self.standing[ahead].amount
        models: Any = self.fields["price_model"]
        models.queryset = PriceModel.objects.filter(Q(archived_at=None) | Q(pk=self.instance.price_model_id))
        models.empty_label = "Ingen, beløbet skrives"

    @property
    def estimates_mark(self) -> str:
        """The versions of the estimates that stand there: «1:2.3:1»."""
        return ".".join(f"{ahead}:{row.version}" for ahead, row in sorted(self.standing.items()))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("cost_type") == CostType.LICENCE:
            for name in ("original", *map(estimate_name, AHEAD)):
                if (cleaned.get(name) or ZERO) < 0:
                    self.add_error(name, NEGATIVE)
        if "original" in cleaned and "original" in self.changed_data:
            self._judge_amount(cleaned)
        if "price_model" in self.changed_data:
            self.instance.calculation = ""  # it was another price's
        return cleaned

    def _judge_amount(self, cleaned: dict[str, Any]) -> None:
        if cleaned.get("price_model") is not None and cleaned["original"] is not None:
            self.add_error("original", COMPUTED)
        elif cleaned["original"] is None and drafting.is_adjusted(self.instance):
            text = "Linjen har en godkendt budgetændring, så beløbet skal være kendt."
            self.add_error("original", ValidationError(text))


__all__ = [
    "AHEAD",
    "AddToApprovedForm",
    "DescribeForm",
    "LineForm",
    "YearForm",
    "estimate_name",
]
