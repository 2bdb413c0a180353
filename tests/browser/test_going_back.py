"""The back button, in a browser that keeps whole pages in memory as those of users do (tests otherwise do not)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
from django.db import OperationalError
from playwright.sync_api import Browser, Page, expect

from foi_portal.core import history
from registry.models import Component
from tests.browser.conftest import FLAGS

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def page(chromium: Browser, portal: str) -> Iterator[Page]:
    """Signed in as FOI through the sign-in page."""
    browser = chromium.browser_type.launch(
        executable_path=shutil.which("chromium") or shutil.which("chromium-browser"),
        args=FLAGS,
        ignore_default_args=["--disable-back-forward-cache"],
    )
    page = browser.new_context(base_url=portal, locale="da-DK").new_page()
    page.goto("/konto/login/")
    page.get_by_label("Brugernavn").fill("foi")
    page.get_by_label("Adgangskode").fill("foi-demo-2026")
    page.get_by_role("button", name="Log på").click()
    expect(page.get_by_role("button", name="Log af").first).to_be_visible()
    yield page
    browser.close()


def back(page: Page) -> None:
    """Playwright's own ``go_back`` waits for a load that a page from memory never has."""
    page.evaluate("setTimeout(() => history.back(), 0)")


def test_what_was_typed_is_there_after_a_refusal(page, monkeypatch):
    component = Component.objects.current().first()
    page.goto(component.get_absolute_url() + "ret/")
    page.get_by_label("Navn", exact=True).fill("Et helt nyt navn")

    def busy(**given: object) -> None:
        raise OperationalError("database is locked")

    monkeypatch.setattr(history, "recording", busy)
    page.get_by_role("button", name="Gem").first.click()
    expect(page.get_by_role("heading", name="Andre gemmer lige nu")).to_be_visible()
    back(page)
    expect(page.get_by_label("Navn", exact=True)).to_have_value("Et helt nyt navn")


def test_nothing_is_shown_after_signing_off(page):
    page.goto("/komponenter/")
    heading = page.get_by_role("heading", name="Komponenter", level=1)
    expect(heading).to_be_visible()
    page.get_by_role("button", name="Log af").first.click()
    expect(page.get_by_label("Adgangskode")).to_be_visible()
    back(page)
    page.wait_for_url("**/konto/login/?next=/komponenter/")
    expect(heading).to_have_count(0)
