"""The chart of a business case: gains upwards, costs downwards, net as a line across. No queries.

The drawing is ``foi_portal.ui.charts``'; the page has the same numbers in a table.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from django.utils.safestring import SafeString

from budgets import words
from budgets.business_case import Case, Year
from budgets.figures import UNITS
from foi_portal.core.money import ZERO
from foi_portal.ui import charts
from foi_portal.ui.charts import Bar, Series
from foi_portal.ui.svg import Words, swatch

GAIN, COST = Series("gain", 0), Series("cost", 2)
KEY = "case"


@dataclass(frozen=True)
class Chart:
    """The drawing for a wide page and for a phone. ``unit_words`` is what the numbers in it count."""

    wide: SafeString
    narrow: SafeString
    unit_words: str
    legend: list[tuple[SafeString, str]]
    has_unknown: bool


def drawn(case: Case, title: str) -> Chart | None:
    """The chart; None when there is nothing to draw."""
    most = max(
        (abs(amount) for year in case.years for amount in (year.gain, year.cost or ZERO)), default=ZERO
    )
    if not most:
        return None
    unit, _, unit_words = next((found for found in UNITS if most >= found[0]), UNITS[-1])
    bars = [_bar(year, unit) for year in case.years]
    said = ". ".join(map(_told, case.years))
    series = (GAIN, COST)
    return Chart(
        wide=charts.columns(series, bars, Words(KEY, title, said), unit),
        narrow=charts.lying(series, bars, Words(f"{KEY}-narrow", title, said)),
        unit_words=unit_words,
        legend=[(swatch(GAIN.fill, KEY), "Gevinster"), (swatch(COST.fill, KEY), "Omkostninger")],
        has_unknown=any(year.cost is None for year in case.years),
    )


def _bar(year: Year, unit: Decimal) -> Bar:
    """A year whose cost is not known is drawn pale, and has no net."""
    parts = {GAIN.key: year.gain}
    if year.cost is not None:
        parts[COST.key] = -year.cost
    told = "" if year.net is None else words.millions(year.net, unit)
    return Bar(str(year.year), parts, mark=year.net, tentative=year.cost is None, told=told)


def _told(year: Year) -> str:
    cost = "ikke kendt" if year.cost is None else f"{words.exact(year.cost)} kr."
    net = "" if year.net is None else f", netto {words.exact(year.net)} kr."
    return f"{year.year}: gevinster {words.exact(year.gain)} kr., omkostninger {cost}{net}"


__all__ = ["Chart", "drawn"]
