"""The filter of /budget/ansvar/. Parameter names are part of links people save: keep them."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone

from budgets import responsibility
from budgets.models import BudgetResponsibility, BudgetYear
from budgets.tables.responsibilities import State
from foi_portal.core.keys import among
from foi_portal.ui.filters import FilterSet
from registry.filters import CodeFilter, PickFilter, SearchFilter
from registry.models import Component, Organisation
from registry.queries import modules_below

UNCLEAR = "uafklarede"


def owners() -> QuerySet[Organisation]:
    """Those that have a component in their budget."""
    current = BudgetResponsibility.objects.current().exclude(organisation=None)
    return Organisation.objects.filter(pk__in=current.values("organisation"))


class ResponsibilityFilter(FilterSet):
    """Of components. ``standing`` is given by the view, which has read it already."""

    seldom = ()
    archived = None  # what is archived is listed only while it costs money, and then it must be seen

    q = SearchFilter(
        "name", "code", "aliases", "own__responsible", "own__action", label="Komponent, ansvarlig eller tekst"
    )
    state = django_filters.ChoiceFilter(
        label="Budgetansvar",
        choices=((UNCLEAR, "Alle uafklarede"), *State.choices),
        empty_label="Alle",
        method="filter_state",
    )
    organisation = CodeFilter(owners, field_name="own__organisation", label="Hvis budget")
    year = django_filters.NumberFilter(label="Med budget i året", method="filter_year", decimal_places=0)
    follow_up = django_filters.ChoiceFilter(
        label="Opfølgning",
        choices=(("overskredet", "Overskredet"), ("mangler", "Uden dato")),
        empty_label="Alle",
        method="filter_follow_up",
    )
    within = PickFilter("filter_within", "component", label="Hører til")

    class Meta:
        model = Component
        fields = ("q", "state", "organisation", "year", "follow_up", "within")

    def __init__(self, *args: Any, standing: responsibility.Standing, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.standing = standing

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return django_filters.FilterSet.filter_queryset(self, queryset)  # type: ignore[no-any-return]

    def filter_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.exclude(state=State.CLARIFIED) if value == UNCLEAR else rows.filter(state=value)

    def filter_year(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        """What answers for something with lines in the year."""
        year = BudgetYear.objects.filter(year=int(value)).first() if 0 < value < 10_000 else None
        keys = set() if year is None else responsibility.of_year(year, self.standing)
        return rows.filter(pk__in=among(keys))

    def filter_follow_up(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        unclear = rows.exclude(state=State.CLARIFIED)
        if value == "mangler":
            return unclear.filter(Q(own__follow_up_on=None))
        return unclear.filter(own__follow_up_on__lt=timezone.localdate())

    def filter_within(self, rows: QuerySet[Any], code: str) -> QuerySet[Any]:
        return rows.filter(pk__in=modules_below(code))


__all__ = ["UNCLEAR", "ResponsibilityFilter"]
