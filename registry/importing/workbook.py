"""XLSX: one sheet per file, read by openpyxl behind a wall that looks at the zip before anything unpacks it."""

from __future__ import annotations

import datetime
import io
import logging
import warnings
import zipfile
from collections.abc import Iterator
from typing import Any

import openpyxl
from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException
from openpyxl.utils import get_column_letter

from registry.importing.tables import MAX_COLUMNS, Table, Unreadable, fill

log = logging.getLogger(__name__)

MAX_ENTRIES = 1_000
MAX_UNPACKED = 150 * 1024 * 1024
MAX_SMALL_PART = 5 * 1024 * 1024  # everything but sheets and texts is read into memory as a tree
MAX_RATIO = 100  # real sheets pack 5–30 times; only small parts may pack better
RATIO_FREE = 1024 * 1024
MAX_ROW_BYTES = 4 * 1024 * 1024
MAX_SHEETS = 30
LAST_ROW = 1_048_576
ERROR_CELL = "Cellen viser en fejl fra regnearket. Ret den, eller slet indholdet."
FORMULA_CELL = "Cellen {cell} er en formel. Skriv den værdi, den giver, i stedet."

DAMAGED = "Excel-filen er beskadiget eller ikke færdighentet. Åbn den, gem den igen som .xlsx, og prøv så."


def read_workbook(file: str, content: bytes) -> list[Table]:
    """One table per sheet that has anything in it. Errors: ``Unreadable``, for whatever is wrong with it."""
    guard(content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about styles and validations that we do not use
        try:
            book = openpyxl.load_workbook(
                io.BytesIO(content), read_only=True, data_only=False, keep_links=False
            )
            try:
                if len(book.sheetnames) > MAX_SHEETS:
                    raise Unreadable(f"Filen har flere end {MAX_SHEETS} ark.")
                return [_table(file, sheet) for sheet in book.worksheets]
            finally:
                book.close()
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
        if entry.file_size > MAX_SMALL_PART and _is_tree(entry.filename):
            raise Unreadable(too_much)


def _is_tree(name: str) -> bool:
    """Parts that openpyxl reads whole. Sheets and shared texts are streamed; media are never read."""
    return name.endswith((".xml", ".rels")) and _unit(name) == b""


def _unit(name: str) -> bytes:
    """What ends one unit of a part that is streamed; openpyxl holds one such unit at a time."""
    if name.startswith("xl/worksheets/") and name.endswith(".xml"):
        return b"</row>"
    return b"</si>" if name == "xl/sharedStrings.xml" else b""


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


def _table(file: str, sheet: Any) -> Table:
    table = Table(file=f"{file}: {sheet.title}", name=sheet.title)
    faults: dict[tuple[int, int], str] = {}

    def records() -> Iterator[list[str]]:
        # More columns than allowed are asked for, so that too many are seen and not cut off.
        rows = sheet.iter_rows(max_row=LAST_ROW, max_col=MAX_COLUMNS + 1)
        for number, row in enumerate(rows, start=1):
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
            yield record

    sheet.reset_dimensions()  # what the file claims about its own size is not to be trusted
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
