"""A budget year's way from draft to closed: submit, send back, approve, reopen, close. One step, one transaction.

Reopening goes one step back. A closed year becomes approved again, so that bookings and adjustments can be made. An
approved year becomes a draft again, and has to be submitted and approved anew.

What happens to adjustments then: in a municipality the original budget is what was adopted, and a supplementary
grant or a transfer is a decision of its own that is not withdrawn because the budget it stands beside is corrected.
So approved adjustments stay and keep counting (revised = original + approved adjustments), proposed ones wait until
the year is approved again, no new ones can be made in the meantime, and a line that an approved adjustment names can
neither be archived nor lose its amount. What the budget was before the reopening is read from the history: every
approval is a moment of which all lines can be shown as they stood.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, Sum
from django.urls import reverse
from django.utils import timezone

from budgets import responsibility
from budgets.models import (
    Actual,
    Adjustment,
    AdjustmentState,
    BudgetLine,
    BudgetYear,
    DecisionKind,
    Estimate,
    YearDecision,
    YearState,
)
from budgets.rights import Anybody, may_approve
from foi_portal.core import history
from foi_portal.core.models import ArchivableQuerySet, User
from foi_portal.core.permissions import may
from foi_portal.ui import formats

SUBMIT, RETURN, APPROVE, REOPEN, CLOSE = (
    DecisionKind.SUBMIT,
    DecisionKind.RETURN,
    DecisionKind.APPROVE,
    DecisionKind.REOPEN,
    DecisionKind.CLOSE,
)
# What is decided, in which state → the state it gives.
MOVES: dict[tuple[DecisionKind, YearState], YearState] = {
    (SUBMIT, YearState.DRAFT): YearState.SUBMITTED,
    (RETURN, YearState.SUBMITTED): YearState.DRAFT,
    (APPROVE, YearState.SUBMITTED): YearState.APPROVED,
    (CLOSE, YearState.APPROVED): YearState.CLOSED,
    (REOPEN, YearState.APPROVED): YearState.DRAFT,
    (REOPEN, YearState.CLOSED): YearState.APPROVED,
}
NEEDS_REASON = frozenset({RETURN, REOPEN})
# Whoever says yes to the lines says it to those that were on the screen.
LOOKS_AT_LINES = frozenset({SUBMIT, APPROVE})
DONE = {
    SUBMIT: "indsendt til godkendelse",
    RETURN: "sendt tilbage som kladde",
    APPROVE: "godkendt",
    REOPEN: "genåbnet",
    CLOSE: "lukket",
}
STATES = {
    YearState.DRAFT: "er en kladde",
    YearState.SUBMITTED: "venter på godkendelse",
    YearState.APPROVED: "er godkendt",
    YearState.CLOSED: "er lukket",
}
WANTS = {
    SUBMIT: "Kun en kladde kan indsendes.",
    RETURN: "Kun et indsendt budget kan sendes tilbage.",
    APPROVE: "Det skal indsendes, før det kan godkendes.",
    REOPEN: "Kun et godkendt eller lukket budget kan genåbnes.",
    CLOSE: "Kun et godkendt budget kan lukkes.",
}


class Refused(Exception):  # noqa: N818 - it is an answer to the user, not a fault
    """Nothing has been written; ``str()`` says why in Danish. ``overtaken``: somebody else came first."""

    def __init__(self, message: str, overtaken: bool = False) -> None:
        super().__init__(message)
        self.overtaken = overtaken


@dataclass(frozen=True, slots=True)
class Concern:
    """Something to know before deciding. It stops the step, asks for a tick, or (neither) is only told.

    ``url`` is where it is listed, when it is.
    """

    text: str
    url: str = ""
    stops: bool = False
    asks: bool = False


def may_decide(user: Anybody, kind: DecisionKind) -> bool:
    """Whether ``user`` may take such a step at all: whoever drafts may submit, only the kontorchef does the rest."""
    return may(user, "change", BudgetLine) if kind == SUBMIT else may_approve(user)


def options(user: Anybody, year: BudgetYear) -> list[DecisionKind]:
    """The steps that ``user`` may take with the year as it is."""
    return [kind for kind, state in MOVES if state == year.state and may_decide(user, kind)]


def seen_mark(year: BudgetYear) -> str:
    """A text that is another as soon as the year, a line or an estimate of it is changed, added or archived.

    Versions only grow, so their sums tell. Two queries.
    """
    lines = BudgetLine.objects.filter(year=year).aggregate(count=Count("pk"), versions=Sum("version"))
    ahead = Estimate.objects.filter(line__year=year).aggregate(count=Count("pk"), versions=Sum("version"))
    numbers = (lines["count"], lines["versions"], ahead["count"], ahead["versions"])
    return f"{year.version}-" + ".".join(str(number or 0) for number in numbers)


def concerns(year: BudgetYear, kind: DecisionKind, on: datetime.date) -> list[Concern]:
    """What to know on the day ``on`` before the step is taken. At most five queries."""
    if kind in LOOKS_AT_LINES:
        return _about_lines(year, kind)
    if kind == CLOSE:
        return _about_closing(year, on)
    if kind == REOPEN and year.state == YearState.APPROVED:
        return _about_adjustments(year)
    return []


def decide(
    *,
    year: BudgetYear,
    kind: DecisionKind,
    actor: User,
    at: datetime.datetime,
    seen: str,
    note: str = "",
    sure: bool = False,
) -> YearDecision:
    """Take the step at the moment ``at``. ``seen`` is the ``seen_mark`` of what the user looked at, ``sure`` the tick.

    The year is locked first, so that of two people one decides and the other is told.
    Errors: ``Refused``; ``PermissionDenied`` when the actor may not.
    """
    if not may_decide(actor, kind):
        raise PermissionDenied
    note = history.tidy(note)
    with history.recording(actor=actor, reason=note or None):
        locked = BudgetYear.objects.select_for_update().get(pk=year.pk)
        _refuse(locked, kind, seen, note, sure, timezone.localdate(at))
        BudgetYear.objects.filter(pk=locked.pk).update(state=MOVES[kind, YearState(locked.state)])
        return YearDecision.objects.create(year=locked, kind=kind, by=actor, at=at, note=note)


def _refuse(
    year: BudgetYear, kind: DecisionKind, seen: str, note: str, sure: bool, on: datetime.date
) -> None:
    state = YearState(year.state)
    if (kind, state) not in MOVES:
        raise Refused(f"{_standing(year, state)} {WANTS[kind]} Intet er ændret.", overtaken=True)
    now = seen_mark(year)
    if kind not in LOOKS_AT_LINES:
        seen, now = seen.partition("-")[0], now.partition("-")[0]
    if seen != now:
        raise Refused(
            f"{year} er ændret, siden du åbnede siden{_latest(year)}. Intet er besluttet. "
            "Se budgettet igennem igen, og beslut så.",
            overtaken=True,
        )
    if kind in NEEDS_REASON and not note:
        raise Refused("Skriv en begrundelse.")
    found = concerns(year, kind, on)
    for concern in found:
        if concern.stops:
            raise Refused(concern.text)
    if not sure and (asked := [concern.text for concern in found if concern.asks]):
        raise Refused(f"{' '.join(asked)} Sæt flueben, hvis det er meningen.")


def _standing(year: BudgetYear, state: YearState) -> str:
    """Where the year stands; and who brought it there, as far as its story tells."""
    last = latest(year)
    if last is None or state not in {after for (kind, _), after in MOVES.items() if kind == last.kind}:
        return f"{year} {STATES[state]}."
    return f"{year} er allerede {DONE[DecisionKind(last.kind)]} af {last.by} {formats.moment(last.at)}."


def _latest(year: BudgetYear) -> str:
    change = history.changes_of(year).select_related("actor").first()
    line = BudgetLine.objects.filter(year=year).order_by("-updated_at").first()
    if line is not None and change is not None and line.updated_at > change.at:
        change = history.changes_of(line).select_related("actor").first()
    if change is None or change.actor is None:
        return ""
    return f" (senest af {change.actor} {formats.moment(change.at)})"


def latest(year: BudgetYear) -> YearDecision | None:
    """The step that was taken last."""
    return YearDecision.objects.filter(year=year).select_related("by").order_by("-at", "-pk").first()


def _about_lines(year: BudgetYear, kind: DecisionKind) -> list[Concern]:
    lines = BudgetLine.objects.current().filter(year=year)
    listed = reverse("line-list", args=[year.year])
    count = lines.aggregate(
        all=Count("pk"),
        unknown=Count("pk", filter=Q(original=None)),
        invented=Count("pk", filter=Q(illustrative=True)),
    )
    if not count["all"]:
        return [Concern(f"{year} har ingen linjer endnu. Skriv dem først.", listed, stops=True)]
    if count["unknown"] == count["all"]:
        text = "Ingen af linjerne har et beløb. Skriv mindst ét først."
        return [Concern(text, f"{listed}?unknown=ja", stops=True)]
    found = []
    if unknown := count["unknown"]:
        what = "1 linje har" if unknown == 1 else f"{unknown} linjer har"
        text = f"{what} ikke et kendt beløb og tæller ikke med i totalen."
        found.append(Concern(text, f"{listed}?unknown=ja", asks=kind == APPROVE))
    if invented := count["invented"]:
        what = (
            "1 linje er et opdigtet eksempel"
            if invented == 1
            else f"{invented} linjer er opdigtede eksempler"
        )
        found.append(Concern(f"{what} og ikke rigtige tal.", f"{listed}?illustrative=ja"))
    if kind == APPROVE and (unclarified := _unclarified(lines)):
        what = "1 komponent mangler" if unclarified == 1 else f"{unclarified} komponenter mangler"
        url = f"{reverse('responsibility-list')}?state=uafklarede&year={year.year}"
        found.append(Concern(f"{what} et afklaret budgetansvar.", url))
    return found


def _unclarified(lines: ArchivableQuerySet[BudgetLine]) -> int:
    """How many components answer for the lines without it being clarified: as many as ``/budget/ansvar/`` lists."""
    components = set(lines.order_by().values_list("component", flat=True))
    answers = responsibility.answers(components).items()
    return len({it.row.component_id if it.row else key for key, it in answers if not it.is_clarified})


def _about_closing(year: BudgetYear, on: datetime.date) -> list[Concern]:
    found = []
    if waiting := Actual.objects.filter(year=year).unplaced().count():
        what = "1 postering hører" if waiting == 1 else f"{waiting} posteringer hører"
        text = f"{what} ikke til nogen linje. Placér dem, før året lukkes."
        found.append(Concern(text, reverse("actual-unplaced", args=[year.year]), stops=True))
    proposed = Adjustment.objects.filter(year=year, state=AdjustmentState.PROPOSED).count()
    if proposed:
        what = "1 budgetændring er" if proposed == 1 else f"{proposed} budgetændringer er"
        text = f"{what} foreslået, men ikke afgjort. Afgør dem, før året lukkes."
        found.append(Concern(text, reverse("adjustment-list", args=[year.year]), stops=True))
    if on.year <= year.year:
        found.append(
            Concern(f"{year.year} er ikke gået endnu. Lukket kan der ikke bogføres mere.", asks=True)
        )
    return found


def _about_adjustments(year: BudgetYear) -> list[Concern]:
    approved = Adjustment.objects.filter(year=year, state=AdjustmentState.APPROVED).count()
    if not approved:
        return []
    what = (
        "1 godkendt budgetændring bliver" if approved == 1 else f"{approved} godkendte budgetændringer bliver"
    )
    return [Concern(f"{what} stående og lægges fortsat til det oprindelige budget.")]


__all__ = [
    "APPROVE",
    "CLOSE",
    "DONE",
    "MOVES",
    "NEEDS_REASON",
    "REOPEN",
    "RETURN",
    "SUBMIT",
    "Concern",
    "Refused",
    "concerns",
    "decide",
    "latest",
    "may_decide",
    "options",
    "seen_mark",
]
