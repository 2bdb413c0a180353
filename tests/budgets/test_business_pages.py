"""/gevinster/business-case/: the page, its question in the address, and what can be taken away."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from openpyxl import Workbook, load_workbook

from foi_portal.core.permissions import ADMINISTRATOR, FOI, MANAGER, READER
from registry.models import Component
from tests import factories
from tests.budgets.gain_rows import forecast, gain, line, year
from tests.registry.pages import words

pytestmark = pytest.mark.django_db

URL = "/gevinster/business-case/SP/?fra=2026"


@pytest.fixture
def foi() -> Client:
    return factories.client(FOI)


@pytest.fixture
def sp() -> Component:
    """Costs 1,000 in 2026 (forecast), 1,100 in 2027 (draft), 1,200 and 1,300 estimated, nothing known in 2030."""
    sp = factories.component(code="SP", name="Serviceplatformen", component_type="platform")
    module = factories.component(code="SPCPR", name="CPR-replika", parent=sp)
    year(2026, "approved")
    forecast(line(sp, 2026, 900), 1000)
    line(sp, 2027, 1000, estimates=(1100, 1200, None))
    line(module, 2027, 100, estimates=(100, 100, None), illustrative=True)
    gain(asset=sp, text="Færdige snitflader", state="realised", yearly=1500, from_year=2027)
    gain(asset=module, text="=HYPERLINK(9)", state="planned", follow_up_on="2027-01-01")
    gain(asset=sp, text="Måske", yearly=700, from_year=2026)
    return sp


def test_shows_the_case_and_where_each_amount_comes_from(foi: Client, sp: Component):
    page = words(foi.get(URL))
    assert "Gevinster 0 1.500 1.500 1.500 1.500 4.500" in page
    assert "Omkostninger 1.000 1.100 1.200 1.300 ikke kendt 4.600" in page
    assert "Netto −1.000 400 300 200 ikke kendt −100" in page
    assert "Akkumuleret netto −1.000 −600 −300 −100 ikke kendt –" in page
    # −1000 + 400/1.035 + 300/1.035² + 200/1.035³ = −1000 + 386.47 + 280.05 + 180.39
    assert "Nutidsværdi −1.000 386 280 180 ikke kendt −153" in page
    assert "2026 forventet regnskab" in page
    assert "2027 budgetforslag 2028 overslag i budget 2027" in page
    assert "Omkostningen er ikke kendt i 2030. Det år tæller ikke med" in page
    assert "1 mulig gevinst med kroner tæller ikke med" in page
    assert "1 af omkostningerne er et opdigtet eksempel" in page
    assert "Tjent hjem Ikke i perioden" in page
    assert "Finansministeriets samfundsøkonomiske diskonteringsrente" in page


def test_the_question_is_in_the_address(foi: Client, sp: Component):
    page = words(foi.get(f"{URL}&rente=0&gevinster=alle&moduler=nej"))
    assert "Gevinster 700 2.200 2.200 2.200 2.200 7.300" in page
    assert "Omkostninger 1.000 1.000 1.100 1.200 ikke kendt 4.300" in page
    assert "Nutidsværdi −300 1.200 1.100 1.000 ikke kendt 3.000" in page
    assert "Tjent hjem 2027" in page
    assert "HYPERLINK" not in page, "the module's gain is not the platform's own"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("fra=26", "Skriv et årstal mellem"),
        ("fra=2099", "Det sidste år kan højst være 2100"),
        ("rente=meget", "Skriv en rente mellem 0 og 25 procent"),
        ("rente=26", "Skriv en rente mellem 0 og 25 procent"),
        ("rente=-1", "Skriv en rente mellem 0 og 25 procent"),
    ],
)
def test_what_cannot_be_read_is_told_and_the_usual_is_used(
    foi: Client, sp: Component, query: str, message: str
):
    response = foi.get(f"/gevinster/business-case/SP/?{query}")
    assert response.status_code == 200
    assert message in words(response)
    assert "Rente 3,5 %" in words(response)


def test_a_component_with_nothing_says_what_to_do(foi: Client):
    factories.component(code="TOM", name="Tom")
    page = words(foi.get("/gevinster/business-case/TOM/"))
    assert "Der er hverken omkostninger eller gevinster at regne på" in page
    assert "opret en gevinst ved Tom" in page
    assert "Ingen komponent har omkostninger eller gevinster" in words(foi.get("/gevinster/business-case/"))
    for kind in ("csv", "xlsx"):
        assert foi.get(f"/gevinster/business-case/TOM/?_export={kind}").status_code == 200


def test_a_gain_without_any_budget_is_no_free_lunch(foi: Client):
    gain(asset=factories.component(code="GRATIS"), state="realised", yearly=100, from_year=2020)
    page = words(foi.get("/gevinster/business-case/GRATIS/"))
    assert "Nutidsværdi ikke kendt Netto i alt ikke kendt Tjent hjem ikke kendt" in page
    assert "Intet budget har omkostninger" in page


def test_all_components_in_a_line_each(foi: Client, sp: Component):
    page = words(foi.get("/gevinster/business-case/?fra=2026"))
    assert "Serviceplatformen SP 4.500 4.600 4 år −100 −153 ikke i perioden 1" in page
    assert "CPR-replika SPCPR 0 300 3 år −300" in page
    body = foi.get("/gevinster/business-case/?fra=2026&_export=csv").getvalue().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(body)))
    assert [(row["component"], row["net"]) for row in rows] == [("SP", "-100.00"), ("SPCPR", "-300.00")]


def test_as_csv_with_machine_columns(foi: Client, sp: Component):
    body = foi.get(f"{URL}&_export=csv").getvalue().decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(body)))
    assert list(rows[0]) == [
        "year", "gain", "cost", "unknown_costs", "net", "accumulated", "factor", "present_value",
    ]  # fmt: skip
    assert list(rows[1].values()) == [
        "2027", "1500.00", "1100.00", "0", "400.00", "-600.00", "0.966184", "386.47",
    ]  # fmt: skip
    assert (rows[4]["cost"], rows[4]["net"], rows[4]["unknown_costs"]) == ("", "", "2")


class Sheets:
    """A workbook whose formulas are worked out: the few kinds there are."""

    def __init__(self, book: Workbook) -> None:
        self.book = book

    def value(self, sheet: str, cell: str) -> Any:
        content = self.book[sheet][cell].value
        if not (isinstance(content, str) and content.startswith("=")):
            return 0 if content is None else content

        def total(found: re.Match[str]) -> str:
            name, first, last = found[1], found[2], found[3]
            cells = [cell.coordinate for row in self.book[name][f"{first}:{last}"] for cell in row]
            return str(sum(float(self.value(name, each)) for each in cells))

        formula = re.sub(r"SUM\('([^']+)'!([A-Z]+\d+):([A-Z]+\d+)\)", total, content[1:])
        formula = re.sub(
            r"\$?([A-Z]+)\$?(\d+)", lambda found: f"({self.value(sheet, found[1] + found[2])})", formula
        )
        formula = formula.replace("^", "**").replace("ROUND", "round")
        assert re.fullmatch(r"[\d.+\-*/(),eround\s]*", formula), formula
        return eval(formula)  # noqa: S307 - nothing but numbers, as was just seen


def test_as_a_workbook_whose_formulas_give_the_same(foi: Client, sp: Component):
    book = load_workbook(io.BytesIO(foi.get(f"{URL}&_export=xlsx").getvalue()))
    assert book.sheetnames == ["Business case", "Omkostninger", "Gevinster", "Uden kroner"]
    sheets, case = Sheets(book), "Business case"
    found = {book[case][f"A{row}"].value: row for row in range(6, 12)}
    page = list(csv.DictReader(io.StringIO(foi.get(f"{URL}&_export=csv").getvalue().decode("utf-8-sig"))))
    for letter, expected in zip("BCDE", page, strict=False):
        for label, name in (
            ("Gevinster", "gain"),
            ("Omkostninger", "cost"),
            ("Netto", "net"),
            ("Akkumuleret", "accumulated"),
            ("Nutidsværdi", "present_value"),
        ):
            value = sheets.value(case, f"{letter}{found[label]}")
            assert Decimal(str(value)) == Decimal(expected[name]), (letter, label)
    assert book[case][f"F{found['Omkostninger']}"].value == "ikke kendt"
    assert sheets.value(case, f"G{found['Netto']}") == -100
    assert round(sheets.value(case, f"G{found['Nutidsværdi']}"), 2) == -153.09
    book[case]["B3"].value = 0  # another rate changes the present value and nothing else
    assert sheets.value(case, f"G{found['Nutidsværdi']}") == -100


def test_people_s_words_are_no_formulas_in_the_workbook(foi: Client, sp: Component):
    Component.objects.filter(code="SP").update(name="=1+1")
    book = load_workbook(io.BytesIO(foi.get(f"{URL}&_export=xlsx").getvalue()))
    texts = [cell.value for sheet in book for row in sheet for cell in row if isinstance(cell.value, str)]
    assert "'=HYPERLINK(9)" in texts
    assert "'=1+1" in texts
    own = [text for text in texts if text.startswith("=")]
    assert own
    assert all(re.match(r"=(SUM|1/|ROUND|[A-G]\d)", text) for text in own)
    assert not any("HYPERLINK" in text for text in own)


@pytest.mark.parametrize(("group", "status"), [(READER, 403), (ADMINISTRATOR, 200), (MANAGER, 200)])
def test_only_those_who_may_see_amounts(sp: Component, group: str, status: int):
    client = factories.client(group)
    for url in (URL, f"{URL}&_export=csv", f"{URL}&_export=xlsx", "/gevinster/business-case/"):
        assert client.get(url).status_code == status
