"""What budgets show on pages: the registry's component page, and ``/budget/<year>/<code>/`` ("budget-component"),
whose panels get the ``ComponentYear`` it shows, and ``/budget/<year>/`` ("budget-year"), whose panels get the year.
One module per subject."""

from __future__ import annotations

from dataclasses import dataclass

from budgets.models import BudgetYear
from registry.models import Asset


@dataclass(frozen=True, slots=True)
class ComponentYear:
    """What ``/budget/<year>/<code>/`` is about."""

    year: BudgetYear
    component: Asset


def register() -> None:
    """Make all panels known. For ``AppConfig.ready``."""
    from budgets.panels import actuals, adjustments, agreements, gains, overview, prices, sharing, years

    for subject in (overview, years, adjustments, actuals, prices, sharing, gains, agreements):
        subject.register()


__all__ = ["ComponentYear", "register"]
