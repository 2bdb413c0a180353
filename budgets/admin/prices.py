"""The price catalogue and the assumptions."""

from __future__ import annotations

from django.contrib import admin

from budgets.admin.base import ARCHIVED, ROW
from budgets.models import Assumption, AssumptionValue, Price, PriceModel
from foi_portal.ui.admin import ArchivedFilter, ReadingAdmin


@admin.register(PriceModel)
class PriceModelAdmin(ReadingAdmin):
    list_display = ("name", "code", "kind", "component", "assumption")
    list_filter = (ArchivedFilter, "kind")
    search_fields = ("code", "name", "component__code", "component__name")
    search_help_text = "Søg i kode, navn og komponent."
    list_select_related = ("component", "assumption")
    fields = ("name", "code", "kind", "component", "assumption", "note", "source", *ARCHIVED)


@admin.register(Price)
class PriceAdmin(ReadingAdmin):
    list_display = ("model", "since", "until", "steps", "estimated")
    list_filter = ("estimated",)
    search_fields = ("model__code", "model__name")
    list_select_related = ("model",)
    fields = ("model", "since", "until", "steps", "estimated", "source", *ROW)


@admin.register(Assumption)
class AssumptionAdmin(ReadingAdmin):
    list_display = ("name", "code", "unit")
    list_filter = (ArchivedFilter,)
    search_fields = ("code", "name")
    fields = ("name", "code", "unit", "note", *ARCHIVED)


@admin.register(AssumptionValue)
class AssumptionValueAdmin(ReadingAdmin):
    list_display = ("assumption", "year", "value", "estimated", "source")
    list_filter = ("assumption", "estimated")
    search_fields = ("assumption__code", "assumption__name")
    list_select_related = ("assumption",)
    fields = ("assumption", "year", "value", "estimated", "source", *ROW)
