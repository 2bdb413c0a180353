"""What workers do for the registry. A task is only the messenger: what is to be done stands in the database."""

from __future__ import annotations

import datetime
import uuid

from celery import shared_task

from foi_portal.core import jobs as scheduled
from foi_portal.core.schedules import Every
from registry.importing import jobs


@shared_task
def run_import(job_id: str) -> None:
    """Do the next step of one import. Twice, too late or for nothing does no harm."""
    jobs.run(uuid.UUID(job_id))


def sweep_imports(now: datetime.datetime) -> str:
    """Every quarter of a minute: pick up imports whose message or worker was lost."""
    waiting = jobs.sweep(now)
    for job_id in waiting:
        jobs.start(job_id)
    return f"{len(waiting)} sat i gang" if waiting else ""


def register() -> None:
    """What the registry does by the clock."""
    scheduled.register(
        "import-sweep",
        Every(15),
        sweep_imports,
        label="Tag afbrudte importer op",
        limit=datetime.timedelta(minutes=1),
    )
