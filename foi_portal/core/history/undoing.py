"""Taking a change set back, as long as nothing newer has touched its rows."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, models

from foi_portal.core.history.tables import KEPT_BY_TRIGGERS, to_python, tracked_models
from foi_portal.core.models import Change, Record, User


class NotUndoable(Exception):  # noqa: N818 - it is an answer to the user, not a fault
    """The change set cannot be taken back. ``str()`` says why in Danish; ``rows`` names the rows in the way."""

    def __init__(self, why: str, rows: list[str] | None = None) -> None:
        super().__init__(why)
        self.rows = rows or []


class ChangedSince(NotUndoable):
    """Somebody has changed some of the rows since."""


@dataclass(frozen=True)
class Undone:
    """What ``undo`` did: the change set it made, and how many rows it put back."""

    change_set: uuid.UUID
    rows: int


def undoable(change_set: uuid.UUID) -> bool:
    """Whether ``undo`` can be offered: the set only changed rows that have versions, and is the last to do so.

    Three small queries whatever the size. ``undo`` asks again, with the rows locked.
    """
    own = Change.objects.filter(change_set=change_set).order_by()
    newer = Change.objects.filter(
        table=models.OuterRef("table"), row_id=models.OuterRef("row_id"), id__gt=models.OuterRef("id")
    ).exclude(change_set=change_set)
    return (
        own.exists()
        and not own.exclude(operation=Change.Operation.UPDATE, row_version__isnull=False).exists()
        and not own.filter(models.Exists(newer)).exists()
    )


def undo(change_set: uuid.UUID, actor: User, reason: str = "") -> Undone:
    """Put every row of the change set back as it was before it, in one transaction and a new change set.

    Inside another ``recording`` it joins that one's change set. Raises ``ChangedSince`` when a row has been
    changed since, ``NotUndoable`` when the set is unknown, made or deleted rows, or the old values break a
    rule now; then nothing is written.
    """
    from foi_portal.core.history import recording

    why = f"Fortryder ændringssæt {change_set}" + (f": {reason.strip()}" if reason.strip() else "")
    try:
        with recording(actor=actor, kind=Change.Kind.UNDO, reason=why) as own_set:
            return Undone(own_set, _restore(change_set))
    except IntegrityError as error:
        raise NotUndoable("De gamle værdier kan ikke gemmes, fordi andre rækker nu står i vejen.") from error


def _restore(change_set: uuid.UUID) -> int:
    changes = list(Change.objects.filter(change_set=change_set).order_by("id"))
    if not changes:
        raise NotUndoable("Ændringssættet findes ikke.")
    if any(change.operation != Change.Operation.UPDATE or change.row_version is None for change in changes):
        raise NotUndoable("Kun rettelser kan fortrydes. Ændringssættet har oprettet eller slettet noget.")
    by_row: dict[tuple[str, int], list[Change]] = {}
    for change in changes:
        by_row.setdefault((change.table, change.row_id), []).append(change)
    rows = _locked(by_row)
    stale = [
        str(row) if (row := rows.get(key)) else f"{key[0]} {key[1]}"
        for key, own in by_row.items()
        if key not in rows or rows[key].version != own[-1].row_version
    ]
    if stale:
        raise ChangedSince(f"{len(stale)} af {len(by_row)} rækker er ændret siden.", stale)
    touched = [(rows[key], _put_back(rows[key], own)) for key, own in by_row.items()]
    broken = [
        f"{row}: {' '.join(error.messages)}"
        for row, columns in touched
        if (error := _broken_rule(row, columns))
    ]
    if broken:
        raise NotUndoable("De gamle værdier bryder en regel nu.", broken)
    return len(by_row)


def _locked(by_row: dict[tuple[str, int], list[Change]]) -> dict[tuple[str, int], Record]:
    """The rows as they are now, locked in one order until the transaction ends."""
    found: dict[tuple[str, int], Record] = {}
    for model in tracked_models():
        table = model._meta.db_table
        ids = [row_id for name, row_id in by_row if name == table]
        if ids and issubclass(model, Record):
            rows: Any = model._base_manager.select_for_update().order_by("pk").in_bulk(ids)
            found |= {(table, pk): row for pk, row in rows.items()}
    return found


def _put_back(row: Record, own: list[Change]) -> set[str]:
    """Save the row with the values from before the set; gives the columns that changed."""
    old, new = to_python(type(row), own[0].before or {}), to_python(type(row), own[-1].after or {})
    mine = {field.column: field for field in row._meta.concrete_fields}
    columns = {c for c in old.keys() & mine.keys() if c not in KEPT_BY_TRIGGERS and old[c] != new.get(c)}
    for column in columns:
        setattr(row, mine[column].attname, old[column])
    if columns:
        row.save(update_fields=[mine[column].name for column in columns])
    return columns


def _broken_rule(row: Record, columns: set[str]) -> ValidationError | None:
    """What the model says of the row now that every row is back: rules across rows, such as loops."""
    untouched = {field.name for field in row._meta.concrete_fields if field.column not in columns}
    try:
        row.full_clean(exclude=untouched)
    except ValidationError as error:
        return error
    return None


__all__ = ["ChangedSince", "NotUndoable", "Undone", "undo", "undoable"]
