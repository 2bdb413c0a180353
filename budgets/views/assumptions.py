"""``/budget/forudsaetninger/``: inhabitants, volumes and PL by year: what prices are multiplied by."""

from __future__ import annotations

import re
from decimal import Decimal
from functools import partial
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect

from budgets.filters.prices import AssumptionFilter
from budgets.forms.assumptions import AssumptionForm, NewValueForm, ValueForm
from budgets.models import Assumption, AssumptionValue, BudgetYear, PriceModel
from budgets.prices import plain, rise
from budgets.tables.prices import ASSUMPTION_COLUMNS
from budgets.views.prices import chosen_year
from foi_portal.core import history
from foi_portal.core.models import Change
from foi_portal.core.permissions import may
from foi_portal.ui import export, views
from foi_portal.ui.rows import PostedRows, prefix

NEW_ROWS = 3
MOST_NEW_ROWS = 100
NEW_FIELD = re.compile("n(0|[1-9][0-9]{0,2})-[a-z]+")


class AssumptionView(views.ModelView):
    model = Assumption
    url_base = "assumption"
    create_label = "Ny forudsætning"


class AssumptionList(AssumptionView, views.ListView):
    template_name = "budgets/assumption_list.html"
    columns = ASSUMPTION_COLUMNS
    filterset_class = AssumptionFilter
    default_sort = "name"
    importable = False

    def get_queryset(self) -> Any:
        year = chosen_year(self.request.GET)
        value = AssumptionValue.objects.filter(assumption=OuterRef("pk"), year=year)
        models = PriceModel.objects.current().filter(assumption=OuterRef("pk")).order_by()
        counted = models.values("assumption").annotate(n=Count("pk")).values("n")
        return Assumption.objects.annotate(
            value_now=Subquery(value.values("value")[:1]),
            value_estimated=Subquery(value.values("estimated")[:1]),
            model_count=Coalesce(Subquery(counted, output_field=IntegerField()), 0),
        )


class AssumptionDetail(AssumptionView, views.DetailView):
    template_name = "budgets/assumption_detail.html"

    def get_context(self, obj: Assumption) -> dict[str, Any]:
        return {
            "tab": "overview",
            "values": with_rises(list(obj.values.order_by("year"))),
            "price_models": list(obj.price_models.current().select_related("component")),
            "may_change_values": may(self.request.user, "change", AssumptionValue) and not obj.is_archived,
        }


def with_rises(values: list[AssumptionValue]) -> list[tuple[AssumptionValue, Decimal | None]]:
    """Each with what it has risen by in per cent since the year before, when both are known."""
    known = {row.year: row.value for row in values}
    return [(row, rise(known.get(row.year - 1), row.value)) for row in values]


class AssumptionForms(AssumptionView, views.FormView):
    form_class = AssumptionForm
    wide = ("name", "note")
    fieldsets = (("Forudsætningen", ("name", "code", "unit", "note")),)


class AssumptionCreate(AssumptionForms, views.CreateView):
    pass


class AssumptionUpdate(AssumptionForms, views.UpdateView):
    pass


class AssumptionArchive(AssumptionView, views.ArchiveView):
    def in_the_way(self, obj: Assumption) -> list[Any]:
        return list(obj.price_models.current()[:20])


class AssumptionRestore(AssumptionArchive):
    restore = True


class AssumptionHistory(AssumptionView, views.HistoryView):
    def changes(self, obj: Assumption) -> QuerySet[Change]:
        """The assumption's own and those of its values."""
        own = Q(table=Assumption._meta.db_table, row_id=obj.pk)
        values = list(obj.values.values_list("pk", flat=True))
        return Change.objects.filter(own | Q(table=AssumptionValue._meta.db_table, row_id__in=values))


class AssumptionTable(AssumptionView):
    """Years × assumptions, also the budget years of which nothing is known."""

    template_name = "budgets/assumption_table.html"
    names = ("assumption", "name", "unit", "year", "value", "estimated", "source")

    def get(self, request: HttpRequest) -> HttpResponseBase:
        if not may(request.user, "view", AssumptionValue):
            raise PermissionDenied
        assumptions = list(Assumption.objects.current())
        values = AssumptionValue.objects.filter(assumption__archived_at=None).select_related("assumption")
        writer = export.ROW_FORMATS.get(request.GET.get("_export", ""))
        if writer is not None:
            ordered = values.exclude(value=None).order_by("assumption__name", "assumption__code", "year")
            return writer("forudsætninger", self.names, [machine_row(row) for row in ordered])
        cells: dict[tuple[int, int], AssumptionValue] = {(row.year, row.assumption_id): row for row in values}
        years = {year for year, _ in cells} | set(BudgetYear.objects.values_list("year", flat=True))
        context = {
            "assumptions": assumptions,
            "rows": [(year, [cells.get((year, it.pk)) for it in assumptions]) for year in sorted(years)],
            "create_url": self.url("create") if may(request.user, "add", Assumption) else "",
            "may_change_values": may(request.user, "change", AssumptionValue),
        }
        return self.page(context)


def machine_row(row: AssumptionValue) -> tuple[Any, ...]:
    """A value for other programs: yes and no as in the import formats."""
    value = "" if row.value is None else plain(row.value)
    estimated = "yes" if row.estimated else "no"
    it = row.assumption
    return (it.code, it.name, it.unit, row.year, value, estimated, row.source)


class AssumptionValues(AssumptionView):
    """All years of one assumption as an edited table: one POST, one change set, all or nothing.

    Rows carry their versions: one that somebody else has changed since is asked about, field by field. A value that
    is emptied is no longer known.
    """

    template_name = "budgets/assumption_values.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        obj = self.editable()
        rows = self.rows(obj)
        asked = request.GET.get("aar", "")
        is_new = asked and asked not in {str(row.year) for row in rows}
        new = [self.new_form(obj, 0, initial={"year": asked})] if is_new else []
        return self.table_page(obj, [value_form(row, obj=obj) for row in rows], new)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        obj = self.editable()
        with transaction.atomic():
            obj = Assumption.objects.select_for_update(no_key=True).get(pk=obj.pk)  # one table at a time
            return self.save(obj)

    def editable(self) -> Assumption:
        obj: Assumption = self.get_object("view")
        if not may(self.request.user, "change", AssumptionValue):
            raise PermissionDenied
        return obj

    def save(self, obj: Assumption) -> HttpResponse:
        rows = self.rows(obj)
        posted = PostedRows(rows, self.request.POST, partial(value_form, obj=obj))
        edits = posted.edits()
        old = [edits.get(row.pk) or value_form(row, obj=obj) for row in rows]
        changed = [form for form in old if form.is_bound]
        new = self.new_forms(obj)
        if obj.is_archived:
            error = f"{obj} er arkiveret. Gendan den først."
            return self.table_page(obj, old, new, error=error, status=409)
        if clashes := posted.clashes(edits):
            return self.conflict_page(obj, clashes, changed, new)
        if not self.judge(rows, changed, new):
            return self.table_page(obj, old, new, status=422)
        with history.recording(reason=self.request.POST.get("reason", "")):
            AssumptionValue.objects.bulk_update(
                [form.instance for form in changed], ["value", "estimated", "source"]
            )
            AssumptionValue.objects.bulk_create(form.instance for form in new)
        if changed or new:
            messages.success(self.request, f"{obj} er gemt.")
        else:
            messages.info(self.request, "Ingen ændringer at gemme.")
        return HttpResponseRedirect(obj.get_absolute_url())

    def rows(self, obj: Assumption) -> list[AssumptionValue]:
        return list(obj.values.order_by("year"))

    def new_form(self, obj: Assumption, index: int, **kwargs: Any) -> NewValueForm:
        return NewValueForm(
            instance=AssumptionValue(assumption=obj),
            prefix=f"n{index}",
            use_required_attribute=False,
            **kwargs,
        )

    def new_forms(self, obj: Assumption) -> list[NewValueForm]:
        """The new rows in which something is typed, numbered from 0."""
        post = self.request.POST
        numbers = sorted({int(match[1]) for match in map(NEW_FIELD.fullmatch, post) if match})
        found: list[NewValueForm] = []
        for number in numbers[:MOST_NEW_ROWS]:
            values = {name: post.get(f"n{number}-{name}", "") for name in NewValueForm.base_fields}
            if any(values[name].strip() for name in NewValueForm.typed):
                data = {f"n{len(found)}-{name}": value for name, value in values.items()}
                found.append(self.new_form(obj, len(found), data=data))
        return found

    def judge(self, rows: list[AssumptionValue], changed: list[ValueForm], new: list[NewValueForm]) -> bool:
        """Whether all can be saved. Every row is judged, so that all errors show at once."""
        taken = {row.year for row in rows}
        said: set[int] = set()
        for form in [*changed, *new]:
            form.full_clean()
        for fresh in new:
            year = fresh.cleaned_data.get("year")
            if year in taken:
                fresh.add_error("year", f"{year} står allerede i tabellen. Ret rækken i stedet.")
            elif year in said:
                fresh.add_error("year", f"{year} står der to gange. Skriv hvert år én gang.")
            if year is not None:
                said.add(year)
        return not any(form.errors for form in [*changed, *new])

    def table_page(
        self,
        obj: Assumption,
        old: list[ValueForm],
        new: list[NewValueForm],
        error: str = "",
        status: int = 200,
    ) -> HttpResponse:
        blank = [self.new_form(obj, i) for i in range(len(new), max(NEW_ROWS, len(new) + 1))]
        context = {
            "object": obj,
            "rows": old,
            "new": [*new, *blank],
            "error": error,
            "error_rows": sum(1 for form in [*old, *new] if form.is_bound and form.errors),
            "reason": self.request.POST.get("reason", ""),
            "cancel_url": obj.get_absolute_url(),
        }
        return self.page(context, status)

    def conflict_page(
        self,
        obj: Assumption,
        clashes: list[tuple[Any, Any]],
        changed: list[ValueForm],
        new: list[NewValueForm],
    ) -> HttpResponse:
        """Every row that clashes; what else was typed travels along in hidden fields."""
        in_conflict = {row.pk for row, _ in clashes}
        others = [form for form in changed if form.instance.pk not in in_conflict]
        kept = [(f"{form.prefix}-version", str(form.instance.version)) for form in others]
        for form in [*others, *new]:
            kept += [(form[name].html_name, str(form[name].data or "")) for name in form.fields]
        self.template_name = "budgets/assumption_values_conflict.html"
        context = {
            "object": obj,
            "what": f"tal for {obj}",
            "here": "Ret tallene",
            "clashes": clashes,
            "kept": kept,
            "reason": self.request.POST.get("reason", ""),
            "cancel_url": obj.get_absolute_url(),
        }
        return self.page(context, status=409)


def value_form(row: AssumptionValue, data: Any = None, *, obj: Assumption) -> ValueForm:
    """The form of one row of ``obj``'s."""
    row.assumption = obj  # the form asks it
    return ValueForm(data, instance=row, prefix=prefix(row))


__all__ = [
    "AssumptionArchive",
    "AssumptionCreate",
    "AssumptionDetail",
    "AssumptionHistory",
    "AssumptionList",
    "AssumptionRestore",
    "AssumptionTable",
    "AssumptionUpdate",
    "AssumptionValues",
]
