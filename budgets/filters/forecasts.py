"""The filter of follow-up rounds."""

from __future__ import annotations

from budgets.filters.base import UnarchivedFilter
from budgets.models import ForecastRound
from registry.filters import SearchFilter


class RoundFilter(UnarchivedFilter):
    q = SearchFilter("name", label="Navn")

    class Meta:
        model = ForecastRound
        fields = ("q",)


__all__ = ["RoundFilter"]
