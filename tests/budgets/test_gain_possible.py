"""/gevinster/mulige/: what the portal finds in the registry and the budget, and what people decide about it."""

from __future__ import annotations

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import close_old_connections, connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from budgets import possible_gains
from budgets.models import Gain
from foi_portal.core.history import changes_of
from foi_portal.core.permissions import ADMINISTRATOR, FOI, READER
from registry.models import Dependency
from tests import factories
from tests.budgets.gain_rows import line
from tests.registry.pages import Page, words

pytestmark = pytest.mark.django_db

THIS_YEAR = timezone.localdate().year
URL = "/gevinster/mulige/"


def landscape() -> dict[str, Any]:
    """SBSYS fetches from CVR by itself, and SP's service ONLINE does so for Cura; KITOS costs money and is not used."""
    owner = factories.organisation(code="BMF", name="Borgmesterforvaltningen", kind="forvaltning")
    sp = factories.component(code="SP", name="Serviceplatformen", component_type="platform")
    rows: dict[str, Any] = {
        "sp": sp,
        "cvr": factories.component(code="CVR", name="CVR-registret", component_type="register"),
        "online": factories.component(code="ONLINE", name="CVR Online", parent=sp),
        "kitos": factories.component(code="KITOS", name="KITOS", component_type="platform"),
        "sbsys": factories.system(code="SBSYS", name="SBSYS", department=owner, criticality=4),
        "cura": factories.system(code="CURA", name="Cura"),
    }
    factories.dependency(source=rows["online"], target=rows["cvr"], direction="reads")
    factories.dependency(source=rows["cura"], target=rows["online"])
    rows["direct"] = factories.dependency(source=rows["sbsys"], target=rows["cvr"], direction="reads")
    line(rows["kitos"], THIS_YEAR, 34_680)
    return rows


@pytest.fixture
def rows() -> dict[str, Any]:
    return landscape()


@pytest.fixture
def foi() -> Client:
    return factories.client(FOI)


def key(rows: dict[str, Any]) -> str:
    return f"direct_register-{rows['sbsys'].pk}-{rows['cvr'].pk}"


def keys(**asked: Any) -> list[str]:
    """What is found today."""
    return [
        row.key
        for section in possible_gains.sections(timezone.localdate(), **asked)
        for row in section.tell()
    ]


class TestFinding:
    def test_says_what_why_and_where_it_is_seen(self, foi: Client, rows: dict[str, Any]):
        response = foi.get(URL)
        page = words(response)
        assert "2 mulige gevinster" in page
        assert "SBSYS henter selv fra CVR-registret . CVR Online gør det for 1 andet fagsystem." in page
        assert "kritikalitet 4 · Borgmesterforvaltningen" in page
        assert f"KITOS koster 34.680 kr. i {THIS_YEAR} og bruges ikke af noget fagsystem" in page
        html = response.content.decode()
        for row in (rows["direct"], rows["sbsys"], rows["cvr"], rows["online"]):
            assert f'href="{row.get_absolute_url()}"' in html

    def test_looks_at_what_is_live_today(self, rows: dict[str, Any]):
        assert key(rows) in keys()
        for change in (
            {"status": "planned"},
            {"status": "phasing_out"},
            {"until": "2020-01-01", "since": None},
        ):
            Dependency.objects.filter(pk=rows["direct"].pk).update(status="active", until=None)
            Dependency.objects.filter(pk=rows["direct"].pk).update(**change)
            assert key(rows) not in keys(), change

    def test_a_service_that_only_reads_is_not_proposed_to_who_writes(self, rows: dict[str, Any]):
        Dependency.objects.filter(pk=rows["direct"].pk).update(direction="both")
        assert key(rows) not in keys()

    def test_the_limit_is_in_the_address(self, foi: Client, rows: dict[str, Any]):
        for number in range(3):
            factories.dependency(source=factories.system(name=f"Bruger {number}"), target=rows["kitos"])
        found = f"hardly_used-{rows['kitos'].pk}"
        assert found not in keys(limit=2)
        page = words(foi.get(f"{URL}?hoejst=3"))
        assert "bruges kun af Bruger 0 , Bruger 1 og Bruger 2 ." in page
        assert "KITOS koster" not in words(foi.get(URL))
        odd = foi.get(f"{URL}?hoejst=mange")
        assert "Skriv et helt tal" in words(odd)

    def test_one_asset_with_its_modules(self, foi: Client, rows: dict[str, Any]):
        for code, number in (("SBSYS", 1), ("SP", 1), ("KITOS", 1), ("CURA", 0)):
            page = words(foi.get(f"{URL}?asset={code}"))
            assert f"{number} mulig" in page, code
        assert "findes ikke" in words(foi.get(f"{URL}?asset=FINDES-IKKE"))

    def test_one_kind_in_pages_and_as_a_file(self, foi: Client, rows: dict[str, Any]):
        for number in range(30):
            factories.dependency(source=factories.system(name=f"Nr. {number}"), target=rows["cvr"])
        assert "Alle 31" in words(foi.get(URL))
        page = words(foi.get(f"{URL}?fund=direct_register&page=2"))
        assert "31 fagsystemer henter direkte fra et register" in page
        assert "Viser 26–31 af 31" in page
        body = foi.get(f"{URL}?fund=direct_register&_export=csv").getvalue().decode("utf-8-sig")
        table = list(csv.DictReader(io.StringIO(body)))
        assert len(table) == 31
        assert {row["asset_code"] for row in table} == {"ONLINE"}
        every = foi.get(f"{URL}?_export=csv").getvalue().decode("utf-8-sig")
        assert "34680.00" in every

    def test_nothing_found_is_said(self, foi: Client):
        assert "Portalen ser ingen mulige gevinster, som I ikke har taget stilling til." in words(
            foi.get(URL)
        )

    def test_who_only_reads_gets_no_buttons(self, rows: dict[str, Any]):
        assert "Opret som gevinst" not in words(factories.client(ADMINISTRATOR).get(URL))
        assert factories.client(READER).get(URL).status_code == 403


class TestDeciding:
    def new(self, foi: Client, rows: dict[str, Any]) -> dict[str, Any]:
        """The form that the button on the page leads to, as it is filled in."""
        html = foi.get(URL).content.decode()
        start = html.index(f'id="{key(rows)}"')
        address = html[html.index('href="/gevinster/ny/', start) + 6 :].split('"')[0].replace("&amp;", "&")
        fields: dict[str, Any] = Page(foi.get(address)).forms[-1]["fields"]
        return fields

    def test_it_becomes_a_gain_and_is_not_found_again(self, foi: Client, rows: dict[str, Any]):
        fields = self.new(foi, rows)
        assert fields["asset"] == "ONLINE · CVR Online"
        assert fields["organisation"] == "BMF · Borgmesterforvaltningen"
        assert fields["text"].startswith("SBSYS henter selv fra CVR-registret.")
        foi.post(reverse("gain-create"), fields)
        row = Gain.objects.get()
        assert (row.finding, row.kind, row.state) == (key(rows), "data_reuse", "possible")
        assert key(rows) not in keys()
        assert "Fundet af portalen" in words(foi.get(row.get_absolute_url()))

    def test_it_is_rejected_with_a_reason_that_is_kept(self, foi: Client, rows: dict[str, Any]):
        url = reverse("gain-reject", args=[key(rows)])
        assert "Det er ikke en gevinst, fordi" in words(foi.get(url))
        empty = foi.post(url, {"reason": " "})
        assert empty.status_code == 422
        assert "Skriv hvorfor" in words(empty)
        foi.post(url, {"reason": "SBSYS skal bruge historikken"})
        row = Gain.objects.get()
        assert (row.state, row.finding, row.asset.code) == ("rejected", key(rows), "ONLINE")
        assert "SBSYS skal bruge historikken" in row.text
        assert key(rows) not in keys()
        change = changes_of(row).get()
        assert (change.actor, change.reason) == (foi.user, "SBSYS skal bruge historikken")  # type: ignore[attr-defined]
        assert "Hvorfor det ikke er en gevinst" in words(foi.get(row.get_absolute_url()))

    def test_archiving_the_decision_lets_it_be_found_again(self, foi: Client, rows: dict[str, Any]):
        foi.post(reverse("gain-reject", args=[key(rows)]), {"reason": "Nej"})
        Gain.objects.update(archived_at=timezone.now(), archive_reason="Vi tog fejl")
        assert key(rows) in keys()
        foi.post(reverse("gain-create"), self.new(foi, rows))
        old = Gain.objects.get(state="rejected")
        sent = Page(foi.get(reverse("gain-restore", args=[old.pk]))).forms[-1]["fields"]
        response = foi.post(reverse("gain-restore", args=[old.pk]), sent)
        assert response.status_code == 409
        assert "Portalen har fundet den mulige gevinst igen" in words(response)

    def test_the_second_who_decides_is_led_to_the_first_decision(self, foi: Client, rows: dict[str, Any]):
        fields, url = self.new(foi, rows), reverse("gain-reject", args=[key(rows)])
        factories.client(FOI).post(url, {"reason": "Nej"})
        late = foi.post(reverse("gain-create"), fields)
        assert late.status_code == 422
        assert "allerede registreret eller afvist" in words(late)
        again = foi.post(url, {"reason": "Også nej"}, follow=True)
        assert "allerede registreret eller afvist" in words(again)
        assert Gain.objects.count() == 1

    @pytest.mark.parametrize(
        "name", ["nonsens", "direct_register-0-0", "hardly_used-0", "hardly_used-x", "-"]
    )
    def test_what_is_not_found_is_not_there(self, foi: Client, rows: dict[str, Any], name: str):
        for method in (foi.get, foi.post):
            assert method(reverse("gain-reject", args=[name])).status_code == 404

    def test_what_costs_can_be_rejected_whatever_the_limit(self, foi: Client, rows: dict[str, Any]):
        for _ in range(5):
            factories.dependency(target=rows["kitos"])
        name = f"hardly_used-{rows['kitos'].pk}"
        assert name not in keys()
        foi.post(reverse("gain-reject", args=[name]), {"reason": "Den bruges af os alle"})
        assert name not in keys(limit=100)
        assert Gain.objects.get().finding == name

    def test_only_editors_decide(self, rows: dict[str, Any]):
        client = factories.client(ADMINISTRATOR)
        url = reverse("gain-reject", args=[key(rows)])
        assert client.get(url).status_code == 403
        assert client.post(url, {"reason": "Nej"}).status_code == 403
        assert not Gain.objects.exists()


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_in_the_same_instant_one_decides():
    rows = landscape()
    clients, barrier = [factories.client(FOI) for _ in range(4)], Barrier(4)

    def reject(client: Client) -> int:
        try:
            barrier.wait()
            return client.post(reverse("gain-reject", args=[key(rows)]), {"reason": "Nej"}).status_code
        finally:
            close_old_connections()
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(reject, clients))
    assert answers == [302] * 4
    assert Gain.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_change_in_the_landscape_is_seen_at_once():
    """Outside a transaction what is found is kept, and only for as long as the landscape is the same."""
    rows = landscape()
    assert key(rows) in keys()
    assert key(rows) in keys()
    Dependency.objects.filter(pk=rows["direct"].pk).update(status="ended")
    assert key(rows) not in keys()
