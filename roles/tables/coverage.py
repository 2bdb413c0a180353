"""The coverage matrix and the list of seats as HTML, made in one go: a template is ten times slower per cell."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from django.urls import reverse
from django.utils.html import escape
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe

from foi_portal.ui import formats
from roles import people_html
from roles.coverage import GRAVITY, Post, State
from roles.coverage_columns import WIDE, Column
from roles.coverage_picks import GOOD, Line, Tally
from roles.models import RoleLevel, ScopeKind
from roles.occupancy import Occupancy, RoleFacts

WORDS = {
    State.FILLED: "dækket",
    State.EXPIRING: "udløber inden for 90 dage",
    State.DEPUTY_MISSING: "stedfortræder mangler",
    State.LEFT: "fratrådt",
    State.VACANT: "ledig",
}
PLURALS = {**WORDS, State.FILLED: "dækkede", State.VACANT: "ledige", State.LEFT: "fratrådte"}
CSS = {
    State.FILLED: "ok",
    State.EXPIRING: "expiring",
    State.DEPUTY_MISSING: "nodeputy",
    State.LEFT: "left",
    State.VACANT: "vacant",
}
LEVELS = {
    RoleLevel.STRATEGIC: "Strategisk niveau",
    RoleLevel.TACTICAL: "Taktisk niveau",
    RoleLevel.OPERATIONAL: "Operationelt niveau",
}
_RING = '<circle cx="7" cy="7" r="5.5"/>'
_SHAPES = {
    State.FILLED: _RING,
    State.EXPIRING: f'{_RING}<path d="M7 3.5V7l2.5 1.5"/>',
    State.DEPUTY_MISSING: f'{_RING}<path d="M7 1.5a5.5 5.5 0 0 1 0 11z"/>',
    State.LEFT: f'{_RING}<path d="M4.5 4.5l5 5m0-5l-5 5"/>',
    State.VACANT: _RING,
}


def dot(state: State) -> SafeString:
    """The state's shape; what it means is told in words beside it."""
    css = f"dot dot-{CSS[state]}"
    return mark_safe(  # noqa: S308 - constants
        f'<svg class="{css}" viewBox="0 0 14 14" aria-hidden="true" focusable="false">{_SHAPES[state]}</svg>'
    )


def worst(tally: Tally) -> State:
    return next((state for state in GRAVITY if tally[state]), State.FILLED)


def told(tally: Tally) -> str:
    """ "28 af 61 dækket: 30 ledige, 3 stedfortræder mangler" """
    good = sum(tally[state] for state in GOOD)
    rest = [f"{formats.plain(tally[s])} {PLURALS[s]}" for s in GRAVITY if tally[s] and s is not State.FILLED]
    text = f"{formats.plain(good)} af {formats.plain(tally.total())} dækket"
    return f"{text}: {', '.join(rest)}" if rest else text


def initials(name: str) -> str:
    """Karin Toft → KT"""
    words = name.split()
    return "".join(word[0] for word in (words[:1] + words[1:][-1:])).upper()


def scope_name(found: Occupancy, line: Line) -> str:
    if line.seat.asset is not None:
        return found.assets[line.seat.asset].name
    if line.seat.organisation is not None:
        return found.departments[line.seat.organisation].name
    return "Hele kommunen"


def scope_code(found: Occupancy, line: Line) -> str:
    if line.seat.asset is not None:
        return found.assets[line.seat.asset].code
    if line.seat.organisation is not None:
        return found.departments[line.seat.organisation].code
    return found.municipality


def how_long(line: Line) -> str:
    """For how long it has lacked somebody, until when it is good, or when somebody comes. Empty when all is well."""
    cover = line.cover
    if cover.state is State.EXPIRING:
        return f"til {formats.plain(cover.changes_on)}"
    parts = []
    if cover.vacant_days is not None:
        days = cover.vacant_days
        parts.append("fra i dag" if not days else f"i {formats.plain(days)} {'dag' if days == 1 else 'dage'}")
    if cover.changes_on is not None:
        parts.append(f"på plads {formats.plain(cover.changes_on)}")
    return ", ".join(parts)


def state_text(line: Line) -> str:
    cover = line.cover
    if cover.state in (State.VACANT, State.LEFT) and line.rule.demand.holders > 1:
        word = "fratrådt" if cover.state is State.LEFT else "ledig" if cover.lacking == 1 else "ledige"
        return f"{cover.lacking} {word}"
    return WORDS[cover.state].capitalize()


@dataclass(frozen=True)
class Marks:
    """Writes seats. ``assign_url`` is where somebody is assigned, empty for those who may not."""

    found: Occupancy
    assign_url: str

    def assign(self, line: Line) -> str:
        """The address of a form with the seat filled in, where the seat lacks somebody; else empty."""
        if not self.assign_url or line.cover.state in GOOD:
            return ""
        seat = line.seat
        query = {"role": self.found.roles[seat.role].code}
        if seat.asset is not None:
            query["asset"] = self.found.assets[seat.asset].code
        if seat.organisation is not None:
            query["organisation"] = self.found.departments[seat.organisation].code
        query["part"] = "deputy" if line.cover.state is State.DEPUTY_MISSING else "holder"
        return f"{self.assign_url}?{urlencode(query)}"

    def short(self, line: Line) -> str:
        """Initials as HTML: "KT+JB/HD", with "p.t." and who is asked when somebody is away."""
        cover = line.cover
        held = "+<wbr>".join(self._initials(post) for post in cover.holders)
        if cover.state in (State.VACANT, State.LEFT):
            word = "Ledig" if cover.state is State.VACANT else "Fratrådt"
            return f"{held}+<wbr>{word.lower()}" if held else word
        deputies = "+<wbr>".join(self._initials(post) for post in cover.deputies)
        return f'{held}<wbr><span class="deputy">/{deputies}</span>' if deputies else held

    def _initials(self, post: Post) -> str:
        away = people_html.absent(self.found, post)
        own = escape(initials(self.found.people[post.person].name))
        if away is None:
            return own
        return f"({own}) p.t. {escape(initials(away.instead.name))}" if away.instead else f"({own})"

    def long(self, line: Line) -> str:
        """All of a seat in words."""
        cover, people = line.cover, self.found.people
        parts = [state_text(line)]
        if how_long(line):
            parts[0] += f" {how_long(line)}"
        for label, posts in (("Indehaver", cover.holders), ("Stedfortræder", cover.deputies)):
            names = [
                people_html.plain(people[p.person].name, people_html.absent(self.found, p)) for p in posts
            ]
            if names:
                parts.append(f"{label}: {', '.join(names)}")
        return ". ".join(parts)

    def people(self, posts: Iterable[Post]) -> str:
        names = (
            people_html.person(p.person, self.found.people[p.person].name, people_html.absent(self.found, p))
            for p in posts
        )
        return ", ".join(names)


@dataclass(frozen=True)
class Cell:
    """What a role has under a column: all of it by state, the seat when it is one, and its list."""

    tally: Tally
    shown: Tally  # of it, what the filter shows
    line: Line | None
    url: str


@dataclass(frozen=True)
class Row:
    role: RoleFacts
    url: str
    cells: Sequence[Cell | None]


def matrix_head(columns: Sequence[Column], url: Callable[[Column], str]) -> SafeString:
    out = ["<tr><td></td>"]
    for group, members in groupby(columns, key=lambda column: column.group):
        span = len(list(members))
        head = f'<th scope="colgroup" colspan="{span}">{escape(group)}</th>'
        out.append(head if group else "<td></td>" * span)
    out.append('</tr><tr><th scope="col">Rolle</th>')
    for column in columns:
        link = url(column)
        text: str = escape(column.label)
        if column.label.casefold() != column.name.casefold():
            text = f'<abbr title="{escape(column.name)}">{text}</abbr>'
        if link:
            text = f'<a href="{escape(link)}">{text}</a>'
        out.append(f'<th scope="col">{text}</th>')
    return mark_safe("".join([*out, "</tr>"]))  # noqa: S308 - each value is escaped


def matrix_body(marks: Marks, columns: Sequence[Column], rows: Iterable[Row], filtered: bool) -> SafeString:
    """A body for each level, with a row for each role."""
    out: list[str] = []
    names = [escape(column.name[:1].upper() + column.name[1:]) for column in columns]
    for level, members in groupby(rows, key=lambda row: row.role.level):
        out.append(
            f'<tbody><tr class="group"><th scope="rowgroup" colspan="{len(columns) + 1}">'
            f"<span>{LEVELS[RoleLevel(level)]}</span></th></tr>"
        )
        for row in members:
            name = escape(row.role.name)
            head = f'<a href="{escape(row.url)}">{name}</a>' if row.url else name
            out.append(f'<tr><th scope="row">{head}</th>')
            for title, cell in zip(names, row.cells, strict=True):
                out.append(_cell(marks, title, cell, filtered))
            out.append("</tr>")
        out.append("</tbody>")
    return mark_safe("".join(out))  # noqa: S308 - each value is escaped


def _cell(marks: Marks, title: str, cell: Cell | None, filtered: bool) -> str:
    if cell is None:
        return '<td class="na"></td>'
    if not cell.shown.total():
        return '<td class="off"></td>'
    state = worst(cell.shown)
    url = cell.url
    if cell.line is not None:
        short, long = marks.short(cell.line), str(escape(marks.long(cell.line)))
        if cell.line.cover.state in (State.VACANT, State.LEFT):
            url = marks.assign(cell.line) or url
            long += ". Tildel" if url != cell.url else ""
    elif filtered:
        short, long = escape(formats.plain(cell.shown.total())), escape(told(cell.shown))
    else:
        good = sum(cell.tally[s] for s in GOOD)
        short = f'<span class="all">{formats.plain(good)} af {formats.plain(cell.tally.total())}</span>'
        long = escape(told(cell.tally))
    return (
        f'<td class="is-{CSS[state]}" data-title="{title}"><a href="{escape(url)}">{dot(state)}'
        f'<span aria-hidden="true">{short}</span><span class="sr-only">{long}</span></a></td>'
    )


def seat_rows(marks: Marks, lines: Iterable[Line], role_url: Callable[[str], str]) -> SafeString:
    """The rows of the list of seats."""
    out: list[str] = []
    found = marks.found
    for line in lines:
        role, demand = found.roles[line.rule.role], line.rule.demand
        state = line.cover.state
        needed = f"{demand.holders}{' og stedfortræder' if demand.deputy else ''}"
        own = role_url(role.code)
        name = f'<a href="{escape(own)}">{escape(role.name)}</a>' if own else escape(role.name)
        assign = marks.assign(line)
        who = escape(f"{role.name} for {scope_name(found, line)}")
        action = f'<a href="{escape(assign)}">Tildel<span class="sr-only"> {who}</span></a>' if assign else ""
        deputies = marks.people(found.roster.deputies(line.seat, found.on))
        out.append(
            f'<tr><th scope="row" data-title="">{name}</th><td data-title="Sted">{_scope(found, line)}</td>'
            f'<td data-title="Kræver">{needed}</td>'
            f'<td data-title="Indehavere">{marks.people(line.cover.holders) or _DASH}</td>'
            f'<td data-title="Stedfortrædere">{deputies or _DASH}</td>'
            f'<td data-title="Tilstand"><span class="state is-{CSS[state]}">{dot(state)}'
            f"{escape(state_text(line))}</span></td>"
            f'<td data-title="Hvor længe">{escape(how_long(line)) or _DASH}</td>'
            f'<td class="d-print-none" data-title="">{action}</td></tr>'
        )
    return mark_safe("".join(out))  # noqa: S308 - each value is escaped


_DASH = '<span class="mute">–</span>'


def _scope(found: Occupancy, line: Line) -> str:
    name = escape(scope_name(found, line))
    if line.seat.asset is not None:
        asset = found.assets[line.seat.asset]
        return f'<a href="{escape(reverse(f"{asset.kind}-detail", args=[asset.code]))}">{name}</a>'
    if line.seat.organisation is not None:
        owner = found.departments[line.seat.organisation]
        return f'<a href="{escape(reverse("organisation-detail", args=[owner.code]))}">{name}</a>'
    return name


def wide(rule_kind: str) -> bool:
    """Whether one requirement of the kind is for many scopes."""
    return rule_kind in WIDE and rule_kind != ScopeKind.MUNICIPALITY
