"""What one asset depends on, edited as a table: many rows in one go, all or nothing, without script too."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from foi_portal.core.models import Change
from registry.models import Dependency, DependencyStatus, System
from tests import factories
from tests.registry.pages import Page, everything, opened, refused, words

pytestmark = pytest.mark.django_db


@pytest.fixture
def foi() -> Client:
    return factories.client("FOI")


@pytest.fixture
def url() -> str:
    factories.system(code="CURA", name="Cura")
    for code, name in (
        ("SF1520", "CPR-opslag"),
        ("STS", "Støttesystemerne"),
        ("KLE", "KLE"),
        ("MITID", "MitID"),
    ):
        factories.component(code=code, name=name)
    return reverse("system-dependencies", args=["CURA"])


def new(*rows: dict[str, str], **more: str) -> dict[str, str]:
    """The fields of new rows as the page sends them."""
    sent = {"new": str(len(rows)), **more}
    for index, row in enumerate(rows):
        values = {"direction": "reads", "importance": "degraded", "status": "active"} | row
        sent |= {f"n{index}-{name}": value for name, value in values.items()}
    return sent


class TestAdding:
    def test_five_in_one_go_are_one_change_set(self, foi: Client, url: str):
        factories.system(code="KY")
        codes = ("SF1520", "sts", "KLE · KLE", "MitID", "KY")
        response = foi.post(
            url, new(*({"target": c, "purpose": "Til noget"} for c in codes), reason="Nyt"), follow=True
        )
        assert "Cura: 5 tilføjet, 0 rettet." in words(response)
        assert sorted(d.target.code for d in Dependency.objects.all()) == [
            "KLE",
            "KY",
            "MITID",
            "SF1520",
            "STS",
        ]
        changes = Change.objects.filter(table="registry_dependency")
        assert len(set(changes.values_list("change_set", "reason"))) == 1

    def test_empty_rows_mean_nothing(self, foi: Client, url: str):
        response = foi.post(url, new({}, {"target": " "}, {}), follow=True)
        assert "Ingen ændringer at gemme." in words(response)
        assert not Dependency.objects.exists()

    def test_codes_pasted_in_the_address_become_rows(self, foi: Client, url: str):
        fields = opened(foi, f"{url}?koder=SF1520, sts;KLE")
        assert [fields[f"n{i}-target"] for i in range(3)] == ["SF1520", "sts", "KLE"]
        foi.post(url, fields)
        assert Dependency.objects.count() == 3

    @pytest.mark.parametrize(
        ("wanted", "rows"), [("20", 20), ("0", 0), ("999", 200), ("-1", 3), ("x", 3), ("²", 3), ("9" * 99, 3)]
    )
    def test_as_many_empty_rows_as_asked_for(self, foi: Client, url: str, wanted: str, rows: int):
        assert opened(foi, f"{url}?rows={wanted}")["new"] == str(rows)

    def test_a_component_has_a_table_too(self, foi: Client, url: str):
        url = reverse("component-dependencies", args=["STS"])
        assert foi.post(url, new({"target": "KLE"})).status_code == 302
        assert Dependency.objects.get().source.code == "STS"

    @pytest.mark.parametrize(
        ("row", "message"),
        [
            ({"target": "CURA"}, "Noget kan ikke afhænge af sig selv"),
            ({"target": "FINDESIKKE"}, "«FINDESIKKE» findes ikke"),
            ({"target": "", "purpose": "Uden mål"}, "Dette felt er påkrævet"),
            ({"target": "STS", "since": "2026", "until": "2025"}, "Slutdatoen skal ligge efter startdatoen"),
            ({"target": "STS", "since": "forleden"}, "Skriv datoen som dag, måned og år"),
            ({"target": "STS", "direction": "op"}, "Marker en gyldig valgmulighed"),
            ({"target": "STS", "importance": "7"}, "Marker en gyldig valgmulighed"),
            ({"target": "STS", "status": ""}, "Dette felt er påkrævet"),
            ({"target": "STS", "purpose": "å" * 10_000}, "må højst have 300 tegn"),
            ({"target": "STS", "purpose": "a\x00b"}, "Null-tegn er ikke tilladte"),
            ({"target": "\x00"}, "Null-tegn er ikke tilladte"),
        ],
    )
    def test_one_bad_row_and_nothing_is_saved(self, foi: Client, url: str, row: dict[str, str], message: str):
        factories.dependency(source=System.objects.get(code="CURA"))
        response = refused(foi, url, new({"target": "KLE", "purpose": "God"}, row), message, "Intet er gemt")
        fields = opened_from(response)
        assert (fields["n0-target"], fields["n0-purpose"]) == ("KLE", "God")
        if row["target"] != "\x00":
            assert fields["n1-target"] == row["target"]

    def test_the_same_twice_in_the_table(self, foi: Client, url: str):
        refused(foi, url, new({"target": "STS"}, {"target": "sts"}), "står to gange i tabellen")
        assert (
            foi.post(url, new({"target": "STS"}, {"target": "STS", "direction": "writes"})).status_code == 302
        )

    def test_one_that_is_there_already(self, foi: Client, url: str):
        foi.post(url, new({"target": "STS"}))
        refused(foi, url, new({"target": "STS"}), "Afhængigheden findes allerede med samme dataretning")

    @pytest.mark.parametrize("count", ["", "x", "-1", "²", "99999999999", "\x00"])
    def test_an_odd_number_of_rows(self, foi: Client, url: str, count: str):
        before = everything()
        assert (
            foi.post(url, {"new": count, f"d{'9' * 40}-version": "1", "d1-version": "x"}).status_code == 302
        )
        assert everything() == before


class TestEditing:
    @pytest.fixture
    def rows(self, foi: Client, url: str) -> list[Dependency]:
        foi.post(url, new({"target": "SF1520"}, {"target": "STS", "purpose": "Roller"}))
        return list(Dependency.objects.order_by("pk"))

    def test_rows_are_edited_ended_and_added_together(self, foi: Client, url: str, rows: list[Dependency]):
        fields = opened(foi, url) | {
            f"d{rows[0].pk}-importance": "critical",
            f"d{rows[1].pk}-status": "ended",
            f"d{rows[1].pk}-until": "31-12-2025",
            "n0-target": "KLE",
        }
        assert "1 tilføjet, 2 rettet" in words(foi.post(url, fields, follow=True))
        rows[1].refresh_from_db()
        assert (rows[1].status, str(rows[1].until)) == (DependencyStatus.ENDED, "2025-12-31")
        assert Dependency.objects.get(pk=rows[0].pk).importance == "critical"
        assert len(set(Change.objects.order_by("-id").values_list("change_set", flat=True)[:3])) == 1

    def test_untouched_rows_get_no_history(self, foi: Client, url: str, rows: list[Dependency]):
        foi.post(url, opened(foi, url) | {f"d{rows[0].pk}-purpose": "Nyt"})
        rows[1].refresh_from_db()
        assert rows[1].version == 1

    def test_a_row_of_another_asset_is_left_alone(self, foi: Client, url: str, rows: list[Dependency]):
        other = factories.dependency(purpose="Andres")
        foi.post(url, opened(foi, url) | {f"d{other.pk}-version": "1", f"d{other.pk}-purpose": "Mit"})
        other.refresh_from_db()
        assert other.purpose == "Andres"

    def test_a_bad_edit_saves_nothing_and_keeps_what_was_typed(
        self, foi: Client, url: str, rows: list[Dependency]
    ):
        fields = opened(foi, url) | {f"d{rows[0].pk}-since": "snart", f"d{rows[1].pk}-purpose": "Ny tekst"}
        response = refused(foi, url, fields, "CPR-opslag, siden: Skriv datoen", "Ret 1 række")
        kept = opened_from(response)
        assert (kept[f"d{rows[0].pk}-since"], kept[f"d{rows[1].pk}-purpose"]) == ("snart", "Ny tekst")

    def test_the_reader_sees_the_rows_and_no_form(self, url: str, rows: list[Dependency]):
        page = factories.client("Læser").get(url)
        assert "Roller" in words(page)
        assert f'name="d{rows[0].pk}-purpose"' not in page.content.decode()
        assert factories.client("Læser").post(url, new({"target": "KLE"})).status_code == 403


def opened_from(response: Any) -> dict[str, str]:

    return Page(response).edit["fields"]  # type: ignore[no-any-return]
