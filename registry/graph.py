"""Who is hit when something stops, and what does one lean on: pure answers over a graph of assets.

No Django, no dates, no names: keys in, keys out. The caller gives the assets that are in operation and the live
dependencies between them (``registry.landscape`` does). How a failure spreads, from assets that fail critically:

a) a dependency: the target is hit, so its source is hit, capped by the dependency's importance;
b) a parent is hit, so its modules and services are hit as hard;
c) a part is hit, so its parent is hit *in part*, at most DEGRADED. That reaches those who depend on the parent
   itself (a) and the parent's own parent (c), but not its other parts.

Dependencies of one source may form a group of alternatives of which some number is needed. The source is then hit
only when fewer remain, as hard as the failure that tips it. A group with fewer members than needed needs them all.

Inside, node *i* is the *i*-th asset by code, and each has two states: hit as a whole (``2i``) and in part (``2i + 1``).
A failure of severity *s* spreads along what lets *s* through, so one breadth-first walk per severity answers
everything: the severest walk that reaches a node tells its severity, the mildest its distance. Walks go step by step,
and within a step in order of the codes on the way, so the way found is a shortest one and the first by code.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cached_property
from itertools import chain
from typing import NamedTuple

from registry import leaning


class Severity(IntEnum):
    """How hard something is hit, and the most that a dependency lets through."""

    MINOR = 1
    DEGRADED = 2
    CRITICAL = 3


LEVELS = tuple(sorted(Severity, reverse=True))
# Upper bound of the work for alternatives in ``upstream``, in steps along a dependency: about two seconds.
MOST_STEPS = 12_000_000


class Node(NamedTuple):
    """An asset in operation. ``code`` orders; ``criticality`` is 1–4 or None; ``parent`` may be unknown."""

    key: int
    code: str
    parent: int | None = None
    criticality: int | None = None
    is_system: bool = False


class Edge(NamedTuple):
    """``source`` uses ``target``. ``group`` names the source's group of alternatives that it belongs to, if any."""

    source: int
    target: int
    importance: int
    group: int | None = None


class Hit(NamedTuple):
    """An asset that is hit (downstream) or leaned on (upstream).

    ``distance`` is the fewest steps over all ways. ``path`` is a shortest way among the severest, keys from the failed
    asset to the hit one. ``in_part``: only through its parts. ``before``: how hard what was already down hit it.
    """

    key: int
    severity: Severity
    distance: int
    path: tuple[int, ...]
    in_part: bool = False
    before: Severity | None = None


@dataclass(frozen=True, slots=True)
class Reduced:
    """A group of alternatives that has lost some but not too many: ``standing`` remain of ``needed``."""

    source: int
    group: int
    lost: tuple[int, ...]
    standing: int
    needed: int


@dataclass(frozen=True, slots=True)
class Answer:
    """Hits by severity (severest first), distance and code; ``unresolved`` is explained at ``Graph.upstream``."""

    hits: tuple[Hit, ...]
    reduced: tuple[Reduced, ...] = ()
    unresolved: int = 0


@dataclass(slots=True)
class _Group:
    """Alternatives: members by node, each with its importance; ``threshold`` of them lost tips the source."""

    source: int
    key: int
    needed: int
    members: dict[int, int]
    threshold: int


@dataclass(slots=True)
class _Walk:
    """A walk at one severity: where each state was reached from, and each node's first state and step."""

    came_from: dict[int, int]
    first: dict[int, int]
    step: dict[int, int]
    lost: dict[int, list[int]]

    def ways(self, keys: Sequence[int]) -> dict[int, tuple[int, ...]]:
        """By state: the keys on the way from the walk's beginning to it. (States stand in order of step.)"""
        found: dict[int, tuple[int, ...]] = {-1: ()}
        for state, previous in self.came_from.items():
            found[state] = (*found[previous], keys[state >> 1])
        return found


class Graph:
    """The assets in operation and their live dependencies. Immutable; build a new one when something changes.

    Edges and parents that name unknown keys are left out, so a caller may give the edges unfiltered. Parallel
    edges and loops, also among parents, do no harm. ``needed``: how many members each group needs (1 if not told).
    """

    def __init__(
        self, nodes: Iterable[Node], edges: Iterable[Edge], needed: Mapping[int, int] | None = None
    ) -> None:
        self.nodes: Sequence[Node] = sorted(nodes, key=lambda node: (node.code, node.key))
        self._keys = [node.key for node in self.nodes]
        self.index: dict[int, int] = {node.key: i for i, node in enumerate(self.nodes)}
        self._parents = [self.index.get(n.parent, -1) if n.parent is not None else -1 for n in self.nodes]
        self._modules: dict[int, list[int]] = defaultdict(list)
        for i, parent in enumerate(self._parents):
            if parent >= 0 and parent != i:
                self._modules[parent].append(i)
        self.groups: list[_Group] = []
        # By importance, and by node: the states of those who use it outside groups, with parallel ones.
        self._plain: dict[int, list[list[int]]] = {}
        self._sort_edges(edges, needed or {})
        self._groups_of: dict[int, list[int]] = defaultdict(list)  # by member
        self._members_of: dict[int, list[_Group]] = defaultdict(list)  # by source
        for at, group in enumerate(self.groups):
            self._members_of[group.source].append(group)
            for member in group.members:
                self._groups_of[member].append(at)
        self._uses_at: dict[int, list[list[int]]] = {}
        # The same along what lets a severity through.
        self._dependents: dict[int, list[list[int]]] = {}
        through: list[list[int]] = [[] for _ in self.nodes]
        for level in LEVELS:
            through = [
                row + more if more else row for row, more in zip(through, self._plain[level], strict=True)
            ]
            self._dependents[level] = through

    def _sort_edges(self, edges: Iterable[Edge], needed: Mapping[int, int]) -> None:
        """Known edges by importance; those of real alternatives into groups."""
        index = self.index
        states = {key: 2 * i for key, i in index.items()}
        users: dict[int, dict[int, list[int]]] = {level: {key: [] for key in self._keys} for level in LEVELS}
        grouped: dict[tuple[int, int], dict[int, int]] = {}
        for source_key, target_key, importance, group in edges:
            if source_key not in index or target_key not in index or source_key == target_key:
                continue
            if group is None:
                users[importance][target_key].append(states[source_key])
            else:
                members = grouped.setdefault((index[source_key], group), {})
                members[index[target_key]] = max(members.get(index[target_key], 0), importance)
        for (source, key), members in sorted(grouped.items()):
            least = needed.get(key, 1)
            threshold = max(1, len(members) - least + 1)
            if threshold == 1:  # every one of them is needed
                for target, importance in members.items():
                    users[importance][self._keys[target]].append(2 * source)
            else:
                self.groups.append(_Group(source, key, least, members, threshold))
        self._plain = {level: list(rows.values()) for level, rows in users.items()}

    def _uses(self, level: int) -> list[list[int]]:
        """By node: the nodes it uses outside groups, along what lets ``level`` through."""
        if level not in self._uses_at:
            found: list[list[int]] = [[] for _ in self.nodes]
            for target, users in enumerate(self._dependents[level]):
                for state in users:
                    found[state >> 1].append(target)
            self._uses_at[level] = found
        return self._uses_at[level]

    def __contains__(self, key: int) -> bool:
        return key in self.index

    @property
    def edge_count(self) -> int:
        """Live dependencies between known assets; parallel ones outside groups counted each."""
        plain = sum(map(len, self._dependents[Severity.MINOR]))
        return plain + sum(len(group.members) for group in self.groups)

    # --- Downstream: who is hit -----------------------------------------------------------------------------

    def impact(self, failed: Iterable[int], already: Iterable[int] = ()) -> Answer:
        """Everything that is hit when all of ``failed`` fail, on top of what is ``already`` down.

        Neither of these is among the hits; unknown keys are passed over. With ``already``, each hit's ``before`` tells
        how hard it was hit by that alone: where it equals the severity, the new failure changes nothing.
        """
        down = self._known(already)
        seeds = sorted({*self._known(failed), *down})
        walks = {level: self._spread(seeds, level) for level in LEVELS}
        before = {hit.key: hit.severity for hit in self.impact(already).hits} if down else {}
        nearest, done = walks[Severity.MINOR], set(seeds)
        reduced = tuple(self._reduced(nearest, done))
        hits = []
        for level, walk in walks.items():
            fresh = sorted(walk.first.keys() - done)
            fresh.sort(key=nearest.step.__getitem__)
            done.update(fresh)
            ways = walk.ways(self._keys) if fresh else {}
            for node in fresh:
                key, in_part = self._keys[node], 2 * node not in walk.came_from
                way = ways[walk.first[node]]
                hits.append(Hit(key, level, nearest.step[node], way, in_part, before.get(key)))
        return Answer(tuple(hits), reduced)

    def _known(self, keys: Iterable[int]) -> list[int]:
        return [self.index[key] for key in keys if key in self.index]

    def _reduced(self, walk: _Walk, failed: Collection[int]) -> Iterator[Reduced]:
        for at, group in enumerate(self.groups):
            lost = walk.lost.get(at, ())
            if 0 < len(lost) < group.threshold and group.source not in failed:
                keys = tuple(self.nodes[i].key for i in sorted(lost))
                left = len(group.members) - len(lost)
                yield Reduced(self.nodes[group.source].key, group.key, keys, left, group.needed)

    def _spread(self, seeds: Sequence[int], level: int) -> _Walk:
        """The walk of a failure of severity ``level`` from the seeds (nodes, in order)."""
        dependents = self._dependents[level]
        parents, modules = self._parents, self._modules
        in_part = level <= Severity.DEGRADED
        came_from = dict.fromkeys((2 * seed for seed in seeds), -1)
        walk = _Walk(came_from, {}, {}, {})
        first, steps = walk.first, walk.step
        frontier, step = list(came_from), 0
        while frontier:
            found: list[int] = []
            tipped: list[tuple[int, int]] = []  # place of the first member in this step, source's state
            leaders: dict[int, int] = {}
            for place, state in enumerate(frontier):
                node = state >> 1
                new_node = node not in first
                if new_node:
                    first[node], steps[node] = state, step
                reached = dependents[node]
                if not state & 1 and node in modules:
                    reached = [*reached, *(2 * module for module in modules[node])]
                if in_part and parents[node] >= 0 and 2 * parents[node] not in came_from:
                    reached = [*reached, 2 * parents[node] + 1]
                known = len(found)
                for other in reached:
                    if other not in came_from:
                        came_from[other] = state
                        found.append(other)
                if len(found) > known + 1:
                    found[known:] = sorted(found[known:])
                if new_node and node in self._groups_of:
                    tipped += self._lose(walk, node, level, place, leaders)
            self._merge(walk, frontier, found, tipped)
            frontier, step = found, step + 1
        return walk

    def _lose(
        self, walk: _Walk, node: int, level: int, place: int, leaders: dict[int, int]
    ) -> Iterator[tuple[int, int]]:
        """Count the node as lost in its groups; the sources that this tips, with where in the step it began."""
        for at in self._groups_of[node]:
            group = self.groups[at]
            if group.members[node] >= level:
                lost = walk.lost.setdefault(at, [])
                lost.append(node)
                leader = leaders.setdefault(at, place)
                if len(lost) == group.threshold:
                    yield leader, 2 * group.source

    @staticmethod
    def _merge(walk: _Walk, frontier: list[int], found: list[int], tipped: list[tuple[int, int]]) -> None:
        """Put tipped sources, if any, among the found states, in the order of their ways."""
        if not tipped:
            return
        came_from = walk.came_from
        place = {state: at for at, state in enumerate(frontier)}
        fresh = set(found)
        for at, state in tipped:
            if state not in came_from:
                came_from[state] = frontier[at]
                found.append(state)
                fresh.add(state)
            elif state in fresh and place[came_from[state]] > at:
                came_from[state] = frontier[at]
        found.sort(key=lambda state: (place[came_from[state]], state))

    # --- Upstream: what one leans on ------------------------------------------------------------------------

    def upstream(self, assets: Iterable[int], already: Iterable[int] = ()) -> Answer:
        """Everything whose failure alone hits one of ``assets``: how hard, how near, and the way from it to there.

        The same answer as asking ``impact`` of every asset in turn. What ``already`` is down, and what that stops, is
        out of the game, also as an alternative. Where alternatives lie on the way, those who might take several of
        them at once are tried one by one; those beyond MOST_STEPS are judged by their other ways alone, and counted
        as ``unresolved``.
        """
        down = list(already)
        if down:
            return self._without(down).upstream(assets)
        goals = sorted(set(self._known(assets)))
        walks = {level: self._retrace(goals, level) for level in LEVELS}
        nearest = walks[Severity.MINOR].step
        have_parts = any(goal in self._modules for goal in goals)
        hits: dict[int, Hit] = {}
        for level, walk in walks.items():
            ways = walk.ways(self._keys)
            wholly = self._retrace(goals, level, in_part=False).came_from if have_parts else walk.came_from
            for state in walk.came_from:
                node = state >> 1
                if not state & 1 and node not in hits and node not in goals:
                    way = ways[state][::-1]
                    hits[node] = Hit(self._keys[node], level, nearest[state], way, state not in wholly)
        tried, unresolved = self._try_alternatives(goals)
        hits |= tried
        order = sorted(hits, key=lambda node: (-hits[node].severity, hits[node].distance, node))
        return Answer(tuple(hits[node] for node in order), unresolved=unresolved)

    def _retrace(self, goals: Sequence[int], level: int, in_part: bool = True) -> _Walk:
        """The steps backwards from the goals, groups left out. ``step`` is by state here, and ``first`` is empty.

        Not ``in_part``: only ways that hit a goal as a whole.
        """
        uses = self._uses(level)
        extents = (0, 1) if level <= Severity.DEGRADED else (0,)
        starts = [2 * goal + extent for goal in goals for extent in (extents if in_part else (0,))]
        came_from = dict.fromkeys(starts, -1)
        walk = _Walk(came_from, {}, dict.fromkeys(starts, 0), {})
        frontier, step = starts, 0
        while frontier:
            step += 1
            found: list[tuple[int, int, int]] = []  # node, place, state: the order of the ways from there
            for place, state in enumerate(frontier):
                node = state >> 1
                if state & 1:
                    reached = [
                        2 * module + extent for module in self._modules.get(node, ()) for extent in (0, 1)
                    ]
                else:
                    reached = [2 * target + extent for target in uses[node] for extent in extents]
                    if self._parents[node] >= 0:
                        reached.append(2 * self._parents[node])
                for other in reached:
                    if other not in came_from:
                        came_from[other] = state
                        walk.step[other] = step
                        found.append((other >> 1, place, other))
            frontier = [state for _, _, state in sorted(found)]
        return walk

    def _try_alternatives(self, goals: Sequence[int]) -> tuple[dict[int, Hit], int]:
        """Hits of those who tip a group of alternatives near the goals, and how many of them were left untried."""
        if not self.groups:
            return {}, 0
        near = self._near(goals)
        if not any(group.source in near for group in self.groups):
            return {}, 0
        part = self._among(near)
        wanted = {self._keys[goal] for goal in goals}
        suspects = [key for key in part._tipping() if key not in wanted]
        tried = suspects[: MOST_STEPS // (len(LEVELS) * (part.edge_count + len(part.nodes)))]
        found: dict[int, Hit] = {}
        for key in tried:
            hits = [hit for hit in part.impact([key]).hits if hit.key in wanted]
            if hits:
                found[self.index[key]] = self._best(hits)._replace(key=key)
        return found, len(suspects) - len(tried)

    def _near(self, goals: Collection[int]) -> set[int]:
        """The goals and all that may hit them: what each leans on, and its parts. More than the truth, never less."""
        found = set(goals)
        queue = list(goals)
        for node in queue:  # it grows meanwhile
            for other in chain(self._leans[node], self._modules.get(node, ())):
                if other not in found:
                    found.add(other)
                    queue.append(other)
        return found

    def _tipping(self) -> list[int]:
        """Keys of those who tip a group of alternatives when they fail alone, in order of code."""
        causes = self._causes(Severity.MINOR)
        tipping = 0
        for group in self.groups:
            tipping |= _in_at_least(group.threshold, [causes[member] for member in group.members])
        return [self._keys[i] for i in _bits(tipping)]

    def _best(self, hits: Sequence[Hit]) -> Hit:
        """Hits of one failure on several goals as one: a shortest way among the severest, but the fewest steps."""
        worst = max(hit.severity for hit in hits)
        severest = [hit for hit in hits if hit.severity == worst]
        best = min(severest, key=lambda hit: (len(hit.path), [self.index[key] for key in hit.path]))
        return best._replace(
            distance=min(hit.distance for hit in hits), in_part=all(hit.in_part for hit in severest)
        )

    def edges(self) -> Iterator[Edge]:
        """The live dependencies between known assets, those of real alternatives with their group."""
        keys = self._keys
        for importance, rows in self._plain.items():
            for target, users in enumerate(rows):
                for state in users:
                    yield Edge(keys[state >> 1], keys[target], importance)
        for group in self.groups:
            for target, importance in group.members.items():
                yield Edge(keys[group.source], keys[target], importance, group.key)

    def _among(self, kept: Collection[int]) -> Graph:
        """The part of the graph between the nodes ``kept``."""
        nodes = [self.nodes[i] for i in kept]
        known = {node.key for node in nodes}
        edges = (edge for edge in self.edges() if edge.source in known and edge.target in known)
        return Graph(nodes, edges, {group.key: group.needed for group in self.groups})

    def _without(self, down: Collection[int]) -> Graph:
        """The graph without what is down and what that stops."""
        stopped = {hit.key for hit in self.impact(down).hits if hit.severity is Severity.CRITICAL}
        out = stopped.union(down)
        return self._among([i for i, node in enumerate(self.nodes) if node.key not in out])

    # --- Everything at once: findings -----------------------------------------------------------------------

    def _causes(self, level: int) -> list[int]:
        """By node: which nodes hit it at ``level`` when they fail alone (itself too), one bit each.

        The least sets that satisfy a), b), c) and the alternatives, by passes in the order of the strong components
        until nothing changes, which is soon.
        """
        uses = self._uses(level)
        whole = [1 << i for i in range(len(self.nodes))]
        either = list(whole)  # as a whole or in part
        order = list(chain.from_iterable(self._components))
        changed = True
        while changed:
            changed = False
            for node in order:
                before = whole[node], either[node]
                new = whole[node]
                for target in uses[node]:
                    new |= either[target]
                if self._parents[node] >= 0:
                    new |= whole[self._parents[node]]
                for group in self._members_of.get(node, ()):
                    members = [either[t] for t, importance in group.members.items() if importance >= level]
                    new |= _in_at_least(group.threshold, members)
                whole[node] = new
                if level <= Severity.DEGRADED:
                    for module in self._modules.get(node, ()):
                        new |= either[module]
                either[node] |= new
                changed = changed or before != (whole[node], either[node])
        return either

    @cached_property
    def _stoppers(self) -> list[int]:
        """By node: which nodes stop it when they fail alone (itself too), one bit each."""
        return self._causes(Severity.CRITICAL)

    @cached_property
    def inherited(self) -> dict[int, int]:
        """By key: the highest criticality among all that the asset's failure hits critically, itself not counted.

        Assets that stop nothing with a known criticality are left out.
        """
        by_criticality: dict[int, list[int]] = defaultdict(list)
        for i, node in enumerate(self.nodes):
            if node.criticality is not None:
                by_criticality[node.criticality].append(i)
        found: dict[int, int] = {}
        for criticality in sorted(by_criticality, reverse=True):
            union = 0
            for i in by_criticality[criticality]:
                union |= self._stoppers[i] & ~(1 << i)
            for i in _bits(union):
                found.setdefault(self.nodes[i].key, criticality)
        return found

    def single_points(self, at_least: int = 1, among: Collection[int] | None = None) -> dict[int, int]:
        """By key: how many fagsystemer stop when the asset alone fails; those that stop ``at_least`` that many.

        A fagsystem is not counted among those it stops itself. Only fagsystemer ``among`` are counted, if given.
        """
        # The bit sets are added up digit by digit: digits[d] has bit i where d's binary digit of i's count is 1.
        digits: list[int] = []
        for i, node in enumerate(self.nodes):
            if node.is_system and (among is None or node.key in among):
                carry = self._stoppers[i] & ~(1 << i)
                for d in range(len(digits)):
                    digits[d], carry = digits[d] ^ carry, digits[d] & carry
                if carry:
                    digits.append(carry)
        counts: Counter[int] = Counter()
        for d, digit in enumerate(digits):
            for i in _bits(digit):
                counts[i] += 1 << d
        return {self.nodes[i].key: n for i, n in sorted(counts.items()) if n >= at_least}

    def stopped_by(self, key: int) -> list[int]:
        """Keys of all that stop when the asset alone fails, itself not among them, in order of code."""
        at = self.index[key]
        return [self._keys[i] for i, stoppers in enumerate(self._stoppers) if stoppers >> at & 1 and i != at]

    @cached_property
    def _leans(self) -> list[list[int]]:
        """By node: what it leans on at all, in order: what it uses, each alternative, and its parent."""
        found = [set(targets) for targets in self._uses(Severity.MINOR)]
        for group in self.groups:
            found[group.source].update(group.members)
        for node, parent in enumerate(self._parents):
            if parent >= 0 and parent != node:
                found[node].add(parent)
        return [sorted(targets) for targets in found]

    @cached_property
    def _components(self) -> list[list[int]]:
        """The nodes in strong components, what is leaned on first."""
        return leaning.strong_components(self._leans)

    def cycles(self) -> list[tuple[int, ...]]:
        """Assets that lean on each other in a ring: per strong component a shortest ring through its first code.

        Each begins and ends with that asset's key, each leaning on the next. In order of code.
        """
        rings = sorted(leaning.ring(self._leans, c) for c in self._components if len(c) > 1)
        return [tuple(self._keys[i] for i in ring) for ring in rings]

    def cycle_members(self) -> list[tuple[int, ...]]:
        """The strong components with more than one asset, as keys in order of code; as many as ``cycles``."""
        return [tuple(self._keys[i] for i in c) for c in sorted(self._components) if len(c) > 1]

    def longest_chain(self) -> tuple[int, ...]:
        """A longest way of leaning, each key leaning on the next. Assets that lean on each other count as one."""
        return tuple(self._keys[i] for i in leaning.longest_chain(self._leans, self._components))

    def unused(self) -> list[int]:
        """Keys of components that nothing uses, neither themselves nor anything below them, in order of code."""
        used: set[int] = set()
        for i in range(len(self.nodes)):
            targets = [*self._uses(Severity.MINOR)[i]]
            targets += [t for group in self._members_of.get(i, ()) for t in group.members]
            for target in targets:
                above = target
                while above >= 0 and above not in used:
                    used.add(above)
                    above = self._parents[above]
        return [n.key for i, n in enumerate(self.nodes) if not n.is_system and i not in used]

    def isolated(self) -> list[int]:
        """Keys of systems that depend on nothing, in order of code."""
        uses = self._uses(Severity.MINOR)
        return [
            n.key
            for i, n in enumerate(self.nodes)
            if n.is_system and not uses[i] and i not in self._members_of
        ]


def _in_at_least(least: int, sets: Sequence[int]) -> int:
    """The bits that are in at least ``least`` of the bit sets."""
    reached = [-1] + [0] * least
    for bits in sets:
        for n in range(least, 0, -1):
            reached[n] |= reached[n - 1] & bits
    return reached[least]


def _bits(number: int) -> Iterator[int]:
    """The places of the ones, in rising order."""
    text = bin(number)[:1:-1]
    at = text.find("1")
    while at >= 0:
        yield at
        at = text.find("1", at + 1)
