"""An import's way through the page: uploaded, checked by a worker, approved by a person, carried out by a worker.

Every step is claimed by one conditional update, and its result is written only while the claim still holds.
Carrying out happens in the transaction that also says so on the job, with the job's row locked: a worker that
is killed leaves nothing behind, and the next one starts again from the files.
"""

from __future__ import annotations

import datetime
import logging
import time
import uuid
from collections.abc import Sequence
from functools import partial
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import F
from django.utils import timezone

from foi_portal.core import history, nudging
from foi_portal.core.models import User
from registry.importing.applying import (
    Busy,
    Collision,
    ImportRefused,
    PlanChanged,
    PlanHasProblems,
    apply_reading,
)
from registry.importing.planning import Progress, make_plan
from registry.importing.plans import Plan
from registry.importing.reading import Reading, SourceFile, read_files
from registry.importing.reporting import KEPT_PROBLEMS, as_list, report
from registry.models.import_job import FINISHED, WORK, ImportFile, ImportJob, ImportState

log = logging.getLogger(__name__)

# A claim this old without a sign of life is a dead worker's. Longer than the longest silence of a live one,
# which is reading the largest workbook.
STALE = datetime.timedelta(seconds=120)
SIGN_OF_LIFE = 5.0  # seconds between signs
SHOW_PROGRESS = 0.5  # seconds between updates of the progress bar
MAX_ATTEMPTS = 3
REASON_LENGTH = 400
KEPT = datetime.timedelta(days=30)
CRASHED = "Importen gik i stå på grund af en fejl i portalen. Intet er indlæst. Sig det til administratoren."


class ClaimLost(Exception):  # noqa: N818  (not an error: somebody else has taken over)
    """Another worker has the job now; this one must write nothing more."""


def upload(*, files: Sequence[SourceFile], actor: User) -> ImportJob:
    """Keep the files and have them checked as soon as this transaction is committed."""
    with transaction.atomic():
        job = ImportJob.objects.create(uploaded_by=actor)
        ImportFile.objects.bulk_create(
            ImportFile(job=job, name=file.name[:200], size=len(file.content), content=file.content)
            for file in files
        )
        transaction.on_commit(partial(start, job.pk))
    return job


def accept(job: ImportJob, *, actor: User, reason: str) -> bool:
    """Have a checked job carried out. Out: whether it could be (somebody may have been quicker)."""
    with transaction.atomic():
        accepted = ImportJob.objects.filter(pk=job.pk, state=ImportState.CHECKED).update(
            state=ImportState.ACCEPTED,
            accepted_by=actor,
            reason=history.tidy(reason)[:REASON_LENGTH],
            message="",
            attempts=0,
        )
        if accepted:
            transaction.on_commit(partial(start, job.pk))
    return bool(accepted)


def discard(job: ImportJob) -> bool:
    """Drop a job that is not being worked on, with its files. Out: whether it could be."""
    states = (ImportState.UPLOADED, ImportState.CHECKED)
    with transaction.atomic():
        discarded = ImportJob.objects.filter(pk=job.pk, state__in=states).update(
            state=ImportState.DISCARDED, finished_at=timezone.now()
        )
        if discarded:
            _forget_files(job.pk)
    return bool(discarded)


def start(job_id: uuid.UUID) -> None:
    """Tell a worker, or do the work here when there are no workers.

    The message may get lost: ``sweep`` finds the job anyway.
    """
    from registry.tasks import run_import  # the messenger knows this module; this module knows it only here

    if settings.CELERY_TASK_ALWAYS_EAGER:
        run(job_id)
    else:
        nudging.nudge(run_import, str(job_id))


def run(job_id: uuid.UUID) -> None:
    """Do the next step of the job, if it has one and nobody else is at it. Never raises for the job's sake."""
    token = _claim(job_id)
    if token is None:
        return
    job = ImportJob.objects.select_related("accepted_by", "uploaded_by").get(pk=job_id)
    work = _Work(job, token)
    try:
        if job.state == ImportState.CHECKING:
            work.check()
        else:
            work.carry_out()
    except ClaimLost:
        log.warning("Import %s was taken over by another worker.", job_id)
    except (OperationalError, InterfaceError) as error:
        log.warning(
            "The database went away during import %s; the sweep will start it again: %s", job_id, error
        )
    except Exception:
        log.exception("Import %s failed.", job_id)
        work.finish(ImportState.FAILED, message=CRASHED)
    finally:
        cache.delete(_progress_key(job_id))


def sweep(now: datetime.datetime) -> list[uuid.UUID]:
    """Take back what dead workers left and clear out old files. Out: the jobs that wait for a worker.

    A worker that carries out holds a lock on the job's row, so its job is skipped here however long it takes.
    """
    with transaction.atomic():
        left = ImportJob.objects.being_worked_on().filter(claimed_at__lt=now - STALE)
        for job in left.select_for_update(skip_locked=True):
            if job.attempts >= MAX_ATTEMPTS:
                message = f"Importen blev afbrudt {job.attempts} gange og er opgivet. Intet er indlæst."
                job.state, job.message, job.finished_at = ImportState.FAILED, message, now
            else:
                job.state = next(waiting for waiting, working in WORK.items() if working == job.state)
            job.claim = None
            job.save(update_fields=["state", "message", "finished_at", "claim"])
    old = ImportJob.objects.filter(uploaded_at__lt=now - KEPT)
    old.filter(state=ImportState.CHECKED).update(state=ImportState.DISCARDED, finished_at=now)
    ImportFile.objects.filter(job__in=old.filter(state__in=FINISHED)).exclude(content=b"").update(content=b"")
    return list(ImportJob.objects.waiting().values_list("pk", flat=True))


def take_up(job: ImportJob, now: datetime.datetime) -> bool:
    """Go on with a job that was interrupted, when there are no workers and so no sweep. Out: whether it was tried.

    Whoever looks at the job does the work. Nothing is asked of the database, which another import may be holding,
    unless the job is waiting or its claim is stale.
    """
    waits = job.state in WORK
    stale = job.is_under_way and job.claimed_at is not None and job.claimed_at < now - STALE
    if not (settings.CELERY_TASK_ALWAYS_EAGER and (waits or stale)):
        return False
    try:
        if job.pk in sweep(now):
            run(job.pk)
    except OperationalError as error:
        log.warning("The database is too busy to take up import %s: %s", job.pk, error)
    return True


def progress_of(job: ImportJob) -> dict[str, Any]:
    """How far the worker is, for the bar; empty when nobody knows (the cache may be away)."""
    return cache.get(_progress_key(job.pk)) or {}


def _progress_key(job_id: uuid.UUID) -> str:
    return f"import-progress-{job_id}"


def _claim(job_id: uuid.UUID) -> uuid.UUID | None:
    token = uuid.uuid4()
    for waiting, working in WORK.items():
        if ImportJob.objects.filter(pk=job_id, state=waiting).update(
            state=working, claim=token, claimed_at=timezone.now(), attempts=F("attempts") + 1
        ):
            return token
    return None


def _forget_files(job_id: uuid.UUID) -> None:
    """Names and sizes stay for the list; the bytes go."""
    ImportFile.objects.filter(job_id=job_id).update(content=b"")


class _Work:
    """One worker's step on one job, under its claim."""

    def __init__(self, job: ImportJob, token: uuid.UUID) -> None:
        self.job = job
        self.token = token
        self.shown = self.alive = time.monotonic()

    def check(self, message: str = "") -> None:
        """The dry run."""
        plan = make_plan(self._read(self.job.uploaded_by), self._progress(sign_of_life=True))
        self._settle(plan, message)

    def carry_out(self) -> None:
        """The import itself, or a new dry run when the registry is no longer what was approved."""
        reading = self._read(self.job.accepted_by)
        try:
            with transaction.atomic():
                # The lock is held until commit: it is what tells ``sweep`` that this worker lives.
                if not self._mine().select_for_update().exists():
                    raise ClaimLost
                done = apply_reading(
                    reading,
                    actor=self.job.accepted_by,
                    reason=self.job.reason or "Import",
                    expected=self.job.plan_digest,
                    patient=not settings.CELERY_TASK_ALWAYS_EAGER,
                    progress=self._progress(sign_of_life=False),
                )
                self.finish(
                    ImportState.APPLIED,
                    report=report(done.plan),
                    change_set=done.change_set if done.plan.changes else None,
                )
        except PlanHasProblems as refused:
            self.check(str(refused))
        except PlanChanged as refused:
            self.check(str(refused))
        except (Collision, IntegrityError) as refused:  # the latter at the commit
            self._check_after_collision(reading, refused)
        except Busy as refused:
            self._write(state=ImportState.CHECKED, message=str(refused), claim=None)
        except ImportRefused as refused:
            self.finish(ImportState.FAILED, message=str(refused))

    def _check_after_collision(self, reading: Reading, error: Exception) -> None:
        """A new dry run when somebody came in between. The same plan again would only collide again."""
        plan = make_plan(reading, self._progress(sign_of_life=True))
        if plan.digest() != self.job.plan_digest or plan.problems:
            self._settle(plan, "Registret er ændret imens, og intet er indlæst. Se den nye prøvekørsel.")
            return
        log.error("Import %s collides with the registry although its plan fits.", self.job.pk, exc_info=error)
        text = "Filerne støder sammen med noget i registret. Intet er indlæst. Sig det til administratoren."
        self.finish(ImportState.FAILED, message=text)

    def finish(self, state: ImportState, **values: Any) -> None:
        with transaction.atomic():
            self._write(state=state, finished_at=timezone.now(), claim=None, **values)
            _forget_files(self.job.pk)

    def _read(self, user: User | None) -> Reading:
        """The files, without the sheets that ``user`` may not import: nor may the dry run show what is in them."""
        files = [SourceFile(file.name, bytes(file.content)) for file in self.job.files.all()]
        reading = read_files(files)
        for sheet in list(reading.sheets.values()):
            if sheet.format.needs and not (user and user.has_perms(sheet.format.needs)):
                reading.problem(sheet.file, f"Du har ikke ret til at indlæse {sheet.format.label.lower()}.")
                reading.unread.add(sheet.format.name)
                del reading.sheets[sheet.format.name]
        return reading

    def _settle(self, plan: Plan, message: str) -> None:
        problems = [as_list(problem) for problem in plan.problems[:KEPT_PROBLEMS]]
        if problems:
            self.finish(ImportState.REJECTED, report=report(plan), problems=problems, message=message)
        else:
            self._write(
                state=ImportState.CHECKED,
                claim=None,
                report=report(plan),
                problems=[],
                plan_digest=plan.digest(),
                message=message,
            )

    def _mine(self) -> Any:
        return ImportJob.objects.filter(pk=self.job.pk, claim=self.token)

    def _write(self, **values: Any) -> None:
        if not self._mine().update(**values):
            raise ClaimLost

    def _progress(self, *, sign_of_life: bool) -> Progress:
        """Shows progress through the cache, and outside a transaction renews the claim."""

        def show(text: str, done: int, total: int) -> None:
            now = time.monotonic()
            if now - self.shown >= SHOW_PROGRESS:
                self.shown = now
                cache.set(
                    _progress_key(self.job.pk), {"text": text, "done": min(done, total), "total": total}, 600
                )
            if sign_of_life and now - self.alive >= SIGN_OF_LIFE:
                self.alive = now
                self._write(claimed_at=timezone.now())

        return show
