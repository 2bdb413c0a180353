"""What holds of every sharing: it adds up to the øre at any roll-up, and no cost is in two places."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from budgets.shares import (
    CannotShare,
    Cost,
    Portion,
    Rest,
    ShareOut,
    added_up,
    percentages,
    share,
    share_out,
)
from foi_portal.core.money import CENT, ZERO
from registry.matrix import Modules

pytestmark = pytest.mark.anywhere

amounts = st.integers(-(10**12), 10**12).map(lambda cents: cents * CENT)
weights = st.decimals(0, 10**6, places=4)
FUNDINGS = ("DA", "forvaltning", "pulje")
organisations = st.integers(1, 12)
components = st.integers(1, 8)
costs = st.lists(
    st.builds(Cost, components, st.sampled_from(FUNDINGS), st.none() | organisations, amounts), max_size=25
)
keys = st.dictionaries(
    components,
    st.builds(
        ShareOut,
        st.dictionaries(st.none() | organisations, weights, max_size=6),
        st.none() | st.just("forvaltning"),
    ),
)
trees = st.dictionaries(st.integers(1, 12), st.none() | st.integers(1, 12))


class TestShare:
    @given(amounts, st.dictionaries(st.integers(), weights, min_size=1))
    def test_adds_up_exactly(self, amount: Decimal, parts: dict[int, Decimal]):
        if not any(parts.values()):
            with pytest.raises(CannotShare):
                share(amount, parts)
            return
        found = share(amount, parts)
        assert sum(found.values()) == amount
        assert list(found) == list(parts)

    @given(amounts, st.dictionaries(st.integers(), weights, min_size=1))
    def test_nobody_is_more_than_a_cent_from_what_is_exact(self, amount: Decimal, parts: dict[int, Decimal]):
        whole = sum(map(Fraction, parts.values()))
        if whole:
            for key, part in share(amount, parts).items():
                assert abs(Fraction(part) - Fraction(amount) * Fraction(parts[key]) / whole) < Fraction(CENT)
                assert part == 0 or parts[key] > 0, "who has no weight pays nothing"

    @given(amounts, st.integers(1, 50))
    def test_a_credit_is_shared_as_its_cost(self, amount: Decimal, count: int):
        parts = dict.fromkeys(range(count), Decimal(1))
        assert share(-amount, parts) == {key: -part for key, part in share(amount, parts).items()}

    def test_the_first_get_what_is_left(self):
        assert list(share(Decimal("100.00"), dict.fromkeys("abc", Decimal(1))).values()) == [
            Decimal("33.34"),
            Decimal("33.33"),
            Decimal("33.33"),
        ]

    def test_a_negative_weight_is_refused(self):
        with pytest.raises(CannotShare, match="under 0"):
            share(Decimal(10), {"a": Decimal(2), "b": Decimal(-1)})


class TestPercentages:
    @pytest.mark.parametrize(
        ("parts", "said"),
        [
            (("55", "44"), "Procenterne giver 99 % i alt, så der mangler 1 %. De skal give 100 %."),
            (("60", "42.5"), "Procenterne giver 102,5 % i alt, så der er for meget 2,5 %."),
            ((), "Procenterne giver 0 % i alt, så der mangler 100 %."),
            (("33.3333",) * 3, "giver 99,9999 % i alt, så der mangler 0,0001 %"),
        ],
    )
    def test_say_what_is_missing(self, parts: tuple[str, ...], said: str):
        with pytest.raises(CannotShare) as refused:
            percentages(dict(enumerate(map(Decimal, parts))))
        assert said in str(refused.value)

    def test_a_hundred_is_enough(self):
        percentages({"a": Decimal("99.5"), "b": Decimal("0.5")})


class TestShareOut:
    @given(costs, keys)
    def test_every_cost_is_there_once(self, costs: list[Cost], keys: dict[int, ShareOut]):
        portions = share_out(costs, keys)
        assert sum((p.amount for p in portions), ZERO) == sum((c.amount for c in costs), ZERO)
        by = added_up(portions, lambda p: (p.component, p.funding))
        for component, funding in {(c.component, c.funding) for c in costs}:
            spent = sum((c.amount for c in costs if (c.component, c.funding) == (component, funding)), ZERO)
            assert by.get((component, funding), ZERO) == spent

    @given(costs, keys, trees, trees)
    def test_a_roll_up_is_the_sum_of_its_leaves(
        self,
        costs: list[Cost],
        keys: dict[int, ShareOut],
        units: dict[int, int | None],
        parents: dict[int, int | None],
    ):
        """Unit → forvaltning and module → platform, also when parents go in a ring."""
        tops = Modules({key: units.get(key) for key in range(1, 13)})
        platforms = Modules({key: parents.get(key) for key in range(1, 13)})
        portions = share_out(costs, keys)

        def top(portion: Portion) -> int | None:
            return None if portion.organisation is None else tops.top(portion.organisation)

        leaves = added_up(portions, lambda p: (p.component, p.organisation))
        rolled = added_up(portions, lambda p: (platforms.top(p.component), top(p)))
        assert sum(rolled.values(), ZERO) == sum((c.amount for c in costs), ZERO)
        for (platform, department), amount in rolled.items():
            below = [
                part
                for (component, unit), part in leaves.items()
                if platforms.top(component) == platform
                and (None if unit is None else tops.top(unit)) == department
            ]
            assert amount == sum(below, ZERO)

    @given(costs, keys)
    def test_who_does_not_pay_is_told_why(self, costs: list[Cost], keys: dict[int, ShareOut]):
        for portion in share_out(costs, keys):
            assert (portion.organisation is None) == (portion.rest is not None)

    def test_a_key_goes_before_where_the_line_lies(self):
        costs = [
            Cost(1, "DA", 9, Decimal("10.00")),
            Cost(1, "forvaltning", 9, Decimal("7.00")),
            Cost(2, "pulje", None, Decimal("5.00")),
            Cost(3, "DA", None, Decimal("3.00")),
        ]
        keys = {
            1: ShareOut({4: Decimal(1), None: Decimal(1)}, "forvaltning"),
            3: ShareOut({}),
        }
        assert share_out(costs, keys) == [
            Portion(1, "DA", 9, Decimal("10.00")),
            Portion(2, "pulje", None, Decimal("5.00"), Rest.NO_KEY),
            Portion(1, "forvaltning", 4, Decimal("3.50")),
            Portion(1, "forvaltning", None, Decimal("3.50"), Rest.NO_DEPARTMENT),
            Portion(3, "DA", None, Decimal("3.00"), Rest.NO_USERS),
        ]

    def test_a_component_is_rounded_once_and_not_per_line(self):
        costs = [Cost(1, "DA", None, Decimal("0.01"))] * 100
        keys = {1: ShareOut(dict.fromkeys(range(2), Decimal(1)))}
        assert [p.amount for p in share_out(costs, keys)] == [Decimal("0.50")] * 2
