"""When people are reminded, by kind of deadline, and how each person wants it."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from foi_portal.core.models import Record
from roles.models import Person


def default_steps() -> list[int]:
    return [90, 30, 7]


class ReminderRule(Record):
    """How many days before a deadline of ``kind`` those responsible are reminded.

    ``overdue_every``: how many days apart they are reminded when the day has passed. ``escalate_after``: so many days
    after the day FOI is told that nothing has happened.
    """

    kind = models.CharField("slags", max_length=40, unique=True, editable=False)
    steps = models.JSONField("dage før", default=default_steps)
    overdue_every = models.PositiveSmallIntegerField("når den er overskredet, hver … dag", default=7)
    escalate_after = models.PositiveSmallIntegerField("FOI får besked efter … dage", default=7)
    active = models.BooleanField("der sendes påmindelser", default=True)

    class Meta:
        verbose_name = "regel for påmindelser"
        verbose_name_plural = "regler for påmindelser"
        ordering: ClassVar = ["kind"]
        default_permissions = ("add", "change", "view")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="reminder_rule_days_are_sane",
                condition=Q(overdue_every__range=(1, 365), escalate_after__range=(0, 365)),
                violation_error_message="Skriv 1 til 365 dage.",
            )
        ]

    def __str__(self) -> str:
        return self.kind


class ReminderPreference(Record):
    """How a person wants to be reminded: one mail each time, or one on Mondays with all of the week's."""

    person = models.OneToOneField(
        Person, models.PROTECT, verbose_name="person", related_name="reminder_preference"
    )
    digest = models.BooleanField("saml påmindelser i én mail om mandagen", default=False)

    class Meta:
        verbose_name = "ønske om påmindelser"
        verbose_name_plural = "ønsker om påmindelser"
        ordering: ClassVar = ["person__name", "id"]
        default_permissions = ("add", "change", "view")

    def __str__(self) -> str:
        return str(self.person)
