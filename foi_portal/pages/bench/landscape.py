"""An invented landscape of any size: the same seed and size always give the same rows.

``make()`` is pure; ``load()`` copies the rows into an empty PostgreSQL database through the history's triggers.
"""

from __future__ import annotations

import datetime
import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Model

from registry.models import (
    Asset,
    ComponentType,
    Dependency,
    DependencyStatus,
    Direction,
    Importance,
    Kind,
    Level,
    Lifecycle,
    Organisation,
    OrganisationKind,
    PersonalData,
)
from roles.models import Assignment, Part, Person, Role, RoleLevel, RoleRequirement, ScopeKind

Row = dict[str, Any]

TOPICS = [
    "Børn",
    "Ældre",
    "Sundhed",
    "Løn",
    "Økonomi",
    "Byggesag",
    "Miljø",
    "Vej",
    "Skole",
    "Dagtilbud",
    "Bibliotek",
    "Kontanthjælp",
    "Sygedagpenge",
    "Pension",
    "Borgerservice",
    "Valg",
    "Ejendom",
    "Skat",
    "Beredskab",
    "Kultur",
    "Idræt",
    "Genoptræning",
    "Hjælpemiddel",
    "Tandpleje",
    "Jobcenter",
    "Affald",
    "Parkering",
    "Journal",
    "Arkiv",
    "Post",
    "Telefoni",
    "Netværk",
    "Identitet",
    "Certifikat",
    "Adresse",
    "Kort",
    "Tilsyn",
    "Indkøb",
    "Kørsel",
    "Medicin",
]
SHAPES = [
    "system",
    "portal",
    "register",
    "modul",
    "fagløsning",
    "planlægger",
    "arkiv",
    "overblik",
    "service",
    "snitflade",
    "indberetning",
    "app",
]
ACTS = [
    "opslag",
    "sagsoverblik",
    "login",
    "indberetning",
    "advisering",
    "udbetaling",
    "journalisering",
    "fjernprint",
    "medhør",
    "kvittering",
]
WHOM = [
    "borgere",
    "medarbejdere",
    "sagsbehandlere",
    "virksomheder",
    "forældre",
    "ledere",
    "læger",
    "vejledere",
]


@dataclass(frozen=True)
class Size:
    """How many rows of each table; ``changes`` counts history rows, those of the inserts included."""

    systems: int = 10_000
    components: int = 1_000
    dependencies: int = 100_000
    changes: int = 1_000_000
    vendors: int = 200
    forvaltninger: int = 8

    roles: int = 50

    @property
    def assets(self) -> int:
        return self.systems + self.components

    @property
    def people(self) -> int:
        return max(self.systems // 10, 4)

    @property
    def assignments(self) -> int:
        return 2 * self.systems

    def tenth(self) -> Size:
        return Size(
            self.systems // 10,
            self.components // 10,
            self.dependencies // 10,
            self.changes // 10,
            self.vendors,
        )


def _sentence(rng: random.Random, topic: str) -> str:
    return (
        f"Understøtter {rng.choice(ACTS)} og {rng.choice(ACTS)} for {rng.choice(WHOM)} på området "
        f"{topic.lower()}. Bruges sammen med {rng.choice(TOPICS).lower()}."
    )


def organisations(size: Size) -> Iterator[Row]:
    """The municipality (1), its forvaltninger and the vendors, parents first."""
    yield {"id": 1, "code": "OK", "name": "Prøvekøbing Kommune", "kind": OrganisationKind.MUNICIPALITY}
    for number in range(size.forvaltninger):
        name = f"{TOPICS[number % len(TOPICS)]}- og {TOPICS[(number + 7) % len(TOPICS)]}forvaltningen"
        yield {
            "id": 2 + number,
            "code": f"F{number:03}",
            "name": name,
            "kind": OrganisationKind.FORVALTNING,
            "parent_id": 1,
        }
    for number in range(size.vendors):
        yield {
            "id": 2 + size.forvaltninger + number,
            "code": f"LEV{number:04}",
            "name": f"{TOPICS[number % len(TOPICS)]}data nr. {number} A/S",
            "kind": OrganisationKind.VENDOR,
        }


def assets(rng: random.Random, size: Size) -> Iterator[Row]:
    """Components first (ids from 1; one in ten is a platform, the rest hang under an earlier one), then systems."""
    first_vendor = 2 + size.forvaltninger
    for id_ in range(1, size.assets + 1):
        is_component = id_ <= size.components
        topic, shape = rng.choice(TOPICS), rng.choice(SHAPES)
        platform = not is_component or id_ == 1 or rng.random() < 0.1
        row: Row = {
            "id": id_,
            "kind": Kind.COMPONENT if is_component else Kind.SYSTEM,
            "code": f"K{id_:05}" if is_component else f"S{id_ - size.components:05}",
            "name": f"{topic}{shape} {id_}",
            "aliases": f"{topic}løsning {id_}, Gamle {topic} {id_}" if rng.random() < 0.2 else "",
            "description": _sentence(rng, topic),
            "provider_id": first_vendor + rng.randrange(size.vendors),
            "lifecycle": rng.choices(list(Lifecycle), (2, 3, 85, 6, 4))[0],
            "criticality": rng.choice((1, 2, 3, 4, None)),
            "active_from": datetime.date(rng.randrange(2005, 2026), 1, 1),
        }
        if is_component:
            row |= {
                "level": rng.choice(list(Level)),
                "component_type": ComponentType.PLATFORM if platform else rng.choice(list(ComponentType)[1:]),
                "parent_id": None if platform else rng.randrange(1, id_),
            }
        else:
            row |= {
                "department_id": 2 + rng.randrange(size.forvaltninger),
                "personal_data": rng.choice(list(PersonalData)),
            }
        yield row


def dependencies(rng: random.Random, size: Size) -> Iterator[Row]:
    """Every asset leans on a few others; one target in two is among the hundred favourite components."""
    favourites = min(100, size.components)
    seen: set[tuple[int, int, str]] = set()
    directions = [str(direction) for direction in Direction]
    while len(seen) < size.dependencies:
        source = rng.randrange(1, size.assets + 1)
        popular = rng.random() < 0.5
        target = rng.randrange(1, (favourites if popular else size.assets) + 1)
        key = (source, target, rng.choice(directions))
        if source == target or key in seen:
            continue
        seen.add(key)
        yield {
            "id": len(seen),
            "source_id": source,
            "target_id": target,
            "direction": key[2],
            "purpose": f"{rng.choice(ACTS).capitalize()} om {rng.choice(TOPICS).lower()} for {rng.choice(WHOM)}",
            "importance": rng.choice(list(Importance)),
            "status": rng.choices(list(DependencyStatus), (3, 3, 80, 8, 6))[0],
            "since": datetime.date(rng.randrange(2008, 2026), rng.randrange(1, 13), 1),
        }


def people(size: Size) -> Iterator[Row]:
    for number in range(1, size.people + 1):
        name = f"{TOPICS[number % len(TOPICS)]} {SHAPES[number % len(SHAPES)].capitalize()}sen {number}"
        yield {"id": number, "name": name, "email": f"person{number}@example.org", "unit_id": 2}


def roles(size: Size) -> Iterator[Row]:
    levels = list(RoleLevel)
    for number in range(1, size.roles + 1):
        name = f"{TOPICS[number % len(TOPICS)]}ansvarlig {number}"
        yield {"id": number, "code": f"R{number:03}", "name": name, "level": levels[number % len(levels)]}


def requirements(size: Size) -> Iterator[Row]:
    """Every role is required for every fagsystem; every other needs a deputy."""
    for number in range(1, size.roles + 1):
        yield {
            "id": number,
            "role_id": number,
            "scope_kind": ScopeKind.EVERY_SYSTEM,
            "deputy_needed": number % 2 == 0,
            "since": datetime.date(2022, 1, 1),
        }


def assignments(rng: random.Random, size: Size) -> Iterator[Row]:
    """Three in four are holders, one in ten is over, one in ten ends this year or the next."""
    seen: set[tuple[int, int, int]] = set()
    while len(seen) < size.assignments:
        key = (
            rng.randrange(1, size.people + 1),
            rng.randrange(1, size.roles + 1),
            rng.randrange(size.components + 1, size.assets + 1),
        )
        if key in seen:
            continue
        seen.add(key)
        until = rng.choices(
            (None, datetime.date(2024, 1, 1), datetime.date(2026 + rng.randrange(2), 12, 31)), (8, 1, 1)
        )[0]
        yield {
            "id": len(seen),
            "person_id": key[0],
            "role_id": key[1],
            "asset_id": key[2],
            "part": rng.choices((Part.HOLDER, Part.DEPUTY), (3, 1))[0],
            "since": datetime.date(rng.randrange(2020, 2024), 1, 1),
            "until": until,
        }


def make(seed: int, size: Size) -> list[tuple[type[Model], Iterable[Row]]]:
    """The landscape as (model, rows) pairs in an order that foreign keys accept."""
    return [
        (Organisation, organisations(size)),
        (Asset, assets(random.Random(seed), size)),  # noqa: S311 - invented names, not secrets
        (Dependency, dependencies(random.Random(seed + 1), size)),  # noqa: S311
        (Person, people(size)),
        (Role, roles(size)),
        (RoleRequirement, requirements(size)),
        (Assignment, assignments(random.Random(seed + 3), size)),  # noqa: S311
    ]


def load(seed: int, size: Size) -> None:
    """Copy the landscape into the empty tables of the current PostgreSQL database, and its history with it.

    The triggers write one history row per row; ``_age`` adds invented earlier ones up to ``size.changes``.
    """
    copy_in(make(seed, size), size.changes)


def copy_in(tables: Iterable[tuple[type[Model], Iterable[Row]]], changes: int = 0) -> None:
    """Copy the rows in, model by model, and have the database look at what it got. ``changes``: see ``load``."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        for model, rows in tables:
            fields = [field for field in model._meta.concrete_fields if not field.has_db_default()]
            names = ", ".join(connection.ops.quote_name(str(field.column)) for field in fields)
            with cursor.copy(f"COPY {model._meta.db_table} ({names}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row([row.get(field.attname, field.get_default()) for field in fields])
            last = model._default_manager.order_by("-pk").values_list("pk", flat=True)[:1][0]
            cursor.execute(
                "SELECT setval(pg_get_serial_sequence(%s, 'id'), %s)", [model._meta.db_table, last]
            )
        _age(cursor, changes)
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("RESET statement_timeout")


def _age(cursor: Any, wanted: int) -> None:
    """Fill the history up to ``wanted`` rows with updates of rows that exist, ten rows to a change set."""
    cursor.execute("SELECT count(*) FROM core_change")
    missing = wanted - cursor.fetchone()[0]
    if missing <= 0:
        return
    born = r"""operation = 'insert' AND "table" LIKE 'registry\_%%'"""
    cursor.execute(f"SELECT count(*) FROM core_change WHERE {born}", [])  # noqa: S608 - a constant
    total = cursor.fetchone()[0]
    if not total:
        return
    cursor.execute(
        f"""
        INSERT INTO core_change
            ("table", row_id, row_version, operation, before, after, change_set, kind, reason, at, actor_id)
        SELECT born."table", born.row_id, 2 + step / %s, 'update', born.after,
            born.after || jsonb_build_object('version', 2 + step / %s),
            md5((step / 10)::text)::uuid, 'edit', 'Prøvedata',
            now() - make_interval(secs => (%s - step) * 60), NULL
        FROM (SELECT row_number() OVER (ORDER BY id) - 1 AS number, * FROM core_change WHERE {born}) born
        JOIN generate_series(0, %s - 1) AS step ON step %% %s = born.number
        ORDER BY step
        """,  # noqa: S608 - constants only
        [total, total, missing, missing, total],
    )
