"""Whose budget a component is in, and for which nobody has said so.

A responsibility counts for everything below its component that has none of its own: who pays for a platform pays for
its modules. A component that is used, or stands in a year that is not closed, and has none at or above it, is a *gap*:
it is as unclarified as one that is written down so. Of a gap and what is below it only the top is told, unless a module
has budget lines itself.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, FilteredRelation, Q, QuerySet, Value, When
from django.db.models import CharField as TextField

from budgets.models import BudgetLine, BudgetResponsibility, BudgetYear, YearState
from budgets.rights import Anybody, may_see_amounts
from foi_portal.core.keys import among
from foi_portal.core.periods import months_since
from registry.matrix import Modules
from registry.models import Component, Dependency, Kind, Lifecycle, System

CLARIFIED, UNCLARIFIED, NONE = "clarified", "unclarified", "none"
NOT_RUNNING = (Lifecycle.PLANNED, Lifecycle.RETIRED)


@dataclass(frozen=True)
class Standing:
    """Who answers for every component. ``clarified`` by the key of a component with a responsibility of its own."""

    modules: Modules
    clarified: Mapping[int, bool]
    gaps: frozenset[int]

    def answering(self, component: int) -> int:
        """The nearest component at or above that has a responsibility; itself when none has."""
        for key in self._up(component):
            if key in self.clarified:
                return key
        return component

    def is_clarified(self, component: int) -> bool:
        return self.clarified.get(self.answering(component), False)

    @property
    def listed(self) -> set[int]:
        """What ``/budget/ansvar/`` lists."""
        return {*self.clarified, *self.gaps}

    def with_above(self, components: Iterable[int]) -> set[int]:
        """The components and all that they are part of."""
        return {key for component in components for key in self._up(component)}

    def _up(self, component: int) -> list[int]:
        return [component, *self.modules.above(component)] if component in self.modules else [component]


def standing(on: datetime.date, year: int | None = None) -> Standing:
    """As it is written today, with the dependencies ongoing on the day. Four queries.

    ``year``: its lines count too, when it is closed.
    """
    facts = {
        key: (parent, lifecycle, archived_at)
        for key, parent, lifecycle, archived_at in Component.objects.order_by("name", "code").values_list(
            "pk", "parent_id", "lifecycle", "archived_at"
        )
    }
    written = BudgetResponsibility.objects.current().order_by()
    found = Standing(
        Modules({key: parent for key, (parent, _, _) in facts.items()}),
        dict(written.values_list("component", "clarified")),
        frozenset(),
    )
    lines = (
        BudgetLine.objects.current().filter(~Q(year__state=YearState.CLOSED) | Q(year__year=year)).order_by()
    )
    budgeted = set(lines.values_list("component", flat=True).distinct())
    targets = Dependency.objects.ongoing(on).filter(target__kind=Kind.COMPONENT).order_by()
    used = found.with_above(targets.values_list("target", flat=True).distinct())
    running = {
        key for key in used if key in facts and facts[key][1] not in NOT_RUNNING and facts[key][2] is None
    }
    lacking = {key for key in budgeted | running if found.answering(key) not in found.clarified}
    gaps = {
        key for key in lacking if key in budgeted or not any(above in lacking for above in found._up(key)[1:])
    }
    return Standing(found.modules, found.clarified, frozenset(gaps))


def listed_for(user: Anybody, on: datetime.date, found: Standing) -> QuerySet[Any]:
    """The components that ``/budget/ansvar/`` lists for the user, ready for its columns.

    ``own`` is the responsibility in force, ``state`` one of the three above. Who may not see amounts gets the
    components that their own systems use, and what these are part of.
    """
    listed = found.listed
    if not may_see_amounts(user):
        used = Dependency.objects.ongoing(on).filter(
            source__in=own_systems(user), target__kind=Kind.COMPONENT
        )
        listed &= found.with_above(used.order_by().values_list("target", flat=True))
    return Component.objects.filter(pk__in=among(listed)).annotate(  # type: ignore[no-any-return]
        own=FilteredRelation("budget_responsibility", condition=Q(budget_responsibility__archived_at=None)),
        state=Case(
            When(own__clarified=True, then=Value(CLARIFIED)),
            When(own__clarified=False, then=Value(UNCLARIFIED)),
            default=Value(NONE),
            output_field=TextField(),
        ),
    )


def own_systems(user: Anybody) -> list[int]:
    """The systems that the user is responsible for today. One query, and what the rights themselves ask."""
    systems = System.objects.current().only("kind", "archived_at")
    return [system.pk for system in systems if user.has_perm("registry.change_system", system)]


def of_year(year: BudgetYear, found: Standing) -> set[int]:
    """The listed components that answer for something with budget lines in the year. One query."""
    lines = BudgetLine.objects.current().filter(year=year).order_by()
    return {found.answering(key) for key in lines.values_list("component", flat=True).distinct()}


@dataclass(frozen=True)
class Answer:
    """Who answers for a component: its own responsibility, that of what it is part of, or nobody's."""

    row: BudgetResponsibility | None
    inherited: bool

    @property
    def is_clarified(self) -> bool:
        return self.row is not None and self.row.clarified


def answers(components: Iterable[int]) -> dict[int, Answer]:
    """Who answers for each of the components. Two queries."""
    parents = dict(Component.objects.order_by().values_list("pk", "parent_id"))
    current = BudgetResponsibility.objects.current().select_related("component", "organisation")
    own = {row.component_id: row for row in current}
    found = Standing(Modules(parents), dict.fromkeys(own, True), frozenset())
    at = {key: found.answering(key) for key in components}
    return {key: Answer(own.get(answering), answering != key) for key, answering in at.items()}


def how_long(since: datetime.date, on: datetime.date) -> str:
    """``2 år og 8 mdr.``, whole months; days when it is less than one."""
    months = months_since(since, on)
    if not months:
        days = max((on - since).days, 0)
        return f"{days} dag" if days == 1 else f"{days} dage"
    years, rest = divmod(months, 12)
    parts = ([f"{years} år"] if years else []) + (
        [f"{rest} md." if rest == 1 else f"{rest} mdr."] if rest else []
    )
    return " og ".join(parts)


__all__ = [
    "CLARIFIED",
    "NONE",
    "UNCLARIFIED",
    "Answer",
    "Standing",
    "answers",
    "how_long",
    "listed_for",
    "of_year",
    "own_systems",
    "standing",
]
