"""Forms of assumptions and their values by year."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from budgets.computing import INDEXATION
from budgets.forms.prices import NumberField, YearField, published_or_estimated
from budgets.models import Assumption, AssumptionValue

LARGEST = Decimal("999999999999.9999")  # what the database holds


class AssumptionForm(forms.ModelForm[Assumption]):
    class Meta:
        model = Assumption
        fields = ("name", "code", "unit", "note")
        help_texts = {"code": f"Koden {INDEXATION} er pris- og lønskønnet, som et nyt år fremskrives med."}

    def clean(self) -> dict[str, Any]:
        super().clean()  # what must be unique is asked for there
        data = self.cleaned_data
        percentage = Assumption(unit=data.get("unit", "")).is_percentage
        if data.get("code", "").strip().upper() == INDEXATION and data.get("unit") and not percentage:
            self.add_error("unit", f"{INDEXATION} er en procent. Skriv procent.")
        if percentage and self.instance.pk is not None and self.instance.price_models.current().exists():
            self.add_error(
                "unit",
                "Priser ganges med forudsætningen, så den kan ikke være en procent. Ret priserne først.",
            )
        return data


class ValueForm(forms.ModelForm[AssumptionValue]):
    """A row of the table: the value of the instance's year."""

    value = NumberField(largest=LARGEST, required=False, label="Værdi")
    estimated = published_or_estimated()

    class Meta:
        model = AssumptionValue
        fields = ("value", "estimated", "source")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.percentage = self.instance.assumption.is_percentage
        field: Any = self.fields["value"]
        field.percent = self.percentage

    @property
    def row_label(self) -> str:
        """Id of the cell that names the row."""
        return f"r-{self.prefix}"

    def clean_value(self) -> Decimal | None:
        value: Decimal | None = self.cleaned_data["value"]
        if value is None:
            return None
        if self.percentage and abs(value) > 100:
            raise ValidationError("En procent skal være mellem −100 og 100.")
        if not self.percentage and value < 0:
            raise ValidationError("Antallet kan ikke være under 0.")
        return value

    def _post_clean(self) -> None:
        """Django's own asks the database about each row; the rules are all in the fields here."""
        forms.models.construct_instance(self, self.instance, self._meta.fields)
        try:
            self.instance.clean_fields(exclude=self._get_validation_exclusions())  # type: ignore[attr-defined]
        except ValidationError as error:
            self._update_errors(error)  # type: ignore[attr-defined]


class NewValueForm(ValueForm):
    """A row for a year that has none yet. ``instance`` has its assumption only."""

    typed = ("year", "value", "source")  # a row with none of these is empty

    year = YearField(label="År")

    class Meta:
        model = AssumptionValue
        fields = ("year", "value", "estimated", "source")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["value"].required = True
        self.fields["value"].error_messages["required"] = "Skriv årets tal."


__all__ = ["AssumptionForm", "NewValueForm", "ValueForm"]
