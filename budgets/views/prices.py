"""``/budget/priser/``: how things are paid for, what they cost year by year, and which lines that gives."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Count, DecimalField, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.utils import timezone

from budgets import prices
from budgets.computing import Outcome, Rates, Value, period_of
from budgets.filters.prices import PriceFilter
from budgets.forms.prices import PriceForm, PriceModelForm, YearField
from budgets.models import BudgetLine, Price, PriceKind, PriceModel
from budgets.tables.prices import PRICE_COLUMNS
from foi_portal.core.models import Change
from foi_portal.core.permissions import may
from foi_portal.ui import views

SHOWN_LINES = 200


def chosen_year(params: QueryDict) -> int:
    """The year that a list is asked about, or this one."""
    with suppress(ValidationError):
        if asked := YearField(required=False).clean(params.get("year", "")):
            return int(asked)
    return timezone.localdate().year


class PriceView(views.ModelView):
    model = PriceModel
    url_base = "price"
    create_label = "Ny prismodel"

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("component", "assumption")


class PriceList(PriceView, views.ListView):
    columns = PRICE_COLUMNS
    filterset_class = PriceFilter
    default_sort = "name"
    importable = False

    def get_queryset(self) -> Any:
        price = Price.objects.filter(model=OuterRef("pk")).in_force(chosen_year(self.request.GET))
        unit = price.annotate(unit=Cast(KT("steps__0__1"), DecimalField(max_digits=14, decimal_places=4)))
        lines = BudgetLine.objects.current().filter(price_model=OuterRef("pk")).order_by()
        counted = lines.values("price_model").annotate(n=Count("pk")).values("n")
        return PriceModel.objects.annotate(
            price_steps=Subquery(price.values("steps")[:1]),
            price_since=Subquery(price.values("since")[:1]),
            price_estimated=Subquery(price.values("estimated")[:1]),
            price_unit=Subquery(unit.values("unit")[:1]),
            line_count=Coalesce(Subquery(counted, output_field=IntegerField()), 0),
        )


class PriceDetail(PriceView, views.DetailView):
    template_name = "budgets/price_detail.html"

    def get_context(self, obj: PriceModel) -> dict[str, Any]:
        rows = list(obj.prices.order_by("since", "pk"))
        lines = BudgetLine.objects.current().filter(price_model=obj)
        newest = lines.select_related("year", "component", "unit").order_by(
            "-year__year", "component__name", "cost_type", "pk"
        )
        shown = list(newest[:SHOWN_LINES])
        return {
            "tab": "overview",
            "per": PriceKind(obj.kind).per,
            "prices": told([row for row in rows if not row.is_archived], obj),
            "archived_prices": [it for row in rows if row.is_archived for it in told([row], obj)],
            "years": self.years(obj, {line.year.year for line in shown}),
            "lines": shown,
            "line_count": lines.count(),
            "may_add_price": may(self.request.user, "add", Price) and not obj.is_archived,
            "may_change_price": may(self.request.user, "change", Price),
        }

    def years(self, obj: PriceModel, used: set[int]) -> list[tuple[int, Value | None, Outcome]]:
        """What the price gives, in the years of which it is known or wanted: year, quantity and outcome."""
        rates = Rates.of([obj.pk])
        values = rates.values.get(obj.assumption_id, {}) if obj.assumption_id else {}
        periods = rates.tariffs[obj.pk].periods
        years = sorted(used | set(values) | {period.since for period in periods})
        found = [(year, values.get(year), rates.compute(obj.pk, year)) for year in years]
        return [it for it in found if it[2].amount is not None or it[0] in used]


def told(rows: list[Price], model: PriceModel) -> list[tuple[Price, prices.Told]]:
    """The prices, the earliest first, with their words."""
    said = prices.story([period_of(row) for row in rows], PriceKind(model.kind).per)
    return list(zip(rows, said, strict=True))


class PriceForms(PriceView, views.FormView):
    form_class = PriceModelForm
    wide = ("name", "source")
    fieldsets = (
        ("Prisen", ("name", "code", "kind", "assumption")),
        ("Hvad den er for", ("component", "source", "note")),
    )


class PriceCreate(PriceForms, views.CreateView):
    pass


class PriceUpdate(PriceForms, views.UpdateView):
    pass


class PriceArchive(PriceView, views.ArchiveView):
    def in_the_way(self, obj: PriceModel) -> list[Any]:
        lines = BudgetLine.objects.current().filter(price_model=obj).select_related("component", "year")
        return list(lines.order_by("-year__year", "component__name", "pk")[:20])


class PriceRestore(PriceArchive):
    restore = True


class PriceHistory(PriceView, views.HistoryView):
    def changes(self, obj: PriceModel) -> QuerySet[Change]:
        """The model's own and those of its prices."""
        own = Q(table=PriceModel._meta.db_table, row_id=obj.pk)
        of_prices = Q(table=Price._meta.db_table, row_id__in=list(obj.prices.values_list("pk", flat=True)))
        return Change.objects.filter(own | of_prices)


class PriceYearView(views.ModelView):
    """A price of a model. It has no page of its own: it is a line on the model's."""

    model = Price
    url_base = "price"
    lookup = "pk"

    def get_queryset(self) -> Any:
        return Price.objects.filter(model__code=self.kwargs["code"]).select_related(
            "model", "model__component", "model__assumption"
        )

    def url(self, verb: str, obj: Any = None) -> str:
        return obj.get_absolute_url() if verb == "detail" else super().url(verb, obj)

    def page(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        words = {"verbose_name_plural": PriceModel._meta.verbose_name_plural}
        return super().page({**words, **context}, status)


class PriceYearForms(PriceYearView, views.FormView):
    form_class = PriceForm
    template_name = "budgets/price_year_form.html"
    fieldsets = (("Hvornår og hvorfra", ("since", "until", "estimated", "source")),)


class PriceYearCreate(PriceYearForms, views.CreateView):
    price_model: PriceModel

    @property
    def create_label(self) -> str:
        return f"Ny pris for {self.price_model}"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not may(request.user, "add", Price):
            raise PermissionDenied
        self.price_model = get_object_or_404(
            PriceModel.objects.select_related("assumption"), code=kwargs.pop("code")
        )
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        """The price before it, to be corrected: most new prices are the old one with another number."""
        before = self.price_model.prices.current().order_by("-since").first()
        initial: dict[str, Any] = {"since": request.GET.get("since", "")}
        if before is not None:
            initial["steps"] = before.steps
            initial["since"] = initial["since"] or before.since + 1
            if before.until == before.since:  # set for a year at a time
                initial["until"] = initial["since"]
        return self.form_page(PriceForm(initial=initial, instance=self.blank()), None)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = PriceForm(request.POST, instance=self.blank())
        if self.price_model.is_archived:
            form.add_error(None, f"{self.price_model} er arkiveret. Gendan den først.")
        if not form.is_valid():
            return self.form_page(form, None, status=422)
        obj = self.try_save(form)
        if obj is None:
            return self.form_page(form, None, status=409)
        messages.success(request, f"{obj} er gemt.")
        return HttpResponseRedirect(self.after(obj))

    def blank(self) -> Price:
        return Price(model=self.price_model)

    def get_context(self, obj: Any) -> dict[str, Any]:
        return {"price_model": self.price_model, "cancel_url": self.price_model.get_absolute_url()}


class PriceYearUpdate(PriceYearForms, views.UpdateView):
    def get_context(self, obj: Any) -> dict[str, Any]:
        return {"price_model": obj.model}


class PriceYearArchive(PriceYearView, views.ArchiveView):
    """Only what was written by mistake; a price that is over has a last year."""

    refused = "Der er allerede en pris fra det år. Ret den i stedet."


class PriceYearRestore(PriceYearArchive):
    restore = True


__all__ = [
    "PriceArchive",
    "PriceCreate",
    "PriceDetail",
    "PriceHistory",
    "PriceList",
    "PriceRestore",
    "PriceUpdate",
    "PriceYearArchive",
    "PriceYearCreate",
    "PriceYearRestore",
    "PriceYearUpdate",
]
