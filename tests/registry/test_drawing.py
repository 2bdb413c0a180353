"""Pictures as SVG: everything has its place, nothing lies over anything else, nothing typed becomes markup."""

from __future__ import annotations

import random
from itertools import combinations, pairwise
from typing import Any
from xml.etree import ElementTree

import pytest

from registry import drawing, layout, picture
from registry.graph import Severity
from registry.layout import Arc, Item
from registry.picture import Box, Edge, Node, Picture
from tests.registry.landscapes import landscape

pytestmark = pytest.mark.anywhere

SVG = "{http://www.w3.org/2000/svg}"


def parsed(found: Picture, **options: Any) -> ElementTree.Element:
    return ElementTree.fromstring(drawing.svg(found, **options))  # noqa: S314 - our own


def node(key: str, **values: Any) -> Node:
    return Node(**{"id": key, "label": key, "code": key, "kind": "system"} | values)


def test_arcs_run_from_left_to_right():
    items = [Item(key, 50, 20) for key in "abcd"]
    found = layout.layered(items, [Arc("a", "b"), Arc("b", "c"), Arc("a", "c"), Arc("d", "c")])
    for source, target in (("a", "b"), ("b", "c"), ("a", "c"), ("d", "c")):
        assert found.places[source][0] < found.places[target][0]


def test_a_ring_is_drawn_with_one_arc_backwards():
    items = [Item("a", 50, 20, -2), Item("b", 50, 20, -1), Item("c", 50, 20, 0)]
    arcs = [Arc("a", "b"), Arc("b", "c"), Arc("c", "a")]
    assert layout.turned_arcs(items, arcs) == {arcs[0]: False, arcs[1]: False, arcs[2]: True}
    found = layout.layered(items, arcs)
    assert [key for key, _ in sorted(found.places.items(), key=lambda place: place[1][0])] == ["a", "b", "c"]
    assert found.routes[arcs[2]][0][0] > found.routes[arcs[2]][-1][0]


def test_what_is_pinned_to_an_end_turns_no_arc():
    items = [
        Item("a", 50, 20, 3),
        Item("left", 0, 0, edge=-1),
        Item("right", 0, 0, edge=1),
        Item("b", 50, 20, -3),
    ]
    arcs = [Arc("left", "b"), Arc("left", "a"), Arc("a", "right"), Arc("b", "right")]
    assert not any(layout.turned_arcs(items, arcs).values())


def test_two_that_would_cross_change_places():
    items = [Item(key, 50, 20) for key in ("a", "b", "x", "y")]
    found = layout.layered(items, [Arc("a", "y"), Arc("b", "x")])
    assert (found.places["a"][1] < found.places["b"][1]) == (found.places["y"][1] < found.places["x"][1])


def test_loops_repeated_arcs_and_nothing_at_all_do_no_harm():
    assert layout.layered([], []).places == {}
    found = layout.layered(
        [Item("a", 50, 20), Item("b", 50, 20)], [Arc("a", "a"), Arc("a", "b"), Arc("a", "b")]
    )
    assert list(found.routes) == [Arc("a", "b")]


def boxes(items: list[Item], found: layout.Layout) -> list[tuple[float, float, float, float]]:
    return [
        (x - item.width / 2, y - item.height / 2, x + item.width / 2, y + item.height / 2)
        for item in items
        for x, y in [found.places[item.key]]
    ]


@pytest.mark.parametrize("seed", range(12))
def test_nothing_lies_over_anything_and_no_line_runs_behind_a_box(seed):
    """Random landscapes with rings: items stay apart, and routes are level where there are items."""
    rng = random.Random(seed)
    count = rng.randint(2, 40)
    items = [Item(i, rng.randint(40, 200), rng.randint(20, 80), rng.randint(-3, 3)) for i in range(count)]
    arcs = [Arc(rng.randrange(count), rng.randrange(count)) for _ in range(2 * count)]
    found = layout.layered(items, arcs)
    rectangles = boxes(items, found)
    for one, other in combinations(rectangles, 2):
        apart = one[2] <= other[0] or other[2] <= one[0] or one[3] <= other[1] or other[3] <= one[1]
        assert apart
    for arc, route in found.routes.items():
        for (x, y), (next_x, next_y) in pairwise(route):
            for item, (left, top, right, bottom) in zip(items, rectangles, strict=True):
                beside = max(x, next_x) < left + 0.1 or right - 0.1 < min(x, next_x)
                if item.key not in (arc.source, arc.target) and not beside:
                    assert y == next_y, f"{arc} changes height behind {item.key}"
                    assert y <= top or bottom <= y, f"{arc} runs behind {item.key}"


def test_the_same_picture_is_drawn_the_same_every_time():
    land = landscape("A>B C>B D>C", systems="A C")
    found = picture.neighbourhood(land, land.by_code["B"], 2)
    assert drawing.svg(found) == drawing.svg(found)


def test_every_box_is_a_link_with_its_facts_in_words():
    land = landscape("KY>SP", systems="KY")
    key = land.by_code["SP"]
    svg = parsed(picture.of_answer(land, [key], land.graph.impact([key]).hits))
    links = {link.findtext(f"{SVG}title"): link.get("href") for link in svg.iter(f"{SVG}a")}
    assert links == {
        "Navn KY, stopper, fagsystem, 1 skridt": "/fagsystemer/KY/",
        "Navn SP, svigter, komponent": "/komponenter/SP/",
    }
    assert svg.get("role") == "group"
    assert "A bruger B" in (svg.findtext(f"{SVG}desc") or "")


def test_severity_is_told_by_colour_by_line_and_by_word():
    looks = {severity: drawing.colours(node("X", severity=severity))[2] for severity in (*Severity, None)}
    assert len({look[0] for look in looks.values()}) == 4
    assert len({look[1:] for look in looks.values()}) == 4
    assert node("X", severity=Severity.MINOR).caption == ("Mærkes lidt",)


def test_what_somebody_typed_is_text_and_nothing_else():
    evil = '"><script>alert(1)</script><a href="javascript:alert(1)">&'
    found = Picture(
        evil,
        "near",
        (node("a1", label=evil, href=f"/{evil}"), node("a2", label=evil, box="p1"), node("a3", box="p1")),
        (Edge("a1", "a2", Severity.MINOR), Edge("a2", "a3", Severity.CRITICAL, 2)),
        (Box("p1", evil, evil, "platform", f"/{evil}", (evil,), 2),),
        note=evil,
    )
    svg = parsed(found, toggle=lambda codes: "?" + ",".join(codes))
    tags = {element.tag.removeprefix(SVG) for element in svg.iter()}
    assert tags == {"svg", "title", "desc", "defs", "marker", "g", "a", "rect", "path", "text"}
    assert not any(link.get("href", "").startswith("javascript") for link in svg.iter(f"{SVG}a"))
    names = {name for element in svg.iter() for name in element.attrib}
    assert not {name for name in names if name == "style" or name.startswith("on")}


@pytest.mark.parametrize("sign", ["\x00", "\x08", "\x1f", "\ufffe", "\uffff"])
def test_signs_that_xml_forbids_do_not_break_the_drawing(sign: str):
    bad = f"KY{sign}æ€😀"
    nodes = (node("a1", label=bad, href=f"/{bad}"), node("a2", box="p1"))
    box = Box("p1", bad, "P", "platform", f"/{bad}", (), 1)
    found = Picture(bad, "near", nodes, (Edge("a1", "a2", Severity.MINOR),), (box,), note=bad)
    assert parsed(found, toggle=",".join).find(f"{SVG}title").text == "KY\ufffdæ€😀"


def test_a_file_has_whole_addresses_and_no_boxes_to_open():
    land = landscape("KY>SP", systems="KY")
    svg = drawing.svg(picture.neighbourhood(land, land.by_code["SP"]), base="https://foi.example")
    assert 'href="https://foi.example/fagsystemer/KY/"' in svg
    assert "Luk " not in svg


def test_long_names_are_wrapped_and_very_long_ones_end_in_dots():
    lines = drawing.wrapped("Fælleskommunal Organisationssynkronisering (OSS)")
    assert " ".join(lines) == "Fælleskommunal Organisationssynkronisering (OSS)"
    cut = drawing.wrapped("ord " * 100)
    assert len(cut) == drawing.MOST_LINES
    assert cut[-1].endswith("…")
    assert all(drawing.text_width(line) <= drawing.WIDEST_WORD for line in drawing.wrapped("x" * 200))


def test_nothing_to_draw_is_no_drawing():
    assert drawing.svg(Picture(note="For mange")) == ""


def test_the_script_gets_the_places_of_the_drawing():
    land = landscape("KY>SP", systems="KY")
    found = picture.neighbourhood(land, land.by_code["SP"])
    plan = drawing.drawn(found)
    data = drawing.data(found, plan, lambda codes: f"?{codes}")
    assert {n["id"]: (n["x"], n["y"]) for n in data["nodes"]} == {
        shape.of.id: (round(shape.x, 1), round(shape.y, 1)) for shape in plan.nodes
    }
    assert data["lines"][0]["text"] == "Navn KY bruger Navn SP: stopper"


def test_frames_hold_their_nodes_and_nothing_else():
    land = landscape("KY>M1 KY>M2 M1>X", systems="KY", parents={"M1": "P", "M2": "P"}, platforms="P")
    found = picture.neighbourhood(land, land.by_code["KY"], 2)
    plan = drawing.drawn(found)
    [frame] = plan.frames
    for shape in plan.nodes:
        inside = (
            frame.left < shape.left
            and shape.left + shape.width < frame.left + frame.width
            and frame.top < shape.top
            and shape.top + shape.height < frame.top + frame.height
        )
        assert inside == (shape.of.box == frame.of.id)
    for line in plan.lines:  # in and out of the frame without a detour
        assert [x for x, _ in line.points] == sorted(x for x, _ in line.points)
