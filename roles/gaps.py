"""What an act leaves empty: required seats that get worse by it, from which day, and in which words."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

from django.db.models import Q
from django.urls import reverse

from foi_portal.core.keys import among
from foi_portal.ui import formats
from roles.coverage import Demand, Post, Roster, Seat, State, Stay, judge
from roles.models import Assignment, Part, Person, RoleRequirement
from roles.seat_rules import is_gone, needs, seat_of


@dataclass(frozen=True)
class Gap:
    """A required seat that from ``since`` on lacks ``lacking`` of ``needed`` holders, or (0) a deputy."""

    role_code: str
    role: str
    scope: str
    asset_code: str
    organisation_code: str
    since: datetime.date
    lacking: int
    needed: int

    @property
    def is_last(self) -> bool:
        """Whether the seat's last holder goes."""
        return self.lacking > 0 and self.lacking == self.needed

    @property
    def url(self) -> str:
        """Where somebody else can be assigned, with everything but the person filled in."""
        values = {
            "role": self.role_code,
            "asset": self.asset_code,
            "organisation": self.organisation_code,
            "part": Part.HOLDER if self.lacking else Part.DEPUTY,
            "since": f"{self.since:%d-%m-%Y}",
        }
        return f"{reverse('assignment-create')}?{urlencode({k: v for k, v in values.items() if v})}"

    def __str__(self) -> str:
        if self.is_last:
            what = "er ubesat"
        elif self.lacking:
            what = f"mangler {self.lacking} af {self.needed} indehavere"
        else:
            what = "er uden stedfortræder"
        return f"{self.role} for {self.scope} {what} fra {formats.date(self.since)}"


def in_seats(seats: Iterable[Seat]) -> list[Assignment]:
    """Everybody's assignments in the seats, archived ones left out. One query."""
    wanted = set(seats)
    if not wanted:
        return []
    scope = Q(asset_id__in=among({s.asset for s in wanted if s.asset is not None}))
    scope |= Q(organisation_id__in=among({s.organisation for s in wanted if s.organisation is not None}))
    if any(s.scope == (None, None) for s in wanted):
        scope |= Q(asset=None, organisation=None)
    rows = Assignment.objects.current().filter(scope, role_id__in=among({s.role for s in wanted}))
    related = rows.select_related("person", "role", "asset", "organisation").order_by("id")
    return [row for row in related if seat_of(row) in wanted]


def between(
    before: Iterable[Assignment],
    after: Iterable[Assignment],
    on: datetime.date,
    leaving: tuple[int, datetime.date] | None = None,
) -> list[Gap]:
    """The gaps that ``after`` has and ``before`` has not, from the day ``on``; only seats that ``before`` holds.

    Both must hold everybody in those seats. ``leaving``: a person (key) and the first day without them.
    """
    before, after = list(before), list(after)
    required = needs(before)
    one_of = {seat_of(row): row for row in before}
    stays = _stays([*before, *after])
    was = Roster.of(map(_post, before), stays)
    if leaving is not None:
        stays = stays | {leaving[0]: Stay(stays.get(leaving[0], Stay()).since, leaving[1])}
    now = Roster.of(map(_post, after), stays)
    gaps = []
    for seat, row in one_of.items():
        if seat in required and not row.role.is_archived:
            found = _worse(was, now, seat, _demand(required[seat]), on)
            gaps += [
                _gap(row, required[seat], day, lacking) for day, lacking in found if not is_gone(row, day)
            ]
    return sorted(gaps, key=lambda gap: (not gap.is_last, not gap.lacking, gap.role, gap.scope))


def if_leaving(person: Person, day: datetime.date, on: datetime.date) -> list[Gap]:
    """What is empty when the person's first day without work here is ``day``. Three queries."""
    mine = Assignment.objects.current().filter(person=person)
    rows = in_seats(seat_of(row) for row in mine.filter(Q(until=None) | Q(until__gt=day)))
    return between(rows, rows, on, leaving=(person.pk, day))


def _worse(
    was: Roster, now: Roster, seat: Seat, demand: Demand, on: datetime.date
) -> Iterator[tuple[datetime.date, int]]:
    """The first day on which holders are lacking who were not, and else the first on which a deputy is."""
    first = max(on, demand.since)
    turns = {first, *was.turning_points(seat), *now.turning_points(seat)}
    deputy = None
    for day in sorted(day for day in turns if day >= first):
        before, after = judge(was, seat, demand, day), judge(now, seat, demand, day)
        if after.lacking > before.lacking:
            yield day, after.lacking
            return
        if deputy is None and after.state == State.DEPUTY_MISSING and not _misses_deputy(before.state):
            deputy = day
    if deputy is not None:
        yield deputy, 0


def _misses_deputy(state: State) -> bool:
    return state in (State.DEPUTY_MISSING, State.VACANT, State.LEFT)


def _demand(required: RoleRequirement) -> Demand:
    return Demand(required.holders, required.deputy_needed, required.since)


def _gap(row: Assignment, required: RoleRequirement, day: datetime.date, lacking: int) -> Gap:
    return Gap(
        row.role.code,
        row.role.name,
        row.scope_name,
        row.asset.code if row.asset else "",
        row.organisation.code if row.organisation else "",
        day,
        lacking,
        required.holders,
    )


def _post(row: Assignment) -> Post:
    return Post(row.pk or 0, row.person_id, seat_of(row), row.part == Part.HOLDER, row.since, row.until)


def _stays(rows: Iterable[Assignment]) -> dict[int, Stay]:
    return {row.person_id: Stay(row.person.active_from, row.person.active_to) for row in rows}


__all__ = ["Gap", "between", "if_leaving", "in_seats"]
