"""The question of «hvad nu hvis» put to a year's lines: what ``scenarios`` needs, in six queries however many lines."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from urllib.parse import urlencode

from budgets import prices, scenarios
from budgets.computing import INDEXATION, Rates, Tariff, values_of
from budgets.models import ESTIMATED_YEARS, Assumption, BudgetLine, BudgetYear, Estimate, PriceKind
from budgets.scenarios import BadChange, Cell, Change, Sum

POPULATION = (PriceKind.INHABITANT_TIERED, PriceKind.INHABITANT_FLAT)
EVERY_YEAR = "hvert"  # the parameter that repeats the change in each of the years after
VIEW = ("vis", "linjer", "_export")  # what is shown of the answer; no part of the question


@dataclass(frozen=True, slots=True)
class Asked:
    """An assumption that the year's lines lean on, and what was written about it."""

    key: int
    code: str
    name: str
    unit: str
    values: Sequence[Decimal | None]  # of the year and those after it, the last known one where it is not
    text: str
    change: Change | None
    error: str
    changed: Sequence[Decimal | None] | None

    @property
    def is_rate(self) -> bool:
        return self.code == INDEXATION

    @property
    def now(self) -> str:
        """The year's own value, as text."""
        return "" if self.values[0] is None else prices.danish(self.values[0])

    @property
    def then(self) -> str:
        """The year's value with the change, as text; empty without one."""
        new = self.changed[0] if self.changed else None
        return "" if new is None else prices.danish(new)


@dataclass(frozen=True, slots=True)
class Line:
    """A budget line and what it would cost, in each of the years."""

    line: BudgetLine
    cells: Sequence[Cell]

    @property
    def is_touched(self) -> bool:
        return any(cell.is_touched for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the year and its overslagsår would cost. ``unknown`` are codes that no line of the year leans on."""

    years: Sequence[int]
    asked: Sequence[Asked]
    lines: Sequence[Line]
    totals: Sequence[Sum]
    unknown: Sequence[str] = ()
    examples: Sequence[tuple[str, str]] = field(default_factory=list)  # words, query

    @property
    def is_asked(self) -> bool:
        """Whether anything is changed."""
        return any(it.change is not None for it in self.asked)


def answer(year: BudgetYear, params: Mapping[str, str]) -> Answer:
    """``params`` are changes by the codes of assumptions, whatever their case, and ``EVERY_YEAR``."""
    changes = {name.strip().upper(): text for name, text in params.items() if name not in (*VIEW, EVERY_YEAR)}
    years = [year.year + ahead for ahead in range(ESTIMATED_YEARS + 1)]
    lines = list(
        BudgetLine.objects.current()
        .filter(year=year)
        .select_related("component", "unit")
        .order_by("component__name", "component__pk", "cost_type", "funding", "pk")
    )
    rates = Rates.of(line.price_model_id for line in lines)
    every_year = bool(params.get(EVERY_YEAR))
    asked = _asked(rates, years, changes, every_year)
    index = _index(asked, every_year)
    amounts = _amounts(year, lines)
    found = []
    for line in lines:
        tariff = rates.tariffs.get(line.price_model_id or 0)
        found.append(Line(line, _cells(amounts[line.pk], tariff, asked, index, years)))
    named = {it.code for it in asked.values()}
    return Answer(
        years=years,
        asked=sorted(asked.values(), key=lambda it: (it.is_rate, it.name, it.code)),
        lines=found,
        totals=[scenarios.total(it.cells[ahead] for it in found) for ahead in range(len(years))],
        unknown=sorted(
            code for code in params if code.isupper() and code not in named and params[code].strip()
        ),
        examples=_examples(rates, asked),
    )


def _asked(
    rates: Rates, years: Sequence[int], changes: Mapping[str, str], every_year: bool
) -> dict[int, Asked]:
    """The assumptions that can be changed, by key: those that lines are multiplied by, and PL."""
    wanted = {
        it.assumption: (it.assumption_code, it.assumption_name, it.unit)
        for it in rates.tariffs.values()
        if it.assumption is not None
    }
    values = dict(rates.values)
    index = Assumption.objects.current().filter(code=INDEXATION).first()
    if index is not None:
        wanted[index.pk] = (index.code, index.name, index.unit)
        values |= values_of([index.pk])
    found = {}
    for key, (code, name, unit) in wanted.items():
        known = {year: value.value for year, value in values.get(key, {}).items()}
        course = scenarios.carried(known, years)
        text = changes.get(code, "").strip()
        change, error = None, ""
        try:
            change = scenarios.read_change(text, rate=code == INDEXATION)
        except BadChange as bad:
            error = str(bad)
        changed = None if change is None else scenarios.changed(course, change, every_year=every_year)
        found[key] = Asked(key, code, name, unit, course, text, change, error, changed)
    return found


def _amounts(year: BudgetYear, lines: Sequence[BudgetLine]) -> dict[int, list[Decimal | None]]:
    """What each line is budgeted at in the year and those after it."""
    ahead: dict[int, dict[int, Decimal | None]] = defaultdict(dict)
    estimates = Estimate.objects.filter(line__year=year, line__archived_at=None).order_by()
    for line, number, amount in estimates.values_list("line", "ahead", "amount"):
        ahead[line][number] = amount
    return {
        line.pk: [line.original, *(ahead[line.pk].get(number) for number in range(1, ESTIMATED_YEARS + 1))]
        for line in lines
    }


@dataclass(frozen=True, slots=True)
class Index:
    """Another PL: what lines that follow it are multiplied by in each year, and how that is told."""

    factors: Sequence[Decimal | None]
    said: str


def _index(asked: Mapping[int, Asked], every_year: bool) -> Index | None:
    it = next((it for it in asked.values() if it.is_rate), None)
    if it is None or it.change is None or it.change.number is None:
        return None
    factors = scenarios.index_factors(it.values, it.change.number, every_year=every_year)
    return Index(factors, f"PL {it.then} % i stedet for {it.now} %")


def _cells(
    amounts: Sequence[Decimal | None],
    tariff: Tariff | None,
    asked: Mapping[int, Asked],
    index: Index | None,
    years: Sequence[int],
) -> Sequence[Cell]:
    """A line's years: ``tariff`` is its price, if it has one."""
    if tariff is None:
        return (
            scenarios.indexed(amounts, index.factors, index.said) if index else scenarios.untouched(amounts)
        )
    it = asked.get(tariff.assumption or 0)
    if it is None or it.changed is None:
        return scenarios.untouched(amounts)
    steps = scenarios.carried_steps(tariff.periods, years)
    return scenarios.repriced(amounts, scenarios.Priced(steps, it.values, it.changed, tariff.unit))


def _examples(rates: Rates, asked: Mapping[int, Asked]) -> list[tuple[str, str]]:
    """Questions that are one click away."""
    kinds: dict[PriceKind, set[str]] = defaultdict(set)
    for it in rates.tariffs.values():
        kinds[it.kind].add(it.assumption_code)
    examples = []
    if people := sorted(set().union(*(kinds[kind] for kind in POPULATION))):
        examples.append(("Befolkningen vokser 2 %", dict.fromkeys(people, "+2 %")))
    if volumes := sorted(kinds[PriceKind.TRANSACTION]):
        examples.append(("Transaktionerne falder 10 %", dict.fromkeys(volumes, "−10 %")))
    for index in asked.values():
        if index.is_rate and index.values[0] is not None:
            higher = prices.danish(index.values[0] + 1, 1)
            examples.append((f"PL bliver {higher} %", {index.code: f"{higher} %"}))
    return [(words, urlencode(query)) for words, query in examples]


__all__ = ["EVERY_YEAR", "Answer", "Asked", "Line", "answer"]
