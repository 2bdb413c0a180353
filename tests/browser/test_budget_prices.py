"""Prices, assumptions, computing and «hvad nu hvis» in a real browser, with axe; the forms without script too."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit

FKI = "/budget/priser/FKI-INFRASTRUKTUR/"


@pytest.mark.parametrize("width", [1280, 360])
def test_a_new_price_is_computed_and_played_with(visit: Visit, width: int):
    foi = visit("foi", width=width)
    page = foi.goto("/budget/priser/")
    foi.audit("prismodeller")
    page.get_by_role("link", name="KOMBITs infrastrukturpris").click()
    expect(
        page.get_by_text("150.000 × 25,00 + 54.700 × 12,50 (indbyggere) = 4.433.750,00").first
    ).to_be_visible()
    foi.audit("prismodel")
    page.get_by_role("link", name="Ny pris").click()
    page.get_by_label("Gælder fra og med år").fill("2027")
    page.get_by_role("textbox", name="Pris for hver, kroner trin 2").fill("gratis")
    page.get_by_role("button", name="Opret").click()
    expect(page.get_by_text("Intet er gemt. Ret 1 fejl")).to_be_visible()
    foi.audit("pris med fejl")
    page.get_by_role("textbox", name="Pris for hver, kroner trin 2").fill("13,00")
    page.get_by_role("button", name="Opret").click()
    expect(page.get_by_text("13,00 kr. for resten").first).to_be_visible()

    foi.goto("/budget/2027/")
    page.get_by_role("link", name="2 linjer ville blive regnet anderledes i dag").click()
    expect(page.get_by_text("150.000 × 25,00 + 61.500 × 13,00 (indbyggere) = 4.549.500,00")).to_be_visible()
    foi.audit("regn om")
    page.get_by_label("Regn Serviceplatformen (SP), transaktion om").uncheck(force=True)
    page.get_by_role("button", name="Regn de valgte om").click()
    expect(page.get_by_text("1 linje er regnet om.")).to_be_visible()
    expect(page.get_by_role("heading", name="Ville blive anderledes i dag: 1")).to_be_visible()

    page.get_by_role("link", name="Hvad nu hvis?").click()
    page.get_by_role("link", name="Befolkningen vokser 2 %").click()
    expect(page.get_by_label("Indbyggere")).to_have_value("+2 %")
    expect(page.get_by_text("150.000 × 25,00 + 65.730 × 13,00 (indbyggere) = 4.604.490,00")).to_be_visible()
    foi.audit("hvad nu hvis")
    page.get_by_label("Pris- og lønskøn").fill("meget")
    page.get_by_role("button", name="Regn", exact=True).click()
    expect(page.get_by_text("“meget” er ikke et tal")).to_be_visible()
    foi.audit("hvad nu hvis med fejl")
    foi.goto("/budget/2027/FKI/")
    foi.audit("komponentens priser")


@pytest.mark.parametrize("width", [1280, 360])
def test_assumptions_without_script(visit: Visit, width: int):
    foi = visit("foi", width=width, script=False)
    page = foi.goto("/budget/forudsaetninger/")
    page.get_by_role("link", name="År for år").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Forudsætninger år for år")
    page.get_by_role("link", name="Ret Indbyggere").click()
    page.get_by_role("textbox", name="Indbyggere ny række 1").fill("212.300")
    page.get_by_role("button", name="Gem ændringer").click()
    expect(page.get_by_text("Intet er gemt. Ret 1 række")).to_be_visible()
    page.get_by_role("textbox", name="År ny række 1").fill("2028")
    page.get_by_role("button", name="Gem ændringer").click()
    expect(page.get_by_text("Indbyggere er gemt.")).to_be_visible()
    expect(page.get_by_role("cell", name="212.300")).to_be_visible()


def test_assumptions_are_sound(visit: Visit):
    foi = visit("foi", width=360)
    for address in (
        "/budget/forudsaetninger/",
        "/budget/forudsaetninger/aar/",
        "/budget/forudsaetninger/INDBYGGERE/",
        "/budget/forudsaetninger/INDBYGGERE/vaerdier/",
        "/budget/priser/ny/",
        f"{FKI}historik/",
        "/budget/2020/beregn/",
    ):
        foi.goto(address)
        foi.audit()
