"""Which tables and columns have a history, and what their recorded values mean."""

from __future__ import annotations

import datetime
import decimal
import json
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Group
from django.db import models
from django.utils.dateparse import parse_datetime

from foi_portal.core.models import Record, User

# Columns that the triggers write themselves: a write that changes only these changes nothing.
KEPT_BY_TRIGGERS = ("version", "created_at", "updated_at")
# Columns that no history may hold.
NEVER_RECORDED = ("password", "last_login")


def tracked_models() -> list[type[models.Model]]:
    """Every model whose table has a history: records, users, groups and their many-to-many tables."""
    found: list[type[models.Model]] = [
        model
        for model in apps.get_models()
        if (issubclass(model, Record) or model in (User, Group))
        and model._meta.managed
        and not model._meta.proxy
    ]
    for model in list(found):
        through = [field.remote_field.through for field in model._meta.local_many_to_many]
        found += [table for table in through if table is not None and table._meta.auto_created]
    return found


def recorded_fields(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    """The model's own columns that go into its history, in order: all but secrets and its ``unrecorded`` ones."""
    left_out = (*NEVER_RECORDED, *getattr(model, "unrecorded", ()))
    return [
        field
        for field in model._meta.local_concrete_fields
        if field.column not in left_out and not getattr(field, "generated", False)
    ]


def to_python(model: type[models.Model], recorded: dict[str, Any]) -> dict[str, Any]:
    """Recorded JSON as Python values by column, the same from both databases. Unknown columns stay as they are."""
    fields = {field.column: field for field in recorded_fields(model)}
    return {
        column: _value(fields[column], value) if column in fields else value
        for column, value in recorded.items()
    }


def _value(field: models.Field[Any, Any], value: Any) -> Any:
    if value is None:
        return None
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    if isinstance(target, models.DateTimeField):
        moment = parse_datetime(value)
        # SQLite keeps UTC without saying so.
        return moment.replace(tzinfo=datetime.UTC) if moment and moment.tzinfo is None else moment
    if isinstance(target, models.DecimalField):
        return decimal.Decimal(str(value)).quantize(decimal.Decimal(1).scaleb(-target.decimal_places))
    if isinstance(target, models.JSONField):
        value = json.loads(value) if isinstance(value, str) and target.decoder else value
    return target.to_python(value)
