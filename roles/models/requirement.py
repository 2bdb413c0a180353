"""Requirements: where a role is needed, by how many, and whether somebody must stand ready."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from foi_portal.core.models import Archivable, ArchivableQuerySet
from registry.models import Asset
from roles.models.catalogue import Role


class ScopeKind(models.TextChoices):
    """Where a requirement holds. All but ``ASSET`` are one requirement for many or one nameless scope."""

    MUNICIPALITY = "municipality", "Hele kommunen"
    ASSET = "asset", "En komponent eller et fagsystem"
    EVERY_SYSTEM = "every_system", "Hvert fagsystem"
    EVERY_DEPARTMENT = "every_department", "Hver forvaltning"


class RequirementOrigin(models.TextChoices):
    CATALOGUE = "catalogue", "Kataloget"
    OWN = "own", "FOI"


class RoleRequirement(Archivable):
    """``role`` must have ``holders`` holders in each scope, from ``since`` on, and a deputy if ``deputy_needed``.

    What somebody here has edited is their own from then on: a new edition of the catalogue leaves it alone.
    """

    role = models.ForeignKey(Role, models.PROTECT, verbose_name="rolle", related_name="requirements")
    scope_kind = models.CharField("kræves for", max_length=16, choices=ScopeKind.choices)
    asset = models.ForeignKey(
        Asset,
        models.PROTECT,
        verbose_name="komponent eller fagsystem",
        null=True,
        blank=True,
        related_name="role_requirements",
    )
    holders = models.PositiveSmallIntegerField("antal indehavere", default=1)
    deputy_needed = models.BooleanField("stedfortræder kræves", default=False)
    deputy_may_hold = models.BooleanField(
        "stedfortræderen må selv have en anden rolle samme sted",
        default=True,
        help_text="Nej: den, der er indehaver af en anden rolle for det samme, kan ikke være stedfortræder.",
    )
    since = models.DateField("gælder fra", default=timezone.localdate)
    origin = models.CharField(
        "kommer fra",
        max_length=9,
        choices=RequirementOrigin.choices,
        default=RequirementOrigin.OWN,
        editable=False,
    )

    objects = ArchivableQuerySet["RoleRequirement"].as_manager()

    class Meta:
        verbose_name = "rollekrav"
        verbose_name_plural = "rollekrav"
        ordering: ClassVar = ["role__name", "scope_kind", "asset__name", "id"]
        default_permissions = ("add", "change", "view")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="requirement_scope_is_known", condition=Q(scope_kind__in=ScopeKind.values)
            ),
            models.CheckConstraint(
                name="requirement_asset_goes_with_its_scope",
                condition=Q(scope_kind=ScopeKind.ASSET, asset__isnull=False)
                | (~Q(scope_kind=ScopeKind.ASSET) & Q(asset=None)),
                violation_error_message=(
                    "Vælg en komponent eller et fagsystem, når kravet gælder netop ét, og ellers ingen."
                ),
            ),
            models.CheckConstraint(
                name="requirement_needs_one_to_twenty_holders",
                condition=Q(holders__gte=1, holders__lte=20),
                violation_error_message="Der skal være mellem 1 og 20 indehavere.",
            ),
            models.UniqueConstraint(
                name="requirement_once_for_an_asset",
                fields=["role", "asset"],
                condition=Q(archived_at=None, asset__isnull=False),
                violation_error_message="Rollen kræves allerede for den. Ret det krav, der står der, i stedet.",
            ),
            models.UniqueConstraint(
                name="requirement_once_for_a_scope",
                fields=["role", "scope_kind"],
                condition=Q(archived_at=None, asset=None),
                violation_error_message="Rollen kræves allerede for det omfang. Ret det krav, der står der, i stedet.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.role} for {self.asset or self.get_scope_kind_display().lower()}"

    def get_absolute_url(self) -> str:
        return f"{reverse('role-detail', args=[self.role.code])}#krav-{self.pk}"
