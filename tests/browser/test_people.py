"""People in a real browser: accessible pages, and a double that is found, previewed and merged."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from roles.models import Absence, Person
from tests import factories
from tests.browser.conftest import Visit


@pytest.fixture
def anne() -> Person:
    """Anne, who is away with a deputy in one role, who leaves, and who was written twice."""
    today, days = timezone.localdate(), datetime.timedelta
    anne = factories.person(name="Anne Prøve", email="anne.proeve@odense.example", active_to=today + days(30))
    double = factories.person(name="A. Prøve", email="aproeve@odense.example", phone="65 51 00 00")
    held = factories.assignment(person=anne)
    deputy = factories.person(name="Dorte Deputé")
    factories.assignment(person=deputy, role=held.role, part="deputy")
    factories.assignment(person=double)
    factories.assignment(person=double, role=held.role, until=today - days(30))
    factories.assignment(person=anne, since=today + days(3))
    Absence.objects.create(person=anne, since=today, until=today + days(5), stand_in=deputy)
    Absence.objects.create(person=double, since=today - days(9), until=today - days(7))
    return anne


@pytest.mark.parametrize("width", [1280, 360])
def test_a_person_is_read_edited_and_merged(visit: Visit, anne: Person, width: int):
    foi = visit("foi", width)
    page = foi.goto("/personer/?q=pr%C3%B8ve")
    foi.audit("liste")
    page.get_by_role("link", name="Anne Prøve", exact=True).click()
    expect(page.get_by_role("heading", name="Anne Prøve", level=1)).to_be_visible()
    foi.audit("person")
    page.get_by_role("link", name="Skriv fravær").click()
    page.get_by_label("Første fraværsdag").fill(f"{timezone.localdate():%d-%m-%Y}")
    page.get_by_role("button", name="Opret").click()
    expect(page.get_by_role("heading", name="Intet er gemt. Ret 1 fejl")).to_be_visible()
    foi.audit("fravær, der overlapper")
    foi.goto(f"/personer/{anne.pk}/ret/")
    page.get_by_label("Fratrådt").fill(f"{timezone.localdate():%d-%m-%Y}")
    page.get_by_role("button", name="Gem ændringer").click()
    expect(page.get_by_text("Roller, der løber videre")).to_be_visible()
    foi.audit("fratrædelse med roller")
    page.get_by_text("Gem fratrædelsen, selv om").click()
    page.get_by_role("button", name="Gem ændringer").click()
    expect(page.get_by_text("2 roller løber videre")).to_be_visible()
    page.get_by_role("link", name="Læg sammen").click()
    page.get_by_role("combobox", name="Dobbeltgænger").press_sequentially("aproeve")
    page.locator(".autocomplete__option", has_text="A. Prøve").click()
    foi.audit("hvem")
    page.get_by_role("button", name="Se, hvad der sker").click()
    expect(page.get_by_role("heading", name="Hvad der flyttes")).to_be_visible()
    foi.audit("forhåndsvisning")
    page.get_by_role("button", name="Læg sammen").click()
    expect(page.get_by_text("A. Prøve er lagt sammen med Anne Prøve")).to_be_visible()
    expect(page.get_by_text("65 51 00 00")).to_be_visible()
    foi.audit("lagt sammen")
