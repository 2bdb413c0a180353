"""Rolling lines up: provider → platform → component → line, no amount counted twice. Pure: keys and numbers only.

A component stands once, under the top of its module tree, which stands under the top's provider. A line stands once,
under its component. So each sum is that of its own lines and of what is below it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import IntEnum
from typing import Any, NamedTuple

from budgets.deviations import is_marked, told, wants_explanation
from foi_portal.core.danish import sort_key

NOBODY = 0  # the provider of what has none


class Line(NamedTuple):
    """A budget line with its amounts in DKK; ``None`` is not known. ``expected`` is what it is held against its budget
    by: the forecast, or the accounts of a closed year. ``before`` is the same line's budget of the year before, where
    that is what the year is compared with."""

    key: int
    component: int
    cost_type: str
    funding: str
    unit: str
    unit_code: str
    note: str
    illustrative: bool
    explanation: str
    explained: Decimal | None
    original: Decimal | None
    revised: Decimal | None
    actual: Decimal | None
    forecast: Decimal | None
    expected: Decimal | None
    before: Decimal | None = None

    @property
    def change(self) -> Decimal | None:
        """The revised budget less that of the year before."""
        return None if self.before is None or self.revised is None else self.revised - self.before

    @property
    def deviation(self) -> Decimal | None:
        """What is expected less the revised budget: above 0 is overspending."""
        return None if self.expected is None or self.revised is None else self.expected - self.revised

    @property
    def is_marked(self) -> bool:
        return is_marked(self.deviation, self.revised)

    @property
    def told(self) -> str:
        """The deviation in words."""
        return told(self.deviation, self.revised)

    @property
    def wants_explanation(self) -> bool:
        return wants_explanation(self.deviation, self.revised, self.explanation, self.explained)


def plus(a: Decimal | None, b: Decimal | None) -> Decimal | None:
    """The sum of what is known of the two."""
    if a is None or b is None:
        return b if a is None else a
    return a + b


@dataclass(slots=True)
class Sums:
    """Sums of what is known, in DKK; ``None`` when nothing is. A difference counts lines with both ends known."""

    original: Decimal | None = None
    revised: Decimal | None = None
    actual: Decimal | None = None
    forecast: Decimal | None = None
    expected: Decimal | None = None
    deviation: Decimal | None = None
    before: Decimal | None = None
    change: Decimal | None = None
    lines: int = 0
    unknown: int = 0  # lines without a budget
    marked: int = 0  # lines whose deviation must be explained
    unexplained: int = 0

    def take(self, line: Line) -> None:
        self.original = plus(self.original, line.original)
        self.revised = plus(self.revised, line.revised)
        self.actual = plus(self.actual, line.actual)
        self.forecast = plus(self.forecast, line.forecast)
        self.expected = plus(self.expected, line.expected)
        self.deviation = plus(self.deviation, line.deviation)
        self.before = plus(self.before, line.before)
        self.change = plus(self.change, line.change)
        self.lines += 1
        self.unknown += line.original is None
        if line.is_marked:
            self.marked += 1
            self.unexplained += line.wants_explanation

    def add(self, other: Sums) -> None:
        self.original = plus(self.original, other.original)
        self.revised = plus(self.revised, other.revised)
        self.actual = plus(self.actual, other.actual)
        self.forecast = plus(self.forecast, other.forecast)
        self.expected = plus(self.expected, other.expected)
        self.deviation = plus(self.deviation, other.deviation)
        self.before = plus(self.before, other.before)
        self.change = plus(self.change, other.change)
        self.lines += other.lines
        self.unknown += other.unknown
        self.marked += other.marked
        self.unexplained += other.unexplained


def summed(lines: Iterable[Line]) -> Sums:
    """The sums of the lines."""
    sums = Sums()
    for line in lines:
        sums.take(line)
    return sums


def together(nodes: Iterable[Node]) -> Sums:
    """The sums of the nodes."""
    sums = Sums()
    for node in nodes:
        sums.add(node.sums)
    return sums


class Place(NamedTuple):
    """A component in the module tree."""

    key: int
    code: str
    name: str
    parent: int | None
    provider: int | None


class Provider(NamedTuple):
    key: int
    code: str
    name: str


@dataclass(slots=True)
class Node:
    """A provider (``depth`` 0) or a component under it, with its own lines, what is below it, and the sums of both."""

    place: Place | Provider
    depth: int
    lines: list[Line] = field(default_factory=list)
    below: list[Node] = field(default_factory=list)
    sums: Sums = field(default_factory=Sums)

    def all_lines(self) -> Iterator[Line]:
        """The lines of the node and of everything below it, in the order of the table."""
        yield from self.lines
        for node in self.below:
            yield from node.all_lines()


def chain(key: int, places: Mapping[int, Place]) -> list[int]:
    """The component and what it belongs to, the top first. Of a loop among parents the least key is the top."""
    found = [key]
    parent = places[key].parent
    while parent is not None and parent in places and parent not in found:
        found.append(parent)
        parent = places[parent].parent
    if parent in found:
        top = min(found[found.index(parent) :])
        found = found[: found.index(top) + 1]
    return found[::-1]


def tree(lines: Iterable[Line], places: Mapping[int, Place], providers: Mapping[int, Provider]) -> list[Node]:
    """The providers with what is below them: those with the largest budget first, unknown last, then by name.

    A component without own lines that holds only one other is left out below a platform: it would say nothing.
    """
    tops: dict[int, Node] = {}
    nodes: dict[int, Node] = {}
    for line in lines:
        node = nodes.get(line.component)
        if node is None:
            node = _planted(line.component, places, providers, nodes, tops)
        node.lines.append(line)
    for top in tops.values():
        _finish(top)
    return sorted(tops.values(), key=_order)


def _planted(
    key: int,
    places: Mapping[int, Place],
    providers: Mapping[int, Provider],
    nodes: dict[int, Node],
    tops: dict[int, Node],
) -> Node:
    way = chain(key, places)
    root = places[way[0]].provider or NOBODY
    above = tops.get(root)
    if above is None:
        above = tops[root] = Node(providers[root], 0)
    for depth, step in enumerate(way, start=1):
        node = nodes.get(step)
        if node is None:
            node = nodes[step] = Node(places[step], depth)
            above.below.append(node)
        above = node
    return above


def _finish(node: Node) -> None:
    """Sums from below, empty links of a chain left out, order."""
    for child in node.below:
        _finish(child)
    if node.depth:
        node.below = [_shortened(child) for child in node.below]
    node.below.sort(key=_order)
    node.lines.sort(key=lambda line: (*_size(line.revised), line.key))
    node.sums = summed(node.lines)
    for child in node.below:
        node.sums.add(child.sums)
    for child in node.below:
        _lift(child, node.depth + 1)


def _shortened(node: Node) -> Node:
    while not node.lines and len(node.below) == 1:
        node = node.below[0]
    return node


def _lift(node: Node, depth: int) -> None:
    if node.depth != depth:
        node.depth = depth
        for child in node.below:
            _lift(child, depth + 1)


def _order(node: Node) -> tuple[Any, ...]:
    return (*_size(node.sums.revised), sort_key(node.place.name), node.place.key)


def _size(revised: Decimal | None) -> tuple[bool, Decimal]:
    """The largest first, what is not known last."""
    return revised is None, -(revised or Decimal(0))


class Detail(IntEnum):
    """How far down a table goes."""

    PROVIDERS = 0
    PLATFORMS = 1
    COMPONENTS = 2
    LINES = 3


class Row(NamedTuple):
    """A row of the table: a node's sums, or one line. A component with nothing but one line is one row with both."""

    node: Node
    line: Line | None
    depth: int


def rows(top: Sequence[Node], detail: Detail) -> Iterator[Row]:
    """The table's rows from the top down, no further than ``detail``."""
    for node in top:
        if detail == Detail.LINES and node.depth and len(node.lines) == 1 and not node.below:
            yield Row(node, node.lines[0], node.depth)
            continue
        yield Row(node, None, node.depth)
        if detail == Detail.LINES:
            for line in node.lines:
                yield Row(node, line, node.depth + 1)
        if node.depth < detail or detail >= Detail.COMPONENTS:
            yield from rows(node.below, detail)


def detail_within(top: Sequence[Node], most: int) -> Detail:
    """The most detail that makes at most ``most`` rows; providers when none does."""
    for detail in (Detail.LINES, Detail.COMPONENTS, Detail.PLATFORMS):
        count = 0
        for count, _ in enumerate(rows(top, detail), start=1):
            if count > most:
                break
        if count <= most:
            return detail
    return Detail.PROVIDERS


Flow = tuple[str, int]  # who pays, and the key of where it goes


def flows(top: Iterable[Node]) -> dict[Flow, Decimal]:
    """The known revised budget by who pays and by node of ``top``. Their sum is that of all lines."""
    found: dict[Flow, Decimal] = {}
    for node in top:
        for line in node.all_lines():
            if line.revised is not None:
                way = (line.funding, node.place.key)
                found[way] = found.get(way, Decimal(0)) + line.revised
    return found


__all__ = [
    "NOBODY",
    "Detail",
    "Flow",
    "Line",
    "Node",
    "Place",
    "Provider",
    "Row",
    "Sums",
    "chain",
    "detail_within",
    "flows",
    "plus",
    "rows",
    "summed",
    "together",
    "tree",
]
