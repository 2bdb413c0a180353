"""Fagsystemer: what is it, whose is it, what does it depend on, what depends on it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.utils import timezone

from foi_portal.core.permissions import may
from foi_portal.ui import views
from registry import findings, landscape, queries
from registry.filters import SystemFilter
from registry.forms import LIFECYCLE_FIELDS, OwnSystemForm, SystemForm
from registry.models import Asset, System
from registry.tables import SYSTEM_COLUMNS
from registry.views import pictures


class SystemView(views.ModelView):
    model = System
    url_base = "system"
    create_label = "Nyt fagsystem"

    @property
    def may_change_all(self) -> bool:
        """Whether the user may change any system. Who may change only their own may neither recode nor archive it."""
        return may(self.request.user, "change", System)

    def page(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        return super().page({"may_not_archive": not self.may_change_all, **context}, status)


class SystemList(SystemView, views.ListView):
    columns = SYSTEM_COLUMNS
    filterset_class = SystemFilter
    default_sort = "name"
    bulk = True

    def get_queryset(self) -> Any:
        return queries.with_counts(super().get_queryset())


class SystemDetail(SystemView, views.DetailView):
    template_name = "registry/system_detail.html"

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("provider", "department", "successor")

    def get_context(self, obj: System) -> dict[str, Any]:
        rows = list(queries.leans_on(obj))
        today = timezone.localdate()
        ongoing = [row for row in rows if not row.has_ended(today)]
        users = queries.used_by([obj.pk])
        land = landscape.at()
        return {
            "groups": queries.by_importance(ongoing),
            "ongoing_count": len(ongoing),
            "ended": [row for row in rows if row.has_ended(today)],
            "users": list(users[:200]),
            "users_count": users.count(),
            "predecessors": list(Asset.objects.filter(successor=obj)),
            "bearing": findings.bearing(land, obj.pk),
            "figure": pictures.neighbourhood(self.request, obj, land),
            "tab": "overview",
        }


class SystemForms(SystemView, views.FormView):
    form_class = SystemForm
    wide = ("name", "aliases", "url")
    fieldsets = (
        (
            "Stamdata",
            ("name", "code", "department", "provider", "external_id", "aliases", "description", "url"),
        ),
        ("Livscyklus og følsomhed", (*LIFECYCLE_FIELDS, "personal_data", "successor")),
    )


class SystemCreate(SystemForms, views.CreateView):
    def after(self, obj: Any) -> str:
        """A new system's next question is what it depends on."""
        return self.url("dependencies", obj)


class SystemUpdate(SystemForms, views.UpdateView):
    def get_object(self, action: str | None = None) -> Any:
        obj = super().get_object(action)
        if not self.may_change_all:
            self.form_class = OwnSystemForm
        return obj


class SystemArchive(SystemView, views.ArchiveView):
    def get_object(self, action: str | None = None) -> Any:
        obj = super().get_object(action)
        if not self.may_change_all:
            raise PermissionDenied
        return obj

    def in_the_way(self, obj: System) -> list[Any]:
        return list(queries.used_by([obj.pk])[:20])


class SystemRestore(SystemArchive):
    restore = True


class SystemHistory(SystemView, views.HistoryView):
    def changes(self, obj: Any) -> Any:
        return queries.changes_about(obj)
