"""The filters of the registry's lists. Parameter names are part of links people save: keep them."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse_lazy

from foi_portal.ui.filters import FilterSet
from foi_portal.ui.forms import SEPARATOR
from registry import queries, search
from registry.models import (
    Component,
    ComponentType,
    Criticality,
    Dependency,
    DependencyStatus,
    Direction,
    Importance,
    Kind,
    Level,
    Lifecycle,
    Organisation,
    OrganisationKind,
    PersonalData,
    System,
)

MOST_WORDS = 8
MISSING = (
    ("owner", "Forvaltning eller ejer"),
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
        for word in list(dict.fromkeys((value or "")[:200].split()))[:MOST_WORDS]:
            match = Q()
            for path in self.paths:
                match |= Q(**{f"{path}__icontains": word})
            qs = qs.filter(match)
        return qs


class PickFilter(django_filters.CharFilter):  # type: ignore[misc]
    """One component or system by code or by name: the best hit of the search is meant; no hit, no rows.

    The method named gets the row's code.
    """

    def __init__(self, kind: str = "", **kwargs: Any) -> None:
        self.kinds = [kind] if kind else list(Kind.values)
        address = reverse_lazy("asset-lookup")
        super().__init__(widget=forms.TextInput(attrs={"data-lookup": address}), **kwargs)

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return qs
        typed = value.split(SEPARATOR, maxsplit=1)[0]
        hits = search.lookup(typed, self.kinds, limit=1)
        return super().filter(qs, hits[0]["code"]) if hits else qs.none()


class AssetFilter(FilterSet):
    """What systems and components share."""

    q = SearchFilter("name", "code", "aliases", label="Navn, kode eller gammelt navn")
    status = django_filters.ChoiceFilter(
        field_name="lifecycle", label="Status", choices=Lifecycle.choices, empty_label="Alle"
    )
    uses = PickFilter("component", label="Bruger komponenten", method="filter_uses")
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
    seldom = ("personal_data", "missing", "archived")

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
    seldom = ("uses", "missing", "archived")

    level = django_filters.ChoiceFilter(label="Niveau", choices=Level.choices, empty_label="Alle")
    type = django_filters.ChoiceFilter(
        field_name="component_type", label="Type", choices=ComponentType.choices, empty_label="Alle"
    )
    owner = CodeFilter(
        field_name="provider",
        label="Ejer",
        queryset=providers_of_components,
    )
    parent = PickFilter("component", label="Hører til", method="filter_parent")

    class Meta:
        model = Component
        fields = ("q", "level", "type", "owner", "parent", "status", "uses", "missing", "archived")

    def filter_parent(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Everything below the component, however deep."""
        return rows.filter(pk__in=queries.modules_below(value)[1:])


class OrganisationFilter(FilterSet):
    seldom = ()

    q = SearchFilter("name", "code", label="Navn eller kode")
    kind = django_filters.ChoiceFilter(label="Type", choices=OrganisationKind.choices, empty_label="Alle")

    class Meta:
        model = Organisation
        fields = ("q", "kind", "archived")


class DependencyFilter(FilterSet):
    seldom = ("within", "direction", "archived")

    q = SearchFilter(
        "purpose",
        "source__name",
        "source__code",
        "target__name",
        "target__code",
        label="Navn, kode eller formål",
    )
    source = PickFilter(label="Hvem bruger", method="filter_source")
    target = PickFilter(label="Hvad bruges", method="filter_target")
    within = PickFilter("component", label="Hvad bruges, med moduler", method="filter_within")
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
        """What is used from outside: a platform's modules that use each other are not among its users."""
        inside = queries.modules_below(value)
        return self._ongoing(rows.filter(target__in=inside).exclude(source__in=inside))

    def _ongoing(self, rows: Any) -> QuerySet[Any]:
        return rows if self.form.cleaned_data.get("status") else rows.ongoing()  # type: ignore[no-any-return]
