"""Findings: what in the landscape of a day somebody should look at, and what a single asset carries.

Each finding is a list of keys in the order in which to look at them. What concerns how a failure spreads is read from
the graph; the others have their one meaning in ``queries`` and the querysets.
"""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from django.db.models import Q

from foi_portal.core.danish import sort_key
from foi_portal.ui import formats
from registry import queries
from registry.graph import Severity
from registry.landscape import NOT_RUNNING, Facts, Landscape
from registry.models import (
    Asset,
    Component,
    ComponentType,
    Criticality,
    Dependency,
    Lifecycle,
    System,
)

MANY = 5  # fagsystemer: so many make a single point of failure, whatever their criticality
HIGH = Criticality.HIGH
NAMED = 3  # names in a reason


# --- What is found ----------------------------------------------------------------------------------------------


def single_points(found: Landscape) -> dict[int, int]:
    """By key: how many fagsystemer stop when the asset alone fails; at least one critical or ``MANY`` in all.

    Those that stop the most first.
    """
    critical = {f.key for f in found.assets.values() if f.is_system and f.criticality == Criticality.CRITICAL}
    all_counts, serious = found.graph.single_points(), found.graph.single_points(among=critical)
    counts = {key: n for key, n in all_counts.items() if n >= MANY or key in serious}
    return dict(sorted(counts.items(), key=lambda pair: (-pair[1], found.code(pair[0]))))


def understated(found: Landscape) -> dict[int, int]:
    """By key: the inherited criticality of assets whose own is lower or not set. The highest first."""
    low = {k: n for k, n in found.graph.inherited.items() if (found.assets[k].criticality or 0) < n}
    return dict(sorted(low.items(), key=lambda pair: (-pair[1], found.code(pair[0]))))


class Ending(NamedTuple):
    """A planned end: from when it is phased out, and its first day out of operation, as far as they are known."""

    phasing_out_from: datetime.date | None
    retired_from: datetime.date | None
    criticality: int  # the higher of own and inherited
    inherited: bool  # it is the inherited one


def ending(found: Landscape) -> dict[int, Ending]:
    """By key: assets in operation of criticality ``HIGH`` or more, own or inherited, whose end is planned.

    The nearest end first, unknown ones last. One query.
    """
    planned = Q(lifecycle=Lifecycle.PHASING_OUT) | ~Q(phasing_out_from=None) | ~Q(retired_from=None)
    rows = Asset.objects.current().filter(planned).order_by()
    ends = {}
    for key, since, until in rows.values_list("pk", "phasing_out_from", "retired_from"):
        if key in found.graph:
            own, inherited = found.assets[key].criticality or 0, found.graph.inherited.get(key, 0)
            if max(own, inherited) >= HIGH:
                ends[key] = Ending(since, until, max(own, inherited), inherited > own)

    def nearest(pair: tuple[int, Ending]) -> tuple[datetime.date, str]:
        dates = [day for day in (pair[1].phasing_out_from, pair[1].retired_from) if day and day >= found.on]
        return min(dates, default=datetime.date.max), found.code(pair[0])

    return dict(sorted(ends.items(), key=nearest))


class Ring(NamedTuple):
    """Assets that lean on each other: a shortest ring (first and last alike), and all that are in rings with it."""

    way: tuple[Facts, ...]
    members: tuple[Facts, ...]


def rings(found: Landscape) -> list[Ring]:
    ways, members = found.graph.cycles(), found.graph.cycle_members()
    return [
        Ring(tuple(found.assets[key] for key in way), tuple(found.assets[key] for key in all_))
        for way, all_ in zip(ways, members, strict=True)
    ]


def keys(name: str, found: Landscape) -> list[int]:
    """The assets of a finding that lists filter by (``?fund=``); empty for an unknown one."""
    if name == "single_point":
        return list(single_points(found))
    if name == "understated":
        return list(understated(found))
    if name == "ending":
        return list(ending(found))
    if name == "cycle":
        return [facts.key for ring in rings(found) for facts in ring.members]
    return []


# --- What is told of it -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """An asset and why it is among the findings: ``says``, the first ``named`` assets and how many ``more``.

    ``short`` is what a narrow list has room for.
    """

    facts: Facts
    says: str
    named: tuple[Facts, ...] = ()
    more: int = 0
    short: str = ""

    @property
    def count(self) -> int:
        return len(self.named) + self.more


@dataclass(frozen=True)
class Section:
    """A finding: its name in addresses, its words, the rule in one sentence, and all that it is about, in order.

    ``one`` and ``many`` follow the number. ``lists`` is the query of the registry's lists that give the same assets.
    ``tell`` makes rows of some of the items; a ring is its own row.
    """

    name: str
    one: str
    many: str
    rule: str
    lists: str
    found: Landscape
    items: Sequence[int] = ()
    rings: Sequence[Ring] = ()
    tell: Callable[[Landscape, Sequence[int]], list[Row]] | None = None

    def __len__(self) -> int:
        return len(self.items) or len(self.rings)

    @property
    def title(self) -> str:
        return self.one if len(self) == 1 else self.many

    @property
    def per_kind(self) -> list[tuple[str, int]]:
        """How many of the assets are of each kind; kinds there are none of are left out."""
        keys_ = [*self.items, *(facts.key for ring in self.rings for facts in ring.members)]
        return sorted(Counter(self.found.assets[key].kind for key in keys_).items())

    def rows(self, start: int = 0, stop: int | None = None) -> Sequence[Row] | Sequence[Ring]:
        """Some of it, told. No queries."""
        if self.tell is None:
            return self.rings[start:stop]
        return self.tell(self.found, self.items[start:stop])


def of_the_graph(found: Landscape) -> list[Section]:
    """What follows from how a failure spreads, the gravest first. One query."""
    ends = ending(found)
    return [
        Section(
            "single_point",
            "svagt punkt",
            "svage punkter",
            f"Svigter den alene, stopper mindst ét fagsystem med kritikalitet 4 eller mindst {MANY} fagsystemer.",
            "fund=single_point",
            found,
            list(single_points(found)),
            tell=_tell_single_points,
        ),
        Section(
            "understated",
            "bærer mere, end den er vurderet til",
            "bærer mere, end de er vurderet til",
            "Egen kritikalitet mangler eller er lavere end den højeste blandt det, der stopper, hvis den svigter.",
            "fund=understated",
            found,
            list(understated(found)),
            tell=_tell_understated,
        ),
        Section(
            "ending",
            "kritisk med planlagt slutning",
            "kritiske med planlagt slutning",
            "Kritikaliteten er 3 eller 4, egen eller arvet, og den udfases eller har en slutdato.",
            "fund=ending",
            found,
            list(ends),
            tell=partial(_tell_ending, ends),
        ),
        Section(
            "cycle",
            "ring af afhængigheder",
            "ringe af afhængigheder",
            "Hver bruger eller hører til den næste, og den sidste den første.",
            "fund=cycle",
            found,
            rings=rings(found),
        ),
    ]


def sections(found: Landscape) -> list[Section]:
    """Every finding in today's landscape. Five queries."""
    in_use = {f.key: f for f in found.assets.values() if f.lifecycle not in NOT_RUNNING}
    retired = _users_of_retired()
    isolated = set(System.objects.without_dependencies().order_by().values_list("pk", flat=True))
    return [
        *of_the_graph(found),
        Section(
            "retired",
            "udfaset komponent bruges stadig",
            "udfasede komponenter bruges stadig",
            "Komponenten er udfaset, men mindst én afhængighed af den er ikke ophørt.",
            "missing=replacement",
            found,
            _by_name(found, retired),
            tell=partial(_tell_retired, retired),
        ),
        Section(
            "isolated",
            "fagsystem uden afhængigheder",
            "fagsystemer uden afhængigheder",
            "Der er intet skrevet om, hvad fagsystemet bruger.",
            "missing=dependencies",
            found,
            _by_name(found, isolated),
            tell=_tell_simply,
        ),
        Section(
            "unused",
            "komponent, som ingen bruger",
            "komponenter, som ingen bruger",
            "Ingen afhængighed peger på komponenten, hverken direkte eller gennem dens moduler.",
            "missing=users",
            found,
            _by_name(found, (key for key in queries.unused_keys() if key in in_use)),
            tell=_tell_simply,
        ),
        Section(
            "no_department",
            "fagsystem uden forvaltning",
            "fagsystemer uden forvaltning",
            "Ingen forvaltning står som ejer af fagsystemet.",
            "missing=owner",
            found,
            _by_name(found, (f.key for f in in_use.values() if f.is_system and f.department is None)),
            tell=_tell_simply,
        ),
        Section(
            "no_owner",
            "komponent uden ejer",
            "komponenter uden ejer",
            "Ingen myndighed eller leverandør står som ejer af komponenten.",
            "missing=owner",
            found,
            _by_name(found, (f.key for f in in_use.values() if not f.is_system and f.provider is None)),
            tell=_tell_simply,
        ),
    ]


def _by_name(found: Landscape, wanted: Iterable[int]) -> list[int]:
    facts = [found.assets[key] for key in wanted if key in found.assets]
    return [f.key for f in sorted(facts, key=lambda f: (sort_key(f.name), f.code))]


def _tell_single_points(found: Landscape, wanted: Sequence[int]) -> list[Row]:
    rows = []
    for key in wanted:
        hit = _gravest(found, (k for k in found.graph.stopped_by(key) if found.assets[k].is_system))
        short = f"stopper {formats.plain(len(hit))} fagsystem{'' if len(hit) == 1 else 'er'}"
        rows.append(Row(found.assets[key], f"{short}:", tuple(hit[:NAMED]), len(hit[NAMED:]), short))
    return rows


def _tell_understated(found: Landscape, wanted: Sequence[int]) -> list[Row]:
    rows = []
    for key in wanted:
        facts, level = found.assets[key], found.graph.inherited[key]
        stopped = found.graph.stopped_by(key)
        hit = _gravest(found, (k for k in stopped if found.assets[k].criticality == level))
        short = f"arver {Criticality(level).label}"
        says = f"{_own(facts.criticality)}, men {short}, for den stopper"
        rows.append(Row(facts, says, tuple(hit[:1]), len(hit[1:]), short))
    return rows


def _tell_ending(ends: Mapping[int, Ending], found: Landscape, wanted: Sequence[int]) -> list[Row]:
    rows = []
    for key in wanted:
        end, facts = ends[key], found.assets[key]
        words = ["udfases"] if facts.lifecycle == Lifecycle.PHASING_OUT else []
        if end.phasing_out_from:
            words = [f"udfases fra {formats.year_or_date(end.phasing_out_from)}"]
        if end.retired_from:
            words.append(f"lukker {formats.year_or_date(end.retired_from)}")
        level = f"{'arver' if end.inherited else 'er vurderet til'} {Criticality(end.criticality).label}"
        rows.append(Row(facts, f"{' og '.join(words)}, men {level}", short=" og ".join(words)))
    return rows


def _tell_retired(using: Mapping[int, Collection[int]], found: Landscape, wanted: Sequence[int]) -> list[Row]:
    rows = []
    for key in wanted:
        users, short = _gravest(found, (k for k in using[key] if k in found.assets)), "bruges stadig"
        rows.append(Row(found.assets[key], f"{short} af", tuple(users[:NAMED]), len(users[NAMED:]), short))
    return rows


def _users_of_retired() -> dict[int, set[int]]:
    """By key of each retired component that is still used: who uses it. One query."""
    using: dict[int, set[int]] = defaultdict(set)
    links = Dependency.objects.ongoing().filter(target__in=Component.objects.retired_but_used()).order_by()
    for source, target in links.values_list("source", "target"):
        using[target].add(source)
    return using


def _tell_simply(found: Landscape, wanted: Sequence[int]) -> list[Row]:
    """What it is: a component's type, a fagsystem's department."""
    rows = []
    for facts in (found.assets[key] for key in wanted):
        owner = found.organisations.get(facts.department or 0)
        says = owner.name if owner else "Uden forvaltning"
        if not facts.is_system:
            says = str(ComponentType(facts.component_type).label)
        rows.append(Row(facts, says, short=says))
    return rows


def _gravest(found: Landscape, wanted: Iterable[int]) -> list[Facts]:
    """The assets by criticality, the highest first, then by name."""
    facts = (found.assets[key] for key in wanted)
    return sorted(facts, key=lambda f: (-(f.criticality or 0), sort_key(f.name), f.code))


def _own(criticality: int | None) -> str:
    return f"vurderet til {Criticality(criticality).label}" if criticality else "ikke vurderet"


# --- What one asset carries -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bearing:
    """What happens when one asset fails: how many fagsystemer are hit, and which criticality it inherits.

    ``inherited`` is the label of the highest criticality among what stops, because of ``because`` (the nearest) and
    ``others``; ``way`` leads from the asset to it. ``is_understated``: its own criticality is lower or not set.
    """

    stops: int
    degrades: int
    bothers: int
    inherited: str = ""
    because: Facts | None = None
    others: int = 0
    way: tuple[Facts, ...] = ()
    is_understated: bool = False


def bearing(found: Landscape, key: int) -> Bearing | None:
    """What the asset carries; None when it is not in operation."""
    if key not in found.graph:
        return None
    hits = found.graph.impact([key]).hits
    severities = [hit.severity for hit in hits if found.assets[hit.key].is_system]
    stops, degrades, bothers = (severities.count(level) for level in sorted(Severity, reverse=True))
    levels = [(found.assets[h.key].criticality or 0, h) for h in hits if h.severity is Severity.CRITICAL]
    highest = max((level for level, _ in levels), default=0)
    if not highest:
        return Bearing(stops, degrades, bothers)
    carried = [hit for level, hit in levels if level == highest]  # the nearest first, as the hits come
    return Bearing(
        stops,
        degrades,
        bothers,
        inherited=str(Criticality(highest).label),
        because=found.assets[carried[0].key],
        others=len(carried) - 1,
        way=tuple(found.assets[k] for k in carried[0].path),
        is_understated=(found.assets[key].criticality or 0) < highest,
    )


__all__ = [
    "Bearing",
    "Ending",
    "Ring",
    "Row",
    "Section",
    "bearing",
    "ending",
    "keys",
    "of_the_graph",
    "rings",
    "sections",
    "single_points",
    "understated",
]
