"""Which calendar an address is made for."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from roles.models import Role

MINE, ROLE, ALL = "mig", "rolle", "alle"


class CalendarForm(forms.Form):
    """One's own deadlines, and for who may make such links a role's or all. ``choices`` are what the user may."""

    hvad = forms.ChoiceField(label="Kalenderen viser")
    rolle = forms.ModelChoiceField(
        Role.objects.current().order_by("name", "code"),
        label="Rolle",
        required=False,
        empty_label="Vælg en rolle",
        help_text="Kun når kalenderen er en rolles.",
    )

    def __init__(self, *args: Any, own: bool, everything: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(MINE, "Mine frister")] if own else []
        choices += [(ROLE, "En rolles frister"), (ALL, "Alle frister")] if everything else []
        self.fields["hvad"].choices = choices  # type: ignore[attr-defined]
        if not everything:
            del self.fields["rolle"]

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if data.get("hvad") == ROLE and not data.get("rolle") and "rolle" not in self.errors:
            self.add_error("rolle", ValidationError("Vælg, hvilken rolle kalenderen er for."))
        return data


__all__ = ["ALL", "MINE", "ROLE", "CalendarForm"]
