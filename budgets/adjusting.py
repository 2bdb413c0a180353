"""Changing an adopted budget: propose an adjustment, decide it, withdraw it. All or nothing each time.

Each deed locks the year first and then the adjustment, so two people who decide at once come one after the other, and
the second is told what the first did.
"""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Collection, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet, Sum
from django.utils import timezone

from budgets import line_names
from budgets.adjustment_rules import Entry, Faults, LineFacts, indexed, judge
from budgets.models import (
    Adjustment,
    AdjustmentEntry,
    AdjustmentKind,
    AdjustmentState,
    BudgetLine,
    BudgetYear,
    CostType,
    YearState,
)
from foi_portal.core import history
from foi_portal.core.models import User
from foi_portal.core.money import ZERO
from foi_portal.ui import formats

BATCH = 1_000
Keys = Collection[int] | QuerySet[Any, Any]  # lines by key, or the query that gives the keys
DONE = {
    AdjustmentState.APPROVED: "godkendt",
    AdjustmentState.REFUSED: "afvist",
    AdjustmentState.WITHDRAWN: "trukket tilbage",
}


class Indexed(NamedTuple):
    """A line's revised budget in DKK, and what the per cent adds to it."""

    name: str
    revised: Decimal
    amount: Decimal


class Refused(Exception):  # noqa: N818  (the portal refuses; nothing has been written)
    """Nothing was written; the text says why, in Danish. ``faults`` has what is wrong with single entries."""

    def __init__(self, why: str, faults: Faults | None = None) -> None:
        super().__init__(why)
        self.faults = faults or Faults()


def why_not(year: BudgetYear) -> str:
    """Why the year's budget cannot be adjusted now, in Danish; empty when it can."""
    return {
        YearState.DRAFT: f"Budget {year.year} er en kladde, så ret linjerne selv. Budgetændringer er til et "
        "budget, der er godkendt.",
        YearState.SUBMITTED: f"Budget {year.year} er indsendt til godkendelse. Vent, til det er godkendt, eller få "
        "det sendt tilbage, og ret linjerne.",
        YearState.APPROVED: "",
        YearState.CLOSED: f"Budget {year.year} er lukket. Kun kontorchefen kan genåbne det.",
    }[YearState(year.state)]


def approved(year: BudgetYear, lines: Keys | None = None) -> dict[int, Decimal]:
    """What approved adjustments have added to each of the year's lines, or of ``lines``, in DKK. One query."""
    entries = AdjustmentEntry.objects.filter(
        adjustment__year=year, adjustment__state=AdjustmentState.APPROVED
    )
    if lines is not None:
        entries = entries.filter(line__in=lines)
    return dict(entries.order_by().values_list("line").annotate(total=Sum("amount")))


def facts(year: BudgetYear, lines: Keys) -> dict[int, LineFacts]:
    """The lines of the year with these keys as they are now, archived ones too, in the order of lists. Two queries."""
    added = approved(year, lines)
    rows = BudgetLine.objects.filter(year=year, pk__in=lines).select_related("component", "unit")
    return {
        line.pk: LineFacts(
            name=line_names.told(line),
            original=line.original,
            revised=None if line.original is None else line.original + added.get(line.pk, ZERO),
            is_licence=line.cost_type == CostType.LICENCE,
            is_archived=line.is_archived,
        )
        for line in rows.order_by("component__name", "component__code", "cost_type", "funding", "pk")
    }


def indexation(year: BudgetYear, percent: Decimal, types: Collection[str]) -> dict[int, Indexed]:
    """What the per cent gives on the year's live lines of the cost types, by line; lines of 0 kr. get nothing.

    Lines whose budget is not known are left out. Two queries.
    """
    lines = BudgetLine.objects.current().filter(year=year, cost_type__in=types)
    return {
        key: Indexed(line.name, line.revised, indexed(percent, line.revised))
        for key, line in facts(year, lines.values("pk")).items()
        if line.revised is not None and indexed(percent, line.revised)
    }


def digest(lines: dict[int, Indexed]) -> str:
    """The same for two calculations exactly when they give the same lines the same amounts."""
    said = sorted((key, line.amount) for key, line in lines.items())
    return hashlib.sha256(repr(said).encode()).hexdigest()


def propose(
    *,
    year: BudgetYear,
    kind: AdjustmentKind,
    on: datetime.date,
    reason: str,
    case_number: str,
    entries: Sequence[Entry],
    actor: User,
) -> Adjustment:
    """Write a proposal; it changes the budget when it is approved. Errors: ``Refused``."""
    with history.recording(actor=actor, reason=reason):
        year = _adjustable(year)
        faults = judge(
            entries,
            facts(year, [entry.line for entry in entries]),
            sums_to_zero=kind == AdjustmentKind.TRANSFER,
        )
        if faults:
            raise Refused(" ".join(faults.whole) or "Ret de linjer, der er markeret.", faults)
        adjustment = Adjustment.objects.create(
            year=year, kind=kind, on=on, reason=reason, case_number=case_number, proposed_by=actor
        )
        AdjustmentEntry.objects.bulk_create(
            (
                AdjustmentEntry(adjustment=adjustment, line_id=entry.line, amount=entry.amount)
                for entry in entries
            ),
            batch_size=BATCH,
        )
        return adjustment


def propose_indexation(
    *,
    year: BudgetYear,
    percent: Decimal,
    types: Collection[str],
    lines: Collection[int],
    seen: str,
    on: datetime.date,
    reason: str,
    case_number: str,
    actor: User,
) -> Adjustment:
    """Propose a per cent on ``lines``, among those of the types. ``seen`` is the digest of what was shown.

    Errors: ``Refused``, also when a line's budget has changed since it was shown.
    """
    with history.recording(actor=actor, reason=reason):
        year = _adjustable(year)
        found = indexation(year, percent, types)
        if digest(found) != seen:
            raise Refused(
                "Beløbene er andre end dem, der blev vist: procenten, typerne eller budgettet er ændret. "
                "Se den nye beregning, og foreslå så."
            )
        chosen = set(lines)
        entries = [Entry(key, line.amount) for key, line in found.items() if key in chosen]
        if not entries:
            raise Refused("Vælg mindst én linje.")
        return propose(
            year=year,
            kind=AdjustmentKind.INDEXATION,
            on=on,
            reason=reason,
            case_number=case_number,
            entries=entries,
            actor=actor,
        )


def approve(*, adjustment: Adjustment, note: str, actor: User) -> Adjustment:
    """Let the adjustment count from now on. The caller has asked ``may_approve``.

    The lines are judged anew: others may have been approved since it was proposed. Errors: ``Refused``.
    """
    with history.recording(actor=actor, reason=note):
        year = _adjustable(adjustment.year)
        adjustment = _waiting(adjustment)
        entries = [
            Entry(line, amount)
            for line, amount in adjustment.entries.order_by("pk").values_list("line", "amount")
        ]
        lines = facts(year, [entry.line for entry in entries])
        faults = judge(entries, lines, sums_to_zero=adjustment.kind == AdjustmentKind.TRANSFER)
        if faults:
            told = [
                f"{lines[entries[place].line].name}: {fault.message}" for place, fault in faults.rows.items()
            ]
            raise Refused(f"Ændringen kan ikke godkendes. {' '.join([*faults.whole, *told])}", faults)
        return _decide(adjustment, AdjustmentState.APPROVED, note, actor)


def refuse(*, adjustment: Adjustment, note: str, actor: User) -> Adjustment:
    """Say no, with a reason. The caller has asked ``may_approve``. Errors: ``Refused``."""
    if not note:
        raise Refused("Skriv, hvorfor ændringen afvises.")
    return _end(adjustment, AdjustmentState.REFUSED, note, actor)


def withdraw(*, adjustment: Adjustment, note: str, actor: User) -> Adjustment:
    """Take one's own proposal back. The caller has asked ``may_withdraw``. Errors: ``Refused``."""
    return _end(adjustment, AdjustmentState.WITHDRAWN, note, actor)


def may_withdraw(user: User, adjustment: Adjustment) -> bool:
    """Whether ``user`` proposed it."""
    return adjustment.proposed_by_id is not None and adjustment.proposed_by_id == user.pk


def waiting(year: BudgetYear) -> QuerySet[Adjustment]:
    """Those that nobody has decided, the oldest first. ``amount`` is their sum, ``added`` what they add, in DKK."""
    rows = Adjustment.objects.filter(year=year, state=AdjustmentState.PROPOSED)
    return (
        rows.select_related("year", "proposed_by")
        .annotate(
            amount=Sum("entries__amount"),
            added=Sum("entries__amount", filter=Q(entries__amount__gt=0)),
        )
        .order_by("created_at", "pk")
    )


def _end(adjustment: Adjustment, state: AdjustmentState, note: str, actor: User) -> Adjustment:
    """Refusing and withdrawing change no budget, so they may be done whatever state the year is in."""
    with history.recording(actor=actor, reason=note):
        BudgetYear.objects.select_for_update(no_key=True).get(pk=adjustment.year_id)
        return _decide(_waiting(adjustment), state, note, actor)


def _adjustable(year: BudgetYear) -> BudgetYear:
    locked = BudgetYear.objects.select_for_update(no_key=True).get(pk=year.pk)
    if message := why_not(locked):
        raise Refused(message)
    return locked


def _waiting(adjustment: Adjustment) -> Adjustment:
    """The adjustment, locked, when nobody has decided it yet."""
    locked = Adjustment.objects.select_for_update(no_key=True).get(pk=adjustment.pk)
    if locked.state != AdjustmentState.PROPOSED:
        done = DONE[AdjustmentState(locked.state)]
        when = formats.moment(locked.decided_at) if locked.decided_at else ""
        raise Refused(
            f"Ændringen er allerede {done} af {locked.decided_by} {when}. Din afgørelse er ikke gemt."
        )
    return locked


def _decide(adjustment: Adjustment, state: AdjustmentState, note: str, actor: User) -> Adjustment:
    adjustment.state = state
    adjustment.decided_by, adjustment.decided_at, adjustment.decision_note = actor, timezone.now(), note
    adjustment.save(update_fields=["state", "decided_by", "decided_at", "decision_note"])
    return adjustment


__all__ = [
    "Indexed",
    "Refused",
    "approve",
    "digest",
    "facts",
    "indexation",
    "may_withdraw",
    "propose",
    "propose_indexation",
    "refuse",
    "waiting",
    "why_not",
    "withdraw",
]
