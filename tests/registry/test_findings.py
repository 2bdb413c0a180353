"""Findings: what is found, that every count has a list with as many rows, and what an asset's page says it carries."""

from __future__ import annotations

import csv
import datetime
import re
from html import unescape
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from foi_portal.core.permissions import FOI, MANAGER, READER, RESPONSIBLE
from registry import findings, landscape, queries
from registry.models import AlternativeGroup, Asset, Component, Dependency, System
from tests import factories
from tests.registry.pages import words

pytestmark = pytest.mark.django_db


@pytest.fixture
def demo(settings: Any) -> None:
    settings.DEBUG = True
    call_command("load_demo", verbosity=0)


def uses(source: Any, target: Any, importance: str = "critical", **values: Any) -> Dependency:
    return factories.dependency(source=source, target=target, importance=importance, **values)


def codes(name: str) -> list[str]:
    found = landscape.at()
    return [found.code(key) for key in findings.keys(name, found)]


class TestSinglePoints:
    def test_one_critical_fagsystem_is_enough_and_else_five(self):
        one, four, five = (factories.component(code=code) for code in ("ET", "FIRE", "FEM"))
        uses(factories.system(criticality=4), one)
        for target, n in ((four, 4), (five, 5)):
            for _ in range(n):
                uses(factories.system(criticality=3), target)
        assert codes("single_point") == ["FEM", "ET"]

    def test_only_what_stops_counts(self):
        target = factories.component()
        uses(factories.system(criticality=4), target, "degraded")
        uses(factories.system(criticality=4), target, status="planned")
        uses(factories.component(criticality=4), target)
        assert codes("single_point") == []

    def test_an_alternative_takes_it_away(self):
        source = factories.system(criticality=4)
        rows = [uses(source, factories.component()) for _ in range(2)]
        assert len(codes("single_point")) == 2
        group = AlternativeGroup.objects.create(source=source, name="Opslag")
        Dependency.objects.filter(pk__in=[row.pk for row in rows]).update(alternatives=group)
        assert codes("single_point") == []


class TestUnderstated:
    def test_lower_than_what_it_stops_or_not_set(self):
        source = factories.system(criticality=3)
        for code, own in (("UDEN", None), ("LAV", 2), ("LIGE", 3), ("OVER", 4)):
            uses(source, factories.component(code=code, criticality=own))
        assert codes("understated") == ["LAV", "UDEN"]


class TestEnding:
    def test_critical_ones_with_a_plan_the_nearest_first(self):
        today = timezone.localdate()
        month, year = today + datetime.timedelta(days=30), today + datetime.timedelta(days=365)
        factories.system(code="SENT", criticality=4, retired_from=year)
        factories.system(code="UDEN-DATO", criticality=3, lifecycle="phasing_out")
        factories.system(code="LAV", criticality=2, retired_from=month)
        factories.system(code="VAEK", criticality=4, retired_from=today)
        factories.system(code="BLIVER", criticality=4)
        uses(factories.system(criticality=4), factories.component(code="SNART", phasing_out_from=month))
        assert codes("ending") == ["SNART", "SENT", "UDEN-DATO"]
        page = words(factories.client().get(reverse("findings")))
        assert "men arver 4 Kritisk" in page
        assert "udfases, men er vurderet til 3 Høj" in page


class TestRings:
    def test_are_shown_as_a_ring_and_listed_by_asset(self):
        a, b, c = (factories.component(code=code, name=code) for code in "ABC")
        uses(a, b, "minor"), uses(b, c, "minor"), uses(c, a, "minor")
        (ring,) = findings.rings(landscape.at())
        assert [facts.code for facts in ring.way] == ["A", "B", "C", "A"]
        assert codes("cycle") == ["A", "B", "C"]
        page = words(factories.client().get(f"{reverse('findings')}?fund=cycle"))
        assert "1 ring af afhængigheder" in page
        assert page.count("bruger eller hører til") == 1 + 3  # the rule, and the steps


def counted(page: str) -> int:
    """The number of rows a list says that its filter gives."""
    return int(re.search(r"([\d.]+) passer til filteret", page)[1].replace(".", ""))  # type: ignore[index]


@pytest.mark.usefixtures("demo")
class TestCounts:
    @pytest.fixture(autouse=True)
    def _something_of_everything(self, demo: None):
        """The demonstration landscape has no row of some of the findings."""
        retired = Component.objects.get(code="SF1520")
        Asset.objects.filter(pk=retired.pk).update(lifecycle="retired", provider=None)
        Asset.objects.filter(code="FIOL").update(lifecycle="phasing_out")
        uses(factories.component(code="FRA"), factories.system(code="ENLIG", criticality=4))

    def test_each_finding_s_page_and_lists_have_as_many_rows_as_it_counts(self):
        client = factories.client(READER)
        for section in findings.sections(landscape.at()):
            assert len(section), section.name
            page = client.get(reverse("findings"), {"fund": section.name})
            assert page.context["page"].paginator.count == len(section)
            assert len(page.context["rows"]) == min(len(section), 100)
            assert words(page).count(f"Viser 1–{min(len(section), 100)} af {len(section)}") == 1
            of_lists = 0
            for text, url in page.context["lists"]:
                rows = counted(words(client.get(url)))
                assert text.split()[0] == str(rows), (section.name, text)
                of_lists += rows
            if section.name != "cycle":
                assert of_lists == len(section)

    def test_the_front_page_s_tiles_lead_to_as_many_rows(self):
        client = factories.client(FOI)
        page = client.get(reverse("front")).content.decode()
        tiles = re.findall(
            r'<a class="card" href="([^"]+)"><span class="tile"><span class="tile-n">(\d+)<', page
        )
        assert len(tiles) >= 8
        for url, count in tiles:
            assert client.get(unescape(url)).context["page"].paginator.count == int(count), url

    def test_there_is_one_meaning_of_each(self):
        by_name = {section.name: list(section.items) for section in findings.sections(landscape.at())}
        for name, rows in (
            ("unused", queries.unused_components()),
            ("isolated", System.objects.without_dependencies()),
            ("retired", Component.objects.retired_but_used()),
            ("no_department", System.objects.without_owner()),
            ("no_owner", Component.objects.without_owner()),
        ):
            assert sorted(by_name[name]) == sorted(rows.values_list("pk", flat=True)), name

    def test_all_findings_on_one_page_link_to_all_rows(self):
        page = factories.client(READER).get(reverse("findings"))
        text = words(page)
        assert "Svigter den alene, stopper mindst ét fagsystem med kritikalitet 4 eller mindst 5" in text
        for section, rows, _, _ in page.context["shown"]:
            assert len(rows) == min(len(section), 8)


class TestThePage:
    @pytest.mark.parametrize("query", ["?fund=x", "?fund=%00", "?fund=single_point&page=99", "?page=-1"])
    def test_odd_addresses_get_an_answer(self, query: str):
        assert factories.client(READER).get(reverse("findings") + query).status_code == 200

    def test_an_unknown_finding_says_so(self):
        page = words(factories.client(READER).get(reverse("findings") + "?fund=x"))
        assert "Det fund kendes ikke. Her er alle." in page

    def test_an_empty_registry_has_nothing_to_do(self):
        page = words(factories.client(READER).get(reverse("findings")))
        assert "Ingen svage punkter" in page

    def test_an_unknown_value_in_a_list_is_named(self):
        assert "kendes ikke" in words(factories.client().get(reverse("system-list") + "?fund=x"))

    def test_names_are_escaped(self):
        uses(factories.system(criticality=4, name="<b>S"), factories.component(name="<i>K"))
        page = factories.client().get(reverse("findings")).content.decode()
        assert "<b>S" not in page
        assert "<i>K" not in page


class TestFrontPage:
    def test_readers_get_a_calm_panel_and_no_tiles(self):
        target = factories.component(name="Fundamentet")
        uses(factories.system(criticality=4), target)
        for kind in (READER, RESPONSIBLE, MANAGER):
            page = factories.client(kind).get(reverse("front"))
            assert 'class="tiles"' not in page.content.decode()
            assert "Det, der bærer mest" in words(page)
            assert "Fundamentet 1 fagsystemer stopper" in words(page)

    def test_foi_s_tiles_tell_of_single_points(self):
        uses(factories.system(criticality=4), factories.component())
        page = words(factories.client(FOI).get(reverse("front")))
        assert "1 svagt punkt" in page
        assert "1 bærer mere, end den er vurderet til" in page


def detail(asset: Any, client: Client | None = None) -> str:
    return words((client or factories.client(READER)).get(asset.get_absolute_url()))


class TestAnAssetsPage:
    def test_says_what_it_inherits_and_from_whom(self):
        source, target = factories.system(criticality=4, name="Ydelse"), factories.component(code="K")
        middle = factories.component(name="Mellemleddet")
        uses(source, middle)
        uses(middle, target)
        page = detail(target)
        assert "Ikke vurderet, men arver 4 Kritisk" in page
        assert "svigter K, stopper Ydelse med kritikalitet 4 Kritisk" in page
        assert "Vejen til Ydelse" in page
        assert "Mellemleddet" in page
        assert (
            f"{reverse('impact')}?asset=K"
            in factories.client().get(target.get_absolute_url()).content.decode()
        )

    def test_counts_the_others_that_are_as_critical(self):
        target = factories.component(code="K")
        for criticality in (4, 4, 4, 2):
            uses(factories.system(criticality=criticality), target)
        uses(factories.system(), target, "degraded")
        page = detail(target)
        assert "og 2 andre med kritikalitet 4 Kritisk" in page
        assert "Stopper 4 fagsystemer" in page
        assert "Virker dårligere 1 fagsystem" in page

    def test_own_criticality_that_is_high_enough_stands_alone(self):
        target = factories.component(criticality=4)
        uses(factories.system(criticality=2), target)
        page = detail(target)
        assert "4 af 4, kritisk" in page
        assert "men arver" not in page
        assert "Arver 2 Middel:" in page

    def test_what_nobody_uses_hits_nobody(self):
        assert "Ingen andre fagsystemer rammes." in detail(factories.system())

    @pytest.mark.parametrize("lifecycle", ["planned", "retired"])
    def test_what_is_not_in_operation_says_nothing_of_failing(self, lifecycle: str):
        assert "svigter" not in detail(factories.component(lifecycle=lifecycle, code="K"))

    def test_the_panel_agrees_with_the_impact_page(self, demo: None):
        found = landscape.at()
        client = factories.client(READER)
        for code in ("STSADGB", "SP", "KY"):
            bearing = findings.bearing(found, found.by_code[code])
            assert bearing is not None
            export: Any = client.get(reverse("impact"), {"asset": code, "_export": "csv"})
            text = export.getvalue().decode("utf-8-sig")
            rows = list(csv.DictReader(text.splitlines(), delimiter=";" if ";" in text[:99] else ","))
            hit = [row for row in rows if row["kind"] == "system"]
            assert sum(row["severity"] == "critical" for row in hit) == bearing.stops
            assert len(hit) == bearing.stops + bearing.degrades + bearing.bothers
            inherited = found.graph.inherited.get(found.by_code[code])
            assert bearing.inherited[:1] == (str(inherited) if inherited else "")
