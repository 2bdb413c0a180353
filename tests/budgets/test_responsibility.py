"""Whose budget: what is unclarified, and that a systemansvarlig sees it for what own systems use, without kroner."""

from __future__ import annotations

import csv
import datetime
import io
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from budgets import picture, responsibility
from budgets.models import BudgetLine, BudgetResponsibility, BudgetYear
from budgets.responsibility import how_long
from foi_portal.core.permissions import ADMINISTRATOR, FOI, MANAGER, READER, RESPONSIBLE
from registry.models import Asset, Component, Dependency
from tests import factories
from tests.budgets import sharing_world
from tests.budgets.sharing_world import line
from tests.registry.pages import words

pytestmark = pytest.mark.django_db

LIST = "/budget/ansvar/"
TODAY = timezone.localdate()


@pytest.fixture
def w() -> SimpleNamespace:
    return sharing_world.world()


@pytest.fixture
def foi() -> Client:
    return factories.client(FOI)


def responsible(component: Asset, **values: Any) -> BudgetResponsibility:
    defaults = {"since": datetime.date(2024, 3, 1)}
    return BudgetResponsibility.objects.create(component=component, **defaults | values)


def clarified(component: Asset, organisation: Any, **values: Any) -> BudgetResponsibility:
    return responsible(component, clarified=True, organisation=organisation, **values)


def listed(client: Client, **query: Any) -> dict[str, str]:
    """Component code → state, as the file has it."""
    answer = client.get(LIST, {"_export": "csv", "col": ["component", "state"]} | query)
    rows = csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig")))
    return {row["component"]: row["state"] for row in rows}


class TestWhatIsUnclarified:
    def test_what_is_used_and_nobody_has(self, w, foi):
        """ORG and STS are used; only the platform is told. Nobody uses POST, and it has no budget."""
        assert listed(foi) == {"STS": "none"}

    def test_a_module_with_its_own_lines_is_told_too(self, w, foi):
        line(w.year, w.org, None)
        assert listed(foi) == {"STS": "none", "ORG": "none"}

    def test_what_has_a_budget_though_nobody_uses_it(self, w, foi):
        line(w.year, w.post, "5.00")
        assert listed(foi) == {"STS": "none", "POST": "none"}

    def test_a_closed_year_needs_no_clarifying(self, w, foi):
        line(w.year, w.post, "5.00")
        BudgetYear.objects.update(state="closed")
        assert listed(foi) == {"STS": "none"}
        assert listed(foi, year="2026") == {"POST": "none"}, "but the year itself tells of its own"

    def test_an_archived_line_is_no_budget(self, w, foi):
        BudgetLine.objects.filter(pk=line(w.year, w.post, "5.00").pk).update(archived_at=timezone.now())
        assert listed(foi) == {"STS": "none"}

    def test_a_platforms_responsibility_counts_for_its_modules(self, w, foi):
        line(w.year, w.org, "7.00")
        clarified(w.sts, w.office)
        assert listed(foi) == {"STS": "clarified"}
        page = words(foi.get("/budget/ansvar/ORG/"))
        assert "følger budgetansvaret for Støttesystemerne" in page
        assert "Navn DA" in page

    def test_a_module_may_have_its_own(self, w, foi):
        clarified(w.sts, w.office)
        responsible(w.org, organisation=w.bsf)
        assert listed(foi) == {"STS": "clarified", "ORG": "unclarified"}

    @pytest.mark.parametrize("change", [{"lifecycle": "retired"}, {"archived_at": timezone.now()}])
    def test_what_is_no_longer_in_use_needs_none(self, w, foi, change):
        Component.objects.update(**change)
        assert listed(foi) == {}

    def test_ended_dependencies_are_no_use(self, w, foi):
        Dependency.objects.update(status="ended")
        assert listed(foi) == {}

    def test_an_archived_responsibility_leaves_a_gap(self, w, foi):
        row = clarified(w.sts, w.office)
        foi.post("/budget/ansvar/STS/arkiver/", {"version": row.version, "reason": "Forkert"})
        assert listed(foi) == {"STS": "none"}
        page = foi.get("/budget/ansvar/STS/").content.decode()
        assert "Forkert" in page
        assert "/budget/ansvar/STS/gendan/" in page
        row.refresh_from_db()
        foi.post("/budget/ansvar/STS/gendan/", {"version": row.version})
        assert listed(foi) == {"STS": "clarified"}

    def test_rings_of_parents_hold_nobody_up(self, w, foi):
        Component.objects.filter(pk=w.sts.pk).update(parent=w.org)
        assert set(listed(foi)) <= {"STS", "ORG"}
        assert listed(foi)


class TestTheList:
    @pytest.fixture
    def three(self, w):
        clarified(w.sts, w.office, responsible="Kontorchefen")
        responsible(w.post, action="Afventer forum", follow_up_on=TODAY - datetime.timedelta(days=1))
        line(w.year, w.sts, "100.00")
        line(w.year, w.post, "796.60")
        w.dmp = factories.component(code="DMP", name="Miljøportal")
        line(w.year, w.dmp, "3.40")
        return w

    def test_filters(self, three, foi):
        assert set(listed(foi, state="uafklarede")) == {"POST", "DMP"}
        assert set(listed(foi, state="unclarified")) == {"POST"}
        assert set(listed(foi, state="none")) == {"DMP"}
        assert set(listed(foi, follow_up="overskredet")) == {"POST"}
        assert set(listed(foi, follow_up="mangler")) == {"DMP"}
        assert set(listed(foi, organisation="DA")) == {"STS"}
        assert set(listed(foi, q="kontorchefen")) == {"STS"}
        assert set(listed(foi, within="STS")) == {"STS"}
        assert set(listed(foi, year="2025")) == set()

    def test_shows_for_how_long_and_what_is_late(self, three, foi):
        page = words(foi.get(LIST))
        assert how_long(datetime.date(2024, 3, 1), TODAY) in page
        assert "Overskredet" in page
        assert "Afventer forum" in page
        assert page.index("Fjernprint") < page.index("Støttesystemerne"), "the unclarified first"

    def test_odd_addresses_are_no_errors(self, three, foi):
        for query in ("year=x", "year=99999999999", "year=-1", "year=1.5", "sort=x", "page=-1", "state=x"):
            assert foi.get(f"{LIST}?{query}").status_code == 200, query

    def test_the_years_count_is_the_list_it_links_to(self, three, foi):
        page = foi.get("/budget/2026/")
        text = words(page)
        assert "2 komponenter med 800,00 kr. i korrigeret budget" in text
        assert 'href="/budget/ansvar/?state=uafklarede&amp;year=2026"' in page.content.decode()
        assert len(listed(foi, state="uafklarede", year="2026")) == 2

    def test_money_of_a_module_is_told_with_who_answers_for_it(self, three):
        BudgetResponsibility.objects.filter(component=three.sts).update(clarified=False)
        line(three.year, three.org, "0.50")
        assert picture.of(three.year).unclarified_budgets == {
            three.sts.pk: Decimal("100.50"),
            three.post.pk: Decimal("796.60"),
            three.dmp.pk: Decimal("3.40"),
        }

    def test_an_unknown_amount_is_told_and_not_counted(self, three, foi):
        BudgetLine.objects.filter(component=three.dmp).update(original=None)
        text = words(foi.get("/budget/2026/"))
        assert "2 komponenter med 796,60 kr." in text
        assert "1 af dem har intet kendt beløb" in text

    def test_when_all_is_clarified(self, w, foi):
        assert "Alle årets komponenter ligger i nogens budget" in words(foi.get("/budget/2026/"))


class TestWriting:
    FORM = {"clarified": "False", "organisation": "", "since": "1-3-2024", "action": "", "reason": ""}

    def test_from_a_gap_to_clarified(self, w, foi):
        gap = foi.get("/budget/ansvar/STS/")
        assert "Ingen har ansvaret" in words(gap)
        assert "/budget/ansvar/ny/?component=STS" in gap.content.decode()
        assert 'value="STS"' in foi.get("/budget/ansvar/ny/?component=STS").content.decode()
        made = self.FORM | {"component": "STS", "action": "Spørg", "follow_up_on": "1-2-2027"}
        answer = foi.post("/budget/ansvar/ny/", made)
        assert answer.headers["Location"] == "/budget/ansvar/STS/"
        row = BudgetResponsibility.objects.get()
        done = self.FORM | {"clarified": "True", "organisation": "DA", "version": row.version}
        assert foi.post("/budget/ansvar/STS/ret/", done).status_code == 302
        row.refresh_from_db()
        assert (row.clarified, row.organisation) == (True, w.office)
        assert "Hvis budget" in words(foi.get("/budget/ansvar/STS/historik/"))

    @pytest.mark.parametrize(
        ("values", "said"),
        [
            ({"clarified": "True"}, "Skriv, hvis budget det er, når det er afklaret."),
            ({"since": "31-12-2099"}, "Datoen kan ikke ligge efter i dag."),
            ({"since": ""}, "Siden"),
            ({"organisation": "NIX"}, "«NIX» findes ikke."),
            ({"component": "KY"}, "«KY» findes ikke."),
            ({"component": "POST"}, "har et arkiveret budgetansvar. Gendan det på dets side"),
            ({"component": "ORG"}, "er allerede skrevet. Ret det i stedet."),
        ],
    )
    def test_refuses_what_cannot_be(self, w, foi, values, said):
        responsible(w.org)
        responsible(w.post, archived_at=timezone.now(), archive_reason="x")
        answer = foi.post("/budget/ansvar/ny/", self.FORM | {"component": "STS"} | values)
        assert answer.status_code == 422
        assert said in words(answer)
        assert BudgetResponsibility.objects.count() == 2

    def test_two_people_are_told(self, w, foi):
        row = responsible(w.sts)
        other = factories.client(MANAGER)
        mine = self.FORM | {"version": row.version}
        assert other.post("/budget/ansvar/STS/ret/", mine | {"action": "Chefens"}).status_code == 302
        answer = foi.post("/budget/ansvar/STS/ret/", mine | {"action": "Min"})
        assert answer.status_code == 409
        assert "Chefens" in words(answer)
        row.refresh_from_db()
        assert row.action == "Chefens"


class TestSystemansvarlig:
    @pytest.fixture
    def lone(self, w) -> Client:
        """Responsible for KP, which uses the module ORG."""
        client = factories.client(RESPONSIBLE)
        person = factories.person(name="Lone", user=client.user)  # type: ignore[attr-defined]
        role = factories.role(code="SYSTEMANSV", name="Systemansvarlig")
        factories.assignment(person=person, role=role, asset=w.kp)
        clarified(w.sts, w.office, action="Alt er godt")
        responsible(w.post, action="Hemmeligt mellem os")
        line(w.year, w.sts, "123456.78")
        line(w.year, w.org, "98765.43")
        return client

    def test_sees_what_own_systems_use_and_no_more(self, w, lone):
        assert listed(lone) == {"STS": "clarified"}
        assert "1 i registret" in words(lone.get(LIST))
        for code in ("STS", "ORG"):
            assert lone.get(f"/budget/ansvar/{code}/").status_code == 200, code
        assert lone.get("/budget/ansvar/POST/").status_code == 403
        assert lone.get("/budget/ansvar/NIX/").status_code == 404

    def test_what_nobody_has_is_told_too(self, w, lone):
        BudgetResponsibility.objects.filter(component=w.sts).delete()
        assert listed(lone) == {"STS": "none", "ORG": "none"}

    def test_no_kroner_anywhere(self, w, lone):
        pages = (
            "/budget/ansvar/",
            "/budget/ansvar/STS/",
            "/fagsystemer/KP/",
            "/komponenter/STS/",
            "/komponenter/ORG/",
        )
        for address in pages:
            page = words(lone.get(address))
            assert "Navn DA" in page, address
            for amount in ("123.456", "98.765", "123456", "98765"):
                assert amount not in page, address
        for address in (
            "/budget/2026/fordeling/",
            "/budget/2026/STS/brugere/",
            "/budget/2026/STS/fordeling/ret/",
            "/budget/2026/STS/fordeling/historik/",
            "/budget/ansvar/STS/historik/",
            "/budget/ansvar/STS/ret/",
            "/budget/ansvar/ny/",
        ):
            assert lone.get(address).status_code == 403, address

    def test_other_peoples_systems_and_components_tell_nothing(self, w, lone):
        assert "Hvis budget" not in words(lone.get("/fagsystemer/OPUS/"))
        assert 'id="budgetansvar"' not in lone.get("/komponenter/POST/").content.decode()
        assert "Hemmeligt" not in words(lone.get("/historik/"))

    def test_the_right_ends_with_the_use(self, w, lone):
        Dependency.objects.filter(source=w.kp).update(status="ended")
        assert listed(lone) == {}
        assert lone.get("/budget/ansvar/STS/").status_code == 403
        assert 'id="budgetansvar"' not in lone.get("/komponenter/STS/").content.decode()

    def test_readers_see_nothing_and_those_with_kroner_all(self, w, lone):
        reader = factories.client(READER)
        assert reader.get(LIST).status_code == 403
        assert reader.get("/budget/ansvar/STS/").status_code == 403
        for address in ("/komponenter/STS/", "/fagsystemer/KP/"):
            assert "Navn DA" not in words(reader.get(address))
        for kind in (FOI, MANAGER, ADMINISTRATOR):
            client = factories.client(kind)
            assert set(listed(client)) == {"STS", "POST"}
            assert 'id="budgetansvar"' in client.get("/komponenter/POST/").content.decode()
            assert "Hemmeligt" in words(client.get("/budget/ansvar/POST/historik/"))


@pytest.mark.parametrize(
    ("since", "said"),
    [
        ((2026, 6, 1), "0 dage"),
        ((2026, 5, 31), "1 dag"),
        ((2026, 5, 2), "30 dage"),
        ((2026, 5, 1), "1 md."),
        ((2024, 3, 1), "2 år og 3 mdr."),
        ((2025, 6, 1), "1 år"),
        ((2027, 1, 1), "0 dage"),
    ],
)
def test_how_long(since, said):
    assert how_long(datetime.date(*since), datetime.date(2026, 6, 1)) == said


def test_answers_are_two_queries(w, django_assert_num_queries):
    clarified(w.sts, w.office)
    with django_assert_num_queries(2):
        found = responsibility.answers([w.org.pk, w.sts.pk, w.post.pk])
    assert [found[key].inherited for key in (w.org.pk, w.sts.pk)] == [True, False]
    assert (found[w.post.pk].row, found[w.post.pk].is_clarified) == (None, False)
    assert reverse("responsibility-list") == LIST
