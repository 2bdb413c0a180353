"""Workers that die, hang, double up or never hear of the job: nothing is lost and nothing is done twice."""

from __future__ import annotations

import datetime
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
import redis
from celery import Celery
from django.conf import settings as portal
from django.db import IntegrityError, connection, connections, transaction
from django.utils import timezone

from foi_portal.core.models import Change
from registry import tasks
from registry.importing import Collision, Plan, applying, jobs, make_plan, read_files
from registry.models import Asset, Dependency, ImportJob, ImportState
from tests import factories
from tests.house import processes
from tests.registry.importing import demo, small

NOW = timezone.now()
LONG_AGO = datetime.timedelta(minutes=10)


@pytest.fixture
def karin():
    return factories.user()


def waiting(actor, files=None) -> ImportJob:
    """An uploaded job that no worker has heard of."""
    with transaction.atomic():
        job = jobs.upload(files=files or small(), actor=actor)
        connection.run_on_commit.clear()
    return job


def accepted(actor, files=None) -> ImportJob:
    """A checked and approved job that no worker has heard of."""
    job = waiting(actor, files)
    jobs.run(job.pk)
    job.refresh_from_db()
    with transaction.atomic():
        assert jobs.accept(job, actor=actor, reason="Prøve")
        connection.run_on_commit.clear()
    job.refresh_from_db()
    return job


def state(job: ImportJob) -> str:
    job.refresh_from_db()
    return job.state


@pytest.mark.django_db(transaction=True)
class TestSweeping:
    def test_a_job_nobody_heard_of_is_found(self, karin):
        job, other = waiting(karin), accepted(karin)
        assert set(jobs.sweep(NOW)) == {job.pk, other.pk}

    def test_a_dead_workers_job_waits_again_and_is_done(self, karin):
        job = accepted(karin)
        ImportJob.objects.update(state="applying", claim=job.pk, claimed_at=NOW - LONG_AGO, attempts=1)
        assert jobs.sweep(NOW) == [job.pk]
        jobs.run(job.pk)
        assert state(job) == ImportState.APPLIED
        assert Dependency.objects.count() == 1

    def test_a_living_workers_job_is_left_to_it(self, karin):
        job = waiting(karin)
        ImportJob.objects.update(state="checking", claim=job.pk, claimed_at=NOW, attempts=1)
        assert jobs.sweep(NOW) == []
        assert state(job) == ImportState.CHECKING

    def test_what_kills_three_workers_is_given_up(self, karin):
        job = accepted(karin)
        ImportJob.objects.update(state="applying", claim=job.pk, claimed_at=NOW - LONG_AGO, attempts=3)
        assert jobs.sweep(NOW) == []
        assert state(job) == ImportState.FAILED
        assert "3 gange" in job.message

    def test_the_task_sends_every_job_that_waits_to_a_worker(self, karin, monkeypatch):
        sent: list[uuid.UUID] = []
        monkeypatch.setattr(jobs, "start", sent.append)
        job = waiting(karin)
        tasks.sweep_imports(NOW)
        assert sent == [job.pk]

    def test_old_files_are_forgotten(self, karin):
        job, rejected = waiting(karin), waiting(karin)
        jobs.run(job.pk)
        ImportJob.objects.filter(pk=rejected.pk).update(state="rejected")
        now = timezone.now()  # the suite may have run for longer than that
        jobs.sweep(now + jobs.KEPT - LONG_AGO)
        assert state(job) == ImportState.CHECKED
        jobs.sweep(now + jobs.KEPT + LONG_AGO)
        assert state(job) == ImportState.DISCARDED
        assert not any(bytes(file.content) for j in (job, rejected) for file in j.files.all())


@pytest.mark.django_db(transaction=True)
class TestClaims:
    def test_a_job_with_nothing_to_do_is_not_touched(self, karin):
        job = waiting(karin)
        jobs.run(job.pk)
        jobs.run(job.pk)
        assert (state(job), job.attempts) == (ImportState.CHECKED, 1)

    def test_a_job_that_somebody_works_on_is_not_taken_from_them(self, karin):
        job = waiting(karin)
        ImportJob.objects.update(state="checking", claim=job.pk, claimed_at=NOW, attempts=1)
        jobs.run(job.pk)
        assert (state(job), job.claim, job.attempts) == (ImportState.CHECKING, job.pk, 1)

    def test_a_worker_that_has_been_given_up_writes_nothing(self, karin, monkeypatch):
        job = accepted(karin)
        read = read_files

        def slow(files):
            ImportJob.objects.filter(pk=job.pk).update(claim=somebody_else)
            return read(files)

        somebody_else = waiting(karin).pk
        monkeypatch.setattr(jobs, "read_files", slow)
        jobs.run(job.pk)
        assert state(job) == ImportState.APPLYING
        assert not Asset.objects.exists()

    def test_a_database_that_goes_away_leaves_the_job_for_the_sweep(self, karin, monkeypatch):
        from django.db import OperationalError

        def gone(*_args, **_kwargs):
            raise OperationalError("server closed the connection")

        job = waiting(karin)
        monkeypatch.setattr(jobs, "make_plan", gone)
        jobs.run(job.pk)
        assert state(job) == ImportState.CHECKING

    @pytest.mark.postgres
    def test_of_eight_workers_one_carries_it_out(self, karin):
        job = accepted(karin)
        gate = threading.Barrier(8)

        def work():
            gate.wait()
            jobs.run(job.pk)
            connections.close_all()

        threads = [threading.Thread(target=work) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (state(job), job.attempts) == (ImportState.APPLIED, 1)
        assert Change.objects.filter(table="registry_dependency").count() == 1

    @pytest.mark.postgres
    def test_two_imports_of_the_same_files_at_once_take_turns(self, karin):
        first, second = accepted(karin, demo()), accepted(karin, demo())

        def work(job):
            jobs.run(job.pk)
            connections.close_all()

        threads = [threading.Thread(target=work, args=[job]) for job in (first, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        states = sorted([state(first), state(second)])
        assert states == [ImportState.APPLIED, ImportState.CHECKED]
        assert Dependency.objects.count() == 289
        assert Change.objects.filter(table="registry_dependency").count() == 289

    @pytest.mark.postgres
    @pytest.mark.parametrize(
        ("in_a_request", "then"), [(False, ImportState.APPLIED), (True, ImportState.CHECKED)]
    )
    def test_a_worker_waits_for_its_turn_and_a_request_says_try_again(
        self, karin, settings, *, in_a_request, then
    ):
        job = accepted(karin)
        settings.CELERY_TASK_ALWAYS_EAGER = in_a_request
        seen: list[str] = []
        with other_connection() as other, connection.cursor() as cursor:
            cursor.execute("SET lock_timeout = 200")
            cursor.execute("SET statement_timeout = 500")
            other.execute("SELECT pg_advisory_xact_lock(%s)", [applying.TURN])
            let_go = threading.Timer(1, other.rollback)
            let_go.start()
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(applying, "make_plan", look_then_plan(seen))
                jobs.run(job.pk)
            let_go.join()
            cursor.execute("RESET lock_timeout")
            cursor.execute("RESET statement_timeout")
        assert state(job) == then
        if in_a_request:
            assert "Prøv igen om lidt" in job.message
        else:
            assert seen == ["200ms", "500ms"], "the limits are back when the turn has come"

    def test_what_collides_gives_a_new_dry_run_when_there_is_another_plan(self, karin, monkeypatch):
        job = accepted(karin)
        monkeypatch.setattr(jobs, "apply_reading", collide)
        ImportJob.objects.update(plan_digest="en anden")
        jobs.run(job.pk)
        assert state(job) == ImportState.CHECKED
        assert "Se den nye prøvekørsel" in job.message
        assert job.plan_digest != "en anden"

    @pytest.mark.parametrize("error", [Collision("Støder sammen."), IntegrityError("at the commit")])
    def test_what_would_collide_every_time_is_not_tried_again(self, karin, monkeypatch, error):
        job = accepted(karin)
        monkeypatch.setattr(jobs, "apply_reading", lambda *_, **__: raising(error))
        jobs.run(job.pk)
        assert state(job) == ImportState.FAILED
        assert "Sig det til administratoren" in job.message

    @pytest.mark.postgres
    def test_a_worker_that_holds_the_row_is_left_alone_however_old_its_claim(self, karin):
        job = accepted(karin)
        ImportJob.objects.update(state="applying", claim=job.pk, claimed_at=NOW - LONG_AGO)
        with other_connection() as other:
            other.execute("SELECT 1 FROM registry_importjob WHERE id = %s FOR UPDATE", [job.pk])
            assert jobs.sweep(NOW) == []
            assert state(job) == ImportState.APPLYING
        assert jobs.sweep(NOW) == [job.pk]


def raising(error: Exception) -> None:
    raise error


def collide(*_args: object, **_kwargs: object) -> None:
    raise Collision("Støder sammen.")


def look_then_plan(seen: list[str]) -> Callable[..., Plan]:
    """``make_plan`` that first notes the connection's time limits."""

    def plan(*args: Any) -> Plan:
        with connection.cursor() as cursor:
            for name in ("lock_timeout", "statement_timeout"):
                cursor.execute(f"SHOW {name}")
                seen.append(cursor.fetchone()[0])
        return make_plan(*args)

    return plan


def other_connection() -> psycopg.Connection:
    database = connection.settings_dict
    return psycopg.connect(
        dbname=database["NAME"],
        host=database["HOST"],
        port=database["PORT"] or None,
        user=database["USER"],
        password=database["PASSWORD"] or None,
    )


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("broker", ["refuses", "hangs"])
def test_a_broker_that_is_away_neither_fails_nor_slows_the_page(karin, settings, monkeypatch, broker):
    settings.CELERY_TASK_ALWAYS_EAGER = False
    asked = threading.Event()

    def delay(_job_id):
        asked.set()
        if broker == "refuses":
            raise ConnectionRefusedError
        time.sleep(3)

    monkeypatch.setattr("registry.tasks.run_import.delay", delay)
    began = time.monotonic()
    job = jobs.upload(files=small(), actor=karin)
    assert time.monotonic() - began < 1
    assert asked.wait(2)
    assert state(job) == ImportState.UPLOADED
    assert jobs.sweep(NOW) == [job.pk]


# A real worker


@pytest.fixture
def broker() -> Iterator[Celery]:
    """Sends messages as the portal does, to a queue that only this test's worker reads."""
    app = Celery(broker=portal.REDIS_URL)
    app.conf.task_default_queue = f"test-import-{time.monotonic_ns()}"
    yield app
    redis.Redis.from_url(portal.REDIS_URL).delete(app.conf.task_default_queue)


def start_worker(broker: Celery, log):
    database = connection.settings_dict
    address = f"{database['USER']}:{database['PASSWORD']}@{database['HOST']}:{database['PORT'] or 5432}"
    variables = {
        **processes.PRODUCTION,
        "DATABASE_URL": f"postgres://{address}/{database['NAME']}",
        "REDIS_URL": portal.REDIS_URL,
    }
    command = ["celery", "-A", "foi_portal", "worker", "--pool", "solo", "--loglevel", "INFO"]
    return processes.start(
        [*command, "-Q", broker.conf.task_default_queue, "--without-mingle"], variables, log
    )


def wait_for(what, seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.1)


@pytest.mark.postgres
@pytest.mark.redis
@pytest.mark.django_db(transaction=True)
def test_a_real_worker_killed_in_the_middle_loses_nothing_and_doubles_nothing(karin, broker, tmp_path):
    job = accepted(karin, demo())
    worker = start_worker(broker, tmp_path / "first.log")
    try:
        with other_connection() as other:
            # Everything but the dependencies is written, then the worker waits for us, and is shot.
            other.execute("LOCK TABLE registry_dependency IN SHARE MODE")
            broker.send_task("registry.tasks.run_import", [str(job.pk)])
            waits = "SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'registry_dependency'::regclass"
            wait_for(lambda: other.execute(waits).fetchone())
            # However late it is: the lock on the job's row tells that this worker lives.
            assert jobs.sweep(timezone.now() + LONG_AGO) == []
            assert state(job) == ImportState.APPLYING
            worker.kill()
            worker.wait()
    finally:
        worker.kill()
    assert state(job) == ImportState.APPLYING
    assert not Asset.objects.exists()
    assert not Change.objects.filter(table="registry_asset").exists()

    # As time passes the claim grows old, and a new worker's sweep takes the job up.
    ImportJob.objects.filter(pk=job.pk).update(claimed_at=NOW - LONG_AGO)
    worker = start_worker(broker, tmp_path / "second.log")
    try:
        wait_for(lambda: Asset.objects.exists() or bool(jobs.sweep(timezone.now())))
        broker.send_task("registry.tasks.run_import", [str(job.pk)])
        broker.send_task("registry.tasks.run_import", [str(job.pk)])
        wait_for(lambda: state(job) == ImportState.APPLIED)
        time.sleep(1)
    finally:
        worker.terminate()
        worker.wait(20)
    assert Dependency.objects.count() == 289
    assert Change.objects.filter(table="registry_dependency").count() == 289
    assert (state(job), job.attempts) == (ImportState.APPLIED, 2)
