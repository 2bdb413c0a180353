"""The filter of /oprydning/. Parameter names are part of links people save: keep them."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.urls import reverse_lazy
from django.utils import timezone

from coordination.models import Finding, FindingState
from coordination.models.finding import kinds
from foi_portal.ui.filters import FilterSet
from registry.filters import NOBODY, DepartmentFilter, PickFilter, SearchFilter, owning_systems
from registry.models import Agreement, Asset, Certificate
from roles.forms.fields import PersonField, as_person

EVERY = "all"


class OwnerFilter(django_filters.CharFilter):  # type: ignore[misc]
    """One person by key, e-mail or name, or FOI (``NOBODY``, where nobody answers for it). No hit, no rows."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            widget=forms.TextInput(attrs={"data-lookup": reverse_lazy("person-lookup")}), **kwargs
        )

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return qs
        if value.strip().upper() in (NOBODY, "FOI"):
            self.parent.meant[self.field_name] = "FOI"
            return qs.filter(owner=None)
        found = PersonField().find_all([value])[value]
        if isinstance(found, ValidationError):
            return qs.none()
        self.parent.meant[self.field_name] = as_person(found)
        return qs.filter(owner=found)


class FindingFilter(FilterSet):
    """What waits, if nothing else is said: what is accepted or put right is asked for by ``state``."""

    archived = None
    seldom = ("department", "overdue")

    q = SearchFilter("text", "asset__name", "asset__code", label="Ord i teksten, navn eller kode")
    kind = django_filters.ChoiceFilter(label="Slags", choices=kinds, empty_label="Alle")
    state = django_filters.ChoiceFilter(
        label="Tilstand",
        choices=[choice for choice in FindingState.choices if choice[0] != FindingState.OPEN]
        + [(EVERY, "Alle")],
        empty_label="Åbne",
        method="filter_state",
    )
    owner = OwnerFilter(label="Ansvarlig")
    asset = PickFilter("filter_asset", label="Handler om")
    department = DepartmentFilter(field_name="asset__department", label="Forvaltning", rows=owning_systems)
    overdue = django_filters.ChoiceFilter(
        label="Frist", choices=(("1", "Overskredet"),), empty_label="Alle", method="filter_overdue"
    )
    # From the panels on their pages; nobody types a number.
    agreement = django_filters.ModelChoiceFilter(
        label="Aftale", queryset=Agreement.objects.all(), widget=forms.HiddenInput
    )
    certificate = django_filters.ModelChoiceFilter(
        label="Certifikat", queryset=Certificate.objects.all(), widget=forms.HiddenInput
    )

    class Meta:
        model = Finding
        fields = ("q", "kind", "state", "owner", "asset", "department", "overdue", "agreement", "certificate")

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows: QuerySet[Any] = django_filters.FilterSet.filter_queryset(self, queryset)  # nothing is archived
        if self.form.cleaned_data.get("state"):
            return rows
        return self.filter_state(rows, "state", FindingState.OPEN)

    def filter_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows if value == EVERY else rows.filter(state=value)

    def filter_asset(self, rows: Any, code: str) -> QuerySet[Any]:
        found: QuerySet[Any] = rows.about(Asset.objects.filter(code=code).order_by().values("pk"))
        return found

    def filter_overdue(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(state=FindingState.OPEN, due_on__lt=timezone.localdate())


__all__ = ["EVERY", "FindingFilter"]
