"""Budget lines and their estimates."""

from __future__ import annotations

from django.contrib import admin

from budgets.admin.base import ARCHIVED, ROW, BudgetAdmin
from budgets.models import BudgetLine, Estimate
from foi_portal.ui.admin import ArchivedFilter, ReadingAdmin


@admin.register(BudgetLine)
class BudgetLineAdmin(BudgetAdmin):
    list_display = ("component", "year", "cost_type", "funding", "unit", "original", "illustrative")
    list_filter = (ArchivedFilter, "year", "cost_type", "funding", "illustrative")
    search_fields = ("component__code", "component__name", "note", "account")
    search_help_text = "Søg i komponent, bemærkning og kontostreng."
    list_select_related = ("component", "year", "unit")
    fields = (
        "year",
        "component",
        "cost_type",
        "funding",
        "unit",
        "original",
        "price_model",
        "calculation",
        "account",
        "note",
        "illustrative",
        "explanation",
        "explained",
        *ARCHIVED,
    )


@admin.register(Estimate)
class EstimateAdmin(ReadingAdmin):
    list_display = ("line", "ahead", "amount")
    list_filter = ("ahead",)
    search_fields = ("line__component__code", "line__component__name")
    search_help_text = "Søg i komponent."
    list_select_related = ("line__component", "line__year")
    fields = ("line", "ahead", "amount", *ROW)
