"""«Hvad nu hvis»: the year and its overslagsår with other assumptions, everything in the address and nothing saved."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from budgets import scenarios
from budgets.models import Assumption, BudgetLine, BudgetYear, Estimate, PriceModel
from budgets.prices import Period, Step, read_steps
from budgets.scenarios import BadChange, Cell, Change, Priced
from foi_portal.core.models import Change as Recorded
from tests import factories
from tests.budgets.test_prices import tariffs
from tests.registry.pages import words

URL = "/budget/2027/hvad-nu-hvis/"
FKI = read_steps([["0", "25.00"], ["150000", "12.50"]])
amounts = st.decimals(min_value=0, max_value=10**8, places=2)


def decimals(*values: Any) -> list[Decimal | None]:
    return [None if value is None else Decimal(value) for value in values]


class TestReadingChanges:
    @pytest.mark.parametrize(
        ("text", "rate", "change"),
        [
            ("+2 %", False, Change(percent=Decimal(2))),
            ("2%", False, Change(percent=Decimal(2))),
            ("−10 %", False, Change(percent=Decimal(-10))),
            ("-10,5%", False, Change(percent=Decimal("-10.5"))),
            ("215.000", False, Change(number=Decimal(215_000))),
            ("0", False, Change(number=Decimal(0))),
            ("3,5 %", True, Change(number=Decimal("3.5"))),
            ("3,5", True, Change(number=Decimal("3.5"))),
            ("-1", True, Change(number=Decimal(-1))),
            ("", False, None),
            ("   ", True, None),
        ],
    )
    def test_are_what_people_write(self, text: str, rate: bool, change: Change | None):
        assert scenarios.read_change(text, rate=rate) == change

    @pytest.mark.parametrize(
        ("text", "rate", "said"),
        [
            ("to procent", False, "ikke et tal"),
            ("%", False, "Skriv et tal foran procenttegnet"),
            ("-101 %", False, "mere end 100 %"),
            ("1001 %", False, "for stort"),
            ("9999999999999", False, "for stort"),
            ("+500", False, "Skriv ændringen i procent"),
            ("-500", False, "Skriv ændringen i procent"),
            ("204,700", False, "to måder"),
            ("+0,5 %", True, "uden plus"),
            ("101", True, "mellem −100 og 100"),
        ],
    )
    def test_that_are_none_say_why(self, text: str, rate: bool, said: str):
        with pytest.raises(BadChange, match=said):
            scenarios.read_change(text, rate=rate)

    @given(st.text(max_size=12), st.booleans())
    def test_any_text_is_a_change_or_refused(self, text: str, rate: bool):
        try:
            scenarios.read_change(text, rate=rate)
        except BadChange:
            return


class TestAssumptions:
    values = decimals(211_500, 212_300, None, 213_900)

    def test_a_change_happens_once_and_stays(self):
        found = scenarios.changed(self.values, Change(percent=Decimal(2)), every_year=False)
        assert found == decimals(215_730, 216_546, None, 218_178)

    def test_or_comes_again_every_year(self):
        found = scenarios.changed(self.values, Change(percent=Decimal(2)), every_year=True)
        assert found == decimals(215_730, 220_877, None, 231_532)  # whole people

    def test_a_number_is_the_years_own_and_the_rest_follow(self):
        found = scenarios.changed(self.values, Change(number=Decimal(423_000)), every_year=False)
        assert found == decimals(423_000, 424_600, None, 427_800)

    def test_a_number_stands_alone_when_the_year_is_not_known(self):
        found = scenarios.changed(decimals(None, None, 5, 5), Change(number=Decimal(7)), every_year=True)
        assert found == decimals(7, 7, 7, 7)

    def test_pl_moves_the_level_of_the_years_after_too(self):
        once = scenarios.index_factors(decimals(3, 3, 3, None), Decimal("3.5"), every_year=False)
        assert once == [Decimal("103.5") / 103] * 4
        each = scenarios.index_factors(decimals(3, 3, None, 3), Decimal(3), every_year=True)
        assert each == decimals(1, 1, None, None)

    def test_the_last_known_stands_in_after_the_budget_year_only(self):
        years = [2027, 2028, 2029, 2030]
        known = {2026: Decimal(1), 2028: Decimal(2)}
        assert scenarios.carried(known, years) == decimals(None, 2, 2, 2)
        periods = [Period(2026, 2026, (Step(Decimal(0), Decimal(1)),)), Period(2028, 2028, FKI)]
        assert scenarios.carried_steps(periods, years) == [None, FKI, FKI, FKI]


def priced(steps: Sequence[Step], before: Any, after: Any) -> Priced:
    return Priced([tuple(steps)] * 4, [before] * 4, [after] * 4, "")


class TestCells:
    def test_the_budget_year_is_computed_and_the_rest_follows_in_per_cent(self):
        given_ = priced(FKI, Decimal(211_500), Decimal(215_730))
        cells = scenarios.repriced(decimals("4518750", "9037500", None, "0"), given_)
        assert [cell.amount for cell in cells] == decimals("4571625.00", "9143250.00", None, "0")
        assert [cell.difference for cell in cells] == decimals("52875.00", "105750.00", None, "0")

    def test_what_was_not_computed_anew_is_told_apart(self):
        (cell, *_) = scenarios.repriced(
            decimals("4518800", None, None, None), priced(FKI, Decimal(211_500), Decimal(215_730))
        )
        assert (cell.difference, cell.stale) == (Decimal("52825.00"), Decimal("-50.00"))

    @pytest.mark.parametrize(
        ("given_", "fault"),
        [
            (Priced([None] * 4, [Decimal(1)] * 4, [Decimal(2)] * 4, ""), "Prisen er ikke kendt."),
            (priced(FKI, None, None), "Forudsætningen er ikke kendt."),
            (priced(FKI, Decimal(1), Decimal(10**12)), "Beløbet bliver for stort til et budget."),
        ],
    )
    def test_what_cannot_be_computed_stands_as_it_was_and_says_so(self, given_: Priced, fault: str):
        cells = scenarios.repriced(decimals(5, 6, 7, 8), given_)
        assert [cell.amount for cell in cells] == decimals(5, 6, 7, 8)
        assert all(cell.fault.startswith(fault) for cell in cells)

    def test_a_number_for_what_was_not_known_gives_the_year_and_no_more(self):
        cells = scenarios.repriced(decimals(None, 6, None, 8), priced(FKI, None, Decimal(10)))
        assert [(cell.amount, cell.difference) for cell in cells] == [
            (Decimal(250), None),
            (Decimal(6), Decimal(0)),
            (None, None),
            (Decimal(8), Decimal(0)),
        ]

    def test_pl_moves_what_is_known(self):
        factors = [Decimal("103.5") / 103, Decimal("1E+20"), None, Decimal(1)]
        cells = scenarios.indexed(decimals(1030, 5, 6, None), factors, "PL")
        assert [(cell.amount, cell.fault[:14]) for cell in cells] == [
            (Decimal(1035), ""),
            (Decimal(5), "Beløbet bliver"),
            (Decimal(6), "PL er ikke ken"),
            (None, ""),
        ]

    @given(tariffs(), st.lists(amounts, min_size=4, max_size=4), st.integers(1, 500), st.booleans())
    def test_no_change_changes_nothing(
        self, steps: tuple[Step, ...], budget: list[Decimal], quantity: int, every_year: bool
    ):
        values: list[Decimal | None] = [Decimal(quantity)] * 4
        same = scenarios.changed(values, Change(percent=Decimal(0)), every_year=every_year)
        assert same == values
        cells = scenarios.repriced(budget, Priced([steps] * 4, values, same, ""))
        assert cells[0].difference == cells[0].stale
        assert [cell.difference for cell in cells[1:]] == [0, 0, 0]

    @given(st.lists(st.tuples(st.none() | amounts, st.none() | amounts), max_size=8))
    def test_the_total_is_the_sum_of_the_lines(self, drawn: list[Any]):
        cells = [Cell(budget, amount) for budget, amount in drawn]
        found = scenarios.total(cells)
        assert found.difference == sum(
            (cell.difference for cell in cells if cell.difference is not None), Decimal(0)
        )
        assert found.unknown == sum(cell.difference is None for cell in cells)


@pytest.fixture
def foi() -> Client:
    return factories.client()


@pytest.fixture
def year() -> BudgetYear:
    """FKI computed from inhabitants, letters from volumes, and one line without a price; estimates for FKI alone."""
    year = BudgetYear.objects.create(year=2027)
    people = Assumption.objects.create(code="INDBYGGERE", name="Indbyggere", unit="indbyggere")
    people.values.create(year=2027, value=211_500)
    letters = Assumption.objects.create(code="BREVE", name="Fysiske breve", unit="breve")
    letters.values.create(year=2027, value=1000)
    index = Assumption.objects.create(code="PL", name="Pris- og lønskøn", unit="procent")
    index.values.create(year=2027, value=3)
    fki = PriceModel.objects.create(
        code="FKI-PRIS", name="Infrastrukturpris", kind="inhabitant_tiered", assumption=people
    )
    fki.prices.create(since=2020, steps=[["0", "25"], ["150000", "12.5"]])
    post = PriceModel.objects.create(code="POST", name="Porto", kind="transaction", assumption=letters)
    post.prices.create(since=2027, until=2027, steps=[["0", "10"]])
    for code, model, original in (("FKI", fki, 4_518_750), ("POST", post, 10_000), ("DAF", None, 1_030)):
        line = BudgetLine.objects.create(
            year=year,
            component=factories.component(code=code, name=code),
            cost_type="operation",
            price_model=model,
            original=original,
        )
        if code == "FKI":
            Estimate.objects.bulk_create(
                Estimate(line=line, ahead=ahead, amount=4_518_750) for ahead in (1, 2)
            )
    return year


@pytest.mark.django_db
class TestPage:
    def rows(self, client: Client, **query: str) -> list[dict[str, str]]:
        answer = client.get(URL, {**query, "_export": "csv"})
        return list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))

    def test_the_population_grows_two_per_cent_in_one_click(self, foi: Client, year: BudgetYear):
        page = foi.get(URL)
        assert "Befolkningen vokser 2 %" in words(page)
        assert f'href="{URL}?INDBYGGERE=%2B2+%25"' in page.content.decode()
        answer = words(foi.get(f"{URL}?INDBYGGERE=%2B2+%25"))
        assert "150.000 × 25,00 + 65.730 × 12,50 (indbyggere) = 4.571.625,00" in answer
        assert "4.518.750 4.571.625 +52.875" in answer
        assert "4.529.780 4.582.655 +52.875 +1,2 %" in answer

    def test_the_other_examples_are_there_too(self, foi: Client, year: BudgetYear):
        page = words(foi.get(URL))
        assert "Transaktionerne falder 10 %" in page
        assert "PL bliver 4,0 %" in page

    def test_nothing_is_saved(self, foi: Client, year: BudgetYear):
        before = (list(BudgetLine.objects.values()), Recorded.objects.count())
        foi.get(f"{URL}?INDBYGGERE=%2B2+%25&PL=3,5+%25&BREVE=0")
        assert foi.post(URL, {"INDBYGGERE": "+2 %"}).status_code == 405
        assert (list(BudgetLine.objects.values()), Recorded.objects.count()) == before

    def test_everything_is_in_the_address_and_comes_out_as_csv(self, foi: Client, year: BudgetYear):
        rows = self.rows(foi, INDBYGGERE="+2 %", BREVE="−10 %", PL="3,5 %", hvert="1")
        assert [row["year"] for row in rows] == [str(2027 + ahead) for ahead in range(4) for _ in range(3)]
        found = {
            (row["component"], row["year"]): (row["budget"], row["scenario"], row["difference"])
            for row in rows
        }
        assert found["FKI", "2027"] == ("4518750.00", "4571625.00", "52875.00")
        # 211.500 × 1,02² is 220.045 people: 3.750.000 + 70.045 × 12,50
        assert found["FKI", "2028"] == ("4518750.00", "4625562.50", "106812.50")
        assert found["FKI", "2030"] == ("", "", "")
        assert found["POST", "2027"] == ("10000.00", "9000.00", "-1000.00")
        assert found["DAF", "2027"] == ("1030.00", "1035.00", "5.00")

    def test_numbers_are_numbers_in_excel(self, foi: Client, year: BudgetYear):
        answer = foi.get(URL, {"BREVE": "-10 %", "_export": "xlsx"})
        rows = list(load_workbook(io.BytesIO(answer.getvalue())).active.values)
        (found,) = [row for row in rows if row[1] == "POST" and row[0] == 2027]
        assert found[5:8] == (10_000, 9_000, -1_000)

    def test_only_what_changes_is_listed_until_all_is_asked_for(self, foi: Client, year: BudgetYear):
        some = words(foi.get(URL, {"BREVE": "-10 %"}))
        assert "Øvrige linjer: 2 Uændret 4.519.780 4.519.780 0" in some
        everything = words(foi.get(URL, {"BREVE": "-10 %", "linjer": "alle"}))
        assert "Øvrige linjer" not in everything
        assert "DAF Drift, Digitalisering og Arkitektur – 1.030 1.030 0" in everything

    def test_a_year_ahead_can_be_read_line_by_line(self, foi: Client, year: BudgetYear):
        page = words(foi.get(URL, {"INDBYGGERE": "+2 %", "vis": "2028"}))
        assert "Linje for linje, 2028" in page
        assert "Overslaget ændres med samme procent." in page
        assert "2 linjer uden kendt overslag tæller ikke med." in page

    def test_what_is_stale_is_told_apart(self, foi: Client, year: BudgetYear):
        BudgetLine.objects.filter(component__code="FKI").update(original=4_518_800)
        page = words(foi.get(URL, {"INDBYGGERE": "+2 %"}))
        assert "Det er −50 kr. af forskellen." in page
        assert "af forskellen" not in words(foi.get(URL, {"BREVE": "-10 %"}))

    def test_what_cannot_be_computed_stands_as_it_was(self, foi: Client, year: BudgetYear):
        PriceModel.objects.get(code="POST").prices.update(since=2026, until=2026)
        page = words(foi.get(URL, {"BREVE": "-10 %"}))
        assert "Uændret Prisen er ikke kendt." in page
        assert "1 linje, som ændringen vedrører, kunne ikke regnes og står uændret." in page

    def test_bad_text_is_told_at_its_field_and_changes_nothing(self, foi: Client, year: BudgetYear):
        page = foi.get(URL, {"INDBYGGERE": "to procent", "KUNDER": "5"})
        assert "“to procent” er ikke et tal" in words(page)
        assert 'value="to procent"' in page.content.decode()
        assert "«KUNDER» er ikke en forudsætning, årets linjer regnes med" in words(page)
        assert "Alle linjer: 3 Uændret" in words(page)

    @pytest.mark.parametrize(
        "query", ["vis=x", "vis=1999", "linjer=x", "hvert=", "%00=1", "indbyggere=5", "PL=%00"]
    )
    def test_odd_addresses_do_no_harm(self, foi: Client, year: BudgetYear, query: str):
        assert foi.get(f"{URL}?{query}").status_code == 200

    def test_a_year_with_nothing_to_ask_about_says_what_to_do(self, foi: Client):
        BudgetYear.objects.create(year=2027)
        assert "Opret forudsætninger og priser" in words(foi.get(URL))
