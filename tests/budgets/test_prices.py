"""Steps of prices: what they give, how they are read, and how people read them. Without a database."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets import prices
from budgets.numbers import BadNumber, read_number
from budgets.prices import BadSteps, CannotCompute, Period, Step, read_steps

pytestmark = pytest.mark.anywhere

FKI = [["0", "25.00"], ["150000", "12.50"]]

units = st.decimals(min_value=0, max_value=1000, places=2)
bounds = st.lists(st.integers(1, 400), max_size=4, unique=True).map(lambda found: [0, *sorted(found)])


@st.composite
def tariffs(draw: st.DrawFn) -> tuple[Step, ...]:
    return tuple(Step(Decimal(above), draw(units)) for above in draw(bounds))


quantities = st.integers(0, 500).map(Decimal)


class TestPublishedFacts:
    def test_the_infrastructure_price_of_2020(self):
        found = prices.times(read_steps(FKI), Decimal(204_700), "indbyggere")
        assert found.amount == Decimal("4433750.00")
        assert found.arithmetic == "150.000 × 25,00 + 54.700 × 12,50 (indbyggere) = 4.433.750,00"

    def test_the_buffet_price_of_2020(self):
        found = prices.times(read_steps([["0", "2.79"]]), Decimal(204_700), "indbyggere")
        assert found.amount == Decimal("571113.00")


class TestTiers:
    @given(tariffs(), quantities)
    def test_cost_what_each_unit_costs(self, steps: tuple[Step, ...], quantity: Decimal):
        """The oracle prices one unit at a time."""
        by_hand = sum(
            (
                next(step.unit for step in reversed(steps) if number > step.above)
                for number in range(1, int(quantity) + 1)
            ),
            Decimal(0),
        )
        assert prices.times(steps, quantity).amount == by_hand

    @given(tariffs(), quantities)
    def test_are_continuous(self, steps: tuple[Step, ...], quantity: Decimal):
        """One more costs one unit price and no more, also where a step begins: nothing jumps."""
        more = prices.times(steps, quantity + 1).amount - prices.times(steps, quantity).amount
        assert more in {step.unit for step in steps}

    @given(tariffs(), quantities, quantities)
    def test_never_cost_less_for_more(self, steps: tuple[Step, ...], one: Decimal, other: Decimal):
        less, more = sorted((one, other))
        assert prices.times(steps, less).amount <= prices.times(steps, more).amount

    @given(tariffs(), quantities)
    def test_give_the_same_when_they_have_been_stored(self, steps: tuple[Step, ...], quantity: Decimal):
        again = read_steps(prices.stored(steps))
        assert prices.times(again, quantity) == prices.times(steps, quantity)
        assert prices.stored(again) == prices.stored(steps)

    def test_are_rounded_once_and_half_an_oere_up(self):
        assert prices.times(read_steps([["0", "0.0050"]]), Decimal(3)).amount == Decimal("0.02")
        assert prices.times(read_steps([["0", "0.005"]]), Decimal(1)).amount == Decimal("0.01")

    def test_refuse_what_is_below_nothing_or_above_a_budget(self):
        steps = read_steps([["0", "9999999999"]])
        with pytest.raises(CannotCompute, match="under 0"):
            prices.times(steps, Decimal(-1))
        with pytest.raises(CannotCompute, match="for stort"):
            prices.times(steps, Decimal("999999999999.9999"))

    def test_arithmetic_fits_in_the_line(self):
        """Twenty steps of the longest numbers that give an amount a budget holds."""
        steps = tuple(
            Step(Decimal(number) * Decimal("473684210.5263"), Decimal("25.0001")) for number in range(20)
        )
        assert len(prices.times(steps, Decimal("9999999999.9999"), "i" * 40).arithmetic) <= 1000


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        ([], "mindst én"),
        ([["0", "1"]] * 21, "højst 20"),
        ("25", "mindst én"),
        ([["0"]], "to tal"),
        ([["0", "dyrt"]], "to tal"),
        ([["0", "NaN"]], "for stort"),
        ([["0", "1e20"]], "for stort"),
        ([["0", "-1"]], "under 0"),
        ([["0", "0.12345"]], "fire decimaler"),
        ([["10", "1"]], "begynder ved 0"),
        ([["0", "1"], ["0", "2"]], "stigende"),
        ([["0", "1"], ["9", "2"], ["5", "3"]], "stigende"),
    ],
)
def test_steps_that_cannot_be_used_say_why(stored: list[list[str]], said: str):
    with pytest.raises(BadSteps, match=said):
        read_steps(stored)


class TestWords:
    @pytest.mark.parametrize(
        ("steps", "per", "said"),
        [
            (FKI, "", "25,00 kr. for de første 150.000, 12,50 kr. for resten"),
            (FKI, "pr. indbygger", "25,00 kr. pr. indbygger for de første 150.000, 12,50 kr. for resten"),
            ([["0", "0.1875"]], "pr. transaktion", "0,1875 kr. pr. transaktion"),
            ([["0", "30000"]], "om året", "30.000,00 kr. om året"),
            (
                [["0", "0"], ["3", "20"], ["100", "15.5"]],
                "",
                "0,00 kr. for de første 3, 20,00 kr. for de næste 97, 15,50 kr. for resten",
            ),
        ],
    )
    def test_are_what_people_say(self, steps: list[list[str]], per: str, said: str):
        assert prices.words(read_steps(steps), per) == said

    def test_are_what_stored_steps_look_like_as_text(self):
        assert str(prices.Steps(FKI)) == "25,00 kr. for de første 150.000, 12,50 kr. for resten"
        assert "'x', 'y'" in str(prices.Steps([["x", "y"]]))


def period(since: int, until: int | None = None, unit: str = "1") -> Period:
    return Period(since, until, (Step(Decimal(0), Decimal(unit)),))


class TestYears:
    def test_the_latest_that_has_begun_is_in_force(self):
        periods = [period(2018, 2018), period(2020), period(2023)]
        found = [prices.in_force(periods, year) for year in (2017, 2018, 2019, 2020, 2022, 2030)]
        assert [it and it.since for it in found] == [None, 2018, None, 2020, 2020, 2023]

    def test_an_earlier_one_does_not_come_back_when_a_later_has_ended(self):
        assert prices.in_force([period(2018), period(2020, 2020)], 2021) is None

    def test_the_story_says_from_when_to_when_and_how_much_dearer(self):
        told = prices.story([period(2023, None, "3"), period(2018, 2018, "1.94"), period(2020, None, "2.79")])
        assert [(it.years, it.rise) for it in told] == [
            ("2018", None),
            ("2020–2022", Decimal("43.8")),
            ("2023 og frem", Decimal("7.5")),
        ]


class TestNumbers:
    @pytest.mark.parametrize(
        ("text", "number"),
        [
            ("204.700", "204700"),
            ("204700", "204700"),
            (" 204 700 ", "204700"),
            ("12,50", "12.5"),
            ("12.5", "12.5"),
            ("0.125", "0.125"),
            ("0,125", "0.125"),
            ("1.234,5678", "1234.5678"),
            ("1,234,567", "1234567"),
            ("−0,5", "-0.5"),
            ("+2", "2"),
            ("12,500000", "12.5"),
        ],
    )
    def test_are_read_the_danish_way(self, text: str, number: str):
        assert read_number(text, largest=Decimal(10**12)) == Decimal(number)

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("204,700", "to måder. Skriv 204.700 eller 204,7000"),
            ("mange", "ikke et tal"),
            ("1.2.3", "ikke et tal"),
            ("1e5", "ikke et tal"),
            ("١٢", "ikke et tal"),
            ("12 kr.", "ikke et tal"),
            ("0,12345", "flere end 4 decimaler"),
            ("1000000000001", "for stort"),
            ("9" * 400, "for stort"),
        ],
    )
    def test_that_are_none_say_why(self, text: str, said: str):
        with pytest.raises(BadNumber, match=said):
            read_number(text, largest=Decimal(10**12))

    def test_nothing_is_not_nought(self):
        assert read_number("  ", largest=Decimal(1)) is None

    @given(st.text(max_size=20))
    def test_any_text_is_a_number_or_refused(self, text: str):
        try:
            found = read_number(text, largest=Decimal(10**12))
        except BadNumber:
            return
        assert found is None or abs(found) <= 10**12
