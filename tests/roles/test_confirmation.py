"""Confirming a system, and rounds that ask for it: what is signed is what was seen, and the figures are the lists."""

from __future__ import annotations

import csv
import datetime
import io
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from foi_portal.core.models import Change
from foi_portal.core.periods import months_before, months_since
from registry.models import Dependency, System
from roles import confirming, rounds
from roles.models import Absence, ConfirmationRound, Role, RoundAsset
from tests import factories
from tests.registry.pages import Page, opened, refused, words

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()
DAY = datetime.timedelta(days=1)
D = datetime.date


@pytest.fixture
def foi() -> Client:
    return factories.client()


@pytest.fixture
def lone() -> Client:
    client = factories.client("Systemansvarlig", first_name="Lone", last_name="Friis")
    factories.person(name="Lone Friis", email="lone@example.org", user=client.user)  # type: ignore[attr-defined]
    return client


@pytest.fixture
def responsible() -> Role:
    return factories.role(code="SYSTEMANSV", name="Systemansvarlig")


@pytest.fixture
def ky(lone: Client, responsible: Role) -> System:
    """Lone's system, which leans on two components; one of them no longer."""
    made = factories.system(code="KY", name="KY")
    factories.assignment(person=lone.user.person, role=responsible, asset=made)  # type: ignore[attr-defined]
    factories.dependency(source=made, target=factories.component(code="SP", name="SP"))
    factories.dependency(source=made, target=factories.component(code="OLD"), status="ended")
    return made


def address(system: System) -> str:
    return reverse("asset-confirm", args=[system.code])


def asked(*systems: System, **values: Any) -> ConfirmationRound:
    made = factories.confirmation_round(**values)
    RoundAsset.objects.bulk_create(RoundAsset(round=made, asset=system) for system in systems)
    return made


class TestTwelveMonths:
    @pytest.mark.parametrize(
        ("on", "months", "then"),
        [
            (D(2028, 2, 29), 12, D(2027, 2, 28)),
            (D(2029, 2, 28), 12, D(2028, 2, 28)),
            (D(2029, 3, 1), 12, D(2028, 3, 1)),
            (D(2026, 3, 31), 1, D(2026, 2, 28)),
            (D(2026, 1, 15), 13, D(2024, 12, 15)),
            (D(2026, 12, 31), 0, D(2026, 12, 31)),
        ],
    )
    def test_months_before(self, on: D, months: int, then: D):
        assert months_before(on, months) == then

    @pytest.mark.parametrize(
        ("day", "on", "months"),
        [
            (D(2025, 11, 24), D(2026, 11, 24), 12),
            (D(2025, 11, 25), D(2026, 11, 24), 11),
            (D(2024, 2, 29), D(2025, 2, 28), 11),
            (D(2026, 11, 24), D(2026, 11, 1), 0),
            (D(2026, 3, 31), D(2026, 4, 30), 0),
            (D(2026, 3, 31), D(2026, 5, 1), 1),
        ],
    )
    def test_months_since(self, day: D, on: D, months: int):
        assert months_since(day, on) == months

    @pytest.mark.parametrize(
        ("confirmed", "on", "old"),
        [
            (D(2025, 11, 24), D(2026, 11, 24), False),
            (D(2025, 11, 24), D(2026, 11, 25), True),
            (D(2028, 2, 29), D(2029, 2, 28), False),
            (D(2028, 2, 29), D(2029, 3, 1), True),
            (D(2027, 2, 28), D(2028, 2, 29), False),
            (D(2027, 2, 28), D(2028, 3, 1), True),
            (None, D(2026, 11, 24), True),
        ],
    )
    def test_the_page_and_the_list_agree(self, confirmed: D | None, on: D, old: bool):
        factories.system(confirmed_on=confirmed, confirmed_by=factories.user() if confirmed else None)
        assert confirming.is_old(confirmed, on) is old
        assert System.objects.unconfirmed(on).exists() is old

    def test_the_list_and_the_panel_say_so(self, foi: Client):
        by = factories.user(first_name="Lone", last_name="Friis")
        old = months_before(TODAY, 14)
        factories.system(code="GAMMEL", confirmed_on=old, confirmed_by=by)
        factories.system(code="NY", confirmed_on=TODAY, confirmed_by=by)
        factories.system(code="ALDRIG")
        listed = foi.get("/fagsystemer/?unconfirmed=1&_export=csv&col=code&col=confirmed_on")
        rows = list(csv.DictReader(io.StringIO(listed.getvalue().decode("utf-8-sig"))))
        assert {(row["code"], row["confirmed_on"]) for row in rows} == {("GAMMEL", str(old)), ("ALDRIG", "")}
        assert "af Lone Friis for 14 mdr. siden" in words(foi.get("/fagsystemer/GAMMEL/"))
        assert "Aldrig bekræftet" in words(foi.get("/fagsystemer/ALDRIG/"))
        fresh = words(foi.get("/fagsystemer/NY/"))
        assert "af Lone Friis" in fresh
        assert "mdr. siden" not in fresh


class TestConfirming:
    def test_one_click_signs_facts_and_dependencies_and_answers_the_rounds(self, lone: Client, ky: System):
        first, other = asked(ky), asked(ky)
        closed = asked(ky, closed_on=TODAY)
        fields = opened(lone, address(ky))
        response = lone.post(address(ky), fields | {"comment": "Ny leverandør\nfra maj"}, follow=True)
        assert "KY er bekræftet" in words(response)
        ky.refresh_from_db()
        assert (ky.confirmed_on, ky.confirmed_by) == (TODAY, lone.user)  # type: ignore[attr-defined]
        verified = dict(Dependency.objects.values_list("target__code", "verified_on"))
        assert verified == {"SP": TODAY, "OLD": None}
        answers = dict(RoundAsset.objects.values_list("round", "comment"))
        assert answers == {
            first.pk: "Ny leverandør fra maj",
            other.pk: "Ny leverandør fra maj",
            closed.pk: "",
        }
        written = Change.objects.filter(reason__endswith="Ny leverandør fra maj")
        assert written.values("change_set").distinct().count() == 1
        assert written.count() == 4  # the system, its one ongoing dependency, two answers

    @pytest.mark.parametrize("what", ["fact", "dependency", "new", "gone"])
    def test_what_somebody_changed_meanwhile_is_not_signed(self, lone: Client, ky: System, what: str):
        item = asked(ky).items.get()
        fields = opened(lone, address(ky))
        row = Dependency.objects.filter(target__code="SP")
        if what == "fact":
            System.objects.filter(pk=ky.pk).update(description="Rettet imens")
        elif what == "dependency":
            row.update(purpose="Rettet imens")
        elif what == "new":
            factories.dependency(source=ky, purpose="Rettet imens")
        else:
            row.update(until=TODAY)
        response = refused(
            lone, address(ky), fields | {"comment": "Husk mig"}, "Nogen har rettet KY", status=409
        )
        page = words(response)
        assert ("Rettet imens" in page) is (what != "gone")
        assert "Husk mig" in page
        item.refresh_from_db()
        assert item.answered_at is None
        assert lone.post(address(ky), opened(lone, address(ky))).status_code == 302

    def test_whoever_edits_meanwhile_meets_the_conflict_page(self, lone: Client, foi: Client, ky: System):
        url = reverse("system-update", args=["KY"])
        fields = opened(foi, url)
        lone.post(address(ky), opened(lone, address(ky)))
        assert foi.post(url, fields | {"description": "Min"}).status_code == 409

    def test_only_who_may_edit_it(self, lone: Client, foi: Client, ky: System):
        other = factories.system(code="KP")
        assert lone.get(address(other)).status_code == lone.post(address(other)).status_code == 403
        reader = factories.client("Læser")
        fields = opened(foi, address(ky))
        assert reader.get(address(ky)).status_code == reader.post(address(ky), fields).status_code == 403
        assert address(ky) not in reader.get(ky.get_absolute_url()).content.decode()
        assert address(ky) in lone.get(ky.get_absolute_url()).content.decode()
        assert not System.objects.exclude(confirmed_on=None).exists()
        assert foi.post(address(ky), fields).status_code == 302

    def test_an_archived_one_is_refused(self, foi: Client, ky: System):
        fields = opened(foi, address(ky))
        System.objects.filter(pk=ky.pk).update(archived_at=timezone.now(), archive_reason="Væk")
        refused(foi, address(ky), fields, "er arkiveret og kan ikke bekræftes", status=409)
        assert "er arkiveret" in words(foi.get(address(ky)))

    def test_too_long_a_comment_is_kept_and_told(self, lone: Client, ky: System):
        fields = opened(lone, address(ky))
        answer = refused(lone, address(ky), fields | {"comment": "å" * 401}, "Bemærkning")
        assert "å" * 401 in answer.content.decode()

    def test_the_next_one_is_offered(self, lone: Client, responsible: Role, ky: System):
        kp = factories.system(code="KP", name="KP")
        factories.assignment(person=lone.user.person, role=responsible, asset=kp)  # type: ignore[attr-defined]
        asked(ky, kp, factories.system())
        page = lone.post(address(ky), opened(lone, address(ky)), follow=True).content.decode()
        assert f'href="{address(kp)}"' in page
        assert "Den næste er" not in words(lone.post(address(kp), opened(lone, address(kp)), follow=True))


def chosen(client: Client, **fields: str) -> dict[str, str]:
    """What the preview's form holds for a choice of systems."""
    response = client.post(reverse("round-create"), fields | {"step": "vis"})
    assert response.status_code == 200, words(response)
    found: dict[str, str] = Page(response).edit["fields"]
    return found | {"step": "start"}


class TestStarting:
    def test_an_empty_list_offers_what_can_be_done(self, foi: Client):
        """A round is started, never imported; organisations are imported too."""
        assert "importér et regneark" not in words(foi.get(reverse("round-list")))
        assert "importér et regneark" in words(foi.get(reverse("organisation-list")))

    def test_by_filter_with_a_preview_and_a_list_that_is_frozen(self, foi: Client):
        sundhed = factories.organisation(code="SUN", name="Sundhed", kind="forvaltning")
        wanted = [factories.system(department=sundhed, criticality=4) for _ in range(2)]
        factories.system(department=sundhed, criticality=4, lifecycle="retired")
        factories.system(department=sundhed, criticality=1)
        factories.system(criticality=4)
        fields = chosen(foi, department="SUN", criticality="4")
        response = foi.post(
            reverse("round-create"), fields | {"title": "Forår", "message": "Husk\r\nalt"}, follow=True
        )
        made = ConfirmationRound.objects.get()
        assert (made.title, made.message, made.started_by) == ("Forår", "Husk\nalt", foi.user)  # type: ignore[attr-defined]
        assert made.chosen_by == "Forvaltning: Sundhed; Kritikalitet: 4 Kritisk"
        factories.system(department=sundhed, criticality=4)  # too late
        assert set(made.items.values_list("asset", flat=True)) == {row.pk for row in wanted}
        assert "0 af 2 er bekræftet" in words(response)

    def test_by_codes_however_they_are_pasted(self, foi: Client):
        for code in ("A1", "B2", "C3", "D4"):
            factories.system(code=code)
        fields = chosen(foi, codes="a1; B2,\r\nC3\t a1")
        foi.post(reverse("round-create"), fields)
        made = ConfirmationRound.objects.get()
        assert set(made.items.values_list("asset__code", flat=True)) == {"A1", "B2", "C3"}
        assert "A1, B2, C3" in made.chosen_by

    @pytest.mark.parametrize(
        ("field", "value", "message"),
        [
            ("codes", "A1 FINDES-IKKE", "FINDES-IKKE"),
            ("criticality", "9", "Kritikalitet"),
            ("confirmed_before", "i går", "Skriv datoen"),
            ("q", "zzzz", "Ingen fagsystemer passer"),
            ("uses", "zzzz", "Ingen fagsystemer passer"),
        ],
    )
    def test_a_choice_that_means_nothing_asks_nobody(self, foi: Client, field: str, value: str, message: str):
        factories.system(code="A1")
        for step in ("vis", "start"):
            refused(foi, reverse("round-create"), {field: value, "step": step}, message)
        assert not ConfirmationRound.objects.exists()

    @pytest.mark.parametrize(("deadline", "status"), [(TODAY - DAY, 422), (TODAY, 422), (TODAY + DAY, 302)])
    def test_the_deadline_lies_ahead(self, foi: Client, deadline: D, status: int):
        factories.system()
        fields = chosen(foi) | {"deadline": f"{deadline:%d-%m-%Y}", "message": "Behold mig"}
        response = foi.post(reverse("round-create"), fields)
        assert response.status_code == status
        assert ConfirmationRound.objects.count() == (status == 302)
        if status == 422:
            assert "Fristen skal ligge efter i dag" in words(response)
            assert "Behold mig" in response.content.decode()

    def test_a_list_that_changed_since_the_preview_is_shown_again(self, foi: Client):
        factories.system()
        fields = chosen(foi)
        factories.system(name="Kommet til")
        refused(foi, reverse("round-create"), fields, "Listen er ændret", "Kommet til", status=409)
        assert not ConfirmationRound.objects.exists()

    def test_not_confirmed_since_a_day(self, foi: Client):
        by = factories.user()
        for code, day in (("A", D(2026, 1, 1)), ("B", D(2026, 1, 2)), ("C", None)):
            factories.system(code=code, confirmed_on=day, confirmed_by=by if day else None)
        foi.post(reverse("round-create"), chosen(foi, confirmed_before="02-01-2026"))
        assert set(RoundAsset.objects.values_list("asset__code", flat=True)) == {"A", "C"}


class TestMany:
    @pytest.fixture(autouse=True)
    def _few_variables(self, db: None) -> Iterator[None]:
        """999 variables in a statement, the fewest that SQLite is built with."""
        if connection.vendor != "sqlite":
            yield
            return
        connection.ensure_connection()
        before = connection.connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 999)
        yield
        connection.connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, before)

    def test_2500_systems(self, foi: Client):
        System.objects.bulk_create(System(code=f"S{n}", name=f"System {n}") for n in range(2_500))
        codes = " ".join(f"S{n}" for n in range(2_500))
        assert foi.post(reverse("round-create"), chosen(foi, codes=codes)).status_code == 302
        made = ConfirmationRound.objects.get()
        assert made.items.count() == 2_500
        page = foi.get(made.get_absolute_url())
        assert len(page.content) < 300_000
        assert "2.500 fagsystemer har hverken" in words(page)


class TestProgress:
    @pytest.fixture
    def made(self, foi: Client, lone: Client, responsible: Role, ky: System) -> ConfirmationRound:
        """Six systems: two answered (one of them archived since), one with Lone, two with nobody, one archived."""
        sundhed = factories.organisation(code="SUN", name="Sundhed", kind="forvaltning")
        System.objects.filter(pk=ky.pk).update(department=sundhed)
        systems = [factories.system(code=code, department=sundhed) for code in ("A", "B", "C")]
        systems += [factories.system(code=code) for code in ("D", "E")]
        made = asked(ky, *systems)
        for code in ("A", "D"):
            system = System.objects.get(code=code)
            seen = confirming.sheet(system, TODAY).digest
            confirming.confirm(system=system, actor=foi.user, on=TODAY, seen=seen)  # type: ignore[attr-defined]
        System.objects.filter(code__in=("D", "E")).update(archived_at=timezone.now(), archive_reason="Væk")
        return made

    def listed(self, client: Client, made: ConfirmationRound, query: str = "") -> list[dict[str, str]]:
        export = client.get(f"{made.get_absolute_url()}?{query}&_export=csv").getvalue().decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(export)))

    def test_the_figures_are_the_lists(self, foi: Client, made: ConfirmationRound):
        whole, parts = rounds.progress(rounds.items_of(made, TODAY))
        assert (whole.asked, whole.answered, whole.waiting, whole.nobody, whole.archived) == (5, 2, 1, 2, 1)
        assert whole.percent == 40
        for query, count in (
            ("svar=ja", whole.answered),
            ("svar=nej", whole.missing),
            ("svar=ingen", whole.nobody),
        ):
            assert len(self.listed(foi, made, query)) == count, query
        for part in parts:
            where = f"department={part.code or '-'}"
            for query, count in (
                ("svar=ja", part.answered),
                ("svar=nej", part.missing),
                ("svar=ingen", part.nobody),
            ):
                assert len(self.listed(foi, made, f"{query}&{where}")) == count, (query, part)
        assert {part.name: (part.answered, part.asked) for part in parts} == {
            "Sundhed": (1, 4),
            "Uden forvaltning": (1, 1),
        }
        row = rounds.with_counts(ConfirmationRound.objects.all()).get()
        assert (row.asked, row.answered, row.missing) == (whole.asked, whole.answered, whole.missing)  # type: ignore[attr-defined]
        page = words(foi.get(made.get_absolute_url()))
        assert "2 af 5 er bekræftet (40 %)" in page
        assert "2 fagsystemer har hverken" in page

    def test_who_is_to_be_asked(self, foi: Client, made: ConfirmationRound, responsible: Role, ky: System):
        def row() -> tuple[str, str, str]:
            found = next(row for row in self.listed(foi, made) if row["code"] == "KY")
            return found["state"], found["responsible"], found["email"]

        assert row() == ("waiting", "Lone Friis", "lone@example.org")
        deputy = factories.person(name="Bo", email="bo@example.org")
        factories.assignment(person=deputy, role=responsible, asset=ky, part="deputy")
        assert row() == ("waiting", "Lone Friis", "lone@example.org")
        Absence.objects.create(person=ky.role_assignments.get(part="holder").person, since=TODAY)
        assert row() == ("waiting", "Lone Friis; Bo", "bo@example.org")
        page = foi.get(made.get_absolute_url())
        assert "bo@example.org</textarea>" in page.content.decode()
        ky.role_assignments.update(until=TODAY)
        assert row() == ("nobody", "", "")

    def test_the_first_are_those_that_nobody_answers_for(self, foi: Client, made: ConfirmationRound):
        assert [row["state"] for row in self.listed(foi, made)] == [
            *("nobody", "nobody", "waiting", "archived", "answered", "answered")
        ]

    def test_an_odd_filter_is_no_error(self, foi: Client, made: ConfirmationRound):
        for query in (
            "svar=x",
            "department=ZZ",
            "sort=people",
            "page=-1",
            "note=nej",
            "q=%00",
            "sort=-state",
        ):
            assert foi.get(f"{made.get_absolute_url()}?{query}").status_code == 200, query


class TestEditingAndClosing:
    def test_a_round_that_was_changed_meanwhile(self, foi: Client):
        made = asked(factories.system())
        url = reverse("round-update", args=[made.pk])
        fields = opened(foi, url)
        ConfirmationRound.objects.filter(pk=made.pk).update(title="Fra en anden")
        response = foi.post(url, fields | {"title": "Fra mig"})
        assert response.status_code == 409
        assert "Fra en anden" in words(response)
        closing = {"version": fields["version"]}
        assert foi.post(reverse("round-close", args=[made.pk]), closing).status_code == 409

    def test_a_deadline_that_is_over_may_stand_but_not_be_chosen(self, foi: Client):
        made = asked(factories.system(), deadline=TODAY - 3 * DAY)
        url = reverse("round-update", args=[made.pk])
        assert foi.post(url, opened(foi, url) | {"title": "Ny titel"}).status_code == 302
        late = {"deadline": f"{TODAY - DAY:%d-%m-%Y}"}
        assert "Fristen skal ligge efter i dag" in words(foi.post(url, opened(foi, url) | late))

    def test_a_closed_one_asks_nobody_and_stays_as_it_is(self, foi: Client, lone: Client, ky: System):
        made = asked(ky)
        assert confirming.open_items([ky.pk]).exists()
        url = reverse("round-close", args=[made.pk])
        assert foi.post(url, {"version": "1", "reason": "Nok"}).status_code == 302
        assert foi.post(url, {"version": "2"}).status_code == 409
        assert not confirming.open_items([ky.pk]).exists()
        lone.post(address(ky), opened(lone, address(ky)))
        assert made.items.get().answered_at is None
        assert "kan ikke rettes" in words(foi.get(reverse("round-update", args=[made.pk]), follow=True))
        foi.post(reverse("round-update", args=[made.pk]), {"version": "2", "title": "Nej"})
        made.refresh_from_db()
        assert made.title != "Nej"
