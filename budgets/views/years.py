"""Budget years: ``/budget/ny/``, and for each the steps from draft to closed, its note and its history."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.views import View

from budgets import approving, copying
from budgets.copy_plan import Plan
from budgets.forms.years import NewYearForm, NoteForm
from budgets.models import (
    ESTIMATED_YEARS,
    Adjustment,
    BudgetLine,
    BudgetYear,
    DecisionKind,
    Estimate,
    YearDecision,
)
from budgets.panels.years import Step, steps_for
from budgets.rights import may_see_amounts
from foi_portal.core import history
from foi_portal.core.models import Change, User
from foi_portal.core.permissions import may
from foi_portal.ui import views

GONE = ("csrfmiddlewaretoken", "step", "seen")


class YearCreate(View):
    """A new year: empty, or with another's lines, which are shown before anything is written."""

    steps = (("choose", "Vælg"), ("preview", "Se linjerne"), ("done", "Opret"))

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may(request.user, "add", BudgetYear) or not isinstance(request.user, User):
            raise PermissionDenied
        self.user = request.user
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        asked = {"year": request.GET.get("year", ""), "source": request.GET.get("fra", "")}
        return self.choose(NewYearForm(initial={name: value for name, value in asked.items() if value}))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = NewYearForm(request.POST)
        if not form.is_valid() or request.POST.get("step") == "choose":
            return self.choose(form, status=200 if request.POST.get("step") == "choose" else 422)
        if form.terms is None:
            return self.create_empty(form)
        try:
            if request.POST.get("step") != "apply":
                return self.preview(copying.plan(form.terms))
            done = copying.carry_out(
                terms=form.terms,
                seen=request.POST.get("seen", ""),
                actor=self.user,
                note=form.cleaned_data["note"],
            )
        except copying.ChangedSince as changed:
            return self.preview(changed.plan, str(changed), status=409)
        except copying.Refused as refused:
            form.add_error(None, str(refused))
            return self.choose(form, status=409)
        what = "1 linje er" if len(done.lines) == 1 else f"{len(done.lines)} linjer er"
        messages.success(request, f"{what} lavet i budget {done.terms.target} som kladde.")
        return HttpResponseRedirect(reverse("budget-year", args=[done.terms.target]))

    def create_empty(self, form: NewYearForm) -> HttpResponse:
        year, note = form.cleaned_data["year"], form.cleaned_data["note"]
        try:
            made = copying.create_empty(year=year, note=note, actor=self.user)
        except copying.Refused as refused:
            form.add_error("year", str(refused))
            return self.choose(form, status=409)
        messages.success(self.request, f"{made} er oprettet som kladde. Skriv linjerne nu.")
        return HttpResponseRedirect(reverse("line-list", args=[made.year]))

    def choose(self, form: NewYearForm, status: int = 200) -> HttpResponse:
        return self.page("create", {"form": form, "now": "choose"}, status)

    def preview(self, plan: Plan, error: str = "", status: int = 200) -> HttpResponse:
        """The plan, with everything that was typed carried along."""
        typed = [(k, v) for k, values in self.request.POST.lists() for v in values if k not in GONE]
        target = plan.terms.target
        ahead = [target + number for number in range(1, ESTIMATED_YEARS + 1)]
        context = {"plan": plan, "typed": typed, "error": error, "ahead": ahead, "now": "preview"}
        return self.page("preview", context, status)

    def page(self, name: str, context: dict[str, Any], status: int) -> HttpResponse:
        common = {"view": self, "section": "budget"}
        return render(self.request, f"budgets/years_{name}.html", common | context, status=status)


class YearDecide(View):
    """One step: its form is on the year's page, and here when it was refused or somebody comes by a link."""

    kind: ClassVar[DecisionKind]

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may_see_amounts(request.user) or not isinstance(request.user, User):
            raise PermissionDenied
        if request.method == "POST" and not approving.may_decide(request.user, self.kind):
            raise PermissionDenied
        self.user = request.user
        self.year = get_object_or_404(BudgetYear, year=kwargs["year"])
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, year: int) -> HttpResponse:
        return self.show()

    def post(self, request: HttpRequest, year: int) -> HttpResponse:
        try:
            approving.decide(
                year=self.year,
                kind=self.kind,
                actor=self.user,
                at=timezone.now(),
                seen=request.POST.get("seen", ""),
                note=request.POST.get("note", ""),
                sure="sure" in request.POST,
            )
        except approving.Refused as refused:
            self.year.refresh_from_db()
            return self.show(str(refused), status=409 if refused.overtaken else 422)
        messages.success(request, f"{self.year} er {approving.DONE[self.kind]}.")
        return HttpResponseRedirect(self.year.get_absolute_url())

    def show(self, error: str = "", status: int = 200) -> HttpResponse:
        found = steps_for(self.user, self.year, timezone.localdate())
        step: Step | None = next((step for step in found if step.kind == self.kind), None)
        context = {
            "year": self.year,
            "step": step,
            "error": error,
            "note": self.request.POST.get("note", ""),
            "may_decide": approving.may_decide(self.user, self.kind),
            "latest": approving.latest(self.year),
            "section": "budget",
        }
        return render(self.request, "budgets/years_decide.html", context, status=status)


class YearSubmit(YearDecide):
    kind = DecisionKind.SUBMIT


class YearReturn(YearDecide):
    kind = DecisionKind.RETURN


class YearApprove(YearDecide):
    kind = DecisionKind.APPROVE


class YearReopen(YearDecide):
    kind = DecisionKind.REOPEN


class YearClose(YearDecide):
    kind = DecisionKind.CLOSE


class YearView(views.ModelView):
    """A page about the year's own row."""

    model = BudgetYear  # type: ignore[assignment]  # never archived
    url_base = "budget-year"
    lookup = "year"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may_see_amounts(request.user):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def url(self, verb: str, obj: Any = None) -> str:
        if verb in ("list", "detail"):
            return reverse("budget-list") if obj is None else str(obj.get_absolute_url())
        return super().url(verb, obj)

    def page(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        return super().page(context | {"section": "budget", "verbose_name_plural": "budget"}, status)


class YearUpdate(YearView, views.UpdateView):
    """The note. Everything else about a year is decided, or written on its lines."""

    form_class = NoteForm
    fieldsets = (("Om året", ("note",)),)
    wide = ("note",)


class YearHistory(YearView, views.HistoryView):
    """The year's own changes, and those of its decisions, lines, estimates and adjustments."""

    template_name = "budgets/years_history.html"

    def changes(self, obj: BudgetYear) -> Any:
        found = history.changes_of(obj)
        for model, path in (
            (YearDecision, "year"),
            (BudgetLine, "year"),
            (Estimate, "line__year"),
            (Adjustment, "year"),
        ):
            rows: Any = model._default_manager.filter(**{path: obj}).values("pk")
            found |= Change.objects.filter(table=model._meta.db_table, row_id__in=rows)
        return found
