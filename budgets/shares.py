"""Sharing an amount out so that the parts always add up to it, to the øre. Pure.

Largest remainder (Hamilton's method): each part gets its share rounded down, and the øre that are left go one each
to the parts that were rounded down the most; equal remainders go by the given order, so the answer never wavers.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from math import lcm
from typing import NamedTuple, TypeVar

from foi_portal.core.money import CENT, ZERO, to_cents

Key = TypeVar("Key", bound=Hashable)
HUNDRED = Decimal(100)


class CannotShare(ValueError):  # noqa: N818  (it is an answer to the user)
    """The weights cannot share anything; the message says why, in Danish."""


def share(amount: Decimal, weights: Mapping[Key, Decimal]) -> dict[Key, Decimal]:
    """DKK per key, in the given order; their sum is exactly ``amount``.

    In: weights of at least 0, not all 0. A negative amount is shared as its positive and turned round.
    Errors: ``CannotShare``.
    """
    if any(weight < 0 for weight in weights.values()):
        raise CannotShare("En andel kan ikke være under 0.")
    whole = _in_whole_numbers(weights)
    total = sum(whole.values())
    if not total:
        raise CannotShare("Der er ingen at dele med. Skriv mindst én andel over 0.")
    cents = int(abs(to_cents(amount)) / CENT)
    parts: dict[Key, int] = {}
    remainders: dict[Key, int] = {}
    for key, weight in whole.items():
        parts[key], remainders[key] = divmod(cents * weight, total)
    left = cents - sum(parts.values())
    for key in sorted(remainders, key=lambda key: -remainders[key])[:left]:  # sorted is stable
        parts[key] += 1
    sign = -1 if amount < 0 else 1
    return {key: sign * part * CENT for key, part in parts.items()}


def _in_whole_numbers(weights: Mapping[Key, Decimal]) -> dict[Key, int]:
    """Whole numbers in the same proportions, exactly."""
    ratios = {key: weight.as_integer_ratio() for key, weight in weights.items()}
    common = lcm(*(below for _, below in ratios.values()))
    return {key: above * (common // below) for key, (above, below) in ratios.items()}


def percentages(weights: Mapping[Key, Decimal]) -> None:
    """Check that manual per cents add up to 100. Errors: ``CannotShare`` says what is missing or too much."""
    total = sum(weights.values(), Decimal(0))
    if total != HUNDRED:
        what = "mangler" if total < HUNDRED else "er for meget"
        raise CannotShare(
            f"Procenterne giver {_plain(total)} % i alt, så der {what} {_plain(abs(HUNDRED - total))} %. "
            "De skal give 100 %."
        )


def _plain(number: Decimal) -> str:
    return f"{number.normalize():f}".replace(".", ",")


class Rest(StrEnum):
    """Why nobody in particular pays an amount."""

    NO_KEY = "no_key"
    NO_USERS = "no_users"
    NO_DEPARTMENT = "no_department"


class Cost(NamedTuple):
    """DKK that a component costs, who finances it, and the unit whose budget it lies in, if that is known."""

    component: int
    funding: str
    unit: int | None
    amount: Decimal


@dataclass(frozen=True, slots=True)
class ShareOut:
    """How a component is shared. ``weights`` by organisation; ``None`` is what belongs to no organisation.

    ``only``: the one funding that is shared, or ``None`` for all of them.
    """

    weights: Mapping[int | None, Decimal]
    only: str | None = None


class Portion(NamedTuple):
    """DKK of one component that falls on one organisation; without organisation ``rest`` says why not."""

    component: int
    funding: str
    organisation: int | None
    amount: Decimal
    rest: Rest | None = None


def share_out(costs: Iterable[Cost], keys: Mapping[int, ShareOut]) -> list[Portion]:
    """Who pays what: every cost once, so that the portions of a component and a funding add up to its costs.

    A cost that its component's key covers is shared by it; else it stays where its line lies; else it is a rest.
    What one key shares is added up first, so that the øre are rounded once per component and funding.
    """
    shared: dict[tuple[int, str], Decimal] = defaultdict(lambda: ZERO)
    lying: dict[tuple[int, str, int | None], Decimal] = defaultdict(lambda: ZERO)
    for cost in costs:
        key = keys.get(cost.component)
        if key is not None and key.only in (None, cost.funding):
            shared[cost.component, cost.funding] += cost.amount
        else:
            lying[cost.component, cost.funding, cost.unit] += cost.amount
    portions = [
        Portion(component, funding, unit, amount, Rest.NO_KEY if unit is None else None)
        for (component, funding, unit), amount in lying.items()
    ]
    for (component, funding), amount in shared.items():
        try:
            parts = share(amount, keys[component].weights)
        except CannotShare:
            portions.append(Portion(component, funding, None, amount, Rest.NO_USERS))
            continue
        portions += [
            Portion(component, funding, key, part, Rest.NO_DEPARTMENT if key is None else None)
            for key, part in parts.items()
            if part
        ]
    return portions


def added_up(portions: Iterable[Portion], by: Callable[[Portion], Key]) -> dict[Key, Decimal]:
    """The portions' amounts added up by what ``by`` says of each: any roll-up, each øre in one sum."""
    sums: dict[Key, Decimal] = defaultdict(lambda: ZERO)
    for portion in portions:
        sums[by(portion)] += portion.amount
    return dict(sums)


__all__ = [
    "CannotShare",
    "Cost",
    "Portion",
    "Rest",
    "ShareOut",
    "added_up",
    "percentages",
    "share",
    "share_out",
]
