"""What has changed in a year's budget since a moment, act by act: who, what, from and to. Two queries.

Read from the history, so every way of writing is in it: the page, an import, the administration.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db import models
from django.urls import reverse

from budgets import words
from budgets.models import (
    Actual,
    ActualImport,
    Adjustment,
    AdjustmentEntry,
    AdjustmentKind,
    AdjustmentState,
    BudgetLine,
    BudgetResponsibility,
    BudgetYear,
    CostType,
    DecisionKind,
    Forecast,
    ForecastRound,
    YearDecision,
)
from budgets.picture import Picture
from budgets.rollup import Line
from foi_portal.core import history
from foi_portal.core.history.tables import KEPT_BY_TRIGGERS, recorded_fields
from foi_portal.core.keys import among
from foi_portal.core.models import Change
from foi_portal.ui import formats

WATCHED: tuple[type[models.Model], ...] = (
    YearDecision,
    Adjustment,
    BudgetLine,
    ForecastRound,
    Forecast,
    ActualImport,
    Actual,
    BudgetResponsibility,
)
WINDOW = 60  # of the newest changes in each table that are looked at
MOST = 160  # of those, the newest that are read
SHOWN = 3  # of an act's changes
UNSHOWN = {"explained", "calculation", "archived_at", "archive_reason", "decided_at", "decided_by_id"}
DONE = {"insert": "ny", "update": "rettet", "delete": "slettet"}
Values = dict[str, Any]


@dataclass(frozen=True)
class Item:
    """One changed row: what it is, where it is, what was done, and its fields (label, before, after)."""

    title: str
    url: str
    done: str
    fields: list[tuple[str, str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Act:
    """Changes made in one go. ``more`` of them are not shown."""

    who: str
    at: datetime.datetime
    reason: str
    url: str
    items: list[Item]
    more: int


def acts(
    year: BudgetYear, found: Picture, since: datetime.datetime | None, most: int
) -> tuple[list[Act], bool]:
    """The newest acts that touched the year after ``since`` (of all times: ``None``), and whether there are more."""
    window = sorted(_window(), reverse=True)
    read = list(Change.objects.filter(pk__in=among(window[:MOST])).select_related("actor").order_by("-id"))
    rows = [change for change in read if since is None or change.at > since]
    cut = len(window) > MOST and len(rows) == len(read)  # there may be older ones that are news too
    sets: dict[uuid.UUID, list[tuple[Change, type[models.Model]]]] = {}
    by_table = {model._meta.db_table: model for model in WATCHED}
    lines = found.by_key
    seen = set()
    for change in rows:
        row = (change.change_set, change.table, change.row_id)
        # of a row changed twice in an act, only how it ended
        if row not in seen and _is_of(change, by_table[change.table], year, found, lines):
            seen.add(row)
            sets.setdefault(change.change_set, []).append((change, by_table[change.table]))
    shown = list(sets.values())[:most]
    entries = _entries([change.row_id for group in shown for change, model in group if model is Adjustment])
    names = _Names(found, lines, entries)
    return [_act(group, names) for group in shown], len(sets) > most or cut


def _entries(adjustments: Sequence[int]) -> dict[int, list[tuple[int, Decimal]]]:
    """What each adjustment does: lines and DKK. One query, where there are any."""
    found: dict[int, list[tuple[int, Decimal]]] = {}
    rows = AdjustmentEntry.objects.filter(adjustment__in=adjustments).order_by("adjustment", "-amount", "id")
    for adjustment, line, amount in (
        rows.values_list("adjustment_id", "line_id", "amount") if adjustments else ()
    ):
        found.setdefault(adjustment, []).append((line, amount))
    return found


def _window() -> list[int]:
    """Keys of the newest changes in each watched table. Only keys, which each table's own part of the index gives at
    once; a search by moment, through all tables together or for more columns would read a million rows."""
    table = Change._meta.db_table
    newest = " UNION ALL ".join(
        f'SELECT * FROM (SELECT id FROM {table} WHERE "table" = %s ORDER BY id DESC LIMIT {WINDOW}) t{number}'  # noqa: S608
        for number in range(len(WATCHED))
    )
    return [row.pk for row in Change.objects.raw(newest, [model._meta.db_table for model in WATCHED])]


def _is_of(
    change: Change, model: type[models.Model], year: BudgetYear, found: Picture, lines: Mapping[int, Line]
) -> bool:
    row: Values = change.after or change.before or {}
    if model is Forecast:
        return row.get("line_id") in lines
    if model is BudgetResponsibility:
        return row.get("component_id") in found.tops
    return row.get("year_id") == year.pk


def _act(group: Sequence[tuple[Change, type[models.Model]]], names: _Names) -> Act:
    newest = group[0][0]
    order = {model: number for number, model in enumerate(WATCHED)}
    ranked = sorted(group, key=lambda pair: (order[pair[1]], pair[0].pk))
    return Act(
        who=str(newest.actor or "Systemet"),
        at=newest.at,
        reason=newest.reason,
        url=reverse("changeset", args=[newest.change_set]),
        items=[names.item(change, model) for change, model in ranked[:SHOWN]],
        more=max(0, len(group) - SHOWN),
    )


@dataclass(frozen=True)
class _Names:
    """Puts changes into words. ``lines`` are the year's, by key; ``entries`` what adjustments do."""

    found: Picture
    lines: Mapping[int, Line]
    entries: Mapping[int, list[tuple[int, Decimal]]]

    def item(self, change: Change, model: type[models.Model]) -> Item:
        before = history.to_python(model, change.before) if change.before else {}
        after = history.to_python(model, change.after) if change.after else {}
        row = after or before
        changed = [] if change.operation == Change.Operation.INSERT else list(_fields(model, before, after))
        if model is BudgetLine:
            done = DONE[change.operation]
            if before and (before["archived_at"] is None) != (row["archived_at"] is None):
                done = "arkiveret" if row["archived_at"] else "gendannet"
            amount = changed or _amount("oprindeligt budget", row["original"])
            return Item(*self.named(row["component_id"], row["cost_type"]), done, amount)
        if model in (Forecast, Actual):
            label = (
                "forventet regnskab" if model is Forecast else f"forbrug i {words.MONTHS[row['month'] - 1]}"
            )
            return Item(*self.line(row["line_id"]), "", changed or _amount(label, row["amount"]))
        if model is BudgetResponsibility:
            place = self.found.places[row["component_id"]]
            state = "afklaret" if row["clarified"] else "ikke afklaret"
            return Item(f"Budgetansvar for {place.name}", self.component_url(place.key), state)
        return self.of_the_year(change, model, row)

    def of_the_year(self, change: Change, model: type[models.Model], row: Values) -> Item:
        """What is about the year as a whole."""
        if model is YearDecision:
            note = f": {row['note']}" if row["note"] else ""
            return Item(f"Budgettet er {_label(DecisionKind, row['kind'])}{note}", "", "")
        if model is Adjustment:
            title = f"{_label(AdjustmentKind, row['kind']).capitalize()}: {row['reason']}"
            url = reverse("adjustment-detail", args=[self.found.number, change.row_id])
            moved = self.entries.get(change.row_id, ())
            told = [(self.line(line)[0], "", f"{words.change(amount)} kr.") for line, amount in moved[:SHOWN]]
            if len(moved) > SHOWN:
                told.append((f"og {formats.plain(len(moved) - SHOWN)} mere", "", ""))
            return Item(title, url, _label(AdjustmentState, row["state"]), told)
        if model is ActualImport:
            added = formats.plain(row["added"])
            return Item(f"Forbrug indlæst fra {row['file_name']}", "", f"{added} nye posteringer")
        return Item(row["name"], "", DONE[change.operation])

    def line(self, key: int | None) -> tuple[str, str]:
        """The name and address of a line of the year."""
        line = self.lines.get(key or 0)
        return self.named(line.component, line.cost_type) if line else ("Uden linje", "")

    def named(self, component: int, cost_type: str) -> tuple[str, str]:
        name = f"{self.found.places[component].name}, {_label(CostType, cost_type)}"
        return name, self.component_url(component)

    def component_url(self, component: int) -> str:
        return reverse("budget-component", args=[self.found.number, self.found.places[component].code])


def _amount(label: str, amount: Decimal | None) -> list[tuple[str, str, str]]:
    return [(label, "", f"{words.exact(amount)} kr." if amount is not None else "ikke kendt")]


def _fields(model: type[models.Model], before: Values, after: Values) -> Iterable[tuple[str, str, str]]:
    """The fields that differ; of a reference only that it does."""
    for column in recorded_fields(model):
        name = str(column.column)
        if name in KEPT_BY_TRIGGERS or name in UNSHOWN or before.get(name) == after.get(name):
            continue
        label = str(column.verbose_name)
        if isinstance(column, models.ForeignKey):
            yield label, "", "ændret"
        else:
            yield label, _shown(column, before.get(name)), _shown(column, after.get(name))


def _shown(column: Any, value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{words.exact(value)} kr."
    if value is None and isinstance(column, models.DecimalField):
        return "ikke kendt"
    if column.choices:
        return str(dict(column.flatchoices).get(value, value))
    return formats.plain(value)


def _label(choices: type[models.TextChoices], value: str) -> str:
    return str(dict(choices.choices).get(value, value)).lower()


__all__ = ["Act", "Item", "acts"]
