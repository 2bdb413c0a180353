"""``/konsekvens/``: the page, its tables, what leads where, and the files."""

from __future__ import annotations

import csv
import datetime
import io
import re
from html import unescape
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from foi_portal.ui import panels
from foi_portal.ui.panels import Panel
from registry.impact import EXPORTED
from registry.models import AlternativeGroup, Asset, Dependency, Organisation, System
from tests import factories

pytestmark = pytest.mark.django_db


def uses(source: Any, target: Any, importance: str = "critical", **values: Any) -> Dependency:
    return factories.dependency(source=source, target=target, importance=importance, **values)


@pytest.fixture
def client() -> Client:
    return factories.client("Læser")


@pytest.fixture
def office() -> Organisation:
    return factories.organisation(code="BMF", name="Borgmesterforvaltningen", kind="forvaltning")


@pytest.fixture
def world(office: Organisation) -> dict[str, Any]:
    platform = factories.component(code="SP", name="Serviceplatformen", component_type="platform")
    service = factories.component(code="SF1520", name="CPR opslag", parent=platform)
    ky = factories.system(code="KY", name="Ydelsessystemet", department=office, criticality=4)
    cura = factories.system(code="CURA", name="Cura", department=office)
    aula = factories.system(code="AULA", name="Aula")
    uses(ky, service)
    uses(cura, service, "degraded")
    uses(aula, cura)
    return {"platform": platform, "service": service, "ky": ky, "cura": cura, "aula": aula}


def text(client: Client, query: str, status: int = 200) -> str:
    """The page as somebody reads it: tags gone, blanks as one."""
    response = client.get(f"{reverse('impact')}?{query}")
    assert response.status_code == status, query
    body = re.sub(r"<(script|style).*?</\1>", " ", response.content.decode(), flags=re.S)
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", body)).split())


def html(client: Client, query: str) -> str:
    return client.get(f"{reverse('impact')}?{query}").content.decode()


def codes(client: Client, query: str) -> list[str]:
    return [row["code"] for row in exported(client, query)]


def exported(client: Client, query: str) -> list[dict[str, str]]:
    response = client.get(f"{reverse('impact')}?{query}&_export=csv")
    return list(csv.DictReader(io.StringIO(response.getvalue().decode("utf-8-sig"))))


# --- The answer ---------------------------------------------------------------------------------------------


def test_the_answer_as_sentence_and_tables(client: Client, world: dict[str, Any]):
    seen = text(client, "asset=SP")
    assert "Hvad rammes, hvis Serviceplatformen svigter?" in seen
    assert "1 fagsystem stopper, og 2 virker dårligere. Undervejs rammes 1 komponent." in seen
    assert "Stopper 1 fagsystem Ydelsessystemet Borgmesterforvaltningen 4 af 4 2 CPR opslag" in seen
    assert "Virker dårligere 2 fagsystemer Cura Borgmesterforvaltningen – 2 CPR opslag" in seen
    assert "Aula Mangler – 3 Cura › CPR opslag" in seen
    assert "Stopper 1 komponent CPR opslag Service – 1 del af Serviceplatformen" in seen


def test_upstream_says_so_in_other_words(client: Client, world: dict[str, Any]):
    seen = text(client, "asset=KY&retning=op")
    assert "Hvad hviler Ydelsessystemet på?" in seen
    assert "Ydelsessystemet hviler på 2 komponenter." in seen
    assert "2 komponenter, der hver for sig kan stoppe den" in seen
    assert "CPR opslag Service – 1 direkte" in seen
    assert "Serviceplatformen Platform – 2 CPR opslag" in seen
    assert "Hvem skal vide det" not in seen


def test_counts_lead_to_the_rows_that_make_them(client: Client, world: dict[str, Any]):
    page = html(client, "asset=SP")
    for address, count in (
        ("asset=SP&retning=ned&forvaltning=BMF&vis=system-critical", 1),
        ("asset=SP&retning=ned&forvaltning=BMF&vis=system-degraded", 1),
        ("asset=SP&retning=ned&forvaltning=ingen&vis=system-degraded", 1),
        ("asset=SP&retning=ned&forvaltning=BMF", 2),
        ("asset=SP&retning=ned&platform=SP", 1),
    ):
        assert address.replace("&", "&amp;") in page
        assert len(codes(client, address)) == count
        assert "Fjern udsnit" in text(client, address)
    assert codes(client, "asset=SP&forvaltning=bmf&vis=system-critical") == ["KY"]
    assert "Intet i svaret passer til det valgte udsnit." in text(client, "asset=SP&forvaltning=FINDES-IKKE")
    assert "FINDES-IKKE (kendes ikke)" in text(client, "asset=SP&forvaltning=FINDES-IKKE")
    assert "(kendes ikke)" in text(client, "asset=SP&vis=hvad-som-helst")


def test_what_is_hidden_is_counted_and_linked(client: Client, world: dict[str, Any]):
    seen = text(client, "asset=SP&dybde=2")
    assert "1 flere ligger længere væk end 2 skridt. Vis dem også" in seen
    seen = text(client, "asset=SP&betydning=critical")
    assert "2 flere rammes mildere end «stopper». Vis dem også" in seen
    assert 'href="?asset=SP&amp;retning=ned&amp;betydning=critical"' in html(
        client, "asset=SP&betydning=critical&dybde=1"
    )
    uses(world["ky"], world["aula"], "minor")
    assert "Alt, der rammes, er skjult af de valgte grænser." in text(client, "asset=AULA&betydning=critical")


def test_what_was_down_already(client: Client, world: dict[str, Any]):
    seen = text(client, "asset=CURA&nede=SP")
    assert "Hvad rammes, hvis Cura svigter, mens Serviceplatformen er nede?" in seen
    assert "Aula (før: virker dårligere)" in seen
    assert "2 er allerede ramt lige så hårdt af det, der er nede" in seen
    assert "1 fagsystem mere stopper. 1 fagsystem var ramt i forvejen." in seen
    assert sorted(codes(client, "asset=CURA&nede=SP")) == ["AULA"]
    assert sorted(codes(client, "asset=CURA&nede=SP&vis=unchanged")) == ["KY", "SF1520"]
    seen = text(client, "asset=CURA&nede=SP&vis=unchanged")
    assert "1 fagsystem og 1 komponent er ramt i forvejen." in seen
    assert "Stopper 1 fagsystem Ydelsessystemet" in seen
    assert "Stopper 1 komponent CPR opslag" in seen


def test_one_that_is_stopped_already_says_so(client: Client, world: dict[str, Any]):
    seen = text(client, "asset=KY&retning=op&nede=SP")
    assert "Ydelsessystemet stopper allerede, fordi Serviceplatformen er nede." in seen
    assert "skrevet ind" not in seen
    assert 'href="?asset=KY&amp;retning=op"' in html(client, "asset=KY&retning=op&nede=SP")


def test_reserves_are_told_upstream(client: Client, world: dict[str, Any]):
    group = AlternativeGroup.objects.create(source=world["aula"], name="Adresser", needed=1)
    uses(world["aula"], factories.component(code="SDM", name="SDM"), alternatives=group)
    uses(world["aula"], factories.component(code="DAR", name="DAR"), alternatives=group)
    assert "Har reserve Adresser: 1 af 2 skal virke ( DAR , SDM )" in text(client, "asset=AULA&retning=op")
    assert "Aula , Adresser: 1 af 2" in text(client, "asset=AULA&asset=KY&retning=op")
    assert "Har reserve" not in text(client, "asset=KY&retning=op")


def test_reduced_redundancy_is_told(client: Client, world: dict[str, Any]):
    alone = factories.system(name="Alene")
    group = AlternativeGroup.objects.create(source=alone, name="CPR-opslag", needed=1)
    uses(alone, world["service"], alternatives=group)
    uses(alone, factories.component(), alternatives=group)
    seen = text(client, "asset=SF1520")
    assert "Alene har mistet reserven for CPR-opslag: 1 af 2 veje virker, og 1 er nok." in seen
    assert "1 har mistet en reserve." in seen
    page = html(client, "asset=SF1520")
    assert page.index("Nedsat redundans") < page.index('id="billede"')
    uses(alone, factories.component(), alternatives=group)
    assert "har mistet en reserve for CPR-opslag: 2 af 3 veje virker, og 1 er nok." in text(
        client, "asset=SF1520"
    )
    assert "Ramt: CPR opslag (svigter)" in seen


# --- Odd questions ------------------------------------------------------------------------------------------


def test_nothing_chosen_invites(client: Client, world: dict[str, Any]):
    seen = text(client, "")
    assert "CPR opslag bruges direkte af 2" in seen
    assert "Alle 1 kritiske fagsystemer Kritiske fagsystemer: Ydelsessystemet" in seen
    assert 'href="/fagsystemer/?criticality=4"' in html(client, "")
    assert "Det kan du her" in seen
    assert "Ingen fagsystemer er vurderet" not in seen


def test_what_is_down_is_remembered_until_something_is_chosen(client: Client, world: dict[str, Any]):
    assert "Vælg, hvad der svigter. Serviceplatformen er husket som allerede nede." in text(
        client, "asset=&nede=SP"
    )
    page = html(client, "asset=&nede=SP")
    field = re.search(r'<input[^>]*id="id_nede"[^>]*>', page)
    assert field is not None
    assert 'value="SP"' in field[0]
    assert '<details class="filters-more" open>' in page
    assert 'type="hidden" name="nede"' not in page
    assert 'type="hidden" name="nede" value="SP"' in html(client, "asset=KY&nede=SP")
    assert 'type="hidden" name="nede" value="SP"' in html(client, "nede=SP&nede=Findes+ikke")


def test_what_was_meant_is_a_link_for_each(client: Client, world: dict[str, Any]):
    factories.component(code="STSTOKEN", name="Security Token Service")
    factories.component(code="STSOLD", name="Security Token Ældre")
    seen = text(client, "asset=Security+Token")
    assert "Mente du Security Token Service STSTOKEN eller Security Token Ældre STSOLD ?" in seen
    assert 'href="?asset=STSTOKEN&amp;retning=ned"' in html(client, "asset=Security+Token")
    page = html(client, "asset=KY&nede=Security+Token")
    assert 'href="?asset=KY&amp;retning=ned&amp;nede=STSTOKEN"' in page


def test_an_empty_register_invites_too(client: Client):
    seen = text(client, "")
    assert "Der er ikke skrevet afhængigheder ind endnu." in seen
    assert "Ingen fagsystemer er vurderet som kritiske." in seen


def test_nobody_uses_it(client: Client, world: dict[str, Any]):
    assert "Ingen bruger Ydelsessystemet" in text(client, "asset=KY")
    factories.component(code="MITID", name="MitID")
    assert "MitID er ikke skrevet ind som bruger af noget" in text(client, "asset=MITID&retning=op")


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ("asset=FINDES-IKKE", "«FINDES-IKKE» findes ikke."),
        ("asset=SP&dybde=-1", "helt tal fra 1"),
        ("asset=SP&dybde=abc", "helt tal fra 1"),
        ("asset=SP&betydning=foo", "«Hvor hårdt» kan være Stopper, Virker dårligere eller Mærkes lidt"),
        ("asset=SP&retning=x", "Retningen kan være"),
        ("asset=SP&dato=snart", "Datoen «snart» kan ikke bruges."),
        ("asset=SP&dato=31-12-2199", "Svaret er for den 31. dec. 2199"),
        ("asset=SP&dato=31-12-1999", "Historikken begynder først den"),
        ("asset=SP&nede=SP", "både som valgt og som allerede nede"),
        ("asset=%00SP%00", "Hvad rammes, hvis Serviceplatformen svigter?"),
        ("asset=%00", "Konsekvens"),
        ("asset=" + "x" * 3000, "findes ikke"),
        ("asset=<script>alert(1)</script>", "findes ikke"),
        ("asset=SP&forvaltning=%00&platform=%00&vis=%00&page=-1&_export=pdf", "kendes ikke"),
        ("asset=" + "&asset=".join(f"K{n}" for n in range(500)), "de sidste 400 er udeladt"),
    ],
)
def test_odd_questions_get_a_clear_word(client: Client, world: dict[str, Any], query: str, words: str):
    assert words in text(client, query)
    assert "<script>alert" not in html(client, query)


def test_what_was_not_found_can_be_corrected_where_it_stands(client: Client, world: dict[str, Any]):
    page = html(client, "asset=SP&asset=CURAA")
    field = re.search(r'<input[^>]*id="id_asset"[^>]*>', page)
    assert field is not None
    assert 'value="CURAA"' in field[0]
    assert 'type="hidden" name="asset" value="SP"' in page


def test_not_in_operation_and_archived(client: Client, world: dict[str, Any]):
    Asset.objects.filter(code="SF1520").update(lifecycle="planned")
    seen = text(client, "asset=SF1520")
    assert "den er kun planlagt" in seen
    assert "Der er intet svar, for det valgte er ikke i drift den dag." in seen
    Asset.objects.filter(code="CURA").update(
        archived_at=datetime.datetime(2026, 5, 3, 12, tzinfo=datetime.UTC)
    )
    assert "Cura (CURA) er arkiveret 3. maj 2026." in text(client, "asset=CURA")


def test_an_earlier_day_says_where_its_answer_comes_from(client: Client, world: dict[str, Any]):
    today = timezone.localdate()
    assert "som registret så ud, da dagen var slut" not in text(client, f"asset=SP&dato={today}")
    yesterday = today - datetime.timedelta(days=1)
    assert "Historikken begynder først den" in text(client, f"asset=SP&dato={yesterday}")


# --- Large answers ------------------------------------------------------------------------------------------


def test_a_large_answer_is_shown_in_part_and_counted_in_full(client: Client, office: Organisation):
    hub = factories.component(code="HUB", name="Navet")
    System.objects.bulk_create(
        System(code=f"S{n:04}", name=f"System {n:04}", department=office) for n in range(1500)
    )
    Dependency.objects.bulk_create(
        Dependency(source_id=key, target=hub, importance="critical")
        for key in System.objects.values_list("pk", flat=True)
    )
    response = client.get(f"{reverse('impact')}?asset=HUB")
    assert len(response.content) < 300_000
    seen = text(client, "asset=HUB")
    assert "1.500 fagsystemer stopper." in seen
    assert "De første 50 af 1.500 er vist. Vis alle 1.500 fagsystemer" in seen
    whole = text(client, "asset=HUB&vis=system-critical&page=15")
    assert "Viser 1.401–1.500 af 1.500" in whole
    assert len(exported(client, "asset=HUB")) == 1500


def test_a_long_way_is_cut_in_the_middle_and_whole_on_its_own_page(client: Client):
    chain = [factories.system(code=f"L{n:02}", name=f"Led {n:02}") for n in range(15)]
    for source, target in zip(chain[1:], chain, strict=False):
        uses(source, target)
    assert "Led 13 › Led 12 › Led 11 › … 7 led … › Led 03 › Led 02 › Led 01" in text(client, "asset=L00")
    assert "Led 08 › Led 07 › Led 06" in text(client, "asset=L00&vis=system-critical")


# --- Files --------------------------------------------------------------------------------------------------


def test_csv_and_excel_hold_the_same_rows(client: Client, world: dict[str, Any]):
    rows = exported(client, "asset=SP")
    assert (
        tuple(rows[0]) == EXPORTED == ("code", "name", "kind", "department", "severity", "distance", "path")
    )
    assert {row["code"]: row["path"] for row in rows}["AULA"] == "SP > SF1520 > CURA > AULA"
    response = client.get(f"{reverse('impact')}?asset=SP&_export=xlsx")
    sheet = load_workbook(io.BytesIO(response.getvalue())).active
    assert sheet is not None
    cells = list(sheet.iter_rows(values_only=True))
    assert cells[0] == EXPORTED
    assert [str(row[0]) for row in cells[1:]] == [row["code"] for row in rows]
    assert codes(client, "asset=SP&betydning=critical") == ["KY", "SF1520"]


def test_names_that_look_like_formulas_are_made_harmless(client: Client, world: dict[str, Any]):
    Asset.objects.filter(code="KY").update(name="=1+1")
    assert {row["code"]: row["name"] for row in exported(client, "asset=SP")}["KY"] == "'=1+1"


# --- Who is to be told --------------------------------------------------------------------------------------


@pytest.fixture
def no_panels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(panels, "_panels", {})


def test_without_panels_the_unit_is_to_be_told(
    client: Client, world: dict[str, Any], no_panels: None, settings: Any
):
    settings.FOI_EMAIL = "foi@example.org"
    page = html(client, "asset=SP")
    assert "Hvem skal vide det" in page
    assert "mailto:foi@example.org?subject=Hvad%20rammes" in page
    found = re.search(r'href="mailto:([^"]*body[^"]*)"', page)
    assert found is not None
    body = parse_qs(unescape(found[1]).partition("?")[2])["body"][0]
    assert body.startswith("1 fagsystem stopper, og 2 virker dårligere.")
    assert f"{settings.SITE_URL}/konsekvens/?asset=SP&retning=ned" in body
    unit = factories.client("FOI")
    page = html(unit, "asset=SP")
    assert "Systemansvarlige vises her, når rollerne er på plads." in page
    assert "mailto:foi@example.org?subject=Hvad" not in page


def test_a_panel_of_an_upper_app_gets_the_answer(
    client: Client, world: dict[str, Any], no_panels: None, settings: Any
):
    settings.FOI_EMAIL = "foi@example.org"
    given: list[Any] = []

    def load(request: Any, reply: Any) -> dict[str, Any]:
        given.append((request.user, [row.facts.code for row in reply.rows]))
        return {}

    panels.register("impact", Panel("people", "registry/impact_badge.html", load, place="side"))
    page = html(client, "asset=SP")
    assert given == [(client.user, ["KY", "SF1520", "CURA", "AULA"])]  # type: ignore[attr-defined]
    assert "mailto:foi@example.org?subject=Hvad" not in page, "the panel says it better"


# --- The way there ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "code"), [("system-detail", "KY"), ("component-detail", "SP")])
def test_one_click_from_every_asset(client: Client, world: dict[str, Any], name: str, code: str):
    page = client.get(reverse(name, args=[code])).content.decode()
    assert f'href="/konsekvens/?asset={code}&amp;retning=ned"' in page


def test_only_readers_of_the_registry(world: dict[str, Any]):
    assert factories.client(None).get(f"{reverse('impact')}?asset=SP").status_code == 403
    assert Client().get(f"{reverse('impact')}?asset=SP").status_code == 302
