"""Follow-up rounds: started for a month that is over, typed in a table, and never overwritten silently."""

from __future__ import annotations

import csv
import datetime
import io
import re
from decimal import Decimal

import pytest
from django.urls import reverse
from openpyxl import load_workbook

from budgets import costing, forecasting, picture, sharing_out, year_sums
from budgets.models import Actual, BudgetLine, BudgetYear, Forecast, ForecastRound, YearState
from budgets.queries import line_amounts, totals
from budgets.sharing_out import Basis
from foi_portal.core.models import Change
from foi_portal.core.permissions import ADMINISTRATOR, FOI, MANAGER
from tests import factories
from tests.core.test_two_connections import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def year():
    return BudgetYear.objects.create(year=2025, state=YearState.APPROVED)


@pytest.fixture
def lines(year):
    """FKI's licence has been paid, STS' operation is half spent at the end of June, of KLE nothing is known."""
    fki, sts, kle = (factories.component(code=code, name=f"Om {code}") for code in ("FKI", "STS", "KLE"))
    make = BudgetLine.objects.create
    lines = {
        "fki": make(year=year, component=fki, cost_type="licence", original=1000),
        "sts": make(year=year, component=sts, cost_type="operation", original=2400),
        "kle": make(year=year, component=kle, cost_type="operation"),
    }
    for line, month, amount in (("fki", 1, 1100), ("sts", 3, 700), ("sts", 6, 800), ("sts", 7, 5000)):
        Actual.objects.create(year=year, line=lines[line], month=month, amount=amount)
    return lines


@pytest.fixture
def june(year):
    return ForecastRound.objects.create(
        year=year, name="1. opfølgning", actuals_to=datetime.date(2025, 6, 30)
    )


@pytest.fixture
def foi(lines):
    return factories.client(FOI)


def address(name: str, *keys: int) -> str:
    return reverse(name, args=[2025, *keys])


def typed(lines, **amounts: str) -> dict[str, str]:
    return {f"f{lines[name].pk}-amount": amount for name, amount in amounts.items()}


def save(client, round_, lines, versions=(), **amounts: str):
    seen = {f"f{lines[name].pk}-version": str(version) for name, version in dict(versions).items()}
    return client.post(address("forecast-detail", round_.pk), typed(lines, **amounts) | seen)


def test_a_round_takes_the_next_number(foi, year, june):
    ForecastRound.objects.filter(pk=june.pk).update(name="3. budgetopfølgning")
    assert 'value="4. budgetopfølgning"' in foi.get(address("forecast-create")).content.decode()


def test_an_empty_round_takes_nothing_away_from_the_one_before_it(foi, year, june, lines):
    """What the year is expected to end at stays known while the next follow-up is being written."""
    save(foi, june, lines, sts="2500")
    foi.post(address("forecast-create"), {"name": "2.", "actuals_to": "2025-09-30"})
    later = ForecastRound.objects.get(name="2.")
    shown = line_amounts(year)
    assert totals(shown).forecast == 2500
    assert picture.of(year).round == june
    assert [one.forecast for one in year_sums.every()] == [2500]
    assert sharing_out.amounts_of(year, [lines["sts"].component_id], Basis.FORECAST) == {
        lines["sts"].component_id: 2500
    }
    found = costing.costs([2025], [lines["sts"].component_id])
    assert [cost.amount for cost in found] == [2500]
    save(foi, later, lines, fki="1100")
    assert totals(line_amounts(year)).forecast == 1100
    assert [one.forecast for one in year_sums.every()] == [1100]


def test_a_round_is_started_for_a_month_that_is_over(foi, year):
    page = foi.get(address("forecast-create")).content.decode()
    assert "1. budgetopfølgning" in page
    foi.post(address("forecast-create"), {"name": "Forår", "actuals_to": "2025-04-30"})
    made = ForecastRound.objects.get()
    assert (made.name, made.actuals_to, made.months) == ("Forår", datetime.date(2025, 4, 30), 4)
    page = foi.get(address("forecast-create")).content.decode()
    assert 'value="2025-04-30"' not in page  # the next is later
    assert 'value="2025-05-31"' in page
    for bad in ("2025-04-30", "2025-03-31", "2025-05-15", "2026-01-31", ""):
        answer = foi.post(address("forecast-create"), {"name": "Igen", "actuals_to": bad})
        assert answer.status_code == 422, bad
    assert ForecastRound.objects.count() == 1


def test_months_that_are_not_over_cannot_be_chosen(year):
    on = datetime.date(2025, 3, 15)
    assert [day.month for day in forecasting.open_months(year, on)] == [1, 2]
    assert [day.month for day in forecasting.open_months(year, datetime.date(2025, 3, 31))] == [1, 2, 3]
    assert forecasting.open_months(year, datetime.date(2025, 1, 30)) == []


@pytest.mark.parametrize("state", [YearState.DRAFT, YearState.SUBMITTED, YearState.CLOSED])
def test_only_an_approved_year_is_followed_up(foi, year, lines, june, state):
    BudgetYear.objects.update(state=state)
    told = "er lukket" if state == YearState.CLOSED else "er ikke godkendt endnu"
    assert told in foi.get(address("forecast-create")).content.decode()
    answer = foi.post(address("forecast-create"), {"name": "Ny", "actuals_to": "2025-09-30"})
    assert answer.status_code == 409
    answer = save(foi, june, lines, sts="1")
    assert answer.status_code == 409
    assert told in answer.content.decode()
    assert (
        f'name="f{lines["sts"].pk}-amount"'
        not in foi.get(address("forecast-detail", june.pk)).content.decode()
    )
    rename = {"name": "Andet", "actuals_to": "2025-06-30", "version": june.version, "key": june.pk}
    assert foi.post(address("forecast-update", june.pk), rename).status_code == 422
    assert not Forecast.objects.exists()


def test_the_table_suggests_by_rules_and_counts_only_whole_months(lines, june):
    rows = {row.line.component.code: row for row in forecasting.rows(june, None)}
    assert (rows["STS"].spent, rows["STS"].suggestion.amount) == (Decimal(1500), Decimal(3000))
    assert (rows["FKI"].suggestion.amount, rows["FKI"].suggestion.rule.short) == (1100, "én regning")
    assert rows["KLE"].suggestion is None
    june.actuals_to = datetime.date(2025, 6, 29)  # June is not whole
    assert june.months == 5
    assert {row.line.component.code: row.spent for row in forecasting.rows(june, None)}["STS"] == 700


def test_what_is_typed_is_saved_and_an_empty_field_is_not_known(foi, lines, june):
    answer = foi.post(
        address("forecast-detail", june.pk), typed(lines, fki="1.100,50", sts="3000 kr.", kle="")
    )
    assert answer.status_code == 302
    assert dict(june.forecasts.values_list("line__component__code", "amount")) == {
        "FKI": Decimal("1100.50"),
        "STS": Decimal("3000.00"),
    }
    page = foi.get(address("forecast-detail", june.pk)).content.decode()
    assert "+600" in page  # 3000 against 2400
    assert "1 linje har ingen forventning endnu" in page
    written = Change.objects.count()
    save(foi, june, lines, {"fki": 1, "sts": 1}, fki="1.100,5", sts="3.000")
    assert Change.objects.count() == written  # the same is no change
    save(foi, june, lines, {"fki": 1}, fki="")
    assert june.forecasts.get(line=lines["fki"]).amount is None
    history = foi.get(address("forecast-history", june.pk)).content.decode()
    assert "Om FKI, licens 2025" in history


def test_an_error_in_one_amount_saves_none_and_keeps_all(foi, lines, june):
    answer = save(foi, june, lines, fki="1.100", sts="1,234")
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Om STS, drift: “1,234” kan læses på to måder" in page
    assert 'value="1.100"' in page
    assert not Forecast.objects.exists()


def test_empty_fields_are_filled_to_be_looked_at(foi, lines, june):
    data = typed(lines, fki="7", sts="", kle="x") | {"fill": "suggestion"}
    page = foi.post(address("forecast-detail", june.pk), data).content.decode()
    assert "1 tomt felt er udfyldt med forslaget. Intet er gemt endnu." in page
    shown = dict(re.findall(r'name="f(\d+)-amount"[^>]*?(?:value="([^"]*)")', page))
    assert shown == {str(lines["fki"].pk): "7", str(lines["sts"].pk): "3.000", str(lines["kle"].pk): "x"}
    assert not Forecast.objects.exists()


def test_nobody_overwrites_what_another_typed_in_the_same_row(foi, lines, june):
    """Both opened the page when it was empty. Rows that only one of them changed are simply saved."""
    chef = factories.client(MANAGER, first_name="Helle", last_name="Damgaard")
    save(chef, june, lines, {"fki": 0, "sts": 0}, fki="1", sts="2")
    answer = save(foi, june, lines, {"fki": 0, "sts": 0, "kle": 0}, fki="9", sts="", kle="5")
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "I har begge ændret" in page
    assert "Helle Damgaard" in page
    assert page.count("form-radio") == 2  # FKI alone: theirs or mine
    assert not june.forecasts.filter(line=lines["kle"]).exists()
    kept = dict(re.findall(r'type="hidden" name="(f\d+-\w+)" value="([^"]*)"', page))
    chosen = kept | {f"f{lines['fki'].pk}-amount": "9.00"}
    assert foi.post(address("forecast-detail", june.pk), chosen).status_code == 302
    assert dict(june.forecasts.values_list("line__component__code", "amount")) == {
        "FKI": 9,
        "STS": 2,
        "KLE": 5,
    }


def test_a_row_left_as_it_was_seen_keeps_what_another_saved(foi, lines, june):
    save(foi, june, lines, fki="1", sts="1")
    save(factories.client(MANAGER), june, lines, {"fki": 1}, fki="2")
    save(foi, june, lines, {"fki": 1, "sts": 1}, fki="1", sts="3")  # FKI is as this page saw it
    assert dict(june.forecasts.values_list("line__component__code", "amount")) == {"FKI": 2, "STS": 3}


def test_the_newest_round_alone_is_written_on_and_shows_the_one_before(foi, year, lines, june):
    save(foi, june, lines, sts="2.999")
    later = ForecastRound.objects.create(year=year, name="2.", actuals_to=datetime.date(2025, 9, 30))
    page = foi.get(address("forecast-detail", later.pk)).content.decode()
    assert "2.999" in page
    assert "Forrige" in page
    answer = save(foi, june, lines, {"sts": 1}, sts="1")
    assert answer.status_code == 409
    assert "er nyere, så denne opfølgning kan ikke længere ændres" in answer.content.decode()
    assert f'value="{1}"' in answer.content.decode()  # what was typed is still there
    old = foi.get(address("forecast-detail", june.pk)).content.decode()
    assert "kan kun læses" in old
    assert "2.999" in old
    assert june.forecasts.get().amount == 2999


def test_name_and_month_are_corrected_with_care(foi, june):
    data = {"name": "Halvår", "actuals_to": "2025-07-31", "version": june.version, "key": june.pk}
    assert foi.post(address("forecast-update", june.pk), data).status_code == 302
    june.refresh_from_db()
    assert (june.name, june.months) == ("Halvår", 7)
    stale = foi.post(address("forecast-update", june.pk), data | {"name": "Andet"})
    assert stale.status_code == 409
    assert "I har begge rettet" in stale.content.decode()


def test_exports_have_machine_columns(foi, lines, june):
    save(foi, june, lines, sts="3.000,50")
    answer = foi.get(address("forecast-detail", june.pk), {"_export": "csv"})
    rows = list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))
    assert rows == [
        [
            "component", "kind", "funding", "unit", "revised", "actual", "previous", "suggested", "forecast",
            "deviation",
        ],
        ["FKI", "licence", "DA", "", "1000.00", "1100.00", "", "1100.00", "", ""],
        ["KLE", "operation", "DA", "", "", "", "", "", "", ""],
        ["STS", "operation", "DA", "", "2400.00", "1500.00", "", "3000.00", "3000.50", "600.50"],
    ]  # fmt: skip
    answer = foi.get(address("forecast-detail", june.pk), {"_export": "xlsx"})
    sheet = load_workbook(io.BytesIO(answer.getvalue())).worksheets[0]
    assert [cell.value for cell in sheet[4]][4:] == [2400, 1500, None, 3000, 3000.5, 600.5]


def test_administrators_only_look(lines, june):
    client = factories.client(ADMINISTRATOR)
    page = client.get(address("forecast-detail", june.pk)).content.decode()
    assert "Gem forventningerne" not in page
    assert save(client, june, lines, sts="1").status_code == 403


@pytest.mark.django_db(transaction=True)
def test_of_two_who_save_at_once_none_is_overwritten(year, lines, june):
    users = [factories.user(FOI), factories.user(MANAGER)]

    def write(user, amount):
        row = forecasting.Typed(lines["sts"].pk, Decimal(amount), 0)
        try:
            return forecasting.save(round_=june, typed=[row], reason="", actor=user)
        except forecasting.Clashed as clashed:
            return clashed.clashes[0]

    told = together(lambda: write(users[0], 1), lambda: write(users[1], 2))
    (clash,) = [it for it in told if it != 1]
    assert 1 in told
    saved = june.forecasts.get()
    assert (clash.theirs, clash.before) == (saved.amount, None)
    assert clash.mine != saved.amount
