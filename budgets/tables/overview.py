"""A year's lines as HTML, made in one go: a template is ten times slower per cell, and there may be hundreds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from budgets import deviations, words
from budgets.filters.overview import Address
from budgets.models import CostType, Funding
from budgets.picture import Picture
from budgets.rollup import Detail, Line, Node, Provider, Row, Sums

COST_TYPES = {value: str(label) for value, label in CostType.choices}
FUNDINGS = {value: str(label) for value, label in Funding.choices}
# who pays for most of them is written short
SHORT = {**FUNDINGS, Funding.OWN.value: f'<abbr title="{Funding.OWN.label}">DA</abbr>'}
UNKNOWN = '<span class="mute">ikke kendt</span>'
NOTHING = '<span class="mute">–</span>'


@dataclass(frozen=True)
class Table:
    """How the lines of a year are written. ``here`` is the page, ``explain`` whether the reader may explain lines."""

    found: Picture
    here: Address
    explain: bool
    cents: bool
    detail: Detail = Detail.LINES

    @property
    def heads(self) -> list[tuple[str, str]]:
        """The columns: label and class."""
        amounts = [name for name, _ in self._columns(Sums())]
        first = "komponent og linje" if self.detail == Detail.LINES else "platform og komponent"
        return [
            (f"Udbyder, {first}", ""),
            ("Finansiering", ""),
            ("Bemærkning", "note opt"),
            *((name, "num") for name in amounts),
            ("Ændring" if self.found.compared else "Afvigelse", "num"),
            ("Procent", "num"),
        ]

    def body(self, rows: Iterable[Row]) -> SafeString:
        """The table's body: providers, what is under them, and lines."""
        return mark_safe("".join(map(self._row, rows)))  # noqa: S308 - texts are escaped where they are put in

    def flat(self, lines: Iterable[Line]) -> SafeString:
        """The same lines one after another, each with its component and provider."""
        out = []
        for line in lines:
            place = self.found.places[line.component]
            head = f"{self._component(line.component)} {_kind(line)}"
            head += f'<span class="note">{escape(self.found.provider_of(line.component).name)}</span>'
            out.append(self._line(line, head, 0, place.name))
        return mark_safe("".join(out))  # noqa: S308 - texts are escaped where they are put in

    def total(self, sums: Sums) -> SafeString:
        """The last row."""
        cells = self._amounts(sums, mark=False)
        return mark_safe(  # noqa: S308 - our own words and numbers
            f'<tr class="total"><th scope="row" colspan="2">I alt</th><td class="note opt"></td>{cells}</tr>'
        )

    def _row(self, row: Row) -> str:
        node, line = row.node, row.line
        if line is None:
            return self._node(node)
        if len(node.lines) == 1 and not node.below:
            return self._line(
                line, f"{self._component(node.place.key)} {_kind(line)}", node.depth, node.place.name
            )
        name = COST_TYPES[line.cost_type]
        link = f'<a href="{self._url(node.place.code)}#linje-{line.key}">{name}</a>'
        return self._line(line, link, row.depth, node.place.name)

    def _node(self, node: Node) -> str:
        name: str = escape(node.place.name)
        css = "subgroup"
        if isinstance(node.place, Provider):
            css = "group"
            if self.detail < Detail.LINES:
                name = f'<a href="{escape(self.here(udbyder=node.place.code))}">{name}</a>'
        elif self.detail < Detail.LINES and node.depth == 1:
            count = words.kroner(Decimal(node.sums.lines))
            name = (
                f'<a href="{escape(self.here(platform=node.place.code))}">{name}</a>'
                f' <span class="mute">{count} linje{"" if node.sums.lines == 1 else "r"}</span>'
            )
        else:
            name = self._component(node.place.key)
        scope = "rowgroup" if css == "group" else "row"
        return (
            f'<tr class="{css}"><th scope="{scope}" colspan="2" class="in-{min(node.depth, 4)}">{name}</th>'
            f'<td class="note opt"></td>{self._amounts(node.sums)}</tr>'
        )

    def _line(self, line: Line, head: str, depth: int, component: str) -> str:
        found = self.found
        funding = SHORT[line.funding]
        if line.unit:
            funding += f', <abbr title="{escape(line.unit)}">{escape(line.unit_code)}</abbr>'
        if line.component in found.unclarified:
            funding += ' <span class="badge badge-warning">Uafklaret ansvar</span>'
        note: str = escape(line.note)
        if line.illustrative and not found.all_illustrative:
            note = f"<em>Opdigtet eksempel.</em> {note}"
        what = escape(f"{component}, {COST_TYPES[line.cost_type].lower()}")
        asked = (
            self._link(line, "Forklar igen" if line.explanation else "Forklar", what)
            if line.wants_explanation
            else ""
        )
        return (
            f'<tr class="line"><th scope="row" data-title="" class="in-{min(depth, 4)}">{head}</th>'
            f'<td data-title="Finansiering"><span>{funding}</span></td>'
            f'<td data-title="Bemærkning" class="note opt">{note or NOTHING}</td>{self._amounts(line, asked)}</tr>'
            f"{self._explanation(line, depth, what)}"
        )

    def _link(self, line: Line, verb: str, what: str) -> str:
        """To the form that explains the line; for others that it lacks an explanation."""
        if not self.explain:
            return "Mangler forklaring" if line.wants_explanation else ""
        url = reverse("explanation-update", args=[self.found.number, line.key])
        return (
            f'<a class="d-print-none" href="{url}">{verb}<span class="sr-only"> afvigelsen: {what}</span></a>'
        )

    def _explanation(self, line: Line, depth: int, what: str) -> str:
        """A row under the line, as wide as the table, where it deviates and somebody has said why."""
        if not (line.is_marked and line.explanation):
            return ""
        moved = " Afvigelsen har flyttet sig siden." if line.wants_explanation else ""
        link = "" if line.wants_explanation else self._link(line, "Ret", what)
        # the remarks have no column on paper, so nothing may reach into it
        return (
            f'<tr class="under"><td colspan="{len(self.heads) - 1}" data-title="" class="in-{min(depth, 4)} note">'
            f"Afviger, fordi: «{escape(line.explanation)}»{moved} {link}</td>"
            '<td class="note opt"></td></tr>'
        )

    def _columns(self, of: Line | Sums) -> list[tuple[str, Decimal | None]]:
        """The amounts that stand beside each other in such a year."""
        columns = [("Oprindeligt", of.original), ("Korrigeret", of.revised)]
        if self.found.compared:
            return [*columns, (f"Budget {self.found.compared}", of.before)]
        if self.found.is_closed:
            return [*columns, ("Regnskab", of.actual)]
        return [*columns, ("Forbrug", of.actual), ("Forventet", of.forecast)]

    def _amounts(self, of: Line | Sums, asked: str = "", mark: bool = True) -> str:
        out = [
            f'<td class="num" data-title="{title}">'
            f"{UNKNOWN if amount is None else words.kroner(amount, self.cents)}</td>"
            for title, amount in self._columns(of)
        ]
        compared = self.found.compared
        difference, title = (of.change, "Ændring") if compared else (of.deviation, "Afvigelse")
        shown = NOTHING if difference is None else words.signed(difference, self.cents)
        share = _percent(of.change, of.before) if compared else _share(of.deviation, of.revised, mark)
        under = f'<span class="asked">{asked}</span>' if asked else ""
        out.append(f'<td class="num" data-title="{title}">{shown}</td>')
        out.append(f'<td class="num" data-title="Procent">{share}{under}</td>')
        return "".join(out)

    def _component(self, key: int) -> str:
        place = self.found.places[key]
        return f'<a href="{self._url(place.code)}">{escape(place.name)}</a>'

    def _url(self, code: str) -> str:
        return escape(reverse("budget-component", args=[self.found.number, code]))


def _kind(line: Line) -> str:
    return f'<span class="mute">{COST_TYPES[line.cost_type].lower()}</span>'


def _share(deviation: Decimal | None, budget: Decimal | None, mark: bool) -> str:
    """The percentage; with ``mark`` in words and a badge where it is so large that it must be explained."""
    if mark and deviation is not None and deviations.is_marked(deviation, budget):
        css = "badge-error" if deviation > 0 else "badge-info"
        return f'<span class="badge {css}">{deviations.told(deviation, budget)}</span>'
    return _percent(deviation, budget)


def _percent(part: Decimal | None, whole: Decimal | None) -> str:
    share = deviations.percent(part, whole)
    return NOTHING if share is None else f'<span class="mute">{words.percent(share)}</span>'


__all__ = ["COST_TYPES", "FUNDINGS", "Table"]
