"""Confirmation rounds in the administration: to be found again; they are made and closed on the portal's own pages."""

from __future__ import annotations

from django.contrib import admin

from foi_portal.ui.admin import ArchivedFilter, ReadingAdmin
from roles.models import ConfirmationRound, RoundAsset


@admin.register(ConfirmationRound)
class ConfirmationRoundAdmin(ReadingAdmin):
    list_display = ("title", "deadline", "started_on", "started_by", "closed_on")
    list_filter = (ArchivedFilter, "closed_on")
    search_fields = ("title", "message", "chosen_by", "started_by__username")
    search_help_text = "Søg i titel, besked, udvalg og hvem der startede."
    list_select_related = ("started_by",)
    fields = ("title", "message", "deadline", "started_on", "started_by", "chosen_by", "closed_on")

    def view_on_site(self, obj: ConfirmationRound) -> str:
        return obj.get_absolute_url()


@admin.register(RoundAsset)
class RoundAssetAdmin(ReadingAdmin):
    list_display = ("asset", "round", "answered_at", "answered_by", "comment")
    list_filter = (("answered_at", admin.EmptyFieldListFilter), ("round", admin.RelatedOnlyFieldListFilter))
    search_fields = ("asset__code", "asset__name", "round__title", "comment")
    search_help_text = "Søg i fagsystem, runde og bemærkning."
    list_select_related = ("asset", "round", "answered_by")
    fields = ("round", "asset", "answered_at", "answered_by", "comment")
