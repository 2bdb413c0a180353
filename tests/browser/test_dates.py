"""Earlier days in a browser: an asset on a day and on two, the landscape on two days."""

from __future__ import annotations

import datetime
import re

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from registry.models import Dependency, System
from tests import days
from tests.browser.conftest import Visit

YESTERDAY = datetime.timedelta(days=1)


@pytest.fixture
def _changed(portal: str) -> None:
    """The demonstration landscape was written forty days ago, and Cura was changed twenty days after."""
    today = timezone.localdate()
    days.moved(today - 40 * YESTERDAY)
    with days.written(today - 20 * YESTERDAY):
        cura = System.objects.get(code="CURA")
        System.objects.filter(pk=cura.pk).update(criticality=2, description="En ny beskrivelse")
        first, second = Dependency.objects.filter(source=cura).order_by("pk")[:2]
        Dependency.objects.filter(pk=first.pk).update(importance="minor")
        Dependency.objects.filter(pk=second.pk).update(archived_at=timezone.now())
        made = System.objects.create(code="NYT", name="Nyt fagsystem", department=cura.department)
        Dependency.objects.create(source=made, target=cura, importance="critical")


@pytest.mark.usefixtures("_changed")
@pytest.mark.parametrize("width", [1280, 360])
def test_from_the_history_to_an_earlier_day_and_the_difference(visit: Visit, width: int):
    reader = visit("laeser", width)
    page = reader.goto("/fagsystemer/CURA/historik/")
    page.get_by_role("link", name="Sådan så Cura ud på en bestemt dag").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Cura, som det stod")
    reader.audit("en dag")
    page.get_by_label("Sammenlign med").fill(f"{timezone.localdate():%d-%m-%Y}")
    page.get_by_role("button", name="Vis").click()
    expect(page.get_by_role("heading", name=re.compile("^Forskel fra"))).to_be_visible()
    expect(page.get_by_text("En ny beskrivelse")).to_be_visible()
    expect(page.get_by_role("heading", name="Begyndte at blive brugt af (1)")).to_be_visible()
    reader.audit("to dage")
    page.get_by_label("Sådan så det ud").fill("31-02-2026")
    page.get_by_role("button", name="Vis").click()
    expect(page.get_by_text("Skriv datoen som dag, måned og år")).to_be_visible()
    reader.audit("fejl")
    reader.goto("/fagsystemer/CURA/paa-dato/?dato=2001-01-01")
    page.get_by_role("link", name=re.compile("^Se Cura \\d")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Cura, som det stod")


@pytest.mark.usefixtures("_changed")
@pytest.mark.parametrize("width", [1280, 360])
def test_the_landscape_on_two_days(visit: Visit, width: int):
    reader = visit("laeser", width)
    page = reader.goto("/landskab/forskel/")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Landskabet fra")
    expect(page.get_by_role("heading", name="Hvad det betyder, hvis noget svigter")).to_be_visible()
    reader.audit()
    page.get_by_label("Slags").select_option("Afhængigheder")
    page.get_by_role("button", name="Sammenlign").click()
    expect(page.get_by_role("heading", name="Kom til, gik ud og blev ændret (3)")).to_be_visible()
    reader.audit("kun afhængigheder")
    page.get_by_role("link", name="Nyt fagsystem → Cura").click()
    expect(page).to_have_url(re.compile(r"/afhaengigheder/\d+/"))
    reader.goto("/landskab/forskel/?fra=2026-31-12")
    reader.audit("fejl")
    reader.goto("/landskab/forskel/?fra=1950-01-01&til=1950-02-01")
    expect(page.get_by_text("så begge datoer er den dag")).to_be_visible()
    reader.audit("samme dag")


@pytest.mark.usefixtures("_changed")
@pytest.mark.parametrize("width", [1280, 360])
def test_a_consequence_on_two_days(visit: Visit, width: int):
    reader = visit("laeser", width)
    page = reader.goto("/konsekvens/?asset=CURA")
    page.get_by_label("Sammenlign med en anden dag").fill(f"{timezone.localdate() - 30 * YESTERDAY:%d-%m-%Y}")
    page.get_by_role("button", name="Sammenlign").click()
    expect(page.get_by_role("heading", name=re.compile("^Forskel fra"))).to_be_visible()
    expect(page.get_by_role("heading", name="Rammes også (1)")).to_be_visible()
    reader.audit("to dage")


@pytest.mark.usefixtures("_changed")
def test_nothing_is_wider_than_a_small_phone(visit: Visit):
    reader = visit("laeser", 320)
    today = timezone.localdate()
    for address in (
        f"/fagsystemer/CURA/paa-dato/?sammenlign={today}",
        "/komponenter/STS/paa-dato/",
        "/landskab/forskel/",
    ):
        reader.goto(address)
        reader.fits()
