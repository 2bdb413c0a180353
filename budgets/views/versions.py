"""``/budget/<year>/versioner/``: the budget as it stood on an earlier day, and what differs between two days."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import timezone

from budgets import versions
from budgets.forms.versions import VersionForm
from budgets.models import (
    AdjustmentKind,
    BudgetLine,
    CostType,
    DecisionKind,
    Funding,
    YearDecision,
)
from budgets.tables.versions import COMPARISON, VERSION, Names, exported_changes, exported_lines
from budgets.versions import LineChange, LineThen, Version
from budgets.views.year import YearPage
from foi_portal.core.danish import sort_key
from foi_portal.core.history import reading
from foi_portal.core.money import ZERO
from foi_portal.ui import export, formats, views
from foi_portal.ui.tables import label
from registry.models import Asset, Organisation

SHOWN, SHOWN_DAYS = 200, 30
Writer = Callable[[str, Sequence[str], Iterable[Sequence[Any]]], HttpResponseBase]


@dataclass(frozen=True)
class Shown:
    """A line ready to show: ``then`` on the day asked for, or ``change`` between two days with what else differs."""

    component: Asset
    unit: Organisation | None
    what: str
    then: LineThen | None = None
    change: LineChange | None = None
    differences: tuple[reading.Difference, ...] = ()


@dataclass(frozen=True)
class Between:
    """What differs between two versions. ``known`` is the sum of the differences that are known, in DKK."""

    earlier: Version
    later: Version
    rows: list[Shown]
    known: Decimal
    unknown: int


@dataclass(frozen=True)
class Day:
    """A day on which something changed, in words."""

    day: datetime.date
    told: str
    decisions: str


class Versions(YearPage):
    """``?pr=`` and ``?sammenlign=``: without them today, and the days worth asking for."""

    model = BudgetLine
    url_base = "version"
    tab = "budget-versions"
    template_name = "budgets/versions.html"

    def get(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        today, first = timezone.localdate(), versions.first_day(self.year)
        form = VersionForm(request.GET)
        form.is_valid()
        on, other = form.cleaned_data.get("pr"), form.cleaned_data.get("sammenlign")
        if on is None and "pr" not in form.errors:
            on = today
        if not form.errors:  # the dates as they are written in Danish
            form = VersionForm(initial={"pr": on, "sammenlign": other})
        found = {day: versions.read(self.year, day) for day in {on, other} if day is not None}
        version = found.get(on) if on else None
        against = found.get(other) if other else None
        names = Names([line for it in found.values() if it is not None for line in it.lines.values()])
        if writer := export.ROW_FORMATS.get(request.GET.get("_export", "")):
            return self.exported(writer, version, against, names)
        context = {
            "form": form,
            "today": today,
            "on": on,
            "other": other,
            "first": first,
            "version": version,
            "against": against,
            "days": self.days(),
            "list_url": "",
        }
        if version is not None:
            page = views.paginate(ordered(version.lines.values(), names), request.GET, SHOWN)
            context |= {
                "page": page,
                "rows": [shown(line, names) for line in page.object_list],
                "kinds": [(it, label(AdjustmentKind, it.state["kind"])) for it in version.adjustments],
                "components": len({line.state["component_id"] for line in version.lines.values()}),
            }
            if against is not None and on != other:
                context["between"] = between(version, against, names)
        return self.page(context)

    def url(self, verb: str, obj: Any = None) -> str:
        return self.address("budget-versions")

    def days(self) -> list[Day]:
        decided: dict[datetime.date, list[str]] = {}
        for kind, at in (
            YearDecision.objects.filter(year=self.year).order_by("at", "pk").values_list("kind", "at")
        ):
            decided.setdefault(timezone.localdate(at), []).append(label(DecisionKind, kind))
        found = list(versions.days(self.year).items())[:SHOWN_DAYS]
        return [
            Day(day, told(counts["lines"], counts["adjustments"]), ", ".join(decided.get(day, [])))
            for day, counts in found
        ]

    def exported(
        self, write: Writer, version: Version | None, against: Version | None, names: Names
    ) -> HttpResponseBase:
        """The version's lines, or the differences when two days are compared."""
        numbers = self.request.GET["_export"] == "xlsx"
        if version is not None and against is not None:
            earlier, later = sorted((version, against), key=lambda it: it.on)
            changes = in_order(versions.compare(earlier, later), names)
            name = f"budget-{self.year.year}-{earlier.on}-{later.on}"
            return write(name, COMPARISON, exported_changes(changes, names, numbers=numbers))
        lines = ordered(version.lines.values(), names) if version is not None else []
        name = f"budget-{self.year.year}-{version.on if version is not None else 'ingen'}"
        return write(name, VERSION, exported_lines(lines, names, numbers=numbers))


def told(lines: int, adjustments: int) -> str:
    parts = []
    if lines:
        parts.append(f"{formats.plain(lines)} {'ændring' if lines == 1 else 'ændringer'} af linjer")
    if adjustments:
        parts.append(f"{formats.plain(adjustments)} af budgetændringer")
    return ", ".join(parts)


def ordered(lines: Iterable[LineThen], names: Names) -> list[LineThen]:
    """As lists of lines are: by component, type and funding."""

    def place(line: LineThen) -> tuple[Any, ...]:
        component = names.component(line)
        state = line.state
        return sort_key(component.name), component.code, state["cost_type"], state["funding"], line.key

    return sorted(lines, key=place)


def in_order(changes: Iterable[LineChange], names: Names) -> list[LineChange]:
    by_key = {change.key: change for change in changes}
    return [by_key[line.key] for line in ordered((it.line for it in by_key.values()), names)]


def shown(line: LineThen, names: Names, **more: Any) -> Shown:
    state = line.state
    what = f"{label(CostType, state['cost_type'])}, {label(Funding, state['funding'])}"
    return Shown(names.component(line), names.unit(line), what, then=line, **more)


def between(one: Version, two: Version, names: Names) -> Between:
    """The difference from the earlier to the later, whichever was asked for first. A few queries for names."""
    earlier, later = sorted((one, two), key=lambda it: it.on)
    changes = in_order(versions.compare(earlier, later), names)
    both = [it for it in changes if it.before is not None and it.after is not None]
    pairs = [
        (BudgetLine, it.before.state, it.after.state)
        for it in both
        if it.before is not None and it.after is not None
    ]
    beside = {"original", "explanation", "explained", "archived_at", "archive_reason"}
    words = {
        it.key: tuple(d for d in found if d.column not in beside)
        for it, found in zip(both, reading.differences(pairs, formats.plain), strict=True)
    }
    differences = [it.difference for it in changes]
    return Between(
        earlier=earlier,
        later=later,
        rows=[shown(it.line, names, change=it, differences=words.get(it.key, ())) for it in changes],
        known=sum((it for it in differences if it is not None), ZERO),
        unknown=sum(it is None for it in differences),
    )
