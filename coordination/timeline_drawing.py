"""The timeline as SVG: a row for each kind or department, a column for each month, a mark with the number in it.

Three marks differ in shape and in their legend, not in colour alone: overdue is a square, open a disc, taken note of
a dashed ring. ``wide`` is for where there is room; ``narrow`` has the names above their rows, for a phone.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.safestring import SafeString

from coordination.timeline import Cell, Row, Timeline
from foi_portal.ui.svg import ACCENT, ALERT, EDGE, GRID, INK, SHADE, WHITE, Words, closed, opening, text

WIDE, NAMES, ROW, HEAD = 900, 230, 34, 26
NARROW, NARROW_ROW, NARROW_NAME = 328, 28, 20
LONGEST = 33  # signs of a name that have room


def wide(found: Timeline, words: Words) -> SafeString:
    """Names at the left. Empty without rows."""
    return _drawing(found, words, WIDE, NAMES, ROW, 0)


def narrow(found: Timeline, words: Words) -> SafeString:
    """Readable at 320 px without scrolling. Empty without rows."""
    return _drawing(found, words, NARROW, 0, NARROW_ROW, NARROW_NAME)


def _drawing(found: Timeline, words: Words, width: int, left: int, row_height: int, above: int) -> SafeString:
    if not found.rows:
        return SafeString("")
    shown = len(found.columns) - 1  # what is later has no place
    slot = (width - left) / shown
    # Where there is no room beside each other, what is taken note of stands below what is open.
    tall = [row_height + above + (row_height if above and _has_both(row) else 0) for row in found.rows]
    height = HEAD + sum(tall) + 4
    out = [opening(words, width, height)]
    out.append(f'<rect x="{left}" y="0" width="{slot:.1f}" height="{height}" fill="{SHADE}"/>')
    for number, column in enumerate(found.columns[:shown]):
        x = left + slot * number
        label = column.label if above == 0 or number == 0 else column.label[:1].upper()
        out.append(text(x + slot / 2, 16, label, "middle", number == 1))
        if column.key.endswith("-01") and not above:  # a new year
            out.append(f'<path d="M{x:.1f} 4V{height}" stroke="{EDGE}" stroke-dasharray="3 3"/>')
    top = HEAD
    for row, high in zip(found.rows, tall, strict=True):
        out.append(f'<path d="M0 {top}H{width}" stroke="{GRID}"/>')
        name = row.label if len(row.label) <= LONGEST or above else f"{row.label[: LONGEST - 1]}…"
        out.append(text(2, top + (15 if above else row_height / 2 + 5), name, "start", bool(above)))
        for place, cell in enumerate(row.cells[:shown]):
            x, y = left + slot * (place + 0.5), top + above + row_height / 2
            below = row_height if above and _has_both(row) else 0
            out += _marks(cell, x, y, slot, below, overdue=place == 0)
        top += high
    return closed(out)


def _has_both(row: Row) -> bool:
    return any(cell.open and cell.resting for cell in row.cells)


def _marks(cell: Cell, x: float, y: float, slot: float, below: float, *, overdue: bool) -> Iterable[str]:
    """What is open, and what is taken note of: beside it, or so far ``below``."""
    beside = bool(cell.open and cell.resting and not below)
    size = min(slot / (4.2 if beside else 2.2), 12.5)
    shift = size if beside else 0
    if cell.open:
        yield _mark(cell.open, x - shift, y, size, ALERT if overdue else ACCENT, square=overdue)
    if cell.resting:
        yield (
            f'<circle cx="{x + shift:.1f}" cy="{y + below:.1f}" r="{size - 1:.1f}" fill="{WHITE}" stroke="{INK}"'
            f' stroke-width="1.2" stroke-dasharray="3 2"/>{_number(cell.resting, x + shift, y + below, size, INK)}'
        )


def _mark(count: int, x: float, y: float, size: float, colour: str, square: bool) -> str:
    if square:
        shape = f'<rect x="{x - size:.1f}" y="{y - size:.1f}" width="{size * 2:.1f}" height="{size * 2:.1f}" rx="2"'
    else:
        shape = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:.1f}"'
    return f'{shape} fill="{colour}"/>{_number(count, x, y, size, WHITE)}'


def _number(count: int, x: float, y: float, size: float, colour: str) -> str:
    """In the mark; what has no room there is told as many (1k)."""
    said = str(count) if count < 1000 else f"{count // 1000}k"
    high = min(12.0, size * (1.9 if len(said) == 1 else 1.35 if len(said) == 2 else 1.0))
    return (
        f'<text x="{x:.1f}" y="{y + high * 0.36:.1f}" text-anchor="middle" font-size="{high:.1f}"'
        f' font-weight="600" fill="{colour}">{said}</text>'
    )


def swatch(shape: str) -> SafeString:
    """The legend's picture of a mark: overdue, open or resting."""
    drawn = {
        "overdue": f'<rect x="7" y="1" width="12" height="12" rx="2" fill="{ALERT}"/>',
        "open": f'<circle cx="13" cy="7" r="6" fill="{ACCENT}"/>',
        "resting": f'<circle cx="13" cy="7" r="5.4" fill="{WHITE}" stroke="{INK}" stroke-dasharray="3 2"/>',
    }[shape]
    return closed(['<svg viewBox="0 0 26 14" aria-hidden="true" focusable="false">', drawn])


__all__ = ["narrow", "swatch", "wide"]
