"""The filter of the list of agreements. Parameter names are part of links people save: keep them."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet

from foi_portal.ui.filters import FilterSet
from registry import queries
from registry.agreements import covering
from registry.agreements.days import Standing
from registry.filters import CodeFilter, PickFilter, SearchFilter
from registry.forms import Day
from registry.models import Agreement, AgreementKind, Environment, Organisation

MISSING = (
    ("legal_basis", "Hjemmel"),
    ("purpose", "Formål"),
    ("coverage", "Dækning: dækker ingen afhængigheder"),
)


def counterparts() -> QuerySet[Organisation]:
    return Organisation.objects.filter(pk__in=Agreement.objects.order_by().values("counterpart"))


def units() -> QuerySet[Organisation]:
    return Organisation.objects.filter(pk__in=Agreement.objects.order_by().values("unit"))


class DayFilter(django_filters.Filter):  # type: ignore[misc]
    field_class = Day


class AgreementFilter(FilterSet):
    """``component``: covers a dependency on it or its modules, or names one of them."""

    seldom = ("environment", "counterpart", "unit", "ends_before", "notice_before", "missing", "archived")

    q = SearchFilter(
        "name",
        "number",
        "case_number",
        "purpose",
        "legal_basis",
        "uuid",
        "service_uuid",
        "system_uuid",
        label="Navn, nummer, sagsnummer, UUID eller formål",
    )
    kind = django_filters.ChoiceFilter(label="Type", choices=AgreementKind.choices, empty_label="Alle")
    status = django_filters.ChoiceFilter(
        field_name="standing", label="Status", choices=Standing.choices, empty_label="Alle"
    )
    system = PickFilter("filter_system", "system", label="Fagsystem")
    component = PickFilter("filter_component", "component", label="Dækker komponenten")
    environment = django_filters.ChoiceFilter(label="Miljø", choices=Environment.choices, empty_label="Alle")
    counterpart = CodeFilter(label="Modpart", rows=counterparts)
    unit = CodeFilter(label="Indgået af", rows=units)
    ends_before = DayFilter(field_name="valid_to", lookup_expr="lt", label="Slutter før")
    notice_before = DayFilter(field_name="notice_day", lookup_expr="lt", label="Skal opsiges før")
    missing = django_filters.ChoiceFilter(
        label="Mangler", choices=MISSING, empty_label="Vis alle", method="filter_missing"
    )

    class Meta:
        model = Agreement
        fields = (
            "q",
            "kind",
            "status",
            "system",
            "component",
            "environment",
            "counterpart",
            "unit",
            "ends_before",
            "notice_before",
            "missing",
            "archived",
        )

    def filter_system(self, rows: QuerySet[Any], code: str) -> QuerySet[Any]:
        """Those made for the system, those that name it, and those that cover what it uses or is used by."""
        ends = Q(dependency__source__code=code) | Q(dependency__target__code=code)
        return rows.filter(
            Q(system__code=code)
            | Q(pk__in=covering.NAMES.objects.filter(asset__code=code).values("agreement"))
            | Q(pk__in=covering.COVERS.objects.filter(ends).values("agreement"))
        )

    def filter_component(self, rows: QuerySet[Any], code: str) -> QuerySet[Any]:
        keys = queries.modules_below(code)
        return rows.filter(pk__in=covering.about_any(keys).order_by().values("pk"))

    def filter_missing(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(covers=0) if value == "coverage" else rows.filter(**{value: ""})


__all__ = ["AgreementFilter"]
