"""The check as a job: safe to run twice, two at once and again after it was killed; owners, due dates, acceptance."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.core.cache import cache
from django.db import OperationalError, connection
from django.test.utils import CaptureQueriesContext

from coordination.hygiene import checking, running
from coordination.hygiene.base import Found, Kind
from coordination.hygiene.checking import Checked, check
from coordination.models import Caretaker, Finding
from coordination.models.finding import FindingQuerySet
from foi_portal.core import history, jobs
from foi_portal.core.models import Change, ScheduledJob
from registry.deadlines import Act
from registry.models import System
from roles.models import Assignment, Person, Role
from tests import factories
from tests.core.test_two_connections import together

pytestmark = pytest.mark.django_db

NIGHT = datetime.datetime(2027, 3, 1, 4, 30, tzinfo=datetime.UTC)
DAY = datetime.date(2027, 3, 1)


def night(number: int) -> datetime.datetime:
    """So many nights after the first."""
    return NIGHT + datetime.timedelta(days=number)


class Nameless(Kind):
    """A kind of the tests' own: systems whose description is empty."""

    kind = "nameless"
    label = "Uden beskrivelse"
    why = advice = "Skriv en."
    due_days = 10

    def broken(self, on: datetime.date) -> Iterator[Found]:
        for pk, name in System.objects.filter(description="").order_by("pk").values_list("pk", "name"):
            yield Found(str(pk), f"{name} mangler beskrivelse.", asset=pk)

    def acts(self, finding: Finding) -> Sequence[Act]:
        return []


def look(number: int = 0) -> Checked:
    return check(now=night(number), kinds=[Nameless()])


def state() -> list[Any]:
    return [list(Finding.objects.order_by("pk").values()), Change.objects.count()]


def test_it_says_what_it_did():
    systems = [factories.system() for _ in range(3)]
    assert str(look()) == "3 nye, 0 bragt i orden, 3 åbne"
    System.objects.filter(pk=systems[0].pk).update(description="x")
    System.objects.filter(pk=systems[1].pk).update(name="Nyt navn")
    assert look(1) == Checked(opened=0, closed=1, changed=1, open=2)
    row = Finding.objects.get(asset=systems[1])
    assert (row.text, row.due_on) == ("Nyt navn mangler beskrivelse.", datetime.date(2027, 3, 11))
    assert row.found_at == NIGHT


def test_again_it_does_nothing_and_leaves_no_trace():
    for _ in range(3):
        factories.system()
    look()
    before = state()
    for number in range(1, 3):
        assert look(number) == Checked(open=3)
    assert state() == before


def test_what_comes_back_is_a_new_finding_and_the_old_stays():
    system = factories.system(name="KY")
    look()
    Finding.objects.update(
        accepted_until=DAY + datetime.timedelta(days=99),
        accepted_reason="Aftalt",
        accepted_by=factories.user(),
    )
    System.objects.update(description="x")
    look(1)
    System.objects.update(description="")
    look(2)
    first, second = Finding.objects.filter(asset=system).order_by("pk")
    assert (first.closed_at, first.accepted_reason) == (night(1), "Aftalt")
    assert (second.closed_at, second.accepted_until, second.due_on) == (
        None,
        None,
        datetime.date(2027, 3, 13),
    )


def test_each_run_is_one_act_of_the_system_in_the_history():
    systems = [factories.system() for _ in range(2)]
    look()
    changes = Change.objects.filter(table="coordination_finding")
    assert changes.filter(kind="system", reason=checking.REASON, actor=None).count() == changes.count() == 2
    assert changes.values("change_set").distinct().count() == 1
    System.objects.filter(pk=systems[0].pk).update(description="x")
    look(1)
    row = Finding.objects.get(asset=systems[0])
    assert [change.operation for change in history.changes_of(row)] == ["update", "insert"]


def test_a_kind_that_is_no_more_closes_its_findings():
    factories.system()
    look()
    check(now=night(1), kinds=[])
    assert Finding.objects.open().count() == 0


def test_a_long_text_is_cut():
    factories.system(name="x" * 200)

    class Wordy(Nameless):
        def broken(self, on: datetime.date) -> Iterator[Found]:
            for one in super().broken(on):
                yield Found(one.key, one.text * 9, asset=one.asset)

    check(now=NIGHT, kinds=[Wordy()])
    assert len(Finding.objects.get().text) == 500
    assert check(now=night(1), kinds=[Wordy()]).changed == 0


def test_the_danish_day_counts():
    factories.system()
    late = datetime.datetime(2027, 3, 1, 23, 30, tzinfo=datetime.UTC)  # half past midnight in Denmark
    check(now=late, kinds=[Nameless()])
    assert Finding.objects.get().due_on == datetime.date(2027, 3, 12)


class TestAcceptance:
    def test_it_rests_until_the_day_and_is_open_again_by_itself(self):
        factories.system()
        look()
        until = DAY + datetime.timedelta(days=5)
        Finding.objects.update(accepted_until=until, accepted_reason="Aftalt", accepted_by=factories.user())
        look(1)
        row = Finding.objects.get()
        before, after = until - datetime.timedelta(days=1), until + datetime.timedelta(days=30)
        assert [row.state_on(day) for day in (before, until)] == ["accepted", "open"]
        assert [row.is_overdue(day) for day in (before, until, after)] == [False, False, True]
        for day in (before, until, after):
            assert vars(Finding.objects.with_state(day).get())["state"] == row.state_on(day)
            assert Finding.objects.waiting(day).count() == (day >= until)
            assert Finding.objects.accepted(day).count() == (day < until)
            assert Finding.objects.overdue(day).count() == row.is_overdue(day)


class TestOwner:
    @pytest.fixture
    def system(self) -> System:
        return factories.system()

    @pytest.fixture
    def holder(self, system: System) -> Person:
        person = factories.person()
        role = factories.role(code="SYSTEMANSV")
        factories.assignment(role=role, asset=system, person=person)
        return person

    def owner(self) -> Person | None:
        return Finding.objects.open().get().owner

    def test_is_who_answers_for_the_system_today(self, system: System, holder: Person):
        look()
        assert self.owner() == holder
        other = factories.person()
        Assignment.objects.update(until=DAY)
        factories.assignment(role=Role.objects.get(), asset=system, person=other, since=DAY)
        look(1)
        assert self.owner() == other

    def test_is_foi_when_there_is_nobody(self, system: System):
        look()
        assert self.owner() is None

    def test_who_was_chosen_stays(self, system: System, holder: Person):
        look()
        chosen = factories.person()
        Finding.objects.update(owner=chosen, owner_chosen=True)
        assert look(1).changed == 0
        assert self.owner() == chosen

    def test_who_was_chosen_and_left_gives_way(self, system: System, holder: Person):
        look()
        chosen = factories.person(active_to=DAY + datetime.timedelta(days=2))
        Finding.objects.update(owner=chosen, owner_chosen=True)
        look(1)
        assert self.owner() == chosen
        look(2)
        row = Finding.objects.get()
        assert (row.owner, row.owner_chosen) == (holder, False)

    def test_who_was_chosen_and_merged_is_who_they_are(self, system: System, holder: Person):
        look()
        double, real = factories.person(), factories.person()
        Finding.objects.update(owner=double, owner_chosen=True)
        Person.objects.filter(pk=double.pk).update(
            merged_into=real, archived_at=NIGHT, archive_reason="Dobbelt"
        )
        look(1)
        row = Finding.objects.get()
        assert (row.owner, row.owner_chosen) == (real, True)

    def test_the_caretaker_goes_first(self, system: System, holder: Person):
        keeper = factories.person()
        agreement = factories.agreement(system=system)
        Caretaker.objects.create(agreement=agreement, person=keeper)
        check(now=NIGHT)
        assert Finding.objects.get(kind="agreement_without_legal_basis").owner == keeper


def _stop(*args: Any, **kwargs: Any) -> None:
    raise SystemExit


class TestKilled:
    def test_in_the_middle_of_writing_it_has_done_nothing(self, monkeypatch: pytest.MonkeyPatch):
        system = factories.system()
        look()
        factories.system()
        System.objects.filter(pk=system.pk).update(name="Nyt navn")
        before = state()
        with monkeypatch.context() as patch:
            patch.setattr(FindingQuerySet, "bulk_update", _stop)
            with pytest.raises(SystemExit):
                look(1)
        assert state() == before
        assert look(1) == Checked(opened=1, changed=1, open=2)


@pytest.mark.django_db(transaction=True)
class TestTwoAtOnce:
    def test_a_finding_is_open_once(self):
        for _ in range(20):
            factories.system()
        for number in range(3):
            done = together(*[lambda number=number: look(number)] * 3)
            assert sum(one.opened for one in done) == (20 if number == 0 else 0)
            assert Finding.objects.count() == 20
            assert {one.open for one in done if not one.busy} == {20}

    @pytest.mark.postgres
    def test_the_constraint_holds_even_without_turns(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(checking, "_is_our_turn", lambda: True)
        for _ in range(50):
            factories.system()
        together(*[look] * 4)
        assert Finding.objects.count() == 50
        System.objects.update(description="x")
        together(*[lambda: look(1)] * 4)
        assert Finding.objects.filter(closed_at=night(1), version=2).count() == 50

    @pytest.mark.postgres
    def test_a_backend_that_dies_in_the_middle_leaves_nothing(self, monkeypatch: pytest.MonkeyPatch):
        system = factories.system()
        look()
        factories.system()
        System.objects.filter(pk=system.pk).update(name="Nyt navn")
        before = state()

        def die(*args: Any, **kwargs: Any) -> None:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

        with monkeypatch.context() as patch:
            patch.setattr(FindingQuerySet, "bulk_update", die)
            with pytest.raises(OperationalError):
                look(1)
        connection.close()
        assert state() == before
        assert look(1) == Checked(opened=1, changed=1, open=2)


class TestJob:
    def test_it_is_registered_for_the_danish_night(self):
        job = next(job for job in jobs.registered() if job.name == running.JOB)
        assert str(job.schedule) == "Hver dag kl. 5.30"
        for summer, hour in ((datetime.date(2027, 1, 9), 4), (datetime.date(2027, 7, 9), 3)):
            at = datetime.datetime.combine(summer, datetime.time(0), datetime.UTC)
            assert job.schedule.next_after(at).hour == hour

    def test_its_row_tells_how_it_went(self):
        factories.system()
        jobs.make_due(NIGHT)
        done = jobs.run(running.JOB, NIGHT)
        assert done is not None
        assert (done.error, done.summary) == ("", "2 nye, 0 bragt i orden, 2 åbne")
        assert cache.get(running.PROGRESS) is None

    def test_a_run_that_was_cut_off_is_made_up_for(self):
        factories.system()
        jobs.make_due(NIGHT)
        given_up = NIGHT + jobs.LIMIT
        ScheduledJob.objects.filter(name=running.JOB).update(started_at=NIGHT, due_at=given_up)
        assert jobs.run(running.JOB, NIGHT) is None
        assert jobs.run(running.JOB, given_up) is not None
        assert Finding.objects.count() == 2

    def test_it_shows_how_far_it_is(self):
        shown: list[tuple[str, int, int]] = []
        check(now=NIGHT, kinds=[Nameless()], show=lambda *step: shown.append(step))
        assert shown == [("Uden beskrivelse", 0, 2), ("Gemmer", 1, 2)]


def test_it_reads_with_the_same_number_of_queries_for_many_rows():
    """Writing is in batches, whose size is the database's."""

    def counted(number: int) -> int:
        with CaptureQueriesContext(connection) as queries:
            check(now=night(number))
        return sum(query["sql"].startswith("SELECT") for query in queries.captured_queries)

    def grow(count: int) -> None:
        for _ in range(count):
            system = factories.system()
            factories.agreement(system=system)
            factories.dependency(source=system, target=factories.component(lifecycle="retired"))

    grow(3)
    counted(0)
    grow(3)
    few = counted(1)
    grow(60)
    assert counted(2) == few
    System.objects.update(name="Nyt navn")
    assert counted(3) == few <= 35
