"""A new year from another: PL, prices × assumptions, what is left out, and that what was shown is what is written."""

from __future__ import annotations

import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from budgets import copying, prices
from budgets.copy_plan import Base, Plan, Terms
from budgets.copying import ChangedSince, Refused
from budgets.models import AssumptionValue, BudgetLine, BudgetYear, Estimate, YearState
from foi_portal.core.models import Change, User
from foi_portal.core.money import sum_of_known
from foi_portal.core.permissions import ADMINISTRATOR, FOI, MANAGER
from tests import factories
from tests.budgets import rows
from tests.core.test_two_connections import together

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def foi() -> User:
    return factories.member(FOI)


def terms(**said: Any) -> Terms:
    usual: dict[str, Any] = {"source": 2026, "target": 2027, "rate": D("2.5")}
    return Terms(**usual | said)


def copy(actor: User, asked: Terms, note: str = "") -> Plan:
    """Look at the plan, and carry it out."""
    return copying.carry_out(terms=asked, seen=copying.plan(asked).digest, actor=actor, note=note)


def amounts(year: int) -> dict[str, Decimal | None]:
    return dict(BudgetLine.objects.filter(year__year=year).values_list("component__code", "original"))


class TestLines:
    def test_are_copied_with_pl_and_all_they_say(self, foi: User):
        year = rows.year(2026, state="approved")
        office = factories.organisation(kind="office")
        old = rows.line(
            year,
            original=D("1234.50"),
            cost_type="licence",
            funding="pulje",
            unit=office,
            account="6.45-1",
            note="Kontingent",
            illustrative=True,
            explanation="Steg i marts",
        )
        copy(foi, terms(), note="Første udkast")
        new = BudgetLine.objects.get(year__year=2027)
        assert (new.component, new.cost_type, new.funding, new.unit) == (
            old.component,
            "licence",
            "pulje",
            office,
        )
        assert (new.account, new.note, new.illustrative) == ("6.45-1", "Kontingent", True)
        assert new.original == D("1265.36")  # 1265.3625
        assert new.explanation == ""
        assert list(new.estimates.order_by("ahead").values_list("ahead", "amount")) == [
            (1, D("1296.99")),
            (2, D("1329.41")),
            (3, D("1362.65")),
        ]
        assert (new.year.state, new.year.note) == (YearState.DRAFT, "Første udkast")
        written = Change.objects.filter(table="budgets_budgetline", row_id=new.pk).get()
        assert (written.actor, written.reason) == (foi, "Budget 2027 fra 2026 med PL 2,5 %")

    def test_unknown_stays_unknown(self, foi: User):
        rows.line(rows.year(2026), 5, 6, 7, original=None)
        plan = copy(foi, terms())
        assert (plan.unknown, plan.total, plan.lines[0].how) == (1, None, "Stadig ikke kendt")
        new = BudgetLine.objects.get(year__year=2027)
        assert new.original is None
        assert not new.estimates.exists()

    def test_of_one_cost_type_may_have_a_pl_of_their_own(self, foi: User):
        year = rows.year(2026)
        staff = rows.line(year, cost_type="staff")
        other = rows.line(year)
        copy(foi, terms(rates={"staff": D("3.1")}))
        assert amounts(2027) == {staff.component.code: D("1031.00"), other.component.code: D("1025.00")}

    def test_estimates_go_by_the_pl_of_their_years_where_it_is_known(self, foi: User):
        rows.line(rows.year(2026))
        rows.assumption("PL", {2027: 9, 2029: 10}, unit="procent")
        copy(foi, terms(rate=D(0)))
        assert list(Estimate.objects.order_by("ahead").values_list("amount", flat=True)) == [1000, 1100, 1100]

    def test_may_start_from_the_revised_budget(self, foi: User):
        year = rows.year(2026, state="approved")
        line = rows.line(year)
        rows.adjustment(year, {line: 200})
        rows.adjustment(year, {line: 5000}, state="refused")
        assert copying.plan(terms()).total == 1025
        assert copying.plan(terms(base=Base.REVISED)).total == 1230

    def test_that_are_archived_or_whose_component_is_are_left_out(self, foi: User):
        year = rows.year(2026)
        rows.line(year, archived_at=timezone.now(), archive_reason="Fejl")
        gone = factories.component(archived_at=timezone.now(), archive_reason="Nedlagt")
        rows.line(year, component=gone)
        kept = rows.line(year)
        plan = copy(foi, terms())
        assert [it.why for it in plan.left_out] == ["Komponenten er arkiveret."]
        assert list(amounts(2027)) == [kept.component.code]

    def test_of_components_that_stop_say_so(self):
        year = rows.year(2026)
        rows.line(year, component=factories.component(name="A", lifecycle="retired"))
        ends = datetime.date(2027, 7, 1)
        rows.line(year, component=factories.component(name="B", retired_from=ends))
        rows.line(year, component=factories.component(name="C", retired_from=datetime.date(2028, 1, 1)))
        assert [it.remark for it in copying.plan(terms()).lines] == [
            "Komponenten er udfaset.",
            "Komponenten ophører 1. jul. 2027.",
            "",
        ]

    @pytest.mark.parametrize(("rate", "amount"), [("-100", 0), ("-2", 980), ("0", 1000), ("100", 2000)])
    def test_take_any_rate(self, foi: User, rate: str, amount: int):
        rows.line(rows.year(2026))
        assert copying.plan(terms(rate=D(rate))).total == amount

    def test_too_large_for_the_books_are_refused(self):
        line = rows.line(rows.year(2026), original=D("900000000000"))
        with pytest.raises(Refused, match=f"{line.component}.*bliver for stor"):
            copying.plan(terms(rate=D(50)))


class TestComputedLines:
    STEPS = [["0", "25.00"], ["150000", "12.50"]]

    @pytest.fixture
    def fki(self) -> BudgetLine:
        people = rows.assumption("INDBYGGERE", {2026: 200_000, 2027: 204_700})
        model = rows.price("FKI", people, self.STEPS)
        return rows.line(rows.year(2026), price_model=model, original=4_375_000)

    def test_get_the_new_years_price_times_its_assumption(self, foi: User, fki: BudgetLine):
        copy(foi, terms())
        new = BudgetLine.objects.get(year__year=2027)
        assert new.original == D("4433750.00")  # the published fact
        assert new.calculation == "150.000 × 25,00 + 54.700 × 12,50 (indbyggere) = 4.433.750,00"
        assert new.price_model == fki.price_model
        # no assumption for the years after, so PL goes on from there
        assert new.estimates.get(ahead=1).amount == D("4544593.75")

    def test_are_indexed_where_the_assumption_is_lacking(self, foi: User, fki: BudgetLine):
        AssumptionValue.objects.filter(year=2027).delete()
        line = copying.plan(terms()).lines[0]
        assert (line.amount, line.is_computed) == (D("4484375.00"), False)
        assert line.remark == "«Indbyggere» er ikke skrevet for 2027."
        copy(foi, terms())
        assert BudgetLine.objects.get(year__year=2027).calculation == ""

    def test_are_indexed_where_the_price_has_ended(self, fki: BudgetLine):
        fki.price_model.prices.update(until=2026)
        line = copying.plan(terms()).lines[0]
        assert line.remark == "«Fki» har ingen pris for 2027."
        assert line.how == "PL 2,5 %"

    def test_use_new_assumptions_which_are_kept(self, foi: User, fki: BudgetLine):
        AssumptionValue.objects.filter(year=2027).delete()
        key = fki.price_model.assumption_id
        copy(foi, terms(assumptions={key: D(204_700)}))
        assert BudgetLine.objects.get(year__year=2027).original == D("4433750.00")
        kept: Any = AssumptionValue.objects.get(assumption=key, year=2027)
        assert (kept.value, kept.estimated, kept.source) == (204_700, True, "Skrevet ved budget 2027")

    def test_estimates_are_computed_where_they_can_be(self, foi: User, fki: BudgetLine):
        key: Any = fki.price_model.assumption_id
        AssumptionValue.objects.create(assumption_id=key, year=2029, value=100_000)
        copy(foi, terms(rate=D(10)))
        assert list(Estimate.objects.order_by("ahead").values_list("amount", flat=True)) == [
            D("4877125.00"),
            D("2500000.00"),
            D("2750000.00"),
        ]


class TestAnExistingYear:
    def test_is_completed_with_what_is_missing(self, foi: User):
        year = rows.year(2026)
        here, gone, new = rows.line(year), rows.line(year), rows.line(year)
        draft = rows.year(2027, note="Min egen")
        rows.line(draft, component=here.component, original=1)
        rows.line(draft, component=gone.component, archived_at=timezone.now(), archive_reason="Skal ikke med")
        plan = copy(foi, terms(), note="En anden")
        assert {it.source: it.why for it in plan.left_out} == {
            here: "Står allerede i 2027.",
            gone: "Er arkiveret i 2027.",
        }
        assert amounts(2027)[new.component.code] == 1025
        assert amounts(2027)[here.component.code] == 1
        draft.refresh_from_db()
        assert draft.note == "Min egen"

    def test_copying_twice_gives_the_same_as_once(self, foi: User):
        year = rows.year(2026)
        rows.line(year, unit=factories.organisation())
        rows.line(year, original=None)
        copy(foi, terms())
        before = [list(model.objects.order_by("pk").values()) for model in (BudgetLine, Estimate, BudgetYear)]
        with pytest.raises(Refused, match="ingen linjer at kopiere"):
            copy(foi, terms())
        assert before == [
            list(model.objects.order_by("pk").values()) for model in (BudgetLine, Estimate, BudgetYear)
        ]

    @pytest.mark.parametrize("state", ["submitted", "approved", "closed"])
    def test_that_is_no_draft_is_refused(self, state: str):
        rows.line(rows.year(2026))
        rows.year(2027, state=state)
        with pytest.raises(Refused, match="Kun en kladde kan fyldes"):
            copying.plan(terms())

    def test_is_not_copied_to_itself_nor_from_nothing(self):
        with pytest.raises(Refused, match="ikke kopieres til sig selv"):
            copying.plan(terms(source=2027))
        with pytest.raises(Refused, match="Budget 2026 findes ikke mere"):
            copying.plan(terms())

    def test_cannot_be_made_twice(self, foi: User):
        rows.year(2027)
        with pytest.raises(Refused, match="Budget 2027 findes allerede"):
            copying.create_empty(year=2027, note="", actor=foi)


class TestWhatWasShown:
    @pytest.mark.parametrize("change", ["amount", "new", "assumption", "year", "rate"])
    def test_is_what_is_written_or_nothing_is(self, foi: User, change: str):
        year = rows.year(2026)
        people = rows.assumption("INDBYGGERE", {2027: 100})
        rows.line(year, price_model=rows.price("FKI", people, [["0", "2"]]))
        asked = terms()
        seen = copying.plan(asked).digest
        if change == "amount":
            BudgetLine.objects.update(original=1001)
        elif change == "new":
            rows.line(year)
        elif change == "assumption":
            AssumptionValue.objects.update(value=101)
        elif change == "year":
            rows.year(2027)
        else:
            asked = terms(rate=D("2.6"))
        with pytest.raises(ChangedSince, match="Nogen har ændret noget") as refused:
            copying.carry_out(terms=asked, seen=seen, actor=foi)
        assert refused.value.plan.digest != seen
        assert not BudgetLine.objects.filter(year__year=2027).exists()

    def test_says_the_same_until_something_changes(self, foi: User):
        rows.line(rows.year(2026))
        assert copying.plan(terms()).digest == copying.plan(terms(rate=D("2.50"))).digest

    @pytest.mark.parametrize("group", [ADMINISTRATOR])
    def test_is_written_only_by_who_may(self, group: str):
        rows.line(rows.year(2026))
        with pytest.raises(PermissionDenied):
            copy(factories.member(group), terms())
        with pytest.raises(PermissionDenied):
            copying.create_empty(year=2028, note="", actor=factories.member(group))
        assert not BudgetYear.objects.filter(year__gt=2026).exists()


@pytest.mark.django_db(transaction=True)
def test_of_two_who_make_the_same_year_one_is_told():
    rows.line(rows.year(2026))
    seen = copying.plan(terms()).digest
    people = [factories.member(FOI), factories.member(MANAGER)]

    def make(actor: User) -> str:
        try:
            copying.carry_out(terms=terms(), seen=seen, actor=actor)
        except Refused as refused:
            return str(refused)
        return ""

    answers = sorted(together(*(lambda actor=actor: make(actor) for actor in people)))
    assert answers[0] == ""
    assert "Intet er gemt" in answers[1]
    assert BudgetLine.objects.filter(year__year=2027).count() == 1


cents = st.decimals(D("-99999999.99"), D("99999999.99"), places=2)
rates = st.decimals(D(-100), D(100), places=4)


@given(amount=cents, rate=rates)
def test_indexing_rounds_once_and_half_an_oere_away_from_zero(amount: Decimal, rate: Decimal):
    exact = amount * (1 + rate / 100)
    assert prices.indexed(amount, rate) == exact.quantize(D("0.01"), ROUND_HALF_UP)


@given(said=st.lists(st.none() | cents, min_size=1, max_size=8), rate=rates)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_new_total_is_the_sum_of_the_rounded_lines(said: list[Decimal | None], rate: Decimal):
    """And copying is repeatable: the plan says the same twice, and what is written is what it said."""
    for model in (Estimate, BudgetLine, BudgetYear):
        model.objects.all().delete()
    year = rows.year(2026)
    component = factories.component()
    units = [factories.organisation() for _ in said]
    for amount, unit in zip(said, units, strict=True):
        rows.line(year, component=component, unit=unit, original=amount)
    plan, again = copying.plan(terms(rate=rate)), copying.plan(terms(rate=rate))
    assert plan.digest == again.digest
    known = [amount for amount in said if amount is not None]
    assert plan.total == sum_of_known(prices.indexed(amount, rate) for amount in known)
    assert plan.old_total == sum_of_known(known)
    assert plan.unknown == said.count(None)
    copy(factories.member(FOI), terms(rate=rate))
    written = dict(BudgetLine.objects.filter(year__year=2027).values_list("unit", "original"))
    assert written == {it.source.unit_id: it.amount for it in plan.lines}
    for number, total in enumerate(plan.estimate_totals, 1):
        stored: Any = Estimate.objects.filter(line__year__year=2027, ahead=number).values_list(
            "amount", flat=True
        )
        assert sum_of_known(stored) == total
