"""``/budget/<year>/afvigelser/<line>/``: why a line deviates; and that the year's changes have been seen."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone

from budgets import picture, visiting
from budgets.forms.overview import ExplanationForm
from budgets.models import BudgetLine, BudgetYear
from budgets.rollup import Line
from budgets.views.overview import AmountsView
from foi_portal.ui import views


class ExplanationUpdate(views.UpdateView):
    """The explanation stands on the line with the deviation it explains; when that moves, it is asked for again."""

    model = BudgetLine
    url_base = "budget"
    lookup = "pk"
    template_name = "budgets/overview_explanation.html"

    def get_queryset(self) -> QuerySet[Any]:
        return (
            BudgetLine.objects.current()
            .filter(year__year=self.kwargs["year"])
            .select_related("component", "year", "unit")
        )

    def url(self, verb: str, obj: Any = None) -> str:
        page = reverse("budget-year", args=[self.kwargs["year"]])
        return f"{page}?kun=afvigelser#linjer" if obj is not None else page

    def form_class(self, *args: Any, **kwargs: Any) -> ExplanationForm:  # type: ignore[override]
        return ExplanationForm(*args, deviation=self.amounts(kwargs["instance"]).deviation, **kwargs)

    def amounts(self, line: BudgetLine) -> Line:
        """The line as the year's page shows it."""
        if not hasattr(self, "_amounts"):
            self._amounts = next(it for it in picture.of(line.year).lines if it.key == line.pk)
        return self._amounts

    def get_context(self, obj: BudgetLine) -> dict[str, Any]:
        amounts = self.amounts(obj)
        return {
            "year": obj.year,
            "amounts": amounts,
            "moved": bool(obj.explanation) and amounts.wants_explanation,
        }


class Visit(AmountsView):
    """Told by the page when it is opened (by script) and by the button that says all is read."""

    def post(self, request: HttpRequest, year: int) -> HttpResponse:
        budget = get_object_or_404(BudgetYear, year=year)
        visiting.remember(user=self.user, year=budget, now=timezone.now(), seen="seen" in request.POST)
        if request.headers.get("HX-Request"):
            return HttpResponse(status=204)
        return HttpResponseRedirect(budget.get_absolute_url())


__all__ = ["ExplanationUpdate", "Visit"]
