"""The whole landscape at once: the matrix of fagsystemer and components, and the map of departments and platforms."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any
from urllib.parse import quote

from django import forms
from django.core.exceptions import PermissionDenied, ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views import View

from foi_portal.core.danish import sort_key
from foi_portal.core.permissions import may
from foi_portal.ui import formats
from foi_portal.ui.export import ROW_FORMATS
from foi_portal.ui.filters import tags_of
from foi_portal.ui.forms import DateField, shorten
from foi_portal.ui.views import paginate
from registry import landscape, landscape_map, matrix, past, usage
from registry.filters import MOST_WORDS, NOBODY, CodeChoice
from registry.graph import Severity
from registry.landscape import Facts, Source
from registry.matrix import Column
from registry.matrix_table import WORDS, Group, Head, Line, Lists, MatrixTable
from registry.models import Component, Dependency, DependencyStatus, Importance, Lifecycle, System
from registry.usage import Link, Usage

ROWS, COLUMNS = 100, 40  # of a page
PLATFORMS, DEPARTMENTS = 16, 12  # drawn on the map; the smaller ones go together
WITHOUT = "Uden forvaltning"
NORMAL = Lifecycle.ACTIVE.value
ONGOING = [(s.value, s.label) for s in DependencyStatus if s is not DependencyStatus.ENDED]


class LandscapeForm(forms.Form):
    """What the matrix and the map can be filtered by. Names are those of the lists where they have the same."""

    q = forms.CharField(label="Navn eller kode", required=False)
    department = CodeChoice(label="Forvaltning", required=False)
    vendor = CodeChoice(label="Leverandør", required=False)
    status = forms.ChoiceField(
        label="Fagsystemets status", required=False, choices=[("", "Alle"), *Lifecycle.choices]
    )
    importance = forms.ChoiceField(
        label="Svigter den", required=False, choices=[("", "Alle"), *Importance.choices]
    )
    dependency_status = forms.ChoiceField(
        label="Afhængighedens status", required=False, choices=[("", "Alle"), *ONGOING]
    )
    dato = DateField(label="Dato", required=False)

    def __init__(self, data: Any, used: Usage) -> None:
        super().__init__(data)
        owners = used.landscape.organisations
        departments = dict.fromkeys(system.department or 0 for system in used.systems)  # in order already
        choices = [(owners[key].code, owners[key].name) for key in departments if key in owners]
        nobody = [(NOBODY, WITHOUT)] if any(key not in owners for key in departments) else []
        self.fields["department"].choices = [("", "Alle"), *choices, *nobody]  # type: ignore[attr-defined]
        vendors = sorted(
            (owners[key] for key in {system.provider or 0 for system in used.systems} if key in owners),
            key=lambda owner: (sort_key(owner.name), owner.code),
        )
        self.fields["vendor"].choices = [("", "Alle"), *((v.code, v.name) for v in vendors)]  # type: ignore[attr-defined]
        self.is_valid()
        self.chosen: dict[str, str] = {
            name: value for name, value in self.cleaned_data.items() if value and name != "dato"
        }

    def picks(self, system: Facts, department: str, vendor: str) -> bool:
        """Whether the system is among the chosen; department and vendor are given as codes."""
        chosen = self.chosen
        words = list(dict.fromkeys(chosen.get("q", "")[:200].casefold().split()))[:MOST_WORDS]
        texts = (system.name.casefold(), system.code.casefold())
        return (
            chosen.get("department", department) == department
            and chosen.get("vendor", vendor) == vendor
            and chosen.get("status", system.lifecycle) == system.lifecycle
            and all(any(word in text for text in texts) for word in words)
        )

    def counts(self, link: Link) -> bool:
        """Whether the dependency is among the chosen."""
        chosen = self.chosen
        return (
            chosen.get("importance", link.importance) == link.importance
            and chosen.get("dependency_status", link.status) == link.status
        )

    @property
    def picks_dependencies(self) -> bool:
        return "importance" in self.chosen or "dependency_status" in self.chosen


@dataclass(frozen=True)
class Picked:
    """What a page shows of a day's usage: the chosen systems and their chosen dependencies."""

    used: Usage
    form: LandscapeForm
    systems: list[Facts]
    links: list[Link]

    def department(self, system: Facts) -> tuple[str, str]:
        """Code and name of the department; ``NOBODY`` when there is none."""
        owner = self.used.landscape.organisations.get(system.department or 0)
        return (owner.code, owner.name) if owner else (NOBODY, WITHOUT)


class LandscapePage(View):
    """What both pages do: read the date and the filter, and pick."""

    template_name: str

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not all(may(request.user, "view", model) for model in (System, Component, Dependency)):
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    def picked(self) -> Picked:
        self.today = timezone.localdate()
        used = usage.on(landscape.at(self.day() or self.today))
        form = LandscapeForm(self.request.GET, used)
        owners = used.landscape.organisations

        def code(key: int | None, none: str) -> str:
            return owners[key].code if key is not None and key in owners else none

        systems = [s for s in used.systems if form.picks(s, code(s.department, NOBODY), code(s.provider, ""))]
        own = {system.key for system in systems}
        return Picked(used, form, systems, [x for x in used.links if x.source in own and form.counts(x)])

    def day(self) -> datetime.date | None:
        """The day asked for; None when there is none, or when it is no date (the form says so)."""
        try:
            return DateField(required=False).clean(self.request.GET.get("dato", ""))  # type: ignore[no-any-return]
        except ValidationError:
            return None

    def lists(self, picked: Picked) -> Lists:
        chosen = picked.form.chosen
        among = {"importance": chosen.get("importance", ""), "status": chosen.get("dependency_status", "")}
        among = {name: value for name, value in among.items() if value}
        if "status" in among:  # a status alone also finds those whose period is over
            among["ongoing"] = "ja"
        names = {"department": "department", "vendor": "vendor", "status": "user_status", "q": "user_q"}
        whose = {names[name]: value for name, value in chosen.items() if name in names}
        return Lists(reverse("dependency-list"), among, whose, picked.used.landscape.on == self.today)

    def query(self, **changes: str | Sequence[str] | None) -> str:
        """The address with the same choices and some of them changed; None removes one, and empty ones go too."""
        params = self.request.GET.copy()
        empty = [name for name, values in params.lists() if not any(values)]
        for name in ("page", "kolonner", "_export", *changes, *empty):
            params.pop(name, None)
        for name, value in changes.items():
            if value:
                params.setlist(name, [value] if isinstance(value, str) else list(value))
        return f"?{params.urlencode()}"

    def page(self, picked: Picked, context: dict[str, Any]) -> HttpResponse:
        known = picked.used.landscape
        tags = tags_of(picked.form, self.request.GET, {"dato": formats.date(known.on)})
        common = {
            "section": "landscape",
            "form": picked.form,
            "tags": tags,
            "on": known.on,
            "source": known.source,
            "is_today": known.on == self.today,
            "is_later": known.on > self.today,
            "first_day": past.first_day() if known.source is Source.PERIODS else None,
            "here_url": self.request.path,
            "everywhere": self.query(aabn=None),
            "systems_count": len(picked.systems),
            "all_systems": len(picked.used.systems),
            "may_add": may(self.request.user, "add", System),
        }
        return render(self.request, self.template_name, {**common, **context})

    def component_url(self, picked: Picked, code: str) -> str:
        return self.asset_url(picked, "component", code)

    def asset_url(self, picked: Picked, kind: str, code: str) -> str:
        """The asset's page, as of the day when the history knows it."""
        if picked.used.landscape.source is not Source.HISTORY:
            return reverse(f"{kind}-detail", args=[code])
        return f"{reverse(f'{kind}-on-date', args=[code])}?dato={picked.used.landscape.on}"


class LandscapeMatrix(LandscapePage):
    template_name = "registry/landscape.html"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        picked = self.picked()
        opened, unknown = self.opened(picked.used)
        uses = [matrix.Use(x.source, x.target, x.severity, x.running) for x in picked.links]
        found = matrix.count(uses, picked.used.modules, opened)
        shown = picked.systems
        if picked.form.picks_dependencies:
            shown = [system for system in shown if system.key in found.rows]
        writer = ROW_FORMATS.get(request.GET.get("_export", ""))
        if writer is not None:
            names = ("system", "component", "importance", "dependencies")
            return writer("landskab", names, _exported(picked, shown, found))
        rows = paginate(shown, request.GET, ROWS)
        columns = Paginator(found.columns, COLUMNS).get_page(request.GET.get("kolonner"))
        first = COLUMNS * (columns.number - 1)
        next_page = columns.number % columns.paginator.num_pages + 1
        table = MatrixTable(
            found,
            range(first, first + len(columns.object_list)),
            self.heads(picked, found, opened),
            self.lists(picked),
            self.query(kolonner=str(next_page), page=str(rows.number)),
            lambda column: _column_name(picked.used, column),
        )
        groups = self.groups(picked, list(rows.object_list), shown, found, table.lists)
        return self.page(
            picked,
            {
                "head": table.head(),
                "body": table.body(groups),
                "columns": [
                    {
                        "name": table.name(column),
                        "head": table.heads[column.key],
                        "opens": column.opens,
                        "uses": column.total.uses,
                        "url": table.total_url(column),
                    }
                    for column in table.columns
                ],
                "open_heads": [
                    table.heads[key] for key in dict.fromkeys(key for c in table.columns for key in c.path)
                ],
                "tab": "matrix",
                "opened_codes": sorted(picked.used.components[key].code for key in opened),
                "rows": rows,
                "column_page": columns,
                "column_pages": columns.paginator,
                "total": found.total.uses,
                "total_url": table.lists.of_all(),
                "hidden": len(picked.systems) - len(shown),
                "hidden_url": self.query(importance=None, dependency_status=None),
                "unplaced": found.unplaced,
                "unplaced_url": table.lists.of_all(target_kind="system"),
                "unknown": unknown,
                "legend": [(css, WORDS[level]) for css, level in zip("cdm", _WORST_FIRST, strict=True)],
            },
        )

    def opened(self, used: Usage) -> tuple[set[int], list[str]]:
        """The components that are open: those the address names, and all above them. And the codes that are none."""
        texts = [code for text in self.request.GET.getlist("aabn") for code in text.split(",")]
        codes = dict.fromkeys(text.strip().upper() for text in texts if text.strip())
        keys = {component.code: key for key, component in used.components.items()}
        opened = {keys[code] for code in codes if code in keys}
        for key in list(opened):
            opened.update(used.modules.above(key))
        return opened, [shorten(code) for code in codes if code not in keys][:5]

    def heads(self, picked: Picked, found: matrix.Matrix, opened: set[int]) -> dict[int, Head]:
        """The head of each component on the page. What is in it closes with it."""
        used, heads = picked.used, {}
        codes = {key: used.components[key].code for key in opened}
        for key in {key for column in found.columns for key in (column.key, *column.path)}:
            component = used.components[key]
            kept = dict(codes)
            if key in opened:
                for gone in (key, *used.modules.all_below(key)):
                    kept.pop(gone, None)
            else:
                kept[key] = component.code
            heads[key] = Head(
                component.code,
                component.name,
                self.component_url(picked, component.code),
                self.query(aabn=sorted(kept.values())),
            )
        return heads

    def groups(
        self, picked: Picked, page: list[Facts], shown: list[Facts], found: matrix.Matrix, lists: Lists
    ) -> Iterator[Group]:
        """The page's systems under their departments, which are counted over all pages."""
        systems: Counter[str] = Counter()
        uses: Counter[str] = Counter()
        for system in shown:
            code, _ = picked.department(system)
            systems[code] += 1
            uses[code] += found.rows[system.key].uses if system.key in found.rows else 0
        for (code, name), members in groupby(page, key=picked.department):
            yield Group(
                name,
                self.query(department=code),
                systems[code],
                uses[code],
                lists.of_all(department=code),
                [
                    Line(s.key, s.code, s.name, self.asset_url(picked, "system", s.code), _note(s.lifecycle))
                    for s in members
                ],
            )


_WORST_FIRST = (Severity.CRITICAL, Severity.DEGRADED, Severity.MINOR)


def _note(lifecycle: str) -> str:
    return "" if lifecycle == NORMAL else str(Lifecycle(lifecycle).label)


def _column_name(used: Usage, column: Column) -> str:
    component = used.components[column.key]
    return component.name if column.whole else f"{component.code} selv"


def _exported(
    picked: Picked, shown: list[Facts], found: matrix.Matrix
) -> Iterator[tuple[str, str, str, int]]:
    """A row per cell, of all pages and columns. An open component's own column has its code alone."""
    values = {Severity[i.name]: i.value for i in Importance}
    codes = [picked.used.components[column.key].code for column in found.columns]
    for system in shown:
        for number, cell in sorted(found.cells.get(system.key, {}).items()):
            yield system.code, codes[number], values[Severity(cell.severity)], cell.uses


class LandscapeMap(LandscapePage):
    template_name = "registry/landscape_map.html"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        picked = self.picked()
        department = {system.key: picked.department(system) for system in picked.systems}
        modules, components = picked.used.modules, picked.used.components
        flows: dict[tuple[str, str], landscape_map.Amount] = {}
        for link in picked.links:
            if link.target in modules:
                ends = (department[link.source][0], components[modules.top(link.target)].code)
                flows[ends] = flows.get(ends, landscape_map.NONE).plus(
                    1, int(link.importance == Importance.CRITICAL)
                )
        systems = Counter(code for code, _ in department.values())
        names = dict(department.values())
        platforms = {c.code: c.name for c in components.values()}
        lists = self.lists(picked)
        left = landscape_map.ranked(
            names, flows, 0, lambda code: reverse("landscape") + self.query(department=code)
        )
        right = landscape_map.ranked(platforms, flows, 1, lambda code: self.component_url(picked, code))
        rows = paginate(right, request.GET, ROWS)
        shown, rest = left[:DEPARTMENTS], left[DEPARTMENTS:]
        by_platform: dict[str, dict[str, landscape_map.Amount]] = defaultdict(dict)
        for (source, target), amount in flows.items():
            by_platform[target][source] = amount
        picture = landscape_map.draw(
            landscape_map.rolled_up(left, DEPARTMENTS, "#h-departments"),
            landscape_map.rolled_up(right, PLATFORMS, "#h-platforms"),
            flows,
        )
        return self.page(
            picked,
            {
                "tab": "map",
                "picture": picture,
                "departments": [
                    {"bar": bar, "systems": systems[bar.key], "url": lists.of_all(department=bar.key)}
                    for bar in left
                ],
                "shown": shown,
                "rest": len(rest),
                "rows": rows,
                "platforms": [
                    {
                        "bar": bar,
                        "url": lists.of_all(within=bar.key),
                        "impact": f"?asset={quote(bar.key)}",
                        "cells": [
                            (
                                department,
                                by_platform[bar.key].get(department.key),
                                lists.of_all(department=department.key, within=bar.key),
                            )
                            for department in shown
                        ],
                        "rest": sum(
                            by_platform[bar.key][d.key].uses for d in rest if d.key in by_platform[bar.key]
                        ),
                    }
                    for bar in rows.object_list
                ],
                "total": sum(amount.uses for amount in flows.values()),
                "critical": sum(amount.critical for amount in flows.values()),
                "total_url": lists.of_all(),
            },
        )
