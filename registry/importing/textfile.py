"""CSV as spreadsheets write it: three separators, three encodings, line breaks inside quotes."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator

from registry.importing.tables import Table, Unreadable, fill

_QUOTED = re.compile(r'"(?:[^"]|"")*"')


def read_csv(file: str, name: str, content: bytes) -> Table:
    """A table of the file's records. In: ``file`` as people know it, ``name`` without extension.

    A record with line breaks inside quotes is one row, as in a spreadsheet.
    Errors: ``Unreadable`` when it is not text.
    """
    text = decode(content)
    table = Table(file=file, name=name)
    if text[:4].casefold() == "sep=":  # Excel's own way of saying which separator follows
        separator, text = text[4:5], text.partition("\n")[2]
        if separator not in (";", ",", "\t"):
            separator = find_separator(text)
    else:
        separator = find_separator(text)
    done = 0

    def counted(records: Iterator[list[str]]) -> Iterator[list[str]]:
        nonlocal done
        for record in records:
            done += 1
            yield record

    # newline="" keeps line breaks inside quotes as they are.
    records = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    try:
        fill(table, enumerate(counted(records), start=1))
    except csv.Error as error:
        table.broken = (done + 1, _explain(error))
    return table


def decode(content: bytes) -> str:
    """Text from UTF-8, UTF-16 with a byte-order mark, or Windows-1252.

    Errors: ``Unreadable`` for anything that is not text.
    """
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encodings = ["utf-16"]
    else:
        encodings = ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise Unreadable(
        "Filen er ikke en tekstfil. Gem den som CSV (UTF-8) eller som Excel-projektmappe (.xlsx)."
    )


def find_separator(text: str) -> str:
    """The separator of the first line that has something on it: the most frequent of ``;`` ``,`` and tab."""
    first = next((line for line in _lines(text) if line.strip()), "")
    bare = _QUOTED.sub("", first)
    return max(",;\t", key=bare.count)


def _lines(text: str) -> Iterator[str]:
    yield from io.StringIO(text[:100_000])


def _explain(error: csv.Error) -> str:
    if "field larger" in str(error):
        return 'En celle er meget lang. Er der et anførselstegn ("), som ikke bliver lukket?'
    return 'Et anførselstegn (") står forkert eller bliver ikke lukket. Resten af filen kan ikke læses.'
