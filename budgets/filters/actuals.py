"""The filter of postings. Parameter names are part of links people save: keep them."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet

from budgets import line_names
from budgets.filters.base import UnarchivedFilter
from budgets.importing.actuals import MONTH_NAMES
from budgets.models import Actual, ActualImport, ActualSource, BudgetLine
from registry.filters import PickFilter, SearchFilter
from registry.models import Kind

LARGEST_KEY = 2**63 - 1
STATES = (("standing", "Gælder"), ("cancelled", "Tilbageført"), ("unplaced", "Uden linje"))


class KeyFilter(django_filters.NumberFilter):  # type: ignore[misc]
    """A row by its key, as links have it; the form only carries it along."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.HiddenInput, min_value=1, max_value=LARGEST_KEY, **kwargs)


class PostingFilter(UnarchivedFilter):
    q = SearchFilter("text", "account", label="Tekst eller kontostreng")
    component = PickFilter("filter_component", Kind.COMPONENT.value, label="Komponent")
    month = django_filters.ChoiceFilter(
        label="Måned",
        choices=[(str(number), name) for number, name in enumerate(MONTH_NAMES, 1)],
        empty_label="Alle",
    )
    source = django_filters.ChoiceFilter(label="Kommer fra", choices=ActualSource.choices, empty_label="Alle")
    state = django_filters.ChoiceFilter(
        label="Tilstand", choices=STATES, empty_label="Alle", method="filter_state"
    )
    line = KeyFilter(label="Budgetlinje", method="filter_line")
    batch = KeyFilter(label="Fil", method="filter_batch")

    class Meta:
        model = Actual
        fields = ("q", "component", "month", "source", "state", "line", "batch")

    def filter_component(self, rows: QuerySet[Any], code: str) -> QuerySet[Any]:
        return rows.filter(line__component__code=code)

    def filter_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == "cancelled":
            return rows.filter(Q(reverses__isnull=False) | Q(reversed_by__isnull=False))
        found = rows.filter(reverses=None, reversed_by=None)
        return found.filter(line=None) if value == "unplaced" else found

    def filter_line(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        line = BudgetLine.objects.filter(pk=value).select_related("component", "unit").first()
        if line is not None:
            self.meant["line"] = line_names.told(line)
        return rows.filter(line=value)

    def filter_batch(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        batch = ActualImport.objects.filter(pk=value).first()
        if batch is not None:
            self.meant["batch"] = batch.file_name
        return rows.filter(batch=value)


__all__ = ["PostingFilter"]
