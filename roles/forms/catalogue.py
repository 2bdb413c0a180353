"""Forms of roles, requirements and editions."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import UploadedFile

from foi_portal.ui.forms import DateField
from registry.forms import assets
from roles.models import RequirementOrigin, Role, RoleEdition, RoleRequirement

YES_OR_NO = ((False, "Nej"), (True, "Ja"))


def yes_or_no(**kwargs: Any) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(choices=YES_OR_NO, coerce=lambda value: str(value) == "True", **kwargs)


class RoleForm(forms.ModelForm[Role]):
    """A role of FOI's own, or a correction of one in the catalogue. The code is what editions know it by: it stays."""

    class Meta:
        model = Role
        fields = ("name", "code", "level", "phase", "description", "source", "source_version", "verified")
        widgets = {"description": forms.Textarea(attrs={"rows": 4})}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_new = self.instance.pk is None
        if not is_new:
            self.fields.pop("code", None)
        for name in ("level", "phase", "verified"):
            field: Any = self.fields[name]
            field.choices = [choice for choice in field.choices if choice[0]]
        if is_new:
            level: Any = self.fields["level"]
            level.choices = [("", "Vælg"), *level.choices]

    def clean_description(self) -> str:
        """Browsers send line ends as two signs, files have one: the same text must not count as a change."""
        return str(self.cleaned_data["description"]).replace("\r\n", "\n")


class RequirementForm(forms.ModelForm[RoleRequirement]):
    """A requirement of the role that the instance has. Where it holds is for good; a change of the rest says why."""

    asset = assets(
        label="Komponent eller fagsystem",
        required=False,
        help_text="Når kravet gælder netop én. Skriv kode eller navn.",
    )
    deputy_needed = yes_or_no(label="Stedfortræder kræves", initial=False)
    deputy_may_hold = yes_or_no(
        label="Stedfortræderen må have en anden rolle samme sted",
        initial=True,
        help_text="Nej: den, der er indehaver af en anden rolle for det samme, kan ikke være stedfortræder.",
    )
    since = DateField(label="Gælder fra")
    # Stands in the bar at the bottom of the form, where every form has it.
    reason = forms.CharField(
        label="Begrundelse",
        max_length=500,
        error_messages={"required": "Skriv, hvorfor kravet ændres. Det står i historikken."},
        widget=forms.TextInput(attrs={"id": "reason"}),
    )

    class Meta:
        model = RoleRequirement
        fields = ("scope_kind", "asset", "holders", "deputy_needed", "deputy_may_hold", "since")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.is_new = self.instance.pk is None
        if self.is_new:
            kind: Any = self.fields["scope_kind"]
            kind.choices = [("", "Vælg"), *(choice for choice in kind.choices if choice[0])]
        else:
            del self.fields["scope_kind"], self.fields["asset"]
        self.fields["reason"].required = not self.is_new
        holders: Any = self.fields["holders"]
        holders.widget.attrs |= {"inputmode": "numeric"}

    def _get_validation_exclusions(self) -> set[str]:
        """The role is no field, but that it is required once for a scope must be said."""
        return super()._get_validation_exclusions() - {"role", "archived_at"}  # type: ignore[misc, no-any-return]

    def clean(self) -> dict[str, Any]:
        if self.is_new and self.instance.role.is_archived:
            raise ValidationError("Rollen er arkiveret og kan ikke kræves. Gendan den først.")
        return self.cleaned_data

    def save(self, commit: bool = True) -> RoleRequirement:
        if set(self.changed_data) - {"reason"}:
            self.instance.origin = RequirementOrigin.OWN
        return super().save(commit)


class EditionForm(forms.Form):
    """A file, and what the edition is called."""

    name = forms.CharField(
        label="Udgavens navn",
        max_length=100,
        help_text="Fx «Rollegalleriet 1.4». Navnet kan ikke bruges igen.",
    )
    note = forms.CharField(
        label="Note", max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
    file = forms.FileField(
        label="Fil",
        help_text="CSV eller Excel (.xlsx) med kolonnerne herunder.",
        error_messages={
            "required": "Vælg filen med rollerne.",
            "empty": "Filen er tom.",
            "invalid": "Vælg filen med rollerne.",
            "missing": "Vælg filen med rollerne.",
        },
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx"}),
    )

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if RoleEdition.objects.filter(name=name).exists():
            raise ValidationError("Navnet bruges allerede af en anden udgave. Giv denne et andet.")
        return name

    def clean_note(self) -> str:
        return str(self.cleaned_data["note"]).replace("\r\n", "\n")

    @property
    def upload(self) -> UploadedFile[Any]:
        """The file; the form is valid."""
        found = self.cleaned_data["file"]
        assert isinstance(found, UploadedFile)  # noqa: S101
        return found
