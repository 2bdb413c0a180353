"""Adjustments: proposed in rows, judged against the lines, decided by the kontorchef once."""

from __future__ import annotations

import re
from decimal import Decimal

import pytest
from django.urls import reverse

from budgets import adjusting
from budgets.adjustment_rules import Entry
from budgets.models import (
    Adjustment,
    AdjustmentEntry,
    AdjustmentKind,
    AdjustmentState,
    BudgetLine,
    BudgetYear,
    YearState,
)
from budgets.queries import line_amounts
from foi_portal.core.models import Change
from foi_portal.core.permissions import FOI, MANAGER
from tests import factories
from tests.core.test_two_connections import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def year():
    return BudgetYear.objects.create(year=2026, state=YearState.APPROVED)


@pytest.fixture
def lines(year):
    """STS has two lines, FKI one, and of KLE's nothing is known."""
    sts, fki, kle = (factories.component(code=code, name=f"Om {code}") for code in ("STS", "FKI", "KLE"))
    make = BudgetLine.objects.create
    return {
        "drift": make(year=year, component=sts, cost_type="operation", original=1000),
        "licens": make(year=year, component=sts, cost_type="licence", original=500),
        "fki": make(year=year, component=fki, cost_type="licence", original=2000),
        "kle": make(year=year, component=kle, cost_type="licence"),
    }


@pytest.fixture
def foi(lines):
    return factories.client(FOI)


@pytest.fixture
def chef(lines):
    return factories.client(MANAGER)


def address(name: str, *keys: int) -> str:
    return reverse(name, args=[2026, *keys])


def posted(kind: str, *rows: tuple[str, str], **more: str) -> dict[str, str]:
    data = {"kind": kind, "on": "18-11-2026", "reason": "Byrådets opfølgning", "case_number": "26/1"}
    for number, (line, amount) in enumerate(rows):
        data |= {f"n{number}-line": line, f"n{number}-amount": amount}
    return data | more


def propose(client, kind: str, *rows: tuple[str, str]) -> Adjustment:
    answer = client.post(address("adjustment-create"), posted(kind, *rows))
    assert answer.status_code == 302, errors(answer)
    return Adjustment.objects.latest("pk")


def errors(answer) -> str:
    page = answer.content.decode()
    found = re.search(r'role="alert".*?</form>', page, re.DOTALL)
    return found[0] if found else page


def test_a_transfer_is_proposed_and_counts_when_it_is_approved(foi, chef, year, lines):
    adjustment = propose(foi, "transfer", ("STS · Drift", "-300"), ("fki", "200"), ("Om STS · licens", "100"))
    assert adjustment.proposed_by == foi.user
    assert (adjustment.state, adjustment.reason, adjustment.case_number) == (
        AdjustmentState.PROPOSED,
        "Byrådets opfølgning",
        "26/1",
    )
    revised = {row.line.pk: row.revised for row in line_amounts(year)}
    assert revised[lines["drift"].pk] == 1000
    shown = chef.get(address("adjustment-detail", adjustment.pk)).content.decode()
    assert "Venter på din afgørelse" in shown
    assert "−300" in shown
    answer = chef.post(address("adjustment-approve", adjustment.pk), {"note": "Enig"}, follow=True)
    assert "tæller nu med i det korrigerede budget" in answer.content.decode()
    adjustment.refresh_from_db()
    assert (adjustment.state, adjustment.decided_by, adjustment.decision_note) == (
        AdjustmentState.APPROVED,
        chef.user,
        "Enig",
    )
    revised = {row.line.pk: row.revised for row in line_amounts(year)}
    assert [revised[lines[name].pk] for name in ("drift", "licens", "fki")] == [700, 600, 2200]
    change = Change.objects.filter(table="budgets_adjustment", row_id=adjustment.pk).latest("pk")
    assert (change.actor, change.reason) == (chef.user, "Enig")


@pytest.mark.parametrize(
    ("kind", "rows", "told"),
    [
        ("transfer", [("FKI", "-300"), ("STS · drift", "200")], "Læg 100 kr. mere til en linje"),
        ("transfer", [("FKI", "-3000"), ("STS · drift", "3000")], "kan højst trækkes 2.000 kr. fra"),
        ("supplement", [("STS", "100")], "Flere linjer passer. Skriv en af dem helt ud: STS · Licens"),
        ("supplement", [("STS · Løn", "100")], "passer ikke til en linje. Der er: STS · Licens"),
        ("supplement", [("NAVN", "100")], "«NAVN» har ingen budgetlinje i året"),
        ("supplement", [("KLE", "100")], "Linjens budget er ikke kendt"),
        ("supplement", [("FKI", "")], "Skriv et beløb."),
        ("supplement", [("", "100")], "Skriv, hvilken linje det er"),
        ("supplement", [("FKI", "0")], "Skriv et beløb, der ikke er 0"),
        ("supplement", [("FKI", "1,234")], "kan læses på to måder"),
        ("supplement", [("FKI", "mange")], "er ikke et beløb"),
        ("supplement", [("FKI", "5"), ("FKI · Licens", "6")], "står der flere gange"),
        ("supplement", [], "Skriv mindst én linje og et beløb"),
    ],
)
def test_what_is_wrong_is_told_and_what_was_typed_stays(foi, kind, rows, told):
    answer = foi.post(address("adjustment-create"), posted(kind, *rows))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert told in page
    assert 'value="Byrådets opfølgning"' in page
    for line, amount in rows:
        assert not line or f'value="{line}"' in page
        assert not amount or f'value="{amount}"' in page
    assert not Adjustment.objects.exists()


@pytest.mark.parametrize("on", ["18-11-2024", "31-02-2026", ""])
def test_the_date_is_of_the_year_or_the_one_beside_it(foi, on):
    answer = foi.post(address("adjustment-create"), posted("supplement", ("FKI", "5"), on=on))
    assert answer.status_code == 422
    assert not Adjustment.objects.exists()


def test_what_it_does_is_shown_before_it_is_proposed(foi, lines):
    data = posted("transfer", ("STS · Drift", "-300"), ("fki", "250"), check="1")
    page = foi.post(address("adjustment-create"), data).content.decode()
    assert "Læg 50 kr. mere til en linje" in page
    assert re.search("Budget nu.*1.000.*700", page, re.DOTALL)
    assert not Adjustment.objects.exists()
    more = foi.post(address("adjustment-create"), posted("transfer", ("FKI", "5"), more="1")).content.decode()
    assert 'name="n4-amount"' in more
    assert 'value="5"' in more
    assert "form-error-message" not in more


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (YearState.DRAFT, "er en kladde, så ret linjerne selv"),
        (YearState.SUBMITTED, "indsendt til godkendelse"),
        (YearState.CLOSED, "er lukket"),
    ],
)
def test_only_an_approved_year_is_adjusted(foi, chef, year, state, told):
    adjustment = propose(foi, "supplement", ("FKI", "5"))
    BudgetYear.objects.update(state=state)
    for page in ("adjustment-create", "adjustment-indexation", "adjustment-list"):
        assert told in foi.get(address(page)).content.decode()
    answer = foi.post(address("adjustment-create"), posted("supplement", ("FKI", "5")))
    assert answer.status_code == 422
    assert told in answer.content.decode()
    index = {"percent": "2", "on": "18-11-2026", "reason": "PL", "types": "licence", "propose": "1"}
    assert foi.post(address("adjustment-indexation"), index).status_code == 422
    answer = chef.post(address("adjustment-approve", adjustment.pk))
    assert told in answer.content.decode()
    assert Adjustment.objects.get().state == AdjustmentState.PROPOSED
    # what waits can still be ended
    chef.post(address("adjustment-refuse", adjustment.pk), {"note": "For sent"})
    assert Adjustment.objects.get().state == AdjustmentState.REFUSED


def test_refusing_needs_a_reason_and_only_the_proposer_withdraws(foi, chef):
    adjustment = propose(foi, "supplement", ("FKI", "5"))
    answer = chef.post(address("adjustment-refuse", adjustment.pk), {"note": " "})
    assert answer.status_code == 422
    assert "Skriv, hvorfor" in answer.content.decode()
    assert chef.post(address("adjustment-withdraw", adjustment.pk)).status_code == 403
    assert factories.client(FOI).post(address("adjustment-withdraw", adjustment.pk)).status_code == 403
    assert foi.post(address("adjustment-approve", adjustment.pk)).status_code == 403
    foi.post(address("adjustment-withdraw", adjustment.pk), {"note": "Forkert linje"})
    adjustment.refresh_from_db()
    assert (adjustment.state, adjustment.decision_note) == (AdjustmentState.WITHDRAWN, "Forkert linje")
    late = chef.post(address("adjustment-approve", adjustment.pk))
    assert late.status_code == 409
    assert "allerede trukket tilbage af" in late.content.decode()


def test_the_lines_are_judged_again_when_it_is_approved(foi, chef, year, lines):
    """Two proposals that each fit alone take together more than the line has."""
    first = propose(foi, "transfer", ("STS · drift", "-800"), ("FKI", "800"))
    second = propose(foi, "transfer", ("STS · drift", "-300"), ("FKI", "300"))
    chef.post(address("adjustment-approve", first.pk))
    answer = chef.post(address("adjustment-approve", second.pk))
    assert answer.status_code == 422
    assert "Om STS (STS), drift, Digitalisering og Arkitektur: Linjen har 200 kr." in answer.content.decode()
    second.refresh_from_db()
    assert second.state == AdjustmentState.PROPOSED


def test_an_approved_one_is_turned_round_by_a_new_one(foi, chef, year, lines):
    adjustment = propose(foi, "transfer", ("STS · drift", "-300"), ("FKI", "300"))
    chef.post(address("adjustment-approve", adjustment.pk))
    page = foi.get(address("adjustment-create"), {"modsat": adjustment.pk}).content.decode()
    assert "Tilbagefører: Byrådets opfølgning" in page
    values = dict(re.findall(r'name="(n\d-\w+)"[^>]*value="([^"]*)"', page))
    assert (values["n0-amount"], values["n1-amount"]) == ("300,00", "-300,00")
    rows = [(values[f"n{i}-line"], values[f"n{i}-amount"]) for i in (0, 1)]
    back = propose(foi, "transfer", *rows)
    chef.post(address("adjustment-approve", back.pk))
    assert {row.revised for row in line_amounts(year) if row.line.pk == lines["fki"].pk} == {2000}
    again = foi.get(address("adjustment-create"), {"fra": adjustment.pk}).content.decode()
    assert 'value="-300,00"' in again


def test_a_percent_on_lines_of_some_types_is_shown_and_then_proposed(foi, lines):
    data = {"percent": "2,9", "on": "18-11-2026", "reason": "PL 2026", "types": ["licence"]}
    page = foi.post(address("adjustment-indexation"), data | {"calculate": "1"}).content.decode()
    assert "2 af 2 linjer, +73 kr." in page  # 14.5 and 58, in whole kroner; what is not known is left out
    hidden = dict(re.findall(r'name="(shown|seen)" value="([^"]*)"', page))
    ticked = {"line": [lines["fki"].pk]}
    again = foi.post(address("adjustment-indexation"), data | hidden | ticked).content.decode()
    assert "1 af 2 linjer, +58 kr." in again
    late = foi.post(
        address("adjustment-indexation"), data | hidden | ticked | {"propose": "1", "percent": "3"}
    )
    assert late.status_code == 422
    assert "Se den nye beregning" in late.content.decode()
    none = foi.post(address("adjustment-indexation"), data | hidden | {"propose": "1"})
    assert "Vælg mindst én linje" in none.content.decode()
    foi.post(address("adjustment-indexation"), data | hidden | ticked | {"propose": "1"})
    entry = AdjustmentEntry.objects.get()
    assert (entry.line, entry.amount, entry.adjustment.kind) == (
        lines["fki"],
        Decimal(58),
        AdjustmentKind.INDEXATION,
    )


@pytest.mark.parametrize("percent", ["", "0", "30", "abc", "2,12345"])
def test_a_percent_that_is_none_is_refused(foi, percent):
    data = {"percent": percent, "on": "18-11-2026", "reason": "PL", "types": ["licence"]}
    assert foi.post(address("adjustment-indexation"), data).status_code == 422


def test_the_list_and_its_export(foi, chef, lines):
    adjustment = propose(foi, "transfer", ("STS · drift", "-300"), ("FKI", "300"))
    propose(foi, "supplement", ("FKI", "1.234,50"))
    page = foi.get(address("adjustment-list")).content.decode()
    assert "300 flyttes" in page
    assert "+1.234,50" in page
    found = foi.get(address("adjustment-list"), {"kind": "transfer"}).content.decode()
    assert f'href="{adjustment.pk}/"' in found
    assert "+1.234,50" not in found
    rows = foi.get(address("adjustment-list"), {"_export": "csv", "kind": "supplement"}).getvalue().decode()
    assert "1234.50" in rows
    history = foi.get(address("adjustment-history", adjustment.pk)).content.decode()
    assert "Om STS, drift 2026" in history


def test_the_panels_show_what_waits_and_what_was_done(foi, chef, lines):
    adjustment = propose(foi, "supplement", ("FKI", "5"))
    waiting = chef.get(reverse("budget-year", args=[2026])).content.decode()
    assert "1 budgetændring venter" in waiting
    assert adjustment.get_absolute_url() in waiting
    page = foi.get(reverse("budget-component", args=[2026, "FKI"])).content.decode()
    assert adjustment.get_absolute_url() in page
    assert f"{address('adjustment-create')}?linje=FKI" in page
    chef.post(address("adjustment-approve", adjustment.pk))
    assert "budgetændring venter" not in chef.get(reverse("budget-year", args=[2026])).content.decode()


def test_the_line_lookup_offers_lines_of_the_year(foi):
    def labels(**asked: str) -> list[str]:
        found = foi.get(reverse("budget-line-lookup"), asked).json()["results"]
        return [row["label"] for row in found]

    assert labels(year="2026", q="sts dri") == ["STS · Drift · Digitalisering og Arkitektur · Om STS"]
    assert len(labels(year="2026", q="om")) == 4
    for asked in ({"year": "2026", "q": ""}, {"year": "1999", "q": "sts"}, {"year": "x", "q": "sts"}, {}):
        assert labels(**asked) == []


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_one_wins_and_the_other_is_told(lines):
    foi, chefs = factories.user(FOI), [factories.user(MANAGER) for _ in range(2)]
    year = BudgetYear.objects.get()
    for _ in range(3):
        made = adjusting.propose(
            year=year,
            kind=AdjustmentKind.SUPPLEMENT,
            on=year.created_at.date(),
            reason="Mere",
            case_number="",
            entries=[Entry(lines["fki"].pk, Decimal(5))],
            actor=foi,
        )

        def decide(deed, actor, made=made):
            try:
                deed(adjustment=Adjustment.objects.get(pk=made.pk), note="Nej", actor=actor)
            except adjusting.Refused as refused:
                return str(refused)
            return "done"

        told = together(
            lambda: decide(adjusting.approve, chefs[0]), lambda: decide(adjusting.refuse, chefs[1])
        )
        assert told.count("done") == 1
        (other,) = [text for text in told if text != "done"]
        winner = chefs[told.index("done")]
        assert re.match(f"Ændringen er allerede (godkendt|afvist) af {winner}", other)
        made.refresh_from_db()
        assert made.decided_by == winner


@pytest.mark.django_db(transaction=True)
def test_two_approved_at_once_never_take_more_than_the_line_has(lines):
    foi, chef = factories.user(FOI), factories.user(MANAGER)
    year = BudgetYear.objects.get()
    both = [
        adjusting.propose(
            year=year,
            kind=AdjustmentKind.TRANSFER,
            on=year.created_at.date(),
            reason="Flyt",
            case_number="",
            entries=[Entry(lines["drift"].pk, Decimal(-600)), Entry(lines["fki"].pk, Decimal(600))],
            actor=foi,
        )
        for _ in range(2)
    ]

    def approve(made: Adjustment) -> str:
        try:
            adjusting.approve(adjustment=made, note="", actor=chef)
        except adjusting.Refused as refused:
            return str(refused)
        return "done"

    told = together(*(lambda made=made: approve(made) for made in both))
    assert sorted(text == "done" for text in told) == [False, True]
    assert "kan højst trækkes 400 kr. fra" in "".join(told)
