"""Alternatives: dependencies of one source that can stand in for each other, of which some number is needed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.urls import reverse

from foi_portal.core.fields import DANISH
from foi_portal.core.models import Archivable, ArchivableQuerySet
from registry.models.asset import Asset


class AlternativeGroup(Archivable):
    """``source`` works as long as ``needed`` of the group's dependencies do. Its members are dependencies of
    the same source that point at it; ``registry.graph`` says what it means for a failure."""

    source = models.ForeignKey(
        Asset, models.PROTECT, verbose_name="hvem bruger", related_name="alternative_groups"
    )
    name = models.CharField("navn", max_length=100, db_collation=DANISH, help_text="Fx CPR-opslag.")
    needed = models.PositiveSmallIntegerField(
        "så mange skal virke", default=1, db_default=1, help_text="Falder flere bort, rammes systemet."
    )

    objects = ArchivableQuerySet["AlternativeGroup"].as_manager()

    class Meta:
        verbose_name = "gruppe af alternativer"
        verbose_name_plural = "grupper af alternativer"
        ordering: ClassVar = ["source__name", "name", "id"]
        default_permissions = ("add", "change", "view")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="alternatives_have_their_own_names",
                fields=["source", "name"],
                violation_error_message="Der er allerede en gruppe med det navn. Vælg et andet.",
            ),
            models.CheckConstraint(
                name="alternatives_need_at_least_one",
                condition=Q(needed__gte=1),
                violation_error_message="Mindst én skal virke.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        address = reverse(f"{self.source.kind}-alternatives", args=[self.source.code])
        return f"{address}#gruppe-{self.pk}"
