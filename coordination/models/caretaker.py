"""Who looks after an agreement or a certificate, when that is somebody else than who answers for the assets."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from foi_portal.core.models import Archivable, ArchivableQuerySet
from registry.models import Agreement, Certificate
from roles.models import Person


class Caretaker(Archivable):
    """``person`` sees to it that the agreement or the certificate is renewed in time.

    Without one it is the holder of the role that answers for the assets concerned (``coordination.recipients``).
    """

    agreement = models.OneToOneField(
        Agreement, models.PROTECT, verbose_name="aftale", null=True, blank=True, related_name="caretaker"
    )
    certificate = models.OneToOneField(
        Certificate,
        models.PROTECT,
        verbose_name="certifikat",
        null=True,
        blank=True,
        related_name="caretaker",
    )
    person = models.ForeignKey(Person, models.PROTECT, verbose_name="person", related_name="takes_care_of")

    objects = ArchivableQuerySet["Caretaker"].as_manager()

    class Meta:
        verbose_name = "ansvarlig for fornyelse"
        verbose_name_plural = "ansvarlige for fornyelse"
        ordering: ClassVar = ["id"]
        default_permissions = ("add", "change", "view")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="caretaker_of_one_thing",
                condition=Q(agreement=None, certificate__isnull=False)
                | Q(agreement__isnull=False, certificate=None),
                violation_error_message="Vælg enten en aftale eller et certifikat.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.agreement or self.certificate}"
