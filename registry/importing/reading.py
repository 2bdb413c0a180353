"""From files to sheets whose columns are known. Says everything that is wrong with names and headings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

from openpyxl.utils import get_column_letter

from registry.importing.formats import (
    FORMATS,
    HEADINGS,
    SPOKEN,
    FileFormat,
    plain_heading,
    plain_name,
)
from registry.importing.problems import Problem, nearest, shorten
from registry.importing.tables import Table, Unreadable
from registry.importing.textfile import read_csv
from registry.importing.workbook import read_workbook

ZIP_MAGIC, OLD_OFFICE_MAGIC = b"PK", b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file as it came: its name and its bytes."""

    name: str
    content: bytes


@dataclass(slots=True)
class Sheet:
    """Rows of one format. ``columns`` says which cell of a row belongs to which column."""

    format: FileFormat
    table: Table
    header_row: int
    width: int
    columns: dict[str, int]

    @property
    def file(self) -> str:
        return self.table.file


@dataclass(slots=True)
class Reading:
    """What the files hold: the sheets to plan with, what is wrong so far, and what is worth knowing."""

    sheets: dict[str, Sheet] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    # Formats somebody gave but that could not be read to the end: what they hold is not «unknown».
    unread: set[str] = field(default_factory=set)

    def problem(self, file: str, message: str, row: int = 0, column: str = "", value: str = "") -> None:
        self.problems.append(Problem(file, row, column, shorten(value), message))

    def note(self, file: str, message: str, row: int = 0, column: str = "", value: str = "") -> None:
        self.notes.append(Problem(file, row, column, shorten(value), message))


def read_files(files: Sequence[SourceFile]) -> Reading:
    """Read the files into sheets, each format at most once. Never raises for what a file holds."""
    reading = Reading()
    if not files:
        reading.problem("", "Der er ingen filer at indlæse.")
    for file in files:
        try:
            tables = tables_of(file)
        except Unreadable as error:
            reading.problem(file.name, str(error))
            reading.unread.add(plain_name(PurePath(file.name).stem))
            continue
        is_workbook = any(table.file != file.name for table in tables)
        for table in tables:
            _take(reading, table, is_workbook=is_workbook)
    if files and not reading.sheets and not reading.problems:
        reading.problem(files[0].name, "Der er ikke noget at indlæse.")
    return reading


def tables_of(file: SourceFile) -> list[Table]:
    """The file's tables: one of a text file, one per sheet of a workbook. ``Unreadable`` says why there are none."""
    path = PurePath(file.name)
    extension = path.suffix.casefold()
    if not file.content.strip():
        raise Unreadable("Filen er tom.")
    if file.content.startswith(OLD_OFFICE_MAGIC):
        raise Unreadable(
            "Filen er en gammel Excel-fil (.xls) eller låst med adgangskode. Gem den som .xlsx uden adgangskode."
        )
    if file.content.startswith(ZIP_MAGIC):
        if extension == ".csv":
            raise Unreadable(
                "Filen hedder .csv, men er ikke en tekstfil. Er det en Excel-fil, så kald den .xlsx."
            )
        return read_workbook(file.name, file.content)
    if extension == ".xlsx":
        raise Unreadable(
            "Filen hedder .xlsx, men er ikke en Excel-projektmappe. Gem den igen fra regnearket."
        )
    if extension not in (".csv", ".txt", ".tsv"):
        raise Unreadable("Filtypen kan ikke indlæses. Gem som CSV eller som Excel-projektmappe (.xlsx).")
    return [read_csv(file.name, path.stem, file.content)]


def _take(reading: Reading, table: Table, *, is_workbook: bool) -> None:
    """Find out which format the table is in, and add it to the sheets if it has rows that can be planned."""
    name = plain_name(table.name)
    if table.broken:
        row, message = table.broken
        reading.problem(table.file, message, row=row)
        reading.unread.add(name)
    if not table.rows:
        if is_workbook and name not in FORMATS:
            return  # the empty «Ark2» that came with the workbook
        if not table.broken:
            reading.problem(table.file, "Der er ingen rækker. Første række skal være kolonnenavnene.")
        return
    found = _format(reading, table, is_workbook=is_workbook)
    if found is None:
        return
    if found.name in reading.sheets:
        first = reading.sheets[found.name].file
        reading.problem(table.file, f"{found.label} står også i {first}. Vælg en af dem.")
        return
    sheet = _sheet(reading, found, table)
    if len(table.rows) == 1 and not table.broken:
        reading.problem(table.file, "Der er ingen rækker under kolonnenavnene.")
    if sheet is None:
        reading.unread.add(found.name)
    else:
        reading.sheets[found.name] = sheet


def _format(reading: Reading, table: Table, *, is_workbook: bool) -> FileFormat | None:
    """The format by name or, failing that, by columns; ``None`` (and why) when there is none to plan with."""
    name = plain_name(table.name)
    if name in FORMATS:
        return FORMATS[name]
    header = [plain_heading(cell) for cell in table.rows[0][1]]
    found = _guess(header)
    if found is not None:
        reading.note(table.file, f"Læst som {found.name}, fordi kolonnerne passer.")
        return found
    what = "Arkets" if is_workbook else "Filens"
    meant = nearest(name, FORMATS)
    hint = f"Mente du «{meant}»? " if meant else ""
    known = ", ".join(FORMATS)
    reading.problem(
        table.file, f"{what} navn «{shorten(table.name)}» kendes ikke. {hint}Brug et af: {known}."
    )
    return None


def _guess(header: list[str]) -> FileFormat | None:
    """The one format that these columns fit, when the file has another name; ``None`` if it is not certain."""
    fits = []
    for found in FORMATS.values():
        names = {HEADINGS[found.name].get(heading) for heading in header}
        if None not in names and names >= {c.name for c in found.columns if c.required}:
            fits.append(found)
    return fits[0] if len(fits) == 1 else None


def _sheet(reading: Reading, found: FileFormat, table: Table) -> Sheet | None:
    """The table with its columns known; ``None`` when a key column is missing, for then no row can be told."""
    row, cells = table.rows[0]
    columns: dict[str, int] = {}
    skipped = []
    for index, cell in enumerate(cells):
        heading, letter = plain_heading(cell), get_column_letter(index + 1)
        name = HEADINGS[found.name].get(heading, "")
        if not heading:
            if any(len(r) > index and r[index].strip() for _, r in table.rows[1:]):
                reading.problem(
                    table.file,
                    "Kolonnen har ingen overskrift. Er overskriften en flettet celle, så ophæv fletningen og "
                    "skriv et navn over hver kolonne.",
                    row=row,
                    column=letter,
                )
        elif name in found.computed:
            skipped.append(f"«{shorten(cell)}»")
        elif not name:
            reading.problem(
                table.file, _unknown_column(found, cell, heading), row=row, column=shorten(cell), value=cell
            )
        elif name in columns:
            first = get_column_letter(columns[name] + 1)
            reading.problem(
                table.file,
                f"Kolonnen «{name}» står to gange, i {first} og {letter}. Slet den ene.",
                row=row,
                column=name,
            )
        else:
            columns[name] = index
    if skipped:
        message = f"Sprunget over, for det regner portalen selv ud: {', '.join(skipped)}."
        reading.note(table.file, message, row=row)
    return _placed(reading, found, table, columns)


def _placed(reading: Reading, found: FileFormat, table: Table, columns: dict[str, int]) -> Sheet | None:
    row, cells = table.rows[0]
    missing = [key for key in found.keys if key not in columns]
    if missing and not columns and len([cell for cell in cells if cell.strip()]) == 1:
        reading.problem(
            table.file,
            "Rækken ligner en titel hen over tabellen (en flettet celle). Slet den, så kolonnenavnene står øverst.",
            row=row,
        )
    for key in missing:
        reading.problem(table.file, f"Kolonnen «{key}» mangler.", row=row, column=key)
    if missing:
        return None
    return Sheet(format=found, table=table, header_row=row, width=len(cells), columns=columns)


def _unknown_column(found: FileFormat, cell: str, heading: str) -> str:
    spoken = SPOKEN.get(heading.replace("_", " "))
    meant = spoken if spoken in found.by_name else nearest(heading, found.by_name)
    hint = f" Mente du «{meant}»?" if meant else f" Kendte kolonner: {', '.join(found.by_name)}."
    return f"Kolonnen «{shorten(cell)}» kendes ikke.{hint}"
