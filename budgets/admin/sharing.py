"""How costs are shared out, whose budget a component is in, and what is gained."""

from __future__ import annotations

from django.contrib import admin

from budgets.admin.base import ARCHIVED, ROW
from budgets.models import BudgetResponsibility, Gain, SharePart, Sharing
from foi_portal.ui.admin import ArchivedFilter, ReadingAdmin


@admin.register(Sharing)
class SharingAdmin(ReadingAdmin):
    list_display = ("component", "year", "key", "departments_only")
    list_filter = ("key", "year")
    search_fields = ("component__code", "component__name", "note")
    list_select_related = ("component", "year")
    fields = ("year", "component", "key", "departments_only", "note", *ROW)


@admin.register(SharePart)
class SharePartAdmin(ReadingAdmin):
    list_display = ("sharing", "organisation", "weight")
    search_fields = ("organisation__code", "organisation__name", "sharing__component__code")
    list_select_related = ("sharing__component", "sharing__year", "organisation")
    fields = ("sharing", "organisation", "weight", *ROW)


@admin.register(BudgetResponsibility)
class BudgetResponsibilityAdmin(ReadingAdmin):
    list_display = ("component", "organisation", "responsible", "clarified", "since", "follow_up_on")
    list_filter = (ArchivedFilter, "clarified")
    search_fields = ("component__code", "component__name", "responsible")
    list_select_related = ("component", "organisation")
    fields = (
        "component",
        "organisation",
        "responsible",
        "clarified",
        "since",
        "action",
        "follow_up_on",
        *ARCHIVED,
    )


@admin.register(Gain)
class GainAdmin(ReadingAdmin):
    list_display = ("text", "asset", "kind", "state", "yearly", "follow_up_on")
    list_filter = (ArchivedFilter, "state", "kind")
    search_fields = ("text", "asset__code", "asset__name")
    list_select_related = ("asset",)
    fields = (
        "asset",
        "kind",
        "text",
        "yearly",
        "from_year",
        "to_year",
        "organisation",
        "responsible",
        "state",
        "follow_up_on",
        *ARCHIVED,
    )
