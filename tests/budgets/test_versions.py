"""A year as it stood on earlier days: the history gives each version to the øre, and what differs between two."""

from __future__ import annotations

import csv
import datetime
import io
from decimal import Decimal

import pytest
from django.test import TestCase
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisTestCase

from budgets import versions
from budgets.models import (
    Adjustment,
    AdjustmentEntry,
    AdjustmentKind,
    AdjustmentState,
    BudgetLine,
    BudgetYear,
    CostType,
    YearState,
)
from budgets.queries import line_amounts
from foi_portal.core.permissions import FOI
from tests import days, factories

pytestmark = pytest.mark.django_db

AMOUNTS = st.one_of(st.none(), st.integers(0, 10**12).map(lambda cents: Decimal(cents) / 100))
CHANGES = st.integers(-(10**8), 10**8).filter(bool).map(lambda cents: Decimal(cents) / 100)
ACTS = st.lists(
    st.one_of(
        st.tuples(st.just("line"), st.integers(0, 4), AMOUNTS),
        st.tuples(st.just("edit"), st.integers(0, 9), AMOUNTS),
        st.tuples(st.just("archive"), st.integers(0, 9), st.none()),
        st.tuples(st.just("restore"), st.integers(0, 9), st.none()),
        st.tuples(st.just("propose"), st.integers(0, 9), CHANGES),
        st.tuples(st.just("approve"), st.integers(0, 9), st.none()),
        st.tuples(st.just("refuse"), st.integers(0, 9), st.none()),
    ),
    min_size=1,
    max_size=14,
)
FIRST = datetime.date(2026, 1, 5)


def now(year: BudgetYear) -> dict[int, tuple[Decimal | None, Decimal | None]]:
    """What the tables say: original and revised budget by line."""
    return {row.line.pk: (row.original, row.revised) for row in line_amounts(year)}


def then(year: BudgetYear, on: datetime.date) -> dict[int, tuple[Decimal | None, Decimal | None]]:
    found = versions.read(year, on)
    return {key: (line.original, line.revised) for key, line in found.lines.items()} if found else {}


class World:
    """A year and what is done to it; ``pick`` chooses among the rows there are."""

    def __init__(self) -> None:
        self.user = factories.user()
        self.year = BudgetYear.objects.create(year=2026, state=YearState.APPROVED)
        self.other = BudgetYear.objects.create(year=2027)
        self.component = factories.component()

    def pick(self, rows, number):
        found = list(rows.order_by("pk"))
        return found[number % len(found)] if found else None

    def act(self, deed, number, value) -> None:
        lines, proposed = self.year.lines.all(), self.year.adjustments.filter(state="proposed")
        if deed == "line":
            kind = CostType.values[number]
            for year in (self.year, self.other):  # the other year's are never in the version
                if not year.lines.filter(cost_type=kind).exists():
                    year.lines.create(component=self.component, cost_type=kind, original=value)
        elif deed in ("edit", "archive", "restore") and (line := self.pick(lines, number)):
            changes = {
                "edit": {"original": value},
                "archive": {"archived_at": timezone.now(), "archive_reason": "Væk"},
                "restore": {"archived_at": None, "archive_reason": ""},
            }[deed]
            lines.filter(pk=line.pk).update(**changes)
        elif deed == "propose" and (line := self.pick(lines, number)):
            made = Adjustment.objects.create(year=self.year, kind=AdjustmentKind.SUPPLEMENT, reason="Mere")
            AdjustmentEntry.objects.create(adjustment=made, line=line, amount=value)
        elif deed in ("approve", "refuse") and (one := self.pick(proposed, number)):
            state = AdjustmentState.APPROVED if deed == "approve" else AdjustmentState.REFUSED
            proposed.filter(pk=one.pk).update(state=state, decided_by=self.user, decided_at=timezone.now())


class TestHistory(HypothesisTestCase):
    @settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(ACTS)
    def test_each_earlier_version_is_given_again_to_the_oere(self, acts):
        world = World()
        marks, stood = {0: FIRST}, {FIRST: now(world.year)}
        for number, act in enumerate(acts, 1):
            day = FIRST + datetime.timedelta(days=number)
            marks[days.last_change()] = day
            world.act(*act)
            stood[day] = now(world.year)
        days.spread(marks)
        for day, was in stood.items():
            assert then(world.year, day) == was, day
        assert versions.read(world.year, FIRST - datetime.timedelta(days=1)) is None
        pairs = list(stood)
        for earlier, later in zip(pairs, reversed(pairs), strict=True):
            if earlier < later:
                self.difference_explains(world.year, earlier, later)

    def difference_explains(self, year, earlier, later):
        """What came, went and changed leads from the one version to the other."""
        before, after = versions.read(year, earlier), versions.read(year, later)
        assert before
        assert after
        changes = {change.key: change for change in versions.compare(before, after)}
        for key in before.lines.keys() | after.lines.keys():
            was = before.lines[key].revised if key in before.lines else Decimal(0)
            now_ = after.lines[key].revised if key in after.lines else Decimal(0)
            if key not in changes:
                assert was == now_
            elif was is not None and now_ is not None:
                assert changes[key].difference == now_ - was
            else:
                assert changes[key].difference is None


class TestPage(TestCase):
    """A small year whose story is known."""

    def setUp(self) -> None:
        user = factories.user(FOI)
        self.client.force_login(user)
        with days.written("2026-02-01"):
            self.year = BudgetYear.objects.create(year=2026)
            fki, sts = (factories.component(code=code, name=f"Om {code}") for code in ("FKI", "STS"))
            self.fki = self.year.lines.create(component=fki, cost_type="licence", original=1000)
            self.sts = self.year.lines.create(component=sts, cost_type="operation")
        days.moved("2026-02-01")
        with days.written("2026-02-10"):
            BudgetLine.objects.filter(pk=self.fki.pk).update(original="1100.50", note="Ny pris")
            BudgetYear.objects.update(state=YearState.APPROVED)
        with days.written("2026-03-01"):
            adjustment = Adjustment.objects.create(
                year=self.year,
                kind="supplement",
                reason="Byrådet gav mere",
                state="approved",
                decided_by=user,
                decided_at=timezone.now(),
            )
            AdjustmentEntry.objects.create(adjustment=adjustment, line=self.fki, amount=200)
            BudgetLine.objects.filter(pk=self.sts.pk).update(archived_at=timezone.now(), archive_reason="x")

    def page(self, **query: str) -> str:
        return self.client.get(reverse("budget-versions", args=[2026]), query).content.decode()

    def test_a_day_shows_what_was_there_then(self):
        first = self.page(pr="2026-02-09")
        assert "som det stod 9. feb. 2026" in first
        assert "Kladde" in first
        assert "ikke kendt" in first
        assert "1.100,50" not in first
        last = self.page(pr="01-03-2026")
        assert "1.300,50" in last
        assert "Byrådet gav mere" in last
        assert "Om STS" not in last
        assert "1 ændring af linjer, 1 af budgetændringer" in last

    def test_two_days_compared(self):
        between = self.page(pr="2026-03-01", sammenlign="2026-02-01")
        assert "Forskel fra 1. feb. 2026 til 1. mar. 2026" in between
        assert "+300,50 kr." in between
        assert "Bemærkning: tom → Ny pris" in between
        assert "Arkiveret" in between
        assert between.count("Byrådet gav mere") == 1
        assert "Intet er ændret" in self.page(pr="2026-02-08", sammenlign="2026-02-01")
        assert "Vælg en anden dag" in self.page(pr="2026-02-01", sammenlign="2026-02-01")

    def test_days_that_cannot_be_shown(self):
        assert "kom først i portalen 1. feb. 2026" in self.page(pr="2026-01-31")
        assert "Der kan ikke sammenlignes med 1. jan. 2020" in self.page(sammenlign="2020-01-01")
        assert "Skriv datoen som" in self.page(pr="i går")
        assert "er ikke kommet endnu" in self.page(pr="2199-01-01")

    def test_exports(self):
        def rows(**query: str) -> list[list[str]]:
            answer = self.client.get(reverse("budget-versions", args=[2026]), query | {"_export": "csv"})
            return list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))

        assert rows(pr="2026-02-01") == [
            ["component", "kind", "funding", "unit", "original", "adjustments", "revised"],
            ["FKI", "licence", "DA", "", "1000.00", "0.00", "1000.00"],
            ["STS", "operation", "DA", "", "", "", ""],
        ]
        assert rows(pr="2026-03-01", sammenlign="2026-02-01")[1:] == [
            ["FKI", "licence", "DA", "", "1000.00", "1300.50", "300.50"],
            ["STS", "operation", "DA", "", "", "", ""],
        ]
        assert rows(pr="2020-01-01") == [
            ["component", "kind", "funding", "unit", "original", "adjustments", "revised"]
        ]
