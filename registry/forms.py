"""Forms that turn what people type into the registry's rows. The rules themselves are the models'."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone

from foi_portal.ui.forms import CodeChoiceField, DateField, YearOrDateField
from registry.models import (
    AlternativeGroup,
    Asset,
    Component,
    ComponentType,
    Criticality,
    Dependency,
    ImpactSnapshot,
    Kind,
    Level,
    Organisation,
    OrganisationKind,
    PersonalData,
    System,
)
from registry.models.agreement import FIRST_DAY, LAST_DAY
from registry.search import nearest_codes


class Day(DateField):
    """A date of our time: 1899 and 2206 are slips of the hand."""

    def to_python(self, value: Any) -> datetime.date | None:
        day = forms.DateField.to_python(self, value)
        if day is not None and not FIRST_DAY <= day <= LAST_DAY:
            raise ValidationError(f"Årstallet skal ligge mellem {FIRST_DAY.year} og {LAST_DAY.year}.")
        return day


def organisations(**kwargs: Any) -> CodeChoiceField:
    return _choice(Organisation.objects.all(), "organisation-lookup", **kwargs)


def assets(kind: str = "", **kwargs: Any) -> CodeChoiceField:
    """A field that picks an asset, of one kind or (empty) of both."""
    rows = Asset.objects.filter(kind=kind) if kind else Asset.objects.all()
    return _choice(rows, f"asset-lookup?slags={kind}" if kind else "asset-lookup", **kwargs)


def _choice(rows: Any, lookup: str, **kwargs: Any) -> CodeChoiceField:
    kwargs.setdefault("help_text", "Skriv kode eller navn.")
    return CodeChoiceField(rows, lookup, suggest=partial(nearest_codes, rows), **kwargs)


def tidy_names(text: str) -> str:
    """A comma-separated list of names with single blanks and no empty or repeated ones."""
    names = (" ".join(part.split()) for part in text.replace("\n", ",").split(","))
    return ", ".join(dict.fromkeys(name for name in names if name))


class OrganisationForm(forms.ModelForm[Organisation]):
    parent = organisations(label="Hører under", required=False)
    valid_from = DateField(label="Gælder fra", required=False)
    valid_to = DateField(
        label="Gælder til", required=False, help_text="Den første dag, hvor den ikke gælder."
    )

    class Meta:
        model = Organisation
        fields = ("name", "code", "kind", "parent", "valid_from", "valid_to")


class AssetForm(forms.ModelForm[Any]):
    """What the two kinds share. Constraints on ``kind`` are checked too although the form has no such field."""

    active_from = YearOrDateField(label="I drift fra", required=False, help_text="Årstal eller dato.")
    phasing_out_from = YearOrDateField(label="Udfases fra", required=False, help_text="Årstal eller dato.")
    retired_from = YearOrDateField(label="Slutdato", required=False, help_text="Den første dag uden drift.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices, empty in (
            ("criticality", Criticality.choices, "Ikke vurderet"),
            ("personal_data", PersonalData.choices, "Ikke oplyst"),
        ):
            if name in self.fields:
                self.fields[name].choices = [("", empty), *choices]  # type: ignore[attr-defined]
        if "external_id" in self.fields:
            self.fields["external_id"].error_messages["invalid"] = (
                "Kopiér id'et fra KITOS. Det ser ud som 4f3d1a52-7c1e-4b8e-9a34-d0c2b6f10a7e."
            )

    def _get_validation_exclusions(self) -> set[str]:
        return super()._get_validation_exclusions() - {"kind"}  # type: ignore[misc, no-any-return]

    def clean_description(self) -> str:
        """Browsers send line ends as two signs, files have one: the same text must not count as a change."""
        return str(self.cleaned_data["description"]).replace("\r\n", "\n")

    def clean_aliases(self) -> str:
        return tidy_names(self.cleaned_data["aliases"])


LIFECYCLE_FIELDS = ("lifecycle", "active_from", "phasing_out_from", "retired_from", "criticality")


class SystemForm(AssetForm):
    department = forms.ModelChoiceField(
        label="Forvaltning",
        queryset=Organisation.objects.filter(
            kind__in=(
                OrganisationKind.FORVALTNING,
                OrganisationKind.DEPARTMENT,
                OrganisationKind.MUNICIPALITY,
            )
        ),
        required=False,
        empty_label="Ikke afklaret",
    )
    provider = organisations(label="Leverandør", required=False)
    successor = assets(label="Afløses af", required=False)

    class Meta:
        model = System
        fields = (
            "name",
            "code",
            "aliases",
            "department",
            "provider",
            "external_id",
            "description",
            "url",
            *LIFECYCLE_FIELDS,
            "personal_data",
            "successor",
        )
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        department: Any = self.fields["department"]
        present = Q(pk=self.instance.department_id)
        department.queryset = department.queryset.filter(Q(archived_at=None) | present)


class OwnSystemForm(SystemForm):
    """A system's facts for who is responsible for it. The code is the unit's to change."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].disabled = True
        self.fields["code"].help_text = "Koden ændres af FOI-enheden."


class ComponentForm(AssetForm):
    provider = organisations(label="Ejer", required=False)
    parent = assets(Kind.COMPONENT, label="Hører til", required=False)
    successor = assets(label="Afløses af", required=False)
    # The model allows them to be empty, for the sake of systems; a component always has both.
    level = forms.ChoiceField(label="Niveau")
    component_type = forms.ChoiceField(label="Type")

    class Meta:
        model = Component
        fields = (
            "name",
            "code",
            "aliases",
            "component_type",
            "level",
            "parent",
            "provider",
            "description",
            "url",
            *LIFECYCLE_FIELDS,
            "successor",
            "needs_agreement",
        )
        widgets = {"description": forms.Textarea(attrs={"rows": 3})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (("level", Level.choices), ("component_type", ComponentType.choices)):
            self.fields[name].choices = [("", "Vælg"), *choices]  # type: ignore[attr-defined]


class DependencyForm(forms.ModelForm[Dependency]):
    """One dependency on its own page."""

    source = assets(label="Hvem bruger")
    target = assets(label="Hvad bruges")
    via = assets(label="Går via", required=False, help_text="Fx den platform, som data løber gennem.")
    since = YearOrDateField(label="Siden", required=False, help_text="Årstal eller dato.")
    until = YearOrDateField(label="Til", required=False, help_text="Den første dag uden afhængigheden.")
    verified_on = DateField(label="Efterset", required=False)

    class Meta:
        model = Dependency
        fields = (
            "source",
            "target",
            "direction",
            "purpose",
            "importance",
            "status",
            "since",
            "until",
            "via",
            "verified_on",
        )


class DependencyRowForm(forms.ModelForm[Dependency]):
    """One dependency as a row in its source's table. The source is the table's, so it is not a field.

    A row judges itself without asking the database, for there may be hundreds of them: ``find_targets`` and
    the table ask for all rows at once. The constraints have the last word when the rows are written.
    """

    target = assets(label="Hvad bruges", help_text="")
    since = YearOrDateField(label="Siden", required=False)
    until = YearOrDateField(label="Til", required=False)

    # A new row is empty when nothing is typed in these; the other fields come filled in.
    typed = ("target", "purpose", "since", "until")

    class Meta:
        model = Dependency
        fields = ("target", "purpose", "direction", "importance", "status", "since", "until")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            del self.fields["target"]
        for name in ("since", "until"):
            self.fields[name].widget.attrs["placeholder"] = ""

    @property
    def row_label(self) -> str:
        """Id of the element that names the row, for ``aria-labelledby``."""
        return f"r-{self.prefix}"

    @staticmethod
    def find_targets(rows: Sequence[DependencyRowForm]) -> None:
        """Look up what all the new rows lean on; without it each row does so by itself when it is judged."""
        if not rows:
            return
        field: Any = rows[0].fields["target"]
        known = field.find_all(field.texts(row["target"].data for row in rows))
        for row in rows:
            row.fields["target"].known = known  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        """The model's constraints, as far as they concern this row alone."""
        cleaned = self.cleaned_data
        if cleaned.get("target") is not None and cleaned["target"] == self.instance.source:
            self.add_error("target", RULES["dependency_is_not_on_itself"])
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until <= since:
            self.add_error("until", RULES["dependency_ends_after_it_begins"])
        return cleaned

    def _post_clean(self) -> None:
        """Django's own asks the database about each foreign key and constraint."""
        forms.models.construct_instance(self, self.instance, self._meta.fields)
        try:
            self.instance.clean_fields(exclude={*self._get_validation_exclusions(), "target"})  # type: ignore[attr-defined]
        except ValidationError as error:
            self._update_errors(error)  # type: ignore[attr-defined]


RULES = {rule.name: str(rule.violation_error_message) for rule in Dependency._meta.constraints}


class Ticks(forms.CheckboxSelectMultiple):
    """Checkboxes that also understand several keys in one value, which is how the conflict page sends them."""

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        sent = super().value_from_datadict(data, files, name) or []
        return [key for value in sent for key in str(value).split(",") if key]

    def id_for_label(self, id_: str, index: str | None = None) -> str:
        return id_  # of the fieldset: there the error summary leads


class AlternativesForm(forms.ModelForm[AlternativeGroup]):
    """One group of alternatives: what it is called, how many must work, and which dependencies belong to it.

    ``rows`` are all dependencies of the source, ``groups`` all its groups, archived ones too. The form asks the
    database nothing. ``cleaned_data["members"]`` has the keys of the chosen.
    """

    name = forms.CharField(
        label="Navn", max_length=100, help_text="Det, som de kan hver især. Fx CPR-opslag."
    )
    needed = forms.IntegerField(
        label="Så mange skal virke",
        min_value=1,
        initial=1,
        error_messages={"min_value": "Mindst én skal virke.", "invalid": "Skriv et helt tal, fx 1."},
    )
    members = forms.TypedMultipleChoiceField(
        label="Kan træde i stedet for hinanden",
        coerce=int,
        widget=Ticks,
        error_messages={
            "required": "Vælg mindst to forskellige.",
            "invalid_choice": "En af de valgte er ikke længere blandt afhængighederne. Se dem igennem, og gem igen.",
        },
    )

    class Meta:
        model = AlternativeGroup
        fields = ("name", "needed")

    def __init__(
        self, *args: Any, rows: Sequence[Dependency], groups: Sequence[AlternativeGroup], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.rows = {row.pk: row for row in rows}
        self.groups = {group.pk: group for group in groups}
        self.today = timezone.localdate()
        self.fields["members"].choices = [(row.pk, str(row.target)) for row in rows]  # type: ignore[attr-defined]
        self.initial["members"] = self.present
        self.fields["name"].widget.attrs["autocomplete"] = "off"

    @property
    def present(self) -> list[int]:
        """Keys of those that belong to the group now, in order."""
        own = self.instance.pk
        mine = (row.pk for row in self.rows.values() if own is not None and row.alternatives_id == own)
        return sorted(mine)

    @property
    def offered(self) -> list[dict[str, Any]]:
        """The boxes: ongoing dependencies, and those that belong or are ticked all the same."""
        ticked = {str(key) for key in self["members"].value() or ()}
        boxes = []
        for key, row in self.rows.items():
            is_ticked = str(key) in ticked
            if is_ticked or not row.has_ended(self.today):
                boxes.append({"row": row, "ticked": is_ticked, "elsewhere": self._elsewhere(row)})
        return boxes

    def _elsewhere(self, row: Dependency) -> AlternativeGroup | None:
        """The other group that the row belongs to, if any."""
        return None if row.alternatives_id == self.instance.pk else self.groups.get(row.alternatives_id or 0)

    def clean_name(self) -> str:
        name = " ".join(self.cleaned_data["name"].split())
        for group in self.groups.values():
            if group.pk != self.instance.pk and group.name.casefold() == name.casefold():
                raise ValidationError(
                    "En opløst gruppe hed det samme. Vælg et andet navn, eller opret den igen."
                    if group.is_archived
                    else "Der er allerede en gruppe med det navn. Vælg et andet."
                )
        return name

    def clean_members(self) -> list[int]:
        keys: list[int] = sorted(set(self.cleaned_data["members"]))
        present = set(self.present)
        for row in (self.rows[key] for key in keys):
            if (other := self._elsewhere(row)) is not None:
                raise ValidationError(f"{row.target} hører allerede til «{other}». Tag den ud dér først.")
            if row.is_archived and row.pk not in present:
                raise ValidationError(f"{row.target} er arkiveret. Gendan den først, eller vælg en anden.")
            if row.has_ended(self.today) and row.pk not in present:
                raise ValidationError(f"{row.target} er ophørt. Vælg en anden.")
        if self.count(keys) < 2:
            raise ValidationError("Vælg mindst to forskellige, der ikke er ophørt.")
        return keys

    def count(self, keys: Iterable[int]) -> int:
        """How many different ones the dependencies lead to, ended ones left out."""
        rows = (self.rows[key] for key in keys)
        return len({row.target_id for row in rows if not row.has_ended(self.today)})

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        if cleaned.get("needed") and "members" in cleaned:
            chosen = self.count(cleaned["members"])
            if cleaned["needed"] > chosen:
                self.add_error("needed", f"Der er kun valgt {chosen}, så højst {chosen} kan skulle virke.")
        return cleaned


class SnapshotForm(forms.ModelForm[ImpactSnapshot]):
    """What people write on a saved answer; the answer itself is nobody's to change."""

    class Meta:
        model = ImpactSnapshot
        fields = ("title", "note")
        widgets = {"note": forms.Textarea(attrs={"rows": 4})}

    def clean_note(self) -> str:
        """Browsers send line ends as two signs: the same text must not count as a change."""
        return str(self.cleaned_data["note"]).replace("\r\n", "\n")
