"""Computed lines: a price of the year × the assumption of the year, and what prices and wages rise by.

A line's amount is the one stored. ``plan`` says what it would be if it were computed today; ``recompute`` is the only
thing that writes it, and writes exactly what was shown.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.urls import reverse

from budgets import prices
from budgets.models import AssumptionValue, BudgetLine, BudgetYear, Price, PriceKind, PriceModel
from budgets.rights import may_edit_lines
from foi_portal.core import history
from foi_portal.core.keys import among
from foi_portal.core.models import ArchivableQuerySet, Change, User

INDEXATION = "PL"  # the code of the assumption that is KL's pris- og lønskøn


class Refused(Exception):  # noqa: N818  (the portal refuses; nothing has been written)
    """Nothing was computed anew; the text says why, in Danish."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Why there is no computed amount, and the page where that is mended, with the words of the link to it."""

    text: str
    url: str
    link: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a price gives in a year: DKK and its arithmetic, or what is missing. ``estimated``: price or quantity is."""

    amount: Decimal | None
    arithmetic: str = ""
    estimated: bool = False
    missing: Missing | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """An assumption of a year."""

    value: Decimal
    estimated: bool = False


@dataclass(frozen=True, slots=True)
class Tariff:
    """A price model with its prices, and the assumption that they are multiplied by (``None`` when they are fixed)."""

    code: str
    name: str
    kind: PriceKind
    assumption: int | None
    assumption_code: str
    assumption_name: str
    unit: str
    periods: tuple[prices.Period, ...]

    @property
    def url(self) -> str:
        return reverse("price-detail", args=[self.code])

    def price(self, steps: tuple[prices.Step, ...], quantity: Decimal | None) -> prices.Computation:
        """The arithmetic. Errors: ``prices.CannotCompute``."""
        return prices.fixed(steps) if quantity is None else prices.times(steps, quantity, self.unit)

    def compute(self, year: int, value: Value | None) -> Outcome:
        """The year's price × the assumption's value."""
        period = prices.in_force(self.periods, year)
        if period is None:
            url = f"{reverse('price-year-create', args=[self.code])}?since={year}"
            return _missing(f"«{self.name}» har ingen pris for {year}.", url, "Skriv prisen")
        if not period.steps:
            return _missing(
                f"Prisen fra {period.since} på «{self.name}» kan ikke læses.", self.url, "Se prisen"
            )
        if self.assumption is not None and value is None:
            url = f"{reverse('assumption-values', args=[self.assumption_code])}?aar={year}"
            return _missing(
                f"«{self.assumption_name}» er ikke skrevet for {year}.", url, "Skriv forudsætningen"
            )
        try:
            found = self.price(period.steps, value.value if value is not None else None)
        except prices.CannotCompute as error:
            return _missing(str(error), self.url, "Se prisen")
        estimated = period.estimated or (value is not None and value.estimated)
        return Outcome(found.amount, found.arithmetic, estimated)


def _missing(text: str, url: str, link: str) -> Outcome:
    return Outcome(None, missing=Missing(text, url, link))


@dataclass(frozen=True, slots=True)
class Rates:
    """Price models by key, and the values of what they are multiplied by: assumption → year → value."""

    tariffs: Mapping[int, Tariff]
    values: Mapping[int, Mapping[int, Value]]

    @classmethod
    def of(
        cls, models: Iterable[int | None], typed: Mapping[tuple[int, int], Decimal] | None = None
    ) -> Rates:
        """The rates of these price models. Three queries, however many.

        ``typed`` are values of assumptions that are not saved (yet), by the assumption's key and year.
        """
        keys = {key for key in models if key is not None}
        found = list(PriceModel.objects.filter(pk__in=among(keys)).select_related("assumption"))
        periods: dict[int, list[prices.Period]] = defaultdict(list)
        for price in Price.objects.current().filter(model_id__in=among(keys)).order_by("since"):
            periods[price.model_id].append(period_of(price))
        tariffs = {
            row.pk: Tariff(
                code=row.code,
                name=row.name,
                kind=PriceKind(row.kind),
                assumption=row.assumption_id,
                assumption_code=row.assumption.code if row.assumption else "",
                assumption_name=row.assumption.name if row.assumption else "",
                unit=row.assumption.unit if row.assumption else "",
                periods=tuple(periods[row.pk]),
            )
            for row in found
        }
        values = values_of({row.assumption_id for row in found if row.assumption_id})
        for (assumption, year), value in (typed or {}).items():
            values[assumption][year] = Value(value, estimated=True)
        return cls(tariffs, values)

    def compute(self, model: int, year: int) -> Outcome:
        """What the price model gives in the year."""
        tariff = self.tariffs[model]
        value = None if tariff.assumption is None else self.values.get(tariff.assumption, {}).get(year)
        return tariff.compute(year, value)


def period_of(price: Price) -> prices.Period:
    """The price without its row; without steps when those that are stored cannot be read."""
    try:
        steps = prices.read_steps(price.steps)
    except prices.BadSteps:
        steps = ()
    return prices.Period(price.since, price.until, steps, price.estimated)


def values_of(assumptions: Collection[int]) -> defaultdict[int, dict[int, Value]]:
    """What is known of the assumptions, by year. One query."""
    known = AssumptionValue.objects.filter(assumption_id__in=among(assumptions)).exclude(value=None)
    found: defaultdict[int, dict[int, Value]] = defaultdict(dict)
    for row in known.order_by("year"):
        if row.value is not None:
            found[row.assumption_id][row.year] = Value(row.value, row.estimated)
    return found


def compute(line: BudgetLine, rates: Rates | None = None) -> Outcome:
    """What the line's price model gives in its year, for a line that has one. Nothing is written.

    ``rates`` saves three queries for each line after the first.
    """
    if line.price_model_id is None:
        raise ValueError("The line is not computed.")
    rates = rates or Rates.of([line.price_model_id])
    return rates.compute(line.price_model_id, line.year.year)


@dataclass(frozen=True, slots=True)
class PlannedLine:
    """A computed line as it is, and as it would be if it were computed today."""

    line: BudgetLine
    tariff: Tariff
    outcome: Outcome

    @property
    def difference(self) -> Decimal | None:
        """What the amount would rise by, in DKK; ``None`` when one of the two is not known."""
        original: Decimal | None = self.line.original
        if self.outcome.amount is None or original is None:
            return None
        return self.outcome.amount - original

    @property
    def differs(self) -> bool:
        """Whether the amount would become another."""
        return self.outcome.amount is not None and self.outcome.amount != self.line.original

    @property
    def changes(self) -> bool:
        """Whether anything would be written: the amount, or only the arithmetic behind it."""
        return self.differs or (
            self.outcome.amount is not None and self.outcome.arithmetic != self.line.calculation
        )

    @property
    def mark(self) -> str:
        """Names the line together with what was shown of it, so that only that can be carried out."""
        shown = (self.line.original, self.outcome.amount, self.outcome.arithmetic)
        seen = hashlib.sha256(repr((self.line.pk, shown)).encode()).hexdigest()
        return f"{self.line.pk}-{seen[:16]}"


def plan(
    year: BudgetYear, lines: Iterable[BudgetLine] | None = None, rates: Rates | None = None
) -> list[PlannedLine]:
    """The year's computed lines, by component, as they are and would be. Four queries, however many.

    ``lines`` are those to look at when they have been fetched, or locked, already; so with their ``rates``.
    """
    if lines is None:
        lines = computed_lines(year).select_related("component", "unit")
    found = list(lines)
    rates = rates or Rates.of(line.price_model_id for line in found)
    return [
        PlannedLine(line, rates.tariffs[line.price_model_id], rates.compute(line.price_model_id, year.year))
        for line in found
        if line.price_model_id is not None
    ]


def computed_lines(year: BudgetYear) -> ArchivableQuerySet[BudgetLine]:
    """The year's live lines that have a price model, by component."""
    lines = BudgetLine.objects.current().filter(year=year, price_model__isnull=False)
    return lines.order_by("component__name", "component__pk", "cost_type", "funding", "pk")


def recompute(*, year: BudgetYear, marks: Collection[str], actor: User, reason: str = "") -> int:
    """Write what was shown of the lines whose ``marks`` are given (``PlannedLine.mark``). Out: how many changed.

    All or nothing. Errors: ``Refused`` when the year is locked, or something has become another since it was shown.
    """
    said = (mark.partition("-")[0] for mark in marks)
    keys = {int(key) for key in said if key.isdecimal() and len(key) < 19}
    why = history.tidy(reason) or "Regnet om efter pris og forudsætning"
    with history.recording(actor=actor, kind=Change.Kind.BULK, reason=why):
        year = BudgetYear.objects.select_for_update().get(pk=year.pk)
        if not may_edit_lines(actor, year):
            raise Refused(
                f"Budget {year.year} er {year.get_state_display().lower()} imens. Intet er regnet om."
            )
        lines = computed_lines(year).filter(pk__in=among(keys)).order_by("pk")
        planned = plan(year, lines.select_for_update(of=("self",)))
        if {row.mark for row in planned} != set(marks):
            raise Refused(
                "En linje, en pris eller en forudsætning er ændret, siden siden blev vist. "
                "Intet er regnet om. Se de nye tal, og gentag."
            )
        changed = [row for row in planned if row.changes]
        for row in changed:
            row.line.original = row.outcome.amount
            row.line.calculation = row.outcome.arithmetic
        BudgetLine.objects.bulk_update(
            [row.line for row in changed], ["original", "calculation"], batch_size=500
        )
        return len(changed)


def indexation(year: int) -> Decimal | None:
    """By how many per cent prices and wages rise from the year before to ``year`` (2.9); ``None`` when not known.

    It is the value of the assumption with code PL. One query.
    """
    values = AssumptionValue.objects.filter(
        assumption__code=INDEXATION, assumption__archived_at=None, year=year
    )
    return values.values_list("value", flat=True).first()


__all__ = [
    "INDEXATION",
    "Missing",
    "Outcome",
    "PlannedLine",
    "Rates",
    "Refused",
    "Tariff",
    "Value",
    "compute",
    "computed_lines",
    "indexation",
    "period_of",
    "plan",
    "recompute",
    "values_of",
]
