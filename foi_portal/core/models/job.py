"""What the portal does by the clock: the code says which jobs there are (``core.jobs``), a row remembers the runs."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class ScheduledJob(models.Model):
    """When a job runs next and how it went last.

    ``due_at`` is moved by whoever takes the run, to when that run is given up for dead if nothing is heard of it; so
    two schedulers never run it twice, and one that dies never keeps it. ``started_at`` is only set while it runs.
    """

    name = models.CharField("navn", max_length=60, unique=True)
    schedule = models.CharField("hvornår", max_length=100)
    due_at = models.DateTimeField("næste kørsel", db_index=True)
    started_at = models.DateTimeField("begyndt", null=True, blank=True)
    last_run_at = models.DateTimeField("seneste kørsel", null=True, blank=True)
    last_success_at = models.DateTimeField("senest lykkedes", null=True, blank=True)
    last_duration = models.DurationField("varighed", null=True, blank=True)
    summary = models.CharField("resultat", max_length=300, blank=True)
    failures = models.PositiveIntegerField("fejl i træk", default=0)
    error = models.CharField("fejl", max_length=300, blank=True)
    error_detail = models.TextField("teknisk fejl", blank=True)

    class Meta:
        verbose_name = "planlagt job"
        verbose_name_plural = "planlagte job"
        ordering: ClassVar = ["name"]
        default_permissions = ("view",)

    def __str__(self) -> str:
        return self.name


__all__ = ["ScheduledJob"]
