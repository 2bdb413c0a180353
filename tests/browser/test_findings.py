"""Findings and alternatives in a real browser: by hand, without script, on a phone, with axe."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from registry.models import AlternativeGroup
from tests.browser.conftest import Visit


@pytest.mark.parametrize("width", [1280, 360])
def test_findings_lead_from_the_front_page_to_their_rows(visit: Visit, width: int):
    foi = visit("foi", width=width)
    page = foi.goto("/")
    foi.audit("forside")
    page.get_by_role("link", name="svage punkter").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("svage punkter")
    foi.audit("svage punkter")
    page.get_by_role("main").get_by_role("link", name="Fund", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Fund i landskabet")
    foi.audit("fund")
    foi.goto("/komponenter/STSADGB/")
    expect(page.get_by_role("heading", name="Hvis STSADGB svigter")).to_be_visible()
    page.get_by_text("men arver").first.scroll_into_view_if_needed()
    foi.audit("komponent")


def test_a_reader_gets_the_calm_front_page(visit: Visit):
    reader = visit("laeser")
    page = reader.goto("/")
    expect(page.get_by_role("heading", name="Det, der bærer mest")).to_be_visible()
    reader.audit("forside")


@pytest.mark.parametrize(("width", "script"), [(1280, True), (360, True), (1280, False)])
def test_alternatives_are_made_edited_and_dissolved(visit: Visit, width: int, script: bool):
    foi = visit("foi", width=width, script=script)

    def audit(state: str) -> None:
        if script:
            foi.audit(state)

    page = foi.goto("/fagsystemer/KY/")
    page.get_by_role("link", name="Kan noget af det træde i stedet for noget andet?").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Alternativer for")
    audit("ingen")
    page.get_by_role("link", name="Ny gruppe").click()
    expect(page.get_by_role("button", name="Opret")).to_be_visible()
    page.get_by_label("Så mange skal virke").fill("3")
    page.get_by_role("button", name="Opret").click()
    expect(page.get_by_role("alert").first).to_contain_text("Intet er gemt")
    audit("fejl")
    page.get_by_label("Navn", exact=True).fill("Opslag")
    page.get_by_label("Så mange skal virke").fill("1")
    for name in ("Adgangsstyring for brugere", "FIOL"):
        page.get_by_role("checkbox", name=name).check()
    page.get_by_role("button", name="Opret").click()
    expect(page.get_by_role("heading", name="Opslag: 1 af 2 skal virke")).to_be_visible()
    audit("én gruppe")
    page.get_by_role("link", name="Ret eller opløs Opslag").click()
    expect(page.get_by_role("button", name="Opløs gruppen")).to_be_visible()
    audit("ret")
    page.get_by_role("checkbox", name="DFDG").check()
    page.get_by_role("button", name="Gem ændringer").click()
    expect(page.get_by_role("heading", name="Opslag: 1 af 3 skal virke")).to_be_visible()
    page.get_by_role("link", name="Ret eller opløs Opslag").click()
    page.get_by_label("Opløs gruppen, fordi").fill("De kan ikke det samme")
    page.get_by_role("button", name="Opløs gruppen").click()
    expect(page.get_by_text("«Opslag» er opløst.")).to_be_visible()
    assert not AlternativeGroup.objects.current().exists()


def test_two_people_edit_the_same_group(visit: Visit):
    one, other = visit("foi"), visit("admin")
    page = one.goto("/fagsystemer/KY/alternativer/?ny=ja")
    page.get_by_label("Navn", exact=True).fill("Opslag")
    for name in ("Adgangsstyring for brugere", "FIOL"):
        page.get_by_role("checkbox", name=name).check()
    page.get_by_role("button", name="Opret").click()
    expect(page.get_by_role("heading", name="Opslag: 1 af 2 skal virke")).to_be_visible()
    for someone in (one, other):
        someone.goto("/fagsystemer/KY/alternativer/")
        someone.page.get_by_role("link", name="Ret eller opløs Opslag").click()
    other.page.get_by_role("checkbox", name="DFDG").check()
    other.page.get_by_role("button", name="Gem ændringer").click()
    expect(other.page.get_by_role("heading", name="Opslag: 1 af 3 skal virke")).to_be_visible()
    page.get_by_role("checkbox", name="NemKonto NEMKONTO").check()
    page.get_by_role("button", name="Gem ændringer").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("I har begge rettet")
    one.audit("konflikt")
    page.get_by_role("radio").nth(1).check()
    page.get_by_role("button", name="Gem med disse valg").click()
    expect(page.get_by_text("NemKonto").first).to_be_visible()
    expect(page.get_by_role("heading", name="Opslag: 1 af 3 skal virke")).to_be_visible()
