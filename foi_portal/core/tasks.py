"""What workers do for the whole portal."""

from __future__ import annotations

from celery import shared_task
from django.core.management import call_command


@shared_task
def clear_sessions() -> None:
    """Once a day: delete the sessions that have expired. They hold who was signed in, and nobody needs that."""
    call_command("clearsessions")
