"""Tables declared once, shown as HTML, sorted in the database and exported from the same columns.

Rows are dictionaries from ``QuerySet.values()``, so that a page costs one query and no model instances.
Decision 0003 says why this is not a table library.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import Choices, F, QuerySet
from django.http import QueryDict
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString, mark_safe

from foi_portal.ui import formats

Row = Mapping[str, Any]
EMPTY = mark_safe('<span class="mute">–</span>')


@dataclass(frozen=True)
class Column:
    """One column: ``name`` is the machine name in addresses and exports, ``path`` the ORM path it reads.

    ``cell`` makes HTML of a row and must escape; it may read the ``needs`` paths too. ``sort`` is the ORM
    path sorted by ("" when the column cannot be sorted). ``choices`` gives Danish words for stored values.
    """

    name: str
    label: str
    path: str
    cell: Callable[[Row], str] | None = None
    needs: tuple[str, ...] = ()
    choices: type[Choices] | None = None
    sort: str | None = None
    shown: bool = True
    numeric: bool = False
    minor: bool = False  # left out on a phone

    @property
    def order(self) -> str:
        return self.path if self.sort is None else self.sort

    def html(self, row: Row) -> str:
        if self.cell is not None:
            return self.cell(row) or EMPTY
        value = row[self.path]
        if value is None or value == "":
            return EMPTY
        if self.choices is not None:
            return conditional_escape(_labels(self.choices).get(value, str(value)))
        if isinstance(value, datetime.date):  # a moment too
            return f'<span class="nowrap">{formats.text(value)}</span>'
        return formats.text(value)


_label_cache: dict[type[Choices], dict[Any, str]] = {}


def _labels(choices: type[Choices]) -> dict[Any, str]:
    if choices not in _label_cache:
        _label_cache[choices] = {value: str(label) for value, label in choices.choices}
    return _label_cache[choices]


def label(choices: type[Choices], value: Any) -> str:
    """The Danish word for a stored value; the value itself when it is not one of them."""
    return _labels(choices).get(value, str(value))


def link(url: str, text: Any, extra: str = "") -> SafeString:
    """An ``<a>``; ``url`` and ``text`` are escaped, ``extra`` is HTML already."""
    return mark_safe(f'<a href="{conditional_escape(url)}">{conditional_escape(text)}</a>{extra}')


@dataclass(frozen=True)
class Table:
    """The columns a request chose, in declared order, with its sorting; made by ``choose``."""

    columns: Sequence[Column]
    available: Sequence[Column]
    sort: str
    params: QueryDict
    naming: Sequence[str]

    @classmethod
    def choose(
        cls, columns: Sequence[Column], params: QueryDict, default_sort: str, naming: Sequence[str] = ()
    ) -> Table:
        """Read ``?col=`` and ``?sort=``; unknown names are ignored. The first column is always shown."""
        wanted = set(params.getlist("col"))
        chosen = [c for c in columns if c.name in wanted] if wanted else [c for c in columns if c.shown]
        if columns[0] not in chosen:
            chosen.insert(0, columns[0])
        sort = params.get("sort", "")
        if not any(c.name == sort.removeprefix("-") and c.order for c in columns):
            sort = default_sort
        return cls(chosen, columns, sort, params, naming or (columns[0].path,))

    def ordered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """Sorted as asked, empty values last, then by the first two columns and the key, so that pages are stable."""
        column = next(c for c in self.available if c.name == self.sort.removeprefix("-"))
        field = F(column.order)
        first = field.desc(nulls_last=True) if self.sort.startswith("-") else field.asc(nulls_last=True)
        then = [c.order for c in self.available[:2] if c is not column and c.order]
        return rows.order_by(first, *then, "pk")

    def values(self, rows: QuerySet[Any]) -> QuerySet[Any, dict[str, Any]]:
        """Only the paths that the shown columns read."""
        paths = {"pk"} | {p for c in self.columns for p in (c.path, *c.needs)} | set(self.available[0].needs)
        paths |= set(self.naming)
        return rows.values(*sorted(paths))

    def heads(self) -> list[dict[str, Any]]:
        """What the table's head shows: label, address that sorts by the column, and how it is sorted now."""
        heads = []
        for column in self.columns:
            state = {column.name: "ascending", f"-{column.name}": "descending"}.get(self.sort, "")
            query = self.params.copy()
            query.pop("page", None)
            query["sort"] = f"-{column.name}" if state == "ascending" else column.name
            heads.append(
                {"column": column, "state": state, "url": f"?{query.urlencode()}" if column.order else ""}
            )
        return heads

    def body(self, rows: Iterable[Row], selectable: bool = False) -> SafeString:
        """The table's rows as HTML: made in one go here because a template is ten times slower per cell."""
        out: list[str] = []
        for row in rows:
            out.append("<tr>")
            if selectable:
                name = conditional_escape(" → ".join(formats.plain(row[path]) for path in self.naming))
                out.append(
                    f'<td data-title=""><div class="form-group-checkbox"><input type="checkbox" class="form-checkbox" '
                    f'id="pick-{row["pk"]}" name="pk" value="{row["pk"]}"><label for="pick-{row["pk"]}">'
                    f'<span class="sr-only">Vælg {name}</span></label></div></td>'
                )
            for index, column in enumerate(self.columns):
                classes = " ".join(k for k, on in (("num", column.numeric), ("opt", column.minor)) if on)
                css = f' class="{classes}"' if classes else ""
                if index == 0:
                    out.append(f'<th scope="row" data-title=""{css}>{column.html(row)}</th>')
                else:
                    out.append(
                        f'<td data-title="{conditional_escape(column.label)}"{css}>{column.html(row)}</td>'
                    )
            out.append("</tr>")
        return mark_safe("".join(out))


def listing(url: str, **params: Any) -> str:
    """Address of a list with filters set: a number on a page links to the rows that make it."""
    return f"{url}?{urlencode(params, doseq=True)}"
