"""The charts: every part is drawn in its right size and place, and nothing that is written breaks out of it."""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import pairwise

import pytest
from defusedxml import ElementTree
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from foi_portal.ui import charts, sankey
from foi_portal.ui.charts import Bar, Series, scale, stacked
from foi_portal.ui.sankey import End, plan
from foi_portal.ui.svg import Words, swatch

pytestmark = pytest.mark.anywhere
examples = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])

SVG = "{http://www.w3.org/2000/svg}"
SERIES = [Series("a", 0), Series("b", 1), Series("c", 3)]
AMOUNT = st.decimals(-10_000_000, 10_000_000, places=2)
PARTS = st.dictionaries(st.sampled_from("abc"), AMOUNT)
WORDS = Words("k", "Titel", "I ord")


@examples
@given(st.lists(AMOUNT), st.booleans())
def test_a_scale_has_room_for_every_amount_and_for_zero(amounts, upwards):
    found = scale(amounts, *((0.0, 100.0) if upwards else (100.0, 0.0)))
    assert found.low <= min([*amounts, Decimal(0)]) <= max([*amounts, Decimal(0)]) <= found.high
    assert found.low < found.high
    for amount in amounts:
        assert -1e-6 <= found.at(amount) <= 100 + 1e-6
    assert found.at(found.low) == found.start
    assert found.at(found.high) == found.end
    assert Decimal(0) in found.ticks
    assert 2 <= len(found.ticks) <= charts.TICKS + 2
    assert all(found.low <= tick <= found.high for tick in found.ticks)


@examples
@given(PARTS)
def test_a_stack_is_as_long_as_its_parts_together(parts):
    pieces = stacked(SERIES, parts)
    assert sum((piece.high - piece.low for piece in pieces), Decimal(0)) == sum(
        map(abs, parts.values()), Decimal(0)
    )
    above, below = [p for p in pieces if p.high > 0], [p for p in pieces if p.high <= 0]
    for one, following in pairwise(above):
        assert one.high == following.low
    for one, following in pairwise(below):
        assert one.low == following.high


@examples
@given(
    st.lists(
        st.builds(Bar, st.just("2026"), PARTS, PARTS, st.none() | AMOUNT, st.booleans()),
        min_size=1,
        max_size=5,
    )
)
def test_columns_stand_inside_the_picture(bars):
    for drawn in (charts.columns(SERIES, bars, WORDS, Decimal(1)), charts.lying(SERIES, bars, WORDS)):
        root = ElementTree.fromstring(drawn)
        _, _, wide, tall = map(float, root.get("viewBox").split())
        for rect in root.findall(f"{SVG}rect"):
            x, y, w, h = (float(rect.get(name, 0)) for name in ("x", "y", "width", "height"))
            assert min(w, h) >= 0
            assert -0.2 <= x <= x + w <= wide + 0.2
            assert -0.2 <= y <= y + h <= tall + 0.2


def test_a_columns_parts_are_as_high_as_their_amounts():
    bars = [Bar("2026", {"a": Decimal(30), "b": Decimal(10)}, {"a": Decimal(20)}, mark=Decimal(40))]
    root = ElementTree.fromstring(charts.columns(SERIES, bars, WORDS, Decimal(1)))
    heights = [float(rect.get("height", "")) for rect in root.findall(f"{SVG}rect")]
    assert heights == pytest.approx([heights[1] * 3, heights[1], heights[1] * 2], abs=0.2)


@st.composite
def money(draw):
    left = [End(f"l{n}", f"Kilde {n}") for n in range(draw(st.integers(1, 4)))]
    right = [End(f"r{n}", f"Mål {n}") for n in range(draw(st.integers(1, 15)))]
    ways = st.tuples(st.sampled_from([e.key for e in left]), st.sampled_from([e.key for e in right]))
    return left, right, draw(st.dictionaries(ways, AMOUNT, max_size=20))


@examples
@given(money())
def test_bands_are_as_thick_as_the_money_and_fill_the_ends(world):
    left, right, flows = world
    positive = {ends: amount for ends, amount in flows.items() if amount > 0}
    total = sum(positive.values(), Decimal(0))
    found = plan(left, right, flows)
    if not total:
        assert found.bands == []
        return
    assert sum(band.thick for band in found.bands) == pytest.approx(sankey.BANDS)
    for band in found.bands:
        share = positive[band.source, band.target] / total
        assert band.thick == pytest.approx(float(share) * sankey.BANDS)
    for placed in (*found.left, *found.right):
        own = [b for b in found.bands if placed.end.key in (b.source, b.target)]
        assert sum(b.thick for b in own) == pytest.approx(placed.height)
        assert -1e-6 <= placed.top <= placed.top + placed.height <= found.tall + 1e-6
    for side in (found.left, found.right):  # two lines of text each, so they never lie on each other
        for one, following in pairwise(side):
            assert following.middle - one.middle >= sankey.SLOT


@examples
@given(money(), st.integers(2, 6))
def test_rolling_up_the_small_ends_loses_nothing(world, most):
    _, right, flows = world
    kept, merged = sankey.rolled_up(right, flows, most, "Øvrige")
    assert len(kept) <= most
    assert sum(merged.values(), Decimal(0)) == sum(flows.values(), Decimal(0))
    assert {target for _, target in merged} <= {end.key for end in kept}
    for source in {source for source, _ in flows}:
        out = [
            sum((a for (s, _), a in found.items() if s == source), Decimal(0)) for found in (flows, merged)
        ]
        assert out[0] == out[1]


@examples
@given(st.text(alphabet=st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Zs")), max_size=20))
def test_names_cannot_break_out_of_a_drawing(text):
    words = Words("k", text, text)
    ends = [End("a", text, text, text, f"/{text}")], [End("b", text, text, text)]
    for frame in (sankey.WIDE, sankey.NARROW):
        root = ElementTree.fromstring(sankey.draw(*ends, {("a", "b"): Decimal(1)}, words, frame))
        assert root.find(f"{SVG}title").text in (text, None)
    bar = Bar(text, {"a": Decimal(1)}, told=text)
    ElementTree.fromstring(charts.columns(SERIES, [bar], words, Decimal(1)))


def test_a_drawing_has_nothing_that_the_content_policy_refuses():
    drawn = charts.columns(SERIES, [Bar("2026", {"c": Decimal(1)}, tentative=True)], WORDS, Decimal(1))
    drawn += sankey.draw([End("a", "A")], [End("b", "B")], {("a", "b"): Decimal(1)}, WORDS) + swatch(3, "k")
    assert not re.search(r"style=|<style|<script|\son\w+=|javascript:", drawn)


def test_ids_are_a_drawings_own():
    one = charts.columns(SERIES, [Bar("1", {"c": Decimal(1)})], Words("one", "", ""), Decimal(1))
    two = charts.lying(SERIES, [Bar("1", {"c": Decimal(1)})], Words("two", "", ""))
    ids = re.findall(r'\sid="([^"]+)"', one + two + swatch(3, "one") + swatch(4, "one"))
    assert len(ids) == len(set(ids))
    used = set(re.findall(r"url\(#([^)]+)\)", one + two + swatch(3, "one")))
    assert used <= set(ids)


def test_without_anything_there_is_no_drawing():
    assert charts.columns(SERIES, [], WORDS, Decimal(1)) == ""
    assert charts.lying(SERIES, [], WORDS) == ""
    assert sankey.draw([], [], {}, WORDS) == ""
