"""What filters of budgets share."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from foi_portal.ui.filters import FilterSet


class UnarchivedFilter(FilterSet):
    """A filter of rows that cannot be archived."""

    archived = None
    seldom = ()

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows: QuerySet[Any] = queryset
        for name, value in self.form.cleaned_data.items():
            rows = self.filters[name].filter(rows, value)
        return rows


__all__ = ["UnarchivedFilter"]
