"""FOI drafts a year from another, corrects a line and submits; the kontorchef sends back, approves and reopens."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from budgets.approving import SUBMIT
from budgets.models import BudgetLine, BudgetYear
from foi_portal.core.models import User
from tests.browser.conftest import Visit
from tests.budgets import rows


def test_from_draft_to_approved(visit: Visit):
    foi = visit("foi")
    page = foi.goto("/budget/ny/?fra=2027")
    foi.audit("vælg")
    page.get_by_label("PL i procent").fill("en del")
    page.get_by_role("button", name="Fortsæt").click()
    expect(page.get_by_role("link", name="PL i procent: Skriv en procent, fx 1,5.")).to_be_visible()
    foi.audit("fejl")
    page.get_by_label("PL i procent").fill("2,8")
    page.get_by_text("Anden PL for enkelte omkostningstyper").click()
    page.get_by_label("PL for løn").fill("3,1")
    page.get_by_label("Indbyggere").fill("212.300")
    page.get_by_role("button", name="Fortsæt").click()
    expect(page.get_by_role("heading", name="Budget 2028 fra 2027")).to_be_visible()
    expect(page.get_by_text("150.000 × 25,00 + 62.300 × 12,50 (indbyggere) = 4.528.750,00")).to_be_visible()
    foi.audit("forhåndsvisning")
    page.get_by_role("button", name="Opret budget 2028").click()
    expect(page.get_by_text("27 linjer er lavet i budget 2028 som kladde.")).to_be_visible()
    foi.audit("kladde")

    page.get_by_role("link", name="Ret linjerne").click()
    foi.audit("linjer")
    page.get_by_role("link", name="Ret SAPA").click()
    foi.audit("linje")
    page.get_by_label("Budget 2028").fill("lidt")
    page.get_by_role("button", name="Gem ændringer").click()
    expect(page.get_by_text("“lidt” er ikke et beløb. Skriv fx 1.234,50.").first).to_be_visible()
    foi.audit("linje med fejl")
    page.get_by_label("Budget 2028").fill("1.250.000")
    page.get_by_label("Begrundelse").fill("Ny kontrakt")
    page.get_by_role("button", name="Gem ændringer").click()
    expect(page.get_by_text("er gemt.")).to_be_visible()
    assert BudgetLine.objects.get(year__year=2028, component__code="SAPA").original == 1_250_000

    foi.goto("/budget/2028/")
    page.get_by_role("button", name="Indsend til godkendelse").click()
    expect(page.get_by_text("Budgettet venter på kontorchefens godkendelse")).to_be_visible()
    foi.audit("indsendt")

    chef = visit("chef")
    page = chef.goto("/budget/2028/")
    expect(page.get_by_role("heading", name="Venter på din godkendelse")).to_be_visible()
    chef.audit("venter")
    page.get_by_role("button", name="Send tilbage").click()
    expect(page.get_by_text("Skriv en begrundelse.")).to_be_visible()
    chef.audit("uden begrundelse")
    chef.goto("/budget/2028/")
    page.get_by_role("button", name="Godkend budget 2028").click()
    expect(page.get_by_text("Budget 2028 er godkendt.")).to_be_visible()
    chef.audit("godkendt")
    assert BudgetYear.objects.get(year=2028).state == "approved"


@pytest.mark.parametrize("script", [True, False])
def test_on_a_phone(visit: Visit, script: bool):
    """Every kind of page, also those that say no; and that the steps work without script."""
    line = BudgetLine.objects.get(year__year=2027, component__code="SAPA")
    fixed = BudgetLine.objects.get(year__year=2026, component__code="SAPA")
    closed = BudgetLine.objects.get(year__year=2025, component__code="SAPA")
    rows.line(own := rows.year(2031), 5)
    rows.decide(own, SUBMIT, User.objects.get(username="foi"))
    chef = visit("chef", 360, script)
    for address in (
        "/budget/ny/",
        "/budget/2027/ret/",
        "/budget/2031/historik/",
        "/budget/2026/genaabn/",
        "/budget/2027/linjer/",
        f"/budget/2027/linjer/{line.pk}/ret/",
        f"/budget/2027/linjer/{line.pk}/arkiver/",
        f"/budget/2027/linjer/{line.pk}/historik/",
        f"/budget/2026/linjer/{fixed.pk}/ret/",
        "/budget/2026/linjer/ny/",
        f"/budget/2025/linjer/{closed.pk}/ret/",
    ):
        chef.goto(address)
        if script:
            chef.audit()
    page = chef.goto("/budget/2026/")
    page.get_by_label("Bemærkning").fill("Licensen var forkert")
    page.get_by_role("button", name="Genåbn budget 2026").click()
    expect(page.get_by_text("Budget 2026 er genåbnet.")).to_be_visible()
    expect(page.get_by_text("«Licensen var forkert»").last).to_be_visible()
    page = chef.goto("/budget/ny/?year=2028&fra=2027")
    page.get_by_label("PL i procent").fill("2,8")
    page.get_by_role("button", name="Fortsæt").click()
    if script:
        chef.audit("forhåndsvisning")
    page.get_by_role("button", name="Opret budget 2028").click()
    expect(page.get_by_text("27 linjer er lavet")).to_be_visible()
