"""``manage.py send_due``: do now what the scheduler would do, without Celery."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from foi_portal.core import jobs, nudging
from foi_portal.core.mail import delivery
from foi_portal.core.models import MailState, OutboxMail


class Command(BaseCommand):
    help = (
        "Kører de planlagte job, der er tid til, og sender de mails, der venter. "
        "Kan køres fra cron hvert femte minut, hvor der ikke er Redis, og gør ingen skade ved siden af Celery."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--all", action="store_true", help="kør alle job, også dem, der først skal køre senere"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        with nudging.without_workers():
            if options["all"]:
                jobs.make_due(now)
            runs = jobs.run_due(now)
            for run in runs:
                self.stdout.write(f"{run.job.label}: {run.error or run.summary or 'i orden'}")
            done = delivery.deliver_all()
        # The jobs' own mails went as soon as they were written.
        done.sent = max(
            done.sent, OutboxMail.objects.filter(state=MailState.SENT, settled_at__gte=now).count()
        )
        self.stdout.write(f"Mails: {done}")
        if done.server_away:
            self.stderr.write(
                "Mailserveren kan ikke bruges lige nu. Mails, der venter, prøves igen næste gang."
            )
        failed = [run.job.label for run in runs if run.error]
        if failed:
            raise CommandError(f"Fejlede: {', '.join(failed)}. Fejlen står på siden Drift og i loggen.")
