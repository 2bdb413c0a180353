"""A year's lines for other programs: ``?_export=csv``, ``xlsx`` and ``pdf``. Exactly the lines that the page shows."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from budgets import report, workbook, year_sums
from budgets.models import BudgetYear
from budgets.picture import Picture
from budgets.rollup import Line
from foi_portal.core.money import machine
from foi_portal.ui import pdf

MACHINE_COLUMNS = ("component", "kind", "funding", "original", "revised", "actual", "forecast")
Tags = Sequence[dict[str, str]]
Export = Callable[[HttpRequest, BudgetYear, Picture, Sequence[Line], Tags], HttpResponseBase]


def machine_csv(
    request: HttpRequest, year: BudgetYear, found: Picture, lines: Sequence[Line], tags: Tags
) -> HttpResponse:
    """Amounts as 1234.50, unknown as nothing. No byte-order mark: it is for programs."""
    response = HttpResponse(content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="budget-{year.year}.csv"'
    writer = csv.writer(response, lineterminator="\n")
    writer.writerow(MACHINE_COLUMNS)
    for line in lines:
        amounts = (line.original, line.revised, line.actual, line.forecast)
        code = found.places[line.component].code  # cannot begin as a formula: ``CodeField``
        writer.writerow([code, line.cost_type, line.funding, *map(machine, amounts)])
    return response


def xlsx(
    request: HttpRequest, year: BudgetYear, found: Picture, lines: Sequence[Line], tags: Tags
) -> HttpResponseBase:
    """The workbook with formulas."""
    file = workbook.write(
        found,
        lines,
        year_sums.around(year_sums.every(), year.year),
        state=str(year.get_state_display()),
        chosen=said(tags),
        made_at=timezone.localtime(),
        made_by=str(request.user),
    )
    return FileResponse(file, as_attachment=True, filename=f"budget-{year.year}.xlsx")


def on_paper(
    request: HttpRequest, year: BudgetYear, found: Picture, lines: Sequence[Line], tags: Tags
) -> HttpResponse:
    """The report."""

    def make() -> Any:
        return report.document(year, found, lines, chosen=said(tags), made_by=str(request.user))

    return pdf.response(request, f"budget-{year.year}", make)


def said(tags: Tags) -> str:
    """What the lines are narrowed to, in words: «udbyder: KOMBIT A/S»."""
    return "; ".join(f"{tag['label'].lower()}: {tag['value']}" for tag in tags)


FORMATS: dict[str, Export] = {"csv": machine_csv, "xlsx": xlsx, "pdf": on_paper}

__all__ = ["FORMATS", "MACHINE_COLUMNS", "machine_csv"]
