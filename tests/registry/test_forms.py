"""What bad input gets on the forms: a clear Danish message, nothing written, never a 500."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from foi_portal.core.models import Change
from registry.models import Component, Dependency, Organisation, System
from tests import factories
from tests.registry.pages import everything, refused, words

pytestmark = pytest.mark.django_db

MARKUP = '<script>alert("x")</script><b>&amp;'
LINKS = (
    "javascript:alert(1)",
    "JavaScript:alert(1)",
    " javascript:alert(1)",
    "data:text/html,x",
    "//evil.example",
)
SYSTEM = {"name": "Cura", "code": "CURA", "lifecycle": "active"}
COMPONENT = {
    "name": "Serviceplatformen",
    "code": "SP",
    "level": "joint-municipal",
    "component_type": "platform",
    "lifecycle": "active",
}
ORGANISATION = {"name": "KMD", "code": "KMD", "kind": "vendor"}
NEW = {"system": SYSTEM, "component": COMPONENT, "organisation": ORGANISATION}


@pytest.fixture
def foi() -> Client:
    return factories.client("FOI")


def dependency_data(**values: Any) -> dict[str, Any]:
    return {"direction": "reads", "importance": "critical", "status": "active"} | values


def edit(row: Any, **values: Any) -> dict[str, Any]:
    """The edit form's fields as the page would send them, some changed."""
    form = {Organisation: ORGANISATION, System: SYSTEM, Component: COMPONENT}[type(row)]
    return {name: getattr(row, name) for name in form} | {"version": row.version} | values


class TestEveryForm:
    @pytest.mark.parametrize("noun", NEW)
    def test_what_is_right_is_saved(self, foi: Client, noun: str):
        response = foi.post(reverse(f"{noun}-create"), NEW[noun] | {"reason": "Fordi"}, follow=True)
        assert f"{NEW[noun]['name']} er oprettet." in words(response)
        assert Change.objects.get(reason="Fordi").actor == foi.user  # type: ignore[attr-defined]

    @pytest.mark.parametrize("noun", NEW)
    def test_an_empty_form_says_what_is_missing(self, foi: Client, noun: str):
        page = words(refused(foi, reverse(f"{noun}-create"), {}))
        assert "Navn: Dette felt er påkrævet." in page
        assert "Kode: Dette felt er påkrævet." in page

    @pytest.mark.parametrize("noun", NEW)
    @pytest.mark.parametrize(
        ("code", "message"),
        [
            ("A/B", "Koden må kun indeholde bogstaver, tal"),
            ("A B", "Koden må kun indeholde bogstaver, tal"),
            ("-A", "den skal begynde med et bogstav eller et tal"),
            ("ny?", "Koden må kun indeholde bogstaver, tal"),
            ("A\nB", "Koden må kun indeholde bogstaver, tal"),
            ("..", "den skal begynde med et bogstav eller et tal"),
            ("x" * 41, "højst"),
        ],
    )
    def test_a_code_that_cannot_stand_in_an_address(self, foi: Client, noun: str, code: str, message: str):
        refused(foi, reverse(f"{noun}-create"), NEW[noun] | {"code": code}, message)

    @pytest.mark.parametrize("noun", NEW)
    @pytest.mark.parametrize("code", ["abc ", " abc", "ABC\t", "aBc"])
    def test_blanks_and_small_letters_in_a_code_are_tidied(self, foi: Client, noun: str, code: str):
        response = foi.post(reverse(f"{noun}-create"), NEW[noun] | {"code": code})
        assert response.status_code == 302
        assert foi.get(reverse(f"{noun}-detail", args=["ABC"])).status_code == 200

    @pytest.mark.parametrize("noun", NEW)
    def test_a_code_used_already(self, foi: Client, noun: str):
        foi.post(reverse(f"{noun}-create"), NEW[noun])
        refused(
            foi,
            reverse(f"{noun}-create"),
            NEW[noun] | {"code": NEW[noun]["code"].lower() + " "},
            "Koden findes allerede" if noun == "organisation" else "Koden bruges allerede",
        )

    @pytest.mark.parametrize("noun", NEW)
    def test_a_code_like_one_of_our_own_addresses_has_its_page(self, foi: Client, noun: str):
        response = foi.post(reverse(f"{noun}-create"), NEW[noun] | {"code": "ny"})
        assert response.status_code == 302
        assert NEW[noun]["name"] in words(foi.get(reverse(f"{noun}-detail", args=["NY"])))

    def test_a_code_used_by_the_other_kind(self, foi: Client):
        factories.component(code="CURA")
        refused(foi, reverse("system-create"), SYSTEM, "Koden bruges allerede af en anden komponent eller")

    @pytest.mark.parametrize("noun", NEW)
    def test_a_name_of_10000_characters(self, foi: Client, noun: str):
        page = words(refused(foi, reverse(f"{noun}-create"), NEW[noun] | {"name": "å" * 10_000}))
        assert "Navn: Denne værdi må højst have 200 tegn (den har 10000)." in page

    @pytest.mark.parametrize("noun", NEW)
    @pytest.mark.parametrize(
        "field", ["name", "code", "reason", "version", "aliases", "parent", "description"]
    )
    @pytest.mark.parametrize("text", ["a\x00b", "\x00"])
    def test_a_nul_byte(self, foi: Client, noun: str, field: str, text: str):
        """PostgreSQL refuses it in any text."""
        before = everything()
        response = foi.post(reverse(f"{noun}-create"), NEW[noun] | {field: text})
        assert response.status_code in (302, 422)
        if response.status_code == 422:
            assert "Null" in words(response) or "påkrævet" in words(response)
            assert everything() == before

    @pytest.mark.parametrize("noun", NEW)
    @pytest.mark.parametrize("field", ["name", "reason", "aliases", "description", "parent"])
    def test_half_a_character(self, foi: Client, noun: str, field: str):
        """A lone surrogate, percent-encoded as some programs send it, becomes a sign that can be stored."""
        body = "&".join(f"{k}={v}" for k, v in (NEW[noun] | {field: "%ED%A0%80x"}).items())
        response = foi.post(reverse(f"{noun}-create"), body, content_type="application/x-www-form-urlencoded")
        assert response.status_code in (302, 422)

    @pytest.mark.parametrize("noun", NEW)
    @pytest.mark.parametrize("version", [None, "", "0", "99", "-1", "abc", "1.0", "1" * 400, "²", "\x00"])
    def test_a_missing_or_odd_version(self, foi: Client, noun: str, version: str | None):
        foi.post(reverse(f"{noun}-create"), NEW[noun])
        data = NEW[noun] | {"name": "Nyt navn"} | ({} if version is None else {"version": version})
        url = reverse(f"{noun}-update", args=[NEW[noun]["code"]])
        page = refused(foi, url, data, "I har begge rettet", status=409).content.decode()
        assert 'value="Nyt navn"' in page

    @pytest.mark.parametrize("noun", NEW)
    def test_archiving_needs_a_reason_and_the_version(self, foi: Client, noun: str):
        foi.post(reverse(f"{noun}-create"), NEW[noun])
        url = reverse(f"{noun}-archive", args=[NEW[noun]["code"]])
        refused(foi, url, {"version": "1"}, "Skriv, hvorfor")
        refused(foi, url, {"version": "1", "reason": " "}, "Skriv, hvorfor")
        for version in ("", "2", "x", "1" * 400):
            refused(foi, url, {"version": version, "reason": "Væk"}, "Nogen har rettet den imens", status=409)
        assert foi.post(url, {"version": "1", "reason": "Dobbelt\x00t"}).status_code in (302, 422)

    def test_markup_is_text_everywhere(self, foi: Client):
        """Name, purpose and reason with markup: on lists, details, history, search, export and conflict page."""
        made = factories.component(name=MARKUP, code="XSS", aliases=MARKUP, description=MARKUP)
        org = factories.organisation(name=MARKUP, code="XSSORG", kind="forvaltning")
        system = factories.system(
            name=MARKUP, code="XSSSYS", department=org, provider=org, description=MARKUP, successor=made
        )
        row = factories.dependency(source=system, target=made, purpose=MARKUP, importance="critical")
        foi.post(
            reverse("system-update", args=["XSSSYS"]),
            {"version": 1, "name": f"{MARKUP}2", "code": "XSSSYS", "lifecycle": "active", "reason": MARKUP},
        )
        foi.post(reverse("organisation-archive", args=["XSSORG"]), {"version": 1, "reason": MARKUP})
        change_set = Change.objects.filter(reason=MARKUP).values_list("change_set", flat=True)[0]
        addresses = [reverse("front"), reverse("history"), reverse("changeset", args=[change_set])]
        addresses += [
            f"{reverse('search')}?q={q}" for q in ("script", "%3Cscript%3Ealert(%22x%22)%3C/script%3E")
        ]
        for noun, code in (("system", "XSSSYS"), ("component", "XSS"), ("organisation", "XSSORG")):
            addresses += [f"{reverse(f'{noun}-list')}?archived=alle&q=%3Cscript%3E"]
            addresses += [
                reverse(f"{noun}-{v}", args=[code]) for v in ("detail", "update", "archive", "history")
            ]
        addresses += [
            reverse(f"{noun}-dependencies", args=[c])
            for noun, c in (("system", "XSSSYS"), ("component", "XSS"))
        ]
        addresses += [f"{reverse('dependency-list')}?q=script"]
        addresses += [
            reverse(f"dependency-{v}", args=[row.pk]) for v in ("detail", "update", "archive", "history")
        ]
        seen = 0
        for address in addresses:
            response = foi.get(address)
            page = response.content.decode()
            assert response.status_code == 200, address
            assert "<script>alert" not in page, address
            assert "&amp;amp;" in page or "search" in address or address in (reverse("front"),), address
            seen += page.count("&lt;script&gt;alert(")
        assert seen > len(addresses)
        response = foi.post(
            reverse("system-update", args=["XSSSYS"]), edit(system, version=1, name=f"{MARKUP}3")
        )
        assert response.status_code == 409
        assert "<script>alert" not in response.content.decode()
        for url in ("asset-lookup", "organisation-lookup"):
            found = foi.get(reverse(url), {"q": "script"})
            assert found["Content-Type"] == "application/json"
            assert found["X-Content-Type-Options"] == "nosniff"

    @pytest.mark.parametrize("link", LINKS)
    @pytest.mark.parametrize("noun", ["system", "component"])
    def test_a_link_that_would_run(self, foi: Client, noun: str, link: str):
        refused(
            foi, reverse(f"{noun}-create"), NEW[noun] | {"url": link}, "Adressen skal begynde med https://"
        )

    @pytest.mark.parametrize("noun", ["system", "component"])
    @pytest.mark.parametrize("value", ["7", "0", "-1", "abc", "1.5", "9" * 30, "\x00"])
    def test_criticality_7(self, foi: Client, noun: str, value: str):
        refused(
            foi,
            reverse(f"{noun}-create"),
            NEW[noun] | {"criticality": value},
            "Marker en gyldig valgmulighed",
        )

    @pytest.mark.parametrize("noun", ["system", "component"])
    @pytest.mark.parametrize(
        ("dates", "message"),
        [
            ({"active_from": "2026", "retired_from": "2025"}, "Datoerne skal ligge i rækkefølgen"),
            ({"active_from": "2026", "phasing_out_from": "31-12-2025"}, "Datoerne skal ligge i rækkefølgen"),
            ({"phasing_out_from": "2026", "retired_from": "31-12-2025"}, "Datoerne skal ligge i rækkefølgen"),
            ({"active_from": "2026", "retired_from": "2026"}, "Datoerne skal ligge i rækkefølgen"),
            ({"active_from": "31-02-2026"}, "Skriv datoen som dag, måned og år"),
            ({"active_from": "20266"}, "Skriv datoen som dag, måned og år"),
            ({"active_from": "9999"}, "Årstallet skal ligge mellem 1900 og 2200"),
            ({"active_from": "0000"}, "Skriv datoen som dag, måned og år"),
            ({"active_from": "²²²²"}, "Skriv datoen som dag, måned og år"),
            ({"active_from": "01-01-9999"}, "Årstallet skal ligge mellem 1900 og 2200"),
            ({"active_from": "01-01-0001"}, "Årstallet skal ligge mellem 1900 og 2200"),
            ({"active_from": "1" * 5000}, "Skriv datoen som dag, måned og år"),
            ({"active_from": "\x00"}, "Skriv datoen som dag, måned og år"),
        ],
    )
    def test_odd_dates(self, foi: Client, noun: str, dates: dict[str, str], message: str):
        refused(foi, reverse(f"{noun}-create"), NEW[noun] | dates, message)


class TestOrganisation:
    def test_it_cannot_end_before_it_begins(self, foi: Client):
        dates = {"valid_from": "01-01-2026", "valid_to": "31-12-2025"}
        refused(
            foi,
            reverse("organisation-create"),
            ORGANISATION | dates,
            "Slutdatoen skal ligge efter startdatoen.",
        )

    def test_an_unknown_kind(self, foi: Client):
        refused(
            foi,
            reverse("organisation-create"),
            ORGANISATION | {"kind": "loge"},
            "Marker en gyldig valgmulighed",
        )

    def test_a_loop_among_parents(self, foi: Client):
        top = factories.organisation(code="TOP", name="Top")
        below = factories.organisation(code="BUND", name="Bund", parent=top)
        url = reverse("organisation-update", args=["TOP"])
        refused(foi, url, edit(top, parent="BUND"), "Bund hører selv under Top")
        refused(foi, url, edit(top, parent="TOP"), "En organisation kan ikke høre under sig selv.")
        assert below.parent == top


class TestAssets:
    def test_an_unknown_provider_gets_suggestions(self, foi: Client):
        factories.organisation(code="SYSTEMATIC", name="Systematic")
        refused(
            foi,
            reverse("system-create"),
            SYSTEM | {"provider": "SYSTEMATICS"},
            "«SYSTEMATICS» findes ikke. Mente du SYSTEMATIC?",
        )

    @pytest.mark.parametrize("typed", ["x" * 299, " · ", "·", "%", "\x00", "' OR 1=1"])
    def test_an_odd_provider(self, foi: Client, typed: str):
        factories.organisation(code="KMD")
        before = everything()
        response = foi.post(reverse("system-create"), SYSTEM | {"provider": typed})
        assert response.status_code == 422
        assert everything() == before

    @pytest.mark.parametrize(
        "typed", ["sts", "STS · Støttesystemerne", "støttesystemerne", "STS · noget helt andet"]
    )
    def test_a_parent_is_named_by_code_or_name(self, foi: Client, typed: str):
        factories.component(code="STS", name="Støttesystemerne")
        assert foi.post(reverse("component-create"), COMPONENT | {"parent": typed}).status_code == 302
        assert Component.objects.get(code="SP").parent.code == "STS"

    def test_two_of_the_same_name(self, foi: Client):
        for code in ("A1", "A2"):
            factories.component(code=code, name="Ens")
        refused(
            foi, reverse("component-create"), COMPONENT | {"parent": "ens"}, "Flere hedder «ens». Skriv koden"
        )

    def test_a_loop_in_the_module_tree(self, foi: Client):
        top = factories.component(code="TOP", name="Top")
        middle = factories.component(code="MIDT", name="Midt", parent=top)
        factories.component(code="BUND", name="Bund", parent=middle)
        url = reverse("component-update", args=["TOP"])
        refused(foi, url, edit(top, parent="BUND"), "Bund hører selv til Top, så det ville gå i ring")
        refused(foi, url, edit(top, parent="TOP"), "En komponent kan ikke høre til sig selv.")

    def test_a_system_cannot_have_modules(self, foi: Client):
        factories.system(code="CURA")
        refused(foi, reverse("component-create"), COMPONENT | {"parent": "CURA"}, "«CURA» findes ikke")

    @pytest.mark.parametrize("noun", ["system", "component"])
    def test_a_successor_of_itself(self, foi: Client, noun: str):
        row = getattr(factories, noun)(code="SELV")
        url = reverse(f"{noun}-update", args=["SELV"])
        refused(foi, url, edit(row, successor="SELV"), "Noget kan ikke afløses af sig selv.")

    def test_an_external_id_that_is_none(self, foi: Client):
        refused(foi, reverse("system-create"), SYSTEM | {"external_id": "abc"}, "Ekstern id i KITOS:")

    def test_an_external_id_used_already(self, foi: Client):
        used = "7c9e6679-7425-40de-944b-e07fc1f90ae7"
        factories.system(external_id=used)
        refused(
            foi,
            reverse("system-create"),
            SYSTEM | {"external_id": used},
            "Et andet fagsystem har allerede dette KITOS-id.",
        )

    def test_a_component_needs_level_and_type(self, foi: Client):
        data = COMPONENT | {"level": "", "component_type": ""}
        refused(foi, reverse("component-create"), data, "Niveau: Dette felt", "Type: Dette felt")
        data = COMPONENT | {"level": "galaxy"}
        refused(foi, reverse("component-create"), data, "Marker en gyldig valgmulighed")

    def test_a_department_must_be_one(self, foi: Client):
        vendor = factories.organisation(kind="vendor")
        for value in (vendor.pk, "0", "-1", "abc", "9" * 30):
            refused(
                foi, reverse("system-create"), SYSTEM | {"department": value}, "Forvaltning: Marker en gyldig"
            )

    def test_a_form_filled_by_the_address_escapes_it(self, foi: Client):
        page = foi.get(
            reverse("system-create"),
            {"name": MARKUP, "code": "\x00", "provider": "\x00", "department": "9" * 30},
        )
        assert page.status_code == 200
        assert "<script>alert" not in page.content.decode()


class TestDependency:
    @pytest.fixture
    def rows(self) -> dict[str, Any]:
        return {
            "cura": factories.system(code="CURA", name="Cura"),
            "sf": factories.component(code="SF1520", name="CPR-opslag"),
        }

    def test_what_is_right_is_saved(self, foi: Client, rows: dict[str, Any]):
        data = dependency_data(source="CURA", target="SF1520", since="2020", until="31-12-2026")
        assert foi.post(reverse("dependency-create"), data).status_code == 302
        made = Dependency.objects.get()
        assert (str(made.since), str(made.until)) == ("2020-01-01", "2026-12-31")

    @pytest.mark.parametrize(
        ("values", "message"),
        [
            ({"target": "CURA"}, "Noget kan ikke afhænge af sig selv"),
            ({"target": "FINDESIKKE"}, "«FINDESIKKE» findes ikke"),
            ({"target": ""}, "Hvad bruges: Dette felt er påkrævet."),
            ({"target": "\x00"}, "Null-tegn er ikke tilladte"),
            ({"via": "FINDESIKKE"}, "«FINDESIKKE» findes ikke"),
            ({"direction": "sideways"}, "Marker en gyldig valgmulighed"),
            ({"importance": ""}, "Svigter den: Dette felt er påkrævet."),
            ({"status": "retired"}, "Marker en gyldig valgmulighed"),
            ({"since": "2026", "until": "2025"}, "Slutdatoen skal ligge efter startdatoen."),
            ({"since": "2026", "until": "2026"}, "Slutdatoen skal ligge efter startdatoen."),
            ({"since": "i går"}, "Skriv datoen som dag, måned og år"),
            ({"purpose": "x" * 10_000}, "må højst have 300 tegn"),
            ({"purpose": "a\x00b"}, "Null-tegn er ikke tilladte"),
        ],
    )
    def test_bad_values(self, foi: Client, rows: dict[str, Any], values: dict[str, str], message: str):
        data = dependency_data(source="CURA", target="SF1520") | values
        refused(foi, reverse("dependency-create"), data, message)

    def test_the_same_twice(self, foi: Client, rows: dict[str, Any]):
        factories.dependency(source=rows["cura"], target=rows["sf"], direction="reads")
        data = dependency_data(source="CURA", target="SF1520")
        refused(
            foi, reverse("dependency-create"), data, "Afhængigheden findes allerede med samme dataretning"
        )
        assert foi.post(reverse("dependency-create"), data | {"direction": "writes"}).status_code == 302

    def test_changed_into_one_that_exists(self, foi: Client, rows: dict[str, Any]):
        factories.dependency(source=rows["cura"], target=rows["sf"], direction="reads")
        other = factories.dependency(source=rows["cura"], target=rows["sf"], direction="writes")
        data = dependency_data(source="CURA", target="SF1520", version=1)
        refused(foi, reverse("dependency-update", args=[other.pk]), data, "Afhængigheden findes allerede")


class TestAddresses:
    @pytest.mark.parametrize("noun", ["system", "component", "organisation", "dependency"])
    @pytest.mark.parametrize("verb", ["detail", "update", "archive", "restore", "history", "dependencies"])
    def test_what_is_not_there_is_404(self, foi: Client, noun: str, verb: str):
        keys = ["9" * 20, "9223372036854775808", "0", "123456789"]
        if noun != "dependency":
            keys += ["FINDESIKKE", "x" * 500, "\x00", "A\x00", "æ", "ﬁ", "%"]
        for key in keys:
            if verb == "dependencies" and noun not in ("system", "component"):
                continue
            url = reverse(f"{noun}-{verb}", args=["0"]).replace("/0/", f"/{encode(key)}/")
            assert foi.get(url).status_code == 404, url
            if verb not in ("detail", "history"):
                assert foi.post(url, {"version": "1", "reason": "x"}).status_code == 404, url

    def test_the_other_kind_is_404(self, foi: Client):
        factories.system(code="CURA")
        assert foi.get(reverse("component-detail", args=["CURA"])).status_code == 404

    def test_a_code_in_small_letters_is_found(self, foi: Client):
        factories.system(code="CURA")
        assert foi.get(reverse("system-detail", args=["cura"])).status_code == 200

    @pytest.mark.parametrize(
        "query",
        [
            "hvem=99999999999999999999",
            "hvem=²",
            "hvem=%00",
            "hvad=%00",
            "hvad=auth_user",
            "fra=2026-13-45",
            "fra=%00",
            "til=9999-12-31",
            "fra=0001-01-01",
            "foer=99999999999999999999999",
            "foer=²",
            "foer=-1",
            "slags=%00",
        ],
    )
    def test_odd_questions_to_the_history(self, foi: Client, query: str):
        factories.organisation()
        assert foi.get(f"{reverse('history')}?{query}").status_code == 200

    @pytest.mark.parametrize(
        "query", ["\x00", "%", "_", "\\", "'", '"', "(" * 300, "æ" * 5000, "a b " * 500, "\ud800", "²", "%00"]
    )
    @pytest.mark.parametrize("page", ["search", "asset-lookup", "organisation-lookup"])
    def test_odd_searches(self, foi: Client, page: str, query: str):
        factories.system()
        for params in ({"q": query}, {"q": "a", "slags": query}, {"q": "a", "page": query}):
            text = "&".join(f"{k}={encode(v)}" for k, v in params.items())
            assert foi.get(f"{reverse(page)}?{text}").status_code == 200

    def test_a_page_that_is_not_there_is_danish(self, foi: Client):
        response = foi.get("/findes/ikke/")
        assert response.status_code == 404
        assert "Siden findes ikke" in words(response)

    def test_a_form_without_token_is_refused(self):
        careful = Client(enforce_csrf_checks=True)
        careful.force_login(factories.member("FOI"))
        response = careful.post(reverse("system-create"), SYSTEM)
        assert response.status_code == 403
        assert "Formularen er for gammel" in words(response)
        assert not System.objects.exists()

    def test_too_many_fields_are_refused(self, foi: Client):
        response = foi.post(reverse("system-create"), {f"f{i}": "x" for i in range(20_001)})
        assert response.status_code == 400
        assert "Forespørgslen kunne ikke læses" in words(response)


def encode(text: str) -> str:
    from urllib.parse import quote

    return quote(text.encode("utf-8", "surrogatepass"))
