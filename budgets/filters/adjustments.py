"""The filter of adjustments. Parameter names are part of links people save: keep them."""

from __future__ import annotations

import django_filters

from budgets.filters.base import UnarchivedFilter
from budgets.models import Adjustment, AdjustmentKind, AdjustmentState
from registry.filters import SearchFilter


class AdjustmentFilter(UnarchivedFilter):
    q = SearchFilter("reason", "case_number", label="Begrundelse eller sagsnummer")
    kind = django_filters.ChoiceFilter(label="Slags", choices=AdjustmentKind.choices, empty_label="Alle")
    state = django_filters.ChoiceFilter(label="Tilstand", choices=AdjustmentState.choices, empty_label="Alle")

    class Meta:
        model = Adjustment
        fields = ("q", "kind", "state")


__all__ = ["AdjustmentFilter"]
