"""A suggested forecast: what a line will probably have cost when the year is over. Pure: DKK in, DKK out.

One rule per line of a table, first that fits: nothing spent yet · one invoice a year · evenly through the year.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from enum import Enum
from typing import NamedTuple

from foi_portal.core.money import to_cents

MONTHS = 12


class Rule(Enum):
    """How a suggestion was made: its short name beside the amount, and the sentence that explains it."""

    BUDGET = ("budgettet", "Intet er brugt endnu: hele det korrigerede budget.")
    ONCE = (
        "én regning",
        "En licens, eller en linje, der regnes ud af en pris, kommer på én regning: det korrigerede budget, eller "
        "forbruget, når det er højere.",
    )
    LINEAR = (
        "lige fordelt",
        "Alt andet: forbruget divideret med de måneder, der er gået, gange 12, i hele kroner.",
    )

    @property
    def short(self) -> str:
        return self.value[0]

    @property
    def told(self) -> str:
        return self.value[1]


class Suggestion(NamedTuple):
    """An amount in DKK, and the rule that gave it."""

    amount: Decimal
    rule: Rule


def suggest(
    *, revised: Decimal | None, spent: Decimal | None, months: int, invoiced_once: bool
) -> Suggestion | None:
    """In: what is known of a line in DKK (None: not known), and how many months (1–12) ``spent`` covers.

    Out: None when there is nothing to go by. Less than nothing spent (a credit note) says no more than nothing spent.
    """
    if not 1 <= months <= MONTHS:
        raise ValueError("A year has twelve months.")
    if spent is None or spent <= 0:
        return None if revised is None else Suggestion(revised, Rule.BUDGET)
    if invoiced_once:
        return Suggestion(spent if revised is None else max(revised, spent), Rule.ONCE)
    if months == MONTHS:
        return Suggestion(spent, Rule.LINEAR)
    return Suggestion(to_cents((spent * MONTHS / months).quantize(Decimal(1), ROUND_HALF_UP)), Rule.LINEAR)


__all__ = ["Rule", "Suggestion", "suggest"]
