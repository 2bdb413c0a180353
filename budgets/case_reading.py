"""The business case of a component, read from budgets and gains: what is asked, and the answer in rows.

With its modules, a component's case has every budget line and every gain of the module tree once, each by its own
component: nothing counts twice, and a platform's case is the sum of its parts'.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

from budgets import business_case, costing
from budgets.business_case import YEARS, Amount, Case
from budgets.costing import Cost, Line
from budgets.models import Gain, GainState
from foi_portal.core.keys import among
from registry import queries
from registry.models import Asset, Component, Organisation

FIRM = (GainState.PLANNED, GainState.REALISED)
ALSO_POSSIBLE = (*FIRM, GainState.POSSIBLE)


@dataclass(frozen=True, slots=True)
class Question:
    """Which five years, at what rate (per cent), and what counts."""

    first: int
    rate: Decimal = business_case.DEFAULT_RATE
    also_possible: bool = False
    with_modules: bool = True

    @property
    def years(self) -> tuple[int, ...]:
        return tuple(range(self.first, self.first + YEARS))

    @property
    def states(self) -> tuple[GainState, ...]:
        return ALSO_POSSIBLE if self.also_possible else FIRM


class Named(NamedTuple):
    """A component as a row shows it."""

    code: str
    name: str


@dataclass(frozen=True)
class CostRow:
    """One cost through the years; a year in which no budget has it is ``None``."""

    component: Named
    words: str
    unit: str
    cells: tuple[Cost | None, ...]


@dataclass(frozen=True)
class GainRow:
    """One gain with kroner through the years, in DKK."""

    gain: Gain
    cells: tuple[Decimal, ...]


@dataclass(frozen=True)
class Reading:
    """A component's case with the rows that it is made of. ``qualitative`` are the gains that have no kroner.

    ``left_out`` counts gains with kroner that are not among the states asked for.
    """

    component: Asset
    question: Question
    modules: int
    case: Case
    costs: Sequence[CostRow]
    gains: Sequence[GainRow]
    qualitative: Sequence[Gain]
    left_out: int

    @property
    def illustrative(self) -> int:
        """How many costs have an amount that is an invented example."""
        return sum(any(cell and cell.illustrative for cell in row.cells) for row in self.costs)


def read(component: Asset, question: Question) -> Reading:
    """The answer for one component. Some dozen queries, whatever there is."""
    keys = queries.modules_below(component.code) if question.with_modules else [component.pk]
    costs = costing.costs(question.years, keys)
    gains = list(
        Gain.objects.current()
        .filter(asset__in=among(keys), state__in=ALSO_POSSIBLE)
        .select_related("asset", "organisation")
        .order_by("kind", "asset__name", "pk")
    )
    counted = [gain for gain in gains if gain.state in question.states]
    amounts = [(gain, amount) for gain in counted if (amount := amount_of(gain)) is not None]
    return Reading(
        component=component,
        question=question,
        modules=len(keys) - 1,
        case=_case(question, costs, [amount for _, amount in amounts]),
        costs=_cost_rows(costs, question.years),
        gains=[GainRow(gain, tuple(map(amount.in_year, question.years))) for gain, amount in amounts],
        qualitative=[gain for gain in counted if gain.yearly is None],
        left_out=sum(gain.yearly is not None for gain in gains if gain.state not in question.states),
    )


def amount_of(gain: Gain) -> Amount | None:
    """What the gain is worth; ``None`` when it has no kroner."""
    if gain.yearly is None or gain.from_year is None:
        return None
    return Amount(gain.yearly, gain.from_year, gain.to_year)


def _case(question: Question, costs: Iterable[Cost], gains: Iterable[Amount]) -> Case:
    by_year: dict[int, list[Decimal | None]] = {}
    for cost in costs:
        by_year.setdefault(cost.year, []).append(cost.amount)
    return business_case.case(question.years, by_year, gains, question.rate)


def _cost_rows(costs: Iterable[Cost], years: Sequence[int]) -> list[CostRow]:
    """The costs as rows, in the order they come. Two queries, for the names."""
    grouped: dict[Line, dict[int, Cost]] = {}
    for cost in costs:
        grouped.setdefault(cost.line, {})[cost.year] = cost
    names = _names(Asset, {line.component for line in grouped})
    units = _names(Organisation, {line.unit for line in grouped if line.unit is not None})
    return [
        CostRow(
            names[line.component],
            line.words,
            units[line.unit].name if line.unit is not None else "",
            tuple(cells.get(year) for year in years),
        )
        for line, cells in grouped.items()
    ]


def _names(model: Any, keys: Collection[int]) -> dict[int, Named]:
    rows = model.objects.filter(pk__in=among(keys)).order_by().values_list("pk", "code", "name")
    return {key: Named(code, name) for key, code, name in rows}


# --- All components ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Summary:
    """A component's case, with its modules, in one line. ``qualitative`` counts gains without kroner."""

    component: Named
    depth: int
    case: Case
    qualitative: int


def read_all(question: Question) -> list[Summary]:
    """Every component with a cost or a gain in its module tree, platforms before their modules. A dozen queries."""
    parents: dict[int, int | None] = {}
    names: dict[int, Named] = {}
    for key, parent, code, name in Component.objects.order_by("name", "code").values_list(
        "pk", "parent", "code", "name"
    ):
        parents[key], names[key] = parent, Named(code, name)
    costs: dict[int, list[Cost]] = {}
    gains: dict[int, list[Gain]] = {}
    for cost in costing.costs(question.years):
        for key in _above(cost.line.component, parents):
            costs.setdefault(key, []).append(cost)
    for gain in Gain.objects.current().filter(state__in=question.states).order_by("pk"):
        for key in _above(gain.asset_id, parents):
            gains.setdefault(key, []).append(gain)
    summaries = []
    for key, depth in _tree(parents, {*costs, *gains}):
        own = gains.get(key, [])
        amounts = [amount for gain in own if (amount := amount_of(gain)) is not None]
        summaries.append(
            Summary(
                names[key],
                depth,
                _case(question, costs.get(key, []), amounts),
                sum(gain.yearly is None for gain in own),
            )
        )
    return summaries


def _above(key: int, parents: Mapping[int, int | None]) -> list[int]:
    """The component and what it belongs to, upwards; nothing for a fagsystem. A loop ends the walk."""
    found: list[int] = []
    at: int | None = key
    while at is not None and at in parents and at not in found:
        found.append(at)
        at = parents[at]
    return found


def _tree(parents: Mapping[int, int | None], wanted: Collection[int]) -> list[tuple[int, int]]:
    """The wanted in the order of ``parents`` (by name), each followed by those below it, with how deep they are."""
    below: dict[int | None, list[int]] = {}
    for key, parent in parents.items():
        if key in wanted:
            below.setdefault(parent if parent in wanted else None, []).append(key)
    found: dict[int, int] = {}
    # last, should parents go in a loop, those that no top leads to
    tops = [*below.get(None, ()), *(key for key in parents if key in wanted)]
    stack = [(key, 0) for key in reversed(tops)]
    while stack:
        key, depth = stack.pop()
        if key not in found:
            found[key] = depth
            stack += [(child, depth + 1) for child in reversed(below.get(key, []))]
    return list(found.items())


__all__ = [
    "ALSO_POSSIBLE",
    "FIRM",
    "CostRow",
    "GainRow",
    "Question",
    "Reading",
    "Summary",
    "read",
    "read_all",
]
