"""What a business case is read from: which amount of a line counts, and that none counts twice."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from budgets import case_reading, costing
from budgets.case_reading import Question
from budgets.models import BudgetYear, Gain
from registry.models import Asset, Component
from tests import factories
from tests.budgets.gain_rows import adjust, forecast, gain, line, spend, year

pytestmark = pytest.mark.django_db


def told(component: Component, *years: int) -> list[Any]:
    """The component's costs: (year, amount, origin, budget)."""
    rows = costing.costs(years, [component.pk])
    return [(row.year, row.amount, row.origin.value, row.budget) for row in rows]


def asset(component: Component) -> Asset:
    return Asset.objects.get(pk=component.pk)


class TestWhichAmountCounts:
    def test_a_closed_year_has_its_accounts(self):
        component = factories.component()
        year(2025, "closed")
        own = line(component, 2025, 100)
        forecast(own, 90)
        spend(own, 40, 45)
        assert told(component, 2025) == [(2025, 85, "accounts", 2025)]

    def test_a_closed_year_without_postings_has_the_budget(self):
        component = factories.component()
        year(2025, "closed")
        adjust(line(component, 2025, 100), 7)
        assert told(component, 2025) == [(2025, 107, "revised", 2025)]

    def test_an_open_year_has_the_newest_forecast(self):
        component = factories.component()
        year(2026, "approved")
        own = line(component, 2026, 100)
        forecast(own, 90, month=4)
        forecast(own, 95, month=10)
        spend(own, 40)
        assert told(component, 2026) == [(2026, 95, "forecast", 2026)]

    def test_without_a_forecast_the_revised_budget(self):
        component = factories.component()
        year(2026, "approved")
        own = line(component, 2026, 100)
        adjust(own, 20)
        adjust(own, 500, state="proposed")
        forecast(own, None)
        assert told(component, 2026) == [(2026, 120, "revised", 2026)]

    def test_a_draft_is_a_proposal(self):
        component = factories.component()
        line(component, 2027, 100)
        assert told(component, 2027) == [(2027, 100, "proposed", 2027)]

    def test_years_after_the_last_budget_have_its_estimates(self):
        component = factories.component()
        line(component, 2026, 100, estimates=(1, 2, 3))
        line(component, 2027, 110, estimates=(120, 130, None))
        assert told(component, 2027, 2028, 2029, 2030, 2031) == [
            (2027, 110, "proposed", 2027),
            (2028, 120, "estimate", 2027),
            (2029, 130, "estimate", 2027),
            (2030, None, "estimate", 2027),
        ]

    def test_a_budget_without_the_component_is_not_filled_from_the_one_before(self):
        component = factories.component()
        line(component, 2026, 100, estimates=(1, 2, 3))
        line(factories.component(), 2027, 110)
        assert told(component, 2027) == []

    def test_an_empty_year_is_no_budget(self):
        component = factories.component()
        line(component, 2026, 100, estimates=(105,))
        BudgetYear.objects.create(year=2027)
        assert told(component, 2027) == [(2027, 105, "estimate", 2026)]

    def test_an_unknown_amount_and_an_archived_line(self):
        component = factories.component()
        line(component, 2026, None)
        line(component, 2026, 5, funding="pulje", archived_at="2026-01-01T00:00:00Z")
        assert told(component, 2026) == [(2026, None, "proposed", 2026)]
        assert costing.by_component(costing.costs([2026])) == {}

    def test_the_queries_are_as_few_for_many_lines(self):
        counts = []
        for number in (1, 30):
            for _ in range(number):
                own = line(factories.component(), 2026, 100, estimates=(1, 2))
                forecast(own, 3)
            with CaptureQueriesContext(connection) as captured:
                costing.costs((2026, 2027, 2028))
            counts.append(len(captured))
        assert counts[0] == counts[1] <= 7


class TestNothingCountsTwice:
    @pytest.fixture
    def platform(self) -> Component:
        """A platform with a module with a service, each with a cost and gains."""
        platform = factories.component(code="PLATFORM", component_type="platform")
        module = factories.component(code="MODUL", component_type="module", parent=platform)
        service = factories.component(code="SERVICE", parent=module)
        for number, component in enumerate((platform, module, service), 1):
            line(component, 2026, 100 * number, estimates=(101 * number,))
            gain(asset=asset(component), yearly=7 * number, from_year=2026, state="realised")
            gain(asset=asset(component), state="planned", follow_up_on="2027-01-01")
        line(factories.component(), 2026, 99_999)
        return platform

    def read(self, code: str, **asked: Any) -> Any:
        return case_reading.read(Asset.objects.get(code=code), Question(2026, **asked))

    def test_a_platform_is_the_sum_of_its_parts(self, platform: Component):
        whole = self.read("PLATFORM")
        parts = [self.read(code, with_modules=False) for code in ("PLATFORM", "MODUL", "SERVICE")]
        assert [row.cost for row in whole.case.years[:2]] == [600, 606]
        assert [row.gain for row in whole.case.years[:2]] == [42, 42]
        assert whole.case.net == sum(part.case.net or 0 for part in parts)
        assert len(whole.qualitative) == sum(len(part.qualitative) for part in parts) == 3
        assert (whole.modules, parts[0].modules) == (2, 0)

    def test_the_list_of_all_has_the_same_as_each(self, platform: Component):
        rows = {row.component.code: row for row in case_reading.read_all(Question(2026))}
        assert [(code, rows[code].depth) for code in ("PLATFORM", "MODUL", "SERVICE")] == [
            ("PLATFORM", 0),
            ("MODUL", 1),
            ("SERVICE", 2),
        ]
        for code in ("PLATFORM", "MODUL", "SERVICE"):
            assert rows[code].case == self.read(code).case
            assert rows[code].qualitative == len(self.read(code).qualitative)

    def test_a_loop_among_parents_ends(self, platform: Component):
        Component.objects.filter(code="PLATFORM").update(parent=Component.objects.get(code="SERVICE"))
        assert self.read("MODUL").case.years[0].cost == 600
        assert len(case_reading.read_all(Question(2026))) == 4

    def test_only_what_is_meant_counts(self, platform: Component):
        """Possible gains only when asked for; given up, rejected and archived ones never."""
        own = Asset.objects.get(code="PLATFORM")
        for state in ("possible", "given_up", "rejected"):
            gain(asset=own, yearly=None if state == "rejected" else 1000, from_year=2026, state=state)
        gain(asset=own, yearly=5000, from_year=2026, state="realised", archived_at="2026-01-01T00:00:00Z")
        gain(asset=factories.system(), yearly=5000, from_year=2026, state="realised")
        firm, all_ = self.read("PLATFORM"), self.read("PLATFORM", also_possible=True)
        assert (firm.case.years[0].gain, firm.left_out) == (42, 1)
        assert (all_.case.years[0].gain, all_.left_out) == (1042, 0)
        assert Gain.objects.count() == 11
