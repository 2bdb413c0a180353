"""What workers do for the whole portal. A task is only the messenger: what is to be done stands in the database."""

from __future__ import annotations

import datetime
from datetime import time

from celery import shared_task
from django.core.management import call_command
from django.utils import timezone

from foi_portal.core import jobs, nudging
from foi_portal.core.mail import delivery, retention
from foi_portal.core.mail.outbox import nudge
from foi_portal.core.schedules import Daily, Every

MAIL_SWEEP = "mail-sweep"


@shared_task
def send_mail() -> None:
    """Send what is due. Twice, too late or for nothing does no harm."""
    if delivery.deliver().more:
        nudging.nudge(send_mail)


@shared_task
def run_due() -> None:
    """Every quarter of a minute: have each job that is due run by a worker. Asked twice, it runs once."""
    for job in jobs.due(timezone.now()):
        run_job.apply_async((job.name,), expires=60)


@shared_task
def run_job(name: str) -> None:
    """Run one job if it is due."""
    jobs.run(name, timezone.now())


def sweep_mail(now: datetime.datetime) -> str:
    """Take back what dead senders left, and have all that is due sent, whoever was to be told and was not."""
    left = delivery.sweep(now)
    nudge()
    return f"{left} efterladt" if left else ""


def clear_sessions(now: datetime.datetime) -> str:
    """Delete the sessions that have expired. They hold who was signed in, and nobody needs that."""
    call_command("clearsessions")
    return ""


def register() -> None:
    """The bottom floor's own jobs."""
    minute = datetime.timedelta(minutes=1)
    jobs.register(MAIL_SWEEP, Every(15), sweep_mail, label="Send mails, der venter", limit=minute)
    jobs.register("mail-retention", Daily(time(7, 10)), retention.tidy_up, label="Slet gamle mails")
    jobs.register("clear-sessions", Daily(time(7, 0)), clear_sessions, label="Slet udløbne sessioner")


__all__ = ["MAIL_SWEEP", "clear_sessions", "register", "run_due", "run_job", "send_mail", "sweep_mail"]
