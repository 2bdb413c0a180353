"""The price catalogue: found, read, corrected by two people at once, archived; bad input loses nothing."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from budgets import prices
from budgets.models import Assumption, BudgetLine, BudgetYear, Price, PriceModel
from foi_portal.core.models import Change
from foi_portal.core.permissions import ADMINISTRATOR, FOI, MANAGER, READER, RESPONSIBLE
from tests import factories
from tests.registry.pages import opened, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def foi() -> Client:
    return factories.client()


@pytest.fixture
def people() -> Assumption:
    return Assumption.objects.create(code="INDBYGGERE", name="Indbyggere", unit="indbyggere")


@pytest.fixture
def fki(people: Assumption) -> PriceModel:
    """25 kr., and half of that above 150,000, since 2020."""
    component = factories.component(code="FKI", name="Infrastrukturen")
    model = PriceModel.objects.create(
        code="FKI-PRIS",
        name="Infrastrukturpris",
        kind="inhabitant_tiered",
        assumption=people,
        component=component,
    )
    model.prices.create(since=2020, steps=[["0", "25.00"], ["150000", "12.50"]], source="KOMBIT")
    return model


@pytest.fixture
def buffet(people: Assumption) -> PriceModel:
    model = PriceModel.objects.create(
        code="BUFFET", name="Buffetpris", kind="inhabitant_flat", assumption=people
    )
    for year, unit in ((2019, "1.94"), (2020, "2.79")):
        model.prices.create(since=year, until=year, steps=[["0", unit]], estimated=year == 2019)
    return model


def line(model: PriceModel, year: int, **values: Any) -> BudgetLine:
    """A licence line that is computed with the model."""
    values |= {"component_id": model.component_id, "price_model": model, "cost_type": "licence"}
    return BudgetLine.objects.create(year=BudgetYear.objects.create(year=year), **values)


def steps(*pairs: tuple[str, str]) -> dict[str, str]:
    """The rows of a price form."""
    return {
        f"steps-{number}-{part}": text
        for number, pair in enumerate(pairs)
        for part, text in zip(("above", "unit"), pair, strict=True)
    }


def refused(client: Client, url: str, data: dict[str, Any], *messages: str, status: int = 422) -> Any:
    """The answer says each message, and no price has changed."""
    before = (list(PriceModel.objects.values()), list(Price.objects.values()), Change.objects.count())
    response = client.post(url, data)
    assert response.status_code == status, words(response)
    for message in messages:
        assert message in words(response)
    assert (list(PriceModel.objects.values()), list(Price.objects.values()), Change.objects.count()) == before
    return response


class TestList:
    url = "/budget/priser/"

    def test_shows_the_price_of_the_year_asked_about(self, foi: Client, fki: PriceModel, buffet: PriceModel):
        page = words(foi.get(self.url, {"year": "2020"}))
        assert "25,00 kr. pr. indbygger for de første 150.000, 12,50 kr. for resten" in page
        assert "2,79 kr. pr. indbygger" in page
        page = words(foi.get(self.url, {"year": "2019"}))
        assert "1,94 kr. pr. indbygger (skønnet)" in page
        assert "Infrastrukturpris" not in page

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ({"kind": "inhabitant_flat"}, ["BUFFET"]),
            ({"component": "FKI"}, ["FKI-PRIS"]),
            ({"component": "findes ikke"}, []),
            ({"year": "2019"}, ["BUFFET"]),
            ({"year": "2018"}, []),
            ({"year": "snart"}, ["BUFFET", "FKI-PRIS"]),
            ({"q": "buffet"}, ["BUFFET"]),
            ({"archived": "ja"}, []),
            ({"sort": "-price", "year": "2020"}, ["FKI-PRIS", "BUFFET"]),
            ({"sort": "price", "year": "2020"}, ["BUFFET", "FKI-PRIS"]),
        ],
    )
    def test_finds_and_sorts(self, foi: Client, fki: PriceModel, buffet: PriceModel, query: Any, found: Any):
        answer = foi.get(self.url, {**query, "_export": "csv"})
        rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
        assert [row["code"] for row in rows] == found

    def test_exports_the_price_in_words_and_the_number_alone(self, foi: Client, fki: PriceModel):
        query = {"_export": "csv", "year": "2020", "col": ["price", "unit_price", "since", "component"]}
        answer = foi.get(self.url, query)
        rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
        assert rows[0]["price"] == "25,00 kr. for de første 150.000, 12,50 kr. for resten"
        assert (float(rows[0]["unit_price"]), rows[0]["since"]) == (25.0, "2020")

    def test_says_what_to_do_when_there_is_nothing(self, foi: Client):
        assert "Opret den første række" in words(foi.get(self.url))


class TestDetail:
    def test_shows_prices_what_they_give_and_where(self, foi: Client, fki: PriceModel, people: Assumption):
        people.values.create(year=2020, value=204_700)
        line(fki, 2020, original=100)
        page = words(foi.get(fki.get_absolute_url()))
        assert "2020 og frem" in page
        assert "150.000 × 25,00 + 54.700 × 12,50 (indbyggere) = 4.433.750,00" in page
        assert "Budgetlinjer, der regnes med prisen: 1" in page

    def test_says_per_year_what_is_missing_and_where_it_is_mended(self, foi: Client, fki: PriceModel):
        line(fki, 2021)
        response = foi.get(fki.get_absolute_url())
        assert "Kan ikke regnes «Indbyggere» er ikke skrevet for 2021." in words(response)
        assert reverse("assumption-values", args=["INDBYGGERE"]) + "?aar=2021" in response.content.decode()

    def test_tells_how_the_price_has_moved(self, foi: Client, buffet: PriceModel):
        assert "2,79 kr. pr. indbygger +43,8 %" in words(foi.get(buffet.get_absolute_url()))


class TestModelForm:
    url = "/budget/priser/ny/"

    def test_makes_each_kind(self, foi: Client, people: Assumption):
        factories.component(code="SP", name="Serviceplatformen")
        for kind in ("fixed", "inhabitant_tiered", "inhabitant_flat", "transaction", "hour", "user"):
            data = {"name": kind, "code": kind.replace("_", "-"), "kind": kind, "component": "SP"}
            data |= {} if kind == "fixed" else {"assumption": str(people.pk)}
            assert foi.post(self.url, data).status_code == 302, kind
        assert PriceModel.objects.filter(component__code="SP").count() == 6

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            ({"kind": "hour"}, "Vælg det, prisen ganges med."),
            ({"kind": "fixed", "assumption": "INDBYGGERE"}, "Et fast beløb ganges ikke med noget."),
            ({"kind": "user", "assumption": "PL"}, "er en procent"),
            ({"kind": "gratis"}, "gratis"),
            ({"kind": "fixed", "code": "to ord"}, "Koden må kun"),
            ({"kind": "fixed", "source": "javascript:alert(1)"}, "Adressen skal begynde med"),
            ({"kind": "fixed", "component": "FINDES-IKKE"}, "findes ikke"),
            ({"kind": "fixed", "code": "BUFFET"}, "Koden bruges allerede."),
        ],
    )
    def test_refuses(self, foi: Client, buffet: PriceModel, data: dict[str, str], said: str):
        index = Assumption.objects.create(code="PL", name="Pris- og lønskøn", unit="procent")
        keys = {"INDBYGGERE": buffet.assumption_id, "PL": index.pk}
        data = {"name": "Pris", "code": "NY", **data}
        if "assumption" in data:
            data["assumption"] = str(keys[data["assumption"]])
        refused(foi, self.url, data, said)

    def test_a_price_with_steps_cannot_become_one_without(self, foi: Client, fki: PriceModel):
        url = reverse("price-update", args=["FKI-PRIS"])
        data = {**opened(foi, url), "kind": "inhabitant_flat"}
        refused(foi, url, data, "Den slags har ingen trin, men det har prisen fra 2020. Ret den først.")

    def test_the_database_keeps_the_rule_too(self, people: Assumption):
        with pytest.raises(IntegrityError), transaction.atomic():
            PriceModel.objects.create(code="X", name="X", kind="user")
        with pytest.raises(IntegrityError), transaction.atomic():
            PriceModel.objects.create(code="X", name="X", kind="fixed", assumption=people)


class TestPriceForm:
    def test_a_new_price_begins_as_the_last_one(self, foi: Client, fki: PriceModel):
        fields = opened(foi, reverse("price-year-create", args=["FKI-PRIS"]))
        assert fields["since"] == "2021"
        assert [fields[f"steps-{n}-{part}"] for n in (0, 1) for part in ("above", "unit")] == [
            "0",
            "25,00",
            "150.000",
            "12,50",
        ]

    def test_a_yearly_price_ends_with_its_year(self, foi: Client, buffet: PriceModel):
        fields = opened(foi, reverse("price-year-create", args=["BUFFET"]) + "?since=2024")
        assert (fields["since"], fields["until"], fields["steps-0-unit"]) == ("2024", "2024", "2,79")

    def test_is_added_with_steps(self, foi: Client, fki: PriceModel):
        data = {"since": "2028", "estimated": "True", "source": "Skøn"}
        data |= steps(("0", "26"), ("150.000", "13,25"), ("", ""), ("", ""))
        response = foi.post(reverse("price-year-create", args=["FKI-PRIS"]), data, follow=True)
        assert "26,00 kr. pr. indbygger for de første 150.000, 13,25 kr. for resten" in words(response)
        made = Price.objects.get(since=2028)
        assert made.steps == prices.Steps([["0", "26.00"], ["150000", "13.25"]])
        assert (made.estimated, made.until, made.source) == (True, None, "Skøn")

    @pytest.mark.parametrize(
        ("data", "said"),
        [
            (steps(("0", "")), "Skriv prisen."),
            (steps(("0", "gratis")), "“gratis” er ikke et tal"),
            (steps(("0", "-5")), "Hverken antal eller pris kan være under 0."),
            (steps(("0", "1,234")), "kan læses på to måder"),
            (steps(("0", "0,12345")), "flere end 4 decimaler"),
            (steps(("0", "99999999999")), "for stort"),
            (steps(("10", "5")), "Det første trin begynder ved 0."),
            (steps(("0", "25"), ("150.000", "")), "Trin 2: Skriv både antal og pris."),
            (steps(("0", "25"), ("", "12")), "Trin 2: Skriv både antal og pris."),
            (steps(("0", "25"), ("0", "12")), "stigende orden"),
            (steps(("0", "25"), ("mange", "12")), "Trin 2: “mange” er ikke et tal"),
            ({"since": "næste år"}, "Skriv året med fire cifre, fx 2027."),
            ({"since": "1999"}, "Året skal være mellem 2000 og 2100."),
            ({"since": ""}, "Dette felt er påkrævet."),
            ({"since": "2020"}, "Der er allerede en pris fra det år. Ret den i stedet."),
            ({"until": "2020"}, "Slutåret kan ikke ligge før startåret."),
            ({"estimated": "måske"}, "måske"),
        ],
    )
    def test_refuses_and_keeps_what_was_typed(
        self, foi: Client, fki: PriceModel, data: dict[str, str], said: str
    ):
        sent = {"since": "2030", "estimated": "False", "source": "Mail", **steps(("0", "25")), **data}
        response = refused(foi, reverse("price-year-create", args=["FKI-PRIS"]), sent, said)
        page = response.content.decode()
        assert 'value="Mail"' in page
        for name, value in data.items():
            if name.startswith("steps") and value:
                assert f'name="{name}" value="{value}"' in page

    def test_a_flat_price_has_no_steps(self, foi: Client, buffet: PriceModel):
        data = {"since": "2030", "estimated": "False", **steps(("0", "25"), ("9", "2"))}
        refused(foi, reverse("price-year-create", args=["BUFFET"]), data, "har ingen trin")

    @pytest.mark.parametrize("kind", ["transaction", "hour", "user"])
    def test_other_volumes_may_have_steps(self, foi: Client, people: Assumption, kind: str):
        PriceModel.objects.create(code="MITID", name="MitID", kind=kind, assumption=people)
        data = {"since": "2026", "estimated": "False", **steps(("0", "0"), ("3", "20"))}
        assert foi.post(reverse("price-year-create", args=["MITID"]), data).status_code == 302

    def test_an_archived_model_gets_no_new_price(self, foi: Client, fki: PriceModel):
        foi.post(reverse("price-archive", args=["FKI-PRIS"]), {"version": "1", "reason": "Ophørt"})
        data = {"since": "2030", "estimated": "False", **steps(("0", "25"))}
        refused(foi, reverse("price-year-create", args=["FKI-PRIS"]), data, "er arkiveret. Gendan den først.")

    def test_a_price_is_only_found_under_its_own_model(
        self, foi: Client, fki: PriceModel, buffet: PriceModel
    ):
        price = fki.prices.get()
        assert foi.get(reverse("price-year-update", args=["BUFFET", price.pk])).status_code == 404

    def test_an_untouched_form_changes_nothing(self, foi: Client, fki: PriceModel):
        url = reverse("price-year-update", args=["FKI-PRIS", fki.prices.get().pk])
        assert "Ingen ændringer at gemme." in words(foi.post(url, opened(foi, url), follow=True))


class TestTwoEditors:
    def test_the_second_is_asked_and_steps_survive_the_conflict(self, foi: Client, fki: PriceModel):
        helle = factories.client(MANAGER)
        url = reverse("price-year-update", args=["FKI-PRIS", fki.prices.get().pk])
        mine, hers = opened(foi, url), opened(helle, url)
        assert helle.post(url, {**hers, **steps(("0", "26,00"), ("150.000", "13"))}).status_code == 302
        asked = foi.post(url, {**mine, **steps(("0", "27,00"), ("150.000", "13")), "source": "KL"})
        assert asked.status_code == 409
        for said in ("25,00 kr. for de første 150.000", "26,00 kr.", "27,00 kr."):
            assert said in words(asked)
        fields = opened_conflict(asked, "steps", 1)
        assert foi.post(url, fields).status_code == 302
        now = fki.prices.get()
        assert now.steps == prices.Steps([["0", "27.00"], ["150000", "13.00"]])
        assert now.source == "KL"

    def test_odd_text_in_the_hidden_field_is_no_price(self, foi: Client, fki: PriceModel):
        url = reverse("price-year-update", args=["FKI-PRIS", fki.prices.get().pk])
        fields = {k: v for k, v in opened(foi, url).items() if not k.startswith("steps")}
        for odd in ("", "{", '"x"', "[1]", '[["0"]]', '[["0", 5]]'):
            refused(foi, url, {**fields, "steps": odd}, "Skriv prisen.")


def opened_conflict(response: Any, field: str, choice: int) -> dict[str, str]:
    """The conflict page's form with theirs (0) or mine (1) chosen for the field."""
    from tests.registry.pages import Page

    form = Page(response).edit
    return {**form["fields"], field: form["radios"][field][choice]}


class TestArchiving:
    def test_a_price_written_by_mistake_goes_and_comes_back(self, foi: Client, fki: PriceModel):
        price = fki.prices.create(since=2030, steps=[["0", "1"]])
        url = reverse("price-year-archive", args=["FKI-PRIS", price.pk])
        assert foi.post(url, {"version": "1", "reason": "Forkert år"}).status_code == 302
        page = words(foi.get(fki.get_absolute_url()))
        assert "Arkiverede priser (1)" in page
        assert "Forkert år" in page
        assert not Price.objects.in_force(2030).filter(pk=price.pk).exists()
        restore = reverse("price-year-restore", args=["FKI-PRIS", price.pk])
        assert foi.post(restore, {"version": "2"}).status_code == 302
        assert Price.objects.in_force(2030).get(model=fki) == price

    def test_a_price_does_not_come_back_where_another_stands(self, foi: Client, fki: PriceModel):
        price = fki.prices.create(since=2030, steps=[["0", "1"]])
        url = reverse("price-year-archive", args=["FKI-PRIS", price.pk])
        foi.post(url, {"version": "1", "reason": "Forkert"})
        fki.prices.create(since=2030, steps=[["0", "2"]])
        restore = reverse("price-year-restore", args=["FKI-PRIS", price.pk])
        refused(foi, restore, {"version": "2"}, "Der er allerede en pris fra det år.", status=409)

    def test_a_model_in_use_says_by_what(self, foi: Client, fki: PriceModel):
        line(fki, 2026)
        page = words(foi.get(reverse("price-archive", args=["FKI-PRIS"])))
        assert "Infrastrukturen, licens 2026" in page


def test_the_history_of_a_model_has_its_prices_as_people_read_them(foi: Client, fki: PriceModel):
    url = reverse("price-year-update", args=["FKI-PRIS", fki.prices.get().pk])
    foi.post(url, {**opened(foi, url), **steps(("0", "26"), ("150.000", "13")), "reason": "Ny takst"})
    page = words(foi.get(reverse("price-history", args=["FKI-PRIS"])))
    assert "25,00 kr. for de første 150.000, 12,50 kr. for resten" in page
    assert "26,00 kr. for de første 150.000, 13,00 kr. for resten" in page
    assert "«Ny takst»" in page


def test_the_database_and_the_form_agree_on_the_price_in_force(fki: PriceModel, buffet: PriceModel):
    found = {
        year: set(Price.objects.in_force(year).values_list("model__code", "since"))
        for year in (2018, 2019, 2021)
    }
    assert found == {2018: set(), 2019: {("BUFFET", 2019)}, 2021: {("FKI-PRIS", 2020)}}
    assert isinstance(Price.objects.get(model=fki).steps, prices.Steps)


@pytest.mark.parametrize(
    ("group", "finds"),
    [(FOI, True), (MANAGER, True), (ADMINISTRATOR, True), (READER, False), (RESPONSIBLE, False)],
)
def test_the_search_finds_prices_and_assumptions(fki: PriceModel, group: str, finds: bool):
    """By code and by name; for those who may see amounts."""
    client = factories.client(group)
    assert fki.assumption is not None
    for row, typed in ((fki, "fki-pris"), (fki, fki.name), (fki.assumption, fki.assumption.name)):
        page = client.get("/soeg/", {"q": typed}).content.decode()
        assert (row.get_absolute_url() in page) == finds, typed
