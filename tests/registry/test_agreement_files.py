"""Agreements from files, their demonstration, and what a component needs told by files."""

from __future__ import annotations

import datetime
import uuid

import pytest
from django.urls import reverse

from registry.agreements import covering, demo, due
from registry.agreements.days import Standing, with_days
from registry.agreements.tables import AGREEMENT_COLUMNS
from registry.importing import Plan, SourceFile, apply_reading, make_plan, read_files
from registry.models import Agreement, Asset
from tests import factories
from tests.registry.importing import csv
from tests.registry.importing import demo as landscape

pytestmark = pytest.mark.django_db
TODAY = datetime.date(2026, 12, 1)
HEAD = "number,name,kind,status,environment,system_code,valid_from,valid_to,review_months,uuid\n"


def planned(*lines: str, head: str = HEAD) -> Plan:
    return make_plan(read_files([csv("agreements", head + "".join(f"{line}\n" for line in lines))]))


def faults(plan: Plan) -> list[tuple[str, str]]:
    return [(problem.column, problem.message) for problem in plan.problems]


def test_an_export_read_back_changes_nothing():
    used = factories.dependency()
    factories.agreement(
        name="=KY", number="SA-1", system_id=used.source_id, dependencies=[used], purpose="En\nto",
        counterpart=factories.organisation(), unit=factories.organisation(), uuid=uuid.uuid4(),
        valid_to=TODAY, notice_months=3, url="https://example.org/1", case_number="1", note="Note",
    )  # fmt: skip
    factories.agreement(number="", status="requested", valid_from=None, environment="external_test")
    columns = "&".join(f"col={column.name}" for column in AGREEMENT_COLUMNS)
    for kind in ("csv", "xlsx"):
        response = factories.client().get(f"{reverse('agreement-list')}?_export={kind}&{columns}")
        plan = make_plan(read_files([SourceFile(f"aftaler.{kind}", response.getvalue())]))
        assert faults(plan) == []
        assert (plan.changes, plan.files[0].unchanged) == (0, 2)


def test_new_ones_are_made_and_old_ones_corrected():
    system = factories.system(code="KY")
    factories.agreement(number="SA-1", name="Gammelt navn")
    lines = (
        "SA-1,Nyt navn,service,active,production,,2024-01-01,,12,",
        "SA-2,Ny,sdn,aktiv,Produktion,ky,01-02-2026,,24,",
    )
    apply_reading(read_files([csv("agreements", HEAD + "\n".join(lines))]), actor=None, reason="Prøve")
    old, new = Agreement.objects.order_by("number")
    assert (old.name, new.name, new.kind, new.status) == ("Nyt navn", "Ny", "sdn", "active")
    assert (new.system, new.valid_from, new.review_months) == (system, datetime.date(2026, 2, 1), 24)


@pytest.mark.parametrize(
    ("line", "column", "message"),
    [
        ("SA-9,,service,requested,production,,,,12,", "name", "Skal udfyldes."),
        ("SA-9,A,service,active,production,,,,12,", "valid_from", "Skriv, hvornår aftalen gælder fra"),
        ("SA-9,A,service,terminated,production,,2024-01-01,,12,", "valid_to", "den opsagte aftale"),
        ("SA-9,A,service,requested,production,,01-01-1899,,12,", "valid_from", "Årstallet skal ligge mellem"),
        ("SA-9,A,service,active,production,,2024-02-01,2024-02-01,12,", "valid_to", "skal ligge efter"),
        ("SA-9,A,service,requested,production,,,,0,", "review_months", "mellem 1 og 60"),
        ("SA-9,A,service,requested,production,SP,,,12,", "system_code", "Koden er en komponent"),
        ("SA-9,A,service,requested,production,XX,,,12,", "system_code", "Koden kendes ikke"),
        ("SA-1,A,service,rejected,production,,2024-01-01,,12,", "status", "Næste skridt er «Opsagt»"),
        ("SA-2,A,service,active,production,,2024-01-01,,12,", "number", "Flere aftaler har det nummer"),
        (f"SA-9,A,service,requested,production,,,,12,{uuid.UUID(int=7)}", "uuid", "har allerede dette UUID"),
        ("SA-9,A,service,requested,production,,,,12,4f3d", "uuid", ""),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_at_its_column(line: str, column: str, message: str):
    factories.component(code="SP")
    factories.agreement(number="SA-1", uuid=uuid.UUID(int=7))
    for _ in range(2):
        factories.agreement(number="SA-2")
    ((found, told),) = faults(planned(line))
    assert found == column
    assert message in told


@pytest.mark.parametrize(
    ("cell", "needs"), [("ja", True), ("True", True), ("1", True), ("nej", False), ("", False)]
)
def test_whether_a_component_needs_an_agreement(cell: str, needs: bool):
    factories.component(code="SP", needs_agreement=not needs)
    apply_reading(
        read_files([csv("components", f"code,needs_agreement\nSP,{cell}\n")]), actor=None, reason=""
    )
    assert Asset.objects.get().needs_agreement is needs


def test_what_is_neither_yes_nor_no():
    factories.component(code="SP")
    plan = make_plan(read_files([csv("components", "code,needs_agreement\nSP,måske\n")]))
    assert faults(plan) == [("needs_agreement", "Skriv ja eller nej.")]


class TestDemonstration:
    @pytest.fixture
    def loaded(self) -> int:
        apply_reading(read_files(landscape()), actor=None, reason="")
        return demo.load(on=TODAY)

    def test_something_of_everything_whenever_it_is_loaded(self, loaded: int):
        assert loaded >= 25
        rows = with_days(Agreement.objects.all(), TODAY)
        assert {row.standing for row in rows} == set(Standing.values)
        last = TODAY + datetime.timedelta(days=90)
        for source in (due.ends, due.notices, due.reviews):
            left = [found.days_left(TODAY) for found in source(TODAY, last)]
            assert min(left) < 0 < max(left), source
        assert covering.lacking(TODAY).exists()
        assert Agreement.objects.filter(legal_basis="").exists()

    def test_twice_changes_nothing_and_edits_stay(self, loaded: int):
        Agreement.objects.filter(number="SA-2026-001").update(name="Rettet")
        Asset.objects.filter(code="SF1520").update(needs_agreement=False)
        assert demo.load(on=TODAY + datetime.timedelta(days=7)) == 0
        assert Agreement.objects.count() == loaded
        assert Agreement.objects.filter(name="Rettet").exists()
        assert not Asset.objects.get(code="SF1520").needs_agreement
