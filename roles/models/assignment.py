"""Assignments: who holds which role where, and from when to when."""

from __future__ import annotations

import datetime
from typing import ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from foi_portal.core.fields import DANISH
from foi_portal.core.models import Archivable, ArchivableQuerySet
from foi_portal.core.periods import NoOverlap, during
from registry.models import Asset, Organisation
from roles.models.catalogue import Role
from roles.models.person import Person


class Part(models.TextChoices):
    HOLDER = "holder", "Indehaver"
    DEPUTY = "deputy", "Stedfortræder"


class AssignmentQuerySet(ArchivableQuerySet["Assignment"]):
    def ongoing(self, on: datetime.date) -> Self:
        """Assignments whose period holds the day ``on``; the person may have left (``serving`` looks at that too)."""
        return self.filter(during(on, "since", "until"), archived_at=None)

    def serving(self, on: datetime.date) -> Self:
        """Ongoing on the day ``on``, by people who work here that day."""
        return self.ongoing(on).filter(
            during(on, "person__active_from", "person__active_to"), person__archived_at=None
        )

    def not_over(self, on: datetime.date) -> Self:
        """Ongoing on the day ``on`` or beginning later."""
        return self.filter(Q(until=None) | Q(until__gt=on), archived_at=None)


class Assignment(Archivable):
    """``person`` has ``role`` as holder or deputy for the whole municipality, one asset or one organisation.

    A seat is a role in a scope. Nobody is in the same seat twice on the same day, be it as holder or deputy.
    ``note`` is for whoever takes over. ``why_here`` is asked for where the role is not required. Only what was
    written by mistake is archived; what is over has an ``until``.
    """

    person = models.ForeignKey(Person, models.PROTECT, verbose_name="person", related_name="assignments")
    role = models.ForeignKey(Role, models.PROTECT, verbose_name="rolle", related_name="assignments")
    asset = models.ForeignKey(
        Asset,
        models.PROTECT,
        verbose_name="komponent eller fagsystem",
        null=True,
        blank=True,
        related_name="role_assignments",
    )
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        verbose_name="organisation",
        null=True,
        blank=True,
        related_name="role_assignments",
    )
    part = models.CharField("som", max_length=6, choices=Part.choices, default=Part.HOLDER)
    since = models.DateField("fra")
    until = models.DateField("til", null=True, blank=True, help_text="Den første dag uden rollen.")
    note = models.TextField("note til den næste", max_length=5000, blank=True, db_collation=DANISH)
    why_here = models.CharField(
        "hvorfor her",
        max_length=300,
        blank=True,
        db_collation=DANISH,
        help_text="Når rollen ikke kræves her.",
    )

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        verbose_name = "tildeling"
        verbose_name_plural = "tildelinger"
        ordering: ClassVar = ["role__name", "asset__name", "part", "person__name", "id"]
        default_permissions = ("add", "change", "view")
        indexes: ClassVar = [
            models.Index(fields=["role", "asset", "organisation"], name="assignment_seat"),
            models.Index(fields=["person", "role"], name="assignment_person_role"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="assignment_has_one_scope",
                condition=Q(asset=None) | Q(organisation=None),
                violation_error_message="Vælg en komponent, et fagsystem eller en organisation, ikke flere.",
            ),
            models.CheckConstraint(name="assignment_part_is_known", condition=Q(part__in=Part.values)),
            models.CheckConstraint(
                name="assignment_ends_after_it_begins",
                condition=Q(until=None) | Q(until__gt=F("since")),
                violation_error_message="Slutdatoen skal ligge efter startdatoen.",
            ),
            NoOverlap(
                name="assignment_once_in_a_seat",
                fields=["person", "role", "asset", "organisation"],
                violation_error_message=(
                    "Personen har allerede rollen her i en del af perioden, som indehaver eller stedfortræder."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person}: {self.role} for {self.scope_name}"

    def get_absolute_url(self) -> str:
        return reverse("assignment-detail", args=[self.pk])

    @property
    def scope_name(self) -> str:
        """What the role is for: the asset's or organisation's name, else the whole municipality."""
        return str(self.asset or self.organisation or "hele kommunen")

    def clean(self) -> None:
        """Refuse a person who has left, or is a double, when the role begins; needs the person's row to see."""
        if not self.person_id or not self.since:  # a form's own messages say what is missing
            return
        if self.person.is_archived:
            raise ValidationError(
                {"person": f"{self.person} er lagt sammen med en anden. Vælg den i stedet."}
            )
        left = self.person.active_to
        if left is not None and left <= self.since:
            raise ValidationError(
                {
                    "person": f"{self.person} er fratrådt {left:%d-%m-%Y}. Vælg en anden, eller ret startdatoen."
                }
            )
