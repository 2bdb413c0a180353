"""/healthz: public, quick, honest, and silent about why."""

import datetime
import threading
import time

import pytest
from django.core.cache import cache
from django.core.management import call_command
from django.utils import timezone

from foi_portal.celery import HEARTBEAT_KEY, app, heartbeat
from foi_portal.pages import health

pytestmark = pytest.mark.django_db


def test_the_page_is_public_and_names_each_service(client, settings):
    settings.REDIS_URL = ""
    answer = client.get("/healthz")
    assert answer.status_code == 200
    body = answer.json()
    assert body["status"] == body["database"]["status"] == "ok"
    assert body["database"]["ms"] >= 0
    assert body["cache"] == body["broker"] == body["worker"] == {"status": "ikke sat op"}
    assert "no-store" in answer["Cache-Control"]


def test_the_page_only_reads(client):
    assert client.post("/healthz").status_code == 405
    assert client.head("/healthz").status_code == 200


def test_a_database_that_fails_is_503_without_the_reason(client, monkeypatch, settings, caplog):
    settings.REDIS_URL = ""

    def fail():
        raise RuntimeError("password authentication failed for foi")

    monkeypatch.setattr(health, "_database", fail)
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["database"] == {"status": "fejl"}
    assert b"password" not in answer.content
    assert "password authentication failed" in caplog.text


def test_a_frozen_database_does_not_hang_the_page(client, monkeypatch, settings, caplog):
    settings.REDIS_URL = ""
    monkeypatch.setattr(health, "TIMEOUT", 0.2)
    thaw = threading.Event()
    monkeypatch.setattr(health, "_database", lambda: thaw.wait(60))
    try:
        start = time.monotonic()
        assert client.get("/healthz").status_code == 503
        assert time.monotonic() - start < 20  # a busy machine is slow, but never waits for the thaw
    finally:
        thaw.set()
    assert "database does not answer: TimeoutError" in caplog.text


def test_a_redis_that_is_not_there_is_503(client, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["cache"] == answer.json()["worker"] == {"status": "fejl"}


@pytest.mark.redis
def test_redis_is_asked_as_cache_and_as_broker(client):
    body = client.get("/healthz").json()
    assert body["cache"]["status"] == body["broker"]["status"] == "ok"


def test_the_heartbeat_tells_when_background_work_last_ran():
    cache.delete(HEARTBEAT_KEY)
    assert health._worker() == {"status": "fejl"}
    heartbeat()
    assert health._worker() == {"status": "ok", "seconds_since": 0}
    cache.set(HEARTBEAT_KEY, time.time() - 3600)
    assert health._worker() == {"status": "fejl", "seconds_since": 3600}


@pytest.mark.parametrize(
    ("redis", "minutes", "said"),
    [
        ("", None, {"status": "ikke sat op"}),
        ("", 30, {"status": "ok", "seconds_since": 1800}),
        ("", 90, {"status": "fejl", "seconds_since": 5400}),
        ("redis://127.0.0.1:1/0", None, {"status": "fejl"}),
        ("redis://127.0.0.1:1/0", 0.5, {"status": "ok", "seconds_since": 30}),
        ("redis://127.0.0.1:1/0", 2, {"status": "fejl", "seconds_since": 120}),
    ],
)
def test_the_last_sweep_of_the_outbox_is_told(client, settings, monkeypatch, redis, minutes, said):
    settings.REDIS_URL = redis
    last = None if minutes is None else timezone.now() - datetime.timedelta(minutes=minutes)
    monkeypatch.setattr(health, "_last_sweep", lambda: last)
    answer = client.get("/healthz")
    told = answer.json()["sweep"]
    assert told["status"] == said["status"]
    assert told.get("seconds_since") == pytest.approx(said.get("seconds_since"), abs=20)
    assert answer.status_code == (503 if redis else 200), "it does not count"


@pytest.mark.django_db(transaction=True)
def test_a_sweep_that_was_run_is_found(client, settings):
    settings.REDIS_URL = ""
    call_command("send_due")
    assert client.get("/healthz").json()["sweep"]["status"] == "ok"


def test_what_beat_sends_exists():
    app.loader.import_default_modules()
    assert {entry["task"] for entry in app.conf.beat_schedule.values()} <= set(app.tasks)
