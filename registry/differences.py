"""What differs: between two answers of the impact analysis, and between the landscapes of two days."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import groupby
from typing import Any, NamedTuple

from django.db.models import F, Max, Model, Q
from django.utils import timezone

from foi_portal.core.history import KEPT_BY_TRIGGERS, to_python
from foi_portal.core.models import Change
from registry import landscape, past
from registry.graph import Severity
from registry.landscape import Landscape
from registry.models import AlternativeGroup, Asset, Dependency, Kind

AnswerRow = Mapping[str, Any]
State = dict[str, Any]  # a row's columns

# --- Two answers (pure) -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AnswerDifference:
    """How a later answer differs from an earlier one; rows as they were given, in the order they were given.

    ``new`` are in the later alone, ``gone`` in the earlier alone. ``harder`` and ``milder`` are pairs (earlier,
    later) of those in both that are hit harder or milder in the later; ``same`` is how many are hit as hard in both.
    """

    new: tuple[AnswerRow, ...]
    gone: tuple[AnswerRow, ...]
    harder: tuple[tuple[AnswerRow, AnswerRow], ...]
    milder: tuple[tuple[AnswerRow, AnswerRow], ...]
    same: int

    def __bool__(self) -> bool:
        """Whether anything differs."""
        return bool(self.new or self.gone or self.harder or self.milder)


def compare_answers(
    before: Iterable[AnswerRow], after: Iterable[AnswerRow], key: str = "code"
) -> AnswerDifference:
    """Compare two answers, rows as the export has them: ``code``, ``severity`` (critical, degraded, minor) …

    ``key`` names what tells one asset from another in both: a code may have been changed between two dates, so
    give "key" where rows have the asset's key. Other things in the rows are not compared. A severity that is none
    of the three raises KeyError.
    """
    was = {row[key]: row for row in before}
    is_ = {row[key]: row for row in after}
    both = [(row, is_[which]) for which, row in was.items() if which in is_]
    steps = [(_rank(later) - _rank(earlier), (earlier, later)) for earlier, later in both]
    return AnswerDifference(
        new=tuple(row for which, row in is_.items() if which not in was),
        gone=tuple(row for which, row in was.items() if which not in is_),
        harder=tuple(pair for step, pair in steps if step > 0),
        milder=tuple(pair for step, pair in steps if step < 0),
        same=sum(step == 0 for step, _ in steps),
    )


def _rank(row: AnswerRow) -> int:
    return Severity[str(row["severity"]).upper()]


# --- One asset on a day -------------------------------------------------------------------------------------


def states(model: type[Model], keys: Any, on: datetime.date) -> dict[int, State]:
    """The rows as they stood at the end of ``on``, archived ones too, as Python values by key. One query.

    ``keys`` is a collection or a queryset of keys; rows that were not written yet are not in the answer.
    """
    table = model._meta.db_table
    changes = Change.objects.filter(table=table, row_id__in=keys, at__lt=past.end_of(on))
    last = changes.order_by().values("row_id").annotate(last=Max("pk")).values("last")
    rows = Change.objects.filter(pk__in=last).order_by("row_id").values_list("row_id", "after")
    return {key: to_python(model, after) for key, after in rows if after is not None}


def dependencies_of(asset: int, on: datetime.date) -> dict[int, State]:
    """The dependencies from and to the asset that were written and not archived at the end of ``on``. One query."""
    ends = Q(after__source_id=asset) | Q(after__target_id=asset)
    ever = Change.objects.filter(ends, table=Dependency._meta.db_table, at__lt=past.end_of(on))
    found = states(Dependency, ever.order_by().values("row_id"), on)
    return {
        key: state
        for key, state in found.items()
        if asset in (state["source_id"], state["target_id"]) and state["archived_at"] is None
    }


def content(state: State) -> State:
    """The columns that say what a row is: without its key, its version and whether it is archived."""
    return {column: value for column, value in state.items() if column not in BESIDE}


def days_written(asset: int) -> list[datetime.date]:
    """The days on which the asset itself was written or changed, newest first. One query."""
    moments = Change.objects.filter(table=Asset._meta.db_table, row_id=asset).values_list("at", flat=True)
    return sorted({timezone.localdate(moment) for moment in moments}, reverse=True)


# --- The landscapes of two days -----------------------------------------------------------------------------


class Type(StrEnum):
    """What an item is about; the words of exports and addresses."""

    SYSTEM = "system"
    COMPONENT = "component"
    DEPENDENCY = "dependency"
    ALTERNATIVES = "alternatives"
    EFFECT = "effect"


class How(StrEnum):
    """What happened to it between the two days. Began and ended by its dates, without being written differently."""

    CAME = "came"
    GONE = "gone"
    CHANGED = "changed"
    BEGAN = "began"
    ENDED = "ended"


CRITICALITY, SINGLE_POINT = "inherited_criticality", "single_point"
MODELS: dict[str, type[Model]] = {
    model._meta.db_table: model for model in (Asset, Dependency, AlternativeGroup)
}
# Columns that say nothing of what a row is; archiving is coming and going.
BESIDE = frozenset({"id", *KEPT_BY_TRIGGERS, "archived_at", "archive_reason"})


class Item(NamedTuple):
    """One thing that differs. ``asset`` is what it belongs to: itself, or the source; ``target`` the other end.

    ``was`` and ``now`` are the keys of the changes that hold the row's states. Of an effect, ``field`` says which,
    and the two are the values themselves.
    """

    type: Type
    how: How
    key: int
    asset: int
    target: int | None = None
    was: int | None = None
    now: int | None = None
    field: str = ""


@dataclass(frozen=True)
class Comparison:
    """Two days, the earlier first, with all that differs between them, in no order.

    ``dependencies`` is how many were written (not archived) on each of the days.
    """

    before: Landscape
    after: Landscape
    items: list[Item]
    dependencies: tuple[int, int]

    @cached_property
    def counts(self) -> Counter[tuple[Type, How]]:
        return Counter((item.type, item.how) for item in self.items)

    def facts(self, asset: int) -> landscape.Facts | None:
        """The asset as the later day knew it, else the earlier one; None when it was archived on both."""
        return self.after.assets.get(asset) or self.before.assets.get(asset)

    def home(self, asset: int) -> str:
        """What the asset is listed under: a fagsystem's department, a component's platform. "" when unknown."""
        for there in (self.after, self.before):
            if (facts := there.assets.get(asset)) is None:
                continue
            if facts.is_system:
                owner = there.organisations.get(facts.department or 0)
                return owner.name if owner else ""
            return there.assets[there.platform(asset)].name
        return ""

    def department(self, asset: int) -> str:
        """Code of the fagsystem's department on the later day, else the earlier one; "" when there is none."""
        for there in (self.after, self.before):
            if (facts := there.assets.get(asset)) is not None:
                owner = there.organisations.get(facts.department or 0)
                return owner.code if owner else ""
        return ""


_kept: dict[str, Comparison] = {}  # the process's last comparison


def compare(earlier: datetime.date, later: datetime.date) -> Comparison:
    """What differs between the ends of two days that the history can answer for, or that are to come.

    Two queries beside the two landscapes, and none while the last comparison still holds: a landscape that has not
    changed is the same object. About four seconds for 100,000 dependencies of which half differ.
    """
    before, after = landscape.at(earlier), landscape.at(later)
    kept = _kept.get("last")
    if kept is not None and kept.before is before and kept.after is after:
        return kept
    items = list(_rewritten(earlier, later))
    touched = {(item.type is Type.DEPENDENCY, item.key) for item in items}
    items += [item for item in _assets_by_date(before, after) if (False, item.key) not in touched]
    written = 0
    for item in _dependencies_by_date(earlier, later):
        written += 1
        if item is not None and (True, item.key) not in touched:
            items.append(item)
    items += _effects(before, after)
    net = sum({How.CAME: 1, How.GONE: -1}.get(item.how, 0) for item in items if item.type is Type.DEPENDENCY)
    found = _kept["last"] = Comparison(before, after, items, (written - net, written))
    return found


def _rewritten(earlier: datetime.date, later: datetime.date) -> Iterator[Item]:
    """Rows that came, went or changed: their last change by each of the days, side by side. One query."""
    end = past.end_of(earlier)
    rows = (
        Change.objects.filter(table__in=MODELS, at__lt=past.end_of(later))
        .order_by()
        .values("table", "row_id")
        .annotate(was=Max("pk", filter=Q(at__lt=end)), now=Max("pk"))
        .filter(Q(was=None) | ~Q(was=F("now")))
    )
    changes = (
        Change.objects.filter(Q(pk__in=rows.values("was")) | Q(pk__in=rows.values("now")))
        .order_by("table", "row_id", "pk")
        .values_list("table", "row_id", "pk", "at", "after")
    )
    found = changes.iterator(chunk_size=2000)
    for (table, key), group in groupby(found, key=lambda change: (change[0], change[1])):
        was: tuple[int | None, State | None] = (None, None)
        now = was
        for _, _, pk, at, after in group:
            state = after if after is not None and after.get("archived_at") is None else None
            if at < end:
                was = (pk, state)
            else:
                now = (pk, state)
        state = now[1] or was[1]
        if state is not None and (how := _how(was[1], now[1])) is not None:
            yield Item(_type(table, state), how, key, *_ends(table, key, state), was[0], now[0])


def _how(was: State | None, now: State | None) -> How | None:
    """What happened between the two states of a row, where None is not there; None when nothing did."""
    if was is None or now is None:
        return How.GONE if was is not None else How.CAME if now is not None else None
    columns = (was.keys() | now.keys()) - BESIDE
    # A column that was added in between is empty where it was not.
    same = all((was.get(column) or None) == (now.get(column) or None) for column in columns)
    return None if same else How.CHANGED


def _type(table: str, state: State) -> Type:
    if table == Asset._meta.db_table:
        return Type.SYSTEM if state["kind"] == Kind.SYSTEM else Type.COMPONENT
    return Type.DEPENDENCY if table == Dependency._meta.db_table else Type.ALTERNATIVES


def _ends(table: str, key: int, state: State) -> tuple[int, int | None]:
    return (key, None) if table == Asset._meta.db_table else (state["source_id"], state.get("target_id"))


def _assets_by_date(before: Landscape, after: Landscape) -> Iterator[Item]:
    """Assets in operation on one of the days alone."""
    for key, facts in after.assets.items():
        if (was := before.assets.get(key)) is not None:
            ran, runs = was.runs_on(before.on), facts.runs_on(after.on)
            if ran != runs:
                type_ = Type.SYSTEM if facts.is_system else Type.COMPONENT
                yield Item(type_, How.BEGAN if runs else How.ENDED, key, key)


def _dependencies_by_date(earlier: datetime.date, later: datetime.date) -> Iterator[Item | None]:
    """For each dependency written on the later day: the item if its dates make it live on one of the days alone."""
    fields = ("source_id", "target_id", "status", "since", "until")
    rows: Iterable[Any]
    if later >= timezone.localdate():
        rows = Dependency.objects.current().order_by().values_list("pk", *fields).iterator(chunk_size=5000)
    else:
        rows = past.rows(Dependency, fields, later)
    for key, source, target, status, since, until in rows:
        was = landscape.is_live(earlier, status, since, until)
        live = landscape.is_live(later, status, since, until)
        if was == live:
            yield None
        else:
            yield Item(Type.DEPENDENCY, How.BEGAN if live else How.ENDED, key, source, target)


def _effects(before: Landscape, after: Landscape) -> Iterator[Item]:
    """Assets in operation on both days whose inherited criticality differs, or that began or ceased to be a
    single point of failure (``was`` and ``now``: how many fagsystemer stop with it)."""
    if before.graph is after.graph:
        return
    inherited = before.graph.inherited, after.graph.inherited
    points = before.graph.single_points(), after.graph.single_points()
    for node in after.graph.nodes:
        key = node.key
        if key not in before.graph:
            continue
        was, now = inherited[0].get(key), inherited[1].get(key)
        if was != now:
            yield Item(Type.EFFECT, How.CHANGED, key, key, None, was, now, CRITICALITY)
        was, now = points[0].get(key, 0), points[1].get(key, 0)
        if bool(was) != bool(now):
            how = How.CAME if now else How.GONE
            yield Item(Type.EFFECT, how, key, key, None, was, now, SINGLE_POINT)
