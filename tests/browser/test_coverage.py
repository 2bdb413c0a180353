"""Role coverage in a browser: axe at two widths, by keyboard, without script."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Visit

PAGES = (
    "/roller/daekning/",
    "/roller/daekning/?tilstand=mangler&komponent=STS&dato=01-06-2027",
    "/roller/daekning/?niveau=strategic&rolle=NIX&dato=x",
    "/roller/daekning/?vis=pladser",
    "/roller/daekning/?vis=personer",
)


@pytest.mark.parametrize("width", [1280, 360])
def test_every_state_for_every_eye(visit: Visit, width: int):
    foi = visit("foi", width)
    for address in PAGES:
        foi.goto(address)
        foi.audit()


def test_by_keyboard_without_script(visit: Visit):
    """From the matrix to the list behind a cell, filtered on the way."""
    page = visit("laeser", script=False).goto("/roller/daekning/")
    page.get_by_label("Tilstand", exact=True).select_option("mangler")
    page.get_by_label("Dato", exact=True).press("Enter")
    expect(page.get_by_role("link", name="Fjern filter Tilstand: Kun mangler")).to_be_visible()
    cell = page.locator(".cover tbody td a").first
    cell.focus()
    expect(cell).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("vis=pladser"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Rolledækning: pladser")
    expect(page.get_by_role("main").get_by_role("link", name=re.compile("^Tildel "))).to_have_count(0)
