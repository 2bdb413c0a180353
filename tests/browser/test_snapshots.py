"""An answer is saved from the impact page, found again, and compared when something has changed."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from registry.models import Dependency
from tests.browser.conftest import Visit


@pytest.mark.parametrize("width", [1280, 360])
def test_save_find_and_compare(visit: Visit, width: int):
    foi = visit("foi", width)
    page = foi.goto("/konsekvens/gemte/ny/?asset=SP")
    foi.audit("ny")
    page.get_by_label("Titel").fill("")
    page.get_by_role("button", name="Gem svaret").click()
    expect(page.get_by_role("heading", name="Intet er gemt")).to_be_visible()
    foi.audit("uden titel")
    page.get_by_label("Titel").fill("Før skiftet")
    page.get_by_label("Note").fill("Til mødet")
    page.get_by_role("button", name="Gem svaret").click()
    expect(page.get_by_text("Svaret er det samme nu.")).to_be_visible()
    foi.audit("gemt")
    Dependency.objects.filter(target__code="SF2900").update(importance="minor")
    page.reload()
    expect(page.get_by_role("region", name="Hvad er anderledes nu?")).to_contain_text("Mildere ramt")
    foi.audit("ændret")
    foi.goto("/konsekvens/gemte/?q=SP")
    page.get_by_role("link", name="Før skiftet").wait_for()
    foi.audit("liste")
    page.get_by_role("link", name="Før skiftet").click()
    expect(page.get_by_role("heading", name="Før skiftet", level=1)).to_be_visible()
    for verb in ("ret", "arkiver", "historik"):
        foi.goto(f"/konsekvens/gemte/{_key(page.url)}/{verb}/")
        foi.audit(verb)


def _key(url: str) -> str:
    return url.split("/gemte/")[1].split("/", maxsplit=1)[0]


def test_an_empty_list_and_nothing_to_save_on_the_smallest_screen(visit: Visit):
    foi = visit("foi", 320)
    for address in ("/konsekvens/gemte/", "/konsekvens/gemte/ny/"):
        foi.goto(address)
        foi.audit("intet")
