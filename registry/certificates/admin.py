"""Certificates in the administration: to be read. They are made and corrected on the portal's own pages."""

from __future__ import annotations

from django.contrib import admin

from foi_portal.ui.admin import ArchivedFilter, ReadingAdmin
from registry.models import Certificate


@admin.register(Certificate)
class CertificateAdmin(ReadingAdmin):
    """Without ``pem``: what it says stands in the other fields, and the portal gives it as a file."""

    list_display = ("name", "kind", "environment", "valid_from", "valid_to", "revoked_on", "archived_at")
    list_filter = (ArchivedFilter, "kind", "environment")
    search_fields = ("name", "subject", "issuer", "serial", "sha256")
    search_help_text = "Søg i navn, indehaver, udsteder, serienummer og fingeraftryk."
    date_hierarchy = "valid_to"
    fields = (
        "name",
        "kind",
        "environment",
        "subject",
        "issuer",
        "serial",
        "sha256",
        "key_usage",
        "oces_id",
        "valid_from",
        "valid_to",
        "expires_at",
        "revoked_on",
        "for_one_system",
        "assets",
        "replaces",
        "location",
        "note",
        "created_at",
        "updated_at",
        "archived_at",
        "archive_reason",
    )

    def view_on_site(self, obj: Certificate) -> str:
        return obj.get_absolute_url()
