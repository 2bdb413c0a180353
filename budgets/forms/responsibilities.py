"""Whose budget a component is in, and what is being done when that is not clarified."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from budgets.models import BudgetResponsibility
from foi_portal.ui.forms import DateField
from registry.forms import assets, organisations
from registry.models import Kind


class ResponsibilityForm(forms.ModelForm[BudgetResponsibility]):
    clarified = forms.TypedChoiceField(
        label="Er det afklaret",
        choices=(("False", "Nej, ikke endnu"), ("True", "Ja")),
        coerce=lambda value: value == "True",
    )
    organisation = organisations(
        label="Hvis budget",
        required=False,
        help_text="Kode eller navn på den, der betaler. Kan stå tomt, til det er afklaret.",
    )
    since = DateField(label="Siden", help_text="Den dag, det blev afklaret, eller blev uklart.")
    follow_up_on = DateField(label="Følges op", required=False)

    class Meta:
        model = BudgetResponsibility
        fields: tuple[str, ...] = (
            "clarified",
            "organisation",
            "responsible",
            "since",
            "action",
            "follow_up_on",
        )
        widgets = {"action": forms.Textarea(attrs={"rows": 3})}

    def clean_action(self) -> str:
        """Browsers send line ends as two signs: the same text must not count as a change."""
        return str(self.cleaned_data["action"]).replace("\r\n", "\n").strip()

    def clean_since(self) -> Any:
        since = self.cleaned_data["since"]
        if since is not None and since > timezone.localdate():
            raise ValidationError("Datoen kan ikke ligge efter i dag.")
        return since

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("clarified") and "organisation" in data and data["organisation"] is None:
            self.add_error("organisation", "Skriv, hvis budget det er, når det er afklaret.")
        return data


class NewResponsibilityForm(ResponsibilityForm):
    component = assets(Kind.COMPONENT, label="Komponent")

    class Meta(ResponsibilityForm.Meta):
        fields = ("component", *ResponsibilityForm.Meta.fields)

    def clean_component(self) -> Any:
        component = self.cleaned_data["component"]
        present = BudgetResponsibility.objects.filter(component=component).first()
        if present is None:
            return component
        if present.is_archived:
            raise ValidationError(
                f"{component} har et arkiveret budgetansvar. Gendan det på dets side, og ret det."
            )
        raise ValidationError(f"Budgetansvaret for {component} er allerede skrevet. Ret det i stedet.")


__all__ = ["NewResponsibilityForm", "ResponsibilityForm"]
