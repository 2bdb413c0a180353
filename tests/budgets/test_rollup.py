"""Rolling up: every line counts once, wherever it stands; what is not known stays so."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from budgets import deviations, rollup
from budgets.rollup import NOBODY, Detail, Line, Place, Provider, Sums, flows, rows, summed, tree

pytestmark = pytest.mark.anywhere
examples = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

FUNDINGS = ("DA", "forvaltning", "pulje", "bloktilskud")
AMOUNTS = st.none() | st.decimals(-10_000_000, 10_000_000, places=2)
FIELDS = ("original", "revised", "actual", "forecast", "deviation", "before", "change")


def line(key, component, revised=None, expected=None, **values):
    known = {
        "cost_type": "operation",
        "funding": "DA",
        "unit": "",
        "unit_code": "",
        "note": "",
        "illustrative": False,
        "explanation": "",
        "explained": None,
        "original": revised,
        "actual": None,
        "forecast": expected,
    }
    return Line(key=key, component=component, revised=revised, expected=expected, **known | values)


@st.composite
def budgets(draw):
    """Components in a forest that may have loops, providers that may be missing, and lines on some of them."""
    count = draw(st.integers(1, 12))
    keys = range(1, count + 1)
    providers = {NOBODY: Provider(NOBODY, "uden", "Uden")} | {
        100 + n: Provider(100 + n, f"P{n}", f"Udbyder {n}") for n in range(3)
    }
    places = {
        key: Place(
            key,
            f"K{key}",
            draw(st.sampled_from(["Ærø", "Ål", "Anden", "Øl"])),
            draw(st.none() | st.sampled_from(keys)),
            draw(st.none() | st.sampled_from([100, 101, 102])),
        )
        for key in keys
    }
    lines = [
        line(
            number,
            draw(st.sampled_from(keys)),
            draw(AMOUNTS),
            draw(AMOUNTS),
            actual=draw(AMOUNTS),
            before=draw(AMOUNTS),
            funding=draw(st.sampled_from(FUNDINGS)),
        )
        for number in range(draw(st.integers(0, 25)))
    ]
    return lines, places, providers


def known(amounts):
    amounts = [amount for amount in amounts if amount is not None]
    return sum(amounts, Decimal(0)) if amounts else None


def nodes(top):
    for node in top:
        yield node
        yield from nodes(node.below)


@examples
@given(budgets())
def test_every_line_stands_once_and_the_sums_are_those_of_the_leaves(world):
    lines, places, providers = world
    top = tree(lines, places, providers)
    there = [one.key for node in top for one in node.all_lines()]
    assert sorted(there) == sorted(one.key for one in lines)
    for name in FIELDS:
        assert known(getattr(node.sums, name) for node in top) == known(getattr(one, name) for one in lines)
    for node in nodes(top):
        leaves = list(node.all_lines())
        assert node.sums == summed(leaves)
        for name in FIELDS:
            below = [*node.lines, *(child.sums for child in node.below)]
            assert getattr(node.sums, name) == known(getattr(one, name) for one in below)
        assert node.sums.lines == len(leaves)
        assert node.sums.unknown == sum(one.original is None for one in leaves)
        assert node.sums.marked == sum(one.is_marked for one in leaves)


@examples
@given(budgets())
def test_a_component_stands_once_under_its_own_parents_and_provider(world):
    lines, places, providers = world
    top = tree(lines, places, providers)
    components = [node.place.key for node in nodes(top) if node.depth]
    assert len(components) == len(set(components))
    for provider in top:
        for platform in provider.below:
            assert (platform.place.provider or NOBODY) == provider.place.key
        for node in nodes(provider.below):
            for child in node.below:
                assert child.depth == node.depth + 1
                assert node.place.key in rollup.chain(child.place.key, places)


@examples
@given(budgets())
def test_the_order_never_wavers(world):
    lines, places, providers = world
    asked = [
        (row.node.place.key, row.depth, row.line)
        for row in rows(tree(lines, places, providers), Detail.LINES)
    ]
    again = [
        (row.node.place.key, row.depth, row.line)
        for row in rows(tree(lines[::-1], places, providers), Detail.LINES)
    ]
    assert asked == again


@examples
@given(budgets(), st.integers(1, 30))
def test_a_table_is_as_detailed_as_there_is_room_for(world, most):
    top = tree(*world)
    detail = rollup.detail_within(top, most)
    shown = sum(1 for _ in rows(top, detail))
    assert shown <= most or detail == Detail.PROVIDERS
    finer = [other for other in Detail if other > detail]
    assert all(sum(1 for _ in rows(top, other)) > most for other in finer)


@examples
@given(budgets())
def test_money_that_flows_is_the_known_budget_to_the_oere(world):
    lines, places, providers = world
    top = tree(lines, places, providers)
    found = flows(top)
    assert sum(found.values(), Decimal(0)) == sum((one.revised or Decimal(0) for one in lines), Decimal(0))
    for node in top:
        into = sum((amount for (_, goal), amount in found.items() if goal == node.place.key), Decimal(0))
        assert into == (node.sums.revised or Decimal(0))


def test_a_module_is_under_its_platform_and_an_empty_link_is_left_out():
    places = {
        1: Place(1, "FKI", "FKI", None, 100),
        2: Place(2, "STS", "Støttesystemerne", 1, None),
        3: Place(3, "STSORG", "Organisation", 2, None),
    }
    providers = {NOBODY: Provider(NOBODY, "", ""), 100: Provider(100, "KOMBIT", "KOMBIT A/S")}
    [kombit] = tree([line(1, 1, Decimal(10)), line(2, 3, Decimal(5))], places, providers)
    [fki] = kombit.below
    assert [node.place.code for node in fki.below] == ["STSORG"]
    assert (fki.sums.revised, fki.below[0].depth) == (Decimal(15), 2)


def test_nothing_known_is_not_nought():
    assert summed([line(1, 1)]) == Sums(lines=1, unknown=1)
    assert summed([]).revised is None
    assert summed([line(1, 1, Decimal(0))]).revised == 0


@pytest.mark.parametrize(
    ("deviation", "budget", "marked"),
    [
        (None, "100", False),
        ("5", None, False),
        ("0", "0", False),
        ("4.94", "100", False),
        ("4.95", "100", True),  # reads 5,0 %
        ("-4.95", "100", True),
        ("4.95", "-100", True),
        ("49999.99", "10000000", False),
        ("50000", "10000000", True),
        ("-50000", "10000000", True),
        ("1", "0", True),  # spent, but not budgeted
    ],
)
def test_what_must_be_explained(deviation, budget, marked):
    amounts = [None if text is None else Decimal(text) for text in (deviation, budget)]
    assert deviations.is_marked(*amounts) is marked


@pytest.mark.parametrize(
    ("deviation", "explained", "asked"),
    [
        ("100", None, True),  # explained before there was a deviation
        ("100", "100", False),
        ("100", "60.00", False),  # moved 4 % of the budget
        ("100", "50", True),  # moved 5 %
        ("60", "-60", True),  # from under to over
        ("40", None, False),  # not marked at all
    ],
)
def test_an_explanation_is_asked_for_again_when_the_deviation_has_moved(deviation, explained, asked):
    known = None if explained is None else Decimal(explained)
    found = deviations.wants_explanation(Decimal(deviation), Decimal(1000), "Derfor", known)
    assert found is asked


def test_a_deviation_in_words():
    assert deviations.told(Decimal("59.9"), Decimal(1000)) == "6,0 % over"
    assert deviations.told(Decimal(-51), Decimal(1000)) == "5,1 % under"
    assert deviations.told(Decimal(5), Decimal(0)) == "uden budget"
    assert deviations.told(None, Decimal(1)) == deviations.told(Decimal(0), Decimal(1)) == ""
