"""What coverage can be filtered by. Parameter names are part of links people save: keep them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.functional import cached_property

from foi_portal.core.danish import sort_key
from foi_portal.ui.forms import CodeChoiceField, DateField
from registry.models import Asset
from roles import coverage_columns
from roles.coverage import State
from roles.coverage_columns import Column
from roles.coverage_picks import GOOD, LACKING, NOBODY, UNMANNED, Choice
from roles.models import Phase, RoleLevel
from roles.occupancy import Occupancy

NO_OWNER = "-"
STATES: dict[str, tuple[str, frozenset[State]]] = {
    "mangler": ("Kun mangler", LACKING),
    "daekket": ("Dækket", GOOD),
    "filled": ("Dækket, udløber ikke lige nu", frozenset({State.FILLED})),
    "expiring": ("Udløber inden for 90 dage", frozenset({State.EXPIRING})),
    "deputy_missing": ("Stedfortræder mangler", frozenset({State.DEPUTY_MISSING})),
    "ubesat": ("Ledig eller fratrådt", UNMANNED),
    "left": ("Indehaveren er fratrådt", frozenset({State.LEFT})),
    "vacant": ("Ledig", frozenset({State.VACANT})),
}
PARTS = {"indehaver": "holder", "alene": "alone", "stedfortraeder": "deputy"}


class CoverageForm(forms.Form):
    """``found`` is the day's picture. A filter that means nothing is left out, and its tag says so."""

    niveau = forms.ChoiceField(label="Niveau", required=False, choices=[("", "Alle"), *RoleLevel.choices])
    fase = forms.ChoiceField(label="Fase", required=False, choices=[("", "Alle"), *Phase.choices])
    komponent = CodeChoiceField(
        Asset.objects.all(), "asset-lookup", label="Komponent eller fagsystem", required=False
    )
    forvaltning = forms.ChoiceField(label="Forvaltning", required=False)
    tilstand = forms.ChoiceField(
        label="Tilstand",
        required=False,
        choices=[("", "Alle"), *((name, label) for name, (label, _) in STATES.items())],
    )
    dato = DateField(label="Dato", required=False)
    rolle = forms.CharField(label="Rolle", required=False, max_length=40, widget=forms.HiddenInput)
    sted = forms.CharField(label="Sted", required=False, max_length=40, widget=forms.HiddenInput)
    person = forms.CharField(label="Person", required=False, max_length=18, widget=forms.HiddenInput)
    som = forms.ChoiceField(
        label="Som",
        required=False,
        widget=forms.HiddenInput,
        choices=[
            ("indehaver", "Indehaver"),
            ("alene", "Indehaver uden stedfortræder"),
            ("stedfortraeder", "Stedfortræder"),
        ],
    )

    def __init__(self, data: Any, found: Occupancy) -> None:
        super().__init__(data)
        self.found = found
        owners = sorted(found.owners.values(), key=lambda owner: (sort_key(owner.name), owner.code))
        self.fields["forvaltning"].choices = [  # type: ignore[attr-defined]
            ("", "Alle"),
            *((owner.code, owner.name) for owner in owners),
            (NO_OWNER, "Uden forvaltning"),
        ]
        self.meant: dict[str, str] = {}
        self.is_valid()

    @cached_property
    def columns(self) -> Sequence[Column]:
        """The matrix's, by what ``komponent`` opens: to be asked for once that is judged."""
        opened = coverage_columns.below(self.found, self.asset.pk) if self.asset else None
        return coverage_columns.columns(self.found, opened)

    def clean_komponent(self) -> Asset | None:
        asset: Asset | None = self.cleaned_data["komponent"]
        if asset is not None and asset.pk not in self.found.assets:
            raise ValidationError("Den er ikke i brug den dag.")
        return asset

    def clean_rolle(self) -> int | None:
        code = self.cleaned_data["rolle"].strip().upper()
        return self._one(
            {role.key: role.name for role in self.found.roles.values() if role.code == code}, "rolle"
        )

    def clean_person(self) -> int | None:
        key = self.cleaned_data["person"]
        known = self.found.people.get(int(key)) if key.isdecimal() else None
        return self._one({known.key: known.name} if known else {}, "person")

    def _one(self, named: dict[int, str], name: str) -> int | None:
        if not self.data.get(name):
            return None
        for key, text in named.items():
            self.meant[name] = text
            return key
        raise ValidationError("Kendes ikke.")

    def clean_sted(self) -> Column | None:
        typed = self.cleaned_data["sted"].strip()
        for column in (*self.columns, *coverage_columns.alone(self.found)):
            if typed and column.key.casefold() == typed.casefold():
                self.meant["sted"] = column.name
                return column
        if typed:
            raise ValidationError("Kendes ikke.")
        return None

    def choice(self, states: bool = True) -> Choice:
        """What is asked for; without ``states`` in any state."""
        chosen = self.cleaned_data
        asset, owner, column = chosen.get("komponent"), chosen.get("forvaltning"), chosen.get("sted")
        codes = {facts.code: key for key, facts in self.found.owners.items()}
        state = STATES.get(chosen.get("tilstand", "")) if states else None
        return Choice(
            role=chosen.get("rolle"),
            level=chosen.get("niveau", ""),
            phase=chosen.get("fase", ""),
            among=None if asset is None else coverage_columns.below(self.found, asset.pk),
            owner=None if not owner else NOBODY if owner == NO_OWNER else codes[owner],
            column=column.pick if column else None,
            states=state[1] if state else frozenset(State),
            person=chosen.get("person"),
            part=PARTS.get(chosen.get("som", ""), "holder"),
        )

    @property
    def asset(self) -> Asset | None:
        found: Asset | None = self.cleaned_data.get("komponent")
        return found
