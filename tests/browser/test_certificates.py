"""Certificates in a real browser, with axe: a real file is chosen, a key refused, one renewed; and without script."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.registry import certificate_files as files


def choose(page: Page, file: Path) -> None:
    page.get_by_label("Certifikatets fil").set_input_files(str(file))
    page.get_by_role("button", name="Læs").click()


def saved(directory: Path, name: str, data: bytes) -> Path:
    (directory / name).write_bytes(data)
    return directory / name


@pytest.mark.parametrize("width", [1280, 360])
def test_a_certificate_is_uploaded_and_another_renewed(visit: Visit, width: int, tmp_path: Path):
    foi = visit("foi", width=width)
    page = foi.goto("/certifikater/")
    foi.audit("listen")
    page.get_by_role("link", name="Nyt certifikat").click()
    foi.audit("ny")
    choose(page, saved(tmp_path, "ky.p12", files.p12()))
    expect(page.get_by_text("Intet er gemt. Ret 1 fejl")).to_be_visible()
    expect(page.get_by_text("Upload kun den offentlige del").last).to_be_visible()
    foi.audit("nøgle afvist")
    chain = files.p7(files.made(), *files.authorities())
    choose(page, saved(tmp_path, "ky.p7b", chain))
    expect(page.get_by_text("Certifikatet er læst.")).to_be_visible()
    expect(page.get_by_text("OCES3-systemcertifikat").first).to_be_visible()
    foi.audit("læst")
    page.get_by_label("Navn").fill("KY, nyt certifikat")
    page.get_by_label("Fagsystem eller komponent 1").fill("KY")
    page.get_by_role("option", name="Kommunernes Ydelsessystem").first.click()
    page.get_by_label("Navn").press("Enter")
    expect(page.get_by_text("KY, nyt certifikat er oprettet.")).to_be_visible()
    expect(page.get_by_role("link", name="Kommunernes Ydelsessystem (KY)")).to_be_visible()
    foi.audit("certifikat")

    page.get_by_role("link", name="Forny", exact=True).click()
    choose(
        page, saved(tmp_path, "forrige.cer", files.pem(files.made(serial=9, until=files.moment(2027, 5, 1))))
    )
    page.get_by_role("button", name="Opret").click()
    expect(page.get_by_text("eller sæt flueben, hvis det er rigtigt").first).to_be_visible()
    foi.audit("spørgsmål")
    choose(page, saved(tmp_path, "nyt.pem", files.pem(files.made(serial=10, until=files.moment(2031, 5, 1)))))
    page.get_by_role("button", name="Opret").click()
    expect(page.get_by_role("heading", name="Fornyelser, ældste først")).to_be_visible()
    foi.audit("kæden")
    foi.goto("/certifikater/?state=overdue&q=cura")
    page.get_by_role("link", name="Cura – NSP, test").click()
    foi.audit("udløbet")
    page.get_by_role("link", name="Spær", exact=True).click()
    foi.audit("spær")
    foi.goto("/certifikater/ny/")
    page.get_by_role("button", name="Opret").click()
    expect(page.get_by_text("Intet er gemt. Ret 2 fejl")).to_be_visible()
    foi.audit("fejl")


def test_a_certificate_without_script(visit: Visit, tmp_path: Path):
    foi = visit("foi", width=360, script=False)
    page = foi.goto("/certifikater/ny/?assets=KY")
    choose(page, saved(tmp_path, "ky.cer", files.der(files.organisation())))
    expect(page.get_by_label("Type")).to_have_value("oces_organisation")
    page.get_by_role("button", name="Fjern den, og skriv selv").click()
    page.get_by_label("Udløber").fill("31-12-2031")
    page.get_by_role("button", name="Opret").click()
    expect(page.get_by_text("Odense Kommune er oprettet.")).to_be_visible()
    expect(page.get_by_role("link", name="Kommunernes Ydelsessystem (KY)")).to_be_visible()
    page.get_by_role("link", name="Ret", exact=True).click()
    foi.fits("ret uden script")
