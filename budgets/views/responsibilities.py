"""``/budget/ansvar/``: whose budget each component is in, what is not clarified, and what is done about it."""

from __future__ import annotations

import datetime
from functools import cached_property
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from budgets import responsibility
from budgets.filters.responsibilities import ResponsibilityFilter
from budgets.forms.responsibilities import NewResponsibilityForm, ResponsibilityForm
from budgets.models import BudgetResponsibility
from budgets.rights import may_see_amounts, may_see_component
from budgets.tables.responsibilities import RESPONSIBILITY_COLUMNS
from foi_portal.core.permissions import may
from foi_portal.ui import views
from registry.models import Asset


class ResponsibilityView(views.ModelView):
    """A responsibility is named by its component's code."""

    model = BudgetResponsibility
    url_base = "responsibility"
    create_label = "Skriv budgetansvar"

    def get_object(self, action: str | None = None) -> BudgetResponsibility:
        found: BudgetResponsibility = get_object_or_404(
            BudgetResponsibility.objects.select_related("component", "organisation"),
            component__code=self.kwargs["code"],
        )
        if not may(self.request.user, action or self.action, found):
            raise PermissionDenied
        return found

    def url(self, verb: str, obj: Any = None) -> str:
        return reverse(f"{self.url_base}-{verb}", args=[obj.component.code] if obj is not None else [])

    @property
    def today(self) -> datetime.date:
        return timezone.localdate()


class ResponsibilityList(ResponsibilityView, views.ListView):
    """Components, because the unclarified are also those of which nothing is written."""

    template_name = "budgets/responsibility_list.html"
    columns = RESPONSIBILITY_COLUMNS
    default_sort = "-state"  # the unclarified first
    importable = False

    @cached_property
    def standing(self) -> responsibility.Standing:
        asked = self.request.GET.get("year", "")
        year = int(asked) if asked.isdecimal() and len(asked) < 5 else None
        return responsibility.standing(self.today, year)

    def get_queryset(self) -> Any:
        return responsibility.listed_for(self.request.user, self.today, self.standing)

    def filterset_class(self, *args: Any, **kwargs: Any) -> ResponsibilityFilter:
        return ResponsibilityFilter(*args, standing=self.standing, **kwargs)

    def total(self) -> int:
        return int(self.get_queryset().count())


class ResponsibilityDetail(ResponsibilityView):
    """One component's: its own responsibility, that of what it is part of, or that nobody has it."""

    template_name = "budgets/responsibility_detail.html"

    def get(self, request: HttpRequest, code: str) -> HttpResponse:
        component = get_object_or_404(Asset.objects.components(), code=code)
        if not may_see_component(request.user, component):
            raise PermissionDenied
        answer = responsibility.answers([component.pk])[component.pk]
        own = answer.row if not answer.inherited else None
        if own is None:
            archived = BudgetResponsibility.objects.archived().filter(component=component)
            own = archived.select_related("component", "organisation").first()
        row = answer.row
        return self.page(
            {
                "component": component,
                "answer": answer,
                "object": own,
                "how_long": responsibility.how_long(row.since, self.today) if row is not None else "",
                "today": self.today,
                "may_add": own is None and may(request.user, "add", BudgetResponsibility),
                "may_change": own is not None and may(request.user, "change", own),
                "sees_amounts": may_see_amounts(request.user),
                "tab": "overview",
            }
        )


class ResponsibilityForms(ResponsibilityView, views.FormView):
    form_class = ResponsibilityForm
    wide = ("component", "organisation", "responsible", "action")
    fieldsets = (
        ("Hvis budget", ("component", "clarified", "organisation", "responsible", "since")),
        ("Hvad der gøres", ("action", "follow_up_on")),
    )


class ResponsibilityCreate(ResponsibilityForms, views.CreateView):
    form_class = NewResponsibilityForm


class ResponsibilityUpdate(ResponsibilityForms, views.UpdateView):
    pass


class ResponsibilityArchive(ResponsibilityView, views.ArchiveView):
    pass


class ResponsibilityRestore(ResponsibilityArchive):
    restore = True


class ResponsibilityHistory(ResponsibilityView, views.HistoryView):
    """For those who may see all of them: the history of one tells what was done about others too."""

    def get_object(self, action: str | None = None) -> BudgetResponsibility:
        found = super().get_object(action)
        if not may_see_amounts(self.request.user):
            raise PermissionDenied
        return found


__all__ = [
    "ResponsibilityArchive",
    "ResponsibilityCreate",
    "ResponsibilityDetail",
    "ResponsibilityHistory",
    "ResponsibilityList",
    "ResponsibilityRestore",
    "ResponsibilityUpdate",
]
