"""Pictures of dependencies in a real browser: alive with script, there without, and within the security policy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit

WATCH = "addEventListener('securitypolicyviolation', event => (window.refused ||= []).push(event.violatedDirective))"
PAGES = {
    "en lille": "/fagsystemer/FACNET/",
    "en stor platform": "/komponenter/SP/",
    "mange, der bruger den": "/komponenter/FIOL/",
    "dybde 2": "/fagsystemer/CURA/?dybde=2",
    "en tom": "/fagsystemer/OS2IOT/",
    "konsekvens": "/konsekvens/?asset=STSTOKEN",
    "konsekvens med en åben boks": "/konsekvens/?asset=STSTOKEN&aabn=STS",
}


def alive(page: Page) -> None:
    expect(page.locator(".picture-canvas canvas").first).to_be_attached()
    expect(page.locator(".picture-still")).to_be_hidden()


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [1280, 360])
def test_a_page_with_a_picture_is_sound(visit: Visit, name: str, width: int):
    """axe finds nothing, the page does not scroll sideways, and the policy refuses nothing."""
    visitor = visit("foi", width=width)
    visitor.page.add_init_script(WATCH)
    page = visitor.goto(PAGES[name])
    if name != "en tom" and width == 1280:
        alive(page)
    visitor.audit(name)
    assert page.evaluate("window.refused || []") == []


def test_the_keyboard_reaches_every_box_and_enter_goes_there(visit: Visit):
    page = visit("laeser").goto("/fagsystemer/KY/")
    alive(page)
    links = page.locator(".picture-links a")
    assert links.count() >= 20
    page.locator(".panel-head .choice a").last.focus()
    page.keyboard.press("Tab")
    first = page.locator(":focus")
    assert first.evaluate("link => link.closest('.picture-links') !== null")
    for _ in range(links.count()):  # whatever has focus is in sight
        seen = page.evaluate(
            """() => {
                const box = document.activeElement.getBoundingClientRect();
                const stage = document.querySelector(".picture-stage").getBoundingClientRect();
                return box.width > 0 && box.left >= stage.left - 1 && box.right <= stage.right + 1
                    && box.top >= stage.top - 1 && box.bottom <= stage.bottom + 1;
            }"""
        )
        assert seen, page.evaluate("document.activeElement.getAttribute('aria-label')")
        page.keyboard.press("Tab")
    page.get_by_role("link", name="DFDG (Det fælles datagrundlag), komponent, 1 skridt").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("DFDG")


def test_a_box_says_what_happens_to_it(visit: Visit):
    page = visit("laeser").goto("/konsekvens/?asset=STSTOKEN")
    alive(page)
    expect(
        page.locator(".picture-links").get_by_role("link", name="Cura, virker dårligere, fagsystem, 2 skridt")
    ).to_be_attached()


def test_boxes_open_and_close_and_the_address_says_which(visit: Visit):
    page = visit("laeser").goto("/konsekvens/?asset=STSTOKEN")
    alive(page)
    page.get_by_role("link", name=re.compile("^Åbn Støttesystemerne")).click()
    expect(page).to_have_url(re.compile("aabn=STS#billede$"))
    alive(page)
    expect(
        page.get_by_role("link", name=re.compile("^Fælleskommunalt Ydelsesindeks, stopper"))
    ).to_be_attached()
    close = page.get_by_role("link", name="Luk Støttesystemerne (STS)")
    close.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("aabn=-#billede$"))
    expect(page.get_by_role("link", name=re.compile("^Åbn Støttesystemerne"))).to_be_attached()


def test_the_depth_is_a_link(visit: Visit):
    page = visit("laeser").goto("/fagsystemer/CURA/")
    page.get_by_role("link", name="2 skridt", exact=True).click()
    expect(page).to_have_url(re.compile(r"dybde=2#billede$"))
    alive(page)
    expect(page.locator(".picture-links").get_by_role("link", name=re.compile("^OCES3"))).to_be_attached()


def test_it_can_be_enlarged_and_seen_whole(visit: Visit):
    page = visit("laeser").goto("/komponenter/SAPA/")
    alive(page)
    box = page.locator(".picture-links a").first
    before = box.bounding_box()
    page.get_by_role("button", name="Større").click()
    enlarged = box.bounding_box()
    assert before
    assert enlarged
    assert enlarged["width"] > 1.2 * before["width"]
    page.get_by_role("button", name="Hele billedet").click()
    whole = box.bounding_box()
    assert whole
    assert abs(whole["width"] - before["width"]) < 2


def test_it_can_be_taken_home_as_svg_and_png(visit: Visit):
    page = visit("laeser").goto("/fagsystemer/CURA/?dybde=2")
    alive(page)
    with page.expect_download() as download:
        page.get_by_role("button", name="Hent som PNG").click()
    assert download.value.suggested_filename == "forbindelser-cura.png"
    assert Path(download.value.path()).read_bytes()[:4] == b"\x89PNG"
    with page.expect_download() as download:
        page.get_by_role("link", name="Hent som SVG").click()
    assert download.value.suggested_filename == "forbindelser-cura.svg"
    assert "Serviceplatformen (SP)" in Path(download.value.path()).read_text()


def test_without_script_the_picture_is_there_with_its_links(visit: Visit):
    visitor = visit("laeser", script=False)
    page = visitor.goto("/fagsystemer/CURA/?dybde=2")
    picture = page.locator(".picture-still svg")
    expect(picture).to_be_visible()
    expect(page.get_by_role("button", name="Hent som PNG")).to_be_hidden()
    picture.get_by_role(
        "link", name="FIOL (fødereret identitets- og organisationsløsning), komponent, 1 skridt"
    ).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("FIOL")


def test_the_table_says_the_same(visit: Visit):
    page = visit("laeser").goto("/komponenter/SAPA/")
    page.get_by_text("Som tabel").click()
    row = page.get_by_role("row", name=re.compile("Adgangsstyring for brugere"))
    expect(row.first).to_contain_text("SAPA")


def test_paper_gets_the_whole_picture(visit: Visit):
    page = visit("laeser").goto("/fagsystemer/CURA/?dybde=2")
    alive(page)
    page.emulate_media(media="print")
    expect(page.locator(".picture-still svg")).to_be_visible()
    expect(page.locator(".picture-stage")).to_be_hidden()


def test_a_phone_shows_what_it_is_about_first(visit: Visit):
    page = visit("laeser", width=360).goto("/konsekvens/?asset=STSTOKEN")
    still = page.locator(".picture-still")
    expect(still).to_be_visible()
    box, room = (
        still.get_by_role("link", name=re.compile("^Security Token")).bounding_box(),
        still.bounding_box(),
    )
    assert box
    assert room
    assert room["x"] <= box["x"]
    assert box["x"] + box["width"] <= room["x"] + room["width"]
