"""The filters of the lists of roles, requirements and editions. Parameter names are part of saved links: keep them."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet

from foi_portal.ui.filters import FilterSet
from registry.filters import PickFilter, SearchFilter
from roles.models import (
    EditionState,
    Phase,
    RequirementOrigin,
    Role,
    RoleEdition,
    RoleLevel,
    RoleRequirement,
    ScopeKind,
    Verified,
)


class RoleFilter(FilterSet):
    seldom = ("verified", "archived")

    q = SearchFilter("name", "code", "description", label="Navn, kode eller ansvar")
    level = django_filters.ChoiceFilter(label="Niveau", choices=RoleLevel.choices, empty_label="Alle")
    phase = django_filters.ChoiceFilter(label="Fase", choices=Phase.choices, empty_label="Alle")
    verified = django_filters.ChoiceFilter(
        label="Bekræftet af kilden", choices=Verified.choices, empty_label="Alle"
    )

    class Meta:
        model = Role
        fields = ("q", "level", "phase", "verified", "archived")


class RequirementFilter(FilterSet):
    seldom = ("origin", "archived")

    q = SearchFilter("role__name", "role__code", "asset__name", "asset__code", label="Rolle, navn eller kode")
    role = django_filters.CharFilter(label="Rollens kode", field_name="role__code", lookup_expr="exact")
    scope = django_filters.ChoiceFilter(
        label="Kræves for", field_name="scope_kind", choices=ScopeKind.choices, empty_label="Alle"
    )
    asset = PickFilter("filter_asset", label="Komponent eller fagsystem")
    origin = django_filters.ChoiceFilter(
        label="Kommer fra", choices=RequirementOrigin.choices, empty_label="Alle"
    )

    class Meta:
        model = RoleRequirement
        fields = ("q", "role", "scope", "asset", "origin", "archived")

    def filter_asset(self, rows: QuerySet[Any], code: str) -> QuerySet[Any]:
        """Those that name it; one for every fagsystem names none."""
        return rows.filter(asset__code=code)


class EditionFilter(FilterSet):
    q = SearchFilter("name", "note", label="Navn eller note")
    state = django_filters.ChoiceFilter(label="Tilstand", choices=EditionState.choices, empty_label="Alle")

    class Meta:
        model = RoleEdition
        fields = ("q", "state", "archived")
