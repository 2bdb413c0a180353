"""The pages of a year: a new one in two steps, the panel with its way and forms, its note and its history."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from budgets import approving
from budgets.models import AssumptionValue, BudgetLine, BudgetYear, Estimate, YearDecision
from foi_portal.core.permissions import ADMINISTRATOR, FOI, MANAGER
from tests import factories
from tests.budgets import rows

pytestmark = pytest.mark.django_db
NEW = "/budget/ny/"


@pytest.fixture
def foi() -> Client:
    return factories.client(FOI)


@pytest.fixture
def chef() -> Client:
    return factories.client(MANAGER, first_name="Helle", last_name="Dam")


def text(answer: Any) -> str:
    return str(answer.content.decode())


def asked(**said: Any) -> dict[str, Any]:
    return {"year": "2027", "source": "2026", "base": "original", "rate": "2,5", "note": ""} | said


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page))


class TestNewYear:
    def test_is_suggested_from_the_newest(self, foi: Client):
        rows.year(2025)
        rows.year(2026)
        page = text(foi.get(NEW))
        assert 'value="2027"' in page
        assert '<option value="2026" selected>' in page
        assert '<option value="2024" selected>' not in text(foi.get(f"{NEW}?year=2030&fra=2025"))
        assert 'value="2030"' in text(foi.get(f"{NEW}?year=2030&fra=2025"))

    def test_is_the_first_one_where_there_are_none(self, foi: Client):
        page = text(foi.get(NEW))
        assert '<option value="" selected>Tomt år' in page
        assert "Forudsætninger for det nye år" not in page

    def test_is_shown_line_by_line_and_then_made(self, foi: Client):
        year = rows.year(2026)
        rows.line(year, component=factories.component(name="SAPA"), original=1000)
        rows.line(year, component=factories.component(name="KITOS"), original=None)
        shown = foi.post(NEW, asked(step="preview", note="Første <udkast>"))
        page = text(shown)
        assert not BudgetYear.objects.filter(year=2027).exists()
        assert "1.025,00" in page
        assert "PL 2,5 %" in page
        assert re.search(r'data-title="Overslag 2028">\s*1\.050,63', page)
        assert "1 linje uden kendt beløb kommer med" in page
        carried = hidden(page) | {"step": "apply", "note": "Første <udkast>"}
        assert carried["seen"] == shown.context["plan"].digest
        done = foi.post(NEW, carried, follow=True)
        assert done.redirect_chain == [("/budget/2027/", 302)]
        assert "2 linjer er lavet i budget 2027 som kladde." in text(done)
        assert BudgetYear.objects.get(year=2027).note == "Første <udkast>"

    def test_of_which_nothing_is_known_does_not_come_to_nought(self, foi: Client):
        rows.line(rows.year(2026), original=None)
        page = text(foi.post(NEW, asked(step="preview")))
        assert "0,00" not in page
        assert page.count("ikke kendt") >= 6

    def test_that_has_changed_since_is_shown_again(self, foi: Client):
        rows.line(rows.year(2026))
        carried = hidden(text(foi.post(NEW, asked(step="preview")))) | {"step": "apply"}
        BudgetLine.objects.update(original=2000)
        answer = foi.post(NEW, carried)
        assert answer.status_code == 409
        assert "Nogen har ændret noget, siden du så forhåndsvisningen" in text(answer)
        assert "2.050,00" in text(answer)
        assert not BudgetYear.objects.filter(year=2027).exists()
        again = hidden(text(answer)) | {"step": "apply"}
        assert foi.post(NEW, again).status_code == 302

    @pytest.mark.parametrize("seen", ["", "x", "0" * 64])
    def test_is_not_made_unseen(self, foi: Client, seen: str):
        rows.line(rows.year(2026))
        assert foi.post(NEW, asked(step="apply", seen=seen)).status_code == 409
        assert not BudgetYear.objects.filter(year=2027).exists()

    def test_can_be_chosen_anew_with_what_was_typed(self, foi: Client):
        rows.line(rows.year(2026))
        answer = foi.post(NEW, asked(step="choose", rate="3,75", rate_staff="4"))
        assert answer.status_code == 200
        assert 'value="3,75"' in text(answer)
        assert "<details" in text(answer)
        assert " open>" in text(answer)

    def test_may_be_empty(self, foi: Client):
        answer = foi.post(NEW, asked(source="", rate="", step="preview"), follow=True)
        assert answer.redirect_chain == [("/budget/2027/linjer/", 302)]
        assert "Budget 2027 er oprettet som kladde." in text(answer)
        answer = foi.post(NEW, asked(source=""))
        assert answer.status_code == 409
        assert "Budget 2027 findes allerede" in text(answer)

    def test_takes_pl_from_the_assumptions(self, foi: Client):
        rows.line(rows.year(2026))
        rows.assumption("PL", {2026: "2.9", 2027: 3}, unit="procent")
        page = text(foi.post(NEW, asked(rate="", step="preview")))
        assert "1.030,00" in page
        answer = foi.post(NEW, asked(rate="", year="2028"))
        assert answer.status_code == 422
        assert "Der er ikke skrevet en PL for 2028. Skriv procenten, fx 2,8." in text(answer)
        assert "2027: 3, 2026: 2,9" in text(foi.get(NEW))

    def test_takes_new_assumptions_for_the_lines_that_are_computed(self, foi: Client):
        people = rows.assumption("INDBYGGERE", {2025: 210_000, 2026: 210_800})
        rows.line(rows.year(2026), price_model=rows.price("FKI", people, [["0", "2"]]))
        assert "2026: 210.800, 2025: 210.000" in text(foi.get(NEW))
        name = f"a{people.pk}"
        page = text(foi.post(NEW, asked(step="preview", **{name: "211.500"})))
        assert "211.500 × 2,00 (indbyggere) = 423.000,00" in page
        foi.post(NEW, hidden(page) | {"step": "apply"})
        assert AssumptionValue.objects.get(year=2027).value == 211_500
        answer = foi.post(NEW, asked(year="2026", source="2027", **{name: "5"}))
        assert "Der står allerede 210.800 for 2026" in text(answer)

    @pytest.mark.parametrize(
        ("said", "message"),
        [
            ({"year": ""}, "Budgetår: Dette felt er påkrævet"),
            ({"year": "næste"}, "Skriv et årstal mellem 2000 og 2100"),
            ({"year": "1999"}, "Skriv et årstal mellem 2000 og 2100"),
            ({"year": "20270000000000000000"}, "Skriv et årstal mellem 2000 og 2100"),
            ({"source": "2019"}, "2019"),
            ({"source": "x"}, "x"),
            ({"year": "2026"}, "Et år kan ikke kopieres til sig selv"),
            ({"rate": "to"}, "Skriv en procent, fx 1,5"),
            ({"rate": "101"}, "Procenten skal være mellem −100 og 100"),
            ({"rate": "1,23456"}, "Skriv en procent"),
            ({"rate_licence": "x"}, "PL for licens: Skriv en procent"),
            ({"base": "x"}, "x"),
            ({"note": "x" * 5001}, "5000"),
        ],
    )
    def test_bad_input_is_explained(self, foi: Client, said: dict[str, str], message: str):
        rows.line(rows.year(2026))
        answer = foi.post(NEW, asked(**said))
        assert answer.status_code == 422
        assert message in text(answer).replace("5.000", "5000")
        assert BudgetYear.objects.count() == 1

    @pytest.mark.parametrize("written", ["2,5", "2.5", " 2,5 % ", "2,50 pct.", "+2,5"])
    def test_reads_a_per_cent_as_people_write_it(self, foi: Client, written: str):
        rows.line(rows.year(2026))
        assert foi.post(NEW, asked(rate=written)).context["plan"].total == 1025

    def test_of_a_year_that_is_approved_is_refused(self, foi: Client):
        rows.line(rows.year(2026))
        rows.year(2027, state="approved")
        answer = foi.post(NEW, asked())
        assert answer.status_code == 409
        assert "Budget 2027 er godkendt. Kun en kladde kan fyldes." in text(answer)

    def test_with_nothing_to_copy_says_so(self, foi: Client):
        rows.year(2026)
        page = text(foi.post(NEW, asked()))
        assert "Der er ingen linjer at kopiere" in page
        assert 'value="apply"' not in page


class TestPanel:
    def panel(self, client: Client, year: int = 2027) -> str:
        return text(client.get(f"/budget/{year}/"))

    def test_offers_foi_to_submit_a_draft(self, foi: Client):
        rows.line(rows.year())
        page = self.panel(foi)
        assert 'formaction="/budget/2027/indsend/"' in page
        assert "/godkend/" not in page
        seen = hidden(page)["seen"]
        answer = foi.post("/budget/2027/indsend/", {"seen": seen, "note": "Klar"}, follow=True)
        assert "Budget 2027 er indsendt til godkendelse." in text(answer)
        assert "Budgettet venter på kontorchefens godkendelse" in text(answer)
        assert "«Klar»" in text(answer)
        assert "formaction" not in text(answer)

    def test_offers_the_kontorchef_to_approve_or_send_back(self, foi: Client, chef: Client):
        year = rows.year(state="submitted")
        rows.line(year)
        rows.line(year, original=None)
        page = self.panel(chef)
        assert "Venter på din godkendelse" in page
        assert "Når du godkender, låses linjerne for 2027. Kun du kan åbne dem igen." in page
        assert 'href="/budget/2027/linjer/?unknown=ja"' in page
        for to in ("godkend", "send-tilbage"):
            assert f'formaction="/budget/2027/{to}/"' in page
        seen = hidden(page)["seen"]
        refused = chef.post("/budget/2027/godkend/", {"seen": seen, "note": "Fint nok"})
        assert refused.status_code == 422
        assert "Sæt flueben, hvis det er meningen" in text(refused)
        assert ">Fint nok</textarea>" in text(refused)
        done = chef.post("/budget/2027/godkend/", hidden(text(refused)) | {"sure": "1"}, follow=True)
        assert "Budget 2027 er godkendt." in text(done)
        assert re.search(r"Godkendt \d+\. \w+\.? 20\d\d af Helle Dam", text(done))

    def test_sending_back_without_a_reason_asks_for_one(self, chef: Client):
        rows.line(rows.year(state="submitted"))
        seen = hidden(self.panel(chef))["seen"]
        answer = chef.post("/budget/2027/send-tilbage/", {"seen": seen})
        assert answer.status_code == 422
        assert "Skriv en begrundelse." in text(answer)
        chef.post("/budget/2027/send-tilbage/", {"seen": seen, "note": "Mangler"})
        assert YearDecision.objects.get().note == "Mangler"

    def test_stops_where_it_cannot_go_on(self, foi: Client):
        rows.year()
        page = self.panel(foi)
        assert "har ingen linjer endnu" in page
        assert "formaction" not in page

    def test_offers_closing_and_reopening(self, chef: Client):
        year = rows.year(2020, state="approved")
        rows.adjustment(year, {rows.line(year): 5})
        page = self.panel(chef, 2020)
        assert 'formaction="/budget/2020/luk/"' in page
        assert 'formaction="/budget/2020/genaabn/"' in page
        shown = text(chef.get("/budget/2020/genaabn/"))
        assert "1 godkendt budgetændring bliver stående" in shown
        assert "skal indsendes og godkendes på ny" in shown
        chef.post("/budget/2020/luk/", {"seen": hidden(page)["seen"]})
        page = self.panel(chef, 2020)
        assert 'formaction="/budget/2020/genaabn/"' in page
        assert "/luk/" not in page

    @pytest.mark.parametrize("state", ["draft", "submitted", "approved", "closed"])
    def test_offers_an_administrator_nothing(self, state: str):
        rows.line(rows.year(state=state))
        assert "formaction" not in self.panel(factories.client(ADMINISTRATOR))

    def test_the_loser_of_two_is_told_on_a_page(self, chef: Client):
        rows.line(rows.year(state="submitted"))
        seen = hidden(self.panel(chef))["seen"]
        chef.post("/budget/2027/godkend/", {"seen": seen})
        answer = chef.post("/budget/2027/godkend/", {"seen": seen})
        assert answer.status_code == 409
        assert "Budget 2027 er allerede godkendt af Helle Dam" in text(answer)
        assert YearDecision.objects.count() == 1

    @pytest.mark.parametrize("seen", ["", "1", "x-y", "1-1.1.0.0.0"])
    def test_nothing_is_decided_without_having_looked(self, chef: Client, seen: str):
        rows.line(rows.year(state="submitted"))
        assert chef.post("/budget/2027/godkend/", {"seen": seen}).status_code == 409
        assert not YearDecision.objects.exists()

    def test_a_step_by_link_says_who_may(self, foi: Client):
        rows.line(rows.year(state="submitted"))
        page = text(foi.get("/budget/2027/godkend/"))
        assert "Det er kontorchefen, der beslutter det." in page
        assert "<textarea" not in page


def test_the_note_is_edited_with_its_version(foi: Client):
    year = rows.year()
    assert foi.post("/budget/2027/ret/", {"version": year.version, "note": "a\r\nb"}).status_code == 302
    year.refresh_from_db()
    assert year.note == "a\nb"
    assert foi.post("/budget/2027/ret/", {"version": 1, "note": "c"}).status_code == 409
    assert "a<br>b" in text(foi.get("/budget/2027/"))


def test_the_history_of_a_year_has_its_lines_and_decisions_and_few_queries(foi: Client, chef: Client):
    counts = []
    for number, many in ((2027, 3), (2028, 60)):
        year = rows.year(number)
        for _ in range(many):
            rows.line(year, 5)
        BudgetLine.objects.filter(year=year).update(original=4321)
        rows.decide(year, approving.SUBMIT, foi.user, note="Klar nu")  # type: ignore[attr-defined]
        foi.get(f"/budget/{number}/historik/")
        with CaptureQueriesContext(connection) as captured:
            page = text(foi.get(f"/budget/{number}/historik/"))
        counts.append(len(captured))
        assert "Klar nu" in page
        assert "4.321,00" in page
        assert "beslutning om budgetår" in page
    assert max(counts) <= 18, counts
    assert Estimate.objects.count() == 63
