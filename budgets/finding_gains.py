"""Possible gains that the landscape itself shows. Pure: keys in, keys out, no Django.

Each finder is one function with its rule in its docstring. They only *propose*: the registry knows which component
fetches from which register, and not whether that covers what a fagsystem needs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from budgets.gain_world import CARRYING, MODULE, PLATFORM, REGISTER, SERVICE, Finding, Link, World


def direct_register(world: World) -> list[Finding]:
    """A fagsystem fetches from a register itself, and a component already fetches from it for others.

    The component must move data the ways the fagsystem does: who also *writes* to CPR has no use for a service that
    only reads. Where several do, the one whose platform the fagsystem uses already is proposed, then the one most
    use. A register that belongs to a platform is that platform's own service, so using it is not going round it.
    The gain is the component's, for it grows with its use. Most critical fagsystem first.
    """
    found = []
    for link, keys in world.direct:
        if world.things[link.target].type == REGISTER:
            best = _best_offer(world, link)
            if best is not None:
                found.append(best._as(direct_register.__name__, keys))
    return _by_criticality(world, found)


def two_ways(world: World) -> list[Finding]:
    """A fagsystem exchanges data with something itself, and also uses a shared component that does the same for it.

    Such as sending letters to the printing house both by itself and by the shared post component. Registers are
    ``direct_register``'s. Most critical fagsystem first.
    """
    found = []
    for link, keys in world.direct:
        target = world.things[link.target]
        if not target.is_system and target.type in CARRYING:
            best = _best_offer(world, link, used_by_itself=True)
            if best is not None:
                found.append(best._as(two_ways.__name__, keys))
    return _by_criticality(world, found)


class _Offer(NamedTuple):
    """A component that could do what the link does. Sorts the best first."""

    unused: bool  # the user uses neither it nor its platform
    few: int  # minus how many use it
    component: int
    link: Link
    shown_by: int
    way: int | None

    def _as(self, finder: str, keys: tuple[int, ...]) -> Finding:
        links = (*keys, self.shown_by, *((self.way,) if self.way is not None else ()))
        return Finding(
            finder,
            about=(self.link.source, self.link.target),
            gains=self.component,
            user=self.link.source,
            links=tuple(dict.fromkeys(links)),
            known_way=not self.unused,
        )


def _best_offer(world: World, link: Link, used_by_itself: bool = False) -> _Offer | None:
    """The best component that does what ``link`` does. ``used_by_itself``: the user must exchange data with it."""
    offers = []
    for offer, shown_by in world.offers.get(link.target, ()):
        if not offer.covers(link):
            continue
        wanted = offer.source if used_by_itself else world.platform(offer.source)
        way = next(
            (
                own.key
                for own in world.uses[link.source]
                if own.target != link.target
                and (own.carries or not used_by_itself)
                and wanted in world.above(own.target)
            ),
            None,
        )
        if way is not None or not used_by_itself:
            few = -len(world.systems_of(offer.source) - {link.source})
            offers.append(_Offer(way is None, few, offer.source, link, shown_by, way))
    return min(offers, default=None)


def bilateral(world: World) -> list[Finding]:
    """A fagsystem exchanges data with another by itself, and both are connected to something that could carry it.

    The one that gives must write to the shared component and the one that takes must read from it: both reading
    the same register carries nothing. Shared is the component itself, the module that both use services of, or the
    nearest platform; the nearest is proposed, then the one most use. Most critical fagsystem first.
    """
    writes, reads = _ends(world, "writes"), _ends(world, "reads")
    found = []
    for link, keys in world.direct:
        if not world.things[link.target].is_system:
            continue
        shared: Mapping[int, tuple[int, tuple[int, ...]]] | None = None
        for giver, taker, goes in (
            (link.target, link.source, link.reads),
            (link.source, link.target, link.writes),
        ):
            if goes:
                one_way = _shared(writes.get(giver, {}), reads.get(taker, {}))
                shared = one_way if shared is None else _shared(shared, one_way)
        if not shared:
            continue
        few = {unit: -len(world.systems_of(unit)) for unit in shared}
        best = min(shared, key=lambda unit: (shared[unit][0], few[unit], unit))
        found.append(
            Finding(
                bilateral.__name__,
                about=(link.source, link.target),
                gains=best,
                user=link.source,
                links=tuple(dict.fromkeys([*keys, *shared[best][1]])),
                known_way=shared[best][0] < _FAR,
            )
        )
    return _by_criticality(world, found)


_Shared = Mapping[
    int, tuple[int, tuple[int, ...]]
]  # by component: how far off it is, and the dependencies on it
_HERE, _NEAR, _FAR = range(3)  # the component itself, its module, its platform


def _ends(world: World, way: str) -> Mapping[int, _Shared]:
    """By fagsystem: what it writes to (or reads from), with the modules and platforms of that."""
    found: dict[int, dict[int, tuple[int, tuple[int, ...]]]] = defaultdict(dict)
    for link in world.links:
        if not world.things[link.source].is_system or world.things[link.target].type not in CARRYING:
            continue
        if not getattr(link, way) or not world.stays(link):
            continue
        own = found[link.source]
        for unit, far in _units(world, link.target):
            if unit not in own or own[unit][0] > far:
                own[unit] = (far, (link.key,))
    return found


def _units(world: World, key: int) -> Iterator[tuple[int, int]]:
    """The component, the module it is a service of, and its nearest platform, each with how far off it is."""
    yield key, _HERE
    if world.things[key].type == SERVICE:
        module = next((each for each in world.above(key) if world.things[each].type == MODULE), None)
        if module is not None:
            yield module, _NEAR
    platform = world.platform(key)
    if platform != key and world.things[platform].type == PLATFORM:
        yield platform, _FAR


def _shared(one: _Shared, other: _Shared) -> _Shared:
    """What both have, as far off as the farther of them."""
    few, many = sorted((one, other), key=len)
    return {
        unit: (max(far, many[unit][0]), (*one[unit][1], *other[unit][1]))
        for unit, (far, _) in few.items()
        if unit in many
    }


def both_generations(world: World) -> list[Finding]:
    """A fagsystem uses both something and what takes over from it. Most critical fagsystem first.

    The old is what costs, so the gain is that of leaving it.
    """
    found = []
    for old, new in _successions(world):
        for link, keys in world.pairs(world.users.get(old, ())):
            if not world.things[link.source].is_system:
                continue
            onto = [own.key for own in world.uses[link.source] if own.target == new]
            if onto:
                found.append(
                    Finding(
                        both_generations.__name__,
                        about=(link.source, old, new),
                        gains=old,
                        user=link.source,
                        links=(*keys, *sorted(onto)),
                    )
                )
    return _by_criticality(world, found)


def paid_twice(world: World, costs: Mapping[int, Decimal]) -> list[Finding]:
    """Something and what takes over from it both cost money. ``costs`` is DKK this year. Dearest old one first."""
    found = [
        Finding(paid_twice.__name__, about=(old, new), gains=old, kroner=costs[old])
        for old, new in _successions(world)
        if costs.get(old, 0) > 0 and costs.get(new, 0) > 0
    ]
    return _by_kroner(found)


def hardly_used(world: World, costs: Mapping[int, Decimal], limit: int | None) -> list[Finding]:
    """A component costs money, and at most ``limit`` fagsystemer use it (None: however many). Dearest first.

    A fagsystem uses it directly, through its modules, or through other components that use it: letters are printed
    for everybody who uses the post component. ``costs`` is DKK this year by component, its modules' not included.
    """
    found = []
    for key, kroner in costs.items():
        if kroner > 0 and key in world.things:
            users = _reached(world, key, limit)
            if limit is None or len(users) <= limit:
                found.append(
                    Finding(
                        hardly_used.__name__,
                        about=(key,),
                        gains=key,
                        others=tuple(sorted(users)),
                        kroner=kroner,
                    )
                )
    return _by_kroner(found)


def _reached(world: World, key: int, limit: int | None) -> set[int]:
    """The fagsystemer that use it in any way; no further than one more than ``limit``."""
    queue = world.below(key)
    seen, users = set(queue), set[int]()
    for each in queue:  # it grows meanwhile
        for link in world.users.get(each, ()):
            if world.things[link.source].is_system:
                users.add(link.source)
                if limit is not None and len(users) > limit:
                    return users
            elif link.source not in seen:
                fresh = [below for below in world.below(link.source) if below not in seen]
                seen.update(fresh)
                queue += fresh
    return users


def _successions(world: World) -> Iterator[tuple[int, int]]:
    """What is in operation with what takes over from it, when that is too."""
    for thing in world.things.values():
        if thing.successor is not None and thing.successor in world.things:
            yield thing.key, thing.successor


def _by_criticality(world: World, found: Iterable[Finding]) -> list[Finding]:
    """Most critical fagsystem first, then those connected already, then by key."""

    def order(finding: Finding) -> tuple[int, bool, tuple[int, ...]]:
        critical = world.things[finding.user].criticality if finding.user is not None else None
        return -(critical or 0), not finding.known_way, finding.about

    return sorted(found, key=order)


def _by_kroner(found: Collection[Finding]) -> list[Finding]:
    return sorted(found, key=lambda finding: (-(finding.kroner or 0), finding.about))


__all__ = [
    "bilateral",
    "both_generations",
    "direct_register",
    "hardly_used",
    "paid_twice",
    "two_ways",
]
