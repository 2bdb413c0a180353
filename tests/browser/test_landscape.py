"""The landscape in a browser: axe at three widths, by keyboard, without script, and printed on A3."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.conftest import Visit

PAGES = (
    "/landskab/",
    "/landskab/?aabn=SP&aabn=STS",
    "/landskab/?department=BSF&importance=critical&aabn=NIX&dato=x",
    "/landskab/?dato=2020-01-01",
    "/landskab/?q=zzzz",
    "/landskab/kort/",
    "/landskab/kort/?dato=2020-01-01&department=BSF",
)


@pytest.mark.parametrize("width", [1280, 360, 320])
def test_every_state_for_every_eye(visit: Visit, width: int):
    reader = visit("laeser", width)
    for address in PAGES:
        reader.goto(address)
        reader.audit()


def scrolled(box: Locator, way: str) -> None:
    """Wait until the box has scrolled that way. (The page's rules forbid waiting for an expression.)"""
    for _ in range(50):
        if box.evaluate(f"box => box.{way}") > 0:
            return
        box.page.wait_for_timeout(100)
    pytest.fail(f"{way} is still 0")


def test_head_and_first_column_stay_in_sight(visit: Visit):
    page = visit("laeser").goto("/landskab/?aabn=SP&aabn=STS")
    box = page.locator(".land-box")
    box.focus()
    page.keyboard.press("End")
    scrolled(box, "scrollTop")
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    scrolled(box, "scrollLeft")
    frame = box.bounding_box()
    head = page.get_by_role("columnheader", name="Fagsystem", exact=True).bounding_box()
    row = page.get_by_role("rowheader").last.bounding_box()
    assert frame
    assert head
    assert row
    assert head["y"] == pytest.approx(frame["y"], abs=1)
    assert head["x"] == row["x"] == pytest.approx(frame["x"], abs=1)


def test_the_focus_is_not_behind_the_head(visit: Visit):
    page = visit("laeser").goto("/landskab/")
    first, last = (page.locator(".land tbody td a").nth(n) for n in (0, -1))
    last.focus()
    for _ in range(40):
        page.keyboard.press("Shift+Tab")
        covered = page.evaluate("""() => {
            const box = document.activeElement.getBoundingClientRect();
            const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
            return document.activeElement.contains(top) ? "" : document.activeElement.outerHTML;
        }""")
        assert covered == ""
    first.focus()


def test_opens_a_platform_and_follows_a_number(visit: Visit):
    reader = visit("laeser")
    page = reader.goto("/landskab/?department=BSF")
    page.get_by_role("link", name="+ Åbn Den fælleskommunale infrastruktur (FKI)").click()
    expect(page).to_have_url(re.compile("aabn=FKI"))
    expect(page.get_by_role("columnheader", name="Luk Den fælleskommunale infrastruktur")).to_be_visible()
    reader.audit("åben")
    cell = page.get_by_role("row", name="Kommunernes Ydelsessystem").get_by_role(
        "link", name=re.compile(r"Stopper ?\d")
    )
    many = int(re.findall(r"\d+", cell.first.inner_text())[0])
    cell.first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Afhængigheder")
    expect(page.get_by_text(f"Viser 1–{many} af {many}")).to_be_visible()
    reader.audit("listen bag tallet")


def test_without_script(visit: Visit):
    page = visit("laeser", script=False).goto("/landskab/")
    page.get_by_label("Forvaltning").select_option("BSF")
    page.get_by_role("button", name="Filtrér").click()
    expect(page.get_by_text("11 fagsystemer med")).to_be_visible()
    page.get_by_role("link", name="Kort", exact=True).click()
    expect(page.locator("svg.map")).to_be_visible()
    page.locator("svg.map").get_by_role("link", name=re.compile("Beskæftigelses")).click()
    expect(page).to_have_url(re.compile("/landskab/.department=BSF"))


@pytest.mark.skipif(not shutil.which("pdftotext"), reason="needs poppler")
@pytest.mark.parametrize(
    ("address", "head"), [("/landskab/?aabn=SP&aabn=STS", "Støttesystemerne (STS)"), ("/landskab/kort/", "")]
)
def test_prints_on_a3(visit: Visit, tmp_path: Path, address: str, head: str):
    page = visit("laeser").goto(address)
    path = tmp_path / "landskab.pdf"
    page.pdf(path=str(path), prefer_css_page_size=True)
    told = subprocess.run(["pdfinfo", path], capture_output=True, text=True, check=True).stdout
    assert "(A3)" in told
    text = subprocess.run(
        ["pdftotext", "-layout", path, "-"], capture_output=True, text=True, check=True
    ).stdout
    sheets = text.rstrip("\f").split("\f")
    assert len(sheets) <= 4
    assert "Stopper, når den svigter" in sheets[0], "the legend is on the first sheet"
    assert "Forvaltninger" in sheets[0] or head
    if head:
        assert all(head in sheet for sheet in sheets[:-1]), "the head is on every sheet with rows"
    page.emulate_media(media="print")
    page.set_viewport_size({"width": 1512, "height": 1000})  # what A3 has between its margins
    table = page.locator(".land").last.bounding_box()
    assert table
    assert table["x"] + table["width"] <= 1512
