"""Queries of the pages about the catalogue: (limit, address' name, its arguments, query) by title."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from registry.models import Asset
from roles import catalogue
from roles.models import Assignment, EditionEntry, Person, Role, RoleEdition, RoleRequirement
from tests import factories

LIST, DETAIL = 12, 20
EDITION = 80_000
PAGES: dict[str, tuple[int, str, list[Any], str]] = {
    "roller": (LIST, "role-list", [], "size=250"),
    "roller, alle kolonner": (
        LIST,
        "role-list",
        [],
        "size=250&col=name&col=requirements&col=holders&col=description&sort=-holders",
    ),
    "roller som csv": (LIST, "role-list", [], "_export=csv"),
    "rolle": (DETAIL, "role-detail", ["R0"], ""),
    "historik for en rolle": (LIST, "role-history", ["R0"], ""),
    "krav": (LIST, "requirement-list", [], "size=250&role=R0"),
    "udgaver": (LIST, "edition-list", [], ""),
    "udgave": (DETAIL, "edition-detail", [EDITION], ""),
    "arkivering af en rolle": (DETAIL, "role-archive", ["R0"], ""),
    "formular for udgave": (DETAIL, "edition-use", [EDITION], ""),
}


def copy_of(edition: RoleEdition) -> RoleEdition:
    """The edition under a key that the addresses above can name on every database."""
    RoleEdition.objects.filter(pk=edition.pk).update(name="Kladde", archived_at=timezone.now())
    return RoleEdition.objects.create(pk=EDITION, name="Første", note="til optælling")


def grow(start: int, count: int) -> None:
    """Rows number ``start`` to ``count``; the registry has systems S0 …, components K0 … and organisations O0 …."""
    roles = Role.objects.bulk_create(
        Role(code=f"R{i}", name=f"Rolle {i}", level="tactical") for i in range(start, count)
    )
    first = Role.objects.get(code="R0")
    assets = dict(Asset.objects.values_list("code", "pk"))
    RoleRequirement.objects.bulk_create(
        RoleRequirement(role=first, scope_kind="asset", asset_id=assets[f"K{i}"], holders=1 + i % 2)
        for i in range(start, count)
    )
    if start == 0:
        RoleRequirement.objects.create(role=first, scope_kind="every_system", deputy_needed=True)
    people = Person.objects.bulk_create(
        Person(pk=60_000 + i, name=f"Indehaver {i}", email=f"indehaver{i}@example.org")
        for i in range(start, count)
    )
    Assignment.objects.bulk_create(
        Assignment(person=person, role=role, asset_id=assets[f"{kind}{i}"], since="2024-01-01")
        for i, (person, new) in enumerate(zip(people, roles, strict=True), start)
        for role, kind in ((first, "S"), (first, "K"), (new, "S"))
        if role is first or new.pk != first.pk
    )
    if start == 0:
        entries = [
            catalogue.EntryValues(code=f"R{i}", name=f"Ny {i}", level="tactical", scope=[f"K{i}"])
            for i in range(count)
        ]
        edition = catalogue.prepare(actor=factories.user(), name="Første", entries=entries)
        EditionEntry.objects.filter(edition=edition).update(edition=copy_of(edition))
