"""Taking a change set back, as long as nothing newer has touched its rows."""

from __future__ import annotations

import uuid
from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import IntegrityError, models
from django.utils import timezone
from django.utils.formats import date_format

from foi_portal.core.history.tables import KEPT_BY_TRIGGERS, to_python, tracked_models
from foi_portal.core.keys import among
from foi_portal.core.models import Change, Record, User

NAMED = 50  # rows named in an answer


class NotUndoable(Exception):  # noqa: N818 - it is an answer to the user, not a fault
    """The change set cannot be taken back. ``str()`` says why in Danish; ``rows`` names the first rows in the way."""

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


def touched_models(change_set: uuid.UUID) -> list[type[models.Model]]:
    """The models whose rows the set touched, for asking whether somebody may change every one of them.

    A table of several kinds gives the proxies that have some of the rows (components, systems), or the table's own
    model when none has any left. A few small queries whatever the size.
    """
    own = Change.objects.filter(change_set=change_set).order_by()
    tables = set(own.values_list("table", flat=True).distinct())
    found: list[type[models.Model]] = []
    for model in tracked_models():
        if model._meta.db_table not in tables:
            continue
        rows = own.filter(table=model._meta.db_table).values("row_id")
        kinds = [m for m in apps.get_models() if m._meta.proxy and m._meta.concrete_model is model]
        found += [kind for kind in kinds if kind._default_manager.filter(pk__in=rows).exists()] or [model]
    return found


def undo(change_set: uuid.UUID, actor: User, reason: str = "") -> Undone:
    """Put every row of the change set back as it was before it, in one transaction and a new change set.

    Inside another ``recording`` it joins that one's change set. Raises ``ChangedSince`` when a row has been
    changed since, ``NotUndoable`` when the set is unknown, made or deleted rows, or the old values break a
    rule now; then nothing is written.
    """
    from foi_portal.core.history import recording

    why = _named(change_set) + (f": {reason.strip()}" if reason.strip() else "")
    try:
        with recording(actor=actor, kind=Change.Kind.UNDO, reason=why) as own_set:
            return Undone(own_set, _restore(change_set))
    except IntegrityError as error:
        raise NotUndoable("De gamle værdier kan ikke gemmes, fordi andre rækker nu står i vejen.") from error


def _named(change_set: uuid.UUID) -> str:
    """The act that is taken back, as people remember it: what kind it was, and when."""
    first = Change.objects.filter(change_set=change_set).order_by("id").first()
    if first is None:
        return "Fortryder"
    when = date_format(timezone.localtime(first.at), "j. N Y H.i")
    return f"Fortryder {first.get_kind_display().lower()} fra {when}"


def _restore(change_set: uuid.UUID) -> int:
    changes = list(Change.objects.filter(change_set=change_set).order_by("id"))
    if not changes:
        raise NotUndoable("Ændringssættet findes ikke.")
    if any(change.operation != Change.Operation.UPDATE or change.row_version is None for change in changes):
        raise NotUndoable(
            "Kun rettelser kan fortrydes. Ændringssættet har oprettet eller slettet noget. "
            "Arkivér (eller opløs) det, der blev oprettet, i stedet."
        )
    by_row: dict[tuple[str, int], list[Change]] = {}
    for change in changes:
        by_row.setdefault((change.table, change.row_id), []).append(change)
    rows = _locked(by_row)
    stale = [
        key for key, own in by_row.items() if key not in rows or rows[key].version != own[-1].row_version
    ]
    if stale:
        names = [str(rows[key]) if key in rows else f"{key[0]} {key[1]}" for key in stale[:NAMED]]
        raise ChangedSince(f"{len(stale)} af {len(by_row)} rækker er ændret siden.", names)
    # What was written last goes back first: the rules were kept all the way, so they are on the way back too.
    backwards = sorted(by_row.items(), key=lambda item: item[1][-1].pk, reverse=True)
    _put_back([(rows[key], _old_values(rows[key], own)) for key, own in backwards])
    broken = [f"{row}: {' '.join(error.messages)}" for row in rows.values() if (error := _broken_rule(row))]
    if broken:
        raise NotUndoable("De gamle værdier bryder en regel nu.", broken[:NAMED])
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


def _old_values(row: Record, own: list[Change]) -> dict[str, Any]:
    """What the row had before the set in the columns that the set changed, by attribute (``provider_id``)."""
    old, new = to_python(type(row), own[0].before or {}), to_python(type(row), own[-1].after or {})
    return {
        field.attname: old[field.column]
        for field in row._meta.concrete_fields
        if field.column in old
        and field.column not in KEPT_BY_TRIGGERS
        and old[field.column] != new.get(field.column)
    }


def _put_back(rows: list[tuple[Record, dict[str, Any]]]) -> None:
    """Write the old values: rows that get the same go in one statement, for a set can have 10,000 of them.

    The database sees to the rules that it has; those that the models add are asked afterwards.
    """
    alike: dict[tuple[type[Record], str], list[tuple[Record, dict[str, Any]]]] = defaultdict(list)
    for row, values in rows:
        if values:
            alike[type(row), repr(values)].append((row, values))
    _refuse_lost_references(rows)
    for (model, _), group in alike.items():
        values = group[0][1]
        model._base_manager.filter(pk__in=among(row.pk for row, _ in group)).update(**values)
        for row, _ in group:
            for name, value in values.items():
                setattr(row, name, value)


def _refuse_lost_references(rows: list[tuple[Record, dict[str, Any]]]) -> None:
    """``NotUndoable`` when an old value refers to a row that is gone; databases would say so first at the commit."""
    wanted: dict[models.ForeignKey[Any, Any], set[Any]] = defaultdict(set)
    for row, values in rows:
        for field in row._meta.concrete_fields:
            if isinstance(field, models.ForeignKey) and values.get(field.attname) is not None:
                wanted[field].add(values[field.attname])
    for field, keys in wanted.items():
        found = field.related_model._base_manager.filter(pk__in=among(keys)).count()
        if found < len(keys):
            raise NotUndoable(f"Noget, der før stod i «{field.verbose_name}», findes ikke længere.")


def _broken_rule(row: Record) -> ValidationError | None:
    """What the model's own ``clean`` says of the row now that every row is back: rules across rows, such as loops."""
    try:
        row.clean()
    except ValidationError as error:
        return error
    return None


__all__ = ["ChangedSince", "NotUndoable", "Undone", "touched_models", "undo", "undoable"]
