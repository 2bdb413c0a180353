"""Actuals: files of the finance system, typed postings, and placing what fitted no line."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Sum
from django.urls import reverse

from budgets.importing.actuals import guess, read_month
from budgets.models import (
    Actual,
    ActualImport,
    ActualSource,
    BudgetLine,
    BudgetYear,
    ColumnMapping,
    YearState,
)
from foi_portal.core.models import Change
from foi_portal.core.permissions import ADMINISTRATOR, FOI
from registry.importing.values import BadValue
from tests import factories
from tests.registry.importing import workbook

pytestmark = pytest.mark.django_db

HEADER = "Beløb;Periode;Kontostreng;Tekst"
COLUMNS = {"amount": "Beløb", "month": "Periode", "account": "Kontostreng", "text": "Tekst"}


@pytest.fixture
def year():
    return BudgetYear.objects.create(year=2026, state=YearState.APPROVED)


@pytest.fixture
def line(year):
    component = factories.component(code="FKI", name="FKI")
    return BudgetLine.objects.create(
        year=year, component=component, cost_type="licence", original=100, account="6.45-1"
    )


@pytest.fixture
def foi(client, line):
    client.force_login(factories.user(FOI))
    return client


def address(name: str) -> str:
    return reverse(name, args=[2026])


def send(client, *rows: str, header: str = HEADER, encoding: str = "utf-8-sig", name: str = "okt.csv"):
    content = "\r\n".join([header, *rows]).encode(encoding)
    return client.post(address("actual-import"), {"file": SimpleUploadedFile(name, content)})


def hidden(answer, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', answer.content.decode())
    assert found, answer.content.decode()[:3000]
    return found[1]


def dry_run(client, *rows: str, **options):
    """The dry run, with the columns chosen where the portal asks."""
    answer = send(client, *rows, **options)
    if "Hvad er kolonnerne" in answer.content.decode():
        chosen = {"sheet": hidden(answer, "sheet"), "columns": "1", **COLUMNS}
        answer = client.post(address("actual-import"), chosen)
    return answer


def commit(client, answer, **more):
    posted = {"sheet": hidden(answer, "sheet"), "plan": hidden(answer, "plan"), **more}
    return client.post(address("actual-import"), posted)


def test_the_columns_are_asked_for_once_and_remembered_by_the_header_row(foi):
    first = send(foi, "1.234,50;202603;6.45-1;Faktura")
    assert "Hvad er kolonnerne i okt.csv?" in first.content.decode()
    dry_run(foi, "1.234,50;202603;6.45-1;Faktura")
    assert ColumnMapping.objects.get().columns == COLUMNS
    assert not Actual.objects.exists()
    again = send(foi, "1,00;202604;6.45-1;Ny", name="nov.csv")
    assert "Prøvekørsel af nov.csv" in again.content.decode()
    other = send(foi, "1,00;202604;Ny", header="Kroner;Måned;Tekst")
    assert "Hvad er kolonnerne" in other.content.decode()


def test_a_file_is_booked_and_read_twice_adds_nothing(foi, line):
    rows = ("1.234,50;202603;6.45-1;Faktura", "1.234,50;202603;6.45-1;Faktura", "(10,00);3;6.45-1;Kreditnota")
    commit(foi, dry_run(foi, *rows))
    assert [(it.month, it.amount, it.source) for it in line.actuals.order_by("pk")] == [
        (3, Decimal("1234.50"), ActualSource.FINANCE),
        (3, Decimal("1234.50"), ActualSource.FINANCE),  # equal rows are two postings
        (3, Decimal("-10.00"), ActualSource.FINANCE),
    ]
    written = Change.objects.count()
    again = dry_run(foi, *reversed(rows), encoding="cp1252", name="igen.csv")
    assert re.search("Læst før og springes over</span><span>3<", again.content.decode())
    assert not re.search("<button[^>]*>Indlæs</button>", again.content.decode())
    assert Change.objects.count() == written
    commit(foi, dry_run(foi, *rows, "5;4;6.45-1;Ny"))
    batch = ActualImport.objects.latest("pk")
    assert (batch.added, batch.known, batch.unplaced) == (1, 3, 0)


def test_faults_are_named_and_nothing_is_written_until_they_are_left_out(foi, line):
    answer = dry_run(
        foi,
        "1;13;6.45-1;a",
        "1;2025-12;6.45-1;b",
        "mange;1;6.45-1;c",
        ";1;6.45-1;d",
        "=1+1;1;6.45-1;e",
        "7;1;6.45-1;f",
    )
    page = answer.content.decode()
    for told in (
        "Måneden skal være mellem 1 og 12.",
        "Rækken er fra 2025, men her indlæses 2026.",
        "er ikke et beløb",
        "Beløbet mangler.",
        "Cellen er en formel.",
        "Periode 13 og derover (supplement) bogføres i december: skriv 12.",
        "Udelad de 5 rækker med fejl",
    ):
        assert told in page
    refused = commit(foi, answer)
    assert refused.status_code == 422
    assert "Ret filen, eller vælg at udelade dem" in refused.content.decode()
    assert not Actual.objects.exists()
    commit(foi, answer, leave_out="on")
    assert line.actuals.get().amount == 7


@pytest.mark.parametrize("odd", ["9" * 5000, "²²²²", "٢٠٢٦", "26"])
def test_an_odd_year_is_a_fault_of_its_row(foi, line, odd):
    sheet = hidden(send(foi, f"1;1;6.45-1;a;{odd}", "2;1;6.45-1;b;2026", header=f"{HEADER};År"), "sheet")
    answer = foi.post(address("actual-import"), {"sheet": sheet, "columns": "1", **COLUMNS, "year": "År"})
    assert answer.status_code == 200
    assert "Skriv et årstal med fire cifre." in answer.content.decode()


def test_a_dry_run_that_no_longer_holds_is_not_carried_out(foi, line):
    answer = dry_run(foi, "7;1;6.45-1;f")
    BudgetLine.objects.update(account="andet")
    assert "ændret siden prøvekørslen" in commit(foi, answer).content.decode()
    assert not Actual.objects.exists()


def test_somebody_elses_or_a_forged_dry_run_is_refused(foi, client):
    answer = dry_run(foi, "7;1;6.45-1;f")
    foi.force_login(factories.user(FOI, username="anden"))
    assert "Vælg filen igen" in commit(foi, answer).content.decode()
    assert not Actual.objects.exists()


def test_a_closed_year_takes_nothing(foi, line):
    answer = dry_run(foi, "7;1;6.45-1;f")
    BudgetYear.objects.update(state=YearState.CLOSED)
    assert "2026 er lukket" in commit(foi, answer).content.decode()
    typed = {"line": "FKI", "month": 1, "amount": "5"}
    assert "2026 er lukket" in foi.post(address("actual-create"), typed).content.decode()
    assert not Actual.objects.exists()


def test_a_workbook_is_read_and_what_is_no_table_is_told(foi, line):
    book = workbook({"Ark1": [HEADER.split(";"), [12.5, "2026-05", "6.45-1", "x"]]})
    answer = foi.post(address("actual-import"), {"file": SimpleUploadedFile("a.xlsx", book)})
    answer = foi.post(address("actual-import"), {"sheet": hidden(answer, "sheet"), "columns": "1", **COLUMNS})
    commit(foi, answer)
    assert line.actuals.get().amount == Decimal("12.50")
    for name, content, told in (("a.xlsx", b"PK\x03\x04nonsens", "beskadiget"), ("a.csv", b" ", "tom")):
        answer = foi.post(address("actual-import"), {"file": SimpleUploadedFile(name, content)})
        assert told in answer.content.decode()


def test_too_many_rows_are_refused_with_what_to_do(foi, monkeypatch):
    monkeypatch.setattr("budgets.importing.actuals.MOST_ROWS", 2)
    assert "Del filen i flere" in send(foi, "1;1;a;b", "2;1;a;b", "3;1;a;b").content.decode()


def test_rows_that_fit_no_line_wait_and_are_placed_with_their_account_remembered(foi, line, year):
    line2 = BudgetLine.objects.create(year=year, component=line.component, cost_type="operation")
    commit(foi, dry_run(foi, "1;1;9-9;a", "2;2;9-9;b", "4;2;8-8;c"))
    assert Actual.objects.filter(line=None).count() == 3
    assert ActualImport.objects.get().unplaced == 3
    shown = foi.get(address("actual-unplaced")).content.decode()
    assert "Kontostreng: 9-9" in shown
    first = Actual.objects.get(amount=1)
    placed = {"row": first.pk, "line": "FKI · Drift", "alike": "on", "remember": "on"}
    foi.post(address("actual-unplaced"), placed)
    line2.refresh_from_db()
    assert line2.account == "9-9"
    assert line2.actuals.aggregate(total=Sum("amount"))["total"] == 3
    assert Actual.objects.get(line=None).amount == 4
    commit(foi, dry_run(foi, "16;3;9-9;næste"))
    assert line2.actuals.count() == 3
    stale = foi.post(address("actual-unplaced"), {"row": first.pk, "line": "FKI · Licens"})
    assert stale.status_code == 409
    assert "placeret af en anden imens" in stale.content.decode()


def test_an_account_is_not_remembered_for_two_lines(foi, line, year):
    BudgetLine.objects.create(year=year, component=line.component, cost_type="operation", account="7-7")
    commit(foi, dry_run(foi, "1;1;9-9;a"))
    row = Actual.objects.get().pk
    answer = foi.post(address("actual-unplaced"), {"row": row, "line": "FKI · Drift", "remember": "on"})
    assert "Linjen har allerede kontostrengen 7-7" in answer.content.decode()
    assert Actual.objects.get().line is None


def test_a_typed_posting_is_on_the_list(foi, line):
    bad = foi.post(address("actual-create"), {"line": "FKI", "month": 13, "amount": "1,234"})
    assert bad.status_code == 422
    assert "kan læses på to måder" in bad.content.decode()
    foi.post(address("actual-create"), {"line": "FKI", "month": 4, "amount": "1.234,50 kr."})
    booked = line.actuals.get()
    assert (booked.month, booked.amount, booked.source) == (4, Decimal("1234.50"), ActualSource.TYPED)
    assert "1.234,5" in foi.get(address("actual-list")).content.decode()


def test_administrators_look_and_do_not_place(client, line, year):
    client.force_login(factories.user(ADMINISTRATOR))
    row = Actual.objects.create(year=year, month=1, amount=1)
    assert client.post(address("actual-unplaced"), {"row": row.pk, "line": "FKI"}).status_code == 403


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("3", (None, 3)), ("03", (None, 3)), ("202603", (2026, 3)), ("2026-03", (2026, 3)), ("03-2026", (2026, 3)),
        ("marts", (None, 3)), ("Marts 2026", (2026, 3)), ("15-03-2026", (2026, 3)), ("2026-03-15", (2026, 3)),
        ("2026-03-15 13:30:00", (2026, 3)), ("15.03.2026 13.30", (2026, 3)), ("sept.", (None, 9)),
    ],
)  # fmt: skip
def test_months_as_finance_systems_write_them(text, found):
    assert read_month(text) == found


@pytest.mark.parametrize(
    "text", ["0", "13", "202613", "2026-13", "forår", "", "32-01-2026", "46000", "martsx"]
)
def test_what_is_no_month_is_refused(text):
    with pytest.raises(BadValue):
        read_month(text)


def test_the_usual_headings_are_guessed():
    assert guess(["Bogføringsdato", "Kreditor", "Beløb i kr.", "Kontostreng", "Posteringstekst"]) == {
        "amount": "Beløb i kr.",
        "month": "Bogføringsdato",
        "account": "Kontostreng",
        "text": "Posteringstekst",
    }
    assert guess(["Bogf. dato", "Konto streng", "Beløb"]) == {
        "amount": "Beløb",
        "month": "Bogf. dato",
        "account": "Konto streng",
    }
