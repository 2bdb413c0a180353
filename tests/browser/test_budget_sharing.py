"""Sharing out a draft year and clarifying whose budget it is, in a real browser, with axe."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit


@pytest.mark.parametrize("width", [1280, 360])
def test_from_who_pays_to_a_new_key(visit: Visit, width: int):
    foi = visit("foi", width=width)
    page = foi.goto("/budget/2027/fordeling/?forvaltning=BMF")
    expect(page.get_by_role("heading", level=1)).to_have_text("Fordeling 2027")
    foi.audit("året")
    page.get_by_role("link", name="Fordel SAPA (Sags- og Partsoverblik)").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hvem betaler for SAPA")
    page.get_by_label("Fordelingsnøgle", exact=True).select_option("percent")
    weights = page.locator("[name$=-weight]")
    weights.nth(0).fill("60")
    weights.nth(1).fill("39")
    page.get_by_role("button", name="Opret").click()
    expect(page.get_by_role("alert")).to_contain_text("giver 99 % i alt, så der mangler 1 %")
    foi.audit("99 procent")
    page.locator("[name$=-weight]").nth(1).fill("40")
    page.get_by_role("button", name="Opret").click()
    expect(page.get_by_role("status")).to_contain_text("Fordelingen af SAPA")
    expect(page.locator("#fordeling tfoot")).to_contain_text("1.201.500,00")
    foi.fits("komponenten")
    foi.goto("/budget/2027/SP/brugere/")
    foi.audit("brugere")


@pytest.mark.parametrize("width", [1280, 360])
def test_from_a_gap_to_clarified(visit: Visit, width: int):
    chief = visit("chef", width=width)
    page = chief.goto("/budget/2026/")
    page.locator("#uafklaret").get_by_role("link", name="3 komponenter", exact=True).click()
    expect(page.get_by_text("Viser 1–3 af 3")).to_be_visible()
    chief.audit("uafklarede")
    chief.goto("/budget/ansvar/NEMKONTO/")
    chief.audit("ingen har ansvaret")
    page.get_by_role("link", name="Skriv budgetansvar").click()
    page.get_by_label("Er det afklaret").select_option("True")
    page.get_by_label("Siden").fill("01-11-2026")
    page.get_by_role("button", name="Opret").click()
    expect(page.get_by_role("alert")).to_contain_text("Skriv, hvis budget det er")
    chief.audit("ikke gemt")
    page.get_by_label("Hvis budget").fill("DA")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Opret").click()
    expect(page.locator(".facts")).to_contain_text("Digitalisering og Arkitektur")
    chief.audit("afklaret")


def test_a_systemansvarlig_sees_whose_budget_and_no_kroner(visit: Visit):
    lone = visit("system")
    page = lone.goto("/fagsystemer/KY/")
    panel = page.locator("#budget-andel")
    expect(panel).to_contain_text("Hvis budget komponenterne er i")
    expect(panel).not_to_contain_text("kr.")
    lone.audit("fagsystem")
    panel.get_by_role("link", name="Alle, dine fagsystemer bruger").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Budgetansvar")
    lone.audit("liste")
