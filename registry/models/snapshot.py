"""An answer of the impact analysis, kept as it was."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.urls import reverse

from foi_portal.core.fields import DANISH
from foi_portal.core.models import Archivable, ArchivableQuerySet


class ImpactSnapshot(Archivable):
    """A saved answer: the question as an address's query, and its rows as they were exported that day.

    ``answer`` is a list of objects with the keys of the export (``code``, ``name``, ``kind``, ``department``,
    ``severity``, ``distance``, ``path``) and the asset's ``key``. Titles and notes can be corrected, the answer cannot.
    """

    unrecorded = ("answer",)

    title = models.CharField("titel", max_length=200, db_collation=DANISH)
    note = models.TextField("note", max_length=5000, blank=True, db_collation=DANISH)
    question = models.CharField("spørgsmål", max_length=8000, editable=False)
    asked_on = models.DateField("svar for", editable=False)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="gemt af", related_name="+", editable=False
    )
    answer = models.JSONField("svar", editable=False)

    objects = ArchivableQuerySet["ImpactSnapshot"].as_manager()

    class Meta:
        verbose_name = "gemt konsekvensanalyse"
        verbose_name_plural = "gemte konsekvensanalyser"
        ordering: ClassVar = ["-created_at", "-id"]
        default_permissions = ("add", "change", "view")

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("snapshot-detail", args=[self.pk])
