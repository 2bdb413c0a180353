"""The two charts of a year with the numbers behind them: the years beside each other, and who pays for what.

Each has the drawing and the same facts for a table. No queries; the drawing itself is ``foi_portal.ui``'s.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.safestring import SafeString

from budgets import deviations, words
from budgets.models import CostType, Funding
from budgets.rollup import Node, flows, plus
from budgets.year_sums import YearSums, parts
from foi_portal.core.money import ZERO
from foi_portal.ui import charts, sankey
from foi_portal.ui.charts import Bar, Series
from foi_portal.ui.svg import Words, swatch

BY_TYPE, BY_FUNDING = 0, 1
CHOICES: Mapping[int, list[tuple[str, str]]] = {
    BY_TYPE: [(str(value), str(label)) for value, label in CostType.choices],
    BY_FUNDING: [(str(value), str(label)) for value, label in Funding.choices],
}
UNITS = (
    (Decimal(1_000_000), "Mio. kr.", "i mio. kr."),
    (Decimal(1_000), "1.000 kr.", "i 1.000 kr."),
    (Decimal(1), "Kroner", "i kroner"),
)
MOST_ENDS = 12


@dataclass(frozen=True)
class Development:
    """Years beside each other. ``rows`` are (year, amounts by series, spent by series), for the table."""

    wide: SafeString
    narrow: SafeString
    unit: str
    unit_words: str
    legend: list[tuple[SafeString, str]]
    has_spent: bool
    has_mark: bool
    has_estimates: bool
    heads: list[str]
    rows: list[tuple[YearSums, list[str], list[str]]]
    cents: bool
    span: str  # 2019–2029


def development(
    years: Sequence[YearSums], current: int | None, part: int = BY_TYPE, key: str = "years"
) -> Development | None:
    """The chart of the years by cost type (0) or funding (1); ``current`` is the year the page is about. Nothing when
    nothing is known of any of them.

    ``key`` names the drawing on the page.
    """
    planned = [parts(one.planned, part) for one in years]
    spent = [parts(one.spent, part) for one in years]
    used = {name for amounts in (*planned, *spent) for name in amounts}
    if not used:
        return None
    shown = [(n, value, label) for n, (value, label) in enumerate(CHOICES[part]) if value in used]
    series = [Series(value, number) for number, value, _ in shown]
    # A closed year's forecast is history, and only the page's own year needs one.
    marks = [one.forecast if one.year == current and one.state != "closed" else None for one in years]
    most = max([ZERO, *(one.revised or ZERO for one in years), *(one.actual or ZERO for one in years)])
    unit, unit_name, unit_words = next((found for found in UNITS if most >= found[0]), UNITS[-1])
    bars = [
        Bar(
            label=str(one.year),
            plan=plan,
            outcome=outcome,
            mark=mark,
            tentative=one.is_estimate,
            current=one.year == current,
            told=words.millions(one.revised, unit),
        )
        for one, plan, outcome, mark in zip(years, planned, spent, marks, strict=True)
    ]
    said = _described(years, marks)
    first, last = years[0].year, years[-1].year
    span = str(first) if first == last else f"{first}–{last}"
    name = f"Budget og forbrug {span}"
    cents = words.has_cents(amount for amounts in (*planned, *spent) for amount in amounts.values())
    return Development(
        wide=charts.columns(series, bars, Words(key, name, said), unit),
        narrow=charts.lying(series, bars, Words(f"{key}-narrow", name, said)),
        unit=unit_name,
        unit_words=unit_words,
        has_spent=any(spent),
        legend=[(swatch(number, key), label) for number, _, label in shown],
        has_mark=any(mark is not None for mark in marks),
        has_estimates=any(one.is_estimate for one in years),
        heads=[label for _, _, label in shown],
        rows=[
            (
                one,
                [words.kroner(plan.get(s.key), cents) for s in series],
                [words.kroner(outcome.get(s.key), cents) for s in series],
            )
            for one, plan, outcome in zip(years, planned, spent, strict=True)
        ],
        cents=cents,
        span=span,
    )


def _described(years: Sequence[YearSums], marks: Sequence[Decimal | None]) -> str:
    """The chart in words: each year's budget, what was spent, and what is expected."""
    said = []
    for one, mark in zip(years, marks, strict=True):
        text = f"{one.year}: {'overslag' if one.is_estimate else 'budget'} "
        text += f"{words.exact(one.revised)} kr." if one.revised is not None else "ikke kendt"
        if one.actual is not None:
            text += f", forbrug {words.exact(one.actual)} kr."
        if mark is not None:
            text += f", forventet {words.exact(mark)} kr."
        said.append(text)
    return ". ".join(said)


@dataclass(frozen=True)
class Financing:
    """Who pays for what. ``rows`` are who pays: key, label, amounts by column, sum, per cent; ``columns`` are what for:
    name, amounts by row, sum."""

    wide: SafeString
    narrow: SafeString
    rows: list[tuple[str, str, list[str], str, str]]
    columns: list[tuple[str, list[str], str]]
    total: Decimal
    unit: str
    has_credits: bool  # some flow is below zero: in the table only


def financing(
    top: Sequence[Node],
    address: Callable[[str], str] = lambda funding: "",
    goal: Callable[[Node], str] = lambda node: "",
    key: str = "money",
) -> Financing:
    """From who pays (left) to the nodes of ``top`` (right): providers, or the platforms of one.

    ``address`` and ``goal`` give the addresses of the ends.
    """
    found = {(funding, str(node)): amount for (funding, node), amount in flows(top).items()}
    labels = dict(CHOICES[BY_FUNDING])
    by_source, by_goal = _sums(found, 0), _sums(found, 1)
    total = sum(found.values(), ZERO)

    def end(key: str, name: str, amount: Decimal, url: str, fill: int = 0) -> sankey.End:
        brief = f"{words.exact(amount)} kr."
        share = words.percent(deviations.percent(amount, total), plus=False)
        return sankey.End(key, name, f"{brief} ({share})" if share else brief, brief, url, fill)

    left = [
        end(value, label, by_source[value], address(value), number)
        for number, (value, label) in enumerate(CHOICES[BY_FUNDING])
        if value in by_source
    ]
    keys = {str(node.place.key): node for node in top}
    goals = [
        end(key, node.place.name, by_goal[key], goal(node)) for key, node in keys.items() if key in by_goal
    ]
    right, merged = sankey.rolled_up(goals, found, MOST_ENDS, f"Øvrige ({len(goals) - MOST_ENDS + 1})")
    sums = _sums(merged, 1)
    right = [one if one.key else end("", one.name, sums[""], "") for one in right]
    flowing = [{ends[side] for ends, amount in merged.items() if amount > 0} for side in (0, 1)]
    givers = [one for one in left if one.key in flowing[0]]
    takers = [one for one in right if one.key in flowing[1]]
    said = ". ".join(f"{end.name}: {end.told}" for end in (*left, *right))
    title = "Hvem der betaler for hvad"
    cents = words.has_cents(found.values())
    return Financing(
        wide=sankey.draw(givers, takers, merged, Words(key, title, said)),
        narrow=sankey.draw(givers, takers, merged, Words(f"{key}-narrow", title, said), sankey.NARROW),
        rows=[
            (
                end.key,
                labels[end.key],
                [words.kroner(merged.get((end.key, goal.key)), cents) for goal in right],
                words.kroner(by_source[end.key], cents),
                words.percent(deviations.percent(by_source[end.key], total), plus=False),
            )
            for end in left
        ],
        columns=[
            (
                goal.name,
                [words.kroner(merged.get((end.key, goal.key)), cents) for end in left],
                words.kroner(sums[goal.key], cents),
            )
            for goal in right
        ],
        total=total,
        unit=words.kroner(total, cents),
        has_credits=any(amount < 0 for amount in merged.values()),
    )


def _sums(amounts: Mapping[tuple[str, str], Decimal], end: int) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = {}
    for ends, amount in amounts.items():
        sums[ends[end]] = plus(sums.get(ends[end]), amount) or ZERO
    return sums


__all__ = ["BY_FUNDING", "BY_TYPE", "Development", "Financing", "development", "financing"]
