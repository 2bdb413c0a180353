"""Every seat that is required on a day, and who is in it: the rows behind ``coverage``, in few queries.

Fifty roles for 10,000 systems are half a million seats, most of them empty. So a ``Rule`` (one requirement) knows its
scopes as keys, and only seats that somebody has been in are judged one by one; the rest are vacant alike. A picture is
kept until something that it is made of changes, and the next one takes over the answers to which nothing happened.
"""

from __future__ import annotations

import datetime
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from threading import Lock
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Q

from foi_portal.core.periods import holds
from registry import landscape
from registry.landscape import collector_resting
from registry.models import Asset, ComponentType, Kind, Lifecycle, Organisation, OrganisationKind
from roles.coverage import Away, Cover, Demand, Judged, Post, Roster, Seat, Stay, judge_all, vacant
from roles.models import Absence, Assignment, Part, Person, Role, RoleRequirement, ScopeKind


class RoleFacts(NamedTuple):
    key: int
    code: str
    name: str
    level: str
    phase: str


class PersonFacts(NamedTuple):
    key: int
    name: str
    email: str
    phone: str
    unit: int | None
    merged_into: int | None


class AssetFacts(NamedTuple):
    key: int
    code: str
    name: str
    kind: str
    department: int | None
    parent: int | None
    criticality: int | None
    active_from: datetime.date | None
    everywhere: bool  # a system in operation: what a requirement for every fagsystem is about
    platform: bool  # a component that others are modules of


class DepartmentFacts(NamedTuple):
    key: int
    code: str
    name: str
    valid_from: datetime.date | None


@dataclass(frozen=True)
class Rule:
    """One requirement and the scopes it is for, as asset or organisation keys; ``(None,)`` for the municipality."""

    requirement: int
    role: int
    kind: str
    demand: Demand
    scopes: Sequence[int | None]

    def seat(self, scope: int | None) -> Seat:
        if self.kind == ScopeKind.EVERY_DEPARTMENT:
            return Seat(self.role, organisation=scope)
        return Seat(self.role, asset=scope)

    def __len__(self) -> int:
        return len(self.scopes)


@dataclass(frozen=True)
class Occupancy:
    """The day's picture. Shared by what is shown of it; never written on."""

    on: datetime.date
    roster: Roster
    rules: Sequence[Rule]
    roles: Mapping[int, RoleFacts]
    people: Mapping[int, PersonFacts]
    assets: Mapping[int, AssetFacts]
    departments: Mapping[int, DepartmentFacts]
    owners: Mapping[int, DepartmentFacts]  # the departments, and whatever else a system belongs to
    municipality: str  # its code; "KOMMUNEN" where no organisation is one
    earlier: list[Judged] = field(default_factory=list, repr=False)  # of the same day, till it has been used

    def since(self, seat: Seat) -> datetime.date | None:
        """When the seat's scope came to be, if that is known."""
        if seat.asset is not None:
            return self.assets[seat.asset].active_from
        if seat.organisation is not None:
            return self.departments[seat.organisation].valid_from
        return None

    def demand(self, rule: Rule, seat: Seat) -> Demand:
        """What the seat needs, from the day that both the requirement and the scope are there."""
        born = self.since(seat)
        if born is None or born <= rule.demand.since:
            return rule.demand
        return rule.demand._replace(since=born)

    def cover(self, rule: Rule, seat: Seat) -> Cover:
        if seat not in self.roster.posts:
            return vacant(rule.demand, self.on, self.since(seat))
        return self.covers[seat]

    @cached_property
    def judged(self) -> Judged:
        with collector_resting():
            demands = {seat: self.demand(rule, seat) for seat, rule in self.demands.items()}
            found = judge_all(self.roster, demands, self.on, next(iter(self.earlier), None))
        self.earlier.clear()  # or each picture would hold all before it
        return found

    @cached_property
    def covers(self) -> Mapping[Seat, Cover]:
        """The required seats that somebody is, was or will be in, judged."""
        return self.judged.covers

    @cached_property
    def covers_by_rule(self) -> Mapping[int, Mapping[int | None, Cover]]:
        """``covers`` by the key of their requirement and the scope's key."""
        found: dict[int, dict[int | None, Cover]] = {}
        for seat, cover in self.covers.items():
            scope = seat.asset if seat.organisation is None else seat.organisation
            found.setdefault(self.demands[seat].requirement, {})[scope] = cover
        return found

    @cached_property
    def demands(self) -> Mapping[Seat, Rule]:
        """The rule of each seat that is required and has had somebody in it."""
        found = ((seat, self.rule(seat)) for seat in self.roster.posts)
        return {seat: rule for seat, rule in found if rule is not None}

    def rule(self, seat: Seat) -> Rule | None:
        """The requirement that the seat must meet, or None where the role is not required."""
        named, wide = self._rules_by_scope
        if seat.organisation is not None:
            rule = wide.get((seat.role, ScopeKind.EVERY_DEPARTMENT))
            return rule if seat.organisation in self.departments else None
        if seat.asset is None:
            return wide.get((seat.role, ScopeKind.MUNICIPALITY))
        if seat.asset not in self.assets:
            return None
        if (seat.role, seat.asset) in named:
            return named[seat.role, seat.asset]
        everywhere = self.assets[seat.asset].everywhere
        return wide.get((seat.role, ScopeKind.EVERY_SYSTEM)) if everywhere else None

    @cached_property
    def _rules_by_scope(self) -> tuple[dict[tuple[int, int], Rule], dict[tuple[int, str], Rule]]:
        named: dict[tuple[int, int], Rule] = {}
        wide: dict[tuple[int, str], Rule] = {}
        for rule in self.rules:
            if rule.kind != ScopeKind.ASSET:
                wide[rule.role, rule.kind] = rule
            elif rule.scopes[0] is not None:
                named[rule.role, rule.scopes[0]] = rule
        return named, wide

    def everything(self) -> Iterator[tuple[Rule, Seat, Cover]]:
        """Every required seat with its cover, role by role. There may be half a million: do not make a list of them."""
        for rule in self.rules:
            for scope in rule.scopes:
                seat = rule.seat(scope)
                yield rule, seat, self.cover(rule, seat)


MADE_OF = (Person, Absence, Role, RoleRequirement, Assignment, Asset, Organisation)
KEPT = 2  # days whose pictures are in the process's memory: today, and another
_kept: OrderedDict[tuple[Any, ...], tuple[tuple[Any, ...], Occupancy]] = OrderedDict()
_lock = Lock()  # of _kept


def at(on: datetime.date) -> Occupancy:
    """The picture of the day ``on``, by the rows as they are now. One query when it is known already, else eight.

    Inside a transaction nothing is kept or taken from memory, as with landscapes (decision 0006).
    """
    if connection.in_atomic_block:
        return _load(on)
    day = (connection.settings_dict["NAME"], on)
    version = landscape.version(MADE_OF)
    with _lock:
        known, found = _kept.get(day, (None, None))
    if found is None or known != version:
        earlier, found = found, _load(on)
        if earlier is not None and "judged" in earlier.__dict__:
            found.earlier.append(earlier.judged)
    with _lock:
        _kept[day] = version, found
        _kept.move_to_end(day)
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return found


def forget() -> None:
    """Empty the process's memory of pictures."""
    with _lock:
        _kept.clear()


def _load(on: datetime.date) -> Occupancy:
    """Seven queries, whatever the size."""
    with collector_resting():
        return _read(on)


def _read(on: datetime.date) -> Occupancy:
    facts: dict[int, PersonFacts] = {}
    stays: dict[int, Stay] = {}
    for row in Person.objects.order_by().values_list(
        "id", "name", "email", "phone", "unit_id", "merged_into_id", "active_from", "active_to"
    ):
        facts[row[0]] = PersonFacts(*row[:6])
        if row[6] or row[7]:
            stays[row[0]] = Stay(row[6], row[7])
    absences: dict[int, list[Away]] = {}
    for person, since, until, stand_in in (
        Absence.objects.current()
        .order_by("since", "id")
        .values_list("person_id", "since", "until", "stand_in_id")
    ):
        asked = None if stand_in is None else facts[stand_in].merged_into or stand_in  # a double is the other
        absences.setdefault(person, []).append(Away(since, until, asked))
    posts = [
        Post(key, person, Seat(role, asset, organisation), part == Part.HOLDER, since, until)
        for key, person, role, asset, organisation, part, since, until in Assignment.objects.current()
        .filter(person__archived_at=None)
        .order_by("id")
        .values_list("id", "person_id", "role_id", "asset_id", "organisation_id", "part", "since", "until")
    ]
    assets = _assets(on)
    departments, owners, municipality = _organisations(on)
    return Occupancy(
        on,
        Roster.of(posts, stays, absences),
        _rules(on, assets, departments),
        {row[0]: RoleFacts(*row) for row in Role.objects.values_list("id", "code", "name", "level", "phase")},
        facts,
        assets,
        departments,
        owners,
        municipality,
    )


def _assets(on: datetime.date) -> dict[int, AssetFacts]:
    """Everything that is or will be used: a role may be required for what is planned, not for what is over."""
    rows = (
        Asset.objects.current()
        .exclude(lifecycle=Lifecycle.RETIRED)
        .filter(Q(retired_from=None) | Q(retired_from__gt=on))
        .order_by("name", "code")
        .values_list(
            "id",
            "code",
            "name",
            "kind",
            "department_id",
            "parent_id",
            "criticality",
            "active_from",
            "lifecycle",
            "component_type",
        )
    )
    return {
        row[0]: AssetFacts(
            *row[:8],
            row[3] == Kind.SYSTEM and row[8] != Lifecycle.PLANNED and (row[7] is None or row[7] <= on),
            row[9] == ComponentType.PLATFORM,
        )
        for row in rows
    }


def _organisations(
    on: datetime.date,
) -> tuple[dict[int, DepartmentFacts], dict[int, DepartmentFacts], str]:
    """The departments of the day, all that own systems, and the municipality's code."""
    owning = Asset.objects.filter(kind=Kind.SYSTEM).exclude(department=None).values("department")
    kinds = (OrganisationKind.FORVALTNING, OrganisationKind.MUNICIPALITY)
    rows = (
        Organisation.objects.filter(Q(kind__in=kinds) | Q(pk__in=owning))
        .order_by("name", "code")
        .values_list("id", "code", "name", "valid_from", "valid_to", "kind", "archived_at")
    )
    departments: dict[int, DepartmentFacts] = {}
    owners: dict[int, DepartmentFacts] = {}
    municipality = ""
    for key, code, name, begun, ended, kind, archived in rows:
        owners[key] = DepartmentFacts(key, code, name, begun)
        if archived is not None or not holds(on, begun, ended):
            continue
        if kind == OrganisationKind.FORVALTNING:
            departments[key] = owners[key]
        elif kind == OrganisationKind.MUNICIPALITY:
            municipality = municipality or code
    return departments, owners, municipality or "KOMMUNEN"


def _rules(
    on: datetime.date, assets: Mapping[int, AssetFacts], departments: Mapping[int, DepartmentFacts]
) -> list[Rule]:
    """The requirements in force. One for a named asset goes before one for every fagsystem."""
    rows = list(
        RoleRequirement.objects.current()
        .filter(since__lte=on, role__archived_at=None)
        .order_by("role__name", "role__code", "scope_kind", "asset__name", "id")
        .values_list(
            "id", "role_id", "scope_kind", "asset_id", "holders", "deputy_needed", "since", "deputy_may_hold"
        )
    )
    named: dict[int, set[int]] = {}
    for row in rows:
        if row[3] is not None:
            named.setdefault(row[1], set()).add(row[3])
    systems = [key for key, asset in assets.items() if asset.everywhere]
    rules = []
    for key, role, kind, asset, holders, deputy, since, may_hold in rows:
        scopes: Sequence[int | None]
        if kind == ScopeKind.MUNICIPALITY:
            scopes = (None,)
        elif kind == ScopeKind.ASSET:
            scopes = (asset,) if asset in assets else ()
        elif kind == ScopeKind.EVERY_DEPARTMENT:
            scopes = list(departments)
        else:
            special = named.get(role, set())
            scopes = [system for system in systems if system not in special] if special else systems
        if scopes:
            rules.append(Rule(key, role, kind, Demand(holders, deputy, since, may_hold), scopes))
    return rules


__all__ = ["AssetFacts", "DepartmentFacts", "Occupancy", "PersonFacts", "RoleFacts", "Rule", "at", "forget"]
