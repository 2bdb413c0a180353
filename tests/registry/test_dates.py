"""Pages for earlier days: an asset on a day, an asset on two days, the landscape on two days."""

from __future__ import annotations

import csv
import datetime
import io
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from foi_portal.ui import formats
from registry.models import AlternativeGroup, Asset, Component, Dependency, System
from tests import days, factories
from tests.registry.pages import words

pytestmark = pytest.mark.django_db

FIRST, CHANGED = datetime.date(2026, 10, 1), datetime.date(2026, 10, 10)
ODD_DATES = ("31-02-2026", "x", "0001-01-01", "9999-12-31", "2026-13-01", "1\x00", "٣", "-", "20261001000000")


@pytest.fixture
def browser() -> Client:
    return factories.client("Læser")


@pytest.fixture
def cura() -> System:
    """Cura, which on 10 October got a new code and description, dropped SP, took up KMD, and weighed NSP milder."""
    with days.written(FIRST):
        owner = factories.organisation(code="AEHF", name="Ældre og Handicap", kind="forvaltning")
        made = factories.system(
            code="OMSORG", name="Cura", description="Den gamle", criticality=4, department=owner
        )
        sp = factories.component(code="SP", name="Serviceplatformen")
        nsp, kmd = (
            factories.component(code="NSP", name="NSP"),
            factories.component(code="KMD", name="KMD Sag"),
        )
        dropped = factories.dependency(source=made, target=sp, importance="critical", purpose="Opslag")
        milder = factories.dependency(source=made, target=nsp, importance="critical")
        factories.dependency(source=factories.system(code="BRUGER", name="En bruger"), target=made)
    with days.written(CHANGED):
        System.objects.filter(pk=made.pk).update(code="CURA", description="Den nye")
        Dependency.objects.filter(pk=dropped.pk).update(archived_at=timezone.now())
        Dependency.objects.filter(pk=milder.pk).update(importance="minor")
        factories.dependency(source=made, target=kmd, importance="degraded")
        Component.objects.filter(pk=sp.pk).update(name="Platformen")
        AlternativeGroup.objects.create(source=made, name="Opslag")
    found: System = System.objects.get(pk=made.pk)
    return found


def text(browser: Client, url: str, status: int = 200) -> str:
    response = browser.get(url)
    assert response.status_code == status
    return words(response)


class TestAnAssetOnADay:
    def test_stands_as_it_was_written_with_the_names_of_the_day(self, browser: Client, cura: System):
        page = text(browser, "/fagsystemer/CURA/paa-dato/?dato=2026-10-05")
        assert "Cura, som det stod 5. okt. 2026" in page
        assert "Den gamle" in page
        assert "OMSORG" in page
        assert "Den nye" not in page
        assert "Afhang af 2" in page
        assert "Serviceplatformen (nu Platformen)" in page
        assert "KMD Sag" not in page
        assert "Blev brugt af 1" in page
        assert "En bruger" in page

    def test_both_ways_of_writing_a_date_mean_the_same(self, browser: Client, cura: System):
        danish = text(browser, "/fagsystemer/CURA/paa-dato/?dato=05-10-2026")
        assert danish == text(browser, "/fagsystemer/CURA/paa-dato/?dato=2026-10-05")

    def test_today_and_later_are_what_is_written_now(self, browser: Client, cura: System):
        later = timezone.localdate() + datetime.timedelta(days=40)
        for day in (timezone.localdate(), later):
            page = text(browser, f"/fagsystemer/CURA/paa-dato/?dato={day}")
            assert "Den nye" in page
            assert "KMD Sag" in page
        assert f"{formats.date(later)} er ikke kommet endnu" in page

    def test_before_it_was_written_the_page_says_when_that_was(self, browser: Client, cura: System):
        with days.written("2026-10-20"):
            factories.system(code="SEN", name="Sen")
        page = text(browser, "/fagsystemer/SEN/paa-dato/?dato=2026-10-19")
        assert "Sen var ikke skrevet i registret 19. okt. 2026. Det skete 20. okt. 2026." in page
        assert "som det stod" not in page
        assert "Afhang af" not in page

    def test_before_the_history_it_says_so_and_leads_to_what_the_periods_tell(
        self, browser: Client, cura: System
    ):
        response = browser.get("/fagsystemer/CURA/paa-dato/?dato=2026-09-30&sammenlign=2026-09-30")
        page = words(response)
        assert (
            "Historikken begynder 1. okt. 2026, så det kan ikke vises, hvad der var skrevet 30. sep." in page
        )
        assert "som det stod" not in page
        assert "ikke skrevet i registret" not in page
        assert "Begge datoer" not in page, "one message, not two"
        html = response.content.decode()
        assert "dato=2026-10-01" in html
        assert 'href="/konsekvens/?asset=CURA&amp;retning=op&amp;dato=2026-09-30"' in html

    def test_today_is_not_over_yet(self, browser: Client, cura: System):
        page = text(browser, f"/fagsystemer/CURA/paa-dato/?dato={timezone.localdate()}")
        assert "Cura, som det står nu" in page
        assert "da dagen var slut" not in page

    def test_shortcuts_lead_to_the_days_of_its_own_changes(self, browser: Client, cura: System):
        response = browser.get("/fagsystemer/CURA/paa-dato/")
        found = dict(response.context["shortcuts"])
        assert found["1. okt. 2026"] == FIRST
        assert found["10. okt. 2026"] == CHANGED
        assert all(FIRST <= day <= timezone.localdate() for day in found.values())

    def test_archived_then_and_archived_now(self, browser: Client, cura: System):
        with days.written("2026-10-20"):
            System.objects.filter(pk=cura.pk).update(archived_at=timezone.now())
        assert "var arkiveret den dag" in text(browser, "/fagsystemer/CURA/paa-dato/?dato=2026-10-20")
        assert "var arkiveret" not in text(browser, "/fagsystemer/CURA/paa-dato/?dato=2026-10-19")

    def test_its_history_leads_there(self, browser: Client, cura: System):
        for page in ("/fagsystemer/CURA/historik/", "/komponenter/SP/historik/"):
            address = page.replace("historik", "paa-dato")
            assert f'href="{address}"' in browser.get(page).content.decode()
        assert "paa-dato" not in browser.get("/organisationer/AEHF/historik/").content.decode()

    @pytest.mark.parametrize("odd", ODD_DATES)
    @pytest.mark.parametrize("name", ["dato", "sammenlign"])
    def test_an_odd_date_gets_a_message(self, browser: Client, cura: System, name: str, odd: str):
        response = browser.get("/fagsystemer/CURA/paa-dato/", {name: odd})
        assert response.status_code == 200
        page = words(response)
        assert "Skriv datoen som dag, måned og år" in page or "Årstallet skal ligge mellem" in page

    def test_an_unknown_code_is_not_found(self, browser: Client, cura: System):
        text(browser, "/fagsystemer/OMSORG/paa-dato/", 404)
        text(browser, "/komponenter/CURA/paa-dato/", 404)


class TestAnAssetOnTwoDays:
    def test_what_came_went_and_changed(self, browser: Client, cura: System):
        page = text(browser, "/fagsystemer/CURA/paa-dato/?dato=2026-10-05&sammenlign=2026-10-12")
        assert "Forskel fra 5. okt. 2026 til 12. okt. 2026" in page
        assert "Kode OMSORG CURA" in page
        assert "Beskrivelse Den gamle Den nye" in page
        assert "Begyndte at bruge (1) KMD Sag Virker dårligere" in page
        assert "Holdt op med at bruge (1) Serviceplatformen (nu Platformen) Stopper, Opslag" in page
        assert "Bruger NSP Felt Før Efter Svigter den Stopper Mærkes lidt" in page
        assert "brugt af (" not in page

    def test_the_order_of_the_two_does_not_matter(self, browser: Client, cura: System):
        page = text(browser, "/fagsystemer/CURA/paa-dato/?dato=2026-10-12&sammenlign=2026-10-05")
        assert "Forskel fra 5. okt. 2026 til 12. okt. 2026" in page
        assert "Kode OMSORG CURA" in page

    def test_seen_from_the_other_end(self, browser: Client, cura: System):
        page = text(browser, "/komponenter/SP/paa-dato/?dato=2026-10-05&sammenlign=2026-10-12")
        assert "Bruges ikke længere af (1) Cura" in page

    @pytest.mark.parametrize(
        ("dates", "said"),
        [
            ("dato=2026-10-05&sammenlign=2026-10-05", "Begge datoer er 5. okt. 2026"),
            ("dato=2026-10-05&sammenlign=2026-10-04", "Intet er ændret mellem de to dage"),
            ("dato=2026-10-05&sammenlign=2026-09-01", "blev først skrevet i registret 1. okt. 2026"),
            ("dato=2026-09-01&sammenlign=2026-10-05", "blev først skrevet i registret 1. okt. 2026"),
        ],
    )
    def test_nothing_to_tell_is_said(self, browser: Client, cura: System, dates: str, said: str):
        assert said in text(browser, f"/fagsystemer/CURA/paa-dato/?{dates}")


class TestTheLandscapeOnTwoDays:
    URL = "/landskab/forskel/"

    def rows(self, browser: Client, query: str) -> list[list[str]]:
        content = browser.get(f"{self.URL}?_export=csv&{query}").getvalue().decode()
        return list(csv.reader(io.StringIO(content.removeprefix("\ufeff"))))

    def test_tells_what_happened_and_what_it_means(self, browser: Client, cura: System):
        page = text(browser, f"{self.URL}?fra=2026-10-01&til=2026-10-12")
        assert "Landskabet fra 1. okt. 2026 til 12. okt. 2026" in page
        assert "Afhængigheder 3 3 1 1 1 0 0" in page
        assert "– heraf i kraft 3 3" in page
        assert "Serviceplatformen Komponent" not in page
        assert "Platformen Komponent Ændret Navn: Serviceplatformen → Platformen" in page
        assert "Cura → NSP Afhængighed Ændret Svigter den: Stopper → Mærkes lidt" in page
        assert "Cura: Opslag Alternativer Kommet til" in page
        assert "NSP Komponent Ændret Arvet kritikalitet: 4 Kritisk → Ingen" in page
        assert "NSP Komponent Gået ud Fagsystemer, der stopper med den: 1 → 0" in page

    def test_is_exported_with_machine_names(self, browser: Client, cura: System):
        head, *rows = self.rows(browser, "fra=2026-10-01&til=2026-10-12")
        assert head == ["change", "type", "code", "name", "field", "before", "after"]
        assert ["came", "dependency", "CURA > KMD", "Cura → KMD Sag", "", "", ""] in rows
        assert ["changed", "system", "CURA", "Cura", "code", "OMSORG", "CURA"] in rows
        assert ["changed", "system", "CURA", "Cura", "description", "Den gamle", "Den nye"] in rows
        assert [
            "changed",
            "effect",
            "SP",
            "Platformen",
            "inherited_criticality",
            "4 Kritisk",
            "Ingen",
        ] in rows
        book = load_workbook(io.BytesIO(browser.get(f"{self.URL}?_export=xlsx&fra=2026-10-01").getvalue()))
        assert [[cell or "" for cell in row] for row in book.active.iter_rows(values_only=True)] == [
            head,
            *rows,
        ]

    def test_an_export_runs_no_formulas(self, browser: Client, cura: System):
        with days.written("2026-10-11"):
            factories.system(code="OND", name="=HYPERLINK(1)")
        assert ["came", "system", "OND", "'=HYPERLINK(1)", "", "", ""] in self.rows(browser, "fra=2026-10-10")

    @pytest.mark.parametrize(
        ("query", "kept"),
        [
            ("kind=component", {("changed", "SP")}),
            ("kind=alternatives", {("came", "CURA")}),
            ("kind=dependency&change=gone", {("gone", "CURA > SP")}),
            ("department=aehf&kind=system", {("changed", "CURA")}),
            ("department=AEHF&kind=component", set()),
        ],
    )
    def test_filters_narrow_it(self, browser: Client, cura: System, query: str, kept: set[Any]):
        found = self.rows(browser, f"fra=2026-10-01&til=2026-10-12&{query}")[1:]
        assert {(row[0], row[2]) for row in found} == kept

    def test_an_unknown_filter_is_said_and_not_used(self, browser: Client, cura: System):
        page = text(browser, f"{self.URL}?fra=2026-10-01&department=ZZ&kind=%3Cb%3E")
        assert "Filteret «ZZ» kendes ikke" in page
        assert "Filteret «<b>» kendes ikke" in page
        assert "Cura → KMD Sag" in page

    def test_is_from_a_month_ago_until_today_but_not_before_the_history(self, browser: Client, cura: System):
        today = timezone.localdate()
        page = text(browser, f"{self.URL}?fra=2026-01-01")
        told = "Du bad om 1. jan. 2026. Historikken begynder 1. okt. 2026, så der sammenlignes fra den dag."
        assert told in page
        assert f"Landskabet fra 1. okt. 2026 til {formats.date(today)}" in page

    @pytest.mark.parametrize(
        ("dates", "said"),
        [
            ("fra=2026-10-12&til=2026-10-01", "er byttet om"),
            ("fra=2026-10-12&til=2026-10-12", "Begge datoer er 12. okt. 2026, så"),
            (
                "fra=2026-01-01&til=2026-02-01",
                "Du bad om 1. jan. 2026 og 1. feb. 2026. Historikken begynder 1. okt. 2026, så begge",
            ),
            ("fra=2026-10-11&til=2026-10-12", "Intet er ændret"),
            ("fra=2026-10-12&til=2199-01-01", "1. jan. 2199 er ikke kommet endnu"),
            ("fra=2026-10-24&til=25-10-2026", "Landskabet fra 24. okt. 2026 til 25. okt. 2026"),
        ],
    )
    def test_odd_pairs_of_dates_get_a_sensible_answer(
        self, browser: Client, cura: System, dates: str, said: str
    ):
        assert said in text(browser, f"{self.URL}?{dates}")

    @pytest.mark.parametrize("odd", ODD_DATES)
    @pytest.mark.parametrize("name", ["fra", "til"])
    def test_an_odd_date_gets_a_message(self, browser: Client, cura: System, name: str, odd: str):
        page = words(browser.get(self.URL, {name: odd}))
        assert "Skriv datoen som dag, måned og år" in page or "Årstallet skal ligge mellem" in page

    def test_on_the_first_day_it_leads_to_what_was_written_today(self, browser: Client):
        factories.system(code="NY", name="Ny")
        response = browser.get(self.URL)
        page = words(response)
        assert page.count("Historikken begynder") == 1
        assert "Du bad om" not in page
        assert f'href="/historik/?fra={timezone.localdate()}"' in response.content.decode()

    def test_an_empty_history_is_said(self, browser: Client):
        assert "Historikken er tom" in text(browser, self.URL)

    def test_what_is_archived_links_and_what_is_deleted_is_told_by_its_last_name(
        self, browser: Client, cura: System
    ):
        with days.written("2026-10-20"):
            System.objects.filter(code="BRUGER").update(archived_at=timezone.now())
            made = factories.system(code="BORTE", name="Slettet bagefter")
            gone = factories.dependency(source=made, target=Asset.objects.get(code="SP"))
        with days.written("2026-10-21"):
            gone.delete()
            made.delete()
        page = browser.get(f"{self.URL}?fra=2026-10-19&til=2026-10-20")
        assert 'href="/fagsystemer/BRUGER/">En bruger</a>' in page.content.decode()
        assert "Slettet bagefter" in words(page)
        assert "Slettet bagefter" in text(browser, f"{self.URL}?fra=2026-10-20&til=2026-10-21")
        assert "Slettet bagefter" not in text(browser, f"{self.URL}?fra=2026-10-19&til=2026-10-21")

    def test_pages_hold_fifty(self, browser: Client, cura: System):
        with days.written("2026-10-20"):
            for _ in range(60):
                factories.system()
        url = f"{self.URL}?fra=2026-10-19&til=2026-10-20"
        assert "Viser 1–50 af 60" in text(browser, url)
        assert "Viser 51–60 af 60" in text(browser, f"{url}&page=2")
        assert "Viser 51–60 af 60" in text(browser, f"{url}&page=999")


class TestTheConsequenceOnTwoDays:
    """``/konsekvens/?sammenlign=``"""

    def test_who_is_hit_now_and_was_not_then(self, browser: Client, cura: System):
        with days.written("2026-10-12"):
            nsp = Component.objects.get(code="NSP")
            nsp.code = "NSP2"
            nsp.save()
            factories.dependency(source=factories.system(name="Ny bruger"), target=nsp, importance="critical")
        page = text(browser, "/konsekvens/?asset=NSP2&sammenlign=2026-10-05")
        assert f"Forskel fra 5. okt. 2026 til {formats.date(timezone.localdate())}" in page
        assert "Rammes også (1) Ny bruger Stopper" in page
        assert "Rammes mildere (2) Cura Stopper → Mærkes lidt" in page
        back = text(browser, "/konsekvens/?asset=NSP&dato=2026-10-05&sammenlign=2026-10-12")
        assert "Forskel fra 5. okt. 2026 til 12. okt. 2026" in back
        assert "Rammes mildere (2) Cura Stopper → Mærkes lidt" in back

    def test_what_is_leaned_on(self, browser: Client, cura: System):
        page = text(browser, "/konsekvens/?asset=CURA&retning=op&sammenlign=05-10-2026")
        assert "Hviler også på (1) KMD Sag Virker dårligere" in page
        assert "Hviler ikke længere på (1)" in page
        assert "Betyder mindre (1) NSP" in page

    @pytest.mark.parametrize(
        ("asked", "said"),
        [
            ("asset=SP&sammenlign=31-02-2026", "Skriv datoen som dag, måned og år"),
            ("asset=SP&sammenlign=9999-12-31", "Årstallet skal ligge mellem"),
            (
                "asset=SP&sammenlign=2026-09-30",
                "Historikken kan ikke svare for 30. sep. 2026. Den begynder 1. okt.",
            ),
            ("asset=SP&dato=2026-10-05&sammenlign=2026-10-05", "Det er den samme dag"),
            ("asset=SP&dato=2026-10-05&sammenlign=2026-10-06", "Svaret er det samme de to dage"),
            ("asset=KOM&sammenlign=2026-10-05", "stod ikke i registret 5. okt. 2026"),
            ("asset=SP&sammenlign=2199-01-01", "til 1. jan. 2199"),
        ],
    )
    def test_odd_dates_get_a_sensible_answer(self, browser: Client, cura: System, asked: str, said: str):
        with days.written("2026-10-20"):
            factories.component(code="KOM")
        assert said in text(browser, f"/konsekvens/?{asked}")


PAGES = (
    ("/fagsystemer/CURA/paa-dato/?dato=2026-10-05", 20),
    ("/fagsystemer/CURA/paa-dato/?dato=2026-10-05&sammenlign=2026-10-12", 20),
    # Two landscapes are loaded, five queries each; in a transaction none is kept.
    ("/landskab/forskel/?fra=2026-10-05&til=2026-10-21", 26),
)


@pytest.mark.parametrize(("url", "most"), PAGES)
def test_the_same_few_queries_at_two_sizes(browser: Client, cura: System, url: str, most: int):
    counts = []
    for on in ("2026-10-12", "2026-10-13"):
        with days.written("2026-10-04"):
            for _ in range(20):
                factories.dependency(source=cura)
                factories.dependency(target=cura)
        with days.written(on):
            for row in Dependency.objects.all():
                row.purpose += "x"
                row.save()
            for _ in range(20):
                factories.dependency(
                    source=cura, target=factories.component(provider=factories.organisation())
                )
        browser.get(url)
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(url).status_code == 200
        counts.append(len(captured))
    assert counts[0] == counts[1]
    assert counts[0] <= most
