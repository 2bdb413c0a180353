"""Who pays, who uses and whose budget it is, on ``/budget/<year>/``, ``/budget/<year>/<code>/`` and the registry's
own pages. Who may not see amounts gets none."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.utils import timezone

from budgets import picture, responsibility, sharing_out
from budgets.models import BudgetResponsibility, BudgetYear, ShareKey
from budgets.panels import ComponentYear
from budgets.queries import line_amounts
from budgets.responsibility import Answer
from budgets.rights import may_see_amounts, may_see_component
from budgets.sharing_out import Basis, amounts_of, may_edit_sharing
from budgets.sharing_tables import WholeYear, named
from budgets.users import Uses, cost_per_system, day_of
from foi_portal.core.money import ZERO, sum_of_known
from foi_portal.core.permissions import may
from foi_portal.ui.panels import Panel
from foi_portal.ui.panels import register as register_panel
from registry.landscape import Facts
from registry.models import Asset, Component, Dependency, Kind, System

SHOWN_USERS = 6
SHOWN_UNCLARIFIED = 5


def register() -> None:
    """Make the panels known."""
    register_panel(
        "budget-component", Panel("sharing", "budgets/panel_sharing.html", sharing_panel, "main", 60)
    )
    register_panel(
        "budget-component",
        Panel("responsibility", "budgets/panel_responsibility.html", component_year_panel, "side", 60),
    )
    register_panel(
        "budget-year", Panel("unclarified", "budgets/panel_unclarified.html", year_panel, "side", 60)
    )
    register_panel(
        Component, Panel("responsibility", "budgets/panel_responsibility.html", component_panel, "side", 60)
    )
    register_panel(System, Panel("costs", "budgets/panel_system.html", system_panel, "main", 60))


def sharing_panel(request: HttpRequest, shown: ComponentYear) -> dict[str, Any] | None:
    """How the component's cost is shared, and what it costs each system that uses it."""
    if not may_see_amounts(request.user):
        return None
    today, basis = timezone.localdate(), Basis.asked(request.GET)
    year, component = shown.year, shown.component
    uses = Uses.at(day_of(year.year, today))
    sharings = sharing_out.sharings_of(year, component.pk)
    rows = line_amounts(year, component)
    found = sharing_out.shared(year, rows, sharings, basis, today, uses)
    sharing = sharings.get(component.pk)
    amounts = amounts_of(year, uses.within(component.pk), basis)
    users = cost_per_system(uses, component.pk, amounts)
    return {
        "year": year,
        "component": component,
        "bases": Basis,
        "basis": basis,
        "whole": WholeYear(found, {component.pk: component}),
        "sharing": sharing,
        "weighed": sharing is not None and sharing.key in (ShareKey.PERCENT, ShareKey.USERS),
        "may_edit": may_edit_sharing(request.user, year),
        "users": users,
        "budgeted": bool(rows),
        "first_users": sorted(users.rows, key=lambda row: -row.total)[:SHOWN_USERS],
        "unshared": named(users.unshared),
        "on": uses.on,
    }


def component_year_panel(request: HttpRequest, shown: ComponentYear) -> dict[str, Any] | None:
    return component_panel(request, shown.component)


def component_panel(request: HttpRequest, component: Asset) -> dict[str, Any] | None:
    """Whose budget the component is in, without amounts."""
    if not may_see_component(request.user, component):
        return None
    today = timezone.localdate()
    answer = responsibility.answers([component.pk])[component.pk]
    row = answer.row
    return {
        "component": component,
        "answer": answer,
        "how_long": responsibility.how_long(row.since, today) if row is not None else "",
        "late": row is not None
        and not row.clarified
        and row.follow_up_on is not None
        and row.follow_up_on < today,
        "may_add": row is None and may(request.user, "add", BudgetResponsibility),
    }


def year_panel(request: HttpRequest, year: BudgetYear) -> dict[str, Any] | None:
    """How many of the year's components nobody has been found to pay for, and the kroner in them."""
    if not may_see_amounts(request.user):
        return None
    found = picture.shown(request, year)
    amounts = found.unclarified_budgets
    rows = sorted(
        ((found.places[key], amount) for key, amount in amounts.items()),
        key=lambda row: (-(row[1] or ZERO), row[0].code),
    )
    return {
        "year": year,
        "count": len(amounts),
        "total": sum_of_known(amounts.values()),
        "unknown": sum(amount is None for amount in amounts.values()),
        "first": rows[:SHOWN_UNCLARIFIED],
    }


class Used(NamedTuple):
    """A component that a system uses, or that what it uses is part of; amounts only for who may see them, in DKK."""

    component: Facts
    answer: Answer
    users: int
    amount: Decimal | None
    share: Decimal | None


def system_panel(request: HttpRequest, system: Asset) -> dict[str, Any] | None:
    """For who may see amounts: what the system bears of the components it uses. For its systemansvarlig: whose
    budget those are in. Nothing for others."""
    user = request.user
    if may_see_amounts(user):
        return _costs(system)
    if not user.has_perm("budgets.view_budgetresponsibility") or not user.has_perm(
        "registry.change_system", system
    ):
        return None
    used = Dependency.objects.ongoing().filter(source=system, target__kind=Kind.COMPONENT)
    components = Component.objects.filter(pk__in=used.order_by().values("target")).order_by("name", "code")
    found = list(components)
    answers = responsibility.answers(component.pk for component in found)
    return {"year": None, "rows": [(component, answers[component.pk]) for component in found]}


def _costs(system: Asset) -> dict[str, Any] | None:
    today = timezone.localdate()
    year = sharing_out.current_year(today)
    if year is None:
        return None
    uses = Uses.at(day_of(year.year, today))
    keys: Sequence[int] = uses.by(system.pk) if system.pk in uses.systems else []
    amounts = amounts_of(year, keys)
    answers = responsibility.answers(amounts)
    rows = [
        Used(
            uses.components[key],
            answers[key],
            len(uses.of(key)),
            amounts[key],
            uses.share_of(system.pk, key, amounts[key]),
        )
        for key in keys
        if key in amounts
    ]
    return {
        "year": year,
        "rows": rows,
        "total": sum((row.share for row in rows if row.share is not None), ZERO),
        "others": len(keys) - len(rows),
        "on": uses.on,
    }
