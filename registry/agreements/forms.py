"""Forms of agreements. The rules are the model's and those of ``steps``."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from foi_portal.ui.forms import RowChoiceField, shorten
from registry.agreements import steps
from registry.forms import Day, assets, organisations
from registry.models import Agreement, AgreementKind, AgreementStatus, Dependency, Direction, Kind
from registry.models.agreement import NEXT

UUID_SHAPE = "Kopiér UUID'et. Det ser ud som 4f3d1a52-7c1e-4b8e-9a34-d0c2b6f10a7e."
ENDS_FIRST = "Slutdatoen skal ligge efter startdatoen."


class DependencyField(RowChoiceField):
    """Picks a dependency by its two codes: "KY → SF1520", with "(læser)" behind where there are several."""

    SHAPE = re.compile(
        r"^\s*(?P<source>[^\s>→]+?)\s*(?:→|->|>)\s*(?P<target>[^\s(]+)\s*(?:\((?P<way>[^)]*)\)?)?\s*$"
    )

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("help_text", "Skriv to koder, fx KY → SF1520, eller søg på et navn.")
        super().__init__(Dependency.objects.select_related("source", "target"), "dependency-lookup", **kwargs)

    def written(self, row: Any) -> str:
        return f"{row.source.code} → {row.target.code} ({row.get_direction_display().lower()})"

    def refusal(self, row: Any) -> str:
        return f"{row} er arkiveret. Gendan den først, eller vælg en anden." if row.is_archived else ""

    def find_all(self, texts: Collection[str]) -> dict[str, Any]:
        """One query."""
        parts = {text: self.SHAPE.match(text) for text in texts}
        ends = {text: (m["source"].upper(), m["target"].upper()) for text, m in parts.items() if m}
        wanted = Q(pk__in=[])
        for source, target in set(ends.values()):
            wanted |= Q(source__code=source, target__code=target)
        rows: dict[tuple[str, str], list[Any]] = {}
        for row in self.queryset.filter(wanted):
            rows.setdefault((row.source.code, row.target.code), []).append(row)
        return {
            text: self._one(
                text, rows.get(ends.get(text, ("", "")), []), (match["way"] or "") if match else ""
            )
            for text, match in parts.items()
        }

    def _one(self, text: str, rows: list[Any], way: str) -> Any:
        if way:
            words = {str(label).casefold(): value for value, label in Direction.choices}
            rows = [row for row in rows if row.direction == words.get(way.strip().casefold())]
        current = [row for row in rows if not row.is_archived] or rows
        if len(current) == 1:
            return current[0]
        if current:
            ways = " eller ".join(f"({row.get_direction_display().lower()})" for row in current)
            return ValidationError(f"Der er flere af dem. Skriv {ways} efter koderne.")
        return ValidationError(
            f"Afhængigheden «{shorten(text)}» findes ikke. Skriv de to koder, fx KY → SF1520."
        )


class AgreementForm(forms.ModelForm[Agreement]):
    """All that is written about an agreement but what it covers. A new status must be a step from the present one."""

    counterpart = organisations(label="Modpart", required=False, help_text="Kode eller navn. Fx KOMBIT.")
    unit = organisations(label="Indgået af", required=False, help_text="Kommunens forvaltning eller enhed.")
    system = assets(Kind.SYSTEM, label="Fagsystem", required=False)
    requested_on = Day(label="Anmodet", required=False)
    decided_on = Day(label="Afgjort", required=False)
    valid_from = Day(label="Gælder fra", required=False)
    valid_to = Day(
        label="Gælder til", required=False, help_text="Den første dag uden aftalen. Tom: løber videre."
    )
    reviewed_on = Day(label="Sidst set efter", required=False)

    class Meta:
        model = Agreement
        fields = (
            "name",
            "kind",
            "number",
            "status",
            "environment",
            "system",
            "counterpart",
            "unit",
            "purpose",
            "legal_basis",
            "requested_on",
            "decided_on",
            "valid_from",
            "valid_to",
            "notice_months",
            "review_months",
            "reviewed_on",
            "uuid",
            "service_uuid",
            "system_uuid",
            "case_number",
            "url",
            "note",
        )
        widgets: ClassVar[Any] = {
            "purpose": forms.Textarea(attrs={"rows": 4}),
            "note": forms.Textarea(attrs={"rows": 4}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.was = self.instance.status if self.instance.pk else ""
        for name in ("uuid", "service_uuid", "system_uuid"):
            self.fields[name].error_messages["invalid"] = UUID_SHAPE
        self.fields["kind"].choices = [("", "Vælg"), *AgreementKind.choices]  # type: ignore[attr-defined]
        if self.was:  # only the widget: what is posted anyway is answered by the rule of steps
            ways = (AgreementStatus(self.was), *NEXT[AgreementStatus(self.was)])
            self.fields["status"].widget.choices = [(way.value, way.label) for way in ways]
        else:
            self.fields[
                "status"
            ].help_text = "Er den allerede i kraft, så vælg Aktiv og skriv, hvornår den gælder fra."

    def clean_purpose(self) -> str:
        return _unix(self.cleaned_data["purpose"])

    def clean_note(self) -> str:
        return _unix(self.cleaned_data["note"])

    def clean(self) -> dict[str, Any]:
        cleaned = self.cleaned_data
        status = cleaned.get("status", "")
        moved = self.was and status and status != self.was
        if moved and (refusal := steps.why_not(self.instance, status, was=self.was)):
            self.add_error("status", refusal)
        say_wrong_dates(self, status)
        return cleaned


def _unix(text: str) -> str:
    """Browsers send line ends as two signs, files have one: the same text must not count as a change."""
    return text.replace("\r\n", "\n")


def say_wrong_dates(form: forms.ModelForm[Agreement], status: str) -> None:
    """The table's rules about dates, said at the field that is to be corrected."""
    cleaned = form.cleaned_data
    begins, ends = cleaned.get("valid_from"), cleaned.get("valid_to")
    asked, decided = cleaned.get("requested_on"), cleaned.get("decided_on")
    for name, wrong, message in (
        ("valid_to", begins and ends and ends <= begins, ENDS_FIRST),
        (
            "decided_on",
            asked and decided and decided < asked,
            "Aftalen kan ikke være afgjort, før der blev anmodet om den.",
        ),
        (
            "valid_from",
            status in (AgreementStatus.ACTIVE, AgreementStatus.TERMINATED) and not begins,
            "Skriv, hvornår aftalen gælder fra, når den er aktiv eller opsagt.",
        ),
        (
            "valid_to",
            status == AgreementStatus.TERMINATED and not ends,
            "Skriv, hvornår den opsagte aftale gælder til.",
        ),
    ):
        if wrong and name in form.fields and name not in form.errors:
            form.add_error(name, message)


class NewAgreementForm(AgreementForm):
    """A new agreement, and perhaps the first that it covers: where somebody came from."""

    covers = DependencyField(label="Dækker afhængigheden", required=False)
    about = assets(label="Gælder også", required=False, help_text="Fx komponenten, den giver adgang til.")

    def _save_m2m(self) -> None:
        super()._save_m2m()  # type: ignore[misc]
        if self.cleaned_data["covers"] is not None:
            self.instance.dependencies.add(self.cleaned_data["covers"])
        if self.cleaned_data["about"] is not None:
            self.instance.assets.add(self.cleaned_data["about"])


__all__ = [
    "ENDS_FIRST",
    "UUID_SHAPE",
    "AgreementForm",
    "DependencyField",
    "NewAgreementForm",
    "say_wrong_dates",
]
