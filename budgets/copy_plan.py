"""What copying a budget year was asked for and what it comes to. Only data: ``budgets.copying`` makes and writes it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.crypto import salted_hmac

from budgets.models import ESTIMATED_YEARS, BudgetLine, BudgetYear
from foi_portal.core.money import sum_of_known


class Base(models.TextChoices):
    """Which budget of the year that is copied."""

    ORIGINAL = "original", "Oprindeligt budget"
    REVISED = "revised", "Korrigeret budget (med budgetændringer)"


@dataclass(frozen=True)
class Terms:
    """What was asked for. ``rate`` is PL in per cent from the source to the target year.

    ``rates`` are those of single cost types; ``assumptions`` new values for the target year by the assumption's key.
    """

    source: int
    target: int
    rate: Decimal
    base: str = Base.ORIGINAL
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    assumptions: Mapping[int, Decimal] = field(default_factory=dict)


@dataclass(frozen=True)
class NewLine:
    """One line of the plan, in DKK. ``how`` is the arithmetic in Danish, ``estimates`` the three years after."""

    source: BudgetLine
    old: Decimal | None
    amount: Decimal | None
    how: str
    estimates: tuple[Decimal | None, ...]
    is_computed: bool = False
    remark: str = ""

    @property
    def change(self) -> Decimal | None:
        return None if self.old is None or self.amount is None else self.amount - self.old


@dataclass(frozen=True)
class LeftOut:
    """A line of the source year that is not copied, and why, in Danish."""

    source: BudgetLine
    why: str


@dataclass(frozen=True)
class Plan:
    """What copying does. ``year`` is the target where it exists already."""

    terms: Terms
    year: BudgetYear | None
    lines: list[NewLine]
    left_out: list[LeftOut]

    @property
    def old_total(self) -> Decimal | None:
        return sum_of_known(line.old for line in self.lines)

    @property
    def total(self) -> Decimal | None:
        return sum_of_known(line.amount for line in self.lines)

    @property
    def change(self) -> Decimal | None:
        return None if self.total is None or self.old_total is None else self.total - self.old_total

    @property
    def percent(self) -> Decimal | None:
        """The change in per cent with one decimal."""
        if not self.old_total or self.change is None:
            return None
        return (100 * self.change / self.old_total).quantize(Decimal("0.1"))

    @property
    def estimate_totals(self) -> list[Decimal | None]:
        return [
            sum_of_known(line.estimates[ahead] for line in self.lines) for ahead in range(ESTIMATED_YEARS)
        ]

    @property
    def unknown(self) -> int:
        return sum(line.amount is None for line in self.lines)

    @property
    def digest(self) -> str:
        """A text that is another as soon as anything in the plan is."""
        terms = self.terms
        content = {
            "terms": [
                terms.source,
                terms.target,
                terms.base,
                terms.rate.normalize(),
                sorted(terms.rates.items()),
            ],
            "assumptions": sorted(terms.assumptions.items()),
            "year": None if self.year is None else [self.year.pk, self.year.state],
            "lines": [
                (line.source.pk, line.source.version, line.amount, line.how, line.estimates)
                for line in self.lines
            ],
            "left_out": [(line.source.pk, line.why) for line in self.left_out],
        }
        text = DjangoJSONEncoder(sort_keys=True).encode(content)
        return salted_hmac("budgets.copying", text, algorithm="sha256").hexdigest()


__all__ = ["Base", "LeftOut", "NewLine", "Plan", "Terms"]
