"""``budget_lines.csv`` through the import: what becomes of the published file, and what faulty ones are told."""

from __future__ import annotations

import datetime
import io
from decimal import Decimal
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command
from django.db.models import Sum
from django.urls import reverse

from budgets.importing.lines import booking_month
from budgets.models import (
    Actual,
    ActualSource,
    Assumption,
    BudgetLine,
    BudgetYear,
    PriceModel,
    YearState,
)
from foi_portal.core.models import Change
from foi_portal.core.permissions import ADMINISTRATOR, FOI, sync_groups
from registry.importing import ImportRefused, SourceFile, apply_reading, make_plan, read_files
from registry.importing.reporting import report
from registry.models import ImportJob, ImportState
from tests import factories
from tests.registry.importing import csv, workbook
from tests.registry.importing import demo as landscape

pytestmark = pytest.mark.django_db

DEMO = Path(settings.BASE_DIR) / "budgets" / "demo" / "budget_lines.csv"
HEADER = "component_code,year,kind,budget_dkk,actual_dkk,funding,note,illustrative\n"
TODAY = datetime.date(2026, 11, 24)
# The published file's own sums (budget, actual), worked out from its rows by hand in a spreadsheet.
TOTALS = {
    2019: (6768600, 6685000), 2020: (12549763, 7667700), 2021: (14282700, 14403500), 2022: (14337400, 14358800),
    2023: (14160100, 14317300), 2024: (14018500, 13973900), 2025: (14299800, 14280100),
    2026: (14688500, 13160600), 2027: (14785800, None),
}  # fmt: skip


@pytest.fixture(autouse=True)
def today(monkeypatch):
    monkeypatch.setattr("budgets.importing.lines.timezone.localdate", lambda *moment: TODAY)


@pytest.fixture
def fki():
    factories.system(code="CURA")
    return factories.component(code="FKI", name="Den fælleskommunale infrastruktur")


def budget(*rows: str, header: str = HEADER) -> list[SourceFile]:
    return [csv("budget_lines", header + "".join(f"{row}\n" for row in rows))]


def apply(files):
    return apply_reading(read_files(files), actor=None, reason="Prøve").plan


def counts(plan) -> tuple[int, int, int]:
    (file,) = plan.files
    return len(file.created), len(file.updated), file.unchanged


def faults(files) -> list[tuple[int, str, str]]:
    return [
        (problem.row, problem.column, problem.message) for problem in make_plan(read_files(files)).problems
    ]


def line(**values) -> BudgetLine:
    return BudgetLine.objects.get(**values)


def test_the_published_file_gives_its_own_year_totals_and_twice_changes_nothing():
    apply(landscape())
    published = [SourceFile("budget_lines.csv", DEMO.read_bytes())]
    assert counts(apply(published)) == (257, 0, 0)
    for year, (original, actual) in TOTALS.items():
        lines = BudgetLine.objects.filter(year__year=year).aggregate(total=Sum("original"))
        spent = Actual.objects.filter(year__year=year, line__year__year=year).aggregate(total=Sum("amount"))
        assert (lines["total"], spent["total"]) == (original, actual)
    assert set(BudgetYear.objects.values_list("state", flat=True)) == {YearState.DRAFT}
    assert BudgetLine.objects.filter(illustrative=False).count() == 2
    assert set(Actual.objects.filter(year__year=2026).values_list("month", "source")) == {(10, "sheet")}
    assert set(Actual.objects.filter(year__year=2025).values_list("month", flat=True)) == {12}
    written = Change.objects.count()
    assert counts(apply(published)) == (0, 0, 257)
    assert Change.objects.count() == written


def test_a_renamed_spreadsheet_with_danish_amounts_is_read_too(fki):
    text = HEADER.replace(",", ";") + "fki ;2026;Licens;1.234,5;(12,00);DA;Årlig pris;nej\n"
    assert counts(apply([SourceFile("Mit ark.csv", b"\xef\xbb\xbf" + text.encode())])) == (1, 0, 0)
    found = line(component=fki)
    assert (found.original, found.note, found.illustrative) == (Decimal("1234.50"), "Årlig pris", False)
    assert found.actuals.get().amount == Decimal("-12.00")
    old = text.replace("1.234,5", "1,234.5").replace("Årlig", "Ærlig").encode("cp1252")
    assert counts(apply([csv("budget_lines", old)])) == (0, 1, 0)
    assert line(component=fki).note == "Ærlig pris"


def test_a_workbook_is_the_same_thing_and_its_formulas_are_refused(fki):
    head = HEADER.strip().split(",")
    row = ["FKI", 2026, "licence", 1234.5, None, "DA", None, "yes"]
    book = SourceFile("budget.xlsx", workbook({"budget_lines": [head, row]}))
    apply([book])
    assert line(component=fki).original == Decimal("1234.50")
    row[3] = "=1+1"
    told = faults([SourceFile("budget.xlsx", workbook({"budget_lines": [head, row]}))])
    assert told == [(2, "budget_dkk", "Cellen D2 er en formel. Skriv den værdi, den giver, i stedet.")]


def test_nothing_written_is_not_known_and_zero_is_zero(fki):
    apply(budget("FKI,2026,licence,,,DA,,no", "FKI,2026,operation,0,0,DA,,no"))
    assert line(cost_type="licence").original is None
    assert not line(cost_type="licence").actuals.exists()
    assert line(cost_type="operation").original == 0
    assert line(cost_type="operation").actuals.get().amount == 0


def test_every_fault_is_named_at_once_and_nothing_is_half_done(fki):
    told = faults(
        budget(
            "FKI,2026,licence,mange penge,,DA,,no",
            "NIX,2026,licence,1,,DA,,no",
            "CURA,2026,licence,1,,DA,,no",
            "FKI,2026,licence,-1,,pulje,,no",
            "FKI,1999,licence,1,,DA,,no",
            "FKI,2026,operation,1.5.2,,DA,,no",
            "FKI,2027,operation,1,2,DA,,no",
            "FKI,2026,leje,1,,DA,,måske",
            'FKI,2026,staff,"1,234",,DA,,no',
            "FKI,2026,staff,1,,,,no",
        )
    )
    assert [(row, column) for row, column, _ in told] == [
        (2, "budget_dkk"), (3, "component_code"), (4, "component_code"), (5, "budget_dkk"), (6, "year"),
        (7, "budget_dkk"), (8, "actual_dkk"), (9, "illustrative"), (9, "kind"), (10, "budget_dkk"), (11, "funding"),
    ]  # fmt: skip
    messages = [message for _, _, message in told]
    assert messages[0] == "“mange penge” er ikke et beløb. Skriv fx 1.234,50."
    assert messages[1].startswith("Koden kendes ikke.")
    assert messages[2] == "«CURA» er et fagsystem. Vælg en komponent."
    assert messages[3].startswith("En licens kan ikke koste mindre end 0 kr.")
    assert messages[4] == "Tallet skal være mellem 2000 og 2100."
    assert messages[6] == "2027 er ikke begyndt, så der kan ikke være forbrug. Slet beløbet."
    with pytest.raises(ImportRefused):
        apply(budget("FKI,2026,licence,1,,DA,,no", "NIX,2026,licence,1,,DA,,no"))
    assert not BudgetYear.objects.exists()
    assert not BudgetLine.objects.exists()


def test_the_difference_to_the_postings_is_booked_and_no_more(fki):
    apply(budget("FKI,2026,licence,100,40,DA,,no"))
    found = line(component=fki)
    Actual.objects.create(year=found.year, line=found, month=3, amount=5)
    assert counts(apply(budget("FKI,2026,licence,100,60,DA,,no"))) == (0, 1, 0)
    assert [str(it.amount) for it in found.actuals.order_by("pk")] == ["40.00", "5.00", "15.00"]
    last = found.actuals.latest("pk")
    assert (last.month, last.source) == (10, ActualSource.SHEET)
    assert counts(apply(budget("FKI,2026,licence,100,60,DA,,no"))) == (0, 0, 1)
    # Nobody knows is not the same as nothing.
    assert counts(apply(budget("FKI,2026,licence,100,,DA,,no"))) == (0, 0, 1)
    assert found.actuals.count() == 3


@pytest.mark.parametrize(
    ("year", "on", "month"),
    [(2025, "2026-01-31", 12), (2026, "2026-11-30", 10), (2026, "2026-01-31", 1), (2027, "2026-12-31", None)],
)
def test_the_month_is_the_last_that_has_ended(year, on, month):
    assert booking_month(year, datetime.date.fromisoformat(on)) == month


@pytest.mark.parametrize(
    ("state", "told"),
    [
        ("approved", "Budget 2026 er godkendt. Lav en budgetændring i stedet."),
        ("closed", "Budget 2026 er lukket. Kun kontorchefen kan genåbne det."),
        ("submitted", "Budget 2026 er indsendt til godkendelse. Få det sendt tilbage først."),
    ],
)  # fmt: skip
def test_an_adopted_years_amounts_are_left_to_adjustments(fki, state, told):
    apply(budget("FKI,2026,licence,100,,DA,,no"))
    BudgetYear.objects.update(state=state)
    assert faults(budget("FKI,2026,licence,101,,DA,,no")) == [
        (2, "budget_dkk", f"{told} Der står 100,00 i portalen.")
    ]
    assert counts(apply(budget("FKI,2026,licence,100,,DA,,no"))) == (0, 0, 1)
    ((row, column, message),) = faults(budget("FKI,2026,operation,1,,DA,,no"))
    assert (row, column) == (2, "component_code")
    assert message.endswith("En ny linje laves i portalen.")


def test_an_approved_year_takes_spending_and_a_closed_one_does_not(fki):
    apply(budget("FKI,2026,licence,100,10,DA,,no"))
    BudgetYear.objects.update(state=YearState.APPROVED)
    apply(budget("FKI,2026,licence,100,20,DA,til og med oktober,no"))
    assert line(component=fki).actuals.aggregate(total=Sum("amount"))["total"] == 20
    BudgetYear.objects.update(state=YearState.CLOSED)
    assert faults(budget("FKI,2026,licence,100,30,DA,nyt,no")) == [
        (2, "actual_dkk", "2026 er lukket, og forbruget kan ikke ændres. Der står 20,00 i portalen."),
        (2, "note", "2026 er lukket. Linjen kan ikke rettes."),
    ]


def test_lines_that_only_their_unit_tells_apart_are_named(fki):
    apply(budget("FKI,2026,licence,100,,DA,,no"))
    found = line(component=fki)
    found.pk, found.unit = None, factories.organisation()
    found.save()
    ((row, column, message),) = faults(budget("FKI,2026,licence,100,,DA,,no"))
    assert (row, column) == (2, "component_code")
    assert message.startswith("Der er 2 linjer, som kun skiller sig ud ved budgetenheden.")


def test_an_archived_line_is_not_written_on(fki):
    apply(budget("FKI,2026,licence,100,,DA,,no"))
    BudgetLine.objects.update(archived_at="2026-01-01T00:00Z", archive_reason="Ude")
    assert faults(budget("FKI,2026,licence,5,,DA,,no")) == [
        (2, "component_code", "Linjen er arkiveret i portalen. Gendan den først, eller slet rækken.")
    ]


def test_a_computed_lines_amount_is_not_written_over(fki):
    apply(budget("FKI,2026,licence,100,,DA,,no"))
    units = Assumption.objects.create(code="X", name="X", unit="x")
    BudgetLine.objects.update(
        price_model=PriceModel.objects.create(code="P", name="P", kind="transaction", assumption=units)
    )
    ((_, column, message),) = faults(budget("FKI,2026,licence,5,,DA,,no"))
    assert column == "budget_dkk"
    assert message.startswith("Linjen regnes ud af en prismodel.")


def test_a_missing_year_is_told_and_made_as_a_draft(fki):
    plan = make_plan(read_files(budget("FKI,2030,licence,5,,DA,,no")))
    assert [note.message for note in plan.notes] == [
        "Budgetår 2030 er der ikke endnu. Det oprettes som kladde."
    ]
    apply(budget("FKI,2030,licence,5,,DA,,no"))
    assert BudgetYear.objects.get().is_draft


def test_the_dry_run_shows_amounts_as_danes_write_them(fki):
    apply(budget("FKI,2026,licence,1000,,DA,,no"))
    (file,) = report(make_plan(read_files(budget("FKI,2026,licence,2500.50,7,DA,,no"))))["files"]
    assert file["updated_rows"] == [
        {
            "row": 2,
            "key": "FKI → 2026 → licence → DA",
            "changes": [
                {"field": "oprindeligt budget", "before": "1.000,00", "after": "2.500,50"},
                {"field": "Forbrug i alt", "before": "", "after": "7,00"},
            ],
        }
    ]


class TestCommand:
    def run(self, path, *options: str) -> str:
        out = io.StringIO()
        call_command("import_budget", str(path), *options, stdout=out, stderr=out)
        return out.getvalue()

    def write(self, tmp_path, *rows: str):
        path = tmp_path / "budget_lines.csv"
        path.write_text(HEADER + "".join(f"{row}\n" for row in rows))
        return path

    def test_it_is_a_dry_run_until_told_to_commit(self, fki, tmp_path):
        path = self.write(tmp_path, "FKI,2026,licence,1,,DA,,no")
        assert "1 ville blive oprettet" in self.run(path)
        assert not BudgetLine.objects.exists()
        assert "1 er oprettet" in self.run(path, "--commit")
        assert BudgetLine.objects.count() == 1

    def test_with_faults_it_ends_with_one_and_writes_nothing(self, fki, tmp_path):
        path = self.write(tmp_path, "FKI,2026,licence,1,,DA,,no", "NIX,2026,licence,1,,DA,,no")
        for commit in ([], ["--commit"]):
            with pytest.raises(CommandError, match=r"1 fejl\. Intet er skrevet") as caught:
                self.run(path, *commit)
            assert caught.value.returncode == 1
        assert not BudgetLine.objects.exists()

    def test_other_sheets_are_told_of_and_left_alone(self, fki, tmp_path):
        path = tmp_path / "alt.xlsx"
        lines = [HEADER.strip().split(","), ["FKI", 2026, "licence", 1, None, "DA", None, "no"]]
        path.write_bytes(workbook({"systems": [["code", "name"], ["NY", "Ny"]], "budget_lines": lines}))  # type: ignore[dict-item]
        told = self.run(path, "--commit")
        assert "alt.xlsx: systems: Er ikke budgetlinjer og er sprunget over." in told
        assert BudgetLine.objects.count() == 1


class TestPage:
    @pytest.fixture(autouse=True)
    def eager(self, settings):
        settings.CELERY_TASK_ALWAYS_EAGER = True
        sync_groups()

    def choose(self, client, callbacks) -> ImportJob:
        upload = SimpleUploadedFile("budget_lines.csv", (HEADER + "FKI,2026,licence,4711,,DA,,no\n").encode())
        with callbacks(execute=True):
            client.post(reverse("import"), {"files": upload})
        return ImportJob.objects.get()

    def test_who_may_edit_budgets_imports_lines(self, client, fki, django_capture_on_commit_callbacks):
        client.force_login(factories.user(FOI))
        job = self.choose(client, django_capture_on_commit_callbacks)
        assert job.state == ImportState.CHECKED
        with django_capture_on_commit_callbacks(execute=True):
            client.post(reverse("import-commit", args=[job.pk]), {"plan": job.plan_digest})
        assert line(component=fki).original == 4711

    def test_who_may_only_import_the_registry_is_refused(
        self, client, fki, django_capture_on_commit_callbacks
    ):
        client.force_login(factories.user(ADMINISTRATOR))
        job = self.choose(client, django_capture_on_commit_callbacks)
        assert job.state == ImportState.REJECTED
        assert [problem[4] for problem in job.problems] == ["Du har ikke ret til at indlæse budgetlinjer."]

    def test_nor_may_they_look_at_or_say_yes_to_somebody_elses(
        self, client, fki, django_capture_on_commit_callbacks
    ):
        client.force_login(factories.user(FOI))
        job = self.choose(client, django_capture_on_commit_callbacks)
        stranger = factories.user()
        stranger.user_permissions.set(Permission.objects.filter(codename="add_importjob"))
        client.force_login(stranger)
        assert client.get(job.get_absolute_url()).status_code == 403
        answer = client.post(reverse("import-commit", args=[job.pk]), {"plan": job.plan_digest})
        assert answer.status_code == 403
        assert not BudgetLine.objects.exists()


class TestDemo:
    def test_it_is_loaded_once_and_what_people_edit_stays(self, settings):
        settings.DEBUG = True
        call_command("load_demo", stdout=io.StringIO())
        states = dict(BudgetYear.objects.values_list("year", "state"))
        assert states == {**dict.fromkeys(range(2019, 2026), "closed"), 2026: "approved", 2027: "draft"}
        for code, amount in (("FKI", "4433750.00"), ("SP", "571113.00")):
            found = line(component__code=code, year__year=2020, price_model__isnull=False)
            assert str(found.original) == amount
            assert found.calculation.endswith(f"= {found.original:,.2f}".translate(str.maketrans(",.", ".,")))
        forecast = BudgetYear.objects.get(year=2026).rounds.get().forecasts.aggregate(total=Sum("amount"))
        assert forecast["total"] == Decimal("14627220.00")  # as the drawing of the page has it
        BudgetLine.objects.filter(year__year=2027).update(original=5)
        BudgetYear.objects.filter(year=2027).update(state=YearState.APPROVED)
        written = Change.objects.count()
        call_command("load_demo", stdout=io.StringIO())
        assert Change.objects.count() == written
