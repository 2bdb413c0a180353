"""Rows as they stood on an earlier day, read from the history."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import models
from django.db.models import Max, Min
from django.utils import timezone

from foi_portal.core.models import Change
from registry.models import Asset


def end_of(day: datetime.date) -> datetime.datetime:
    """The first moment after ``day``, in Danish time."""
    return timezone.make_aware(datetime.datetime.combine(day + datetime.timedelta(days=1), datetime.time()))


def first_day() -> datetime.date | None:
    """The day from which the history can answer: when the first asset was written. None for an empty history."""
    first = Change.objects.filter(table=Asset._meta.db_table).aggregate(first=Min("at"))["first"]
    return timezone.localdate(first) if first else None


def rows(model: type[models.Model], fields: Sequence[str], on: datetime.date) -> Iterator[tuple[Any, ...]]:
    """The given columns (attnames, of numbers, texts and dates) of the model's rows at the end of ``on``.

    Archived rows are left out. One query; the values are what the model's own would be.
    """
    table = model._meta.db_table
    last = (
        Change.objects.filter(table=table, at__lt=end_of(on))
        .order_by()
        .values("row_id")
        .annotate(last=Max("pk"))
        .values("last")
    )
    columns = [_column(model, name) for name in (*fields, "archived_at")]
    found = (
        Change.objects.filter(pk__in=last)
        .exclude(operation=Change.Operation.DELETE)
        .order_by("row_id")
        .values_list("row_id", *(_Recorded(str(column.column)) for column in columns))
    )
    readers = [_reader(column) for column in columns[:-1]]
    for key, *values, archived_at in found.iterator(chunk_size=5000):
        if archived_at is None:
            pairs = zip(readers, values, strict=True)
            yield (key, *(None if value is None else read(value) for read, value in pairs))


class _Recorded(models.Func):
    """A column's recorded value as plain SQL sees it: text (or a number on SQLite), NULL when it was empty.

    (Django's own transform gives the text "null" for that on SQLite.)
    """

    output_field = models.TextField()

    def __init__(self, column: str) -> None:
        super().__init__(models.F("after"), models.Value(column))

    def as_postgresql(self, compiler: Any, connection: Any, **_: Any) -> Any:
        return self.as_sql(compiler, connection, template="(%(expressions)s)", arg_joiner=" ->> ")

    def as_sqlite(self, compiler: Any, connection: Any, **_: Any) -> Any:
        return self.as_sql(
            compiler, connection, template="json_extract(%(expressions)s)", arg_joiner=", '$.' || "
        )


def _column(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    return next(field for field in model._meta.concrete_fields if field.attname == name)


def _reader(field: models.Field[Any, Any]) -> Any:
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    if isinstance(target, models.DateField):
        return datetime.date.fromisoformat
    return int if isinstance(target, models.IntegerField) else str
