"""Queries of the pages about assignments: (limit, address' name, its arguments, query) by title."""

from __future__ import annotations

import datetime
from typing import Any

from registry.models import System
from roles.models import Absence, Assignment, Person, Role, RoleRequirement

LIST, DETAIL = 12, 20
FIRST = 990_001  # the keys go down from here: rows of other subjects get higher ones

PAGES: dict[str, tuple[int, str, list[Any], str]] = {
    "tildelinger": (LIST, "assignment-list", [], "size=250"),
    "tildelinger, alle kolonner": (
        LIST,
        "assignment-list",
        [],
        "size=250&when=all&scope=S0&role=TILDELT&unrequired=nej&absent=ja&department=O0&person=990001"
        "&col=role_code&col=level&col=scope&col=scope_code&col=part&col=person&col=person_email&col=state"
        "&col=standing_in&col=why_here",
    ),
    "tildelinger som csv": (LIST, "assignment-list", [], "_export=csv&col=standing_in"),
    "én tildeling": (DETAIL, "assignment-detail", [FIRST], ""),
    "ny tildeling": (DETAIL, "assignment-create", [], "role=TILDELT&asset=S0&person=990001"),
    "formular for tildeling": (DETAIL, "assignment-update", [FIRST], ""),
    "formular til at afslutte": (DETAIL, "assignment-end", [FIRST], ""),
    "formular til at overdrage": (DETAIL, "assignment-handover", [FIRST], ""),
    "formular til at overdrage alt": (DETAIL, "person-transfer", [FIRST], ""),
    "arkivering af tildeling": (DETAIL, "assignment-archive", [FIRST], ""),
    "opslag af omfang": (LIST, "scope-lookup", [], "q=sys"),
}


def grow(start: int, count: int) -> None:
    """One person has a seat for every system; a holder and a deputy, half of whom are away, have one more."""
    role, _ = Role.objects.get_or_create(code="TILDELT", defaults={"name": "Tildelt", "level": "tactical"})
    RoleRequirement.objects.get_or_create(
        role=role, scope_kind="every_system", defaults={"since": datetime.date(2020, 1, 1)}
    )
    keys = range(FIRST - start, FIRST - count, -1)
    people = [Person(pk=key, name=f"Tildelt {key}", email=f"t{key}@example.org") for key in keys]
    Person.objects.bulk_create(people)
    Absence.objects.bulk_create(
        Absence(person=person, since=datetime.date(2024, 1, 1), stand_in_id=FIRST - 1)
        for person in people
        if person.pk % 2
    )
    since = datetime.date(2024, 1, 1)
    systems = list(System.objects.order_by("pk"))[start:count]
    for who, part in ((FIRST, "holder"), (FIRST - 1, "deputy")):
        Assignment.objects.bulk_create(
            Assignment(
                pk=FIRST if who == FIRST and start + i == 0 else None,  # the one that the pages are about
                person_id=who,
                role=role,
                asset_id=system.pk,
                part=part,
                since=since,
            )
            for i, system in enumerate(systems)
        )
