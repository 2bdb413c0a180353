"""Rows of budgets with sensible defaults; say only what the test is about."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from budgets import approving
from budgets.models import (
    Adjustment,
    AdjustmentEntry,
    AdjustmentState,
    Assumption,
    AssumptionValue,
    BudgetLine,
    BudgetYear,
    DecisionKind,
    Estimate,
    Price,
    PriceModel,
    YearDecision,
)
from foi_portal.core.models import User
from tests import factories


def year(number: int = 2027, **values: Any) -> BudgetYear:
    return BudgetYear.objects.create(year=number, **values)


def line(of: BudgetYear, *estimates: Any, **values: Any) -> BudgetLine:
    """A line of 1,000 kr. for a new component; ``estimates`` are those of the next years."""
    if "component" not in values:
        values["component"] = factories.component()
    made = BudgetLine.objects.create(year=of, **{"cost_type": "operation", "original": 1000} | values)
    for ahead, amount in enumerate(estimates, 1):
        Estimate.objects.create(line=made, ahead=ahead, amount=amount)
    made.refresh_from_db()
    return made


def adjustment(
    of: BudgetYear, entries: dict[BudgetLine, Any], state: str = AdjustmentState.APPROVED
) -> Adjustment:
    """A supplement on the lines, decided by somebody unless it is proposed."""
    decided: dict[str, Any] = {}
    if state != AdjustmentState.PROPOSED:
        decided = {"decided_by": factories.user(), "decided_at": timezone.now()}
    made = Adjustment.objects.create(year=of, kind="supplement", reason="Mere", state=state, **decided)
    for on, amount in entries.items():
        AdjustmentEntry.objects.create(adjustment=made, line=on, amount=amount)
    return made


def assumption(code: str, values: dict[int, Any], unit: str = "indbyggere") -> Assumption:
    made, _ = Assumption.objects.get_or_create(code=code, defaults={"name": code.capitalize(), "unit": unit})
    for number, value in values.items():
        AssumptionValue.objects.create(assumption=made, year=number, value=Decimal(str(value)))
    return made


def price(code: str, of: Assumption, steps: list[list[str]], since: int = 2000, **values: Any) -> PriceModel:
    made = PriceModel.objects.create(
        code=code, name=code.capitalize(), kind="inhabitant_tiered", assumption=of
    )
    Price.objects.create(model=made, since=since, steps=steps, **values)
    return made


def decide(of: BudgetYear, kind: DecisionKind, actor: User, **said: Any) -> YearDecision:
    """The step, by somebody who has just looked; ``of`` is as it is afterwards."""
    of.refresh_from_db()
    known: dict[str, Any] = {"at": timezone.now(), "seen": approving.seen_mark(of), "sure": True}
    done = approving.decide(year=of, kind=kind, actor=actor, **known | said)
    of.refresh_from_db()
    return done


TODAY = datetime.date(2027, 6, 1)
