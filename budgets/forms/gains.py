"""Forms of gains: the gain itself, what is no gain after all, and what the page of possible gains is asked."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from budgets.forms.fields import AmountField
from budgets.models import Gain, GainKind
from budgets.models.year import FIRST_YEAR, LAST_YEAR
from budgets.possible_gains import LIMIT
from foi_portal.ui.forms import DateField
from registry.forms import assets, organisations


class YearField(forms.IntegerField):
    """A year with four digits."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "numeric", "placeholder": "åååå"}))
        super().__init__(**kwargs)
        self.error_messages["invalid"] = f"Skriv et årstal mellem {FIRST_YEAR} og {LAST_YEAR}."

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value is not None and not FIRST_YEAR <= value <= LAST_YEAR:
            raise ValidationError(self.error_messages["invalid"], code="invalid")


class GainForm(forms.ModelForm[Gain]):
    asset = assets(label="Komponent eller fagsystem")
    yearly = AmountField(
        label="Kroner om året",
        required=False,
        help_text="Lad feltet stå tomt, hvis den ikke kan gøres op i kroner.",
    )
    from_year = YearField(label="Fra og med år", required=False, help_text="Skal med, når der er kroner.")
    to_year = YearField(label="Til og med år", required=False, help_text="Tomt, når den bliver ved.")
    organisation = organisations(label="Hvem høster den", required=False)
    follow_up_on = DateField(label="Følges op", required=False, help_text="Skal med, når den er planlagt.")

    class Meta:
        model = Gain
        fields = (
            "asset",
            "kind",
            "text",
            "yearly",
            "from_year",
            "to_year",
            "organisation",
            "responsible",
            "state",
            "follow_up_on",
        )
        widgets = {"text": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds: Any = self.fields["kind"]
        kinds.choices = [("", "Vælg"), *GainKind.choices]

    def clean_text(self) -> str:
        """Browsers send line ends as two signs: the same text must not count as a change."""
        return str(self.cleaned_data["text"]).replace("\r\n", "\n").strip()


class GainCreateForm(GainForm):
    """A new gain; ``finding`` when it is one that the portal found."""

    finding = forms.CharField(max_length=60, required=False, widget=forms.HiddenInput)

    class Meta(GainForm.Meta):
        fields = (*GainForm.Meta.fields, "finding")  # type: ignore[assignment]

    def _get_validation_exclusions(self) -> set[str]:
        """That a finding is registered once holds among those that are not archived."""
        return super()._get_validation_exclusions() - {"archived_at"}  # type: ignore[misc, no-any-return]


class RejectForm(forms.Form):
    """Why a possible gain is none."""

    reason = forms.CharField(
        label="Det er ikke en gevinst, fordi",
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": "Skriv hvorfor, så andre kan forstå det om et år."},
    )


class PossibleForm(forms.Form):
    """Which possible gains: those about an asset, and how few users are hardly any."""

    asset = assets(label="Komponent eller fagsystem", required=False, help_text="")
    hoejst = forms.IntegerField(
        label="Næsten ikke brugt: højst så mange fagsystemer",
        required=False,
        min_value=0,
        max_value=1000,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages={"invalid": "Skriv et helt tal, fx 2."},
    )

    def __init__(self, data: QueryDict) -> None:
        shown = data.copy()
        if not shown.get("hoejst"):
            shown["hoejst"] = str(LIMIT)
        super().__init__(shown)
        self.is_valid()

    @property
    def limit(self) -> int:
        """What was asked for, or the usual limit."""
        asked = self.cleaned_data.get("hoejst")
        return LIMIT if asked is None else int(asked)


__all__ = ["GainCreateForm", "GainForm", "PossibleForm", "RejectForm", "YearField"]
