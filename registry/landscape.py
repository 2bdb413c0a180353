"""The landscape on a day: which assets are in operation, what is live between them, and the graph of it.

Loaded in a few queries and kept in the process for as long as nothing in it has changed: a question costs one small
query (``version``) and no reloading. Earlier days are read from the history (``registry.past``).
"""

from __future__ import annotations

import datetime
import gc
import json
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, repeat
from threading import Lock
from typing import Any, NamedTuple

from django.db import connection, models
from django.utils import timezone

from foi_portal.core.models import Change
from registry import past
from registry.graph import Graph, Node, Severity
from registry.models import AlternativeGroup, Asset, Dependency, Importance, Kind, Lifecycle, Organisation
from registry.models.dependency import LIVE_STATUSES

CAPS = {
    Importance.CRITICAL.value: Severity.CRITICAL,
    Importance.DEGRADED.value: Severity.DEGRADED,
    Importance.MINOR.value: Severity.MINOR,
}
NOT_RUNNING = (Lifecycle.PLANNED, Lifecycle.RETIRED)
KEPT = 3  # landscapes in the process's memory: today's, and two that are compared


class Source(StrEnum):
    """Where the answer for a date comes from."""

    NOW = "now"  # what is written today, for today or a date to come
    HISTORY = "history"  # what was written on that date
    PERIODS = "periods"  # what is written today about that date, which is before the history begins


class Facts(NamedTuple):
    """What pages show of an asset without asking for it again; ``department`` and ``provider`` are keys."""

    key: int
    code: str
    name: str
    kind: str
    component_type: str
    parent: int | None
    department: int | None
    provider: int | None
    lifecycle: str
    criticality: int | None
    active_from: datetime.date | None
    retired_from: datetime.date | None

    @property
    def is_system(self) -> bool:
        return self.kind == Kind.SYSTEM

    def runs_on(self, on: datetime.date) -> bool:
        """``AssetQuerySet.in_operation`` for one row."""
        return (
            self.lifecycle not in NOT_RUNNING
            and (self.active_from is None or self.active_from <= on)
            and (self.retired_from is None or self.retired_from > on)
        )


class Owner(NamedTuple):
    code: str
    name: str


class Group(NamedTuple):
    """A group of alternatives: its source's key, its name, how many must work."""

    source: int
    name: str
    needed: int


@dataclass(frozen=True)
class Landscape:
    """``assets`` has all that are not archived, also those not in operation; ``graph`` only what is live on ``on``."""

    on: datetime.date
    source: Source
    assets: Mapping[int, Facts]
    organisations: Mapping[int, Owner]
    groups: Mapping[int, Group]
    graph: Graph
    by_code: Mapping[str, int]

    def code(self, key: int) -> str:
        return self.assets[key].code

    def platform(self, key: int) -> int:
        """The top of the module tree that the asset is in: itself for systems and for components without parent.

        Only assets of this landscape count, and a loop among parents ends at the asset where it closes.
        """
        seen = {key}
        parent = self.assets[key].parent
        while parent is not None and parent in self.assets and parent not in seen:
            key = parent
            seen.add(key)
            parent = self.assets[key].parent
        return key


FACTS = (
    "code",
    "name",
    "kind",
    "component_type",
    "parent_id",
    "department_id",
    "provider_id",
    "lifecycle",
    "criticality",
    "active_from",
    "retired_from",
)

_kept: OrderedDict[tuple[Any, ...], Landscape] = OrderedDict()
_lock = Lock()  # of _kept
_loading = Lock()  # one thread loads at a time: the others find what it loaded


# The numbers of the transactions that have written to the named tables and not ended. Whoever writes to a table holds a
# lock on it until what was written can be seen; every role may look at the locks.
WRITING = """
    SELECT string_agg(DISTINCT own.transactionid::text, ' ' ORDER BY own.transactionid::text)
    FROM pg_locks written JOIN pg_locks own USING (virtualtransaction)
    WHERE written.relation = ANY (%s::regclass[]) AND written.mode = 'RowExclusiveLock'
        AND written.database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND own.locktype = 'transactionid' AND own.mode = 'ExclusiveLock' AND own.granted"""


def at(on: datetime.date | None = None) -> Landscape:
    """The landscape on a date (today). One query when it is known already, five when it must be loaded.

    Inside a transaction nothing is kept or taken from memory: it may see what others cannot, and may be rolled back.
    """
    on = on or timezone.localdate()
    if connection.in_atomic_block:
        return _load(on)
    key = (connection.settings_dict["NAME"], on, timezone.localdate(), *version())
    found = _known(key)
    if found is None:
        with _loading:
            found = _known(key) or _load(on)
            with _lock:
                _kept[key] = found
                while len(_kept) > KEPT:
                    _kept.popitem(last=False)
    return found


def _known(key: tuple[Any, ...]) -> Landscape | None:
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
        return _kept.get(key)


def forget() -> None:
    """Empty the process's memory of landscapes."""
    with _lock:
        _kept.clear()


TABLES: tuple[type[models.Model], ...] = (Asset, Dependency, AlternativeGroup, Organisation)


def version(of: Iterable[type[models.Model]] = TABLES) -> tuple[Any, ...]:
    """What tells one state of tables (the landscape's) from the next, the same in every process. One query.

    The last change of each table. Numbers are given before their transactions end, so on PostgreSQL a lower number may
    appear after a higher one: the transactions that are writing these tables now are therefore part of the version
    too, and one of them ending makes a new version. (SQLite has one writer at a time.)
    """
    tables = [model._meta.db_table for model in of]
    latest = ", ".join(
        f'(SELECT id FROM {Change._meta.db_table} WHERE "table" = %s ORDER BY id DESC LIMIT 1)'  # noqa: S608 - own names
        for _ in tables
    )
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"SELECT ({WRITING}), {latest}", [tables, *tables])
        else:
            cursor.execute(f"SELECT NULL, {latest}", tables)
        return tuple(cursor.fetchone())


def source_of(on: datetime.date) -> Source:
    """Where the answer for ``on`` comes from. One query for dates before today, else none."""
    if on >= timezone.localdate():
        return Source.NOW
    first = past.first_day()
    return Source.HISTORY if first is not None and on >= first else Source.PERIODS


def _load(on: datetime.date) -> Landscape:
    source = source_of(on)
    with collector_resting():
        if source is Source.HISTORY:
            return _build(on, source, *_from_history(on))
        return _build(on, source, *_from_tables(on))


@contextmanager
def collector_resting() -> Iterator[None]:
    """Without garbage collection: what is loaded has no garbage, and looking for it takes longer than loading."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class _All(models.Aggregate):
    """The values of a group as a list: a fraction of the time that a row for each takes."""

    function = "array_agg"
    output_field = models.TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **_: Any) -> Any:
        return self.as_sql(compiler, connection, function="json_group_array")

    @property
    def convert_value(self) -> Any:
        return lambda value, *_: json.loads(value) if isinstance(value, str) else value


# Dependencies come in blocks: importance, group of alternatives or None, sources, and beside them their targets.


def _from_tables(on: datetime.date) -> tuple[Iterable[Any], ...]:
    links = Dependency.objects.live_by_itself(on).order_by().values_list("importance", "alternatives_id")
    return (
        Asset.objects.current().order_by().values_list("pk", *FACTS),
        Organisation.objects.order_by().values_list("pk", "code", "name"),
        AlternativeGroup.objects.current().order_by().values_list("pk", "source_id", "name", "needed"),
        links.annotate(sources=_All("source_id"), targets=_All("target_id")),
    )


def _from_history(on: datetime.date) -> tuple[Iterable[Any], ...]:
    columns = ("importance", "alternatives_id", "source_id", "target_id", "status", "since", "until")
    return (
        past.rows(Asset, FACTS, on),
        past.rows(Organisation, ("code", "name"), on),
        past.rows(AlternativeGroup, ("source_id", "name", "needed"), on),
        (
            (importance, group, (source,), (target,))
            for _, importance, group, source, target, *period in past.rows(Dependency, columns, on)
            if is_live(on, *period)
        ),
    )


def is_live(on: datetime.date, status: str, since: datetime.date | None, until: datetime.date | None) -> bool:
    """``DependencyQuerySet.live_by_itself`` for one row that is not archived."""
    return status in LIVE_STATUSES and (since is None or since <= on) and (until is None or until > on)


def _build(
    on: datetime.date,
    source: Source,
    assets: Iterable[Any],
    organisations: Iterable[Any],
    groups: Iterable[Any],
    links: Iterable[Any],
) -> Landscape:
    facts = {row[0]: Facts._make(row) for row in assets}
    owners = {key: Owner(code, name) for key, code, name in organisations}
    alternatives = {key: Group(*row) for key, *row in groups}
    graph = Graph(
        (
            Node(f.key, f.code, f.parent, f.criticality, f.kind == Kind.SYSTEM)
            for f in facts.values()
            if f.runs_on(on)
        ),
        chain.from_iterable(
            zip(sources, targets, repeat(CAPS[importance]), repeat(group if group in alternatives else None))  # type: ignore[misc]
            for importance, group, sources, targets in links
        ),
        {key: group.needed for key, group in alternatives.items()},
    )
    return Landscape(on, source, facts, owners, alternatives, graph, {f.code: f.key for f in facts.values()})


__all__ = [
    "Facts",
    "Group",
    "Landscape",
    "Owner",
    "Source",
    "at",
    "collector_resting",
    "forget",
    "is_live",
    "source_of",
    "version",
]
