"""Which of a day's required seats are asked for, counted and taken page by page. Pure.

Half a million seats may be asked for, most of them vacant alike. They are never put in a list: a ``Part`` is a
requirement with those of its scopes that were asked for, and only who was ever in a seat is looked at singly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import islice
from typing import NamedTuple, TypeVar

from roles.coverage import Cover, Seat, State
from roles.models import ScopeKind
from roles.occupancy import Occupancy, RoleFacts, Rule

GOOD = frozenset({State.FILLED, State.EXPIRING})
LACKING = frozenset(State) - GOOD
UNMANNED = frozenset({State.VACANT, State.LEFT})
NOBODY = -1  # the owner of what no department has

Tally = Counter[State]
Scope = int | None
Key = TypeVar("Key")


class Line(NamedTuple):
    """A required seat and how it is filled."""

    rule: Rule
    seat: Seat
    cover: Cover


@dataclass(frozen=True)
class Choice:
    """What is asked for; what is None or empty asks for all.

    ``among`` are assets, ``owner`` an organisation's key or ``NOBODY``. ``column`` is a kind of requirement, and
    the assets if it is of named ones. ``person`` is looked for as ``part``: holder, alone (holder where a deputy is
    missing) or deputy.
    """

    role: int | None = None
    level: str = ""
    phase: str = ""
    among: Collection[int] | None = None
    owner: int | None = None
    column: tuple[str, Collection[int]] | None = None
    states: frozenset[State] = frozenset(State)
    person: int | None = None
    part: str = "holder"

    def asks_for(self, rule: Rule, role: RoleFacts) -> bool:
        return (
            self.role in (None, rule.role)
            and self.level in ("", role.level)
            and self.phase in ("", role.phase)
            and (self.column is None or self.column[0] == rule.kind)
        )

    def picks(self, cover: Cover) -> bool:
        if cover.state not in self.states:
            return False
        if self.person is None:
            return True
        if self.part == "deputy":
            return any(post.person == self.person for post in cover.deputies)
        held = any(post.person == self.person for post in cover.holders)
        return held and (self.part != "alone" or cover.state is State.DEPUTY_MISSING)

    @property
    def narrows(self) -> bool:
        """Whether some scopes of a requirement may be asked for and others not."""
        return self.among is not None or self.column is not None or self.owner is not None

    @property
    def picks_empty(self) -> bool:
        """Whether seats that nobody was ever in are asked for."""
        return self.person is None and State.VACANT in self.states


@dataclass(frozen=True)
class Part:
    """Those scopes of a requirement that are asked for; ``covers`` those that somebody is, was or will be in."""

    rule: Rule
    scopes: Sequence[Scope]
    covers: Mapping[Scope, Cover]
    choice: Choice

    @cached_property
    def picked(self) -> Mapping[Scope, Cover]:
        if self.choice.person is None and len(self.choice.states) == len(State):
            return self.covers
        return {scope: cover for scope, cover in self.covers.items() if self.choice.picks(cover)}

    @property
    def empty(self) -> int:
        """How many seats that nobody was ever in."""
        return len(self.scopes) - len(self.covers) if self.choice.picks_empty else 0

    def __len__(self) -> int:
        return len(self.picked) + self.empty

    @cached_property
    def tally(self) -> Tally:
        found = Counter(cover.state for cover in self.picked.values())
        found[State.VACANT] += self.empty
        return found

    def lines(self, found: Occupancy) -> Iterator[Line]:
        """In the order of the scopes."""
        for scope in self.scopes:
            if scope in self.picked:
                yield Line(self.rule, self.rule.seat(scope), self.picked[scope])
            elif self.choice.picks_empty and scope not in self.covers:
                seat = self.rule.seat(scope)
                yield Line(self.rule, seat, found.cover(self.rule, seat))


@dataclass(frozen=True)
class Picked:
    """The seats that are asked for, role by role; a sequence as far as a paginator needs one."""

    found: Occupancy
    choice: Choice = field(default_factory=Choice)

    @cached_property
    def parts(self) -> Sequence[Part]:
        same: dict[int, tuple[Sequence[Scope], frozenset[Scope]]] = {}  # rules share their lists of scopes
        parts = []
        for rule in self.found.rules:
            if not self.choice.asks_for(rule, self.found.roles[rule.role]):
                continue
            scopes, covers = rule.scopes, self.found.covers_by_rule.get(rule.requirement, {})
            if self.choice.narrows:
                if id(rule.scopes) not in same:
                    chosen = [scope for scope in rule.scopes if self._asks_for(rule, scope)]
                    same[id(rule.scopes)] = chosen, frozenset(chosen)
                scopes, known = same[id(rule.scopes)]
            if len(scopes) < len(rule.scopes):
                covers = {scope: cover for scope, cover in covers.items() if scope in known}
            if scopes:
                parts.append(Part(rule, scopes, covers, self.choice))
        return [part for part in parts if len(part)]

    def _asks_for(self, rule: Rule, scope: Scope) -> bool:
        choice, seat = self.choice, rule.seat(scope)
        if choice.among is not None and seat.asset not in choice.among:
            return False
        if choice.column is not None and rule.kind == ScopeKind.ASSET and seat.asset not in choice.column[1]:
            return False
        return choice.owner in (None, self.owner(seat))

    def owner(self, seat: Seat) -> int:
        """The organisation that the seat's scope is or belongs to, else ``NOBODY``."""
        if seat.organisation is not None:
            return seat.organisation
        if seat.asset is not None:
            return self.found.assets[seat.asset].department or NOBODY
        return NOBODY

    @cached_property
    def total(self) -> int:
        return sum(len(part) for part in self.parts)

    def __len__(self) -> int:
        return self.total

    @cached_property
    def tally(self) -> Tally:
        found: Tally = Counter()
        for part in self.parts:
            found.update(part.tally)
        return found

    def __iter__(self) -> Iterator[Line]:
        for part in self.parts:
            yield from part.lines(self.found)

    def __getitem__(self, page: slice) -> list[Line]:
        """The lines ``start`` to ``stop``; parts before and after are not looked into."""
        found: list[Line] = []
        start, stop = page.start or 0, page.stop if page.stop is not None else self.total
        for part in self.parts:
            if start < len(part) and stop > 0:
                found += islice(part.lines(self.found), max(start, 0), stop)
            start, stop = start - len(part), stop - len(part)
        return found

    def tallies(self, key: Callable[[Rule], Key]) -> dict[Key, Tally]:
        """Counted by what a requirement has in common with others."""
        found: dict[Key, Tally] = {}
        for part in self.parts:
            found.setdefault(key(part.rule), Counter()).update(part.tally)
        return found

    def by_owner(self) -> dict[int, Tally]:
        """Counted by ``owner``."""
        found: dict[int, Tally] = {}
        same: dict[int, Counter[int]] = {}
        for part in self.parts:
            for scope, cover in part.picked.items():
                found.setdefault(self.owner(part.rule.seat(scope)), Counter())[cover.state] += 1
            if not part.empty:
                continue
            if id(part.scopes) not in same:
                same[id(part.scopes)] = self._owners(part.rule, part.scopes)
            for owner, count in (same[id(part.scopes)] - self._owners(part.rule, part.covers)).items():
                found.setdefault(owner, Counter())[State.VACANT] += count
        return found

    def _owners(self, rule: Rule, scopes: Iterable[Scope]) -> Counter[int]:
        return Counter(self.owner(rule.seat(scope)) for scope in scopes)
