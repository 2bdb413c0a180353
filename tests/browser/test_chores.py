"""FOI's rarer chores in a browser: bulk edit with undo, and the admin."""

from __future__ import annotations

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from registry.models import System
from tests.browser.conftest import Visit


@pytest.mark.parametrize("width", [1280, 360])
def test_a_bulk_edit_and_its_undo(visit: Visit, width: int):
    foi = visit("foi", width)
    page = foi.goto("/fagsystemer/?criticality=4&sort=name")
    before = dict(System.objects.values_list("code", "criticality"))
    rows = page.get_by_role("checkbox", name="Vælg ", exact=False)
    rows.nth(1).check()
    rows.nth(2).check()
    page.get_by_role("button", name="Ret valgte").click()
    expect(page.get_by_role("heading", name="Ret 2 fagsystemer")).to_be_visible()
    foi.audit("vælg værdier")
    page.get_by_role("button", name="Se, hvad der sker").click()
    expect(page.get_by_role("alert")).to_contain_text("Intet er gemt")
    foi.audit("uden værdier")
    page.locator("#id_criticality").select_option("2")
    page.get_by_role("button", name="Se, hvad der sker").click()
    expect(page.get_by_role("heading", name="2 fagsystemer ændres")).to_be_visible()
    foi.audit("forhåndsvisning")
    page.get_by_role("button", name="Ret 2 fagsystemer").click()
    expect(page).to_have_url(re.compile(r"/fagsystemer/\?"))
    after = dict(System.objects.values_list("code", "criticality"))
    assert sum(after[code] != before[code] for code in before) == 2
    page.get_by_role("link", name="ændringssæt").or_(page.get_by_role("link", name="Fortryd")).first.click()
    expect(page.get_by_role("button", name="Fortryd hele ændringssættet")).to_be_visible()
    foi.audit("ændringssæt")
    page.get_by_role("button", name="Fortryd hele ændringssættet").click()
    expect(page.get_by_text("sat tilbage")).to_be_visible()
    assert dict(System.objects.values_list("code", "criticality")) == before


@pytest.mark.parametrize("width", [1280, 360])
def test_the_admin(visit: Visit, width: int):
    admin = visit("admin", width)
    cura = System.objects.get(code="CURA")
    for address in (
        reverse("admin:index"),
        reverse("admin:registry_system_changelist"),
        reverse("admin:registry_system_changelist") + "?q=cura",
        reverse("admin:registry_system_change", args=[cura.pk]),
        reverse("admin:registry_system_history", args=[cura.pk]),
        reverse("admin:registry_dependency_changelist"),
        reverse("admin:registry_component_add"),
        reverse("admin:registry_organisation_add"),
        reverse("admin:core_user_changelist"),
        reverse("admin:core_user_change", args=[1]),
        reverse("admin:auth_group_changelist"),
        reverse("admin:core_change_changelist"),
        reverse("admin:registry_importjob_changelist"),
    ):
        admin.goto(address)
        admin.audit()
    page = admin.goto(reverse("admin:registry_system_change", args=[cura.pk]))
    System.objects.filter(pk=cura.pk).update(name="Cura fra en anden")
    page.locator("#id_name").fill("Cura fra mig")
    page.locator('input[name="_save"]').click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("I har begge rettet")
    admin.audit("konflikt")
