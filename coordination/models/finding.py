"""Hygiene findings: what the portal saw at night that is not as it should be, until it is put right."""

from __future__ import annotations

import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from foi_portal.core.fields import DANISH
from foi_portal.core.models import Record
from registry.models import Agreement, Asset, Certificate, Dependency
from roles.models import Person


class FindingQuerySet(models.QuerySet["Finding"]):
    def open(self) -> Self:
        """Not put right yet, accepted or not."""
        return self.filter(closed_at=None)

    def waiting(self, on: datetime.date) -> Self:
        """Open and not accepted on the day ``on``: somebody has to do something."""
        return self.open().filter(Q(accepted_until=None) | Q(accepted_until__lte=on))


class Finding(Record):
    """A rule (``kind``) is broken by the row that ``key`` names. Closes itself when the data is right again.

    The owner is the person who answers for it, found each night, or the one whom FOI chose (``owner_chosen``).
    Accepted until a day for a reason, it rests until then.
    """

    kind = models.CharField("slags", max_length=40)
    key = models.CharField("nøgle", max_length=120)
    text = models.CharField("fund", max_length=500, db_collation=DANISH)
    asset = models.ForeignKey(
        Asset, models.PROTECT, verbose_name="om", null=True, blank=True, related_name="findings"
    )
    dependency = models.ForeignKey(
        Dependency, models.PROTECT, verbose_name="afhængighed", null=True, blank=True, related_name="findings"
    )
    agreement = models.ForeignKey(
        Agreement, models.PROTECT, verbose_name="aftale", null=True, blank=True, related_name="findings"
    )
    certificate = models.ForeignKey(
        Certificate, models.PROTECT, verbose_name="certifikat", null=True, blank=True, related_name="findings"
    )
    owner = models.ForeignKey(
        Person, models.PROTECT, verbose_name="ansvarlig", null=True, blank=True, related_name="findings"
    )
    owner_chosen = models.BooleanField("ansvarlig er valgt", default=False)
    due_on = models.DateField("frist")
    found_at = models.DateTimeField("fundet", default=timezone.now)
    closed_at = models.DateTimeField("bragt i orden", null=True, blank=True)
    accepted_until = models.DateField("accepteret til", null=True, blank=True)
    accepted_reason = models.CharField("fordi", max_length=500, blank=True, db_collation=DANISH)
    accepted_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name="accepteret af",
        null=True,
        blank=True,
        related_name="+",
    )

    objects = FindingQuerySet.as_manager()

    class Meta:
        verbose_name = "fund"
        verbose_name_plural = "fund"
        ordering: ClassVar = ["due_on", "id"]
        default_permissions = ("change", "view")
        indexes: ClassVar = [models.Index(fields=["closed_at", "due_on"], name="finding_open_due")]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="finding_is_open_once", fields=["kind", "key"], condition=Q(closed_at=None)
            ),
            models.CheckConstraint(
                name="finding_accepted_with_a_reason",
                condition=Q(accepted_until=None) | (~Q(accepted_reason="") & Q(accepted_by__isnull=False)),
                violation_error_message="Skriv hvorfor fundet accepteres.",
            ),
        ]

    def __str__(self) -> str:
        return self.text
