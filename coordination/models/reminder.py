"""When people are reminded, by kind of deadline, how each person wants it, and what each has been told."""

from __future__ import annotations

from typing import ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.urls import reverse

from foi_portal.core.fields import DANISH
from foi_portal.core.models import OutboxMail, Record
from registry import deadlines
from roles.models import Person

MOST_STEPS, FIRST_STEP = 8, 730  # days: Datafordeleren's keys live two years, and nothing is told earlier
USUAL_STEPS = "90, 30, 7"


class ReminderRule(Record):
    """How many days before a deadline of ``kind`` those responsible are reminded: ``steps``, as "90, 30, 7".

    ``overdue_every``: how many days apart they are reminded when the day has passed. ``escalate_after``: so many days
    after the day FOI is told that nothing has happened.
    """

    kind = models.CharField("slags", max_length=40, unique=True, editable=False)
    steps = models.CharField("dage før", max_length=60, blank=True, default=USUAL_STEPS)
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
            ),
            models.CheckConstraint(
                name="reminder_rule_steps_are_days",
                condition=Q(steps__regex=r"^([0-9]{1,3}(, [0-9]{1,3})*)?$"),
                violation_error_message="Skriv hele dage, adskilt af komma.",
            ),
        ]

    def __str__(self) -> str:
        return f"Påmindelser om «{self.label}»"

    def get_absolute_url(self) -> str:
        return reverse("reminder-rule-update", args=[self.kind])

    @property
    def label(self) -> str:
        """The kind's Danish name, or its key when no app knows it any more."""
        return next((source.label for source in deadlines.sources() if source.kind == self.kind), self.kind)

    @property
    def days(self) -> tuple[int, ...]:
        """The steps as numbers."""
        return tuple(int(day) for day in self.steps.split(", ") if day)

    def clean(self) -> None:
        """Refuse too many steps, the same twice, and steps earlier than anything is looked for."""
        try:
            days = self.days
        except ValueError:
            return  # the constraint says so
        if len(days) > MOST_STEPS:
            raise ValidationError({"steps": f"Skriv højst {MOST_STEPS} tal."})
        if len(set(days)) < len(days):
            raise ValidationError({"steps": "Skriv hvert tal én gang."})
        if max(days, default=0) > FIRST_STEP:
            raise ValidationError({"steps": f"Skriv højst {FIRST_STEP} dage."})


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


class ReminderQuerySet(models.QuerySet["Reminder"]):
    def about(self, matter: str) -> Self:
        """Of all deadlines of a matter ("agreement/7"), whatever their kind and day."""
        return self.filter(matter=matter)


class Reminder(models.Model):
    """A person, or FOI's mailbox, was told of a deadline's step: written with the mail, once each.

    No ``Record``: people do not edit it, and it goes with its mail, two years after that. ``step`` is "30",
    "overdue-2", "escalation" or "digest-2026-11-30". ``matter`` is "agreement/7" where the deadline is about one.
    """

    key = models.CharField("frist", max_length=120)
    matter = models.CharField("sag", max_length=40, blank=True, db_index=True)
    step = models.CharField("trin", max_length=20)
    recipient_key = models.CharField("modtagerens nøgle", max_length=254)
    recipient_name = models.CharField("modtager", max_length=200, db_collation=DANISH)
    on = models.DateField("dag")
    mail = models.ForeignKey(OutboxMail, models.CASCADE, verbose_name="mail", related_name="reminders")

    objects = ReminderQuerySet.as_manager()

    class Meta:
        verbose_name = "påmindelse"
        verbose_name_plural = "påmindelser"
        ordering: ClassVar = ["-on", "-id"]
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(name="reminded_once_of_a_step", fields=["key", "step", "recipient_key"])
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.step}: {self.recipient_name}"
