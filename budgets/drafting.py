"""Lines of a year: what may be done with them in which state, and how they are written.

An approved year's amounts are changed by adjustments only. Its lines may still be described (note, account), and a
line may be added whose original budget is 0, for an adjustment needs a line to put money on. What would take an
amount out of the totals is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from budgets.models import (
    Actual,
    AdjustmentEntry,
    AdjustmentState,
    BudgetLine,
    BudgetYear,
    Estimate,
    YearState,
)
from budgets.rights import Anybody, may_describe_lines, may_edit_lines
from foi_portal.core import history

LIVE_STATES = (AdjustmentState.PROPOSED, AdjustmentState.APPROVED)


def lock(year: BudgetYear) -> BudgetYear:
    """The year as it is now, kept so until the transaction ends: nobody approves while a line is written."""
    return BudgetYear.objects.select_for_update().get(pk=year.pk)


def why_fixed(user: Anybody, year: BudgetYear) -> str:
    """Why ``user`` cannot change amounts in the year, in Danish; empty when they can. Rights as such are not judged."""
    if may_edit_lines(user, year):
        return ""
    if year.state == YearState.SUBMITTED:
        return (
            f"{year} er indsendt til godkendelse, og imens er linjerne låst. Kontorchefen kan rette dem, eller sende "
            "budgettet tilbage."
        )
    if year.state == YearState.CLOSED:
        return f"{year} er lukket. Kun kontorchefen kan genåbne det."
    return f"{year} er godkendt. Beløb ændres kun med en budgetændring."


def why_not_add(user: Anybody, year: BudgetYear) -> str:
    """Why no line can be added, in Danish; empty when one can: with amounts, or with 0 kr. in an approved year."""
    return "" if year.state == YearState.APPROVED else why_fixed(user, year)


def why_not_archive(user: Anybody, line: BudgetLine, year: BudgetYear) -> str:
    """Why the line cannot be archived, in Danish; empty when it can. At most two queries."""
    if refusal := _why_not_move(user, line, year):
        return refusal
    if AdjustmentEntry.objects.filter(line=line, adjustment__state__in=LIVE_STATES).exists():
        return "Linjen står i en budgetændring. Dens beløb kan ikke tages ud af budgettet."
    if Actual.objects.filter(line=line).standing().exists():
        return "Der er bogført forbrug på linjen. Flyt posteringerne først, eller sæt beløbet ned i stedet."
    return ""


def why_not_restore(user: Anybody, line: BudgetLine, year: BudgetYear) -> str:
    """Why the archived line cannot come back, in Danish; empty when it can."""
    return _why_not_move(user, line, year)


def _why_not_move(user: Anybody, line: BudgetLine, year: BudgetYear) -> str:
    """A line of 0 kr. comes and goes without changing an approved budget."""
    fixed = why_fixed(user, year)
    if year.state == YearState.APPROVED and line.original == 0:
        return ""
    return fixed


def why_only_described(user: Anybody, year: BudgetYear) -> str:
    """Why the line cannot even be described, in Danish; empty when it can."""
    return "" if may_describe_lines(user, year) else why_fixed(user, year)


def is_adjusted(line: BudgetLine) -> bool:
    """Whether an approved adjustment names the line."""
    entries = AdjustmentEntry.objects.filter(line=line, adjustment__state=AdjustmentState.APPROVED)
    return line.pk is not None and entries.exists()


def save(*, line: BudgetLine, estimates: Mapping[int, Decimal | None], reason: str = "") -> BudgetLine:
    """Write the line, and its estimates by how many years they are ahead. The year is locked by the caller.

    An estimate that nobody knows is kept as None where one stood, and not made where none did.
    """
    with history.recording(reason=reason):
        line.save()
        there = {row.ahead: row for row in Estimate.objects.select_for_update().filter(line=line)}
        for ahead, amount in estimates.items():
            if ahead in there:
                if there[ahead].amount != amount:
                    Estimate.objects.filter(pk=there[ahead].pk).update(amount=amount)
            elif amount is not None:
                Estimate.objects.create(line=line, ahead=ahead, amount=amount)
        return line


__all__ = [
    "is_adjusted",
    "lock",
    "save",
    "why_fixed",
    "why_not_add",
    "why_not_archive",
    "why_not_restore",
    "why_only_described",
]
