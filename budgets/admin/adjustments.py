"""Adjustments and what they do to each line."""

from __future__ import annotations

from django.contrib import admin

from budgets.admin.base import ROW
from budgets.models import Adjustment, AdjustmentEntry
from foi_portal.ui.admin import ReadingAdmin


@admin.register(Adjustment)
class AdjustmentAdmin(ReadingAdmin):
    list_display = ("reason", "year", "kind", "on", "state", "decided_by", "decided_at")
    list_filter = ("state", "kind", "year")
    search_fields = ("reason", "case_number")
    search_help_text = "Søg i begrundelse og sagsnummer."
    list_select_related = ("year", "decided_by")
    fields = ("year", "kind", "on", "reason", "case_number", "state", "decided_by", "decided_at", *ROW)


@admin.register(AdjustmentEntry)
class AdjustmentEntryAdmin(ReadingAdmin):
    list_display = ("adjustment", "line", "amount")
    search_fields = ("adjustment__reason", "line__component__code", "line__component__name")
    search_help_text = "Søg i begrundelse og komponent."
    list_select_related = ("adjustment__year", "line__component", "line__year")
    fields = ("adjustment", "line", "amount", *ROW)
