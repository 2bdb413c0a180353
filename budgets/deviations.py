"""When a line's expected result is so far from its budget that somebody must say why. Pure.

A deviation counts from 5 % of the revised budget or from 50.000 kr. The percentage is judged as it is shown, with one
decimal: what reads 5,0 % counts.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

LEAST_PERCENT = Decimal(5)
LEAST_AMOUNT = Decimal(50_000)
TENTH = Decimal("0.1")
HUNDRED = Decimal(100)


def percent(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    """``part`` in per cent of ``whole`` with one decimal; ``None`` when one is not known or the whole is 0."""
    if part is None or not whole:
        return None
    return (part * HUNDRED / abs(whole)).quantize(TENTH, ROUND_HALF_UP)


def is_marked(deviation: Decimal | None, budget: Decimal | None) -> bool:
    """Whether the deviation (DKK, above 0 is overspending) must be explained. What is not known never must."""
    if not deviation or budget is None:
        return False
    if abs(deviation) >= LEAST_AMOUNT:
        return True
    share = percent(deviation, budget)
    return share is None or abs(share) >= LEAST_PERCENT  # None: something is spent, and nothing was budgeted


def wants_explanation(
    deviation: Decimal | None, budget: Decimal | None, explanation: str, explained: Decimal | None
) -> bool:
    """Whether a marked deviation lacks an explanation, or has moved so far from the one ``explained`` that it is stale.

    It has moved when it has changed by what would itself be marked.
    """
    if deviation is None or not is_marked(deviation, budget):
        return False
    if not explanation or explained is None:
        return True
    return is_marked(deviation - explained, budget)


def told(deviation: Decimal | None, budget: Decimal | None) -> str:
    """The deviation in words, for a mark: «6,0 % over», «5,2 % under», «uden budget». Empty when there is none."""
    if not deviation or budget is None:
        return ""
    share = percent(deviation, budget)
    if share is None:
        return "uden budget"
    return f"{abs(share):.1f} % {'over' if deviation > 0 else 'under'}".replace(".", ",")


__all__ = ["LEAST_AMOUNT", "LEAST_PERCENT", "is_marked", "percent", "told", "wants_explanation"]
