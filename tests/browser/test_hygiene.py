"""What is to be put right: found, accepted, given to somebody, gone when it is right; with axe and without script."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from coordination.models import Finding
from registry.models import System
from roles.models import Role
from tests import factories
from tests.browser.conftest import Visit


@pytest.mark.parametrize("width", [1280, 360])
def test_a_finding_from_the_list_to_put_right(visit: Visit, width: int, settings: Any):
    settings.CELERY_TASK_ALWAYS_EAGER = (
        True  # the check is run while one waits: a worker's is a test of its own
    )
    foi = visit("foi", width=width)
    page = foi.goto("/oprydning/")
    foi.audit("oprydning")
    page.get_by_role("link", name="Fagsystem uden systemansvarlig").first.click()
    expect(page.get_by_text("Slags: Fagsystem uden systemansvarlig")).to_be_visible()
    page.get_by_role("link", name="Conventus har ingen systemansvarlig.").click()
    expect(page.get_by_role("heading", name="Sådan bringes det i orden")).to_be_visible()
    foi.audit("et punkt")

    page.get_by_role("link", name="Acceptér", exact=True).click()
    page.get_by_label("Accepteret til").fill("1-1-2020")
    page.get_by_role("button", name="Acceptér").click()
    expect(page.get_by_text("Ret 2 fejl")).to_be_visible()
    foi.audit("accept med fejl")
    year = System.objects.values_list("created_at", flat=True)[0].year
    page.get_by_label("Accepteret til").fill(f"31-12-{year + 1}")
    page.get_by_label("Fordi").fill("Lukker til sommer")
    page.get_by_role("button", name="Acceptér").click()
    expect(page.get_by_text("fordi: Lukker til sommer")).to_be_visible()
    foi.audit("accepteret")
    page.get_by_role("button", name="Tag accepten tilbage").click()
    expect(page.get_by_text("punktet er åbent igen")).to_be_visible()

    page.get_by_role("link", name="Vælg ansvarlig").click()
    foi.audit("vælg ansvarlig")
    page.get_by_role("combobox", name=re.compile("Ansvarlig")).fill("Lone Friis")
    page.get_by_role("button", name="Gem").click()
    expect(page.get_by_text("Lone Friis er nu ansvarlig")).to_be_visible()

    system = System.objects.get(name="Conventus")
    factories.assignment(role=Role.objects.get(code="SYSTEMANSV"), asset=system)
    foi.goto("/oprydning/")
    page.get_by_role("button", name="Kør gennemgangen nu").click()
    expect(page.get_by_text("Gennemgangen er færdig: 0 nye, 1 bragt i orden")).to_be_visible()
    closed = Finding.objects.closed().get()
    foi.goto(reverse("finding-detail", args=[closed.pk]))
    expect(page.get_by_text("Bragt i orden").first).to_be_visible()


def test_many_at_once_without_script(visit: Visit):
    foi = visit("foi", width=360, script=False)
    page = foi.goto("/oprydning/?kind=system_unconfirmed")
    page.get_by_role("button", name="Ret alle").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(re.compile(r"Ret \d+ punkter"))
    page.get_by_role("button", name="Acceptér").click()
    expect(page.get_by_text("Intet er gemt. Ret 2 fejl")).to_be_visible()
    page.get_by_label("Ansvarlig").fill("Lone Friis")
    page.get_by_role("button", name="Gem ansvarlig").click()
    expect(page.get_by_text("har fået en ansvarlig")).to_be_visible()


def test_pages_are_sound(visit: Visit):
    foi = visit("foi", width=360)
    page = foi.goto("/oprydning/?kind=system_unconfirmed")
    page.get_by_role("button", name="Ret alle").click()
    foi.audit("mange på én gang")
    for address in (
        "/oprydning/gennemgang/",
        f"/oprydning/{Finding.objects.first().pk}/historik/",
        "/fagsystemer/CURA/",
    ):
        foi.goto(address)
        foi.audit()
    own = visit("system", width=360)
    expect(own.goto("/").get_by_role("heading", name="Min oprydning")).to_be_visible()
    own.audit("forside")
    Finding.objects.all().delete()
    foi.goto("/oprydning/")
    foi.audit("intet at rydde op i")
