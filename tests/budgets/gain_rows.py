"""Rows that the tests of gains and business cases are about."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from budgets.models import (
    Actual,
    Adjustment,
    AdjustmentEntry,
    BudgetLine,
    BudgetYear,
    Estimate,
    Forecast,
    ForecastRound,
    Gain,
)
from registry.models import Asset
from tests import factories


def gain(**values: Any) -> Gain:
    """A possible gain without kroner, of a new component if nothing else is told."""
    if "asset" not in values:
        values["asset"] = factories.component()
    return Gain.objects.create(**{"kind": "data_reuse", "text": "Data hentes ét sted."} | values)


def year(number: int, state: str = "draft") -> BudgetYear:
    made, _ = BudgetYear.objects.get_or_create(year=number, defaults={"state": state})
    return made


def line(component: Asset, number: int, amount: Any, **values: Any) -> BudgetLine:
    """A line of operation in the year's budget; ``estimates`` are the amounts of the years after it."""
    estimates = values.pop("estimates", ())
    original = None if amount is None else Decimal(str(amount))
    defaults = {"cost_type": "operation", "original": original}
    made = BudgetLine.objects.create(component_id=component.pk, year=year(number), **defaults | values)
    for ahead, estimate in enumerate(estimates, 1):
        Estimate.objects.create(line=made, ahead=ahead, amount=estimate)
    return made


def adjust(line: BudgetLine, amount: Any, state: str = "approved") -> None:
    decided = {"decided_by": factories.user(), "decided_at": timezone.now()} if state != "proposed" else {}
    adjustment = Adjustment.objects.create(
        year=line.year, kind="supplement", reason="Byrådet", state=state, **decided
    )
    AdjustmentEntry.objects.create(adjustment=adjustment, line=line, amount=amount)


def forecast(line: BudgetLine, amount: Any, month: int = 10) -> None:
    round_, _ = ForecastRound.objects.get_or_create(
        year=line.year,
        actuals_to=datetime.date(line.year.year, month, 28),
        defaults={"name": f"Runde {month}"},
    )
    Forecast.objects.create(round=round_, line=line, amount=amount)


def spend(line: BudgetLine, *amounts: Any) -> None:
    for month, amount in enumerate(amounts, 1):
        Actual.objects.create(year=line.year, line=line, month=month, amount=amount)
