"""Gains and business cases in a real browser: what the portal finds becomes a gain, and counts in the case."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from budgets.models import Gain
from tests.browser.conftest import Visit


@pytest.mark.parametrize(("width", "script"), [(1280, True), (360, True), (1280, False)])
def test_a_possible_gain_is_made_a_gain_and_another_is_rejected(visit: Visit, width: int, script: bool):
    foi = visit("foi", width=width, script=script)

    def audit(state: str) -> None:
        if script:
            foi.audit(state)

    page = foi.goto("/gevinster/")
    page.locator("summary", has_text="Efter slags").click()
    audit("gevinster")
    page.get_by_role("link", name="mulige gevinster, som portalen har fundet").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("mulige gevinster")
    audit("mulige")
    page.get_by_role("link", name=re.compile("Opret som gevinst.*SBSYS henter")).click()
    expect(page.get_by_label("Komponent eller fagsystem")).to_have_value("SF1530 · SF1530 CVR Online")
    page.get_by_label("Kroner om året").fill("mange")
    page.get_by_role("button", name="Opret").click()
    expect(page.get_by_role("alert").first).to_contain_text("er ikke et beløb")
    audit("fejl")
    page.get_by_label("Kroner om året").fill("40.000")
    page.get_by_label("Fra og med år").fill("2027")
    page.get_by_label("Tilstand").select_option("planned")
    page.get_by_label("Følges op").fill("01-02-2027")
    page.get_by_role("button", name="Opret").click()
    expect(page.get_by_role("heading", name="Fundet af portalen")).to_be_visible()
    audit("gevinst")
    page.get_by_role("link", name="Andre mulige gevinster").click()
    expect(page.get_by_text("SBSYS henter")).to_have_count(0)
    page.get_by_role("link", name=re.compile("Ikke en gevinst.*SAPA")).click()
    page.get_by_role("button", name="Afvis den mulige gevinst").click()
    expect(page.get_by_role("alert").first).to_contain_text("Skriv hvorfor")
    audit("afvis")
    page.get_by_label("Det er ikke en gevinst, fordi").fill("Sagsbehandlerne bruger SAPA hver dag")
    page.get_by_role("button", name="Afvis den mulige gevinst").click()
    expect(page.get_by_text("er afvist og foreslås ikke igen")).to_be_visible()
    assert set(Gain.objects.exclude(finding="").values_list("state", flat=True)) == {"planned", "rejected"}


@pytest.mark.parametrize("width", [1280, 360])
def test_the_business_case_from_the_list_to_another_rate(visit: Visit, width: int):
    chef = visit("chef", width=width)
    page = chef.goto("/gevinster/business-case/?fra=2026")
    chef.audit("alle")
    page.get_by_role("link", name="Støttesystemerne (STS)").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Business case for Støttesystemerne")
    expect(page.get_by_role("img", name="Gevinster og omkostninger for Støttesystemerne")).to_be_visible()
    chef.audit("business case")
    page.get_by_label("5 år fra og med").fill("2029")
    page.get_by_label("Rente, procent om året").fill("99")
    page.get_by_role("button", name="Regn").click()
    expect(page.get_by_text("Skriv en rente mellem 0 og 25 procent")).to_be_visible()
    expect(page.get_by_text("Omkostningen er ikke kendt i 2031, 2032 og 2033.")).to_be_visible()
    chef.audit("ukendt")
    chef.goto("/gevinster/business-case/NEMID/")
    chef.audit("tom")
    chef.goto("/komponenter/STSORG/")
    expect(page.get_by_role("heading", name="Gevinster")).to_be_visible()
    chef.goto("/budget/2026/STSORG/")
    expect(page.get_by_role("link", name="Organisationen vedligeholdes")).to_be_visible()
