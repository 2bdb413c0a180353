"""Deadlines in a real browser with axe: the list, taking note, the timeline, a calendar's address; an empty portal."""

from __future__ import annotations

import datetime

import pytest
from django.utils import timezone
from icalendar import Calendar
from playwright.sync_api import expect

from coordination.models import Finding
from registry.models import Agreement, Asset, Certificate
from roles.models import Assignment, Person
from tests.browser.conftest import Visit


def day(days: int) -> datetime.date:
    return timezone.localdate() + datetime.timedelta(days=days)


@pytest.mark.parametrize("width", [1280, 360])
def test_from_the_front_page_to_the_calendar(visit: Visit, width: int):
    Asset.objects.filter(code="CURA").update(retired_from=day(5), phasing_out_from=day(-900))
    foi = visit("foi", width=width)
    page = foi.goto("/")
    page.get_by_role("link", name="Udfasningen af Cura begynder").click()
    expect(page.get_by_role("heading", name="Næste frister")).to_be_visible()
    foi.audit("systemets frister")
    foi.goto("/udloeb/?asset=CURA")
    foi.audit("frister")
    row = page.locator("tr", has_text="Cura: første dag uden drift")
    row.get_by_role("link", name="Tag til efterretning").click()
    page.get_by_label("Fordi").fill("Afløseren er klar")
    page.get_by_role("button", name="Tag til efterretning").click()
    expect(page.get_by_text("Til: Skriv, til hvornår.")).to_be_visible()
    foi.audit("til efterretning med fejl")
    page.get_by_label("Til", exact=True).fill(f"{day(40):%d-%m-%Y}")
    page.get_by_role("button", name="Tag til efterretning").click()
    expect(page.get_by_role("heading", name="Taget til efterretning: 1")).to_be_visible()
    expect(page.get_by_text("Afløseren er klar")).to_be_visible()
    page.get_by_role("link", name="Ret eller tag tilbage").click()
    foi.audit("ret det, der er taget til efterretning")
    page.get_by_role("link", name="Annullér").click()
    page.get_by_role("link", name="Tidslinje").click()
    expect(page.get_by_role("heading", name="Frister pr. slags og måned")).to_be_visible()
    expect(page.locator("svg[role=img]:visible")).to_have_count(1)
    foi.audit("tidslinje")
    foi.goto("/udloeb/?vis=tidslinje&efter=forvaltning")
    foi.audit("tidslinje pr. forvaltning")

    page.get_by_role("link", name="Få dem i din kalender").click()
    page.get_by_label("Kalenderen viser").select_option("alle")
    page.get_by_role("button", name="Lav en adresse").click()
    foi.audit("en adresse")
    address = page.get_by_label("Adresse", exact=True).input_value()
    answer = page.request.get(address[address.index("/udloeb.ics") :])
    events = Calendar.from_ical(answer.body()).walk("VEVENT")
    assert "Cura: første dag uden drift" in [str(event["summary"]) for event in events]
    page.get_by_role("button", name="Tilbagekald").click()
    expect(page.get_by_text("Adressen virker ikke mere.")).to_be_visible()
    assert page.request.get(address[address.index("/udloeb.ics") :]).status == 404


def test_without_script_and_with_nothing_due(visit: Visit):
    Assignment.objects.update(until=None)
    Person.objects.update(active_to=None)
    Asset.objects.update(active_from=None, phasing_out_from=None, retired_from=None)
    Finding.objects.update(closed_at=timezone.now())
    for model in (Agreement, Certificate):
        model.objects.update(archived_at=timezone.now())
    reader = visit("laeser", width=360, script=False)
    page = reader.goto("/udloeb/")
    expect(page.get_by_text("Der er ingen frister.")).to_be_visible()
    reader.fits()
    reader.goto("/udloeb/?vis=tidslinje")
    reader.fits()
    reader.goto("/udloeb/kalender/")
    reader.fits()
