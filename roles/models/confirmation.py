"""Confirmation rounds: those responsible are asked to say that the facts of their systems are right.

The confirmation itself stands on the asset (``registry.Asset.confirmed_on`` and ``confirmed_by``).
"""

from __future__ import annotations

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from foi_portal.core.fields import DANISH
from foi_portal.core.models import Archivable, ArchivableQuerySet, Record
from registry.models import Asset


class ConfirmationRound(Archivable):
    """FOI asks for confirmation of a frozen list of assets before ``deadline`` (the last day to answer)."""

    title = models.CharField("titel", max_length=200, db_collation=DANISH)
    message = models.TextField("besked til de ansvarlige", max_length=2000, blank=True, db_collation=DANISH)
    deadline = models.DateField("frist", help_text="Den sidste dag at svare.")
    started_on = models.DateField("startet", editable=False)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="startet af", related_name="+", editable=False
    )
    chosen_by = models.CharField("udvalgt med", max_length=2000, blank=True, editable=False)
    closed_on = models.DateField("afsluttet", null=True, blank=True, editable=False)

    objects = ArchivableQuerySet["ConfirmationRound"].as_manager()

    class Meta:
        verbose_name = "bekræftelsesrunde"
        verbose_name_plural = "bekræftelsesrunder"
        ordering: ClassVar = ["-started_on", "-id"]
        default_permissions = ("add", "change", "view")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="round_closes_after_it_starts",
                condition=Q(closed_on=None) | Q(closed_on__gte=models.F("started_on")),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("round-detail", args=[self.pk])


class RoundAssetQuerySet(models.QuerySet["RoundAsset"]):
    def waiting(self) -> Self:
        """Unanswered places in open rounds, the nearest deadline first. Archived assets are asked about no more."""
        return self.filter(
            answered_at=None,
            asset__archived_at=None,
            round__closed_on=None,
            round__archived_at=None,
        ).order_by("round__deadline", "asset__name", "id")


class RoundAsset(Record):
    """An asset on a round's frozen list, and the answer. ``comment`` is what the confirmer adds."""

    round = models.ForeignKey(ConfirmationRound, models.PROTECT, verbose_name="runde", related_name="items")
    asset = models.ForeignKey(Asset, models.PROTECT, verbose_name="fagsystem", related_name="round_items")
    answered_at = models.DateTimeField("bekræftet", null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name="bekræftet af",
        null=True,
        blank=True,
        related_name="+",
    )
    comment = models.TextField("bemærkning", max_length=2000, blank=True, db_collation=DANISH)

    objects = RoundAssetQuerySet.as_manager()

    class Meta:
        verbose_name = "fagsystem i en runde"
        verbose_name_plural = "fagsystemer i en runde"
        ordering: ClassVar = ["round_id", "asset__name", "id"]
        default_permissions = ("change", "view")
        constraints: ClassVar = [
            models.UniqueConstraint(name="asset_once_in_a_round", fields=["round", "asset"]),
            models.CheckConstraint(
                name="answer_has_who_and_when",
                condition=Q(answered_at=None, answered_by=None)
                | Q(answered_at__isnull=False, answered_by__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.asset} i {self.round}"
