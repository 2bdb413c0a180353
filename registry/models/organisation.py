"""Organisations: the municipality's own units and everybody it works with."""

from __future__ import annotations

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from foi_portal.core.fields import DANISH, CodeField, code_pattern
from foi_portal.core.models import Archivable, ArchivableQuerySet


class OrganisationKind(models.TextChoices):
    """What an organisation is. The values are the import format's."""

    MUNICIPALITY = "municipality", "Kommune"
    FORVALTNING = "forvaltning", "Forvaltning"
    DEPARTMENT = "department", "Afdeling"
    OFFICE = "office", "Kontor"
    UNIT = "unit", "Enhed"
    FORUM = "forum", "Forum"
    OWNER = "owner", "Myndighed eller ejer"
    USER_CLUB = "user_club", "Brugerklub"
    PARTNER = "partner", "Samarbejdspartner"
    VENDOR = "vendor", "Leverandør"


class OrganisationQuerySet(ArchivableQuerySet["Organisation"]):
    """Organisations, current or archived."""


class Organisation(Archivable):
    """A forvaltning, office, vendor, authority, user club … Forvaltninger come and go, hence the period."""

    code = CodeField(
        "kode", unique=True, error_messages={"unique": "Koden findes allerede på en anden organisation."}
    )
    name = models.CharField("navn", max_length=200, db_collation=DANISH)
    kind = models.CharField("type", max_length=20, choices=OrganisationKind.choices)
    parent = models.ForeignKey(
        "self", models.PROTECT, verbose_name="hører under", null=True, blank=True, related_name="children"
    )
    valid_from = models.DateField("gælder fra", null=True, blank=True)
    valid_to = models.DateField(
        "gælder til", null=True, blank=True, help_text="Den første dag, hvor den ikke gælder."
    )

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        verbose_name = "organisation"
        verbose_name_plural = "organisationer"
        ordering: ClassVar = ["name", "code"]
        default_permissions = ("add", "change", "view")
        indexes: ClassVar = [models.Index(fields=["kind", "name"], name="organisation_kind_name")]
        constraints: ClassVar = [
            code_pattern("organisation_code_is_a_code"),
            models.CheckConstraint(
                name="organisation_kind_is_known", condition=Q(kind__in=OrganisationKind.values)
            ),
            models.CheckConstraint(
                name="organisation_is_not_its_own_parent",
                condition=Q(parent=None) | ~Q(parent=F("id")),
                violation_error_message="En organisation kan ikke høre under sig selv.",
            ),
            models.CheckConstraint(
                name="organisation_ends_after_it_begins",
                condition=Q(valid_from=None) | Q(valid_to=None) | Q(valid_to__gt=F("valid_from")),
                violation_error_message="Slutdatoen skal ligge efter startdatoen.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("organisation-detail", args=[self.code])

    def clean(self) -> None:
        """Refuse a loop among parents; the walk is bounded by the depth of the tree."""
        if self.pk and self.parent_id == self.pk:
            raise ValidationError({"parent": "En organisation kan ikke høre under sig selv. Vælg en anden."})
        seen, parent = {self.pk}, self.parent
        while parent is not None and self.pk is not None:
            if parent.pk in seen:
                raise ValidationError({"parent": f"{self.parent} hører selv under {self}. Vælg en anden."})
            seen.add(parent.pk)
            parent = parent.parent
