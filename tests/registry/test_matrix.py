"""The matrix and the map against a naive recount of small invented landscapes."""

from __future__ import annotations

import re
from collections import Counter
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry import landscape_map, matrix
from registry.landscape_map import Amount, Bar
from registry.matrix import Modules, Use

pytestmark = pytest.mark.anywhere

COMPONENTS = range(1, 9)
SYSTEMS = range(101, 105)

parents = st.fixed_dictionaries({key: st.none() | st.sampled_from([*COMPONENTS, 99]) for key in COMPONENTS})
uses = st.lists(
    st.builds(
        Use,
        st.sampled_from(SYSTEMS),
        st.sampled_from([*COMPONENTS, 101]),
        st.integers(min_value=1, max_value=3),
        st.booleans(),
    ),
    max_size=25,
)
some = st.sets(st.sampled_from(COMPONENTS))


def naive_inside(modules: Modules, key: int, top: int) -> bool:
    """Whether ``key`` is ``top`` or somewhere below it."""
    at: int | None = key
    while at is not None:
        if at == top:
            return True
        at = modules.parent[at]
    return False


@given(parents, uses, some)
def test_every_cell_holds_what_a_naive_count_finds(
    tree: dict[int, int | None], rows: list[Use], opened: set[int]
):
    modules = Modules(tree)
    found = matrix.count(rows, modules, opened)
    placed = [use for use in rows if use.target in tree]
    assert found.unplaced == len(rows) - len(placed)
    for number, column in enumerate(found.columns):
        inside = [
            use
            for use in placed
            if (naive_inside(modules, use.target, column.key) if column.whole else use.target == column.key)
        ]
        assert column.total.uses == len(inside) > 0
        for system in SYSTEMS:
            own = [use for use in inside if use.source == system]
            cell = found.cells.get(system, {}).get(number)
            if not own:
                assert cell is None
                continue
            running = [use.severity for use in own if use.running]
            assert cell is not None
            assert (cell.uses, cell.planned) == (len(own), len(own) - len(running))
            assert cell.severity == max(running or [use.severity for use in own])
            assert cell.only_planned == (not running)
    assert {key: cell.uses for key, cell in found.rows.items()} == Counter(use.source for use in placed)
    assert sum(column.total.uses for column in found.columns) == found.total.uses == len(placed)


@given(parents, uses, some)
def test_open_components_give_way_to_what_is_in_them(
    tree: dict[int, int | None], rows: list[Use], opened: set[int]
):
    modules = Modules(tree)
    columns = matrix.count(rows, modules, opened).columns
    assert len({(column.key, column.whole) for column in columns}) == len(columns)
    for column in columns:
        assert all(key in opened for key in column.path)
        if column.whole and column.key in opened:
            assert not column.opens, "it is open, so it is closed only for want of something in it"
        if not column.whole:
            assert column.path[-1] == column.key
    by_path = [column.path for column in columns]
    for level in range(max(map(len, by_path), default=0)):
        groups = [path[: level + 1] for path in by_path]
        runs = [g for i, g in enumerate(groups) if len(g) > level and (i == 0 or groups[i - 1] != g)]
        assert len(runs) == len(set(runs)), "what is under one head stands together"


@given(parents)
def test_the_tree_has_no_rings_and_loses_nobody(tree: dict[int, int | None]):
    modules = Modules(tree)
    for key in tree:
        above = list(modules.above(key))
        assert len(above) == len(set(above)) < len(tree)
        assert modules.parent[modules.top(key)] is None
        assert key in {modules.top(key), *modules.all_below(modules.top(key))}


def test_the_lowest_key_of_a_ring_is_its_top():
    modules = Modules({3: 2, 2: 3, 5: 2, 7: 7})
    assert (modules.top(5), modules.top(3), modules.top(7)) == (2, 2, 7)


def test_most_used_comes_first_and_order_of_the_tree_decides_between_equals():
    rows = [Use(101, 2, 1), Use(101, 1, 1), Use(102, 3, 1), Use(103, 3, 1)]
    found = matrix.count(rows, Modules({2: None, 1: None, 3: None, 4: None}))
    assert [column.key for column in found.columns] == [3, 2, 1]


def test_what_runs_counts_before_what_is_planned():
    found = matrix.count([Use(101, 1, 3, running=False), Use(101, 1, 1)], Modules({1: None}))
    cell = found.cells[101][0]
    assert (cell.severity, cell.planned, cell.only_planned) == (1, 1, False)


# --- the map --------------------------------------------------------------------------------------------------

amounts = st.integers(min_value=1, max_value=300).flatmap(
    lambda n: st.builds(Amount, st.just(n), st.integers(min_value=0, max_value=n))
)
flows = st.dictionaries(
    st.tuples(st.sampled_from("ABCDEFGH"), st.sampled_from([f"P{i}" for i in range(30)])), amounts
)
DEPARTMENTS = {key: f"Forvaltning <{key}>" for key in "ABCDEFGH"}
PLATFORMS = {f"P{i}": f"Platform & {i}" for i in range(30)}


def bars(found: landscape_map.Flows) -> tuple[list[Bar], list[Bar]]:
    left = landscape_map.ranked(DEPARTMENTS, found, 0, lambda code: f"?department={code}")
    right = landscape_map.ranked(PLATFORMS, found, 1, lambda code: f"/komponenter/{code}/")
    return left, right


@given(flows)
def test_bars_add_up_and_nothing_is_dropped(found: dict[tuple[str, str], Amount]):
    for side in bars(found):
        for most in (3, 16):
            shown = landscape_map.rolled_up(side, most, "#rest")
            assert sum(bar.amount.uses for bar in shown) == sum(a.uses for a in found.values())
            assert sum(bar.amount.critical for bar in shown) == sum(a.critical for a in found.values())
            members = [member for bar in shown for member in bar.members]
            assert sorted(members) == sorted(bar.key for bar in side if bar.amount.uses)
            assert len(shown) <= most + 1


@given(flows)
def test_the_picture_is_sound_and_in_its_frame(found: dict[tuple[str, str], Amount]):
    left, right = bars(found)
    svg = landscape_map.draw(
        landscape_map.rolled_up(left, 4, "#d"), landscape_map.rolled_up(right, 6, "#p"), found
    )
    if not found:
        assert svg == ""
        return
    root = ElementTree.fromstring(svg)  # noqa: S314 - our own
    assert "style=" not in svg
    height = float(root.get("viewBox", "").split()[3])
    bottoms = []
    for rect in root.iter("rect"):
        if rect.get("class") == "map-hit":
            top, tall = float(rect.get("y", "")), float(rect.get("height", ""))
            bottoms.append(top + tall)
            assert top >= -0.1
            assert tall >= landscape_map.SLOT - 0.1, "there is room for the text"
    assert max(bottoms) <= height + 1
    for path in root.iter("path"):
        numbers = [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", path.get("d", ""))]
        assert min(numbers) >= -0.2
        assert max(numbers) <= max(height, landscape_map.WIDTH) + 1
    texts = [text.text for text in root.iter("text")]
    assert all(texts)
    assert len(list(root.iter("a"))) * 2 == len(texts)


def test_a_single_small_bar_is_not_rolled_up():
    found = {("A", "P1"): Amount(5, 0), ("A", "P2"): Amount(1, 1)}
    _, right = bars(found)
    assert [bar.name for bar in landscape_map.rolled_up(right, 1, "#p")] == ["Platform & 1", "Platform & 2"]
    assert [bar.name for bar in landscape_map.rolled_up([*right, *right], 1, "#p")][-1] == "Øvrige (3)"


def test_the_share_that_stops_is_told_in_percent():
    assert landscape_map.told(Amount(1234, 617)) == "1.234 afhængigheder, 50 % stopper"
    assert landscape_map.told(Amount(1, 0)) == "1 afhængighed, 0 % stopper"
