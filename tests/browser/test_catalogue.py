"""FOI uploads an edition of the role catalogue, sees what it would change, and takes it into use."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import expect

from tests.browser.conftest import Visit

FILE = Path(settings.BASE_DIR) / "roles/demo/roles.csv"


@pytest.mark.parametrize("width", [1280, 360])
def test_upload_compare_and_take_into_use(visit: Visit, width: int):
    head, *rows = FILE.read_text().splitlines()
    rows = [row.replace("Infrastrukturansvarlig,", "Ansvarlig for infrastruktur,") for row in rows]
    rows = [row for row in rows if not row.startswith("INFRAEJER,")]
    new = "NYROLLE,Ny rolle,tactical,,SP;STS,1,no,kombit.dk,2.0,both,name"
    foi = visit("foi", width)
    page = foi.goto("/roller/udgaver/ny/")
    foi.audit("ny")
    page.get_by_label("Udgavens navn").fill("Rollegalleriet 2.0")
    faulty = "\n".join([head, *rows, new.replace("tactical", "høj")]).encode()
    page.locator("#id_file").set_input_files({"name": "roles.csv", "mimeType": "text/csv", "buffer": faulty})
    page.get_by_role("button", name="Indlæs og sammenlign").click()
    expect(page.get_by_role("heading", name="Intet er indlæst")).to_be_visible()
    foi.audit("fejl")
    good = "\n".join([head, *rows, new]).encode()
    page.locator("#id_file").set_input_files({"name": "roles.csv", "mimeType": "text/csv", "buffer": good})
    page.get_by_role("button", name="Indlæs og sammenlign").click()
    expect(page.get_by_role("heading", name="Rollegalleriet 2.0", level=1)).to_be_visible()
    expect(page.get_by_role("heading", name="Går ud")).to_be_visible()
    expect(page.get_by_role("link", name="Ansvarlig for infrastruktur")).to_be_visible()
    foi.audit("forskelle")
    page.get_by_role("link", name="Tag i brug").click()
    expect(page.get_by_role("heading", name="Tag Rollegalleriet 2.0 i brug")).to_be_visible()
    page.get_by_role("button", name="Tag i brug").click()
    expect(page.get_by_role("heading", name="Udgaven er ikke taget i brug")).to_be_visible()
    foi.audit("uden begrundelse")
    page.get_by_label("Begrundelse").fill("KOMBIT har udgivet 2.0")
    page.get_by_role("button", name="Tag i brug").click()
    expect(page.get_by_text("Rollegalleriet 2.0 er taget i brug. 1 rolle kom til")).to_be_visible()
    foi.audit("liste")
    for address in (
        "/roller/INFRAANSV/",
        "/roller/INFRAEJER/",
        "/roller/INFRAANSV/krav/ny/",
        "/roller/krav/",
        "/roller/udgaver/",
    ):
        foi.goto(address)
        foi.audit()
