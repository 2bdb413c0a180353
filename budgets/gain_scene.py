"""The day's landscape with the possible gains that follow from it alone: found once, and kept in the process.

It is good for as long as the landscape is the same (``registry.landscape``): any change in it gives a new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock

from budgets.finding_gains import bilateral, both_generations, direct_register, two_ways
from budgets.gain_world import Finding, Link, Thing, World
from registry.landscape import Facts, Landscape
from registry.models import Asset, Dependency, DependencyStatus, Direction, Lifecycle


@dataclass(frozen=True)
class Scene:
    """A landscape with what the finders found in it, by finder, and the dependencies that show it, by key."""

    landscape: Landscape
    world: World
    found: Mapping[str, list[Finding]]
    links: Mapping[int, Link]

    def facts(self, key: int) -> Facts:
        return self.landscape.assets[key]


_kept: list[Scene] = []
_lock = Lock()


def scene_of(found: Landscape) -> Scene:
    """What is found in the landscape: two queries, or none when the same landscape was asked for last."""
    with _lock:
        if _kept and _kept[0].landscape is found:
            return _kept[0]
    scene = _load(found)
    with _lock:
        _kept[:] = [scene]
    return scene


def _load(found: Landscape) -> Scene:
    successors = dict(
        Asset.objects.current().exclude(successor=None).order_by().values_list("pk", "successor")
    )
    things = (
        Thing(
            facts.key,
            facts.is_system,
            facts.component_type,
            facts.parent,
            facts.criticality,
            facts.lifecycle == Lifecycle.PHASING_OUT,
            successors.get(facts.key),
        )
        for facts in found.assets.values()
        if facts.key in found.graph
    )
    rows = Dependency.objects.live_by_itself(found.on).order_by("pk")
    links = [
        Link(
            key,
            source,
            target,
            direction in (Direction.READS, Direction.BOTH),
            direction in (Direction.WRITES, Direction.BOTH),
            via,
            status == DependencyStatus.PHASING_OUT,
        )
        for key, source, target, direction, via, status in rows.values_list(
            "pk", "source", "target", "direction", "via", "status"
        )
    ]
    world = World(things, links)
    of_the_world = (direct_register, two_ways, bilateral, both_generations)
    results = {find.__name__: find(world) for find in of_the_world}
    shown = {key for findings in results.values() for finding in findings for key in finding.links}
    return Scene(found, world, results, {link.key: link for link in links if link.key in shown})


__all__ = ["Scene", "scene_of"]
