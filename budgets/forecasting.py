"""Follow-up rounds: what a year is expected to end at. Only the newest round of an approved year is still written on.

Each deed locks the year first and then the round, so that two people's forecasts come one after the other.
"""

from __future__ import annotations

import calendar
import datetime
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Sum

from budgets import adjusting, line_names
from budgets.models import (
    Actual,
    BudgetLine,
    BudgetYear,
    CostType,
    Forecast,
    ForecastRound,
    YearState,
)
from budgets.queries import newest_round
from budgets.suggesting import Suggestion, suggest
from foi_portal.core import history
from foi_portal.core.models import Change, User
from foi_portal.core.money import ZERO

BATCH = 1_000
_NUMBER = re.compile(r"\d{1,2}(?=\.)", re.ASCII)


class Refused(Exception):  # noqa: N818  (the portal refuses; nothing has been written)
    """Nothing was written; the text says why, in Danish."""


class Clash(NamedTuple):
    """Two people have written a forecast of the line. Amounts in DKK; ``before`` is what was seen by who came last.

    ``version`` is the forecast's now; ``known`` tells whether ``before`` could be found out.
    """

    line: int
    before: Decimal | None
    theirs: Decimal | None
    mine: Decimal | None
    version: int
    change: Change | None
    known: bool


class Clashed(Exception):  # noqa: N818  (an answer to the user)
    """Nothing was written: others have changed some of the same rows since they were shown."""

    def __init__(self, clashes: list[Clash]) -> None:
        super().__init__(f"{len(clashes)} rows")
        self.clashes = clashes


@dataclass(frozen=True, slots=True)
class Typed:
    """What was typed for a line, in DKK (None: not known), and the forecast's version that was seen (0: none)."""

    line: int
    amount: Decimal | None
    version: int


@dataclass(frozen=True, slots=True)
class Row:
    """A line in a round, in DKK; None is not known. ``spent`` is to the end of the round's last whole month."""

    line: BudgetLine
    revised: Decimal | None
    spent: Decimal | None
    previous: Decimal | None
    suggestion: Suggestion | None
    forecast: Decimal | None
    version: int

    @property
    def deviation(self) -> Decimal | None:
        """The forecast less the revised budget: above 0 is overspending."""
        if self.forecast is None or self.revised is None:
            return None
        return self.forecast - self.revised


def why_not(year: BudgetYear) -> str:
    """Why nothing can be forecast in the year now, in Danish; empty when it can."""
    if year.state == YearState.CLOSED:
        return f"Budget {year.year} er lukket, så forventningerne kan ikke ændres. Kun kontorchefen kan genåbne det."
    if year.state != YearState.APPROVED:
        return f"Budget {year.year} er ikke godkendt endnu. En opfølgning laves, når det er."
    return ""


def next_number(year: BudgetYear) -> int:
    """The number of the year's next round: after the highest that one is named by, and after as many as there are."""
    names = list(ForecastRound.objects.filter(year=year).values_list("name", flat=True))
    numbers = [int(found[0]) for name in names if (found := _NUMBER.match(name))]
    return max([len(names), *numbers]) + 1


def last_day(year: int, month: int) -> datetime.date:
    """The last day of the month."""
    return datetime.date(year, month, calendar.monthrange(year, month)[1])


def open_months(
    year: BudgetYear, on: datetime.date, besides: ForecastRound | None = None
) -> list[datetime.date]:
    """Last days of the months that a new round, or ``besides``, can go to: over by ``on``, after all other rounds."""
    others = ForecastRound.objects.filter(year=year)
    if besides is not None:
        others = others.exclude(pk=besides.pk)
    newest = others.order_by("-actuals_to").values_list("actuals_to", flat=True).first()
    days = (last_day(year.year, month) for month in range(1, 13))
    return [day for day in days if day <= on and (newest is None or day > newest)]


def lock(year: BudgetYear) -> BudgetYear:
    """The year, locked for the transaction. Errors: ``Refused`` when nothing can be forecast in it."""
    locked = BudgetYear.objects.select_for_update(no_key=True).get(pk=year.pk)
    if message := why_not(locked):
        raise Refused(message)
    return locked


def start(
    *, year: BudgetYear, name: str, actuals_to: datetime.date, on: datetime.date, actor: User
) -> ForecastRound:
    """A new round. Errors: ``Refused``."""
    with history.recording(actor=actor):
        year = lock(year)
        if actuals_to not in open_months(year, on):
            raise Refused(
                "Der er kommet en opfølgning imens, som går lige så langt. Se den, eller vælg en senere måned."
            )
        return ForecastRound.objects.create(year=year, name=name, actuals_to=actuals_to)


def previous_round(round_: ForecastRound) -> ForecastRound | None:
    """The year's round before it."""
    earlier = ForecastRound.objects.filter(year=round_.year_id, actuals_to__lt=round_.actuals_to)
    return earlier.order_by("-actuals_to", "-pk").first()


def rows(round_: ForecastRound, previous: ForecastRound | None) -> list[Row]:
    """All live lines of the round's year, in the order of lists. Five queries, whatever the number of lines."""
    year, months = round_.year, round_.months
    added = adjusting.approved(year)
    spent: dict[int, Decimal] = dict(
        Actual.objects.filter(year=year, line__isnull=False, month__lte=months)
        .order_by()
        .values_list("line")
        .annotate(total=Sum("amount"))
    )
    now = {it.line_id: it for it in Forecast.objects.filter(round=round_)}
    before: dict[int, Decimal | None] = (
        dict(Forecast.objects.filter(round=previous).values_list("line", "amount")) if previous else {}
    )
    found = []
    for line in line_names.lines_of(year):
        revised = None if line.original is None else line.original + added.get(line.pk, ZERO)
        mine = now.get(line.pk)
        found.append(
            Row(
                line=line,
                revised=revised,
                spent=spent.get(line.pk),
                previous=before.get(line.pk),
                suggestion=suggest(
                    revised=revised,
                    spent=spent.get(line.pk),
                    months=max(months, 1),
                    invoiced_once=line.cost_type == CostType.LICENCE or line.price_model_id is not None,
                ),
                forecast=mine.amount if mine else None,
                version=mine.version if mine else 0,
            )
        )
    return found


def save(*, round_: ForecastRound, typed: Sequence[Typed], reason: str, actor: User) -> int:
    """Write what was typed, where it differs from what was seen. Out: how many lines were changed.

    A row that somebody else has changed since and that was left alone here keeps theirs.
    Errors: ``Refused``; ``Clashed`` when both have changed a row.
    """
    with history.recording(actor=actor, reason=reason):
        year = lock(round_.year)
        round_ = ForecastRound.objects.select_for_update(no_key=True).get(pk=round_.pk)
        newest = newest_round(year)
        if newest is not None and newest.pk != round_.pk:
            raise Refused(f"{newest.name} er nyere, så denne opfølgning kan ikke længere ændres.")
        keys = [it.line for it in typed]
        live = set(BudgetLine.objects.current().filter(year=year, pk__in=keys).values_list("pk", flat=True))
        now = {it.line_id: it for it in Forecast.objects.filter(round=round_, line__in=keys)}
        seen = _amounts_at(now, typed)
        new, changed, clashes = [], [], []
        for it in typed:
            there = now.get(it.line)
            version, amount = (there.version, there.amount) if there else (0, None)
            if it.line not in live or it.amount == amount:
                continue
            if it.version == version:
                if there is None:
                    new.append(Forecast(round=round_, line_id=it.line, amount=it.amount))
                else:
                    there.amount = it.amount
                    changed.append(there)
            elif it.line not in seen or seen[it.line] != it.amount:
                last = history.changes_of(there).select_related("actor").first() if there else None
                clashes.append(
                    Clash(it.line, seen.get(it.line), amount, it.amount, version, last, it.line in seen)
                )
        if clashes:
            raise Clashed(clashes)
        Forecast.objects.bulk_create(new, batch_size=BATCH)
        Forecast.objects.bulk_update(changed, ["amount"], batch_size=BATCH)
        return len(new) + len(changed)


def _amounts_at(now: Mapping[int, Forecast], typed: Collection[Typed]) -> dict[int, Decimal | None]:
    """What was seen in the rows that have changed since, by line; without those of which it is not known."""
    stale = {it.line: it.version for it in typed if it.line in now and it.version != now[it.line].version}
    seen: dict[int, Decimal | None] = {line: None for line, version in stale.items() if version == 0}
    lines = {now[line].pk: line for line in stale}
    if len(seen) < len(stale):
        changes = Change.objects.filter(
            table=Forecast._meta.db_table, row_id__in=lines, row_version__in=set(stale.values())
        )
        for key, version, after in changes.values_list("row_id", "row_version", "after"):
            if after is not None and stale[lines[key]] == version:
                seen[lines[key]] = history.to_python(Forecast, after)["amount"]
    return seen


__all__ = [
    "Clash",
    "Clashed",
    "Refused",
    "Row",
    "Typed",
    "last_day",
    "lock",
    "next_number",
    "open_months",
    "previous_round",
    "rows",
    "save",
    "start",
    "why_not",
]
