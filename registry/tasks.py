"""What workers do for the registry. A task is only the messenger: what is to be done stands in the database."""

from __future__ import annotations

import uuid

from celery import shared_task
from django.utils import timezone

from registry.importing import jobs


@shared_task
def run_import(job_id: str) -> None:
    """Do the next step of one import. Twice, too late or for nothing does no harm."""
    jobs.run(uuid.UUID(job_id))


@shared_task
def sweep_imports() -> None:
    """Every quarter of a minute: pick up imports whose message or worker was lost."""
    for job_id in jobs.sweep(timezone.now()):
        run_import.delay(str(job_id))
