"""Assignments in the administration: to be found again. Acts on them belong to the portal's own pages, which
show what they leave empty and take both rows of a hand-over at once.
"""

from __future__ import annotations

from django.contrib import admin

from foi_portal.ui.admin import ArchivedFilter, ReadingAdmin
from roles.models import Assignment


@admin.register(Assignment)
class AssignmentAdmin(ReadingAdmin):
    list_display = ("person", "role", "scope", "part", "since", "until", "archived_at")
    list_display_links = ("person",)
    list_filter = (ArchivedFilter, "part", "role__level")
    search_fields = (
        "person__name",
        "person__email",
        "role__name",
        "role__code",
        "asset__name",
        "asset__code",
    )
    search_help_text = "Søg i person, rolle og det, rollen er for."
    list_select_related = ("person", "role", "asset", "organisation")
    fields = (
        "person",
        "role",
        "asset",
        "organisation",
        "part",
        "since",
        "until",
        "note",
        "why_here",
        "version",
        "created_at",
        "updated_at",
        "archived_at",
        "archive_reason",
    )

    @admin.display(description="for")
    def scope(self, row: Assignment) -> str:
        return row.scope_name

    def view_on_site(self, obj: Assignment) -> str:
        return obj.get_absolute_url()
