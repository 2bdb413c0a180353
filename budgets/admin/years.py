"""Years, what was decided about them, and their follow-ups."""

from __future__ import annotations

from django.contrib import admin

from budgets.admin.base import ROW, BudgetAdmin
from budgets.models import BudgetYear, Forecast, ForecastRound, YearDecision
from foi_portal.ui.admin import ReadingAdmin


@admin.register(BudgetYear)
class BudgetYearAdmin(BudgetAdmin):
    list_display = ("year", "state", "note", "updated_at")
    list_filter = ("state",)
    search_fields = ("year", "note")
    fields = ("year", "state", "note", *ROW)


@admin.register(YearDecision)
class YearDecisionAdmin(ReadingAdmin):
    list_display = ("year", "kind", "by", "at", "note")
    list_filter = ("kind",)
    search_fields = ("note", "by__username", "by__first_name", "by__last_name")
    search_help_text = "Søg i bemærkning og hvem."
    list_select_related = ("year", "by")
    fields = ("year", "kind", "by", "at", "note", *ROW)


@admin.register(ForecastRound)
class ForecastRoundAdmin(ReadingAdmin):
    list_display = ("name", "year", "actuals_to", "updated_at")
    search_fields = ("name",)
    list_select_related = ("year",)
    fields = ("year", "name", "actuals_to", *ROW)


@admin.register(Forecast)
class ForecastAdmin(ReadingAdmin):
    list_display = ("line", "round", "amount")
    search_fields = ("line__component__code", "line__component__name", "round__name")
    search_help_text = "Søg i komponent og opfølgning."
    list_select_related = ("line__component", "line__year", "round__year")
    fields = ("round", "line", "amount", *ROW)
