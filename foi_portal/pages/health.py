"""``/healthz``: is the portal able to serve? Asked by proxies, containers and monitoring."""

import datetime
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache as once
from typing import Any

import redis
from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.core.cache import cache
from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from foi_portal.celery import HEARTBEAT_KEY, HEARTBEAT_SECONDS
from foi_portal.celery import app as celery_app
from foi_portal.core.models import ScheduledJob
from foi_portal.core.tasks import MAIL_SWEEP

logger = logging.getLogger(__name__)
TIMEOUT = 2.0  # seconds for all probes together
SWEPT_BY_WORKERS, SWEPT_BY_CRON = 60, 3600  # seconds that may pass between two sweeps of the outbox
NOT_SET_UP = {"status": "ikke sat op"}


@login_not_required
@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 when database, cache and broker answer, else 503.

    Body: per service ``status`` (ok | fejl | ikke sat op) and ``ms``; never why it fails, as the page
    is public: the reason is in the log. ``worker`` says when background work last ran, and ``sweep`` when the outbox
    was last looked after (also by ``send_due``); they do not count: pages work without them.
    """
    probes: dict[str, Callable[[], object]] = {"database": _database}
    if settings.REDIS_URL:
        probes |= {"cache": _cache, "broker": _broker}
    deadline = time.monotonic() + TIMEOUT
    swept = _threads().submit(_last_sweep)
    running = {name: _threads().submit(_timed, probe) for name, probe in probes.items()}
    found = {name: _result(name, future, deadline) for name, future in running.items()}
    well = all(answer["status"] == "ok" for answer in found.values())
    body = {
        "status": "ok" if well else "fejl",
        "cache": NOT_SET_UP,
        "broker": NOT_SET_UP,
        "worker": NOT_SET_UP,
    }
    body |= found
    if settings.REDIS_URL:
        body["worker"] = _worker() if found["cache"]["status"] == "ok" else {"status": "fejl"}
    body["sweep"] = _sweep(swept, deadline)
    return JsonResponse(body, status=200 if well else 503)


@once
def _threads() -> ThreadPoolExecutor:
    """Probes run in threads because a frozen service answers nothing at all; made after the fork."""
    return ThreadPoolExecutor(max_workers=6, thread_name_prefix="healthz")


def _timed(probe: Callable[[], object]) -> float:
    start = time.monotonic()
    probe()
    return (time.monotonic() - start) * 1000


def _result(name: str, future: "Future[float]", deadline: float) -> dict[str, Any]:
    try:
        return {"status": "ok", "ms": round(future.result(max(0.0, deadline - time.monotonic())), 1)}
    except Exception as error:  # noqa: BLE001, RUF100 - whatever it is, the answer is the same
        logger.warning("%s does not answer: %s", name, str(error) or type(error).__name__)
        future.cancel()
        return {"status": "fejl"}


def _database() -> None:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    finally:
        connection.close()  # this thread's own


def _last_sweep() -> datetime.datetime | None:
    try:
        return ScheduledJob.objects.filter(name=MAIL_SWEEP).values_list("last_success_at", flat=True).first()
    finally:
        connection.close()


def _sweep(asked: "Future[datetime.datetime | None]", deadline: float) -> dict[str, Any]:
    """Seconds since the last one. Without Redis it is cron's business, every few minutes, or nobody's."""
    try:
        last = asked.result(max(0.0, deadline - time.monotonic()))
    except Exception as error:  # noqa: BLE001, RUF100 - the database's own probe tells of it
        logger.warning("The last sweep is not known: %s", str(error) or type(error).__name__)
        asked.cancel()
        return {"status": "fejl"}
    if last is None:
        return {"status": "fejl"} if settings.REDIS_URL else NOT_SET_UP
    age = max(0, round((timezone.now() - last).total_seconds()))
    well = age < (SWEPT_BY_WORKERS if settings.REDIS_URL else SWEPT_BY_CRON)
    return {"status": "ok" if well else "fejl", "seconds_since": age}


def _cache() -> None:
    with redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=1) as client:
        client.ping()


def _broker() -> None:
    with celery_app.connection_for_write(connect_timeout=1) as broker:
        broker.connect()
        broker.default_channel.client.ping()  # type: ignore[attr-defined]


def _worker() -> dict[str, Any]:
    last = cache.get(HEARTBEAT_KEY)
    if last is None:
        return {"status": "fejl"}
    age = max(0, round(time.time() - last))
    return {"status": "ok" if age < 6 * HEARTBEAT_SECONDS else "fejl", "seconds_since": age}
