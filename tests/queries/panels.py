"""Queries of what roles show on other pages: (limit, address' name, its arguments, query) by title.

The panels themselves are on the registry's pages and on the front page, which are counted where they are.
"""

from __future__ import annotations

import datetime
from typing import Any

from foi_portal.core.models import User
from registry.models import System
from roles.models import Assignment, Person, Role, RoleRequirement

LIST, DETAIL = 12, 20
FIRST = 80_000  # keys of the users' people, away from those that ``people`` gives
PAGES: dict[str, tuple[int, str, list[Any], str]] = {
    "personer, der rammes": (LIST, "impact-people", [], "asset=STS"),
    "personer bag det, man hviler på": (LIST, "impact-people", [], "asset=S0&retning=op"),
}


def grow(start: int, count: int) -> None:
    """Everybody who is signed in is responsible for every other system and deputy for the rest."""
    role, made = Role.objects.get_or_create(
        code="SYSTEMANSV", defaults={"name": "Systemansvarlig", "level": "tactical"}
    )
    day = datetime.date(2020, 1, 1)
    if made:
        RoleRequirement.objects.create(role=role, scope_kind="every_system", since=day, deputy_needed=True)
        for user in User.objects.filter(person=None):
            Person.objects.create(id=FIRST + user.pk, name=f"Bruger {user.pk}", user=user)
    systems = list(System.objects.filter(code__startswith="S").order_by("pk"))
    Assignment.objects.bulk_create(
        Assignment(
            person=person, role=role, asset=systems[i], part="deputy" if i % 2 else "holder", since=day
        )
        for person in Person.objects.exclude(user=None)
        for i in range(start, count)
    )
