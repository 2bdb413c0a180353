"""What is in a picture: the right boxes, the right lines, and a count of whatever there is no room for."""

from __future__ import annotations

import json
import time
from collections.abc import Collection
from itertools import permutations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from registry import drawing, picture
from registry.graph import Severity
from registry.landscape import Landscape
from registry.models import Component
from registry.picture import ALL_CLOSED, MOST_ANSWERED, MOST_DRAWN, MOST_EDGES, Picture
from tests import factories
from tests.registry.landscapes import landscape


def impact_of(land: Landscape, *codes: str, opened: Collection[str] = ()) -> Picture:
    keys = [land.by_code[code] for code in codes]
    return picture.of_answer(land, keys, land.graph.impact(keys).hits, opened=opened)


def near(land: Landscape, code: str, depth: int = 1, opened: Collection[str] = ()) -> Picture:
    return picture.neighbourhood(land, land.by_code[code], depth, opened)


def codes(found: Picture) -> dict[str, str]:
    """By code: the role, else the severity in a word."""
    return {n.code: n.role or (n.severity.name.lower() if n.severity else "") for n in found.nodes}


def lines(found: Picture) -> set[str]:
    code = {n.id: n.code for n in found.nodes}
    signs = {Severity.CRITICAL: ">", Severity.DEGRADED: "~", Severity.MINOR: "."}
    return {
        f"{code[e.source]}{'=' if e.part else signs[e.importance]}{code[e.target]}"
        + (f"*{e.count}" if e.count > 1 else "")
        for e in found.edges
    }


def test_impact_shows_who_is_hit_how_hard_and_along_which_lines():
    land = landscape("KY>STS SBSYS~KY CURA.STS STS>X", systems="KY SBSYS CURA")
    found = impact_of(land, "STS")
    assert codes(found) == {"STS": "failed", "KY": "critical", "SBSYS": "degraded", "CURA": "minor"}
    assert lines(found) == {"KY>STS", "SBSYS~KY", "CURA.STS"}
    assert {n.code: n.order for n in found.nodes} == {"STS": 0, "KY": -1, "CURA": -1, "SBSYS": -2}


def test_upstream_shows_what_is_leaned_on_to_the_right():
    land = landscape("KY>STS STS~X Z>KY", systems="KY Z")
    key = land.by_code["KY"]
    found = picture.of_answer(land, [key], land.graph.upstream([key]).hits, upstream=True)
    assert codes(found) == {"KY": "asked", "STS": "critical", "X": "degraded"}
    assert {n.code: n.order for n in found.nodes} == {"KY": 0, "STS": 1, "X": 2}


def test_what_was_down_already_is_told_apart():
    land = landscape("KY>STS KY>X", systems="KY")
    failed, down = land.by_code["STS"], land.by_code["X"]
    hits = land.graph.impact([failed], [down]).hits
    found = picture.of_answer(land, [failed], hits, down=[down])
    assert codes(found) == {"STS": "failed", "X": "down", "KY": "critical"}
    assert "er nede i forvejen" in next(n.text for n in found.nodes if n.code == "X")


def test_a_module_and_its_platform_are_joined_by_a_line_of_its_own():
    land = landscape("KY>M", systems="KY", parents={"M": "P"}, platforms="P")
    assert lines(impact_of(land, "P")) == {"M=P", "KY>M"}


def test_a_neighbourhood_goes_both_ways_and_no_farther_than_asked():
    land = landscape("A>B B>C C>D D>E", systems="A")
    assert set(codes(near(land, "C", 1))) == {"B", "C", "D"}
    assert set(codes(near(land, "C", 2))) == {"A", "B", "C", "D", "E"}
    assert {n.code: n.order for n in near(land, "C", 2).nodes} == {"A": -2, "B": -1, "C": 0, "D": 1, "E": 2}


def test_a_platforms_neighbourhood_has_its_modules_and_what_they_use():
    land = landscape("M>X KY>M", systems="KY", parents={"M": "P"}, platforms="P")
    assert lines(near(land, "P", 2)) == {"M=P", "M>X", "KY>M"}


def test_a_ring_is_drawn_whole():
    land = landscape("A>B B>C C>A")
    assert lines(near(land, "A", 2)) == {"A>B", "B>C", "C>A"}
    assert lines(impact_of(land, "A")) == {"B>C", "C>A"}


def test_an_asset_alone_is_an_empty_picture_and_one_not_in_operation_says_so():
    land = landscape(alone="A")
    assert near(land, "A").is_empty
    idle = Landscape(land.on, land.source, land.assets, {}, {}, type(land.graph)([], []), land.by_code)
    found = picture.neighbourhood(idle, land.by_code["A"])
    assert not found.nodes
    assert "ikke i drift" in found.note


def many(systems: int, per_department: int = 10, modules: int = 0) -> Landscape:
    """``systems`` of which each tenth uses a module of P, and the others P itself."""
    names = [f"S{i}" for i in range(systems)]
    parents = {f"M{i}": "P" for i in range(modules)}
    links = [(name, f"M{i % modules}" if modules and i % 10 == 0 else "P") for i, name in enumerate(names)]
    owners = {name: f"F{i // per_department}" for i, name in enumerate(names)}
    return landscape(links, names, parents, ["P"], owners, ["P"])


def test_a_small_answer_shows_each_in_a_frame():
    found = impact_of(many(12, 6), "P")
    assert [box.code for box in found.boxes] == ["F0", "F1"]
    assert len(found.nodes) == 13
    assert found.boxes[0].toggled == ("F1",)


def test_a_large_answer_is_put_together_by_department_and_platform():
    found = impact_of(many(100, 25, modules=5), "P")
    departments = [("F0", 25), ("F1", 25), ("F2", 25), ("F3", 25)]
    assert sorted((n.code, n.count) for n in found.nodes) == [*departments, ("P", 1), ("P", 5)]
    box = next(n for n in found.nodes if n.code == "F0")
    assert box.kind == "department"
    assert box.text == "Forvaltning F0, 25 fagsystemer, 25 stopper, 1 skridt"
    assert box.toggled == ("F0",)
    assert sum(n.count for n in found.nodes) == 106
    assert found.hidden == 0


def test_boxes_open_and_close_by_code():
    land = many(100, 25)
    found = impact_of(land, "P", opened={"F1"})
    assert [(box.code, box.toggled) for box in found.boxes] == [("F1", (ALL_CLOSED,))]
    assert len(found.nodes) == 1 + 3 + 25
    assert next(n for n in found.nodes if n.code == "F2").toggled == ("F1", "F2")
    assert impact_of(many(12, 6), "P", opened={ALL_CLOSED}).boxes == ()
    assert impact_of(land, "P", opened={"FINDES-IKKE"}).boxes == ()


def test_what_there_is_no_room_for_is_counted():
    found = impact_of(many(300, 150), "P", opened={"F0", "F1"})
    assert len(found.nodes) <= MOST_DRAWN
    rest = next(n for n in found.nodes if n.kind == "rest")
    assert sum(n.count for n in found.nodes) == 301
    assert found.hidden == rest.count
    assert f"{found.hidden}" in found.note


def test_many_departments_do_not_make_many_boxes():
    found = impact_of(many(900, 2), "P")
    assert len(found.nodes) <= MOST_DRAWN
    assert sum(n.count for n in found.nodes) == 901


def test_hundreds_that_fail_at_once_are_put_together_too():
    land = many(100)
    found = impact_of(land, *(f"S{i}" for i in range(100)))
    assert len(found.nodes) <= MOST_DRAWN
    assert sum(n.count for n in found.nodes) == 100


def test_lines_there_is_no_room_for_are_counted_and_every_box_keeps_one():
    """Forty that all use each other, and one farther out behind the last of them."""
    names = [f"M{i:02}" for i in range(40)]
    land = landscape([*permutations(names, 2), ("M39", "UDE")])
    found = near(land, "M00", 2, names)
    assert len(found.edges) == MOST_EDGES
    assert found.undrawn == 40 * 39 + 1 - MOST_EDGES
    assert "1.161 af 1.561 streger er der ikke plads til" in found.note
    assert {"M00>M39", "M39>M00", "M39>UDE"} <= lines(found)
    plan = drawing.drawn(found)
    assert len(drawing.svg(found, ",".join, plan=plan)) < 600_000
    assert len(json.dumps(drawing.data(found, plan, ",".join))) < 300_000


def test_past_two_thousand_nothing_is_drawn_and_the_picture_says_so():
    found = impact_of(many(MOST_ANSWERED), "P")
    assert found.nodes == ()
    assert found.hidden == MOST_ANSWERED + 1
    assert "2.001" in found.note


def test_a_landscape_a_hundred_times_as_large_is_drawn_fast():
    """6,000 systems and as many lines; the answer reaches 1,900 of them."""
    names = [f"S{i}" for i in range(6000)]
    links = [(name, "P" if i < 1900 else "Q") for i, name in enumerate(names)]
    links += [(names[i], names[i * 7 % 1900]) for i in range(1900)]
    land = landscape(links, names, departments={name: f"F{i % 40}" for i, name in enumerate(names)})
    started = time.perf_counter()
    found = impact_of(land, "P")
    text = drawing.svg(found)
    assert time.perf_counter() - started < 2
    assert sum(n.count for n in found.nodes) == 1901
    assert len(text) < 1_000_000


@pytest.mark.django_db
class TestFiles:
    @pytest.fixture
    def reader(self) -> Client:
        system = factories.system(code="KY", name='<b>KY</b>"')
        factories.dependency(source=system, target=factories.component(code="SP"), importance="critical")
        factories.system(code="ALENE")
        return factories.client()

    @pytest.mark.parametrize(
        ("url", "name"),
        [
            ("/fagsystemer/KY/billede.svg", "forbindelser-ky.svg"),
            ("/komponenter/SP/billede.svg?dybde=2&aabn=SP", "forbindelser-sp.svg"),
            ("/konsekvens/billede.svg?asset=SP&asset=KY", "konsekvens-sp-ky.svg"),
        ],
    )
    def test_a_picture_can_be_taken_home(self, reader: Client, url: str, name: str):
        answer = reader.get(url)
        assert answer["Content-Type"] == "image/svg+xml; charset=utf-8"
        assert answer["Content-Disposition"] == f'attachment; filename="{name}"'
        text = answer.content.decode()
        assert text.startswith("<svg ")
        assert "<b>" not in text
        assert 'href="http://testserver/fagsystemer/KY/"' in text

    def test_a_picture_of_nothing_is_not_found(self, reader: Client):
        assert reader.get("/fagsystemer/FINDES-IKKE/billede.svg").status_code == 404

    @pytest.mark.parametrize("query", ["", "asset=FINDES-IKKE"])
    def test_a_question_with_nothing_to_draw_goes_to_the_page_that_says_why(self, reader: Client, query: str):
        answer = reader.get(f"/konsekvens/billede.svg?{query}")
        assert answer.status_code == 302
        assert answer["Location"] == f"/konsekvens/?{query}"

    @pytest.mark.parametrize("query", ["dybde=-1", "dybde=x", "dybde=99999999999999999999", "dybde=²"])
    def test_a_depth_that_cannot_be_used_is_said(self, reader: Client, query: str):
        answer = reader.get(f"/fagsystemer/KY/?{query}")
        assert "Dybden kan være 1, 2 eller 3 skridt" in answer.content.decode()

    @pytest.mark.parametrize("query", ["dybde=%20", "dybde=%C2%A0", "dybde=+2+", "dybde="])
    @pytest.mark.parametrize("path", ["fagsystemer/KY", "komponenter/SP"])
    def test_spaces_round_a_depth_do_no_harm(self, reader: Client, path: str, query: str):
        page = reader.get(f"/{path}/?{query}")
        assert page.status_code == 200
        assert "Dybden kan være" not in page.content.decode()
        assert reader.get(f"/{path}/billede.svg?{query}").status_code == 200

    def test_a_long_table_shows_the_first_rows_and_says_where_the_rest_is(self, reader: Client):
        platform = factories.component(code="FÆLLES")
        for at in range(15):
            factories.dependency(source=factories.component(code=f"B{at}"), target=platform)
        for source, target in permutations(Component.objects.filter(code__startswith="B"), 2):
            factories.dependency(source=source, target=target)
        text = reader.get(
            "/komponenter/FÆLLES/?aabn=" + ",".join(f"B{at}" for at in range(15))
        ).content.decode()
        assert "Som tabel (225)" in text
        assert "Her er 100 af 225 streger" in text
        assert '"/konsekvens/?asset=F%C3%86LLES&amp;retning=op"' in text
        table = text[text.index("picture-table") :]
        assert table[: table.index("</table>")].count("<tr>") == 101

    def test_an_asset_alone_says_what_to_do(self, reader: Client):
        text = reader.get("/fagsystemer/ALENE/").content.decode()
        assert "Ingen forbindelser endnu" in text
        assert reverse("system-dependencies", args=["ALENE"]) in text
        assert "cytoscape.min.js" not in text

    def test_an_archived_asset_has_no_picture(self, reader: Client):
        factories.system(code="VAEK", archived_at=timezone.now(), archive_reason="Lukket")
        assert 'id="billede"' not in reader.get("/fagsystemer/VAEK/").content.decode()
