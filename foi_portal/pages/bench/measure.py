"""What a page costs: queries at two sizes, and time beside a raw query and a bare admin changelist.

Everything runs in one process through Django's test client, the three in turn in each round, so that they
meet the same caches and the same noise. Times are medians.
"""

from __future__ import annotations

import json
import random
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from psycopg.rows import dict_row

from foi_portal.pages.bench.landscape import TOPICS, Size, assets

SYSTEM_ROWS = """
    SELECT a.code, a.name, a.lifecycle, a.archived_at, a.criticality, a.personal_data, o.code AS department_code,
        o.name AS department, v.code AS vendor_code, v.name AS vendor, (
            SELECT count(*) FROM registry_dependency d
            WHERE d.source_id = a.id AND d.archived_at IS NULL AND d.status <> 'ended'
                AND (d.until IS NULL OR d.until > current_date)) AS uses
    FROM registry_asset a
    LEFT JOIN registry_organisation o ON o.id = a.department_id
    LEFT JOIN registry_organisation v ON v.id = a.provider_id
    WHERE a.kind = 'system' AND a.archived_at IS NULL """
DEPENDENCY_ROWS = """
    SELECT d.*, s.code AS source_code, s.name AS source, s.kind AS source_kind, t.code AS target_code,
        t.name AS target, t.kind AS target_kind
    FROM registry_dependency d
    JOIN registry_asset s ON s.id = d.source_id
    JOIN registry_asset t ON t.id = d.target_id
    WHERE d.archived_at IS NULL """
FOUND = """
    SELECT a.kind, a.code, a.name, a.aliases, a.description, a.lifecycle, v.name AS vendor
    FROM registry_asset a LEFT JOIN registry_organisation v ON v.id = a.provider_id
    WHERE a.id IN (
        SELECT id FROM registry_asset WHERE upper(code::text) LIKE upper('%{q}%')
            OR upper(name::text) LIKE upper('%{q}%') OR upper(aliases::text) LIKE upper('%{q}%')
            OR upper(description::text) LIKE upper('%{q}%')
        UNION SELECT a.id FROM registry_asset a JOIN registry_organisation o ON o.id = a.provider_id
            WHERE upper(o.code::text) LIKE upper('%{q}%') OR upper(o.name::text) LIKE upper('%{q}%')
        UNION SELECT source_id FROM registry_dependency WHERE archived_at IS NULL AND status <> 'ended'
            AND (until IS NULL OR until > current_date)
            AND upper(purpose::text) LIKE upper('%{q}%'))
    ORDER BY a.name LIMIT 25"""

# What coverage counts at least: the seats that each role is required for, and those with holders enough today.
COVERAGE = """
    SELECT r.code, count(*) AS required, count(*) FILTER (WHERE h.holders >= q.holders) AS filled
    FROM roles_rolerequirement q
    JOIN roles_role r ON r.id = q.role_id AND r.archived_at IS NULL
    JOIN registry_asset a ON a.kind = 'system' AND a.archived_at IS NULL
        AND a.lifecycle NOT IN ('planned', 'retired') AND (a.active_from IS NULL OR a.active_from <= current_date)
        AND (a.retired_from IS NULL OR a.retired_from > current_date)
    LEFT JOIN (
        SELECT g.role_id, g.asset_id, count(DISTINCT g.person_id) AS holders
        FROM roles_assignment g JOIN roles_person p ON p.id = g.person_id AND p.archived_at IS NULL
        WHERE g.archived_at IS NULL AND g.part = 'holder' AND g.since <= current_date
            AND (g.until IS NULL OR g.until > current_date)
            AND (p.active_from IS NULL OR p.active_from <= current_date)
            AND (p.active_to IS NULL OR p.active_to > current_date)
        GROUP BY g.role_id, g.asset_id) h ON h.role_id = q.role_id AND h.asset_id = a.id
    WHERE q.archived_at IS NULL AND q.scope_kind = 'every_system' AND q.since <= current_date
    GROUP BY r.code ORDER BY r.code"""
# The same seats one by one, as the export has them.
SEATS = COVERAGE.replace(
    "r.code, count(*) AS required, count(*) FILTER (WHERE h.holders >= q.holders) AS filled",
    "r.code AS role, a.code AS scope, q.holders AS required, coalesce(h.holders, 0) AS holders",
).replace("GROUP BY r.code ORDER BY r.code", "ORDER BY r.name, r.code, a.name, a.code")


@dataclass(frozen=True)
class Page:
    """A page to measure, with raw SQL that fetches the same rows and the bare admin's page, where they exist.

    ``queries`` is how many SQL queries the page may take; ``slow`` pages are asked fewer times. ``change`` is SQL
    that is carried out before each time, and not counted: the page is what the first to look after it waits for.
    """

    name: str
    path: str
    queries: int
    raw: Sequence[str] = ()
    admin: str = ""
    slow: bool = False
    change: str = ""


def pages(size: Size, seed: int) -> list[Page]:
    """The portal's pages on the invented landscape. What is searched for exists at every size."""
    systems, dependencies = "/bench-admin/registry/system/", "/bench-admin/registry/dependency/"
    name = next(assets(random.Random(seed), size))["name"].split()[0].lower()  # noqa: S311 - an invented name
    topic = next(topic for topic in TOPICS if name.startswith(topic.lower())).lower()
    by_name = "ORDER BY a.name, a.id"
    of_system = (
        f"{SYSTEM_ROWS} AND a.code = 'S00001'",
        f"{DEPENDENCY_ROWS} AND s.code = 'S00001' ORDER BY t.name",
        f"{DEPENDENCY_ROWS} AND t.code = 'S00001' ORDER BY s.name",
    )
    of_component = (
        "SELECT * FROM registry_asset WHERE code = 'K00001'",
        f"{DEPENDENCY_ROWS} AND s.code = 'K00001' ORDER BY t.name",
        f"{DEPENDENCY_ROWS} AND t.code = 'K00001' ORDER BY s.name LIMIT 200",
    )
    text = " OR ".join(
        f"upper(a.{column}::text) LIKE upper('%{topic}%')" for column in ("name", "code", "aliases")
    )
    chosen = "AND a.criticality = 4 AND a.personal_data = 'sensitive'"
    all_dependencies = f"{DEPENDENCY_ROWS} ORDER BY s.name, t.name, d.id"

    def query(words: str) -> Page:
        return Page("", f"/soeg/?q={words}", 12, (FOUND.format(q=words),), f"{systems}?q={words}")

    return [
        Page("list of systems", "/fagsystemer/", 12, (f"{SYSTEM_ROWS} {by_name} LIMIT 25",), systems),
        Page(
            "same, 100 a page",
            "/fagsystemer/?size=100",
            12,
            (f"{SYSTEM_ROWS} {by_name} LIMIT 100",),
            systems.replace("bench-admin", "bench-admin-100"),
        ),
        Page(
            "same, filtered",
            "/fagsystemer/?criticality=4&personal_data=sensitive",
            12,
            (f"{SYSTEM_ROWS} {chosen} {by_name} LIMIT 25",),
            f"{systems}?criticality__exact=4&personal_data__exact=sensitive",
        ),
        Page(
            "same, filtered by text",
            f"/fagsystemer/?q={topic}",
            12,
            (f"{SYSTEM_ROWS} AND ({text}) {by_name} LIMIT 25",),
            f"{systems}?q={topic}",
        ),
        Page(
            "same, sorted by vendor",
            "/fagsystemer/?sort=vendor_code",
            12,
            (f"{SYSTEM_ROWS} ORDER BY v.name, a.name, a.id LIMIT 25",),
            f"{systems}?o=4",
        ),
        Page(
            "same, sorted by dependencies",
            "/fagsystemer/?sort=-uses",
            12,
            (f"{SYSTEM_ROWS} ORDER BY uses DESC, a.name, a.id LIMIT 25",),
        ),
        Page(
            "same, last page",
            "/fagsystemer/?page=999999",
            12,
            (f"{SYSTEM_ROWS} ORDER BY a.name DESC, a.id LIMIT 25",),
            f"{systems}?p={(size.systems + 24) // 25}",
        ),
        Page("role coverage", "/roller/daekning/", 14, (COVERAGE,)),
        Page(
            "role coverage after a change",
            "/roller/daekning/",
            14,
            (COVERAGE,),
            change="UPDATE roles_assignment SET note = clock_timestamp()::text WHERE id = 1",
        ),
        Page("role coverage, list of seats", "/roller/daekning/?vis=pladser&page=999", 14, (COVERAGE,)),
        Page("role coverage, CSV", "/roller/daekning/?_export=csv", 14, (SEATS,), slow=True),
        Page("list of components", "/komponenter/", 12),
        Page("list of organisations", "/organisationer/", 12),
        Page("list of dependencies", "/afhaengigheder/", 12, (f"{all_dependencies} LIMIT 25",), dependencies),
        replace(query("S00042"), name="search for a code"),
        replace(query(name), name="search for a name"),
        replace(query(topic), name="search for a common word"),
        Page("search with a typing error", f"/soeg/?q={name[:4]}{name[5:]}", 12),
        Page("type-ahead", f"/opslag/?q={topic[:4]}", 8),
        Page("a system", "/fagsystemer/S00001/", 20, of_system),
        Page("a much used component", "/komponenter/K00001/", 20, of_component),
        Page("edit form of a system", "/fagsystemer/S00001/ret/", 20),
        Page("history of a system", "/fagsystemer/S00001/historik/", 20),
        Page("history of everything", "/historik/", 12),
        Page("front page", "/", 20),
        Page("all systems as CSV", "/fagsystemer/?_export=csv", 12, (f"{SYSTEM_ROWS} {by_name}",), slow=True),
        Page(
            "all systems as XLSX", "/fagsystemer/?_export=xlsx", 12, (f"{SYSTEM_ROWS} {by_name}",), slow=True
        ),
        Page("all dependencies as CSV", "/afhaengigheder/?_export=csv", 12, (all_dependencies,), slow=True),
    ]


@dataclass
class Result:
    """Median milliseconds; None where there is nothing to compare with, or the page gave an error."""

    page: Page
    status: int = 0
    queries_small: int | None = None
    queries_full: int | None = None
    sql_ms: float | None = None
    page_ms: float | None = None
    raw_ms: float | None = None
    admin_ms: float | None = None

    @property
    def beside_raw(self) -> float | None:
        return self.page_ms / self.raw_ms if self.page_ms and self.raw_ms else None

    @property
    def beside_admin(self) -> float | None:
        return self.page_ms / self.admin_ms if self.page_ms and self.admin_ms else None


def fetch(client: Client, path: str) -> int:
    """The page's status, its body read to the end."""
    response: Any = client.get(path, secure=True)
    if response.streaming:
        for _ in response:
            pass
    return int(response.status_code)


def count_queries(client: Client, page: Page) -> tuple[int, int, float]:
    """Status, number of SQL queries and milliseconds in SQL, on the second time of asking."""
    fetch(client, page.path)
    if page.change:
        with connection.cursor() as cursor:
            cursor.execute(page.change)
    with CaptureQueriesContext(connection) as captured:
        status = fetch(client, page.path)
    return status, len(captured), sum(float(query["time"]) for query in captured.captured_queries) * 1000


def raw_json(raw: psycopg.Connection[Any], statements: Sequence[str]) -> str:
    """The rows of the statements as JSON, with nothing in between."""
    return json.dumps([raw.execute(statement).fetchall() for statement in statements], default=str)


def milliseconds(job: Callable[[], object]) -> float:
    start = time.perf_counter()
    job()
    return (time.perf_counter() - start) * 1000


def time_page(client: Client, raw: psycopg.Connection[Any], page: Page, rounds: int) -> Result:
    """Medians of ``rounds`` rounds after one that is not counted."""
    result = Result(page)
    result.status, result.queries_full, result.sql_ms = count_queries(client, page)
    if result.status != 200:
        return result
    jobs: dict[str, Callable[[], object]] = {"page_ms": lambda: fetch(client, page.path)}
    if page.raw:
        jobs["raw_ms"] = lambda: raw_json(raw, page.raw)
    if page.admin:
        jobs["admin_ms"] = lambda: fetch(client, page.admin)
        if fetch(client, page.admin) != 200:
            raise RuntimeError(f"The bare admin did not answer: {page.admin}")
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for number in range(rounds + 1):
        if page.change:
            raw.execute(page.change)
        for name, job in jobs.items():
            taken = milliseconds(job)
            if number:
                times[name].append(taken)
    for name, taken_times in times.items():
        setattr(result, name, statistics.median(taken_times))
    return result


def raw_connection() -> psycopg.Connection[Any]:
    """A plain psycopg connection to the database that Django uses now."""
    settings = connection.settings_dict
    known = {
        "host": settings["HOST"],
        "port": settings["PORT"],
        "user": settings["USER"],
        "password": settings["PASSWORD"],
    }
    return psycopg.connect(
        dbname=settings["NAME"],
        autocommit=True,
        row_factory=dict_row,
        **{k: v for k, v in known.items() if v},
    )
