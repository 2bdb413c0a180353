"""A year's budget as it stood at the end of an earlier day, read from the history, and what differs between two days.

An amount of a version is what the tables held then: lines that were not archived, with the original budget they had,
and the adjustments that were approved by then.
"""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Count, QuerySet
from django.db.models.functions import TruncDate

from budgets.models import (
    Adjustment,
    AdjustmentEntry,
    AdjustmentState,
    BudgetLine,
    BudgetYear,
    YearState,
)
from foi_portal.core.models import Change
from foi_portal.core.money import ZERO, sum_of_known
from registry.differences import State, content, states


@dataclass(frozen=True, slots=True)
class LineThen:
    """A line as it stood: its columns, and in DKK the sum of approved adjustments. None is not known."""

    key: int
    state: State
    adjusted: Decimal

    @property
    def original(self) -> Decimal | None:
        amount: Decimal | None = self.state["original"]
        return amount

    @property
    def revised(self) -> Decimal | None:
        return None if self.original is None else self.original + self.adjusted


@dataclass(frozen=True, slots=True)
class AdjustmentThen:
    """An approved adjustment as it stood: its columns, and its sum in DKK."""

    key: int
    state: State
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Version:
    """The year at the end of ``on``: its state, its live lines by key, and what was approved, the newest first."""

    on: datetime.date
    state: YearState
    lines: dict[int, LineThen]
    adjustments: list[AdjustmentThen] = field(default_factory=list)

    @property
    def original(self) -> Decimal | None:
        return sum_of_known(line.original for line in self.lines.values())

    @property
    def revised(self) -> Decimal | None:
        return sum_of_known(line.revised for line in self.lines.values())

    @property
    def adjusted(self) -> Decimal:
        """What adjustments have changed, on lines whose budget is known."""
        return sum((line.adjusted for line in self.lines.values() if line.original is not None), ZERO)

    @property
    def unknown(self) -> int:
        return sum(line.original is None for line in self.lines.values())


@dataclass(frozen=True, slots=True)
class LineChange:
    """A line that differs between two versions; None on the side where it was not. Amounts in DKK."""

    key: int
    before: LineThen | None
    after: LineThen | None

    @property
    def line(self) -> LineThen:
        """The line as it was last."""
        line = self.after or self.before
        assert line is not None  # noqa: S101 - it was there on one of the days
        return line

    @property
    def difference(self) -> Decimal | None:
        """How much more the revised budget is; a line that is not there counts 0. None when one is not known."""
        was = ZERO if self.before is None else self.before.revised
        now = ZERO if self.after is None else self.after.revised
        return None if was is None or now is None else now - was


def read(year: BudgetYear, on: datetime.date) -> Version | None:
    """The year as it stood at the end of ``on``, in Danish time; None when it was not written yet. Four queries."""
    then = states(BudgetYear, [year.pk], on).get(year.pk)
    if then is None:
        return None
    rows = states(BudgetLine, _keys(BudgetLine, year), on)
    decided = states(Adjustment, _keys(Adjustment, year), on)
    approved = {key: it for key, it in decided.items() if it["state"] == AdjustmentState.APPROVED}
    by_line: dict[int, Decimal] = defaultdict(lambda: ZERO)
    by_adjustment: dict[int, Decimal] = defaultdict(lambda: ZERO)
    for entry in states(AdjustmentEntry, _keys(AdjustmentEntry, year), on).values():
        if entry["adjustment_id"] in approved:
            by_line[entry["line_id"]] += entry["amount"]
            by_adjustment[entry["adjustment_id"]] += entry["amount"]
    return Version(
        on=on,
        state=YearState(then["state"]),
        lines={
            key: LineThen(key, row, by_line[key])
            for key, row in rows.items()
            if row["archived_at"] is None and row["year_id"] == year.pk
        },
        adjustments=sorted(
            (AdjustmentThen(key, it, by_adjustment[key]) for key, it in approved.items()),
            key=lambda it: (it.state["decided_at"], it.key),
            reverse=True,
        ),
    )


def compare(before: Version, after: Version) -> list[LineChange]:
    """The lines that came, went or were changed, in no particular order. Pure."""
    return [
        LineChange(key, before.lines.get(key), after.lines.get(key))
        for key in before.lines.keys() | after.lines.keys()
        if _said(before.lines.get(key)) != _said(after.lines.get(key))
    ]


def first_day(year: BudgetYear) -> datetime.date | None:
    """The first day whose end the history can tell of; None when it has nothing about the year."""
    changes = Change.objects.filter(table=BudgetYear._meta.db_table, row_id=year.pk)
    return changes.order_by("pk").annotate(day=TruncDate("at")).values_list("day", flat=True).first()


def days(year: BudgetYear) -> dict[datetime.date, Counter[str]]:
    """The days on which something changed, the newest first: how many changes of lines and adjustments. Two queries."""
    found: dict[datetime.date, Counter[str]] = defaultdict(Counter)
    for name, model in (("lines", BudgetLine), ("adjustments", Adjustment)):
        changes = Change.objects.filter(table=model._meta.db_table, row_id__in=_keys(model, year))
        counted = changes.order_by().annotate(day=TruncDate("at")).values_list("day").annotate(Count("pk"))
        for day, count in counted:
            found[day][name] += count
    return dict(sorted(found.items(), reverse=True))


def _keys(model: Any, year: BudgetYear) -> QuerySet[Any]:
    """The keys of the year's rows: none is ever deleted or moved to another year."""
    path = "adjustment__year" if model is AdjustmentEntry else "year"
    keys: QuerySet[Any] = model._base_manager.filter(**{path: year}).values("pk")
    return keys


# What nobody decides about a budget.
_BESIDE = ("explanation", "explained")


def _said(line: LineThen | None) -> Mapping[str, Any] | None:
    if line is None:
        return None
    said = content(line.state) | {"adjusted": line.adjusted}
    return {name: value for name, value in said.items() if name not in _BESIDE}


__all__ = ["AdjustmentThen", "LineChange", "LineThen", "Version", "compare", "days", "first_day", "read"]
