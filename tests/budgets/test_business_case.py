"""The arithmetic of a business case: by hand, and by what holds for any case. Nothing here touches a database."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from budgets import case_chart
from budgets.business_case import Amount, Case, case
from foi_portal.core.money import ZERO, to_cents

pytestmark = pytest.mark.anywhere

examples = settings(max_examples=60, deadline=None)
YEARS = (2026, 2027, 2028, 2029, 2030)
kroner = st.decimals(min_value=0, max_value=Decimal("50000000"), places=2)
costs = st.fixed_dictionaries({year: st.lists(st.none() | kroner, max_size=4) for year in YEARS})
gains = st.lists(
    st.builds(Amount, kroner, st.integers(2024, 2031), st.none() | st.integers(2026, 2032)), max_size=5
)
rates = st.decimals(min_value=0, max_value=25, places=1)


def by_year(**amounts: Any) -> dict[int, list[Decimal | None]]:
    return {int(year[1:]): amount for year, amount in amounts.items()}


class TestByHand:
    def test_a_licence_that_pays_for_itself_in_the_third_year(self):
        """1,000 at first and then 100 a year, against 500 a year: −500, −100, 300 …; at 10 % −500 + 400/1.1 + …"""
        found = case(
            (2026, 2027, 2028),
            by_year(y2026=[Decimal(1000)], y2027=[Decimal(60), Decimal(40)], y2028=[Decimal(100)]),
            [Amount(Decimal(500), 2020)],
            Decimal(10),
        )
        assert [year.net for year in found.years] == [-500, 400, 400]
        assert [year.total for year in found.years] == [-500, -100, 300]
        assert [year.present for year in found.years] == [-500, Decimal("363.64"), Decimal("330.58")]
        assert found.net == 300
        assert found.present == Decimal("194.22")
        assert found.pays_back == 2028

    def test_a_year_without_known_costs_is_left_out_with_its_gain(self):
        found = case(
            YEARS,
            by_year(
                y2026=[Decimal(10)], y2027=[None], y2028=[], y2029=[Decimal(10), None], y2030=[Decimal(10)]
            ),
            [Amount(Decimal(15), 2026)],
        )
        assert found.left_out == (2027, 2028)
        assert [year.net for year in found.years] == [5, None, None, 5, 5]
        assert [year.total for year in found.years] == [5, None, None, 10, 15]
        assert found.gain == 45
        assert found.cost == 30
        assert found.net == 15
        assert found.unknown == 1, "2029 counts, and one of its costs is missing"

    def test_nothing_known_is_not_nothing(self):
        found = case(YEARS, {}, [Amount(Decimal(15), 2026)])
        assert (found.cost, found.net, found.present, found.pays_back) == (None, None, None, None)

    def test_a_cost_of_nothing_is_known(self):
        found = case((2026,), by_year(y2026=[ZERO]), [])
        assert found.cost == found.net == 0
        assert found.left_out == ()

    def test_a_gain_counts_from_its_first_year_to_its_last(self):
        gain = Amount(Decimal(7), 2027, 2028)
        assert [gain.in_year(year) for year in YEARS] == [0, 7, 7, 0, 0]
        assert [Amount(Decimal(7), 2029).in_year(year) for year in YEARS] == [0, 0, 0, 7, 7]

    def test_it_has_not_paid_back_when_it_falls_below_again(self):
        found = case(
            (2026, 2027), by_year(y2026=[ZERO], y2027=[Decimal(100)]), [Amount(Decimal(10), 2026, 2026)]
        )
        assert [year.total for year in found.years] == [10, -90]
        assert found.pays_back is None

    def test_the_usual_rate_is_the_ministrys(self):
        """3.5 % for the first 35 years: 100 kr. in 2027 are 96.62 kr. in 2026."""
        found = case((2026, 2027), by_year(y2026=[ZERO], y2027=[ZERO]), [Amount(Decimal(100), 2027)])
        assert found.years[1].present == Decimal("96.62")


class TestAlways:
    @examples
    @given(costs, gains, rates)
    def test_net_is_gains_less_costs(self, costs: Any, gains: Any, rate: Decimal):
        found = case(YEARS, costs, gains, rate)
        for year in found.counted:
            known = [amount for amount in costs[year.year] if amount is not None]
            assert year.net == sum((each.in_year(year.year) for each in gains), ZERO) - sum(known, ZERO)
        if found.counted:
            assert found.net == (found.gain or ZERO) - (found.cost or ZERO)

    @examples
    @given(costs, gains, rates)
    def test_the_accumulated_is_the_sum_so_far(self, costs: Any, gains: Any, rate: Decimal):
        found, so_far = case(YEARS, costs, gains, rate), ZERO
        for year in found.years:
            if year.net is None:
                assert year.total is None
            else:
                so_far += year.net
                assert year.total == so_far
        assert found.net == (so_far if found.counted else None)

    @examples
    @given(costs, gains, rates)
    def test_present_values_add_up_and_shrink_with_the_rate(self, costs: Any, gains: Any, rate: Decimal):
        found = case(YEARS, costs, gains, rate)
        presents = [year.present for year in found.counted if year.present is not None]
        assert all(amount == to_cents(amount) for amount in presents)
        assert found.present == (sum(presents, ZERO) if presents else None)
        for year in found.counted:
            assert abs(year.present or ZERO) <= abs(year.net or ZERO)
        assert case(YEARS, costs, gains, ZERO).present == case(YEARS, costs, gains, rate).net

    @examples
    @given(costs, costs, gains, gains, rates)
    def test_two_parts_together_are_their_sum(
        self, one: Any, other: Any, gain: Any, more: Any, rate: Decimal
    ):
        """A platform is its modules, nothing twice: in the years of which both costs are known."""
        together = case(YEARS, {year: [*one[year], *other[year]] for year in YEARS}, [*gain, *more], rate)
        apart: list[Case] = [case(YEARS, one, gain, rate), case(YEARS, other, more, rate)]
        for both, first, second in zip(together.years, *(part.years for part in apart), strict=True):
            assert both.gain == first.gain + second.gain
            assert both.unknown == first.unknown + second.unknown
            if first.cost is not None and second.cost is not None:
                assert both.cost == first.cost + second.cost
                assert both.net == (first.net or ZERO) + (second.net or ZERO)

    @examples
    @given(costs, gains)
    def test_the_chart_says_every_year(self, costs: Any, gains: Any):
        found = case(YEARS, costs, gains)
        chart = case_chart.drawn(found, "Gevinster & omkostninger")
        if chart is None:
            assert not any(year.gain or year.cost for year in found.years)
            return
        assert chart.has_unknown == bool(found.left_out)
        for drawn in (chart.wide, chart.narrow):
            assert "Gevinster &amp; omkostninger" in drawn
            assert drawn.count("omkostninger ikke kendt") == len(found.left_out)
            assert drawn.count('stroke="#cc0000"') == len(found.counted), "a net for each year that counts"
