"""Assumptions by year: a table edited in one go, by two people at once, with bad input; and the table of them all."""

from __future__ import annotations

import csv
import datetime
import io
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from budgets.models import Assumption, AssumptionValue, BudgetYear, PriceModel
from foi_portal.core.models import Change
from foi_portal.core.permissions import MANAGER
from foi_portal.ui import formats
from tests import factories
from tests.registry.pages import Page, opened, words

pytestmark = pytest.mark.django_db

VALUES = reverse("assumption-values", args=["INDBYGGERE"])


@pytest.fixture
def foi() -> Client:
    return factories.client()


@pytest.fixture
def people() -> Assumption:
    """Counted in 2020, not known in 2021."""
    people = Assumption.objects.create(code="INDBYGGERE", name="Indbyggere", unit="indbyggere")
    people.values.create(year=2019, value=203_900, estimated=True)
    people.values.create(year=2020, value=204_700, source="Danmarks Statistik")
    people.values.create(year=2021, value=None)
    return people


@pytest.fixture
def index() -> Assumption:
    return Assumption.objects.create(code="PL", name="Pris- og lønskøn", unit="procent")


def field(row: AssumptionValue, name: str = "value") -> str:
    return f"d{row.pk}-{name}"


def of(people: Assumption, year: int) -> AssumptionValue:
    return people.values.get(year=year)


def refused(client: Client, url: str, data: dict[str, Any], *messages: str, status: int = 422) -> Any:
    before = (
        list(Assumption.objects.values()),
        list(AssumptionValue.objects.values()),
        Change.objects.count(),
    )
    response = client.post(url, data)
    assert response.status_code == status, words(response)
    for message in messages:
        assert message in words(response)
    after = (
        list(Assumption.objects.values()),
        list(AssumptionValue.objects.values()),
        Change.objects.count(),
    )
    assert after == before
    return response


class TestEditing:
    def test_all_in_one_go_are_one_change_set(self, foi: Client, people: Assumption):
        sent = opened(foi, VALUES)
        sent |= {field(of(people, 2019)): "203.950", field(of(people, 2020)): "", "reason": "Nye tal"}
        sent |= {"n0-year": "2028", "n0-value": "212.300", "n0-estimated": "True", "n0-source": "Prognose"}
        assert foi.post(VALUES, sent).status_code == 302
        found = people.values.order_by("year").values_list("year", "value", "estimated", "source")
        assert list(found) == [
            (2019, Decimal(203_950), True, ""),
            (2020, None, False, "Danmarks Statistik"),
            (2021, None, False, ""),
            (2028, Decimal(212_300), True, "Prognose"),
        ]
        assert Change.objects.filter(reason="Nye tal").values("change_set").distinct().count() == 1

    def test_an_untouched_page_changes_nothing(self, foi: Client, people: Assumption):
        assert "Ingen ændringer at gemme." in words(foi.post(VALUES, opened(foi, VALUES), follow=True))
        assert not AssumptionValue.objects.filter(version__gt=1).exists()

    def test_the_year_that_was_missing_stands_ready(self, foi: Client, people: Assumption):
        assert opened(foi, f"{VALUES}?aar=2027")["n0-year"] == "2027"
        assert opened(foi, f"{VALUES}?aar=2020")["n0-year"] == ""

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("mange", "2020, værdi: “mange” er ikke et tal"),
            ("-1", "2020, værdi: Antallet kan ikke være under 0."),
            ("204,700", "kan læses på to måder. Skriv 204.700"),
            ("9999999999999", "for stort"),
            ("1,23456", "flere end 4 decimaler"),
            ("3 %", "ikke et tal"),
        ],
    )
    def test_bad_numbers_are_refused_and_the_rest_kept(
        self, foi: Client, people: Assumption, text: str, said: str
    ):
        sent = opened(foi, VALUES)
        sent |= {field(of(people, 2020)): text, "n0-year": "2028", "n0-value": "212.300"}
        page = Page(refused(foi, VALUES, sent, "Intet er gemt. Ret 1 række", said)).edit["fields"]
        assert (page[field(of(people, 2020))], page["n0-value"]) == (text, "212.300")

    @pytest.mark.parametrize(
        ("rows", "said"),
        [
            ([("2020", "5")], "2020 står allerede i tabellen. Ret rækken i stedet."),
            ([("2021", "5")], "2021 står allerede i tabellen."),
            ([("2028", "5"), ("2028", "6")], "2028 står der to gange."),
            ([("2028", "")], "Skriv årets tal."),
            ([("", "5")], "Dette felt er påkrævet."),
            ([("28", "5")], "Skriv året med fire cifre"),
            ([("1999", "5")], "Året skal være mellem 2000 og 2100."),
        ],
    )
    def test_bad_years_are_refused(
        self, foi: Client, people: Assumption, rows: list[tuple[str, str]], said: str
    ):
        sent = opened(foi, VALUES)
        for number, (year, value) in enumerate(rows):
            source = "Kilde" if not (year and value) else ""
            sent |= {f"n{number}-year": year, f"n{number}-value": value, f"n{number}-source": source}
        refused(foi, VALUES, sent, said)

    @pytest.mark.parametrize(
        ("text", "value"), [("3,5 %", "3.5"), ("-0,5", "-0.5"), ("0", "0"), ("101", None), ("-101", None)]
    )
    def test_a_percentage_has_its_own_bounds(
        self, foi: Client, index: Assumption, text: str, value: str | None
    ):
        sent = {"n0-year": "2027", "n0-value": text, "n0-estimated": "True"}
        url = reverse("assumption-values", args=["PL"])
        if value is None:
            refused(foi, url, sent, "En procent skal være mellem −100 og 100.")
        else:
            assert foi.post(url, sent).status_code == 302
            assert index.values.get().value == Decimal(value)

    def test_an_archived_one_is_left_alone(self, foi: Client, people: Assumption):
        sent = opened(foi, VALUES) | {field(of(people, 2020)): "5"}
        foi.post(reverse("assumption-archive", args=["INDBYGGERE"]), {"version": "1", "reason": "Ophørt"})
        refused(foi, VALUES, sent, "er arkiveret. Gendan den først.", status=409)

    def test_more_rows_ask_no_more(self, foi: Client, people: Assumption):
        def queries() -> int:
            sent = opened(foi, VALUES)
            sent |= {field(row): str(row.year) for row in people.values.all()}
            with CaptureQueriesContext(
                connection,
            ) as captured:
                assert foi.post(VALUES, sent).status_code == 302
            return len(captured)

        few = queries()
        AssumptionValue.objects.bulk_create(
            AssumptionValue(assumption=people, year=year, value=1) for year in range(2022, 2090)
        )
        assert queries() == few


class TestTwoEditors:
    def test_different_years_do_not_clash(self, foi: Client, people: Assumption):
        helle = factories.client(MANAGER)
        mine, hers = opened(foi, VALUES), opened(helle, VALUES)
        assert helle.post(VALUES, hers | {field(of(people, 2019)): "1"}).status_code == 302
        assert foi.post(VALUES, mine | {field(of(people, 2020)): "2"}).status_code == 302
        assert [row.value for row in people.values.order_by("year")[:2]] == [1, 2]

    def test_the_same_year_is_asked_about_and_the_rest_travels_along(self, foi: Client, people: Assumption):
        helle = factories.client(MANAGER)
        mine, hers = opened(foi, VALUES), opened(helle, VALUES)
        assert helle.post(VALUES, hers | {field(of(people, 2020)): "204.701"}).status_code == 302
        mine |= {field(of(people, 2020)): "204.702", field(of(people, 2021)): "205.500"}
        mine |= {"n0-year": "2028", "n0-value": "212.300"}
        asked = foi.post(VALUES, mine)
        assert asked.status_code == 409
        for said in ("I har begge rettet tal for Indbyggere", "204.700", "204.701", "204.702"):
            assert said in words(asked)
        form = Page(asked).edit
        name = field(of(people, 2020))
        assert foi.post(VALUES, {**form["fields"], name: form["radios"][name][1]}).status_code == 302
        assert list(people.values.order_by("year").values_list("value", flat=True)) == [
            203_900,
            204_702,
            205_500,
            212_300,
        ]

    def test_both_added_the_same_year(self, foi: Client, people: Assumption):
        helle = factories.client(MANAGER)
        mine, hers = opened(foi, VALUES), opened(helle, VALUES)
        added = {"n0-year": "2028", "n0-value": "212.300", "n0-estimated": "True"}
        assert helle.post(VALUES, hers | added).status_code == 302
        refused(foi, VALUES, mine | added, "2028 står allerede i tabellen.")


class TestForm:
    def test_pl_is_a_percentage(self, foi: Client):
        data = {"name": "Pris- og lønskøn", "code": "pl", "unit": "kroner"}
        refused(foi, reverse("assumption-create"), data, "PL er en procent. Skriv procent.")
        assert foi.post(reverse("assumption-create"), {**data, "unit": "procent"}).status_code == 302

    def test_a_quantity_with_prices_does_not_become_a_percentage(self, foi: Client, people: Assumption):
        PriceModel.objects.create(code="X", name="X", kind="user", assumption=people)
        url = reverse("assumption-update", args=["INDBYGGERE"])
        refused(foi, url, opened(foi, url) | {"unit": "%"}, "Priser ganges med forudsætningen")

    def test_a_code_is_used_once(self, foi: Client, people: Assumption):
        data = {"name": "Borgere", "code": "indbyggere", "unit": "borgere"}
        refused(foi, reverse("assumption-create"), data, "Koden bruges allerede.")


class TestReading:
    def test_the_list_shows_the_year_asked_about(self, foi: Client, people: Assumption):
        page = words(foi.get(reverse("assumption-list"), {"year": "2019"}))
        assert "203.900 (skønnet) indbyggere" in page
        assert "passer til filteret" in words(foi.get(reverse("assumption-list"), {"year": "2021"}))

    def test_the_page_shows_rises_sources_and_what_is_not_known(self, foi: Client, people: Assumption):
        page = words(foi.get(people.get_absolute_url()))
        assert "2020 204.700 +0,4 % Offentliggjort Danmarks Statistik" in page
        assert "2021 ikke kendt" in page

    def test_the_table_has_the_budget_years_of_which_nothing_is_known(
        self, foi: Client, people: Assumption, index: Assumption
    ):
        BudgetYear.objects.create(year=2031)
        page = words(foi.get(reverse("assumption-table")))
        assert "2019 skønnet 203.900 ikke kendt" in page
        assert "2031 ikke kendt ikke kendt" in page

    def test_the_table_as_csv(self, foi: Client, people: Assumption):
        answer = foi.get(reverse("assumption-table"), {"_export": "csv"})
        rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
        assert [(row["assumption"], row["year"], row["value"], row["estimated"]) for row in rows] == [
            ("INDBYGGERE", "2019", "203900", "yes"),
            ("INDBYGGERE", "2020", "204700", "no"),
        ]

    def test_the_history_has_the_values(self, foi: Client, people: Assumption):
        foi.post(VALUES, opened(foi, VALUES) | {field(of(people, 2020)): "204.800,5", "reason": "Rettet"})
        page = words(foi.get(reverse("assumption-history", args=["INDBYGGERE"])))
        assert "204.700 204.800,5" in page


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (Decimal("204700.0000"), "204.700"),
        (Decimal("2.9000"), "2,9"),
        (Decimal("0.1875"), "0,1875"),
        (Decimal("0.0000"), "0"),
        (Decimal("-10.0000"), "-10"),
        (Decimal("100.00"), "100,00"),
        (Decimal("1E+3"), "1.000"),
        (204700, "204.700"),
        (datetime.date(2026, 1, 2), "2. jan. 2026"),
    ],
)
def test_numbers_are_shown_without_needless_zeros(value: Any, said: str):
    assert formats.plain(value) == said
