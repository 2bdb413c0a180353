"""Hygiene findings: what the portal saw at night that is not as it should be, until it is put right."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Case, CharField, Q, Value, When
from django.urls import reverse
from django.utils import timezone

from foi_portal.core.fields import DANISH
from foi_portal.core.models import Record
from registry.models import Agreement, Asset, Certificate, Dependency
from roles.models import Person

MOST_YEARS = 2  # a finding is accepted for so long at most


class FindingState(models.TextChoices):
    """How a finding stands on a day; follows from its dates, so no job has to write it."""

    OPEN = "open", "Åben"
    ACCEPTED = "accepted", "Accepteret"
    CLOSED = "closed", "Bragt i orden"


def kinds() -> list[tuple[str, str]]:
    """Key and Danish name of each kind that is looked for. Asked for late: a new kind is no migration."""
    from coordination.hygiene import KINDS

    return [(kind.kind, kind.label) for kind in KINDS]


class FindingQuerySet(models.QuerySet["Finding"]):
    def open(self) -> Self:
        """Not put right yet, accepted or not."""
        return self.filter(closed_at=None)

    def waiting(self, on: datetime.date) -> Self:
        """Open and not accepted on the day ``on``: somebody has to do something."""
        return self.open().filter(Q(accepted_until=None) | Q(accepted_until__lte=on))

    def accepted(self, on: datetime.date) -> Self:
        """Not put right, but accepted on the day ``on``: nobody has to do anything yet."""
        return self.open().filter(accepted_until__gt=on)

    def closed(self) -> Self:
        """Put right."""
        return self.exclude(closed_at=None)

    def overdue(self, on: datetime.date) -> Self:
        """Waiting on the day ``on``, and due before it."""
        return self.waiting(on).filter(due_on__lt=on)

    def with_state(self, on: datetime.date) -> Self:
        """Each with its ``state`` (a ``FindingState``) on the day ``on``."""
        return self.annotate(
            state=Case(
                When(closed_at__isnull=False, then=Value(FindingState.CLOSED.value)),
                When(accepted_until__gt=on, then=Value(FindingState.ACCEPTED.value)),
                default=Value(FindingState.OPEN.value),
                output_field=CharField(),
            )
        )

    def about(self, assets: Collection[int] | models.QuerySet[Asset]) -> Self:
        """Those that concern one of the assets, be it through a dependency, an agreement or a certificate."""
        agreements = Agreement.objects.filter(
            Q(system__in=assets) | Q(pk__in=_linked(Agreement.assets.through, "agreement", assets))
        )
        return self.filter(
            Q(asset__in=assets)
            | Q(dependency__in=Dependency.objects.filter(target__in=assets).order_by().values("pk"))
            | Q(agreement__in=agreements.order_by().values("pk"))
            | Q(certificate__in=_linked(Certificate.assets.through, "certificate", assets))
        )


def _linked(through: Any, of: str, assets: Any) -> Any:
    """Keys of the rows that a many-to-many table links to the assets."""
    return through._default_manager.filter(asset__in=assets).values(of)


class Finding(Record):
    """A rule (``kind``) is broken by the row that ``key`` names. Closes itself when the data is right again.

    The owner is the person who answers for it, found each night, or the one whom FOI chose (``owner_chosen``); nobody:
    FOI. Accepted for a reason it rests, and is open again on the day ``accepted_until``. What comes back after it was
    put right is a new row.
    """

    kind = models.CharField("slags", max_length=40, choices=kinds)
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
    accepted_until = models.DateField(
        "accepteret til", null=True, blank=True, help_text="Den dag, det vises som åbent igen."
    )
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
        verbose_name = "oprydningspunkt"
        verbose_name_plural = "oprydningspunkter"
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
                violation_error_message="Skriv, hvorfor punktet accepteres.",
            ),
        ]

    def __str__(self) -> str:
        return self.text

    def get_absolute_url(self) -> str:
        return reverse("finding-detail", args=[self.pk])

    def state_on(self, on: datetime.date) -> FindingState:
        """How it stands on the day ``on``."""
        if self.closed_at is not None:
            return FindingState.CLOSED
        accepted = self.accepted_until is not None and self.accepted_until > on
        return FindingState.ACCEPTED if accepted else FindingState.OPEN

    def is_overdue(self, on: datetime.date) -> bool:
        """Whether somebody should have put it right before the day ``on``."""
        return self.state_on(on) == FindingState.OPEN and self.due_on < on


__all__ = ["MOST_YEARS", "Finding", "FindingQuerySet", "FindingState", "kinds"]
