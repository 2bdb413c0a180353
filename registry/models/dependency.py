"""Dependencies: ``source`` uses ``target``. Loops across assets are legal and reported, self-loops refused."""

from __future__ import annotations

import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from foi_portal.core.fields import DANISH
from foi_portal.core.models import Archivable, ArchivableQuerySet
from registry.models.alternatives import AlternativeGroup
from registry.models.asset import Asset


class Direction(models.TextChoices):
    """Which way data goes, seen from the source."""

    READS = "reads", "Læser"
    WRITES = "writes", "Skriver"
    BOTH = "both", "Læser og skriver"
    AUTH = "auth", "Login"


class Importance(models.TextChoices):
    """What happens to the source when the target fails."""

    CRITICAL = "critical", "Stopper"
    DEGRADED = "degraded", "Virker dårligere"
    MINOR = "minor", "Mærkes lidt"


class DependencyStatus(models.TextChoices):
    PLANNED = "planned", "Planlagt"
    IN_PROGRESS = "in_progress", "På vej"
    ACTIVE = "active", "I drift"
    PHASING_OUT = "phasing_out", "Udfases"
    ENDED = "ended", "Ophørt"


LIVE_STATUSES = (DependencyStatus.ACTIVE, DependencyStatus.PHASING_OUT)


class DependencyQuerySet(ArchivableQuerySet["Dependency"]):
    def ongoing(self, on: datetime.date | None = None) -> Self:
        """Not ended on the date ``on`` (today) and not archived: what people mean by «depends on».

        Planned ones are among them.
        """
        on = on or timezone.localdate()
        return self.filter(Q(until=None) | Q(until__gt=on), archived_at=None).exclude(
            status=DependencyStatus.ENDED
        )

    def live_by_itself(self, on: datetime.date) -> Self:
        """Active or phasing out, and within its period on the date ``on``; its two ends are not looked at."""
        return self.filter(
            Q(since=None) | Q(since__lte=on),
            Q(until=None) | Q(until__gt=on),
            archived_at=None,
            status__in=LIVE_STATUSES,
        )

    def live(self, on: datetime.date) -> Self:
        """Dependencies through which a failure spreads on the date ``on``: live by themselves, and between assets
        that are in operation then."""
        running = Asset.objects.in_operation(on).order_by().values("pk")
        return self.live_by_itself(on).filter(source__in=running, target__in=running)


class Dependency(Archivable):
    """``source`` uses ``target``, in a direction, for a purpose, from ``since`` to ``until`` (half-open)."""

    source = models.ForeignKey(Asset, models.PROTECT, verbose_name="hvem bruger", related_name="dependencies")
    target = models.ForeignKey(Asset, models.PROTECT, verbose_name="hvad bruges", related_name="dependents")
    direction = models.CharField("data", max_length=6, choices=Direction.choices, default=Direction.READS)
    purpose = models.CharField("formål", max_length=300, blank=True, db_collation=DANISH)
    importance = models.CharField(
        "svigter den", max_length=8, choices=Importance.choices, default=Importance.DEGRADED
    )
    status = models.CharField(
        "status", max_length=11, choices=DependencyStatus.choices, default=DependencyStatus.ACTIVE
    )
    since = models.DateField(
        "siden", null=True, blank=True, help_text="Årstal eller dato. 1. januar vises som årstallet alene."
    )
    until = models.DateField("til", null=True, blank=True, help_text="Den første dag uden afhængigheden.")
    via = models.ForeignKey(
        Asset,
        models.PROTECT,
        verbose_name="går via",
        null=True,
        blank=True,
        related_name="carried_dependencies",
    )
    alternatives = models.ForeignKey(
        AlternativeGroup,
        models.PROTECT,
        verbose_name="alternativ i gruppen",
        null=True,
        blank=True,
        related_name="members",
    )
    verified_on = models.DateField("efterset", null=True, blank=True)
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name="efterset af",
        null=True,
        blank=True,
        related_name="+",
    )

    objects = DependencyQuerySet.as_manager()

    class Meta:
        verbose_name = "afhængighed"
        verbose_name_plural = "afhængigheder"
        ordering: ClassVar = ["source__name", "target__name", "id"]
        default_permissions = ("add", "change", "view")
        indexes: ClassVar = [
            models.Index(fields=["target", "source"], name="dependency_target_source"),
            models.Index(fields=["status", "importance"], name="dependency_status_importance"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="dependency_is_written_once",
                fields=["source", "target", "direction"],
                violation_error_message=(
                    "Afhængigheden findes allerede med samme dataretning. Ret den, der står der, i stedet."
                ),
            ),
            models.CheckConstraint(
                name="dependency_is_not_on_itself",
                condition=~Q(source=F("target")),
                violation_error_message="Noget kan ikke afhænge af sig selv. Vælg en anden.",
            ),
            models.CheckConstraint(
                name="dependency_ends_after_it_begins",
                condition=Q(since=None) | Q(until=None) | Q(until__gt=F("since")),
                violation_error_message="Slutdatoen skal ligge efter startdatoen.",
            ),
            models.CheckConstraint(
                name="dependency_direction_is_known", condition=Q(direction__in=Direction.values)
            ),
            models.CheckConstraint(
                name="dependency_importance_is_known", condition=Q(importance__in=Importance.values)
            ),
            models.CheckConstraint(
                name="dependency_status_is_known", condition=Q(status__in=DependencyStatus.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} → {self.target}"

    def clean(self) -> None:
        """Refuse a group of alternatives that is another source's or dissolved; needs the group's row to see."""
        if self.alternatives is None:
            return
        if self.alternatives.source_id != self.source_id:
            raise ValidationError(
                f"Afhængigheden er et alternativ i gruppen «{self.alternatives}», som hører til en anden bruger."
                " Tag den ud af gruppen først."
            )
        if self.alternatives.is_archived:
            raise ValidationError(
                f"Gruppen «{self.alternatives}» er opløst. Opret den igen, eller vælg en anden."
            )

    def has_ended(self, on: datetime.date) -> bool:
        """Whether it is over on the date ``on``: by status, by date or because it is archived."""
        by_date = self.until is not None and self.until <= on
        return by_date or self.status == DependencyStatus.ENDED or self.is_archived

    def get_absolute_url(self) -> str:
        return reverse("dependency-detail", args=[self.pk])
