"""Each demo user signs in and does what that person comes for; axe on each page passed."""

from __future__ import annotations

import csv

import pytest
from playwright.sync_api import Page, expect

from foi_portal.pages.management.commands.load_demo import LANDSCAPE
from registry.models import Dependency, System
from tests.browser.audit import Watched
from tests.browser.conftest import Visit

PASSWORD = "foi-demo-2026"


def sign_in(visitor: Watched, username: str) -> Page:
    """By the form, as people do, from the page they asked for."""
    page = visitor.goto("/")
    page.get_by_label("Brugernavn").fill(username)
    page.get_by_label("Adgangskode").fill(PASSWORD)
    page.get_by_role("button", name="Log på").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overblik")
    return page


def demo(name: str) -> list[dict[str, str]]:
    with (LANDSCAPE / f"{name}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


class TestFOI:
    def test_registers_a_system_with_five_dependencies(self, visit: Visit):
        foi = visit()
        page = sign_in(foi, "foi")
        foi.audit("forside")
        page.get_by_role(
            "link", name="Nyt fagsystem"
        ).click()  # one click to the form; at most three are allowed
        expect(page.get_by_role("heading", level=1)).to_have_text("Nyt fagsystem")
        foi.audit()
        page.get_by_label("Navn", exact=True).fill("Prøvesystemet")
        page.get_by_label("Kode", exact=True).fill("prøve-1")
        page.get_by_label("Forvaltning").select_option(label="Borgmesterforvaltningen")
        page.get_by_label("Leverandør").press_sequentially("netcomp", delay=20)
        page.get_by_role("option", name="NETCOMPANY").click()
        page.get_by_label("Begrundelse").fill("Nyt i år")
        page.get_by_role("button", name="Opret").click()

        expect(page.get_by_role("heading", level=1)).to_have_text("Prøvesystemet afhænger af")
        foi.audit("ny tabel")
        codes = self.choices()
        for index, (typed, code) in enumerate(codes.items()):
            if index >= 3:
                page.get_by_role("button", name="Tilføj række").click()
            field = page.locator(f"#id_n{index}-target")
            field.press_sequentially(typed, delay=20)
            option = page.get_by_role("option", name=f"{code} ·").first
            option.wait_for()
            option.click()
            page.locator(f'[name="n{index}-purpose"]').fill(f"Formål {index}")
        page.locator('[name="n0-importance"]').select_option("critical")
        foi.audit("fem rækker")
        page.get_by_role("button", name="Gem ændringer").click()

        expect(page.get_by_role("heading", level=1)).to_contain_text("Prøvesystemet")
        expect(page.get_by_text("5 tilføjet")).to_be_visible()
        foi.audit("færdig")
        system = System.objects.get(code="PRØVE-1")
        assert system.provider is not None
        assert system.provider.code == "NETCOMPANY"
        assert {d.target.code for d in Dependency.objects.filter(source=system)} == set(codes.values())

    def choices(self) -> dict[str, str]:
        """The first five components by code, found by the first letters of their names."""
        return {row["code"]: row["code"] for row in demo("components")[3:8]}

    def test_does_the_same_without_script(self, visit: Visit):
        foi = visit(script=False)
        page = sign_in(foi, "foi")
        page.get_by_role("link", name="Nyt fagsystem").click()
        page.get_by_label("Navn", exact=True).fill("Prøvesystemet")
        page.get_by_label("Kode", exact=True).fill("PRØVE")
        page.get_by_label("Leverandør").fill("NETCOMPANY")
        page.get_by_role("button", name="Opret").click()
        codes = list(self.choices().values())
        page.get_by_label("Har du en liste over koder?").fill(" ".join(codes[2:]))
        page.get_by_role("button", name="Sæt ind").click()
        for index, code in enumerate(codes[:2]):
            page.locator(f'[name="n{index + 3}-target"]').fill(code)
        page.get_by_role("button", name="Gem ændringer").click()
        expect(page.get_by_text("5 tilføjet")).to_be_visible()
        # choosing columns and filtering work without script too
        foi.goto("/fagsystemer/")
        page.get_by_text("Kolonner", exact=True).click()
        page.get_by_label("Gamle navne").check()
        page.get_by_role("button", name="Vis", exact=True).click()
        expect(page.get_by_role("columnheader", name="Gamle navne")).to_be_visible()
        page.locator("#id_criticality").select_option("4")
        page.get_by_role("button", name="Filtrér").click()
        expect(page.get_by_role("columnheader", name="Gamle navne")).to_be_visible()
        expect(page.get_by_text("passer til filteret")).to_be_visible()

    def test_does_the_same_by_keyboard_alone(self, visit: Visit):
        foi = visit()
        page = foi.goto("/konto/login/")
        tab_to(page, "Brugernavn")
        page.keyboard.type("foi")
        tab_to(page, "Adgangskode")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Overblik")
        tab_to(page, "Gå til sidens indhold")
        page.keyboard.press("Enter")
        tab_to(page, "Nyt fagsystem")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Nyt fagsystem")
        tab_to(page, "Navn")
        page.keyboard.type("Tastatursystemet")
        tab_to(page, "Kode")
        page.keyboard.type("TAST")
        tab_to(page, "Leverandør (frivilligt)")
        page.keyboard.type("netcomp", delay=20)
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
        tab_to(page, "Opret")
        page.keyboard.press("Enter")
        expect(page.get_by_role("heading", level=1)).to_have_text("Tastatursystemet afhænger af")
        codes = list(self.choices().values())
        for index, code in enumerate(codes):
            if index >= 3:
                tab_to(page, "Tilføj række")
                page.keyboard.press("Enter")  # puts the focus in the new row
            else:
                tab_to(page, f"Hvad bruges ny række {index + 1}")
            page.keyboard.type(code, delay=20)
            expect(page.locator("[aria-busy=true]")).to_have_count(0)
            page.keyboard.press("ArrowDown")
            expect(page.locator(".autocomplete__option--focused")).to_contain_text(f"{code} ·")
            page.keyboard.press("Enter")
        tab_to(page, "Gem ændringer")
        page.keyboard.press("Enter")
        expect(page.get_by_text("5 tilføjet")).to_be_visible()
        system = System.objects.get(code="TAST")
        assert {d.target.code for d in Dependency.objects.filter(source=system)} == set(codes)
        # the column menu by keyboard
        foi.goto("/fagsystemer/")
        tab_to(page, "Kolonner")
        page.keyboard.press("Enter")
        tab_to(page, "Gamle navne")
        page.keyboard.press("Space")
        page.keyboard.press("Escape")
        assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
        page.keyboard.press("Enter")
        tab_to(page, "Vis")
        page.keyboard.press("Enter")
        expect(page.get_by_role("columnheader", name="Gamle navne")).to_be_visible()

    def test_resolves_a_conflict(self, visit: Visit):
        karin, admin = visit("foi"), visit("admin")
        for one in (karin, admin):
            one.goto("/fagsystemer/CURA/ret/")
        admin.page.get_by_label("Navn", exact=True).fill("Cura fra den anden")
        admin.page.get_by_label("Link").fill("https://example.org/cura")
        admin.page.get_by_role("button", name="Gem ændringer").click()
        expect(admin.page.get_by_text("er gemt")).to_be_visible()

        page = karin.page
        page.get_by_label("Navn", exact=True).fill("Cura fra mig")
        page.get_by_label("Kritikalitet").select_option("3")
        page.get_by_role("button", name="Gem ændringer").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("I har begge rettet")
        karin.audit("konflikt")
        page.set_viewport_size({"width": 360, "height": 800})
        karin.audit("konflikt")
        page.set_viewport_size({"width": 1280, "height": 900})
        page.get_by_label("Cura fra mig").check()
        page.get_by_role("button", name="Gem med disse valg").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("Cura fra mig")
        cura = System.objects.get(code="CURA")
        assert (cura.name, cura.url, cura.criticality) == ("Cura fra mig", "https://example.org/cura", 3)

    def test_resolves_a_conflict_in_the_table(self, visit: Visit):
        karin, admin = visit("foi"), visit("admin")
        for one in (karin, admin):
            one.goto("/fagsystemer/AULA/afhaengigheder/")
        admin.page.get_by_label("Formål").first.fill("Deres formål")
        admin.page.get_by_role("button", name="Gem ændringer").click()
        expect(admin.page.get_by_text("1 rettet")).to_be_visible()
        page = karin.page
        page.get_by_label("Formål").first.fill("Mit formål")
        page.get_by_label("Formål").nth(1).fill("Også mit")
        page.get_by_role("button", name="Gem ændringer").click()
        expect(page.get_by_role("heading", level=1)).to_contain_text("I har begge rettet")
        karin.audit("konflikt i tabel")
        page.get_by_label("Mit formål").check()
        page.get_by_role("button", name="Gem med disse valg").click()
        expect(page.get_by_text("2 rettet")).to_be_visible()
        kept = Dependency.objects.filter(source__code="AULA", purpose__in=("Mit formål", "Også mit"))
        assert kept.count() == 2


def test_the_systemansvarlig_finds_what_cura_depends_on(visit: Visit):
    someone = visit()
    page = sign_in(someone, "system")
    someone.audit("forside")
    page.get_by_role("main").get_by_role(
        "link", name="Cura", exact=True
    ).first.click()  # one click from the front page
    expect(page.get_by_role("heading", level=1)).to_contain_text("Cura")
    someone.audit("Cura")
    names = {row["code"]: row["name"] for name in ("components", "systems") for row in demo(name)}
    wanted = [row["target_code"] for row in demo("dependencies") if row["source_code"] == "CURA"]
    assert len(wanted) >= 5
    for code in wanted:
        expect(
            page.get_by_role("main").get_by_role("link", name=names[code], exact=True).first
        ).to_be_visible()
    expect(page.get_by_role("link", name="Ret", exact=True)).to_be_visible()  # it is their own system


def test_the_reader_searches_nemid_and_lands_on_mitid(visit: Visit):
    reader = visit()
    page = sign_in(reader, "laeser")
    reader.audit("forside")
    page.keyboard.press("Control+k")
    page.keyboard.type("nemid")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("nemid")
    reader.audit("søgning")
    page.locator(".hits a").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("MitID")
    reader.audit("MitID")


def test_the_kontorchef_prints_the_front_page(visit: Visit):
    chef = visit()
    page = sign_in(chef, "chef")
    chef.audit("forside")
    page.emulate_media(media="print")
    expect(page.get_by_role("navigation", name="Hovedmenu").first).to_be_hidden()
    expect(page.get_by_role("heading", name="Mest brugte komponenter")).to_be_visible()
    assert len(page.pdf(format="A4")) > 10_000
    page.emulate_media(media="screen")
    page.get_by_role("button", name="Log af").first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Log på FOI-portalen")


@pytest.mark.parametrize("username", ["foi", "system", "chef", "laeser", "admin"])
def test_every_demo_user_can_sign_in(visit: Visit, username: str):
    sign_in(visit(), username)


@pytest.mark.parametrize("address", ["/fagsystemer/?size=100", "/fagsystemer/CURA/afhaengigheder/"])
def test_the_focus_is_always_seen_on_long_pages(visit: Visit, address: str):
    """Not even behind the bar at the foot, which covers the last line of the screen."""
    page = visit("foi").goto(address)
    with pytest.raises(AssertionError, match="no way to «nowhere»"):
        tab_to(page, "nowhere")


FOCUSED = """() => {
    const e = document.activeElement;
    const named = e.labels && e.labels.length ? e.labels[0] : e;
    const name = (e.getAttribute("aria-label") || named.textContent || e.title || "").trim().replace(/\\s+/g, " ");
    const style = getComputedStyle(e), label = getComputedStyle(named), before = getComputedStyle(named, "::before");
    const seen = [style, label, before].some(s => (s.outlineStyle !== "none" && parseFloat(s.outlineWidth) > 0)
        || s.boxShadow !== "none");
    const box = named.getBoundingClientRect();
    const top = document.elementFromPoint(box.x + box.width / 2, box.y + Math.min(box.height / 2, 12));
    const covered = !top || !(named.contains(top) || e.contains(top) || top.contains(e)
        || (e.parentElement || e).contains(top));
    const hidden = box.width > 1 && covered ? (top ? top.outerHTML.slice(0, 120) : "the screen's edge") : "";
    return {name, seen, covered: hidden, tag: e.tagName + "." + e.className + "#" + e.id};
}"""


def tab_to(page: Page, name: str) -> None:
    """Press Tab until the named element has the focus; each stop on the way must show where the focus is."""
    for _ in range(250):
        page.keyboard.press("Tab")
        at = page.evaluate(FOCUSED)
        if at["tag"].startswith("BODY"):
            continue
        if "skipnav" in at["tag"]:  # it slides in
            at["covered"] = ""
        assert at["seen"], f"the focus does not show on {at['tag']} «{at['name'][:40]}» of {page.url}"
        assert not at["covered"], (
            f"{at['covered']} covers the focused {at['tag']} «{at['name'][:40]}» of {page.url}"
        )
        if at["name"] == name:
            return
    raise AssertionError(f"no way to «{name}» by Tab on {page.url}")
