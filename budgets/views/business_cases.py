"""/gevinster/business-case/: what a component costs against what it gives, over five years."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views import View

from budgets import case_chart, case_table
from budgets.business_case import DEFAULT_RATE, YEARS
from budgets.case_reading import Reading, read, read_all
from budgets.case_sheet import workbook
from budgets.case_table import whole
from budgets.forms.cases import CaseForm, CasesForm
from budgets.models import BudgetLine, Gain
from foi_portal.core.money import to_cents
from foi_portal.core.permissions import may
from foi_portal.ui.export import ROW_FORMATS, rows_to_csv
from foi_portal.ui.views import paginate
from registry.models import Asset

PAGE = 100
COLUMNS = ("year", "gain", "cost", "unknown_costs", "net", "accumulated", "factor", "present_value")
ALL_COLUMNS = (
    "component",
    "name",
    "gain",
    "cost",
    "net",
    "present_value",
    "pays_back",
    "gains_without_amount",
)


class CaseView(View):
    """For those who may see both gains and amounts."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not (may(request.user, "view", Gain) and may(request.user, "view", BudgetLine)):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def page(self, name: str, form: CaseForm, context: dict[str, Any]) -> HttpResponse:
        common = {
            "section": "gain",
            "form": form,
            "question": form.question,
            "years": form.question.years,
            "last_year": form.question.years[-1],
            "year_count": YEARS,
            "default_rate": DEFAULT_RATE,
        }
        return render(self.request, f"budgets/gains_{name}.html", common | context)


class BusinessCase(CaseView):
    """One component's case. ``?fra=`` the first year, ``?rente=``, ``?gevinster=alle``, ``?moduler=nej``."""

    def get(self, request: HttpRequest, code: str) -> HttpResponseBase:
        component = get_object_or_404(Asset.objects.components(), code=code)
        form = CaseForm(request.GET, timezone.localdate())
        reading = read(component, form.question)
        name, wanted = f"business-case-{component.code}", request.GET.get("_export")
        if wanted == "csv":
            return rows_to_csv(name, COLUMNS, _machine(reading))
        if wanted == "xlsx":
            file = tempfile.TemporaryFile()  # noqa: SIM115 - FileResponse closes it
            workbook(reading).save(file)
            file.seek(0)
            return FileResponse(file, as_attachment=True, filename=f"{name}.xlsx")
        case = reading.case
        return self.page(
            "case",
            form,
            {
                "component": component,
                "reading": reading,
                "case": case,
                "net": whole(case.net),
                "present": whole(case.present),
                "rows": case_table.rows(case),
                "chart": case_chart.drawn(case, f"Gevinster og omkostninger for {component.name}"),
                "heads": case_table.heads(reading),
                "lines": case_table.lines(reading),
                "gains": [
                    (row.gain, [*zip(form.question.years, map(whole, row.cells), strict=True)])
                    for row in reading.gains
                ],
            },
        )


def _machine(reading: Reading) -> Iterator[tuple[Any, ...]]:
    for year in reading.case.years:
        amounts = map(_exact, (year.gain, year.cost, year.net, year.total, year.present))
        gain, cost, net, total, present = amounts
        yield year.year, gain, cost, year.unknown, net, total, round(year.factor, 6), present


def _exact(amount: Decimal | None) -> Decimal | None:
    """With two places, whatever the database gave."""
    return None if amount is None else to_cents(amount)


class BusinessCases(CaseView):
    """The case of every component that costs something or has gains, in a line each."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        form = CasesForm(request.GET, timezone.localdate())
        found = read_all(form.question)
        writer = ROW_FORMATS.get(request.GET.get("_export", ""))
        if writer is not None:
            rows = (
                (
                    *row.component,
                    *map(_exact, (row.case.gain, row.case.cost, row.case.net, row.case.present)),
                    row.case.pays_back,
                    row.qualitative,
                )
                for row in found
            )
            return writer("business-cases", ALL_COLUMNS, rows)
        page = paginate(found, request.GET, PAGE)
        shown = [
            (row, *map(whole, (row.case.gain, row.case.cost, row.case.net, row.case.present))) for row in page
        ]
        return self.page("cases", form, {"page": page, "shown": shown, "total": len(found)})


__all__ = ["BusinessCase", "BusinessCases"]
