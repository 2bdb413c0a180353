"""The impact page in a real browser: asked and answered with mouse, keyboard and without script."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from registry.models import Asset
from tests.browser.conftest import Visit

STATES = {
    "stor": "/konsekvens/?asset=STSTOKEN",
    "to på én gang": "/konsekvens/?asset=SP&asset=STS&nede=STSTOKEN&dybde=2&betydning=degraded",
    "opad": "/konsekvens/?asset=KY&retning=op",
    "intet valgt": "/konsekvens/",
    "ingen bruger den": "/konsekvens/?asset=CURA",
    "ukendt": "/konsekvens/?asset=FOO,CPRR&dybde=-1&dato=x&retning=x&betydning=foo",
    "før historikken": "/konsekvens/?asset=SP&dato=2019-01-01",
    "udfaset": "/konsekvens/?asset=NEMID",
    "et udsnit": "/konsekvens/?asset=STSTOKEN&vis=component-critical&platform=FKI",
}


def choose(page: Page, label: str, typed: str, option: str) -> None:
    """Type in a type-ahead field and take a suggestion by keyboard."""
    field = page.get_by_label(label, exact=True)
    field.press_sequentially(typed, delay=20)
    expect(page.get_by_role("option", name=option).first).to_be_visible()
    field.press("ArrowDown")
    field.press("Enter")


@pytest.mark.parametrize("width", [1280, 360])
def test_every_state_is_accessible(visit: Visit, width: int):
    foi = visit("foi", width)
    for state, address in STATES.items():
        foi.goto(address)
        foi.audit(state)


def test_nothing_scrolls_sideways_on_the_smallest_screen(visit: Visit):
    foi = visit("foi", 320)
    for state, address in STATES.items():
        foi.goto(address)
        foi.fits(state)


def test_ask_answer_and_turn_the_question_round(visit: Visit):
    page = visit("laeser").goto("/konsekvens/")
    choose(page, "Komponent eller fagsystem", "STSTOKEN", "STSTOKEN")
    page.get_by_role("button", name="Vis", exact=True).click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text("Hvad rammes, hvis Security Token Service (FKI) svigter?")
    expect(page.get_by_text("4 fagsystemer stopper, og 24 virker dårligere.")).to_be_visible()

    page.get_by_role("link", name="KY", exact=False).filter(has_text="Ydelsessystem").first.click()
    expect(heading).to_contain_text("Kommunernes Ydelsessystem")
    page.get_by_role("navigation", name="Om ").get_by_role("link", name="Konsekvens").click()
    expect(heading).to_have_text("Hvad rammes, hvis Kommunernes Ydelsessystem (KY) svigter?")
    page.get_by_label("Spørgsmål").select_option("op")
    page.get_by_role("button", name="Vis", exact=True).click()
    expect(heading).to_have_text("Hvad hviler Kommunernes Ydelsessystem (KY) på?")

    choose(page, "Tilføj én mere", "CURA", "CURA")
    page.get_by_role("button", name="Vis", exact=True).click()
    expect(heading).to_have_text("Hvad hviler Kommunernes Ydelsessystem (KY) og Cura på?")
    page.get_by_role("link", name="Fjern Om: Kommunernes Ydelsessystem (KY)").click()
    expect(heading).to_have_text("Hvad hviler Cura på?")


def test_a_count_leads_to_as_many_rows(visit: Visit):
    page = visit("laeser").goto("/konsekvens/?asset=STSTOKEN")
    link = page.get_by_role("table", name="Pr. forvaltning").get_by_role("cell").get_by_role("link").first
    count = int(re.match(r"\d+", link.inner_text())[0])  # type: ignore[index]
    link.click()
    expect(page.get_by_role("link", name="Fjern udsnit Forvaltning")).to_be_visible()
    # one row heads the columns, one the group
    expect(page.get_by_role("table", name="Berørte fagsystemer").get_by_role("row")).to_have_count(count + 2)


def test_by_keyboard_alone(visit: Visit):
    page = visit("laeser").goto("/konsekvens/")
    page.get_by_label("Komponent eller fagsystem", exact=True).focus()
    page.keyboard.type("STSTOKEN")
    expect(page.locator("[aria-busy=true]")).to_have_count(0)
    suggestions = page.locator(".autocomplete__option")  # the selects' options have the same role
    expect(suggestions).to_have_count(1)
    page.keyboard.press("ArrowDown")
    expect(suggestions.first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Komponent eller fagsystem", exact=True)).to_be_focused()
    for name in ("retning", "dato"):
        page.keyboard.press("Tab")
        expect(page.locator(f"[name={name}]")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("asset=STSTOKEN"))
    expect(page.get_by_role("heading", level=1)).to_contain_text("svigter?")


def test_without_script_codes_and_names_are_typed(visit: Visit):
    plain = visit("laeser", script=False)
    page = plain.goto("/konsekvens/")
    page.get_by_label("Komponent eller fagsystem").fill("ststoken, sp")
    page.get_by_role("button", name="Vis", exact=True).click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text("Security Token Service (FKI) og Serviceplatformen (SP) svigter?")
    page.goto("/konsekvens/?asset=KYY")
    expect(page.get_by_role("alert")).to_contain_text("Mente du")
    expect(page.get_by_label("Komponent eller fagsystem")).to_have_value("KYY")
    page.get_by_label("Komponent eller fagsystem").fill("Cura")
    page.get_by_role("button", name="Vis", exact=True).click()
    expect(heading).to_have_text("Hvad rammes, hvis Cura svigter?")


def test_an_archived_one_says_when(visit: Visit):
    Asset.objects.filter(code="CURA").update(archived_at="2026-05-03T12:00Z", archive_reason="Afløst")
    foi = visit("foi")
    foi.goto("/konsekvens/?asset=CURA")
    expect(foi.page.get_by_role("alert")).to_contain_text("er arkiveret 3. maj 2026: Afløst.")
    foi.audit("arkiveret")
