"""XLSX: one sheet per file, read by openpyxl behind a wall that looks at the zip before anything unpacks it."""

from __future__ import annotations

import datetime
import io
import logging
import warnings
import zipfile
from collections.abc import Iterator
from typing import Any

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException
from openpyxl.reader import excel
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._read_only import ReadOnlyWorksheet
from openpyxl.worksheet._reader import WorkSheetParser
from openpyxl.xml.constants import SHARED_STRINGS

from registry.importing.tables import MAX_COLUMNS, MAX_ROWS, Table, Unreadable, fill

log = logging.getLogger(__name__)

MAX_ENTRIES = 1_000
MAX_UNPACKED = 150 * 1024 * 1024
MAX_SMALL_PART = 5 * 1024 * 1024  # everything but sheets and texts is read into memory as a tree
MAX_RATIO = 100  # real sheets pack 5–30 times; only small parts may pack better
RATIO_FREE = 1024 * 1024
MAX_ROW_BYTES = 4 * 1024 * 1024
MAX_SHEETS = 30
MAX_ALL_ROWS = 4 * MAX_ROWS  # of all sheets together, the blank ones that the file spells out included
ROW_END, TEXT_END = b"</row>", b"</si>"
ERROR_CELL = "Cellen viser en fejl fra regnearket. Ret den, eller slet indholdet."
FORMULA_CELL = "Cellen {cell} er en formel. Skriv den værdi, den giver, i stedet."

DAMAGED = "Excel-filen er beskadiget eller ikke færdighentet. Åbn den, gem den igen som .xlsx, og prøv så."


def read_workbook(file: str, content: bytes) -> list[Table]:
    """One table per sheet that has anything in it. Errors: ``Unreadable``, for whatever is wrong with it."""
    guard(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about styles and validations that we do not use
        try:
            reader = _Reader(io.BytesIO(content), read_only=True, keep_links=False)
            try:
                reader.read()
                budget = _Budget()
                return [_table(file, sheet, budget) for sheet in reader.sheets]
            finally:
                reader.archive.close()
        except Unreadable:
            raise
        except Exception as error:  # a broken file may raise anything; the person needs one answer
            log.info("A workbook could not be read: %r", error)
            raise Unreadable(DAMAGED) from error


def guard(content: bytes) -> None:
    """Refuse what is not a workbook, or would not fit in memory, before it is unpacked.

    The sizes a zip states bind: ``zipfile`` reads no more of an entry than the size stated for it.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            entries = archive.infolist()
            _check_sizes(entries)
            names = {entry.filename for entry in entries}
            if "[Content_Types].xml" not in names or not any(name.startswith("xl/") for name in names):
                raise Unreadable(
                    "Filen er en ZIP-fil og ikke et regneark. Pak den ud, og vælg filerne i den i stedet."
                )
            for entry in entries:
                if entry.filename.endswith((".xml", ".rels")):
                    _check_part(archive, entry)
    except Unreadable:
        raise
    except DefusedXmlException as error:
        raise Unreadable("Excel-filen indeholder noget, et regneark ikke må indeholde (DTD).") from error
    except Exception as error:  # see above: one answer, whatever the damage
        log.info("A zip could not be read: %r", error)
        raise Unreadable(DAMAGED) from error


def _check_sizes(entries: list[zipfile.ZipInfo]) -> None:
    too_much = "Excel-filen fylder for meget, når den pakkes ud. Del den i flere, eller gem den som CSV."
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise Unreadable(too_much)
    for entry in entries:
        if entry.flag_bits & 0x1:
            raise Unreadable("Excel-filen er låst med adgangskode. Gem den uden adgangskode.")
        if entry.file_size > RATIO_FREE and entry.file_size > MAX_RATIO * max(entry.compress_size, 1):
            raise Unreadable(too_much)
        if entry.file_size > MAX_SMALL_PART and _is_read_whole(entry.filename):
            raise Unreadable(too_much)


def _is_read_whole(name: str) -> bool:
    """Whatever its suffix: openpyxl goes by content type. Sheets and texts are streamed, media never read."""
    return not _unit(name) and not name.startswith("xl/media/")


def _unit(name: str) -> bytes:
    """What ends one unit of a part that is streamed; openpyxl holds one such unit at a time."""
    lower = name.lower()
    if lower.startswith("xl/worksheets/") and lower.endswith(".xml"):
        return ROW_END
    return TEXT_END if lower == "xl/sharedstrings.xml" else b""


def _check_part(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
    """No DTD (it stands before the first element, so that is as far as we parse) and no endless unit."""
    with archive.open(entry) as part:
        next(iter(ElementTree.iterparse(part, events=("start",), forbid_dtd=True)))
    end = _unit(entry.filename)
    if not end or entry.file_size <= MAX_ROW_BYTES:
        return
    since_end = 0
    with archive.open(entry) as part:
        while chunk := part.read(MAX_ROW_BYTES // 4):
            at = chunk.rfind(end)
            since_end = len(chunk) - at if at >= 0 else since_end + len(chunk)
            if since_end > MAX_ROW_BYTES:
                raise Unreadable("En række i regnearket er urimeligt lang. Gem arket som CSV i stedet.")


class _Reader(excel.ExcelReader):
    """Opens only the parts we use, and only where ``guard`` has held them against their limits.

    openpyxl finds parts by content type and relation; the limits go by name. So the two must agree.
    """

    sheets: list[_Sheet]

    def read_strings(self) -> None:
        package: Any = self.package
        if (part := package.find(SHARED_STRINGS)) is not None:
            _must_be(part.PartName[1:], TEXT_END)
        super().read_strings()

    def read_workbook(self) -> None:
        name = excel._find_workbook_part(self.package).PartName[1:]  # type: ignore[attr-defined]
        _must_be(name, b"")
        super().read_workbook()
        if len(self.parser.sheets) > MAX_SHEETS:
            raise Unreadable(f"Filen har flere end {MAX_SHEETS} ark.")

    def read_worksheets(self) -> None:
        self.sheets = []
        for sheet, relation in self.parser.find_sheets():
            if relation.target in self.valid_files and "chartsheet" not in relation.Type:
                _must_be(relation.target, ROW_END)
                self.sheets.append(_Sheet(self.wb, sheet.name, relation.target, self.shared_strings))

    def read_nothing(self) -> None:
        """Properties, themes and the like hold nothing to import."""

    read_properties = read_custom = read_theme = read_nothing


def _must_be(name: str, unit: bytes) -> None:
    if _unit(name) != unit or not name.lower().endswith((".xml", ".rels")) or name.startswith("xl/media/"):
        log.info("A part of a workbook is not where it belongs: %r", name)
        raise Unreadable(DAMAGED)


class _Sheet(ReadOnlyWorksheet):
    """A sheet whose missing rows are not made up: openpyxl would give a million for one cell at the bottom."""

    def _get_size(self) -> None:
        """What the file claims about its own size is not to be trusted, nor worth a reading of its own."""

    def numbered(self) -> Iterator[tuple[int, Any]]:
        """The rows the file has, with their numbers. More columns than allowed are asked for, so that too
        many are seen and not cut off."""
        this: Any = self  # the stubs leave out what we lean on
        with this._get_source() as source:
            parser = WorkSheetParser(
                source,
                this._shared_strings,
                data_only=False,
                epoch=this.parent.epoch,
                date_formats=this.parent._date_formats,
                timedelta_formats=this.parent._timedelta_formats,
            )
            last = 0
            for number, row in parser.parse():
                if number <= last:
                    raise Unreadable(DAMAGED)
                last = number
                yield number, this._get_row(row, 1, MAX_COLUMNS + 1)


class _Budget:
    """The rows left to all sheets of a workbook."""

    left = MAX_ALL_ROWS

    def spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            limit = f"{MAX_ALL_ROWS:,}".replace(",", ".")
            raise Unreadable(
                f"Arkene har tilsammen flere end {limit} rækker, når de tomme tælles med. "
                "Slet de tomme rækker under tabellerne, eller del filen i flere."
            )


def _table(file: str, sheet: _Sheet, budget: _Budget) -> Table:
    table = Table(file=f"{file}: {sheet.title}", name=sheet.title)
    faults: dict[tuple[int, int], str] = {}

    def records() -> Iterator[tuple[int, list[str]]]:
        for number, row in sheet.numbered():
            budget.spend()
            record = []
            for index, cell in enumerate(row):
                value = cell.value
                if value is None:
                    record.append("")
                elif cell.data_type == "f":
                    faults[number, index] = FORMULA_CELL.format(
                        cell=f"{get_column_letter(index + 1)}{number}"
                    )
                    record.append(value if isinstance(value, str) else "=…")
                elif cell.data_type == "e":
                    faults[number, index] = ERROR_CELL
                    record.append(str(value))
                else:
                    record.append(as_text(value))
            yield number, record

    fill(table, records())
    table.faults |= faults
    return table


def as_text(value: Any) -> str:
    """A cell's value as a Dane would have typed it: dates by the calendar, decimals with a comma."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(" ")
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < 1e15
        return str(int(value)) if whole else repr(value).replace(".", ",")
    return str(value)
