"""The demonstration's people and who has which role: fictional, and only ever loaded on a developer's machine.

The files beside this one are read once. Cells like ``+45`` are days from the day of loading, so that what expires
soon does so whenever the demonstration is first loaded. What is there already, edited or not, is left alone.
"""

from __future__ import annotations

import csv
import datetime
from collections.abc import Iterator
from pathlib import Path

from foi_portal.core.models import User
from registry.importing import SourceFile, make_plan, read_files
from registry.models import Asset, Organisation
from roles.catalogue import EntryValues, compare, prepare, take_into_use
from roles.models import Absence, Assignment, EditionState, Part, Person, Role, RoleEdition

DEMO = Path(__file__).resolve().parent
DOMAIN = "@example.org"
EDITION = "Rollekatalog 2026"
IN_USE_FROM = datetime.date(2026, 1, 1)
REASON = "Demonstrationsdata"


def load_catalogue(*, on: datetime.date) -> int:
    """Take the published catalogue into use, unless there is a catalogue. Out: how many roles it has."""
    if RoleEdition.objects.filter(state=EditionState.IN_USE).exists() or Role.objects.exists():
        return 0
    found = make_plan(read_files([SourceFile("roles.csv", (DEMO / "roles.csv").read_bytes())]))
    entries = [EntryValues(**values) for file in found.files for values in file.whole]
    edition = prepare(actor=None, name=EDITION, entries=entries, note=REASON)
    since = min(on, IN_USE_FROM)
    take_into_use(
        edition=edition,
        actor=None,
        on=since,
        version=edition.version,
        end_assignments=False,
        seen=compare(edition, since).digest,
        reason=REASON,
    )
    return len(entries)


def load_people(*, on: datetime.date) -> int:
    """Make the people who are not there, and their absences, dated from the day ``on``. Out: how many people."""
    units = dict(Organisation.objects.values_list("code", "pk"))
    free = dict(User.objects.filter(person=None).values_list("username", "pk"))
    emails, names = set(Person.objects.values_list("email", flat=True)), _names()
    new = [
        Person(
            name=row["name"],
            email=row["email"],
            phone=row["phone"],
            title=row["title"],
            unit_id=units[row["unit_code"]],
            active_from=_day(row["active_from"], on),
            active_to=_day(row["active_to"], on),
            user_id=free.get(row["username"]),
        )
        for row in _rows("people")
        if row["email"] not in emails and row["name"] not in names
    ]
    Person.objects.bulk_create(new)
    made, people = {person.email for person in new}, _people()
    Absence.objects.bulk_create(
        Absence(
            person_id=people[row["person"]],
            since=_day(row["since"], on) or on,
            until=_day(row["until"], on),
            stand_in_id=people[row["stand_in"]],
        )
        for row in _rows("absences")
        if row["person"] + DOMAIN in made
    )
    return len(new)


def load_assignments(*, on: datetime.date) -> int:
    """Put people in the seats they never were in. In: the catalogue is in use. Out: how many assignments."""
    people = _people()
    roles = dict(Role.objects.values_list("code", "pk"))
    assets = dict(Asset.objects.values_list("code", "pk"))
    had = set(Assignment.objects.values_list("person_id", "role_id", "asset_id"))
    new = [
        Assignment(
            person_id=people[name],
            role_id=roles[row["role_code"]],
            asset_id=assets[code],
            part=part,
            since=_day(row["since"], on) or on,
            until=_day(row["until"], on) if part == Part.HOLDER else None,
            note=row["note"] if part == Part.HOLDER else "",
        )
        for row in _rows("seats")
        for code in row["scope_codes"].split(";")
        for part, column in ((Part.HOLDER, "holders"), (Part.DEPUTY, "deputies"))
        for name in filter(None, row[column].split(";"))
        if row["role_code"] in roles  # somebody may have taken a catalogue of their own into use
        and name in people
        and (people[name], roles[row["role_code"]], assets[code]) not in had
    ]
    Assignment.objects.bulk_create(new)
    return len(new)


def _people() -> dict[str, int]:
    """What stands before the @ → the person, by e-mail or, if that was corrected, by name; doubles are followed."""
    found = {
        email: merged or pk
        for pk, email, merged in Person.objects.order_by("-pk").values_list("pk", "email", "merged_into_id")
        if email
    }
    names = _names()
    return {
        row["email"].removesuffix(DOMAIN): found.get(row["email"]) or names[row["name"]]
        for row in _rows("people")
        if row["email"] in found or row["name"] in names
    }


def _names() -> dict[str, int]:
    return {
        name: merged or pk
        for pk, name, merged in Person.objects.order_by("-pk").values_list("pk", "name", "merged_into_id")
    }


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (DEMO / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _day(cell: str, on: datetime.date) -> datetime.date | None:
    """``2024-02-01``, ``+45`` and ``-10`` (days from ``on``), or nothing."""
    if not cell:
        return None
    if cell[0] in "+-":
        return on + datetime.timedelta(days=int(cell))
    return datetime.date.fromisoformat(cell)


__all__ = ["DEMO", "load_assignments", "load_catalogue", "load_people"]
