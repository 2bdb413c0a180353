"""The filter of /budget/<year>/linjer/. Parameter names are part of links people save: keep them."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet

from budgets.models import BudgetLine, CostType, Funding
from foi_portal.core.keys import among
from foi_portal.ui.filters import FilterSet
from registry import queries
from registry.filters import CodeFilter, PickFilter, SearchFilter
from registry.models import Component, Organisation


def providers() -> QuerySet[Organisation]:
    """Those whose components have budget lines."""
    with_lines = Component.objects.filter(pk__in=BudgetLine.objects.values("component"))
    return Organisation.objects.filter(pk__in=with_lines.values("provider"))


def units() -> QuerySet[Organisation]:
    """Those that have lines in their budget."""
    return Organisation.objects.filter(pk__in=BudgetLine.objects.exclude(unit=None).values("unit"))


class LineFilter(FilterSet):
    seldom = ("unit", "illustrative", "price", "archived")

    q = SearchFilter(
        "component__name",
        "component__code",
        "component__aliases",
        "note",
        "account",
        label="Komponent, bemærkning eller konto",
    )
    component = PickFilter("filter_component", "component", label="Komponent med moduler")
    provider = CodeFilter(providers, field_name="component__provider", label="Udbyder")
    kind = django_filters.ChoiceFilter(
        field_name="cost_type", label="Type", choices=CostType.choices, empty_label="Alle"
    )
    funding = django_filters.ChoiceFilter(label="Finansiering", choices=Funding.choices, empty_label="Alle")
    unknown = django_filters.ChoiceFilter(
        label="Beløb",
        choices=(("ja", "Ikke kendt"), ("nej", "Kendt")),
        empty_label="Alle",
        method="filter_unknown",
    )
    unit = CodeFilter(units, label="Budgetenhed")
    illustrative = django_filters.ChoiceFilter(
        label="Opdigtet",
        choices=(("ja", "Opdigtede eksempler"), ("nej", "Rigtige tal")),
        empty_label="Alle",
        method="filter_illustrative",
    )
    price = django_filters.ChoiceFilter(
        label="Udregning",
        choices=(("ja", "Regnes ud af en prismodel"), ("nej", "Skrevet")),
        empty_label="Alle",
        method="filter_price",
    )

    class Meta:
        model = BudgetLine
        fields = (
            "q",
            "component",
            "provider",
            "kind",
            "funding",
            "unknown",
            "unit",
            "illustrative",
            "price",
            "archived",
        )

    def filter_component(self, rows: QuerySet[Any], code: str) -> QuerySet[Any]:
        return rows.filter(component_id__in=among(queries.modules_below(code)))

    def filter_unknown(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(original__isnull=value == "ja")

    def filter_illustrative(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(illustrative=value == "ja")

    def filter_price(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(price_model__isnull=value != "ja")


__all__ = ["LineFilter"]
