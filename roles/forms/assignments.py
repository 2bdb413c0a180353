"""Forms that assign roles, end them and hand them over. The rules are ``roles.seat_rules``."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from foi_portal.core.history import REASON_LENGTH
from foi_portal.ui.forms import DateField
from roles.forms.fields import PersonField
from roles.forms.scopes import Scope, ScopeField
from roles.models import Assignment, Part, Person, Role
from roles.seat_rules import faults

FIRST_WITHOUT = "Den første dag uden rollen."


def tidy_lines(text: str) -> str:
    """Browsers send line ends as two signs: the same text must not count as a change."""
    return text.replace("\r\n", "\n").strip()


class AssignForm(forms.Form):
    """What the assignments that are made at once share. Who and for what are ``AssignRowForm``s."""

    role = forms.ModelChoiceField(
        Role.objects.none(),
        label="Rolle",
        to_field_name="code",
        empty_label="Vælg",
        error_messages={"invalid_choice": "Rollen findes ikke i kataloget. Vælg en fra listen."},
    )
    since = DateField(label="Fra")
    until = DateField(label="Til", required=False, help_text=FIRST_WITHOUT)
    why_here = forms.CharField(
        label="Hvorfor her",
        max_length=300,
        required=False,
        help_text="Når rollen ikke kræves der, hvor den tildeles.",
    )
    note = forms.CharField(
        label="Note til den næste",
        max_length=5000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["role"].queryset = Role.objects.current()  # type: ignore[attr-defined]

    def clean_note(self) -> str:
        return tidy_lines(self.cleaned_data["note"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until <= since:
            self.add_error("until", "Slutdatoen skal ligge efter startdatoen. Ret en af dem.")
        return cleaned


class AssignRowForm(forms.Form):
    """One assignment's person, scope and part. What is empty is as in the row above; ``fill`` puts it there."""

    person = PersonField(label="Person", required=False, help_text="")
    scope = ScopeField(label="For", required=False, help_text="")
    part = forms.ChoiceField(label="Som", choices=Part.choices, required=False)

    typed = ("person", "scope")

    def __init__(
        self, *args: Any, make: bool = False, known: Mapping[str, Any] | None = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **{"use_required_attribute": False} | kwargs)
        for name, answers in (known or {}).items():
            self.fields[name].known = answers  # type: ignore[attr-defined]
        self.fields["person"].make = make  # type: ignore[attr-defined]

    @property
    def row_label(self) -> str:
        """Id of the element that names the row, for ``aria-labelledby``."""
        return f"r-{self.prefix}"

    @staticmethod
    def find_all(rows: Sequence[AssignRowForm]) -> None:
        """Look up all rows' people and scopes at once."""
        for name in AssignRowForm.typed if rows else ():
            field: Any = rows[0].fields[name]
            known = field.find_all(field.texts(row[name].data for row in rows))
            for row in rows:
                row.fields[name].known = known  # type: ignore[attr-defined]

    @staticmethod
    def fill(rows: Sequence[AssignRowForm]) -> list[tuple[Person, Scope, str] | None]:
        """What each row says, with what it leaves out taken from the row above. None where there is a fault."""
        person: Person | None = None
        scope: Scope | None = None
        filled: list[tuple[Person, Scope, str] | None] = []
        for row in rows:
            row.full_clean()
            said = row.cleaned_data
            person, scope = said.get("person") or person, said.get("scope") or scope
            if person is None and "person" not in row.errors:
                row.add_error("person", "Skriv, hvem der får rollen.")
            if scope is None and "scope" not in row.errors:
                row.add_error("scope", "Skriv en kode, et navn eller «Hele kommunen».")
            whole = person is not None and scope is not None and not row.errors
            filled.append((person, scope, said.get("part") or Part.HOLDER) if whole else None)  # type: ignore[arg-type]
        return filled


class AssignmentForm(forms.ModelForm[Assignment]):
    """What can be changed of an assignment. Who, which role and for what stay: for those there is handing over."""

    since = DateField(label="Fra")
    until = DateField(label="Til", required=False, help_text=FIRST_WITHOUT)

    class Meta:
        model = Assignment
        fields = ("part", "since", "until", "note", "why_here")
        widgets = {"note": forms.Textarea(attrs={"rows": 4})}

    def clean_note(self) -> str:
        return tidy_lines(self.cleaned_data["note"])

    def _post_clean(self) -> None:
        """The rules in words; Django's own would judge fields that the form has not, and in other words."""
        forms.models.construct_instance(self, self.instance, self._meta.fields)
        try:
            self.instance.clean_fields(exclude=self._get_validation_exclusions())  # type: ignore[attr-defined]
        except ValidationError as error:
            self._update_errors(error)  # type: ignore[attr-defined]
        moved = {"since", "until", "part"} & set(self.changed_data)
        if self.errors or not (moved or self.instance._state.adding):
            return
        for name, message in faults([self.instance])[0].items():
            self.add_error(name if name in self.fields else None, message)


class ActForm(forms.Form):
    """When, and why."""

    on = DateField(label="Dato", help_text=FIRST_WITHOUT)
    reason = forms.CharField(label="Begrundelse", max_length=REASON_LENGTH, required=False)


class HandOverForm(ActForm):
    """One assignment to one person."""

    field_order = ("person", "on", "reason")

    person = PersonField(label="Overdrages til")
    on = DateField(label="Fra og med", help_text="Den nyes første dag.")

    def __init__(self, *args: Any, make: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].make = make  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        return judge_arrival(self, "person", cleaned.get("on"))


def judge_arrival(form: forms.Form, name: str, on: datetime.date | None) -> dict[str, Any]:
    """Refuse a person who has left by the day ``on``; only the field knows how to say it."""
    person = form.cleaned_data.get(name)
    field: Any = form.fields[name]
    field.on = on
    if person is not None and (refusal := field.refusal(person)):
        form.add_error(name, refusal)
    return form.cleaned_data


class Fate(forms.Form):
    """What happens to one of the seats when somebody hands over all of them."""

    TO, END, LEAVE = "to", "end", "leave"
    CHOICES = ((TO, "Overdrag"), (END, "Afslut uden afløser"), (LEAVE, "Lad stå"))

    what = forms.ChoiceField(label="Hvad sker der", choices=CHOICES)
    person = PersonField(label="Til en anden", required=False, help_text="")

    def __init__(self, *args: Any, make: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **{"use_required_attribute": False} | kwargs)
        self.fields["person"].make = make  # type: ignore[attr-defined]

    @property
    def row_label(self) -> str:
        return f"r-{self.prefix}"


class TransferForm(ActForm):
    """Whom all goes to if a seat says nothing else."""

    field_order = ("person", "on", "reason")

    person = PersonField(
        label="Overdrages til", required=False, help_text="Gælder, hvor rækken ikke siger andet."
    )
    on = DateField(label="Fra og med", help_text="Den nyes første dag.")

    def __init__(self, *args: Any, make: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["person"].make = make  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        return judge_arrival(self, "person", cleaned.get("on"))


__all__ = [
    "ActForm",
    "AssignForm",
    "AssignRowForm",
    "AssignmentForm",
    "Fate",
    "HandOverForm",
    "TransferForm",
]
