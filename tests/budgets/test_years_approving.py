"""From draft to closed: who may, what stops it, what reopening leaves standing, and two people at once."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.utils import timezone

from budgets import approving, correcting
from budgets.approving import APPROVE, CLOSE, REOPEN, RETURN, SUBMIT, Refused
from budgets.models import Actual, BudgetLine, BudgetResponsibility, BudgetYear, YearDecision, YearState
from budgets.queries import line_amounts, totals
from foi_portal.core.models import Change, User
from foi_portal.core.permissions import ADMINISTRATOR, FOI, MANAGER, READER
from tests import factories
from tests.budgets import rows
from tests.core.test_two_connections import together

pytestmark = pytest.mark.django_db


@pytest.fixture
def foi() -> User:
    return factories.member(FOI, first_name="Karin", last_name="Toft")


@pytest.fixture
def chef() -> User:
    return factories.member(MANAGER, first_name="Helle", last_name="Dam")


@pytest.fixture
def draft() -> BudgetYear:
    year = rows.year(2027)
    rows.line(year)
    return year


def test_the_whole_way_is_written_with_who_and_why(draft: BudgetYear, foi: User, chef: User):
    rows.decide(draft, SUBMIT, foi, note="Klar")
    assert draft.state == YearState.SUBMITTED
    rows.decide(draft, RETURN, chef, note="Licensen mangler")
    rows.decide(draft, SUBMIT, foi)
    rows.decide(draft, APPROVE, chef, note="Fint")
    rows.decide(draft, CLOSE, chef)
    assert draft.state == YearState.CLOSED
    rows.decide(draft, REOPEN, chef, note="Én postering mere")
    assert draft.state == YearState.APPROVED
    rows.decide(draft, REOPEN, chef, note="Forkert licens")
    assert draft.state == YearState.DRAFT
    story = YearDecision.objects.order_by("pk").values_list("kind", "by", "note")
    assert list(story) == [
        ("submit", foi.pk, "Klar"),
        ("return", chef.pk, "Licensen mangler"),
        ("submit", foi.pk, ""),
        ("approve", chef.pk, "Fint"),
        ("close", chef.pk, ""),
        ("reopen", chef.pk, "Én postering mere"),
        ("reopen", chef.pk, "Forkert licens"),
    ]
    written: Any = Change.objects.filter(table="budgets_budgetyear", operation="update").order_by("id")
    assert [(it.actor, it.reason, it.after["state"]) for it in written][1] == (
        chef,
        "Licensen mangler",
        "draft",
    )
    assert {it.change_set for it in Change.objects.filter(table="budgets_yeardecision")} == {
        it.change_set for it in written
    }


@pytest.mark.parametrize("kind", [RETURN, APPROVE, REOPEN, CLOSE])
@pytest.mark.parametrize("group", [FOI, ADMINISTRATOR, READER])
def test_only_the_kontorchef_decides(draft: BudgetYear, kind: Any, group: str):
    with pytest.raises(PermissionDenied):
        rows.decide(draft, kind, factories.member(group))
    assert not YearDecision.objects.exists()


@pytest.mark.parametrize("group", [ADMINISTRATOR, READER])
def test_who_may_not_write_lines_may_not_submit_them(draft: BudgetYear, group: str):
    with pytest.raises(PermissionDenied):
        rows.decide(draft, SUBMIT, factories.member(group))


@pytest.mark.parametrize(
    ("state", "kind", "said"),
    [
        ("draft", APPROVE, "er en kladde. Det skal indsendes, før det kan godkendes"),
        ("draft", RETURN, "Kun et indsendt budget"),
        ("draft", CLOSE, "Kun et godkendt budget kan lukkes"),
        ("draft", REOPEN, "Kun et godkendt eller lukket"),
        ("submitted", SUBMIT, "venter på godkendelse. Kun en kladde"),
        ("submitted", REOPEN, "Kun et godkendt eller lukket"),
        ("approved", APPROVE, "er godkendt"),
        ("closed", CLOSE, "er lukket"),
        ("closed", RETURN, "Kun et indsendt"),
    ],
)
def test_a_step_that_the_state_does_not_allow(chef: User, state: str, kind: Any, said: str):
    year = rows.year(state=state)
    rows.line(year)
    with pytest.raises(Refused, match=said) as refused:
        rows.decide(year, kind, chef, note="x")
    assert refused.value.overtaken
    assert year.state == state


@pytest.mark.parametrize(("state", "kind"), [("submitted", RETURN), ("approved", REOPEN), ("closed", REOPEN)])
@pytest.mark.parametrize("note", ["", "   ", "\x00"])
def test_going_back_takes_a_reason(chef: User, state: str, kind: Any, note: str):
    year = rows.year(state=state)
    with pytest.raises(Refused, match="Skriv en begrundelse"):
        rows.decide(year, kind, chef, note=note)
    assert year.state == state


class TestWhatIsLookedAtFirst:
    def test_a_year_without_lines_is_neither_submitted_nor_approved(self, chef: User):
        year = rows.year()
        rows.line(year, archived_at=timezone.now(), archive_reason="Fejl")
        with pytest.raises(Refused, match="har ingen linjer endnu"):
            rows.decide(year, SUBMIT, chef)
        BudgetYear.objects.update(state="submitted")
        with pytest.raises(Refused, match="har ingen linjer endnu"):
            rows.decide(year, APPROVE, chef)

    def test_nor_is_one_of_which_nothing_is_known(self, chef: User):
        year = rows.year(state="submitted")
        rows.line(year, original=None)
        with pytest.raises(Refused, match="Ingen af linjerne har et beløb"):
            rows.decide(year, APPROVE, chef)

    def test_unknown_amounts_are_approved_only_with_a_tick(self, draft: BudgetYear, foi: User, chef: User):
        rows.line(draft, original=None)
        rows.decide(draft, SUBMIT, foi, sure=False)  # only told about
        with pytest.raises(Refused, match="1 linje har ikke et kendt beløb") as refused:
            rows.decide(draft, APPROVE, chef, sure=False)
        assert not refused.value.overtaken
        rows.decide(draft, APPROVE, chef, sure=True)
        assert draft.state == YearState.APPROVED

    def test_invented_amounts_and_unclarified_responsibility_are_told(self, draft: BudgetYear):
        rows.line(draft, illustrative=True)
        told = [it.text for it in approving.concerns(draft, APPROVE, rows.TODAY)]
        assert told == [
            "1 linje er et opdigtet eksempel og ikke rigtige tal.",
            "2 komponenter mangler et afklaret budgetansvar.",
        ]

    def test_what_is_unclarified_is_counted_and_listed_as_on_the_list(self, chef: User):
        """A module answers for nothing where its platform does."""
        year = rows.year(state="submitted")
        platform = factories.component(code="STS")
        BudgetResponsibility.objects.create(
            component=platform, clarified=True, organisation=factories.organisation()
        )
        rows.line(year, component=factories.component(code="SAPA", parent=platform))
        above = factories.component(code="NSP")
        for code in ("SDN", "FMK"):
            rows.line(year, component=factories.component(code=code, parent=above))
        BudgetResponsibility.objects.create(component=above, action="Drøftes")
        rows.line(year, component=factories.component(code="DAF"))
        (told,) = approving.concerns(year, APPROVE, rows.TODAY)
        assert told.text == "2 komponenter mangler et afklaret budgetansvar."
        client = factories.client(MANAGER)
        assert (
            f'href="{told.url.replace("&", "&amp;")}"' in client.get(f"/budget/{year.year}/").content.decode()
        )
        listed = client.get(f"{told.url}&_export=csv").getvalue().decode("utf-8-sig")
        assert len(listed.splitlines()) == 1 + 2

    def test_a_posting_that_was_cancelled_waits_for_nothing(self, chef: User):
        year = rows.year(2025, state="approved")
        rows.line(year)
        posting = Actual.objects.create(year=year, month=1, amount=5)
        on = datetime.date(2026, 11, 20)
        correcting.reverse(posting=posting, version=posting.version, reason="x", on=on, actor=chef)
        rows.decide(year, CLOSE, chef)
        assert year.state == YearState.CLOSED

    def test_closing_waits_for_postings_and_adjustments(self, chef: User):
        year = rows.year(2026, state="approved")
        line = rows.line(year)
        posting = Actual.objects.create(year=year, month=1, amount=5)
        with pytest.raises(Refused, match="1 postering hører ikke til nogen linje"):
            rows.decide(year, CLOSE, chef)
        Actual.objects.filter(pk=posting.pk).update(line=line)
        proposed = rows.adjustment(year, {line: 5}, state="proposed")
        with pytest.raises(Refused, match="1 budgetændring er foreslået"):
            rows.decide(year, CLOSE, chef)
        proposed.state, proposed.decided_by, proposed.decided_at = "refused", chef, timezone.now()
        proposed.save()
        rows.decide(year, CLOSE, chef)
        assert year.state == YearState.CLOSED

    def test_a_year_that_is_not_over_is_closed_only_with_a_tick(self, chef: User):
        year = rows.year(2026, state="approved")
        noon = timezone.make_aware(datetime.datetime(2026, 12, 31, 12))
        with pytest.raises(Refused, match="2026 er ikke gået endnu"):
            rows.decide(year, CLOSE, chef, at=noon, sure=False)
        rows.decide(year, CLOSE, chef, at=noon + datetime.timedelta(days=1), sure=False)
        assert year.state == YearState.CLOSED


class TestWhatWasSeen:
    @pytest.mark.parametrize("change", ["amount", "new", "archived", "estimate", "note"])
    def test_is_what_is_approved(self, foi: User, chef: User, change: str):
        year = rows.year(state="submitted")
        line = rows.line(year, 5)
        seen = approving.seen_mark(year)
        if change == "amount":
            BudgetLine.objects.update(original=1001)
        elif change == "new":
            rows.line(year)
        elif change == "archived":
            BudgetLine.objects.filter(pk=line.pk).update(archived_at=timezone.now())
        elif change == "estimate":
            line.estimates.update(amount=6)
        else:
            BudgetYear.objects.update(note="Nyt")
        with pytest.raises(Refused, match="er ændret, siden du åbnede siden") as refused:
            rows.decide(year, APPROVE, chef, seen=seen)
        assert refused.value.overtaken
        assert year.state == YearState.SUBMITTED

    def test_of_other_years_does_not_matter(self, draft: BudgetYear, foi: User):
        seen = approving.seen_mark(draft)
        rows.line(rows.year(2028))
        rows.decide(draft, SUBMIT, foi, seen=seen)
        assert draft.state == YearState.SUBMITTED

    def test_closing_and_reopening_do_not_mind_described_lines(self, chef: User):
        year = rows.year(2020, state="approved")
        line = rows.line(year)
        seen = approving.seen_mark(year)
        BudgetLine.objects.filter(pk=line.pk).update(note="Ny note")
        rows.decide(year, CLOSE, chef, seen=seen)
        assert year.state == YearState.CLOSED

    def test_whoever_came_first_is_named(self, draft: BudgetYear, foi: User, chef: User):
        rows.decide(draft, SUBMIT, foi)
        seen = approving.seen_mark(draft)
        rows.decide(draft, APPROVE, chef)
        other = factories.member(MANAGER)
        with pytest.raises(Refused, match=r"er allerede godkendt af Helle Dam .* kl\. .*Intet er ændret"):
            rows.decide(draft, APPROVE, other, seen=seen)


class TestReopening:
    def test_leaves_approved_adjustments_and_they_count_again(self, draft: BudgetYear, foi: User, chef: User):
        line = draft.lines.get()
        rows.decide(draft, SUBMIT, foi)
        rows.decide(draft, APPROVE, chef)
        rows.adjustment(draft, {line: 250})
        told = approving.concerns(draft, REOPEN, rows.TODAY)
        assert [it.text for it in told] == [
            "1 godkendt budgetændring bliver stående og lægges fortsat til det oprindelige budget."
        ]
        rows.decide(draft, REOPEN, chef, note="Licensen var forkert")
        BudgetLine.objects.filter(pk=line.pk).update(original=900)
        rows.decide(draft, SUBMIT, foi)
        rows.decide(draft, APPROVE, chef)
        assert totals(line_amounts(draft)).original == 900
        assert totals(line_amounts(draft)).revised == 1150

    def test_does_not_lose_what_was_approved_before(self, draft: BudgetYear, foi: User, chef: User):
        """Each approval is a moment of which the history gives back every line as it stood."""
        line = draft.lines.get()
        rows.decide(draft, SUBMIT, foi)
        first = rows.decide(draft, APPROVE, chef)
        rows.decide(draft, REOPEN, chef, note="Forkert")
        BudgetLine.objects.filter(pk=line.pk).update(original=900)
        rows.line(draft, original=50)
        rows.decide(draft, SUBMIT, foi)
        second = rows.decide(draft, APPROVE, chef)
        assert approved_lines(first) == {line.pk: Decimal(1000)}
        assert sorted(approved_lines(second).values()) == [50, 900]


def approved_lines(decision: YearDecision) -> dict[int, Decimal]:
    """The lines' amounts when the decision was written."""
    moment = Change.objects.get(table="budgets_yeardecision", row_id=decision.pk)
    before: Any = Change.objects.filter(table="budgets_budgetline", pk__lt=moment.pk).order_by("pk")
    return {it.row_id: Decimal(str(it.after["original"])) for it in before}


@pytest.mark.django_db(transaction=True)
class TestTwoAtOnce:
    def test_of_two_approvals_one_is_refused(self):
        year = rows.year(state="submitted")
        rows.line(year)
        chefs = [factories.member(MANAGER, first_name=name) for name in ("Helle", "Ib")]
        seen = approving.seen_mark(year)

        def approve(chef: User) -> str:
            try:
                approving.decide(year=year, kind=APPROVE, actor=chef, at=timezone.now(), seen=seen, sure=True)
            except Refused as refused:
                return str(refused)
            return "approved"

        first, second = sorted(together(*(lambda chef=chef: approve(chef) for chef in chefs)), reverse=True)
        assert second == "approved" or first == "approved"
        refusal = first if second == "approved" else second
        winner = YearDecision.objects.get().by
        assert refusal.startswith(f"Budget 2027 er allerede godkendt af {winner} ")
        assert "Intet er ændret" in refusal
        year.refresh_from_db()
        assert year.state == YearState.APPROVED

    def test_a_line_is_not_changed_while_the_year_is_approved(self):
        """Either the line is first and the approval is refused, or the approval is first and the line is."""
        chef, foi = factories.member(MANAGER), factories.client(MANAGER)
        for number in range(2027, 2031):
            year = rows.year(number, state="submitted")
            line = rows.line(year)
            seen = approving.seen_mark(year)

            def approve(year: BudgetYear = year, seen: str = seen) -> bool:
                try:
                    approving.decide(year=year, kind=APPROVE, actor=chef, at=timezone.now(), seen=seen)
                except Refused:
                    return False
                return True

            def edit(line: BudgetLine = line, number: int = number) -> bool:
                posted = {
                    "version": line.version,
                    "component": line.component.code,
                    "cost_type": "operation",
                    "funding": "DA",
                    "original": "5",
                }
                return foi.post(f"/budget/{number}/linjer/{line.pk}/ret/", posted).status_code == 302

            assert sorted(together(approve, edit)) == [False, True]
            line.refresh_from_db()
            year.refresh_from_db()
            assert (year.state == "approved") == (line.original == 1000)
