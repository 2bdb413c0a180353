"""The kontorchef's year in a browser: read on one page, narrowed, explained, printed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect
from pypdf import PdfReader

from budgets.models import BudgetLine, YearVisit
from tests.browser.conftest import Visit

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_kontorchef_finds_what_deviates_and_explains_it(visit: Visit) -> None:
    chef = visit("chef")
    page = chef.goto("/")
    page.get_by_role("link", name="Se hele budgettet for 2026").click()
    expect(page.get_by_role("heading", name="Budget 2026", exact=True)).to_be_visible()
    page.get_by_text("Vis tallene som tabel").click()
    page.get_by_text("Vis, hvad hver betaler for").click()
    chef.audit("with the tables open")
    lines = page.locator("table.budget tr.line")
    expect(lines).to_have_count(27)

    link = page.get_by_role("link", name=re.compile("kun uforklarede afvigelser"))
    count = int(re.findall(r"\((\d+)\)", link.inner_text())[0])
    link.click()
    expect(lines).to_have_count(count)
    page.get_by_role("link", name="Forklar afvigelsen: Fjernprint, transaktion").click()
    page.get_by_role("button", name="Gem forklaringen").click()
    expect(page.get_by_role("alert")).to_contain_text("Skriv, hvad der er årsag til afvigelsen.")
    chef.audit("without an explanation")
    page.get_by_label("Hvorfor afviger linjen?").fill("Portoen steg 1. juli.")
    page.get_by_role("button", name="Gem forklaringen").click()
    expect(page.get_by_text("Afviger, fordi: «Portoen steg 1. juli.»")).to_be_visible()
    assert BudgetLine.objects.get(year__year=2026, component__code="FJERNPRINT").explained == 47840
    chef.goto("/budget/2026/?kun=uforklarede")
    expect(lines).to_have_count(count - 1)


def test_what_is_new_is_told_until_it_is_read(visit: Visit) -> None:
    foi = visit("foi")
    page = foi.goto("/budget/2026/")
    expect(page.get_by_role("heading", name="Seneste ændringer")).to_be_visible()
    page.wait_for_load_state("networkidle")
    seen = YearVisit.objects.filter(user__username="foi")
    assert seen.count() == 1  # told by a request of its own, when the page was shown
    chef = visit("chef", script=False)
    page = chef.goto("/budget/2026/")
    expect(page.get_by_role("heading", name="Ændret siden dit sidste besøg")).to_be_visible()
    expect(page.locator("#aendret")).to_contain_text("Opfølgning pr. 31. oktober")
    page.get_by_role("button", name="Markér som læst").click()
    expect(page.locator("#aendret")).to_contain_text("Intet er ændret siden")


def test_the_pages_fit_a_phone_and_two_sheets_of_paper(visit: Visit, tmp_path: Path) -> None:
    chef = visit("chef", width=360)
    for address in ("/budget/2026/", "/budget/2027/?vis=linjer", "/budget/", "/budget/2026/FKI/"):
        page = chef.goto(address)
        expect(page.locator(".chart-narrow svg[role]").first).to_be_visible()
        expect(page.locator(".chart-wide svg[role]").first).to_be_hidden()
        chef.audit()
    page = visit("chef").goto("/budget/2026/")
    page.pdf(path=str(tmp_path / "year.pdf"), prefer_css_page_size=True)
    sheets = PdfReader(tmp_path / "year.pdf").pages
    assert len(sheets) == 2
    text = " ".join(" ".join(sheet.extract_text() for sheet in sheets).split())
    for told in ("14.688.500", "13.160.600", "14.627.220", "−61.280", "I alt", "Finansiering"):
        assert told in text, told
    assert "Markér som læst" not in text
