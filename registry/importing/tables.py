"""A file as rows of text, whatever it was made with. Shared by the CSV and the XLSX reader."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

MAX_ROWS = 100_000
MAX_BLANK_ROWS = 10_000  # in a row, with something below them
MAX_COLUMNS = 64
MAX_CELL = 20_000


@dataclass(slots=True)
class Table:
    """Rows of text as a person sees them: the first is row 1, blank rows are left out.

    ``faults`` holds cells that could not become text: (row, index of column) → what is wrong.
    ``broken`` is why reading stopped early, with its row.
    """

    file: str
    name: str
    rows: list[tuple[int, list[str]]] = field(default_factory=list)
    faults: dict[tuple[int, int], str] = field(default_factory=dict)
    broken: tuple[int, str] | None = None


class Unreadable(Exception):  # noqa: N818  (a statement about the file, not about us)
    """The file cannot be read at all; the text says why and what to do, in Danish."""


def fill(table: Table, records: Iterable[tuple[int, list[str]]]) -> None:
    """Put the records, each with its row's number, into the table; stop at the limits and say so."""
    last = 0
    for number, record in records:
        cells = list(_trimmed(record))
        if not cells:
            continue
        if number - last > MAX_BLANK_ROWS + 1:
            table.broken = (
                number,
                f"Der er {number - last - 1:,} tomme rækker over denne. ".replace(",", ".")
                + "Slet dem, eller slet det, der står under dem.",
            )
            return
        last = number
        if len(table.rows) > MAX_ROWS:
            limit = f"{MAX_ROWS:,}".replace(",", ".")
            table.broken = (
                number,
                f"Der er flere end {limit} rækker. Del filen i flere og indlæs dem hver for sig.",
            )
            return
        if len(cells) > MAX_COLUMNS:
            table.broken = (
                number,
                f"Der er flere end {MAX_COLUMNS} kolonner. Slet dem, der ikke skal indlæses.",
            )
            return
        for index, cell in enumerate(cells):
            if len(cell) > MAX_CELL:
                table.faults[number, index] = (
                    f"Cellen er {len(cell)} tegn lang. Den må højst være {MAX_CELL}."
                )
                cells[index] = cell[:100]
        table.rows.append((number, cells))


def _trimmed(record: list[str]) -> Iterator[str]:
    """The record without empty cells at its end."""
    last = len(record)
    while last and not record[last - 1].strip():
        last -= 1
    yield from record[:last]
