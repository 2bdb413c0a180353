"""A new budget year: an empty one, or one copied from another year with PL and new assumptions.

Copying is first a ``Plan``: every line, old → new, with the arithmetic. The plan that was shown is the one that is
carried out: under locks it is made again, and if it says something else than the one the user saw (``seen``, its
digest), nothing is written.

A year that exists as a draft is completed with what is missing, so that copying twice gives the same as once, and an
empty year can be filled later. What stands there, or has been archived there, is left as it is.
"""

from __future__ import annotations

import datetime
from decimal import Decimal

from django.core.exceptions import PermissionDenied
from django.db import IntegrityError
from django.db.models import Sum

from budgets import prices
from budgets.computing import INDEXATION as PL
from budgets.computing import Outcome, Rates
from budgets.copy_plan import Base, LeftOut, NewLine, Plan, Terms
from budgets.models import (
    ESTIMATED_YEARS,
    AdjustmentEntry,
    AdjustmentState,
    AssumptionValue,
    BudgetLine,
    BudgetYear,
    Estimate,
)
from budgets.rights import may_edit_lines
from foi_portal.core import history
from foi_portal.core.models import User
from foi_portal.core.money import LARGEST, ZERO
from foi_portal.core.permissions import may
from foi_portal.ui import formats
from registry.models import Lifecycle

BATCH = 1_000
CHANGED = "Nogen har ændret noget, siden du så forhåndsvisningen. Intet er gemt. Se den igennem igen."
UNKNOWN = "Stadig ikke kendt"


class Refused(Exception):  # noqa: N818 - it is an answer to the user, not a fault
    """Nothing has been written; ``str()`` says why in Danish."""


class ChangedSince(Refused):
    """The plan is no longer the one that was shown; ``plan`` is the present one."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(CHANGED)
        self.plan = plan


def create_empty(*, year: int, note: str, actor: User) -> BudgetYear:
    """A draft without lines. Errors: ``Refused`` when the year is there already."""
    if not may(actor, "add", BudgetYear):
        raise PermissionDenied
    if BudgetYear.objects.filter(year=year).exists():
        raise Refused(_exists(year))
    try:
        with history.recording(actor=actor):
            return BudgetYear.objects.create(year=year, note=note)
    except IntegrityError as error:
        raise Refused(_exists(year)) from error


def _exists(year: int) -> str:
    return f"Budget {year} findes allerede. Vælg et andet år."


def plan(terms: Terms) -> Plan:
    """What the terms come to, as things are now. Errors: ``Refused``. Nine queries at most."""
    if terms.source == terms.target:
        raise Refused("Et år kan ikke kopieres til sig selv. Vælg et andet.")
    source = BudgetYear.objects.filter(year=terms.source).first()
    if source is None:
        raise Refused(f"Budget {terms.source} findes ikke mere. Vælg et andet år.")
    target = BudgetYear.objects.filter(year=terms.target).first()
    if target is not None and not target.is_draft:
        raise Refused(
            f"Budget {terms.target} er {target.get_state_display().lower()}. Kun en kladde kan fyldes."
        )
    rows = BudgetLine.objects.current().filter(year=source).select_related("component", "unit", "price_model")
    rows = rows.order_by("component__name", "component__pk", "cost_type", "funding", "pk")
    there = _there(target)
    adjusted = _adjusted(source) if terms.base == Base.REVISED else {}
    lines: list[NewLine] = []
    left_out: list[LeftOut] = []
    catalogue = Rates.of((row.price_model_id for row in rows), _typed(terms))
    rates = _Rates(terms)
    for row in rows:
        why = there.get(_key(row)) or ("Komponenten er arkiveret." if row.component.is_archived else "")
        if why:
            left_out.append(LeftOut(row, why))
            continue
        old = None if row.original is None else row.original + adjusted.get(row.pk, ZERO)
        lines.append(_new_line(row, old, terms, rates, catalogue))
    return Plan(terms, target, lines, left_out)


def carry_out(*, terms: Terms, seen: str, actor: User, note: str = "") -> Plan:
    """Write the plan whose digest is ``seen``; the year too, with its note, when it is not there.

    Errors: ``Refused``, ``ChangedSince``; ``PermissionDenied`` when the actor may not.
    """
    try:
        with history.recording(actor=actor, reason=_reason(terms)):
            # Both years are locked, in one order, so that no line of theirs changes underway.
            years = BudgetYear.objects.select_for_update().filter(year__in=(terms.source, terms.target))
            list(years.order_by("year"))
            now = plan(terms)
            if not (may_edit_lines(actor, now.year) if now.year else may(actor, "add", BudgetYear)):
                raise PermissionDenied
            if now.digest != seen:
                raise ChangedSince(now)
            if not now.lines:
                raise Refused("Der er ingen linjer at kopiere.")
            _write(now, note)
            return now
    except IntegrityError as error:
        raise Refused("En anden oprettede det samme i samme øjeblik. Intet er gemt. Prøv igen.") from error


def _write(plan: Plan, note: str) -> None:
    year = plan.year or BudgetYear.objects.create(year=plan.terms.target, note=note)
    for key, value in plan.terms.assumptions.items():
        said = {"value": value, "estimated": True, "source": f"Skrevet ved budget {year.year}"}
        # A row may be there that says it is not known. One with a number, written since, stops it all.
        unknown = AssumptionValue.objects.filter(assumption=key, year=year.year, value=None)
        if not unknown.update(**said):
            AssumptionValue.objects.create(assumption_id=key, year=year.year, **said)
    made = BudgetLine.objects.bulk_create(
        (
            BudgetLine(
                year=year,
                component_id=line.source.component_id,
                cost_type=line.source.cost_type,
                funding=line.source.funding,
                unit_id=line.source.unit_id,
                original=line.amount,
                account=line.source.account,
                note=line.source.note,
                illustrative=line.source.illustrative,
                price_model_id=line.source.price_model_id,
                calculation=line.how[:1000] if line.is_computed else "",
            )
            for line in plan.lines
        ),
        batch_size=BATCH,
    )
    Estimate.objects.bulk_create(
        (
            Estimate(line=row, ahead=ahead, amount=amount)
            for row, line in zip(made, plan.lines, strict=True)
            for ahead, amount in enumerate(line.estimates, 1)
            if amount is not None
        ),
        batch_size=BATCH,
    )


def _new_line(row: BudgetLine, old: Decimal | None, terms: Terms, rates: _Rates, catalogue: Rates) -> NewLine:
    """Price × assumption where both are there for the year, else last year's amount with PL.

    The estimates go on from there in the same way, year by year; each is rounded, so they can be checked by hand.
    """
    target, remark = terms.target, _about(row, terms.target)
    found = catalogue.compute(row.price_model_id, target) if row.price_model_id else Outcome(None)
    if found.missing is not None:
        remark = f"{found.missing.text} {remark}".strip()
    rate = rates.of(row.cost_type, target)
    if found.amount is not None:
        amount, how = found.amount, found.arithmetic
    elif old is not None:
        amount, how = prices.indexed(old, rate), f"PL {prices.danish(rate)} %"
    else:
        return NewLine(row, old, None, UNKNOWN, (None,) * ESTIMATED_YEARS, remark=remark)
    amounts = [amount]
    for year in range(target + 1, target + 1 + ESTIMATED_YEARS):
        later = catalogue.compute(row.price_model_id, year).amount if row.price_model_id else None
        pl = rates.of(row.cost_type, year)
        amounts.append(prices.indexed(amounts[-1], pl) if later is None else later)
    if max(map(abs, amounts)) > LARGEST:
        raise Refused(f"{row} bliver for stor med den fremskrivning. Skriv en mindre procent.")
    return NewLine(row, old, amount, how, tuple(amounts[1:]), found.amount is not None, remark)


def _about(row: BudgetLine, target: int) -> str:
    component, first = row.component, datetime.date(target, 1, 1)
    if component.lifecycle == Lifecycle.RETIRED:
        return "Komponenten er udfaset."
    ends = component.retired_from
    if ends is not None and ends.year <= target:
        return f"Komponenten {'ophørte' if ends <= first else 'ophører'} {formats.date(ends)}."
    return ""


class _Rates:
    """PL in per cent by cost type and year. A later year's own PL counts where it is known. One query."""

    def __init__(self, terms: Terms) -> None:
        self.terms = terms
        last = terms.target + ESTIMATED_YEARS
        known = AssumptionValue.objects.filter(assumption__code=PL, year__gt=terms.target, year__lte=last)
        known = known.filter(assumption__archived_at=None)
        self.later = {year: rate for year, rate in known.values_list("year", "value") if rate is not None}

    def of(self, cost_type: str, year: int) -> Decimal:
        if cost_type in self.terms.rates:
            return self.terms.rates[cost_type]
        return self.later.get(year, self.terms.rate)


def _typed(terms: Terms) -> dict[tuple[int, int], Decimal]:
    return {(key, terms.target): value for key, value in terms.assumptions.items()}


def _key(row: BudgetLine) -> tuple[int, str, str, int | None]:
    return row.component_id, row.cost_type, row.funding, row.unit_id


def _there(target: BudgetYear | None) -> dict[tuple[int, str, str, int | None], str]:
    """Why a line is not copied, by what makes it the same as one that the target has."""
    if target is None:
        return {}
    rows = BudgetLine.objects.filter(year=target)
    return {  # of several that are the same, the current one counts
        _key(row): f"Er arkiveret i {target.year}." if row.is_archived else f"Står allerede i {target.year}."
        for row in sorted(rows, key=lambda row: not row.is_archived)
    }


def _adjusted(source: BudgetYear) -> dict[int, Decimal]:
    entries = AdjustmentEntry.objects.filter(
        adjustment__year=source, adjustment__state=AdjustmentState.APPROVED
    )
    return dict(entries.order_by().values_list("line").annotate(total=Sum("amount")))


def _reason(terms: Terms) -> str:
    return f"Budget {terms.target} fra {terms.source} med PL {prices.danish(terms.rate)} %"


__all__ = [
    "PL",
    "ChangedSince",
    "Refused",
    "carry_out",
    "create_empty",
    "plan",
]
