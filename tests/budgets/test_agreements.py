"""The agreements that a component rests on, on the budget's page of it; and on paper beside an impact answer."""

from __future__ import annotations

import datetime
from io import BytesIO

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone
from pypdf import PdfReader

from budgets.panels import ComponentYear, agreements
from foi_portal.core.permissions import MANAGER, READER, RESPONSIBLE
from foi_portal.ui import pdf
from tests import factories
from tests.budgets import rows
from tests.registry.pages import words

pytestmark = pytest.mark.django_db
SOON = timezone.localdate() + datetime.timedelta(days=20)


@pytest.fixture
def chef() -> Client:
    return factories.client(MANAGER)


def test_what_names_it_or_its_modules_and_how_many_give_access(chef: Client):
    platform = factories.component(code="SP", name="Serviceplatformen")
    module = factories.component(parent=platform)
    rows.line(rows.year(2026), component=platform)
    url = reverse("budget-component", args=[2026, "SP"])
    assert "Ingen kontrakt eller tilslutningsaftale nævner Serviceplatformen" in words(chef.get(url))
    factories.agreement(name="Kontrakt om platformen", kind="contract", assets=[platform], valid_to=SOON)
    factories.agreement(name="Om modulet", assets=[module])
    factories.agreement(name="Platformens egen", dependencies=[factories.dependency(source=platform)])
    for number in range(2):
        factories.agreement(name=f"Adgang {number}", dependencies=[factories.dependency(target=module)])
    factories.agreement(name="Uden for")
    page = words(chef.get(url))
    for shown in ("Kontrakt om platformen", "Om modulet", "Platformens egen", "om 20 dage"):
        assert shown in page
    assert "2 andre aftaler giver fagsystemer adgang til den" in page
    assert "Adgang 1" not in page
    assert "Uden for" not in page


@pytest.mark.parametrize("group", [READER, RESPONSIBLE])
def test_the_panel_holds_no_amount_whoever_reads_it(group: str):
    component = factories.component(code="SP")
    year = rows.year(2026)
    rows.line(year, component=component)
    factories.agreement(name="Kontrakt", assets=[component])
    request = RequestFactory().get("/")
    request.user = factories.member(group)
    found = agreements.component_panel(request, ComponentYear(year, component))
    assert found is not None
    assert set(found) == {"lines", "more", "access", "component"}
    assert [line["row"].name for line in found["lines"]] == ["Kontrakt"]


def test_on_paper_beside_an_impact_answer(chef: Client):
    if not pdf.available():
        pytest.skip("needs pango")
    used = factories.dependency(target=factories.component(code="SP"), importance="critical")
    factories.agreement(name="KY på SP", number="SA-1", dependencies=[used], valid_to=SOON)
    reader = PdfReader(BytesIO(chef.get(f"{reverse('impact-pdf')}?asset=SP").content))
    text = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    assert "Berørte aftaler" in text
    assert "KY på SP SA-1" in text
    assert "1 af 1" in text
