"""Whether seats are filled. Pure: keys and days in, answers out (decision 0008).

A seat is a role in a scope. A demand says how many holders it needs and whether somebody must stand ready.
On a day D a post counts when D lies in its period and the person works here that day. Then, worst first:

- too few holders: ``LEFT`` when one of them is somebody whose post runs on but who has left, else ``VACANT``;
- no deputy though one is needed: ``DEPUTY_MISSING``. A deputy who is away that day, who is a holder of the seat,
  or who may not hold another role in the same scope and does, is none. A holder who is away still holds the seat;
- good today, but one of the above on a known day within ``SOON`` days: ``EXPIRING``. Absences are not looked at
  ahead: they end;
- else ``FILLED``.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from foi_portal.core.periods import holds

SOON = 90  # days


class State(StrEnum):
    FILLED = "filled"
    DEPUTY_MISSING = "deputy_missing"
    EXPIRING = "expiring"
    LEFT = "left"
    VACANT = "vacant"


GRAVITY = (State.VACANT, State.LEFT, State.DEPUTY_MISSING, State.EXPIRING, State.FILLED)  # worst first


class Seat(NamedTuple):
    """A role for an asset, for an organisation or, with neither, for the whole municipality."""

    role: int
    asset: int | None = None
    organisation: int | None = None

    @property
    def scope(self) -> tuple[int | None, int | None]:
        return self.asset, self.organisation


class Post(NamedTuple):
    """An assignment: a person in a seat, as holder or deputy, for a half-open period."""

    key: int
    person: int
    seat: Seat
    holder: bool
    since: datetime.date
    until: datetime.date | None


class Stay(NamedTuple):
    """When a person works here; half-open, open where empty."""

    since: datetime.date | None = None
    until: datetime.date | None = None


class Away(NamedTuple):
    """When a person is absent, and who is asked where a seat has no deputy."""

    since: datetime.date
    until: datetime.date | None = None
    stand_in: int | None = None


class Demand(NamedTuple):
    """What a seat needs, and since when."""

    holders: int
    deputy: bool
    since: datetime.date
    deputy_may_hold: bool = True


@dataclass(frozen=True, slots=True)
class Cover:
    """How a seat is filled on a day. ``vacant_days`` are whole days since it last had enough holders, 0 on the first.

    ``holders`` and ``deputies`` are the posts that count. ``changes_on``: when it gets worse (``EXPIRING``), or when
    what is lacking is there again, as far as that is written already.
    """

    state: State
    holders: tuple[Post, ...]
    deputies: tuple[Post, ...]
    lacking: int = 0
    vacant_days: int | None = None
    changes_on: datetime.date | None = None


@dataclass
class Roster:
    """Everybody's posts, stays and absences, by seat and by person."""

    posts: Mapping[Seat, Sequence[Post]]
    stays: Mapping[int, Stay] = field(default_factory=dict)  # who is not in it works here always
    absences: Mapping[int, Sequence[Away]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        posts: Iterable[Post],
        stays: Mapping[int, Stay] | None = None,
        absences: Mapping[int, Sequence[Away]] | None = None,
    ) -> Roster:
        by_seat: dict[Seat, list[Post]] = {}
        for post in posts:
            by_seat.setdefault(post.seat, []).append(post)
        return cls(by_seat, stays or {}, absences or {})

    @cached_property
    def _in_scope(self) -> dict[tuple[int | None, int | None], list[Post]]:
        """The holders' posts by scope."""
        found: dict[tuple[int | None, int | None], list[Post]] = {}
        for seat, posts in self.posts.items():
            for post in posts:
                if post.holder:
                    found.setdefault(seat.scope, []).append(post)
        return found

    def works(self, person: int, on: datetime.date) -> bool:
        stay = self.stays.get(person)
        return stay is None or holds(on, stay.since, stay.until)

    def serves(self, post: Post, on: datetime.date) -> bool:
        """Whether the post counts on the day ``on``."""
        return holds(on, post.since, post.until) and self.works(post.person, on)

    def absence(self, person: int, on: datetime.date) -> Away | None:
        for away in self.absences.get(person, ()):
            if holds(on, away.since, away.until):
                return away
        return None

    def holders(self, seat: Seat, on: datetime.date) -> tuple[Post, ...]:
        return tuple(p for p in self.posts.get(seat, ()) if p.holder and self.serves(p, on))

    def deputies(self, seat: Seat, on: datetime.date) -> tuple[Post, ...]:
        """Everybody who is deputy that day, away or not, allowed or not."""
        return tuple(p for p in self.posts.get(seat, ()) if not p.holder and self.serves(p, on))

    def holds_another(self, person: int, seat: Seat, on: datetime.date) -> bool:
        """Whether the person holds another role than the seat's in the same scope on the day ``on``."""
        return any(
            post.person == person and post.seat != seat and self.serves(post, on)
            for post in self._in_scope.get(seat.scope, ())
        )

    def standing_in(self, post: Post, on: datetime.date) -> int | None:
        """Who is asked instead of an absent holder: the seat's first deputy who is here, else whom the absence names.

        None when the holder is not away, or nobody stands in.
        """
        away = self.absence(post.person, on)
        if away is None:
            return None
        here = [p for p in self.deputies(post.seat, on) if self.absence(p.person, on) is None]
        if here:
            return min(here, key=lambda p: (p.since, p.key)).person
        named = away.stand_in
        if named is not None and self.works(named, on) and self.absence(named, on) is None:
            return named
        return None

    def turning_points(self, seat: Seat) -> list[datetime.date]:
        """The days on which who counts in the seat may change, in order; absences are not among them."""
        days: set[datetime.date | None] = set()
        for post in self.posts.get(seat, ()):
            stay = self.stays.get(post.person, Stay())
            days |= {post.since, post.until, stay.since, stay.until}
            if not post.holder:  # another role of the deputy's may begin or end
                for other in self._in_scope.get(seat.scope, ()):
                    if other.person == post.person:
                        days |= {other.since, other.until}
        return sorted(day for day in days if day is not None)


def judge(roster: Roster, seat: Seat, demand: Demand, on: datetime.date) -> Cover:
    """How ``seat`` meets ``demand`` on the day ``on``."""
    return _Judgement(roster, seat, demand).on(on)


@dataclass(frozen=True)
class Judged:
    """The covers of many seats on one day, with what they were judged by."""

    roster: Roster
    demands: Mapping[Seat, Demand]
    covers: Mapping[Seat, Cover]


def judge_all(
    roster: Roster, demands: Mapping[Seat, Demand], on: datetime.date, known: Judged | None = None
) -> Judged:
    """``judge`` for each of the demands.

    ``known`` are answers for the same day, by what was so earlier: those to which nothing has happened are taken over.
    """
    if known is None:
        return Judged(roster, demands, {seat: judge(roster, seat, demands[seat], on) for seat in demands})
    before = known.roster
    moved = _different(roster.stays, before.stays) | _different(roster.absences, before.absences)
    covers = {}
    for seat, demand in demands.items():
        posts = roster.posts.get(seat, ())
        same = (
            demand.deputy_may_hold  # else the other roles in the scope count too
            and known.demands.get(seat) == demand
            and before.posts.get(seat, ()) == posts
            and not any(post.person in moved for post in posts)
        )
        covers[seat] = known.covers[seat] if same else judge(roster, seat, demand, on)
    return Judged(roster, demands, covers)


def _different(one: Mapping[int, object], other: Mapping[int, object]) -> set[int]:
    return {key for key in one.keys() | other.keys() if one.get(key) != other.get(key)}


def vacant(demand: Demand, on: datetime.date, since: datetime.date | None = None) -> Cover:
    """The answer for a seat that nobody was ever in; ``since``: when its scope came to be, if after the demand."""
    first = max(demand.since, since) if since else demand.since
    return Cover(State.VACANT, (), (), demand.holders, max((on - first).days, 0))


@dataclass(frozen=True, slots=True)
class _Judgement:
    roster: Roster
    seat: Seat
    demand: Demand

    def on(self, on: datetime.date) -> Cover:
        posts = self.roster.holders(self.seat, on)
        lacking = self._short_of(posts)
        ready = tuple(p for p in self._ready(on, posts) if self.roster.absence(p.person, on) is None)
        if lacking:
            days = max((on - self._short_since(on)).days, 0)  # the scope may be of the future
            return Cover(
                self._gone(on), posts, ready, lacking, days, self._first(on, lambda d: not self._lacking(d))
            )
        if self.demand.deputy and not ready:
            return Cover(State.DEPUTY_MISSING, posts, ready, changes_on=self._deputy_from(on))
        worse = self._first(on, self._is_bad)
        if worse is not None and worse <= on + datetime.timedelta(days=SOON):
            return Cover(State.EXPIRING, posts, ready, changes_on=worse)
        return Cover(State.FILLED, posts, ready)

    def _lacking(self, on: datetime.date) -> int:
        return self._short_of(self.roster.holders(self.seat, on))

    def _short_of(self, holders: Sequence[Post]) -> int:
        return max(self.demand.holders - len({post.person for post in holders}), 0)

    def _ready(self, on: datetime.date, holders: Sequence[Post]) -> Iterator[Post]:
        """Deputies who may be counted beside the holders of the day ``on``, away or not."""
        holding = {post.person for post in holders}
        for post in self.roster.deputies(self.seat, on):
            allowed = self.demand.deputy_may_hold or not self.roster.holds_another(post.person, self.seat, on)
            if post.person not in holding and allowed:
                yield post

    def _deputy_from(self, on: datetime.date) -> datetime.date | None:
        """The first day after the day ``on`` when a deputy who counts is here: one begins, or is back."""
        deputies = {post.person for post in self.roster.posts.get(self.seat, ()) if not post.holder}
        back = {away.until for person in deputies for away in self.roster.absences.get(person, ())}
        for day in sorted({*self.roster.turning_points(self.seat), *filter(None, back)}):
            if day <= on:
                continue
            ready = self._ready(day, self.roster.holders(self.seat, day))
            if any(self.roster.absence(post.person, day) is None for post in ready):
                return day
        return None

    def _is_bad(self, on: datetime.date) -> bool:
        holders = self.roster.holders(self.seat, on)
        return bool(self._short_of(holders)) or (self.demand.deputy and not any(self._ready(on, holders)))

    def _gone(self, on: datetime.date) -> State:
        for post in self.roster.posts.get(self.seat, ()):
            stay = self.roster.stays.get(post.person, Stay())
            has_left = stay.until is not None and stay.until <= on
            if post.holder and holds(on, post.since, post.until) and has_left:
                return State.LEFT
        return State.VACANT

    def _short_since(self, on: datetime.date) -> datetime.date:
        """The first day of the shortage that the day ``on`` lies in, not before the demand."""
        first = None  # of the turning points back from ``on`` as long as they are short
        for day in reversed(self.roster.turning_points(self.seat)):
            if day > on:
                continue
            if not self._lacking(day):
                break
            first = day
        else:
            first = None  # it was never filled
        return max(first or self.demand.since, self.demand.since)

    def _first(self, after: datetime.date, fits: Callable[[datetime.date], bool]) -> datetime.date | None:
        """The first turning point after the day ``after`` that fits."""
        return next((d for d in self.roster.turning_points(self.seat) if d > after and fits(d)), None)


__all__ = [
    "GRAVITY",
    "SOON",
    "Away",
    "Cover",
    "Demand",
    "Judged",
    "Post",
    "Roster",
    "Seat",
    "State",
    "Stay",
    "judge",
    "judge_all",
    "vacant",
]
