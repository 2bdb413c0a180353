"""Who is responsible for what: for rights, for panels on other apps' pages and for the front page.

A page asks for one asset, one organisation, one user or a few roles, so each function reads only what it is about,
in at most three queries. Which seats are filled is judged by ``roles.coverage``.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db.models import Exists, OuterRef, Q, QuerySet, Subquery

from foi_portal.core.danish import sort_key
from foi_portal.core.models import User
from foi_portal.core.periods import holds, months_before
from registry.models import CONFIRMED_FOR, Asset, Dependency, Kind, Lifecycle, Organisation, OrganisationKind
from roles import occupancy
from roles.coverage import SOON, Away, Cover, Demand, Post, Roster, Seat, State, Stay, judge
from roles.models import Absence, Assignment, Part, RoleRequirement, RoundAsset, ScopeKind
from roles.occupancy import Occupancy

# Who may edit a system's facts and dependencies (DESIGN §5), and who is asked about it first.
OWN_ROLES = ("SYSTEMANSV", "SYSTEMKONTAKT")
# Who answers for the infrastructure as a whole.
MAIN_ROLES = ("INFRAEJER", "INFRAANSV", "BUDGETANSV")
FIRST = (*OWN_ROLES, "INFRAANSV", "SYSTEMEJER", "INFRAEJER")  # on a page about one asset


# --- Rights -----------------------------------------------------------------------------------------------------


def own_systems(user: User, on: datetime.date) -> frozenset[int]:
    """Keys of the systems that ``user`` is responsible for on the day ``on``. At most two queries.

    That is: the user's person works here and serves in one of ``OWN_ROLES`` for the system; as holder, be it in
    absence too, or as deputy while nobody who holds the seat is here. An absence's stand-in has no rights by it.
    """
    rows = list(
        Assignment.objects.serving(on)
        .filter(person__user=user, role__code__in=OWN_ROLES, asset__kind=Kind.SYSTEM, asset__archived_at=None)
        .order_by()
        .values_list("role_id", "asset_id", "part")
    )
    own: set[int | None] = {asset for _, asset, part in rows if part == Part.HOLDER}
    waiting = {Seat(role, asset) for role, asset, part in rows if part == Part.DEPUTY and asset not in own}
    if waiting:
        own |= {seat.asset for seat in _absent_holders(waiting, on)}
    return frozenset(key for key in own if key is not None)


def _in(seats: Collection[Seat]) -> Q:
    """Assignments in the scopes of these seats, and perhaps a few others of the same roles."""
    scopes = Q(asset__in={seat.asset for seat in seats}) | Q(
        organisation__in={seat.organisation for seat in seats}
    )
    if any(seat.scope == (None, None) for seat in seats):
        scopes |= Q(asset=None, organisation=None)
    return Q(role__in={seat.role for seat in seats}) & scopes


# --- Who it is --------------------------------------------------------------------------------------------------


class Name(NamedTuple):
    """A person as a link."""

    key: int
    name: str


class Contact(NamedTuple):
    """A person, how to reach them, and who is asked while they are away. ``back``: their first day here again."""

    key: int
    name: str
    email: str
    phone: str
    is_away: bool = False
    back: datetime.date | None = None
    stand_in: Name | None = None
    until: datetime.date | None = None  # the first day without the role, when it is near

    @property
    def last_day(self) -> datetime.date | None:
        return self.until - datetime.timedelta(days=1) if self.until is not None else None


class RoleName(NamedTuple):
    key: int
    code: str
    name: str


class Scope(NamedTuple):
    """What a seat is for, as a link; ``kind`` begins the name of its address. Empty: the whole municipality."""

    kind: str = ""
    code: str = ""
    name: str = "Hele kommunen"


@dataclass(frozen=True)
class Duty:
    """A seat and those in it today. ``state`` is None where the role is not required."""

    seat: Seat
    role: RoleName
    scope: Scope
    holders: Sequence[Contact]
    deputies: Sequence[Contact]
    cover: Cover | None
    left: Sequence[Name] = ()  # who stands as holder and has left

    @property
    def state(self) -> State | None:
        return self.cover.state if self.cover is not None else None

    @property
    def needs_somebody(self) -> bool:
        """Whether a holder or a deputy is to be found."""
        return self.state in (State.VACANT, State.LEFT, State.DEPUTY_MISSING)

    @property
    def query(self) -> str:
        """What the page for assigning is asked for, to fill the seat."""
        values = {"role": self.role.code}
        if self.scope.code:
            values["organisation" if self.scope.kind == "organisation" else "asset"] = self.scope.code
        part = Part.DEPUTY if self.state == State.DEPUTY_MISSING else Part.HOLDER
        return urlencode(values | {"part": part.value})


@dataclass
class Duties:
    """Posts and demands as they are read, made into duties. ``demands`` may name seats that nobody is in."""

    on: datetime.date
    roles: dict[int, RoleName] = field(default_factory=dict)
    scopes: dict[tuple[int | None, int | None], Scope] = field(default_factory=dict)
    demands: dict[Seat, Demand] = field(default_factory=dict)
    people: dict[int, Contact] = field(default_factory=dict)
    stays: dict[int, Stay] = field(default_factory=dict)
    posts: list[Post] = field(default_factory=list)

    def read_posts(self, rows: QuerySet[Assignment]) -> None:
        """One query. Ended posts too: they tell for how long a seat has been vacant."""
        columns = rows.current().filter(person__archived_at=None).order_by("since", "id")  # type: ignore[attr-defined]
        for row in columns.values_list(
            "id", "person_id", "role_id", "asset_id", "organisation_id", "part", "since", "until",
            "person__name", "person__email", "person__phone", "person__active_from", "person__active_to",
            "role__code", "role__name",
            "asset__kind", "asset__code", "asset__name", "organisation__code", "organisation__name",
        ):  # fmt: skip
            key, person, role, asset, organisation, part, since, until, *facts = row
            name, email, phone, here_from, here_to, role_code, role_name, *scope = facts
            self.posts.append(
                Post(key, person, Seat(role, asset, organisation), part == Part.HOLDER, since, until)
            )
            self.people[person] = Contact(person, name, email, phone)
            self.stays[person] = Stay(here_from, here_to)
            self.roles[role] = RoleName(role, role_code, role_name)
            self.scopes[asset, organisation] = _scope(*scope)

    def read_rules(
        self,
        rows: QuerySet[RoleRequirement],
        everywhere: Seat | None = None,
        born: datetime.date | None = None,
    ) -> None:
        """One query. ``everywhere``: the scope, with any role, that a rule for each of a kind means here, and since
        ``born``."""
        found = rows.current().filter(since__lte=self.on, role__archived_at=None).order_by()  # type: ignore[attr-defined]
        named: dict[Seat, Demand] = {}
        for row in found.values_list(
            "role_id", "role__code", "role__name", "asset_id", "holders", "deputy_needed", "since",
            "deputy_may_hold", "scope_kind",
            "asset__kind", "asset__code", "asset__name", "asset__active_from",
        ):  # fmt: skip
            role, role_code, role_name, asset, holders, deputy, since, may_hold, kind, *scope = row
            *scope, asset_born = scope
            self.roles[role] = RoleName(role, role_code, role_name)
            everywhere_too = kind in (ScopeKind.EVERY_SYSTEM, ScopeKind.EVERY_DEPARTMENT)
            there = born if everywhere_too else asset_born
            demand = Demand(holders, deputy, max(since, there or since), may_hold)
            if not everywhere_too:
                self.scopes[asset, None] = _scope(*scope)
                named[Seat(role, asset)] = demand
            elif everywhere is not None:
                self.demands[everywhere._replace(role=role)] = demand
        self.demands |= named  # one for the asset itself goes before one for all

    def made(self) -> list[Duty]:
        """The seats that are required or that somebody is in today. One query, for who is away."""
        away = Absences.on(self.on) if self.posts else Absences()
        people, stays = {**away.people, **self.people}, {**away.stays, **self.stays}
        roster = Roster.of(self.posts, stays, away.absences)

        def contact(post: Post) -> Contact:
            who = people[post.person]
            if post.until is not None and post.until <= self.on + datetime.timedelta(days=SOON):
                who = who._replace(until=post.until)
            absence, stand_in = roster.absence(post.person, self.on), roster.standing_in(post, self.on)
            if absence is None:
                return who
            named = Name(stand_in, people[stand_in].name) if stand_in is not None else None
            return who._replace(is_away=True, back=absence.until, stand_in=named)

        duties = []
        for seat in dict.fromkeys([*self.demands, *roster.posts]):
            demand = self.demands.get(seat)
            duty = Duty(
                seat,
                self.roles[seat.role],
                self.scopes[seat.scope],
                [contact(post) for post in roster.holders(seat, self.on)],
                [contact(post) for post in roster.deputies(seat, self.on)],
                judge(roster, seat, demand, self.on) if demand is not None else None,
                [Name(post.person, people[post.person].name) for post in left(roster, seat, self.on)],
            )
            if duty.cover is not None or duty.holders or duty.deputies:
                duties.append(duty)
        return duties


def left(roster: Roster, seat: Seat, on: datetime.date) -> list[Post]:
    """The holders whose post runs on though they do not work here."""
    return [
        post
        for post in roster.posts.get(seat, ())
        if post.holder and holds(on, post.since, post.until) and not roster.works(post.person, on)
    ]


def _scope(
    kind: str | None,
    code: str | None,
    name: str | None,
    org_code: str | None = None,
    org_name: str | None = None,
) -> Scope:
    if code is not None:
        return Scope(kind or "", code, name or "")
    return Scope("organisation", org_code, org_name or "") if org_code is not None else Scope()


@dataclass(frozen=True)
class Absences:
    """Who is away on a day, by person, and what is known of those they refer to."""

    absences: Mapping[int, Sequence[Away]] = field(default_factory=dict)
    people: Mapping[int, Contact] = field(default_factory=dict)
    stays: Mapping[int, Stay] = field(default_factory=dict)

    @classmethod
    def on(cls, on: datetime.date) -> Absences:
        """One query."""
        absences, people, stays = {}, {}, {}
        for person, since, until, stand_in, name, email, phone, here_from, here_to in (
            Absence.objects.ongoing(on)
            .order_by("since", "id")
            .values_list(
                "person_id", "since", "until", "stand_in_id",
                "stand_in__name", "stand_in__email", "stand_in__phone",
                "stand_in__active_from", "stand_in__active_to",
            )
        ):  # fmt: skip
            absences[person] = [Away(since, until, stand_in)]
            if stand_in is not None:
                people[stand_in] = Contact(stand_in, name, email, phone)
                stays[stand_in] = Stay(here_from, here_to)
        return cls(absences, people, stays)


# --- What is asked for ------------------------------------------------------------------------------------------


def of_asset(asset: Asset, on: datetime.date) -> list[Duty]:
    """The seats of an asset and of the platform and module it is part of, its own first. Three queries."""
    whole = Asset.objects.filter(Q(pk=asset.pk) | Q(modules=asset.pk) | Q(modules__modules=asset.pk))
    keys: Any = whole.order_by().values("pk") if asset.parent_id else [asset.pk]
    found = Duties(on, scopes={(asset.pk, None): Scope(asset.kind, asset.code, asset.name)})
    found.read_posts(Assignment.objects.filter(asset__in=keys))
    rules = Q(asset__in=keys)
    if _is_running(asset, on):
        rules |= Q(scope_kind=ScopeKind.EVERY_SYSTEM)
    found.read_rules(RoleRequirement.objects.filter(rules), Seat(0, asset.pk), asset.active_from)
    return sorted(found.made(), key=lambda duty: (duty.seat.asset != asset.pk, *_rank(duty)))


def _is_running(asset: Asset, on: datetime.date) -> bool:
    """Whether a requirement for every fagsystem is about the asset, as ``roles.occupancy`` has it."""
    return (
        asset.kind == Kind.SYSTEM
        and not asset.is_archived
        and asset.lifecycle not in (Lifecycle.PLANNED, Lifecycle.RETIRED)
        and holds(on, asset.active_from, asset.retired_from)
    )


def of_organisation(organisation: Organisation, on: datetime.date) -> list[Duty]:
    """The seats of an organisation. Three queries at most."""
    key = organisation.pk
    found = Duties(on, scopes={(None, key): Scope("organisation", organisation.code, organisation.name)})
    found.read_posts(Assignment.objects.filter(organisation=key))
    current = not organisation.is_archived and holds(on, organisation.valid_from, organisation.valid_to)
    if current and organisation.kind == OrganisationKind.FORVALTNING:
        rules = RoleRequirement.objects.filter(scope_kind=ScopeKind.EVERY_DEPARTMENT)
        found.read_rules(rules, Seat(0, None, key), organisation.valid_from)
    return sorted(found.made(), key=_rank)


def of_roles(codes: Sequence[str], on: datetime.date) -> list[Duty]:
    """The seats of a few roles wherever they are, in the order of ``codes``. Three queries."""
    found = Duties(on)
    found.read_posts(Assignment.objects.filter(role__code__in=codes))
    found.read_rules(RoleRequirement.objects.filter(role__code__in=codes))
    return sorted(found.made(), key=lambda duty: (codes.index(duty.role.code), sort_key(duty.scope.name)))


def counts(found: Occupancy) -> Counter[State]:
    """How many required seats of the day's picture are in each state, without looking at the empty ones singly."""
    tally = Counter(cover.state for cover in found.covers.values())
    tally[State.VACANT] += sum(map(len, found.rules)) - len(found.covers)
    return tally


def counts_on(on: datetime.date) -> Counter[State]:
    """``counts`` of the day ``on``. One query while nothing that they are made of has changed, else eight."""
    return counts(occupancy.at(on))


def _rank(duty: Duty) -> tuple[int, str]:
    """Who is asked first, then those that lack somebody, then by name."""
    code = duty.role.code
    first = FIRST.index(code) if code in FIRST else len(FIRST) + (not duty.needs_somebody)
    return first, sort_key(duty.role.name)


# --- Mine -------------------------------------------------------------------------------------------------------


class Held(NamedTuple):
    """A seat of one's own. ``until``: the first day without it. ``instead_of``: whom one stands in for today."""

    role: RoleName
    scope: Scope
    is_deputy: bool
    until: datetime.date | None
    in_force: bool  # one stands in the seat today: as holder, or as deputy while no holder is here
    instead_of: tuple[Name, ...] = ()

    @property
    def last_day(self) -> datetime.date | None:
        return self.until - datetime.timedelta(days=1) if self.until is not None else None


@dataclass(frozen=True)
class MySystem:
    """A fagsystem one is responsible for today: as what, and whom one stands in for."""

    key: int
    scope: Scope
    roles: tuple[str, ...]
    instead_of: tuple[Name, ...]
    confirmed_on: datetime.date | None
    is_old: bool  # the confirmation, or that there is none
    uses: bool  # something is written of what it depends on
    answer_by: datetime.date | None = None  # the nearest deadline of the open rounds that ask about it

    def with_seat(self, held: Held) -> MySystem:
        """The same with one more seat of mine, whose role and absent holders are told once."""
        return replace(
            self,
            roles=tuple(dict.fromkeys([*self.roles, held.role.name])),
            instead_of=tuple(dict.fromkeys([*self.instead_of, *held.instead_of])),
        )


@dataclass(frozen=True)
class Mine:
    """What a user's person holds today. ``ending``: those of the seats that end within ``SOON`` days, first first."""

    person: Name
    systems: Sequence[MySystem]
    seats: Sequence[Held]

    @property
    def by_role(self) -> list[tuple[RoleName, list[Held]]]:
        """The seats role by role; they are in that order."""
        return [(role, list(held)) for role, held in groupby(self.seats, key=lambda held: held.role)]

    @property
    def ending(self) -> list[Held]:
        return sorted((held for held in self.seats if held.until is not None), key=lambda held: held.until)  # type: ignore[arg-type, return-value]


def mine(user: User, on: datetime.date) -> Mine | None:
    """What ``user`` holds on the day ``on``; None when it is nothing. One query, two when there are deputyships."""
    rows = list(
        Assignment.objects.serving(on)
        .filter(person__user=user)
        .filter(Q(asset=None) | Q(asset__archived_at=None))
        .annotate(
            uses=Exists(Dependency.objects.filter(source=OuterRef("asset"))),
            answer_by=Subquery(
                RoundAsset.objects.waiting().filter(asset=OuterRef("asset")).values("round__deadline")[:1]
            ),
        )
        .order_by("role__name", "role_id", "asset__name", "id")
        .values_list(
            "person_id", "person__name", "role_id", "role__code", "role__name", "part", "until",
            "asset_id", "organisation_id", "asset__confirmed_on", "uses", "answer_by",
            "asset__kind", "asset__code", "asset__name", "organisation__code", "organisation__name",
        )
    )  # fmt: skip
    if not rows:
        return None
    waiting = {Seat(row[2], row[7], row[8]) for row in rows if row[5] == Part.DEPUTY}
    absent = _absent_holders(waiting, on) if waiting else {}
    seats: list[Held] = []
    systems: dict[int, MySystem] = {}
    for (
        _,
        _,
        role,
        code,
        name,
        part,
        until,
        asset,
        organisation,
        confirmed_on,
        uses,
        answer_by,
        *scope,
    ) in rows:
        instead_of = absent.get(Seat(role, asset, organisation)) if part == Part.DEPUTY else []
        near = until if until is not None and until <= on + datetime.timedelta(days=SOON) else None
        held = Held(
            RoleName(role, code, name),
            _scope(*scope),
            part == Part.DEPUTY,
            near,
            instead_of is not None,
            tuple(instead_of or ()),
        )
        seats.append(held)
        if code in OWN_ROLES and held.scope.kind == Kind.SYSTEM and held.in_force:
            is_old = confirmed_on is None or confirmed_on < months_before(on, CONFIRMED_FOR)
            fresh = MySystem(asset, held.scope, (), (), confirmed_on, is_old, uses, answer_by)
            systems[asset] = systems.get(asset, fresh).with_seat(held)
    own = sorted(systems.values(), key=lambda system: sort_key(system.scope.name))
    return Mine(Name(rows[0][0], rows[0][1]), own, seats)


def _absent_holders(seats: Collection[Seat], on: datetime.date) -> dict[Seat, list[Name]]:
    """Of the seats those that no holder is here for on the day ``on``, with the holders who are away. One query."""
    away = Exists(Absence.objects.ongoing(on).filter(person=OuterRef("person")))
    found: dict[Seat, list[Name]] = {seat: [] for seat in seats}
    rows = Assignment.objects.serving(on).filter(_in(seats), part=Part.HOLDER).annotate(away=away)
    for *seat, person, name, is_away in rows.order_by("person__name", "id").values_list(
        "role_id", "asset_id", "organisation_id", "person_id", "person__name", "away"
    ):
        if is_away and Seat(*seat) in found:
            found[Seat(*seat)].append(Name(person, name))
        elif not is_away:
            found.pop(Seat(*seat), None)
    return found


__all__ = [
    "MAIN_ROLES",
    "OWN_ROLES",
    "Absences",
    "Contact",
    "Duties",
    "Duty",
    "Held",
    "Mine",
    "MySystem",
    "Name",
    "RoleName",
    "Scope",
    "counts",
    "counts_on",
    "left",
    "mine",
    "of_asset",
    "of_organisation",
    "of_roles",
    "own_systems",
]
