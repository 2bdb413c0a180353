"""The map of the landscape as SVG: departments to the left, platforms to the right, a band for what goes between.

Pure: names, addresses and amounts in, SVG out. A band is as thick as it has dependencies; the part of them that
stops the system lies at its upper edge, hatched. Small bars are put together so that the rest can be read.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from foi_portal.ui.formats import plain
from foi_portal.ui.forms import shorten

WIDTH, SIDE, BAR = 1200, 330, 14  # of the picture, of the room for names at each side, of a bar
BANDS = 560  # all bands together are so thick
SLOT, GAP = 40, 6  # least room for a bar's two lines of text, and between bars
LONGEST_NAME = 40


class Amount(NamedTuple):
    """How many dependencies, and how many of them stop the system."""

    uses: int = 0
    critical: int = 0

    def plus(self, uses: int, critical: int) -> Amount:
        return Amount(self.uses + uses, self.critical + critical)

    @property
    def share(self) -> int:
        """Percent that stops."""
        return round(100 * self.critical / self.uses) if self.uses else 0


NONE = Amount()


class Bar(NamedTuple):
    """A department or a platform. ``members`` are the keys it stands for: its own, or all that it puts together."""

    key: str
    name: str
    url: str
    amount: Amount
    members: tuple[str, ...]


Flows = Mapping[tuple[str, str], Amount]


def ranked(names: Mapping[str, str], flows: Flows, end: int, url: Callable[[str], str]) -> list[Bar]:
    """A bar for each key at the flows' left (0) or right (1) end, largest first, then in the order of ``names``."""
    amounts: dict[str, Amount] = dict.fromkeys(names, NONE) if end == 0 else {}
    for ends, amount in flows.items():
        amounts[ends[end]] = amounts.get(ends[end], NONE).plus(*amount)
    order = {key: place for place, key in enumerate(names)}
    keys = sorted(amounts, key=lambda key: (-amounts[key].uses, order[key]))
    return [Bar(key, names[key], url(key), amounts[key], (key,)) for key in keys]


def rolled_up(bars: Sequence[Bar], most: int, url: str) -> list[Bar]:
    """The bars that have something; beyond ``most`` in one bar «Øvrige» that leads to ``url``."""
    bars = [bar for bar in bars if bar.amount.uses]
    kept, rest = bars[:most], bars[most:]
    if len(rest) == 1:
        return bars
    if rest:
        amount = Amount(sum(bar.amount.uses for bar in rest), sum(bar.amount.critical for bar in rest))
        members = tuple(bar.key for bar in rest)
        kept.append(Bar("", f"Øvrige ({plain(len(rest))})", url, amount, members))
    return kept


@dataclass(frozen=True)
class _Placed:
    """A bar, the top of its slot and the slot's height, the top of the bar and the bar's height."""

    bar: Bar
    top: float
    height: float
    bands_top: float
    bands: float


def draw(left: Sequence[Bar], right: Sequence[Bar], flows: Flows) -> SafeString:
    """The picture; empty when nothing goes between."""
    total = sum(bar.amount.uses for bar in left)
    if not total:
        return mark_safe("")
    scale = BANDS / total
    tall = max(_needed(left, scale), _needed(right, scale))
    here, there = _place(left, scale, tall), _place(right, scale, tall)
    out = [
        f'<svg class="map" viewBox="0 0 {WIDTH} {tall:.0f}" role="group" aria-labelledby="h-map">',
        '<defs><pattern id="stops" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">',
        '<rect width="6" height="6" class="map-stops"/><rect width="2.4" height="6" class="map-hatch"/>',
        "</pattern></defs>",
        *_bands(here, there, flows, scale),
        *(_bar(placed, SIDE, is_left=True) for placed in here),
        *(_bar(placed, WIDTH - SIDE - BAR, is_left=False) for placed in there),
        "</svg>",
    ]
    return mark_safe("".join(out))  # noqa: S308 - names and addresses are escaped where they are put in


def _slot(bar: Bar, scale: float) -> float:
    return max(SLOT, bar.amount.uses * scale)


def _needed(bars: Sequence[Bar], scale: float) -> float:
    return sum(_slot(bar, scale) for bar in bars) + GAP * (len(bars) - 1)


def _place(bars: Sequence[Bar], scale: float, tall: float) -> list[_Placed]:
    """The bars from the top down; spare height goes between them."""
    gap = GAP + (tall - _needed(bars, scale)) / max(1, len(bars))
    placed, top = [], (gap - GAP) / 2
    for bar in bars:
        height, bands = _slot(bar, scale), bar.amount.uses * scale
        placed.append(_Placed(bar, top, height, top + (height - bands) / 2, bands))
        top += height + gap
    return placed


def _bands(here: Sequence[_Placed], there: Sequence[_Placed], flows: Flows, scale: float) -> Iterable[str]:
    """Thickest first, so that thin ones lie on top. Bands leave and arrive in the order of the other side's bars."""
    left = {member: place for place, at in enumerate(here) for member in at.bar.members}
    right = {member: place for place, at in enumerate(there) for member in at.bar.members}
    amounts: dict[tuple[int, int], Amount] = defaultdict(Amount)
    for (source, target), amount in flows.items():
        ends = (left[source], right[target])
        amounts[ends] = amounts[ends].plus(*amount)
    out_at = [placed.bands_top for placed in here]
    in_at = [placed.bands_top for placed in there]
    starts, stops = {}, {}
    for ends in sorted(amounts):
        starts[ends], out_at[ends[0]] = out_at[ends[0]], out_at[ends[0]] + amounts[ends].uses * scale
    for ends in sorted(amounts, key=lambda ends: (ends[1], ends[0])):
        stops[ends], in_at[ends[1]] = in_at[ends[1]], in_at[ends[1]] + amounts[ends].uses * scale
    for ends in sorted(amounts, key=lambda ends: (-amounts[ends].uses, ends)):
        amount, y0, y1 = amounts[ends], starts[ends], stops[ends]
        stop, rest = amount.critical * scale, (amount.uses - amount.critical) * scale
        title = f"{here[ends[0]].bar.name} → {there[ends[1]].bar.name}: {told(amount)}"
        yield f'<g class="map-flow"><title>{escape(title)}</title>'
        if stop:
            yield f'<path d="{_ribbon(y0, y1, stop)}" fill="url(#stops)"/>'
        if rest:
            yield f'<path d="{_ribbon(y0 + stop, y1 + stop, rest)}" class="map-band"/>'
        yield "</g>"


def _ribbon(y0: float, y1: float, thick: float) -> str:
    """An S-shaped band from the left bars to the right ones, ``thick`` all the way."""
    a, b, mid = SIDE + BAR, WIDTH - SIDE - BAR, WIDTH / 2
    return (
        f"M{a} {y0:.1f}C{mid:.0f} {y0:.1f} {mid:.0f} {y1:.1f} {b} {y1:.1f}"
        f"V{y1 + thick:.1f}C{mid:.0f} {y1 + thick:.1f} {mid:.0f} {y0 + thick:.1f} {a} {y0 + thick:.1f}Z"
    )


def _bar(placed: _Placed, x: float, is_left: bool) -> str:
    bar, middle = placed.bar, placed.top + placed.height / 2
    text_x, anchor, back = (x - 10, "end", 0) if is_left else (x + BAR + 10, "start", x)
    name = escape(shorten(bar.name, LONGEST_NAME))
    bands = f'y="{placed.bands_top:.1f}" height="{max(1.5, placed.bands):.1f}"'
    return (
        f'<a href="{escape(bar.url)}"><title>{escape(bar.name)}</title>'
        f'<rect class="map-hit" x="{back}" y="{placed.top:.1f}" width="{SIDE + BAR}" height="{placed.height:.1f}"/>'
        f'<rect class="map-bar" x="{x}" width="{BAR}" {bands}/>'
        f'<text text-anchor="{anchor}" x="{text_x}" y="{middle - 3:.1f}">{name}</text>'
        f'<text class="map-note" text-anchor="{anchor}" x="{text_x}" y="{middle + 14:.1f}">'
        f"{escape(told(bar.amount))}</text></a>"
    )


def told(amount: Amount) -> str:
    """247 afhængigheder, 38 % stopper"""
    word = "afhængighed" if amount.uses == 1 else "afhængigheder"
    return f"{plain(amount.uses)} {word}, {amount.share} % stopper"
