"""The role catalogue: the roles in force, and the editions it came in.

An edition is imported beside the catalogue, compared with it, and taken into use in one act
(``roles.catalogue``). Roles keep their code across editions, so assignments follow them.
"""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.urls import reverse

from foi_portal.core.fields import DANISH, CodeField, code_pattern
from foi_portal.core.models import Archivable, ArchivableQuerySet


class RoleLevel(models.TextChoices):
    STRATEGIC = "strategic", "Strategisk"
    TACTICAL = "tactical", "Taktisk"
    OPERATIONAL = "operational", "Operationel"


class Phase(models.TextChoices):
    PROJECT = "project", "Projekt"
    OPERATIONS = "operations", "Drift"
    BOTH = "both", "Projekt og drift"


class Verified(models.TextChoices):
    """What the source says of the role; the import format's values (DOMAIN §1.3)."""

    NAME_AND_TASKS = "name+tasks", "Navn og opgaver"
    NAME = "name", "Kun navnet"
    TASK = "task", "Kun opgaven"
    FUNCTION = "function", "Kun funktionen"
    UNVERIFIED = "unverified", "Ikke bekræftet"


class CatalogueFacts(models.Model):
    """What the catalogue says of a role, the same in an edition and in force."""

    name = models.CharField("navn", max_length=200, db_collation=DANISH)
    level = models.CharField("niveau", max_length=11, choices=RoleLevel.choices)
    phase = models.CharField("fase", max_length=10, choices=Phase.choices, default=Phase.OPERATIONS)
    description = models.TextField("ansvar", max_length=5000, blank=True, db_collation=DANISH)
    source = models.CharField("kilde", max_length=500, blank=True, db_collation=DANISH)
    source_version = models.CharField("kildens udgave", max_length=100, blank=True, db_collation=DANISH)
    verified = models.CharField(
        "bekræftet af kilden", max_length=10, choices=Verified.choices, default=Verified.UNVERIFIED
    )

    class Meta:
        abstract = True


class Role(CatalogueFacts, Archivable):
    """A role in the catalogue in force. One that a new edition leaves out is archived."""

    code = CodeField(
        "kode", unique=True, error_messages={"unique": "Koden bruges allerede af en anden rolle."}
    )

    objects = ArchivableQuerySet["Role"].as_manager()

    class Meta:
        verbose_name = "rolle"
        verbose_name_plural = "roller"
        ordering: ClassVar = ["name", "code"]
        default_permissions = ("add", "change", "view")
        constraints: ClassVar = [
            code_pattern("role_code_is_a_code"),
            models.CheckConstraint(name="role_level_is_known", condition=Q(level__in=RoleLevel.values)),
            models.CheckConstraint(name="role_phase_is_known", condition=Q(phase__in=Phase.values)),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("role-detail", args=[self.code])


class EditionState(models.TextChoices):
    PREPARED = "prepared", "Forberedt"
    IN_USE = "in_use", "I brug"
    REPLACED = "replaced", "Afløst"


class RoleEdition(Archivable):
    """A version of the whole catalogue. One is in use once there is a catalogue; an unused one can be archived."""

    name = models.CharField("udgave", max_length=100, unique=True, db_collation=DANISH)
    note = models.TextField("note", max_length=2000, blank=True, db_collation=DANISH)
    state = models.CharField(
        "tilstand", max_length=8, choices=EditionState.choices, default=EditionState.PREPARED, editable=False
    )
    in_use_from = models.DateField("i brug fra", null=True, blank=True, editable=False)

    objects = ArchivableQuerySet["RoleEdition"].as_manager()

    class Meta:
        verbose_name = "udgave af rollekataloget"
        verbose_name_plural = "udgaver af rollekataloget"
        ordering: ClassVar = ["-created_at", "-id"]
        default_permissions = ("add", "change", "view")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="edition_in_use_is_one",
                fields=["state"],
                condition=Q(state=EditionState.IN_USE),
                violation_error_message="En anden udgave er taget i brug imens. Se forskellene igen.",
            ),
            models.CheckConstraint(name="edition_state_is_known", condition=Q(state__in=EditionState.values)),
            models.CheckConstraint(
                name="edition_archived_is_not_in_use",
                condition=Q(archived_at=None) | ~Q(state=EditionState.IN_USE),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("edition-detail", args=[self.pk])


class EditionEntry(CatalogueFacts):
    """One role as an edition has it, never changed. ``scope`` is asset codes, empty for every fagsystem."""

    edition = models.ForeignKey(RoleEdition, models.PROTECT, verbose_name="udgave", related_name="entries")
    code = CodeField("kode")
    scope = models.JSONField("omfang", default=list, blank=True)
    holders = models.PositiveSmallIntegerField("indehavere", default=1)
    deputy_needed = models.BooleanField("stedfortræder kræves", default=False)

    class Meta:
        verbose_name = "rolle i en udgave"
        verbose_name_plural = "roller i en udgave"
        ordering: ClassVar = ["edition_id", "code"]
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.UniqueConstraint(name="entry_once_in_an_edition", fields=["edition", "code"]),
        ]

    def __str__(self) -> str:
        return self.name
