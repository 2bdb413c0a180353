"""Who may see and change amounts: DESIGN §5 with the state of the year in it."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser

from budgets.models import BudgetLine, BudgetYear, YearState
from foi_portal.core.models import User
from foi_portal.core.permissions import may
from registry.models import Asset, Dependency
from registry.queries import modules_below

Anybody = User | AnonymousUser


def may_see_amounts(user: Anybody) -> bool:
    """Whether ``user`` may see kroner at all: FOI, the kontorchef and administrators."""
    return may(user, "view", BudgetLine)


def may_approve(user: Anybody) -> bool:
    """Whether ``user`` may approve, return, reopen and close years, and approve adjustments: the kontorchef."""
    return user.has_perm("budgets.approve_budgetyear")


def may_edit_lines(user: Anybody, year: BudgetYear) -> bool:
    """Whether ``user`` may change the year's lines: FOI in a draft; the kontorchef also while it waits for approval."""
    if not may(user, "change", BudgetLine):
        return False
    return year.is_draft or (year.state == YearState.SUBMITTED and may_approve(user))


def may_describe_lines(user: Anybody, year: BudgetYear) -> bool:
    """Whether ``user`` may change what a line says about itself (note, account, whether it is invented): until the
    year is closed, because no amount changes by it."""
    return may(user, "change", BudgetLine) and year.state != YearState.CLOSED


def may_see_component(user: Anybody, component: Asset) -> bool:
    """Whether ``user`` may see, without amounts, whose budget the component is in: who may see amounts, and who
    has an own system that uses it, or a module of it, now. Three queries for the latter."""
    if may_see_amounts(user):
        return True
    if not user.has_perm("budgets.view_budgetresponsibility"):
        return False
    within = modules_below(component.code)
    using = Dependency.objects.ongoing().filter(target__in=within).select_related("source")
    return any(user.has_perm("registry.change_system", dependency.source) for dependency in using)


__all__ = ["may_approve", "may_describe_lines", "may_edit_lines", "may_see_amounts", "may_see_component"]
