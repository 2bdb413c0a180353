"""Rings and chains: pure functions over who leans on whom.

Nodes are 0, 1, 2 …; ``leans[i]`` are those that node *i* leans on, in rising order, itself not among them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

Leans = Sequence[Sequence[int]]


def strong_components(leans: Leans) -> list[list[int]]:
    """All nodes in strong components: everybody in one leans on everybody else in it, directly or not.

    Those who are leaned on come before those who lean on them. (Kosaraju and Sharir: from the node that was left last,
    those it leans on and that are in no component yet make up its own.)
    """
    users: list[list[int]] = [[] for _ in leans]
    for node, targets in enumerate(leans):
        for target in targets:
            users[target].append(node)
    found: list[list[int]] = []
    placed: set[int] = set()
    for start in reversed(_in_order_of_leaving(users)):
        if start not in placed:
            component = [start]
            placed.add(start)
            for node in component:  # it grows meanwhile
                fresh = [other for other in leans[node] if other not in placed]
                placed.update(fresh)
                component += fresh
            found.append(sorted(component))
    return found


def _in_order_of_leaving(neighbours: Leans) -> list[int]:
    """All nodes, each after those that are first met through it (depth-first, without recursion)."""
    left: list[int] = []
    met: set[int] = set()
    for start in range(len(neighbours)):
        if start in met:
            continue
        met.add(start)
        way = [(start, iter(neighbours[start]))]  # the nodes on the way, and what remains to be met from each
        while way:
            node, rest = way[-1]
            fresh = next((other for other in rest if other not in met), None)
            if fresh is None:
                left.append(node)
                way.pop()
            else:
                met.add(fresh)
                way.append((fresh, iter(neighbours[fresh])))
    return left


def ring(leans: Leans, component: Sequence[int]) -> list[int]:
    """A shortest ring through the first node of a strong component with several nodes; it begins and ends there."""
    return _way(leans, component[0], component, component[:1])


def longest_chain(leans: Leans, components: Sequence[Sequence[int]]) -> list[int]:
    """A way that passes as many of the ``strong_components`` as any can, each node leaning on the next.

    Inside a component it takes the shortest way on. Where several are as long, the first in order.
    """
    component_of = {node: at for at, component in enumerate(components) for node in component}
    passed: list[int] = []  # by component: how many a way from there passes at most
    following: list[int] = []  # the next of them, -1 at the end
    for at, component in enumerate(components):
        below = {component_of[other] for node in component for other in leans[node]} - {at}
        best = max(below, key=lambda b: (passed[b], -components[b][0]), default=-1)
        following.append(best)
        passed.append(passed[best] + 1 if best >= 0 else 1)
    if not components:
        return []
    at = max(range(len(components)), key=lambda a: (passed[a], -components[a][0]))
    way = [components[at][0]]
    while following[at] >= 0:
        way += _way(leans, way[-1], components[at], components[following[at]])[1:]
        at = following[at]
    return way


def _way(leans: Leans, start: int, inside: Collection[int], to: Collection[int]) -> list[int]:
    """A shortest way from ``start`` through nodes ``inside`` to one of ``to``, both ends among it; [] if none."""
    inside, to = set(inside), set(to)
    came_from = {start: -1}
    queue = [start]
    for node in queue:  # it grows meanwhile
        for other in leans[node]:
            if other in to:
                way = [other]
                back = node
                while back >= 0:
                    way.append(back)
                    back = came_from[back]
                return way[::-1]
            if other in inside and other not in came_from:
                came_from[other] = node
                queue.append(other)
    return []
