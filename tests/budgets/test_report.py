"""The report on paper, and the published file's totals: the same to the øre on screen, in CSV, XLSX and PDF."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from pathlib import Path

import openpyxl
import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from budgets import picture, report, words, workbook
from budgets.models import BudgetLine, BudgetYear, YearDecision, YearState
from foi_portal.core.permissions import FOI, MANAGER
from foi_portal.ui import pdf
from registry.importing import SourceFile, apply_reading, read_files
from tests import factories
from tests.budgets.test_import_budget import TOTALS
from tests.budgets.years import page, table, year_2026
from tests.conftest import REQUIRE_SERVICES
from tests.registry.importing import demo as landscape

pytestmark = pytest.mark.django_db


@pytest.fixture
def engine():
    if not pdf.available():
        (pytest.fail if REQUIRE_SERVICES else pytest.skip)("needs pango and harfbuzz")


@pytest.fixture
def chef(client):
    client.force_login(factories.user(MANAGER, first_name="Helle", last_name="Damgaard"))
    return client


def fetched(client, year=2026, query=""):
    response = client.get(f"{reverse('budget-year', args=[year])}?_export=pdf{query}")
    assert response.status_code == 200
    assert response["Content-Type"] == "application/pdf"
    return PdfReader(io.BytesIO(response.content))


def text_of(reader):
    return " ".join(" ".join(page.extract_text() for page in reader.pages).split())


@pytest.mark.usefixtures("engine")
class TestReport:
    def test_says_whose_it_is_when_it_was_made_and_how_many_pages_there_are(self, chef):
        year = year_2026()
        YearDecision.objects.create(year=year, kind="approve", by=factories.user(MANAGER), at=timezone.now())
        reader = fetched(chef)
        for number, sheet in enumerate(reader.pages, start=1):
            text = " ".join(sheet.extract_text().split())
            assert f"Side {number} af {len(reader.pages)}" in text
            assert "Odense Kommune" in text
            assert "af Helle Damgaard" in text
        assert reader.metadata.title == "Budget 2026"
        assert "Godkendt" in text_of(reader)

    def test_has_figures_lines_deviations_and_who_pays(self, chef):
        year_2026()
        BudgetLine.objects.filter(component__code="SP").update(explanation="Flere opslag", explained=30)
        text = text_of(fetched(chef))
        for told in (
            "Oprindeligt budget",
            "1.250,00",
            "990,25",
            "79,2 % brugt",
            "KOMBIT A/S",
            "15,0 % over",
            "Flere opslag",
            "Uafklaret budgetansvar",
            "Drøftes i forum",
            "Ingen har skrevet, hvis budget den hører til.",
            "Finansiering",
            "96,0 %",
            "ikke kendt",
        ):
            assert told in text, told
        assert "Mangler forklaring" not in text

    def test_is_of_the_chosen_lines_and_says_so(self, chef):
        year_2026()
        text = text_of(fetched(chef, query="&kun=uafklarede"))
        assert "Kun linjer med vis: kun uafklaret ansvar" in text
        assert "Økonomiintegrationer" in text
        assert "Transaktion" not in text.partition("Linjer efter udbyder")[2].partition("Finansiering,")[0]

    def test_many_lines_are_rolled_up(self, chef, monkeypatch):
        monkeypatch.setattr(report, "MOST_ROWS", 4)
        year_2026()
        text = text_of(fetched(chef))
        assert "Linjer efter udbyder, lagt sammen" in text
        assert "1.250,00" in text

    def test_a_draft_is_held_against_the_year_before(self, chef):
        year_2026()
        draft = BudgetYear.objects.create(year=2027)
        source = BudgetLine.objects.get(component__code="SP")
        BudgetLine.objects.create(
            year=draft, component=source.component, cost_type="transaction", original=210
        )
        text = text_of(fetched(chef, 2027))
        assert "Budget 2026, de samme linjer" in text
        assert "+5,0 %" in text


def test_without_the_engine_the_page_says_what_to_install(chef, monkeypatch):
    def missing():
        raise pdf.PdfUnavailable("libpango")

    monkeypatch.setattr(pdf, "_engine", missing)
    year_2026()
    response = chef.get(reverse("budget-year", args=[2026]), {"_export": "pdf"})
    assert response.status_code == 503
    assert "libpango" in response.content.decode()


@pytest.fixture
def published(monkeypatch):
    """The demonstration's landscape with the published lines and nothing else."""
    apply_reading(read_files(landscape()), actor=None, reason="Prøve")
    file = Path(settings.BASE_DIR) / "budgets" / "demo" / "budget_lines.csv"
    apply_reading(read_files([SourceFile(file.name, file.read_bytes())]), actor=None, reason="Prøve")


@pytest.mark.usefixtures("published")
def test_the_published_totals_are_the_same_to_the_oere_everywhere(chef):
    BudgetYear.objects.filter(year__lt=2026).update(state=YearState.CLOSED)
    for number, (budget, spent) in TOTALS.items():
        budgeted = Decimal(budget)
        actual = None if spent is None else Decimal(spent)
        url = reverse("budget-year", args=[number])
        found = picture.of(BudgetYear.objects.get(year=number)).sums
        assert (found.original, found.revised, found.actual) == (budgeted, budgeted, actual), number

        lines = list(csv.DictReader(io.StringIO(chef.get(url, {"_export": "csv"}).content.decode())))
        for name, expected in (("original", budgeted), ("revised", budgeted), ("actual", actual)):
            assert sum(Decimal(row[name]) for row in lines if row[name]) == (expected or 0), (number, name)

        text = page(chef, year=number)
        last = table(text)[-1]
        assert last[0] == "I alt"
        assert last[3:5] == [words.kroner(budgeted)] * 2, number
        if actual is not None:
            assert last[5] == words.kroner(actual), number
        assert words.kroner(budgeted) in text.partition('<dl class="facts')[2].partition("</dl>")[0]

        book = b"".join(chef.get(url, {"_export": "xlsx"}).streaming_content)
        sheet = openpyxl.load_workbook(io.BytesIO(book)).worksheets[0]
        head = [cell.value for cell in sheet[workbook.FIRST - 1]]
        cells = [
            dict(zip(head, (cell.value for cell in row), strict=True))
            for row in sheet.iter_rows(min_row=workbook.FIRST)
        ]
        for name, expected in (
            ("Oprindeligt", budgeted),
            ("Regnskab" if number < 2026 else "Forbrug", actual),
        ):
            amounts = [row[name] for row in cells if row["Niveau"] == workbook.LINE and row[name] is not None]
            assert sum(Decimal(str(amount)) for amount in amounts) == (expected or 0), (number, name)

        year = BudgetYear.objects.get(year=number)
        shown = picture.of(year)
        said = report.context(year, shown, shown.lines, chosen="", made_by="Helle")
        on_paper = render_to_string("budgets/report.html", said)
        if pdf.available() and number == 2020:  # laying out takes a second or two
            on_paper += text_of(fetched(chef, number))
        for amount, times in ((budgeted, 2), (actual, 1)):
            if amount is not None:
                assert on_paper.count(words.kroner(amount)) >= times, (number, amount)

    foi = chef
    foi.force_login(factories.user(FOI))
    years = foi.get(reverse("budget-list")).content.decode()
    for budget, _ in TOTALS.values():
        assert words.kroner(Decimal(budget)) in years
