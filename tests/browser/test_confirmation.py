"""A round from its start to an answer: FOI asks, a systemansvarlig corrects and confirms, FOI sees it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from registry.models import System
from tests.browser.conftest import Visit


@pytest.mark.parametrize("width", [1280, 360])
def test_a_round_and_an_answer(visit: Visit, width: int):
    foi, lone = visit("foi", width), visit("system", width)
    page = foi.goto("/bekraeftelser/ny/")
    foi.audit("valg")
    page.get_by_label("Kun disse koder").fill("KY, KP\nFINDES-IKKE")
    page.get_by_role("button", name="Se, hvem det er").click()
    expect(page.get_by_role("alert")).to_contain_text("FINDES-IKKE")
    foi.audit("ukendt kode")
    page.get_by_label("Kun disse koder").fill("KY, KP")
    page.get_by_role("button", name="Se, hvem det er").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("2 fagsystemer")
    foi.audit("forhåndsvisning")
    page.get_by_label("Titel").fill("Forårets runde")
    page.get_by_label("Besked til de ansvarlige").fill("Se især på afhængighederne.")
    page.get_by_role("button", name="Start runden").click()
    expect(page.get_by_text("0 af 2 er bekræftet")).to_be_visible()
    foi.audit("runde")
    address = page.url

    own = lone.goto("/fagsystemer/KY/")
    expect(own.get_by_role("link", name="Forårets runde", exact=True)).to_be_visible()
    own.get_by_role("link", name="Bekræft", exact=True).click()
    expect(own.get_by_text("Se især på afhængighederne.")).to_be_visible()
    lone.audit("bekræft")
    own.get_by_role("link", name="Ret fakta").click()
    own.get_by_label("Beskrivelse").fill("Rettet, før jeg bekræfter.")
    own.get_by_role("button", name="Gem ændringer").click()
    expect(own.get_by_text("Rettet, før jeg bekræfter.")).to_be_visible()
    own.get_by_role("link", name="Bekræft", exact=True).click()
    own.get_by_label("Bemærkning").fill("Skifter leverandør til maj.")
    own.get_by_role("button", name="Alt er rigtigt – bekræft").click()
    expect(own.get_by_role("status")).to_contain_text("er bekræftet")
    expect(own.get_by_text("af Lone Friis").first).to_be_visible()
    lone.audit("bekræftet")
    assert System.objects.get(code="KY").confirmed_by.username == "system"

    foi.goto(address)
    expect(page.get_by_text("1 af 2 er bekræftet (50 %)")).to_be_visible()
    foi.audit("halvvejs")
    page.locator("dl.facts").get_by_role("link", name="1").first.click()
    expect(page).to_have_url(re.compile(r"svar=ja"))
    expect(page.get_by_role("cell", name="Skifter leverandør til maj.")).to_be_visible()
    foi.goto("/bekraeftelser/")
    foi.audit()
    foi.goto(f"{address}afslut/")
    page.get_by_role("button", name="Afslut runden").click()
    expect(page.get_by_text("Runden blev afsluttet")).to_be_visible()
    foi.audit("afsluttet")
