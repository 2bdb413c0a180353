"""Carrying a plan out: all of it in one transaction and one change set, or nothing."""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from typing import Any

from django.db import DataError, IntegrityError, OperationalError, connection
from django.db.models import Model
from django.utils import timezone

from foi_portal.core import history
from foi_portal.core.models import Change, User
from registry.importing.formats import (
    COMPONENTS,
    ORGANISATIONS,
    SYSTEMS,
    TARGETS,
    Column,
    FileFormat,
)
from registry.importing.planning import Progress, make_plan
from registry.importing.plans import FilePlan, Plan, RowPlan
from registry.importing.reading import Reading
from registry.importing.targets import Known
from registry.models import Asset, Organisation

BATCH = 1_000
NAMED = (ORGANISATIONS, COMPONENTS, SYSTEMS)  # what others point at by code, and what points at itself
ALIKE = 20  # from so many rows with the same new values on, one statement for them pays
WAIT = "10min"  # for one's turn; less than a task may take
TURN = 0x464F49  # the advisory lock that imports take turns by («FOI»)


class ImportRefused(Exception):  # noqa: N818  (the portal refuses; nothing has been written)
    """The import was not carried out and left nothing behind; the text says why, in Danish."""


class PlanHasProblems(ImportRefused):
    """The files do not fit the registry (any more)."""

    def __init__(self, plan: Plan) -> None:
        super().__init__("Filerne har fejl, og intet er indlæst.")
        self.plan = plan


class PlanChanged(ImportRefused):
    """The registry has changed since the dry run, so the import would do something else than was shown."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(
            "Registret er ændret siden prøvekørslen, og intet er indlæst. Se den nye prøvekørsel."
        )
        self.plan = plan


class Busy(ImportRefused):
    """Another import is running, or somebody is writing the same rows: try again in a moment."""


class Collision(ImportRefused):
    """A row would break a rule of the database although the plan fits: somebody came in between, or we are wrong."""


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done. ``change_set`` finds it in the history; it holds nothing when nothing had to be changed."""

    plan: Plan
    change_set: uuid.UUID


def apply_reading(
    reading: Reading,
    *,
    actor: User | None,
    reason: str,
    expected: str | None = None,
    only_new: bool = False,
    patient: bool = True,
    progress: Progress = lambda _text, _done, _total: None,
) -> Applied:
    """Plan against the registry as it is now and write it, all or nothing.

    In: ``expected`` is the digest of the plan a person said yes to; ``None`` takes whatever the plan is.
    ``only_new`` leaves the rows alone that are there already. ``patient`` waits up to ten minutes while another
    import runs; somebody who waits for an answer in a browser is told after seconds instead (``Busy``).
    Errors: ``PlanHasProblems``, ``PlanChanged``, ``Busy``, ``Collision``, ``ImportRefused``; each leaves nothing
    written.
    """
    try:
        with history.recording(actor=actor, kind=Change.Kind.IMPORT, reason=reason) as change_set:
            _wait_for_turn(patient=patient)
            plan = make_plan(reading, progress)
            if plan.problems:
                raise PlanHasProblems(plan)
            if expected is not None and plan.digest() != expected:
                raise PlanChanged(plan)
            if only_new:
                for file in plan.files:
                    file.updated.clear()
            _Writer(plan, progress).write()
            return Applied(plan, change_set)
    except IntegrityError as error:
        raise Collision(
            "En værdi støder sammen med noget, der står i registret, og intet er indlæst."
        ) from error
    except OperationalError as error:
        raise Busy(
            "Databasen er optaget af andre rettelser, og intet er indlæst. Prøv igen om lidt."
        ) from error
    except DataError as error:
        raise ImportRefused("Databasen afviste en værdi, og intet er indlæst.") from error


def _wait_for_turn(*, patient: bool) -> None:
    """One import at a time; the turn goes with the transaction. SQLite's transactions take turns by themselves.

    The connection's limits on locks and statements, meant for pages, hold for the wait only when not ``patient``.
    """
    if connection.vendor != "postgresql":
        return
    with connection.cursor() as cursor:
        if not patient:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TURN])
            return
        cursor.execute("SELECT current_setting('lock_timeout'), current_setting('statement_timeout')")
        limits = cursor.fetchone()
        _limit(cursor, WAIT, "0")
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [TURN])
        _limit(cursor, *limits)


def _limit(cursor: Any, lock: str, statement: str) -> None:
    """Limits for the rest of the transaction; a rollback puts them back."""
    cursor.execute(
        "SELECT set_config('lock_timeout', %s, true), set_config('statement_timeout', %s, true)",
        [lock, statement],
    )


class _Writer:
    """Writes a plan, file after file in the order they lean on each other."""

    def __init__(self, plan: Plan, progress: Progress) -> None:
        self.plan = plan
        self.progress = progress
        self.done = 0
        self.organisations: dict[str, int] = {}
        self.assets: dict[str, int] = {}
        self.targets: dict[str, dict[str, Known]] = {}

    def write(self) -> None:
        for file in self.plan.files:
            if file.format.write is None:
                self._hold(file)
        self.organisations = dict(Organisation.objects.values_list("code", "pk"))
        self.assets = dict(Asset.objects.values_list("code", "pk"))
        for file in self.plan.files:
            self._release(file)
        # Everything new first: a row may point at one that stands later, or in another file.
        postponed: list[tuple[FileFormat, Model, dict[str, Any]]] = []
        for file in self.plan.files:
            if file.format in NAMED:
                postponed += self._create_assets(file)
        for found, instance, after in postponed:
            self._update(found, [RowPlan(0, (), instance.pk, None, {}, after)])
        for file in self.plan.files:
            if file.format.write is not None:
                file.format.write(file)
                continue
            self._look_up(file.format)
            self._update(file.format, file.updated)
            if file.format not in NAMED:
                self._insert(file.format, file.created)

    def _look_up(self, found: FileFormat) -> None:
        """The rows that the format's registered targets have by now; files before it may have brought some."""
        for name in {column.refers for column in found.columns} & {*TARGETS}:
            self.targets[name] = {known.code: known for known in TARGETS[name].rows()}

    def _hold(self, file: FilePlan) -> None:
        """Lock the rows that will be changed, and refuse if one has been changed since it was planned."""
        versions = {row.pk: row.version for row in file.updated}
        keys = sorted(pk for pk in versions if pk is not None)
        for start in range(0, len(keys), BATCH):
            rows = file.format.model._default_manager.select_for_update().order_by("pk")
            now = dict(rows.filter(pk__in=keys[start : start + BATCH]).values_list("pk", "version"))
            if any(now.get(pk) != versions[pk] for pk in keys[start : start + BATCH]):
                raise PlanChanged(self.plan)

    def _release(self, file: FilePlan) -> None:
        """Take what only one row may have from rows that give it to others, as the database asks at each row.

        Such a row has one change more in the history, from its old value to none, which is what happens to it.
        """
        for name, _ in file.format.used_once:
            field = file.format.by_name[name].field
            wanted = {row.after[field] for row in (*file.created, *file.updated) if row.after.get(field)}
            givers = [row for row in file.updated if row.before.get(field) in wanted]
            for batch in _batches(givers):
                rows = file.format.model._default_manager.filter(pk__in=[row.pk for row in batch])
                rows.update(**{field: None})

    def _create_assets(self, file: FilePlan) -> list[tuple[FileFormat, Model, dict[str, Any]]]:
        """Create the file's new rows, those that others point at first.

        Out: what had to wait, because it points at a row that did not exist yet.
        """
        ids = self.organisations if file.format.model is Organisation else self.assets
        waiting = []
        for wave in _waves(file.created):
            late = []
            for row in wave:
                missing = {
                    column.field: row.after[column.field]
                    for column in file.format.columns
                    if column.refers
                    and row.after.get(column.field)
                    and not self._id(column.refers, row, column.field)
                }
                for name in missing:
                    row.after[name] = None
                late.append(missing)
            created = self._insert(file.format, wave)
            for row, instance, missing in zip(wave, created, late, strict=True):
                ids[row.key[0]] = instance.pk
                if missing:
                    waiting.append((file.format, instance, missing))
        return waiting

    def _id(self, refers: str, row: RowPlan, name: str) -> int | None:
        ids = self.organisations if refers == "organisation" else self.assets
        return ids.get(row.after[name])

    def _insert(self, found: FileFormat, rows: list[RowPlan]) -> list[Model]:
        created: list[Model] = []
        # The database would set the moments itself, but with them given Django sends a batch as one array per
        # column, in a third of the time.
        now = timezone.now()
        for batch in _batches(rows):
            instances = [
                found.model(created_at=now, updated_at=now, **self._columns(found, row.after))
                for row in batch
            ]
            created += found.model._default_manager.bulk_create(instances)
            self._tick(found, len(batch))
        return created

    def _update(self, found: FileFormat, rows: list[RowPlan]) -> None:
        """Write the changed columns only: rows that get the same values by one statement, others in batches."""
        same: dict[tuple[tuple[str, Any], ...], list[RowPlan]] = defaultdict(list)
        for row in rows:
            same[tuple(sorted(row.after.items()))].append(row)
        different: dict[tuple[str, ...], list[RowPlan]] = defaultdict(list)
        for group in same.values():
            if len(group) < ALIKE:
                different[tuple(sorted(group[0].after))] += group
                continue
            values = self._columns(found, group[0].after)
            for batch in _batches(group):
                found.model._default_manager.filter(pk__in=[row.pk for row in batch]).update(**values)
                self._tick(found, len(batch))
        for names, group in different.items():
            for batch in _batches(group):
                instances = [found.model(pk=row.pk, **self._columns(found, row.after)) for row in batch]
                found.model._default_manager.bulk_update(instances, names)
                self._tick(found, len(batch))

    def _columns(self, found: FileFormat, values: dict[str, Any]) -> dict[str, Any]:
        """The values with codes turned into keys."""
        columns = dict(values)
        for column in found.columns:
            if column.refers and column.field in columns:
                code = columns.pop(column.field)
                columns |= self._keys(column, code)
        return columns

    def _keys(self, column: Column, code: str | None) -> dict[str, int | None]:
        """What the code stands for, by attribute."""
        attnames = column.attnames or (f"{column.field}_id",)
        if not code:
            return dict.fromkeys(attnames)
        if column.refers in self.targets:
            return dict(zip(attnames, self.targets[column.refers][code].keys, strict=True))
        ids = self.organisations if column.refers == "organisation" else self.assets
        return {attnames[0]: ids[code]}

    def _tick(self, found: FileFormat, count: int) -> None:
        self.done += count
        self.progress(f"Skriver {found.label.lower()}", self.done, self.plan.changes)


def _batches(rows: list[RowPlan]) -> Iterator[list[RowPlan]]:
    for start in range(0, len(rows), BATCH):
        yield rows[start : start + BATCH]


def _waves(rows: list[RowPlan]) -> Iterator[list[RowPlan]]:
    """The rows in groups, each pointing only at earlier groups; successors that go in a ring are let be."""
    by_code = {row.key[0]: row for row in rows}
    for fields in (("parent", "successor"), ("parent",)):
        sorter = TopologicalSorter(
            {
                code: {row.after[f] for f in fields if row.after.get(f) in by_code}
                for code, row in by_code.items()
            }
        )
        try:
            sorter.prepare()
        except CycleError:
            continue
        while sorter.is_active():
            ready = sorted(sorter.get_ready(), key=lambda code: by_code[code].row)
            yield [by_code[code] for code in ready]
            sorter.done(*ready)
        return
