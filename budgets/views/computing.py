"""``/budget/<year>/beregn/``: lines computed anew. ``/budget/<year>/hvad-nu-hvis/``: with other assumptions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from budgets import computing, scenarios, whatif, words
from budgets.models import BudgetLine, YearState
from budgets.rights import may_edit_lines
from budgets.views.year import YearPage
from foi_portal.core.money import ZERO, sum_of_known, to_cents
from foi_portal.core.permissions import may
from foi_portal.ui import export

LOCKED = {
    YearState.SUBMITTED: "Året er indsendt, så kun kontorchefen kan ændre linjerne nu.",
    YearState.APPROVED: "Året er godkendt, så linjerne er låst. Beløb ændres kun med en budgetændring.",
    YearState.CLOSED: "Året er lukket, så linjerne er låst.",
}


class ComputingPage(YearPage):
    """A page of a year's lines and the prices behind them."""

    model = BudgetLine
    url_base = "line"
    tab = "budget-compute"

    def exported(self, file: str, names: tuple[str, ...], rows: Iterable[Any]) -> HttpResponseBase | None:
        """The rows as the format asked for, if one is: amounts as 1234.50 in CSV and as numbers in Excel."""
        asked = self.request.GET.get("_export", "")
        writer = export.ROW_FORMATS.get(asked)
        if writer is None:
            return None
        # a text with a minus would be guarded as a formula; fifteen digits are exact, and no budget has more
        as_cell: Callable[[Decimal], Decimal | float] = to_cents if asked == "csv" else float
        written = ([as_cell(it) if isinstance(it, Decimal) else it for it in row] for row in rows)
        return writer(f"{file} {self.year.year}", names, written)


def line_names(line: BudgetLine) -> tuple[str, str, str, str]:
    """What names a line to other programs."""
    return (line.component.code, line.cost_type, line.funding, line.unit.code if line.unit else "")


class Compute(ComputingPage):
    """Every computed line as it is and as it would be today. The ticked ones are written, exactly as shown."""

    template_name = "budgets/compute.html"
    columns = (
        "component", "kind", "funding", "unit", "price_model", "original", "computed", "difference", "arithmetic",
        "missing",
    )  # fmt: skip

    def get(self, request: HttpRequest) -> HttpResponseBase:
        planned = computing.plan(self.year)
        return self.exported("beregning", self.columns, map(machine_row, planned)) or self.show(planned)

    def post(self, request: HttpRequest) -> HttpResponseBase:
        if not may(request.user, "change", BudgetLine):
            raise PermissionDenied
        marks = set(request.POST.getlist("line"))
        if not marks:
            return self.show(error="Sæt flueben ved mindst én linje.", ticked=set())
        reason = request.POST.get("reason", "")
        try:
            done = computing.recompute(year=self.year, marks=marks, actor=self.user, reason=reason)
        except computing.Refused as refused:
            self.year.refresh_from_db()
            ticked = {mark.partition("-")[0] for mark in marks}
            return self.show(error=str(refused), ticked=ticked, status=409)
        what = "1 linje er" if done == 1 else f"{done} linjer er"
        messages.success(request, f"{what} regnet om. Det står i linjernes historik.")
        return self.to("budget-compute")

    def show(
        self,
        planned: list[computing.PlannedLine] | None = None,
        *,
        error: str = "",
        ticked: set[str] | None = None,
        status: int = 200,
    ) -> HttpResponse:
        """``ticked`` are the keys of the lines that were chosen; at first all that would change."""
        planned = computing.plan(self.year) if planned is None else planned
        changing = [row for row in planned if row.changes]
        rows = [(row, row.changes and (ticked is None or str(row.line.pk) in ticked)) for row in planned]
        context = {
            "changing": [(row, tick) for row, tick in rows if row.changes],
            "missing": [row for row in planned if row.outcome.missing],
            "same": [row for row in planned if not row.changes and not row.outcome.missing],
            "planned": planned,
            "before": sum_of_known(row.line.original for row in changing),
            "after": sum_of_known(row.outcome.amount for row in changing),
            "difference": sum_of_known(row.difference for row in changing),
            "cents": words.has_cents(
                amount for row in planned for amount in (row.line.original, row.outcome.amount)
            ),
            "may_edit": may_edit_lines(self.user, self.year),
            "locked": LOCKED.get(YearState(self.year.state), ""),
            "error": error,
            "reason": self.request.POST.get("reason", ""),
        }
        return self.page(context, 422 if error and status == 200 else status)


def machine_row(row: computing.PlannedLine) -> tuple[Any, ...]:
    """A computed line for other programs; what is not known is empty."""
    outcome = row.outcome
    missing = outcome.missing.text if outcome.missing else ""
    return (
        *line_names(row.line),
        row.tariff.code,
        row.line.original,
        outcome.amount,
        row.difference,
        outcome.arithmetic,
        missing,
    )


class WhatIf(ComputingPage):
    """The year and its overslagsår with other assumptions. Everything is in the address, nothing is saved."""

    template_name = "budgets/what_if.html"
    columns = (
        "year", "component", "kind", "funding", "unit", "budget", "scenario", "difference", "arithmetic", "fault",
    )  # fmt: skip

    def get(self, request: HttpRequest) -> HttpResponseBase:
        found = whatif.answer(self.year, request.GET.dict())
        rows = (
            (
                number,
                *line_names(it.line),
                cell.budget,
                cell.amount,
                cell.difference,
                cell.arithmetic,
                cell.fault,
            )
            for ahead, number in enumerate(found.years)
            for it in found.lines
            for cell in [it.cells[ahead]]
        )
        return self.exported("hvad nu hvis", self.columns, rows) or self.show(found)

    def show(self, found: whatif.Answer) -> HttpResponse:
        asked = self.request.GET.get("vis", "")
        ahead = next((at for at, number in enumerate(found.years) if str(number) == asked), 0)
        everything = self.request.GET.get("linjer") == "alle"
        lines = [(it.line, it.cells[ahead]) for it in found.lines if everything or it.is_touched]
        rest = [it.cells[ahead] for it in found.lines if not it.is_touched]
        stale = [it.cells[0].stale for it in found.lines if it.cells[0].stale]
        context = {
            "answer": found,
            "years": list(zip(found.years, found.totals, strict=True)),
            "shown_year": found.years[ahead],
            "is_estimate": ahead > 0,
            "total": found.totals[ahead],
            "lines": lines,
            "everything": everything,
            "rest": scenarios.total(rest) if not everything else None,
            "rest_count": len(rest),
            "touched_count": len(found.lines) - len(rest),
            "stale_count": len(stale),
            "stale": sum(stale, ZERO),
            "faults": sum(bool(it.cells[ahead].fault) for it in found.lines),
            "cents": any(has_cents(it.cells[ahead]) for it in found.lines),
            "cents_ahead": any(has_cents(cell) for it in found.lines for cell in it.cells),
            "every_year": bool(self.request.GET.get(whatif.EVERY_YEAR)),
            "start_url": self.address("budget-what-if"),
        }
        return self.page(context)


def has_cents(cell: scenarios.Cell) -> bool:
    return words.has_cents((cell.budget, cell.amount))


__all__ = ["Compute", "WhatIf"]
