"""The filters of the registry's lists. Parameter names are part of links people save: keep them."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from foi_portal.ui.filters import FilterSet
from registry import queries
from registry.models import (
    Component,
    ComponentType,
    Criticality,
    Dependency,
    DependencyStatus,
    Direction,
    Importance,
    Level,
    Lifecycle,
    Organisation,
    OrganisationKind,
    PersonalData,
    System,
)

MISSING = (
    ("owner", "Ejer"),
    ("dependencies", "Afhængigheder"),
    ("criticality", "Kritikalitet"),
    ("users", "Brugere: ingen bruger den"),
    ("replacement", "Erstatning: udfaset, men bruges"),
)


def owning_systems(request: HttpRequest) -> QuerySet[Organisation]:
    """Those a select of owners offers: the ones that own a fagsystem."""
    return Organisation.objects.filter(pk__in=System.objects.values("department"))


def providers_of_systems(request: HttpRequest) -> QuerySet[Organisation]:
    return Organisation.objects.filter(pk__in=System.objects.values("provider"))


def providers_of_components(request: HttpRequest) -> QuerySet[Organisation]:
    return Organisation.objects.filter(pk__in=Component.objects.values("provider"))


class CodeFilter(django_filters.ModelChoiceFilter):  # type: ignore[misc]
    """A select whose address holds the organisation's code and not a number nobody knows."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(to_field_name="code", empty_label="Alle", **kwargs)


class SearchFilter(django_filters.CharFilter):  # type: ignore[misc]
    """Every word must be in one of the paths, whatever its case."""

    def __init__(self, *paths: str, **kwargs: Any) -> None:
        self.paths = paths
        super().__init__(**kwargs)

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        for word in (value or "")[:200].split():
            match = Q()
            for path in self.paths:
                match |= Q(**{f"{path}__icontains": word})
            qs = qs.filter(match)
        return qs


class AssetFilter(FilterSet):
    """What systems and components share."""

    q = SearchFilter("name", "code", "aliases", label="Navn, kode eller gammelt navn")
    status = django_filters.ChoiceFilter(
        field_name="lifecycle", label="Status", choices=Lifecycle.choices, empty_label="Alle"
    )
    uses = django_filters.CharFilter(label="Bruger (kode)", method="filter_uses")
    missing = django_filters.ChoiceFilter(
        label="Mangler", choices=MISSING, empty_label="Vis alle", method="filter_missing"
    )

    def filter_uses(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Those with an ongoing dependency on the component, directly or on one of its modules."""
        using = Dependency.objects.ongoing().filter(target__in=queries.modules_below(value))
        return rows.filter(pk__in=using.values("source"))

    def filter_missing(self, rows: Any, name: str, value: str) -> QuerySet[Any]:
        if value == "owner":
            return rows.without_owner()  # type: ignore[no-any-return]
        if value == "dependencies":
            return rows.without_dependencies()  # type: ignore[no-any-return]
        if value == "users":
            return rows.filter(pk__in=queries.unused_components().values("pk"))  # type: ignore[no-any-return]
        if value == "replacement":
            return rows.retired_but_used()  # type: ignore[no-any-return]
        return rows.in_use().filter(criticality=None)  # type: ignore[no-any-return]


class SystemFilter(AssetFilter):
    department = CodeFilter(label="Forvaltning", queryset=owning_systems)
    vendor = CodeFilter(
        field_name="provider",
        label="Leverandør",
        queryset=providers_of_systems,
    )
    criticality = django_filters.ChoiceFilter(
        label="Kritikalitet", choices=Criticality.choices, empty_label="Alle"
    )
    personal_data = django_filters.ChoiceFilter(
        label="Persondata", choices=PersonalData.choices, empty_label="Alle"
    )

    class Meta:
        model = System
        fields = (
            "q",
            "department",
            "vendor",
            "status",
            "criticality",
            "personal_data",
            "uses",
            "missing",
            "archived",
        )


class ComponentFilter(AssetFilter):
    level = django_filters.ChoiceFilter(label="Niveau", choices=Level.choices, empty_label="Alle")
    type = django_filters.ChoiceFilter(
        field_name="component_type", label="Type", choices=ComponentType.choices, empty_label="Alle"
    )
    owner = CodeFilter(
        field_name="provider",
        label="Ejer",
        queryset=providers_of_components,
    )
    parent = django_filters.CharFilter(label="Hører til (kode)", method="filter_parent")

    class Meta:
        model = Component
        fields = ("q", "level", "type", "owner", "parent", "status", "uses", "missing", "archived")

    def filter_parent(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Everything below the component, however deep."""
        return rows.filter(pk__in=queries.modules_below(value)[1:])


class OrganisationFilter(FilterSet):
    q = SearchFilter("name", "code", label="Navn eller kode")
    kind = django_filters.ChoiceFilter(label="Type", choices=OrganisationKind.choices, empty_label="Alle")

    class Meta:
        model = Organisation
        fields = ("q", "kind", "archived")


class DependencyFilter(FilterSet):
    q = SearchFilter(
        "purpose",
        "source__name",
        "source__code",
        "target__name",
        "target__code",
        label="Navn, kode eller formål",
    )
    source = django_filters.CharFilter(label="Hvem bruger (kode)", method="filter_source")
    target = django_filters.CharFilter(label="Hvad bruges (kode)", method="filter_target")
    within = django_filters.CharFilter(label="Hvad bruges, med moduler (kode)", method="filter_within")
    department = CodeFilter(
        field_name="source__department",
        label="Forvaltning",
        queryset=owning_systems,
    )
    direction = django_filters.ChoiceFilter(label="Data", choices=Direction.choices, empty_label="Alle")
    importance = django_filters.ChoiceFilter(
        label="Svigter den", choices=Importance.choices, empty_label="Alle"
    )
    status = django_filters.ChoiceFilter(label="Status", choices=DependencyStatus.choices, empty_label="Alle")

    class Meta:
        model = Dependency
        fields = (
            "q",
            "source",
            "target",
            "within",
            "department",
            "direction",
            "importance",
            "status",
            "archived",
        )

    def filter_source(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """One asset's ongoing dependencies; with ?status= set, those of that status."""
        return self._ongoing(rows.filter(source__code=value))

    def filter_target(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return self._ongoing(rows.filter(target__code=value))

    def filter_within(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return self._ongoing(rows.filter(target__in=queries.modules_below(value)))

    def _ongoing(self, rows: Any) -> QuerySet[Any]:
        return rows if self.form.cleaned_data.get("status") else rows.ongoing()  # type: ignore[no-any-return]
