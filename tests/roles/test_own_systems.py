"""Who is responsible for a system edits it: today, nothing else, and not a day longer (DESIGN §5)."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from foi_portal.core.models import User
from registry.models import Asset, Dependency, System
from roles import responsible as module
from roles.models import Absence, Person, Role
from tests import factories
from tests.registry.pages import opened

pytestmark = pytest.mark.django_db

TODAY = timezone.localdate()
TOMORROW = TODAY + datetime.timedelta(days=1)
YESTERDAY = TODAY - datetime.timedelta(days=1)


@pytest.fixture
def lone() -> Client:
    """Lone, who may read everything and whose person is known."""
    client = factories.client("Systemansvarlig")
    factories.person(name="Lone", user=client.user)  # type: ignore[attr-defined]
    return client


@pytest.fixture
def responsible() -> Role:
    return factories.role(code="SYSTEMANSV", name="Systemansvarlig")


@pytest.fixture
def ky() -> System:
    return factories.system(code="KY", name="KY")


@pytest.fixture
def kp() -> System:
    return factories.system(code="KP", name="KP")


def person_of(client: Client) -> Person:
    return Person.objects.get(user=client.user)  # type: ignore[attr-defined]


def user_of(client: Client) -> User:
    """As a new request has it: nothing is remembered."""
    return User.objects.get(pk=client.user.pk)  # type: ignore[attr-defined]


def may_edit(client: Client, obj: Any) -> bool:
    return user_of(client).has_perm("registry.change_system", obj)


def edit(client: Client, system: System, **more: str) -> int:
    """The status of saving the system's form, as it is seen and with what is typed."""
    url = reverse("system-update", args=[system.code])
    fields = opened(client, url) if client.get(url).status_code == 200 else {"version": str(system.version)}
    status: int = client.post(url, fields | {"name": "Rettet"} | more).status_code
    return status


class TestTheDay:
    def test_lone_edits_ky_today_but_not_tomorrow_and_never_kp(
        self, lone: Client, responsible: Role, ky: System, kp: System, monkeypatch: pytest.MonkeyPatch
    ):
        factories.assignment(person=person_of(lone), role=responsible, asset=ky, until=TOMORROW)
        assert edit(lone, ky) == 302
        assert edit(lone, kp) == 403
        monkeypatch.setattr(timezone, "localdate", lambda *args: TOMORROW)
        ky.refresh_from_db()
        assert edit(lone, ky, name="For sent") == 403
        assert set(System.objects.values_list("name", flat=True)) == {"Rettet", "KP"}

    @pytest.mark.parametrize(
        ("since", "until", "allowed"),
        [
            (TODAY, None, True),
            (TOMORROW, None, False),
            (YESTERDAY, TODAY, False),
            (YESTERDAY, TOMORROW, True),
        ],
    )
    def test_the_period_decides(
        self, lone: Client, responsible: Role, ky: System, since: Any, until: Any, allowed: bool
    ):
        factories.assignment(person=person_of(lone), role=responsible, asset=ky, since=since, until=until)
        assert may_edit(lone, ky) is allowed
        assert may_edit(lone, Asset.objects.get(code="KY")) is allowed

    @pytest.mark.parametrize(
        ("until", "now", "allowed"),
        [
            ("2027-01-01", "2026-12-31T22:59:59Z", True),
            ("2027-01-01", "2026-12-31T23:00:00Z", False),
            ("2027-07-01", "2027-06-30T21:59:59Z", True),
            ("2027-07-01", "2027-06-30T22:00:00Z", False),
        ],
    )
    def test_the_day_ends_at_midnight_in_odense(
        self,
        lone: Client,
        responsible: Role,
        ky: System,
        monkeypatch: pytest.MonkeyPatch,
        until: str,
        now: str,
        allowed: bool,
    ):
        factories.assignment(
            person=person_of(lone), role=responsible, asset=ky, until=datetime.date.fromisoformat(until)
        )
        monkeypatch.setattr(timezone, "now", lambda: datetime.datetime.fromisoformat(now))
        assert may_edit(lone, ky) is allowed
        mine = module.mine(user_of(lone), timezone.localdate())
        assert bool(mine) is allowed

    @pytest.mark.parametrize(
        "change",
        [
            {"active_to": TODAY},
            {"active_from": TOMORROW},
            {"user": None},
            {"user": None, "archived_at": timezone.now()},
        ],
    )
    def test_who_does_not_work_here_today_has_no_right(
        self, lone: Client, responsible: Role, ky: System, change: dict[str, Any]
    ):
        factories.assignment(person=person_of(lone), role=responsible, asset=ky)
        assert may_edit(lone, ky)
        Person.objects.filter(name="Lone").update(**change)
        assert not may_edit(lone, ky)

    def test_an_archived_assignment_or_system_gives_none(self, lone: Client, responsible: Role, ky: System):
        seat = factories.assignment(person=person_of(lone), role=responsible, asset=ky)
        System.objects.filter(pk=ky.pk).update(archived_at=timezone.now(), archive_reason="Væk")
        ky.refresh_from_db()
        assert not may_edit(lone, ky)
        System.objects.filter(pk=ky.pk).update(archived_at=None, archive_reason="")
        ky.refresh_from_db()
        assert may_edit(lone, ky)
        type(seat).objects.filter(pk=seat.pk).update(archived_at=timezone.now())
        assert not may_edit(lone, ky)

    def test_only_two_roles_and_only_for_systems(self, lone: Client, responsible: Role, ky: System):
        sts = factories.component(code="STS")
        factories.assignment(person=person_of(lone), role=responsible, asset=sts)
        factories.assignment(person=person_of(lone), role=responsible)  # the whole municipality
        factories.assignment(person=person_of(lone), role=factories.role(code="SUPERBRUGER"), asset=ky)
        assert not may_edit(lone, ky)
        assert not may_edit(lone, sts)
        assert not user_of(lone).has_perm("registry.change_component", sts)
        factories.assignment(person=person_of(lone), role=factories.role(code="SYSTEMKONTAKT"), asset=ky)
        assert may_edit(lone, ky)


class TestDeputies:
    def away(self, person: Person, until: Any = None) -> None:
        Absence.objects.create(person=person, since=YESTERDAY, until=until)

    def test_stand_in_while_every_holder_is_away(self, lone: Client, responsible: Role, ky: System):
        holders = [factories.assignment(role=responsible, asset=ky).person for _ in range(2)]
        factories.assignment(person=person_of(lone), role=responsible, asset=ky, part="deputy")
        assert not may_edit(lone, ky)
        self.away(holders[0])
        assert not may_edit(lone, ky), "the other is here"
        self.away(holders[1], until=TOMORROW)
        assert may_edit(lone, ky)
        Absence.objects.filter(person=holders[1]).update(until=TODAY)
        assert not may_edit(lone, ky), "back today"

    def test_or_when_nobody_holds_the_seat(self, lone: Client, responsible: Role, ky: System, kp: System):
        factories.assignment(person=person_of(lone), role=responsible, asset=ky, part="deputy")
        gone = factories.person(active_to=TODAY)
        factories.assignment(person=gone, role=responsible, asset=ky)
        factories.assignment(role=responsible, asset=kp)
        factories.assignment(role=factories.role(code="SYSTEMKONTAKT"), asset=ky)  # another seat
        assert may_edit(lone, ky)
        assert not may_edit(lone, kp)

    def test_whom_an_absence_refers_to_has_no_right(self, lone: Client, responsible: Role, ky: System):
        holder = factories.assignment(role=responsible, asset=ky).person
        Absence.objects.create(person=holder, since=YESTERDAY, stand_in=person_of(lone))
        assert not may_edit(lone, ky)


class TestHowFar:
    @pytest.fixture
    def own(self, lone: Client, responsible: Role, ky: System) -> System:
        factories.assignment(person=person_of(lone), role=responsible, asset=ky)
        return ky

    def test_neither_the_code_nor_archiving(self, lone: Client, own: System):
        assert edit(lone, own, code="NYT") == 302
        own.refresh_from_db()
        assert (own.code, own.name) == ("KY", "Rettet")
        for verb in ("archive", "restore"):
            url = reverse(f"system-{verb}", args=["KY"])
            assert lone.get(url).status_code == 403
            answer = lone.post(url, {"version": str(own.version), "reason": "Væk"})
            assert answer.status_code == 403
        page = lone.get(own.get_absolute_url()).content.decode()
        assert reverse("system-update", args=["KY"]) in page
        assert reverse("system-dependencies", args=["KY"]) in page
        assert reverse("system-archive", args=["KY"]) not in page

    def test_an_old_form_meets_the_conflict_page(self, lone: Client, own: System):
        url = reverse("system-update", args=["KY"])
        fields = opened(lone, url)
        System.objects.filter(pk=own.pk).update(name="Deres")
        answer = lone.post(url, fields | {"name": "Mit", "code": "NYT"})
        assert answer.status_code == 409
        assert "Deres" in answer.content.decode()

    def test_its_dependencies_and_alternatives_but_nobody_elses(self, lone: Client, own: System, kp: System):
        sts = factories.component(code="STS")
        mine, others = (
            factories.dependency(source=own),
            factories.dependency(source=kp, target=sts),
        )
        for system, expected in ((own, 302), (kp, 403)):
            table = reverse("system-dependencies", args=[system.code])
            row = {"new": "1", "n0-target": "STS", "n0-direction": "auth", "n0-importance": "minor"}
            assert lone.post(table, row | {"n0-status": "active"}).status_code == expected
            create = {"source": system.code, "target": "STS", "direction": "writes", "importance": "minor"}
            answer = lone.post(reverse("dependency-create"), create | {"status": "active"})
            assert answer.status_code == expected
        group = {"name": "Opslag", "needed": "1", "seen": ""}
        url = reverse("system-alternatives", args=["KP"])
        assert lone.post(url, group | {"members": [str(others.pk)]}).status_code == 403
        assert lone.post(reverse("system-alternatives", args=["KY"]), group).status_code == 422
        moved = opened(lone, reverse("dependency-update", args=[mine.pk])) | {"source": "KP"}
        assert lone.post(reverse("dependency-update", args=[mine.pk]), moved).status_code == 403
        assert lone.get(reverse("dependency-update", args=[others.pk])).status_code == 403
        assert list(Dependency.objects.filter(source=kp)) == [others]
        assert Dependency.objects.filter(source=own).count() == 3

    def test_no_row_of_another_system_in_bulk_and_no_undoing(self, lone: Client, own: System, kp: System):
        for url in (reverse("system-bulk"), reverse("dependency-bulk")):
            assert lone.get(url).status_code == 403
        assert lone.post(reverse("system-bulk"), {"pk": [own.pk, kp.pk]}).status_code == 403
        assert lone.post(reverse("component-bulk"), {"pk": [own.pk]}).status_code == 403
        assert 'name="pk"' not in lone.get(reverse("system-list")).content.decode()
        assert edit(lone, own) == 302
        history = lone.get(reverse("system-history", args=["KY"]))
        assert "Fortryd" not in history.content.decode()

    def test_is_never_to_a_model_and_never_anothers(self, lone: Client, own: System, kp: System):
        user = user_of(lone)
        row = factories.dependency(source=own)
        for perm in ("registry.change_system", "registry.change_dependency", "registry.add_dependency"):
            assert not user.has_perm(perm), perm
        assert user.has_perm("registry.add_dependency", row)
        assert not user.has_perm("registry.change_dependency", factories.dependency(source=kp))
        for other in (kp, person_of(lone), user, System(), factories.component()):
            assert not user.has_perm("registry.change_system", other)
        assert not user.has_perm("registry.archive_system", own)
        user.is_active = False
        assert not user.has_perm("registry.change_system", own)
        assert User(is_superuser=True).has_perm("registry.change_system", kp)

    def test_two_queries_for_all_the_rows_of_a_request(self, lone: Client, responsible: Role, own: System):
        for _ in range(20):
            seat = factories.assignment(role=responsible, asset=factories.system())
            factories.assignment(person=person_of(lone), role=responsible, asset=seat.asset, part="deputy")
        user, systems = user_of(lone), list(System.objects.all())
        user.has_perm("registry.change_system")  # the model's own permissions are known from here
        with CaptureQueriesContext(connection) as captured:
            own_ones = [system for system in systems if user.has_perm("registry.change_system", system)]
        assert own_ones == [own]
        assert len(captured) <= 2
