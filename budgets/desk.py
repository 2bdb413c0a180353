"""What waits for the kontorchef: years and changes to approve, deviations to explain, responsibility to clarify."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.urls import reverse

from budgets import picture
from budgets.filters.overview import UNCLARIFIED, UNEXPLAINED
from budgets.models import Adjustment, AdjustmentState, BudgetYear, YearState


@dataclass(frozen=True)
class Waiting:
    """Something to do: how many, what, why, and where they are listed."""

    count: int
    label: str
    note: str
    url: str


@dataclass(frozen=True)
class Desk:
    """The year that the kontorchef looks at now, and what waits."""

    year: BudgetYear
    waiting: list[Waiting]


def current(years: Sequence[BudgetYear], on: datetime.date) -> BudgetYear:
    """Of at least one year: that of the day ``on``, else the newest that is adopted, else the newest."""
    newest = sorted(years, key=lambda year: year.year, reverse=True)
    this = (year for year in newest if year.year == on.year)
    adopted = (year for year in newest if year.is_adopted)
    return next(this, None) or next(adopted, None) or newest[0]


def of(on: datetime.date) -> Desk | None:
    """Nothing when there are no budgets. Three queries when the year's picture is known."""
    years = list(BudgetYear.objects.all())
    if not years:
        return None
    year = current(years, on)
    page = year.get_absolute_url()
    waiting = [
        Waiting(
            1,
            f"Budget {submitted.year} venter",
            "Godkend det, eller send det tilbage",
            submitted.get_absolute_url(),
        )
        for submitted in years
        if submitted.state == YearState.SUBMITTED
    ]
    proposed: dict[int, int] = {}
    for number in Adjustment.objects.filter(state=AdjustmentState.PROPOSED).values_list(
        "year__year", flat=True
    ):
        proposed[number] = proposed.get(number, 0) + 1
    for number, count in sorted(proposed.items()):
        word = "budgetændring" if count == 1 else "budgetændringer"
        url = reverse("adjustment-list", args=[number])
        waiting.append(Waiting(count, f"{word} i {number}", "Foreslået, venter på din godkendelse", url))
    found = picture.of(year)
    if count := found.sums.unexplained:
        word = "afvigelse" if count == 1 else "afvigelser"
        url = f"{page}?kun={UNEXPLAINED}#linjer"
        waiting.append(Waiting(count, f"{word} uden forklaring", "5 % eller 50.000 kr. og derover", url))
    unclarified = sum(line.component in found.unclarified for line in found.lines)
    if unclarified:
        word = "budgetlinje" if unclarified == 1 else "budgetlinjer"
        url = f"{page}?kun={UNCLARIFIED}#linjer"
        waiting.append(
            Waiting(unclarified, f"{word} med uafklaret ansvar", "Hvis budget er ikke afklaret", url)
        )
    return Desk(year, waiting)


__all__ = ["Desk", "Waiting", "current", "of"]
