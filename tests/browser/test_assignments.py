"""Roles are assigned, with what was typed kept on an error, and handed over after a look at what will happen."""

from __future__ import annotations

import datetime

import pytest
from playwright.sync_api import expect

from registry.models import System
from roles.models import Assignment, Person
from tests import factories
from tests.browser.conftest import Visit


@pytest.fixture
def seat(portal: str) -> Assignment:
    """Anna is the only holder of a required role for CURA; Bo could take over."""
    system = System.objects.get(code="CURA")
    role = factories.role(code="PROEVE", name="Prøverolle")
    factories.requirement(role, system)
    factories.person(name="Bo Prøve", email="bo.proeve@example.org")
    anna = factories.person(name="Anna Prøve", email="anna.proeve@example.org")
    return factories.assignment(person=anna, role=role, asset=system, note="Spørg Ib")


@pytest.mark.parametrize("width", [1280, 360])
def test_assign_with_an_error_on_the_way(visit: Visit, seat: Assignment, width: int):
    foi = visit("foi", width)
    page = foi.goto("/roller/tildelinger/ny/?role=PROEVE&asset=CURA&part=deputy")
    foi.audit("ny")
    person = page.locator("#id_n0-person")
    person.press_sequentially("bo prø")
    page.locator(".autocomplete__option", has_text="Bo Prøve").first.click()
    page.locator("#id_n1-person").fill("Ny Ukendt")
    page.get_by_role("button", name="Tildel", exact=True).click()
    expect(page.get_by_role("heading", name="Intet er gemt")).to_be_visible()
    expect(page.locator("#id_n0-person")).to_have_value("Bo Prøve · bo.proeve@example.org")
    foi.audit("fejl")
    page.locator("#id_n1-person").fill("Ny Ukendt, ny.ukendt@example.org")
    page.get_by_role("button", name="Tildel", exact=True).click()
    expect(page.get_by_text("2 tildelinger er oprettet.")).to_be_visible()
    foi.audit("liste")
    assert Person.objects.get(email="ny.ukendt@example.org").assignments.get().part == "deputy"


def test_hand_over_end_and_transfer(visit: Visit, seat: Assignment):
    foi = visit("foi", 360)
    page = foi.goto(f"/roller/tildelinger/{seat.pk}/")
    foi.audit("tildeling")
    page.get_by_role("link", name="Overdrag til en anden").click()
    expect(page.get_by_role("group", name="Til hvem og hvornår")).to_be_visible()
    foi.audit("overdrag")
    page.locator("#id_person").fill("Bo Prøve")
    page.get_by_role("button", name="Se, hvad der sker").click()
    expect(page.get_by_text("Bo Prøve har den fra")).to_be_visible()
    foi.audit("forhåndsvisning")
    page.get_by_role("button", name="Overdrag", exact=True).click()
    expect(page.get_by_text("er overdraget til Bo Prøve")).to_be_visible()
    there = Assignment.objects.get(person__name="Bo Prøve")
    assert there.note == "Spørg Ib"

    foi.goto(f"/personer/{there.person_id}/overdrag/")
    foi.audit("overdrag alle")
    page.get_by_role("combobox", name="Hvad sker der").select_option("end")
    page.get_by_label("Fra og med").fill(f"{there.since + datetime.timedelta(days=9):%d-%m-%Y}")
    page.get_by_role("button", name="Se, hvad der sker").click()
    expect(page.get_by_text("Prøverolle for")).to_be_visible()
    foi.audit("overdrag alle, forhåndsvisning")

    foi.goto(f"/roller/tildelinger/{there.pk}/afslut/")
    page.get_by_label("Dato").fill(f"{there.since + datetime.timedelta(days=9):%d-%m-%Y}")
    page.get_by_role("button", name="Afslut").click()
    expect(page.get_by_text("er ubesat fra")).to_be_visible()
    foi.audit("sidste indehaver")
    page.get_by_text("Ja, rollen skal stå uden indehaver").click()
    page.get_by_role("button", name="Afslut").click()
    expect(page.get_by_role("link", name="Tildel til en anden")).to_be_visible()
    foi.audit("afsluttet")
    for verb in ("ret", "arkiver", "historik"):
        foi.goto(f"/roller/tildelinger/{there.pk}/{verb}/")
        foi.audit(verb)
