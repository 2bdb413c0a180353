"""«Hvad nu hvis»: what lines would cost with other assumptions. Pure: numbers in, numbers out, nothing is written.

A line that no change touches costs what it is budgeted at. A computed one is its price × the changed assumption; the
years after it, of which there are only overslag, change by the same per cent as its arithmetic does. A change of PL
moves the lines that have no price.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import NamedTuple

from budgets import prices
from budgets.numbers import BadNumber, read_number
from foi_portal.core.money import LARGEST, ZERO, to_cents

LARGEST_QUANTITY = Decimal("999999999999")
LARGEST_PERCENT = Decimal(1000)
HUNDRED = Decimal(100)

Amounts = Sequence[Decimal | None]  # of the budget year and of those after it


class BadChange(ValueError):  # noqa: N818  (it is a change, and it is bad)
    """The text is no change; the message says why, in Danish."""


class Change(NamedTuple):
    """Another assumption: ``percent`` more or less, or else the ``number`` itself."""

    percent: Decimal | None = None
    number: Decimal | None = None


def read_change(text: str, *, rate: bool) -> Change | None:
    """``+2 %``, ``−10 %`` or ``215.000``; for a ``rate`` such as PL the new one, ``3,5 %``. ``None`` for nothing.

    Errors: ``BadChange``.
    """
    written = text.strip()
    if not written:
        return None
    is_percent = written.endswith("%")
    try:
        number = read_number(
            written.removesuffix("%"), largest=LARGEST_PERCENT if is_percent else LARGEST_QUANTITY
        )
    except BadNumber as error:
        raise BadChange(str(error)) from error
    if number is None:
        raise BadChange("Skriv et tal foran procenttegnet.")
    if rate:
        if written.startswith("+") or abs(number) > HUNDRED:
            raise BadChange("Skriv den nye procent uden plus, mellem −100 og 100, fx 3,5 %.")
        return Change(number=number)
    if is_percent:
        if number < -HUNDRED:
            raise BadChange("Det kan ikke falde med mere end 100 %.")
        return Change(percent=number)
    if written[0] in "+-−–":
        raise BadChange("Skriv ændringen i procent, fx +2 %, eller det nye tal uden fortegn.")
    return Change(number=number)


def changed(values: Amounts, change: Change, *, every_year: bool) -> list[Decimal | None]:
    """The assumption in each year. A change stays in the years after; with ``every_year`` it comes again in each.

    A number is that of the budget year: the years after change by the same per cent as it. What is counted in
    wholes stays whole.
    """
    first = values[0]
    found: list[Decimal | None] = []
    for ahead, value in enumerate(values):
        times = ahead + 1 if every_year else 1
        if change.number is not None and (ahead == 0 or not first):
            found.append(change.number)
        elif value is None:
            found.append(None)
        elif change.number is not None and first:
            found.append(_rounded(value * change.number**times / first**times, like=value))
        else:
            found.append(_rounded(value * (1 + (change.percent or ZERO) / HUNDRED) ** times, like=value))
    return found


def _rounded(number: Decimal, *, like: Decimal) -> Decimal:
    """As many decimals as an assumption has; none when ``like`` is whole."""
    is_whole = like == like.to_integral_value() or number > LARGEST_QUANTITY
    return (
        number.to_integral_value(ROUND_HALF_UP) if is_whole else number.quantize(prices.UNIT, ROUND_HALF_UP)
    )


def index_factors(rates: Amounts, new: Decimal, *, every_year: bool) -> list[Decimal | None]:
    """What amounts that follow PL are multiplied by in each year, when PL is ``new`` and not ``rates``.

    The level of the budget year stays in those after. ``None`` from the first year of which PL is not known.
    """
    found: list[Decimal | None] = []
    factor: Decimal | None = Decimal(1)
    for ahead, rate in enumerate(rates):
        if ahead == 0 or every_year:
            known = factor is not None and rate is not None and rate != -HUNDRED
            factor = factor * (HUNDRED + new) / (HUNDRED + rate) if known else None  # type: ignore[operator]
        found.append(factor)
    return found


class Priced(NamedTuple):
    """What a computed line comes of, in each year: steps of its price, and the assumption as it is and changed."""

    steps: Sequence[tuple[prices.Step, ...] | None]
    values: Amounts
    changed: Amounts
    unit: str


class Cell(NamedTuple):
    """A line in one year, in DKK: as budgeted, and with the change (the same when nothing touches it).

    ``stale`` is how much of the difference is there because the budgeted amount is not what its own price and
    assumption give. ``fault`` says why a line that the change touches stands as it was.
    """

    budget: Decimal | None
    amount: Decimal | None
    arithmetic: str = ""
    stale: Decimal = ZERO
    fault: str = ""

    @property
    def difference(self) -> Decimal | None:
        return None if self.budget is None or self.amount is None else self.amount - self.budget

    @property
    def is_touched(self) -> bool:
        return bool(self.arithmetic or self.fault)


def untouched(amounts: Amounts) -> list[Cell]:
    """A line that the changes do not concern."""
    return [Cell(amount, amount) for amount in amounts]


def indexed(amounts: Amounts, factors: Amounts, said: str) -> list[Cell]:
    """A line without a price, when PL changes; ``said`` is how that is told."""
    cells = []
    for amount, factor in zip(amounts, factors, strict=True):
        if amount is None:
            cells.append(Cell(None, None))
        elif factor is None:
            cells.append(Cell(amount, amount, fault="PL er ikke kendt."))
        else:
            cells.append(_moved(amount, amount * factor, said))
    return cells


def repriced(amounts: Amounts, priced: Priced) -> list[Cell]:
    """A computed line, when its assumption changes."""
    cells = []
    for ahead, budget in enumerate(amounts):
        steps, value, new = priced.steps[ahead], priced.values[ahead], priced.changed[ahead]
        if not steps or new is None:
            fault = "Prisen er ikke kendt." if not steps else "Forudsætningen er ikke kendt."
            cells.append(Cell(budget, budget, fault=fault))
            continue
        try:
            found = prices.times(steps, new, priced.unit)
            now = None if value is None else prices.times(steps, value, priced.unit).amount
        except prices.CannotCompute as error:
            cells.append(Cell(budget, budget, fault=str(error)))
            continue
        if ahead == 0:
            stale = ZERO if now is None or budget is None else now - budget
            cells.append(Cell(budget, found.amount, found.arithmetic, stale))
        elif budget is None:
            cells.append(Cell(None, None))
        elif now is None:
            cells.append(Cell(budget, budget, fault="Forudsætningen er ikke kendt."))
        else:
            moved = budget * found.amount / now if now else budget + found.amount
            cells.append(_moved(budget, moved, found.arithmetic))
    return cells


def _moved(budget: Decimal, amount: Decimal, said: str) -> Cell:
    """The line at another amount, unless that is more than a budget holds."""
    if abs(amount) > LARGEST:
        return Cell(budget, budget, fault="Beløbet bliver for stort til et budget.")
    return Cell(budget, to_cents(amount), said)


class Sum(NamedTuple):
    """Lines of which the budget is known, in DKK; the others are counted."""

    budget: Decimal
    amount: Decimal
    unknown: int

    @property
    def difference(self) -> Decimal:
        return self.amount - self.budget

    @property
    def percent(self) -> Decimal | None:
        return prices.rise(self.budget, self.amount)


def total(cells: Iterable[Cell]) -> Sum:
    """The sum of the lines in one year."""
    budget = amount = ZERO
    unknown = 0
    for cell in cells:
        if cell.budget is None or cell.amount is None:
            unknown += 1
        else:
            budget += cell.budget
            amount += cell.amount
    return Sum(budget, amount, unknown)


def carried(values: Mapping[int, Decimal], years: Sequence[int]) -> list[Decimal | None]:
    """The value of each year. After the first, the last one known stands in where it is not."""
    found = [values.get(years[0])]
    for year in years[1:]:
        known = max((it for it in values if it <= year), default=None)
        found.append(None if known is None else values[known])
    return found


def carried_steps(
    periods: Sequence[prices.Period], years: Sequence[int]
) -> list[tuple[prices.Step, ...] | None]:
    """The price of each year. After the first, the last one known stands in where there is none."""
    first = prices.in_force(periods, years[0])
    found = [None if first is None else first.steps]
    for year in years[1:]:
        endless = (period._replace(until=None) for period in periods)
        period = prices.in_force(endless, year)
        found.append(None if period is None else period.steps)
    return found


__all__ = [
    "BadChange",
    "Cell",
    "Change",
    "Priced",
    "Sum",
    "carried",
    "carried_steps",
    "changed",
    "index_factors",
    "indexed",
    "read_change",
    "repriced",
    "total",
    "untouched",
]
