"""A file with an edition of the role catalogue: from CSV or a workbook to entries, or to everything wrong with it.

The columns are the import's of ``roles.csv`` (``roles.importing.catalogue``), which an edition is exported in too.
Reading is the registry's import's: byte-order marks, semicolons, Windows-1252, formulas and merged headings are known
there.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from openpyxl.utils import get_column_letter

from registry.importing import Column
from registry.importing.formats import HEADINGS, plain_heading
from registry.importing.problems import Problem, Suggester, nearest, shorten, sort_problems
from registry.importing.reading import SourceFile, tables_of
from registry.importing.tables import Table, Unreadable
from registry.importing.values import BadValue, clean
from registry.models import Asset
from roles.catalogue import EntryValues
from roles.importing.catalogue import NO, ROLES, YES
from roles.models import EditionEntry

SHEETS = ("roles", "roller")
COLUMNS = ROLES.columns
# An edition is the whole catalogue: what the import takes as nothing new when left out must be said here.
NEEDED = frozenset({"code", "name_da", "level", "scope", "min_holders", "deputy_required"})
FILLED = frozenset({"min_holders", *(column.name for column in COLUMNS if column.required)})


@dataclass
class EditionFile:
    """What was read: the entries, or ``problems`` when there are any; never both."""

    entries: list[EntryValues] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)


def read(file: SourceFile) -> EditionFile:
    """Read an edition. Never raises for what the file holds. Two queries at most."""
    reader = _Reader(file.name)
    entries: list[EntryValues] = []
    try:
        table = _table(tables_of(file))
    except Unreadable as error:
        reader.say(str(error))
    else:
        entries = reader.entries(table)
    if reader.problems:
        return EditionFile(problems=sort_problems(reader.problems, {}))
    return EditionFile(entries)


def _table(tables: Sequence[Table]) -> Table:
    """The sheet with the roles: the one so named, else the only one that has anything."""
    filled = [table for table in tables if table.rows or table.broken]
    named = [table for table in filled if plain_heading(table.name) in SHEETS]
    if len(named or filled) > 1:
        raise Unreadable("Der er flere ark. Kald det med rollerne «roles», og indlæs igen.")
    if not filled:
        raise Unreadable("Der er ingen rækker. Første række skal være kolonnenavnene.")
    return (named or filled)[0]


class _Reader:
    """Reads one table and collects what is wrong with it."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []

    def say(self, message: str, row: int = 0, column: str = "", value: str = "") -> None:
        self.problems.append(Problem(self.file, row, column, shorten(value), message))

    def entries(self, table: Table) -> list[EntryValues]:
        if table.broken:
            self.say(table.broken[1], row=table.broken[0])
        if not table.rows:
            return []
        columns = self.columns(table)
        if self.problems and not {"code", "name_da"} <= {column.name for column, _ in columns}:
            return []
        width = len(table.rows[0][1])
        read = list(self.rows(table, columns, width))
        if not read and not self.problems:
            self.say("Der er ingen rækker under kolonnenavnene.")
        self.codes_once(read)
        self.scopes_known(read)
        return [] if self.problems else [EntryValues(**values) for _, values in read]

    def columns(self, table: Table) -> list[tuple[Column, int]]:
        """The columns that are known, with their places; says what is wrong with the headings."""
        row, cells = table.rows[0]
        headings = {heading: name for heading, name in HEADINGS[ROLES.name].items() if name in ROLES.by_name}
        found: dict[str, tuple[Column, int]] = {}
        for index, cell in enumerate(cells):
            heading, letter = plain_heading(cell), get_column_letter(index + 1)
            column = ROLES.by_name.get(headings.get(heading, ""))
            if not heading:
                if any(len(r) > index and r[index].strip() for _, r in table.rows[1:]):
                    self.say("Kolonnen har ingen overskrift. Skriv et navn over den.", row, letter)
            elif column is None:
                meant = nearest(heading, headings)
                known = ", ".join(column.name for column in COLUMNS)
                hint = f"Mente du «{headings[meant]}»?" if meant else f"Kendte kolonner: {known}."
                self.say(f"Kolonnen kendes ikke. {hint}", row, shorten(cell), cell)
            elif column.name in found:
                first = get_column_letter(found[column.name][1] + 1)
                self.say(f"Kolonnen står to gange, i {first} og {letter}. Slet den ene.", row, column.name)
            else:
                found[column.name] = column, index
        for column in COLUMNS:
            if column.name in NEEDED and column.name not in found:
                self.say(f"Kolonnen «{column.name}» mangler.", row, column.name)
        return list(found.values())

    def rows(
        self, table: Table, columns: Iterable[tuple[Column, int]], width: int
    ) -> Iterator[tuple[int, dict[str, Any]]]:
        for row, cells in table.rows[1:]:
            if len(cells) > width:
                self.say("Rækken har flere felter, end der er kolonnenavne.", row, value=cells[width])
                continue
            values: dict[str, Any] = {}
            for column, index in columns:
                cell = cells[index] if index < len(cells) else ""
                try:
                    if (fault := table.faults.get((row, index))) is not None:
                        raise BadValue(fault)
                    plain = clean(cell)
                    if plain:
                        values[column.field] = column.parse(plain)
                    elif column.name in FILLED:
                        raise BadValue("Skal udfyldes.")
                except BadValue as error:
                    self.say(str(error), row, column.name, cell)
            yield row, values

    def codes_once(self, read: Iterable[tuple[int, dict[str, Any]]]) -> None:
        first: dict[str, int] = {}
        for row, values in read:
            code = values.get("code")
            if code is not None and first.setdefault(code, row) != row:
                self.say(f"Koden står også i række {first[code]}. Slet den ene.", row, "code", code)

    def scopes_known(self, read: Sequence[tuple[int, dict[str, Any]]]) -> None:
        wanted = {code for _, values in read for code in values.get("scope", ())}
        there = dict(Asset.objects.filter(code__in=wanted).values_list("code", "archived_at"))
        unknown = wanted - there.keys()
        suggest = Suggester(dict(Asset.objects.current().values_list("code", "name")) if unknown else {})
        for row, values in read:
            for code in values.get("scope", ()):
                if code in unknown:
                    near = suggest(code)
                    hint = f" Mente du «{near}»?" if near else ""
                    self.say(f"Er hverken en komponent eller et fagsystem.{hint}", row, "scope", code)
                elif there[code] is not None:
                    self.say("Er arkiveret. Gendan den, eller tag den ud.", row, "scope", code)


def exported(entries: Iterable[EditionEntry]) -> Iterator[tuple[Any, ...]]:
    """The entries as rows of the format, in the order of ``COLUMNS``."""
    for entry in entries:
        values = {column.field: getattr(entry, column.field) for column in COLUMNS}
        values["scope"] = ";".join(entry.scope)
        values["deputy_needed"] = YES if entry.deputy_needed else NO
        yield tuple(values[column.field] for column in COLUMNS)


__all__ = ["COLUMNS", "NEEDED", "EditionFile", "exported", "read"]
