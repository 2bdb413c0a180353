"""Who uses what, counted: systems down, components across, components put together under their platforms.

Pure: keys and numbers in, counts out. ``Modules`` is the tree of components; ``count`` puts each use of a component in
the column that shows it. A closed component's column holds everything below it too. An open one gives way to a column
for itself alone (when it is used) and one for each of its used modules, which may be open in turn.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple


class Use(NamedTuple):
    """``source`` uses ``target``. A higher ``severity`` is worse; ``running`` is false for what is only planned."""

    source: int
    target: int
    severity: int
    running: bool = True


@dataclass(slots=True)
class Cell:
    """How many uses, how many of them are only planned, and the worst severity of the running and the planned."""

    uses: int = 0
    planned: int = 0
    worst_running: int = 0
    worst_planned: int = 0

    def add(self, use: Use) -> None:
        self.uses += 1
        if use.running:
            self.worst_running = max(self.worst_running, use.severity)
        else:
            self.planned += 1
            self.worst_planned = max(self.worst_planned, use.severity)

    def merge(self, other: Cell) -> None:
        self.uses += other.uses
        self.planned += other.planned
        self.worst_running = max(self.worst_running, other.worst_running)
        self.worst_planned = max(self.worst_planned, other.worst_planned)

    @property
    def severity(self) -> int:
        """The worst of what runs; of what is planned when nothing runs; 0 when there is nothing."""
        return self.worst_running or self.worst_planned

    @property
    def only_planned(self) -> bool:
        return self.uses == self.planned


class Modules:
    """The tree of components from each one's parent. Order among siblings is the order of ``parents``.

    A parent that is not itself a key does not count. In a ring of parents the lowest key is the top.
    """

    def __init__(self, parents: Mapping[int, int | None]) -> None:
        self.parent = _without_rings(parents)
        self.below: dict[int | None, list[int]] = defaultdict(list)
        for key, parent in self.parent.items():
            self.below[parent].append(key)

    def __contains__(self, key: int) -> bool:
        return key in self.parent

    def top(self, key: int) -> int:
        """The platform that the component belongs to: the top of its tree."""
        return [key, *self.above(key)][-1]

    def above(self, key: int) -> Iterator[int]:
        """Its parent, that one's parent, and so on to the top."""
        while (parent := self.parent[key]) is not None:
            yield parent
            key = parent

    def all_below(self, key: int) -> Iterator[int]:
        """Everything under the component, itself not among them."""
        todo = list(self.below.get(key, ()))
        while todo:
            child = todo.pop()
            yield child
            todo.extend(self.below.get(child, ()))


def _without_rings(parents: Mapping[int, int | None]) -> dict[int, int | None]:
    sound = {key: parent if parent in parents else None for key, parent in parents.items()}
    done: set[int] = set()
    for key in parents:
        way: list[int] = []
        at: int | None = key
        while at is not None and at not in done:
            if at in way:
                sound[min(way[way.index(at) :])] = None
                break
            way.append(at)
            at = sound[at]
        done.update(way)
    return sound


@dataclass(frozen=True, slots=True)
class Column:
    """One column. ``path`` is the open components around it, outermost first; ``whole``: with everything below it,
    else the component alone. ``opens``: something below it is used, so there is something to open."""

    key: int
    path: tuple[int, ...]
    whole: bool
    opens: bool
    total: Cell


@dataclass(frozen=True, slots=True)
class Matrix:
    """``cells`` by system and column number holds only what is used. ``rows`` are the systems' totals.

    ``unplaced`` uses have a target that is no component of the tree; they are in no cell and no total.
    """

    columns: Sequence[Column]
    cells: Mapping[int, Mapping[int, Cell]]
    rows: Mapping[int, Cell]
    total: Cell
    unplaced: int


def count(uses: Iterable[Use], modules: Modules, opened: Collection[int] = ()) -> Matrix:
    """Count the uses. Columns come most used first, then in the order of the tree."""
    uses = list(uses)
    placed = [use for use in uses if use.target in modules]
    alone: dict[int, Cell] = defaultdict(Cell)
    for use in placed:
        alone[use.target].add(use)
    whole: dict[int, Cell] = defaultdict(Cell)
    for key, cell in alone.items():
        for at in (key, *modules.above(key)):
            whole[at].merge(cell)
    columns = list(_columns(modules, alone, whole, opened))
    number: dict[int, int] = {}  # by target
    for at, column in enumerate(columns):
        number[column.key] = at
        if column.whole:
            number.update((key, at) for key in modules.all_below(column.key))
    cells: dict[int, dict[int, Cell]] = defaultdict(lambda: defaultdict(Cell))
    rows: dict[int, Cell] = defaultdict(Cell)
    for use in placed:
        cells[use.source][number[use.target]].add(use)
        rows[use.source].add(use)
    total = Cell()
    for cell in rows.values():
        total.merge(cell)
    return Matrix(columns, cells, rows, total, len(uses) - len(placed))


def _columns(
    modules: Modules, alone: Mapping[int, Cell], whole: Mapping[int, Cell], opened: Collection[int]
) -> Iterator[Column]:
    def used_below(key: int | None) -> list[int]:
        used = [child for child in modules.below.get(key, ()) if child in whole]
        return sorted(used, key=lambda child: -whole[child].uses)

    def walk(key: int, path: tuple[int, ...]) -> Iterator[Column]:
        below = used_below(key)
        if key not in opened or not below:
            yield Column(key, path, True, bool(below), whole[key])
            return
        path = (*path, key)
        if key in alone:
            yield Column(key, path, False, False, alone[key])
        for child in below:
            yield from walk(child, path)

    for top in used_below(None):
        yield from walk(top, ())
