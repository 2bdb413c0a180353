"""What is kept about deadlines: taken note of until a day, and the calendars that people subscribe to.

The deadlines themselves are no rows: they are read from what they are about (``registry.deadlines``).
"""

from __future__ import annotations

import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from foi_portal.core.fields import DANISH
from foi_portal.core.models import Archivable, ArchivableQuerySet
from roles.models import Person, Role


class AcknowledgementQuerySet(ArchivableQuerySet["Acknowledgement"]):
    def ongoing(self, on: datetime.date) -> Self:
        """Those that still rest on the day ``on``."""
        return self.filter(until__gt=on, archived_at=None)


class Acknowledgement(Archivable):
    """Somebody has taken note of the deadline ``key``: nobody is reminded before ``until``, for a reason.

    The date is part of the key, so when the matter's date moves the new one is not taken note of.
    """

    key = models.CharField("frist", max_length=120)
    title = models.CharField("hvad", max_length=300, db_collation=DANISH)
    until = models.DateField("til", help_text="Den dag, den vises som åben igen.")
    reason = models.CharField("hvorfor", max_length=500, db_collation=DANISH)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="af", related_name="+")

    objects = AcknowledgementQuerySet.as_manager()

    class Meta:
        verbose_name = "frist taget til efterretning"
        verbose_name_plural = "frister taget til efterretning"
        ordering: ClassVar = ["until", "id"]
        default_permissions = ("add", "change", "view")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="acknowledged_once_at_a_time",
                fields=["key"],
                condition=Q(archived_at=None),
                violation_error_message="Fristen er allerede taget til efterretning. Ret den, der står der.",
            ),
            models.CheckConstraint(
                name="acknowledgement_has_a_reason",
                condition=~Q(reason=""),
                violation_error_message="Skriv hvorfor.",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        """It has no page of its own: it is told in the list of deadlines."""
        return reverse("deadline-list")


class CalendarLink(models.Model):
    """A secret address that a calendar program fetches deadlines from: one person's, one role's or all of FOI's.

    Only the token's digest is kept, so the address is shown once. ``person`` and ``role`` empty: everything.
    """

    token_digest = models.CharField("fingeraftryk", max_length=64, unique=True)
    person = models.ForeignKey(
        Person, models.PROTECT, verbose_name="person", null=True, blank=True, related_name="calendar_links"
    )
    role = models.ForeignKey(
        Role, models.PROTECT, verbose_name="rolle", null=True, blank=True, related_name="calendar_links"
    )
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="lavet af", related_name="calendar_links"
    )
    made_at = models.DateTimeField("lavet", default=timezone.now)
    last_used_at = models.DateTimeField("sidst hentet", null=True, blank=True)
    revoked_at = models.DateTimeField("tilbagekaldt", null=True, blank=True)

    class Meta:
        verbose_name = "kalenderlink"
        verbose_name_plural = "kalenderlinks"
        ordering: ClassVar = ["-made_at", "-id"]
        default_permissions = ("add", "change", "view")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="calendar_link_is_for_one_thing", condition=Q(person=None) | Q(role=None)
            )
        ]

    def __str__(self) -> str:
        return str(self.person or self.role or "Alle frister")


class CalendarEvent(models.Model):
    """What feeds said last about a matter, so that a change gets a higher SEQUENCE and what is gone is cancelled.

    ``key`` is the deadline's without its day: a day that moves is the same event. ``digest`` is of what it says,
    ``body`` the VEVENT itself, ``people`` and ``roles`` whose feeds it is in.
    """

    key = models.CharField("sag", max_length=120, unique=True)
    digest = models.CharField("fingeraftryk", max_length=64)
    sequence = models.PositiveIntegerField("løbenummer", default=0)
    on = models.DateField("dato")
    title = models.CharField("hvad", max_length=300)
    body = models.TextField("begivenheden")
    people = models.JSONField("personer", default=list)
    roles = models.JSONField("roller", default=list)
    changed_at = models.DateTimeField("ændret", default=timezone.now)
    cancelled_at = models.DateTimeField("aflyst", null=True, blank=True)

    class Meta:
        verbose_name = "kalenderbegivenhed"
        verbose_name_plural = "kalenderbegivenheder"
        ordering: ClassVar = ["on", "key"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.title
