"""The landscape on a day: which assets are in operation, what is live between them, and the graph of it.

Loaded in a few queries and kept in the process for as long as nothing in it has changed: a question costs one small
query (``version``) and no reloading. Earlier days are read from the history (``registry.past``).
"""

from __future__ import annotations

import datetime
from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from threading import Lock
from typing import Any, NamedTuple

from django.db import connection
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
LINKS = ("source_id", "target_id", "importance", "alternatives_id")

_kept: OrderedDict[tuple[Any, ...], Landscape] = OrderedDict()
_lock = Lock()


def at(on: datetime.date | None = None) -> Landscape:
    """The landscape on a date (today). One query when it is known already, five when it must be loaded.

    Inside a transaction nothing is kept or taken from memory: it may see what others cannot, and may be rolled back.
    """
    on = on or timezone.localdate()
    if connection.in_atomic_block:
        return _load(on)
    key = (connection.settings_dict["NAME"], on, timezone.localdate(), *version())
    with _lock:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    found = _load(on)
    with _lock:
        _kept[key] = found
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return found


def forget() -> None:
    """Empty the process's memory of landscapes."""
    with _lock:
        _kept.clear()


def version() -> tuple[Any, ...]:
    """What tells one state of the landscape's tables from the next, the same in every process. One query.

    The last change of each table. Numbers are given before their transactions end, so on PostgreSQL a lower number may
    appear after a higher one: the transactions under way in this database are therefore part of the version too, and
    one of them ending makes a new version. (SQLite has one writer at a time.)
    """
    models = (Asset, Dependency, AlternativeGroup, Organisation)
    under_way = "NULL"
    if connection.vendor == "postgresql":
        under_way = (
            "(SELECT string_agg(l.transactionid::text, ' ' ORDER BY l.transactionid::text) FROM pg_locks l"
            " JOIN pg_stat_activity a USING (pid) WHERE l.locktype = 'transactionid' AND l.granted"
            " AND a.datname = current_database() AND l.mode = 'ExclusiveLock')"
        )
    table = Change._meta.db_table
    latest = ", ".join(
        f'(SELECT id FROM {table} WHERE "table" = %s ORDER BY id DESC LIMIT 1)'  # noqa: S608 - own names
        for _ in models
    )
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {under_way}, {latest}", [model._meta.db_table for model in models])
        return tuple(cursor.fetchone())


def source_of(on: datetime.date) -> Source:
    """Where the answer for ``on`` comes from. One query for dates before today, else none."""
    if on >= timezone.localdate():
        return Source.NOW
    first = past.first_day()
    return Source.HISTORY if first is not None and on >= first else Source.PERIODS


def _load(on: datetime.date) -> Landscape:
    source = source_of(on)
    if source is Source.HISTORY:
        return _build(on, source, *_from_history(on))
    return _build(on, source, *_from_tables(on))


def _from_tables(on: datetime.date) -> tuple[Iterable[Any], ...]:
    return (
        Asset.objects.current().order_by().values_list("pk", *FACTS),
        Organisation.objects.order_by().values_list("pk", "code", "name"),
        AlternativeGroup.objects.current().order_by().values_list("pk", "source_id", "name", "needed"),
        Dependency.objects.live_by_itself(on).order_by().values_list(*LINKS),
    )


def _from_history(on: datetime.date) -> tuple[Iterable[Any], ...]:
    conditions = ("status", "since", "until")
    return (
        past.rows(Asset, FACTS, on),
        past.rows(Organisation, ("code", "name"), on),
        past.rows(AlternativeGroup, ("source_id", "name", "needed"), on),
        (
            link
            for _, *link, status, since, until in past.rows(Dependency, (*LINKS, *conditions), on)
            if is_live(on, status, since, until)
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
    facts = {row[0]: Facts(*row) for row in assets}
    owners = {key: Owner(code, name) for key, code, name in organisations}
    alternatives = {key: Group(*row) for key, *row in groups}
    caps = CAPS
    graph = Graph(
        (
            Node(f.key, f.code, f.parent, f.criticality, f.kind == Kind.SYSTEM)
            for f in facts.values()
            if f.runs_on(on)
        ),
        (
            (source, target, caps[importance], group if group in alternatives else None)  # type: ignore[misc]
            for source, target, importance, group in links
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
    "forget",
    "is_live",
    "source_of",
    "version",
]
