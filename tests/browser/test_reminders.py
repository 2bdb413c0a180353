"""Reminders in a real browser, with axe: who looks after a certificate, what will be sent, and how one wants it."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from tests import factories
from tests.browser.conftest import Visit


@pytest.mark.parametrize("width", [1280, 360])
def test_from_a_certificate_without_anybody_to_the_mails_that_will_come(visit: Visit, width: int):
    foi = visit("foi", width)
    kept = factories.certificate(name="Prøve", valid_to=timezone.localdate() + datetime.timedelta(days=9))
    page = foi.goto(kept.get_absolute_url())
    page.get_by_role("link", name="Vælg ansvarlig for fornyelse").click()
    foi.audit("ingen er nævnt")
    page.get_by_label("Ansvarlig for fornyelse").fill("Ukendt Person")
    page.get_by_role("button", name="Gem").click()
    expect(page.get_by_text("Intet er gemt. Ret 1 fejl")).to_be_visible()
    foi.audit("ukendt")
    page.get_by_label("Ansvarlig for fornyelse").fill("tina.bro@example.org")
    page.get_by_role("button", name="Gem").click()
    expect(page.get_by_text("Tina Bro er ansvarlig for fornyelse af Prøve.")).to_be_visible()
    foi.audit("certifikatet")
    page.get_by_role("link", name="Påmindelser, der kommer").click()
    expect(page.get_by_role("link", name="Tina Bro").first).to_be_visible()
    foi.audit("om certifikatet")

    page.get_by_role("link", name="Vis alle").click()
    foi.audit("alle")
    page.get_by_role("link", name="Ret påmindelser om «Certifikat udløber»").click()
    page.get_by_label("Dage før").fill("snart")
    page.get_by_role("button", name="Gem ændringer").click()
    expect(page.get_by_text("Skriv hele dage fra 0 til 730").first).to_be_visible()
    foi.audit("regel med fejl")
    page.get_by_label("Dage før").fill("5 180")
    page.get_by_role("button", name="Gem ændringer").click()
    expect(page.get_by_role("cell", name="180, 5")).to_be_visible()

    page.get_by_role("link", name="Mine påmindelser").click()
    page.get_by_label("Én mail om mandagen").check(force=True)
    page.get_by_role("button", name="Gem").click()
    expect(page.get_by_text("samles i én mail om mandagen")).to_be_visible()
    foi.audit("mine")
    foi.goto(f"{page.url.split('/udloeb/')[0]}/personer/")
    page.get_by_role("link", name="Tina Bro").click()
    page.get_by_role("link", name="Overdrag det, Tina Bro passer på").click()
    foi.audit("overdrag")
