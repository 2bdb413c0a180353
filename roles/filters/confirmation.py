"""The filters of confirmation rounds. Parameter names are part of links people save: keep them."""

from __future__ import annotations

import re
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.functional import cached_property

from foi_portal.core.keys import among
from foi_portal.ui import formats
from foi_portal.ui.filters import FilterSet
from foi_portal.ui.forms import DateField, shorten
from registry.filters import DepartmentFilter, SearchFilter, SystemFilter, owning_systems
from registry.models import Lifecycle, System
from roles.models import ConfirmationRound, RoundAsset
from roles.rounds import ANSWERED, GONE, NOBODY, OPEN_STATES

CODES_LENGTH = 100_000  # characters of pasted codes: some ten thousand codes
TOLD = 10  # unknown codes that are named
CODES_TOLD = 1000  # characters of them that the round remembers


class DateFilter(django_filters.Filter):  # type: ignore[misc]
    field_class = DateField


class CodesField(forms.CharField):
    """Codes of systems pasted from anywhere, with blanks, commas, semicolons or line breaks between them."""

    widget = forms.Textarea

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        codes = {code.upper() for code in re.split(r"[\s,;]+", text) if code}
        known = (
            dict(System.objects.filter(archived_at=None).order_by().values_list("code", "pk"))
            if codes
            else {}
        )
        unknown = sorted(codes - known.keys())
        if unknown:
            named = ", ".join(shorten(code, 30) for code in unknown[:TOLD])
            more = f" og {len(unknown) - TOLD} til" if len(unknown) > TOLD else ""
            raise ValidationError(
                f"Der er ingen aktuelle fagsystemer med koderne: {named}{more}. Ret eller fjern dem."
            )
        return {code: known[code] for code in sorted(codes)}


class CodesFilter(django_filters.Filter):  # type: ignore[misc]
    field_class = CodesField

    def filter(self, qs: QuerySet[Any], value: dict[str, int] | None) -> QuerySet[Any]:
        if not value:
            return qs
        self.parent.meant[self.field_name] = shorten(", ".join(value), CODES_TOLD)
        return qs.filter(pk__in=among(value.values()))


class RoundChoice(SystemFilter):
    """Which systems a round asks about: the system list's filters, a date and codes.

    Here a choice that means nothing is a fault and not ignored: it would ask far too many.
    """

    archived = None
    seldom: tuple[str, ...] = ()

    confirmed_before = DateFilter(label="Ikke bekræftet siden", method="filter_confirmed_before")
    codes = CodesFilter(
        label="Kun disse koder",
        max_length=CODES_LENGTH,
        help_text="Indsæt dem fra et regneark eller en mail. Adskil med mellemrum, komma eller linjeskift.",
    )

    class Meta:
        model = System
        fields = (
            "department",
            "criticality",
            "unconfirmed",
            "confirmed_before",
            "uses",
            "status",
            "vendor",
            "personal_data",
            "missing",
            "fund",
            "q",
            "codes",
        )

    def filter_confirmed_before(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        self.meant[name] = formats.date(value)
        return rows.filter(Q(confirmed_on=None) | Q(confirmed_on__lt=value))

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().filter_queryset(queryset)
        cleaned = self.form.cleaned_data
        if cleaned.get("status") or cleaned.get("codes"):
            return rows
        return rows.exclude(lifecycle=Lifecycle.RETIRED)

    @cached_property
    def systems(self) -> list[System]:
        """Those that are chosen; none while the choice has a fault. One query, and what the filters ask."""
        if not self.form.is_valid():
            return []
        rows = self.qs.select_related("department").order_by("name", "code", "pk")
        found: list[System] = list(rows)
        return found

    @property
    def words(self) -> str:
        """The choice as the round remembers it."""
        words = "; ".join(f"{tag['label']}: {tag['value']}" for tag in self.tags) or "Alle fagsystemer"
        return words[:2000]

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """What the next step's form must carry along."""
        return [(name, self.data.get(name, "")) for name in self.form.fields if self.data.get(name)]


class RoundFilter(FilterSet):
    archived = None
    seldom = ()

    q = SearchFilter("title", "message", label="Titel eller besked")
    state = django_filters.ChoiceFilter(
        label="Tilstand",
        choices=(("open", "I gang"), ("closed", "Afsluttet")),
        empty_label="Alle",
        method="filter_state",
    )

    class Meta:
        model = ConfirmationRound
        fields = ("q", "state")

    def filter_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(closed_on=None) if value == "open" else rows.exclude(closed_on=None)


ANSWERS: dict[str, tuple[str, tuple[str, ...]]] = {
    "ja": ("Bekræftet", (ANSWERED,)),
    "nej": ("Mangler svar", OPEN_STATES),
    "ingen": ("Ingen at spørge", (NOBODY,)),
    "arkiveret": ("Arkiveret imens", (GONE,)),
}


class RoundAssetFilter(FilterSet):
    """Reads the annotations of ``rounds.items_of``."""

    archived = None
    seldom = ()

    q = SearchFilter("asset__name", "asset__code", label="Navn eller kode")
    svar = django_filters.ChoiceFilter(
        label="Svar",
        choices=[(name, label) for name, (label, _) in ANSWERS.items()],
        empty_label="Alle",
        method="filter_svar",
    )
    department = DepartmentFilter(field_name="asset__department", label="Forvaltning", rows=owning_systems)
    note = django_filters.ChoiceFilter(
        label="Bemærkning", choices=(("ja", "Med bemærkning"),), empty_label="Alle", method="filter_note"
    )

    class Meta:
        model = RoundAsset
        fields = ("q", "svar", "department", "note")

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """An item is not archived itself, so nothing is left out."""
        rows: QuerySet[Any] = django_filters.FilterSet.filter_queryset(self, queryset)
        return rows

    def filter_svar(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(state__in=ANSWERS[value][1])

    def filter_note(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.exclude(comment="")
