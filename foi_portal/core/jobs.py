"""What the portal does by the clock: which jobs there are, and running those that are due.

An app adds its own from ``AppConfig.ready``::

    jobs.register("reminders", Daily(time(7, 0)), reminding.run, label="Påmindelser")

The function gets the moment of the run and says in a few Danish words what it did. It must bear being run again: after
a run that was killed or failed, it is. When a job runs next stands in its row (``ScheduledJob``), so a run that was
missed is made up for, once, when somebody looks again; Celery beat only says «look» every quarter of a minute, and
``manage.py send_due`` does the same without Celery.
"""

from __future__ import annotations

import datetime
import logging
import random
import time
from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import F

from foi_portal.core import backoff
from foi_portal.core.models import ScheduledJob
from foi_portal.core.schedules import Schedule

log = logging.getLogger(__name__)

# A run of which nothing has been heard for so long is dead: longer than Celery lets a task live.
LIMIT = datetime.timedelta(minutes=16)
CUT_OFF = "Den forrige kørsel blev afbrudt, før den var færdig."
Function = Callable[[datetime.datetime], str]


@dataclass(frozen=True)
class Job:
    """A job as the code declares it; ``limit`` is how long a run may take before it is taken for dead."""

    name: str
    schedule: Schedule
    function: Function
    label: str
    limit: datetime.timedelta = LIMIT


@dataclass(frozen=True)
class Run:
    """How a run went: what was done, or what went wrong."""

    job: Job
    summary: str
    error: str = ""


_jobs: dict[str, Job] = {}


def register(
    name: str, schedule: Schedule, function: Function, *, label: str, limit: datetime.timedelta = LIMIT
) -> None:
    """Have ``function`` run by ``schedule``. Registering a name again replaces it. ``label`` is shown to people."""
    _jobs[name] = Job(name, schedule, function, label, limit)


def registered() -> list[Job]:
    """All jobs, by label."""
    return sorted(_jobs.values(), key=lambda job: job.label)


def due(now: datetime.datetime) -> list[Job]:
    """The jobs that should run now, the longest due first. A job that has never run is due at once."""
    _keep_rows(now)
    names = (
        ScheduledJob.objects.filter(due_at__lte=now).order_by("due_at", "pk").values_list("name", flat=True)
    )
    return [_jobs[name] for name in names if name in _jobs]


def run(name: str, now: datetime.datetime) -> Run | None:
    """Run one job if it is due and nobody else has taken the run; else None. Never raises for the job's sake.

    Must not be called inside a transaction: the job has its own.
    """
    job = _jobs.get(name)
    if job is None:  # a message from before the release that took it away
        return None
    row = ScheduledJob.objects.filter(name=name, due_at__lte=now).first()
    if row is None:
        return None
    given_up = now + job.limit
    cut_off = row.started_at is not None  # the run before never said how it went
    told = {"error": CUT_OFF, "failures": row.failures + 1} if cut_off else {}
    if not ScheduledJob.objects.filter(name=name, due_at=row.due_at).update(
        due_at=given_up, started_at=now, **told
    ):
        return None
    if cut_off:
        log.warning("The run of %s that began at %s was cut off.", name, row.started_at)
    began = time.monotonic()
    try:
        summary = job.function(now)
    except Exception as error:
        log.exception("The job %s failed.", name)
        _failed(job, row, now, given_up, error)
        return Run(job, "", repr(error))
    took = datetime.timedelta(seconds=time.monotonic() - began)
    ScheduledJob.objects.filter(name=name, due_at=given_up).update(
        due_at=job.schedule.next_after(now + took),
        started_at=None,
        last_run_at=now,
        last_success_at=now,
        last_duration=took,
        summary=summary[:300],
        failures=0,
        error="",
        error_detail="",
    )
    return Run(job, summary)


def make_due(now: datetime.datetime) -> None:
    """Let every job that is not running be due now."""
    _keep_rows(now)
    ScheduledJob.objects.filter(due_at__gt=now, started_at=None).update(due_at=now)


def run_due(now: datetime.datetime) -> list[Run]:
    """Run all that is due, one after the other."""
    runs = (run(job.name, now) for job in due(now))
    return [one for one in runs if one is not None]


def _failed(
    job: Job, row: ScheduledJob, now: datetime.datetime, given_up: datetime.datetime, error: Exception
) -> None:
    """Try again after a while, or at the next regular time when that comes first."""
    again = now + backoff.delay(row.failures + 1, random.Random())  # noqa: S311 - only spreads the attempts
    ScheduledJob.objects.filter(name=job.name, due_at=given_up).update(
        due_at=min(again, job.schedule.next_after(now)),
        started_at=None,
        last_run_at=now,
        summary="",
        failures=F("failures") + 1,
        error="Kørslen fejlede. Den prøves igen af sig selv.",
        error_detail=repr(error)[:4000].replace("\x00", ""),
    )


def _keep_rows(now: datetime.datetime) -> None:
    """A row for each job; one whose schedule is another now, and that is not overdue, gets its next run by that."""
    known = dict(ScheduledJob.objects.values_list("name", "schedule"))
    missing = [
        ScheduledJob(name=job.name, schedule=str(job.schedule), due_at=now)
        for job in _jobs.values()
        if job.name not in known
    ]
    if missing:
        ScheduledJob.objects.bulk_create(missing, ignore_conflicts=True)
    for job in _jobs.values():
        if known.get(job.name, str(job.schedule)) != str(job.schedule):
            rows = ScheduledJob.objects.filter(name=job.name).exclude(schedule=str(job.schedule))
            rows.filter(due_at__gt=now, started_at=None).update(due_at=job.schedule.next_after(now))
            rows.update(schedule=str(job.schedule))


__all__ = ["LIMIT", "Function", "Job", "Run", "due", "make_due", "register", "registered", "run", "run_due"]
