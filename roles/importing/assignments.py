"""``assignments.csv``: who has which role where, matched on role, person, scope and first day."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping
from typing import Any, NamedTuple

from registry.importing import Column, FileFormat, Judged, Key, Look
from registry.importing.formats import choice_of, in_order, one_line, since, text
from registry.importing.values import parse_code
from registry.models import Asset, Kind, Organisation, OrganisationKind
from roles.importing.emptied import tell_emptied
from roles.importing.people import parse_email
from roles.importing.targets import has_catalogue
from roles.models import Assignment, Part, Person, RoleRequirement, ScopeKind

ELSEWHERE = "Rollen kræves ikke her. Skriv hvorfor i kolonnen «why_here», eller ret rollen eller koden."


class Stay(NamedTuple):
    """A period in a seat, and the file's row that says so (``None``: the portal)."""

    since: datetime.date
    until: datetime.date | None
    part: str
    row: Judged | None


def judge(look: Look) -> None:
    """Say who has left, what is not required, who is in a seat twice, and tell what is left empty."""
    changing = [row for row in look.rows if row.changes and _is_known(look, row.values)]
    if not changing:
        return
    _who_left(look, [row for row in changing if row.old is None])
    _required(look, changing)
    _twice(look, changing)
    tell_emptied(look, changing)


def _is_known(look: Look, values: Mapping[str, Any]) -> bool:
    """Whether the row points at what there is; if not, that has been said."""
    scope = values.get("scope")
    return (
        look.is_known("role", values["role"])
        and look.is_known("person", values["person"])
        and (not scope or look.is_known("scope", scope))
    )


def _who_left(look: Look, new: list[Judged]) -> None:
    """The file of people goes before the portal; the model's own rule, said by row."""
    left: dict[str, datetime.date | None] = dict(
        Person.objects.current().exclude(email="").values_list("email", "active_to")
    )
    for key, values in look.files.get("people", {}).items():
        left[key[0]] = values.get("active_to")
    for row in new:
        day = left.get(row.values["person"])
        if day is not None and day <= row.values["since"]:
            message = f"Personen er fratrådt {day:%d-%m-%Y}. Vælg en anden, eller ret startdatoen."
            look.say(row.row, "person_email", row.values["person"], message)


def _required(look: Look, changing: list[Judged]) -> None:
    """Where a role is not required, somebody must say why it is held there."""
    without = [
        row
        for row in changing
        if not row.values.get("why_here") and (row.old is None or row.old.values["why_here"])
    ]
    if not without:
        return
    places = _required_places(look)
    systems = {code for code, kind in _kinds(look) if kind == Kind.SYSTEM}
    departments = {code for code, kind in _organisations(look) if kind == OrganisationKind.FORVALTNING}
    everywhere = {ScopeKind.EVERY_SYSTEM.value: systems, ScopeKind.EVERY_DEPARTMENT.value: departments}
    for row in without:
        scope, wanted = row.values.get("scope"), places.get(row.values["role"], set())
        if scope in wanted or any(scope in codes for kind, codes in everywhere.items() if kind in wanted):
            continue
        look.say(row.row, "why_here", "", ELSEWHERE)


def _required_places(look: Look) -> Mapping[str, set[str | None]]:
    """Role → the codes it is required for; ``None`` is the municipality, and a scope kind stands for all of them."""
    places: dict[str, set[str | None]] = defaultdict(set)
    rows = RoleRequirement.objects.current().order_by()
    for role, kind, asset in rows.values_list("role__code", "scope_kind", "asset__code"):
        places[role].add(asset if asset else None if kind == ScopeKind.MUNICIPALITY else kind)
    if not has_catalogue():  # the edition read along with this file is taken into use first
        for key, values in look.files.get("roles", {}).items():
            places[key[0]] |= set(values.get("scope") or (ScopeKind.EVERY_SYSTEM.value,))
    return places


def _kinds(look: Look) -> list[tuple[str, str]]:
    given = [(key[0], Kind.SYSTEM.value) for key in look.files.get("systems", {})]
    return [*Asset.objects.order_by().values_list("code", "kind"), *given]


def _organisations(look: Look) -> list[tuple[str, str]]:
    given = [(key[0], str(it.get("kind"))) for key, it in look.files.get("organisations", {}).items()]
    return [*Organisation.objects.order_by().values_list("code", "kind"), *given]


def _twice(look: Look, changing: list[Judged]) -> None:
    """Nobody is in a seat twice on one day, be it as holder and as deputy. All of a touched seat is looked at."""
    touched = {row.key[:3] for row in changing}
    seats: dict[Key, list[Stay]] = defaultdict(list)
    in_file = set()
    for row in look.rows:
        in_file.add(row.key)
        if row.key[:3] in touched:
            seats[row.key[:3]].append(_stay(row.values, row))
    for key, stored in look.stored.items():
        if key[:3] in touched and key not in in_file:
            seats[key[:3]].append(_stay(stored.values, None))
    for stays in seats.values():
        stays.sort(key=lambda stay: stay.since)
        last = stays[0]
        for stay in stays[1:]:
            if last.until is None or stay.since < last.until:
                _say_twice(look, last, stay)
            if last.until is not None and (stay.until is None or stay.until > last.until):
                last = stay


def _stay(values: Mapping[str, Any], row: Judged | None) -> Stay:
    return Stay(values["since"], values.get("until"), values.get("part") or Part.HOLDER.value, row)


def _say_twice(look: Look, first: Stay, second: Stay) -> None:
    """At the file's row; the later one when both are from the file."""
    told, other = (second, first) if second.row is not None else (first, second)
    if told.row is None:  # it stands so in the portal, and is not this file's doing
        return
    where = f"række {other.row.row}" if other.row is not None else "portalen"
    until = f" til {other.until:%d-%m-%Y}" if other.until else ""
    period = f"fra {other.since:%d-%m-%Y}{until}"
    if told.part == other.part:
        message = f"Personen har allerede rollen her {period} ({where}). Ret datoerne, eller slet den ene."
        look.say(told.row.row, "since", f"{told.since:%d-%m-%Y}", message)
    else:
        as_what = str(Part(other.part).label).lower()
        message = (
            f"Personen er {as_what} her {period} ({where}) og kan ikke også være "
            f"{str(Part(told.part).label).lower()}. Vælg en anden."
        )
        look.say(told.row.row, "person_email", str(told.row.values["person"]), message)


ASSIGNMENTS = FileFormat(
    name="assignments",
    label="Tildelinger",
    computed=("role", "level", "scope", "person", "state", "standing_in", "updated_at"),
    model=Assignment,
    keys=("role_code", "person_email", "scope_code", "since"),
    shown=3,
    columns=(
        Column("role_code", "role", parse_code, required=True, refers="role"),
        Column("person_email", "person", parse_email, required=True, refers="person"),
        Column(
            "scope_code",
            "scope",
            parse_code,
            refers="scope",
            attnames=("asset_id", "organisation_id"),
            label="Omfang",
        ),
        Column("part", "part", choice_of(Part), required=True),
        Column("since", "since", since, required=True),
        Column("until", "until", since),
        Column("note", "note", text(5000)),
        Column("why_here", "why_here", one_line(300)),
    ),
    rules=(in_order(("since", "since", "Startdatoen"), ("until", "until", "Slutdatoen"), strictly=True),),
    rows=Assignment.objects.current,
    narrow="role_code",
    judge=judge,
)

__all__ = ["ASSIGNMENTS"]
