"""What an import would do, as data: counted and shown by ``reporting``, carried out by ``applying``."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from registry.importing.formats import FileFormat
from registry.importing.problems import Problem

Key = tuple[str, ...]


@dataclass(slots=True)
class RowPlan:
    """What happens to one row: ``pk`` is ``None`` when it is created. Only fields that change are here."""

    row: int
    key: Key
    pk: int | None
    version: int | None
    before: dict[str, Any]
    after: dict[str, Any]


@dataclass(slots=True)
class FilePlan:
    """What happens to the rows of one sheet. ``whole`` is all of them as they will be, where ``write`` needs it."""

    file: str
    format: FileFormat
    created: list[RowPlan] = field(default_factory=list)
    updated: list[RowPlan] = field(default_factory=list)
    unchanged: int = 0
    whole: list[Mapping[str, Any]] = field(default_factory=list)


@dataclass(slots=True)
class Plan:
    """The whole import. With ``problems`` nothing may be written; ``notes`` are worth reading, no more."""

    files: list[FilePlan] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)

    @property
    def changes(self) -> int:
        return sum(len(f.created) + len(f.updated) for f in self.files)

    def digest(self) -> str:
        """The same for two plans exactly when they would write the same."""
        digest = hashlib.sha256()
        for file in self.files:
            for row in (*file.created, *file.updated):
                digest.update(repr((file.format.name, row.key, row.pk, row.before, row.after)).encode())
        return digest.hexdigest()
