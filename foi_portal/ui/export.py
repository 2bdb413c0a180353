"""Lists as CSV and XLSX: machine names first, raw values, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import datetime
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone
from django.utils.http import content_disposition_header
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

from foi_portal.ui.tables import Column

FORMULA = "=+\\-@＝＋－＠"
# At the start of the text; or after what a spreadsheet with other separators takes for the end of a cell.
RISKY = re.compile(rf"(^\s*[{FORMULA}\t\r])|([;\t\r\n]\s*)(?=[{FORMULA}])")


def safe(value: Any) -> Any:
    """A value a spreadsheet will not run: an apostrophe goes before what would be a formula.

    That is at the start of a text, and after each semicolon, tab or line break in it: Danish Excel opens a
    comma-separated file with semicolons as separators. The import takes the same apostrophes off again.
    Numbers stay numbers, moments lose their time zone (Danish time), other things become text.
    """
    if isinstance(value, str):
        return RISKY.sub(_guarded, value)
    if value is None or isinstance(value, (int, float, Decimal)):
        return value
    if isinstance(value, datetime.datetime):
        return timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S")
    return str(value)


def _guarded(found: re.Match[str]) -> str:
    return f"'{found[1]}" if found[1] is not None else f"{found[2]}'"


def _rows(columns: Sequence[Column], rows: QuerySet[Any]) -> Iterator[tuple[Any, ...]]:
    return rows.values_list(*(c.path for c in columns)).iterator(chunk_size=5000)


class _Echo:
    """What ``csv.writer`` writes to: gives the line back."""

    def write(self, line: str) -> str:
        return line


def _csv_lines(names: Iterable[str], rows: Iterable[Sequence[Any]]) -> Iterator[str]:
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(names)
    lines: list[str] = []
    for row in rows:
        lines.append(writer.writerow([safe(value) for value in row]))
        if len(lines) >= 1000:
            yield "".join(lines)
            lines.clear()
    yield "".join(lines)


def rows_to_csv(filename: str, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponseBase:
    """Rows of values streamed as CSV in UTF-8 with a byte-order mark, which Excel needs for æøå."""
    return StreamingHttpResponse(
        _csv_lines(names, rows),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": content_disposition_header(True, f"{filename}.csv") or ""},
    )


def _in_xml(value: Any) -> Any:
    """Control signs have no place in XML, and the writer refuses them: each becomes a replacement sign."""
    return ILLEGAL_CHARACTERS_RE.sub("\ufffd", value) if isinstance(value, str) else value


def rows_to_xlsx(filename: str, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> HttpResponseBase:
    """Rows of values as a workbook with one sheet, written row by row so that memory stays flat."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(filename[:31])
    sheet.freeze_panes = "A2"
    sheet.append(list(names))
    for row in rows:
        sheet.append([_in_xml(safe(value)) for value in row])
    file = tempfile.TemporaryFile()  # noqa: SIM115 - FileResponse closes it
    book.save(file)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=f"{filename}.xlsx")


def to_csv(filename: str, columns: Sequence[Column], rows: QuerySet[Any]) -> HttpResponseBase:
    """All of a list's rows as CSV."""
    return rows_to_csv(filename, [c.name for c in columns], _rows(columns, rows))


def to_xlsx(filename: str, columns: Sequence[Column], rows: QuerySet[Any]) -> HttpResponseBase:
    """All of a list's rows as a workbook."""
    return rows_to_xlsx(filename, [c.name for c in columns], _rows(columns, rows))


FORMATS: dict[str, Callable[[str, Sequence[Column], QuerySet[Any]], HttpResponseBase]] = {
    "csv": to_csv,
    "xlsx": to_xlsx,
}
# For what is not a list of rows in one table: (file name, machine names, rows of values).
ROW_FORMATS: dict[str, Callable[[str, Sequence[str], Iterable[Sequence[Any]]], HttpResponseBase]] = {
    "csv": rows_to_csv,
    "xlsx": rows_to_xlsx,
}
