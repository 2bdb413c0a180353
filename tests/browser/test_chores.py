"""FOI's rarer chores in a browser: bulk edit with undo, import with faults and without, the admin."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from foi_portal.celery import app as celery_app
from foi_portal.core.models import User
from registry.models import ImportJob, Organisation, System
from tests.browser.conftest import Visit


@pytest.fixture
def eager() -> Iterator[None]:
    """Background work is done at once: no worker runs beside the tests."""
    before = celery_app.conf.task_always_eager
    celery_app.conf.task_always_eager = True
    yield
    celery_app.conf.task_always_eager = before


@pytest.mark.parametrize("width", [1280, 360])
def test_a_bulk_edit_and_its_undo(visit: Visit, width: int):
    foi = visit("foi", width)
    page = foi.goto("/fagsystemer/?criticality=4&sort=name")
    before = dict(System.objects.values_list("code", "criticality"))
    rows = page.get_by_role("checkbox", name="Vælg ", exact=False)
    rows.nth(1).check()
    rows.nth(2).check()
    page.get_by_role("button", name="Ret valgte").click()
    foi.audit("vælg værdier")
    page.get_by_role("button", name="Se, hvad der sker").click()
    expect(page.get_by_role("alert")).to_contain_text("Intet er gemt")
    foi.audit("uden værdier")
    page.locator("#id_criticality").select_option("2")
    page.get_by_role("button", name="Se, hvad der sker").click()
    expect(page.get_by_role("heading", name="2 fagsystemer ændres")).to_be_visible()
    foi.audit("forhåndsvisning")
    page.get_by_role("button", name="Ret 2 fagsystemer").click()
    after = dict(System.objects.values_list("code", "criticality"))
    assert sum(after[code] != before[code] for code in before) == 2
    page.get_by_role("link", name="ændringssæt").or_(page.get_by_role("link", name="Fortryd")).first.click()
    foi.audit("ændringssæt")
    page.get_by_role("button", name="Fortryd hele ændringssættet").click()
    expect(page.get_by_text("sat tilbage")).to_be_visible()
    assert dict(System.objects.values_list("code", "criticality")) == before


@pytest.mark.parametrize("width", [1280, 360])
@pytest.mark.usefixtures("eager")
def test_an_import_with_faults_and_one_without(visit: Visit, tmp_path: Path, width: int):
    file = tmp_path / "organisations.csv"
    foi = visit("foi", width)
    page = foi.goto("/import/")
    file.write_text("code,name,kind,parent_code\nNY,Ny <b>organisation</b>,loge,FINDESIKKE\n")
    page.get_by_label("Filer", exact=True).set_input_files(file)
    page.get_by_role("button", name="Kontrollér filerne").click()
    expect(page.get_by_text("intet er indlæst").first).to_be_visible()
    foi.audit("fejl")
    assert not Organisation.objects.filter(code="NY").exists()
    file.write_text("code,name,kind,parent_code\nNY,Ny <b>organisation</b>,vendor,\nKMD,KMD nyt,vendor,\n")
    foi.goto("/import/")
    foi.audit("med en tidligere")
    page.get_by_label("Filer", exact=True).set_input_files(file)
    page.get_by_role("button", name="Kontrollér filerne").click()
    expect(page.get_by_role("button", name="Gennemfør import")).to_be_visible()
    foi.audit("prøvekørsel")
    page.get_by_role("button", name="Gennemfør import").click()
    expect(page.get_by_text("Importen er gennemført")).to_be_visible()
    foi.audit("færdig")
    assert Organisation.objects.get(code="NY").name == "Ny <b>organisation</b>"


def test_an_import_under_way_is_followed_without_reloading(visit: Visit):
    job = ImportJob.objects.create(uploaded_by=User.objects.get(username="foi"))
    foi = visit("foi")
    page = foi.goto(job.get_absolute_url())
    expect(page.get_by_role("progressbar")).to_be_visible()
    foi.audit("venter")
    page.evaluate("window.same = true")
    ImportJob.objects.filter(pk=job.pk).update(state="discarded")
    expect(page.get_by_text("Importen er kasseret")).to_be_visible()
    assert page.evaluate("window.same"), "the page was not reloaded"
    foi.audit("kasseret")


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
