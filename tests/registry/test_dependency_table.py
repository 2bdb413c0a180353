"""What one asset depends on, edited as a table: many rows in one go, all or nothing, without script too."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.db import IntegrityError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from foi_portal.core.models import Change
from registry.models import Component, Dependency, DependencyStatus, System
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


DEFAULTS = {"direction": "reads", "importance": "degraded", "status": "active"}


def new(*rows: dict[str, str], **more: str) -> dict[str, str]:
    """The fields of new rows as the page sends them."""
    sent = {"new": str(len(rows)), **more}
    for index, row in enumerate(rows):
        values = DEFAULTS | row
        sent |= {f"n{index}-{name}": value for name, value in values.items()}
    return sent


class TestAdding:
    def test_five_in_one_go_are_one_change_set(self, foi: Client, url: str):
        factories.system(code="KY")
        codes = ("SF1520", "sts", "KLE · KLE", "MitID", "KY")
        response = foi.post(
            url, new(*({"target": c, "purpose": "Til noget"} for c in codes), reason="Nyt"), follow=True
        )
        assert "Cura: 5 tilføjet." in words(response)
        assert sorted(d.target.code for d in Dependency.objects.all()) == [
            "KLE",
            "KY",
            "MITID",
            "SF1520",
            "STS",
        ]
        changes = Change.objects.filter(table="registry_dependency")
        assert len(set(changes.values_list("change_set", "reason"))) == 1

    def test_what_is_archived_is_shown_and_not_written(self, foi: Client, url: str):
        foi.post(url, new({"target": "SF1520", "purpose": "Til noget"}))
        System.objects.filter(code="CURA").update(archived_at=timezone.now(), archive_reason="Udfaset")
        page = foi.get(url)
        assert "Udfaset" in words(page)
        assert "Til noget" in words(page)
        assert 'href="/fagsystemer/CURA/gendan/"' in page.content.decode()
        assert 'method="post" novalidate' not in page.content.decode()
        refused(foi, url, new({"target": "STS"}), "Cura er arkiveret. Gendan det først.", status=409)
        row = Dependency.objects.get()
        edited = {f"d{row.pk}-version": "1", f"d{row.pk}-purpose": "Andet", **new()}
        refused(foi, url, edited, "Cura er arkiveret. Gendan det først.", status=409)

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

    @pytest.mark.parametrize("count", ["", "x", "-1", "²", "\x00"])
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


class TestNothingTypedIsLost:
    """Whatever is wrong with one row, what stands in the others comes through to the save."""

    @pytest.mark.parametrize("place", [0, 1, 2])
    def test_a_row_below_empty_ones_is_saved_once_it_is_right(self, foi: Client, url: str, place: int):
        fields = opened(foi, url) | {f"n{place}-target": "STS", f"n{place}-since": "forleden"}
        kept = opened_from(refused(foi, url, fields, "Ny række 1, siden: Skriv datoen"))
        row = next(name.removesuffix("-target") for name, value in kept.items() if value == "STS")
        assert int(kept["new"]) > int(row[1:]), "the next row that is added would get the same number"
        assert foi.post(url, kept | {f"{row}-since": "2024"}).status_code == 302
        assert str(Dependency.objects.get().since) == "2024-01-01"

    def test_rows_with_gaps_between_them_keep_their_order(self, foi: Client, url: str):
        rows: Any = ({}, {"target": "KLE", "purpose": "Et"}, {}, {"target": "FORKERT"}, {"target": "MITID"})
        kept = opened_from(refused(foi, url, new(*rows), "«FORKERT» findes ikke"))
        assert [kept[f"n{i}-target"] for i in range(3)] == ["KLE", "FORKERT", "MITID"]
        assert kept["n0-purpose"] == "Et"

    @pytest.mark.parametrize("row", [{"since": "2024"}, {"until": "2024"}, {"purpose": "Opslag"}])
    def test_a_row_with_something_in_it_is_not_empty(self, foi: Client, url: str, row: dict[str, str]):
        refused(foi, url, new({"target": "STS"}, row), "Ny række 2, hvad bruges: Dette felt er påkrævet")

    @pytest.mark.parametrize("count", ["", "x", "0", "1", "²"])
    def test_rows_are_read_although_they_are_counted_wrong(self, foi: Client, url: str, count: str):
        foi.post(url, new({"target": "STS"}, {"target": "KLE"}) | {"new": count})
        assert Dependency.objects.count() == 2

    def test_an_edit_of_a_row_archived_meanwhile_is_mentioned_when_another_is_wrong(
        self, foi: Client, url: str
    ):
        row = factories.dependency(source=System.objects.get(code="CURA"))
        fields = opened(foi, url) | {f"d{row.pk}-purpose": "Mit", "n0-target": "FORKERT"}
        Dependency.objects.filter(pk=row.pk).update(archived_at=timezone.now())
        refused(foi, url, fields, "er arkiveret imens. Dine rettelser i den er ikke gemt.")


class TestTooMany:
    @pytest.fixture
    def codes(self) -> list[str]:
        Component.objects.bulk_create(
            Component(code=f"M{i}", name=f"Mange {i}", level="own", component_type="service")
            for i in range(250)
        )
        return [f"M{i}" for i in range(250)]

    def test_more_rows_than_can_be_saved_are_refused_and_kept(self, foi: Client, url: str, codes: list[str]):
        rows = new(*({"target": code} for code in codes[:203]))
        kept = opened_from(refused(foi, url, rows, "højst 200 nye rækker", "Tøm mindst 3 af dem"))
        assert [kept[f"n{i}-target"] for i in range(203)] == codes[:203]
        emptied = kept | {f"n{i}-target": "" for i in (0, 100, 202)}
        assert foi.post(url, emptied).status_code == 302
        assert Dependency.objects.count() == 200

    @pytest.mark.parametrize("count", ["201", "10000", "9" * 11, "9" * 99])
    def test_a_count_above_the_limit_is_refused(self, foi: Client, url: str, count: str):
        kept = opened_from(refused(foi, url, new({"target": "STS"}) | {"new": count}, "højst 200 nye rækker"))
        assert (kept["new"], kept["n0-target"]) == ("1", "STS")
        assert foi.post(url, kept).status_code == 302

    def test_codes_that_there_is_no_room_for_are_counted(self, foi: Client, url: str, codes: list[str]):
        response = foi.get(url, {"koder": " ".join(codes)})
        assert "50 af 250 koder er ikke kommet med" in words(response)
        assert "«M200»" in words(response)
        fields = opened_from(response)
        assert fields["new"] == "200"
        assert foi.post(url, fields).status_code == 302
        assert Dependency.objects.count() == 200

    @pytest.mark.parametrize("count", [199, 200])
    def test_the_page_never_has_more_rows_than_it_takes(
        self, foi: Client, url: str, codes: list[str], count: int
    ):
        response = foi.get(url, {"koder": " ".join(codes[:count])})
        assert opened_from(response)["new"] == "200"
        assert "ikke kommet med" not in words(response)


class TestOthersRows:
    """What somebody else wrote in a row that I have not touched is none of my business."""

    @pytest.fixture
    def row(self, url: str) -> Dependency:
        cura, sts = System.objects.get(code="CURA"), Component.objects.get(code="STS")
        return factories.dependency(source=cura, target=sts, purpose="Roller")

    def test_an_untouched_row_does_not_stand_in_the_way(self, foi: Client, url: str, row: Dependency):
        fields = opened(foi, url) | {"n0-target": "KLE"}
        Dependency.objects.filter(pk=row.pk).update(direction="writes")
        factories.dependency(source=row.source, target=row.target, direction="reads")
        assert "1 tilføjet" in words(foi.post(url, fields, follow=True))
        row.refresh_from_db()
        assert (row.direction, row.version) == ("writes", 2)

    def test_the_error_page_shows_it_as_it_is_now_with_the_rows_added_since(
        self, foi: Client, url: str, row: Dependency
    ):
        fields = opened(foi, url) | {"n0-target": "FORKERT"}
        Dependency.objects.filter(pk=row.pk).update(purpose="Deres")
        added = factories.dependency(source=row.source, purpose="Tilføjet")
        kept = opened_from(refused(foi, url, fields, "«FORKERT» findes ikke"))
        assert (kept[f"d{row.pk}-purpose"], kept[f"d{added.pk}-purpose"]) == ("Deres", "Tilføjet")
        assert foi.post(url, kept | {"n0-target": "KLE"}).status_code == 302
        row.refresh_from_db()
        assert (row.purpose, row.version) == ("Deres", 2)

    @pytest.mark.parametrize("version", ["01", " 1", "1 ", "x", "", "999"])
    def test_a_version_is_read_in_one_way(self, foi: Client, url: str, row: Dependency, version: str):
        """Either the edit is saved or it is a conflict; it is never let go with a good word."""
        fields = opened(foi, url) | {f"d{row.pk}-version": version, f"d{row.pk}-purpose": "Mit"}
        response = foi.post(url, fields)
        row.refresh_from_db()
        assert (response.status_code, row.purpose) in ((302, "Mit"), (409, "Roller"))

    def test_one_that_is_archived_cannot_be_added_again(self, foi: Client, url: str, row: Dependency):
        Dependency.objects.filter(pk=row.pk).update(archived_at=timezone.now())
        refused(foi, url, new({"target": "STS"}), "findes allerede, men er arkiveret. Gendan den i stedet.")

    def test_a_row_takes_the_place_that_another_leaves(self, foi: Client, url: str, row: Dependency):
        fields = opened(foi, url) | {f"d{row.pk}-direction": "writes", "n0-target": "STS"}
        assert foi.post(url, fields).status_code == 302
        assert set(Dependency.objects.values_list("direction", flat=True)) == {"reads", "writes"}

    def test_a_row_cannot_take_the_place_of_one_that_stays(self, foi: Client, url: str, row: Dependency):
        other = factories.dependency(source=row.source, target=row.target, direction="writes")
        fields = opened(foi, url) | {f"d{other.pk}-direction": "reads"}
        refused(foi, url, fields, "Afhængigheden findes allerede med samme dataretning")

    def test_the_databases_word_is_the_last(
        self, foi: Client, url: str, row: Dependency, monkeypatch: pytest.MonkeyPatch
    ):
        """Another page wrote the same after the rows were judged: all that was typed is on the page."""

        def too_late(*args: Any, **kwargs: Any) -> None:
            raise IntegrityError

        fields = opened(foi, url) | {f"d{row.pk}-purpose": "Mit", "n1-target": "KLE"}
        monkeypatch.setattr("django.db.models.query.QuerySet.bulk_create", too_late)
        kept = opened_from(refused(foi, url, fields, "Gem igen", status=409))
        assert (kept[f"d{row.pk}-purpose"], kept["n0-target"], kept["new"]) == ("Mit", "KLE", "1")


class TestQueries:
    """A post asks the database as often for sixty rows as for three."""

    def post(self, client: Client, url: str, data: dict[str, str], status: int) -> int:
        with CaptureQueriesContext(connection) as asked:
            response = client.post(url, data)
        assert response.status_code == status, words(response)
        return len(asked)

    def make(self, count: int) -> None:
        source = System.objects.get(code="CURA")
        start = Dependency.objects.filter(target__code__startswith="Q").count()
        for i in range(start, count):
            target = factories.component(code=f"Q{i}")
            Dependency.objects.create(source=source, target=target, purpose="Før")

    def test_saving_what_nobody_touched(self, foi: Client, url: str):
        counts = []
        for size in (3, 60):
            self.make(size)
            counts.append(self.post(foi, url, opened(foi, url), 302))
        assert counts[0] == counts[1] <= 20

    def test_editing_and_adding(self, foi: Client, url: str):
        counts = []
        for size in (3, 50):  # SQLite takes 999 values in one statement
            self.make(size)
            fields = opened(foi, url)
            fields |= {name: f"Nyt {size}" for name in fields if name.startswith("d") and "purpose" in name}
            for i in range(size):
                factories.component(code=f"NY{size}-{i}", name=f"Navn {size}-{i}")
                fields |= {f"n{i}-target": f"Navn {size}-{i}" if i % 2 else f"NY{size}-{i}"}
                fields |= {f"n{i}-{k}": v for k, v in DEFAULTS.items()}
            counts.append(self.post(foi, url, fields | {"new": str(size)}, 302))
            assert Dependency.objects.filter(purpose=f"Nyt {size}").count() == size
            Dependency.objects.filter(target__code__startswith="NY").update(archived_at=timezone.now())
        assert counts[0] == counts[1] <= 30

    def test_errors_in_every_row(self, foi: Client, url: str):
        counts = []
        for size in (3, 60):
            self.make(size)
            fields = opened(foi, url)
            fields |= {name: "snart" for name in fields if name.startswith("d") and "since" in name}
            for i in range(size):
                fields |= {f"n{i}-target": f"FORKERT{i}"} | {f"n{i}-{k}": v for k, v in DEFAULTS.items()}
            counts.append(self.post(foi, url, fields | {"new": str(size)}, 422))
        assert counts[0] == counts[1] <= 30

    def test_rows_that_others_have_changed(self, foi: Client, url: str):
        counts = []
        for size in (3, 60):
            self.make(size)
            fields = opened(foi, url)
            Dependency.objects.update(purpose=f"Deres {size}")
            counts.append(self.post(foi, url, fields, 302))
        assert counts[0] == counts[1] <= 20


class TestTargets:
    def test_wrong_codes_are_answered_with_the_nearest(self, foi: Client, url: str):
        factories.component(code="SF1530", name="Ydelsesindeks", archived_at=timezone.now())
        for typed, meant in (
            ("SF1502", "SF1520"),
            ("KEL", "KLE"),
            ("mit-id", "MITID"),
            ("Støttesystemer", "STS"),
            ("CPR opslaget", "SF1520"),
            ("STTS", "STS"),
        ):
            refused(foi, url, new({"target": typed}), f"«{typed}» findes ikke. Mente du {meant}")

    def test_only_the_first_wrong_codes_are_looked_into(self, foi: Client, url: str):
        page = words(
            refused(
                foi,
                url,
                new(*({"target": "STTS"} for _ in range(2)), *({"target": f"STS{i}"} for i in range(9))),
            )
        )
        assert page.count("findes ikke") >= 11
        assert "«STS8» findes ikke." in page
        assert "«STS8» findes ikke. Mente" not in page

    def test_what_is_archived_cannot_be_chosen(self, foi: Client, url: str):
        Component.objects.filter(code="STS").update(archived_at=timezone.now())
        for typed in ("STS", "støttesystemerne"):
            refused(
                foi,
                url,
                new({"target": typed}),
                "Støttesystemerne er arkiveret. Gendan den først, eller vælg en anden.",
            )

    def test_of_two_with_the_same_name_the_one_in_use_is_meant(self, foi: Client, url: str):
        factories.component(code="GAMMEL", name="KLE", archived_at=timezone.now())
        Component.objects.filter(code="KLE").update(code="NYKLE")
        foi.post(url, new({"target": "kle"}))
        assert Dependency.objects.get().target.code == "NYKLE"


class OwnSystem:
    """An auth backend that gives the right to change the system CURA, and nothing else, to everybody."""

    def authenticate(self, request: Any, **credentials: Any) -> None:
        return None

    def has_perm(self, user: Any, perm: str, obj: Any = None) -> bool:
        return perm == "registry.change_system" and getattr(obj, "code", "") == "CURA"


class TestRights:
    @pytest.fixture
    def responsible(self, settings: Any) -> Client:
        client = factories.client("Systemansvarlig")
        settings.AUTHENTICATION_BACKENDS = [
            *settings.AUTHENTICATION_BACKENDS,
            f"{__name__}.OwnSystem",
        ]
        return client

    @pytest.fixture
    def mine(self, url: str) -> Dependency:
        return factories.dependency(source=System.objects.get(code="CURA"), purpose="Før")

    @pytest.fixture
    def others(self) -> Dependency:
        return factories.dependency(source=factories.system(code="KY"), purpose="Før")

    def test_who_may_change_the_system_may_edit_its_table(
        self, responsible: Client, url: str, mine: Dependency
    ):
        fields = opened(responsible, url) | {f"d{mine.pk}-purpose": "Mit", "n0-target": "KLE"}
        assert "1 tilføjet, 1 rettet" in words(responsible.post(url, fields, follow=True))

    def test_and_each_of_its_dependencies(self, responsible: Client, url: str, mine: Dependency):
        for verb, more in (
            ("update", {"purpose": "Mit"}),
            ("archive", {"reason": "Væk"}),
            ("restore", {}),
        ):
            page = reverse(f"dependency-{verb}", args=[mine.pk])
            assert responsible.post(page, opened(responsible, page) | more).status_code == 302
        create = f"{reverse('dependency-create')}?source=CURA"
        fields = opened(responsible, create) | {"target": "KLE"}
        assert responsible.post(reverse("dependency-create"), fields).status_code == 302
        detail = responsible.get(mine.get_absolute_url())
        assert reverse("dependency-update", args=[mine.pk]) in detail.content.decode()

    def test_but_not_those_of_other_systems(
        self, responsible: Client, url: str, mine: Dependency, others: Dependency
    ):
        table = reverse("system-dependencies", args=["KY"])
        assert '<form method="post" novalidate' not in responsible.get(table).content.decode()
        before = everything()
        assert responsible.post(table, new({"target": "KLE"})).status_code == 403
        for verb in ("update", "archive", "restore"):
            page = reverse(f"dependency-{verb}", args=[others.pk])
            assert responsible.get(page).status_code == 403
            assert responsible.post(page, {"version": "1", "reason": "Væk"}).status_code == 403
        create = reverse("dependency-create")
        data = {"target": "KLE", **DEFAULTS}
        for source in ("KY", "", "\x00", "FINDESIKKE"):
            assert responsible.post(create, data | {"source": source}).status_code == 403
            assert responsible.get(create, {"source": source}).status_code == 403
        assert responsible.get(create).status_code == 403
        detail = responsible.get(others.get_absolute_url())
        assert reverse("dependency-update", args=[others.pk]) not in detail.content.decode()
        assert everything() == before

    def test_nor_may_one_be_moved_to_another_system(
        self, responsible: Client, url: str, mine: Dependency, others: Dependency
    ):
        before = everything()
        page = reverse("dependency-update", args=[mine.pk])
        assert responsible.post(page, opened(responsible, page) | {"source": "KY"}).status_code == 403
        create = f"{reverse('dependency-create')}?source=CURA"
        assert responsible.post(create, {"source": "KY", "target": "KLE", **DEFAULTS}).status_code == 403
        assert everything() == before

    def test_rights_on_dependencies_alone_are_enough(self, url: str, mine: Dependency):
        client = factories.client("Læser")
        codenames = ("add_dependency", "change_dependency")
        client.user.user_permissions.set(Permission.objects.filter(codename__in=codenames))  # type: ignore[attr-defined]
        assert client.post(url, opened(client, url) | {"n0-target": "KLE"}).status_code == 302
        page = reverse("dependency-update", args=[mine.pk])
        assert client.post(page, opened(client, page) | {"purpose": "Mit"}).status_code == 302
