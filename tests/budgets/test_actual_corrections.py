"""Actuals put right: files that give reason to doubt, postings moved or cancelled, a whole file taken back."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum
from django.urls import reverse
from django.utils import timezone

from budgets import correcting, doubts, posting
from budgets.importing.actuals import read_sheet
from budgets.models import Actual, ActualImport, ActualSource, BudgetLine, BudgetYear, YearState
from budgets.queries import line_amounts
from foi_portal.core.models import Change
from foi_portal.core.permissions import FOI
from registry.importing import SourceFile
from tests import factories
from tests.budgets.test_actuals import COLUMNS, address, commit, dry_run, foi, hidden, line, year
from tests.core.test_two_connections import together
from tests.registry.importing import workbook

__all__ = ["foi", "line", "year"]  # fixtures

pytestmark = pytest.mark.django_db

TODAY = datetime.date(2026, 11, 20)


@pytest.fixture
def other(year, line):
    return BudgetLine.objects.create(year=year, component=line.component, cost_type="operation", original=50)


def read(client, *rows: str, **options) -> ActualImport:
    commit(client, dry_run(client, *rows, **options))
    return ActualImport.objects.latest("pk")


def spent(year: BudgetYear) -> dict[str, Decimal | None]:
    return {row.line.cost_type: row.actual for row in line_amounts(year)}


def one(name: str, obj) -> str:
    return reverse(name, args=[2026, obj.pk])


class TestDoubts:
    ROWS = ("1.234,50;15-03-2026;6.45-1;Faktura", "10;16-03-2026;6.45-1;Gebyr")

    def test_the_same_postings_in_another_format_are_asked_about(self, foi, line):
        """A column more, or a workbook, makes every row's content another."""
        read(foi, *self.ROWS)
        header = "Beløb;Periode;Kontostreng;Tekst;Bruger"
        again = dry_run(
            foi, *(f"{row};KTO" for row in self.ROWS), "5;1;6.45-1;Ny;KTO", header=header, name="b.csv"
        )
        page = again.content.decode()
        assert "2 nye rækker har samme måned, beløb, kontostreng og tekst som noget" in page
        refused = commit(foi, again)
        assert "Vælg, om de skal springes over" in refused.content.decode()
        assert line.actuals.count() == 2
        commit(foi, again, alike="skip")
        assert sorted(line.actuals.values_list("amount", flat=True)) == [5, 10, Decimal("1234.50")]
        commit(foi, again, alike="skip")
        assert line.actuals.count() == 3
        cells: list[list[Any]] = [row.split(";") for row in ("Beløb;Periode;Kontostreng;Tekst", *self.ROWS)]
        cells[1][0] = 1234.5
        book = workbook({"Ark1": cells})
        sheet = read_sheet(SourceFile("c.xlsx", book))
        booking = posting.plan(sheet, COLUMNS, line.year, TODAY)
        assert (booking.known, len(booking.new), len(booking.alike)) == (1, 1, 1)

    def test_each_posting_stands_for_one_row(self, foi, line):
        """Two equal rows of which one is booked already: one is alike, one is new."""
        commit(foi, dry_run(foi, "7;3;6.45-1;x"))
        header = "Beløb;Periode;Kontostreng;Tekst;Bruger"
        again = dry_run(foi, "7;3;6.45-1;x;A", "7;3;6.45-1;x;B", header=header)
        assert "En ny række har samme" in again.content.decode()
        commit(foi, again, alike="book")
        assert line.actuals.count() == 3

    def test_rows_of_the_file_that_are_known_do_not_count_twice(self, foi, line, year):
        read(foi, "7;3;6.45-1;x")
        sheet = read_sheet(
            SourceFile("d.csv", "Beløb;Periode;Kontostreng;Tekst\n7;3;6.45-1;x\n7;03;6.45-1;x\n".encode())
        )
        booking = posting.plan(sheet, COLUMNS, year, TODAY)
        assert (booking.known, [it.alike for it in booking.new]) == (1, [False])

    def test_last_years_file_and_months_to_come_are_doubted(self, foi, line, year):
        sheet = read_sheet(SourceFile("e.csv", b"Bel\xf8b;Periode\n7;12\n8;1\n"))
        booking = posting.plan(sheet, {"amount": "Beløb", "month": "Periode"}, year, TODAY)
        assert booking.doubts == ["1 række er i december 2026, som ikke er begyndt. Er det sidste års fil?"]
        ActualImport.objects.create(
            year=BudgetYear.objects.create(year=2025),
            file_name="e.csv",
            digest=sheet.digest,
            by=factories.user(),
            at=timezone.now(),
        )
        booking = posting.plan(sheet, {"amount": "Beløb", "month": "Periode"}, year, TODAY)
        assert booking.doubts[0].startswith("Den samme fil er indlæst for 2025")

    def test_a_total_from_the_budget_sheet_would_count_twice(self, foi, line):
        Actual.objects.create(
            year=line.year, line=line, month=10, amount=5000, source=ActualSource.SHEET, text="Årets forbrug"
        )
        answer = dry_run(foi, "7;3;6.45-1;x")
        assert "årets samlede forbrug fra budgetarket, 5.000 kr." in answer.content.decode()
        refused = commit(foi, answer)
        assert refused.status_code == 422
        assert "sæt flueben" in refused.content.decode()
        commit(foi, answer, sure="on")
        assert line.actuals.count() == 2

    def test_nothing_new_gives_no_doubts(self, year):
        sheet = read_sheet(SourceFile("e.csv", b"Bel\xf8b;Periode\n7;1\n"))
        assert doubts.doubts(year, sheet, [], TODAY) == []
        assert doubts.alike(year, [], []) == set()

    def test_why_a_row_fits_no_line_is_told(self, foi, line, other):
        BudgetLine.objects.update(account="6.45-1")
        header = "Beløb;Periode;Kontostreng;Komponent"
        answer = dry_run(foi, "1;1;6.45-1;", "1;1;9-9;", "1;1;;", "1;1;;FINDES", "1;1;;FKI", header=header)
        chosen = COLUMNS | {"text": "", "component": "Komponent", "columns": "1"}
        answer = foi.post(address("actual-import"), chosen | {"sheet": hidden(answer, "sheet")})
        page = answer.content.decode()
        for told in (
            "Flere linjer har kontostrengen.",
            "Ingen linje har kontostrengen.",
            "Der står ingen kontostreng.",
            "«FINDES» har ingen budgetlinje i året.",
            "Flere linjer har komponenten.",
        ):
            assert told in page


class TestYears:
    def test_a_year_to_come_takes_nothing(self, foi):
        BudgetYear.objects.create(year=2099)
        for name in ("actual-import", "actual-create"):
            url = reverse(name, args=[2099])
            assert "2099 er ikke begyndt" in foi.get(url).content.decode()
            assert foi.post(url, {"month": 1, "amount": "5"}).status_code == 422


class TestMove:
    def test_a_posting_is_moved_with_its_story(self, foi, line, other, year):
        posted = read(foi, "100;3;6.45-1;a", "7;3;6.45-1;b").actuals.get(amount=100)
        page = foi.get(one("actual-detail", posted)).content.decode()
        assert "Flyt også den anden postering" in page
        assert "Faktura" not in page
        data = {"version": posted.version, "line": "FKI · Drift", "reason": "Forkert linje"}
        assert foi.post(one("actual-move", posted), data).status_code == 302
        assert spent(year) == {"licence": 7, "operation": 100}
        page = foi.get(one("actual-detail", posted)).content.decode()
        assert "«Forkert linje»" in page
        stale = foi.post(one("actual-move", posted), data | {"line": "FKI · Licens"})
        assert stale.status_code == 409
        assert "Nogen har rettet posteringen imens" in stale.content.decode()
        assert spent(year)["operation"] == 100

    def test_all_with_the_account_are_moved_at_once(self, foi, line, other, year):
        first = read(foi, "1;1;6.45-1;a", "2;2;6.45-1;b", "4;3;6.45-1;c").actuals.order_by("pk")[0]
        Actual.objects.create(year=year, line=line, month=1, amount=8, account="andet")
        foi.post(
            one("actual-move", first),
            {"version": first.version, "line": "FKI · Drift", "alike": "on"},
        )
        assert spent(year) == {"licence": 8, "operation": 7}

    @pytest.mark.parametrize(
        ("to", "status", "told"),
        [
            ("FKI · Licens", 409, "står allerede på den linje"),
            ("", 422, "hvilken linje"),
            ("X", 422, "har ingen"),
        ],
    )
    def test_where_it_cannot_go(self, foi, line, other, to, status, told):
        posted = read(foi, "1;1;6.45-1;a").actuals.get()
        answer = foi.post(one("actual-move", posted), {"version": posted.version, "line": to})
        assert (answer.status_code, told in answer.content.decode()) == (status, True)

    def test_another_years_line_is_refused(self, foi, line):
        posted = read(foi, "1;1;6.45-1;a").actuals.get()
        there = BudgetLine.objects.create(
            year=BudgetYear.objects.create(year=2025), component=line.component, cost_type="licence"
        )
        with pytest.raises(posting.Refused, match="hører ikke til året"):
            correcting.move(
                posting=posted,
                version=posted.version,
                line=there,
                alike=False,
                reason="",
                on=TODAY,
                actor=factories.user(),
            )


class TestReverse:
    def test_the_opposite_is_posted_once_and_the_row_stays_read(self, foi, line, year):
        posted = read(foi, "100;3;6.45-1;Faktura").actuals.get()
        no_reason = foi.post(one("actual-reverse", posted), {"version": posted.version})
        assert no_reason.status_code == 422
        data = {"version": posted.version, "reason": "Hører til 2025"}
        assert foi.post(one("actual-reverse", posted), data).status_code == 302
        opposite = Actual.objects.get(reverses=posted)
        assert (opposite.amount, opposite.month, opposite.line, opposite.text) == (
            -100,
            3,
            line,
            "Tilbageført: Faktura",
        )
        assert spent(year) == {"licence": 0}
        assert Change.objects.filter(table="budgets_actual", row_id=opposite.pk).get().reason == (
            "Hører til 2025"
        )
        for row in (posted, opposite):
            twice = foi.post(one("actual-reverse", row), {"version": row.version, "reason": "x"})
            assert twice.status_code == 409
            assert "er tilbageført, så den kan ikke rettes mere" in twice.content.decode()
        assert (
            "Læst før og springes over</span><span>1<"
            in dry_run(foi, "100;3;6.45-1;Faktura").content.decode()
        )
        shown = foi.get(address("actual-postings"), {"state": "cancelled"}).content.decode()
        assert "Tilbageførsel" in shown
        assert "Viser 1–2 af 2" in shown

    def test_a_closed_year_is_left_alone(self, foi, line):
        posted = read(foi, "100;3;6.45-1;Faktura").actuals.get()
        BudgetYear.objects.update(state=YearState.CLOSED)
        for name in ("actual-reverse", "actual-move"):
            data = {"version": posted.version, "reason": "x", "line": "FKI"}
            answer = foi.post(one(name, posted), data)
            assert answer.status_code == 409
            assert "er lukket" in answer.content.decode()
        answer = foi.post(one("actual-import-take-back", posted.batch), {"reason": "x"})
        assert "er lukket" in answer.content.decode()
        assert Actual.objects.count() == 1


class TestTakeBack:
    def test_a_file_is_taken_back_and_can_be_read_again(self, foi, line, other, year):
        """Wherever its postings stand now: on their line, moved, cancelled already, or without a line."""
        batch = read(foi, "100;3;6.45-1;a", "20;3;6.45-1;b", "3;3;9-9;c", "0,50;4;6.45-1;d")
        by = factories.user(FOI)
        moved, cancelled = batch.actuals.get(amount=20), batch.actuals.get(text="d")
        correcting.move(posting=moved, version=1, line=other, alike=False, reason="", on=TODAY, actor=by)
        correcting.reverse(posting=cancelled, version=1, reason="x", on=TODAY, actor=by)
        Actual.objects.create(year=year, line=line, month=1, amount=7)  # of no file
        page = foi.get(one("actual-import-detail", batch)).content.decode()
        assert "det modsatte af 3 posteringer, 123 kr. i alt" in page
        assert foi.post(one("actual-import-take-back", batch), {"reason": " "}).status_code == 422
        assert foi.post(one("actual-import-take-back", batch), {"reason": "Forkert fil"}).status_code == 302
        assert spent(year) == {"licence": 7, "operation": 0}
        assert Actual.objects.filter(batch=batch).aggregate(total=Sum("amount"))["total"] == 0
        assert posting.unplaced(year).count() == 0
        batch.refresh_from_db()
        assert batch.taken_back_because == "Forkert fil"
        again = foi.post(one("actual-import-take-back", batch), {"reason": "x"})
        assert again.status_code == 409
        assert "allerede taget tilbage" in again.content.decode()
        assert "Taget tilbage" in foi.get(address("actual-list")).content.decode()
        better = read(foi, "100;3;6.45-1;a", "21;3;6.45-1;b", name="rettet.csv")
        assert (better.added, better.known) == (2, 0)
        assert spent(year)["licence"] == 128

    @pytest.mark.django_db(transaction=True)
    def test_of_two_who_take_it_back_at_once_one_is_refused(self, foi, line, year):
        batch = read(foi, "100;3;6.45-1;a")
        actors = [factories.user(FOI) for _ in range(2)]

        def take(actor) -> str:
            try:
                correcting.take_back(batch=batch, reason="x", on=TODAY, actor=actor)
            except posting.Refused as refused:
                return str(refused)
            return "done"

        told = together(*(lambda actor=actor: take(actor) for actor in actors))
        assert told.count("done") == 1
        assert Actual.objects.filter(batch=batch).count() == 2


class TestPages:
    def test_a_sum_leads_to_the_postings_that_make_it(self, foi, line, other, year):
        read(foi, "1;1;6.45-1;a", "2;1;6.45-1;b", "4;2;6.45-1;c", "8;1;9-9;d")
        page = foi.get(address("actual-list")).content.decode()
        link = f"?line={line.pk}&amp;month=1"
        assert re.search(rf'{re.escape(link)}">3</a>', page)
        rows = foi.get(address("actual-postings"), {"line": line.pk, "month": 1}).content.decode()
        assert "Viser 1–2 af 2" in rows
        assert "Budgetlinje: FKI (FKI), licens" in rows
        for asked in ({"line": "x"}, {"line": 10**30}, {"month": 13}, {"batch": 0}, {"state": "odd"}):
            assert foi.get(address("actual-postings"), asked).status_code == 200
        found = foi.get(address("actual-postings"), {"_export": "csv", "state": "unplaced"})
        assert "8.00" in found.getvalue().decode()

    def test_lines_are_found_by_component_when_there_are_many(self, foi, line, monkeypatch):
        monkeypatch.setattr("budgets.views.actuals.LINES", 1)
        sts = factories.component(code="STS", name="Om STS")
        there = line.year.lines.create(component=sts, cost_type="operation")
        for on in (line, there):
            Actual.objects.create(year=line.year, line=on, month=1, amount=5)
        first = foi.get(address("actual-list")).content.decode()
        assert "Viser 1–1 af 2 linjer" in first
        assert ">10</td>" in first  # the sums are of all lines
        found = foi.get(address("actual-list"), {"komponent": "sts"}).content.decode()
        assert f'"{reverse("budget-component", args=[2026, "STS"])}"' in found
        assert (
            "passer til «intet»" in foi.get(address("actual-list"), {"komponent": "intet"}).content.decode()
        )

    def test_the_component_shows_its_year_by_month(self, foi, line, other, year):
        for on, month, amount in ((line, 1, 100), (other, 1, 20), (line, 3, "-0.50")):
            Actual.objects.create(year=year, line=on, month=month, amount=Decimal(amount))
        page = foi.get(reverse("budget-component", args=[2026, "FKI"])).content.decode()
        table = page.partition('<h2 id="h-actuals">')[2].partition("</table>")[0]
        march = table.partition("Marts</a></th>")[2].partition("</tr>")[0]
        assert re.findall(r'"num">([^<]*)<', march) == ["−0,50", "–", "−0,50", "119,50"]
        april = table.partition("April</th>")[2].partition("</tr>")[0]
        assert re.findall(r'"num">([^<]*)<', april)[-1] == "–"
