"""What has happened in the demonstration's budget since the kontorchef last looked: each act by whom it would be by."""

from __future__ import annotations

import datetime
from decimal import Decimal

from django.utils import timezone

from budgets import picture
from budgets.models import (
    Adjustment,
    AdjustmentEntry,
    AdjustmentKind,
    AdjustmentState,
    BudgetLine,
    BudgetYear,
    YearVisit,
)
from foi_portal.core.history import recording
from foi_portal.core.models import User

YEAR = 2026
# component, cost type → why it deviates
EXPLANATIONS = {
    (
        "FIOL",
        "operation",
    ): "Ny version af identitetsudbyderen blev testet i efteråret, og leverandørens timepris steg "
    "1. juli. Testen gentager sig ikke i 2027.",
    ("NSP", "operation"): "Regionernes andel af den nationale drift blev større, så kommunens blev mindre.",
    ("FKI", "operation"): "To netværksmøder blev holdt på nettet, så der var ingen rejser.",
}
# component, cost type, DKK: a transfer adds up to 0
TRANSFER = (("SBSIP", "development", 5_000), ("SBSIP", "licence", -5_000))


def carry_on(*, foi: User, manager: User) -> None:
    """Explanations and an approved transfer, after a visit by the manager."""
    year = BudgetYear.objects.get(year=YEAR)
    now = timezone.now()
    YearVisit.objects.create(user=manager, year=year, since=now, at=now)
    with recording(actor=foi, reason="Opfølgning pr. 31. oktober"):
        _explain(year)
    with recording(actor=manager):
        transfer = Adjustment.objects.create(
            year=year,
            kind=AdjustmentKind.TRANSFER,
            on=datetime.date(YEAR, 11, 5),
            reason="Flere timer til nye integrationer, færre licenser.",
            proposed_by=manager,
        )
        for code, cost_type, amount in TRANSFER:
            line = BudgetLine.objects.get(year=year, component__code=code, cost_type=cost_type)
            AdjustmentEntry.objects.create(adjustment=transfer, line=line, amount=Decimal(amount))
        transfer.state, transfer.decided_by, transfer.decided_at = AdjustmentState.APPROVED, manager, now
        transfer.save()


def _explain(year: BudgetYear) -> None:
    found = picture.of(year)
    for line in found.lines:
        said = EXPLANATIONS.get((found.places[line.component].code, line.cost_type))
        if said:
            BudgetLine.objects.filter(pk=line.key).update(explanation=said, explained=line.deviation)
