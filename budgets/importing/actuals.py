"""A finance system's file of postings: which column is what, and what each row says. No database is asked here."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from budgets.models.year import FIRST_YEAR, LAST_YEAR
from foi_portal.core.money import BadAmount, parse_amount
from registry.importing import SourceFile
from registry.importing.formats import plain_heading
from registry.importing.reading import tables_of
from registry.importing.tables import Unreadable
from registry.importing.values import BadValue, clean, parse_date

MOST_ROWS = 20_000  # read while somebody waits
# what a column can be → its name on the page, and whether there must be one
PARTS = {
    "amount": ("Beløb", True),
    "month": ("Måned, periode eller dato", True),
    "year": ("År", False),
    "account": ("Kontostreng", False),
    "component": ("Komponentens kode", False),
    "text": ("Tekst", False),
}
GUESSES = {
    "amount": ("beløb", "beloeb", "amount", "kr"),
    "month": ("måned", "maaned", "periode", "month", "bogføringsdato", "bogf.dato", "bogf._dato", "dato"),
    "year": ("år", "aar", "regnskabsår", "year"),
    "account": ("kontostreng", "konto_streng", "konto", "account", "artskonto"),
    "component": ("komponent", "component", "component_code", "kode"),
    "text": ("tekst", "text", "posteringstekst", "beskrivelse"),
}
MONTH_NAMES = (
    "januar", "februar", "marts", "april", "maj", "juni", "juli", "august", "september", "oktober", "november",
    "december",
)  # fmt: skip
_PERIOD = re.compile(r"^(?P<year>\d{4})[-/. ]?(?P<month>\d{1,2})$", re.ASCII)
_PERIOD_LAST = re.compile(r"^(?P<month>\d{1,2})[-/. ](?P<year>\d{4})$", re.ASCII)
_WRITTEN_YEAR = re.compile(r"^\d{4}$", re.ASCII)
_NUMBER = re.compile(r"^-?\d{1,6}$", re.ASCII)
_TIME = re.compile(r"[ T]\d{1,2}[:.]\d{2}(?:[:.]\d{2}(?:\.\d+)?)?$", re.ASCII)
_NAMED = re.compile(r"^(?P<name>[a-zæøå]{3,9})\.?(?: (?P<year>\d{4}))?$")


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of a file under its header, as text. ``faults`` are cells that could not be read: row:index → why."""

    file: str
    header: list[str]
    rows: list[tuple[int, list[str]]]
    faults: dict[str, str]

    @property
    def shape(self) -> str:
        """The same for files with the same header row."""
        return _digest([plain_heading(cell) for cell in self.header])

    @property
    def digest(self) -> str:
        return _digest([self.header, [cells for _, cells in self.rows]])


@dataclass(frozen=True, slots=True)
class Posting:
    """One row that can be booked. ``key`` is its content and its number among equal rows of the file."""

    row: int
    key: str
    month: int
    amount: Decimal
    account: str
    component: str
    text: str
    said: dict[str, str]


@dataclass(slots=True)
class Postings:
    """What a file says: rows to book, and faults as (row, column, what stands there, message)."""

    good: list[Posting] = field(default_factory=list)
    faults: list[tuple[int, str, str, str]] = field(default_factory=list)


def read_sheet(file: SourceFile) -> Sheet:
    """The file's one table. Errors: ``Unreadable`` with what is wrong and what to do about it, in Danish."""
    tables = [table for table in tables_of(file) if table.rows or table.broken]
    if not tables:
        raise Unreadable("Der er ingen rækker i filen.")
    if len(tables) > 1:
        raise Unreadable("Projektmappen har flere ark med noget i. Gem det med posteringerne for sig.")
    (table,) = tables
    if table.broken:
        raise Unreadable(table.broken[1])
    (_, header), *rows = table.rows
    if not rows:
        raise Unreadable("Der er ingen rækker under kolonnenavnene.")
    if len(rows) > MOST_ROWS:
        raise Unreadable(
            f"Der er {len(rows):,} rækker, og der kan læses højst {MOST_ROWS:,} ad gangen. ".replace(",", ".")
            + "Del filen i flere, fx en for hver måned."
        )
    headings = Counter(plain_heading(cell) for cell in header if cell.strip())
    twice = next((name for name, count in headings.items() if count > 1), "")
    if twice:
        raise Unreadable(f"Kolonnen «{twice}» står to gange. Giv den ene et andet navn.")
    if len(headings) < 2:
        raise Unreadable("Første række skal være kolonnenavnene, og der skal være mindst to.")
    faults = {f"{row}:{index}": message for (row, index), message in table.faults.items()}
    return Sheet(file.name, [cell.strip() for cell in header], rows, faults)


def guess(header: Sequence[str]) -> dict[str, str]:
    """Part → the heading it probably is."""
    by_plain = {plain_heading(cell): cell for cell in header if cell}
    found = {}
    for part, names in GUESSES.items():
        heading = next((by_plain[name] for name in names if name in by_plain), "")
        if not heading and PARTS[part][1]:  # «Beløb i kr.»
            long = [name for name in names if len(name) >= 5]
            heading = next((cell for plain, cell in by_plain.items() if plain.startswith(tuple(long))), "")
        if heading:
            found[part] = heading
    return found


def fits(columns: Mapping[str, str], header: Sequence[str]) -> bool:
    """Whether the choice of columns can be used on the header: all that must be there is, each heading once."""
    chosen = [heading for heading in columns.values() if heading]
    return (
        all(columns.get(part) for part, (_, required) in PARTS.items() if required)
        and set(chosen) <= set(header)
        and len(set(chosen)) == len(chosen)
    )


def read_postings(sheet: Sheet, columns: Mapping[str, str], year: int) -> Postings:
    """Each row as a posting of ``year``, or what is wrong with it."""
    found = Postings()
    index = {part: sheet.header.index(heading) for part, heading in columns.items() if heading}
    seen: Counter[str] = Counter()
    for number, cells in sheet.rows:
        said = {
            heading: cells[at].strip()
            for at, heading in enumerate(sheet.header)
            if heading and at < len(cells) and cells[at].strip()
        }
        content = _digest([year, sorted((plain_heading(name), value) for name, value in said.items())])
        seen[content] += 1
        row = _Row(number, cells, index, sheet.faults, columns)
        amount = row.amount()
        when = row.month(year)
        text, account, component = row.text("text", 300), row.text("account", 60), row.text("component", 40)
        if row.faults or amount is None or when is None:
            found.faults += row.faults
            continue
        key = _digest([content, seen[content]])
        found.good.append(Posting(number, key, when, amount, account, component.upper(), text, said))
    return found


class _Row:
    """One row being read; ``faults`` gathers all that is wrong with it."""

    def __init__(
        self,
        number: int,
        cells: list[str],
        index: Mapping[str, int],
        unread: Mapping[str, str],
        columns: Mapping[str, str],
    ) -> None:
        self.number, self.cells, self.index, self.unread, self.columns = number, cells, index, unread, columns
        self.faults: list[tuple[int, str, str, str]] = []

    def say(self, part: str, value: str, message: str) -> None:
        self.faults.append((self.number, self.columns[part], value[:60], message))

    def cell(self, part: str) -> str | None:
        """The cell's text; ``None`` when it has been said that it cannot be read."""
        at = self.index.get(part)
        if at is None:
            return ""
        raw = self.cells[at] if at < len(self.cells) else ""
        if fault := self.unread.get(f"{self.number}:{at}"):
            self.say(part, raw, fault)
            return None
        try:
            return clean(raw)
        except BadValue as error:
            self.say(part, raw, str(error))
            return None

    def amount(self) -> Decimal | None:
        written = self.cell("amount")
        if written is None:
            return None
        try:
            amount = parse_amount(written)
        except BadAmount as error:
            self.say("amount", written, str(error))
            return None
        if amount is None:
            self.say("amount", "", "Beløbet mangler.")
        return amount

    def month(self, year: int) -> int | None:
        """The month, when the row is of ``year``."""
        written, told = self.cell("month"), self.cell("year")
        if written is None or told is None:
            return None
        try:
            of, month = read_month(written)
        except BadValue as error:
            self.say("month", written, str(error))
            return None
        if told:
            if not _WRITTEN_YEAR.match(told):
                self.say("year", told, "Skriv et årstal med fire cifre.")
                return None
            if of is not None and of != int(told):
                self.say("year", told, f"Året passer ikke med «{written}».")
                return None
            of = int(told)
        if of is not None and of != year:
            self.say(
                "year" if told else "month", told or written, f"Rækken er fra {of}, men her indlæses {year}."
            )
            return None
        return month

    def text(self, part: str, limit: int) -> str:
        written = " ".join((self.cell(part) or "").split())
        if len(written) > limit:
            self.say(part, written, f"Teksten er {len(written)} tegn lang. Den må højst være {limit}.")
            return ""
        return written


def read_month(text: str) -> tuple[int | None, int]:
    """(year or ``None``, month) of ``3``, ``202603``, ``2026-03``, ``03-2026``, ``marts``, ``15-03-2026 13:30``.

    Errors: ``BadValue``.
    """
    text = _TIME.sub("", " ".join(text.split()))
    written = text.casefold()
    year: int | None = None
    if named := _NAMED.match(written):
        month = next((n for n, name in enumerate(MONTH_NAMES, 1) if name.startswith(named["name"])), 0)
        if not month:
            raise BadValue("Måneden kendes ikke. Skriv et tal fra 1 til 12.")
        return int(named["year"]) if named["year"] else None, month
    if _NUMBER.match(written) and len(written) < 5:
        month = int(written)
    elif period := (_PERIOD.match(written) or _PERIOD_LAST.match(written)):
        year, month = int(period["year"]), int(period["month"])
        if not FIRST_YEAR <= year <= LAST_YEAR:  # a spreadsheet's date that lost its format is such a number
            raise BadValue(
                "Det er hverken en måned eller en dato. Er det en dato i et regneark, så giv kolonnen datoformat."
            )
    else:
        day: datetime.date | None = None
        with contextlib.suppress(BadValue):
            day = parse_date(text)
        if day is None:
            raise BadValue("Skriv en måned som 3, 2026-03 eller 15-03-2026.")
        return day.year, day.month
    if not 1 <= month <= 12:
        thirteenth = (
            " Periode 13 og derover (supplement) bogføres i december: skriv 12." if month > 12 else ""
        )
        raise BadValue(f"Måneden skal være mellem 1 og 12.{thirteenth}")
    return year, month


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False).encode()).hexdigest()


__all__ = [
    "MONTH_NAMES",
    "MOST_ROWS",
    "PARTS",
    "Posting",
    "Postings",
    "Sheet",
    "fits",
    "guess",
    "read_month",
    "read_postings",
    "read_sheet",
]
