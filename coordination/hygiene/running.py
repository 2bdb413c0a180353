"""When the check runs: every night, and when somebody asks for it on /oprydning/."""

from __future__ import annotations

import datetime
from typing import Any

from django.conf import settings
from django.core.cache import cache

from coordination.hygiene.checking import check
from foi_portal.core import jobs, nudging
from foi_portal.core.models import ScheduledJob
from foi_portal.core.schedules import Daily
from foi_portal.core.tasks import run_job

JOB = "hygiene"
PROGRESS = "hygiene-progress"
SOON = datetime.timedelta(minutes=2)  # a worker that lives has taken a run within it


def register() -> None:
    """Have the check run before people come to work."""
    jobs.register(JOB, Daily(datetime.time(5, 30)), run, label="Find, hvad der skal ryddes op i")


def run(now: datetime.datetime) -> str:
    """The job: check, and show how far it is through the cache."""
    try:
        return str(check(now=now, show=_show))
    finally:
        cache.delete(PROGRESS)


def _show(text: str, done: int, total: int) -> None:
    cache.set(PROGRESS, {"text": text, "done": done, "total": total}, 600)


def run_now(now: datetime.datetime) -> None:
    """Have the check run at once: by a worker, else here. One that runs already is left alone.

    Must not be called inside a transaction. When no worker hears it the next sweep does.
    """
    jobs.due(now)  # makes the row of a job that has never run
    ScheduledJob.objects.filter(name=JOB, started_at=None, due_at__gt=now).update(due_at=now)
    if settings.CELERY_TASK_ALWAYS_EAGER:
        jobs.run(JOB, now)
    else:
        nudging.nudge(run_job, JOB)


def standing(now: datetime.datetime) -> dict[str, Any]:
    """How it is with the check: the job's row, whether it runs or waits to, and how far it is. One query."""
    row = ScheduledJob.objects.filter(name=JOB).first()
    if row is None:
        return {"row": None, "running": False, "waiting": False, "progress": {}}
    running = row.started_at is not None and row.due_at > now
    # Without workers it is run while one waits, or by cron: nothing is about to happen by itself.
    asked = not settings.CELERY_TASK_ALWAYS_EAGER and row.due_at <= now < row.due_at + SOON
    progress = cache.get(PROGRESS) or {} if running else {}
    return {"row": row, "running": running, "waiting": asked and not running, "progress": progress}


__all__ = ["JOB", "register", "run", "run_now", "standing"]
