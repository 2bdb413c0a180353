"""A business case as the page shows it: the case in rows, the costs with where each amount comes from.

In whole kroner, each rounded by itself; the exports have the øre.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from budgets.business_case import Case
from budgets.case_reading import CostRow, Reading
from budgets.costing import Cost, Origin


def whole(amount: Decimal | None) -> Decimal | None:
    """Rounded to kroner."""
    return None if amount is None else amount.quantize(Decimal(1), ROUND_HALF_UP)


@dataclass(frozen=True)
class Row:
    """A line of the case. ``total`` is over the years that count; ``has_total`` is not for what is a total itself."""

    label: str
    cells: Sequence[tuple[int, Decimal | None]]
    total: Decimal | None = None
    has_total: bool = True
    strong: bool = False


def rows(case: Case) -> list[Row]:
    """Gains, costs, net, accumulated, present value."""
    years = case.years

    def row(label: str, name: str, total: Decimal | None = None, **marks: bool) -> Row:
        return Row(label, [(year.year, whole(getattr(year, name))) for year in years], whole(total), **marks)

    return [
        row("Gevinster", "gain", case.gain),
        row("Omkostninger", "cost", case.cost),
        row("Netto", "net", case.net, strong=True),
        row("Akkumuleret netto", "total", has_total=False),
        row("Nutidsværdi", "present", case.present, strong=True),
    ]


@dataclass(frozen=True)
class Head:
    """A year above the costs: where most of its amounts come from, and which year's budget they are in."""

    year: int
    origin: Origin | None
    budget: int | None

    @property
    def words(self) -> str:
        if self.origin is None:
            return "intet budget"
        return (
            f"overslag i budget {self.budget}" if self.origin == Origin.ESTIMATE else str(self.origin.label)
        )


@dataclass(frozen=True)
class Cell:
    """A cost in a year. ``written``: a budget has it, though perhaps without an amount.

    ``apart`` says where it comes from when that is another place than its head says.
    """

    year: int
    written: bool
    amount: Decimal | None
    apart: str


@dataclass(frozen=True)
class Line:
    """A row of costs. ``budget`` is the newest year whose budget has it."""

    row: CostRow
    cells: Sequence[Cell]
    budget: int


def heads(reading: Reading) -> list[Head]:
    found = []
    for place, year in enumerate(reading.question.years):
        costs = [cell for row in reading.costs if (cell := row.cells[place]) is not None]
        common = Counter((cost.origin, cost.budget) for cost in _known(costs)).most_common(1)
        if common:
            found.append(Head(year, *common[0][0]))
        else:
            found.append(Head(year, None, costs[0].budget if costs else None))
    return found


def lines(reading: Reading) -> list[Line]:
    """The rows of costs, under ``heads``."""
    above = heads(reading)
    return [
        Line(
            row,
            [
                Cell(head.year, cost is not None, whole(cost.amount) if cost else None, _apart(cost, head))
                for head, cost in zip(above, row.cells, strict=True)
            ],
            max(cell.budget for cell in row.cells if cell is not None),
        )
        for row in reading.costs
    ]


def _apart(cost: Cost | None, head: Head) -> str:
    if cost is None or cost.amount is None or cost.origin == head.origin:
        return ""
    return str(cost.origin.label)


def _known(costs: Iterable[Cost]) -> Iterable[Cost]:
    return (cost for cost in costs if cost.amount is not None)


__all__ = ["Cell", "Head", "Line", "Row", "heads", "lines", "rows", "whole"]
