"""What the pages answer: the system page in one screen, the component page with its modules, history, front page."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from registry.models import Component, Dependency, System
from tests import factories
from tests.registry.pages import words

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader() -> Client:
    return factories.client("Læser")


def section(response: Any, heading: str) -> str:
    """The text of the panel with the heading."""
    page = response.content.decode()
    panels = re.findall(r'<section class="panel".*?</section>', page, re.S)
    found = [p for p in panels if heading in re.sub(r"<[^>]+>", "", p.partition("</h2>")[0])]
    assert found, f"no panel «{heading}»"
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())


@pytest.fixture
def landscape() -> dict[str, Any]:
    bmf = factories.organisation(code="BMF", name="Borgmesterforvaltningen", kind="forvaltning")
    kombit = factories.organisation(code="KOMBIT", name="KOMBIT", kind="owner")
    sts = factories.component(code="STS", name="Støttesystemerne", component_type="platform", provider=kombit)
    org = factories.component(code="STSORG", name="Organisation", component_type="module", parent=sts)
    deep = factories.component(code="SF1500", name="Organisationsopslag", parent=org)
    cura = factories.system(
        code="CURA",
        name="Cura",
        department=bmf,
        provider=kombit,
        criticality=4,
        aliases="Gammel Cura",
        description="Omsorgsjournal",
        url="https://example.org/cura",
    )
    ky = factories.system(code="KY", name="Ydelse")
    factories.dependency(
        source=cura, target=deep, importance="critical", purpose="Roller", since="2019-01-01"
    )
    factories.dependency(source=cura, target=sts, importance="minor", since="2019-03-02")
    factories.dependency(source=cura, target=org, status="ended", purpose="Før", until="2020-01-01")
    factories.dependency(source=ky, target=cura, purpose="Henter data")
    factories.dependency(source=sts, target=deep)
    return {"cura": cura, "sts": sts}


class TestSystem:
    def test_answers_in_one_screen(self, reader: Client, landscape: dict[str, Any]):
        page = reader.get(reverse("system-detail", args=["CURA"]))
        text = words(page)
        for answer in ("Omsorgsjournal", "Borgmesterforvaltningen", "KOMBIT", "4 af 4", "Gammel Cura"):
            assert answer in text
        leans = section(page, "Afhænger af 2")
        assert "Cura stopper, hvis den svigter (1)" in leans
        assert leans.index("Organisationsopslag") < leans.index("Støttesystemerne")
        assert "2019 " in leans
        assert "2. mar. 2019" in leans
        assert "Organisation Før, til 1. jan. 2020" in section(page, "Ophørte")
        assert "Ydelse" in section(page, "Bruges af 1")

    def test_everything_named_is_a_link(self, reader: Client, landscape: dict[str, Any]):
        page = reader.get(reverse("system-detail", args=["CURA"])).content.decode()
        for address in (
            "/organisationer/BMF/",
            "/organisationer/KOMBIT/",
            "/komponenter/SF1500/",
            "/komponenter/STS/",
            "/fagsystemer/KY/",
            "https://example.org/cura",
        ):
            assert f'href="{address}"' in page, address

    def test_one_without_anything_says_what_to_do(self, landscape: dict[str, Any]):
        factories.system(code="TOM", name="Tom")
        page = words(factories.client("FOI").get(reverse("system-detail", args=["TOM"])))
        assert "Der er ikke skrevet noget om, hvad Tom bruger. Tilføj den første afhængighed" in page
        assert "Mangler" in page

    def test_the_editor_is_one_click_from_editing(self, landscape: dict[str, Any]):
        page = factories.client("FOI").get(reverse("system-detail", args=["CURA"])).content.decode()
        for verb in ("ret", "afhaengigheder", "arkiver", "historik"):
            assert f'href="/fagsystemer/CURA/{verb}/"' in page


class TestComponent:
    def test_shows_users_directly_and_through_modules(self, reader: Client, landscape: dict[str, Any]):
        page = reader.get(reverse("component-detail", args=["STS"]))
        direct = section(page, "Bruges direkte af 1")
        assert "Cura" in direct
        assert "Organisationsopslag" in section(page, "Afhænger selv")
        text = words(page)
        assert "Bruges gennem modulerne af 1" in text  # what STS itself uses is not a user
        assert "Alle 2 afhængigheder" in text

    def test_shows_the_whole_module_tree_from_anywhere_in_it(self, reader: Client, landscape: dict[str, Any]):
        for code in ("STS", "STSORG", "SF1500"):
            tree = section(reader.get(reverse("component-detail", args=[code])), "Moduler og services")
            assert (
                tree.index("Støttesystemerne")
                < tree.index("Organisation ")
                < tree.index("Organisationsopslag")
            )

    def test_a_replaced_one_points_to_its_successor(self, reader: Client):
        mitid = factories.component(code="MITID", name="MitID")
        factories.component(code="NEMID", name="NemID", lifecycle="retired", successor=mitid)
        assert "NemID er udfaset. Afløses af MitID" in words(
            reader.get(reverse("component-detail", args=["NEMID"]))
        )
        assert "Afløser NemID" in words(reader.get(reverse("component-detail", args=["MITID"])))

    def test_a_loop_in_the_tree_does_not_hang(self, reader: Client):
        """The forms refuse it, but two writers in the same moment or a script may make one."""
        one = factories.component(code="EN")
        two = factories.component(code="TO", parent=one)
        Component.objects.filter(pk=one.pk).update(parent=two)
        for address in (
            "/komponenter/EN/",
            "/komponenter/?parent=EN",
            "/fagsystemer/?uses=TO",
            "/afhaengigheder/?within=EN",
        ):
            assert reader.get(address).status_code == 200


class TestHistory:
    def test_reads_as_before_and_after_with_who_when_and_why(self, landscape: dict[str, Any]):
        foi = factories.client("FOI", first_name="Mette", last_name="Lund")
        cura = System.objects.get(code="CURA")
        data = {"name": "Cura 2", "code": "CURA", "lifecycle": "active", "criticality": "3", "key": cura.pk}
        assert (
            foi.post(
                reverse("system-update", args=["CURA"]),
                data | {"version": cura.version, "reason": "Nyt navn"},
            ).status_code
            == 302
        )
        page = words(foi.get(reverse("system-history", args=["CURA"])))
        assert "Mette Lund" in page
        assert "«Nyt navn»" in page
        assert "Navn Cura Cura 2" in page
        assert "Kritikalitet 4 Kritisk 3 Høj" in page
        assert "Forvaltning Borgmesterforvaltningen tom" in page
        everywhere = foi.get(reverse("history"))
        assert "Nyt navn" in words(everywhere)
        change_set = re.search(r'href="(/historik/[0-9a-f-]{36}/)"', everywhere.content.decode())
        assert change_set
        assert "Cura 2" in words(foi.get(change_set[1]))

    def test_one_click_undoes_a_change_set_for_editors_only(self, landscape: dict[str, Any]):
        foi = factories.client("FOI")
        cura = System.objects.get(code="CURA")
        data = {"name": "Forkert", "code": "CURA", "lifecycle": "active", "version": cura.version}
        foi.post(reverse("system-update", args=["CURA"]), data)
        link = re.search(r'href="(/historik/[0-9a-f-]{36}/)"', foi.get(reverse("history")).content.decode())
        assert link
        reader = factories.client("Læser")
        assert "Fortryd hele" not in words(reader.get(link[1]))
        assert reader.post(link[1]).status_code == 403
        assert "Fortryd hele" in words(foi.get(link[1]))
        assert foi.post(link[1], {"reason": "Fejl\x00"}).status_code == 302
        cura.refresh_from_db()
        assert (cura.name, cura.criticality) == ("Cura", 4)
        assert foi.post(link[1]).status_code == 409, "once only"

    @pytest.mark.parametrize(
        "query", ["hvad=registry_asset", "slags=edit", "fra=2020-01-01&til=2100-01-01", "foer=999999999"]
    )
    def test_is_filtered(self, reader: Client, landscape: dict[str, Any], query: str):
        assert "Cura" in words(reader.get(f"{reverse('history')}?{query}")) or query == "slags=edit"
        assert "passer" in words(reader.get(f"{reverse('history')}?til=1999-01-01"))


class TestFrontPage:
    def test_foi_sees_what_needs_action_first(self, landscape: dict[str, Any]):
        page = words(factories.client("FOI").get(reverse("front")))
        assert "1 fagsystem uden forvaltning" in page
        assert "Ydelse" in page
        assert "Nyt fagsystem" in page

    @pytest.mark.parametrize("who", ["Læser", "Systemansvarlig", "Kontorchef"])
    def test_others_see_the_way_in(self, landscape: dict[str, Any], who: str):
        page = factories.client(who).get(reverse("front"))
        assert "Søg efter et fagsystem" in words(page)
        assert "/ny/" not in page.content.decode()

    def test_an_empty_registry_says_how_to_begin(self):
        assert "Registret er tomt" in words(factories.client("FOI").get(reverse("front")))
        assert "FOI-enheden er ved at lægge oplysninger ind" in words(
            factories.client("Læser").get(reverse("front"))
        )


class TestArchive:
    def test_warns_of_what_leans_on_it_and_keeps_it_readable(self, landscape: dict[str, Any]):
        foi = factories.client("FOI")
        url = reverse("component-archive", args=["STS"])
        assert "Andre afhænger stadig af den" in words(foi.get(url))
        version = Component.objects.get(code="STS").version
        assert foi.post(url, {"version": version, "reason": "Nedlagt"}).status_code == 302
        page = words(foi.get(reverse("component-detail", args=["STS"])))
        assert "Nedlagt" in page
        assert "Gendan" in page
        assert Dependency.objects.filter(target__code="STS").exists()
        assert "2 i registret." in words(foi.get(reverse("component-list")))
