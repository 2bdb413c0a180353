"""What an adjustment must be, and what a per cent gives. Pure: amounts in, Danish messages out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from budgets.words import change, exact
from foi_portal.core.money import LARGEST, ZERO, to_cents

HUNDRED = Decimal(100)
MOST_PERCENT = 25  # no index has been near it: more is a slip of the comma


class Entry(NamedTuple):
    """DKK more (+) or less (−) on the line with this key."""

    line: int
    amount: Decimal


@dataclass(frozen=True, slots=True)
class LineFacts:
    """A line as the rules see it. ``original`` and ``revised`` are DKK, None when not known."""

    name: str
    original: Decimal | None
    revised: Decimal | None
    is_licence: bool = False
    is_archived: bool = False


class Fault(NamedTuple):
    """What is wrong with an entry; ``part`` is "line" or "amount"."""

    part: str
    message: str


@dataclass(slots=True)
class Faults:
    """What is wrong: with the whole, and with the entries by their place from 0."""

    whole: list[str] = field(default_factory=list)
    rows: dict[int, Fault] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.whole or self.rows)


def judge(entries: Sequence[Entry], lines: Mapping[int, LineFacts], *, sums_to_zero: bool) -> Faults:
    """All that is wrong with the entries, given the lines of the year as they are now."""
    faults = Faults()
    if not entries:
        faults.whole.append("Skriv mindst én linje og et beløb.")
        return faults
    times = Counter(entry.line for entry in entries)
    for place, (line, amount) in enumerate(entries):
        if line not in lines:
            faults.rows[place] = Fault("line", "Linjen hører ikke til året. Vælg en anden.")
        elif times[line] > 1:
            faults.rows[place] = Fault(
                "line", "Linjen står der flere gange. Skriv det samlede beløb én gang."
            )
        elif fault := fault_of(lines[line], amount):
            faults.rows[place] = fault
    if sums_to_zero and (message := balance_fault([entry.amount for entry in entries])):
        faults.whole.append(message)
    return faults


def fault_of(line: LineFacts, amount: Decimal) -> Fault | None:
    """Why the line cannot be changed by the amount; None when it can.

    What a line costs cannot go below 0, so nobody can take more from it than it has. A line that was below 0 from the
    start (an income) may go further down; a licence is never an income.
    """
    if line.is_archived:
        return Fault("line", "Linjen er arkiveret. Vælg en anden.")
    if line.original is None or line.revised is None:
        return Fault(
            "line",
            "Linjens budget er ikke kendt, så der er intet at lægge til eller trække fra. "
            "Kontorchefen kan genåbne året, så beløbet kan skrives på linjen.",
        )
    return _amount_fault(line, line.original, line.revised, amount)


def _amount_fault(line: LineFacts, original: Decimal, revised: Decimal, amount: Decimal) -> Fault | None:
    after = revised + amount
    if not amount:
        return Fault("amount", "Skriv et beløb, der ikke er 0.")
    if abs(after) > LARGEST:
        return Fault("amount", "Så stort kan et budget ikke være.")
    if amount < 0 and after < 0 and (original >= 0 or line.is_licence):
        if revised <= 0:
            return Fault("amount", "Linjen har ikke noget budget at tage af.")
        what = "En licens kan ikke koste mindre end 0 kr. " if line.is_licence else ""
        has = exact(revised)
        return Fault("amount", f"{what}Linjen har {has} kr., så der kan højst trækkes {has} kr. fra.")
    return None


def balance_fault(amounts: Sequence[Decimal]) -> str:
    """What is missing for the amounts to add up to 0; empty when they do."""
    total = sum(amounts, ZERO)
    if not total:
        return ""
    missing = (
        f"Træk {exact(total)} kr. mere fra en linje, eller læg {exact(total)} kr. mindre til."
        if total > 0
        else f"Læg {exact(-total)} kr. mere til en linje, eller træk {exact(-total)} kr. mindre fra."
    )
    return f"En omplacering skal give 0 kr. i alt, men posterne giver {change(total)} kr. {missing}"


def percent_fault(percent: Decimal) -> str:
    """Why the per cent is no indexation; empty when it is one."""
    if not percent:
        return "Skriv en procent, der ikke er 0."
    if abs(percent) > MOST_PERCENT:
        return f"Procenten skal være mellem −{MOST_PERCENT} og {MOST_PERCENT}. Skriv fx 2,9."
    return ""


def indexed(percent: Decimal, revised: Decimal) -> Decimal:
    """What the per cent adds to a revised budget: whole DKK, as budgets are, rounded for each line by itself."""
    return to_cents((revised * percent / HUNDRED).quantize(Decimal(1), ROUND_HALF_UP))


__all__ = [
    "MOST_PERCENT",
    "Entry",
    "Fault",
    "Faults",
    "LineFacts",
    "balance_fault",
    "fault_of",
    "indexed",
    "judge",
    "percent_fault",
]
