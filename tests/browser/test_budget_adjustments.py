"""FOI proposes and follows up, the kontorchef decides; a file is booked, placed and taken back. All pages with axe."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from budgets.models import Actual, Adjustment, BudgetLine, Forecast
from tests.browser.conftest import Visit

YEAR = "/budget/2026"


@pytest.mark.parametrize("width", [1280, 360])
def test_a_transfer_is_proposed_decided_and_seen_in_the_version(visit: Visit, width: int):
    foi = visit("foi", width)
    page = foi.goto(f"{YEAR}/aendringer/ny/?slags=transfer")
    foi.audit("ny")
    page.get_by_label("Begrundelse").fill("Flyt drift fra SBSIP til IdM")
    page.locator("#id_n0-line").press_sequentially("sbsip dri")
    page.locator(".autocomplete__option", has_text="SBSIP · Drift").first.click()
    page.locator("#id_n0-amount").fill("-20.000")
    page.locator("#id_n1-line").fill("IDM · Drift")
    page.locator("#id_n1-amount").fill("15.000")
    page.get_by_role("button", name="Foreslå ændringen").click()
    expect(page.get_by_role("heading", name="Intet er gemt")).to_be_visible()
    expect(page.get_by_text("Læg 5.000 kr. mere til en linje").first).to_be_visible()
    foi.audit("går ikke op")
    page.locator("#id_n1-amount").fill("20.000")
    page.get_by_role("button", name="Foreslå ændringen").click()
    expect(page.get_by_text("er foreslået og venter på kontorchefen")).to_be_visible()
    foi.audit("foreslået")

    chef = visit("chef", width)
    page = chef.goto(f"{YEAR}/")
    page.get_by_role("link", name="Flyt drift fra SBSIP til IdM", exact=True).click()
    chef.audit("til afgørelse")
    page.get_by_role("button", name="Godkend").click()
    expect(page.get_by_text("tæller nu med i det korrigerede budget")).to_be_visible()
    chef.audit("godkendt")
    assert Adjustment.objects.get(reason="Flyt drift fra SBSIP til IdM").state == "approved"
    for address in ("aendringer/", "aendringer/pl/", "versioner/?sammenlign=2020-01-01", "SBSIP/"):
        chef.goto(f"{YEAR}/{address}")
        chef.audit()
    expect(page.get_by_role("link", name="Flyt drift fra SBSIP til IdM")).to_be_visible()


def test_without_script_a_percent_is_laid_on_the_licences(visit: Visit):
    foi = visit("foi", script=False)
    page = foi.goto(f"{YEAR}/aendringer/pl/")
    page.get_by_label("Procent").fill("2,9")
    for name in ("Drift", "Udvikling", "Transaktion", "Løn"):
        page.get_by_label(name, exact=True).set_checked(False, force=True)
    page.get_by_role("button", name="Regn ud").click()
    expect(page.get_by_role("heading", name="6 af 6 linjer")).to_be_visible()
    page.get_by_label("Fremskriv Den fælleskommunale infrastruktur (FKI), licens").set_checked(
        False, force=True
    )
    page.get_by_role("button", name="Foreslå fremskrivningen").click()
    expect(page.get_by_role("heading", name="5 linjer")).to_be_visible()


@pytest.mark.parametrize("width", [1280, 360])
def test_a_follow_up_is_filled_in_and_two_people_meet(visit: Visit, width: int):
    foi = visit("foi", width)
    page = foi.goto(f"{YEAR}/opfoelgninger/")
    foi.audit()
    page.get_by_role("link", name="Ny opfølgning").click()
    expect(page.get_by_role("heading", name="Ny opfølgning på budget 2026")).to_be_visible()
    foi.audit()
    page.get_by_role("button", name="Opret opfølgningen").click()
    expect(page.get_by_text("er oprettet")).to_be_visible()
    round_url = page.url.removeprefix(page.url.split("/budget/")[0])
    page.get_by_role("button", name="forslaget").click()
    expect(page.get_by_text("Intet er gemt endnu")).to_be_visible()
    foi.audit("udfyldt")

    line = BudgetLine.objects.get(year__year=2026, component__code="FJERNPRINT")
    chef = visit("chef", width)
    other = chef.goto(round_url)
    other.locator(f"#id_f{line.pk}-amount").fill("800.000")
    other.get_by_role("button", name="Gem forventningerne").click()
    expect(other.get_by_text("1 forventning er gemt")).to_be_visible()

    page.locator(f"#id_f{line.pk}-amount").fill("850.000")
    page.get_by_role("button", name="Gem forventningerne").click()
    expect(page.get_by_role("heading", name="I har begge ændret 4. budgetopfølgning")).to_be_visible()
    foi.audit("konflikt")
    page.get_by_label("Forventet regnskab, dit:").check(force=True)
    page.get_by_role("button", name="Gem med disse valg").click()
    expect(page.get_by_text("forventninger er gemt")).to_be_visible()
    foi.audit("gemt")
    assert Forecast.objects.get(line=line, round__name="4. budgetopfølgning").amount == 850_000
    page.get_by_role("link", name="Ret navn og måned").click()
    foi.audit("ret")
    foi.goto(f"{round_url}historik/")
    foi.audit()


@pytest.mark.parametrize("width", [1280, 360])
def test_a_file_is_booked_placed_corrected_and_taken_back(visit: Visit, width: int, tmp_path: Path):
    file = tmp_path / "okt.csv"
    rows = (
        "Bilagsnr;Bogføringsdato;Kontostreng;Posteringstekst;Beløb",
        "1;15-03-2026;6.45-1;Faktura, åbent køb;1.234,50-",
        "2;16-03-2026;6.45-1;Faktura;2.000",
        "3;202613;6.45-1;Periode 13;10",
        "4;01-02-2026;6.45-1;Uden beløb;",
    )
    file.write_bytes("\r\n".join(rows).encode("cp1252"))
    foi = visit("foi", width)
    page = foi.goto(f"{YEAR}/forbrug/")
    foi.audit()
    page.get_by_role("link", name="Indlæs fra økonomisystemet").click()
    foi.audit("vælg fil")
    page.set_input_files("#file", str(file))
    page.get_by_role("button", name="Kontrollér filen").click()
    expect(page.get_by_role("heading", name="Hvad er kolonnerne i okt.csv?")).to_be_visible()
    foi.audit("kolonner")
    page.get_by_role("button", name="Fortsæt").click()
    page.get_by_role("button", name="Indlæs", exact=True).click()
    expect(page.get_by_text("Ret filen, eller vælg at udelade dem")).to_be_visible()
    foi.audit("prøvekørsel")
    page.get_by_label("Udelad de 2 rækker med fejl").check(force=True)
    page.get_by_role("button", name="Indlæs", exact=True).click()
    expect(page.get_by_text("2 posteringer er indlæst. 2 af dem skal placeres her.")).to_be_visible()
    page.get_by_label("Vælg 6.45-1 Faktura 2.000 kr.").check(force=True)
    page.locator("#id_line").fill("SBSIP · Drift")
    page.get_by_label("Placér alle årets rækker").check(force=True)
    foi.audit("uplaceret")
    page.get_by_role("button", name="Placér de valgte").click()
    expect(page.get_by_text("2 rækker er placeret")).to_be_visible()

    foi.goto(f"{YEAR}/forbrug/posteringer/?component=SBSIP")
    foi.audit()
    page.get_by_role("link", name="Faktura", exact=True).click()
    foi.audit("postering")
    page.locator("#id_line").fill("IDM · Drift")
    page.get_by_label("Begrundelse").fill("Forkert linje")
    page.get_by_role("button", name="Flyt til linjen").click()
    expect(page.get_by_text("Posteringen er flyttet til")).to_be_visible()
    page.get_by_role("link", name="okt.csv").click()
    foi.audit("fil")
    page.get_by_label("Begrundelse").fill("Det var prøvefilen")
    page.get_by_role("button", name="Tag filen tilbage").click()
    expect(page.get_by_role("heading", name="Filen er taget tilbage")).to_be_visible()
    foi.audit("taget tilbage")
    assert sum(Actual.objects.exclude(batch=None).values_list("amount", flat=True)) == 0
    foi.goto(f"{YEAR}/forbrug/ny/")
    foi.audit()
