"""Actuals, the files they came from, and how the files are read."""

from __future__ import annotations

from django.contrib import admin

from budgets.admin.base import ROW
from budgets.models import Actual, ActualImport, ColumnMapping
from foi_portal.ui.admin import CappedPaginator, ReadingAdmin


@admin.register(Actual)
class ActualAdmin(ReadingAdmin):
    """There can be hundreds of thousands: the list counts no further than it must."""

    paginator = CappedPaginator
    list_display = ("line", "year", "month", "amount", "account", "text", "source")
    list_display_links = ("amount",)
    list_filter = ("source", "year", "month", ("line", admin.EmptyFieldListFilter))
    search_fields = ("account", "text", "line__component__code")
    search_help_text = "Søg i kontostreng, tekst og komponentens kode."
    list_select_related = ("line__component", "line__year", "year")
    fields = ("year", "line", "month", "amount", "account", "text", "source", "batch", "row", *ROW)


@admin.register(ActualImport)
class ActualImportAdmin(ReadingAdmin):
    list_display = ("file_name", "year", "by", "at", "added", "known", "unplaced")
    list_filter = ("year",)
    search_fields = ("file_name",)
    list_select_related = ("year", "by")
    fields = ("year", "file_name", "digest", "by", "at", "added", "known", "unplaced", *ROW)


@admin.register(ColumnMapping)
class ColumnMappingAdmin(ReadingAdmin):
    list_display = ("name", "updated_at")
    search_fields = ("name",)
    fields = ("name", "columns", "headers", *ROW)
