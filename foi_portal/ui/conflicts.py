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
from django.db.models import ForeignKey, Model

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


def build(form: forms.ModelForm[Any], current: Record, base_version: int | None) -> Conflict:
    """Compare a submitted (bound, cleaned) form with the row as it is now and as it was at ``base_version``.

    With an unknown base every difference from the present row counts as changed by both.
    """
    base = history.state_at(current, base_version) if base_version is not None else None
    latest = history.changes_of(current).select_related("actor").first()
    conflict = Conflict(current.pk, current.version, latest, base is not None)
    for name, form_field in form.fields.items():
        bound = form[name]
        model_field = _model_field(current, name)
        if model_field is None:
            conflict.hidden.append((bound.html_name, _raw(form_field, bound.data)))
            continue
        theirs = model_field.value_from_object(current)
        before = model_field.to_python(base.get(model_field.attname)) if base is not None else _UNKNOWN
        mine = _submitted(form, name, model_field)
        difference = Difference(
            name=bound.html_name,
            label=str(bound.label),
            before="" if before is _UNKNOWN else shown(model_field, before),
            theirs=shown(model_field, theirs),
            mine=shown(model_field, mine) if not isinstance(mine, _Raw) else mine.text,
            theirs_raw=_raw(form_field, theirs),
            mine_raw=_raw(form_field, bound.data),
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


_UNKNOWN = object()


@dataclass(frozen=True)
class _Raw:
    """Something typed that did not validate: it is kept as text and judged again when saved."""

    text: str


def _model_field(row: Model, name: str) -> ModelField[Any, Any] | None:
    return next((f for f in row._meta.concrete_fields if f.name == name), None)


def _submitted(form: forms.ModelForm[Any], name: str, model_field: ModelField[Any, Any]) -> Any:
    if name not in form.cleaned_data:
        return _Raw(str(form[name].data or ""))
    value = form.cleaned_data[name]
    if isinstance(value, Model):
        return value.pk
    if value is None or value == "":
        return None if model_field.null else ""
    return model_field.to_python(value)


def _raw(form_field: forms.Field, value: Any) -> str:
    prepared = form_field.prepare_value(value)
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
    if isinstance(model_field, ForeignKey):
        found = model_field.related_model._base_manager.filter(pk=value).first()
        return str(found or value)
    if model_field.choices:
        return str(dict(model_field.flatchoices).get(value, value))
    return formats.plain(value)
