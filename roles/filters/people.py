"""The filter of /personer/. Parameter names are part of links people save: keep them."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone

from foi_portal.ui.filters import FilterSet
from registry.filters import CodeFilter, SearchFilter
from registry.models import Organisation
from roles.models import Person

STATES = (("here", "Ansat nu"), ("coming", "Begynder senere"), ("left", "Fratrådt"))
ROLES = (("with", "Med roller nu"), ("without", "Uden roller nu"))


def units_of_people() -> QuerySet[Organisation]:
    """Those a select of units offers: the ones that somebody belongs to."""
    return Organisation.objects.filter(pk__in=Person.objects.values("unit"))


class PersonFilter(FilterSet):
    """Reads the annotations of ``PersonList``: ``role_count`` and ``is_absent``."""

    q = SearchFilter("name", "email", "title", "phone", label="Navn, e-mail, titel eller telefon")
    unit = CodeFilter(units_of_people, field_name="unit", label="Enhed")
    state = django_filters.ChoiceFilter(
        label="Ansættelse", choices=STATES, empty_label="Alle", method="filter_state"
    )
    roles = django_filters.ChoiceFilter(
        label="Roller", choices=ROLES, empty_label="Alle", method="filter_roles"
    )
    absent = django_filters.ChoiceFilter(
        label="Fravær",
        choices=(("yes", "Fraværende i dag"), ("no", "Ikke fraværende i dag")),
        empty_label="Alle",
        method="filter_absent",
    )
    archived = django_filters.ChoiceFilter(
        label="Sammenlagte",
        choices=(("ja", "Kun sammenlagte"), ("alle", "Alle")),
        empty_label="Uden sammenlagte",
        method="filter_archived",
    )

    class Meta:
        model = Person
        fields = ("q", "unit", "state", "roles", "absent", "archived")

    def filter_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        today = timezone.localdate()
        if value == "left":
            return rows.filter(active_to__lte=today)
        coming = Q(active_from__gt=today)
        return (
            rows.filter(coming) if value == "coming" else rows.exclude(coming).exclude(active_to__lte=today)
        )

    def filter_roles(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(role_count__gt=0) if value == "with" else rows.filter(role_count=0)

    def filter_absent(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(is_absent=value == "yes")
