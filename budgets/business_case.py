"""The business case: what something costs against what it gives, year by year. Pure: amounts in, amounts out.

All amounts are DKK. An unknown cost (``None``) stays unknown: a year of which no cost is known has no net, and neither
its cost nor its gain counts in what is added up. A year of which some costs are unknown counts with the rest, and says
how many are missing. A gain without kroner is no 0: it is simply not among these amounts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from foi_portal.core.money import ZERO, sum_of_known, to_cents

YEARS = 5
# The Danish ministry of finance's social discount rate for the first 35 years, per cent a year and after inflation
# (Finansministeriet, Dokumentationsnotat for den samfundsøkonomiske diskonteringsrente, 7 January 2021).
DEFAULT_RATE = Decimal("3.5")
HIGHEST_RATE = Decimal(25)


@dataclass(frozen=True, slots=True)
class Amount:
    """A gain of ``yearly`` DKK in each year from ``first`` to ``last`` (None: for ever)."""

    yearly: Decimal
    first: int
    last: int | None = None

    def in_year(self, year: int) -> Decimal:
        return self.yearly if self.first <= year and (self.last is None or year <= self.last) else ZERO


@dataclass(frozen=True, slots=True)
class Year:
    """One year. ``unknown`` counts costs that are not known; ``factor`` is what 1 krone then is worth at the start.

    ``net`` is gain less cost and ``present`` its present value; both are ``None`` when no cost is known. ``total`` is
    the net of this and all counted years before it.
    """

    year: int
    cost: Decimal | None
    unknown: int
    gain: Decimal
    net: Decimal | None
    total: Decimal | None
    factor: Decimal
    present: Decimal | None

    @property
    def counts(self) -> bool:
        return self.net is not None


@dataclass(frozen=True, slots=True)
class Case:
    """All years with their sums over the years that count; sums are ``None`` when none does."""

    years: tuple[Year, ...]
    rate: Decimal

    @property
    def counted(self) -> tuple[Year, ...]:
        return tuple(year for year in self.years if year.counts)

    @property
    def left_out(self) -> tuple[int, ...]:
        """Years of which no cost is known."""
        return tuple(year.year for year in self.years if not year.counts)

    @property
    def unknown(self) -> int:
        """Costs that are missing in years that count all the same."""
        return sum(year.unknown for year in self.counted)

    @property
    def cost(self) -> Decimal | None:
        return sum_of_known(year.cost for year in self.counted)

    @property
    def gain(self) -> Decimal | None:
        return sum_of_known(year.gain for year in self.counted)

    @property
    def net(self) -> Decimal | None:
        return sum_of_known(year.net for year in self.counted)

    @property
    def present(self) -> Decimal | None:
        """The present value (nutidsværdi) in the first year's kroner."""
        return sum_of_known(year.present for year in self.counted)

    @property
    def pays_back(self) -> int | None:
        """The year from which the gains have paid for the costs, to the end; ``None`` when they have not by then."""
        found = None
        for year in reversed(self.counted):
            if year.total is None or year.total < 0:
                break
            found = year.year
        return found


def case(
    years: Sequence[int],
    costs: Mapping[int, Sequence[Decimal | None]],
    gains: Iterable[Amount],
    rate: Decimal = DEFAULT_RATE,
) -> Case:
    """The case of ``years`` (ascending), with the costs by year and the gains; ``rate`` is per cent a year.

    The first year is not discounted, the second by one year, and so on. Present values are rounded year by year, so
    that they add up as they are shown.
    """
    gains = tuple(gains)
    total: Decimal | None = None
    rows = []
    for year in years:
        known = [amount for amount in costs.get(year, ()) if amount is not None]
        cost = sum_of_known(known)
        gain = sum((amount.in_year(year) for amount in gains), ZERO)
        factor = 1 / (1 + rate / 100) ** (year - years[0])
        net = None if cost is None else gain - cost
        if net is not None:
            total = net if total is None else total + net
        rows.append(
            Year(
                year=year,
                cost=cost,
                unknown=len(costs.get(year, ())) - len(known),
                gain=gain,
                net=net,
                total=None if net is None else total,
                factor=factor,
                present=None if net is None else to_cents(net * factor),
            )
        )
    return Case(tuple(rows), rate)


__all__ = ["DEFAULT_RATE", "HIGHEST_RATE", "YEARS", "Amount", "Case", "Year", "case"]
