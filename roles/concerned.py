"""The people concerned by an impact answer: who answers for what is hit, each once, and whom to ask instead.

Roles that belong to projects are left out: an outage is about operations. Roles are as they are on the day asked for,
which is today for pages, whatever day the question is about: it is today that people are told.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from django.conf import settings
from django.db.models import Q
from django.urls import reverse

from foi_portal.core.danish import sort_key
from foi_portal.core.keys import among
from registry import impact
from registry.impact import Reply
from registry.landscape import Facts
from roles.coverage import Post, Roster, Seat
from roles.models import Assignment, Part, Phase, RoleRequirement, ScopeKind
from roles.responsible import FIRST, Absences, Contact, Name, RoleName

SHOWN = 20  # people of a role on the page, and
NAMED = 3  # of what each is there for
MOST_ADDRESSES = 1000  # on the page
LONGEST_MAILTO = 1900  # signs: what mail programs take
MOST_ON_PAPER = 60  # people in the PDF
MOST_CODES = 500  # in a cell of the export; a spreadsheet's cell has room for 32,767 signs
EXPORTED = ("name", "email", "phone", "roles", "assets", "asset_count", "instead_of")


@dataclass
class Line:
    """A person in one role: what for, and for whom they stand in. ``is_deputy``: nobody holds the seat."""

    contact: Contact
    by_key: dict[int, Facts] = field(default_factory=dict)
    instead_of: dict[int, Name] = field(default_factory=dict)
    is_deputy: bool = False

    @property
    def scopes(self) -> list[Facts]:
        return [*self.by_key.values()]

    @property
    def first(self) -> list[Facts]:
        return self.scopes[:NAMED]

    @property
    def more(self) -> int:
        return len(self.by_key) - len(self.first)


@dataclass
class Group:
    """The people of one role, by name, and what has nobody in it though somebody is required."""

    role: RoleName
    by_person: dict[int, Line] = field(default_factory=dict)
    vacant: list[Facts] = field(default_factory=list)

    @property
    def lines(self) -> list[Line]:
        return sorted(
            self.by_person.values(), key=lambda line: (sort_key(line.contact.name), line.contact.key)
        )


@dataclass(frozen=True)
class Concerned:
    """``groups`` by role; ``people`` are all of those in them, each once, by name."""

    groups: Sequence[Group]

    @property
    def people(self) -> list[Contact]:
        found = {key: line.contact for group in self.groups for key, line in group.by_person.items()}
        return sorted(found.values(), key=lambda who: (sort_key(who.name), who.key))


def by(reply: Reply, on: datetime.date) -> Concerned:
    """Who is concerned, by the roles of the day ``on``. Three queries, whatever the size of the answer."""
    hit = {facts.key: facts for facts in reply.failed} | {row.facts.key: row.facts for row in reply.rows}
    by_department: dict[int, list[Facts]] = {}
    for facts in hit.values():
        if facts.is_system and facts.department is not None:
            by_department.setdefault(facts.department, []).append(facts)
    roles: dict[int, RoleName] = {}
    people: dict[int, Contact] = {}
    posts: list[Post] = []
    rows = (
        Assignment.objects.serving(on)
        .filter(Q(asset__in=among(hit)) | Q(organisation__in=among(by_department)))
        .exclude(role__phase=Phase.PROJECT)
        .order_by("since", "id")
    )
    for key, person, role, asset, organisation, part, since, until, name, email, phone, *named in rows.values_list(
        "id", "person_id", "role_id", "asset_id", "organisation_id", "part", "since", "until",
        "person__name", "person__email", "person__phone", "role__code", "role__name",
    ):  # fmt: skip
        posts.append(Post(key, person, Seat(role, asset, organisation), part == Part.HOLDER, since, until))
        people[person] = Contact(person, name, email, phone)
        roles[role] = RoleName(role, *named)
    away = Absences.on(on) if posts else Absences()
    people = {**away.people, **people}
    roster = Roster.of(posts, away.stays, away.absences)
    groups = {key: Group(role) for key, role in roles.items()}
    order = {key: place for place, key in enumerate(hit)}
    in_order = sorted(roster.posts, key=lambda seat: order.get(seat.asset or 0, len(order)))
    for seat in in_order:
        scopes = [hit[seat.asset]] if seat.asset is not None else by_department[seat.organisation or 0]
        _reach(groups[seat.role], seat, scopes, roster, on, people)
    held = {(post.seat.role, post.seat.asset) for post in posts if post.holder}
    _tell_vacant(groups, held, hit, on)
    return Concerned(sorted(groups.values(), key=_rank))


def _rank(group: Group) -> tuple[int, str]:
    code = group.role.code
    return (FIRST.index(code) if code in FIRST else len(FIRST)), sort_key(group.role.name)


def _reach(
    group: Group,
    seat: Seat,
    scopes: list[Facts],
    roster: Roster,
    on: datetime.date,
    people: Mapping[int, Contact],
) -> None:
    """Add those of a seat who are to be reached: its holders, who stands in for them, or its deputies alone."""
    holders = roster.holders(seat, on)
    for post in holders or roster.deputies(seat, on):
        absence, stand_in = roster.absence(post.person, on), roster.standing_in(post, on)
        who = people[stand_in if stand_in is not None and post.holder else post.person]
        if absence is not None and who.key == post.person:
            who = who._replace(is_away=True, back=absence.until)
        line = group.by_person.setdefault(who.key, Line(who))
        line.by_key |= {facts.key: facts for facts in scopes}
        line.is_deputy = line.is_deputy or not post.holder
        if who.key != post.person:
            line.instead_of[post.person] = Name(post.person, people[post.person].name)


def _tell_vacant(
    groups: dict[int, Group], held: set[tuple[int, int | None]], hit: Mapping[int, Facts], on: datetime.date
) -> None:
    """Add what nobody holds though the role is required for it. One query."""
    rules = (
        RoleRequirement.objects.current()
        .filter(
            Q(asset__in=among(hit)) | Q(scope_kind=ScopeKind.EVERY_SYSTEM),
            since__lte=on,
            role__archived_at=None,
        )
        .exclude(role__phase=Phase.PROJECT)
        .order_by("id")
    )
    wanted: dict[int, set[int]] = {}
    for role, code, name, asset in rules.values_list("role_id", "role__code", "role__name", "asset_id"):
        groups.setdefault(role, Group(RoleName(role, code, name)))
        keys: Iterable[int] = (
            (key for key, facts in hit.items() if facts.is_system) if asset is None else (asset,)
        )
        wanted.setdefault(role, set()).update(keys)
    for role, keys in wanted.items():
        groups[role].vacant = [facts for key, facts in hit.items() if key in keys and (role, key) not in held]
        if not groups[role].vacant and not groups[role].by_person:
            del groups[role]


# --- The panel and the file -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shown:
    """A group as the page has room for it."""

    role: RoleName
    lines: Sequence[Line]
    count: int
    vacant: Sequence[Facts]
    vacant_count: int

    @property
    def more(self) -> int:
        return self.count - len(self.lines)

    @property
    def more_vacant(self) -> int:
        return self.vacant_count - len(self.vacant)


def panel(reply: Reply, on: datetime.date) -> dict[str, Any]:
    """What the impact page shows of the people."""
    found = by(reply, on)
    people = found.people
    addresses = sorted({who.email for who in people if who.email})
    return {
        "groups": [
            Shown(g.role, g.lines[:SHOWN], len(g.by_person), g.vacant[: 2 * NAMED], len(g.vacant))
            for g in found.groups
        ],
        "count": len(people),
        "addresses": "; ".join(addresses) if len(addresses) <= MOST_ADDRESSES else "",
        "address_count": len(addresses),
        "without_address": sum(not who.email for who in people),
        "mailto": mailto(reply, addresses),
        "csv_url": f"{reverse('impact-people')}?{reply.question.query()}",
        "upstream": reply.is_upstream,
        "another_day": reply.question.on != on,
    }


def on_paper(reply: Reply, on: datetime.date) -> dict[str, Any]:
    """What the PDF says of the people: each once with all their roles, and what has nobody. Empty where none is."""
    found = by(reply, on)
    people = found.people
    if not found.groups:
        return {}
    return {
        "people": [
            (who, [(g.role, g.by_person[who.key]) for g in found.groups if who.key in g.by_person])
            for who in people[:MOST_ON_PAPER]
        ],
        "more": max(len(people) - MOST_ON_PAPER, 0),
        "count": len(people),
        "vacant": [
            Shown(g.role, (), 0, g.vacant[: 2 * NAMED], len(g.vacant)) for g in found.groups if g.vacant
        ],
        "upstream": reply.is_upstream,
    }


def mailto(reply: Reply, addresses: Sequence[str]) -> str:
    """A letter to them all, none seeing the others' addresses; empty when there are none, or too many for an address.

    Addresses are parted by semicolons, which is what Outlook takes.
    """
    address = f"{settings.SITE_URL}{reverse('impact')}?{reply.question.query()}"
    body = f"{' '.join(impact.headline(reply))}\r\n\r\n{address}\r\n"
    letter = urlencode({"subject": impact.title(reply), "body": body}, quote_via=quote)
    url = f"mailto:?bcc={quote('; '.join(addresses), safe='@')}&{letter}"
    return url if addresses and len(url) <= LONGEST_MAILTO else ""


def export_rows(found: Concerned) -> Iterable[list[Any]]:
    """A row for each person, by the names in ``EXPORTED``; codes and names are parted by commas."""
    for who in found.people:
        lines = [(g.role.code, g.by_person[who.key]) for g in found.groups if who.key in g.by_person]
        codes = list(dict.fromkeys(facts.code for _, line in lines for facts in line.scopes))
        instead_of = dict.fromkeys(name.name for _, line in lines for name in line.instead_of.values())
        yield [
            who.name,
            who.email,
            who.phone,
            ", ".join(role for role, _ in lines),
            ", ".join(codes[:MOST_CODES]),
            len(codes),
            ", ".join(instead_of),
        ]


__all__ = ["EXPORTED", "Concerned", "Group", "Line", "by", "export_rows", "mailto", "on_paper", "panel"]
