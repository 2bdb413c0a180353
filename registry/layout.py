"""Where to draw: a layered layout from left to right (Sugiyama's), pure geometry.

Items are put in columns so that arcs run rightwards, ordered within the columns so that few arcs cross, and moved up
and down so that arcs run straight. An arc that passes a column gets a place of its own there, so it never runs behind
an item. Nothing here knows what the items are.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

ROW_GAP, LANE_GAP, COLUMN_GAP = 12.0, 8.0, 64.0
SWEEPS = 12
FAR = 1_000_000  # farther out than any order
PORT_STEP, LEAST_PORT_STEP = 7.0, 4.0

Point = tuple[float, float]


class Arc(NamedTuple):
    """From one item to another; ``tag`` tells several between the same two apart.

    ``leaves`` and ``meets`` are where on the first and last item's side, from its middle downwards; None: anywhere.
    """

    source: Hashable
    target: Hashable
    tag: Hashable = None
    leaves: float | None = None
    meets: float | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """Something with a size. ``order`` tells how far right it belongs: arcs against it may be turned.

    ``edge`` pins it to the left (-1) or right (1) end of the layout.
    """

    key: Hashable
    width: float
    height: float
    order: int = 0
    edge: int = 0


@dataclass(slots=True)
class Layout:
    """``places`` are the items' centres; ``routes`` each arc's points, from its first item's border to its last's.

    A route is level through the columns and changes height only between them.
    """

    places: dict[Hashable, Point] = field(default_factory=dict)
    routes: dict[Arc, list[Point]] = field(default_factory=dict)
    width: float = 0
    height: float = 0


def layered(items: Sequence[Item], arcs: Iterable[Arc], gap: float = COLUMN_GAP) -> Layout:
    """Lay out ``items`` in columns, with ``arcs`` from left to right where they can. The origin is the top left corner.

    Arcs that would close a ring run the other way; loops and repeated arcs are passed over.
    """
    if not items:
        return Layout()
    sizes = {item.key: item for item in items}
    turned = turned_arcs(items, arcs)
    ranks = _ranks(items, [_ends(arc, turned) for arc in turned])
    columns, chains = _columns(items, ranks, turned)
    neighbours = _neighbours(chains, sizes)
    columns = _ordered(columns, neighbours)
    return _placed(columns, chains, turned, sizes, neighbours, gap)


def _ends(arc: Arc, turned: Mapping[Arc, bool]) -> tuple[Hashable, Hashable]:
    """The arc's left and right item."""
    return (arc.target, arc.source) if turned[arc] else (arc.source, arc.target)


def turned_arcs(items: Sequence[Item], arcs: Iterable[Arc]) -> dict[Arc, bool]:
    """Each arc and whether it must run from right to left: across the middle, or closing a ring. Loops are left out.

    Arcs that agree with the items' ``order`` come first, so that those that do not are the ones that are turned.
    """
    order = {item.key: item.edge * FAR or item.order for item in items}
    after: dict[Hashable, list[Hashable]] = defaultdict(list)

    def leads(start: Hashable, goal: Hashable) -> bool:
        seen, stack = {start}, [start]
        while stack:
            at = stack.pop()
            if at == goal:
                return True
            for other in after[at]:
                if other not in seen:
                    seen.add(other)
                    stack.append(other)
        return False

    laid: dict[Arc, bool] = {}
    unique = (arc for arc in dict.fromkeys(arcs) if arc.source != arc.target)
    for arc in sorted(unique, key=lambda arc: order[arc.source] - order[arc.target]):
        against = order[arc.source] > 0 >= order[arc.target]  # from the right side to the left
        laid[arc] = against or leads(arc.target, arc.source)
        left, right = _ends(arc, laid)
        after[left].append(right)
    return laid


def _ranks(items: Sequence[Item], arcs: Sequence[tuple[Hashable, Hashable]]) -> dict[Hashable, int]:
    """Column of each item: as near to those of order 0 as the arcs allow, on its own side of them."""
    order = {item.key: item.order for item in items}
    before: dict[Hashable, list[Hashable]] = defaultdict(list)
    after: dict[Hashable, list[Hashable]] = defaultdict(list)
    pinned = {item.key for item in items if item.edge}
    for source, target in arcs:
        if source not in pinned and target not in pinned:
            after[source].append(target)
            before[target].append(source)
    known: dict[Hashable, int] = {}
    in_order = _topological([item.key for item in items if not item.edge], after, before)
    for key in reversed(in_order):  # from right to left: what lies left of the middle
        if order[key] <= 0:
            right = [known[other] - 1 for other in after[key] if other in known]
            known[key] = min([0 if order[key] == 0 else -1, *right])
    for key in in_order:
        if order[key] > 0:
            known[key] = max([1, *(known[other] + 1 for other in before[key] if other in known)])
    first, last = min(known.values()), max(known.values())
    for item in items:
        if item.edge:
            known[item.key] = first - 1 if item.edge < 0 else last + 1
    return known


def _topological(
    keys: Sequence[Hashable],
    after: Mapping[Hashable, Sequence[Hashable]],
    before: Mapping[Hashable, Sequence[Hashable]],
) -> list[Hashable]:
    waiting = {key: len(before.get(key, ())) for key in keys}
    ready = [key for key in keys if not waiting[key]]
    found = []
    while ready:
        key = ready.pop()
        found.append(key)
        for other in after.get(key, ()):
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    return found


@dataclass(frozen=True, slots=True)
class _Lane:
    """The place of an arc in a column that it passes."""

    arc: Arc
    rank: int


def _columns(
    items: Sequence[Item], ranks: Mapping[Hashable, int], turned: Mapping[Arc, bool]
) -> tuple[list[list[Hashable]], dict[Arc, list[Hashable]]]:
    """The columns from left to right, and by arc the chain it makes through them, from left to right."""
    numbers = {rank: at for at, rank in enumerate(sorted(set(ranks.values())))}
    columns: list[list[Hashable]] = [[] for _ in numbers]
    for item in items:
        columns[numbers[ranks[item.key]]].append(item.key)
    chains: dict[Arc, list[Hashable]] = {}
    for arc in turned:
        first, last = _ends(arc, turned)
        lanes = [_Lane(arc, n) for n in range(numbers[ranks[first]] + 1, numbers[ranks[last]])]
        for lane in lanes:
            columns[lane.rank].append(lane)
        chains[arc] = [first, *lanes, last]
    return columns, chains


class _Near(NamedTuple):
    """A neighbour: ``fraction`` is where on its side the arc meets it (-0.5 to 0.5), ``lift`` how much lower than the
    middle that is there than here."""

    key: Hashable
    fraction: float
    lift: float


_Neighbours = dict[Hashable, tuple[list[_Near], list[_Near]]]  # to the left, to the right


def _neighbours(chains: Mapping[Arc, Sequence[Hashable]], sizes: Mapping[Hashable, Item]) -> _Neighbours:
    found: _Neighbours = defaultdict(lambda: ([], []))
    for arc, chain in chains.items():
        for left, right in pairwise(chain):
            here, there = _offset(arc, left), _offset(arc, right)
            found[left][1].append(_Near(right, there / sizes[right].height if there else 0.0, there - here))
            found[right][0].append(_Near(left, here / sizes[left].height if here else 0.0, here - there))
    return found


def _offset(arc: Arc, key: Hashable) -> float:
    """Where the arc meets the item or lane, from its middle downwards."""
    return (arc.leaves if key == arc.source else arc.meets if key == arc.target else None) or 0.0


def _ordered(columns: list[list[Hashable]], neighbours: _Neighbours) -> list[list[Hashable]]:
    """Columns with few crossings: sweeps by the mean place of the neighbours, then swaps of two; the best is kept."""
    best, fewest = [list(column) for column in columns], _crossings(columns, neighbours)
    for sweep in range(SWEEPS):
        if not fewest:
            break
        rightwards = sweep % 2 == 0
        steps = range(1, len(columns)) if rightwards else range(len(columns) - 2, -1, -1)
        for at in steps:
            beside = columns[at - 1 if rightwards else at + 1]
            place = {key: n for n, key in enumerate(beside)}
            own = {key: n for n, key in enumerate(columns[at])}

            def mean(
                key: Hashable,
                place: dict[Hashable, int] = place,
                own: dict[Hashable, int] = own,
                side: int = 0,
            ) -> float:
                near = neighbours[key][side]
                return sum(place[o.key] + o.fraction for o in near) / len(near) if near else float(own[key])

            side = 0 if rightwards else 1
            columns[at].sort(key=lambda key: mean(key, side=side))
        for column in columns:
            _swap(column, neighbours, columns)
        count = _crossings(columns, neighbours)
        if count < fewest:
            best, fewest = [list(column) for column in columns], count
    return best


def _swap(column: list[Hashable], neighbours: _Neighbours, columns: Sequence[Sequence[Hashable]]) -> None:
    """Swap two that stand together wherever fewer of their arcs cross then."""
    place = {key: n for other in columns for n, key in enumerate(other)}
    near = {
        key: [sorted(place[o.key] + o.fraction for o in side) for side in neighbours[key]] for key in column
    }
    for at in range(len(column) - 1):
        upper, lower = column[at], column[at + 1]
        now = sum(_inverted(near[upper][side], near[lower][side]) for side in (0, 1))
        then = sum(_inverted(near[lower][side], near[upper][side]) for side in (0, 1))
        if then < now:
            column[at], column[at + 1] = lower, upper


def _inverted(upper: Sequence[float], lower: Sequence[float]) -> int:
    """How many pairs cross when ``upper`` stands above ``lower``; both sorted."""
    return sum(bisect_left(lower, place) for place in upper)


def _crossings(columns: Sequence[Sequence[Hashable]], neighbours: _Neighbours) -> int:
    total = 0
    for left, right in pairwise(columns):
        place = {key: n for n, key in enumerate(right)}
        seen: list[float] = []
        for key in left:
            ends = sorted(place[o.key] + o.fraction for o in neighbours[key][1])
            total += sum(len(seen) - bisect_right(seen, end) for end in ends)
            for end in ends:
                insort(seen, end)
    return total


def _placed(
    columns: Sequence[Sequence[Hashable]],
    chains: Mapping[Arc, Sequence[Hashable]],
    turned: Mapping[Arc, bool],
    sizes: Mapping[Hashable, Item],
    neighbours: _Neighbours,
    gap: float,
) -> Layout:
    ys = _rows(columns, sizes, neighbours)
    layout, x, spans = Layout(), 0.0, []
    for at, column in enumerate(columns):
        width = max((sizes[key].width for key in column if key in sizes), default=0.0)
        if at:
            crowd = sum(len(neighbours[key][0]) for key in column)
            x += gap * min(2.0, 1 + max(0, crowd - 8) / 24)  # many arcs need a wider gap
        spans.append((x, x + width))
        for key in column:
            if key in sizes:
                layout.places[key] = (x + width / 2, ys[key])
        x += width
    layout.width = x
    layout.height = max(y + sizes[key].height / 2 for key, (_, y) in layout.places.items())
    column_of = {key: at for at, column in enumerate(columns) for key in column}
    ports = _ports(chains, sizes, ys)
    for arc, chain in chains.items():
        route: list[Point] = []
        for key in chain:
            left, right = spans[column_of[key]]
            if key in sizes:
                half, (middle, _) = sizes[key].width / 2, layout.places[key]
                at_left = key == chain[0]
                y = ports[arc, at_left]
                route += [(middle + half, y), (right, y)] if at_left else [(left, y), (middle - half, y)]
            else:
                route += [(left, ys[key]), (right, ys[key])]
        layout.routes[arc] = route[::-1] if turned[arc] else route
    return layout


def _ports(
    chains: Mapping[Arc, Sequence[Hashable]], sizes: Mapping[Hashable, Item], ys: Mapping[Hashable, float]
) -> dict[tuple[Arc, bool], float]:
    """Where each arc meets its left item (True) and its right one (False): where it must, or spread along the side."""
    ends: dict[tuple[Hashable, bool], list[tuple[float, Arc]]] = defaultdict(list)
    found: dict[tuple[Arc, bool], float] = {}
    for arc, chain in chains.items():
        for key, beside, at_left in ((chain[0], chain[1], True), (chain[-1], chain[-2], False)):
            fixed = arc.leaves if key == arc.source else arc.meets
            if fixed is None:
                ends[key, at_left].append((ys[beside], arc))
            else:
                found[arc, at_left] = ys[key] + fixed
    for (key, at_left), met in ends.items():
        room = max(0.0, sizes[key].height - 14)
        step = min(PORT_STEP, room / max(1, len(met) - 1))
        if step < LEAST_PORT_STEP:  # no room for each: they meet in one point
            step = 0.0
        for n, (_, arc) in enumerate(sorted(met, key=lambda end: end[0])):
            found[arc, at_left] = ys[key] + (n - (len(met) - 1) / 2) * step
    return found


def _rows(
    columns: Sequence[Sequence[Hashable]], sizes: Mapping[Hashable, Item], neighbours: _Neighbours
) -> dict[Hashable, float]:
    """The middle of each item and lane: as near to its neighbours' mean as those above and below it allow."""
    ys: dict[Hashable, float] = {}
    apart: list[list[float]] = []
    for column in columns:
        heights = [sizes[key].height if key in sizes else 0.0 for key in column]
        steps = [0.0]
        for (upper, lower), (high, low) in zip(pairwise(column), pairwise(heights), strict=True):
            both = upper in sizes and lower in sizes
            steps.append((high + low) / 2 + (ROW_GAP if both else LANE_GAP))
        apart.append(steps)
        total = sum(steps)
        y = -total / 2
        for key, step in zip(column, steps, strict=True):
            y += step
            ys[key] = y
    count = len(columns)
    for sweep in range(3 * SWEEPS):
        order = range(count) if sweep % 2 == 0 else range(count - 1, -1, -1)
        last = sweep >= 3 * SWEEPS - 4
        for at in order:
            wanted, weights = [], []
            for key in columns[at]:
                near = neighbours.get(key, ([], []))
                one_way = near[0] if sweep % 2 == 0 else near[1]
                chosen = [*near[0], *near[1]] if last or not one_way else one_way
                wanted.append(sum(ys[o.key] + o.lift for o in chosen) / len(chosen) if chosen else ys[key])
                weights.append(4.0 if key not in sizes else 0.2 if not chosen else 1.0)
            for key, y in zip(columns[at], _spread(wanted, weights, apart[at]), strict=True):
                ys[key] = y
    return _squeezed(ys, sizes)


def _squeezed(ys: Mapping[Hashable, float], sizes: Mapping[Hashable, Item]) -> dict[Hashable, float]:
    """The same rows from zero downwards, without the bands in which no column has anything."""
    found: dict[Hashable, float] = {}
    below, shift = None, 0.0
    half = {key: sizes[key].height / 2 if key in sizes else 0.0 for key in ys}
    for key in sorted(ys, key=lambda key: ys[key] - half[key]):
        top = ys[key] - half[key]
        if below is None:
            below = top
            shift = top
        elif top > below + ROW_GAP:
            shift += top - below - ROW_GAP
        below = max(below, ys[key] + half[key])
        found[key] = ys[key] - shift
    return found


def _spread(wanted: Sequence[float], weights: Sequence[float], steps: Sequence[float]) -> list[float]:
    """Rising places at least ``steps`` apart with the least squared way to those wanted (pool adjacent violators)."""
    offsets, total = [], 0.0
    for step in steps:
        total += step
        offsets.append(total)
    pools: list[list[float]] = []  # mean, weight, count
    for goal, weight, offset in zip(wanted, weights, offsets, strict=True):
        pools.append([goal - offset, weight, 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            mean, heavy, count = pools.pop()
            before = pools[-1]
            before[0] = (before[0] * before[1] + mean * heavy) / (before[1] + heavy)
            before[1] += heavy
            before[2] += count
    means = [mean for mean, _, count in pools for _ in range(int(count))]
    return [mean + offset for mean, offset in zip(means, offsets, strict=True)]
