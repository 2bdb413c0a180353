"""Where a year stands, and what the user may decide about it now: a panel on ``/budget/<year>/``."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from budgets import approving
from budgets.approving import Concern
from budgets.models import BudgetLine, BudgetYear, DecisionKind, YearDecision, YearState
from budgets.rights import Anybody, may_approve, may_edit_lines
from foi_portal.core.permissions import may
from foi_portal.ui import panels

# Which decision brought a year into its state.
INTO = {
    YearState.SUBMITTED: DecisionKind.SUBMIT,
    YearState.APPROVED: DecisionKind.APPROVE,
    YearState.CLOSED: DecisionKind.CLOSE,
}
ORDER = list(YearState)
PAGES = {
    DecisionKind.SUBMIT: ("budget-year-submit", "Indsend til godkendelse"),
    DecisionKind.RETURN: ("budget-year-return", "Send tilbage"),
    DecisionKind.APPROVE: ("budget-year-approve", "Godkend budget {year}"),
    DecisionKind.REOPEN: ("budget-year-reopen", "Genåbn budget {year}"),
    DecisionKind.CLOSE: ("budget-year-close", "Luk budget {year}"),
}
MEANS = {
    DecisionKind.SUBMIT: "Kontorchefen skal så godkende budgettet. Linjerne er låst imens.",
    DecisionKind.RETURN: "Budgettet bliver en kladde igen, så FOI kan rette linjerne.",
    DecisionKind.APPROVE: "Når du godkender, låses linjerne for {year}. Kun du kan åbne dem igen.",
    DecisionKind.CLOSE: "Når året er lukket, kan der hverken bogføres eller ændres i budgettet.",
}
TICKS = {
    DecisionKind.APPROVE: "Ja, godkend, selv om der mangler beløb",
    DecisionKind.CLOSE: "Ja, luk året allerede nu",
}
REOPENS = {
    YearState.APPROVED: (
        "Budgettet bliver en kladde igen og skal indsendes og godkendes på ny. Det, der var godkendt, kan stadig læses."
    ),
    YearState.CLOSED: "Året bliver godkendt igen, så der kan bogføres og laves budgetændringer.",
}


@dataclass(frozen=True, slots=True)
class Step:
    """A step the user may take now. ``tick`` is the label of the tick that it asks for (empty: none)."""

    kind: DecisionKind
    url: str
    label: str
    means: str
    told: list[Concern]
    tick: str
    seen: str
    needs_reason: bool

    @property
    def stops(self) -> bool:
        return any(told.stops for told in self.told)


@dataclass(frozen=True, slots=True)
class Mark:
    """One of the four states on the way: whether it is the present one or passed, and who brought the year there."""

    label: str
    is_now: bool
    is_passed: bool
    decision: YearDecision | None


def steps_for(user: Anybody, year: BudgetYear, on: datetime.date) -> list[Step]:
    """What ``user`` may do with the year on the day ``on``, the usual step first. Seven queries at most."""
    kinds = approving.options(user, year)
    seen = approving.seen_mark(year) if kinds else ""
    steps = []
    for kind in kinds:
        page, label = PAGES[kind]
        found = approving.concerns(year, kind, on)
        means = REOPENS[YearState(year.state)] if kind == DecisionKind.REOPEN else MEANS[kind]
        steps.append(
            Step(
                kind=kind,
                url=reverse(page, args=[year.year]),
                label=label.format(year=year.year),
                means=means.format(year=year.year),
                told=found,
                tick=TICKS[kind] if any(it.asks for it in found) else "",
                seen=seen,
                needs_reason=kind in approving.NEEDS_REASON,
            )
        )
    return sorted(steps, key=lambda step: step.needs_reason)


def marks(year: BudgetYear, story: list[YearDecision]) -> list[Mark]:
    """The four states with who brought the year into each, as far as it still stands there. ``story``: newest first."""
    now = ORDER.index(YearState(year.state))
    found = []
    for place, state in enumerate(ORDER):
        into = INTO.get(state)
        decision = next((it for it in story if it.kind == into), None) if place <= now else None
        found.append(Mark(str(state.label), place == now, place < now, decision))
    return found


def standing(request: HttpRequest, year: BudgetYear) -> dict[str, Any]:
    """The panel: the forms and the story."""
    story = list(YearDecision.objects.filter(year=year).select_related("by").order_by("-at", "-pk"))
    waits = year.state == YearState.SUBMITTED and not may_approve(request.user)
    return {
        "year": year,
        "story": story,
        "steps": steps_for(request.user, year, timezone.localdate()),
        "waits": waits and may(request.user, "change", BudgetLine),
        "may_edit_lines": may_edit_lines(request.user, year),
        "may_note": may(request.user, "change", year),
    }


def register() -> None:
    """Make the panels known."""
    panel = panels.Panel("standing", "budgets/years_panel.html", load=standing, place="side", order=10)
    panels.register("budget-year", panel)


__all__ = ["Mark", "Step", "marks", "register", "standing", "steps_for"]
