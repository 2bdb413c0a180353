"""What people write on a confirmation round, and with a confirmation."""

from __future__ import annotations

import datetime
from typing import Any

from django import forms

from foi_portal.ui.forms import DateField
from roles.models import ConfirmationRound

COMMENT_LENGTH = 400  # the history's reason holds it whole


class RoundForm(forms.ModelForm[ConfirmationRound]):
    """Title, message and deadline. The deadline must lie after ``on``, but one that is over may be left."""

    deadline = DateField(label="Frist", help_text="Den sidste dag at svare.")

    class Meta:
        model = ConfirmationRound
        fields = ("title", "deadline", "message")
        widgets = {"message": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, on: datetime.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.on = on
        self.fields["message"].help_text = "Står på siden, hvor de ansvarlige bekræfter."

    def clean_deadline(self) -> datetime.date:
        deadline: datetime.date = self.cleaned_data["deadline"]
        if deadline <= self.on and deadline != self.initial.get("deadline"):
            raise forms.ValidationError("Fristen skal ligge efter i dag.")
        return deadline

    def clean_message(self) -> str:
        """Browsers send line ends as two signs: the same text must not count as a change."""
        return str(self.cleaned_data["message"]).replace("\r\n", "\n")


class ConfirmForm(forms.Form):
    comment = forms.CharField(
        label="Bemærkning",
        required=False,
        max_length=COMMENT_LENGTH,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Fx hvad der snart ændrer sig. FOI-enheden læser den.",
    )

    def clean_comment(self) -> str:
        return " ".join(str(self.cleaned_data["comment"]).split())


__all__ = ["ConfirmForm", "RoundForm"]
