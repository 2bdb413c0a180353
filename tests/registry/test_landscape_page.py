"""The landscape's two pages: every number leads to exactly its rows, filters, dates, sizes and odd addresses."""

from __future__ import annotations

import csv
import datetime
import io
import re
from html import unescape
from typing import Any
from urllib.parse import unquote

import pytest
from django.core.management import call_command
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from foi_portal.core.models import Change
from registry.models import Asset, Component, Dependency, Organisation, System
from tests import factories
from tests.days import written
from tests.registry.pages import words

pytestmark = pytest.mark.django_db

MATRIX, MAP, LIST = "/landskab/", "/landskab/kort/", "/afhaengigheder/"
LINK = re.compile(r'<a href="(/afhaengigheder/\?[^"]*)">(.*?)</a>', re.DOTALL)
CELL = re.compile(r'<td class="(c|d|m|p|c x|d x|m x)" data-title="([^"]*)"><(a|span)([^>]*)>(.*?)</\3></td>')


def page(client: Client, url: str, status: int = 200) -> str:
    response = client.get(url)
    assert response.status_code == status, url
    return response.content.decode()


def table(html: str) -> str:
    found = re.search(r'<table class="land.*?</table>', html, re.DOTALL)
    return found[0] if found else ""


def counts(html: str) -> list[tuple[str, int]]:
    """Every link to the list of dependencies, with the number that it promises (a symbol alone is one)."""
    found = []
    for url, inner in LINK.findall(html):
        text = unescape(re.sub(r"<i>.*?</i>|<[^>]+>", " ", inner)).replace(".", "")
        number = re.search(r"\d+", text)
        found.append((unescape(url), int(number[0]) if number else 1))
    return found


def listed(client: Client, url: str) -> int:
    """How many rows the list has."""
    answer = client.get(f"{url}&_export=csv")
    assert answer.status_code == 200
    rows = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    return len(rows) - 1


def keeps_its_promises(client: Client, html: str, least: int, held: dict[str, int] | None = None) -> None:
    """``held``: what was asked for other pages already."""
    promised = dict(counts(html))
    assert len(promised) >= least
    held = {} if held is None else held
    held |= {url: listed(client, url) for url in promised.keys() - held.keys()}
    assert {url: held[url] for url in promised} == promised


@pytest.fixture
def client() -> Client:
    return factories.client("Læser")


@pytest.fixture
def demo(settings: Any) -> None:
    settings.DEBUG = True
    call_command("load_demo", verbosity=0, stdout=io.StringIO())
    settings.DEBUG = False


@pytest.fixture
def small() -> dict[str, Any]:
    """FKI has SP, which has SF1 and SF2; SP is used itself too. Two departments, and a system without one."""
    bsf = factories.organisation(code="BSF", name="Beskæftigelse", kind="forvaltning")
    aeh = factories.organisation(code="ÆHF", name="Ældre & Handicap", kind="forvaltning")
    eg = factories.organisation(code="EG", name="EG A/S")
    fki = factories.component(code="FKI", name="Den fælles infrastruktur", component_type="platform")
    sp = factories.component(code="SP", name="Serviceplatformen", parent=fki)
    sf1 = factories.component(code="SF1", name="Opslag", parent=sp)
    sf2 = factories.component(code="SF2", name="Post", parent=sp)
    mitid = factories.component(code="MITID", name="MitID <login>")
    ky = factories.system(code="KY", name="Ydelse", department=bsf, provider=eg)
    cura = factories.system(code="CURA", name="Cura", department=aeh, lifecycle="phasing_out")
    loes = factories.system(code="LØS", name="Løsgænger")
    rows = [
        factories.dependency(source=ky, target=sp, importance="minor"),
        factories.dependency(source=ky, target=sf1, importance="critical"),
        factories.dependency(source=ky, target=sf2, importance="critical", status="planned"),
        factories.dependency(source=ky, target=mitid, importance="degraded"),
        factories.dependency(source=cura, target=sf1, importance="degraded"),
        factories.dependency(source=cura, target=mitid, importance="critical", status="planned"),
        factories.dependency(source=loes, target=fki, importance="minor"),
    ]
    return {
        "ky": ky,
        "cura": cura,
        "sp": sp,
        "sf1": sf1,
        "fki": fki,
        "mitid": mitid,
        "rows": rows,
        "bsf": bsf,
    }


def cells(html: str) -> list[tuple[str, str, str]]:
    """The matrix's cells as (class, column, text)."""
    return [
        (css, unescape(name), " ".join(unescape(re.sub(r"<[^>]+>", " ", inner)).split()))
        for css, name, _, _, inner in CELL.findall(table(html))
    ]


class TestNumbers:
    def test_every_number_of_the_demo_landscape_leads_to_that_many_rows(self, client: Client, demo: None):
        held: dict[str, int] = {}
        keeps_its_promises(client, page(client, MATRIX), 150, held)
        keeps_its_promises(client, page(client, f"{MATRIX}?aabn=SP&aabn=STS&aabn=DAF"), 250, held)
        keeps_its_promises(client, page(client, MAP), 80, held)

    @pytest.mark.parametrize(
        "query",
        [
            "department=BSF&importance=critical",
            "dependency_status=planned&aabn=SP,STS",
            "vendor=KMD&status=active&q=kmd",
        ],
    )
    def test_also_when_filtered(self, client: Client, demo: None, query: str):
        keeps_its_promises(client, page(client, f"{MATRIX}?{query}"), 10)
        keeps_its_promises(client, page(client, f"{MAP}?{query}"), 5)

    def test_also_with_what_is_odd(self, client: Client, small: dict[str, Any]):
        """Archived, ended by date or status, by components, on systems, in both directions, without department."""
        today = timezone.localdate()
        ky, sp, old = (
            small["ky"],
            small["sp"],
            factories.component(code="GL", name="Gammel", parent=small["sp"]),
        )
        factories.dependency(source=ky, target=sp, direction="writes", until=today)
        factories.dependency(source=ky, target=sp, direction="both", status="ended")
        factories.dependency(source=ky, target=sp, direction="auth", until=today + datetime.timedelta(days=1))
        factories.dependency(source=ky, target=old, archived_at=timezone.now())
        factories.dependency(source=small["sf1"], target=sp)
        factories.dependency(source=small["mitid"], target=small["sf1"])
        factories.dependency(source=ky, target=small["cura"])
        factories.dependency(source=small["cura"], target=old, direction="both")
        gone = factories.system(code="VÆK")
        factories.dependency(source=gone, target=sp)
        Asset.objects.filter(pk__in=[gone.pk, old.pk]).update(archived_at=timezone.now())
        for query in ("", "?aabn=SP", "?aabn=FKI&dependency_status=active", "?department=-"):
            keeps_its_promises(client, page(client, MATRIX + query), 4)
            keeps_its_promises(client, page(client, MAP + query), 2)
        html = page(client, f"{MATRIX}?aabn=SP")
        assert "Gammel" in html
        assert "1 afhængighed på andre fagsystemer" in words(client.get(MATRIX))

    def test_an_archived_platform_is_a_column_too(self, client: Client, small: dict[str, Any]):
        Component.objects.filter(code="MITID").update(archived_at=timezone.now())
        factories.component(code="MITID2", name="MITID er her")
        keeps_its_promises(client, page(client, MATRIX), 8)

    def test_the_row_shows_the_worst_and_how_many(self, client: Client, small: dict[str, Any]):
        assert cells(page(client, MATRIX)) == [
            ("c x", "Den fælles infrastruktur", "Stopper, heraf 1 planlagt 3"),
            ("d", "MitID <login>", "Virker dårligere"),
            ("d", "Den fælles infrastruktur", "Virker dårligere"),
            ("p", "MitID <login>", "Planlagt: Stopper"),
            ("m", "Den fælles infrastruktur", "Mærkes lidt"),
        ]

    def test_departments_come_in_danish_order_and_nobody_last(self, client: Client, small: dict[str, Any]):
        heads = re.findall(r'class="stay">(?:<a[^>]*>)?([^<]+)<', page(client, MATRIX))
        assert [unescape(head) for head in heads] == ["Beskæftigelse", "Ældre & Handicap", "Uden forvaltning"]


class TestOpening:
    def test_a_platform_opens_to_its_modules_and_these_to_theirs(self, client: Client, small: dict[str, Any]):
        html = page(client, f"{MATRIX}?aabn=SP")  # what is above it opens with it
        names = [name for _, name, _ in cells(html)]
        assert names == ["SP selv", "Opslag", "Post", "MitID <login>", "Opslag", "MitID <login>", "FKI selv"]
        closers = re.findall(r'<a class="toggle" href="([^"]*)">−', html)
        assert [unescape(url) for url in closers] == ["?", "?aabn=FKI"]
        openers = re.findall(r'<a class="toggle" href="([^"]*)">\+', page(client, f"{MATRIX}?aabn=fki&q="))
        assert [unescape(url) for url in openers] == ["?aabn=FKI&aabn=SP"]

    def test_what_cannot_be_opened_is_said_or_does_no_harm(self, client: Client, small: dict[str, Any]):
        for code in ("FINDESIKKE", "<b>", "KY", "x" * 500):
            assert "Der er ingen komponent med koden" in words(client.get(MATRIX, {"aabn": code}))
        for code in ("SF1", "", " , ", "MITID"):
            response = client.get(MATRIX, {"aabn": code})
            assert "Der er ingen komponent med koden" not in words(response)
        assert len(cells(page(client, f"{MATRIX}?aabn=SF1"))) == 5 + 2
        many = client.get(MATRIX, {"aabn": [f"X{i}" for i in range(500)]})
        assert words(many).count("Der er ingen komponent med koden") == 5

    def test_a_ring_of_parents_does_not_hang_it(self, client: Client, small: dict[str, Any]):
        Component.objects.filter(code="FKI").update(parent=small["sf1"])
        assert cells(page(client, f"{MATRIX}?aabn=SP,SF1,FKI"))
        keeps_its_promises(client, page(client, MATRIX), 5)


class TestFilters:
    def test_each_filters(self, client: Client, small: dict[str, Any]):
        expected = {
            "q=ydel": ["KY"],
            "q=cura+cu": ["CURA"],
            "department=BSF": ["KY"],
            "department=bsf": ["KY"],
            "department=-": ["LØS"],
            "vendor=EG": ["KY"],
            "status=phasing_out": ["CURA"],
            "importance=critical": ["KY", "CURA"],
            "dependency_status=planned": ["KY", "CURA"],
            "importance=minor": ["KY", "LØS"],
            "": ["KY", "CURA", "LØS"],
        }
        for query, codes in expected.items():
            found = re.findall(
                r'<tr><th scope="row"><a href="/fagsystemer/([^/]+)/"', page(client, f"{MATRIX}?{query}")
            )
            assert [unquote(code) for code in found] == codes, query

    def test_what_the_dependencies_filter_hides_is_counted(self, client: Client, small: dict[str, Any]):
        assert "1 fagsystem uden den slags afhængigheder er ikke vist" in words(
            client.get(MATRIX, {"importance": "critical"})
        )

    @pytest.mark.parametrize("url", [MATRIX, MAP])
    def test_what_means_nothing_is_said(self, client: Client, small: dict[str, Any], url: str):
        text = words(client.get(url, {"department": "NIX", "status": "x", "importance": "y", "q": "\x00"}))
        assert text.count("(kendes ikke)") >= 3
        for query in (
            "page=-1",
            "page=x",
            "page=999",
            "kolonner=0",
            "kolonner=x",
            "_export=pdf",
            "q=" + "a+" * 3000,
        ):
            page(client, f"{url}?{query}")

    def test_nothing_passes(self, client: Client, small: dict[str, Any]):
        for url in (MATRIX, MAP):
            assert "Ingen fagsystemer passer til filteret" in words(client.get(url, {"q": "zzz"}))
            text = words(client.get(url, {"department": "BSF", "dependency_status": "in_progress"}))
            assert "Ingen afhængigheder passer til filteret" in text

    def test_nothing_is_there(self, client: Client):
        for url in (MATRIX, MAP):
            assert "Der er ingen fagsystemer endnu." in words(client.get(url))
            assert "Opret det første" in words(factories.client("FOI").get(url))
        factories.system()
        for url in (MATRIX, MAP):
            assert "Ingen af de 1 fagsystemer" in words(client.get(url))


class TestDates:
    @pytest.mark.parametrize("url", [MATRIX, MAP])
    @pytest.mark.parametrize("dato", ["i går", "2026-02-30", "99999-01-01", "0001-01-01", "-1", "\x00"])
    def test_no_date(self, client: Client, small: dict[str, Any], url: str, dato: str):
        assert "Datoen kan ikke læses" in words(client.get(url, {"dato": dato}))

    def test_an_earlier_day_is_the_historys(self, client: Client):
        day = timezone.localdate() - datetime.timedelta(days=10)
        with written(day):
            system, component = factories.system(code="KY"), factories.component(code="SP", name="Før")
            row = factories.dependency(source=system, target=component, importance="minor")
            factories.dependency(source=system, target=component, direction="auth", until=day)
            factories.dependency(source=system, target=component, direction="both", status="ended")
        Dependency.objects.filter(pk=row.pk).update(importance="critical")
        factories.dependency(source=system, target=factories.component(code="NY"))
        Component.objects.filter(code="SP").update(name="Nu")
        html = page(client, f"{MATRIX}?dato={day}")
        assert cells(html) == [("m", "Før", "Mærkes lidt")]
        assert counts(html) == []
        assert f'href="/fagsystemer/KY/paa-dato/?dato={day}"' in html
        assert "Sådan stod det i historikken" in html
        assert counts(page(client, f"{MAP}?dato={day}")) == []
        assert sorted(css for css, _, _ in cells(page(client, MATRIX))) == ["c", "d"]

    def test_before_the_history_periods_decide(self, client: Client, small: dict[str, Any]):
        row = small["rows"][1]
        Dependency.objects.filter(pk=row.pk).update(since="2019-01-01")
        text = words(client.get(MATRIX, {"dato": "01-06-2018"}))
        assert "Historikken begynder først" in text
        assert "med 6 afhængigheder" in text
        assert "med 7 afhængigheder" in words(client.get(MATRIX, {"dato": "01-06-2019"}))

    def test_a_day_to_come_is_what_is_written(self, client: Client, small: dict[str, Any]):
        day = timezone.localdate() + datetime.timedelta(days=30)
        Dependency.objects.filter(pk=small["rows"][0].pk).update(until=day)
        html = page(client, f"{MATRIX}?dato={day}")
        assert "med 6 afhængigheder" in html
        assert counts(html) == []
        assert "Sådan bliver det" in html

    def test_today_by_its_date_is_today(self, client: Client, small: dict[str, Any]):
        keeps_its_promises(client, page(client, f"{MATRIX}?dato={timezone.localdate()}"), 5)


class TestExport:
    def test_has_a_row_per_cell(self, client: Client, small: dict[str, Any]):
        answer = client.get(MATRIX, {"_export": "csv"})
        rows = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
        assert rows == [
            ["system", "component", "importance", "dependencies"],
            ["KY", "FKI", "critical", "3"],
            ["KY", "MITID", "degraded", "1"],
            ["CURA", "FKI", "degraded", "1"],
            ["CURA", "MITID", "critical", "1"],
            ["LØS", "FKI", "minor", "1"],
        ]

    def test_is_the_filtered_and_the_opened(self, client: Client, small: dict[str, Any]):
        answer = client.get(MATRIX, {"_export": "xlsx", "department": "BSF", "aabn": "SP"})
        sheet = load_workbook(io.BytesIO(answer.getvalue())).active
        rows = [tuple(cell.value for cell in row) for row in sheet.iter_rows(min_row=2)]
        assert rows == [
            ("KY", "SP", "minor", 1),
            ("KY", "SF1", "critical", 1),
            ("KY", "SF2", "critical", 1),
            ("KY", "MITID", "degraded", 1),
        ]

    def test_is_all_pages_and_columns(self, client: Client):
        grow(120, 50)
        answer = client.get(MATRIX, {"_export": "csv", "page": "2", "kolonner": "2"})
        assert len(answer.getvalue().decode().splitlines()) == 1 + 120 * 50


def grow(systems: int, platforms: int) -> None:
    """Every system uses every platform: the fullest matrix there is."""
    owner = Organisation.objects.create(
        code="F1", name="Den meget lange forvaltnings navn", kind="forvaltning"
    )
    Component.objects.bulk_create(
        Component(
            code=f"KOMPONENT-{i:04}",
            name=f"En platform med et langt navn nummer {i:04}",
            level="own",
            component_type="platform",
        )
        for i in range(platforms)
    )
    System.objects.bulk_create(
        System(code=f"FAGSYSTEM-{i:04}", name=f"Fagsystem {i:04}", department=owner) for i in range(systems)
    )
    components, sources = list(Component.objects.order_by("pk")), list(System.objects.order_by("pk"))
    Dependency.objects.bulk_create(
        (
            Dependency(source=source, target=target, importance="critical", status="active")
            for source in sources
            for target in components
        ),
        batch_size=5000,
    )


class TestSize:
    def test_the_fullest_page_is_under_a_megabyte_and_drops_nothing(self, client: Client):
        grow(120, 50)
        query = "importance=critical&dependency_status=active&status=active&department=F1"
        html = page(client, f"{MATRIX}?{query}")
        assert len(html.encode()) < 1_000_000
        assert len(cells(html)) == 100 * 40
        text = words(client.get(f"{MATRIX}?{query}"))
        assert "Kolonne 1–40 af 50" in text
        assert "Viser fagsystem 1–100 af 120" in text
        assert "Øvrige 10 kolonner" in text
        assert re.findall(r'class="rest" data-title="Øvrige"><span>(\d+)<', html) == ["10"] * 100
        html = page(client, f"{MATRIX}?{query}&page=2&kolonner=2")
        assert len(cells(html)) == 20 * 10
        assert re.findall(r'class="rest" data-title="Øvrige"><span>(\d+)<', html) == ["40"] * 20
        keeps_its_promises(client, "".join(re.findall(r"<tr.*?</tr>", table(html), re.DOTALL)[:4]), 14)
        html = page(client, MAP)
        assert "Øvrige (34)" in html
        assert len(html.encode()) < 300_000


class TestSafety:
    def test_names_are_escaped(self, client: Client, small: dict[str, Any]):
        nasty = '"><script>alert(1)</script>'
        Asset.objects.update(name=nasty)
        Organisation.objects.update(name=nasty)
        for url in (MATRIX, f"{MATRIX}?aabn=SP&q={nasty}", MAP):
            html = page(client, url)
            assert "<script>alert" not in html
            assert "style=" not in html

    def test_looking_changes_nothing(self, client: Client, small: dict[str, Any]):
        before = Change.objects.count()
        page(client, MATRIX)
        page(client, MAP)
        assert Change.objects.count() == before
        assert client.post(MATRIX).status_code == 405


@pytest.mark.parametrize(
    ("address", "tab"),
    [
        ("/landskab/", "Skema"),
        ("/landskab/kort/", "Kort"),
        ("/landskab/forskel/", "Forskel mellem to dage"),
        ("/landskab/fund/", "Fund"),
    ],
)
def test_the_same_tabs_on_every_page(client: Client, small: dict[str, Any], address: str, tab: str):
    nav = re.findall(r'<nav class="tab-container.*?</nav>', page(client, address), re.S)
    assert len(nav) == 1
    tabs = re.findall(r'<a href="([^"]*)"([^>]*)><span>([^<]*)', nav[0])
    assert [name for _, _, name in tabs] == ["Skema", "Kort", "Forskel mellem to dage", "Fund"]
    assert [name for _, attributes, name in tabs if "aria-current" in attributes] == [tab]


def test_paper_has_the_whole_name_in_a_head(client: Client, small: dict[str, Any]):
    name = "En komponent med et navn, der er alt for langt til hovedet på en skærm"
    made = factories.component(code="LANGT", name=name)
    factories.dependency(source=factories.system(code="BRUGER9", name="Bruger"), target=made)
    assert f'<span class="on-paper">{name}</span>' in page(client, "/landskab/")
