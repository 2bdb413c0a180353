"""What beat starts on behalf of the whole portal."""

from __future__ import annotations

import datetime

import pytest
from celery import current_app
from django.conf import settings
from django.contrib.sessions.models import Session
from django.utils import timezone

from foi_portal.core import jobs, tasks


@pytest.mark.django_db
def test_expired_sessions_are_cleared_and_the_others_kept():
    now = timezone.now()
    for key, days in (("old", -1), ("new", 1)):
        Session.objects.create(session_key=key, expire_date=now + datetime.timedelta(days=days))
    tasks.clear_sessions(now)
    assert list(Session.objects.values_list("session_key", flat=True)) == ["new"]


def test_everything_beat_starts_exists():
    from foi_portal.celery import app

    app.loader.import_default_modules()
    named = {entry["task"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}
    assert named <= set(app.tasks) | set(current_app.tasks)
    assert "foi_portal.core.tasks.run_due" in named


def test_the_jobs_of_all_apps_are_registered():
    assert {"mail-sweep", "mail-retention", "clear-sessions", "import-sweep"} <= {
        job.name for job in jobs.registered()
    }
