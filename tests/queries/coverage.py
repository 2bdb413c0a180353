"""Queries of the pages about coverage: (limit, address' name, its arguments, query) by title."""

from __future__ import annotations

import datetime
from typing import Any

from registry.models import Asset, Organisation
from roles.models import Assignment, Person, Role, RoleRequirement
from tests import factories

LIST = 14  # seven are the day's picture, whatever its size

PAGES: dict[str, tuple[int, str, list[Any], str]] = {
    "rolledækning": (LIST, "coverage", [], ""),
    "rolledækning, filtreret": (
        LIST, "coverage", [], "niveau=operational&komponent=STS&tilstand=mangler&dato=2026-01-01",
    ),
    "rolledækning, pladser": (LIST, "coverage", [], "vis=pladser&size=250"),
    "rolledækning, personer": (LIST, "coverage", [], "vis=personer"),
    "rolledækning, csv": (LIST, "coverage", [], "_export=csv"),
}  # fmt: skip


def grow(start: int, count: int) -> None:
    """Rows number ``start`` to ``count``; the registry has systems S0 …, components K0 … and organisations O0 …."""
    day = datetime.date(2020, 1, 1)
    unit = Organisation.objects.order_by("pk").first()
    assets = {asset.code: asset for asset in Asset.objects.all()}
    people = Person.objects.bulk_create(
        Person(pk=50_000 + i, name=f"Bærer {i}", email=f"b{i}@example.org", unit=unit)
        for i in range(start, count)
    )
    roles = Role.objects.bulk_create(
        Role(code=f"DAEK{i}", name=f"Dækket {i}", level="operational") for i in range(start, min(count, 40))
    )
    RoleRequirement.objects.bulk_create(
        [RoleRequirement(role=role, scope_kind="every_system", since=day) for role in roles[:3]]
        + [
            RoleRequirement(
                role=role, scope_kind="asset", asset=assets[f"K{i}"], since=day, deputy_needed=True
            )
            for i, role in enumerate(roles, start)
            if i % 3
        ]
    )
    role = Role.objects.filter(code="DAEK0").first() or factories.role(code="DAEK0")
    Assignment.objects.bulk_create(
        Assignment(person=person, role=role, asset=assets[f"S{i}"], since=day)
        for i, person in enumerate(people, start)
    )
