"""What the impact question costs, beside those who answer less: a recursive query, networkx and rustworkx.

They find which assets are reached over live dependencies and from parent to module. The portal also finds how hard
each is hit, how far away it is, a way there, and parents that are hit in part. All run in one process, in turn.
"""

from __future__ import annotations

import datetime
import gc
import statistics
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import networkx
import psycopg
import rustworkx
from django.test import Client
from django.utils import timezone
from psycopg.rows import tuple_row

from foi_portal.pages.bench.measure import fetch, milliseconds
from registry import landscape
from registry.graph import Graph

RUNNING = """
    SELECT id, parent_id FROM registry_asset WHERE archived_at IS NULL AND lifecycle NOT IN ('planned', 'retired')
        AND (active_from IS NULL OR active_from <= current_date)
        AND (retired_from IS NULL OR retired_from > current_date)"""
STEPS = f"""
    WITH running AS MATERIALIZED ({RUNNING})
    SELECT d.target_id, d.source_id FROM registry_dependency d
    JOIN running s ON s.id = d.source_id JOIN running t ON t.id = d.target_id
    WHERE d.archived_at IS NULL AND d.status IN ('active', 'phasing_out')
        AND (d.since IS NULL OR d.since <= current_date) AND (d.until IS NULL OR d.until > current_date)
    UNION ALL SELECT p.id, m.id FROM running m JOIN running p ON p.id = m.parent_id"""  # noqa: S608 - constants
REACHED = f"""
    WITH RECURSIVE steps(hits, hit) AS MATERIALIZED ({STEPS}), reached(id) AS (
        VALUES (%s::bigint) UNION SELECT steps.hit FROM reached JOIN steps ON steps.hits = reached.id)
    SELECT id FROM reached"""  # noqa: S608 - constants

COLD, WARM = "question, edges loaded", "question again"
QUERY, NETWORKX, RUSTWORKX = "recursive query", "networkx", "rustworkx"
LONG_AGO = datetime.timedelta(days=180)


@dataclass(frozen=True)
class Figures:
    """Median milliseconds by what was done, and how much was in the landscape and reached."""

    assets: int
    dependencies: int
    hit: int
    reached: Mapping[str, int]
    ms: Mapping[str, float]


def measured(client: Client, raw: psycopg.Connection[Any], rounds: int) -> Figures:
    """All figures for the failure of the most used asset, which reaches nearly everything."""
    today = timezone.localdate()
    found = landscape.at(today)
    key, code = _most_used(found)
    address = f"/konsekvens/?asset={code}"

    def cold(on: datetime.date = today) -> landscape.Landscape:
        landscape.forget()
        return landscape.at(on)

    def page(path: str, forget: bool) -> None:
        if forget:
            landscape.forget()
        status = fetch(client, path)
        if status != 200:
            raise RuntimeError(f"{path} answered {status}")

    def finding(find: Callable[[Graph], object]) -> Callable[[], object]:
        return lambda: find(cold().graph)

    beside: dict[str, Callable[[], set[int]]] = {
        QUERY: lambda: {id_ for (id_,) in _rows(raw, REACHED, [key])},
        NETWORKX: lambda: _networkx(raw, key),
        RUSTWORKX: lambda: _rustworkx(raw, key),
    }
    jobs: dict[str, Callable[[], object]] = {
        COLD: lambda: cold().graph.impact([key]),
        WARM: lambda: landscape.at(today).graph.impact([key]),
        **beside,
        "landscape loaded": cold,
        "landscape known": lambda: landscape.at(today),
        "page, edges loaded": lambda: page(address, forget=True),
        "page again": lambda: page(address, forget=False),
        "CSV, edges loaded": lambda: page(f"{address}&_export=csv", forget=True),
        "CSV again": lambda: page(f"{address}&_export=csv", forget=False),
        "upstream, page again": lambda: page(f"{address}&retning=op", forget=False),
        "upstream, question again": lambda: landscape.at(today).graph.upstream([key]),
    }
    slow: dict[str, Callable[[], object]] = {
        "question of a day half a year ago, from the history": lambda: cold(today - LONG_AGO).graph.impact(
            [key]
        ),
        "inherited criticality of all": finding(lambda graph: graph.inherited),
        "single points of failure": finding(Graph.single_points),
        "cycles": finding(Graph.cycles),
    }
    times = _medians(jobs, rounds) | _medians(slow, min(rounds, 3))
    hits = {hit.key for hit in found.graph.impact([key]).hits}
    reached = {name: job() - {key} for name, job in beside.items()}
    for name, keys in reached.items():
        if not keys <= hits:
            raise RuntimeError(f"{name} reached what the portal did not: {sorted(keys - hits)[:5]}")
    return Figures(
        len(found.graph.nodes),
        found.graph.edge_count,
        len(hits),
        {name: len(keys) for name, keys in reached.items()},
        times,
    )


def question_ms(rounds: int) -> float:
    """Median milliseconds of the question with edges loaded, for the growth."""
    key, _ = _most_used(landscape.at())

    def ask() -> object:
        landscape.forget()
        return landscape.at().graph.impact([key])

    return _medians({COLD: ask}, rounds)[COLD]


def _most_used(found: landscape.Landscape) -> tuple[int, str]:
    """Key and code of the asset that most assets use directly."""
    users: dict[int, int] = {}
    for edge in found.graph.edges():
        users[edge.target] = users.get(edge.target, 0) + 1
    key = max(users, key=lambda each: (users[each], -each))
    return key, found.code(key)


def _medians(jobs: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """The jobs in turn; the first round is not counted, nor the garbage of the one before."""
    times: dict[str, list[float]] = {name: [] for name in jobs}
    for number in range(rounds + 1):
        for name, job in jobs.items():
            gc.collect()
            taken = milliseconds(job)
            if number:
                times[name].append(taken)
    return {name: statistics.median(taken) for name, taken in times.items()}


def _rows(raw: psycopg.Connection[Any], statement: str, values: list[int] | None = None) -> list[Any]:
    with raw.cursor(row_factory=tuple_row) as cursor:
        return cursor.execute(statement.encode(), values).fetchall()


def _networkx(raw: psycopg.Connection[Any], key: int) -> set[int]:
    graph = networkx.DiGraph()
    graph.add_edges_from(_rows(raw, STEPS))
    return set(networkx.descendants(graph, key))


def _rustworkx(raw: psycopg.Connection[Any], key: int) -> set[int]:
    rows = _rows(raw, STEPS)
    keys = list({id_ for row in rows for id_ in row})
    place = {id_: at for at, id_ in enumerate(keys)}
    graph = rustworkx.PyDiGraph()
    graph.add_nodes_from(keys)
    graph.add_edges_from_no_data([(place[hits], place[hit]) for hits, hit in rows])
    return {keys[at] for at in rustworkx.descendants(graph, place[key])}


def report(figures: Figures, tenth: float | None, memory: tuple[float, float]) -> list[str]:
    """Markdown for ``docs/performance.md``. ``memory``: peak megabytes of a process before and after a question."""
    cold, warm = figures.ms[COLD], figures.ms[WARM]
    lines = [
        f"The impact question: {figures.assets:,} assets in operation, {figures.dependencies:,} live dependencies, "
        f"{figures.hit:,} assets hit.",
        "",
        "| loading and answer | ms | assets found | question, edges loaded | question again |",
        "|---|--:|--:|--:|--:|",
    ]
    for name in (QUERY, NETWORKX, RUSTWORKX):
        ms = figures.ms[name]
        lines.append(
            f"| {name} | {ms:.1f} | {figures.reached[name]:,} | {cold / ms:.2f} × | {warm / ms:.2f} × |"
        )
    lines += ["", "| the portal | ms | × networkx |", "|---|--:|--:|"]
    for name, ms in figures.ms.items():
        if name not in (QUERY, NETWORKX, RUSTWORKX):
            lines.append(f"| {name} | {ms:.1f} | {ms / figures.ms[NETWORKX]:.2f} |")
    before, after = memory
    lines += ["", f"Peak memory: a process that asks {after:.0f} MB, one that does not {before:.0f} MB."]
    if tenth is not None:
        lines.append(
            f"Growth: {tenth:.1f} ms at a tenth of the size, {cold:.1f} ms at full size ({cold / tenth:.1f} ×)."
        )
    return lines
