"""Which fagsystemer use a component in a year, directly or through its modules, and what it costs each of them.

A component's own cost is shared equally among the systems that use it or anything below it, each counted once. A
platform's table adds its modules' costs, each shared among that module's users only: no cost is in two shares.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from budgets.shares import share
from foi_portal.core.money import ZERO, sum_of_known
from registry import landscape, usage
from registry.landscape import Facts, Owner
from registry.matrix import Modules

ONE = Decimal(1)


def day_of(year: int, today: datetime.date) -> datetime.date:
    """The day whose uses count for the year: today while it runs, else its day nearest to today."""
    return min(max(today, datetime.date(year, 1, 1)), datetime.date(year, 12, 31))


@dataclass(frozen=True)
class Uses:
    """What was in use on a day. ``direct``: by component, the systems in operation with a live dependency on it.

    ``systems`` are in Danish order by department and name; ``components`` are all of the day.
    """

    on: datetime.date
    systems: Mapping[int, Facts]
    components: Mapping[int, Facts]
    owners: Mapping[int, Owner]
    modules: Modules
    direct: Mapping[int, frozenset[int]]

    @classmethod
    def at(cls, on: datetime.date) -> Uses:
        """The uses on a day. Three queries at most when the landscape is known already, else seven."""
        known = landscape.at(on)
        found = usage.on(known)
        systems = {system.key: system for system in found.systems if system.runs_on(on)}
        direct: dict[int, set[int]] = defaultdict(set)
        for link in found.links:
            if link.running and link.source in systems:
                direct[link.target].add(link.source)
        frozen = {component: frozenset(users) for component, users in direct.items()}
        return cls(on, systems, found.components, known.organisations, found.modules, frozen)

    @cached_property
    def _place(self) -> dict[int, int]:
        return {system: place for place, system in enumerate(self.systems)}

    def within(self, component: int) -> list[int]:
        """The component and everything below it."""
        return [component, *self.modules.all_below(component)]

    def of(self, component: int) -> dict[int, list[int]]:
        """The systems that use the component, each with what of it they use: itself first, then modules."""
        through: dict[int, list[int]] = defaultdict(list)
        for part in self.within(component):
            for system in self.direct.get(part, ()):
                through[system].append(part)
        return {system: through[system] for system in sorted(through, key=self._place.__getitem__)}

    def by(self, system: int) -> list[int]:
        """The components that the system uses, and those above them, in Danish order."""
        used: set[int] = set()
        for component, users in self.direct.items():
            if system in users and component in self.modules:
                used |= {component, *self.modules.above(component)}
        return [component for component in self.components if component in used]

    def department(self, system: int) -> Owner | None:
        key = self.systems[system].department
        return self.owners.get(key) if key is not None else None

    def departments(self, component: int) -> dict[int | None, Decimal]:
        """How many systems of each department use the component; ``None``: those that belong to no department."""
        counts: dict[int | None, Decimal] = defaultdict(Decimal)
        for system in self.of(component):
            counts[self.systems[system].department] += 1
        return dict(counts)

    def share_of(self, system: int, component: int, amount: Decimal) -> Decimal:
        """What the system, which uses the component, bears of its own cost."""
        return share(amount, dict.fromkeys(self.of(component), ONE))[system]


class SystemCost(NamedTuple):
    """What a component costs one system in DKK: its share of the component's own cost, and of the modules'."""

    system: Facts
    department: Owner | None
    through: list[Facts]
    own: Decimal
    modules: Decimal

    @property
    def total(self) -> Decimal:
        return self.own + self.modules


@dataclass(frozen=True)
class CostPerSystem:
    """A component's cost by using system. ``own`` and ``modules`` are ``None`` when no amount is known;
    ``unshared`` has what nobody uses, by component's key. Rows and unshared add up to own and modules."""

    rows: list[SystemCost]
    own: Decimal | None
    modules: Decimal | None
    unshared: dict[int, Decimal]

    @property
    def total(self) -> Decimal | None:
        return sum_of_known((self.own, self.modules))


def cost_per_system(uses: Uses, component: int, amounts: Mapping[int, Decimal]) -> CostPerSystem:
    """In: the known amounts by component, of all or at least the component and what is below it."""
    users = uses.of(component)
    own: dict[int, Decimal] = defaultdict(lambda: ZERO)
    modules: dict[int, Decimal] = defaultdict(lambda: ZERO)
    unshared: dict[int, Decimal] = {}
    for part in uses.within(component):
        amount = amounts.get(part)
        if amount is None:
            continue
        sharing = dict.fromkeys(uses.of(part), ONE)
        if not sharing:
            unshared[part] = amount
            continue
        into = own if part == component else modules
        for system, portion in share(amount, sharing).items():
            into[system] += portion
    rows = [
        SystemCost(
            uses.systems[system],
            uses.department(system),
            [uses.components[part] for part in through if part in uses.components],
            own[system],
            modules[system],
        )
        for system, through in users.items()
    ]
    below = [amounts[part] for part in uses.modules.all_below(component) if part in amounts]
    return CostPerSystem(rows, amounts.get(component), sum_of_known(below), unshared)


__all__ = ["CostPerSystem", "SystemCost", "Uses", "cost_per_system", "day_of"]
