"""Scheduled jobs: run when due, once, made up for when missed, tried again when they fail."""

from __future__ import annotations

import datetime
import threading
from collections.abc import Callable
from datetime import time, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone

from foi_portal.core import jobs, tasks
from foi_portal.core.models import ScheduledJob
from foi_portal.core.schedules import COPENHAGEN, Daily, Every

pytestmark = pytest.mark.django_db


def danish(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=COPENHAGEN)


class Diary:
    """A job that remembers when it ran, and does what it is told besides."""

    def __init__(self) -> None:
        self.runs: list[datetime.datetime] = []
        self.act: Callable[[], str] = lambda: "gjort"

    def __call__(self, now: datetime.datetime) -> str:
        self.runs.append(now)
        return self.act()


@pytest.fixture
def diary(monkeypatch) -> Diary:
    """The only registered job: every day at 7."""
    made = Diary()
    monkeypatch.setattr(jobs, "_jobs", {})
    jobs.register("diary", Daily(time(7, 0)), made, label="Dagbog")
    return made


def row() -> ScheduledJob:
    return ScheduledJob.objects.get(name="diary")


def ran_at(diary: Diary, *moments: str) -> list[int]:
    """How often it had run in all after a look at each of the moments."""
    counts = []
    for moment in moments:
        jobs.run_due(danish(moment))
        counts.append(len(diary.runs))
    return counts


def begun(diary: Diary, moment: str) -> None:
    """The job has run at the moment, and goes by its schedule from then on."""
    jobs.run_due(danish(moment))
    diary.runs.clear()


class TestWhen:
    def test_a_new_job_runs_at_the_first_look(self, diary):
        assert ran_at(diary, "2026-11-23 10:00", "2026-11-23 10:01") == [1, 1]
        assert row().due_at == danish("2026-11-24 07:00")

    def test_it_runs_at_its_time_and_not_before(self, diary):
        begun(diary, "2026-11-23 10:00")
        assert ran_at(
            diary, "2026-11-24 06:59", "2026-11-24 07:00", "2026-11-24 07:00", "2026-11-24 23:59"
        ) == [
            0,
            1,
            1,
            1,
        ]

    def test_what_was_missed_is_made_up_for_once(self, diary):
        begun(diary, "2026-11-23 10:00")
        assert ran_at(diary, "2026-11-27 09:12", "2026-11-27 09:13") == [1, 1]
        assert row().due_at == danish("2026-11-28 07:00")

    @pytest.mark.parametrize("sunday", ["2026-03-29", "2026-10-25"])
    def test_once_a_day_over_the_weekends_when_the_clock_is_changed(self, diary, sunday):
        day = datetime.date.fromisoformat(sunday)
        begun(diary, f"{day - timedelta(days=2)} 12:00")
        moment, end = danish(f"{day - timedelta(days=2)} 12:00"), danish(f"{day + timedelta(days=1)} 12:00")
        moment, end = moment.astimezone(datetime.UTC), end.astimezone(datetime.UTC)
        while moment < end:
            jobs.run_due(moment)
            moment += timedelta(minutes=10)
        local = [f"{run.astimezone(COPENHAGEN):%a %H:%M}" for run in diary.runs]
        assert local == ["Sat 07:00", "Sun 07:00", "Mon 07:00"]

    def test_a_leap_day_is_a_day(self, diary):
        begun(diary, "2028-02-28 07:00")
        assert ran_at(diary, "2028-02-29 07:00", "2028-03-01 07:00", "2028-03-01 07:30") == [1, 2, 2]

    def test_a_schedule_that_is_another_in_the_code_counts_at_once(self, diary):
        begun(diary, "2026-11-23 10:00")
        jobs.register("diary", Daily(time(6, 30)), diary, label="Dagbog")
        assert ran_at(diary, "2026-11-24 06:29", "2026-11-24 06:30") == [0, 1]

    def test_but_does_not_make_an_overdue_run_be_forgotten(self, diary):
        begun(diary, "2026-11-23 10:00")
        jobs.register("diary", Daily(time(6, 30)), diary, label="Dagbog")
        assert ran_at(diary, "2026-11-24 07:30") == [1]

    def test_a_job_that_is_gone_from_the_code_is_left_alone(self, diary):
        ScheduledJob.objects.create(name="gone", schedule="Hver dag", due_at=danish("2026-01-01 07:00"))
        assert [run.job.name for run in jobs.run_due(danish("2026-11-23 07:00"))] == ["diary"]


class TestHow:
    def test_the_row_tells_how_it_went(self, diary):
        now = timezone.now()
        jobs.run_due(now)
        told = row()
        assert (told.last_run_at, told.last_success_at, told.summary) == (now, now, "gjort")
        assert told.last_duration is not None
        assert told.last_duration < timedelta(seconds=5)
        assert (told.started_at, told.failures, told.error) == (None, 0, "")

    def test_one_that_fails_says_so_and_is_tried_again_soon(self, diary):
        begun(diary, "2026-11-23 10:00")

        def fail() -> str:
            raise RuntimeError("intet net")

        diary.act = fail
        first = danish("2026-11-24 07:00")
        (run,) = jobs.run_due(first)
        told = row()
        assert "intet net" in run.error
        assert told.error == "Kørslen fejlede. Den prøves igen af sig selv."
        assert "intet net" in told.error_detail
        assert told.last_success_at == danish("2026-11-23 10:00")
        assert timedelta(seconds=20) < told.due_at - first < timedelta(seconds=40)
        jobs.run_due(told.due_at)
        assert row().failures == 2
        diary.act = lambda: "nu gik det"
        jobs.run_due(row().due_at)
        told = row()
        assert (told.failures, told.error, told.error_detail, told.summary) == (0, "", "", "nu gik det")
        assert told.due_at == danish("2026-11-25 07:00")

    def test_one_that_fails_is_not_put_off_beyond_its_next_time(self, diary):
        jobs.register("diary", Every(15), diary, label="Dagbog")

        def fail() -> str:
            raise RuntimeError

        diary.act = fail
        now = danish("2026-11-23 10:00:01")
        jobs.run_due(now)
        assert row().due_at == danish("2026-11-23 10:00:15")

    def test_the_others_run_though_one_fails(self, diary):
        def fail(now: datetime.datetime) -> str:
            raise RuntimeError

        jobs.register("broken", Every(15), fail, label="Går i stykker")
        errors = {run.job.name: bool(run.error) for run in jobs.run_due(timezone.now())}
        assert errors == {"diary": False, "broken": True}

    def test_one_that_dies_is_run_again_when_it_has_been_silent_for_too_long(self, diary):
        begun(diary, "2026-11-23 10:00")

        def die() -> str:
            raise SystemExit

        diary.act = die
        start = danish("2026-11-24 07:00")
        with pytest.raises(SystemExit):
            jobs.run("diary", start)
        assert row().started_at == start
        diary.act = lambda: row().error
        assert jobs.run("diary", start + jobs.LIMIT - timedelta(seconds=1)) is None
        run = jobs.run("diary", start + jobs.LIMIT)
        assert run is not None
        assert run.summary == "Den forrige kørsel blev afbrudt, før den var færdig."
        assert (row().error, row().started_at, row().failures) == ("", None, 0)

    def test_a_run_that_was_given_up_says_nothing_when_it_ends_after_all(self, diary):
        start = danish("2026-11-24 07:00")
        jobs.due(start)

        def slow() -> str:
            diary.act = lambda: "den nye"
            jobs.run("diary", start + jobs.LIMIT)
            return "den gamle"

        diary.act = slow
        jobs.run("diary", start)
        assert row().summary == "den nye"


@pytest.mark.django_db(transaction=True)
@pytest.mark.postgres
def test_of_eight_schedulers_one_runs_it(diary):
    now = timezone.now()
    jobs.due(now)
    gate, took = threading.Barrier(8), []

    def look() -> None:
        gate.wait()
        took.append(jobs.run("diary", now))
        connections.close_all()

    threads = [threading.Thread(target=look) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(diary.runs) == 1
    assert sum(run is not None for run in took) == 1


class TestCommand:
    def test_send_due_runs_what_is_due(self, diary, capsys):
        call_command("send_due")
        call_command("send_due")
        assert len(diary.runs) == 1
        assert "Dagbog: gjort" in capsys.readouterr().out

    def test_and_all_of_it_when_asked(self, diary):
        call_command("send_due")
        call_command("send_due", "--all")
        assert len(diary.runs) == 2

    def test_it_ends_badly_when_a_job_failed(self, diary):
        def fail() -> str:
            raise RuntimeError

        diary.act = fail
        with pytest.raises(CommandError, match=r"Fejlede: Dagbog\. Fejlen står på siden Drift"):
            call_command("send_due")


class TestTasks:
    def test_beat_has_each_due_job_run_by_a_worker(self, diary, settings, monkeypatch):
        sent: list[tuple[str, ...]] = []
        monkeypatch.setattr(tasks.run_job, "apply_async", lambda args, **_: sent.append(args))
        tasks.run_due()
        assert sent == [("diary",)]
        tasks.run_job("diary")
        tasks.run_job("diary")
        assert len(diary.runs) == 1

    def test_a_message_about_a_job_that_is_gone_does_no_harm(self, diary):
        tasks.run_job("no-such-job")
        assert diary.runs == []
