"""Components: what they are, their module tree, what they lean on and who uses them."""

from __future__ import annotations

from typing import Any

from foi_portal.ui import views
from registry import findings, landscape, queries
from registry.filters import ComponentFilter
from registry.forms import LIFECYCLE_FIELDS, ComponentForm
from registry.models import Asset, Component
from registry.tables import COMPONENT_COLUMNS
from registry.views import pictures

SHOWN_USERS = 100
SHOWN_THROUGH = 300  # dependencies on modules, before they are put together per user


class ComponentView(views.ModelView):
    model = Component
    url_base = "component"
    create_label = "Ny komponent"


class ComponentList(ComponentView, views.ListView):
    columns = COMPONENT_COLUMNS
    filterset_class = ComponentFilter
    default_sort = "name"
    bulk = True

    def get_queryset(self) -> Any:
        return queries.with_counts(super().get_queryset())


class ComponentDetail(ComponentView, views.DetailView):
    template_name = "registry/component_detail.html"

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("provider", "parent", "successor")

    def get_context(self, obj: Component) -> dict[str, Any]:
        tree = queries.module_tree(obj.pk)
        below = queries.subtree_ids(tree, obj.pk)
        direct = list(queries.used_by([obj.pk])[:SHOWN_USERS])
        # A platform's modules that use each other are not its users.
        outside = queries.used_by(below).exclude(source__in=[obj.pk, *below])
        through = list(outside[:SHOWN_THROUGH]) if below else []
        land = landscape.at()
        return {
            "tree": tree if len(tree) > 1 else [],
            "below_count": len(below),
            "groups": queries.by_importance(list(queries.leans_on(obj).ongoing())),
            "direct": direct,
            "direct_count": queries.used_by([obj.pk]).count(),
            "through": queries.by_user(through),
            "through_users": outside.order_by().values("source").distinct().count(),
            "all_count": queries.used_by([obj.pk, *below]).exclude(source__in=[obj.pk, *below]).count(),
            "predecessors": list(Asset.objects.filter(successor=obj)),
            "bearing": findings.bearing(land, obj.pk),
            "figure": pictures.neighbourhood(self.request, obj, land),
            "tab": "overview",
        }


class ComponentForms(ComponentView, views.FormView):
    form_class = ComponentForm
    wide = ("name", "aliases", "url")
    fieldsets = (
        (
            "Stamdata",
            (
                "name",
                "code",
                "component_type",
                "level",
                "parent",
                "provider",
                "aliases",
                "description",
                "url",
            ),
        ),
        ("Livscyklus", (*LIFECYCLE_FIELDS, "successor")),
        ("Aftaler", ("needs_agreement",)),
    )


class ComponentCreate(ComponentForms, views.CreateView):
    pass


class ComponentUpdate(ComponentForms, views.UpdateView):
    pass


class ComponentArchive(ComponentView, views.ArchiveView):
    def in_the_way(self, obj: Component) -> list[Any]:
        modules = Asset.objects.current().filter(parent=obj)[:20]
        return [*modules, *queries.used_by([obj.pk])[:20]]


class ComponentRestore(ComponentArchive):
    restore = True


class ComponentHistory(ComponentView, views.HistoryView):
    def changes(self, obj: Any) -> Any:
        return queries.changes_about(obj)
