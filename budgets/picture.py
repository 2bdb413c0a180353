"""A year's budget as its pages show it: each line with its amounts, where its component belongs, who is to pay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Any

from django.db.models import Count, Sum, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest

from budgets import kept
from budgets.models import (
    Actual,
    AdjustmentEntry,
    AdjustmentState,
    BudgetLine,
    BudgetResponsibility,
    BudgetYear,
    ForecastRound,
    YearState,
)
from budgets.queries import booked
from budgets.rollup import NOBODY, Line, Node, Place, Provider, Sums, chain, plus, summed, tree
from budgets.words import has_cents
from registry.models import Asset

# the first fields of a ``Line``, in its order
FIELDS = (
    "pk",
    "component_id",
    "cost_type",
    "funding",
    "unit_name",
    "code",
    "note",
    "illustrative",
    "explanation",
    "explained",
    "original",
)
WITHOUT_PROVIDER = Provider(NOBODY, "uden", "Uden udbyder")


@dataclass(frozen=True)
class Picture:
    """Shared by all requests that ask for the same state of the year; never written on. What is made of the lines is
    made once, when somebody asks for it.

    ``tops`` has the platform (top of the module tree) of every component with lines. ``unclarified`` are those of them
    whose budget responsibility is not clarified, each with the component that answers for it (as in
    ``budgets.responsibility``: the nearest at or above that has one, or itself when none has). ``waiting`` is how many
    actuals fit no line, and their sum. ``compared`` is the year before, where nothing is spent or forecast yet: then a
    budget is held against the last one.
    """

    number: int
    is_closed: bool
    lines: Sequence[Line]
    places: Mapping[int, Place]
    providers: Mapping[int, Provider]
    tops: Mapping[int, int]
    unclarified: Mapping[int, int]
    round: ForecastRound | None
    month: int | None
    waiting: tuple[int, Decimal | None]
    compared: int | None
    sums: Sums

    def tree(self, lines: Sequence[Line]) -> list[Node]:
        """The lines under their components and providers. Never write on it: that of all lines is shared."""
        return self.whole if lines is self.lines else tree(lines, self.places, self.providers)

    @cached_property
    def whole(self) -> list[Node]:
        """All lines under their components and providers."""
        return tree(self.lines, self.places, self.providers)

    @cached_property
    def by_key(self) -> Mapping[int, Line]:
        return {line.key: line for line in self.lines}

    @cached_property
    def marked(self) -> frozenset[int]:
        """The lines whose deviation must be explained."""
        return frozenset(line.key for line in self.lines if line.is_marked)

    @cached_property
    def unexplained(self) -> frozenset[int]:
        """Those of them that lack an explanation."""
        return frozenset(key for key in self.marked if self.by_key[key].wants_explanation)

    @cached_property
    def cents(self) -> bool:
        """Whether amounts are written with øre."""
        return has_cents(
            amount
            for line in self.lines
            for amount in (line.original, line.revised, line.actual, line.forecast, line.before)
        )

    def provider_of(self, component: int) -> Provider:
        """The provider that the component stands under."""
        return self.providers[self.places[self.tops[component]].provider or NOBODY]

    @cached_property
    def unclarified_sums(self) -> Sums:
        return summed(line for line in self.lines if line.component in self.unclarified)

    @cached_property
    def unclarified_budgets(self) -> Mapping[int, Decimal | None]:
        """The known revised budget that is unclarified, by the component that answers; ``None``: nothing is known."""
        found: dict[int, Decimal | None] = dict.fromkeys(self.unclarified.values())
        for line in self.lines:
            if (answering := self.unclarified.get(line.component)) is not None:
                found[answering] = plus(found[answering], line.revised)
        return found

    @cached_property
    def all_illustrative(self) -> bool:
        return bool(self.lines) and all(line.illustrative for line in self.lines)


def shown(request: HttpRequest, year: BudgetYear, version: tuple[Any, ...] | None = None) -> Picture:
    """The picture that a page is made of: one for the page and its panels, asked for once."""
    pictures: dict[int, Picture] = request.__dict__.setdefault("budget_pictures", {})
    if year.pk not in pictures:
        pictures[year.pk] = of(year, version)
    return pictures[year.pk]


def of(year: BudgetYear, version: tuple[Any, ...] | None = None) -> Picture:
    """The year's picture. One query when it is known already (none when ``version`` is given), else nine to eleven."""
    version = kept.version() if version is None else version
    return kept.once(version, ("year", year.pk), lambda: _load(year))


def _load(year: BudgetYear) -> Picture:
    closed = year.state == YearState.CLOSED
    found = booked(year)
    compared = None
    before: dict[Any, Decimal] = {}
    if not found.spent and not found.expected:
        compared, before = _before(year)
    named = {"unit_name": Coalesce("unit__name", Value("")), "code": Coalesce("unit__code", Value(""))}
    known: Any = BudgetLine.objects.current().filter(year=year).annotate(**named)
    rows = known.order_by("component__name", "component_id", "cost_type", "funding", "pk").values_list(
        *FIELDS
    )
    lines = []
    for row in rows:
        key, kind, original = row[0], row[1:4], row[-1]
        actual, forecast = found.spent.get(key), found.expected.get(key)
        expected = actual if closed else forecast
        revised = found.revised(key, original)
        lines.append(Line._make((*row, revised, actual, forecast, expected, before.get(kind))))
    places, providers = _places()
    with_lines = {line.component for line in lines}
    written = BudgetResponsibility.objects.current().order_by()
    clarified = dict(written.values_list("component_id", "clarified"))
    answering = {key: _answering(key, places, clarified) for key in with_lines}
    unplaced = Actual.objects.unplaced().filter(year=year).aggregate(count=Count("pk"), total=Sum("amount"))
    return Picture(
        number=year.year,
        is_closed=closed,
        lines=lines,
        places=places,
        providers=providers,
        tops={key: chain(key, places)[0] for key in with_lines},
        unclarified={key: answers for key, answers in answering.items() if not clarified.get(answers)},
        round=found.round,
        month=found.month,
        waiting=(unplaced["count"], unplaced["total"]),
        compared=compared,
        sums=summed(lines),
    )


def _answering(component: int, places: Mapping[int, Place], written: Mapping[int, bool]) -> int:
    """The nearest component at or above that has a responsibility; itself when none has."""
    return next((key for key in reversed(chain(component, places)) if key in written), component)


def _before(year: BudgetYear) -> tuple[int | None, dict[Any, Decimal]]:
    """The year before and its known revised budget by component, cost type and funding; nothing without lines."""
    number = year.year - 1
    lines = BudgetLine.objects.current().filter(year__year=number).exclude(original=None).order_by()
    kinds = ("component_id", "cost_type", "funding")
    sums = {row[:3]: row[3] for row in lines.values_list(*kinds).annotate(total=Sum("original"))}
    changed = AdjustmentEntry.objects.filter(
        adjustment__state=AdjustmentState.APPROVED, line__in=lines
    ).order_by()
    for *kind, total in changed.values_list(*(f"line__{name}" for name in kinds)).annotate(
        total=Sum("amount")
    ):
        sums[tuple(kind)] += total
    return (number if sums else None), sums


def _places() -> tuple[dict[int, Place], dict[int, Provider]]:
    """Every component, archived ones too: a budget outlives what it was for."""
    places: dict[int, Place] = {}
    providers = {NOBODY: WITHOUT_PROVIDER}
    for row in (
        Asset.objects.components()
        .order_by()
        .values_list("pk", "code", "name", "parent_id", "provider_id", "provider__code", "provider__name")
    ):
        places[row[0]] = Place(*row[:5])
        if row[4] is not None:
            providers[row[4]] = Provider(*row[4:])
    return places, providers


__all__ = ["WITHOUT_PROVIDER", "Picture", "of", "shown"]
