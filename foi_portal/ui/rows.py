"""Rows of a table edited in one go: which of them this page changed, and which somebody else has changed since.

Each row is posted with its version, named by its key: ``d7-version``, ``d7-purpose``. A row nobody touched is
neither judged nor saved.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django import forms

from foi_portal.core import history
from foi_portal.core.models import Change, Record
from foi_portal.ui import conflicts

RowForm = TypeVar("RowForm", bound="forms.ModelForm[Any]")


def prefix(row: Record) -> str:
    """What the names of the row's fields begin with."""
    return f"d{row.pk}"


@dataclass(frozen=True)
class PostedRows(Generic[RowForm]):
    """Rows of one model as they are now, and what was posted. ``make(row, data)`` is a row's form with its prefix."""

    rows: Sequence[Any]
    data: Mapping[str, Any]
    make: Callable[[Any, Any], RowForm]

    def version(self, row: Record) -> int | None:
        """The version that the page showed."""
        return conflicts.submitted_version({"version": self.data.get(f"{prefix(row)}-version", "")})

    def edits(self) -> dict[int, RowForm]:
        """Forms, by key, of the rows in which something else is posted than both what was seen and what is there now.

        What was seen is the row at the version that was posted. When that is not known, only what is there counts.
        At most one query.
        """
        posted = [row for row in self.rows if f"{prefix(row)}-version" in self.data]
        seen = self._seen([row for row in posted if self.version(row) != row.version])
        edits = {}
        for row in posted:
            form = self.make(copy(row), self.data)  # the form writes on the copy
            mine = set(form.changed_data)
            if mine and row.pk in seen:
                mine &= set(self.make(seen[row.pk], self.data).changed_data)
            if mine:
                edits[row.pk] = form
        return edits

    def clashes(self, edits: Mapping[int, RowForm]) -> list[tuple[Any, conflicts.Conflict]]:
        """Rows that both this page and somebody else have changed since the page was opened."""
        found = []
        for row in self.rows:
            version = self.version(row)
            if row.pk in edits and version != row.version:
                edits[row.pk].is_valid()
                found.append((row, conflicts.build(edits[row.pk], row, version)))
        return found

    def _seen(self, rows: Sequence[Any]) -> dict[int, Any]:
        """The rows as they were at the versions that were posted, by key; without those that are not known."""
        if not rows:
            return {}
        model = type(rows[0])
        wanted = {(row.pk, self.version(row)) for row in rows}
        changes = Change.objects.filter(
            table=model._meta.db_table,
            row_id__in=[key for key, _ in wanted],
            row_version__in={version for _, version in wanted if version is not None},
        )
        return {
            key: model(**history.to_python(model, after))
            for key, version, after in changes.values_list("row_id", "row_version", "after")
            if after is not None and (key, version) in wanted
        }


__all__ = ["PostedRows", "prefix"]
