"""What may be asked of the list of deadlines, and taking note of one."""

from __future__ import annotations

import datetime
import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from coordination.deadlines import NOBODY, URGENCY_LABELS, Board, Wanted
from coordination.models import Acknowledgement
from foi_portal.core.danish import sort_key
from foi_portal.core.models import User
from foi_portal.core.periods import months_after
from foi_portal.ui import formats
from foi_portal.ui.forms import CodeChoiceField, DateField
from registry.models import Asset
from roles.forms.fields import PersonField

MOST_MONTHS = 24


class DeadlineForm(forms.Form):
    """The list's filter. ``maaned`` is set by the links of the timeline."""

    haster = forms.ChoiceField(
        label="Hvornår",
        required=False,
        choices=[("", "Alle"), *((str(k), v) for k, v in URGENCY_LABELS.items())],
    )
    slags = forms.ChoiceField(label="Slags", required=False)
    person = PersonField(label="Ansvarlig", required=False, help_text="")
    forvaltning = forms.ChoiceField(label="Forvaltning", required=False)
    asset = CodeChoiceField(
        Asset.objects.all(), "asset-lookup", label="Fagsystem eller komponent", required=False, help_text=""
    )
    efterretning = forms.ChoiceField(
        label="Taget til efterretning",
        required=False,
        choices=[("", "Alle"), ("nej", "Nej"), ("ja", "Ja")],
    )
    maaned = forms.CharField(label="Måned", required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, found: Board, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.keys = department_codes(found)
        names = {owner.code: owner.name for owner in found.organisations.values()}
        departments = [
            ("", "Alle"),
            (NOBODY, "Uden forvaltning"),
            *((code, names[code]) for code in self.keys),
        ]
        self.fields["slags"].choices = [("", "Alle"), *found.kinds.items()]  # type: ignore[attr-defined]
        self.fields["forvaltning"].choices = departments  # type: ignore[attr-defined]

    def clean_maaned(self) -> str:
        month: str = self.cleaned_data["maaned"]
        if month and not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", month):
            raise ValidationError("Måneden skrives som 2027-03.")
        return month

    def wanted(self) -> Wanted:
        """What was asked, of what could be understood. The form is judged."""
        asked = self.cleaned_data
        person, asset, code = asked.get("person"), asked.get("asset"), asked.get("forvaltning") or ""
        return Wanted(
            urgency=asked.get("haster") or "",
            kind=asked.get("slags") or "",
            person=person.pk if person is not None else None,
            department=NOBODY if code == NOBODY else self.keys.get(code),
            asset=asset.pk if asset is not None else None,
            resting={"ja": True, "nej": False}.get(asked.get("efterretning") or ""),
            month=asked.get("maaned") or "",
        )


def department_codes(found: Board) -> dict[str, int]:
    """The keys of the departments that have deadlines, by code, in the order of their names."""
    keys = {key for item in found.items for key in item.departments if key in found.organisations}
    order = sorted(keys, key=lambda key: (sort_key(found.organisations[key].name), key))
    return {found.organisations[key].code: key for key in order}


class AcknowledgementForm(forms.ModelForm[Acknowledgement]):
    """Take note of a deadline until a day, for a reason. ``on`` is today, ``actor`` who does it."""

    until = DateField(label="Til", help_text="Den dag, den vises som åben igen. Højst to år frem.")

    class Meta:
        model = Acknowledgement
        fields = ("until", "reason")
        labels = {"reason": "Fordi"}
        help_texts = {"reason": "Hvad der er aftalt, eller hvorfor der ikke skal gøres noget før den dag."}
        error_messages = {"reason": {"required": "Skriv hvorfor."}}

    def __init__(self, *args: Any, on: datetime.date, actor: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.on, self.actor = on, actor
        self.fields["until"].error_messages["required"] = "Skriv, til hvornår."

    def clean_until(self) -> datetime.date:
        until: datetime.date = self.cleaned_data["until"]
        furthest = months_after(self.on, MOST_MONTHS)
        if until <= self.on:
            raise ValidationError(f"Vælg en dag efter i dag, {formats.date(self.on)}.")
        if until > furthest:
            raise ValidationError(f"Højst to år frem: vælg {formats.date(furthest)} eller en tidligere dag.")
        return until

    def save(self, commit: bool = True) -> Acknowledgement:
        self.instance.by = self.actor
        return super().save(commit)


__all__ = ["AcknowledgementForm", "DeadlineForm", "department_codes"]
