"""Stacked columns drawn on the server as SVG: numbers and words in, an element out. Pure.

Each column is what was planned, in parts, and beside it what came of it, in the same parts. Parts lie in the order of
the legend. ``columns`` stands, for where there is room; ``lying`` is the same on a phone. The caller puts the same
numbers in a table beside the chart.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from django.utils.safestring import SafeString, mark_safe

from foi_portal.ui.svg import ACCENT, ALERT, EDGE, GRID, SHADE, Words, closed, fill, opening, rect, text

ZERO = Decimal(0)
TICKS = 5  # lines across at most, besides zero


@dataclass(frozen=True, slots=True)
class Series:
    """A part of every column: its key in ``Bar.plan`` and ``Bar.outcome``, and which fill it has."""

    key: str
    fill: int


@dataclass(frozen=True)
class Bar:
    """One column. What is not known is left out of ``plan`` and ``outcome``.

    ``mark`` is a single level drawn across (a forecast). A ``tentative`` column is an estimate and drawn pale;
    ``current`` is the one the page is about. ``told`` is written above it.
    """

    label: str
    plan: Mapping[str, Decimal]
    outcome: Mapping[str, Decimal] = field(default_factory=dict)
    mark: Decimal | None = None
    tentative: bool = False
    current: bool = False
    told: str = ""


@dataclass(frozen=True, slots=True)
class Scale:
    """From an amount to a place: ``low`` is at ``start`` and ``high`` at ``end``."""

    low: Decimal
    high: Decimal
    start: float
    end: float

    def at(self, amount: Decimal) -> float:
        share = float((amount - self.low) / (self.high - self.low))
        return self.start + share * (self.end - self.start)

    @property
    def ticks(self) -> list[Decimal]:
        """Round amounts from low to high, zero among them."""
        step = _step(self.high - self.low)
        return [step * number for number in range(int(self.low / step), int(self.high / step) + 1)]


def _step(span: Decimal) -> Decimal:
    """The least of 1, 2, 5 × a power of ten that goes into ``span`` at most ``TICKS`` times."""
    power = Decimal(10) ** (span.adjusted() - 1)
    return next(power * n for n in (1, 2, 5, 10, 20, 50, 100) if span <= power * n * TICKS)


def scale(amounts: Iterable[Decimal], start: float, end: float) -> Scale:
    """A scale on which every amount and zero have their place, and whose ends are round."""
    amounts = [ZERO, *amounts]
    low, high = min(amounts), max(amounts)
    if low == high:
        high = Decimal(1)
    step = _step(high - low)
    return Scale(_down(low, step), -_down(-high, step), start, end)


def _down(amount: Decimal, step: Decimal) -> Decimal:
    """The greatest multiple of ``step`` that is not above ``amount``."""
    whole = amount // step  # towards zero
    return step * (whole - 1 if whole * step > amount else whole)


class Piece(NamedTuple):
    """A part of a stack, from one amount to another, and its fill."""

    fill: int
    low: Decimal
    high: Decimal


def stacked(series: Sequence[Series], parts: Mapping[str, Decimal]) -> list[Piece]:
    """The parts on top of each other in the order of the series; what is below zero goes down from zero."""
    pieces, up, down = [], ZERO, ZERO
    for one in series:
        amount = parts.get(one.key, ZERO)
        if amount > 0:
            pieces.append(Piece(one.fill, up, up + amount))
            up += amount
        elif amount < 0:
            pieces.append(Piece(one.fill, down + amount, down))
            down += amount
    return pieces


def _levels(series: Sequence[Series], bars: Iterable[Bar]) -> list[Decimal]:
    """Every level that the chart must have room for."""
    levels = []
    for bar in bars:
        levels += [] if bar.mark is None else [bar.mark]
        for parts in (bar.plan, bar.outcome):
            levels += [end for piece in stacked(series, parts) for end in (piece.low, piece.high)]
    return levels


WIDTH, HEIGHT = 860, 268
LEFT, RIGHT, TOP, BOTTOM = 40, 6, 26, 28
SHARE, WIDEST = 0.78, 84  # how much of a slot is drawn on, and at most
PLAN, ALONE = 0.6, 0.72  # of that for the plan, beside an outcome and alone


def columns(series: Sequence[Series], bars: Sequence[Bar], words: Words, unit: Decimal) -> SafeString:
    """Upright: the plan to the left in each pair. The axis counts in ``unit``. Empty without bars."""
    if not bars:
        return mark_safe("")
    y = scale(_levels(series, bars), HEIGHT - BOTTOM, TOP)
    out = [opening(words, WIDTH, HEIGHT)]
    slot = (WIDTH - LEFT - RIGHT) / len(bars)
    room = min(slot * SHARE, WIDEST)
    lefts = [LEFT + slot * number + (slot - room) / 2 for number in range(len(bars))]
    for left, bar in zip(lefts, bars, strict=True):
        if bar.current:
            out.append(
                f'<rect x="{left - 5:.1f}" y="4" width="{room + 10:.1f}" height="{HEIGHT - 6}" rx="3" fill="{SHADE}"/>'
            )
    for tick in y.ticks:
        at = y.at(tick)
        out.append(f'<path d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}" stroke="{GRID if tick else EDGE}"/>')
        out.append(text(LEFT - 6, at + 4, _counted(tick, unit), "end"))
    for left, bar in zip(lefts, bars, strict=True):
        out += _column(series, bar, y, left, room, words.key)
    return closed(out)


def _column(
    series: Sequence[Series], bar: Bar, y: Scale, left: float, room: float, key: str
) -> Iterable[str]:
    wide = room * (PLAN if bar.outcome else ALONE)
    start = left if bar.outcome else left + (room - wide) / 2
    for parts, x, width in ((bar.plan, start, wide), (bar.outcome, start + wide + 2, room - wide - 2)):
        for piece in stacked(series, parts):
            top = y.at(piece.high)
            pale = bar.tentative and parts is bar.plan
            yield rect(x, top, width, y.at(piece.low) - top, fill(piece.fill, key), pale)
    if bar.tentative:
        levels = _levels(series, [bar]) or [ZERO]
        top, bottom = y.at(max(levels)), y.at(min(levels))
        yield (
            f'<rect x="{start:.1f}" y="{top:.1f}" width="{wide:.1f}" height="{bottom - top:.1f}" fill="none"'
            f' stroke="{ACCENT}" stroke-width="1.3" stroke-dasharray="4 3"/>'
        )
    if bar.mark is not None:
        yield f'<path d="M{left - 4:.1f} {y.at(bar.mark):.1f}h{room + 8:.1f}" stroke="{ALERT}" stroke-width="2.5"/>'
    highest = max([ZERO, *_levels(series, [bar])])
    yield text(left + room / 2, y.at(highest) - 6, bar.told, "middle", bar.current)
    yield text(left + room / 2, HEIGHT - 10, bar.label, "middle", bar.current)


NARROW, ROW = 328, 38
NAMES, TOLD = 44, 44  # room for the names at the left and what is told at the right


def lying(series: Sequence[Series], bars: Sequence[Bar], words: Words) -> SafeString:
    """On its side, a row for each bar, the plan above: readable at 320 px without scrolling. Empty without bars."""
    if not bars:
        return mark_safe("")
    x = scale(_levels(series, bars), NAMES, NARROW - TOLD)
    out = [opening(words, NARROW, ROW * len(bars))]
    for number, bar in enumerate(bars):
        top = ROW * number + 5
        if bar.current:
            out.append(f'<rect y="{top - 4}" width="{NARROW}" height="{ROW - 3}" rx="3" fill="{SHADE}"/>')
        out.append(text(3, top + 17, bar.label, "start", bar.current))
        for parts, at, thick in ((bar.plan, top, 16), (bar.outcome, top + 18, 8)):
            for piece in stacked(series, parts):
                start, pale = x.at(piece.low), bar.tentative and parts is bar.plan
                out.append(
                    rect(start, at, x.at(piece.high) - start, thick, fill(piece.fill, words.key), pale)
                )
        if bar.mark is not None:
            out.append(f'<path d="M{x.at(bar.mark):.1f} {top - 2}v30" stroke="{ALERT}" stroke-width="2.5"/>')
        highest = max([ZERO, *_levels(series, [bar])])
        out.append(text(x.at(highest) + 6, top + 13, bar.told, "start", bar.current))
    return closed(out)


def _counted(amount: Decimal, unit: Decimal) -> str:
    """A tick in the chart's unit: 15 or 2,5"""
    return f"{(amount / unit).normalize():f}".replace(".", ",").replace("-", "−")


__all__ = ["Bar", "Piece", "Scale", "Series", "columns", "lying", "scale", "stacked"]
