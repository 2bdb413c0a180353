"""Lines of a year: the list and its exports, writing and correcting them, and what the year's state allows."""

from __future__ import annotations

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone
from openpyxl import load_workbook

from budgets.models import Actual, BudgetLine, BudgetYear, Estimate
from foi_portal.core.models import Change
from foi_portal.core.permissions import FOI, MANAGER
from foi_portal.ui.forms import as_choice
from tests import factories
from tests.budgets import rows

pytestmark = pytest.mark.django_db
D = Decimal
LIST, NEW = "/budget/2027/linjer/", "/budget/2027/linjer/ny/"


@pytest.fixture
def foi() -> Client:
    return factories.client(FOI)


@pytest.fixture
def chef() -> Client:
    return factories.client(MANAGER)


@pytest.fixture
def draft() -> BudgetYear:
    return rows.year(2027)


def address(line: BudgetLine, verb: str = "ret") -> str:
    return f"/budget/{line.year.year}/linjer/{line.pk}/{verb}/"


def typed(line: BudgetLine | None = None, **said: Any) -> dict[str, Any]:
    """A form as the browser sends it: that of the line as it stands, or an empty one, with something changed."""
    form: dict[str, Any] = {"cost_type": "operation", "funding": "DA", "original": "1000"}
    if line is not None:
        line.refresh_from_db()
        standing = {row.ahead: row for row in line.estimates.all()}
        form |= {
            "version": line.version,
            "key": line.pk,
            "component": as_choice(line.component),
            "cost_type": line.cost_type,
            "funding": line.funding,
            "original": "" if line.original is None else str(line.original),
            "price_model": line.price_model_id or "",
            "note": line.note,
            "account": line.account,
            "estimates": ".".join(f"{ahead}:{row.version}" for ahead, row in sorted(standing.items())),
            **{f"estimate_{ahead}": str(row.amount) for ahead, row in standing.items()},
        }
    return form | said


def text(answer: Any) -> str:
    return str(answer.content.decode())


def exported(client: Client, query: str = "") -> list[dict[str, str]]:
    answer: Any = client.get(f"{LIST}?_export=csv&{query}")
    return list(csv.DictReader(io.StringIO(answer.getvalue().decode("utf-8-sig"))))


class TestList:
    @pytest.fixture
    def lines(self, draft: BudgetYear) -> list[BudgetLine]:
        kombit = factories.organisation(code="KOMBIT", name="KOMBIT")
        sp = factories.component(code="SP", name="Serviceplatformen", provider=kombit)
        cpr = factories.component(code="SF6004", name="CPR service", parent=sp)
        office = factories.organisation(code="DA", name="Digitalisering")
        rows.line(rows.year(2026), component=sp, original=77)
        return [
            rows.line(draft, 1100, component=sp, original=D("1000.50"), unit=office, illustrative=True),
            rows.line(draft, component=cpr, original=None, cost_type="transaction", funding="pulje"),
            rows.line(draft, original=-5, note="=1+1", account="6.45-1"),
        ]

    @pytest.mark.parametrize(
        ("query", "found"),
        [
            ("", [0, 1, 2]),
            ("q=service", [0, 1]),
            ("q=6.45", [2]),
            ("component=SP", [0, 1]),
            ("component=Serviceplat", [0, 1]),
            ("component=CPR+service", [1]),
            ("component=findes-ikke", []),
            ("provider=kombit", [0]),
            ("kind=transaction", [1]),
            ("funding=pulje", [1]),
            ("unit=DA", [0]),
            ("illustrative=ja", [0]),
            ("illustrative=nej", [1, 2]),
            ("unknown=ja", [1]),
            ("unknown=nej", [0, 2]),
            ("price=ja", []),
            ("archived=ja", []),
        ],
    )
    def test_filters(self, foi: Client, lines: list[BudgetLine], query: str, found: list[int]):
        codes = {row["component_code"] for row in exported(foi, f"{query}&col=component&col=component_code")}
        assert codes == {lines[index].component.code for index in found}
        page = text(foi.get(f"{LIST}?{query}"))
        assert all((f"#linje-{line.pk}" in page) == (i in found) for i, line in enumerate(lines))

    def test_says_what_the_shown_lines_come_to(self, foi: Client, lines: list[BudgetLine]):
        rows.adjustment(lines[0].year, {lines[0]: 100})
        answer = foi.get(LIST)
        assert (answer.context["sum_original"], answer.context["sum_revised"]) == (D("995.50"), D("1095.50"))
        assert answer.context["total"] == 3
        assert foi.get(f"{LIST}?kind=transaction").context["sum_original"] is None

    def test_exports_have_plain_numbers_and_nothing_for_the_unknown(
        self, foi: Client, lines: list[BudgetLine]
    ):
        wanted = (
            "col=component&col=component_code&col=original&col=revised&col=estimate_1&col=note&sort=original"
        )
        first, second, third = exported(foi, wanted)
        assert (first["original"], first["note"]) == ("-5.00", "'=1+1")
        assert (second["original"], second["revised"], second["estimate_1"]) == (
            "1000.50",
            "1000.50",
            "1100.00",
        )
        assert (third["original"], third["revised"], third["estimate_1"]) == ("", "", "")
        book: Any = foi.get(f"{LIST}?_export=xlsx&{wanted}")
        sheet: Any = load_workbook(io.BytesIO(book.getvalue())).active
        assert [row[2].value for row in sheet.rows] == ["original", -5, 1000.5, None]

    def test_sorts_unknown_amounts_last(self, foi: Client, lines: list[BudgetLine]):
        for sort in ("original", "-revised"):
            assert exported(foi, f"col=component_code&sort={sort}")[-1]["component_code"] == "SF6004"

    def test_shows_how_invented_and_unknown_amounts_are_no_ordinary_ones(
        self, foi: Client, lines: list[BudgetLine]
    ):
        page = text(foi.get(LIST))
        assert page.count(">opdigtet<") == 1
        assert ">ikke kendt<" in page

    @pytest.mark.parametrize(
        ("state", "group", "word"),
        [
            ("draft", FOI, "Ret"),
            ("submitted", FOI, "Beskriv"),
            ("submitted", MANAGER, "Ret"),
            ("approved", MANAGER, "Beskriv"),
            ("closed", MANAGER, ""),
            ("draft", "Administrator", ""),
        ],
    )
    def test_offers_what_the_year_allows(self, lines: list[BudgetLine], state: str, group: str, word: str):
        BudgetYear.objects.filter(year=2027).update(state=state)
        page = text(factories.client(group).get(LIST))
        for other in ("Ret", "Beskriv"):
            assert (f">{other}<span" in page) == (other == word)
        assert ('linjer/ny/"' in page) == (word != "" and (state, group) != ("submitted", FOI))

    def test_of_an_empty_year_says_what_to_do(self, foi: Client, draft: BudgetYear):
        assert "Opret den første række" in text(foi.get(LIST))


class TestCreate:
    def test_writes_the_line_with_its_estimates_and_reason(self, foi: Client, draft: BudgetYear):
        component = factories.component(code="SAPA")
        office = factories.organisation(code="DA")
        said = typed(
            component="SAPA",
            unit="da",
            original="1.234,5",
            estimate_1="1,234.5",
            estimate_3="1234.50 kr.",
            account="6.45.51.3-410-7",
            note="Ny",
            illustrative="on",
            reason="Aftalt",
        )
        answer = foi.post(NEW, said)
        line = BudgetLine.objects.get()
        assert answer["Location"] == line.get_absolute_url()
        assert (line.component_id, line.unit, line.original) == (component.pk, office, D("1234.50"))
        assert (line.account, line.note, line.illustrative) == ("6.45.51.3-410-7", "Ny", True)
        assert dict(line.estimates.values_list("ahead", "amount")) == {1: D("1234.50"), 3: D("1234.50")}
        assert Change.objects.get(table="budgets_budgetline").reason == "Aftalt"

    def test_nothing_is_not_known_and_never_zero(self, foi: Client, draft: BudgetYear):
        factories.component(code="SAPA")
        foi.post(NEW, typed(component="SAPA", original="  "))
        line = BudgetLine.objects.get()
        assert line.original is None
        assert not line.estimates.exists()
        assert "ikke kendt" in text(foi.get(LIST))

    @pytest.mark.parametrize(
        ("said", "message"),
        [
            ({"original": "mange"}, "“mange” er ikke et beløb. Skriv fx 1.234,50."),
            ({"original": "1,234"}, "kan læses på to måder"),
            ({"original": "12.34.56"}, "er ikke et beløb"),
            ({"original": "1" * 15}, "Beløbet er for stort"),
            ({"original": "NaN"}, "er ikke et beløb"),
            ({"original": "1e5"}, "er ikke et beløb"),
            ({"estimate_2": "x"}, "Overslag 2029: “x” er ikke et beløb"),
            ({"cost_type": "licence", "original": "-1"}, "En licens kan ikke koste mindre end 0 kr."),
            ({"cost_type": "licence", "estimate_1": "-1"}, "En licens kan ikke koste mindre end 0 kr."),
            ({"component": "CURA"}, "Cura er et fagsystem. Vælg en komponent"),
            ({"component": "SAPPA"}, "«SAPPA» findes ikke. Mente du SAPA?"),
            ({"component": ""}, "Dette felt er påkrævet"),
            ({"component": "GAMMEL"}, "er arkiveret. Gendan den først"),
            ({"cost_type": ""}, "Dette felt er påkrævet"),
            ({"cost_type": "leje"}, "leje"),
            ({"unit": "findes-ikke"}, "«findes-ikke» findes ikke."),
            ({"account": "6.45; drop"}, "Kontostrengen må kun bestå af bogstaver og tal"),
            ({"price_model": "0"}, "Prismodel"),
        ],
    )
    def test_bad_input_is_explained_and_kept(
        self, foi: Client, draft: BudgetYear, said: dict[str, Any], message: str
    ):
        factories.component(code="SAPA")
        factories.system(code="CURA", name="Cura")
        factories.component(code="GAMMEL", archived_at=timezone.now(), archive_reason="x")
        answer = foi.post(NEW, typed(**{"component": "SAPA", "note": "Min note"} | said))
        assert answer.status_code == 422
        page = text(answer).replace("&quot;", '"')
        assert message in page
        assert 'value="Min note"' in page
        for value in said.values():
            assert value == "" or f'value="{value}"' in page or value in ("leje", "0", "licence")
        assert not BudgetLine.objects.exists()

    @pytest.mark.parametrize("with_unit", [True, False])
    def test_the_same_line_twice_is_refused(self, foi: Client, draft: BudgetYear, with_unit: bool):
        office = factories.organisation(code="DA") if with_unit else None
        line = rows.line(draft, unit=office)
        said = typed(component=line.component.code, unit="DA" if with_unit else "")
        answer = foi.post(NEW, said)
        assert answer.status_code == 422
        assert "Der er allerede en linje med den komponent" in text(answer)
        BudgetLine.objects.update(archived_at=timezone.now(), archive_reason="Fejl")
        assert foi.post(NEW, said).status_code == 302
        assert BudgetLine.objects.count() == 2

    def test_a_computed_line_has_no_typed_amount(self, foi: Client, draft: BudgetYear):
        factories.component(code="SAPA")
        model = rows.price("PRIS", rows.assumption("BRUGERE", {}), [["0", "2"]])
        answer = foi.post(NEW, typed(component="SAPA", price_model=model.pk))
        assert "Linjen regnes ud af en prismodel, så beløbet kan ikke skrives" in text(answer)
        foi.post(NEW, typed(component="SAPA", price_model=model.pk, original=""))
        assert BudgetLine.objects.get().price_model == model

    def test_one_more_comes_back_to_the_form(self, foi: Client, draft: BudgetYear):
        factories.component(code="SAPA")
        assert foi.post(NEW, typed(component="SAPA", more="1"))["Location"] == NEW

    def test_in_an_approved_year_it_begins_at_zero(self, foi: Client, draft: BudgetYear):
        """An adjustment needs a line to put money on, and what was approved does not change by it."""
        BudgetYear.objects.update(state="approved")
        factories.component(code="SAPA")
        page = text(foi.get(NEW))
        assert 'name="original"' not in page
        assert "oprindelige budget bliver 0 kr." in page
        foi.post(NEW, {"component": "SAPA", "cost_type": "licence", "funding": "DA"})
        assert BudgetLine.objects.get().original == 0

    def test_typed_while_somebody_approved_is_not_saved_without_its_amount(
        self, foi: Client, draft: BudgetYear
    ):
        factories.component(code="SAPA")
        BudgetYear.objects.update(state="approved")
        answer = foi.post(NEW, typed(component="SAPA", original="1.500,00", note="Ny"))
        assert answer.status_code == 409
        assert "Intet er gemt. Budget 2027 er godkendt. Beløb ændres kun med en budgetændring" in text(answer)
        assert "1.500,00" in text(answer)
        assert 'value="Ny"' in text(answer)
        assert not BudgetLine.objects.exists()

    @pytest.mark.parametrize(("state", "why"), [("submitted", "er indsendt"), ("closed", "er lukket")])
    def test_elsewhere_it_is_refused_with_the_reason(
        self, foi: Client, draft: BudgetYear, state: str, why: str
    ):
        factories.component(code="SAPA")
        BudgetYear.objects.update(state=state)
        for answer, status in ((foi.get(NEW), 200), (foi.post(NEW, typed(component="SAPA")), 409)):
            assert answer.status_code == status
            assert f"Budget 2027 {why}" in text(answer)
            assert 'name="original"' not in text(answer)
        assert not BudgetLine.objects.exists()

    def test_the_kontorchef_corrects_what_is_submitted(self, chef: Client, draft: BudgetYear):
        factories.component(code="SAPA")
        BudgetYear.objects.update(state="submitted")
        assert chef.post(NEW, typed(component="SAPA")).status_code == 302


class TestUpdate:
    def test_saves_line_and_estimates_in_one_change_set(self, foi: Client, draft: BudgetYear):
        line = rows.line(draft, 1, 2)
        said = typed(line, original="2.000", estimate_1="10", estimate_2="", estimate_3="30", note="Ny")
        assert foi.post(address(line), said)["Location"] == line.get_absolute_url()
        line.refresh_from_db()
        assert (line.original, line.note) == (2000, "Ny")
        assert dict(line.estimates.values_list("ahead", "amount")) == {1: 10, 2: None, 3: 30}
        sets = Change.objects.filter(table__startswith="budgets_", actor=foi.user)  # type: ignore[attr-defined]
        assert len(set(sets.values_list("change_set", flat=True))) == 1

    def test_goes_back_to_the_list_it_came_from(self, foi: Client, draft: BudgetYear):
        line = rows.line(draft)
        assert foi.post(f"{address(line)}?fra=linjer", typed(line))["Location"] == LIST

    def test_shows_what_stands_there_as_people_write_it(self, foi: Client, draft: BudgetYear):
        line = rows.line(draft, D("-1234567.80"), original=D("4433750.00"))
        page = text(foi.get(address(line)))
        assert 'value="4.433.750,00"' in page
        assert 'value="-1.234.567,80"' in page
        said = typed(line, original="4.433.750,00", estimate_1="-1.234.567,80")
        answer = foi.post(address(line), said, follow=True)
        assert "Ingen ændringer at gemme." in text(answer)

    def test_an_estimate_alone_counts_as_a_change(self, foi: Client, draft: BudgetYear):
        line = rows.line(draft, 5)
        answer = foi.post(address(line), typed(line, estimate_1="6"), follow=True)
        assert "er gemt." in text(answer)

    def test_of_a_line_of_another_year_there_is_none(self, foi: Client, draft: BudgetYear):
        line = rows.line(rows.year(2028))
        assert foi.get(f"/budget/2027/linjer/{line.pk}/ret/").status_code == 404
        assert foi.post(f"/budget/2027/linjer/{line.pk}/ret/", typed(line)).status_code == 404
        said = typed(rows.line(draft), key=line.pk)
        assert foi.post(address(draft.lines.get()), said).status_code == 404

    def test_a_computed_lines_amount_is_not_typed(self, foi: Client, draft: BudgetYear):
        model = rows.price("PRIS", rows.assumption("BRUGERE", {}), [["0", "2"]])
        line = rows.line(draft, price_model=model, calculation="500 × 2,00 = 1.000,00")
        answer = foi.post(address(line), typed(line, original="5"))
        assert answer.status_code == 422
        assert "Linjen regnes ud af en prismodel" in text(answer)
        foi.post(address(line), typed(line, price_model="", original="5"))
        line.refresh_from_db()
        assert (line.original, line.price_model, line.calculation) == (5, None, "")

    def test_an_adjusted_lines_amount_stays_known(self, foi: Client, draft: BudgetYear):
        line = rows.line(draft)
        rows.adjustment(draft, {line: 5})
        answer = foi.post(address(line), typed(line, original=""))
        assert "Linjen har en godkendt budgetændring, så beløbet skal være kendt" in text(answer)
        assert foi.post(address(line), typed(line, original="7")).status_code == 302

    def test_an_archived_line_is_restored_first(self, foi: Client, draft: BudgetYear):
        line = rows.line(draft, archived_at=timezone.now(), archive_reason="x")
        assert "Gendan den, før du retter den" in text(foi.get(address(line)))
        assert foi.post(address(line), typed(line, note="y")).status_code == 409


class TestUpdateInAFixedYear:
    @pytest.mark.parametrize(
        ("state", "group"), [("approved", FOI), ("approved", MANAGER), ("submitted", FOI)]
    )
    def test_only_what_describes_it_is_changed(self, draft: BudgetYear, state: str, group: str):
        BudgetYear.objects.update(state=state)
        line = rows.line(draft)
        client = factories.client(group)
        page = text(client.get(address(line)))
        for name in ("original", "estimate_1", "component", "unit", "funding", "price_model"):
            assert f'name="{name}"' not in page
        assert "1.000" in page
        said = {"version": line.version, "note": "Ny note", "account": "6-1", "illustrative": "on"}
        assert client.post(address(line), said).status_code == 302
        line.refresh_from_db()
        assert (line.note, line.account, line.illustrative, line.original) == ("Ny note", "6-1", True, 1000)

    def test_an_amount_typed_before_the_approval_is_not_lost_silently(self, foi: Client, draft: BudgetYear):
        line = rows.line(draft, 5)
        said = typed(line, original="1.500", estimate_1="6", note="Ny")
        BudgetYear.objects.update(state="approved")
        answer = foi.post(address(line), said)
        assert answer.status_code == 409
        page = text(answer)
        assert "Intet er gemt. Budget 2027 er godkendt." in page
        assert "Budget 2027 (1.500)" in page
        assert "Overslag 2028 (6)" in page
        assert 'value="Ny"' in page
        line.refresh_from_db()
        assert (line.original, line.note, line.estimates.get().amount) == (1000, "", 5)

    def test_what_did_not_touch_an_amount_is_saved_all_the_same(self, foi: Client, draft: BudgetYear):
        line = rows.line(draft, 5)
        said = typed(line, note="Ny")
        BudgetYear.objects.update(state="approved")
        assert foi.post(address(line), said).status_code == 302
        line.refresh_from_db()
        assert line.note == "Ny"

    def test_nothing_is_in_a_closed_year(self, chef: Client, draft: BudgetYear):
        BudgetYear.objects.update(state="closed")
        line = rows.line(draft)
        assert "Budget 2027 er lukket" in text(chef.get(address(line)))
        answer = chef.post(address(line), {"version": line.version, "note": "x"})
        assert answer.status_code == 409
        assert not Change.objects.filter(table="budgets_budgetline", operation="update").exists()


class TestTwoEditors:
    def test_get_a_choice_field_by_field(self, foi: Client, draft: BudgetYear):
        line = rows.line(draft, 5, 6, note="Før")
        said = typed(line, original="2.000", estimate_1="50", note="Min")
        BudgetLine.objects.filter(pk=line.pk).update(original=3000, account="6-1")
        Estimate.objects.filter(line=line, ahead=1).update(amount=70)
        answer = foi.post(address(line), said)
        assert answer.status_code == 409
        conflict = answer.context["conflict"]
        assert {(it.name, it.before, it.theirs, it.mine) for it in conflict.both} == {
            ("original", "1.000,00", "3.000,00", "2.000,00"),
            ("estimate_1", "5,00", "70,00", "50,00"),
        }
        assert {it.name for it, _ in conflict.one} == {"note", "account"}
        assert not Change.objects.filter(table="budgets_budgetline", actor=foi.user).exists()  # type: ignore[attr-defined]

    def test_of_one_estimate_are_noticed_though_the_line_is_the_same(self, foi: Client, draft: BudgetYear):
        line = rows.line(draft, 5)
        said = typed(line, estimate_1="50")
        Estimate.objects.update(amount=70)
        answer = foi.post(address(line), said)
        assert answer.status_code == 409
        assert [it.name for it in answer.context["conflict"].both] == ["estimate_1"]

    def test_of_an_estimate_that_was_not_there_yet(self, foi: Client, draft: BudgetYear):
        line = rows.line(draft)
        said = typed(line, estimate_2="50")
        Estimate.objects.create(line=line, ahead=2, amount=70)
        assert foi.post(address(line), said).status_code == 409
        assert Estimate.objects.get().amount == 70

    def test_save_what_they_chose(self, foi: Client, draft: BudgetYear):
        line = rows.line(draft, 5, 6)
        said = typed(line, original="2.000", estimate_1="50")
        BudgetLine.objects.filter(pk=line.pk).update(original=3000)
        Estimate.objects.filter(line=line).update(amount=70)
        conflict = foi.post(address(line), said).context["conflict"]
        chosen = {"version": conflict.version, **dict(conflict.hidden)}
        chosen |= {it.name: it.mine_raw for it in conflict.both}
        assert foi.post(address(line), chosen).status_code == 302
        line.refresh_from_db()
        assert line.original == 2000
        assert dict(line.estimates.values_list("ahead", "amount")) == {1: 50, 2: 70}

    def test_are_told_of_what_cannot_be_read_too(self, foi: Client, draft: BudgetYear):
        line = rows.line(draft, 5)
        said = typed(line, original="mange", estimate_1="x")
        BudgetLine.objects.filter(pk=line.pk).update(original=3000)
        conflict = foi.post(address(line), said).context["conflict"]
        assert [it.mine for it in conflict.both] == ["mange"]
        assert [(it.name, it.mine_raw) for it, mine in conflict.one if mine] == [("estimate_1", "x")]

    @pytest.mark.parametrize("mark", ["", "1:1.", "x:y", "1:99999999999999999999", "²:1"])
    def test_a_mark_that_says_nothing_is_a_conflict_and_no_fault(
        self, foi: Client, draft: BudgetYear, mark: str
    ):
        line = rows.line(draft, 5)
        assert foi.post(address(line), typed(line, estimate_1="6", estimates=mark)).status_code == 409


class TestArchive:
    def test_takes_a_line_out_of_a_draft_and_back(self, foi: Client, draft: BudgetYear):
        line = rows.line(draft, 5)
        said = {"version": line.version, "reason": "Udgår"}
        assert foi.post(address(line, "arkiver"), said).status_code == 302
        line.refresh_from_db()
        assert (line.is_archived, line.archive_reason) == (True, "Udgår")
        assert foi.post(address(line, "gendan"), {"version": line.version}).status_code == 302
        line.refresh_from_db()
        assert not line.is_archived
        assert line.estimates.get().amount == 5

    def test_takes_a_reason_and_the_present_version(self, foi: Client, draft: BudgetYear):
        line = rows.line(draft)
        answer = foi.post(address(line, "arkiver"), {"version": line.version})
        assert answer.status_code == 422
        assert foi.post(address(line, "arkiver"), {"version": 99, "reason": "x"}).status_code == 409

    def test_is_refused_where_the_place_is_taken_again(self, foi: Client, draft: BudgetYear):
        line = rows.line(draft, archived_at=timezone.now(), archive_reason="x")
        rows.line(draft, component=line.component)
        answer = foi.post(address(line, "gendan"), {"version": line.version})
        assert answer.status_code == 409
        assert "Der er allerede en linje med samme komponent" in text(answer)

    def refused(self, client: Client, line: BudgetLine, verb: str = "arkiver") -> str:
        """The reason why it cannot be, which the page tells before and after."""
        shown = client.get(address(line, verb))
        assert shown.status_code == 200
        assert 'name="reason"' not in text(shown)
        answer: HttpResponse = client.post(address(line, verb), {"version": line.version, "reason": "x"})  # type: ignore[assignment]
        assert answer.status_code == 409
        assert not Change.objects.filter(table="budgets_budgetline", operation="update").exists()
        return text(answer)

    @pytest.mark.parametrize("state", ["approved", "closed"])
    def test_leaves_the_amounts_of_an_approved_year(self, chef: Client, draft: BudgetYear, state: str):
        BudgetYear.objects.update(state=state)
        assert "Budget 2027 er" in self.refused(chef, rows.line(draft))
        assert "Budget 2027 er" in self.refused(chef, rows.line(draft, original=None))
        archived = rows.line(draft, archived_at=timezone.now(), archive_reason="x")
        assert "Budget 2027 er" in self.refused(chef, archived, "gendan")

    def test_leaves_submitted_lines_to_the_kontorchef(self, foi: Client, chef: Client, draft: BudgetYear):
        BudgetYear.objects.update(state="submitted")
        line = rows.line(draft)
        assert "er indsendt til godkendelse" in self.refused(foi, line)
        said = {"version": line.version, "reason": "x"}
        assert chef.post(address(line, "arkiver"), said).status_code == 302

    def test_takes_an_empty_line_out_of_an_approved_year(self, foi: Client, draft: BudgetYear):
        BudgetYear.objects.update(state="approved")
        line = rows.line(draft, original=0)
        said = {"version": line.version, "reason": "Skrevet ved en fejl"}
        assert foi.post(address(line, "arkiver"), said).status_code == 302

    @pytest.mark.parametrize("state", ["proposed", "approved"])
    def test_leaves_what_is_adjusted(self, foi: Client, draft: BudgetYear, state: str):
        line = rows.line(draft)
        rows.adjustment(draft, {line: 5}, state=state)
        assert "Linjen står i en budgetændring" in self.refused(foi, line)

    def test_does_not_mind_a_refused_adjustment(self, foi: Client, draft: BudgetYear):
        line = rows.line(draft)
        rows.adjustment(draft, {line: 5}, state="refused")
        said = {"version": line.version, "reason": "x"}
        assert foi.post(address(line, "arkiver"), said).status_code == 302

    def test_leaves_what_has_been_spent_on(self, foi: Client, draft: BudgetYear):
        line = rows.line(draft)
        Actual.objects.create(year=draft, line=line, month=1, amount=5)
        assert "Der er bogført forbrug på linjen" in self.refused(foi, line)

    def test_does_not_mind_spending_that_was_cancelled(self, foi: Client):
        year = rows.year(2026)
        line = rows.line(year)
        posting = Actual.objects.create(year=year, line=line, month=1, amount=5)
        Actual.objects.create(year=year, line=line, month=1, amount=-5, reverses=posting)
        said = {"version": line.version, "reason": "x"}
        assert foi.post(address(line, "arkiver"), said).status_code == 302


def test_the_history_has_the_estimates_too(foi: Client, draft: BudgetYear):
    line = rows.line(draft, 5)
    foi.post(address(line), typed(line, original="2.000", estimate_1="4.321", reason="Ny kontrakt"))
    page = text(foi.get(address(line, "historik")))
    for said in ("2.000,00", "4.321,00", "Ny kontrakt", "overslag"):
        assert said in page


@pytest.mark.parametrize("verb", ["ret", "arkiver", "gendan", "historik"])
@pytest.mark.parametrize("where", ["/budget/2027/linjer/0/{}/", "/budget/9999999999999/linjer/1/{}/"])
def test_what_is_not_there_is_not_found(foi: Client, draft: BudgetYear, where: str, verb: str):
    assert foi.get(where.format(verb)).status_code == 404
