"""What rests on single persons, with names: ``vulnerability`` on the rows of a day, weighted by criticality."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils import timezone

from foi_portal.core.danish import sort_key
from foi_portal.core.periods import holds
from foi_portal.ui import formats
from registry import deadlines as due
from registry import landscape
from registry.landscape import Landscape
from registry.models import Asset, Criticality, Kind
from roles import occupancy, people_html
from roles.coverage import Seat
from roles.models import Absence, Assignment, Person, RoundAsset
from roles.occupancy import AssetFacts, Occupancy, PersonFacts, RoleFacts
from roles.people_html import Absent
from roles.vulnerability import Change, Effect, counted, rests_on, staying, stops, weight

AHEAD = 180  # days after a stop in which its deadlines are told
TOLD = 3  # systems of one confirmation round that are told one by one
OWN_KINDS = ("lifecycle", "role", "confirmation")  # deadlines that are told here in other words
ELSEWHERE = 3  # holders of the same role elsewhere that are named for each seat


# --- What a seat is for ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Place:
    """What a seat is for. ``criticality`` is the higher of own and inherited, None when neither is known.

    ``asset`` and ``organisation`` are keys, both None for the municipality; ``department`` is a key too.
    """

    name: str
    word: str
    code: str = ""
    url: str = ""
    asset: int | None = None
    organisation: int | None = None
    department: int | None = None
    criticality: int | None = None
    inherited: bool = False  # it is higher than the asset's own

    @property
    def weight(self) -> int:
        return weight(self.criticality)

    @property
    def level(self) -> str:
        """3 Høj"""
        return str(Criticality(self.criticality).label) if self.criticality else ""

    @property
    def kind(self) -> str:
        """For machines: system, component, organisation or municipality."""
        return {"Fagsystem": "system", "Komponent": "component", "Hele kommunen": "municipality"}.get(
            self.word, "organisation"
        )


MUNICIPALITY = Place("Hele kommunen", "Hele kommunen")


def place(found: Landscape, asset: Asset | AssetFacts) -> Place:
    """A component or system with the criticality it has or inherits in the landscape."""
    key, department = (
        (asset.key, asset.department) if isinstance(asset, AssetFacts) else (asset.pk, asset.department_id)
    )
    own, inherited = asset.criticality or 0, found.graph.inherited.get(key, 0)
    return Place(
        asset.name,
        str(Kind(asset.kind).label),
        asset.code,
        reverse(f"{asset.kind}-detail", args=[asset.code]),
        asset=key,
        department=department,
        criticality=max(own, inherited) or None,
        inherited=inherited > own,
    )


def place_of(found: Landscape, row: Assignment) -> Place:
    """What an assignment is for, fetched with its asset and organisation."""
    if row.asset is not None:
        return place(found, row.asset)
    if row.organisation is not None:
        organisation = row.organisation
        url = organisation.get_absolute_url()
        word = str(organisation.get_kind_display())
        key = organisation.pk
        return Place(organisation.name, word, organisation.code, url, organisation=key, department=key)
    return MUNICIPALITY


def _required_place(day: Occupancy, found: Landscape, seat: Seat) -> Place:
    """What a required seat is for."""
    if seat.asset is not None:
        return place(found, day.assets[seat.asset])
    if seat.organisation is not None:
        unit = day.departments[seat.organisation]
        url = reverse("organisation-detail", args=[unit.code])
        return Place(unit.name, "Forvaltning", unit.code, url, organisation=unit.key, department=unit.key)
    return MUNICIPALITY


# --- What rests on one person ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Alone:
    """A required seat that rests on one person; ``holder``: as its holder, else as its deputy only."""

    seat: Seat
    role: RoleFacts
    person: PersonFacts
    place: Place
    holder: bool
    deputy_required: bool
    away: Absent | None = None  # that the person is

    @property
    def deputy_lacking(self) -> bool:
        """A holder is there, and the deputy who is required is not."""
        return self.holder and self.deputy_required


@dataclass(frozen=True)
class PersonRow:
    """What rests on a person alone. ``deputy_lacking``: seats where a deputy is required, and there is none."""

    person: PersonFacts
    unit: str
    rows: Sequence[Alone]

    @property
    def away(self) -> Absent | None:
        return self.rows[0].away

    @cached_property
    def weight(self) -> int:
        return sum(row.place.weight for row in self.rows)

    @cached_property
    def worst(self) -> Place:
        return max((row.place for row in self.rows), key=lambda place: place.criticality or 0)

    @cached_property
    def deputy_lacking(self) -> int:
        return sum(row.deputy_lacking for row in self.rows)


@dataclass(frozen=True)
class PlaceRow:
    """What of a place's seats rests on one person each, and on whom."""

    place: Place
    department: str
    rows: Sequence[Alone]

    @property
    def weight(self) -> int:
        return self.place.weight * len(self.rows)

    @cached_property
    def people(self) -> list[PersonFacts]:
        return [person for person, _ in self.people_away]

    @cached_property
    def people_away(self) -> list[tuple[PersonFacts, Absent | None]]:
        """Each with how they are away today."""
        found = {row.person.key: (row.person, row.away) for row in self.rows}
        return sorted(found.values(), key=lambda pair: (sort_key(pair[0].name), pair[0].key))

    @cached_property
    def deputy_lacking(self) -> int:
        return sum(row.deputy_lacking for row in self.rows)


def alone(day: Occupancy, found: Landscape) -> list[Alone]:
    """The required seats that rest on one person on the day. No queries."""
    rows, places = [], {}
    for seat, cover in day.covers.items():
        person = rests_on(cover)
        if person is None:
            continue
        if seat.scope not in places:
            places[seat.scope] = _required_place(day, found, seat)
        rows.append(
            Alone(
                seat,
                day.roles[seat.role],
                day.people[person],
                places[seat.scope],
                bool(cover.holders),
                day.demands[seat].demand.deputy,
                people_html.away(day, person),
            )
        )
    return rows


def per_person(rows: Iterable[Alone], found: Landscape) -> list[PersonRow]:
    """By person, in no particular order."""
    grouped: dict[int, list[Alone]] = defaultdict(list)
    for row in rows:
        grouped[row.person.key].append(row)
    return [PersonRow(own[0].person, _name(found, own[0].person.unit), own) for own in grouped.values()]


def per_place(rows: Iterable[Alone], found: Landscape) -> list[PlaceRow]:
    """By what the seats are for, in no particular order."""
    grouped: dict[Place, list[Alone]] = defaultdict(list)
    for row in rows:
        grouped[row.place].append(row)
    return [PlaceRow(place, _name(found, place.department), own) for place, own in grouped.items()]


def _name(found: Landscape, organisation: int | None) -> str:
    owner = found.organisations.get(organisation or 0)
    return owner.name if owner else ""


# --- If somebody stops -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Colleague:
    """Somebody who could take over, and what they are: ``why`` ends "Bo Bang, …"."""

    person: PersonFacts
    why: str


@dataclass(frozen=True)
class Left:
    """An assignment of the one who stops, and what becomes of its seat; ``change`` is None where none is required."""

    assignment: Assignment
    place: Place
    change: Change | None
    colleagues: Sequence[Colleague] = ()

    @property
    def effect(self) -> str:
        """For machines: an ``Effect``, or not_required."""
        return str(self.change.effect) if self.change else "not_required"


@dataclass(frozen=True)
class Deadline:
    """Something that happens on a day whether or not somebody is there to look after it."""

    on: datetime.date
    what: str
    about: str = ""
    url: str = ""


@dataclass(frozen=True)
class Stop:
    """What happens when ``person`` is not here from the day ``on``; the gravest and heaviest rows first."""

    person: Person
    on: datetime.date
    rows: Sequence[Left]
    deadlines: Sequence[Deadline]

    @cached_property
    def counts(self) -> dict[Effect, int]:
        return counted(row.change for row in self.rows if row.change)

    @cached_property
    def places(self) -> list[tuple[Place, Sequence[Left]]]:
        """The systems and components concerned with their rows, the most critical first."""
        grouped: dict[Place, list[Left]] = defaultdict(list)
        for row in self.rows:
            if row.place.asset is not None:
                grouped[row.place].append(row)
        return sorted(grouped.items(), key=lambda pair: (-(pair[0].criticality or 0), sort_key(pair[0].name)))

    @property
    def headline(self) -> str:
        """Stopper Karin Toft 1. jan. 2027, bliver 7 roller ledige, og 4 hviler på én."""
        start = f"Stopper {self.person} {formats.date(self.on)}"
        if not self.rows:
            return f"{self.person} har ingen roller {formats.date(self.on)}."
        said = _said(self.counts)
        if not said:
            return f"{start}, bliver ingen roller ledige, og ingen kommer til at hvile på én."
        *first, last = said
        return f"{start}, {', '.join(first)}{', og ' if first else ''}{last}."


def _said(counts: Mapping[Effect, int]) -> list[str]:
    """What the stop does, in the words of a sentence: the first part names the roles, the others lean on it."""
    parts: list[str] = []
    for effect, first, then in (
        (Effect.VACANT, ("bliver {} rolle ledig", "bliver {} roller ledige"), ("", "")),
        (
            Effect.SINGLE,
            ("hviler {} rolle på én anden alene", "hviler {} roller på én anden alene"),
            ("{} hviler på én", "{} hviler på én"),
        ),
        (
            Effect.DEPUTY_LOST,
            ("mister {} rolle sin eneste stedfortræder", "mister {} roller deres eneste stedfortræder"),
            ("{} mister sin stedfortræder", "{} mister deres stedfortræder"),
        ),
    ):
        n = counts[effect]
        if n:
            parts.append((then if parts else first)[n != 1].format(formats.plain(n)))
    return parts


def stop(person: Person, on: datetime.date) -> Stop:
    """What happens if ``on`` is the first day without ``person``, by what is written now. The queries do not grow.

    Where it is written already that the person leaves by then, that is the stop which is asked about: the answer is
    what it changes. Who has left before today stops nothing.
    """
    today = timezone.localdate()
    day, found = occupancy.at(on), landscape.at()
    roster = day.roster
    if person.active_to is not None and today < person.active_to <= on:
        roster = staying(roster, person.pk)
    demands = {seat: day.demand(rule, seat) for seat, rule in day.demands.items()}
    changes = {change.post.key: change for change in stops(roster, demands, person.pk, on)}
    own = list(assignments_of(person, today))
    here = roster.works(person.pk, on)
    elsewhere = _holders_by_role(day, person.pk)
    rows = [
        Left(
            row,
            place_of(found, row),
            change := changes.get(row.pk),
            _colleagues(day, change, elsewhere.get(row.role_id, ())) if change else (),
        )
        for row in own
        if here and holds(on, row.since, row.until)
    ]
    order = list(Effect)
    rows.sort(
        key=lambda left: (
            order.index(left.change.effect) if left.change else len(order),
            -left.place.weight,
            sort_key(left.assignment.role.name),
            sort_key(left.place.name),
            left.assignment.pk,
        )
    )
    return Stop(person, on, rows, deadlines(person, own, on))


def assignments_of(person: Person, on: datetime.date) -> QuerySet[Assignment]:
    """The person's assignments that are not over on the day ``on``, with what is shown of them."""
    return (
        Assignment.objects.not_over(on)
        .filter(person=person)
        .select_related("person", "role", "asset", "organisation", "asset__department", "asset__provider")
    )


def _holders_by_role(day: Occupancy, but: int) -> dict[int, list[PersonFacts]]:
    """Everybody else who holds a role somewhere on the day, by name."""
    found: dict[int, dict[int, PersonFacts]] = defaultdict(dict)
    for seat, posts in day.roster.posts.items():
        for post in posts:
            if post.holder and post.person != but and day.roster.serves(post, day.on):
                found[seat.role][post.person] = day.people[post.person]
    return {
        role: sorted(people.values(), key=lambda person: (sort_key(person.name), person.key))
        for role, people in found.items()
    }


def _colleagues(day: Occupancy, change: Change, elsewhere: Sequence[PersonFacts]) -> list[Colleague]:
    """Who could take over, the nearest first: the seat's deputies, its other holders, holders of the role elsewhere."""

    def colleague(key: int, why: str) -> Colleague:
        away = " og fraværende den dag" if day.roster.absence(key, day.on) else ""
        return Colleague(day.people[key], f"{why}{away}")

    gone = change.post.person
    named = {gone}
    found = []
    for posts, why in (
        (day.roster.deputies(change.seat, day.on), "stedfortræder"),
        (change.after.holders, "også indehaver her"),
        (elsewhere, "har rollen et andet sted"),
    ):
        keys = [post.key if isinstance(post, PersonFacts) else post.person for post in posts]
        new = [key for key in dict.fromkeys(keys) if key not in named]
        new = new[:ELSEWHERE] if posts is elsewhere else new
        named.update(new)
        found += [colleague(key, why) for key in new]
    return found


def deadlines(person: Person, own: Iterable[Assignment], on: datetime.date) -> list[Deadline]:
    """What lies ahead from today until ``AHEAD`` days after ``on``, the nearest first.

    The ends of the person's assignments, and those that begin after the stop; absences; the agreements, certificates
    and planned days of the assets; confirmation rounds that wait for an answer about them. What has passed and is
    not dealt with is told too.
    """
    today, last = timezone.localdate(), on + datetime.timedelta(days=AHEAD)
    own = list(own)
    found = []
    for row in own:
        url = row.asset.get_absolute_url() if row.asset else ""
        about = row.scope_name[:1].upper() + row.scope_name[1:]
        what = f"{row.role} ({row.get_part_display().lower()})"
        if row.since >= on:
            found.append(Deadline(row.since, f"{what} skulle begynde", about, url))
        elif row.until is not None and row.until <= last:
            found.append(Deadline(row.until, f"{what} slutter under alle omstændigheder", about, url))
    absences = Absence.objects.current().filter(Q(until=None) | Q(until__gt=today), person=person)
    for away in absences.filter(since__lte=last):
        until = f"til {formats.date(away.until)}" if away.until else "indtil videre"
        found.append(Deadline(away.since, f"{person} er fraværende {until}"))
    found += asset_deadlines({row.asset for row in own if row.asset is not None}, today, last)
    found += round_deadlines(Assignment.objects.not_over(today).filter(person=person))
    return in_order(found)


def in_order(found: Iterable[Deadline]) -> list[Deadline]:
    """The nearest first."""
    return sorted(
        found, key=lambda deadline: (deadline.on, sort_key(deadline.what), sort_key(deadline.about))
    )


def asset_deadlines(assets: Iterable[Asset], first: datetime.date, last: datetime.date) -> list[Deadline]:
    """The assets' planned days from ``first`` to ``last``, and what else is due for them by then, overdue or not:
    agreements, certificates. As many queries as those kinds have.
    """
    known = {asset.pk: asset for asset in assets}
    planned = [
        Deadline(day, what, asset.name, asset.get_absolute_url())
        for asset in known.values()
        for day, what in (
            (asset.active_from, "Tages i drift"),
            (asset.phasing_out_from, "Udfasningen begynder"),
            (asset.retired_from, "Første dag uden drift"),
        )
        if day is not None and first <= day <= last
    ]
    kinds = {source.kind: source.label for source in due.sources() if source.kind not in OWN_KINDS}
    others = due.load(first, last, kinds.keys()) if known else []
    return planned + [
        Deadline(one.on, kinds[one.kind], one.subject, one.url)
        for one in others
        if not known.keys().isdisjoint(one.assets)
    ]


def round_deadlines(assignments: QuerySet[Assignment]) -> list[Deadline]:
    """Open confirmation rounds that wait for an answer about what the assignments are for. One query."""
    wanted = assignments.order_by().values("asset")
    waiting = RoundAsset.objects.waiting().filter(asset__in=wanted)
    asked: dict[tuple[int, str, datetime.date], list[tuple[str, str]]] = defaultdict(list)
    for key, title, day, name, code in waiting.values_list(
        "round", "round__title", "round__deadline", "asset__name", "asset__code"
    ):
        asked[key, title, day].append((name, reverse("system-detail", args=[code])))
    found = []
    for (key, title, day), systems in asked.items():
        together = (f"{formats.plain(len(systems))} fagsystemer", reverse("round-detail", args=[key]))
        what = f"Frist for at bekræfte oplysninger: {title}"
        told = systems if len(systems) <= TOLD else [together]
        found += [Deadline(day, what, name, url) for name, url in told]
    return found


__all__ = [
    "AHEAD",
    "MUNICIPALITY",
    "Alone",
    "Colleague",
    "Deadline",
    "Left",
    "PersonRow",
    "Place",
    "PlaceRow",
    "Stop",
    "alone",
    "asset_deadlines",
    "assignments_of",
    "deadlines",
    "in_order",
    "per_person",
    "per_place",
    "place",
    "place_of",
    "round_deadlines",
    "stop",
]
