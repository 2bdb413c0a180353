"""The front page: what is mine, what somebody should look at, how much is in the registry, what changed last."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views import View

from budgets import desk
from budgets.rights import may_approve
from coordination import panels as coordination_panels
from coordination.hygiene import panels as hygiene
from coordination.models import Finding as HygieneFinding
from foi_portal.core.danish import sort_key
from foi_portal.core.models import User
from foi_portal.core.permissions import MANAGER, may
from foi_portal.pages import history
from foi_portal.ui.tables import listing
from registry import findings, landscape, queries
from registry.landscape import NOT_RUNNING, Facts, Landscape
from registry.models import Asset, Component, Criticality, Dependency, Organisation, System
from roles import responsible
from roles.coverage import State
from roles.models import Assignment
from roles.responsible import Contact, Duty, Mine, MySystem, RoleName

SHOWN = 6
MOST_CRITICAL = 12
CALM = 5  # of what most depends on, for those who only read


NOTES = {
    "single_point": "Kan alene stoppe et kritisk fagsystem eller mindst fem",
    "understated": "Ikke vurderet, eller lavere end det, de kan stoppe",
    "ending": "Egen eller arvet kritikalitet er 3 eller 4",
    "cycle": "De afhænger af hinanden i ring",
    "retired": "Der er afhængigheder, som ikke er ophørt",
    "isolated": "Intet er skrevet om, hvad de bruger",
    "unused": "Hverken direkte eller gennem moduler",
    "no_department": "Ingen står som ejer",
    "no_owner": "Ingen myndighed eller leverandør",
}


@dataclass(frozen=True)
class Line:
    """One of the first few of a finding: what it is, and what there is to say of it."""

    facts: Facts
    note: str


@dataclass(frozen=True)
class Finding:
    """Something that FOI should look at: how many, the first few, and the page with all of them."""

    title: str
    many: str
    note: str
    count: int
    url: str
    rows: list[Line]

    @classmethod
    def of(cls, section: findings.Section) -> Finding:
        url = listing(reverse("findings"), fund=section.name)
        lines = [_line(row) for row in section.rows(0, SHOWN)]
        return cls(section.title, section.many, NOTES[section.name], len(section), url, lines)


def _line(row: findings.Row | findings.Ring) -> Line:
    if isinstance(row, findings.Ring):
        return Line(row.way[0], f"i ring med {len(row.members) - 1} andre")
    return Line(row.facts, row.short)


def critical_systems(land: Landscape) -> list[tuple[Facts, str]]:
    """The first fagsystemer in use that are critical, with the name of their department ("" when there is none)."""
    critical = [f for f in land.assets.values() if f.is_system and f.criticality == Criticality.CRITICAL]
    shown = sorted((f for f in critical if f.lifecycle not in NOT_RUNNING), key=lambda f: sort_key(f.name))
    owners = ((f, land.organisations.get(f.department or 0)) for f in shown[:MOST_CRITICAL])
    return [(facts, owner.name if owner else "") for facts, owner in owners]


SEATS = (
    (State.VACANT, "ledig rolle", "ledige roller", "Ingen har rollen, eller for få"),
    (
        State.LEFT,
        "rolle, hvis indehaver er fratrådt",
        "roller, hvis indehaver er fratrådt",
        "Skal overdrages",
    ),
    (State.DEPUTY_MISSING, "rolle uden stedfortræder", "roller uden stedfortræder", "Hviler på én person"),
    (State.EXPIRING, "rolle, der udløber", "roller, der udløber", "Inden for 90 dage"),
)


@dataclass(frozen=True)
class Tile:
    """Required seats in one state: how many, and the list of them."""

    count: int
    label: str
    note: str
    url: str


def seat_tiles(on: datetime.date) -> list[Tile]:
    """What lacks somebody in the roles, gravest first; states that no seat is in are left out. One query, as a rule."""
    counts = responsible.counts_on(on)
    url = reverse("coverage")
    return [
        Tile(n, one if n == 1 else many, note, listing(url, vis="pladser", tilstand=state.value))
        for state, one, many, note in SEATS
        if (n := counts[state])
    ]


@dataclass(frozen=True)
class MyLine:
    """One of my systems with the findings it is among: their words and addresses."""

    system: MySystem
    findings: list[tuple[str, str]]


def my_lines(mine: Mine, land: Landscape, sections: Iterable[findings.Section]) -> list[MyLine]:
    """My systems, each with what of them somebody should look at. No queries."""
    among: list[tuple[str, str, Collection[int]]] = [
        (
            section.name,
            section.one,
            {*section.items, *(f.key for ring in section.rings for f in ring.members)},
        )
        for section in sections
        if section.name not in ("isolated", "no_department")
    ]
    known = [system for system in mine.systems if system.key in land.assets]
    alone = {system.key for system in known if not system.uses}
    orphans = {system.key for system in known if land.assets[system.key].department is None}
    among += [("isolated", "uden afhængigheder", alone), ("no_department", "uden forvaltning", orphans)]
    url = reverse("findings")
    return [
        MyLine(
            system, [(words, listing(url, fund=name)) for name, words, keys in among if system.key in keys]
        )
        for system in mine.systems
    ]


@dataclass(frozen=True)
class MainRole:
    """One of the infrastructure's main roles: who holds it and for what. No holder: what it is vacant for."""

    role: RoleName
    people: list[tuple[Contact | None, list[Duty]]]


def main_roles(on: datetime.date) -> list[MainRole]:
    """Who answers for the infrastructure. Three queries."""
    found = []
    for role, duties in groupby(responsible.of_roles(responsible.MAIN_ROLES, on), key=lambda duty: duty.role):
        people: dict[int | None, tuple[Contact | None, list[Duty]]] = {}
        for duty in duties:
            holders: Sequence[Contact | None] = duty.holders or [None]
            for contact in holders:
                key = contact.key if contact is not None else None
                people.setdefault(key, (contact, []))[1].append(duty)
        found.append(MainRole(role, list(people.values())))
    return found


def is_manager(user: User | AnonymousUser) -> bool:
    """Whether it is the budget holder, who looks for who answers for what. Others find FOI as the way in."""
    return isinstance(user, User) and user.groups.filter(name=MANAGER).exists()


class FrontPage(View):
    """FOI gets what needs action first; everybody else gets the way in: search and the most used components. The
    kontorchef gets what waits for a decision above that.

    Whoever holds something finds it on top.
    """

    def get(self, request: HttpRequest) -> HttpResponse:
        if not may(request.user, "view", Asset):
            raise PermissionDenied
        editor = may(request.user, "change", System)
        land, today = landscape.at(), timezone.localdate()
        sees_roles = may(request.user, "view", Assignment)
        mine = (
            responsible.mine(request.user, today) if sees_roles and isinstance(request.user, User) else None
        )
        sections = findings.sections(land) if editor else findings.of_the_graph(land)
        found = [Finding.of(section) for section in sections] if editor else []
        context = {
            "section": "front",
            "today": today,
            "counts": [
                (count, model._meta.verbose_name_plural, reverse(f"{model._meta.model_name}-list"))
                for model, count in queries.sizes(System, Component, Dependency, Organisation)
            ],
            "editor": editor,
            "mine": mine,
            "my_lines": my_lines(mine, land, sections) if mine is not None else [],
            "seat_tiles": seat_tiles(today) if editor and sees_roles else [],
            "main_roles": main_roles(today) if sees_roles and not editor and is_manager(request.user) else [],
            "upcoming": coordination_panels.on_the_front(request.user, today)
            if isinstance(request.user, User)
            else None,
            "desk": desk.of(today) if may_approve(request.user) else None,
            "hygiene": hygiene.desk(editor=editor, person=mine.person.key if mine else None, on=today)
            if may(request.user, "view", HygieneFinding)
            else None,
            "findings": found,
            "fine": [finding.many for finding in found if not finding.count],
            "weakest": [] if editor else sections[0].rows(0, CALM),
            "most_used": queries.most_used(10),
            "systems": critical_systems(land),
            "news": history.news(request.user, limit=8),
        }
        return render(request, "pages/front.html", context)
