"""The catalogue in the administration. Editions are made and taken into use on the portal's own pages."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model
from django.utils import timezone

from foi_portal.ui.admin import ArchivableAdmin, ArchivedFilter, PortalForm, ReadingAdmin
from roles.forms.catalogue import RequirementForm, RoleForm
from roles.models import Assignment, Role, RoleEdition, RoleRequirement

READ_ONLY = ("created_at", "updated_at", "archived_at", "archive_reason")
ABOUT: Any = ("Om rækken", {"fields": READ_ONLY, "classes": ("collapse",)})


class RoleAdminForm(PortalForm, RoleForm):
    class Meta(RoleForm.Meta):
        widgets: Any = {}


@admin.register(Role)
class RoleAdmin(ArchivableAdmin):
    form = RoleAdminForm
    list_display = ("name", "code", "level", "phase", "verified", "source", "source_version", "changed_on")
    list_filter = (ArchivedFilter, "level", "phase", "verified")
    search_fields = ("code", "name", "description")
    search_help_text = "Søg i kode, navn og ansvar."
    fieldsets = (
        ("Rollen", {"fields": ("name", "code", "level", "phase", "description")}),
        ("Hvor den kommer fra", {"fields": ("source", "source_version", "verified")}),
        ABOUT,
    )

    def get_readonly_fields(self, request: Any, obj: Any = None) -> tuple[str, ...]:
        """Editions know a role by its code, so it stays."""
        return (*READ_ONLY, "code") if obj is not None else READ_ONLY

    def standing_in_the_way(self, keys: list[Any]) -> list[Model]:
        ongoing = Assignment.objects.not_over(timezone.localdate()).filter(role__in=keys)
        return list(ongoing.select_related("person", "role", "asset", "organisation")[:20])


class ReadOnlyCatalogue(ReadingAdmin):
    """Found again here; changed, with its reason, on the portal's own pages."""

    def view_on_site(self, obj: Any) -> str:
        return str(obj.get_absolute_url())


@admin.register(RoleRequirement)
class RoleRequirementAdmin(ReadOnlyCatalogue):
    list_display = (
        "role",
        "scope_kind",
        "asset",
        "holders",
        "deputy_needed",
        "since",
        "origin",
        "archived_at",
    )
    list_filter = (ArchivedFilter, "scope_kind", "origin", "deputy_needed")
    search_fields = ("role__code", "role__name", "asset__code", "asset__name")
    list_select_related = ("role", "asset")
    fields = (
        "role",
        *RequirementForm.Meta.fields,
        "origin",
        *READ_ONLY,
    )


@admin.register(RoleEdition)
class RoleEditionAdmin(ReadOnlyCatalogue):
    list_display = ("name", "state", "in_use_from", "created_at", "archived_at")
    list_filter = (ArchivedFilter, "state")
    search_fields = ("name", "note")
    fields = ("name", "note", "state", "in_use_from", *READ_ONLY)
