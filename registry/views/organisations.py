"""Organisations: the municipality's units, vendors, authorities and clubs."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Subquery, Value
from django.db.models.functions import Coalesce

from foi_portal.ui import views
from registry.filters import OrganisationFilter
from registry.forms import OrganisationForm
from registry.models import Asset, Organisation
from registry.tables import ORGANISATION_COLUMNS


class OrganisationView(views.ModelView):
    model = Organisation
    url_base = "organisation"
    create_label = "Ny organisation"


def _assets(field: str) -> Coalesce:
    rows = Asset.objects.current().filter(**{field: OuterRef("pk")}).order_by().values(field)
    return Coalesce(Subquery(rows.annotate(n=Count("pk")).values("n"), output_field=IntegerField()), Value(0))


class OrganisationList(OrganisationView, views.ListView):
    columns = ORGANISATION_COLUMNS
    filterset_class = OrganisationFilter
    default_sort = "name"

    def get_queryset(self) -> Any:
        return super().get_queryset().annotate(systems=_assets("department"), supplied=_assets("provider"))


class OrganisationDetail(OrganisationView, views.DetailView):
    template_name = "registry/organisation_detail.html"
    shown = 100

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("parent")

    def get_context(self, obj: Organisation) -> dict[str, Any]:
        owned = Asset.objects.current().filter(department=obj)
        provided = Asset.objects.current().filter(provider=obj)
        return {
            "owned": list(owned[: self.shown]),
            "owned_count": owned.count(),
            "provided": list(provided[: self.shown]),
            "provided_count": provided.count(),
            "children": list(Organisation.objects.current().filter(parent=obj)[: self.shown]),
            "tab": "overview",
        }


class OrganisationForms(OrganisationView, views.FormView):
    form_class = OrganisationForm
    wide = ("name",)
    fieldsets = (
        ("Stamdata", ("name", "code", "kind", "parent")),
        ("Periode", ("valid_from", "valid_to")),
    )


class OrganisationCreate(OrganisationForms, views.CreateView):
    pass


class OrganisationUpdate(OrganisationForms, views.UpdateView):
    pass


class OrganisationArchive(OrganisationView, views.ArchiveView):
    def in_the_way(self, obj: Organisation) -> list[Any]:
        children = Organisation.objects.current().filter(parent=obj)[:20]
        owned = Asset.objects.current().filter(department=obj)[:20]
        return [*children, *owned, *Asset.objects.current().filter(provider=obj)[:20]]


class OrganisationRestore(OrganisationArchive):
    restore = True


class OrganisationHistory(OrganisationView, views.HistoryView):
    pass
