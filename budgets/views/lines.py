"""``/budget/<year>/linjer/``: the lines of a year; write, correct, archive and restore them as its state allows."""

from __future__ import annotations

from copy import copy
from functools import partial
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import ExpressionWrapper, F, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.functional import cached_property

from budgets import drafting, line_conflicts
from budgets.filters.lines import LineFilter
from budgets.forms.lines import AHEAD, AddToApprovedForm, DescribeForm, LineForm, estimate_name
from budgets.models import AdjustmentEntry, AdjustmentState, BudgetLine, BudgetYear, Estimate, YearState
from budgets.models.fields import MoneyField
from budgets.rights import may_edit_lines, may_see_amounts
from budgets.tables.lines import line_columns
from foi_portal.core import history
from foi_portal.core.models import Change
from foi_portal.core.money import ZERO
from foi_portal.core.permissions import may
from foi_portal.ui import views
from foi_portal.ui.tables import Column

OVERTAKEN = "Intet er gemt. {why} Det, du skrev i {fields}, kan derfor ikke gemmes her."


class LineView(views.ModelView):
    """A page about lines of one year. Amounts are on all of them."""

    model = BudgetLine
    url_base = "line"
    lookup = "pk"
    create_label = "Ny budgetlinje"
    year: BudgetYear

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may_see_amounts(request.user):
            raise PermissionDenied
        self.year = get_object_or_404(BudgetYear, year=kwargs.pop("year"))
        return super().dispatch(request, *args, **kwargs)

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().filter(year=self.year).select_related("component", "unit", "year")

    def url(self, verb: str, obj: Any = None) -> str:
        if verb == "detail":
            return str(obj.get_absolute_url())
        return reverse(f"line-{verb}", args=[self.year.year, *([obj.pk] if obj is not None else [])])

    def page(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        common = {"year": self.year, "section": "budget", "verbose_name_plural": f"linjer {self.year.year}"}
        return super().page(context | common, status)

    def locked_page(self, why: str, obj: BudgetLine | None = None, status: int = 200) -> HttpResponse:
        """Says why nothing can be done here, and what can be done instead."""
        self.template_name = "budgets/lines_locked.html"
        return self.page({"object": obj, "why": why}, status)


class LineList(LineView, views.ListView):
    template_name = "budgets/lines_list.html"
    filterset_class = LineFilter
    default_sort = "component"
    importable = False

    @cached_property
    def columns(self) -> tuple[Column, ...]:  # type: ignore[override]
        edit = ""
        if may(self.request.user, "change", BudgetLine) and self.year.state != YearState.CLOSED:
            edit = "Ret" if may_edit_lines(self.request.user, self.year) else "Beskriv"
        return line_columns(self.year, edit)

    def get_queryset(self) -> Any:
        """With the columns that are made of other rows; only those that are shown are fetched."""
        entries = AdjustmentEntry.objects.filter(
            line=OuterRef("pk"), adjustment__state=AdjustmentState.APPROVED
        )
        adjusted = entries.order_by().values("line").annotate(total=Sum("amount")).values("total")
        rows = Estimate.objects.order_by().filter(line=OuterRef("pk"))
        return (
            super()
            .get_queryset()
            .select_related(None)
            .annotate(
                revised=ExpressionWrapper(F("original") + Coalesce(Subquery(adjusted), ZERO), MoneyField()),
                **{
                    estimate_name(ahead): Subquery(rows.filter(ahead=ahead).values("amount")[:1])
                    for ahead in AHEAD
                },
            )
        )

    def page(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        sums = (
            context["filter"]
            .qs.order_by()
            .aggregate(sum_original=Sum("original"), sum_revised=Sum("revised"))
        )
        context |= {
            "title": f"Budgetlinjer {self.year.year}",
            "total": BudgetLine.objects.current().filter(year=self.year).count(),
            **sums,
            "why_fixed": drafting.why_fixed(self.request.user, self.year)
            if may(self.request.user, "change", BudgetLine)
            else "",
        }
        if drafting.why_not_add(self.request.user, self.year):
            context["create_url"] = ""
        return super().page(context, status)


class LineForms(LineView, views.FormView):
    template_name = "budgets/lines_form.html"
    wide = ("component", "unit", "note")
    fieldsets = (
        ("Hvad, og hvem der betaler", ("component", "cost_type", "funding", "unit")),
        ("Beløb i kroner", ("original", *map(estimate_name, AHEAD))),
        ("Mere om linjen", ("price_model", "account", "note", "illustrative")),
    )
    fixed_form: Any  # in a year whose amounts are fixed

    @property
    def form_class(self) -> Any:  # type: ignore[override]
        """The form that the year's state allows; with the year locked it is that of the moment it is saved."""
        whole = may_edit_lines(self.request.user, self.year)
        return partial(LineForm if whole else self.fixed_form, year=self.year)

    def get_context(self, obj: Any) -> dict[str, Any]:
        user = self.request.user
        return {
            "why_fixed": drafting.why_fixed(user, self.year),
            "may_archive": obj is not None and not drafting.why_not_restore(user, obj, self.year),
        }

    def lost(self, instance: BudgetLine) -> list[str]:
        """Labels of what was typed in a form that could do more than the year now allows; the instance is a copy."""
        if may_edit_lines(self.request.user, self.year) or "original" not in self.request.POST:
            return []
        typed: Any = LineForm(self.request.POST, instance=instance, year=self.year)
        lost = set(typed.changed_data) - set(self.fixed_form.base_fields)
        return [f"{typed[name].label} ({typed[name].data})" for name in typed.fields if name in lost]

    def overtaken(self, form: Any, lost: list[str]) -> None:
        why = drafting.why_fixed(self.request.user, self.year)
        form.add_error(None, OVERTAKEN.format(why=why, fields=", ".join(lost)))

    def save(self, form: Any) -> BudgetLine:
        return drafting.save(
            line=form.instance, estimates=form.estimates, reason=self.request.POST.get("reason", "")
        )

    def after(self, obj: Any) -> str:
        return self.url("list") if self.request.GET.get("fra") == "linjer" else self.url("detail", obj)


class LineCreate(LineForms, views.CreateView):
    fixed_form = AddToApprovedForm

    def get(self, request: HttpRequest) -> HttpResponse:
        if why := drafting.why_not_add(request.user, self.year):
            return self.locked_page(why)
        return super().get(request)

    def post(self, request: HttpRequest) -> HttpResponse:
        with transaction.atomic():
            self.year = drafting.lock(self.year)
            if why := drafting.why_not_add(request.user, self.year):
                return self.locked_page(f"Linjen er ikke gemt. {why}", status=409)
            if lost := self.lost(BudgetLine()):
                form = self.form_class(request.POST)
                form.is_valid()
                self.overtaken(form, lost)
                return self.form_page(form, None, status=409)
            return super().post(request)

    def after(self, obj: Any) -> str:
        return self.url("create") if "more" in self.request.POST else super().after(obj)


class LineUpdate(LineForms, views.UpdateView):
    fixed_form = DescribeForm

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        obj = self.get_object()
        if why := self.refusal(obj):
            return self.locked_page(why, obj)
        return super().get(request, **kwargs)

    def refusal(self, obj: BudgetLine) -> str:
        if obj.is_archived:
            return "Linjen er arkiveret. Gendan den, før du retter den."
        return drafting.why_only_described(self.request.user, self.year)

    def save_guarded(self, request: HttpRequest) -> HttpResponse:
        self.year = drafting.lock(self.year)
        obj = self.get_object()
        if why := self.refusal(obj):
            return self.locked_page(f"Linjen er ikke gemt. {why}", obj, status=409)
        if lost := self.lost(copy(obj)):
            form = self.form_class(request.POST, instance=obj)
            form.is_valid()
            self.overtaken(form, lost)
            return self.form_page(form, self.get_object(), status=409)
        return super().save_guarded(request)

    def conflict(self, form: Any, current: BudgetLine) -> Any:
        return line_conflicts.find(form, current, self.request.POST)

    def is_changed(self, form: Any, before: BudgetLine) -> bool:
        names = [estimate_name(ahead) for ahead in AHEAD]
        return super().is_changed(form, before) or any(name in form.changed_data for name in names)


class LineArchive(LineView, views.ArchiveView):
    refused = "Der er allerede en linje med samme komponent, type, finansiering og enhed. Arkivér den først."

    def why_not(self, obj: BudgetLine) -> str:
        judge = drafting.why_not_restore if self.restore else drafting.why_not_archive
        return judge(self.request.user, obj, self.year)

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        obj = self.get_object()
        if why := self.why_not(obj):
            return self.locked_page(why, obj)
        return super().get(request, **kwargs)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        with transaction.atomic():
            self.year = drafting.lock(self.year)
            obj = self.get_object()
            if why := self.why_not(obj):
                return self.locked_page(f"Intet er ændret. {why}", obj, status=409)
            return super().post(request, **kwargs)


class LineRestore(LineArchive):
    restore = True


class LineHistory(LineView, views.HistoryView):
    """The line's own changes, and those of its estimates."""

    template_name = "budgets/lines_history.html"

    def changes(self, obj: BudgetLine) -> QuerySet[Change]:
        estimates = Estimate.objects.filter(line=obj).values("pk")
        return history.changes_of(obj) | Change.objects.filter(
            table=Estimate._meta.db_table, row_id__in=estimates
        )
