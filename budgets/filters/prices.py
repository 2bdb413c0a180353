"""The filters of the lists of price models and assumptions. Parameter names are part of saved links: keep them."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet

from budgets.forms.prices import YearField
from budgets.models import Assumption, PriceKind, PriceModel
from foi_portal.ui.filters import FilterSet
from registry.filters import PickFilter, SearchFilter
from registry.models import Kind


class YearFilter(django_filters.Filter):  # type: ignore[misc]
    """A year as four digits."""

    field_class = YearField


class PriceFilter(FilterSet):
    q = SearchFilter("name", "code", "note", label="Navn, kode eller beskrivelse")
    kind = django_filters.ChoiceFilter(label="Slags", choices=PriceKind.choices, empty_label="Alle")
    component = PickFilter("filter_component", kind=Kind.COMPONENT, label="Komponent")
    year = YearFilter(label="Har en pris i året", method="filter_year")

    class Meta:
        model = PriceModel
        fields = ("q", "kind", "component", "year", "archived")

    def filter_component(self, rows: QuerySet[Any], code: str) -> QuerySet[Any]:
        return rows.filter(component__code=code)

    def filter_year(self, rows: QuerySet[Any], name: str, value: int | None) -> QuerySet[Any]:
        """The list's own column shows the price of that year."""
        return rows if value is None else rows.exclude(price_steps=None)


class AssumptionFilter(FilterSet):
    q = SearchFilter("name", "code", "unit", "note", label="Navn, kode, enhed eller bemærkning")
    year = YearFilter(label="Kendt i året", method="filter_year")

    class Meta:
        model = Assumption
        fields = ("q", "year", "archived")

    def filter_year(self, rows: QuerySet[Any], name: str, value: int | None) -> QuerySet[Any]:
        """The list's own column shows the value of that year."""
        return rows if value is None else rows.exclude(value_now=None)
