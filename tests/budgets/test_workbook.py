"""The year as a workbook: values and formulas that a spreadsheet counts to the same sums, and nothing that runs."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from django.urls import reverse

from budgets import picture, workbook
from budgets.models import BudgetLine
from foi_portal.core.permissions import MANAGER
from tests import factories
from tests.budgets.years import year_2026

pytestmark = pytest.mark.django_db
HEAD = workbook.FIRST - 1


@pytest.fixture
def year():
    return year_2026()


def fetched(client, query="") -> bytes:
    client.force_login(factories.user(MANAGER))
    response = client.get(f"{reverse('budget-year', args=[2026])}?_export=xlsx{query}")
    assert response["Content-Disposition"] == 'attachment; filename="budget-2026.xlsx"'
    return b"".join(response.streaming_content)


def rows(content: bytes, sheet: int = 0, values: bool = False) -> list[dict[str, Any]]:
    """The rows under the head, by column name."""
    found = openpyxl.load_workbook(io.BytesIO(content), data_only=values).worksheets[sheet]
    head = [str(cell.value) for cell in found[HEAD]]
    return [
        dict(zip(head, (cell.value for cell in row), strict=True))
        for row in found.iter_rows(min_row=workbook.FIRST)
    ]


def recalculated(tmp_path: Path, content: bytes) -> bytes:
    """The workbook as LibreOffice counts it; the test is skipped where there is none."""
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("needs LibreOffice (soffice)")
    (tmp_path / "budget.xlsx").write_bytes(content)
    own = f"-env:UserInstallation=file://{tmp_path}/profile"
    kind = "xlsx:Calc MS Excel 2007 XML"
    asked = [
        office,
        own,
        "--headless",
        "--convert-to",
        kind,
        "--outdir",
        f"{tmp_path}/counted",
        f"{tmp_path}/budget.xlsx",
    ]
    subprocess.run(asked, check=True, capture_output=True, timeout=120)
    return (tmp_path / "counted" / "budget.xlsx").read_bytes()


def test_amounts_are_values_and_everything_made_of_them_a_formula(client, year):
    found = rows(fetched(client))
    lines = [row for row in found if row["Niveau"] == workbook.LINE]
    assert [row["Kode"] for row in lines] == ["FKI", "SP", "FKOEKO", "DAF"]
    sp = lines[1]
    assert (sp["Oprindeligt"], sp["Ændringer"], sp["Forbrug"], sp["Forventet"]) == (200, 0, 150.25, 230)
    for name in ("Korrigeret", "Afvigelse", "Afvigelse i %", "Brugt i %"):
        assert sp[name].startswith("="), name
    for row in found:
        if row["Niveau"] != workbook.LINE:
            assert re.match(r'=IF\(COUNT\(.*\)=0,"",SUM(IFS)?\(', row["Oprindeligt"]), row
    daf = lines[3]
    assert [daf[name] for name in ("Oprindeligt", "Ændringer", "Forbrug", "Forventet")] == [None] * 4
    assert (sp["Budgetansvar"], daf["Budgetansvar"]) == ("Afklaret", "Uafklaret")
    assert (sp["Forklaring på afvigelse"], daf["Forklaring på afvigelse"]) == ("Mangler forklaring", None)


def test_amounts_have_two_decimals(client, year):
    book = openpyxl.load_workbook(io.BytesIO(fetched(client)))
    sheet = book.worksheets[0]
    for column in workbook.SUMMED:
        assert {cell.number_format for cell in sheet[column][HEAD:]} == {"#,##0.00"}, column


def test_a_spreadsheet_counts_to_the_portals_own_sums(client, year, tmp_path):
    content = recalculated(tmp_path, fetched(client))
    found = rows(content, values=True)
    assert not [row for row in found if any(str(value).startswith("#") for value in row.values())]
    named = {(row["Niveau"], row["Udbyder, platform, komponent og linje"]): row for row in found}
    kombit, sp = named["Udbyder", "KOMBIT A/S"], named["Komponent", "Serviceplatformen"]
    total = named["I alt", None]
    for row, expected in (
        (kombit, (1250, 1250, 990.25, 1279, 29, 2.3, 79.2)),
        (sp, (250, 250, 190.25, 279, 29, 11.6, 76.1)),
        (total, (1250, 1250, 990.25, 1279, 29, 2.3, 79.2)),
    ):
        names = (
            "Oprindeligt",
            "Korrigeret",
            "Forbrug",
            "Forventet",
            "Afvigelse",
            "Afvigelse i %",
            "Brugt i %",
        )
        assert tuple(row[name] for name in names) == pytest.approx(expected), row
    unknown = named["Udbyder", "Klimadatastyrelsen"]
    assert all(
        unknown[name] in (None, "") for name in ("Oprindeligt", "Korrigeret", "Afvigelse", "Brugt i %")
    )
    money = {row["Finansiering"]: row for row in rows(content, 1, values=True)}
    assert [money["Digitalisering og Arkitektur"][n] for n in ("Oprindeligt", "Forbrug", "Andel i %")] == [
        1200,
        950.25,
        96,
    ]
    assert money["Pulje"]["Korrigeret"] in (None, "")
    assert money["I alt"]["Korrigeret"] == 1250
    years = rows(content, 2, values=True)
    assert [(row["År"], row["Budget i alt"], row["Forbrug"]) for row in years] == [(2026, 1250, 990.25)]


def test_only_the_chosen_lines_are_in_it(client, year):
    content = fetched(client, "&finansiering=DA")
    assert [row["Kode"] for row in rows(content) if row["Niveau"] == workbook.LINE] == ["FKI", "SP"]
    about = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]["A2"].value
    assert "Kun linjer med finansiering: Digitalisering og Arkitektur" in str(about)


def test_what_people_wrote_is_text_and_runs_nowhere(client, year):
    evil = '=HYPERLINK("http://x","y")'
    BudgetLine.objects.filter(component__code="SP").update(note=evil, explanation=f"@{evil}\x0b")
    sheet = openpyxl.load_workbook(io.BytesIO(fetched(client))).worksheets[0]
    written = [cell for row in sheet.iter_rows() for cell in row if "HYPERLINK" in str(cell.value)]
    assert len(written) == 2
    assert all(cell.data_type == "s" and cell.value.startswith("'") for cell in written)
    formulas = {cell.value for row in sheet.iter_rows() for cell in row if cell.data_type == "f"}
    assert all("http" not in str(formula) for formula in formulas)


def test_no_lines_is_an_empty_workbook(client):
    year = year_2026()
    BudgetLine.objects.filter(year=year).update(archived_at="2026-01-01T00:00Z", archive_reason="x")
    assert [row["Niveau"] for row in rows(fetched(client))] == ["I alt"]


def test_each_line_is_within_its_own_groups_rows(client, year):
    """However deep it lies, a line is in the range that its provider, platform and component add up."""
    found = rows(fetched(client))
    at = dict(enumerate(found, start=workbook.FIRST))
    top = picture.of(year).whole
    groups = [row for row in at.values() if row["Niveau"] not in (workbook.LINE, "I alt")]
    for index, row in at.items():
        if row in groups:
            first, last = map(int, re.findall(r"COUNT\(G(\d+):G(\d+)\)", row["Oprindeligt"])[0])
            assert first == index + 1
            own = sum(at[n]["Niveau"] == workbook.LINE for n in range(first, last + 1))
            assert own >= 1
    assert len(groups) == sum(1 for _ in _nodes(top))
    assert (
        sum(
            Decimal(str(r["Oprindeligt"])) for r in found if r["Niveau"] == workbook.LINE and r["Oprindeligt"]
        )
        == 1250
    )


def _nodes(top):
    for node in top:
        yield node
        yield from _nodes(node.below)
