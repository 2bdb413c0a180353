"""What is filled in to accept findings or to choose who puts them right."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms

from coordination.hygiene.deeds import last_day
from foi_portal.core.history import REASON_LENGTH
from foi_portal.ui import formats
from foi_portal.ui.forms import DateField
from roles.forms.fields import PersonField


class AcceptForm(forms.Form):
    """Until when, and why. ``on`` is today."""

    until = DateField(label="Accepteret til")
    reason = forms.CharField(
        label="Fordi",
        max_length=REASON_LENGTH,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="Fx «Systemet lukker inden sommer». Alle kan læse begrundelsen.",
    )

    def __init__(self, *args: Any, on: datetime.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.on = on
        self.fields[
            "until"
        ].help_text = (
            f"Den dag, det vises som åbent igen. Højst 2 år frem: senest {formats.date(last_day(on))}."
        )

    def clean_until(self) -> datetime.date:
        until: datetime.date = self.cleaned_data["until"]
        if until <= self.on:
            raise forms.ValidationError("Datoen skal ligge efter i dag.")
        if until > last_day(self.on):
            raise forms.ValidationError(f"Vælg en dato senest {formats.date(last_day(self.on))}.")
        return until


class OwnerForm(forms.Form):
    """Who puts it right; empty: whoever answers for such matters."""

    owner = PersonField(
        label="Ansvarlig",
        required=False,
        help_text="Tomt: den, der efter rollerne svarer for det, og ellers FOI.",
    )
    reason = forms.CharField(label="Begrundelse", required=False, max_length=REASON_LENGTH)

    def __init__(self, *args: Any, on: datetime.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["owner"].on = on  # type: ignore[attr-defined]


__all__ = ["AcceptForm", "OwnerForm"]
