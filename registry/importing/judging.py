"""What a format of an app above is told when it judges a file's rows together, and what it may say of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from registry.importing.plans import FilePlan, Key


@dataclass(slots=True)
class Stored:
    """A row as the database has it. Foreign keys are codes, as in the files."""

    pk: int
    version: int
    archived: bool
    values: dict[str, Any]


class Judged(NamedTuple):
    """A row of the file without faults of its own: its number, what it will be, what it is (``None``: it is new)."""

    row: int
    key: Key
    values: Mapping[str, Any]
    old: Stored | None

    @property
    def changes(self) -> bool:
        return self.old is None or any(self.old.values.get(name) != it for name, it in self.values.items())


@dataclass(slots=True)
class Look:
    """One file before its plan is settled. ``keys`` are those of all its rows, also with faults.

    ``files`` has the rows of the files before it, as they will be.

    ``say(row, column, value, message)`` names a fault, ``note`` something worth knowing. ``is_known(refers, code)``
    answers for what is stored and for what the files bring.
    """

    plan: FilePlan
    rows: list[Judged]
    stored: Mapping[Key, Stored]
    files: Mapping[str, Mapping[Key, Mapping[str, Any]]]
    keys: set[Key]
    header_row: int
    say: Callable[[int, str, str, str], None]
    note: Callable[[int, str, str, str], None]
    is_known: Callable[[str, str], bool]
    unread: set[str] = field(default_factory=set)


__all__ = ["Judged", "Look", "Stored"]
