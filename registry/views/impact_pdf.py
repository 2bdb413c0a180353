"""``/konsekvens/pdf/``: the answer on one page, to hand to a manager, and on the back what other apps add to it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe
from django.views import View

from foi_portal.core.danish import sort_key
from foi_portal.core.permissions import may
from foi_portal.ui import formats, panels, pdf
from registry import drawing, impact, picture
from registry.graph import Severity
from registry.impact import WORDS, Question, Reply, Row
from registry.landscape import Source
from registry.models import Component, System

LEVELS = tuple(sorted(WORDS, reverse=True))
BADGES = {
    Severity.CRITICAL: "badge-error",
    Severity.DEGRADED: "badge-warning",
    Severity.MINOR: "badge-info",
}
MOST_ROWS = 60  # more never fit on a page
MOST_DEPARTMENTS = 7
MOST_PROBLEMS = 3
WHOLE_CHAIN, CHAIN_ENDS = 4, 2  # steps of a because-path that are written; of longer ones only the ends
LONGEST_ADDRESS = 150  # that anybody would type off a sheet
# Room for the picture in CSS pixels, and how small it may become before it is rolled up, or left out.
ROOM = (672, 325)
LEGIBLE, SMALLEST = 0.55, 0.38

SOURCES = {
    Source.NOW: "Tallene kommer fra det, der står i FOI-portalens register i dag.",
    Source.HISTORY: "Tallene kommer fra FOI-portalens register, som det så ud, da dagen var slut.",
    Source.PERIODS: (
        "FOI-portalens historik begynder senere, så tallene bygger på det, der står i registret i dag, "
        "og på datoerne ved det."
    ),
}


@dataclass(frozen=True)
class Group:
    """Rows of one severity: those there is room for, and how many there are in all."""

    word: str
    badge: str
    count: int
    noun: str  # the count with what is counted
    lines: list[tuple[Row, str]]


class ImpactPdf(View):
    """The same question as the page's, by the same query. Without anything to ask about: to the page, which says so."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if not (may(request.user, "view", Component) and may(request.user, "view", System)):
            raise PermissionDenied
        reply = impact.ask(Question.parse(request.GET))
        if not reply.chosen:
            return HttpResponseRedirect(f"{reverse('impact')}?{request.GET.urlencode()}")
        name = f"konsekvens-{reply.chosen[0].code.lower()}-{reply.question.on.isoformat()}"
        beside = panels.panels_on("impact-pdf", request, reply)["main"]
        return pdf.response(request, name, lambda: document(reply, str(request.user), beside))


def document(reply: Reply, who: str, beside: Sequence[dict[str, Any]] = ()) -> Any:
    """The answer laid out on one page, its table cut to what there is room for, and the panels ``beside`` it after.

    Raises PdfUnavailable.
    """
    context = {"made_at": timezone.now(), "made_by": who, **_context(reply)}
    rows = _rows(reply)

    def sheet(n: int, **more: Any) -> Any:
        return pdf.layout("registry/impact_pdf.html", context | _table(reply, rows, n) | more)

    n, found = pdf.fitting(sheet, min(len(rows), MOST_ROWS))
    return sheet(n, panels=beside) if beside else found


def _context(reply: Reply) -> dict[str, Any]:
    first, *more = impact.headline(reply)
    address = f"{settings.SITE_URL}{reverse('impact')}?{reply.question.query()}"
    return {
        "title": impact.title(reply),
        "headline": first,
        "more": more,
        "on": reply.question.on,
        "source": SOURCES[reply.landscape.source],
        "address": address,
        "address_text": address if len(address) <= LONGEST_ADDRESS else "svaret i FOI-portalen",
        "notes": _notes(reply),
        "upstream": reply.is_upstream,
        "counts": [
            (
                WORDS[level],
                BADGES[level],
                reply.totals.get((True, level), 0),
                reply.totals.get((False, level), 0),
            )
            for level in LEVELS
        ],
        "departments": _departments(reply),
        **_picture(reply),
    }


def _rows(reply: Reply) -> list[Row]:
    """What the table shows: fagsystemer, which is what a failure is about; upstream, and without any, everything."""
    systems = [row for row in reply.rows if row.facts.is_system]
    return list(reply.rows) if reply.is_upstream or not systems else systems


def _table(reply: Reply, rows: Sequence[Row], n: int) -> dict[str, Any]:
    counts = Counter(row.severity for row in rows)
    shown = [(row, _why(row, reply)) for row in rows[:n]]
    systems_only = all(row.facts.is_system for row in rows)
    one, many = ("fagsystem", "fagsystemer") if systems_only else ("i alt", "i alt")
    groups = [
        Group(
            WORDS[level],
            BADGES[level],
            counts[level],
            impact.counted(counts[level], one, many),
            [line for line in shown if line[0].severity == level],
        )
        for level in LEVELS
    ]
    return {
        "groups": [group for group in groups if group.lines],
        "systems_only": systems_only,
        "rest": len(rows) - len(shown),
        "row_count": len(rows),
    }


def _why(row: Row, reply: Reply) -> str:
    """The because-path by names, nearest first, without the row itself."""
    steps = [facts.name for facts in reversed(row.path)][1:]
    if len(steps) > 1 and len(reply.failed) + len(reply.down) == 1:
        steps = steps[:-1]  # the one that failed stands in the title
    elif len(steps) == 1 and len(reply.failed) + len(reply.down) == 1:
        return "direkte"
    if len(steps) > WHOLE_CHAIN:
        steps = [*steps[:CHAIN_ENDS], f"… {len(steps) - 2 * CHAIN_ENDS} led …", *steps[-CHAIN_ENDS:]]
    return " › ".join(steps)


def _departments(reply: Reply) -> dict[str, Any]:
    """The fagsystemer shown per department and severity, the hardest hit first; the last ones put together."""
    counts: dict[str, Counter[Severity]] = {}
    for row in reply.rows:
        if row.facts.is_system:
            name = row.department.name if row.department else "Uden forvaltning"
            counts.setdefault(name, Counter())[row.severity] += 1
    order = sorted(counts, key=lambda name: ([-counts[name][level] for level in LEVELS], sort_key(name)))
    shown = order if len(order) <= MOST_DEPARTMENTS else order[: MOST_DEPARTMENTS - 1]
    rows = [(name, [counts[name][level] for level in LEVELS]) for name in shown]
    rest = order[len(shown) :]
    if rest:
        sums = [sum(counts[name][level] for name in rest) for level in LEVELS]
        rows.append((f"{impact.counted(len(rest), 'anden', 'andre')} tilsammen", sums))
    return {"rows": rows, "words": [WORDS[level] for level in LEVELS]}


def _notes(reply: Reply) -> list[str]:
    """What must be known to read the numbers: limits of the question, what is left out, what was wrong with it."""
    question = reply.question
    notes = list(reply.problems[:MOST_PROBLEMS])
    if len(reply.problems) > MOST_PROBLEMS:
        notes.append(f"Og {len(reply.problems) - MOST_PROBLEMS} bemærkninger mere på siden.")
    if reply.hidden:
        limits = []
        if question.depth is not None:
            limits.append(f"højst {question.depth} skridt væk")
        if question.least is not Severity.MINOR:
            limits.append(f"mindst «{WORDS[question.least].lower()}»")
        notes.append(
            f"{formats.plain(reply.hidden)} flere er ikke vist, for der er spurgt om {' og '.join(limits)}."
        )
    if reply.unchanged:
        notes.append(
            f"{formats.plain(len(reply.unchanged))} er allerede ramt lige så hårdt af det, der er nede, "
            "og er ikke talt med."
        )
    if reply.reduced:
        groups = impact.counted(len(reply.reduced), "sted", "steder")
        notes.append(f"Nedsat redundans {groups}: noget er faldet bort, men nok alternativer virker.")
    if reply.unresolved:
        notes.append(
            f"{formats.plain(reply.unresolved)} mulige årsager går gennem så mange alternativer, at kun deres "
            "øvrige veje er prøvet."
        )
    return notes


def _picture(reply: Reply) -> dict[str, Any]:
    """The picture as SVG, rolled up when it would be too small to read on the sheet; else why there is none."""
    closed = replace(reply, question=replace(reply.question, opened=(picture.ALL_CLOSED,)))
    found = picture.of_reply(reply)
    if not found.nodes or found.is_empty:
        return {"picture": "", "picture_note": found.note}
    plan = drawing.drawn(found)
    if _scale(plan) < LEGIBLE:
        found = picture.of_reply(closed)
        plan = drawing.drawn(found)
    if _scale(plan) < SMALLEST:
        return {"picture": "", "picture_note": "Billedet er for stort til arket. Se det på siden."}
    svg = drawing.svg(found, base=settings.SITE_URL, plan=plan)
    return {"picture": mark_safe(svg), "picture_note": found.note}  # noqa: S308 - drawing escapes


def _scale(plan: drawing.Drawn) -> float:
    return min(ROOM[0] / plan.width, ROOM[1] / plan.height)


__all__ = ["ImpactPdf", "document"]
