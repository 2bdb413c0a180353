"""What is handed to the next: the duties of a person or of a role, with what one must know to take them over.

Read in a number of queries that does not grow. A role can be in thousands of scopes: what there is no room for on
paper is counted and not told.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q

from foi_portal.core.danish import sort_key
from foi_portal.core.history import readable
from foi_portal.core.history.reading import Entry
from foi_portal.core.models import Change, User
from foi_portal.ui import formats
from registry import landscape
from registry.graph import Severity
from registry.landscape import Landscape
from registry.models import Asset, Organisation
from roles import dependence, people_html
from roles.coverage import Away, Roster, Seat, Stay
from roles.dependence import Deadline, Place
from roles.models import Absence, Assignment, Part, Person, Role
from roles.people import post_of, seat_of
from roles.people_html import Absent, Who

MOST_DUTIES = 200
MOST_ASSETS = 60
MOST_CONTACTS = 80
MOST_VENDORS = 40
MOST_DEADLINES = 60
MOST_CHANGES = 12
NAMED = 8  # neighbours of an asset that are named, the most important first
REASONS = 3  # of why somebody is a contact


@dataclass(frozen=True)
class Duty:
    """One assignment: what it is for, ``who`` has it, and who else is in the seat ("stedfortræder Bo Bang").

    Both say who is asked while somebody is away.
    """

    assignment: Assignment
    place: Place
    who: str
    others: Sequence[str]

    @property
    def period(self) -> str:
        row = self.assignment
        if row.until is None:
            return f"siden {formats.year_or_date(row.since)}"
        return f"{formats.date(row.since)} til {formats.date(row.until)} (første dag uden)"


@dataclass(frozen=True)
class Neighbours:
    """Names of the assets next to one, those whose failure is felt most first, and how many more there are."""

    named: Sequence[str]
    more: int


@dataclass(frozen=True)
class Thing:
    """A component or system of the pack."""

    asset: Asset
    place: Place
    uses: Neighbours
    used_by: Neighbours


@dataclass(frozen=True)
class Contact:
    """Somebody to ask, why, and whom instead while they are away."""

    person: Person
    why: Sequence[str]
    away: str

    @property
    def reasons(self) -> str:
        shown, more = self.why[:REASONS], len(self.why) - REASONS
        return "; ".join(shown) + (
            f" og {more} {'andre roller' if more > 1 else 'anden rolle'}" if more > 0 else ""
        )


@dataclass(frozen=True)
class Vendor:
    organisation: Organisation
    assets: Sequence[Asset]


@dataclass(frozen=True)
class Pack:
    """Everything that is handed over. What was left out for room is in the ``more_`` numbers."""

    on: datetime.date
    duties: Sequence[tuple[Role, Sequence[Duty]]]
    things: Sequence[Thing]
    deadlines: Sequence[Deadline]
    contacts: Sequence[Contact]
    vendors: Sequence[Vendor]
    changes: Sequence[Entry]
    duty_count: int
    place_count: int
    more_duties: int = 0
    more_things: int = 0
    more_contacts: int = 0
    more_vendors: int = 0
    more_deadlines: int = 0

    @cached_property
    def notes(self) -> int:
        return sum(bool(duty.assignment.note) for _, duties in self.duties for duty in duties)


def of_person(person: Person, user: User | AnonymousUser, on: datetime.date) -> Pack:
    """What ``person`` looks after on the day ``on`` or later, as ``user`` may see it. The queries do not grow."""
    own = list(dependence.assignments_of(person, on))
    deadlines = dependence.deadlines(person, own, on)
    others = Assignment.objects.not_over(on).filter(_same_seats(person, on)).exclude(person=person)
    return _pack(
        own, list(others.select_related("person", "role", "asset", "organisation")), deadlines, user, on
    )


def of_role(role: Role, user: User | AnonymousUser, on: datetime.date) -> Pack:
    """What is looked after in ``role`` on the day ``on`` or later, by everybody who has it. The queries do not grow."""
    rows = Assignment.objects.not_over(on).filter(role=role)
    own = list(
        rows.select_related("person", "role", "asset", "organisation", "asset__department", "asset__provider")
    )
    last = on + datetime.timedelta(days=dependence.AHEAD)
    assets = {row.asset for row in own if row.asset is not None}
    deadlines = [
        *dependence.asset_deadlines(assets, on, last),
        *dependence.round_deadlines(rows),
        *(
            Deadline(row.until, f"{row.person} slutter som {row.get_part_display().lower()}", row.scope_name)
            for row in own
            if row.until is not None and row.until <= last
        ),
    ]
    return _pack(own, own, dependence.in_order(deadlines), user, on)


def _same_seats(person: Person, on: datetime.date) -> Q:
    """Assignments to the person's roles for what they are for; which go together is looked at later."""
    own = Assignment.objects.not_over(on).filter(person=person).order_by()
    scopes = Q(asset__in=own.values("asset")) | Q(organisation__in=own.values("organisation"))
    return Q(role__in=own.values("role")) & (scopes | Q(asset=None, organisation=None))


def _pack(
    own: list[Assignment],
    everybody: Sequence[Assignment],
    deadlines: Sequence[Deadline],
    user: User | AnonymousUser,
    on: datetime.date,
) -> Pack:
    found = landscape.at()
    places = {row.pk: dependence.place_of(found, row) for row in own}
    own.sort(
        key=lambda row: (
            sort_key(row.role.name),
            row.role_id,
            -places[row.pk].weight,
            sort_key(places[row.pk].name),
            row.part != Part.HOLDER,
            row.since,
            row.pk,
        )
    )
    in_seat: dict[Seat, list[Assignment]] = defaultdict(list)
    for row in sorted(everybody, key=lambda row: row.part != Part.HOLDER):
        in_seat[seat_of(row)].append(row)
    away = _Away([*own, *everybody], on)
    shown = own[:MOST_DUTIES]
    grouped: dict[Role, list[Duty]] = {}
    for row in shown:
        others = [
            _in_seat(other, away.name(other), on)
            for other in in_seat[seat_of(row)]
            if other.person_id != row.person_id
        ]
        grouped.setdefault(row.role, []).append(Duty(row, places[row.pk], away.name(row), others))
    assets = {row.asset: places[row.pk] for row in own if row.asset is not None}
    order = sorted(assets.items(), key=lambda pair: (-pair[1].weight, sort_key(pair[0].name), pair[0].pk))
    seats = {seat_of(row) for row in own}
    contacts = _contacts([row for row in everybody if seat_of(row) in seats], away, on)
    vendors = _vendors(asset for asset, _ in order)
    return Pack(
        on,
        list(grouped.items()),
        _things(found, order[:MOST_ASSETS]),
        deadlines[:MOST_DEADLINES],
        contacts[:MOST_CONTACTS],
        vendors[:MOST_VENDORS],
        _changes([asset.pk for asset, _ in order[:MOST_ASSETS]], user),
        len(own),
        len(set(places.values())),
        len(own) - len(shown),
        max(len(order) - MOST_ASSETS, 0),
        max(len(contacts) - MOST_CONTACTS, 0),
        max(len(vendors) - MOST_VENDORS, 0),
        max(len(deadlines) - MOST_DEADLINES, 0),
    )


def _in_seat(row: Assignment, name: str, on: datetime.date) -> str:
    ahead = f" fra {formats.date(row.since)}" if row.since > on else ""
    return f"{row.get_part_display().lower()} {name}{ahead}"


class _Away:
    """Who of the people in the rows is away on the day, in words. One query."""

    def __init__(self, rows: Sequence[Assignment], on: datetime.date) -> None:
        self.on = on
        people = {row.person_id: row.person for row in rows}
        self.absences: dict[int, Absence] = {}
        for absence in Absence.objects.ongoing(on).select_related("stand_in").order_by("-since", "-id"):
            self.absences[absence.person_id] = absence
            if absence.stand_in is not None:
                people.setdefault(absence.stand_in.pk, absence.stand_in)
        self.people = people
        self.roster = Roster.of(
            {row.pk: post_of(row) for row in rows}.values(),
            {key: Stay(person.active_from, person.active_to) for key, person in people.items()},
            {key: [Away(it.since, it.until, it.stand_in_id)] for key, it in self.absences.items()},
        )

    def name(self, row: Assignment) -> str:
        """Whose assignment it is, and who is asked in its seat: "Bo Bang, p.t. Eva Krag (fraværende …)"."""
        absence = self.absences.get(row.person_id)
        if absence is None or not row.since <= self.on:
            return str(row.person)
        instead = self.roster.standing_in(post_of(row), self.on)
        asked = Who(instead, str(self.people[instead])) if instead is not None else None
        return people_html.plain(str(row.person), Absent(absence.until, asked))

    def words(self, person: Person) -> str:
        """fraværende, tilbage 3. dec. 2026, spørg Eva Krag"""
        absence = self.absences.get(person.pk)
        if absence is None:
            return ""
        away = people_html.away_text(absence.until)
        return f"{away}, spørg {absence.stand_in}" if absence.stand_in else away


def _things(found: Landscape, assets: Iterable[tuple[Asset, Place]]) -> list[Thing]:
    """The assets with their neighbours in the landscape. No queries."""
    rows = list(assets)
    wanted = {asset.pk for asset, _ in rows}
    uses: dict[int, list[tuple[Severity, int]]] = defaultdict(list)
    used_by: dict[int, list[tuple[Severity, int]]] = defaultdict(list)
    for edge in found.graph.edges():
        if edge.source in wanted:
            uses[edge.source].append((Severity(edge.importance), edge.target))
        if edge.target in wanted:
            used_by[edge.target].append((Severity(edge.importance), edge.source))
    return [
        Thing(asset, place, _neighbours(found, uses[asset.pk]), _neighbours(found, used_by[asset.pk]))
        for asset, place in rows
    ]


def _neighbours(found: Landscape, edges: Iterable[tuple[Severity, int]]) -> Neighbours:
    worst: dict[int, Severity] = {}
    for severity, key in edges:
        worst[key] = max(severity, worst.get(key, severity))
    order = sorted(worst, key=lambda key: (-worst[key], sort_key(found.assets[key].name), key))
    return Neighbours([found.assets[key].name for key in order[:NAMED]], len(order[NAMED:]))


def _contacts(rows: Iterable[Assignment], away: _Away, on: datetime.date) -> list[Contact]:
    """Everybody in the seats who works here on the day ``on``, by name."""
    posts: dict[Person, dict[tuple[str, str], list[str]]] = {}
    for row in rows:
        if row.person.is_active(on):
            roles = posts.setdefault(row.person, {})
            roles.setdefault((str(row.get_part_display()), row.role.name), []).append(row.scope_name)
    order = sorted(posts.items(), key=lambda pair: (sort_key(pair[0].name), pair[0].pk))
    return [
        Contact(
            person,
            [
                f"{part}: {role}, {scopes[0] if len(scopes) == 1 else f'{len(scopes)} steder'}"
                for (part, role), scopes in roles.items()
            ],
            away.words(person),
        )
        for person, roles in order
    ]


def _vendors(assets: Iterable[Asset]) -> list[Vendor]:
    grouped: dict[Organisation, list[Asset]] = defaultdict(list)
    for asset in assets:
        if asset.provider is not None:
            grouped[asset.provider].append(asset)
    return [
        Vendor(organisation, own)
        for organisation, own in sorted(
            grouped.items(), key=lambda pair: (sort_key(pair[0].name), pair[0].pk)
        )
    ]


def _changes(assets: Sequence[int], user: User | AnonymousUser) -> list[Entry]:
    """The latest changes of the assets' own facts, newest first."""
    rows = Change.objects.filter(table=Asset._meta.db_table, row_id__in=assets).order_by("-pk")
    return readable(rows.select_related("actor")[:MOST_CHANGES], user, formats.plain)


__all__ = ["Contact", "Duty", "Neighbours", "Pack", "Thing", "Vendor", "of_person", "of_role"]
