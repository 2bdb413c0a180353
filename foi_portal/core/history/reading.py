"""Changes as people read them: what was it called, which field, before, after, by whom and why; in Danish."""

from __future__ import annotations

import datetime
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.utils import formats, timezone
from django.utils.text import capfirst

from foi_portal.core.history.tables import KEPT_BY_TRIGGERS, recorded_fields, to_python, tracked_models
from foi_portal.core.models import Change, Record, User

Objects = dict[type[models.Model], dict[Any, models.Model]]
Values = dict[str, Any]
State = tuple[Change, type[models.Model], Values, Values]  # a change, its model, before, after


@dataclass(frozen=True)
class Difference:
    """One field's change. ``before`` and ``after`` are ready to show; nothing is an empty text.

    ``column`` is the field's column, for machines ("" for a many-to-many field).
    """

    label: str
    before: str
    after: str
    before_url: str = ""
    after_url: str = ""
    column: str = ""


@dataclass(frozen=True)
class Entry:
    """One change, readable. ``title`` and ``url`` are the row's own ("" when it has no page or is gone)."""

    change: Change
    title: str
    url: str
    noun: str
    operation: str
    who: str
    at: datetime.datetime
    kind: str
    reason: str
    change_set: uuid.UUID
    differences: list[Difference]


def plain(value: Any) -> str:
    """A value as Danish text; nothing is an empty text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "ja" if value else "nej"
    if isinstance(value, datetime.datetime):
        return formats.date_format(timezone.localtime(value), "DATETIME_FORMAT")
    if isinstance(value, datetime.date):
        return formats.date_format(value, "DATE_FORMAT")
    return str(formats.localize(value))


def permission(model: type[models.Model]) -> str:
    """The permission to view the table's rows and so their history: "registry.view_asset".

    A many-to-many table needs that of the model which has the field; ``Record.history_permission`` goes before both.
    """
    owner = (_many_to_many(model) or model._meta.pk).model
    meta = owner._meta
    return getattr(owner, "history_permission", "") or f"{meta.app_label}.view_{meta.model_name}"


def visible_to(user: User | AnonymousUser, changes: models.QuerySet[Change]) -> models.QuerySet[Change]:
    """The changes of tables whose rows the user may view."""
    tables = [model._meta.db_table for model in tracked_models() if user.has_perm(permission(model))]
    return changes.filter(table__in=tables)


def readable(
    changes: Iterable[Change],
    user: User | AnonymousUser | None = None,
    show: Callable[[Any], str] = plain,
) -> list[Entry]:
    """The changes in the given order as entries; with ``user``, without those the user may not see.

    One query per kind of row that is named, however many changes. ``show`` writes a value that is neither a
    choice nor a reference (dates, numbers, yes and no).
    """
    by_table = {model._meta.db_table: model for model in tracked_models()}
    known = [
        (change, model)
        for change in changes
        if (model := by_table.get(change.table)) and (user is None or user.has_perm(permission(model)))
    ]
    states = [
        (change, model, _python(model, change.before), _python(model, change.after))
        for change, model in known
    ]
    objects = _objects(states)
    return [_entry(state, objects, show) for state in states]


def differences(
    pairs: Iterable[tuple[type[models.Model], Values, Values]], show: Callable[[Any], str] = plain
) -> list[list[Difference]]:
    """The fields that differ in each pair of states of a row (model, before, after; columns as Python values).

    No state is ``{}``: all that is filled in then differs. One query per kind of row that is named.
    """
    pairs = list(pairs)
    wanted: dict[type[models.Model], set[Any]] = defaultdict(set)
    for model, before, after in pairs:
        _name(wanted, model, before, after)
    objects = _fetched(wanted)
    return [
        _differences(model, before, after, partial(_shown, objects=objects, show=show))
        for model, before, after in pairs
    ]


def _python(model: type[models.Model], recorded: Values | None) -> Values:
    return to_python(model, recorded) if recorded else {}


def _objects(states: list[State]) -> Objects:
    """Every row that the changes name, one query per model."""
    wanted: dict[type[models.Model], set[Any]] = defaultdict(set)
    for change, model, before, after in states:
        wanted[User].add(change.actor_id)
        if not model._meta.auto_created:
            wanted[model].add(change.row_id)
        _name(wanted, model, before, after)
    return _fetched(wanted)


def _name(
    wanted: dict[type[models.Model], set[Any]], model: type[models.Model], before: Values, after: Values
) -> None:
    """Add the rows that the two states refer to."""
    for field in recorded_fields(model):
        if isinstance(field, models.ForeignKey):
            wanted[field.related_model] |= {before.get(field.column), after.get(field.column)}


def _fetched(wanted: dict[type[models.Model], set[Any]]) -> Objects:
    return {
        # Non-null references are what titles are made of («A → B»).
        model: model._base_manager.select_related(*_named_by(model)).in_bulk(
            [pk for pk in ids if pk is not None]
        )
        for model, ids in wanted.items()
    }


def _entry(state: State, objects: Objects, show: Callable[[Any], str]) -> Entry:
    change, model, before, after = state
    link = _many_to_many(model)
    if link is None:
        obj = objects[model].get(change.row_id)
        title = str(obj) if obj else _lost(model, change.row_id, after or before)
        differences = _differences(model, before, after, partial(_shown, objects=objects, show=show))
        noun = getattr(obj, "noun", model._meta.verbose_name)  # a table of several kinds says which
    else:
        noun, row = link.model._meta.verbose_name, after or before
        owner_id, other_id = row[link.m2m_column_name()], row[link.m2m_reverse_name()]
        obj = objects[link.model].get(owner_id)
        title = str(obj) if obj else _lost(link.model, owner_id, {})
        other = objects[link.related_model].get(other_id)
        name = str(other) if other else _lost(link.related_model, other_id, {})
        url = _url(other)
        label = capfirst(str(link.verbose_name))
        differences = [
            Difference(label, "", name, "", url) if after else Difference(label, name, "", url, "")
        ]
    return Entry(
        change=change,
        title=title,
        url=_url(obj),
        noun=str(noun),
        operation="ændret" if link is not None else _operation(change, before, after),
        who=_who(change.actor_id, objects),
        at=change.at,
        kind=str(change.get_kind_display()),
        reason=change.reason,
        change_set=change.change_set,
        differences=differences,
    )


ARCHIVING = ("archived_at", "archive_reason")


def _operation(change: Change, before: Values, after: Values) -> str:
    """What was done, in a word; archiving and restoring have their own."""
    if change.operation == Change.Operation.UPDATE and "archived_at" in after:
        was, is_ = before.get("archived_at"), after["archived_at"]
        if (was is None) != (is_ is None):
            return "gendannet" if is_ is None else "arkiveret"
    return str(change.get_operation_display())


def _differences(
    model: type[models.Model], before: Values, after: Values, shown: Callable[[Any, Any], tuple[str, str]]
) -> list[Difference]:
    """The fields that differ, in the model's order, then columns that the model has no more."""
    fields: Values = {str(field.column): field for field in recorded_fields(model)}
    columns = [*fields, *sorted((before.keys() | after.keys()) - fields.keys())]
    found = []
    for column in columns:
        field = fields.get(column)
        if column in KEPT_BY_TRIGGERS or (field is not None and field.primary_key):
            continue
        old, new = before.get(column), after.get(column)
        if old == new:
            continue
        (old_text, old_url), (new_text, new_url) = shown(field, old), shown(field, new)
        if old_text or new_text:
            label = capfirst(str(field.verbose_name)) if field is not None else column
            found.append(Difference(label, old_text, new_text, old_url, new_url, column))
    return found


def _shown(field: Any, value: Any, objects: Objects, show: Callable[[Any], str]) -> tuple[str, str]:
    """A value's text and, for a reference, the address of what it refers to."""
    if value is None or field is None:
        return show(value), ""
    if isinstance(field, models.ForeignKey):
        related = field.related_model
        obj = objects[related].get(value)
        return (str(obj), _url(obj)) if obj else (_lost(related, value, {}), "")
    if field.choices:
        return str(dict(field.flatchoices).get(value, value)), ""
    return show(value), ""


def _many_to_many(model: type[models.Model]) -> Any:
    """The field whose automatic table this is, or None for an ordinary model."""
    owner: Any = model._meta.auto_created
    if not owner:
        return None
    return next(field for field in owner._meta.local_many_to_many if field.remote_field.through is model)


def _who(actor: int | None, objects: Objects) -> str:
    if actor is None:
        return "Systemet"
    return str(objects[User].get(actor) or f"Ukendt bruger ({actor})")


def _lost(model: type[models.Model], pk: Any, recorded: Values) -> str:
    """A name for a row that is gone: the one it had, else its kind and number."""
    known = (recorded.get(column) for column in ("name", "username", "code"))
    return str(next(filter(None, known), f"{model._meta.verbose_name} {pk}"))


def _url(obj: models.Model | None) -> str:
    return obj.get_absolute_url() if obj is not None and hasattr(obj, "get_absolute_url") else ""


def _named_by(model: type[models.Model]) -> list[str]:
    """The rows that a row's name may be made of, empty ones too, so that naming many asks nothing more."""
    if issubclass(model, Record) and model.named_by:
        return list(model.named_by)
    return [field.name for field in model._meta.concrete_fields if isinstance(field, models.ForeignKey)]


__all__ = ["Difference", "Entry", "differences", "permission", "plain", "readable", "visible_to"]
