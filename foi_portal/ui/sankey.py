"""Where money comes from and where it goes, as SVG: bands between ends, as thick as the amounts. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from html import escape
from typing import NamedTuple

from django.utils.safestring import SafeString, mark_safe

from foi_portal.ui.svg import SOFT, Words, closed, fill, opening, text

ZERO = Decimal(0)
BANDS, SLOT, GAP = 200, 30, 4  # all bands together; least room for an end's two lines of text; between ends
THICK = 12  # an end's bar
Flows = Mapping[tuple[str, str], Decimal]


@dataclass(frozen=True, slots=True)
class End:
    """Something that money comes from or goes to: its key in the flows, its name, its address.

    ``told`` is written under it, ``brief`` where there is little room. ``fill`` is that of its money.
    """

    key: str
    name: str
    told: str = ""
    brief: str = ""
    url: str = ""
    fill: int = 0


class Frame(NamedTuple):
    """Width of the picture and of the room for names at each side, and how many letters of a name fit in it."""

    width: int
    side: int
    letters: int


WIDE, NARROW = Frame(860, 236, 33), Frame(330, 116, 16)


class Placed(NamedTuple):
    """Where an end stands: the middle of its slot, and the top and height of its bar."""

    end: End
    middle: float
    top: float
    height: float


class Band(NamedTuple):
    """A flow's place: its tops at the left and the right, and its thickness, the same all the way."""

    source: str
    target: str
    left: float
    right: float
    thick: float


class Plan(NamedTuple):
    """Places of everything, and the height of it all. Empty when nothing flows."""

    left: list[Placed]
    right: list[Placed]
    bands: list[Band]
    tall: float


def plan(left: Sequence[End], right: Sequence[End], flows: Flows) -> Plan:
    """Only flows above zero have a band: a credit has no thickness. Bands leave in the order in which they arrive."""
    flows = {ends: amount for ends, amount in flows.items() if amount > 0}
    total = sum(flows.values(), ZERO)
    if not total:
        return Plan([], [], [], 0)
    sizes = [dict.fromkeys((end.key for end in side), ZERO) for side in (left, right)]
    for ends, amount in flows.items():
        for size, key in zip(sizes, ends, strict=True):
            size[key] += amount
    unit = BANDS / float(total)
    tall = max(sum(max(SLOT, float(a) * unit) for a in size.values()) + GAP * len(size) for size in sizes)
    here, there = (_placed(side, size, unit, tall) for side, size in zip((left, right), sizes, strict=True))
    order = {placed.end.key: number for number, placed in enumerate(there)}
    arrives = {placed.end.key: placed.top for placed in there}
    bands = []
    for placed in here:
        leaves = placed.top
        own = [(target, amount) for (source, target), amount in flows.items() if source == placed.end.key]
        for target, amount in sorted(own, key=lambda flow: order[flow[0]]):
            thick = float(amount) * unit
            bands.append(Band(placed.end.key, target, leaves, arrives[target], thick))
            leaves, arrives[target] = leaves + thick, arrives[target] + thick
    return Plan(here, there, bands, tall)


def _placed(ends: Sequence[End], sizes: Mapping[str, Decimal], unit: float, tall: float) -> list[Placed]:
    """From the top down; spare height goes between them."""
    heights = [float(sizes[end.key]) * unit for end in ends]
    gap = (tall - sum(max(SLOT, height) for height in heights)) / max(1, len(ends))
    placed, top = [], gap / 2
    for end, height in zip(ends, heights, strict=True):
        slot = max(SLOT, height)
        placed.append(Placed(end, top + slot / 2, top + (slot - height) / 2, height))
        top += slot + gap
    return placed


def draw(
    left: Sequence[End], right: Sequence[End], flows: Flows, words: Words, frame: Frame = WIDE
) -> SafeString:
    """The picture; empty when nothing flows."""
    here, there, bands, tall = plan(left, right, flows)
    if not bands:
        return mark_safe("")
    shades = {placed.end.key: fill(placed.end.fill, words.key) for placed in here}
    a, b, middle = frame.side + THICK, frame.width - frame.side - THICK, frame.width // 2
    out = [opening(words, frame.width, tall, linked=any(end.url for end in (*left, *right)))]
    for band in sorted(bands, key=lambda band: -band.thick):  # thin ones lie on top
        y0, y1, thick = band.left, band.right, max(band.thick, 0.6)
        out.append(
            f'<path d="M{a} {y0:.1f}C{middle} {y0:.1f} {middle} {y1:.1f} {b} {y1:.1f}V{y1 + thick:.1f}'
            f'C{middle} {y1 + thick:.1f} {middle} {y0 + thick:.1f} {a} {y0 + thick:.1f}Z"'
            f' fill="{shades[band.source]}" fill-opacity=".5"/>'
        )
    out += [_end(placed, frame, True, shades[placed.end.key]) for placed in here]
    out += [_end(placed, frame, False, SOFT) for placed in there]
    return closed(out)


def _end(placed: Placed, frame: Frame, is_left: bool, filled: str) -> str:
    end, middle = placed.end, placed.middle
    x = frame.side if is_left else frame.width - frame.side - THICK
    text_x, anchor = (x - 6, "end") if is_left else (x + THICK + 6, "start")
    name = end.name if len(end.name) <= frame.letters else f"{end.name[: frame.letters - 1].rstrip()}…"
    told = end.told if frame == WIDE else end.brief
    inner = (
        f'<rect x="{x}" y="{placed.top:.1f}" width="{THICK}" height="{max(1.5, placed.height):.1f}" fill="{filled}"'
        f' stroke="{SOFT}" stroke-width=".6"/>{text(text_x, middle - 2, name, anchor, bold=True)}'
        f"{text(text_x, middle + 13, told, anchor)}"
    )
    return f'<a href="{escape(end.url)}">{inner}</a>' if end.url else f"<g>{inner}</g>"


def rolled_up(
    ends: Sequence[End], flows: Flows, most: int, rest: str
) -> tuple[list[End], dict[tuple[str, str], Decimal]]:
    """At most ``most`` ends to the right. Those beyond are one end with the key "" and the name ``rest``, and so are
    the flows to them: nothing is lost."""
    if len(ends) <= most:
        return list(ends), dict(flows)
    kept = list(ends[: most - 1])
    there = {end.key for end in kept}
    merged: dict[tuple[str, str], Decimal] = {}
    for (source, target), amount in flows.items():
        way = (source, target if target in there else "")
        merged[way] = merged.get(way, ZERO) + amount
    return [*kept, End("", rest)], merged


__all__ = ["NARROW", "WIDE", "Band", "End", "Flows", "Frame", "Placed", "Plan", "draw", "plan", "rolled_up"]
