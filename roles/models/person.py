"""People, and when they are away. Only what the work needs is kept (docs/personal-data.md)."""

from __future__ import annotations

import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from foi_portal.core.fields import DANISH
from foi_portal.core.models import Archivable, ArchivableQuerySet
from foi_portal.core.periods import NoOverlap, during, holds
from registry.models import Organisation


class LowerEmailField(models.EmailField):  # type: ignore[type-arg]
    """An e-mail address kept in lower case without blanks around it, so that a plain unique index sees doubles."""

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return value.strip().lower() if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:
        value = super().get_prep_value(value)
        return value.strip().lower() if isinstance(value, str) else value


class PersonQuerySet(ArchivableQuerySet["Person"]):
    def active(self, on: datetime.date) -> Self:
        """People who work here on the day ``on``. Doubles that were merged are not among them."""
        return self.filter(during(on, "active_from", "active_to"), archived_at=None)


class Person(Archivable):
    """Somebody who can hold a role. Never deleted: who leaves gets ``active_to``, the first day without work here.

    Only a double is archived; ``merged_into`` then says who it is.
    """

    name = models.CharField("navn", max_length=200, db_collation=DANISH)
    email = LowerEmailField("e-mail", blank=True)
    phone = models.CharField("telefon", max_length=40, blank=True)
    title = models.CharField("titel", max_length=200, blank=True, db_collation=DANISH)
    unit = models.ForeignKey(
        Organisation, models.PROTECT, verbose_name="enhed", null=True, blank=True, related_name="people"
    )
    active_from = models.DateField("ansat fra", null=True, blank=True)
    active_to = models.DateField(
        "fratrådt", null=True, blank=True, help_text="Den første dag, hvor personen ikke er her."
    )
    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name="bruger",
        null=True,
        blank=True,
        related_name="person",
        error_messages={"unique": "Brugeren hører allerede til en anden person."},
    )
    merged_into = models.ForeignKey(
        "self",
        models.PROTECT,
        verbose_name="lagt sammen med",
        null=True,
        blank=True,
        editable=False,
        related_name="doubles",
    )

    objects = PersonQuerySet.as_manager()

    class Meta:
        verbose_name = "person"
        verbose_name_plural = "personer"
        ordering: ClassVar = ["name", "id"]
        default_permissions = ("add", "change", "view")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="person_email_used_once",
                fields=["email"],
                condition=Q(archived_at=None) & ~Q(email=""),
                violation_error_message=(
                    "En anden person har allerede den e-mailadresse. Find personen, eller læg de to sammen."
                ),
            ),
            models.CheckConstraint(
                name="person_leaves_after_arriving",
                condition=Q(active_from=None) | Q(active_to=None) | Q(active_to__gt=F("active_from")),
                violation_error_message="Datoen for fratrædelse skal ligge efter datoen for ansættelse.",
            ),
            models.CheckConstraint(
                name="person_merged_is_archived_without_user",
                condition=Q(merged_into=None) | Q(archived_at__isnull=False, user=None),
            ),
            models.CheckConstraint(
                name="person_is_not_merged_into_itself",
                condition=Q(merged_into=None) | ~Q(merged_into=F("id")),
                violation_error_message="En person kan ikke lægges sammen med sig selv.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("person-detail", args=[self.pk])

    def is_active(self, on: datetime.date) -> bool:
        """Whether the person works here on the day ``on``."""
        return not self.is_archived and holds(on, self.active_from, self.active_to)


class AbsenceQuerySet(ArchivableQuerySet["Absence"]):
    def ongoing(self, on: datetime.date) -> Self:
        """Absences that hold the day ``on``."""
        return self.filter(during(on, "since", "until"), archived_at=None)


class Absence(Archivable):
    """A person is away from ``since`` to ``until`` (half-open; empty: until further notice).

    Why is nobody's business here and is not kept. ``stand_in`` is asked where a seat has no deputy of its own.
    """

    person = models.ForeignKey(Person, models.PROTECT, verbose_name="person", related_name="absences")
    since = models.DateField("fra")
    until = models.DateField(
        "tilbage", null=True, blank=True, help_text="Den første dag tilbage. Tom: indtil videre."
    )
    stand_in = models.ForeignKey(
        Person,
        models.PROTECT,
        verbose_name="henvis til",
        null=True,
        blank=True,
        related_name="standing_in",
        help_text="Hvem der henvises til, hvor rollen ikke har en stedfortræder.",
    )

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        verbose_name = "fravær"
        verbose_name_plural = "fravær"
        ordering: ClassVar = ["-since", "-id"]
        default_permissions = ("add", "change", "view")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="absence_ends_after_it_begins",
                condition=Q(until=None) | Q(until__gt=F("since")),
                violation_error_message="Datoen for tilbagekomst skal ligge efter den første fraværsdag.",
            ),
            models.CheckConstraint(
                name="absence_stand_in_is_another",
                condition=Q(stand_in=None) | ~Q(stand_in=F("person")),
                violation_error_message="Man kan ikke henvise til den, der er fraværende. Vælg en anden.",
            ),
            NoOverlap(
                name="absence_once_at_a_time",
                fields=["person"],
                violation_error_message="Personen er allerede skrevet som fraværende i en del af perioden. Ret den.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.person} fraværende"

    def get_absolute_url(self) -> str:
        return self.person.get_absolute_url()

    def clean(self) -> None:
        """Refuse a stand-in who has left by then."""
        if self.stand_in is not None and self.since and not self.stand_in.is_active(self.since):
            raise ValidationError({"stand_in": f"{self.stand_in} er ikke ansat den dag. Vælg en anden."})
