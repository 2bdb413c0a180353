"""Deadlines by month: what stands in each month for each kind or department. Pure."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from coordination.deadlines import Item
from foi_portal.core.periods import months_after
from foi_portal.ui import formats

MONTHS = 12
MOST_ROWS = 14  # then the rest are one row
OVERDUE, LATER = "overdue", "later"
REST = ""  # the key of the row that holds what there are too many of


@dataclass(frozen=True, slots=True)
class Column:
    """``key`` is overdue, later or a month (2027-03)."""

    key: str
    label: str
    long: str


@dataclass(frozen=True, slots=True)
class Cell:
    """How many are open, and how many are taken note of."""

    open: int = 0
    resting: int = 0

    @property
    def total(self) -> int:
        return self.open + self.resting


@dataclass(frozen=True)
class Row:
    key: str
    label: str
    cells: Sequence[Cell]

    @property
    def total(self) -> int:
        return sum(cell.total for cell in self.cells)


@dataclass(frozen=True)
class Timeline:
    """``columns`` are what is overdue, twelve months from this one, and what comes later; cells go with them."""

    columns: Sequence[Column]
    rows: Sequence[Row]

    @property
    def later(self) -> int:
        return sum(row.cells[-1].total for row in self.rows)


def columns(on: datetime.date) -> list[Column]:
    first = on.replace(day=1)
    found = [Column(OVERDUE, "Før", "Overskredet")]
    for number in range(MONTHS):
        month = months_after(first, number)
        name = formats.MONTHS[month.month - 1].rstrip(".")
        found.append(Column(f"{month:%Y-%m}", name, f"{name} {month.year}"))
    return [*found, Column(LATER, "Senere", "Senere")]


def of(
    items: Iterable[Item],
    on: datetime.date,
    rows_of: Callable[[Item], Iterable[str]],
    labels: Mapping[str, str],
) -> Timeline:
    """Each item in the rows that ``rows_of`` names; rows are in the order of ``labels``, those without left out.

    Where there are more than ``MOST_ROWS``, the last have the fewest and are one row with the key ``REST``.
    """
    heads = columns(on)
    place = {column.key: number for number, column in enumerate(heads)}
    counted: dict[str, list[list[int]]] = defaultdict(lambda: [[0, 0] for _ in heads])
    for item in items:
        month = f"{item.deadline.on:%Y-%m}"
        number = place[OVERDUE] if item.days_left < 0 else place.get(month, place[LATER])
        for key in rows_of(item):
            counted[key][number][item.rest is not None] += 1
    rows = [
        Row(key, label, [Cell(*cell) for cell in counted[key]])
        for key, label in labels.items()
        if key in counted
    ]
    return Timeline(heads, _shortened(rows))


def _shortened(rows: list[Row]) -> list[Row]:
    if len(rows) <= MOST_ROWS:
        return rows
    most = sorted(rows, key=lambda row: -row.total)[: MOST_ROWS - 1]
    kept = [row for row in rows if row in most]
    others = [row for row in rows if row not in most]
    cells = [
        Cell(sum(cell.open for cell in column), sum(cell.resting for cell in column))
        for column in zip(*(row.cells for row in others), strict=True)
    ]
    return [*kept, Row(REST, f"{len(others)} andre", cells)]


__all__ = ["LATER", "MONTHS", "OVERDUE", "REST", "Cell", "Column", "Row", "Timeline", "columns", "of"]
