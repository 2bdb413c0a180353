"""Who pays a year: by key, by where a line lies, rolled up to forvaltninger; and what it costs each system."""

from __future__ import annotations

import csv
import datetime
import io
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.urls import reverse
from django.utils import timezone
from openpyxl import load_workbook

from budgets import sharing_out
from budgets.models import (
    Actual,
    Adjustment,
    AdjustmentEntry,
    BudgetLine,
    BudgetYear,
    Forecast,
    ForecastRound,
    Sharing,
)
from budgets.queries import line_amounts, totals
from budgets.sharing_out import Basis, amounts_of, current_year
from budgets.sharing_tables import WholeYear
from budgets.users import Uses, cost_per_system, day_of
from foi_portal.core.money import ZERO
from foi_portal.core.permissions import FOI, MANAGER
from registry.models import Asset, Dependency, Organisation
from tests import factories
from tests.budgets import sharing_world
from tests.budgets.sharing_world import line, sharing

pytestmark = pytest.mark.django_db

TODAY = datetime.date(2026, 6, 1)


@pytest.fixture
def w() -> SimpleNamespace:
    return sharing_world.world()


def shared(w: SimpleNamespace, basis: Basis = Basis.REVISED) -> WholeYear:
    rows = line_amounts(w.year)
    found = sharing_out.shared(w.year, rows, sharing_out.sharings_of(w.year), basis, TODAY)
    return WholeYear(found, {row.line.component_id: row.line.component for row in rows})


def paid(w: SimpleNamespace, basis: Basis = Basis.REVISED) -> dict[str, Decimal]:
    """Forvaltning or reason → DKK."""
    whole = shared(w, basis)
    return {
        payer.unit.code if payer.unit else payer.name: payer.total for payer in (*whole.payers, *whole.rests)
    }


class TestWhoPays:
    def test_a_line_lies_with_its_units_forvaltning_when_no_key_shares_it(self, w):
        line(w.year, w.sts, "100.00", unit=w.unit)
        line(w.year, w.org, "30.00", unit=w.centre, funding="forvaltning")
        line(w.year, w.post, "7.50", unit=w.city)
        line(w.year, w.post, "5.00", funding="pulje")
        assert paid(w) == {
            "BMF": Decimal("100.00"),
            "BSF": Decimal("30.00"),
            "OK": Decimal("7.50"),
            "Ingen fordelingsnøgle": Decimal("5.00"),
        }

    def test_by_systems_each_counts_once_directly_and_through_modules(self, w):
        """KY uses STS twice. OPUS pays from BMF, KY and KP from BSF, and LOS belongs to nobody."""
        line(w.year, w.sts, "400.00")
        sharing(w.year, w.sts, "systems")
        assert paid(w) == {
            "BSF": Decimal("200.00"),
            "BMF": Decimal("100.00"),
            "Fagsystemer uden forvaltning": Decimal("100.00"),
        }

    def test_by_systems_when_nobody_uses_it(self, w):
        line(w.year, w.post, "12.00")
        sharing(w.year, w.post, "systems")
        assert paid(w) == {"Ingen at dele mellem": Decimal("12.00")}

    @pytest.mark.parametrize(
        "gone", [{"status": "ended"}, {"status": "planned"}, {"archived_at": timezone.now()}]
    )
    def test_only_live_dependencies_count(self, w, gone):
        line(w.year, w.org, "30.00")
        sharing(w.year, w.org, "systems")
        Dependency.objects.filter(source__in=[w.kp, w.los]).update(**gone)
        assert paid(w) == {"BSF": Decimal("15.00"), "BMF": Decimal("15.00")}

    def test_a_system_that_is_retired_does_not_count(self, w):
        line(w.year, w.org, "30.00")
        sharing(w.year, w.org, "systems")
        Asset.objects.filter(pk__in=[w.kp.pk, w.los.pk]).update(lifecycle="retired")
        assert paid(w) == {"BSF": Decimal("15.00"), "BMF": Decimal("15.00")}

    def test_only_what_forvaltninger_finance(self, w):
        line(w.year, w.post, "60.00", funding="forvaltning")
        line(w.year, w.post, "40.00", funding="DA", unit=w.office)
        sharing(w.year, w.post, "percent", departments_only=True, parts={w.bsf: "75", w.centre: "25"})
        assert paid(w) == {"BSF": Decimal("60.00"), "BMF": Decimal("40.00")}

    def test_by_users_and_equal(self, w):
        line(w.year, w.post, "100.00")
        line(w.year, w.org, "0.03")
        sharing(w.year, w.post, "users", parts={w.bsf: "3", w.unit: "1"})
        sharing(w.year, w.org, "equal", parts={w.bsf: "1", w.bmf: "1"})
        assert paid(w) == {"BSF": Decimal("75.01"), "BMF": Decimal("25.02")}

    def test_an_archived_key_shares_nothing(self, w):
        line(w.year, w.post, "100.00")
        sharing(w.year, w.post, "equal", parts={w.bsf: "1"}, archived_at=timezone.now())
        assert paid(w) == {"Ingen fordelingsnøgle": Decimal("100.00")}

    def test_a_key_of_another_year_shares_nothing(self, w):
        line(w.year, w.post, "100.00")
        other = BudgetYear.objects.create(year=2027)
        sharing(other, w.post, "equal", parts={w.bsf: "1"})
        assert paid(w) == {"Ingen fordelingsnøgle": Decimal("100.00")}

    def test_what_is_not_known_is_not_nought(self, w):
        line(w.year, w.post, None)
        line(w.year, w.org, "0")
        whole = shared(w)
        assert (whole.found.total, whole.found.unknown) == (ZERO, 1)
        assert shared(w, Basis.FORECAST).found.total is None

    def test_every_amount_adds_up_to_the_budget_exactly(self, w):
        """Also when it is adjusted, spent and forecast: the page's total is the year's, and so are the columns'."""
        known = line(w.year, w.sts, "1000.01")
        line(w.year, w.org, "333.33", unit=w.office, funding="pulje")
        line(w.year, w.post, None)
        sharing(w.year, w.sts, "systems")
        sharing(w.year, w.post, "percent", parts={w.bsf: "33.3333", w.bmf: "66.6667"})
        by = factories.user(FOI)
        adjustment = Adjustment.objects.create(
            year=w.year,
            kind="supplement",
            reason="Mere",
            state="approved",
            decided_by=by,
            decided_at=timezone.now(),
        )
        AdjustmentEntry.objects.create(adjustment=adjustment, line=known, amount=Decimal("-0.02"))
        Actual.objects.create(year=w.year, line=known, month=1, amount=Decimal("-7.77"))
        round_ = ForecastRound.objects.create(year=w.year, name="1.", actuals_to=TODAY)
        Forecast.objects.create(round=round_, line=known, amount=Decimal("1234.56"))
        year = totals(line_amounts(w.year))
        for basis, expected in (
            (Basis.ORIGINAL, year.original),
            (Basis.REVISED, year.revised),
            (Basis.FORECAST, year.forecast),
            (Basis.ACTUAL, year.actual),
        ):
            whole = shared(w, basis)
            assert whole.found.total == expected
            assert whole.shared_total + whole.rest_total == expected
            assert sum(amount or ZERO for _, amount in whole.funding_totals) == expected
            assert sum(row.total for row in whole.matrix) == expected
            assert sum(amounts_of(w.year, [w.sts.pk, w.org.pk, w.post.pk], basis).values()) == expected
            by_line = {row.line.component_id: basis.of(row) for row in line_amounts(w.year)}
            told = {component: amount for component, amount in by_line.items() if amount is not None}
            assert amounts_of(w.year, by_line, basis) == told

    def test_rolled_up_by_platform_nothing_is_counted_twice(self, w):
        line(w.year, w.sts, "100.00")
        line(w.year, w.org, "30.00")
        line(w.year, w.post, "1.00")
        sharing(w.year, w.org, "equal", parts={w.bsf: "1"})
        rows = line_amounts(w.year)
        found = sharing_out.shared(w.year, rows, sharing_out.sharings_of(w.year), Basis.REVISED, TODAY)
        components = {row.line.component_id: row.line.component for row in rows}
        whole = WholeYear(found, components, by_platform=True)
        assert [(row.asset.code, row.rest, row.total) for row in whole.matrix] == [
            ("POST", Decimal("1.00"), Decimal("1.00")),
            ("STS", Decimal("100.00"), Decimal("130.00")),
        ]


class TestTheDay:
    @pytest.mark.parametrize(
        ("year", "day"), [(2025, (2025, 12, 31)), (2026, (2026, 6, 1)), (2027, (2027, 1, 1))]
    )
    def test_is_the_years_nearest_to_today(self, year, day):
        assert day_of(year, TODAY) == datetime.date(*day)

    def test_a_year_to_come_counts_what_has_begun_then(self, w):
        year = BudgetYear.objects.create(year=2027)
        line(year, w.post, "10.00")
        sharing(year, w.post, "systems")
        factories.dependency(source=w.ky, target=w.post, since=datetime.date(2026, 12, 1))
        factories.dependency(source=w.opus, target=w.post, since=datetime.date(2027, 2, 1))
        rows = line_amounts(year)
        found = sharing_out.shared(year, rows, sharing_out.sharings_of(year), Basis.REVISED, TODAY)
        assert [(p.organisation, p.amount) for p in found.portions] == [(w.bsf.pk, Decimal("10.00"))]

    def test_the_year_that_other_pages_show(self, w):
        assert current_year(TODAY) == w.year
        assert current_year(datetime.date(2028, 1, 1)) == w.year
        assert current_year(datetime.date(2020, 1, 1)) == w.year
        BudgetYear.objects.create(year=2024)
        assert current_year(datetime.date(2025, 1, 1)).year == 2024


class TestCostPerSystem:
    def test_a_platforms_table_adds_its_modules_and_shares_each_once(self, w):
        uses = Uses.at(timezone.localdate())
        amounts = {w.sts.pk: Decimal("100.00"), w.org.pk: Decimal("10.01"), w.post.pk: Decimal("5.00")}
        found = cost_per_system(uses, w.sts.pk, amounts)
        told = {row.system.code: (row.own, row.modules) for row in found.rows}
        assert told == {
            "OPUS": (Decimal("25.00"), Decimal("2.51")),
            "KP": (Decimal("25.00"), Decimal("2.50")),
            "KY": (Decimal("25.00"), Decimal("2.50")),
            "LOS": (Decimal("25.00"), Decimal("2.50")),
        }
        assert sum(row.total for row in found.rows) == found.total == Decimal("110.01")
        through = {row.system.code: [part.code for part in row.through] for row in found.rows}
        assert through["KY"] == ["STS", "ORG"]
        assert through["KP"] == ["ORG"]
        assert [row.system.code for row in found.rows][-1] == "LOS", "without a department last"

    def test_a_module_is_not_charged_for_its_platform(self, w):
        uses = Uses.at(timezone.localdate())
        found = cost_per_system(uses, w.org.pk, {w.sts.pk: Decimal(100), w.org.pk: Decimal("10.00")})
        assert (found.total, found.modules) == (Decimal("10.00"), None)

    def test_what_nobody_uses_is_named(self, w):
        uses = Uses.at(timezone.localdate())
        found = cost_per_system(uses, w.post.pk, {w.post.pk: Decimal("5.00")})
        assert (found.rows, found.unshared) == ([], {w.post.pk: Decimal("5.00")})

    def test_what_a_system_bears_is_its_row_in_the_components_table(self, w):
        uses = Uses.at(timezone.localdate())
        assert uses.by(w.kp.pk) == [w.org.pk, w.sts.pk]
        rows = cost_per_system(uses, w.org.pk, {w.org.pk: Decimal("10.01")}).rows
        for row in rows:
            assert uses.share_of(row.system.key, w.org.pk, Decimal("10.01")) == row.own

    def test_an_unknown_amount_gives_no_noughts_in_the_file(self, w):
        client = factories.client(FOI)
        line(w.year, w.org, None)
        answer = client.get(reverse("sharing-users", args=[2026, "ORG"]), {"_export": "csv"})
        rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
        assert {(row["own_share"], row["total"]) for row in rows} == {("", "")}
        assert "ikke kendt" in client.get(reverse("sharing-users", args=[2026, "ORG"])).content.decode()
        page = client.get(reverse("sharing-users", args=[2026, "STS"])).content.decode()
        assert "ikke kendt" not in page, "what has no lines has no budget, which is another thing"


class TestPages:
    @pytest.fixture
    def spread(self, w):
        line(w.year, w.sts, "400.00")
        line(w.year, w.post, "-100.00", unit=w.unit, funding="pulje")
        line(w.year, w.org, None)
        sharing(w.year, w.sts, "systems")
        return w

    def test_the_year_shows_who_pays_and_what_is_left(self, spread):
        page = factories.client(FOI).get(reverse("sharing-list", args=[2026]), {"forvaltning": "bmf"})
        text = page.content.decode()
        for shown in (
            "Navn BSF",
            "200,00",
            "Fagsystemer uden forvaltning",
            "300,00 kr.",
            "Navn BMF betaler 0,00 kr.",
        ):
            assert shown in text, shown
        assert "Navn FOI" in text, "the unit of the forvaltning that was opened"

    def test_odd_choices_in_the_address_are_no_errors(self, spread):
        client = factories.client(FOI)
        for query in ("beloeb=x", "saml=y", "forvaltning=FINDES-IKKE", "_export=pdf", "forvaltning=%00"):
            assert client.get(f"{reverse('sharing-list', args=[2026])}?{query}").status_code == 200, query

    def test_the_file_has_every_portion_and_adds_up(self, spread):
        client = factories.client(FOI)
        answer = client.get(reverse("sharing-list", args=[2026]), {"_export": "csv", "beloeb": "oprindeligt"})
        rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
        assert sum(Decimal(row["amount"]) for row in rows) == Decimal("300.00")
        assert {row["basis"] for row in rows} == {"original"}
        told = {
            (row["department"], row["unit"], row["component"], row["amount"], row["rest"]) for row in rows
        }
        assert told == {
            ("BSF", "BSF", "STS", "200.00", ""),
            ("BMF", "BMF", "STS", "100.00", ""),
            ("", "", "STS", "100.00", "no_department"),
            ("BMF", "FOI", "POST", "-100.00", ""),
        }
        keys = {row["component"]: row["key"] for row in rows}
        assert keys == {"STS": "systems", "POST": ""}

    def test_one_forvaltning_has_its_own_file(self, spread):
        answer = factories.client(FOI).get(
            reverse("sharing-list", args=[2026]), {"_export": "csv", "forvaltning": "BMF"}
        )
        rows = list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
        assert [(row["department"], row["component"], row["amount"]) for row in rows] == [
            ("BMF", "POST", "-100.00"),
            ("BMF", "STS", "100.00"),
        ]

    def test_the_workbook_has_numbers(self, spread):
        answer = factories.client(FOI).get(reverse("sharing-list", args=[2026]), {"_export": "xlsx"})
        sheet = load_workbook(io.BytesIO(answer.getvalue())).active
        amounts = [row[10] for row in sheet.iter_rows(min_row=2, values_only=True)]
        assert sorted(map(repr, amounts)) == ["-100", "100", "100", "200"]

    def test_empty_years_say_what_to_do(self, w):
        client = factories.client(MANAGER)
        assert "ingen budgetlinjer" in client.get(reverse("sharing-list", args=[2026])).content.decode()
        line(w.year, w.org, None)
        assert "Vælg et andet beløb" in client.get(reverse("sharing-list", args=[2026])).content.decode()
        assert (
            "Vælg et andet beløb"
            in client.get(reverse("budget-component", args=[2026, "ORG"])).content.decode()
        )

    def test_the_components_page_tells_who_pays_and_who_uses(self, spread):
        page = factories.client(FOI).get(reverse("budget-component", args=[2026, "STS"])).content.decode()
        assert 'id="fordeling"' in page
        assert "Bruges af 4 fagsystemer" in page
        assert reverse("sharing-update", args=[2026, "STS"]) in page

    def test_a_systems_page_tells_what_it_bears_to_those_who_may_see_kroner(self, spread):
        BudgetLine.objects.filter(year__year=2026).update(year=_year_now(spread))
        Sharing.objects.all().delete()
        for kind, sees in ((FOI, True), ("Læser", False), ("Systemansvarlig", False)):
            page = factories.client(kind).get(reverse("system-detail", args=["KP"])).content.decode()
            assert ("Infrastrukturens pris" in page) is sees
            assert ("100,00 kr." in page) is sees, "a fourth of STS"

    def test_codes_that_are_not_there(self, w):
        client = factories.client(FOI)
        for name in ("sharing-users", "sharing-update", "sharing-archive", "sharing-history"):
            assert client.get(reverse(name, args=[2026, "KY"])).status_code == 404, "a system is no component"
            assert client.get(reverse(name, args=[2099, "STS"])).status_code == 404
        assert client.get(reverse("sharing-list", args=[2099])).status_code == 404


def _year_now(w: SimpleNamespace) -> BudgetYear:
    number = timezone.localdate().year
    found, _ = BudgetYear.objects.get_or_create(year=number)
    return found


def test_a_forvaltning_outside_the_tree_pays_for_itself(w):
    """Rings among organisations, which two people can make in the same instant, hold nobody up."""
    Organisation.objects.filter(pk=w.city.pk).update(parent=w.unit)
    Organisation.objects.filter(pk=w.bmf.pk).update(kind="department")
    line(w.year, w.post, "1.00", unit=w.unit)
    assert sum(paid(w).values()) == Decimal("1.00")
