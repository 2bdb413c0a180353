"""``/roller/daekning/``: which seats are filled, as a matrix of roles and places, and as lists of seats and people."""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.core.exceptions import PermissionDenied, ValidationError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views import View

from foi_portal.core.danish import sort_key
from foi_portal.core.permissions import may
from foi_portal.ui import formats
from foi_portal.ui.export import ROW_FORMATS
from foi_portal.ui.filters import tags_of
from foi_portal.ui.forms import DateField
from foi_portal.ui.views import SIZES, paginate
from registry.models import Organisation
from roles import coverage_columns, occupancy, people_html
from roles.coverage import State
from roles.coverage_columns import Column
from roles.coverage_picks import GOOD, NOBODY, UNMANNED, Part, Picked, Tally
from roles.filters.coverage import NO_OWNER, PARTS, CoverageForm
from roles.models import Assignment, Person, Phase, Role, RoleLevel, RoleRequirement, ScopeKind
from roles.people_html import Absent
from roles.tables import coverage as html

ROWS = 80  # roles on a page of the matrix
FEW = 8  # of a short list
CARRIERS = 15
Cells = dict[tuple[int, str], list[Part]]  # what is required, by role and column
EXPORTED = ("role", "scope", "required", "holders", "deputies", "state", "vacant_days")


def address(name: str, *args: Any) -> str:
    """The address, or "" as long as the page is not there."""
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""


@dataclass(frozen=True)
class Share:
    """A line of the figures: how many seats, how many of them are filled, and their lists."""

    name: str
    tally: Tally
    url: str
    good_url: str

    @property
    def seats(self) -> int:
        return self.tally.total()

    @property
    def good(self) -> int:
        return sum(self.tally[state] for state in GOOD)

    @property
    def percent(self) -> int:
        """Rounded down: only what is all filled is 100."""
        return 100 * self.good // self.seats


@dataclass(frozen=True)
class Want:
    """A role that lacks somebody in one place, or in several of a column."""

    role: str
    where: str
    url: str
    assign_url: str


@dataclass
class Carrier:
    """What a person carries of the seats asked for."""

    key: int
    name: str
    initials: str
    unit: int | None
    away: Absent | None = None
    holds: int = 0
    alone: int = 0
    deputises: int = 0


class Coverage(View):
    """``vis``: nothing for the matrix, ``pladser`` for the list of seats, ``personer`` for who carries the roles."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not all(may(request.user, "view", model) for model in (Person, Role, RoleRequirement, Assignment)):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponseBase:
        self.today = timezone.localdate()
        self.found = occupancy.at(self.day() or self.today)
        self.form = CoverageForm(request.GET, self.found)
        self.choice = self.form.choice()
        self.picked = Picked(self.found, self.choice)
        writer = ROW_FORMATS.get(request.GET.get("_export", ""))
        if writer is not None:
            return writer("rolledaekning", EXPORTED, exported(self.picked))
        assign_url = address("assignment-create") if may(request.user, "add", Assignment) else ""
        self.marks = html.Marks(self.found, assign_url)
        shown = {"pladser": self.seats, "personer": self.people}.get(request.GET.get("vis", ""), self.matrix)
        return shown()

    def day(self) -> datetime.date | None:
        """The day asked for; None when there is none, or when it is no date (the form says so)."""
        try:
            return DateField(required=False).clean(self.request.GET.get("dato", ""))  # type: ignore[no-any-return]
        except ValidationError:
            return None

    def query(self, **changes: str | None) -> str:
        """The page with the same choices and some of them changed; None removes one."""
        params = self.request.GET.copy()
        for name in [
            name for name, value in params.items() if not value or name in ("page", "size", "_export")
        ]:
            params.pop(name)
        for name, value in changes.items():
            params.pop(name, None)
            if value:
                params[name] = value
        return f"{self.request.path}?{params.urlencode()}" if params else self.request.path

    def listed(self, **changes: str | None) -> str:
        """The list of seats, narrowed."""
        return self.query(**{"vis": "pladser", **changes})

    def page(self, template: str, context: dict[str, Any]) -> HttpResponse:
        on = self.found.on
        tags = tags_of(self.form, self.request.GET, {"dato": formats.date(on), **self.form.meant})
        common = {
            "section": "coverage",
            "form": self.form,
            "visible": self.form.visible_fields(),
            "hidden": [bound for bound in self.form.hidden_fields() if bound.data],
            "vis": self.request.GET.get("vis", ""),
            "tags": tags,
            "on": on,
            "is_today": on == self.today,
            "here_url": self.request.path,
            "reset_url": self.query(**dict.fromkeys(self.form.fields)),
            "matrix_url": self.query(vis=None),
            "seats_url": self.listed(),
            "people_url": self.query(vis="personer"),
            "required": bool(self.found.rules),
            "count": len(self.picked),
            "assign_url": self.marks.assign_url,
            "catalogue_url": address("role-list"),
        }
        return render(self.request, template, {**common, **context})

    # The matrix

    def matrix(self) -> HttpResponse:
        whole = Picked(self.found, self.form.choice(states=False))
        columns = self.form.columns
        if (column := self.form.cleaned_data.get("sted")) is not None:
            columns = [column]
        by_cell = self.cells(whole, columns)
        filtered = self.choice.states != frozenset(State)
        shown = by_cell if not filtered else self.cells(self.picked, columns)
        order = list(RoleLevel.values)
        roles = sorted(
            {role for role, _ in shown},
            key=lambda key: (
                order.index(self.found.roles[key].level),
                sort_key(self.found.roles[key].name),
                key,
            ),
        )
        rows = paginate(roles, self.request.GET, ROWS)
        used = [column for column in columns if any((role, column.key) in shown for role in roles)]
        body = [
            html.Row(
                self.found.roles[role],
                address("role-detail", self.found.roles[role].code),
                [self.cell(role, column, by_cell, shown) for column in used],
            )
            for role in rows.object_list
        ]
        wants = [
            self.wants(whole, columns, UNMANNED, "ubesat"),
            self.wants(whole, columns, frozenset({State.DEPUTY_MISSING}), "deputy_missing"),
        ]
        carriers = self.carriers()
        return self.page(
            "roles/coverage.html",
            {
                "head": html.matrix_head(used, self.column_url),
                "body": html.matrix_body(self.marks, used, body, filtered),
                "rows": rows,
                "legend": [
                    (html.dot(state), whole.tally[state], html.WORDS[state],
                     self.listed(tilstand=str(state)))
                    for state in State
                ],
                "all_seats": len(whole),
                "all_url": self.query(tilstand=None),
                "lacking_url": self.query(tilstand="mangler"),
                "only_lacking": self.form.cleaned_data.get("tilstand") == "mangler",
                "any_state": not filtered,
                "shares": self.shares(whole),
                "unmanned": wants[0],
                "without_deputy": wants[1],
                "carriers": self.told(carriers[:CARRIERS]),
                "carrier_count": len(carriers),
            },
        )  # fmt: skip

    def cells(self, picked: Picked, columns: Sequence[Column]) -> Cells:
        """The parts of what was picked, by role and column."""
        named = {asset: column.key for column in columns for asset in column.assets}
        wide = {column.kind: column.key for column in columns if not column.assets}
        found: Cells = {}
        for part in picked.parts:
            scope = part.rule.scopes[0]
            key = wide.get(part.rule.kind) or named.get(scope if scope is not None else NOBODY)
            if key is not None:
                found.setdefault((part.rule.role, key), []).append(part)
        return found

    def cell(
        self, role: int, column: Column, all_of: dict[Any, list[Any]], shown: dict[Any, list[Any]]
    ) -> Any:
        parts, kept = all_of.get((role, column.key), []), shown.get((role, column.key), [])
        if not parts:
            return None
        tally, kept_tally = _sum(parts), _sum(kept)
        line = next(kept[0].lines(self.found)) if tally.total() == kept_tally.total() == 1 else None
        url = self.listed(rolle=self.found.roles[role].code, sted=column.key)
        return html.Cell(tally, kept_tally, line, url)

    def column_url(self, column: Column) -> str:
        """What a head leads to: the modules of a platform, the asset itself, or the seats of what goes together."""
        if column.asset is not None and len(column.assets) > 1:
            return self.query(komponent=column.key)
        if column.asset is not None:
            kind = self.found.assets[column.asset].kind
            return reverse(f"{kind}-detail", args=[column.key])
        return self.listed(sted=column.key)

    def shares(self, whole: Picked) -> list[tuple[str, str, list[Share]]]:
        """How much is filled, by each thing that is not filtered by already."""
        chosen, roles = self.form.cleaned_data, self.found.roles
        found: list[tuple[str, str, list[Share]]] = []

        def share(name: str, tally: Tally, param: str, value: str) -> Share:
            return Share(
                name,
                tally,
                self.listed(**{param: value, "tilstand": None}),
                self.listed(**{param: value, "tilstand": "daekket"}),
            )

        for param, label, choices, facts in (
            ("niveau", "Niveau", RoleLevel, lambda rule: roles[rule.role].level),
            ("fase", "Fase", Phase, lambda rule: roles[rule.role].phase),
        ):
            tallies = whole.tallies(facts)
            if not chosen.get(param):
                lines = [
                    share(str(c.label), tallies[c.value], param, c.value) for c in choices if c in tallies
                ]
                found.append((param, label, lines))
        if not chosen.get("forvaltning"):
            names = {key: (owner.name, owner.code) for key, owner in self.found.owners.items()}
            names[NOBODY] = ("Uden forvaltning", NO_OWNER)
            owners = sorted(
                whole.by_owner().items(), key=lambda o: (o[0] == NOBODY, sort_key(names[o[0]][0]))
            )
            lines = [share(names[key][0], tally, "forvaltning", names[key][1]) for key, tally in owners]
            found.append(("forvaltning", "Forvaltning", lines))
        if not chosen.get("komponent"):
            assets = self.found.assets

            def platform(rule: Any) -> int:
                key = rule.scopes[0]
                named = rule.kind == ScopeKind.ASSET and assets[key].kind == "component"
                return coverage_columns.root(self.found, key) if named else NOBODY

            tallies_by = {key: tally for key, tally in whole.tallies(platform).items() if key != NOBODY}
            lines = [
                share(assets[key].name, tally, "komponent", assets[key].code)
                for key, tally in sorted(tallies_by.items(), key=lambda t: sort_key(assets[t[0]].name))
            ]
            found.append(("komponent", "Platform", lines))
        return [entry for entry in found if entry[2]]

    def wants(
        self, whole: Picked, columns: Sequence[Column], states: frozenset[State], name: str
    ) -> dict[str, Any]:
        """The first few roles that lack somebody, those of a column together; and how many seats in all.

        ``name`` is what a choice of the states is called in addresses.
        """
        lacking = Picked(self.found, replace(whole.choice, states=states))
        named = {column.key: column for column in columns}
        found = []
        for (role, key), parts in self.cells(lacking, columns).items():
            facts, count = self.found.roles[role], _sum(parts).total()
            url = self.listed(rolle=facts.code, sted=key, tilstand=name)
            if count == 1:
                line = next(parts[0].lines(self.found))
                where, assign_url = html.scope_name(self.found, line), self.marks.assign(line)
            else:
                where, assign_url = f"{formats.plain(count)} {_things(named[key])}", ""
            found.append(Want(facts.name, where, url, assign_url))
        found.sort(key=lambda want: (sort_key(want.role), want.where))
        return {
            "first": found[:FEW],
            "more": len(found) > FEW,
            "count": len(lacking),
            "url": self.listed(tilstand=name),
        }

    # The lists

    def seats(self) -> HttpResponse:
        size = next((size for size in SIZES if self.request.GET.get("size") == str(size)), SIZES[0])
        page = paginate(self.picked, self.request.GET, size)
        body = html.seat_rows(self.marks, page.object_list, lambda code: address("role-detail", code))
        return self.page(
            "roles/coverage_seats.html", {"page": page, "body": body, "sizes": SIZES, "size": size}
        )

    def people(self) -> HttpResponse:
        carriers = self.carriers()
        page = paginate(carriers, self.request.GET, SIZES[1])
        context = {"page": page, "carriers": self.told(list(page.object_list))}
        return self.page("roles/coverage_people.html", context)

    def carriers(self) -> list[Carrier]:
        """Who is in the seats, those in the most first."""
        found: dict[int, Carrier] = {}

        def carrier(key: int) -> Carrier:
            if key not in found:
                facts = self.found.people[key]
                initials, away = html.initials(facts.name), people_html.away(self.found, key)
                found[key] = Carrier(key, facts.name, initials, facts.unit, away)
            return found[key]

        for part in Picked(self.found, replace(self.form.choice(states=False), person=None)).parts:
            for cover in part.picked.values():
                for post in cover.holders:
                    carrier(post.person).holds += 1
                    carrier(post.person).alone += cover.state is State.DEPUTY_MISSING
                for post in cover.deputies:
                    carrier(post.person).deputises += 1
        return sorted(found.values(), key=lambda c: (-c.holds, -c.deputises, sort_key(c.name), c.key))

    def told(self, carriers: Sequence[Carrier]) -> list[dict[str, Any]]:
        """What the page says of them, with their units' names and the lists of their seats."""
        keys = {carrier.unit for carrier in carriers if carrier.unit}
        units = dict(Organisation.objects.filter(pk__in=keys).values_list("pk", "name"))
        return [
            {
                "of": carrier,
                "unit": units.get(carrier.unit or 0, ""),
                "url": address("person-detail", carrier.key),
                "lists": {
                    part: self.listed(person=str(carrier.key), som=part, tilstand=None) for part in PARTS
                },
            }
            for carrier in carriers
        ]


def _sum(parts: Sequence[Part]) -> Tally:
    found: Tally = Counter()
    for part in parts:
        found.update(part.tally)
    return found


def _things(column: Column) -> str:
    if column.key == coverage_columns.SYSTEMS:
        return "fagsystemer"
    if column.key == coverage_columns.DEPARTMENTS:
        return "forvaltninger"
    return f"steder i {column.name}" if column.asset else column.name


def exported(picked: Picked) -> Iterator[tuple[Any, ...]]:
    """A row for each required seat, by ``EXPORTED``.

    ``scope`` is the asset's or organisation's code, for a role of the whole municipality the municipality's, or
    KOMMUNEN when no organisation is one. ``required`` is how many holders are needed; ``holders`` and ``deputies``
    are how many count that day. ``vacant_days`` is empty unless somebody is lacking.
    """
    found = picked.found
    for line in picked:
        cover = line.cover
        yield (
            found.roles[line.rule.role].code,
            html.scope_code(found, line),
            line.rule.demand.holders,
            len(cover.holders),
            len(cover.deputies),
            str(cover.state),
            cover.vacant_days,
        )
