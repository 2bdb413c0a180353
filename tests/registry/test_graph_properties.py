"""What holds for any graph, by an oracle that shares nothing with ``registry.graph``, and by networkx.

The oracle follows the rules as they are told, in rounds: who is hit in this round by those hit before it? It keeps
sets of (code, whole or in part) and tries every rule on everything each time, so it is slow and easy to believe.
"""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import networkx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from registry.graph import Edge, Graph, Node, Severity

pytestmark = pytest.mark.anywhere

examples = settings(max_examples=50, deadline=None)
WHOLE, PART = "whole", "part"


class World(NamedTuple):
    """A graph before it is one. Codes are given so that keys and codes are in different orders."""

    nodes: list[Node]
    edges: list[Edge]
    needed: dict[int, int]

    def graph(self) -> Graph:
        return Graph(self.nodes, self.edges, self.needed)

    @property
    def keys(self) -> list[int]:
        return [node.key for node in self.nodes]


@st.composite
def worlds(draw, most=7, parents=True, groups=True):
    """Small and dense: loops and parallel edges, loops among parents, unknown ends, groups that need 1 to 4."""
    size = draw(st.integers(1, most))
    keys = list(range(1, size + 1))
    codes = draw(st.permutations("ABCDEFGHIJ"[:size]))
    known_or_not = st.sampled_from([*keys, 99])
    nodes = [
        Node(
            key,
            code,
            parent=draw(st.none() | known_or_not) if parents else None,
            criticality=draw(st.none() | st.integers(1, 4)),
            is_system=draw(st.booleans()),
        )
        for key, code in zip(keys, codes, strict=True)
    ]
    group = st.sampled_from([None, None, 1, 2]) if groups else st.none()
    edge = st.builds(Edge, known_or_not, known_or_not, st.sampled_from(Severity), group)
    edges = draw(st.lists(edge, max_size=3 * size))
    return World(nodes, edges, draw(st.dictionaries(st.sampled_from([1, 2]), st.integers(1, 4))))


class Told(NamedTuple):
    severity: Severity
    distance: int
    path: tuple[str, ...]
    in_part: bool


@dataclass
class Round:
    """One severity's rounds: by (code, whole or part), the round in which it was hit, and the best way to it."""

    number: dict[tuple[str, str], int]
    way: dict[tuple[str, str], tuple[str, ...]]

    def lost_in(self, code):
        """The first round in which the asset was hit in any way, and the best way of that round; None if never."""
        rounds = [(self.number[s], self.way[s]) for s in ((code, WHOLE), (code, PART)) if s in self.number]
        return min(rounds) if rounds else None


class Oracle:
    def __init__(self, world):
        self.code = {node.key: node.code for node in world.nodes}
        self.parent = {n.code: self.code[n.parent] for n in world.nodes if n.parent in self.code}
        self.edges = []
        self.groups: dict[tuple[str, int], dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
        self.needed = {}
        for source, target, importance, group in world.edges:
            if source in self.code and target in self.code and source != target:
                if group is None:
                    self.edges.append((self.code[source], self.code[target], importance))
                else:
                    name = (self.code[source], group)
                    self.groups[name][self.code[target]].append(importance)
                    self.needed[name] = world.needed.get(group, 1)

    def enough(self, name):
        """How many of the group must stand; all of them if there are too few to begin with."""
        return min(self.needed[name], len(self.groups[name]))

    def lost(self, name, level, rounds, before):
        """The members that the source has lost at this level before the round given."""
        return {
            member
            for member, importances in self.groups[name].items()
            if max(importances) >= level and (hit := rounds.lost_in(member)) is not None and hit[0] < before
        }

    def rounds(self, failed, level):
        start = [(code, WHOLE) for code in failed]
        rounds = Round(dict.fromkeys(start, 0), {state: (state[0],) for state in start})
        number = 0
        while number in rounds.number.values():
            number += 1
            found = defaultdict(list)
            for state, when in rounds.number.items():
                if when == number - 1:
                    for following in self.follows(state, level):
                        found[following].append(rounds.way[state])
            for name, members in self.groups.items():
                gone = self.lost(name, level, rounds, number)
                fresh = gone - self.lost(name, level, rounds, number - 1)
                if fresh and len(members) - len(gone) < self.enough(name):
                    found[name[0], WHOLE].append(min(rounds.lost_in(member)[1] for member in fresh))
            for state, ways in found.items():
                if state not in rounds.number:
                    rounds.number[state] = number
                    rounds.way[state] = (*min(ways), state[0])
        return rounds

    def follows(self, state, level):
        """Who is hit at this level because one (code, whole or in part) is, by the rules a), b) and c)."""
        code, extent = state
        for source, target, importance in self.edges:
            if target == code and importance >= level:
                yield source, WHOLE
        for part, parent in self.parent.items():
            if parent == code and extent == WHOLE:
                yield part, WHOLE
            if part == code and level <= Severity.DEGRADED:
                yield parent, PART

    def impact(self, failed, already=()):
        failed = {self.code[key] for key in (*failed, *already) if key in self.code}
        levels = {level: self.rounds(failed, level) for level in Severity}
        told = {}
        for code in set(self.code.values()) - failed:
            hit_at = [level for level in Severity if levels[level].lost_in(code)]
            if hit_at:
                worst = levels[max(hit_at)]
                distance = levels[Severity.MINOR].lost_in(code)[0]
                told[code] = Told(
                    max(hit_at), distance, worst.lost_in(code)[1], (code, WHOLE) not in worst.number
                )
        return told

    def reduced(self, failed):
        failed = {self.code[key] for key in failed if key in self.code}
        rounds = self.rounds(failed, Severity.MINOR)
        found = {}
        for name, members in self.groups.items():
            lost = self.lost(name, Severity.MINOR, rounds, before=10**9)
            if lost and len(members) - len(lost) >= self.enough(name) and name[0] not in failed:
                found[name] = (lost, len(members) - len(lost), self.needed[name])
        return found


def told(world, answer):
    code = {node.key: node.code for node in world.nodes}
    assert len({hit.key for hit in answer.hits}) == len(answer.hits)
    return {
        code[hit.key]: Told(hit.severity, hit.distance, tuple(code[key] for key in hit.path), hit.in_part)
        for hit in answer.hits
    }


any_keys = st.lists(st.integers(1, 8), max_size=3)


@examples
@given(worlds(), any_keys, any_keys)
def test_impact_is_what_the_rules_say(world, failed, already):
    graph, oracle = world.graph(), Oracle(world)
    answer = graph.impact(failed, already)
    assert told(world, answer) == oracle.impact(failed, already)
    before = {code: hit.severity for code, hit in oracle.impact(already).items()}
    for hit in answer.hits:
        assert hit.before == before.get(oracle.code[hit.key])
    code = oracle.code
    assert {
        (code[r.source], r.group): ({code[key] for key in r.lost}, r.standing, r.needed)
        for r in answer.reduced
    } == oracle.reduced([*failed, *already])


@examples
@given(worlds(most=5, groups=False), any_keys)
def test_without_alternatives_it_is_the_best_of_all_ways_written_out(world, failed):
    """No levels and no rounds here: every way there is, with the weakest link on each."""
    oracle = Oracle(world)
    failed_codes = {oracle.code[key] for key in failed if key in oracle.code}
    ways = defaultdict(set)

    def go(state, severity, path, seen):
        code, extent = state
        if code not in failed_codes:
            ways[code].add((severity, path))
        steps = [
            ((source, WHOLE), min(severity, cap)) for source, target, cap in oracle.edges if target == code
        ]
        if extent == WHOLE:
            steps += [((part, WHOLE), severity) for part, parent in oracle.parent.items() if parent == code]
        if code in oracle.parent:
            steps.append(((oracle.parent[code], PART), min(severity, Severity.DEGRADED)))
        for following, hardness in steps:
            if following not in seen:
                go(following, hardness, (*path, following[0]), seen | {following})

    for code in failed_codes:
        go((code, WHOLE), Severity.CRITICAL, (code,), {(code, WHOLE)})
    expected = {}
    for code, found in ways.items():
        worst = max(severity for severity, _ in found)
        length = min(len(path) for severity, path in found if severity == worst)
        path = min(path for severity, path in found if severity == worst and len(path) == length)
        expected[code] = (worst, min(len(path) - 1 for _, path in found), path)
    assert {code: hit[:3] for code, hit in told(world, world.graph().impact(failed)).items()} == expected


@examples
@given(worlds(), any_keys, st.randoms(use_true_random=False))
def test_the_order_of_what_is_given_plays_no_role(world, failed, chance):
    mixed = World(list(world.nodes), list(world.edges), world.needed)
    chance.shuffle(mixed.nodes)
    chance.shuffle(mixed.edges)
    one, other = world.graph(), mixed.graph()
    assert one.impact(failed) == other.impact(failed[::-1])
    assert one.upstream(failed) == other.upstream(failed[::-1])
    assert one.inherited == other.inherited
    assert one.single_points() == other.single_points()
    assert one.cycles() == other.cycles()
    assert one.longest_chain() == other.longest_chain()


def asked_one_by_one(world, goals, already=()):
    """By key: the best of the hits on the goals when each asset fails alone."""
    graph = world.graph()
    code = {node.key: node.code for node in world.nodes}
    found = {}
    for key in set(world.keys) - {*goals, *already}:
        hits = [hit for hit in graph.impact([key]).hits if hit.key in goals]
        if hits:
            worst = max(hit.severity for hit in hits)
            paths = [tuple(code[k] for k in hit.path) for hit in hits if hit.severity == worst]
            found[code[key]] = Told(
                worst,
                min(hit.distance for hit in hits),
                min(paths, key=lambda path: (len(path), path)),
                all(hit.in_part for hit in hits if hit.severity == worst),
            )
    return found


@examples
@given(worlds(), any_keys)
def test_upstream_is_asking_of_every_asset_in_turn(world, goals):
    answer = world.graph().upstream(goals)
    assert answer.unresolved == 0
    assert told(world, answer) == asked_one_by_one(world, goals)


@examples
@given(worlds())
def test_findings_are_counted_again_by_impact(world):
    graph = world.graph()
    criticality = {node.key: node.criticality for node in world.nodes}
    systems = {node.key for node in world.nodes if node.is_system}
    inherited, single = {}, {}
    for key in world.keys:
        stopped = {hit.key for hit in graph.impact([key]).hits if hit.severity is Severity.CRITICAL}
        known = [criticality[k] for k in stopped if criticality[k] is not None]
        if known:
            inherited[key] = max(known)
        if stopped & systems:
            single[key] = len(stopped & systems)
    assert graph.inherited == inherited
    assert graph.single_points() == single
    assert graph.single_points(2) == {key: n for key, n in single.items() if n >= 2}


def dense_world(chance):
    """Six to nine assets with many alternatives, where ways often tie and groups often tip."""
    keys = list(range(1, chance.randint(6, 9) + 1))
    codes = chance.sample("ABCDEFGHI", len(keys))
    nodes = [
        Node(key, code, chance.choice(keys) if chance.random() < 0.2 else None)
        for key, code in zip(keys, codes, strict=True)
    ]
    edges = [
        Edge(
            chance.choice(keys), chance.choice(keys), chance.choice((1, 2, 3, 3)), chance.choice((None, 1, 2))
        )
        for _ in range(chance.randint(8, 22))
    ]
    return World(nodes, edges, {1: chance.randint(1, 3), 2: 1})


@pytest.mark.parametrize("batch", range(4))
def test_dense_worlds_are_what_the_rules_say(batch):
    """Besides hypothesis, which seldom draws ties between ways through tipped groups."""
    for seed in range(300 * batch, 300 * (batch + 1)):
        chance = random.Random(seed)
        world = dense_world(chance)
        oracle = Oracle(world)
        failed = chance.sample(world.keys, 2)
        assert told(world, world.graph().impact(failed[:1])) == oracle.impact(failed[:1]), seed
        assert told(world, world.graph().impact(failed)) == oracle.impact(failed), seed
        assert told(world, world.graph().upstream(failed)) == asked_one_by_one(world, failed), seed


def leaning(world):
    """Who leans on what at all, for networkx: uses and parents."""
    found = networkx.DiGraph()
    found.add_nodes_from(world.keys)
    found.add_edges_from(
        (source, target)
        for source, target, *_ in [*world.edges, *((n.key, n.parent) for n in world.nodes)]
        if source in found and target in found and source != target
    )
    return found


@examples
@given(worlds(most=10))
def test_cycles_are_the_strong_components(world):
    graph, leans = world.graph(), leaning(world)
    strong = [c for c in networkx.strongly_connected_components(leans) if len(c) > 1]
    by_code = {node.key: node.code for node in world.nodes}
    expected = sorted((sorted(c, key=by_code.__getitem__) for c in strong), key=lambda c: by_code[c[0]])
    assert graph.cycle_members() == [tuple(c) for c in expected]
    rings = graph.cycles()
    assert [ring[0] for ring in rings] == [c[0] for c in expected]
    for ring, members in zip(rings, expected, strict=True):
        assert ring[0] == ring[-1]
        assert len(ring) > 2
        assert len(set(ring)) == len(ring) - 1
        assert set(ring) <= set(members)
        assert all(leans.has_edge(*step) for step in pairwise(ring))
        inside = leans.subgraph(members)
        shortest = min(networkx.shortest_path_length(inside, n, ring[0]) for n in inside[ring[0]])
        assert len(ring) - 2 == shortest


@examples
@given(worlds(most=10))
def test_the_longest_chain_is_as_long_as_any_and_real(world):
    leans = leaning(world)
    condensed = networkx.condensation(leans)
    chain = world.graph().longest_chain()
    assert all(leans.has_edge(*step) for step in pairwise(chain))
    assert len(set(chain)) == len(chain)
    passed = {condensed.graph["mapping"][key] for key in chain}
    assert len(passed) == len(networkx.dag_longest_path(condensed))


@examples
@given(worlds())
def test_unused_and_isolated_are_what_they_say(world):
    graph = world.graph()
    live = [e for e in world.edges if e.source in graph and e.target in graph and e.source != e.target]
    used = {edge.target for edge in live}
    for _ in world.nodes:
        used |= {node.parent for node in world.nodes if node.key in used}
    by_code = sorted(world.nodes, key=lambda node: node.code)
    assert graph.unused() == [n.key for n in by_code if not n.is_system and n.key not in used]
    users = {edge.source for edge in live}
    assert graph.isolated() == [n.key for n in by_code if n.is_system and n.key not in users]


@examples
@given(worlds(most=10, parents=False, groups=False), any_keys)
def test_without_parents_and_alternatives_the_hit_are_the_descendants(world, failed):
    spreads = leaning(world).reverse()
    known = {key for key in failed if key in spreads}
    reached = set().union(*(networkx.descendants(spreads, key) for key in known)) - known
    assert {hit.key for hit in world.graph().impact(failed).hits} == reached


def big_world(size, edges, seed):
    chance = random.Random(seed)
    keys = range(size)
    nodes = [
        Node(
            key,
            f"A-{chance.random():.12f}",
            chance.randrange(size) if chance.random() < 0.1 else None,
            chance.randint(1, 4),
            chance.random() < 0.9,
        )
        for key in keys
    ]
    return World(
        nodes,
        [
            Edge(chance.randrange(size), chance.randrange(size), chance.choice((1, 2, 2, 3)))
            for _ in range(edges)
        ],
        {},
    )


@pytest.fixture(scope="module")
def big():
    return big_world(2_000, 20_000, seed=3)


class TestABigGraph:
    def test_severity_and_distance_are_networkx_s(self, big):
        """One graph of states per severity, asked by networkx: who is reached, and in how many steps."""
        failed = [5, 17]
        steps: dict[Severity, dict[int, int]] = {}
        for level in Severity:
            spreads = networkx.DiGraph()
            for source, target, importance, _ in big.edges:
                if importance >= level:
                    spreads.add_edge((target, WHOLE), (source, WHOLE))
                    spreads.add_edge((target, PART), (source, WHOLE))
            for node in big.nodes:
                if node.parent is not None:
                    spreads.add_edge((node.parent, WHOLE), (node.key, WHOLE))
                    if level <= Severity.DEGRADED:
                        spreads.add_edge((node.key, WHOLE), (node.parent, PART))
                        spreads.add_edge((node.key, PART), (node.parent, PART))
            spreads.add_edges_from(("start", (key, WHOLE)) for key in failed)
            lengths = networkx.single_source_shortest_path_length(spreads, "start")
            steps[level] = {}
            for (key, _), n in sorted((s, n) for s, n in lengths.items() if s != "start"):
                steps[level][key] = min(n - 1, steps[level].get(key, n))
        hits = big.graph().impact(failed).hits
        assert {hit.key for hit in hits} == set(steps[Severity.MINOR]) - set(failed)
        for hit in hits:
            worst = max(level for level in Severity if hit.key in steps[level])
            assert hit.severity is worst
            assert hit.distance == steps[Severity.MINOR][hit.key]
            assert len(hit.path) - 1 == steps[worst][hit.key]
        assert len(hits) > 1_900

    def test_inherited_and_single_points_are_asked_again_of_some(self, big):
        graph = big.graph()
        for key in range(0, 2_000, 100):
            stopped = {hit.key for hit in graph.impact([key]).hits if hit.severity is Severity.CRITICAL}
            values = [graph.nodes[graph.index[k]] for k in stopped]
            assert graph.inherited.get(key) == max((n.criticality for n in values), default=None)
            assert graph.single_points().get(key, 0) == sum(n.is_system for n in values)

    def test_cycles_are_networkx_s(self, big):
        strong = networkx.strongly_connected_components(leaning(big))
        assert {frozenset(c) for c in big.graph().cycle_members()} == {
            frozenset(c) for c in strong if len(c) > 1
        }
