"""Two people edited the same row: nothing is overwritten silently and nothing is lost.

The page built here shows each field before, theirs and yours. It posts back an ordinary edit form with the
present version: merged values in hidden fields, and a radio per field where both changed, whose value *is* theirs
or yours. So saving the resolution is saving a form, and a third editor in between gives a new conflict.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django import forms
from django.db.models import Field as ModelField
from django.db.models import ForeignKey, ManyToManyField, Model, QuerySet

from foi_portal.core import history
from foi_portal.core.models import Change, Record
from foi_portal.ui import formats


@dataclass(frozen=True)
class Difference:
    """One field: shown values, and the raw form values of theirs and mine. ``name`` is the form's field name."""

    name: str
    label: str
    before: str
    theirs: str
    mine: str
    theirs_raw: str
    mine_raw: str
    who: str = ""  # who saved theirs


@dataclass(frozen=True)
class Conflict:
    """What the conflict page shows of one row. ``both`` needs a choice; ``one`` is merged; ``same`` is untouched."""

    key: int
    version: int
    last_change: Change | None
    known_base: bool
    both: list[Difference] = field(default_factory=list)
    one: list[tuple[Difference, bool]] = field(default_factory=list)  # True: changed by you
    hidden: list[tuple[str, str]] = field(default_factory=list)


def submitted_version(data: Mapping[str, Any]) -> int | None:
    """The version a form was made from; None when it is missing or not a number."""
    text = str(data.get("version", ""))
    return int(text) if text.isdecimal() and len(text) < 10 else None


def version_of(row: Model) -> int:
    """What a form on ``row`` must carry: its version, or for users and groups the number of their last change."""
    if isinstance(row, Record):
        return row.version
    return history.changes_of(row).values_list("pk", flat=True).first() or 0


def build(
    form: forms.ModelForm[Any], current: Model, base_version: int | None, were: Mapping[str, Any] = {}
) -> Conflict:
    """Compare a submitted (bound, cleaned) form with the row as it is now and as it was at ``base_version``.

    With an unknown base every difference from the present row counts as changed by both. Disabled fields are
    left out: no form can change them. ``were``: what the version does not tell, sorted keys by many-to-many field.
    """
    base = _state_at(current, base_version) if base_version is not None else None
    base = base | dict(were) if base is not None else None
    latest = history.changes_of(current).select_related("actor").first()
    savers = _savers(current, base_version)
    conflict = Conflict(current.pk, version_of(current), latest, base is not None)
    for name, form_field in form.fields.items():
        if form_field.disabled:
            continue
        bound = form[name]
        model_field = _model_field(current, name)
        if model_field is None:
            conflict.hidden.append((bound.html_name, _raw(form_field, bound.data)))
            continue
        theirs = _keys(model_field.value_from_object(current))
        before = _before(model_field, base) if base is not None else _UNKNOWN
        mine = _submitted(form, name, model_field)
        difference = Difference(
            name=bound.html_name,
            label=str(bound.label),
            before="" if before is _UNKNOWN else shown(model_field, before),
            theirs=shown(model_field, theirs),
            mine=shown(model_field, mine) if not isinstance(mine, _Raw) else mine.text,
            theirs_raw=_raw(form_field, theirs),
            mine_raw=_raw(form_field, bound.data),
            who=savers.get(model_field.column or "", ""),
        )
        i_changed = before is _UNKNOWN or mine != before
        they_changed = before is _UNKNOWN or theirs != before
        if i_changed and they_changed and mine != theirs:
            conflict.both.append(difference)
            continue
        if mine != theirs:
            conflict.one.append((difference, i_changed))
        conflict.hidden.append((difference.name, difference.mine_raw if i_changed else difference.theirs_raw))
    return conflict


def _savers(row: Model, base_version: int | None) -> dict[str, str]:
    """Who last saved each column that has changed since ``base_version``."""
    if not isinstance(row, Record) or base_version is None:
        return {}
    savers: dict[str, str] = {}
    for change in history.since(row, base_version).select_related("actor").order_by("id"):
        before, after = change.before or {}, change.after or {}
        who = str(change.actor) if change.actor else "Systemet"
        savers |= {column: who for column in after if after[column] != before.get(column)}
    return savers


_UNKNOWN = object()


@dataclass(frozen=True)
class _Raw:
    """Something typed that did not validate: it is kept as text and judged again when saved."""

    text: str


def _state_at(row: Model, version: int) -> dict[str, Any] | None:
    """The row's columns at that version; for users and groups with the keys in their many-to-many fields."""
    if isinstance(row, Record):
        return history.state_at(row, version)
    changes, meta = history.changes_of(row), row._meta
    known = changes.filter(table=meta.db_table, pk__lte=version).exclude(after=None).first()
    if known is None or known.after is None or not changes.filter(pk=version).exists():
        return None
    state = history.to_python(type(row), known.after)
    for field_ in meta.local_many_to_many:
        keys = set(_keys(field_.value_from_object(row)))
        table = field_.remote_field.through._meta.db_table  # type: ignore[union-attr]
        for change in changes.filter(table=table, pk__gt=version):  # newest first, taken back one by one
            if change.after is not None:
                keys.discard(change.after[field_.m2m_reverse_name()])
            elif change.before is not None:
                keys.add(change.before[field_.m2m_reverse_name()])
        state[field_.attname] = sorted(keys)
    return state


def _before(model_field: ModelField[Any, Any], base: dict[str, Any]) -> Any:
    value = base.get(model_field.attname)
    return value if isinstance(model_field, ManyToManyField) else model_field.to_python(value)


def _keys(value: Any) -> Any:
    """Rows as their sorted keys; any other value as it is."""
    return sorted(row.pk for row in value) if isinstance(value, (list, QuerySet)) else value


def _model_field(row: Model, name: str) -> ModelField[Any, Any] | None:
    fields = (*row._meta.concrete_fields, *row._meta.many_to_many)
    return next((f for f in fields if f.name == name), None)


def _submitted(form: forms.ModelForm[Any], name: str, model_field: ModelField[Any, Any]) -> Any:
    if name not in form.cleaned_data:
        return _Raw(str(form[name].data or ""))
    value = form.cleaned_data[name]
    if isinstance(value, Model):
        return value.pk
    if isinstance(value, QuerySet):
        return _keys(value)
    if value is None or value == "":
        return None if model_field.null else ""
    return model_field.to_python(value)


def _raw(form_field: forms.Field, value: Any) -> str:
    """The value as one input would send it; several keys with commas between them (``ui.admin.Checks``)."""
    prepared = form_field.prepare_value(value)
    if isinstance(prepared, bool):
        return str(prepared)  # a checkbox's own format_value says nothing
    if isinstance(form_field, forms.ModelMultipleChoiceField):
        return ",".join(str(key) for key in prepared or [])
    formatted = (
        form_field.widget.format_value(prepared) if hasattr(form_field.widget, "format_value") else prepared
    )
    if isinstance(formatted, (list, tuple)):
        formatted = formatted[0] if formatted else ""
    return "" if formatted is None else str(formatted)


def shown(model_field: ModelField[Any, Any], value: Any) -> str:
    """A stored value as Danish text: choices as labels, references as names (one query each)."""
    if value is None or value == "":
        return ""
    if isinstance(model_field, ManyToManyField):
        rows = model_field.related_model._base_manager.filter(pk__in=value)
        return ", ".join(sorted(str(row) for row in rows))
    if isinstance(model_field, ForeignKey):
        found = model_field.related_model._base_manager.filter(pk=value).first()
        return str(found or value)
    if model_field.choices:
        return str(dict(model_field.flatchoices).get(value, value))
    return formats.plain(value)
