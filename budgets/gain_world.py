"""The landscape as the finders of possible gains see it. Pure: keys in, keys out, no Django.

Only assets in operation and their live dependencies. A dependency carries data when it reads or writes; a login carries
none. What is being phased out is neither advised to anybody nor worth the work of moving: see ``World.stays``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

PLATFORM, MODULE, SERVICE, REGISTER = "platform", "module", "service", "register"
CARRYING = (
    PLATFORM,
    MODULE,
    SERVICE,
)  # what can stand between two others; a standard or a network is followed


class Thing(NamedTuple):
    """An asset in operation. ``type`` is a component's; ``leaving``: it is being phased out."""

    key: int
    is_system: bool = False
    type: str = ""
    parent: int | None = None
    criticality: int | None = None
    leaving: bool = False
    successor: int | None = None


class Link(NamedTuple):
    """``source`` uses ``target``, by way of ``via`` if told. Neither reads nor writes: a login."""

    key: int
    source: int
    target: int
    reads: bool = True
    writes: bool = False
    via: int | None = None
    leaving: bool = False

    @property
    def carries(self) -> bool:
        return self.reads or self.writes

    def covers(self, other: Link) -> bool:
        """Whether data goes at least the ways it goes in ``other``."""
        return self.reads >= other.reads and self.writes >= other.writes


@dataclass(frozen=True, slots=True)
class Finding:
    """A possible gain. ``gains`` is the asset it would be a gain of, ``user`` the fagsystem that would change.

    ``about`` names it for ever, with the finder: what was decided about it holds for as long as these keys do.
    ``links`` are the dependencies that show it. ``others``: fagsystemer that already do it the other way.
    """

    finder: str
    about: tuple[int, ...]
    gains: int
    user: int | None = None
    links: tuple[int, ...] = ()
    others: tuple[int, ...] = ()
    kroner: Decimal | None = None
    known_way: bool = False  # the user is connected already

    @property
    def key(self) -> str:
        return "-".join([self.finder, *map(str, self.about)])


class World:
    """Assets in operation and their live dependencies, indexed. Links that name unknown assets are left out."""

    def __init__(self, things: Iterable[Thing], links: Iterable[Link]) -> None:
        self.things: Mapping[int, Thing] = {thing.key: thing for thing in things}
        known = self.things
        self.links = [link for link in links if link.source in known and link.target in known]
        self._above: dict[int, tuple[int, ...]] = {}
        self._systems: dict[int, frozenset[int]] = {}

    @cached_property
    def uses(self) -> Mapping[int, list[Link]]:
        """By source."""
        return _grouped((link.source, link) for link in self.links)

    @cached_property
    def users(self) -> Mapping[int, list[Link]]:
        """By target."""
        return _grouped((link.target, link) for link in self.links)

    @cached_property
    def modules(self) -> Mapping[int, list[int]]:
        return _grouped((t.parent, t.key) for t in self.things.values() if t.parent is not None)

    def above(self, key: int) -> tuple[int, ...]:
        """The asset and what it belongs to, upwards. A loop among parents ends the walk."""
        if key not in self._above:
            found, parent = [key], self.things[key].parent
            while parent is not None and parent in self.things and parent not in found:
                found.append(parent)
                parent = self.things[parent].parent
            self._above[key] = tuple(found)
        return self._above[key]

    def below(self, key: int) -> list[int]:
        """The asset and everything that belongs to it."""
        found = {key: None}
        queue = [key]
        for each in queue:  # it grows meanwhile
            fresh = [module for module in self.modules.get(each, ()) if module not in found]
            found |= dict.fromkeys(fresh)
            queue += fresh
        return queue

    def together(self, one: int, other: int) -> bool:
        """Whether one belongs to the other."""
        return one in self.above(other) or other in self.above(one)

    def platform(self, key: int) -> int:
        """The nearest platform that the asset is or belongs to; the top of its tree where there is none."""
        chain = self.above(key)
        return next((each for each in chain if self.things[each].type == PLATFORM), chain[-1])

    def systems_of(self, key: int) -> frozenset[int]:
        """The fagsystemer that use the component or its modules."""
        if key not in self._systems:
            links = (link for each in self.below(key) for link in self.users.get(each, ()))
            self._systems[key] = frozenset(
                link.source for link in links if self.things[link.source].is_system
            )
        return self._systems[key]

    @cached_property
    def leaving(self) -> frozenset[int]:
        return frozenset(thing.key for thing in self.things.values() if thing.leaving)

    def stays(self, link: Link) -> bool:
        """Whether neither the dependency nor its two ends are being phased out."""
        return not (link.leaving or link.source in self.leaving or link.target in self.leaving)

    def pairs(self, links: Iterable[Link]) -> Iterator[tuple[Link, tuple[int, ...]]]:
        """Links with the same two ends as one, which reads and writes what any of them does, and their keys."""
        grouped: dict[tuple[int, int], list[Link]] = defaultdict(list)
        for link in links:
            grouped[link.source, link.target].append(link)
        for same in grouped.values():
            one = same[0]
            if len(same) > 1:
                one = one._replace(
                    reads=any(each.reads for each in same), writes=any(each.writes for each in same)
                )
            yield one, tuple(sorted(link.key for link in same))

    @cached_property
    def direct(self) -> list[tuple[Link, tuple[int, ...]]]:
        """Data that a fagsystem exchanges itself, by way of nothing: pairs that stay."""
        own = (link for link in self.links if self.things[link.source].is_system)
        return list(
            self.pairs(link for link in own if link.carries and link.via is None and self.stays(link))
        )

    @cached_property
    def offers(self) -> Mapping[int, list[tuple[Link, int]]]:
        """By target: which components fetch from it or deliver to it, and the dependency that shows it.

        A component does when it uses the target itself, or when somebody else's dependency goes by way of it. A part
        or a whole of the target is no way round it.
        """
        found: dict[int, list[tuple[Link, int]]] = defaultdict(list)
        carried = [
            link
            for link in self.links
            if link.carries and self.stays(link) and not self.things[link.target].is_system
        ]
        own = (link for link in carried if not self.things[link.source].is_system)
        passed = (
            link._replace(source=link.via)
            for link in carried
            if link.via is not None and link.via in self.things
        )
        for link, keys in self.pairs([*own, *passed]):
            offer = self.things[link.source]
            if offer.type in CARRYING and not offer.leaving and not self.together(offer.key, link.target):
                found[link.target].append((link, keys[0]))
        return found


def _grouped(pairs: Iterable[tuple[int, Link]] | Iterable[tuple[int, int]]) -> Mapping[int, list]:  # type: ignore[type-arg]
    found = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return dict(found)


__all__ = ["CARRYING", "MODULE", "PLATFORM", "REGISTER", "SERVICE", "Finding", "Link", "Thing", "World"]
