"""Agreements in the administration: the portal's own form and rules, with type-ahead for what they cover."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin

from foi_portal.ui.admin import ArchivableAdmin, ArchivedFilter, PortalForm
from registry.agreements.forms import AgreementForm
from registry.models import Agreement

READ_ONLY = ("created_at", "updated_at", "archived_at", "archive_reason")


class AgreementAdminForm(PortalForm, AgreementForm):
    counterpart: Any = None  # the type-ahead is the administration's own
    unit: Any = None
    system: Any = None

    class Meta(AgreementForm.Meta):
        fields: Any = (*AgreementForm.Meta.fields, "dependencies", "assets")
        widgets: ClassVar[Any] = {}


@admin.register(Agreement)
class AgreementAdmin(ArchivableAdmin):
    form = AgreementAdminForm
    list_display = ("name", "number", "kind", "status", "system", "counterpart", "valid_to", "changed_on")
    list_filter = (ArchivedFilter, "kind", "status", "environment")
    search_fields = ("name", "number", "case_number", "purpose")
    search_help_text = "Søg i navn, nummer, sagsnummer og formål."
    list_select_related = ("system", "counterpart")
    autocomplete_fields = ("counterpart", "unit", "system", "dependencies", "assets")
    readonly_fields = READ_ONLY
    fieldsets = (
        ("Aftalen", {"fields": ("name", "kind", "number", "status", "environment")}),
        ("Parter", {"fields": ("system", "counterpart", "unit")}),
        ("Hvad den dækker", {"fields": ("dependencies", "assets", "purpose", "legal_basis")}),
        (
            "Datoer",
            {
                "fields": (
                    "requested_on",
                    "decided_on",
                    "valid_from",
                    "valid_to",
                    "notice_months",
                    "review_months",
                    "reviewed_on",
                )
            },
        ),
        ("Kendetegn", {"fields": ("uuid", "service_uuid", "system_uuid", "case_number", "url", "note")}),
        ("Om rækken", {"fields": READ_ONLY, "classes": ("collapse",)}),
    )


__all__ = ["AgreementAdmin"]
