"""Forms of caretakers and of the rules for reminders. The rules themselves are the models'."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from coordination.models import ReminderRule
from coordination.models.reminder import FIRST_STEP, USUAL_STEPS
from roles.forms.fields import PersonField

DAYS = {
    "required": "Skriv et antal dage.",
    "invalid": "Skriv et helt antal dage.",
    "min_value": "Skriv mindst %(limit_value)s.",
    "max_value": "Skriv højst %(limit_value)s.",
}


class StepsField(forms.CharField):
    """Days before, as "90, 30, 7"; empty for none. Out: the same, the greatest first."""

    def clean(self, value: Any) -> str:
        words = str(super().clean(value)).replace(",", " ").replace(";", " ").split()
        if not all(word.isascii() and word.isdecimal() and len(word) < 4 for word in words):
            raise ValidationError(
                f"Skriv hele dage fra 0 til {FIRST_STEP}, adskilt af komma, fx {USUAL_STEPS}."
            )
        return ", ".join(str(day) for day in sorted((int(word) for word in words), reverse=True))


class ReminderRuleForm(forms.ModelForm[ReminderRule]):
    steps = StepsField(
        label="Dage før",
        required=False,
        max_length=60,
        help_text="Adskilt af komma. Tom: portalen skriver først, når fristen er overskredet.",
    )
    overdue_every = forms.IntegerField(
        label="Når den er overskredet, hver … dag", min_value=1, max_value=365, error_messages=DAYS
    )
    escalate_after = forms.IntegerField(
        label="FOI får besked efter … dage",
        min_value=0,
        max_value=365,
        error_messages=DAYS,
        help_text="Når dagen er overskredet, og intet er sket.",
    )
    active = forms.BooleanField(label="Der sendes påmindelser", required=False)

    class Meta:
        model = ReminderRule
        fields = ("steps", "overdue_every", "escalate_after", "active")


class CaretakerForm(forms.Form):
    """Who looks after it; empty for nobody by name."""

    person = PersonField(
        label="Ansvarlig for fornyelse",
        required=False,
        help_text="Skriv navn, e-mail eller begge. Tom: den, der har rollen for systemet eller komponenten.",
    )


class HandOverForm(forms.Form):
    """Who looks after it all from now on."""

    person = PersonField(label="Til", error_messages={"required": "Skriv, hvem der overtager."})


__all__ = ["CaretakerForm", "HandOverForm", "ReminderRuleForm", "StepsField"]
