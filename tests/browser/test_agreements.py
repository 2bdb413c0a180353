"""An agreement from a system's page to its end in a real browser, with axe; without script too."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit


@pytest.mark.parametrize("width", [1280, 360])
def test_from_a_missing_agreement_to_its_end(visit: Visit, width: int):
    foi = visit("foi", width=width)
    page = foi.goto("/komponenter/SF1520/")
    foi.audit("komponent, der kræver aftale")
    page.get_by_role("link", name="Opret aftale om Tabulex TEA").click()
    expect(page.get_by_label("Navn")).to_have_value("Serviceaftale: Tabulex TEA og SF1520 CPR replika opslag")
    page.get_by_label("Gælder til").fill("01-01-1899")
    page.get_by_role("button", name="Opret").click()
    expect(
        page.get_by_role("link", name="Gælder til: Årstallet skal ligge mellem 1990 og 2099.")
    ).to_be_visible()
    foi.audit("ny aftale med fejl")
    page.get_by_label("Gælder til").fill("")
    page.get_by_role("button", name="Opret").click()
    foi.audit("anmodet aftale")

    for button in ("Godkend", "Sæt i kraft"):
        page.get_by_role("link", name=button, exact=True).click()
        page.get_by_role("button", name=button).click()
    expect(page.get_by_text("gælder fra").first).to_be_visible()
    page.get_by_role("link", name="Vælg, hvad den dækker").click()
    page.get_by_text("UNILOGIN").click()
    page.get_by_role("combobox", name="Afhængighed 1").type("ky sf1520")
    page.get_by_role("option", name="KY → SF1520 (læser)").click()
    foi.audit("dækning")
    page.get_by_role("button", name="Gem ændringer").click()
    expect(page.get_by_role("heading", name="Dækker 3 afhængigheder")).to_be_visible()

    page.get_by_role("link", name="Opsig", exact=True).click()
    page.get_by_role("button", name="Opsig").click()
    expect(page.get_by_text("Skriv en begrundelse").first).to_be_visible()
    foi.audit("opsig med fejl")
    page.get_by_label("Begrundelse").fill("Systemet lukker")
    page.get_by_role("button", name="Opsig").click()
    expect(page.get_by_role("link", name="Tag opsigelsen tilbage")).to_be_visible()
    foi.audit("opsagt aftale")
    foi.goto("/aftaler/?status=expired")
    expect(page.get_by_role("link", name="Serviceaftale: Momentum")).to_be_visible()
    foi.goto("/aftaler/?sort=valid_to")
    foi.audit("liste")
    foi.goto("/konsekvens/?asset=SF0810")
    expect(page.get_by_role("heading", name="Berørte aftaler: 1")).to_be_visible()
    foi.audit("konsekvens")


def test_what_it_covers_without_script(visit: Visit):
    foi = visit("foi", width=360, script=False)
    page = foi.goto("/aftaler/?q=SA-2026-015")
    page.get_by_role("link", name="Serviceaftale: DPG").click()
    page.get_by_role("link", name="Vælg, hvad den dækker").click()
    page.get_by_text("OCES3 · login").click()
    page.get_by_label("Afhængighed 1").fill("sbsys → sf1606")
    page.get_by_role("button", name="Gem ændringer").click()
    expect(page.get_by_role("heading", name="Dækker 3 afhængigheder")).to_be_visible()
