"""``/budget/<year>/opfoelgninger/``: the rounds of a year, and one round as a table of what each line will end at."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.paginator import Page
from django.db import transaction
from django.db.models import Count, QuerySet, Sum
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.utils import timezone

from budgets import forecasting, line_names
from budgets.filters.forecasts import RoundFilter
from budgets.forecasting import Clash, Clashed, Row, Typed
from budgets.forms.forecasts import ForecastRowForm, RoundForm
from budgets.importing.actuals import MONTH_NAMES
from budgets.models import Forecast, ForecastRound
from budgets.queries import newest_round
from budgets.suggesting import Rule
from budgets.tables.forecasts import EXPORTED, ROUND_COLUMNS, exported
from budgets.views.year import YearPage
from budgets.words import exact
from foi_portal.core import history
from foi_portal.core.models import Change
from foi_portal.core.money import machine, sum_of_known
from foi_portal.core.permissions import may
from foi_portal.ui import conflicts, export, views

SHOWN = 200  # lines of a page: what is typed on one is saved before the next
FILLS = {"suggestion": "forslaget", "previous": "den forrige opfølgning", "revised": "det korrigerede budget"}


class ForecastPage(YearPage):
    model = ForecastRound
    url_base = "forecast"
    create_label = "Ny opfølgning"

    def get_queryset(self) -> Any:
        return super().get_queryset().select_related("year")

    def page(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        return super().page({"why_not": forecasting.why_not(self.year), **context}, status)


class ForecastList(ForecastPage, views.ListView):
    template_name = "budgets/forecasts_list.html"
    columns = ROUND_COLUMNS
    filterset_class = RoundFilter
    default_sort = "-actuals_to"
    importable = False

    def get_queryset(self) -> Any:
        return (
            super().get_queryset().annotate(lines=Count("forecasts__amount"), total=Sum("forecasts__amount"))
        )

    def total(self) -> int:
        return ForecastRound.objects.filter(year=self.year).count()

    def page(self, context: dict[str, Any], status: int = 200) -> HttpResponse:
        if forecasting.why_not(self.year):
            context["create_url"] = ""
        return super().page({**context, "title": f"Budgetopfølgninger {self.year.year}"}, status)


class ForecastCreate(ForecastPage):
    action = "add"
    template_name = "budgets/forecasts_form.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        months = self.months()
        number = forecasting.next_number(self.year)
        initial = {"name": f"{number}. budgetopfølgning", "actuals_to": months[-1] if months else None}
        return self.form_page(RoundForm(months=months, initial=initial))

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        form = RoundForm(request.POST, months=self.months())
        form.instance.year = self.year
        if not form.is_valid():
            return self.form_page(form, 422)
        try:
            made = forecasting.start(
                year=self.year, on=timezone.localdate(), actor=self.user, **form.cleaned_data
            )
        except forecasting.Refused as refused:
            form.add_error(None, str(refused))
            return self.form_page(form, 409)
        messages.success(request, f"{made.name} er oprettet. Skriv, hvad linjerne ventes at ende på.")
        return HttpResponseRedirect(self.url("detail", made))

    def months(self) -> Any:
        return forecasting.open_months(self.year, timezone.localdate())

    def form_page(self, form: RoundForm, status: int = 200) -> HttpResponse:
        context = {
            "form": form,
            "months": form.fields["actuals_to"].choices,  # type: ignore[attr-defined]
            "cancel_url": self.url("list"),
        }
        return self.page(context, status)


class ForecastUpdate(ForecastPage, views.UpdateView):
    """The round's name and month."""

    fieldsets = (("Opfølgning", ("name", "actuals_to")),)

    def form_class(self, *args: Any, instance: ForecastRound) -> RoundForm:  # type: ignore[override]
        months = forecasting.open_months(self.year, timezone.localdate(), besides=instance)
        return RoundForm(*args, instance=instance, months=sorted({*months, instance.actuals_to}))

    def save_guarded(self, request: HttpRequest) -> HttpResponse:
        """The year is locked before the row, as everywhere."""
        obj = self.get_object()
        try:
            forecasting.lock(self.year)
        except forecasting.Refused as refused:
            form = self.form_class(request.POST, instance=obj)
            form.add_error(None, str(refused))
            return self.form_page(form, obj, status=422)
        return super().save_guarded(request)


class ForecastHistory(ForecastPage, views.HistoryView):
    def changes(self, obj: ForecastRound) -> QuerySet[Change]:
        forecasts = Forecast.objects.filter(round=obj).values("pk")
        return history.changes_of(obj) | Change.objects.filter(
            table=Forecast._meta.db_table, row_id__in=forecasts
        )


@dataclass(frozen=True)
class FormRow:
    """A line of the table, with the form to type in and the forecast's version that it was made from."""

    row: Row
    form: ForecastRowForm
    version: int


class ForecastDetail(ForecastPage):
    """The table. GET shows it, POST saves what was typed, or fills the empty fields of the page to be looked at."""

    template_name = "budgets/forecasts_detail.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        round_ = self.get_object()
        previous = forecasting.previous_round(round_)
        rows = forecasting.rows(round_, previous)
        asked = request.GET.get("_export", "")
        if writer := export.ROW_FORMATS.get(asked):
            name = f"opfoelgning-{self.year.year}-{round_.actuals_to:%m}"
            return writer(name, EXPORTED, exported(rows, numbers=asked == "xlsx"))
        return self.table(round_, rows, previous)

    def post(self, request: HttpRequest, **kwargs: Any) -> HttpResponse:
        round_ = self.get_object("change")
        previous = forecasting.previous_round(round_)
        rows = forecasting.rows(round_, previous)
        post = request.POST
        posted = {row.line.pk: row for row in rows if f"f{row.line.pk}-amount" in post}
        forms = {key: ForecastRowForm(post, prefix=f"f{key}") for key in posted}
        if post.get("fill") in FILLS:
            return self.filled(round_, rows, previous, forms, post["fill"])
        bad = sum(not form.is_valid() for form in forms.values())
        if bad:
            return self.table(round_, rows, previous, forms, status=422)
        typed = [Typed(key, form.cleaned_data["amount"], self.version(key)) for key, form in forms.items()]
        try:
            with transaction.atomic():
                count = forecasting.save(
                    round_=round_,
                    typed=typed,
                    reason=history.tidy(post.get("reason", "")),
                    actor=self.user,
                )
        except forecasting.Refused as refused:
            return self.table(round_, rows, previous, forms, error=str(refused), status=409)
        except Clashed as clashed:
            return self.conflict(round_, posted, typed, clashed.clashes)
        if count:
            messages.success(request, f"{count} forventning{'er' if count > 1 else ''} er gemt.")
        else:
            messages.info(request, "Ingen ændringer at gemme.")
        query = f"?{request.GET.urlencode()}" if request.GET else ""
        return HttpResponseRedirect(f"{self.url('detail', round_)}{query}")

    def version(self, key: int) -> int:
        return conflicts.submitted_version({"version": self.request.POST.get(f"f{key}-version", "")}) or 0

    def filled(
        self,
        round_: ForecastRound,
        rows: list[Row],
        previous: ForecastRound | None,
        forms: Mapping[int, ForecastRowForm],
        fill: str,
    ) -> HttpResponse:
        """The page with its empty fields filled; nothing is saved or judged."""
        count = 0
        typed: dict[int, ForecastRowForm] = {}
        for row in rows:
            key = row.line.pk
            if key not in forms:
                continue
            text = forms[key]["amount"].data or ""
            suggested = row.suggestion.amount if row.suggestion else None
            amount = {"suggestion": suggested, "previous": row.previous, "revised": row.revised}[fill]
            if not text.strip() and amount is not None:
                count += 1
                text = shown(amount)
            typed[key] = ForecastRowForm(prefix=f"f{key}", initial={"amount": text})
        fields = "1 tomt felt" if count == 1 else f"{count} tomme felter"
        told = f"{fields} er udfyldt med {FILLS[fill]}. Intet er gemt endnu."
        return self.table(round_, rows, previous, typed, told=told)

    def table(
        self,
        round_: ForecastRound,
        rows: list[Row],
        previous: ForecastRound | None,
        forms: Mapping[int, ForecastRowForm] | None = None,
        *,
        error: str = "",
        told: str = "",
        status: int = 200,
    ) -> HttpResponse:
        """One page of the table. ``forms`` are what was typed, by line."""
        page: Page[Row] = views.paginate(rows, self.request.GET, SHOWN)
        newest = newest_round(self.year)
        latest = newest is None or newest.pk == round_.pk
        may_write = may(self.user, "change", Forecast) and latest and not forecasting.why_not(self.year)
        lines = [self.form_row(row, (forms or {}).get(row.line.pk)) for row in page.object_list]
        return self.page(
            {
                "object": round_,
                "rows": lines,
                "page": page,
                "totals": totals(rows),
                "unknown": sum(row.forecast is None for row in rows),
                "previous": previous,
                "newest": None if latest else newest,
                "month": MONTH_NAMES[round_.months - 1] if round_.months else "",
                "rules": list(Rule),
                "may_write": may_write or bool(forms),
                "may_change": may(self.user, "change", round_)
                and latest
                and not forecasting.why_not(self.year),
                "error": error,
                "told": told,
                "error_rows": sum(bool(it.form.errors) for it in lines),
                "reason": self.request.POST.get("reason", ""),
                "cancel_url": self.url("detail", round_),
            },
            status,
        )

    def form_row(self, row: Row, form: ForecastRowForm | None) -> FormRow:
        """The row as it was typed, with the version it was made from; else as it stands."""
        key = row.line.pk
        if form is not None:
            return FormRow(row, form, self.version(key))
        form = ForecastRowForm(prefix=f"f{key}", initial={"amount": shown(row.forecast)})
        return FormRow(row, form, row.version)

    def conflict(
        self,
        round_: ForecastRound,
        posted: Mapping[int, Row],
        typed: Sequence[Typed],
        clashes: Iterable[Clash],
    ) -> HttpResponse:
        """Both amounts of each row that clashes, to choose from; what else was typed travels along."""
        found = [(posted[clash.line].line, as_conflict(clash)) for clash in clashes]
        clashing = {line.pk for line, _ in found}
        kept = []
        for it in typed:
            if it.line not in clashing:
                kept += [
                    (f"f{it.line}-amount", machine(it.amount)),
                    (f"f{it.line}-version", str(it.version)),
                ]
        self.template_name = "budgets/forecasts_conflict.html"
        context = {
            "object": round_,
            "clashes": [(line_names.told(line), conflict) for line, conflict in found],
            "kept": kept,
            "reason": self.request.POST.get("reason", ""),
            "cancel_url": self.url("detail", round_),
        }
        return self.page(context, status=409)


def shown(amount: Decimal | None) -> str:
    """An amount as it stands in a field."""
    return "" if amount is None else exact(amount).replace("−", "-")


def as_conflict(clash: Clash) -> conflicts.Conflict:
    """The clash as the shared conflict page shows it."""

    def told(amount: Decimal | None) -> str:
        return "ikke kendt" if amount is None else f"{exact(amount)} kr."

    difference = conflicts.Difference(
        name=f"f{clash.line}-amount",
        label="Forventet regnskab",
        before=told(clash.before) if clash.known else "",
        theirs=told(clash.theirs),
        mine=told(clash.mine),
        theirs_raw=machine(clash.theirs),
        mine_raw=machine(clash.mine),
        who=str(clash.change.actor or "Systemet") if clash.change else "",
    )
    return conflicts.Conflict(clash.line, clash.version, clash.change, clash.known, both=[difference])


def totals(rows: Sequence[Row]) -> dict[str, Decimal | None]:
    """Sums of what is known, in DKK; None when nothing is."""
    return {
        "revised": sum_of_known(row.revised for row in rows),
        "spent": sum_of_known(row.spent for row in rows),
        "previous": sum_of_known(row.previous for row in rows),
        "suggested": sum_of_known(row.suggestion.amount if row.suggestion else None for row in rows),
        "forecast": sum_of_known(row.forecast for row in rows),
        "deviation": sum_of_known(row.deviation for row in rows),
    }
