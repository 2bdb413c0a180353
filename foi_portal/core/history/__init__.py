"""The history: who changed what, when and why, for every row that people edit.

Triggers in the database (``triggers``) write it, so no way of writing goes around it. This module says who
is writing (``recording``) and looks things up; ``reading`` makes changes readable, ``undoing`` takes them back.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import DEFAULT_DB_ALIAS, connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from foi_portal.core.history.reading import permission, readable, visible_to
from foi_portal.core.history.tables import KEPT_BY_TRIGGERS, NEVER_RECORDED, to_python, tracked_models
from foi_portal.core.history.undoing import (
    ChangedSince,
    NotUndoable,
    Undone,
    touched_models,
    undo,
    undoable,
)
from foi_portal.core.models import Change, Record, User

REASON_LENGTH = 500


@dataclass(frozen=True)
class Act:
    """Who is writing on a connection just now, in which change set, how and why."""

    actor: int | None
    change_set: uuid.UUID
    kind: str
    reason: str


def current(using: str = DEFAULT_DB_ALIAS) -> Act | None:
    """The act being recorded on this thread's connection, or ``None`` outside ``recording``."""
    return getattr(connections[using], "foi_act", None)


@contextmanager
def recording(
    actor: User | AnonymousUser | None = None,
    kind: str | None = None,
    reason: str | None = None,
    using: str = DEFAULT_DB_ALIAS,
) -> Iterator[uuid.UUID]:
    """Make every write inside one transaction and one change set, which is yielded.

    An inner ``recording`` keeps what it is not given (change set, actor, kind, reason) from the outer one and
    puts the outer values back at its end. The kind is otherwise "edit"; a reason is cut at 500 characters.
    An exception rolls the writes and their history back together.
    """
    connection = connections[using]
    outer = current(using)
    act = outer or Act(None, uuid.uuid4(), "edit", "")
    if actor is not None and actor.pk is not None:
        act = replace(act, actor=actor.pk)
    if kind is not None:
        act = replace(act, kind=str(kind))
    if reason is not None:
        act = replace(act, reason=tidy(reason))
    nested = connection.in_atomic_block
    with transaction.atomic(using=using):
        connection.foi_act = act  # type: ignore[attr-defined]
        _announce(connection, act)
        try:
            yield act.change_set
        finally:
            connection.foi_act = outer  # type: ignore[attr-defined]
        # Only now: after an exception the savepoint's rollback puts PostgreSQL's settings back.
        if nested and not connection.needs_rollback:
            _announce(connection, outer)


def tidy(reason: str) -> str:
    """A reason as it is kept: without blanks around it, without NUL (PostgreSQL refuses it), at most 500 characters."""
    return reason.replace("\x00", "").strip()[:REASON_LENGTH]


def _announce(connection: BaseDatabaseWrapper, act: Act | None) -> None:
    """Tell PostgreSQL's triggers, by settings of the transaction. SQLite's ask the connection themselves."""
    if connection.vendor != "postgresql":
        return
    values = (act.actor or "", act.change_set, act.kind, act.reason) if act else ("", "", "", "")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('foi.actor', %s, true), set_config('foi.change_set', %s, true),"
            " set_config('foi.kind', %s, true), set_config('foi.reason', %s, true)",
            [str(value) for value in values],
        )


def changes_of(obj: models.Model) -> models.QuerySet[Change]:
    """The object's changes, newest first, with those of its many-to-many rows."""
    meta = obj._meta.concrete_model._meta  # type: ignore[union-attr]
    wanted = models.Q(table=meta.db_table, row_id=obj.pk)
    for field in meta.local_many_to_many:
        through = field.remote_field.through._meta  # type: ignore[union-attr]
        if through.auto_created:
            column = field.m2m_column_name()
            mine = models.Q(**{f"after__{column}": obj.pk}) | models.Q(**{f"before__{column}": obj.pk})
            wanted |= models.Q(table=through.db_table) & mine
    return Change.objects.filter(wanted)


def since(obj: Record, version: int) -> models.QuerySet[Change]:
    """The object's changes after the given version, newest first."""
    return Change.objects.filter(
        table=obj._meta.concrete_model._meta.db_table,  # type: ignore[union-attr]
        row_id=obj.pk,
        row_version__gt=version,
    )


def state_at(obj: Record, version: int) -> dict[str, Any] | None:
    """The object's columns as they were at ``version``, as Python values, or ``None`` when there is no such version.

    Keys are columns, which are the fields' ``attname`` (``provider_id``).
    """
    model = obj._meta.concrete_model
    assert model is not None  # noqa: S101 - instances always have one
    after = (
        Change.objects.filter(table=model._meta.db_table, row_id=obj.pk, row_version=version)
        .exclude(after=None)
        .values_list("after", flat=True)
        .first()
    )
    return None if after is None else to_python(model, after)


def connect() -> None:
    """Keep the triggers in place from now on: after every migration, with a system check."""
    from foi_portal.core.history import triggers

    triggers.connect()


__all__ = [
    "KEPT_BY_TRIGGERS",
    "NEVER_RECORDED",
    "Act",
    "ChangedSince",
    "NotUndoable",
    "Undone",
    "changes_of",
    "connect",
    "current",
    "permission",
    "readable",
    "recording",
    "since",
    "state_at",
    "tidy",
    "to_python",
    "touched_models",
    "tracked_models",
    "undo",
    "undoable",
    "visible_to",
]
