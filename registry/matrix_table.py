"""The matrix as HTML, made in one go: a page has thousands of cells. Everything from the registry is escaped here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from urllib.parse import urlencode

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from foi_portal.ui.formats import plain
from foi_portal.ui.forms import shorten
from registry.graph import Severity
from registry.matrix import Cell, Column, Matrix
from registry.models import Importance

LONGEST_HEAD = 36  # signs of a name in a column's head on a screen; paper has it all
WORDS = {
    Severity.CRITICAL: Importance.CRITICAL.label,
    Severity.DEGRADED: Importance.DEGRADED.label,
    Severity.MINOR: Importance.MINOR.label,
}
CLASSES = {Severity.CRITICAL: "c", Severity.DEGRADED: "d", Severity.MINOR: "m"}


@dataclass(frozen=True)
class Head:
    """A component in the table's head: its own page, and the address that opens or closes it ("" when neither)."""

    code: str
    name: str
    url: str
    toggle: str = ""


@dataclass(frozen=True)
class Line:
    """A system's row. ``note`` deviates from the normal ("Udfases")."""

    key: int
    code: str
    name: str
    url: str
    note: str = ""


@dataclass(frozen=True)
class Group:
    """The heading over a department's rows; its counts are of all its systems, also those on other pages."""

    name: str
    url: str
    systems: int
    uses: int
    list_url: str
    lines: Sequence[Line]


@dataclass(frozen=True)
class Lists:
    """Where counts lead: the list of exactly those dependencies. For another day there are none.

    ``base`` is the list's address; ``among`` picks the dependencies, ``whose`` the systems of the page's
    filter.
    """

    base: str
    among: Mapping[str, str]
    whose: Mapping[str, str]
    exist: bool = True

    def __call__(self, **params: str) -> str:
        """The list of dependencies among those of the page, narrowed by ``params`` ("" for another day)."""
        return f"{self.base}?{urlencode({**params, **self.among})}" if self.exist else ""

    def of_all(self, **params: str) -> str:
        """The same, of all systems on the page's filter."""
        ends = {"source_kind": "system", "target_kind": "component", "ongoing": "ja"}
        return self(**{**ends, **self.whose, **params})


def target(column: Column, code: str) -> dict[str, str]:
    """What makes a list hold just the dependencies on what the column shows."""
    return {"within": code} if column.whole else {"target": code}


def told(cell: Cell) -> str:
    """What a cell says in words, without its number."""
    word = str(WORDS[Severity(cell.severity)])
    if cell.only_planned:
        return f"Planlagt: {word}"
    return f"{word}, heraf {plain(cell.planned)} planlagt" if cell.planned else word


def css(cell: Cell) -> str:
    return "p" if cell.only_planned else CLASSES[Severity(cell.severity)] + (" x" if cell.planned else "")


def _counted(n: int, url: str) -> str:
    """A number that leads to the list with that many rows."""
    text = escape(plain(n))
    return f'<a href="{escape(url)}">{text}</a>' if url and n else f"<span>{text}</span>"


def _fitted(name: str, most: int) -> str:
    """A name that is cut on a screen, where its link has it all in a tooltip, and whole on paper."""
    short = shorten(name, most)
    if short == name:
        return escape(name)
    return f'<span class="on-screen">{escape(short)}</span><span class="on-paper">{escape(name)}</span>'


def _toggle(url: str, sign: str, words: str) -> str:
    return f'<a class="toggle" href="{escape(url)}">{sign}<span class="sr-only"> {escape(words)}</span></a>'


@dataclass(frozen=True)
class MatrixTable:
    """``shown`` are the numbers of the columns on the page; the others are put together in a last column."""

    matrix: Matrix
    shown: range
    heads: Mapping[int, Head]
    lists: Lists
    rest_url: str
    name: Callable[[Column], str]

    @property
    def columns(self) -> Sequence[Column]:
        return self.matrix.columns[self.shown.start : self.shown.stop]

    @property
    def rest(self) -> int:
        """How many columns are not shown."""
        return len(self.matrix.columns) - len(self.columns)

    def head(self) -> SafeString:
        """The rows of the table's head: open components above what is in them, and last the totals."""
        columns = self.columns
        depth = max((len(column.path) for column in columns), default=0) + 1
        out: list[str] = []
        for level in range(depth):
            out.append("<tr>")
            if level == 0:
                out.append(f'<th scope="col" rowspan="{depth}">Fagsystem</th>')
                out.append(f'<th scope="col" rowspan="{depth}" class="sum">I alt</th>')
            for place, group in groupby(columns, key=lambda c: (c.path[: level + 1], len(c.path) > level)):
                members = list(group)
                if place[1]:
                    out.append(self._open_head(self.heads[place[0][level]], len(members)))
                else:
                    here = [column for column in members if len(column.path) == level]
                    out += [self._closed_head(column, depth - level) for column in here]
            if level == 0 and self.rest:
                text = f'<span class="turn"><a href="{escape(self.rest_url)}">Øvrige {self.rest} kolonner</a></span>'
                out.append(f'<th scope="col" rowspan="{depth}">{text}</th>')
            out.append("</tr>")
        return mark_safe("".join(out) + self._totals())  # noqa: S308 - each value is escaped

    def _open_head(self, head: Head, span: int) -> str:
        name = _fitted(head.name, 9 * span) if span > 2 else escape(head.code)
        link = f'<a href="{escape(head.url)}" title="{escape(head.name)}">{name}</a>'
        close = _toggle(head.toggle, "−", f"Luk {head.name}")
        return f'<th scope="colgroup" colspan="{span}">{close} {link}</th>'

    def _closed_head(self, column: Column, rows: int) -> str:
        head, name = self.heads[column.key], self.name(column)
        link = f'<a href="{escape(head.url)}" title="{escape(name)}">{_fitted(name, LONGEST_HEAD)}</a>'
        opener = ""
        if column.opens:
            opener = _toggle(head.toggle, "+", f"Åbn {name}")
        return f'<th scope="col" rowspan="{rows}"><span class="turn">{link}</span>{opener}</th>'

    def _totals(self) -> str:
        out = ['<tr class="totals"><th scope="row">Alle</th>']
        out.append(f'<td class="sum">{_counted(self.matrix.total.uses, self.lists.of_all())}</td>')
        out += [f"<td>{_counted(c.total.uses, self.total_url(c))}</td>" for c in self.columns]
        if self.rest:
            rest = self.matrix.total.uses - sum(column.total.uses for column in self.columns)
            out.append(f"<td>{_counted(rest, '')}</td>")
        return "".join([*out, "</tr>"])

    def total_url(self, column: Column) -> str:
        return self.lists.of_all(**target(column, self.heads[column.key].code))

    def body(self, groups: Iterable[Group]) -> SafeString:
        """The rows, under a heading for each department."""
        out: list[str] = []
        span = 2 + len(self.columns) + bool(self.rest)
        ends = [self._target_of(column) for column in self.columns]
        for group in groups:
            title = (
                f'<a href="{escape(group.url)}">{escape(group.name)}</a>' if group.url else escape(group.name)
            )
            systems = f"{plain(group.systems)} {'fagsystem' if group.systems == 1 else 'fagsystemer'}"
            uses = _counted(group.uses, group.list_url)
            out.append(
                f'<tr class="group"><th scope="rowgroup" colspan="{span}"><span class="stay">{title} '
                f'<span class="mute">{systems}, {uses} {"afhængighed" if group.uses == 1 else "afhængigheder"}'
                f"</span></span></th></tr>"
            )
            for line in group.lines:
                self._row(out, line, ends)
        return mark_safe("".join(out))  # noqa: S308 - each value is escaped

    def _target_of(self, column: Column) -> tuple[str, str]:
        """What each cell of the column needs: its name on a phone, and the end of its address."""
        end = urlencode({**target(column, self.heads[column.key].code), **self.lists.among})
        return escape(self.name(column)), escape(f"&{end}")

    def _row(self, out: list[str], line: Line, ends: Sequence[tuple[str, str]]) -> None:
        cells, total = self.matrix.cells.get(line.key, {}), self.matrix.rows.get(line.key, Cell())
        note = f' <span class="mute">{escape(line.note)}</span>' if line.note else ""
        out.append(f'<tr><th scope="row"><a href="{escape(line.url)}">{escape(line.name)}</a>{note}</th>')
        url = self.lists(source=line.code, target_kind="component", ongoing="ja")
        out.append(f'<td class="sum" data-title="I alt">{_counted(total.uses, url)}</td>')
        begin = escape(f"{self.lists.base}?{urlencode({'source': line.code})}")
        for number, (name, end) in zip(self.shown, ends, strict=True):
            cell = cells.get(number)
            if cell is None:
                out.append("<td></td>")
                continue
            text = f"<i>{told(cell)}</i>{cell.uses if cell.uses > 1 else ''}"
            text = f'<a href="{begin}{end}">{text}</a>' if self.lists.exist else f"<span>{text}</span>"
            out.append(f'<td class="{css(cell)}" data-title="{name}">{text}</td>')
        if self.rest:
            rest = sum(cell.uses for number, cell in cells.items() if number not in self.shown)
            out.append(
                f'<td class="rest" data-title="Øvrige">{_counted(rest, "")}</td>' if rest else "<td></td>"
            )
        out.append("</tr>")
