"""Computed lines: what comes out, that nothing changes by itself, and that what is shown is what is done."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from budgets import computing
from budgets.models import (
    Assumption,
    AssumptionValue,
    BudgetLine,
    BudgetYear,
    CostType,
    PriceModel,
    YearState,
)
from budgets.prices import stored
from foi_portal.core.models import Change, User
from foi_portal.core.permissions import ADMINISTRATOR, FOI, MANAGER
from tests import factories
from tests.budgets.test_prices import tariffs
from tests.core.test_two_connections import together
from tests.registry.pages import words

pytestmark = pytest.mark.django_db
URL = "/budget/2027/beregn/"


@pytest.fixture
def foi() -> Client:
    return factories.client()


@pytest.fixture
def year() -> BudgetYear:
    return BudgetYear.objects.create(year=2027)


@pytest.fixture
def people() -> Assumption:
    people = Assumption.objects.create(code="INDBYGGERE", name="Indbyggere", unit="indbyggere")
    people.values.create(year=2027, value=211_500, estimated=True)
    return people


@pytest.fixture
def buffet(people: Assumption) -> PriceModel:
    model = PriceModel.objects.create(
        code="BUFFET", name="Buffetpris", kind="inhabitant_flat", assumption=people
    )
    model.prices.create(since=2027, until=2027, steps=[["0", "6.50"]])
    return model


@pytest.fixture
def line(year: BudgetYear, buffet: PriceModel) -> BudgetLine:
    return make_line(year, buffet, original=Decimal(1_374_800))


def make_line(year: BudgetYear, model: PriceModel | None, **values: Any) -> BudgetLine:
    defaults = {"cost_type": "transaction", "component": factories.component()}
    return BudgetLine.objects.create(year=year, price_model=model, **defaults | values)


def marks(response: Any) -> list[str]:
    """What the ticked lines of the page would be sent as."""
    boxes = re.findall(r'name="line" value="([^"]+)"( checked)?', response.content.decode())
    return [value for value, checked in boxes if checked]


def state() -> Any:
    return list(BudgetLine.objects.order_by("pk").values()), Change.objects.count()


class TestOutcome:
    def test_is_the_price_times_the_assumption_of_the_lines_own_year(self, line: BudgetLine):
        found = computing.compute(line)
        assert found.amount == Decimal("1374750.00")
        assert found.arithmetic == "211.500 × 6,50 (indbyggere) = 1.374.750,00"
        assert found.estimated

    def test_a_fixed_price_has_no_quantity(self, year: BudgetYear):
        model = PriceModel.objects.create(code="KITOS", name="KITOS", kind="fixed")
        model.prices.create(since=2020, steps=[["0", "30000"]])
        found = computing.compute(make_line(year, model))
        assert (found.amount, found.arithmetic) == (Decimal(30_000), "fast beløb 30.000,00")

    @pytest.mark.parametrize(
        ("break_it", "said", "page"),
        [
            ("price", "«Buffetpris» har ingen pris for 2027.", "/budget/priser/BUFFET/pris/ny/?since=2027"),
            (
                "archived price",
                "«Buffetpris» har ingen pris for 2027.",
                "/budget/priser/BUFFET/pris/ny/?since=2027",
            ),
            ("steps", "Prisen fra 2027 på «Buffetpris» kan ikke læses.", "/budget/priser/BUFFET/"),
            (
                "value",
                "«Indbyggere» er ikke skrevet for 2027.",
                "/budget/forudsaetninger/INDBYGGERE/vaerdier/?aar=2027",
            ),
            (
                "no row",
                "«Indbyggere» er ikke skrevet for 2027.",
                "/budget/forudsaetninger/INDBYGGERE/vaerdier/?aar=2027",
            ),
            ("negative", "Der kan ikke regnes med et antal under 0.", "/budget/priser/BUFFET/"),
            ("huge", "Beløbet bliver for stort til et budget.", "/budget/priser/BUFFET/"),
        ],
    )
    def test_says_what_is_missing_and_where_it_is_mended(
        self, foi: Client, line: BudgetLine, buffet: PriceModel, break_it: str, said: str, page: str
    ):
        price, values = buffet.prices.all(), AssumptionValue.objects.all()
        {
            "price": lambda: price.update(since=2028, until=None),
            "archived price": lambda: price.update(archived_at=timezone.now()),
            "steps": lambda: price.update(steps=[["0", "dyrt"]]),
            "value": lambda: values.update(value=None),
            "no row": lambda: values.update(year=2026),
            "negative": lambda: values.update(value=-1),
            "huge": lambda: (values.update(value=10**11), price.update(steps=[["0", "1000"]])),
        }[break_it]()
        missing = computing.compute(line).missing
        assert missing is not None
        assert missing.text.startswith(said)
        assert missing.url == page
        response = foi.get(URL)
        assert said in words(response)
        assert f'href="{page}"' in response.content.decode()
        assert foi.get(page).status_code == 200
        assert marks(response) == []

    def test_a_line_without_a_price_is_not_computed(self, year: BudgetYear):
        with pytest.raises(ValueError, match="not computed"):
            computing.compute(make_line(year, None))

    def test_prices_and_models_that_are_archived_later_still_give_what_they_gave(self, line: BudgetLine):
        PriceModel.objects.update(archived_at=timezone.now())
        Assumption.objects.update(archived_at=timezone.now())
        assert computing.compute(line).amount == Decimal("1374750.00")


class TestRecomputing:
    def test_nothing_changes_by_itself(self, foi: Client, line: BudgetLine, buffet: PriceModel):
        before = state()
        foi.get(URL)
        foi.get("/budget/2027/")
        AssumptionValue.objects.update(value=1)
        buffet.prices.update(steps=[["0", "1.00"]])
        foi.get(URL)
        assert BudgetLine.objects.get().original == Decimal(1_374_800)
        assert state()[0] == before[0]

    def test_what_is_shown_is_what_is_done_and_again_changes_nothing(self, foi: Client, line: BudgetLine):
        shown = foi.get(URL)
        assert "1.374.800 1.374.750 −50" in words(shown)
        done = foi.post(URL, {"line": marks(shown), "reason": "Ny takst"}, follow=True)
        assert "1 linje er regnet om." in words(done)
        line.refresh_from_db()
        assert line.original == Decimal(1_374_750)
        assert line.calculation == "211.500 × 6,50 (indbyggere) = 1.374.750,00"
        change = Change.objects.filter(table=BudgetLine._meta.db_table, operation="update").get()
        assert (change.actor, change.reason) == (foi.user, "Ny takst")  # type: ignore[attr-defined]
        again = foi.get(URL)
        assert marks(again) == []
        assert "står i budgettet, som de ville blive regnet i dag" in words(again)
        before = state()
        year = BudgetYear.objects.get()
        (row,) = computing.plan(year)
        computing.recompute(year=year, marks=[row.mark], actor=foi.user)  # type: ignore[attr-defined]
        assert state() == before

    def test_only_the_ticked_are_changed(self, foi: Client, line: BudgetLine, buffet: PriceModel):
        other = make_line(line.year, buffet, original=None)
        shown = foi.get(URL)
        assert len(marks(shown)) == 2
        assert "ikke kendt" in words(shown)
        (chosen,) = [mark for mark in marks(shown) if mark.startswith(f"{other.pk}-")]
        foi.post(URL, {"line": chosen})
        assert list(BudgetLine.objects.order_by("pk").values_list("original", flat=True)) == [
            Decimal(1_374_800),
            Decimal(1_374_750),
        ]

    def test_an_amount_that_is_right_may_lack_its_arithmetic(self, foi: Client, line: BudgetLine):
        BudgetLine.objects.update(original=1_374_750)
        shown = foi.get(URL)
        assert "Beløbet er det samme. Kun udregningen på linjen bliver en anden." in words(shown)
        foi.post(URL, {"line": marks(shown)})
        assert BudgetLine.objects.get().calculation.startswith("211.500 × 6,50")

    @pytest.mark.parametrize("meanwhile", ["assumption", "price", "amount", "detached", "archived"])
    def test_what_has_changed_since_is_not_done(
        self, foi: Client, line: BudgetLine, buffet: PriceModel, meanwhile: str
    ):
        other = make_line(line.year, buffet, original=5)
        ticked = marks(foi.get(URL))
        {
            "assumption": lambda: AssumptionValue.objects.update(value=211_501),
            "price": lambda: buffet.prices.update(steps=[["0", "6.51"]]),
            "amount": lambda: BudgetLine.objects.filter(pk=other.pk).update(original=6),
            "detached": lambda: BudgetLine.objects.filter(pk=other.pk).update(price_model=None),
            "archived": lambda: BudgetLine.objects.filter(pk=other.pk).update(archived_at=timezone.now()),
        }[meanwhile]()
        before = state()
        refused = foi.post(URL, {"line": ticked, "reason": "Ny takst"})
        assert refused.status_code == 409
        assert "Intet er regnet om" in words(refused)
        assert 'value="Ny takst"' in refused.content.decode()
        assert state() == before
        assert foi.post(URL, {"line": marks(refused)}).status_code == 302

    def test_a_change_that_does_not_matter_does_not_stand_in_the_way(self, foi: Client, line: BudgetLine):
        ticked = marks(foi.get(URL))
        BudgetLine.objects.update(note="Ny bemærkning")
        assert foi.post(URL, {"line": ticked}).status_code == 302
        assert BudgetLine.objects.get().note == "Ny bemærkning"

    @pytest.mark.parametrize("odd", ["", "x", "1", "0-abc", f"{'9' * 30}-abc", "1-0000000000000000"])
    def test_odd_marks_are_refused(self, foi: Client, line: BudgetLine, odd: str):
        before = state()
        assert foi.post(URL, {"line": odd}).status_code == 409
        assert state() == before

    def test_nothing_ticked_is_said(self, foi: Client, line: BudgetLine):
        response = foi.post(URL, {})
        assert response.status_code == 422
        assert "Sæt flueben ved mindst én linje." in words(response)
        assert marks(response) == []


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_writes_and_the_other_is_told(line: BudgetLine):
    year = line.year
    (row,) = computing.plan(year)

    def task(actor: User) -> Any:
        try:
            return computing.recompute(year=year, marks=[row.mark], actor=actor)
        except computing.Refused as refused:
            return str(refused)[:20]

    people = [factories.user(FOI) for _ in range(4)]
    answers = together(*(partial(task, actor) for actor in people))
    assert sorted(map(str, answers)) == ["1", *["En linje, en pris el"] * 3]
    line.refresh_from_db()
    assert (line.original, line.version) == (Decimal(1_374_750), 2)


class TestRights:
    @pytest.mark.parametrize(
        ("state", "group", "may"),
        [
            (YearState.DRAFT, FOI, True),
            (YearState.DRAFT, MANAGER, True),
            (YearState.DRAFT, ADMINISTRATOR, False),
            (YearState.SUBMITTED, FOI, False),
            (YearState.SUBMITTED, MANAGER, True),
            (YearState.APPROVED, FOI, False),
            (YearState.APPROVED, MANAGER, False),
            (YearState.CLOSED, MANAGER, False),
        ],
    )
    def test_who_may_compute_in_which_state(self, line: BudgetLine, state: str, group: str, may: bool):
        BudgetYear.objects.update(state=state)
        client = factories.client(group)
        response = client.get(URL)
        assert ("Regn de valgte om" in words(response)) is may
        (row,) = computing.plan(BudgetYear.objects.get())
        answer = client.post(URL, {"line": row.mark})
        assert answer.status_code == (302 if may else 403 if group == ADMINISTRATOR else 409)
        assert (BudgetLine.objects.get().original == Decimal(1_374_750)) is may

    def test_approved_between_looking_and_saying_yes(self, foi: Client, line: BudgetLine):
        ticked = marks(foi.get(URL))
        BudgetYear.objects.update(state=YearState.APPROVED)
        refused = foi.post(URL, {"line": ticked})
        assert refused.status_code == 409
        assert "Budget 2027 er godkendt imens. Intet er regnet om." in words(refused)


class TestPanels:
    def test_the_year_says_how_many_would_be_computed_otherwise(self, foi: Client, line: BudgetLine):
        link = "1 linje ville blive regnet anderledes i dag"
        assert link in words(foi.get("/budget/2027/"))
        foi.post(URL, {"line": marks(foi.get(URL))})
        assert link not in words(foi.get("/budget/2027/"))

    def test_a_locked_year_does_not_ask_for_it(self, foi: Client, line: BudgetLine):
        BudgetYear.objects.update(state=YearState.APPROVED)
        page = words(foi.get("/budget/2027/"))
        assert "ville blive regnet anderledes" not in page
        assert "Hvad nu hvis?" in page

    def test_the_component_shows_arithmetic_and_the_price_over_the_years(
        self, foi: Client, line: BudgetLine, buffet: PriceModel
    ):
        buffet.prices.create(since=2026, until=2026, steps=[["0", "6.25"]])
        page = words(foi.get(f"/budget/2027/{line.component.code}/"))
        assert "Pris: Buffetpris" in page
        assert "2027: 211.500 × 6,50 (indbyggere) = 1.374.750,00 (skønnet)" in page
        assert "Regnet i dag: 1.374.750 kr." in page
        assert "2027 6,50 kr. pr. indbygger +4,0 %" in page


def test_the_plan_as_csv(foi: Client, line: BudgetLine):
    answer = foi.get(URL, {"_export": "csv"})
    (row,) = csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig")))
    assert row["component"] == line.component.code
    assert (row["original"], row["computed"], row["difference"]) == ("1374800.00", "1374750.00", "-50.00")


def test_a_thousand_lines_cost_no_more_than_ten(foi: Client, year: BudgetYear, buffet: PriceModel):
    models = [buffet]
    for number in range(30):
        model = PriceModel.objects.create(
            code=f"M{number}", name="Pris", kind="user", assumption=buffet.assumption
        )
        model.prices.create(since=2020, steps=[["0", str(number)]])
        models.append(model)

    def add(count: int) -> None:
        component = factories.component()
        units = [factories.organisation() for _ in range(count // len(CostType.values))]
        BudgetLine.objects.bulk_create(
            BudgetLine(year=year, component=component, cost_type=kind, unit=unit, price_model=models[i % 31])
            for i, unit in enumerate(units)
            for kind in CostType.values
        )

    def queries() -> tuple[int, int, int]:
        counts = []
        for act in (lambda: foi.get(URL), lambda: foi.get("/budget/2027/")):
            act()
            with CaptureQueriesContext(connection) as captured:
                act()
            counts.append(len(captured))
        found = [row.mark for row in computing.plan(year)]
        with CaptureQueriesContext(connection) as captured:
            computing.recompute(year=year, marks=found, actor=foi.user)  # type: ignore[attr-defined]
        return counts[0], counts[1], len(captured)

    add(10)
    few = queries()
    add(990)
    many = queries()
    assert many[:2] == few[:2]
    assert many[2] <= few[2] + 12  # the lines are written some hundreds at a time
    assert BudgetLine.objects.filter(original=None).count() == 0
    assert many[0] <= 12


class TestProperties:
    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(st.tuples(tariffs(), st.integers(0, 10**6), st.integers(0, 10**6)), min_size=1, max_size=5)
    )
    def test_computing_twice_gives_the_same_and_the_year_is_the_sum_of_its_lines(
        self, year: BudgetYear, drawn: list[Any]
    ):
        with transaction.atomic():
            for number, (steps, quantity, original) in enumerate(drawn):
                assumption = Assumption.objects.create(code=f"A{number}", name="A", unit="styk")
                assumption.values.create(year=2027, value=quantity)
                model = PriceModel.objects.create(
                    code=f"M{number}", name="M", kind="transaction", assumption=assumption
                )
                model.prices.create(since=2020, steps=stored(steps))
                make_line(year, model, original=original)
            actor = factories.user(FOI)
            planned = computing.plan(year)
            computing.recompute(year=year, marks=[row.mark for row in planned], actor=actor)
            once = list(BudgetLine.objects.order_by("pk").values_list("original", "calculation", "version"))
            again = computing.plan(year)
            assert not [row for row in again if row.changes]
            computing.recompute(year=year, marks=[row.mark for row in again], actor=actor)
            twice = list(BudgetLine.objects.order_by("pk").values_list("original", "calculation", "version"))
            assert twice == once
            amounts = [row.outcome.amount or Decimal(0) for row in planned]
            assert sum(amount or Decimal(0) for amount, *_ in once) == sum(amounts)
            transaction.set_rollback(True)


FACTS = (
    (
        "FKI",
        Decimal("4433750.00"),
        "4.433.750",
        "150.000 × 25,00 + 54.700 × 12,50 (indbyggere) = 4.433.750,00",
    ),
    ("SP", Decimal("571113.00"), "571.113", "204.700 × 2,79 (indbyggere) = 571.113,00"),
)


class TestDemonstration:
    @pytest.fixture(autouse=True)
    def demo(self, settings: Any) -> None:
        settings.DEBUG = True
        call_command("load_demo", stdout=io.StringIO())

    def test_the_published_facts_of_2020_come_out_of_the_catalogue(self, foi: Client):
        for component, amount, shown, arithmetic in FACTS:
            line = BudgetLine.objects.get(
                year__year=2020, component__code=component, price_model__isnull=False
            )
            found = computing.compute(line)
            assert (found.amount, found.arithmetic, found.estimated) == (amount, arithmetic, False)
            assert (line.original, line.calculation) == (amount, arithmetic)
            assert line.price_model is not None
            for url in (
                line.price_model.get_absolute_url(),
                f"/budget/2020/{component}/",
                "/budget/2020/beregn/",
            ):
                page = words(foi.get(url))
                assert arithmetic in page, url
                assert shown in page, url

    def test_only_what_was_rounded_for_the_file_would_be_computed_otherwise(self):
        draft = BudgetYear.objects.get(year=2027)
        planned = computing.plan(draft)
        assert len(planned) == 4
        assert {row.line.component.code: row.difference for row in planned if row.differs} == {
            "FKI": Decimal("-50.00"),
            "SP": Decimal("-50.00"),
        }


class TestIndexation:
    @pytest.fixture
    def index(self) -> Assumption:
        index = Assumption.objects.create(code="PL", name="Pris- og lønskøn", unit="procent")
        index.values.create(year=2026, value=Decimal("2.9"))
        index.values.create(year=2027, value=Decimal("-0.5"))
        index.values.create(year=2029, value=None)
        return index

    def test_is_the_years_own_and_may_be_negative(self, index: Assumption):
        assert computing.indexation(2026) == Decimal("2.9")
        assert computing.indexation(2027) == Decimal("-0.5")

    def test_is_not_known_for_a_year_without(self, index: Assumption):
        assert computing.indexation(2028) is None
        assert computing.indexation(2029) is None

    def test_is_not_known_when_it_is_archived(self, index: Assumption):
        index.archived_at = timezone.now()
        index.save()
        assert computing.indexation(2026) is None
