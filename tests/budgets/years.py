"""A budget year with something of everything, and how its page is read."""

from __future__ import annotations

import datetime
import html
import re
from decimal import Decimal
from typing import Any

from django.test import Client
from django.urls import reverse

from budgets.models import (
    Actual,
    BudgetLine,
    BudgetResponsibility,
    BudgetYear,
    Forecast,
    ForecastRound,
)
from registry.models import Asset
from tests import factories

# component, cost type, funding, budget, spent, expected
LINES = (
    ("FKI", "licence", "DA", "1000.00", "800.00", "1000.00"),
    ("SP", "transaction", "DA", "200.00", "150.25", "230.00"),  # 15 % over
    ("FKOEKO", "operation", "forvaltning", "50.00", "40.00", "49.00"),
    ("DAF", "operation", "pulje", None, None, None),
)


def year_2026(state: str = "approved") -> BudgetYear:
    """KOMBIT has FKI › SP › FKOEKO, Klimadatastyrelsen has DAF. SP deviates; FKOEKO and DAF are unclarified, one with a
    note and one without; of DAF nothing is known."""
    kombit = factories.organisation(code="KOMBIT", name="KOMBIT A/S")
    kds = factories.organisation(code="KDS", name="Klimadatastyrelsen")
    fki = factories.component(code="FKI", name="Infrastrukturen", provider=kombit, component_type="platform")
    sp = factories.component(code="SP", name="Serviceplatformen", provider=kombit, parent=fki)
    factories.component(code="FKOEKO", name="Økonomiintegrationer", provider=kombit, parent=sp)
    factories.component(code="DAF", name="Datafordeleren", provider=kds)
    year = BudgetYear.objects.create(year=2026, state=state)
    round_ = ForecastRound.objects.create(
        year=year, name="3. opfølgning", actuals_to=datetime.date(2026, 10, 31)
    )
    for row in LINES:
        made = line(year, *row[:4])
        if row[4]:
            Actual.objects.create(year=year, line=made, month=10, amount=Decimal(row[4]))
        if row[5]:
            Forecast.objects.create(round=round_, line=made, amount=Decimal(row[5]))
    office = factories.organisation(code="DA", name="Digitalisering og Arkitektur")
    for one in (fki, sp):
        BudgetResponsibility.objects.create(component=one, clarified=True, organisation=office)
    BudgetResponsibility.objects.create(component=component("FKOEKO"), action="Drøftes i forum")
    return year


def component(code: str) -> Any:
    return Asset.objects.get(code=code)


def line(year: BudgetYear, code: str, cost_type: str, funding: str, amount: str | None) -> BudgetLine:
    original = None if amount is None else Decimal(amount)
    return BudgetLine.objects.create(
        year=year, component=component(code), cost_type=cost_type, funding=funding, original=original
    )


def page(client: Client, query: str = "", year: int = 2026) -> str:
    """The HTML of the year's page."""
    response = client.get(f"{reverse('budget-year', args=[year])}{query}")
    assert response.status_code == 200
    return str(response.content.decode())


def table(text: str) -> list[list[str]]:
    """The rows of the table of lines as a person reads them, cell by cell."""
    body = text[
        text.index('class="table table--borderless table--compact table--responsive-headers budget"') :
    ]
    body = body[body.index("<tbody>") : body.index("</table>")]
    found = []
    for row in re.findall(r"<tr.*?</tr>", body, flags=re.DOTALL):
        cells = re.findall(r"<t[hd].*?</t[hd]>", row, flags=re.DOTALL)
        told: list[str] = []
        for cell in cells:
            wide = re.match(r'<t[hd][^>]* colspan="(\d+)"', cell)
            told.append(" ".join(html.unescape(re.sub(r"<[^>]+>", " ", cell)).split()))
            told += [""] * (int(wide[1]) - 1 if wide else 0)
        found.append(told)
    return found


def line_count(text: str) -> int:
    return text.count('<tr class="line">')
