"""Every kind of page, for every eye: axe at two widths, 320 px without sideways scrolling, no console errors."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from registry.models import Dependency, System
from tests.browser.conftest import Visit

PAGES = (
    "/",
    "/fagsystemer/",
    "/fagsystemer/?q=zzzz",
    "/fagsystemer/?criticality=4&department=BMF&sort=-uses&size=50",
    "/fagsystemer/CURA/",
    "/fagsystemer/CURA/ret/",
    "/fagsystemer/CURA/afhaengigheder/",
    "/fagsystemer/CURA/historik/",
    "/fagsystemer/CURA/arkiver/",
    "/fagsystemer/ny/",
    "/komponenter/",
    "/komponenter/STS/",
    "/komponenter/NEMID/",
    "/komponenter/STS/ret/",
    "/komponenter/ny/",
    "/organisationer/",
    "/organisationer/KMD/",
    "/organisationer/KMD/ret/",
    "/afhaengigheder/?size=100",
    "/afhaengigheder/ny/",
    "/soeg/",
    "/soeg/?q=login",
    "/soeg/?q=qqqqzzzz",
    "/historik/",
    "/import/",
)


@pytest.mark.parametrize("width", [1280, 360])
def test_every_kind_of_page(visit: Visit, width: int):
    foi = visit("foi", width)
    row = Dependency.objects.order_by("pk")[0]
    for address in (*PAGES, f"/afhaengigheder/{row.pk}/", f"/afhaengigheder/{row.pk}/ret/"):
        foi.goto(address)
        foi.audit()
    change_set = foi.goto("/historik/").get_by_role("link", name="Hele ændringssættet").first
    change_set.click()
    expect(foi.page).to_have_url(re.compile(r"/historik/[0-9a-f-]{36}/"))
    foi.audit("ændringssæt")
    foi.goto("/findes/ikke/", 404)
    foi.audit("404")


@pytest.mark.parametrize("width", [1280, 360])
def test_pages_of_others(visit: Visit, width: int):
    anonymous = visit(None, width)
    anonymous.goto("/fagsystemer/CURA/")
    anonymous.audit("login")
    anonymous.page.get_by_label("Brugernavn").fill("foi")
    anonymous.page.get_by_label("Adgangskode").fill("forkert")
    anonymous.page.get_by_role("button", name="Log på").click()
    expect(anonymous.page.get_by_role("alert")).to_be_visible()
    anonymous.audit("forkert adgangskode")
    reader = visit("laeser", width)
    for address in ("/", "/fagsystemer/CURA/afhaengigheder/", "/komponenter/STS/"):
        reader.goto(address)
        reader.audit("læser")
    reader.goto("/fagsystemer/ny/", 403)
    reader.audit("403")


@pytest.mark.parametrize("width", [1280, 360])
def test_forms_with_errors(visit: Visit, width: int):
    foi = visit("foi", width)
    foi.goto("/fagsystemer/ny/")
    foi.page.get_by_label("Kode", exact=True).fill("A/B")
    foi.page.get_by_label("I drift fra").fill("snart")
    foi.page.get_by_role("button", name="Opret").click()
    foi.page.locator("#error-heading").wait_for()
    foi.audit("fejl")
    foi.page.get_by_role("alert").get_by_role("link").first.click()
    focused = foi.page.evaluate("document.activeElement.name")
    assert focused == "name", "the summary's links lead to the fields"
    foi.goto("/fagsystemer/CURA/afhaengigheder/")
    foi.page.locator('input[name$="-since"]').first.fill("snart")
    foi.page.get_by_role("button", name="Gem ændringer").click()
    foi.page.get_by_role("heading", name="Intet er gemt").wait_for()
    foi.audit("tabel med fejl")
    foi.goto("/fagsystemer/CURA/arkiver/")
    foi.page.get_by_role("button", name="Arkivér").click()
    expect(foi.page.get_by_role("alert")).to_be_visible()
    foi.audit("arkivering uden begrundelse")


def test_nothing_scrolls_sideways_on_the_smallest_screen(visit: Visit):
    foi = visit("foi", 320)
    for address in PAGES:
        foi.goto(address)
        foi.fits()
    visit(None, 320).goto("/konto/login/")


def test_the_menus_open_and_close(visit: Visit):
    foi = visit("foi")
    foi.goto("/fagsystemer/")
    foi.page.get_by_text("Kolonner", exact=True).click()
    foi.page.get_by_label("Gamle navne").check()
    foi.audit("kolonner åbne")
    foi.page.get_by_role("button", name="Vis", exact=True).click()
    foi.page.get_by_role("columnheader", name="Gamle navne").wait_for()
    foi.page.get_by_label("Vælg alle på siden").check()
    foi.audit("alle valgt")
    phone = visit("foi", 360)
    phone.goto("/")
    phone.page.get_by_role("button", name="Menu").click()
    phone.page.get_by_role("dialog").wait_for()
    phone.audit("menu åben")
    phone.page.get_by_role("dialog").get_by_role("link", name="Komponenter").click()
    phone.page.get_by_role("heading", name="Komponenter", level=1).wait_for()


def test_an_archived_system(visit: Visit):
    System.objects.filter(code="CURA").update(archived_at="2026-01-01T00:00Z", archive_reason="Afløst")
    foi = visit("foi")
    foi.goto("/fagsystemer/CURA/")
    foi.page.get_by_text("Afløst").wait_for()
    foi.audit("arkiveret")
    foi.goto("/fagsystemer/?archived=alle")
    foi.audit("også arkiverede")
    foi.goto("/fagsystemer/CURA/gendan/")
    foi.audit("gendan")
