"""/gevinster/: the list and its totals, one gain, and what becomes of what people write."""

from __future__ import annotations

import datetime
import io
import re
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from budgets.filters.gains import GainFilter
from budgets.models import CONSEQUENCES, Gain, GainKind
from foi_portal.core.permissions import ADMINISTRATOR, FOI, READER, RESPONSIBLE
from tests import factories
from tests.budgets.gain_rows import gain, line
from tests.registry.pages import Page, words

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()


def days(number: int) -> datetime.date:
    return TODAY + datetime.timedelta(days=number)


@pytest.fixture
def foi() -> Client:
    return factories.client(FOI)


def form(**changes: Any) -> dict[str, Any]:
    """What a filled-in form for a new gain sends."""
    return {
        "asset": "SP",
        "kind": "data_reuse",
        "text": "Data hentes ét sted.",
        "state": "possible",
        "yearly": "",
        "from_year": "",
    } | changes


def test_the_kinds_are_the_reports():
    """Eight gains and seven consequences of doing nothing (foi-report-2020)."""
    assert (len(GainKind) - len(CONSEQUENCES), len(CONSEQUENCES)) == (8, 7)
    assert all(("Undgået: " in kind.label) == (kind in CONSEQUENCES) for kind in GainKind)


class TestList:
    @pytest.fixture
    def gains(self) -> dict[str, Gain]:
        sp, unit = factories.component(code="SP"), factories.organisation(code="DA", name="Digitalisering")
        module = factories.component(code="SPCPR", parent=sp)
        rows = {
            "realised": gain(
                asset=sp, text="Høstet", state="realised", yearly=1000, from_year=2020, organisation=unit
            ),
            "over": gain(
                asset=sp, text="Slut", state="realised", yearly=70, from_year=2015, to_year=TODAY.year - 1
            ),
            "late": gain(asset=module, text="Sent", state="planned", follow_up_on=days(-3), yearly=5, from_year=2030),
            "avoided": gain(kind="security_incident", text="Undgået", state="possible", follow_up_on=days(9)),
            "done": gain(text="Opfulgt", state="given_up", follow_up_on=days(-30)),
            "no": gain(text="Slet ikke", state="rejected"),
            "archived": gain(text="Arkiveret", archived_at=timezone.now(), archive_reason="Dobbelt"),
        }  # fmt: skip
        return {name: Gain.objects.get(pk=row.pk) for name, row in rows.items()}

    def found(self, query: str) -> set[str]:
        """The texts of the gains that the filter finds."""
        from django.http import QueryDict

        rows = GainFilter(QueryDict(query), queryset=Gain.objects.all()).qs
        return set(rows.values_list("text", flat=True))

    @pytest.mark.parametrize(
        ("query", "texts"),
        [
            ("", {"Høstet", "Slut", "Sent", "Undgået", "Opfulgt"}),
            ("asset=SP", {"Høstet", "Slut"}),
            ("within=SP", {"Høstet", "Slut", "Sent"}),
            ("side=avoided", {"Undgået"}),
            ("side=gain&state=live", {"Høstet", "Slut", "Sent"}),
            ("kind=security_incident", {"Undgået"}),
            ("state=rejected", {"Slet ikke"}),
            ("state=given_up", {"Opfulgt"}),
            ("organisation=DA", {"Høstet"}),
            ("follow_up=overdue", {"Sent"}),
            ("follow_up=none&state=realised", {"Høstet", "Slut"}),
            ("amount=ja", {"Høstet", "Slut", "Sent"}),
            ("amount=nej", {"Undgået", "Opfulgt"}),
            ("ended=ja", {"Slut"}),
            ("amount=ja&ended=nej", {"Høstet", "Sent"}),
            ("archived=ja", {"Arkiveret"}),
            ("q=digital høstet", set()),
            ("q=høst", {"Høstet"}),
            ("state=nonsens&kind=1", {"Høstet", "Slut", "Sent", "Undgået", "Opfulgt"}),
        ],
    )
    def test_filters(self, gains: Any, query: str, texts: set[str]):
        assert self.found(query) == texts

    def test_every_number_leads_to_as_many_rows(self, foi: Client, gains: Any):
        """The totals above the list, by state and by kind."""
        page = foi.get(reverse("gain-list")).content.decode()
        links = re.findall(r'<a href="(/gevinster/\?[^"]*)">([\d.]+)<span class="sr-only"> ([^<]*)', page)
        counted = 0
        for address, number, what in links:
            if "kr. om året" in what:
                continue  # kroner, not rows
            rows = foi.get(address.replace("&amp;", "&")).context["page"].paginator.count
            assert rows == int(number), (address, what)
            counted += 1
        assert counted >= 10

    def test_kroner_are_those_of_gains_that_have_not_ended(self, foi: Client, gains: Any):
        page = foi.get(reverse("gain-list"))
        assert "Realiserede 2 realiserede gevinster 1.000 kr. om året" in words(page)
        assert "Planlagte 1 planlagte gevinster 5 kr. om året" in words(page)
        assert "Kr. om året i alt" not in words(page)
        assert "1.005 kr. om året i alt" in words(page)
        rows = foi.get("/gevinster/?state=realised&amount=ja&ended=nej").context["page"].paginator.count
        assert rows == 1, "the link from 1.000 kr. leads to what makes them"

    def test_counts_what_it_shows(self, foi: Client, gains: Any):
        assert "5 i registret." in words(foi.get(reverse("gain-list")))

    def test_says_how_late_a_follow_up_is(self, foi: Client, gains: Any):
        page = words(foi.get(reverse("gain-list")))
        assert "3 dage over tiden" in page
        assert "om 9 dage" in page
        assert "30 dage over tiden" not in page, "what is given up is not waited for"

    def test_is_exported_with_stable_names_and_numbers(self, foi: Client, gains: Any):
        response = foi.get("/gevinster/?state=realised&sort=-yearly&_export=xlsx")
        sheet = openpyxl.load_workbook(io.BytesIO(response.getvalue())).active
        rows = list(sheet.values)
        assert rows[0][:3] == ("text", "asset", "kind")
        yearly = rows[0].index("yearly")
        assert [row[yearly] for row in rows[1:]] == [1000, 70]

    def test_exported_words_are_no_formulas(self, foi: Client):
        gain(text="=HYPERLINK(1)")
        assert "'=HYPERLINK(1)" in foi.get("/gevinster/?_export=csv").getvalue().decode()

    def test_an_empty_register_says_what_to_do(self, foi: Client):
        page = words(foi.get(reverse("gain-list")))
        assert "Der er ingen gevinster endnu. Opret den første række" in page
        assert "Ingen gevinster passer til filteret" in words(foi.get("/gevinster/?asset=FINDES-IKKE"))


class TestWriting:
    @pytest.fixture(autouse=True)
    def sp(self) -> Any:
        return factories.component(code="SP", name="Serviceplatformen")

    def post(self, foi: Client, **changes: Any) -> Any:
        return foi.post(reverse("gain-create"), form(**changes))

    def test_creates_a_gain_with_an_amount_as_people_write_it(self, foi: Client):
        response = self.post(foi, yearly="1.234.567,50 kr.", from_year="2027", text=" To\r\nlinjer ")
        row = Gain.objects.get()
        assert response["Location"] == row.get_absolute_url()
        assert (str(row.yearly), row.from_year, row.text) == ("1234567.50", 2027, "To\nlinjer")
        page = words(foi.get(row.get_absolute_url()))
        assert "1.234.567,50 kr." in page
        assert "2027 og frem" in page

    def test_an_amount_is_never_invented(self, foi: Client):
        self.post(foi)
        row = Gain.objects.get()
        assert row.yearly is None
        assert "ikke gjort op" in words(foi.get(row.get_absolute_url()))

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"yearly": "mange"}, "er ikke et beløb"),
            ({"yearly": "1,234"}, "kan læses på to måder"),
            ({"yearly": "-5", "from_year": "2027"}, "En gevinst kan ikke være under 0 kr."),
            ({"yearly": "100"}, "Skriv, fra hvilket år gevinsten regnes"),
            ({"from_year": "27"}, "Skriv et årstal mellem"),
            ({"from_year": "2027", "to_year": "2026"}, "Slutåret kan ikke ligge før startåret"),
            ({"to_year": "2026"}, "Skriv også startåret"),
            ({"state": "planned"}, "Skriv, hvornår der følges op, når gevinsten er planlagt."),
            ({"state": "rejected", "yearly": "5", "from_year": "2027"}, "kan ikke have kroner"),
            ({"state": "nonsens"}, "Tilstand: "),
            ({"asset": "FINDES-IKKE"}, "findes ikke"),
            ({"organisation": "FINDES-IKKE"}, "findes ikke"),
            ({"text": "  "}, "Dette felt er påkrævet"),
            ({"text": "x" * 5001}, "må højst have 5000 tegn"),
            ({"follow_up_on": "31-02-2027"}, "Skriv datoen som dag, måned og år"),
        ],
    )
    def test_refuses_what_it_cannot_use_and_keeps_the_rest(self, foi: Client, changes: Any, message: str):
        response = self.post(foi, **changes)
        assert response.status_code == 422
        assert message in words(response)
        assert not Gain.objects.exists()
        sent = Page(response).forms[-1]["fields"]
        assert sent["yearly"] == changes.get("yearly", ""), "what was typed is still there"

    def test_two_who_edit_lose_nothing(self, foi: Client):
        row = gain(yearly=100, from_year=2026, responsible="Anne")
        other = factories.client(FOI)
        page = Page(foi.get(reverse("gain-update", args=[row.pk]))).forms[-1]["fields"]
        other.post(reverse("gain-update", args=[row.pk]), page | {"yearly": "300", "responsible": "Bo"})
        conflict = foi.post(reverse("gain-update", args=[row.pk]), page | {"yearly": "200"})
        assert conflict.status_code == 409
        assert "I har begge rettet" in words(conflict)
        row.refresh_from_db()
        assert (row.yearly, row.responsible) == (300, "Bo")
        resolved = Page(conflict).forms[-1]
        assert resolved["fields"]["responsible"] == "Bo", "what only the other changed is taken"
        mine = resolved["radios"]["yearly"][1]
        foi.post(reverse("gain-update", args=[row.pk]), resolved["fields"] | {"yearly": mine})
        row.refresh_from_db()
        assert (row.yearly, row.responsible) == (200, "Bo")

    def test_saving_without_a_change_changes_nothing(self, foi: Client):
        row = gain(yearly="1234.50", from_year=2026, organisation=factories.organisation(), text="En\nto")
        url = reverse("gain-update", args=[row.pk])
        page = Page(foi.get(url)).forms[-1]["fields"]
        assert page["yearly"] == "1.234,50"
        response = foi.post(url, page, follow=True)
        assert "Ingen ændringer at gemme." in words(response)

    def test_archives_restores_and_tells_its_story(self, foi: Client):
        row = gain()
        for verb in ("archive", "restore"):
            url = reverse(f"gain-{verb}", args=[row.pk])
            sent = Page(foi.get(url)).forms[-1]["fields"]
            assert foi.post(url, sent | {"reason": "Skrevet to gange"}).status_code == 302
        row.refresh_from_db()
        assert not row.is_archived
        story = words(foi.get(reverse("gain-history", args=[row.pk])))
        assert "Skrevet to gange" in story


class TestRights:
    @pytest.mark.parametrize("group", [READER, RESPONSIBLE, None])
    def test_those_without_amounts_see_nothing_of_it(self, group: str | None):
        """Not on the pages, not in the search, not in the history, not on the component's page."""
        row = gain(text="Hemmelig besparelse", yearly=987654, from_year=2026)
        client = factories.client(group)
        for url in ("/gevinster/", row.get_absolute_url(), "/gevinster/mulige/", "/gevinster/business-case/"):
            assert client.get(url).status_code == 403, url
        for url in ("/soeg/?q=hemmelig", "/historik/", row.asset.get_absolute_url()):
            response = client.get(url)
            if response.status_code == 200:
                page = words(response).replace("q=hemmelig", "")
                assert "Hemmelig besparelse" not in page
                assert "987" not in page
                assert "Gevinster" not in page

    def test_administrators_read_and_do_not_write(self):
        row, client = gain(), factories.client(ADMINISTRATOR)
        assert client.get(row.get_absolute_url()).status_code == 200
        page = client.get("/gevinster/").content.decode()
        assert reverse("gain-create") not in page
        assert client.get(reverse("gain-update", args=[row.pk])).status_code == 403
        assert client.post(reverse("gain-create"), form(asset=row.asset.code)).status_code == 403
        assert Gain.objects.count() == 1


class TestElsewhere:
    def test_the_search_finds_gains_by_their_words(self, foi: Client):
        row = gain(text="Rettigheder fjernes samme dag", state="given_up")
        response = foi.get("/soeg/?q=rettigheder fjernes")
        assert row.get_absolute_url() in response.content.decode()
        assert "Opgivet" in words(response)
        assert row.get_absolute_url() in foi.get(f"/soeg/?q={row.asset.name}").content.decode()

    def test_the_components_page_counts_its_gains(self, foi: Client):
        component = factories.component(code="SP")
        for state in ("possible", "realised", "given_up", "rejected"):
            gain(asset=component, state=state)
        page = foi.get(component.get_absolute_url())
        assert "Mulige, planlagte og realiserede 2 gevinster" in words(page)
        assert "Opgivne 1 opgivne gevinster" in words(page)
        rows = foi.get("/gevinster/?asset=SP&state=live").context["page"].paginator.count
        assert rows == 2
        system = factories.system()
        assert "Mulige, planlagte og realiserede 0" in words(foi.get(system.get_absolute_url()))

    def test_the_components_budget_shows_them(self, foi: Client):
        component = factories.component(code="SP")
        line(component, 2026, 100)
        url = reverse("budget-component", args=[2026, "SP"])
        assert "Der er ikke skrevet nogen gevinst" in words(foi.get(url))
        for number in range(8):
            gain(asset=component, text=f"Nr. {number}", yearly=number, from_year=2026)
        page = words(foi.get(url))
        assert "7 kr. om året" in page, "the dearest first"
        assert "Nr. 1 " not in page
        assert "Alle 8 gevinster" in page
