"""The registry in the administration: for FOI's rarer chores. The forms' rules are the portal's own."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.html import format_html

from foi_portal.ui import formats
from foi_portal.ui.admin import ArchivableAdmin, ArchivedFilter, PortalForm, ReadingAdmin
from registry import queries
from registry.agreements.admin import AgreementAdmin
from registry.certificates.admin import CertificateAdmin
from registry.forms import LIFECYCLE_FIELDS, ComponentForm, DependencyForm, OrganisationForm, SystemForm
from registry.models import (
    Asset,
    Component,
    Dependency,
    ImpactSnapshot,
    ImportJob,
    Kind,
    Organisation,
    System,
)

READ_ONLY = ("created_at", "updated_at", "archived_at", "archive_reason")
ABOUT: Any = ("Om rækken", {"fields": READ_ONLY, "classes": ("collapse",)})
NAMES = ("code", "name", "aliases")


class OrganisationAdminForm(PortalForm, OrganisationForm):
    parent: Any = None  # the type-ahead is the administration's own

    class Meta(OrganisationForm.Meta):
        fields = OrganisationForm.Meta.fields


@admin.register(Organisation)
class OrganisationAdmin(ArchivableAdmin):
    form = OrganisationAdminForm
    list_display = ("name", "code", "kind", "parent", "valid_from", "valid_to", "changed_on")
    list_filter = (ArchivedFilter, "kind")
    search_fields = ("code", "name")
    search_help_text = "Søg i kode og navn."
    list_select_related = ("parent",)
    autocomplete_fields = ("parent",)
    readonly_fields = READ_ONLY
    fieldsets = (
        ("Stamdata", {"fields": ("name", "code", "kind", "parent")}),
        ("Periode", {"fields": ("valid_from", "valid_to")}),
        ABOUT,
    )

    def standing_in_the_way(self, keys: list[Any]) -> list[Model]:
        children = Organisation.objects.current().filter(parent__in=keys).exclude(pk__in=keys)[:20]
        assets = Asset.objects.current()
        owned, provided = assets.filter(department__in=keys)[:20], assets.filter(provider__in=keys)[:20]
        return [*children, *owned, *provided]


@admin.register(Asset)
class AssetAdmin(ReadingAdmin):
    """Only here so that type-ahead fields can find components and systems alike."""

    list_display = ("name", "code", "kind")
    search_fields = NAMES
    fields = ("name", "code", "kind")

    def has_module_permission(self, request: HttpRequest) -> bool:
        return False

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if request.GET.get("field_name") == "parent":  # only components have modules
            queryset = queryset.filter(kind=Kind.COMPONENT)
        return super().get_search_results(request, queryset, search_term)

    def change_view(
        self,
        request: HttpRequest,
        object_id: str,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        """On to the component's or the system's own page."""
        obj = self._row(request, object_id)
        return HttpResponseRedirect(reverse(f"admin:registry_{obj.kind}_change", args=[obj.pk]))


class LifecycleAdmin(ArchivableAdmin):
    """What components and systems share."""

    search_fields = NAMES
    search_help_text = "Søg i kode, navn og gamle navne."
    readonly_fields = READ_ONLY

    def standing_in_the_way(self, keys: list[Any]) -> list[Model]:
        modules = Asset.objects.current().filter(parent__in=keys).exclude(pk__in=keys)[:20]
        return [*modules, *queries.used_by(keys)[:20]]


class ComponentAdminForm(PortalForm, ComponentForm):
    provider: Any = None
    parent: Any = None
    successor: Any = None

    class Meta(ComponentForm.Meta):
        widgets: Any = {}
        labels: Any = {"provider": "Ejer"}


@admin.register(Component)
class ComponentAdmin(LifecycleAdmin):
    form = ComponentAdminForm
    list_display = (
        "name",
        "code",
        "component_type",
        "level",
        "parent",
        "provider",
        "lifecycle",
        "criticality",
        "changed_on",
    )
    list_filter = (ArchivedFilter, "lifecycle", "component_type", "level", "criticality", "needs_agreement")
    list_select_related = ("parent", "provider")
    autocomplete_fields = ("parent", "provider", "successor")
    fieldsets = (
        (
            "Stamdata",
            {
                "fields": (
                    "name",
                    "code",
                    "aliases",
                    "component_type",
                    "level",
                    "parent",
                    "provider",
                    "description",
                    "url",
                )
            },
        ),
        ("Livscyklus", {"fields": (*LIFECYCLE_FIELDS, "successor")}),
        ("Aftaler", {"fields": ("needs_agreement",)}),
        ABOUT,
    )


class SystemAdminForm(PortalForm, SystemForm):
    provider: Any = None
    successor: Any = None

    class Meta(SystemForm.Meta):
        widgets: Any = {}


@admin.register(System)
class SystemAdmin(LifecycleAdmin):
    form = SystemAdminForm
    list_display = (
        "name",
        "code",
        "department",
        "provider",
        "lifecycle",
        "criticality",
        "personal_data",
        "changed_on",
    )
    list_filter = (
        ArchivedFilter,
        "lifecycle",
        "criticality",
        "personal_data",
        ("department", admin.RelatedOnlyFieldListFilter),
    )
    list_select_related = ("department", "provider")
    autocomplete_fields = ("provider", "successor")
    fieldsets = (
        (
            "Stamdata",
            {
                "fields": (
                    "name",
                    "code",
                    "aliases",
                    "department",
                    "provider",
                    "external_id",
                    "description",
                    "url",
                )
            },
        ),
        ("Livscyklus og følsomhed", {"fields": (*LIFECYCLE_FIELDS, "personal_data", "successor")}),
        ABOUT,
    )


class DependencyAdminForm(PortalForm, DependencyForm):
    source: Any = None
    target: Any = None
    via: Any = None

    class Meta(DependencyForm.Meta):
        help_texts: Any = {"via": "Fx den platform, som data løber gennem."}


@admin.register(Dependency)
class DependencyAdmin(ArchivableAdmin):
    form = DependencyAdminForm
    list_display = (
        "__str__",
        "direction",
        "purpose",
        "importance",
        "status",
        "since_year",
        "via",
        "changed_on",
    )
    list_filter = (ArchivedFilter, "status", "importance", "direction")
    search_fields = ("source__code", "source__name", "target__code", "target__name", "purpose")
    search_help_text = "Søg i formål og i kode og navn på dem, der bruger og bruges."
    list_select_related = ("source", "target", "via")
    autocomplete_fields = ("source", "target", "via")
    readonly_fields = (*READ_ONLY, "verified_by")
    fieldsets = (
        ("Hvem bruger hvad", {"fields": ("source", "target", "direction", "purpose", "importance", "via")}),
        ("Status", {"fields": ("status", "since", "until", "verified_on", "verified_by")}),
        ABOUT,
    )

    @admin.display(description="siden", ordering="since")
    def since_year(self, obj: Dependency) -> str:
        return formats.year_or_date(obj.since) if obj.since else ""


@admin.register(ImportJob)
class ImportJobAdmin(ReadingAdmin):
    """Imports are made and carried out on the portal's import page; here they can be found again."""

    list_display = ("__str__", "state", "uploaded_by", "finished_at", "reason", "message")
    list_filter = ("state",)
    search_fields = ("reason", "message", "uploaded_by__username")
    list_select_related = ("uploaded_by",)
    date_hierarchy = "uploaded_at"
    fields = (
        "state",
        "uploaded_by",
        "uploaded_at",
        "accepted_by",
        "finished_at",
        "reason",
        "message",
        "attempts",
        "changes",
    )
    readonly_fields = ("changes",)

    def view_on_site(self, obj: ImportJob) -> str:
        return obj.get_absolute_url()

    @admin.display(description="ændringssæt")
    def changes(self, obj: ImportJob) -> str:
        if obj.change_set is None:
            return ""
        return format_html('<a href="{}">Se ændringerne</a>', reverse("changeset", args=[obj.change_set]))


@admin.register(ImpactSnapshot)
class ImpactSnapshotAdmin(ReadingAdmin):
    """Saved answers are made, corrected and archived on the portal's own pages; here they can be found again."""

    list_display = ("title", "asked_on", "asked_by", "created_at", "archived_at")
    list_filter = (ArchivedFilter,)
    search_fields = ("title", "note", "question", "asked_by__username")
    list_select_related = ("asked_by",)
    fields = ("title", "note", "question", "asked_on", "asked_by", *READ_ONLY)

    def view_on_site(self, obj: ImpactSnapshot) -> str:
        return obj.get_absolute_url()


__all__ = ["AgreementAdmin", "CertificateAdmin"]  # registered where they are defined
