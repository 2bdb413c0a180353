"""Who pays: ``/budget/<year>/fordeling/`` for the year, and what a component costs each system that uses it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views import View

from budgets import sharing_out, sharing_tables
from budgets.models import BudgetLine, BudgetYear
from budgets.queries import line_amounts
from budgets.rights import may_see_amounts
from budgets.sharing_out import Basis, may_edit_sharing
from budgets.users import Uses, cost_per_system, day_of
from foi_portal.ui import export
from registry.models import Asset


class SharingView(View):
    """A page of one year with kroner on it."""

    year: BudgetYear

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may_see_amounts(request.user):
            raise PermissionDenied
        self.year = get_object_or_404(BudgetYear, year=kwargs["year"])
        return super().dispatch(request, *args, **kwargs)

    def page(self, template: str, context: dict[str, Any], status: int = 200) -> HttpResponse:
        shared = {"year": self.year, "section": "budget", "today": timezone.localdate()}
        return render(self.request, f"budgets/{template}.html", shared | context, status=status)


class YearSharing(SharingView):
    """What each forvaltning pays of the year, by financing and by component; ``?_export=`` gives every portion."""

    def get(self, request: HttpRequest, year: int) -> HttpResponseBase:
        basis = Basis.asked(request.GET)
        rows = line_amounts(self.year)
        found = sharing_out.shared(
            self.year, rows, sharing_out.sharings_of(self.year), basis, timezone.localdate()
        )
        components = {row.line.component_id: row.line.component for row in rows}
        whole = sharing_tables.WholeYear(found, components, by_platform=request.GET.get("saml") == "platform")
        department = whole.department(request.GET.get("forvaltning", ""))
        writer = export.ROW_FORMATS.get(request.GET.get("_export", ""))
        if writer is not None:
            portions = whole.export(department.unit if department is not None else None)
            return writer(f"fordeling-{self.year.year}", sharing_tables.EXPORTED, portions)
        return self.page(
            "sharing_year",
            {
                "bases": Basis,
                "basis": basis,
                "whole": whole,
                "department": department,
                "may_edit": may_edit_sharing(request.user, self.year),
            },
        )


class ComponentView(SharingView):
    """A page of one component in one year."""

    component: Asset

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if may_see_amounts(request.user):  # 404 before what the user may do with it
            self.component = get_object_or_404(Asset.objects.components(), code=kwargs["code"])
        return super().dispatch(request, *args, **kwargs)


class ComponentUsers(ComponentView):
    """What the component costs each fagsystem that uses it, with its modules."""

    def get(self, request: HttpRequest, year: int, code: str) -> HttpResponseBase:
        basis = Basis.asked(request.GET)
        uses = Uses.at(day_of(self.year.year, timezone.localdate()))
        amounts = sharing_out.amounts_of(self.year, uses.within(self.component.pk), basis)
        found = cost_per_system(uses, self.component.pk, amounts)
        writer = export.ROW_FORMATS.get(request.GET.get("_export", ""))
        if writer is not None:
            name = f"brugere-{self.year.year}-{self.component.code}"
            return writer(name, sharing_tables.EXPORTED_USERS, sharing_tables.user_rows(found))
        context = {
            "component": self.component,
            "bases": Basis,
            "basis": basis,
            "found": found,
            "budgeted": BudgetLine.objects.current()
            .filter(year=self.year, component=self.component)
            .exists(),
            "on": uses.on,
            "unshared": sharing_tables.named(found.unshared),
        }
        return self.page("sharing_users", context)


__all__ = ["ComponentUsers", "ComponentView", "SharingView", "YearSharing"]
