"""The coverage pages: what is counted is what is listed is what is exported, and what cells say and lead to."""

from __future__ import annotations

import csv
import io
import re
from functools import cache
from itertools import product
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from openpyxl import load_workbook

from roles import occupancy
from roles.coverage import State
from roles.coverage_columns import MOST, columns
from roles.coverage_picks import Choice, Picked
from roles.models import Absence
from tests import factories
from tests.days import day

pytestmark = pytest.mark.django_db

URL = "/roller/daekning/"
ON = "2026-11-23"


@pytest.fixture
def world() -> dict[str, Any]:
    """A platform with a module, two systems of one department and one of none, and a seat in every state."""
    bsf = factories.organisation(code="BSF", name="Beskæftigelse", kind="forvaltning")
    sts = factories.component(code="STS", name="Støttesystemerne", component_type="platform")
    adm = factories.component(code="STSADM", name="Administrationsmodulet", parent=sts)
    ky = factories.system(code="KY", name="Ydelser", department=bsf)
    ksd = factories.system(code="KSD", name="Sygedagpenge", department=bsf)
    aula = factories.system(code="AULA", name="Aula")
    owner = factories.role(code="EJER", name="Ejer", level="strategic", phase="operations")
    admin = factories.role(code="ADM", name="Administrator", level="operational", phase="both")
    answer = factories.role(code="ANSV", name="Systemansvarlig", level="tactical", phase="operations")
    dpo = factories.role(code="DPO", name="Rådgiver", level="strategic", phase="project")
    chief = factories.role(code="CHEF", name="Chef", level="tactical", phase="both")
    for role, asset, values in (
        (owner, sts, {"deputy_needed": True}),
        (admin, sts, {}),
        (admin, adm, {"holders": 2}),
        (admin, aula, {}),
        (answer, None, {"scope_kind": "every_system"}),
        (dpo, None, {}),
        (chief, None, {"scope_kind": "every_department"}),
    ):
        factories.requirement(role, asset, **values)
    ann, bo, gone = (
        factories.person(name="Ann Bæk"),
        factories.person(name="Bo Holm"),
        factories.person(name="Kaj <b>", active_to=day("2026-11-13")),
    )
    factories.assignment(person=ann, role=owner, asset=sts)
    factories.assignment(person=ann, role=admin, asset=sts, until=day("2026-12-24"))
    factories.assignment(person=bo, role=admin, asset=adm)
    factories.assignment(person=gone, role=answer, asset=ky)
    factories.assignment(person=bo, role=answer, asset=ksd)
    factories.assignment(person=ann, role=answer, asset=ksd, part="deputy")
    factories.assignment(person=ann, role=dpo)
    Absence.objects.create(person=bo, since=day("2026-11-20"), until=day("2026-12-01"))
    return {"ann": ann, "bo": bo}


def page(client: Client, query: str = "", path: str = URL) -> str:
    response = client.get(f"{path}?dato={ON}&{query}")
    assert response.status_code == 200
    return str(response.content.decode())


def exported(client: Client, query: str = "") -> list[dict[str, str]]:
    text = client.get(f"{URL}?dato={ON}&{query}&_export=csv").getvalue().decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def listed(client: Client, url: str) -> int:
    """How many rows the list at the address has, over all of its pages."""
    response = client.get(url)
    assert response.status_code == 200, url
    found = response.context.get("page")
    count: int = found.paginator.count if found else 0
    size = min(count, 25)
    assert response.content.decode().count('<tr><th scope="row" data-title="">') == size, url
    return count


def test_export_has_a_row_for_every_seat(world: dict[str, Any]):
    rows = exported(factories.client("Læser"))
    assert list(rows[0]) == ["role", "scope", "required", "holders", "deputies", "state", "vacant_days"]
    never = str((day(ON) - day("2020-01-01")).days)
    assert sorted(tuple(row.values()) for row in rows) == sorted(
        [
            ("EJER", "STS", "1", "1", "0", "deputy_missing", ""),
            ("ADM", "STS", "1", "1", "0", "expiring", ""),
            ("ADM", "STSADM", "2", "1", "0", "vacant", never),
            ("ADM", "AULA", "1", "0", "0", "vacant", never),
            ("ANSV", "KY", "1", "0", "0", "left", "10"),
            ("ANSV", "KSD", "1", "1", "1", "filled", ""),
            ("ANSV", "AULA", "1", "0", "0", "vacant", never),
            ("DPO", "KOMMUNEN", "1", "1", "0", "filled", ""),
            ("CHEF", "BSF", "1", "0", "0", "vacant", never),
        ]
    )
    factories.organisation(code="OK", kind="municipality")
    assert ("DPO", "OK") in {(row["role"], row["scope"]) for row in exported(factories.client("Læser"))}
    sheet = load_workbook(
        io.BytesIO(factories.client().get(f"{URL}?dato={ON}&_export=xlsx").getvalue())
    ).worksheets[0]
    assert [cell.value for cell in sheet[1]] == list(rows[0])
    assert sheet.max_row == len(rows) + 1


FILTERS: dict[str, list[str]] = {
    "niveau": ["", "strategic", "operational"],
    "fase": ["", "both"],
    "komponent": ["", "STS", "STSADM", "KY"],
    "forvaltning": ["", "BSF", "-"],
    "tilstand": ["", "mangler", "daekket", "ubesat", "vacant", "left", "expiring"],
    "sted": ["", "STS", "alle-fagsystemer", "kommunen"],
}


def test_every_filter_counts_lists_and_exports_the_same(
    world: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    """Each pair of filters in each of their values, against the whole export filtered by hand."""
    # In a test's transaction no picture is kept; outside it these requests would share one.
    monkeypatch.setattr(occupancy, "at", cache(occupancy.at))
    facts = {
        "EJER": ("strategic", "operations"),
        "ADM": ("operational", "both"),
        "ANSV": ("tactical", "operations"),
        "DPO": ("strategic", "project"),
        "CHEF": ("tactical", "both"),
    }
    states = {
        "mangler": {"vacant", "left", "deputy_missing"},
        "daekket": {"filled", "expiring"},
        "ubesat": {"vacant", "left"},
    }

    def fits(row: dict[str, str], name: str, value: str) -> bool:
        role, scope = row["role"], row["scope"]
        return {
            "niveau": facts[role][0] == value,
            "fase": facts[role][1] == value,
            "komponent": scope in {"STS": ("STS", "STSADM")}.get(value, (value,)),
            "forvaltning": (scope in ("BSF", "KY", "KSD")) == (value == "BSF"),
            "tilstand": row["state"] in states.get(value, {value}),
            "sted": (scope in ("STS", "STSADM") and role != "ANSV") if value == "STS"
            else role == ("ANSV" if value == "alle-fagsystemer" else "DPO"),
        }[name]  # fmt: skip

    client = factories.client("Læser")
    whole = exported(client)
    found = occupancy.at(day(ON))
    assert len(Picked(found)) == len(whole) == 9
    names = list(FILTERS)
    asked: set[str] = set()
    for a, b in ((x, y) for n, x in enumerate(names) for y in names[n + 1 :]):
        for first, second in product(FILTERS[a], FILTERS[b]):
            chosen = {name: value for name, value in ((a, first), (b, second)) if value}
            if {a, b} == {"komponent", "sted"} and len(chosen) == 2:
                continue  # what a place is called depends on the component that is open
            query = "&".join(f"{name}={value}" for name, value in chosen.items())
            if query in asked:  # one filter alone is in several pairs
                continue
            asked.add(query)
            expected = [row for row in whole if all(fits(row, n, v) for n, v in chosen.items())]
            assert exported(client, query) == expected, query
            assert listed(client, f"{URL}?dato={ON}&{query}&vis=pladser") == len(expected), query


@pytest.mark.parametrize(
    "query", ["", "komponent=STS", "tilstand=mangler", "forvaltning=BSF", "niveau=tactical"]
)
def test_every_number_leads_to_that_many_rows(world: dict[str, Any], query: str):
    client = factories.client("Læser")
    response = client.get(f"{URL}?dato={ON}&{query}")
    context = response.context
    checked = 0
    for _, number, _, url in context["legend"]:
        assert not number or listed(client, url) == number
    for _, _, lines in context["shares"]:
        for line in lines:
            assert listed(client, line.url) == line.seats
            assert listed(client, line.good_url) == line.good
            checked += 1
    for wants in (context["unmanned"], context["without_deputy"]):
        assert listed(client, wants["url"]) == wants["count"]
        for want in wants["first"]:
            several = re.match(r"(\d+) ", want.where)
            assert listed(client, want.url) == (int(several[1]) if several else 1)
    for line in context["carriers"]:
        carrier, lists = line["of"], line["lists"]
        for part, number in (
            ("indehaver", carrier.holds),
            ("alene", carrier.alone),
            ("stedfortraeder", carrier.deputises),
        ):
            assert listed(client, lists[part]) == number
    html = response.content.decode()
    cells = re.findall(r'<td class="is-\w+" data-title="[^"]*"><a href="([^"]+)">.*?</a></td>', html)
    assert cells
    assert checked
    tally = Picked(occupancy.at(day(ON)), Choice()).tally
    if not query:
        assert sum(listed(client, url.replace("&amp;", "&")) for url in cells) == tally.total() == 9


def cell(html: str, row: str, title: str) -> str:
    line = re.search(rf'<th scope="row">(?:<a[^>]*>)?{row}(?:</a>)?</th>(.*?)</tr>', html)
    assert line
    found = re.search(rf'<td class="[^"]*" data-title="{title}">.*?</td>', line[1])
    return found[0] if found else ""


def test_cells_say_who_and_lead_on(world: dict[str, Any]):
    html = page(factories.client("FOI"))
    assert "Kaj <b>" not in html
    owner = cell(html, "Ejer", "Støttesystemerne")
    assert "is-nodeputy" in owner
    assert ">AB<" in owner
    assert "Stedfortræder mangler. Indehaver: Ann Bæk" in owner
    assert "2 af 3" not in html
    rolled = cell(html, "Administrator", "Støttesystemerne")
    assert "1 af 2" in rolled
    assert "is-vacant" in rolled
    everywhere = cell(html, "Systemansvarlig", "Alle fagsystemer")
    assert "1 af 3 dækket: 1 ledige, 1 fratrådte" in everywhere
    opened = page(factories.client("FOI"), "komponent=STS")
    assert ">(BH)+<wbr>ledig<" in cell(opened, "Administrator", "Administrationsmodulet")
    one = page(factories.client("FOI"), "komponent=KSD")
    assert ">(BH) p.t. AB<wbr>" in cell(one, "Systemansvarlig", "Alle fagsystemer")
    assert "Bo Holm, p.t. Ann Bæk" in cell(one, "Systemansvarlig", "Alle fagsystemer")


def test_vacant_cell_opens_the_form_for_those_who_may(world: dict[str, Any]):
    try:
        form = reverse("assignment-create")
    except NoReverseMatch:
        pytest.skip("no page to assign on")
    link = r'<a href="([^"]+)">'
    vacant = re.search(link, cell(page(factories.client("FOI")), "Administrator", "Aula"))
    assert vacant
    target = urlsplit(vacant[1].replace("&amp;", "&"))
    assert target.path == form
    assert parse_qs(target.query) == {"role": ["ADM"], "asset": ["AULA"], "part": ["holder"]}
    reader = page(factories.client("Læser"))
    vacant = re.search(link, cell(reader, "Administrator", "Aula"))
    assert vacant
    assert vacant[1].startswith(URL)
    assert form not in reader
    assert ">Tildel<" not in reader
    assert form not in page(factories.client("Læser"), "vis=pladser")
    seats = page(factories.client("FOI"), "vis=pladser&tilstand=deputy_missing")
    assert "role=EJER&amp;asset=STS&amp;part=deputy" in seats


def test_what_is_not_understood_is_said(world: dict[str, Any]):
    html = page(
        factories.client("Læser"), "niveau=x&komponent=NIX&rolle=NIX&sted=nix&person=9&forvaltning=NIX"
    )
    assert html.count("(kendes ikke)") == 6
    assert "9 pladser" in html
    bad = factories.client("Læser").get(f"{URL}?dato=x&page=99&size=x&vis=x")
    assert "Datoen kan ikke læses" in bad.content.decode()


def test_empty_says_where_roles_come_from():
    html = page(factories.client("Læser"))
    assert "Ingen roller kræves nogen steder" in html
    assert exported(factories.client("Læser")) == []


def test_another_day(world: dict[str, Any]):
    client = factories.client("Læser")
    states = {(r["role"], r["scope"]): r["state"] for r in exported(client)}
    assert states["ADM", "STS"] == "expiring"
    later = client.get(f"{URL}?dato=2026-12-24&_export=csv").getvalue().decode()
    assert "ADM,STS,1,0,0,vacant,0" in later
    assert (
        "Sådan er rollerne dækket <strong>24. dec. 2026"
        in client.get(f"{URL}?dato=24-12-2026").content.decode()
    )
    assert timezone.localdate() == occupancy.at(timezone.localdate()).on


def test_many_places_are_rolled_up(world: dict[str, Any]):
    role = factories.role(name="Overalt")
    for number in range(30):
        factories.requirement(role, (factories.system if number % 2 else factories.component)())
    found = occupancy.at(day(ON))
    made = columns(found)
    assert len(made) <= MOST
    named = [asset for column in made for asset in column.assets]
    assert len(named) == len(set(named)) == 33
    assert [c.key for c in made if c.key.islower()] == [
        "kommunen", "oevrige-komponenter", "oevrige-fagsystemer", "alle-fagsystemer", "alle-forvaltninger",
    ]  # fmt: skip
    client = factories.client("Læser")
    html = page(client)
    for title, key in (
        ("Øvrige komponenter", "oevrige-komponenter"),
        ("Øvrige fagsystemer", "oevrige-fagsystemer"),
    ):
        there = re.search(r"0 af (\d+)", cell(html, "Overalt", title))
        assert there
        assert listed(client, f"{URL}?dato={ON}&vis=pladser&sted={key}&rolle={role.code}") == int(there[1])
    assert State.VACANT in Picked(found).tally


def test_pages_of_the_list_make_the_whole(world: dict[str, Any]):
    factories.requirement(factories.role(), scope_kind="every_system")
    for _ in range(60):
        factories.system()
    picked = Picked(occupancy.at(day(ON)))
    whole = list(picked)
    assert len(whole) == len(picked)
    for size in (1, 7, 25):
        pages = [picked[start : start + size] for start in range(0, len(picked), size)]
        assert [line for lines in pages for line in lines] == whole
