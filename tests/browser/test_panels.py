"""What roles show on other pages, in a real browser: for Lone, who is responsible for three systems, with axe."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from registry.models import System
from tests.browser.conftest import Visit


@pytest.mark.parametrize("width", [1280, 360])
def test_one_click_from_the_front_page_to_my_own_system(visit: Visit, width: int):
    lone = visit("system", width=width)
    page = lone.goto("/")
    expect(page.get_by_role("heading", name="Mine fagsystemer og roller")).to_be_visible()
    page.get_by_text("Alle mine roller").click()
    lone.audit("forside")
    page.locator("#mine").get_by_role("link", name="Kommunernes Ydelsessystem (KY)").first.click()
    expect(page.get_by_role("heading", name="Ansvarlige")).to_be_visible()
    page.get_by_text("andre roller").click()
    lone.audit("eget fagsystem")
    expect(page.get_by_role("link", name="Arkivér")).to_have_count(0)
    page.get_by_role("link", name="Ret", exact=True).click()
    expect(page.get_by_label("Kode")).to_be_disabled()
    lone.audit("fakta")
    page.get_by_label("Gamle og andre navne").fill("Kontanthjælpssystemet")
    page.get_by_role("button", name="Gem ændringer").click()
    expect(page.get_by_text("er gemt")).to_be_visible()
    assert System.objects.get(code="KY").aliases == "Kontanthjælpssystemet"
    lone.goto("/fagsystemer/KP/")
    expect(page.get_by_role("heading", name="Ansvarlige")).to_be_visible()
    expect(page.get_by_role("link", name="Ret", exact=True)).to_have_count(0)


@pytest.mark.parametrize("width", [1280, 360])
def test_whom_a_failure_concerns(visit: Visit, width: int):
    foi = visit("foi", width=width)
    page = foi.goto("/konsekvens/?asset=STS")
    expect(page.get_by_role("heading", name="Hvem skal vide det")).to_be_visible()
    page.get_by_text("adresser til at kopiere").click()
    assert "; " in page.get_by_label("Markér alt").input_value()
    foi.audit("konsekvens")
    foi.goto("/")
    foi.audit("FOI's forside")
