"""The year's budget on paper: figures, chart, lines, deviations with explanations, who pays, and what was decided."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.conf import settings
from django.utils import timezone

from budgets import deviations, figures, rollup, words, year_sums
from budgets.models import BudgetResponsibility, BudgetYear, CostType, Funding, YearDecision
from budgets.picture import Picture
from budgets.rollup import Detail, Line, Provider, Row, Sums
from foi_portal.core.danish import sort_key
from foi_portal.core.money import ZERO
from foi_portal.ui import pdf

MOST_ROWS = 400
MOST_DEVIATIONS = 200
COST_TYPES = {value: str(label) for value, label in CostType.choices}
FUNDINGS = {value: str(label) for value, label in Funding.choices} | {
    Funding.OWN.value: "DA"
}  # it is in most rows


class Printed(NamedTuple):
    """A row of the table of lines, in words."""

    css: str
    depth: int
    name: str
    kind: str
    funding: str
    unclear: bool
    amounts: list[str]
    mark: str
    share: str


class Deviation(NamedTuple):
    """A line that must be explained, in words."""

    name: str
    budget: str
    expected: str
    deviation: str
    told: str
    explanation: str
    wanted: bool


def document(year: BudgetYear, found: Picture, lines: Sequence[Line], *, chosen: str, made_by: str) -> Any:
    """The report of the lines, laid out; ``chosen`` says what they are narrowed to. Raises ``PdfUnavailable``."""
    return pdf.layout("budgets/report.html", context(year, found, lines, chosen=chosen, made_by=made_by))


def context(
    year: BudgetYear, found: Picture, lines: Sequence[Line], *, chosen: str, made_by: str
) -> dict[str, Any]:
    """What the template prints."""
    top = found.tree(lines)
    sums = rollup.summed(lines)
    cents = words.has_cents(
        a for line in lines for a in (line.original, line.revised, line.actual, line.forecast)
    )
    detail = rollup.detail_within(top, MOST_ROWS)
    marked = sorted((line for line in lines if line.is_marked), key=lambda line: -abs(line.deviation or ZERO))
    years = year_sums.around(year_sums.every(), year.year)
    decisions = list(YearDecision.objects.filter(year=year).select_related("by").order_by("at", "id"))
    unclear = {line.component for line in lines if line.component in found.unclarified}
    goals = top[0].below if len(top) == 1 else top
    return {
        "year": year,
        "chosen": chosen,
        "made_at": timezone.now(),
        "made_by": made_by,
        "address": f"{settings.SITE_URL}{year.get_absolute_url()}",
        "found": found,
        "sums": sums,
        "cents": cents,
        "used": words.percent(deviations.percent(sums.actual, sums.revised), plus=False),
        "deviates": _share(sums, found),
        "month": words.MONTHS[found.month - 1] if found.month else "",
        "unclear": rollup.summed(line for line in lines if line.component in unclear),
        "development": figures.development(years, year.year),
        "rows": [_printed(row, found, cents) for row in rollup.rows(top, detail)],
        "total": _amounts(sums, found, cents),
        "total_share": _share(sums, found),
        "rolled_up": detail < Detail.LINES,
        "marked": [_deviation(line, found, cents) for line in marked[:MOST_DEVIATIONS]],
        "more_marked": max(0, len(marked) - MOST_DEVIATIONS),
        "unexplained": sums.unexplained,
        "responsibilities": _unclarified(found, unclear, lines, cents),
        "financing": figures.financing(goals),
        "decisions": decisions,
        "latest": decisions[-1] if decisions else None,
    }


def _printed(row: Row, found: Picture, cents: bool) -> Printed:
    node, line = row.node, row.line
    of: Line | Sums = node.sums if line is None else line
    marked = deviations.is_marked(of.deviation, of.revised)
    share = "" if marked else _share(of, found)
    alone = line is not None and len(node.lines) == 1 and not node.below
    css = "" if line is not None else "group" if isinstance(node.place, Provider) else "subgroup"
    return Printed(
        css=css,
        depth=min(row.depth, 4),
        name=node.place.name if line is None or alone else COST_TYPES[line.cost_type],
        kind=COST_TYPES[line.cost_type].lower() if line is not None and alone else "",
        funding="" if line is None else FUNDINGS[line.funding] + (f", {line.unit_code}" if line.unit else ""),
        unclear=line is not None and line.component in found.unclarified,
        amounts=_amounts(of, found, cents),
        mark=deviations.told(of.deviation, of.revised) if marked else "",
        share=share,
    )


def _share(of: Line | Sums, found: Picture) -> str:
    """The deviation, or the change from the year before, in per cent."""
    if found.compared:
        return words.percent(deviations.percent(of.change, of.before))
    return words.percent(deviations.percent(of.deviation, of.revised))


def _amounts(of: Line | Sums, found: Picture, cents: bool) -> list[str]:
    """Original, revised, spent, in an open year expected, and the deviation; or held against the year before."""
    amounts, difference = [of.original, of.revised], of.change if found.compared else of.deviation
    if found.compared:
        amounts.append(of.before)
    else:
        amounts += [of.actual] if found.is_closed else [of.actual, of.forecast]
    told = ("ikke kendt" if amount is None else words.kroner(amount, cents) for amount in amounts)
    return [*told, words.signed(difference, cents) or "–"]


def _deviation(line: Line, found: Picture, cents: bool) -> Deviation:
    return Deviation(
        name=f"{found.places[line.component].name}, {COST_TYPES[line.cost_type].lower()}",
        budget=words.kroner(line.revised, cents),
        expected=words.kroner(line.expected, cents),
        deviation=words.signed(line.deviation, cents),
        told=deviations.told(line.deviation, line.revised),
        explanation=line.explanation,
        wanted=line.wants_explanation,
    )


def _unclarified(
    found: Picture, components: set[int], lines: Sequence[Line], cents: bool
) -> list[tuple[str, str, BudgetResponsibility | None]]:
    """Components whose budget responsibility is unclarified: name, revised budget, and what is known of it."""
    rows = BudgetResponsibility.objects.current().filter(component__in=components)
    known = {row.component_id: row for row in rows}
    told = []
    for key in components:
        budget = rollup.summed(line for line in lines if line.component == key).revised
        told.append((found.places[key].name, words.kroner(budget, cents) or "ikke kendt", known.get(key)))
    return sorted(told, key=lambda row: sort_key(row[0]))


__all__ = ["Deviation", "Printed", "context", "document"]
