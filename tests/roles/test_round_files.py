"""Confirmation rounds as a workbook, and in the administration, where they are only read."""

from __future__ import annotations

import csv
import io
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from registry.models import System
from roles.models import ConfirmationRound, RoundAsset
from roles.tables.confirmation import EXPORTED
from tests import factories
from tests.registry.pages import words

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()


@pytest.fixture
def made() -> ConfirmationRound:
    """KY is answered with something a spreadsheet would calculate, KP waits for Lone, KSD has nobody."""
    found = factories.confirmation_round(title="Efterår", chosen_by="Alle fagsystemer")
    sundhed = factories.organisation(code="SUN", name="Sundhed", kind="forvaltning")
    for code in ("KY", "KP", "KSD"):
        RoundAsset.objects.create(
            round=found, asset=factories.system(code=code, name=f"System {code}", department=sundhed)
        )
    by = factories.user(username="karin")
    RoundAsset.objects.filter(asset__code="KY").update(
        answered_at=timezone.now(), answered_by=by, comment='=HYPERLINK("x")'
    )
    System.objects.filter(code="KY").update(confirmed_on=TODAY, confirmed_by=by)
    lone = factories.person(name="Lone Friis", email="lone@example.org")
    factories.assignment(
        person=lone,
        role=factories.role(code="SYSTEMANSV", name="Systemansvarlig"),
        asset=System.objects.get(code="KP"),
    )
    return found


def workbook(client: Client, address: str) -> list[tuple[Any, ...]]:
    answer: Any = client.get(address)
    assert answer.status_code == 200
    assert ".xlsx" in answer["Content-Disposition"]
    book = openpyxl.load_workbook(io.BytesIO(answer.getvalue()))
    assert len(book.sheetnames) == 1
    return [tuple(cell.value for cell in row) for row in book.active.rows]


class TestWorkbook:
    def test_of_a_round_has_the_rows_of_its_csv(self, made: ConfirmationRound):
        client = factories.client("Læser")
        heads, *rows = workbook(client, f"{made.get_absolute_url()}?_export=xlsx")
        assert heads == EXPORTED
        text = client.get(f"{made.get_absolute_url()}?_export=csv").getvalue().decode("utf-8-sig")
        assert [row[0] for row in rows] == [row["code"] for row in csv.DictReader(io.StringIO(text))]
        by_code = {row[0]: dict(zip(EXPORTED, row, strict=True)) for row in rows}
        assert {code: row["state"] for code, row in by_code.items()} == {
            "KY": "answered",
            "KP": "waiting",
            "KSD": "nobody",
        }
        ky, kp = by_code["KY"], by_code["KP"]
        assert (ky["answered_by"], ky["last_confirmed_on"]) == ("karin", str(TODAY))
        assert str(ky["answered_at"]).startswith(str(TODAY))
        assert ky["comment"] == '\'=HYPERLINK("x")', "text, never a formula"
        assert (kp["department"], kp["responsible"], kp["email"]) == (
            "Sundhed",
            "Lone Friis",
            "lone@example.org",
        )

    @pytest.mark.parametrize(
        ("query", "codes"),
        [("svar=ja", {"KY"}), ("svar=nej", {"KP", "KSD"}), ("svar=ingen", {"KSD"}), ("q=ksd", {"KSD"})],
    )
    def test_of_a_round_has_just_what_is_shown(self, made: ConfirmationRound, query: str, codes: set[str]):
        rows = workbook(factories.client("Læser"), f"{made.get_absolute_url()}?{query}&_export=xlsx")
        assert {row[0] for row in rows[1:]} == codes

    def test_of_the_list_has_the_figures_as_numbers(self, made: ConfirmationRound):
        factories.confirmation_round(title="Fjernet", archived_at=timezone.now())
        address = f"{reverse('round-list')}?_export=xlsx&col=title&col=answered&col=missing&col=asked"
        assert workbook(factories.client("Læser"), address) == [
            ("title", "answered", "missing", "asked"),
            ("Efterår", 1, 2, 3),
        ]


class TestAdministration:
    @pytest.fixture
    def staff(self) -> Client:
        return factories.client(is_staff=True)

    def lists(self) -> dict[str, str]:
        return {
            "round": reverse("admin:roles_confirmationround_changelist"),
            "item": reverse("admin:roles_roundasset_changelist"),
        }

    def test_shows_rounds_and_what_they_ask_about(self, staff: Client, made: ConfirmationRound):
        item = RoundAsset.objects.get(asset__code="KY")
        pages = (
            (self.lists()["round"], "Efterår"),
            (f"{self.lists()['round']}?q=alle+fag", "Efterår"),
            (reverse("admin:roles_confirmationround_change", args=[made.pk]), "Alle fagsystemer"),
            (self.lists()["item"], "System KSD"),
            (f"{self.lists()['item']}?q=hyperlink", "System KY"),
            (f"{self.lists()['item']}?answered_at__isempty=0", "System KY"),
            (f"{self.lists()['item']}?round__id__exact={made.pk}", "System KP"),
            (reverse("admin:roles_roundasset_change", args=[item.pk]), "HYPERLINK"),
        )
        for address, part in pages:
            answer = staff.get(address)
            assert answer.status_code == 200, address
            assert part in words(answer), address
        assert "System KP" not in words(staff.get(f"{self.lists()['item']}?answered_at__isempty=0&q=kp"))
        assert made.get_absolute_url() in staff.get(pages[2][0]).content.decode()

    def test_changes_nothing(self, staff: Client, made: ConfirmationRound):
        item = RoundAsset.objects.get(asset__code="KP")
        for model, row in (("confirmationround", made), ("roundasset", item)):
            change = reverse(f"admin:roles_{model}_change", args=[row.pk])
            page = staff.get(change).content.decode()
            assert 'name="_save"' not in page
            for address in (change, reverse(f"admin:roles_{model}_add")):
                assert (
                    staff.post(address, {"title": "Nyt", "comment": "Nyt", "_save": "1"}).status_code == 403
                )
            deletion = change.replace("/change/", "/delete/")
            assert staff.post(deletion, {"post": "yes"}).status_code in (403, 404)
        made.refresh_from_db()
        item.refresh_from_db()
        assert (made.title, item.comment, RoundAsset.objects.count()) == ("Efterår", "", 3)

    def test_is_for_staff_only(self, made: ConfirmationRound):
        for address in self.lists().values():
            assert factories.client().get(address).status_code in (302, 403)

    def test_as_many_queries_for_many(self, staff: Client, made: ConfirmationRound):
        counts: dict[str, list[int]] = {}
        for more in (0, 40):
            for n in range(more):
                RoundAsset.objects.create(
                    round=factories.confirmation_round(), asset=factories.system(code=f"N{n}")
                )
            for name, address in self.lists().items():
                staff.get(address)
                with CaptureQueriesContext(connection) as captured:
                    assert staff.get(address).status_code == 200
                counts.setdefault(name, []).append(len(captured))
        assert {name: pair[0] - pair[1] for name, pair in counts.items()} == {"round": 0, "item": 0}, counts
