"""Bulk edit: the same new values on many rows, on exactly the rows that were shown, all of them or none.

What a person has seen is a ``Selection``: keys with versions, and the new values. It travels through the browser
signed, so that no row can be added and no value changed on the way. Everything costs the same number of queries
however many rows there are.
"""

from __future__ import annotations

import datetime
import uuid
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import accumulate, pairwise
from typing import Any

from django.core import signing
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, OperationalError
from django.db.models import (
    BooleanField,
    CheckConstraint,
    Exists,
    F,
    ForeignKey,
    Model,
    OuterRef,
    QuerySet,
    UniqueConstraint,
    Value,
)
from django.db.models import Field as ModelField
from django.db.models.functions import Coalesce

from foi_portal.core import history
from foi_portal.core.keys import among
from foi_portal.core.models import Archivable, Change, User
from foi_portal.core.permissions import may
from foi_portal.ui import formats
from registry.models import Component, Dependency, System

FIELDS: dict[type[Archivable], tuple[str, ...]] = {
    System: ("department", "provider", "lifecycle", "criticality", "personal_data"),
    Component: ("provider", "level", "lifecycle", "criticality"),
    Dependency: ("status", "importance", "direction", "until"),
}
MOST_ROWS = 20_000
MAX_AGE = datetime.timedelta(hours=1)
Values = Mapping[str, Any]  # field name → stored value (a reference's key); None or "" clears the field


class Refused(Exception):  # noqa: N818 - it is an answer to the user, not a fault
    """Nothing has been written; ``str()`` says why in Danish."""


class Spoiled(Refused):
    """A signed selection that was altered, belongs to somebody else or is too old."""


class Forbidden(Refused):
    """The user may not change one of the rows."""


class ChangedSince(Refused):
    """Somebody has changed ``keys`` since the preview; ``gone`` are not there any more."""

    def __init__(self, keys: frozenset[int], gone: frozenset[int]) -> None:
        super().__init__("Nogle af rækkerne er ændret, siden du så forhåndsvisningen.")
        self.keys, self.gone = keys, gone


class BreaksRules(Refused):
    """The new values break a rule on some of the rows."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("De nye værdier bryder en regel.")
        self.problems = problems


@dataclass(frozen=True)
class Problem:
    """A row (None: all of them) and what is wrong with the new values there, in Danish."""

    row: Archivable | None
    message: str


@dataclass(frozen=True)
class Selection:
    """The rows that were shown, as key → version, and the new values.

    ``contested`` rows may be left out on request: key → the version seen before somebody else changed the row
    (the present one when it is a rule that the row would break).
    """

    model: type[Archivable]
    versions: Mapping[int, int]
    values: Values = field(default_factory=dict)
    contested: Mapping[int, int] = field(default_factory=dict)

    def without_contested(self) -> Selection:
        kept = {pk: version for pk, version in self.versions.items() if pk not in self.contested}
        return replace(self, versions=kept, contested={})


def freeze(selection: Selection, user: User) -> str:
    """The selection as signed text that only ``user`` can bring back. 10,000 rows are a few kB."""
    keys = sorted(selection.versions)
    payload = {
        "keys": [b - a for a, b in pairwise([0, *keys])],
        "versions": [selection.versions[key] for key in keys],
        "values": {
            name: v.isoformat() if isinstance(v, datetime.date) else v for name, v in selection.values.items()
        },
        "contested": sorted(selection.contested.items()),
    }
    return signing.dumps(payload, salt=_salt(selection.model, user), compress=True)


def thaw(text: str, model: type[Archivable], user: User) -> Selection:
    """The selection that ``freeze`` made for the same model and user; ``Spoiled`` when it cannot be trusted."""
    try:
        payload = signing.loads(text, salt=_salt(model, user), max_age=MAX_AGE)
    except signing.SignatureExpired as error:
        raise Spoiled("Forhåndsvisningen er mere end en time gammel.") from error
    except signing.BadSignature as error:
        raise Spoiled("Forhåndsvisningen er ændret undervejs eller lavet af en anden bruger.") from error
    values = {name: _field(model, name).to_python(value) for name, value in payload["values"].items()}
    keys = accumulate(payload["keys"])
    versions = dict(zip(keys, payload["versions"], strict=True))
    return Selection(model, versions, values, dict(payload["contested"]))


def _salt(model: type[Model], user: User) -> str:
    return f"registry.bulk.{model._meta.model_name}.{user.pk}"


def load(model: type[Archivable], keys: Collection[int], lock: bool = False) -> list[Any]:
    """The rows with the keys that exist, in the model's order, with what their names and fields refer to.

    ``lock`` keeps other writers out until the transaction ends. Locks are taken in one order first.
    """
    rows: QuerySet[Any] = model._default_manager.filter(pk__in=among(keys))
    if lock:
        list(rows.select_for_update().order_by("pk").values_list("pk"))
    references = [n for n in FIELDS[model] if isinstance(_field(model, n), ForeignKey)]
    named_by = ("source", "target") if model is Dependency else ()
    ordered = rows.order_by(*(model._meta.ordering or ()), "pk")
    return list(ordered.select_related(*references, *named_by) if references or named_by else ordered)


def check_rights(user: User, model: type[Archivable], rows: Iterable[Archivable]) -> None:
    """``Forbidden`` unless the user may change every row, or the whole model when there are none."""
    rows = list(rows)
    if not may(user, "change", model) and not (rows and all(may(user, "change", row) for row in rows)):
        raise Forbidden("Du må ikke ændre alle rækkerne.")


def shown(row: Archivable, name: str) -> str:
    """What the row has in the field now, as Danish text; nothing is an empty text."""
    if isinstance(_field(type(row), name), ForeignKey):
        return str(getattr(row, name) or "")
    return shown_value(type(row), name, getattr(row, name))


def shown_value(model: type[Model], name: str, value: Any) -> str:
    """A stored value as Danish text. A reference costs a query."""
    model_field = _field(model, name)
    if value is None or value == "":
        return ""
    if isinstance(model_field, ForeignKey):
        return str(_related(model_field)._base_manager.filter(pk=value).first() or value)
    if model_field.choices:
        return str(dict(model_field.flatchoices).get(value, value))
    return formats.plain(value)


def present_values(rows: Sequence[Archivable], name: str) -> list[tuple[str, int]]:
    """The distinct values that the rows have in the field now and how many have each, the most common first."""
    counts = Counter(shown(row, name) for row in rows)
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def is_changed_by(row: Archivable, values: Values) -> bool:
    """Whether any of the values is new to the row."""
    return any(getattr(row, _field(type(row), name).attname) != value for name, value in values.items())


def find_problems(model: type[Archivable], rows: Sequence[Archivable], values: Values) -> list[Problem]:
    """What the model's rules say of the rows with the new values: fields, check and unique constraints.

    One query per rule that a changed field takes part in, not per row as ``full_clean`` would cost. The rules in
    ``clean()`` concern fields that bulk edit does not have.
    """
    try:
        for name, value in values.items():
            if value is not None and value != "":
                _field(model, name).clean(value, None)
    except ValidationError as error:
        return [Problem(None, message) for message in error.messages]
    by_key = {row.pk: row for row in rows}
    found: list[Problem] = []
    for constraint in model._meta.concrete_model._meta.constraints:  # type: ignore[union-attr]
        if isinstance(constraint, CheckConstraint):
            broken = _breaking(constraint, model, by_key.keys(), values)
        elif isinstance(constraint, UniqueConstraint) and set(constraint.fields) & values.keys():
            broken = _colliding(constraint, model, by_key, values)
        else:
            continue
        message = str(constraint.get_violation_error_message())
        found += [Problem(by_key[key], message) for key in broken]
    return found


def _breaking(
    constraint: CheckConstraint, model: type[Archivable], keys: Collection[int], values: Values
) -> list[int]:
    """Keys of the rows for which the constraint is false when the new values are put in its fields' place."""
    condition: Any = constraint.condition
    if not condition.referenced_base_fields & values.keys():
        return []
    new = {F(name): Value(value, output_field=_stored(model, name)) for name, value in values.items()}
    # As in the database: what is neither true nor false (because of NULL) breaks nothing.
    holds = Coalesce(condition.replace_expressions(new), Value(True), output_field=BooleanField())
    rows = model._default_manager.filter(pk__in=among(keys)).annotate(holds=holds)
    return list(rows.filter(holds=False).values_list("pk", flat=True))


def _colliding(
    constraint: UniqueConstraint, model: type[Archivable], rows: Mapping[int, Archivable], values: Values
) -> list[int]:
    """Keys of the rows that would say the same as each other or as a row that is not changed."""
    same = [name for name in constraint.fields if name not in values]
    new = {name: value for name, value in values.items() if name in constraint.fields}
    attributes = [_field(model, name).attname for name in same]
    would_be = {key: tuple(getattr(row, a) for a in attributes) for key, row in rows.items()}
    often = {key for key, count in Counter(would_be.values()).items() if count > 1}
    others = model._base_manager.filter(**new, **{name: OuterRef(name) for name in same})
    taken = set(
        model._default_manager.filter(pk__in=among(rows.keys()))
        .filter(Exists(others.exclude(pk=OuterRef("pk"))))
        .values_list("pk", flat=True)
    )
    return [key for key, state in would_be.items() if key in taken or (state in often and None not in state)]


@dataclass(frozen=True)
class Applied:
    """What was done: the change set it can be undone by, and how many rows it changed."""

    change_set: uuid.UUID
    rows: int


def apply(selection: Selection, user: User, reason: str) -> Applied:
    """Write the values on the selection's rows in one transaction and one change set, or nothing at all.

    Raises ``ChangedSince`` when a row is not as it was shown, ``Forbidden`` when the user may not change one,
    ``BreaksRules``, or ``Refused`` when the database is busy or has the last word.
    """
    try:
        with history.recording(actor=user, kind=Change.Kind.BULK, reason=reason) as change_set:
            return Applied(change_set, _write(selection, user))
    except IntegrityError as error:
        raise Refused(
            "En anden rettelse kom i vejen. Se forhåndsvisningen igen, og prøv en gang til."
        ) from error
    except OperationalError as error:
        raise Refused("Andre er ved at gemme nogle af de samme rækker. Vent lidt, og prøv igen.") from error
    except DataError as error:
        raise Refused("Databasen afviste en værdi. Ret den, og prøv igen.") from error


def _write(selection: Selection, user: User) -> int:
    model, values = selection.model, selection.values
    rows = load(model, selection.versions.keys(), lock=True)
    check_rights(user, model, rows)
    changed = frozenset(row.pk for row in rows if row.version != selection.versions[row.pk])
    gone = frozenset(selection.versions.keys() - {row.pk for row in rows})
    if changed or gone:
        raise ChangedSince(changed, gone)
    rows = [row for row in rows if is_changed_by(row, values)]
    if problems := find_problems(model, rows, values):
        raise BreaksRules(problems)
    if rows:
        columns = {_field(model, name).attname: value for name, value in values.items()}
        model._default_manager.filter(pk__in=among(row.pk for row in rows)).update(**columns)
    return len(rows)


def _field(model: type[Model], name: str) -> ModelField[Any, Any]:
    found: Any = model._meta.get_field(name)
    return found  # type: ignore[no-any-return]


def _stored(model: type[Model], name: str) -> ModelField[Any, Any]:
    """The field that holds the value itself: a reference's is that of the key it refers to."""
    found = _field(model, name)
    return found.target_field if isinstance(found, ForeignKey) else found


def _related(reference: ForeignKey[Any, Any]) -> type[Model]:
    return reference.related_model


__all__ = [
    "FIELDS",
    "MAX_AGE",
    "MOST_ROWS",
    "Applied",
    "BreaksRules",
    "ChangedSince",
    "Forbidden",
    "Problem",
    "Refused",
    "Selection",
    "Spoiled",
    "apply",
    "check_rights",
    "find_problems",
    "freeze",
    "is_changed_by",
    "load",
    "present_values",
    "shown",
    "shown_value",
    "thaw",
]
