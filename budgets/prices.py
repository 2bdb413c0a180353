"""Prices × assumptions: steps of unit prices and a quantity in, DKK and its arithmetic out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from itertools import pairwise
from typing import Any, NamedTuple

from foi_portal.core.money import LARGEST, to_cents

UNIT = Decimal("0.0001")  # prices per message go below one øre
LARGEST_UNIT = Decimal("9999999999")


class BadSteps(ValueError):  # noqa: N818  (they are steps, and they are bad)
    """The steps cannot be used; the message says why, in Danish."""


class CannotCompute(ValueError):  # noqa: N818  (there is no amount, and that is an answer)
    """There is no such amount; the message says why, in Danish."""


class Step(NamedTuple):
    """Each unit above ``above`` costs ``unit`` DKK, until the next step's ``above``."""

    above: Decimal
    unit: Decimal


class Computation(NamedTuple):
    """An amount in DKK, rounded once at the end, and how it was reached, in Danish."""

    amount: Decimal
    arithmetic: str


class Period(NamedTuple):
    """A price from the year ``since`` to the year ``until`` (``None``: till another takes over)."""

    since: int
    until: int | None
    steps: tuple[Step, ...]
    estimated: bool = False


class Told(NamedTuple):
    """A price as people read it: its years, its words, and the per cent its first step has risen by since the last."""

    period: Period
    years: str
    said: str
    rise: Decimal | None


class Steps(tuple[list[str], ...]):
    """Steps as the database keeps them. As text they are what a person reads, in the history and in conflicts too."""

    def __str__(self) -> str:
        try:
            return words(read_steps(self))
        except BadSteps:
            return super().__str__()


def read_steps(stored: Any) -> tuple[Step, ...]:
    """``[["0", "25.00"], ["150000", "12.50"]]`` as steps. Errors: ``BadSteps``."""
    if not isinstance(stored, (list, tuple)) or not 1 <= len(stored) <= 20:
        raise BadSteps("Skriv mindst én pris og højst 20.")
    steps: list[Step] = []
    for pair in stored:
        if not isinstance(pair, (list, tuple)) or len(pair) != 2:
            raise BadSteps("Et trin er to tal: over hvor mange, og prisen for hver.")
        try:
            above, unit = (Decimal(str(number)) for number in pair)
        except InvalidOperation as error:
            raise BadSteps("Et trin er to tal: over hvor mange, og prisen for hver.") from error
        if not (above.is_finite() and unit.is_finite()) or max(above, unit) > LARGEST_UNIT:
            raise BadSteps("Tallet er for stort.")
        if above < 0 or unit < 0:
            raise BadSteps("Hverken antal eller pris kan være under 0.")
        if unit != unit.quantize(UNIT):
            raise BadSteps("En pris kan have højst fire decimaler.")
        steps.append(Step(above, unit))
    if steps[0].above != 0:
        raise BadSteps("Det første trin begynder ved 0.")
    if any(later.above <= earlier.above for earlier, later in pairwise(steps)):
        raise BadSteps("Trinene skal stå i stigende orden, hvert antal kun én gang.")
    return tuple(steps)


def stored(steps: Iterable[Step]) -> Steps:
    """Steps as they are kept in the database: the same numbers always give the same texts."""
    return Steps([plain(step.above), plain(step.unit, 2)] for step in steps)


def words(steps: Sequence[Step], per: str = "") -> str:
    """How people read a price, in kroner: ``per`` is what it is for (“pr. indbygger”).

    >>> words(read_steps([["0", "25"], ["150000", "12.5"]]))
    '25,00 kr. for de første 150.000, 12,50 kr. for resten'
    """
    if not steps:
        return "kan ikke læses"
    prices = [f"{danish(step.unit, 2)} kr." for step in steps]
    first = f"{prices[0]} {per}".rstrip()
    if len(steps) == 1:
        return first
    bounds = [step.above for step in steps[1:]]
    said = [f"{first} for de første {danish(bounds[0])}"]
    said += [
        f"{price} for de næste {danish(end - start)}"
        for price, (start, end) in zip(prices[1:], pairwise(bounds), strict=False)
    ]
    return ", ".join([*said, f"{prices[-1]} for resten"])


def in_force(periods: Iterable[Period], year: int) -> Period | None:
    """The price of the year: the latest that has begun, unless it has ended without another taking over."""
    begun = [period for period in periods if period.since <= year]
    latest = max(begun, key=lambda period: period.since, default=None)
    return latest if latest is not None and (latest.until is None or latest.until >= year) else None


def story(periods: Sequence[Period], per: str = "") -> list[Told]:
    """A model's prices, the earliest first, each until the one after it: “2018”, “2020–2022”, “2023 og frem”."""
    ordered = sorted(periods, key=lambda period: period.since)
    told = []
    for number, period in enumerate(ordered):
        after = ordered[number + 1].since - 1 if number + 1 < len(ordered) else None
        ends = [end for end in (period.until, after) if end is not None]
        before = ordered[number - 1].steps if number else ()
        told.append(
            Told(
                period,
                _years(period.since, min(ends, default=None)),
                words(period.steps, per),
                _rise(before, period.steps),
            )
        )
    return told


def _years(since: int, until: int | None) -> str:
    if until is None:
        return f"{since} og frem"
    return str(since) if until <= since else f"{since}–{until}"


def _rise(before: Sequence[Step], now: Sequence[Step]) -> Decimal | None:
    return rise(before[0].unit, now[0].unit) if before and now else None


def rise(before: Decimal | None, now: Decimal | None) -> Decimal | None:
    """By how many per cent, with one decimal; ``None`` from nothing or from what is not known."""
    if not before or now is None:
        return None
    return ((now / before - 1) * 100).quantize(Decimal("0.1"), ROUND_HALF_UP)


def fixed(steps: Sequence[Step]) -> Computation:
    """The fixed amount of a year."""
    amount = to_cents(steps[0].unit)
    return Computation(amount, f"fast beløb {danish(amount, 2)}")


def times(steps: Sequence[Step], quantity: Decimal, unit: str = "") -> Computation:
    """The quantity priced step by step. Errors: ``CannotCompute`` for fewer than none, or more than a budget holds.

    >>> times(read_steps([["0", "25"], ["150000", "12.5"]]), Decimal(204700)).amount
    Decimal('4433750.00')
    """
    if quantity < 0:
        raise CannotCompute("Der kan ikke regnes med et antal under 0.")
    total = Decimal(0)
    parts: list[str] = []
    ends = [step.above for step in steps[1:]]
    for step, end in zip(steps, [*ends, None], strict=True):
        units = (quantity if end is None else min(quantity, end)) - step.above
        if units <= 0 and parts:
            break
        units = max(units, Decimal(0))
        total += units * step.unit
        parts.append(f"{danish(units)} × {danish(step.unit, 2)}")
    if total > LARGEST:
        raise CannotCompute("Beløbet bliver for stort til et budget. Se prisen og antallet efter.")
    amount = to_cents(total)
    what = f" ({unit})" if unit else ""
    return Computation(amount, f"{' + '.join(parts)}{what} = {danish(amount, 2)}")


def indexed(amount: Decimal, percent: Decimal) -> Decimal:
    """The amount raised by a per cent (a negative one lowers it), rounded once.

    >>> indexed(Decimal("1000.00"), Decimal("1.5"))
    Decimal('1015.00')
    """
    return to_cents(amount * (100 + percent) / 100)


def danish(number: Decimal, places: int = 0) -> str:
    """1.234.567,50: with at least ``places`` decimals and no more than are needed."""
    whole, _, decimals = f"{abs(number):f}".partition(".")
    decimals = decimals.rstrip("0").ljust(places, "0")
    sign = "−" if number < 0 else ""
    return f"{sign}{int(whole):,}".replace(",", ".") + (f",{decimals}" if decimals else "")


def plain(number: Decimal, places: int = 0) -> str:
    """1234567.50: as ``danish``, but for machines."""
    whole, _, decimals = f"{number:f}".partition(".")
    decimals = decimals.rstrip("0").ljust(places, "0")
    return f"{whole}.{decimals}" if decimals else whole


__all__ = [
    "BadSteps",
    "CannotCompute",
    "Computation",
    "Period",
    "Step",
    "Steps",
    "Told",
    "danish",
    "fixed",
    "in_force",
    "indexed",
    "plain",
    "read_steps",
    "rise",
    "stored",
    "story",
    "times",
    "words",
]
