"""Forms of people and absences. The rules themselves are the models'."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from foi_portal.core.models import User
from foi_portal.ui.forms import DateField, RowChoiceField, shorten
from registry.forms import organisations
from roles.forms.fields import PersonField
from roles.models import Absence, Assignment, Person


class UserField(RowChoiceField):
    """A user by the exact user name. No type-ahead: user names are nobody's to browse."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(User.objects.all(), lookup="", **kwargs)

    def written(self, row: User) -> str:
        return row.username

    def find_all(self, texts: Collection[str]) -> dict[str, Any]:
        lower = {text.lower() for text in texts}
        found: dict[str, User] = {}
        for user in self.queryset.filter(Q(username__in=texts) | Q(username__in=lower)):
            found[user.username.lower()] = user
        unknown = "Brugernavnet «{}» findes ikke. Ret det, eller bed en administrator oprette brugeren."
        return {
            text: found.get(text.lower()) or ValidationError(unknown.format(shorten(text))) for text in texts
        }


class PersonForm(forms.ModelForm[Person]):
    """A person. Whose roles run on after ``active_to`` must be saved with ``left_anyway``; ``running`` has them."""

    unit = organisations(label="Enhed", required=False)
    active_from = DateField(label="Ansat fra", required=False)
    active_to = DateField(
        label="Fratrådt", required=False, help_text="Den første dag, hvor personen ikke er her."
    )
    user = UserField(
        label="Brugernavn",
        required=False,
        help_text="Den, personen logger på med.",
    )
    left_anyway = forms.BooleanField(label="Gem alligevel", required=False, widget=forms.HiddenInput)
    asks = True  # before roles are left behind

    class Meta:
        model = Person
        fields = ("name", "title", "email", "phone", "unit", "active_from", "active_to", "user")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.running: list[Assignment] = []

    def _get_validation_exclusions(self) -> set[str]:
        """Constraints for those who are not archived are judged too, though the form has no such field."""
        return super()._get_validation_exclusions() - {"archived_at"}  # type: ignore[misc, no-any-return]

    def clean_name(self) -> str:
        return " ".join(str(self.cleaned_data["name"]).split())

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        day = cleaned.get("active_to")
        if not self.asks or day is None or self.instance.pk is None or "active_to" not in self.changed_data:
            return cleaned
        runs_on = self.instance.assignments.not_over(day).select_related("role", "asset", "organisation")
        self.running = list(runs_on)
        if self.running and not cleaned.get("left_anyway"):
            count = len(self.running)
            what = "1 rolle løber" if count == 1 else f"{count} roller løber"
            self.add_error(
                "active_to", f"{what} videre efter den dag. Se dem nederst, og vælg, hvad der skal ske."
            )
        return cleaned


class AbsenceForm(forms.ModelForm[Absence]):
    """When ``person`` is away; ``person`` is not in the form but counts in the rules."""

    since = DateField(label="Første fraværsdag")
    until = DateField(
        label="Første dag tilbage", required=False, help_text="Lad feltet stå tomt, hvis det ikke vides."
    )
    stand_in = PersonField(
        label="Henvis til",
        required=False,
        help_text="Hvem der henvises til, hvor rollen ikke har en stedfortræder.",
    )

    class Meta:
        model = Absence
        fields = ("since", "until", "stand_in")

    def _get_validation_exclusions(self) -> set[str]:
        return super()._get_validation_exclusions() - {"person"}  # type: ignore[misc, no-any-return]


__all__ = ["AbsenceForm", "PersonForm", "UserField"]
