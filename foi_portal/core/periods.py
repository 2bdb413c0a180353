"""Half-open periods: the first day and the first day after. What is empty is open at that end. And months back.

``NoOverlap`` is a database constraint on both databases: PostgreSQL excludes by a GiST index, SQLite by two
triggers that Django makes again whenever it rebuilds the table.
"""

from __future__ import annotations

import calendar
import datetime
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import DEFAULT_DB_ALIAS, models
from django.db.backends.ddl_references import Statement, Table
from django.db.models import BaseConstraint, Q


def during(on: datetime.date, start: str, end: str) -> Q:
    """Rows whose period from the field ``start`` to the field ``end`` holds the day ``on``."""
    begun = Q(**{start: None}) | Q(**{f"{start}__lte": on})
    return begun & (Q(**{end: None}) | Q(**{f"{end}__gt": on}))


def holds(on: datetime.date, start: datetime.date | None, end: datetime.date | None) -> bool:
    """Whether the period holds the day ``on``."""
    return (start is None or start <= on) and (end is None or on < end)


def months_before(on: datetime.date, months: int) -> datetime.date:
    """The same day so many months earlier, or that month's last day where it is too short."""
    year, month = divmod(on.year * 12 + on.month - 1 - months, 12)
    return datetime.date(year, month + 1, min(on.day, calendar.monthrange(year, month + 1)[1]))


def months_after(on: datetime.date, months: int) -> datetime.date:
    """The same day so many months later, or that month's last day where it is too short."""
    return months_before(on, -months)


def months_since(day: datetime.date, on: datetime.date) -> int:
    """How many whole months ``day`` lies before ``on``; 0 when it does not."""
    months = (on.year - day.year) * 12 + on.month - day.month
    while months > 0 and months_before(on, months) < day:
        months -= 1
    return max(months, 0)


class NoOverlap(BaseConstraint):
    """No two rows with the same ``fields`` have periods that share a day. Archived rows are left out.

    ``fields`` are names of foreign keys; empty ones are equal to each other. ``since`` is a required date,
    ``until`` may be empty. On PostgreSQL the extension btree_gist must be there first.
    """

    def __init__(
        self,
        *,
        name: str,
        fields: Sequence[str],
        since: str = "since",
        until: str = "until",
        violation_error_message: str | None = None,
    ) -> None:
        super().__init__(name=name, violation_error_message=violation_error_message)
        self.fields, self.since, self.until = tuple(fields), since, until

    def constraint_sql(self, model: Any, schema_editor: Any) -> Any:
        """The clause inside CREATE TABLE; on SQLite nothing, but the triggers are put off until the table is there."""
        if schema_editor.connection.vendor == "postgresql":
            return f"CONSTRAINT {schema_editor.quote_name(self.name)} {self._exclude(model)}"
        schema_editor.deferred_sql += self._triggers(model, schema_editor)
        return None

    def create_sql(self, model: Any, schema_editor: Any) -> Any:
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} ADD {self.constraint_sql(model, schema_editor)}"

    def remove_sql(self, model: Any, schema_editor: Any) -> Any:
        table = schema_editor.quote_name(model._meta.db_table)
        return f"ALTER TABLE {table} DROP CONSTRAINT {schema_editor.quote_name(self.name)}"

    def _columns(self, model: type[models.Model]) -> tuple[list[tuple[str, bool]], str, str]:
        def column(name: str) -> models.Field[Any, Any]:
            field = model._meta.get_field(name)
            assert isinstance(field, models.Field)  # noqa: S101 - a column, not a relation from elsewhere
            return field

        shared = [(str(column(name).column), bool(column(name).null)) for name in self.fields]
        return shared, str(column(self.since).column), str(column(self.until).column)

    def _exclude(self, model: type[models.Model]) -> str:
        shared, since, until = self._columns(model)
        parts = [f'(COALESCE("{name}", 0)) WITH =' if null else f'"{name}" WITH =' for name, null in shared]
        parts.append(f"""daterange("{since}", "{until}", '[)') WITH &&""")
        return f"EXCLUDE USING gist ({', '.join(parts)}) WHERE (archived_at IS NULL)"

    def _triggers(self, model: type[models.Model], schema_editor: Any) -> list[Statement]:
        shared, since, until = self._columns(model)
        same = " AND ".join(f'"{name}" IS NEW."{name}"' for name, _ in shared)
        table = Table(model._meta.db_table, schema_editor.quote_name)
        return [
            Statement(
                f'CREATE TRIGGER "{self.name}_on_{event.lower()}" BEFORE {event} ON %(table)s'
                " WHEN NEW.archived_at IS NULL AND EXISTS (SELECT 1 FROM %(table)s"
                f" WHERE id IS NOT NEW.id AND archived_at IS NULL AND {same}"
                f' AND (NEW."{until}" IS NULL OR "{since}" < NEW."{until}")'
                f' AND ("{until}" IS NULL OR "{until}" > NEW."{since}"))'
                f" BEGIN SELECT RAISE(ABORT, 'CHECK constraint failed: {self.name}'); END",
                table=table,
            )
            for event in ("INSERT", "UPDATE")
        ]

    def validate(
        self,
        model: type[models.Model],
        instance: models.Model,
        exclude: Any = None,
        using: str = DEFAULT_DB_ALIAS,
    ) -> None:
        """Refuse a row that shares a day with another; what the form leaves out is not judged."""
        if {*self.fields, self.since, self.until} & set(exclude or ()):
            return
        since, until = getattr(instance, self.since), getattr(instance, self.until)
        if since is None or getattr(instance, "archived_at", None) is not None:
            return
        attnames = [model._meta.get_field(name).attname for name in self.fields]  # type: ignore[union-attr]
        others = model._default_manager.using(using).filter(
            Q(**{self.until: None}) | Q(**{f"{self.until}__gt": since}),
            archived_at=None,
            **{name: getattr(instance, name) for name in attnames},
        )
        if until is not None:
            others = others.filter(**{f"{self.since}__lt": until})
        if others.exclude(pk=instance.pk).exists():
            raise ValidationError(self.get_violation_error_message(), code=self.violation_error_code)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, NoOverlap):
            return NotImplemented
        return bool(self.deconstruct() == other.deconstruct())

    def __hash__(self) -> int:
        return hash(self.name)

    def deconstruct(self) -> Any:
        path, args, kwargs = super().deconstruct()
        return path, args, {**kwargs, "fields": self.fields, "since": self.since, "until": self.until}


__all__ = ["NoOverlap", "during", "holds", "months_after", "months_before", "months_since"]
