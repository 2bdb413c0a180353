"""Lists: filters, sorting, columns, pages, odd values, and exports that hold exactly what the page shows."""

from __future__ import annotations

import csv
import io
import re
from typing import Any
from urllib.parse import quote

import openpyxl
import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from foi_portal.ui.tables import Table
from registry.filters import ComponentFilter, DependencyFilter, OrganisationFilter, SystemFilter
from registry.models import Component, Dependency, System
from registry.tables import SYSTEM_COLUMNS
from tests import factories
from tests.registry.pages import words

pytestmark = pytest.mark.django_db

FILTERS = {
    "system": SystemFilter,
    "component": ComponentFilter,
    "organisation": OrganisationFilter,
    "dependency": DependencyFilter,
}
NOUNS = tuple(FILTERS)
FORMULAS = ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1")


@pytest.fixture
def reader() -> Client:
    return factories.client("Læser")


def names(response: Any) -> list[str]:
    """What stands in the list's first column, top to bottom."""
    body = response.content.decode().partition("<tbody>")[2].partition("</tbody>")[0]
    return [
        re.sub(r"<[^>]+>", "", cell).strip()
        for cell in re.findall(r'<th scope="row".*?>(.*?)</th>', body, re.S)
    ]


def heads(response: Any) -> list[str]:
    return re.findall(
        r"[?&amp;]sort=-?([a-z_]+)",
        response.content.decode().partition("<thead>")[2].partition("</thead>")[0],
    )


def listed(client: Client, noun: str, query: str = "") -> list[str]:
    response = client.get(f"{reverse(f'{noun}-list')}?{query}")
    assert response.status_code == 200
    return names(response)


def exported(client: Client, noun: str, query: str = "", how: str = "csv") -> list[list[Any]]:
    """The export parsed back, the machine names first."""
    response = client.get(f"{reverse(f'{noun}-list')}?{query}&_export={how}")
    assert response.status_code == 200
    assert f".{how}" in response["Content-Disposition"]
    body = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    if how == "csv":
        assert response["Content-Type"] == "text/csv; charset=utf-8"
        return list(csv.reader(io.StringIO(body.decode("utf-8-sig"), newline="")))
    book = openpyxl.load_workbook(io.BytesIO(body))
    return [list(row) for row in book.worksheets[0].iter_rows(values_only=True)]


def shown(client: Client, noun: str, query: str) -> int:
    """How many rows the list says it has."""
    return shown_at(client, f"{reverse(f'{noun}-list')}?{query}")


def shown_at(client: Client, href: str) -> int:
    """How many rows the list at the address says it has."""
    text = words(client.get(href.replace("&amp;", "&")))
    found = re.search(r"([\d.]+) passer til filteret", text) or re.search(r"([\d.]+) i registret\.", text)
    assert found, href
    return int(found[1].replace(".", ""))


class TestSorting:
    DANISH = ("Aarhus", "Abe", "Zoo", "Æble", "æblegrød", "Øre", "Åen", "Ålborg")

    def test_the_danish_way(self, reader: Client):
        for name in reversed(self.DANISH):
            factories.system(name=name)
        sorted_up = listed(reader, "system")
        assert [n for n in sorted_up if n != "Aarhus"] == [n for n in self.DANISH if n != "Aarhus"]
        assert sorted_up.index("Aarhus") > sorted_up.index("Øre"), "aa is å"
        assert listed(reader, "system", "sort=-name") == sorted_up[::-1]

    def test_every_column_of_every_list_both_ways(self, reader: Client):
        factories.dependency(source=factories.system(department=factories.organisation()))
        for noun in NOUNS:
            columns = exported(reader, noun, ALL_COLUMNS)[0]
            for column in columns:
                for sign in ("", "-"):
                    assert len(listed(reader, noun, f"sort={sign}{column}&{ALL_COLUMNS}")) >= 1

    def test_empty_values_come_last_both_ways(self, reader: Client):
        for name, value in (("Ingen", None), ("En", 1), ("Fire", 4)):
            factories.system(name=name, criticality=value)
        assert listed(reader, "system", "sort=criticality") == ["En", "Fire", "Ingen"]
        assert listed(reader, "system", "sort=-criticality") == ["Fire", "En", "Ingen"]

    def test_pages_hold_each_row_once_however_equal(self, reader: Client):
        for number in range(60):
            factories.system(code=f"S{number:02}", name="Ens")
        codes: list[str] = []
        for page in (1, 2, 3):
            response = reader.get(f"{reverse('system-list')}?sort=criticality&page={page}")
            codes += re.findall(r'<span class="code">(S\d\d)</span>', response.content.decode())
        assert sorted(codes) == [f"S{n:02}" for n in range(60)]

    @pytest.mark.parametrize("sort", ["", "name", "-criticality"])
    def test_the_key_is_the_last_word(self, sort: str):
        """Small tables come in order by chance, so what is asked of the database is looked at."""
        table = Table.choose(SYSTEM_COLUMNS, QueryDict(f"sort={sort}"), "name")
        assert table.ordered(System.objects.all()).query.order_by[-1] == "pk"

    @pytest.mark.parametrize(
        "sort",
        ["", "-", "--name", "pk", "archived_at", "name;drop", "department__parent__name", "\x00", "x" * 5000],
    )
    def test_an_odd_one_is_ignored(self, reader: Client, sort: str):
        for name in ("B", "A"):
            factories.system(name=name)
        assert listed(reader, "system", f"sort={quote(sort)}") == ["A", "B"]


ALL_COLUMNS = "&".join(
    f"col={name}"
    for name in (
        *("name", "code", "department_code", "vendor_code", "criticality", "personal_data", "uses", "status"),
        *(
            "used_by",
            "aliases",
            "description",
            "external_id",
            "successor_code",
            "confirmed_on",
            "updated_at",
            "kind",
            "parent_code",
        ),
        *(
            "level",
            "owner_code",
            "url",
            "systems",
            "supplied",
            "source_code",
            "target_code",
            "purpose",
            "direction",
        ),
        *("importance", "since", "until", "via_code", "department"),
    )
)


class TestPagesAndColumns:
    @pytest.mark.parametrize("page", ["-1", "abc", "9999", "0", "", "1.5", "²", "9" * 5000, "%00", "last"])
    @pytest.mark.parametrize("noun", NOUNS)
    def test_an_odd_page_gives_the_nearest(self, reader: Client, noun: str, page: str):
        for _ in range(2):
            factories.dependency()
        factories.organisation()
        assert listed(reader, noun, f"page={page}") != []

    @pytest.mark.parametrize(
        ("size", "rows"),
        [
            ("", 25),
            ("50", 50),
            ("100", 60),
            ("7", 25),
            ("-1", 25),
            ("x", 25),
            ("²", 25),
            ("9" * 5000, 25),
            ("%00", 25),
        ],
    )
    def test_the_page_size(self, reader: Client, size: str, rows: int):
        for _ in range(60):
            factories.system()
        assert len(listed(reader, "system", f"size={size}")) == rows

    def test_columns_are_chosen_by_the_address_and_the_name_is_always_there(self, reader: Client):
        system = factories.system(code="CURA", aliases="Gammelt")
        page = reader.get(f"{reverse('system-list')}?col=aliases&col=findesikke")
        assert heads(page) == ["name", "aliases"]
        assert "Gammelt" in words(page)
        assert exported(reader, "system", "col=aliases") == [["name", "aliases"], [system.name, "Gammelt"]]

    def test_the_rest_of_the_address_is_kept(self, reader: Client):
        for number in range(60):
            factories.system(name=f"System {number}", criticality=4)
        page = reader.get(
            f"{reverse('system-list')}?criticality=4&col=name&col=criticality&size=50&sort=-name"
        ).content.decode()
        following = re.search(r'href="(\?[^"]*page=2[^"]*)"', page)
        assert following
        link = following[1].replace("&amp;", "&")
        assert all(
            part in link for part in ("criticality=4", "col=name", "col=criticality", "size=50", "sort=-name")
        )
        assert len(names(reader.get(reverse("system-list") + link))) == 10

    def test_an_empty_list_says_what_to_do(self, reader: Client):
        for noun in NOUNS:
            assert "endnu" in words(reader.get(reverse(f"{noun}-list")))
        factories.system()
        assert "Vis dem alle" in words(reader.get(f"{reverse('system-list')}?q=findesikke"))
        assert "Nyt fagsystem" in words(factories.client("FOI").get(reverse("system-list")))


class TestFilters:
    @pytest.fixture
    def landscape(self) -> None:
        bmf = factories.organisation(code="BMF", name="Borgmesterforvaltningen", kind="forvaltning")
        kmd = factories.organisation(code="KMD", name="KMD")
        sts = factories.component(
            code="STS", name="Støttesystemerne", provider=kmd, component_type="platform"
        )
        org = factories.component(
            code="STSORG", name="Organisation", parent=sts, level="joint-municipal", provider=kmd
        )
        old = factories.component(code="NEMID", name="NemID", lifecycle="retired", successor=sts)
        cura = factories.system(
            code="CURA", name="Cura", department=bmf, criticality=4, aliases="Æblegrød, Gl. CURA"
        )
        ky = factories.system(
            code="KY", name="Ydelse", provider=kmd, criticality=2, personal_data="sensitive"
        )
        factories.system(code="TOM", name="Tom", lifecycle="planned")
        factories.system(code="LEDIG", name="Ledig", archived_at="2026-01-01T00:00Z", archive_reason="Væk")
        factories.dependency(source=cura, target=sts, importance="critical", purpose="Roller")
        factories.dependency(source=cura, target=org, direction="auth", status="planned")
        factories.dependency(source=ky, target=org, status="ended")
        factories.dependency(source=ky, target=old, direction="auth")

    @pytest.mark.parametrize(
        ("noun", "query", "found"),
        [
            ("system", "", {"Cura", "Tom", "Ydelse"}),
            ("system", "q=ÆBLE", {"Cura"}),
            ("system", "q=gl.+cur", {"Cura"}),
            ("system", "q=%25", set()),
            ("system", "q=_", set()),
            ("system", "department=BMF", {"Cura"}),
            ("system", "department=bmf", {"Cura"}),
            ("system", "vendor=KMD", {"Ydelse"}),
            ("system", "criticality=4", {"Cura"}),
            ("system", "status=planned", {"Tom"}),
            ("system", "personal_data=sensitive", {"Ydelse"}),
            ("system", "uses=STS", {"Cura"}),
            ("system", "uses=stsorg", {"Cura"}),
            ("system", "missing=owner", {"Ydelse"}),
            ("system", "missing=dependencies", set()),
            ("system", "archived=ja", {"Ledig"}),
            ("system", "archived=alle", {"Cura", "Tom", "Ydelse", "Ledig"}),
            ("system", "criticality=4&department=BMF&q=cura", {"Cura"}),
            ("component", "level=joint-municipal", {"Organisation"}),
            ("component", "type=platform", {"Støttesystemerne"}),
            ("component", "owner=KMD", {"Støttesystemerne", "Organisation"}),
            ("component", "parent=STS", {"Organisation"}),
            ("component", "status=retired", {"NemID"}),
            ("component", "missing=replacement", {"NemID"}),
            ("component", "missing=owner", set()),
            ("organisation", "kind=vendor", {"KMD"}),
            ("organisation", "q=borgm", {"Borgmesterforvaltningen"}),
        ],
    )
    def test_each(self, reader: Client, landscape: None, noun: str, query: str, found: set[str]):
        got = {re.sub(r"(Planlagt|Udfaset|Arkiveret)$", "", n).strip() for n in listed(reader, noun, query)}
        assert got == found
        assert shown(reader, noun, query) == len(found)

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", 4),
            ("source=CURA", 2),
            ("source=ky", 1),
            ("source=KY&status=ended", 1),
            ("target=STSORG", 1),
            ("within=STS", 2),
            ("department=BMF", 2),
            ("direction=auth", 2),
            ("importance=critical", 1),
            ("status=ended", 1),
            ("q=roller", 1),
            ("q=støtte", 1),
            ("archived=ja", 0),
        ],
    )
    def test_dependencies(self, reader: Client, landscape: None, query: str, found: int):
        assert shown(reader, "dependency", query) == found
        assert len(listed(reader, "dependency", query)) == found
        assert len(exported(reader, "dependency", query)) == found + 1

    ODD = ("%00", "%ED%A0%80", "9" * 40, "-1", "²", "x" * 5000, "<script>", "'", "%5C", "=1")

    @pytest.mark.parametrize("noun", NOUNS)
    def test_odd_values_never_fall_over(self, reader: Client, landscape: None, noun: str):
        fields = (*FILTERS[noun].base_filters, "ukendt")
        for odd in self.ODD:
            for field in fields:
                response = reader.get(f"{reverse(f'{noun}-list')}?{field}={odd}")
                assert response.status_code == 200, (field, odd)
                assert "<script>" not in response.content.decode().partition("<main")[2]
            assert (
                reader.get(f"{reverse(f'{noun}-list')}?_export={odd}&col={odd}&sort={odd}").status_code == 200
            )

    def test_tags_take_one_filter_away(self, reader: Client, landscape: None):
        page = reader.get(f"{reverse('system-list')}?criticality=4&department=BMF&size=50")
        assert "Kritikalitet: 4 Kritisk" in words(page)
        assert "Forvaltning: Borgmesterforvaltningen" in words(page)
        assert 'href="?department=BMF&amp;size=50"' in page.content.decode()

    def test_a_filter_that_means_nothing_is_said(self, reader: Client, landscape: None):
        """A saved link with a code that has gone must not look like «all of them» without a word."""
        page = words(reader.get(f"{reverse('system-list')}?department=NEDLAGT"))
        assert "Forvaltning: NEDLAGT (kendes ikke)" in page


class TestExport:
    @pytest.mark.parametrize("how", ["csv", "xlsx"])
    def test_the_filtered_rows_with_the_visible_columns_in_the_lists_order(self, reader: Client, how: str):
        org = factories.organisation(code="BMF", kind="forvaltning")
        for code, name, crit in (("B", "Æ", 4), ("A", "Å", 4), ("C", "Ø", 1)):
            factories.system(code=code, name=name, criticality=crit, department=org)
        got = exported(
            reader, "system", "criticality=4&col=name&col=code&col=department_code&col=criticality", how
        )
        four: Any = "4" if how == "csv" else 4
        assert got == [
            ["name", "code", "department_code", "criticality"],
            ["Æ", "B", "BMF", four],
            ["Å", "A", "BMF", four],
        ]

    @pytest.mark.parametrize("how", ["csv", "xlsx"])
    @pytest.mark.parametrize("noun", NOUNS)
    def test_machine_names_of_the_visible_columns_come_first(self, reader: Client, noun: str, how: str):
        factories.dependency()
        factories.organisation()
        page = reader.get(reverse(f"{noun}-list"))
        names_ = exported(reader, noun, "", how)[0]
        assert set(heads(page)) <= set(names_)
        assert len(names_) == page.content.decode().count('<th scope="col"')
        assert all(re.fullmatch(r"[a-z_]+", n) for n in names_)

    @pytest.mark.parametrize("how", ["csv", "xlsx"])
    def test_all_rows_not_only_the_page(self, reader: Client, how: str):
        for _ in range(130):
            factories.system()
        assert len(exported(reader, "system", "page=3&size=25", how)) == 131

    @pytest.mark.parametrize("how", ["csv", "xlsx"])
    @pytest.mark.parametrize("text", FORMULAS)
    def test_nothing_that_a_spreadsheet_would_run(self, reader: Client, text: str, how: str):
        target = factories.component(name="Mål")
        source = factories.system(name=text, aliases=text, description=text)
        factories.dependency(source=source, target=target, purpose=text)
        escaped = f"'{text}".replace("\r", "\n" if how == "xlsx" else "\r")  # XML has one sign for line ends
        assert exported(reader, "system", "col=name&col=aliases&col=description", how)[1] == [escaped] * 3
        assert exported(reader, "dependency", "col=purpose", how)[1] == [source.code, escaped]

    @pytest.mark.parametrize("how", ["csv", "xlsx"])
    def test_text_comes_back_as_it_was(self, reader: Client, how: str):
        text = 'Linje 1\nLinje 2, "citat"; æøå 😀 <b>'
        factories.system(name="A", description=text)
        assert exported(reader, "system", "col=description", how)[1] == ["A", text]

    def test_signs_that_xml_cannot_hold(self, reader: Client):
        factories.system(name="A\x0bB\x1f")
        assert exported(reader, "system", "col=name", "xlsx")[1] == ["A\ufffdB\ufffd"]

    def test_numbers_and_dates(self, reader: Client):
        factories.dependency(since="2020-01-01", until="2031-12-31")
        head, row = exported(reader, "dependency", "col=since&col=until", "xlsx")
        assert dict(zip(head, row, strict=True)) | {"source_code": ""} == {
            "source_code": "",
            "since": "2020-01-01",
            "until": "2031-12-31",
        }


class TestCountsAreTheRowsTheyLinkTo:
    """DESIGN §4: numbers on a page link to the list that makes them, and the list has that many rows."""

    @pytest.fixture(autouse=True)
    def landscape(self) -> None:
        org = factories.organisation(code="BMF", kind="forvaltning")
        other = factories.organisation(code="KMD")
        sts = factories.component(code="STS", name="STS", provider=other, criticality=4)
        modules = [
            factories.component(code=f"M{i}", parent=sts, provider=other if i else None) for i in range(3)
        ]
        service = factories.component(code="SERV", parent=modules[0], lifecycle="retired")
        for i in range(8):
            system = factories.system(
                code=f"S{i}", department=org if i % 2 else None, provider=other, criticality=i % 4 + 1
            )
            if i < 6:
                factories.dependency(
                    source=system, target=sts, status="ended" if i == 1 else "active", importance="critical"
                )
                factories.dependency(source=system, target=modules[i % 3], status="planned")
                factories.dependency(source=system, target=modules[0], direction="auth", until="2020-01-01")
                factories.dependency(
                    source=system, target=service, archived_at="2026-01-01T00:00Z" if i == 2 else None
                )
        factories.system(code="GAMMEL", department=org, archived_at="2026-01-01T00:00Z", archive_reason="x")
        factories.dependency(source=sts, target=modules[1])

    def numbers(self, page: str) -> list[tuple[str, int]]:
        """Links to lists whose text begins with a number, or has one as its only number."""
        found = []
        for href, inner in re.findall(r'<a [^>]*?href="([^"]*)"[^>]*>(.*?)</a>', page, re.S):
            number = re.match(
                r"\s*(?:Alle )?([\d.]+)(?!\d)", " ".join(re.sub(r"<[^>]+>", " ", inner).split())
            )
            if number and re.match(r"/(komponenter|fagsystemer|organisationer|afhaengigheder)/(\?|$)", href):
                found.append((href.replace("&amp;", "&"), int(number[1].replace(".", ""))))
        return found

    @pytest.mark.parametrize("who", ["FOI", "Læser"])
    @pytest.mark.parametrize(
        ("page", "least"),
        [
            ("/", 5),
            ("/komponenter/?size=250", 6),
            ("/fagsystemer/?size=250&col=uses&col=used_by&col=name", 6),
            ("/organisationer/", 1),
            ("/komponenter/STS/", 0),
            ("/fagsystemer/S0/", 0),
            ("/organisationer/BMF/", 0),
            ("/organisationer/KMD/", 0),
        ],
    )
    def test_on_page(self, who: str, page: str, least: int):
        client = factories.client(who)
        numbers = self.numbers(client.get(page).content.decode())
        assert len(numbers) >= least
        for href, number in numbers:
            rows = shown_at(client, href)
            assert rows == number, f"{page}: {href} has {rows} rows, not {number}"

    def test_headings_with_a_list_behind_them(self):
        client = factories.client("Læser")
        page = client.get("/komponenter/STS/").content.decode()
        sections = re.findall(r'<div class="panel-head"><h2[^>]*>(.*?)</h2>\s*<a href="([^"]+)"', page, re.S)
        checked = 0
        for heading, href in sections:
            number = re.search(r"(?:af|direkte af) ([\d.]+)", re.sub(r"<[^>]+>", "", heading))
            if number and "within" not in href:
                assert shown_at(client, href) == int(number[1]), (heading, href)
                checked += 1
        assert checked >= 1
        within = next(h for _, h in sections if "within" in h)
        inside = Component.objects.exclude(code="X")
        outside = Dependency.objects.ongoing().filter(target__in=inside).exclude(source__in=inside)
        assert shown_at(client, within) == outside.count()
