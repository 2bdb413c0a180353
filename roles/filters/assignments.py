"""The filter of /roller/tildelinger/. Parameter names are part of links people save: keep them."""

from __future__ import annotations

import datetime
from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.urls import reverse_lazy
from django.utils import timezone

from foi_portal.core.keys import among
from foi_portal.ui.filters import FilterSet
from registry import queries
from registry.filters import CodeFilter, SearchFilter
from registry.models import Kind, Organisation, OrganisationKind, System
from roles.assignment_rows import AssignmentState
from roles.forms.fields import PersonField, as_person
from roles.forms.scopes import Scope, ScopeField
from roles.models import Assignment, Part, Phase, Role, RoleLevel, RoleRequirement, ScopeKind

NOW = AssignmentState.NOW.value
EVERY = "all"


def owners() -> QuerySet[Organisation]:
    """The departments and units that a scope can be or belong to."""
    owning = System.objects.exclude(department=None).values("department")
    return Organisation.objects.filter(
        Q(pk__in=owning) | Q(kind=OrganisationKind.FORVALTNING, archived_at=None)
    )


def roles_in_use() -> QuerySet[Any]:
    """What a select of roles offers: the catalogue, and roles gone from it that somebody has or had."""
    assigned = Assignment.objects.values("role")
    return Role.objects.filter(Q(archived_at=None) | Q(pk__in=assigned))


class ScopeFilter(django_filters.CharFilter):  # type: ignore[misc]
    """One component with its modules, one fagsystem, one organisation, or "Hele kommunen". No hit, no rows."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            widget=forms.TextInput(attrs={"data-lookup": reverse_lazy("scope-lookup")}), **kwargs
        )

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return qs
        try:
            found = ScopeField().typed(value)
        except ValidationError:
            return qs.none()
        if found is None:
            return qs
        self.parent.meant[self.field_name] = str(found)
        return qs.filter(_within(found))


def _within(scope: Scope) -> Q:
    """The scope's own assignments, and those of a component's modules."""
    if scope.organisation is not None:
        return Q(organisation=scope.organisation)
    if scope.asset is None:
        return Q(asset=None, organisation=None)
    if scope.asset.kind == Kind.SYSTEM:
        return Q(asset=scope.asset)
    return Q(asset_id__in=among(queries.modules_below(scope.asset.code)))


class PersonFilter(django_filters.CharFilter):  # type: ignore[misc]
    """One person by key, e-mail or name. No hit, no rows."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            widget=forms.TextInput(attrs={"data-lookup": reverse_lazy("person-lookup")}), **kwargs
        )

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return qs
        found = PersonField().find_all([value])[value]
        if isinstance(found, ValidationError):
            return qs.none()
        self.parent.meant[self.field_name] = as_person(found)
        return qs.filter(person=found)


class AssignmentFilter(FilterSet):
    seldom = ("department", "level", "phase", "ends", "unrequired", "absent", "archived")

    q = SearchFilter(
        "role__name",
        "role__code",
        "person__name",
        "person__email",
        "asset__name",
        "asset__code",
        "organisation__name",
        label="Rolle, person eller sted",
    )
    role = CodeFilter(roles_in_use, label="Rolle")
    person = PersonFilter(label="Person")
    scope = ScopeFilter(label="For (komponenter med moduler)", field_name="scope")
    part = django_filters.ChoiceFilter(label="Som", choices=Part.choices, empty_label="Alle")
    when = django_filters.ChoiceFilter(
        label="Hvornår",
        choices=((NOW, "Nu"), ("coming", "Kommer"), ("over", "Ophørt"), (EVERY, "Alle")),
        empty_label=None,
        initial=NOW,
        method="filter_when",
    )
    department = CodeFilter(owners, label="Forvaltning", method="filter_department")
    level = django_filters.ChoiceFilter(
        field_name="role__level", label="Niveau", choices=RoleLevel.choices, empty_label="Alle"
    )
    phase = django_filters.ChoiceFilter(
        label="Fase", choices=Phase.choices, empty_label="Alle", method="filter_phase"
    )
    ends = django_filters.ChoiceFilter(
        label="Ophører",
        choices=(("30", "Inden 30 dage"), ("90", "Inden 90 dage"), ("365", "Inden et år")),
        empty_label="Alle",
        method="filter_ends",
    )
    unrequired = django_filters.ChoiceFilter(
        label="Krav",
        choices=(("ja", "Hvor rollen ikke kræves"), ("nej", "Hvor rollen kræves")),
        empty_label="Alle",
        method="filter_unrequired",
    )
    absent = django_filters.ChoiceFilter(
        label="Fravær",
        choices=(("ja", "Fraværende i dag"), ("nej", "Ikke fraværende i dag")),
        empty_label="Alle",
        method="filter_absent",
    )

    class Meta:
        model = Assignment
        fields = (
            "q",
            "role",
            "person",
            "scope",
            "part",
            "when",
            "department",
            "level",
            "phase",
            "ends",
            "unrequired",
            "absent",
            "archived",
        )

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows = super().filter_queryset(queryset)
        return rows if self.form.cleaned_data.get("when") else self.filter_when(rows, "when", NOW)

    def filter_when(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows if value == EVERY else rows.filter(state=value)

    def filter_department(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if not value:
            return rows
        return rows.filter(Q(asset__department__code=value) | Q(organisation__code=value))

    def filter_phase(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """A role of both phases belongs to each."""
        return rows.filter(role__phase__in=(value, Phase.BOTH))

    def filter_ends(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        today = timezone.localdate()
        return rows.filter(until__gt=today, until__lte=today + datetime.timedelta(days=int(value)))

    def filter_unrequired(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        required = RoleRequirement.objects.current().filter(role=OuterRef("role"))
        asked = (
            Q(Exists(required.filter(scope_kind=ScopeKind.MUNICIPALITY)), asset=None, organisation=None)
            | Q(Exists(required.filter(asset=OuterRef("asset"))))
            | Q(Exists(required.filter(scope_kind=ScopeKind.EVERY_SYSTEM)), asset__kind=Kind.SYSTEM)
            | Q(
                Exists(required.filter(scope_kind=ScopeKind.EVERY_DEPARTMENT)),
                organisation__kind=OrganisationKind.FORVALTNING,
            )
        )
        return rows.exclude(asked) if value == "ja" else rows.filter(asked)

    def filter_absent(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(is_absent=value == "ja")
