"""An import on its way through the page: uploaded, checked, approved, carried out.

The row is the outbox too. What is to be done next stands in ``state``, so no message that gets lost and no
worker that dies can lose an import: somebody else finds the row and goes on.
"""

from __future__ import annotations

import uuid
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.urls import reverse
from django.utils import timezone


class ImportState(models.TextChoices):
    UPLOADED = "uploaded", "Venter på kontrol"
    CHECKING = "checking", "Kontrolleres"
    CHECKED = "checked", "Klar til at blive gennemført"
    REJECTED = "rejected", "Har fejl"
    ACCEPTED = "accepted", "Venter på at blive gennemført"
    APPLYING = "applying", "Gennemføres"
    APPLIED = "applied", "Gennemført"
    DISCARDED = "discarded", "Kasseret"
    FAILED = "failed", "Gik i stå"


# waiting state → the state it is in while somebody works on it
WORK = {ImportState.UPLOADED: ImportState.CHECKING, ImportState.ACCEPTED: ImportState.APPLYING}
UNDER_WAY = (*WORK.keys(), *WORK.values())
FINISHED = (ImportState.REJECTED, ImportState.APPLIED, ImportState.DISCARDED, ImportState.FAILED)


class ImportJobQuerySet(models.QuerySet["ImportJob"]):
    def waiting(self) -> Self:
        """Jobs that nobody works on and somebody should."""
        return self.filter(state__in=WORK.keys())

    def being_worked_on(self) -> Self:
        return self.filter(state__in=WORK.values())


class ImportJob(models.Model):
    """One upload of files and what became of it.

    ``claim`` is the proof of whoever works on it now; a worker whose claim has been taken over writes nothing
    more. ``report`` is what the page shows of the dry run, ``problems`` every fault as
    [file, row, column, value, message], and ``plan_digest`` what the person says yes to.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state = models.CharField(
        "tilstand", max_length=10, choices=ImportState.choices, default=ImportState.UPLOADED
    )
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="hvem", related_name="+"
    )
    uploaded_at = models.DateTimeField("hvornår", default=timezone.now)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name="gennemført af",
        null=True,
        blank=True,
        related_name="+",
    )
    finished_at = models.DateTimeField("færdig", null=True, blank=True)
    reason = models.CharField("begrundelse", max_length=400, blank=True)
    claim = models.UUIDField(null=True, blank=True, editable=False)
    claimed_at = models.DateTimeField(null=True, blank=True, editable=False)
    attempts = models.PositiveSmallIntegerField("forsøg", default=0, editable=False)
    plan_digest = models.CharField(max_length=64, blank=True, editable=False)
    report = models.JSONField("prøvekørsel", default=dict, blank=True)
    problems = models.JSONField("fejl", default=list, blank=True)
    message = models.CharField("besked", max_length=500, blank=True)
    change_set = models.UUIDField("ændringssæt", null=True, blank=True)

    objects = ImportJobQuerySet.as_manager()

    class Meta:
        verbose_name = "import"
        verbose_name_plural = "importer"
        ordering: ClassVar = ["-uploaded_at", "id"]
        default_permissions = ("add", "view")
        indexes: ClassVar = [models.Index(fields=["state", "uploaded_at"], name="importjob_state_time")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="importjob_state_is_known", condition=models.Q(state__in=ImportState.values)
            )
        ]

    def __str__(self) -> str:
        return f"Import {timezone.localtime(self.uploaded_at):%d-%m-%Y %H:%M}"

    def get_absolute_url(self) -> str:
        return reverse("import-job", args=[self.pk])

    @property
    def is_under_way(self) -> bool:
        return self.state in UNDER_WAY

    @property
    def may_be_accepted(self) -> bool:
        return self.state == ImportState.CHECKED and bool(self.report.get("changes"))

    @property
    def may_be_discarded(self) -> bool:
        return self.state in (ImportState.UPLOADED, ImportState.CHECKED)


class ImportFile(models.Model):
    """The bytes of one uploaded file, in the database so that any machine's worker can read them.

    They are deleted when the import is finished: the history keeps what it did.
    """

    job = models.ForeignKey(ImportJob, models.CASCADE, related_name="files")
    name = models.CharField("filnavn", max_length=200)
    size = models.PositiveIntegerField("bytes")
    content = models.BinaryField()

    class Meta:
        verbose_name = "importfil"
        verbose_name_plural = "importfiler"
        ordering: ClassVar = ["id"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
