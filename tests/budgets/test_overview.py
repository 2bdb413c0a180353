"""The year's page: amounts of the lines, rolled up and narrowed, and the same for other programs."""

from __future__ import annotations

import csv
import datetime
import html
import io
import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from budgets import figures, kept, picture, rollup, year_sums
from budgets.models import (
    Actual,
    Adjustment,
    AdjustmentEntry,
    AdjustmentState,
    BudgetLine,
    BudgetResponsibility,
    BudgetYear,
    Estimate,
    Forecast,
    ForecastRound,
    YearState,
)
from budgets.queries import line_amounts, totals
from budgets.views import overview
from foi_portal.core.permissions import ADMINISTRATOR, FOI, MANAGER, READER, RESPONSIBLE
from tests import factories
from tests.budgets.years import component, line, line_count, page, table, year_2026
from tests.registry.pages import words

pytestmark = pytest.mark.django_db


def adjust(line, amount, state=AdjustmentState.APPROVED):
    """An adjustment of one line, decided unless it is proposed."""
    decided = (
        {}
        if state == AdjustmentState.PROPOSED
        else {"decided_at": timezone.now(), "decided_by": factories.user(MANAGER)}
    )
    made = Adjustment.objects.create(year=line.year, kind="supplement", reason="Mere", state=state, **decided)
    AdjustmentEntry.objects.create(adjustment=made, line=line, amount=Decimal(amount))
    return made


@pytest.fixture
def year():
    """Two lines: one known, adjusted, partly spent and forecast; one of which nothing is known."""
    year = BudgetYear.objects.create(year=2026)
    component = factories.component(code="FKI", name="Infrastrukturen")
    known = BudgetLine.objects.create(year=year, component=component, cost_type="licence", original=100)
    BudgetLine.objects.create(year=year, component=component, cost_type="operation", funding="pulje")
    adjust(known, "10.50")
    adjust(known, "5000", AdjustmentState.PROPOSED)
    Actual.objects.create(year=year, line=known, month=1, amount=40)
    Actual.objects.create(year=year, line=known, month=2, amount=Decimal("-1.25"))
    for month, expected in ((4, 300), (8, 120)):
        round_ = ForecastRound.objects.create(
            year=year, name="Opfølgning", actuals_to=datetime.date(2026, month, 1)
        )
        Forecast.objects.create(round=round_, line=known, amount=expected)
    return year


@pytest.fixture
def whole():
    return year_2026()


@pytest.fixture
def chef(client):
    client.force_login(factories.user(MANAGER))
    return client


def machine(client, query=""):
    response = client.get(f"{reverse('budget-year', args=[2026])}?_export=csv{query}")
    return list(csv.DictReader(io.StringIO(response.content.decode())))


class TestAmounts:
    def test_only_what_is_approved_and_newest_counts(self, year):
        known, unknown = line_amounts(year)
        assert (known.original, known.revised, known.actual, known.forecast, known.deviation) == (
            Decimal(100),
            Decimal("110.50"),
            Decimal("38.75"),
            Decimal(120),
            Decimal("9.50"),
        )
        assert (unknown.original, unknown.revised, unknown.actual, unknown.forecast) == (None,) * 4

    def test_the_picture_of_the_year_says_the_same(self, year):
        found = picture.of(year)
        for mine, theirs in zip(found.lines, line_amounts(year), strict=True):
            for name in ("original", "revised", "actual", "forecast", "deviation"):
                assert getattr(mine, name) == getattr(theirs, name), name
        assert (found.month, found.round.actuals_to.month) == (2, 8)

    def test_what_is_not_known_is_counted_and_never_nought(self, year):
        found = totals(line_amounts(year))
        assert (found.original, found.revised, found.unknown) == (Decimal(100), Decimal("110.50"), 1)
        assert totals([]).original is None

    def test_the_machine_columns(self, client, year):
        client.force_login(factories.user(FOI))
        answer = client.get(reverse("budget-year", args=[2026]), {"_export": "csv"})
        assert answer.content.decode() == (
            "component,kind,funding,original,revised,actual,forecast\n"
            "FKI,licence,DA,100.00,110.50,38.75,120.00\n"
            "FKI,operation,pulje,,,,\n"
        )

    def test_the_page_says_what_is_not_known(self, chef, year):
        for address in (reverse("budget-year", args=[2026]), reverse("budget-component", args=[2026, "FKI"])):
            text = words(chef.get(address))
            assert "ikke kendt" in text
            assert "110,50" in text

    def test_a_closed_year_is_held_against_its_accounts(self, chef):
        year_2026(YearState.CLOSED)
        text = page(chef)
        assert "Forventet" not in text
        assert [row[3:] for row in table(text) if row[0].startswith("Serviceplatformen")][1:] == []
        [found] = [row for row in table(text) if row[0] == "Transaktion"]
        assert found[3:] == [
            "200,00",
            "200,00",
            "150,25",
            "−49,75",
            "24,9 % under Forklar afvigelsen: Serviceplatformen, transaktion",
        ]

    def test_an_archived_line_counts_nowhere(self, chef, whole):
        found = BudgetLine.objects.get(component__code="SP")
        BudgetLine.objects.filter(pk=found.pk).update(archived_at=timezone.now(), archive_reason="Fejl")
        assert len(machine(chef)) == 3
        [sums] = [one for one in year_sums.every() if one.year == 2026]
        assert (sums.original, sums.actual) == (Decimal(1050), Decimal(840))
        assert picture.of(whole).sums.actual == Decimal(840)


class TestTable:
    def test_lines_stand_under_component_platform_and_provider(self, chef, whole):
        rows = [(row[0], row[3]) for row in table(page(chef))]
        assert rows == [
            ("KOMBIT A/S", "1.250,00"),
            ("Infrastrukturen", "1.250,00"),
            ("Licens", "1.000,00"),
            ("Serviceplatformen", "250,00"),
            ("Transaktion", "200,00"),
            ("Økonomiintegrationer drift", "50,00"),
            ("Klimadatastyrelsen", "ikke kendt"),
            ("Datafordeleren drift", "ikke kendt"),
            ("I alt", "1.250,00"),
        ]

    def test_a_deviation_is_told_in_words(self, chef, whole):
        found = {row[0]: row[-2:] for row in table(page(chef))}
        assert found["Transaktion"][0] == "+30,00"
        assert found["Transaktion"][1].startswith("15,0 % over")
        assert found["Økonomiintegrationer drift"] == ["−1,00", "−2,0 %"]

    def test_unclarified_responsibility_stands_at_the_line(self, chef, whole):
        found = {row[0]: row[1] for row in table(page(chef))}
        assert found["Økonomiintegrationer drift"] == "Forvaltning Uafklaret ansvar"
        assert found["Datafordeleren drift"] == "Pulje Uafklaret ansvar"  # nobody has written whose it is
        assert found["Transaktion"] == "DA"

    def test_who_pays_for_a_platform_pays_for_its_modules(self, whole):
        """As on the list of responsibilities: the nearest at or above answers."""
        module = factories.component(code="SPX", name="Modul", parent=component("SP"))
        line(whole, "SPX", "licence", "DA", "7")
        line(whole, "FKOEKO", "licence", "DA", "3")
        assert module.pk not in picture.of(whole).unclarified
        BudgetResponsibility.objects.filter(component__code="SP").update(clarified=False)
        assert picture.of(whole).unclarified_budgets == {
            component("SP").pk: Decimal(207),
            component("FKOEKO").pk: Decimal(53),
            component("DAF").pk: None,
        }

    def test_every_count_leads_to_that_many_lines(self, chef, whole):
        text = page(chef)
        links = re.findall(r'<a href="([^"]+)#linjer">([^<]+) \((\d+)\)</a>', text)
        assert [(label, int(count)) for _, label, count in links] == [
            ("kun afvigelser", 1),
            ("kun uforklarede afvigelser", 1),
            ("kun uafklaret ansvar", 2),
            ("kun uden kendt budget", 1),
        ]
        for url, _, count in links:
            shown = chef.get(html.unescape(url)).content.decode()
            assert line_count(shown) == int(count), url
            query = html.unescape(url).partition("?")[2]
            assert len(machine(chef, f"&{query}")) == int(count)

    @pytest.mark.parametrize(
        ("query", "codes"),
        [
            ("udbyder=KOMBIT", ["FKI", "SP", "FKOEKO"]),
            ("udbyder=KDS", ["DAF"]),
            ("platform=fki", ["FKI", "SP", "FKOEKO"]),
            ("finansiering=DA", ["FKI", "SP"]),
            ("type=operation", ["DAF", "FKOEKO"]),
            ("finansiering=DA&kun=afvigelser", ["SP"]),
            ("udbyder=KDS&finansiering=DA", []),
            ("udbyder=FINDESIKKE&platform=X&kun=%00&type=", ["FKI", "SP", "FKOEKO", "DAF"]),
        ],
    )
    def test_the_lines_are_narrowed_alike_on_the_page_and_in_the_file(self, chef, whole, query, codes):
        assert sorted(row["component"] for row in machine(chef, f"&{query}")) == sorted(codes)
        text = page(chef, f"?{query}")
        assert line_count(text) == len(codes)
        assert line_count(page(chef, f"?{query}&vis=linjer")) == len(codes)
        if not codes:
            assert "Ingen linjer passer til valget" in text

    def test_a_filter_that_means_nothing_says_so(self, chef, whole):
        assert "Udbyder: FINDESIKKE (kendes ikke)" in html.unescape(
            page(chef, "?udbyder=FINDESIKKE")
        ).replace("</span>", "")

    def test_sums_are_of_what_is_chosen(self, chef, whole):
        assert table(page(chef, "?finansiering=DA"))[-1][3:6] == ["1.200,00", "1.200,00", "950,25"]

    def test_too_many_lines_are_rolled_up_and_can_be_listed(self, chef, whole, monkeypatch):
        monkeypatch.setattr(overview, "MOST_ROWS", 3)
        monkeypatch.setattr(overview, "PAGE", 3)
        text = page(chef)
        assert line_count(text) == 0
        assert [row[0] for row in table(text)] == ["KOMBIT A/S", "Klimadatastyrelsen", "I alt"]
        assert table(text)[-1][3] == "1.250,00"
        assert "lagt sammen pr. udbyder" in text
        first, last = page(chef, "?vis=linjer"), page(chef, "?vis=linjer&page=2")
        assert (line_count(first), line_count(last)) == (3, 1)
        assert table(first)[-1][3] == "1.250,00"  # of all the lines, not of the page's
        assert line_count(page(chef, "?vis=linjer&page=-1")) in (1, 3)

    def test_a_draft_is_held_against_the_year_before(self, chef, whole):
        draft = BudgetYear.objects.create(year=2027)
        line(draft, "SP", "transaction", "DA", "210")
        line(draft, "FKI", "development", "pulje", "5")
        adjust(BudgetLine.objects.get(component__code="SP", year=whole), "-50")
        rows = {row[0]: row[3:] for row in table(page(chef, year=2027))}
        assert rows["Serviceplatformen transaktion"] == ["210", "210", "150", "+60", "+40,0 %"]
        assert rows["Udvikling"] == ["5", "5", "ikke kendt", "–", "–"]
        assert rows["I alt"] == ["215", "215", "150", "+60", "+40,0 %"]


class TestYears:
    def test_the_years_beside_each_other_reach_to_the_last_estimate(self, chef, whole):
        draft = BudgetYear.objects.create(year=2027)
        made = line(draft, "SP", "transaction", "DA", "210")
        for ahead, amount in ((1, "220"), (2, "230"), (3, None)):
            Estimate.objects.create(line=made, ahead=ahead, amount=amount and Decimal(amount))
        years = year_sums.around(year_sums.every(), 2026)
        assert [(one.year, one.state_name, one.revised) for one in years] == [
            (2026, "Godkendt", Decimal(1250)),
            (2027, "Kladde", Decimal(210)),
            (2028, "Overslag", Decimal(220)),
            (2029, "Overslag", Decimal(230)),
        ]
        assert years[0].forecast == Decimal(1279)
        text = page(chef)
        assert "Budget og forbrug 2026–2029" in text
        for amount in ("1.250,00", "990,25", "210,00", "230,00"):
            assert f"<strong>{amount}</strong>" in text or f">{amount}<" in text

    def test_without_any_known_amount_there_is_no_chart(self, chef):
        assert figures.development([], None) is None
        BudgetYear.objects.create(year=2026)
        assert "<figure" not in chef.get(reverse("budget-list")).content.decode()

    def test_the_chart_can_be_divided_by_who_pays(self, chef, whole):
        text = page(chef, "?opdel=finansiering")
        assert '<strong aria-current="true">finansiering</strong>' in text
        assert "Digitalisering og Arkitektur</th>" in text

    def test_a_components_own_years(self, whole):
        older = BudgetYear.objects.create(year=2025, state=YearState.CLOSED)
        line(older, "SP", "transaction", "DA", "190")
        years = year_sums.of_component(component("SP"))
        assert [(one.year, one.revised, one.actual) for one in years] == [
            (2025, Decimal(190), None),
            (2026, Decimal(200), Decimal("150.25")),
        ]
        assert year_sums.of_component(component("DAF"))[0].revised is None

    def test_the_short_answer_about_a_component_is_the_long_ones(self, whole):
        older = BudgetYear.objects.create(year=2025, state=YearState.CLOSED)
        line(older, "SP", "transaction", "DA", "190")
        line(older, "SP", "licence", "DA", None)
        found = BudgetLine.objects.get(component__code="SP", year=whole)
        for amount in ("10", "-2.50"):
            adjust(found, amount)
        adjust(found, "1000", AdjustmentState.PROPOSED)
        Actual.objects.create(year=whole, line=found, month=11, amount=Decimal("-0.25"))
        for code in ("SP", "DAF", "FKI"):
            short, long = year_sums.briefly(component(code)), year_sums.of_component(component(code))
            for mine, theirs in zip(short, long, strict=True):
                for name in ("year", "state", "lines", "unknown", "original", "revised", "actual", "planned"):
                    assert getattr(mine, name) == getattr(theirs, name), (code, name)
        assert year_sums.briefly(component("SP"))[-1].revised == Decimal("207.50")

    def test_the_list_of_years(self, chef, whole):
        text = words(chef.get(reverse("budget-list")))
        assert "Budget 2026 Godkendt" in text
        assert "1.250,00 1.250,00 990,25 79,2 %" in text

    @pytest.mark.parametrize(("group", "may"), [(FOI, True), (MANAGER, True), (ADMINISTRATOR, False)])
    def test_the_list_leads_to_a_new_year(self, client, whole, group, may):
        client.force_login(factories.user(group))
        page = client.get(reverse("budget-list")).content.decode()
        assert (f'href="{reverse("budget-year-create")}"' in page) == may

    def test_without_any_year_the_list_says_what_to_do(self, client):
        for group, told in (
            (FOI, "Opret det første budgetår"),
            (ADMINISTRATOR, "Når FOI-enheden har lagt budgetlinjer ind"),
        ):
            client.force_login(factories.user(group))
            text = words(client.get(reverse("budget-list")))
            assert "Der er ingen budgetår endnu" in text
            assert told in text

    def test_a_year_without_lines_says_what_to_do(self, chef):
        BudgetYear.objects.create(year=2026)
        assert "Året har ingen budgetlinjer endnu" in page(chef)
        assert machine(chef) == []
        for kind in ("xlsx", "pdf"):
            assert chef.get(reverse("budget-year", args=[2026]), {"_export": kind}).status_code in (200, 503)


class TestFinancing:
    def test_money_flows_to_the_providers_and_is_in_a_table_too(self, chef, whole):
        text = page(chef)
        money = text[text.index('id="finansiering"') :]
        assert money.count("<svg") == 2
        flat = " ".join(html.unescape(re.sub(r"<[^>]+>", " ", money)).split())
        assert "Digitalisering og Arkitektur 1.200 96,0 %" in flat
        assert "Forvaltning 50 4,0 %" in flat
        assert "KOMBIT A/S 1.200 50 1.250" in flat

    def test_of_one_provider_it_flows_to_the_platforms(self, chef, whole):
        text = page(chef, "?udbyder=KOMBIT")
        assert "Infrastrukturen" in text[text.index('id="finansiering"') :]

    def test_a_credit_is_in_the_table_only(self, chef, whole):
        BudgetLine.objects.filter(component__code="FKOEKO").update(original=-50)
        text = page(chef)
        assert "Beløb under 0 kan ikke tegnes" in text
        assert ">−50<" in text


class TestComponent:
    def test_a_platform_has_its_modules_and_a_module_its_platform(self, chef, whole):
        text = words(chef.get(reverse("budget-component", args=[2026, "SP"])))
        assert "Infrastrukturen Serviceplatformen" in text  # in the breadcrumbs
        assert "Økonomiintegrationer 50 40" in text
        assert "Komponenten og modulerne 250 190,25" in text

    def test_every_jump_leads_to_a_part_of_the_page(self, chef, whole):
        text = chef.get(reverse("budget-component", args=[2026, "SP"])).content.decode()
        jumps = text[text.index('aria-label="På siden"') :]
        targets = re.findall(r'href="#([^"]+)"', jumps[: jumps.index("</nav>")])
        parts = "moduler aendringer forbrug fordeling brugere gevinster aftaler budgetansvar aar"
        assert targets == parts.split()
        for target in targets:
            assert text.count(f'id="{target}"') == 1

    @pytest.mark.parametrize(
        ("group", "state", "word"),
        [
            (FOI, "draft", "ret linjen"),
            (FOI, "approved", "beskriv linjen"),
            (FOI, "closed", ""),
            (ADMINISTRATOR, "draft", ""),
        ],
    )
    def test_a_line_leads_to_its_form_and_its_history(self, client, whole, group, state, word):
        BudgetYear.objects.update(state=state)
        client.force_login(factories.user(group))
        text = client.get(reverse("budget-component", args=[2026, "SP"])).content.decode()
        line = BudgetLine.objects.get(component__code="SP")
        assert reverse("line-history", args=[2026, line.pk]) in text
        assert (reverse("line-update", args=[2026, line.pk]) in text) == bool(word)
        assert word in text
        assert (reverse("line-create", args=[2026]) in text) == (state == "draft" and group == FOI)

    def test_the_months_are_folded_under_their_sum(self, chef, whole):
        on = BudgetLine.objects.get(component__code="SP")
        Actual.objects.create(year=whole, line=on, month=11, amount=Decimal("9.75"))
        text = words(chef.get(reverse("budget-component", args=[2026, "SP"])))
        assert "160 kr. til og med november, heraf 9,75 kr. i november." in text

    def test_a_component_without_lines_says_so(self, chef, whole):
        factories.component(code="NY", name="Ny")
        text = words(chef.get(reverse("budget-component", args=[2026, "NY"])))
        assert "Komponenten har ingen budgetlinjer i 2026" in text

    def test_the_registrys_page_tells_its_budget_to_those_who_may_see_it(self, client, whole):
        url = reverse("component-detail", args=["SP"])
        told = f"{reverse('budget-component', args=[2026, 'SP'])}"
        for group in (FOI, MANAGER, ADMINISTRATOR):
            client.force_login(factories.user(group))
            text = client.get(url).content.decode()
            assert told in text
            assert "200 kr." in text
        for group in (READER, RESPONSIBLE):
            client.force_login(factories.user(group))
            text = client.get(url).content.decode()
            assert told not in text
            assert "200 kr." not in text


class TestRights:
    def test_readers_are_not_offered_budgets(self, client, year):
        client.force_login(factories.user(READER))
        assert reverse("budget-list") not in client.get(reverse("front")).content.decode()
        for kind in ("csv", "xlsx", "pdf", ""):
            url = reverse("budget-year", args=[2026])
            assert client.get(url, {"_export": kind}).status_code == 403

    @pytest.mark.parametrize(
        "where", ["/budget/2026/%00/", "/budget/2026/S%00P/", "/gevinster/mulige/%00/afvis/"]
    )
    def test_a_code_with_a_sign_that_no_code_has_is_not_found(self, chef, whole, where):
        """PostgreSQL cannot be asked for NUL."""
        assert chef.get(where).status_code == 404

    @pytest.mark.parametrize(
        "where",
        [
            "/opslag/budgetlinjer/?year=2026&q=%00",
            "/budget/2026/forbrug/?komponent=%00",
            "/budget/2026/forbrug/ny/?linje=%00",
            "/budget/2026/linjer/?q=%00&component=%00",
            "/budget/2026/forbrug/posteringer/?q=%00&component=%00",
            "/budget/2026/fordeling/?forvaltning=%00",
            "/budget/2026/?udbyder=%00&platform=%00&kun=%00",
            "/budget/ansvar/?q=%00&organisation=%00&within=%00",
            "/gevinster/?q=%00&asset=%00",
            "/gevinster/mulige/?asset=%00",
            "/gevinster/business-case/?q=%00",
            "/budget/priser/?q=%00&component=%00",
        ],
    )
    def test_nor_does_one_in_a_question_make_an_error(self, chef, whole, where):
        assert chef.get(where).status_code == 200

    def test_an_unknown_year_is_not_found(self, chef):
        for query in ("", "?_export=pdf"):
            assert chef.get(f"{reverse('budget-year', args=[2077])}{query}").status_code == 404


class TestKept:
    def test_what_was_added_up_is_kept_until_the_version_changes(self):
        asked = []

        def load():
            asked.append(1)
            return len(asked)

        assert kept.once((1,), "key", load) == kept.once((1,), "key", load) == 1
        assert kept.once((1,), "other", load) == 2
        assert kept.once((2,), "key", load) == 3
        assert kept.once((), "key", load) == 4  # in a transaction nothing is kept
        for number in range(kept.KEPT):
            kept.once((3,), number, load)
        assert kept.once((1,), "key", load) == len(asked) > 4 + kept.KEPT - 1

    @pytest.mark.django_db(transaction=True)
    def test_a_change_is_seen_at_once(self, client):
        year = year_2026()
        client.force_login(factories.user(MANAGER))
        assert "1.250,00" in page(client)
        with CaptureQueriesContext(connection) as asked:
            assert "1.250,00" in page(client)
        sums = [query["sql"] for query in asked if "SUM(" in query["sql"] and "version" not in query["sql"]]
        assert sums == []  # nothing is added up again
        BudgetLine.objects.filter(year=year, component__code="SP").update(original=Decimal("201.00"))
        assert table(page(client))[-1][3] == "1.251,00"
        Actual.objects.create(
            year=year, line=BudgetLine.objects.get(component__code="DAF"), month=1, amount=7
        )
        assert table(page(client))[-1][5] == "997,25"


def test_actuals_without_a_line_are_told_of_and_not_counted(chef, whole):
    Actual.objects.create(year=whole, month=3, amount=Decimal("12.50"))
    text = words(chef.get(reverse("budget-year", args=[2026])))
    assert "1 postering uden linje : 12,50 kr." in text
    assert picture.of(whole).sums.actual == Decimal("990.25")


def test_the_chain_of_a_component_ends_where_it_loops():
    places = {1: rollup.Place(1, "A", "A", 2, None), 2: rollup.Place(2, "B", "B", 1, None)}
    assert rollup.chain(1, places) == [1]
    assert rollup.chain(2, places) == [1, 2]  # seen from any of them, the same one is the top
