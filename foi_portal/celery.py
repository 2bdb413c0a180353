"""The Celery app. Its settings are the ``CELERY_*`` names of ``settings.py``."""

import os
import time
from typing import Any

from celery import Celery
from celery.signals import after_task_publish, beat_init
from django.conf import settings
from django.core.cache import cache

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "foi_portal.settings")

HEARTBEAT_KEY = "celery-heartbeat"
HEARTBEAT_SECONDS = 10

app = Celery("foi_portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@app.task(name="foi_portal.celery.heartbeat")
def heartbeat() -> None:
    """Leave the time (seconds since 1970) where /healthz finds it: beat, broker and worker all work."""
    cache.set(HEARTBEAT_KEY, time.time(), timeout=24 * 60 * 60)


@beat_init.connect
def _touch_a_file_for_each_task_sent(**kwargs: Any) -> None:
    """A beat has no port to ask; the age of this file tells whether it lives."""
    tick = settings.BEAT_TICK_FILE
    after_task_publish.connect(lambda **_: tick.touch(), weak=False)
