"""Forms of agreements. The rules are the model's and those of ``steps``."""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Sequence
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q

from foi_portal.core.periods import months_after
from foi_portal.ui import formats
from foi_portal.ui.forms import DateField, RowChoiceField, shorten
from registry.agreements import steps
from registry.forms import Ticks, assets, organisations
from registry.models import Agreement, AgreementKind, AgreementStatus, Dependency, Direction, Kind
from registry.models.agreement import FIRST_DAY, LAST_DAY, NEXT

UUID_SHAPE = "Kopiér UUID'et. Det ser ud som 4f3d1a52-7c1e-4b8e-9a34-d0c2b6f10a7e."
ENDS_FIRST = "Slutdatoen skal ligge efter startdatoen."
BLANKS = 3  # empty fields for more rows on the page that says what an agreement covers


class Day(DateField):
    """A date of our time: 1899 and 2206 are slips of the hand."""

    def to_python(self, value: Any) -> datetime.date | None:
        day = forms.DateField.to_python(self, value)
        if day is not None and not FIRST_DAY <= day <= LAST_DAY:
            raise ValidationError(f"Årstallet skal ligge mellem {FIRST_DAY.year} og {LAST_DAY.year}.")
        return day


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
        _say_missing_dates(self, status)
        return cleaned


def _unix(text: str) -> str:
    """Browsers send line ends as two signs, files have one: the same text must not count as a change."""
    return text.replace("\r\n", "\n")


def _say_missing_dates(form: forms.ModelForm[Agreement], status: str) -> None:
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


# --- The steps ----------------------------------------------------------------------------------------------


class StepForm(forms.ModelForm[Agreement]):
    """One step: the few fields that belong to it, and why. ``to`` is the status that it gives, if any.

    The instance is a copy that the form may write on; ``on`` is today.
    """

    to: ClassVar[str] = ""
    why: ClassVar[bool] = False  # whether a reason must be given

    reason = forms.CharField(
        label="Begrundelse", required=False, max_length=500, help_text="Står i historikken."
    )

    def __init__(self, *args: Any, on: datetime.date, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.on = on
        self.fields["reason"].required = self.why
        self.fields["reason"].error_messages["required"] = "Skriv en begrundelse."
        self.order_fields([*(name for name in self.fields if name != "reason"), "reason"])
        for name, value in self.suggested().items():
            self.initial[name] = value
        if self.to:
            self.instance.status = self.to

    def suggested(self) -> dict[str, Any]:
        """What stands in the fields to begin with."""
        return {}

    def _get_validation_exclusions(self) -> set[str]:
        """The table's rules about status and dates are asked too, although most are no fields here."""
        asked = {"status", "requested_on", "decided_on", "valid_from", "valid_to", "reviewed_on"}
        return super()._get_validation_exclusions() - (asked - set(self.errors))  # type: ignore[misc, no-any-return]

    def clean(self) -> dict[str, Any]:
        _say_missing_dates(self, self.to)
        begins, ends = self.instance.valid_from, self.cleaned_data.get("valid_to")
        if "valid_from" not in self.fields and begins and ends and ends <= begins:
            self.add_error("valid_to", ENDS_FIRST)
        return self.cleaned_data


class ApproveForm(StepForm):
    to = AgreementStatus.APPROVED
    decided_on = Day(label="Godkendt den")

    class Meta:
        model = Agreement
        fields = ("decided_on",)

    def suggested(self) -> dict[str, Any]:
        return {"decided_on": self.on}


class RejectForm(ApproveForm):
    to = AgreementStatus.REJECTED
    why = True
    decided_on = Day(label="Afvist den")


class RequestForm(StepForm):
    """Asked for once more; the decision that was is in the history."""

    to = AgreementStatus.REQUESTED
    why = True
    requested_on = Day(label="Anmodet den")

    class Meta:
        model = Agreement
        fields = ("requested_on",)

    def suggested(self) -> dict[str, Any]:
        return {"requested_on": self.on}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.instance.decided_on = None


class ActivateForm(StepForm):
    to = AgreementStatus.ACTIVE
    valid_from = Day(label="Gælder fra")
    valid_to = Day(
        label="Gælder til", required=False, help_text="Den første dag uden aftalen. Tom: løber videre."
    )

    class Meta:
        model = Agreement
        fields = ("valid_from", "valid_to", "uuid")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["uuid"].error_messages["invalid"] = UUID_SHAPE

    def suggested(self) -> dict[str, Any]:
        return {"valid_from": self.instance.valid_from or self.on}


class TerminateForm(StepForm):
    to = AgreementStatus.TERMINATED
    why = True
    valid_to = Day(label="Gælder til", help_text="Den første dag uden aftalen.")

    class Meta:
        model = Agreement
        fields = ("valid_to",)

    @property
    def earliest(self) -> datetime.date:
        """The first day that can be given notice to end on: the end of the notice that is given today."""
        return months_after(self.on, self.instance.notice_months or 0)

    def suggested(self) -> dict[str, Any]:
        begins = self.instance.valid_from or self.earliest
        after_its_beginning = begins + datetime.timedelta(days=1)
        return {"valid_to": max(self.instance.valid_to or begins, self.earliest, after_its_beginning)}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.notice_months:
            months = self.instance.notice_months
            notice = "1 måned" if months == 1 else f"{months} måneder"
            self.fields["valid_to"].help_text = (
                f"Den første dag uden aftalen. Varslet er {notice}, så det bliver tidligst "
                f"{formats.date(self.earliest)}, hvis I ikke aftaler andet."
            )


class LaterEndForm(StepForm):
    """A new last day, which has not come yet."""

    def clean_valid_to(self) -> datetime.date | None:
        ends: datetime.date | None = self.cleaned_data["valid_to"]
        if ends is not None and ends <= self.on:
            raise ValidationError("Slutdatoen skal ligge efter i dag.")
        return ends


class TakeBackForm(LaterEndForm):
    """``before`` is the end that it had before it was terminated."""

    to = AgreementStatus.ACTIVE
    why = True
    valid_to = Day(label="Gælder igen til", required=False, help_text="Tom: løber videre.")

    class Meta:
        model = Agreement
        fields = ("valid_to",)

    def __init__(self, *args: Any, before: datetime.date | None = None, **kwargs: Any) -> None:
        self.before = before
        super().__init__(*args, **kwargs)

    def suggested(self) -> dict[str, Any]:
        return {"valid_to": self.before if self.before is not None and self.before > self.on else None}


class ReviewForm(StepForm):
    reviewed_on = Day(label="Set efter den")

    class Meta:
        model = Agreement
        fields = ("reviewed_on",)

    def suggested(self) -> dict[str, Any]:
        return {"reviewed_on": self.on}

    def clean_reviewed_on(self) -> datetime.date:
        day: datetime.date = self.cleaned_data["reviewed_on"]
        if day > self.on:
            raise ValidationError("Datoen er ikke kommet endnu. Skriv den dag, aftalen blev set efter.")
        if self.instance.valid_from is not None and day < self.instance.valid_from:
            raise ValidationError("Aftalen gjaldt ikke endnu den dag.")
        return day


class ExtendForm(LaterEndForm):
    valid_to = Day(label="Gælder nu til", help_text="Den første dag uden aftalen.")

    class Meta:
        model = Agreement
        fields = ("valid_to",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ended = self.instance.valid_to

    def suggested(self) -> dict[str, Any]:
        return {"valid_to": None}

    def clean_valid_to(self) -> datetime.date | None:
        ends = super().clean_valid_to()
        if ends is not None and self.ended is not None and ends <= self.ended:
            raise ValidationError(
                f"Aftalen gælder allerede til {formats.date(self.ended)}. Skriv en senere dato."
            )
        return ends


# --- What it covers -----------------------------------------------------------------------------------------


class CoverageForm(forms.Form):
    """Which of the offered rows are ticked, and up to ``BLANKS`` more dependencies and assets by type-ahead."""

    dependencies = forms.TypedMultipleChoiceField(
        label="Afhængigheder", coerce=int, required=False, widget=Ticks
    )
    assets = forms.TypedMultipleChoiceField(label="Gælder også", coerce=int, required=False, widget=Ticks)
    reason = forms.CharField(label="Begrundelse", required=False, max_length=500)

    def __init__(
        self,
        *args: Any,
        rows: Sequence[Dependency],
        named: Sequence[Any],
        ticked: Collection[int],
        **kwargs: Any,
    ) -> None:
        """``rows`` and ``named`` are offered; ``ticked`` the keys of the dependencies that are covered now."""
        super().__init__(*args, **kwargs)
        self.rows, self.named, self.ticked = rows, named, set(ticked)
        gone = "En af de valgte er ikke længere blandt afhængighederne. Se dem igennem, og gem igen."
        for name, keys in (("dependencies", [row.pk for row in rows]), ("assets", [row.pk for row in named])):
            self.fields[name].choices = [(key, key) for key in keys]  # type: ignore[attr-defined]
            self.fields[name].error_messages["invalid_choice"] = gone
        self.initial.update(dependencies=list(ticked), assets=[row.pk for row in named])
        for number in range(BLANKS):
            self.fields[f"more_{number}"] = DependencyField(
                label=f"Afhængighed {number + 1}", required=False, help_text=""
            )
            self.fields[f"asset_{number}"] = assets(
                label=f"Komponent eller fagsystem {number + 1}", required=False, help_text=""
            )

    @property
    def named_keys(self) -> set[int]:
        return {row.pk for row in self.named}

    @property
    def more(self) -> list[Any]:
        return [self[f"more_{number}"] for number in range(BLANKS)]

    @property
    def more_assets(self) -> list[Any]:
        return [self[f"asset_{number}"] for number in range(BLANKS)]

    def boxes(self, name: str, rows: Sequence[Any]) -> list[tuple[Any, bool]]:
        """The rows of ``name``, each with whether it is ticked."""
        ticked = {str(key) for key in self[name].value() or ()}
        return [(row, str(row.pk) in ticked) for row in rows]

    def chosen(self, name: str, more: str) -> set[int]:
        """Keys of what is ticked and what was added. The form is valid."""
        added = {self.cleaned_data[f"{more}_{number}"] for number in range(BLANKS)} - {None}
        return {*self.cleaned_data[name], *(row.pk for row in added)}


__all__ = [
    "ActivateForm",
    "AgreementForm",
    "ApproveForm",
    "CoverageForm",
    "Day",
    "DependencyField",
    "ExtendForm",
    "NewAgreementForm",
    "RejectForm",
    "RequestForm",
    "ReviewForm",
    "StepForm",
    "TakeBackForm",
    "TerminateForm",
]
