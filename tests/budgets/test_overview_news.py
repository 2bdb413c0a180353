"""What has changed since the reader was here, and what waits for the kontorchef on the front page."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from budgets import desk, news, picture, visiting
from budgets.models import (
    Actual,
    ActualImport,
    Adjustment,
    AdjustmentEntry,
    BudgetLine,
    BudgetResponsibility,
    BudgetYear,
    Forecast,
    YearDecision,
    YearState,
    YearVisit,
)
from foi_portal.core import history
from foi_portal.core.permissions import ADMINISTRATOR, FOI, MANAGER, READER
from tests import factories
from tests.budgets.years import component, line, page, year_2026
from tests.registry.pages import words

pytestmark = pytest.mark.django_db
NOON = timezone.make_aware(datetime.datetime(2026, 11, 24, 12))
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def year():
    return year_2026()


def told(year, since=None, most=20):
    """Each act's changes as (title, what was done, fields)."""
    acts, _ = news.acts(year, picture.of(year), since, most)
    return [[(item.title, item.done, item.fields) for item in act.items] for act in acts]


class TestVisits:
    def test_the_visit_before_this_one_is_what_counts(self, year):
        user = factories.user(MANAGER)

        def visit(at, seen=False):
            visiting.remember(user=user, year=year, now=at, seen=seen)

        assert visiting.last(user, year, now=NOON) is None
        visit(NOON)
        assert visiting.last(user, year, now=NOON + HOUR) is None  # still the first
        day = datetime.timedelta(days=1)
        assert visiting.last(user, year, now=NOON + day) == NOON
        visit(NOON + day)
        visit(NOON + day + HOUR)  # a reload hides nothing
        assert visiting.last(user, year, now=NOON + day + 2 * HOUR) == NOON
        visit(NOON + day + 2 * HOUR, seen=True)
        assert visiting.last(user, year, now=NOON + day + 3 * HOUR) == NOON + day + 2 * HOUR
        assert visiting.last(user, year, now=NOON + 2 * day) == NOON + day + 2 * HOUR

    def test_looking_writes_nothing_and_the_page_tells_of_the_visit(self, client, year):
        client.force_login(factories.user(MANAGER))
        page(client)
        assert not YearVisit.objects.exists()
        url = reverse("budget-visit", args=[2026])
        assert f'hx-post="{url}"' in page(client)
        assert client.post(url, headers={"HX-Request": "true"}).status_code == 204
        assert YearVisit.objects.get().since is None
        assert client.post(url, {"seen": "1"})["Location"] == reverse("budget-year", args=[2026])
        assert YearVisit.objects.get().since is not None
        assert client.get(url).status_code == 405

    def test_visits_are_each_readers_own(self, client, year):
        first, second = factories.user(MANAGER), factories.user(FOI)
        visiting.remember(user=first, year=year, now=NOON, seen=True)
        assert visiting.last(second, year, now=NOON) is None


class TestNews:
    def test_who_did_what_from_what_to_what(self, client, year):
        user = factories.user(FOI, first_name="Karin", last_name="Toft")
        with history.recording(actor=user, reason="Ny pris"):
            BudgetLine.objects.filter(component__code="SP").update(original=Decimal("250.50"), note="Ny pris")
        with history.recording(actor=user):
            Forecast.objects.filter(line__component__code="FKI").update(amount=None)
        acts, more = news.acts(year, picture.of(year), None, 2)
        assert more
        assert [(act.who, act.reason) for act in acts] == [("Karin Toft", ""), ("Karin Toft", "Ny pris")]
        assert acts[1].items[0].title == "Serviceplatformen, transaktion"
        assert acts[1].items[0].fields == [
            ("oprindeligt budget", "200 kr.", "250,50 kr."),
            ("bemærkning", "", "Ny pris"),
        ]
        assert acts[0].items[0].fields == [("forventet regnskab", "1.000 kr.", "ikke kendt")]
        client.force_login(factories.user(MANAGER))
        text = words(client.get(reverse("budget-year", args=[2026])))
        assert "oprindeligt budget fra 200 kr. til 250,50 kr." in text
        assert "Seneste ændringer" in text

    def test_only_what_is_after_the_last_visit(self, client, year):
        manager = factories.user(MANAGER)
        now = timezone.now()
        visiting.remember(user=manager, year=year, now=now, seen=True)
        client.force_login(manager)
        assert "Intet er ændret siden" in words(client.get(reverse("budget-year", args=[2026])))
        assert told(year, since=now) == []
        assert told(year, since=now - HOUR)

    def test_what_happened_to_the_year_is_told_in_words(self, year):
        by = factories.user(MANAGER)
        now = timezone.now()
        sp = BudgetLine.objects.get(component__code="SP")
        YearDecision.objects.create(year=year, kind="reopen", by=by, at=now, note="Fejl i prisen")
        ActualImport.objects.create(year=year, file_name="okt.csv", digest="x", by=by, at=now, added=1200)
        Actual.objects.create(year=year, line=sp, month=11, amount=5)
        BudgetResponsibility.objects.filter(component=component("FKOEKO")).update(
            clarified=True, organisation=factories.organisation(code="BUF")
        )
        BudgetLine.objects.filter(pk=sp.pk).update(archived_at=now, archive_reason="Dobbelt")
        assert told(year, since=now - HOUR, most=5) == [
            [("Serviceplatformen, transaktion", "arkiveret", [("oprindeligt budget", "", "200 kr.")])],
            [("Budgetansvar for Økonomiintegrationer", "afklaret", [])],
            [("Uden linje", "", [("forbrug i november", "", "5 kr.")])],  # its line is archived by now
            [("Forbrug indlæst fra okt.csv", "1.200 nye posteringer", [])],
            [("Budgettet er genåbnet: Fejl i prisen", "", [])],
        ]

    def test_an_adjustment_tells_what_it_moves_and_how_it_ended(self, year):
        by = factories.user(MANAGER)
        with history.recording(actor=by):
            made = Adjustment.objects.create(year=year, kind="transfer", reason="Flere opslag")
            for code, amount in (("SP", 10), ("FKI", -10)):
                AdjustmentEntry.objects.create(
                    adjustment=made, line=BudgetLine.objects.get(component__code=code), amount=amount
                )
            Adjustment.objects.filter(pk=made.pk).update(
                state="approved", decided_by=by, decided_at=timezone.now()
            )
        assert told(year, most=1) == [
            [
                (
                    "Omplacering: Flere opslag",
                    "godkendt",
                    [
                        ("Serviceplatformen, transaktion", "", "+10 kr."),
                        ("Infrastrukturen, licens", "", "−10 kr."),
                    ],
                )
            ]
        ]

    def test_an_adjustment_of_many_lines_is_shortened(self, year):
        with history.recording(actor=factories.user(FOI)):
            made = Adjustment.objects.create(year=year, kind="indexation", reason="PL")
            for one in BudgetLine.objects.filter(year=year):
                AdjustmentEntry.objects.create(adjustment=made, line=one, amount=1)
        [[(_, done, fields)]] = told(year, most=1)
        assert (done, len(fields), fields[-1]) == ("foreslået", 4, ("og 1 mere", "", ""))

    def test_another_years_changes_are_not_this_years(self, year):
        before = told(year)
        other = BudgetYear.objects.create(year=2027)
        line(other, "SP", "transaction", "DA", "9")
        YearDecision.objects.create(year=other, kind="submit", by=factories.user(FOI), at=timezone.now())
        assert told(year) == before

    def test_a_large_act_is_shortened(self, year):
        with history.recording(actor=factories.user(FOI)):
            for one in BudgetLine.objects.filter(year=year):
                BudgetLine.objects.filter(pk=one.pk).update(note="Gennemgået")
        [act], _ = news.acts(year, picture.of(year), None, 1)
        assert (len(act.items), act.more) == (news.SHOWN, 1)


class TestDesk:
    def test_what_waits_is_counted_and_leads_to_as_many(self, client, year):
        BudgetYear.objects.create(year=2027, state=YearState.SUBMITTED)
        proposed = Adjustment.objects.create(year=year, kind="supplement", reason="Mere")
        sp = BudgetLine.objects.get(component__code="SP")
        AdjustmentEntry.objects.create(adjustment=proposed, line=sp, amount=5)
        found = desk.of(datetime.date(2026, 11, 24))
        assert found.year == year
        assert [(item.count, item.label) for item in found.waiting] == [
            (1, "Budget 2027 venter"),
            (1, "budgetændring i 2026"),
            (1, "afvigelse uden forklaring"),
            (2, "budgetlinjer med uafklaret ansvar"),
        ]
        client.force_login(factories.user(MANAGER))
        text = client.get(reverse("front")).content.decode()
        for item in found.waiting:
            assert item.url in text
            assert client.get(item.url.partition("#")[0]).status_code == 200

    def test_only_the_kontorchef_is_told(self, client, year):
        for group in (FOI, ADMINISTRATOR, READER):
            client.force_login(factories.user(group))
            assert "afvigelse uden forklaring" not in client.get(reverse("front")).content.decode()

    def test_when_nothing_waits_it_says_so(self, client):
        BudgetYear.objects.create(year=2026, state=YearState.APPROVED)
        factories.component()
        client.force_login(factories.user(MANAGER))
        text = words(client.get(reverse("front")))
        assert "Intet venter" in text
        assert "Se hele budgettet for 2026" in text

    def test_without_budgets_there_is_nothing(self, client):
        assert desk.of(datetime.date(2026, 1, 1)) is None
        client.force_login(factories.user(MANAGER))
        assert "Se hele budgettet" not in words(client.get(reverse("front")))

    @pytest.mark.parametrize(
        ("years", "chosen"),
        [
            ({2025: "closed", 2026: "approved", 2027: "draft"}, 2026),
            ({2024: "closed", 2025: "approved", 2027: "draft"}, 2025),
            ({2027: "draft", 2028: "draft"}, 2028),
        ],
    )
    def test_the_year_that_the_desk_is_about(self, years, chosen):
        made = [BudgetYear(year=year, state=state) for year, state in years.items()]
        assert desk.current(made, datetime.date(2026, 6, 1)).year == chosen
