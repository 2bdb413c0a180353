"""The outbox: every mail the portal sends is first a row here, written together with what caused it.

No ``Record``: a mail is not edited, and its body must not stay in the history for ever (docs/personal-data.md).
``MailEvent`` is its log instead. Only ``core.mail`` writes these tables.
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


class MailState(models.TextChoices):
    QUEUED = "queued", "I kø"
    SENDING = "sending", "Sendes nu"
    SENT = "sent", "Sendt"
    FAILED = "failed", "Ikke sendt"
    CANCELLED = "cancelled", "Annulleret"


WAITING = (MailState.QUEUED, MailState.SENDING)


class OutboxMailQuerySet(models.QuerySet["OutboxMail"]):
    def due(self, now: datetime.datetime) -> Self:
        """What may be sent now, the longest due first."""
        return self.filter(state=MailState.QUEUED, next_attempt_at__lte=now).order_by("next_attempt_at", "pk")

    def waiting(self) -> Self:
        """What is still to be sent, also what is being sent just now."""
        return self.filter(state__in=WAITING)

    def of_occasion(self, occasion: str) -> Self:
        """The mails of an occasion and of those below it: ``a/b`` holds ``a/b/30``, not ``a/bc``."""
        return self.filter(Q(occasion=occasion) | Q(occasion__startswith=f"{occasion}/"))


class OutboxMail(models.Model):
    """One mail to one recipient for one occasion.

    ``claim`` is the sender at work (state ``sending``). ``next_attempt_at`` counts while it is queued. ``error`` is the
    last trouble in plain Danish, ``error_detail`` what the mail server or Python said. ``waits_for_server`` tells
    that the trouble was the mail server's and not this mail's.
    """

    occasion = models.CharField("anledning", max_length=200, db_index=True)
    recipient_key = models.CharField("modtagerens nøgle", max_length=254)
    recipient_name = models.CharField("modtager", max_length=200, blank=True, db_collation=DANISH)
    address = models.CharField("e-mailadresse", max_length=254, blank=True)
    subject = models.CharField("emne", max_length=250, db_collation=DANISH)
    text = models.TextField("tekst", blank=True)
    html = models.TextField("HTML", blank=True)
    about = models.CharField("handler om", max_length=200, blank=True, db_collation=DANISH)
    about_url = models.CharField("side i portalen", max_length=500, blank=True)
    message_id = models.CharField("Message-ID", max_length=250, unique=True)
    state = models.CharField("tilstand", max_length=10, choices=MailState.choices, default=MailState.QUEUED)
    attempts = models.PositiveIntegerField("forsøg", default=0)
    next_attempt_at = models.DateTimeField("næste forsøg", default=timezone.now)
    waits_for_server = models.BooleanField("venter på mailserveren", default=False)
    claim = models.UUIDField("sendes af", null=True, blank=True)
    claimed_at = models.DateTimeField("taget", null=True, blank=True)
    error = models.CharField("fejl", max_length=500, blank=True, db_collation=DANISH)
    error_detail = models.TextField("teknisk fejl", blank=True)
    created_at = models.DateTimeField("skrevet", default=timezone.now)
    queued_at = models.DateTimeField("sat i kø", default=timezone.now)
    sent_at = models.DateTimeField("sendt", null=True, blank=True)
    settled_at = models.DateTimeField("afsluttet", null=True, blank=True)
    emptied_at = models.DateTimeField("indhold slettet", null=True, blank=True)

    objects = OutboxMailQuerySet.as_manager()

    class Meta:
        verbose_name = "mail"
        verbose_name_plural = "mails"
        ordering: ClassVar = ["-id"]
        default_permissions = ("change", "view")
        indexes: ClassVar = [
            models.Index(fields=["state", "next_attempt_at"], name="mail_due"),
            models.Index(fields=["settled_at"], name="mail_settled"),
        ]
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="mail_once_per_occasion_and_recipient", fields=["occasion", "recipient_key"]
            ),
            models.CheckConstraint(
                name="mail_on_its_way_has_an_address", condition=~Q(state__in=WAITING) | ~Q(address="")
            ),
            models.CheckConstraint(
                name="mail_being_sent_has_a_sender",
                condition=Q(state=MailState.SENDING, claim__isnull=False, claimed_at__isnull=False)
                | (~Q(state=MailState.SENDING) & Q(claim=None, claimed_at=None)),
            ),
            models.CheckConstraint(
                name="mail_settled_when_not_waiting",
                condition=Q(state__in=WAITING, settled_at=None)
                | (~Q(state__in=WAITING) & Q(settled_at__isnull=False)),
            ),
            models.CheckConstraint(
                name="mail_sent_has_a_moment",
                condition=~Q(state=MailState.SENT) | Q(sent_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.subject

    def get_absolute_url(self) -> str:
        return reverse("mail-detail", args=[self.pk])

    @property
    def seen(self) -> str:
        """What a form carries, to notice that the mail is another than the one that was looked at."""
        return f"{self.state}-{self.settled_at.isoformat() if self.settled_at else ''}"

    @property
    def recipient(self) -> str:
        """The name and address as people write them."""
        if self.recipient_name and self.address:
            return f"{self.recipient_name} ({self.address})"
        return self.recipient_name or self.address


class MailEvent(models.Model):
    """Something that happened to a mail. An attempt that fails as the one before it is only counted, on the mail."""

    class What(models.TextChoices):
        QUEUED = "queued", "Sat i kø igen"
        DEFERRED = "deferred", "Udskudt"
        INTERRUPTED = "interrupted", "Afbrudt"
        SENT = "sent", "Sendt"
        FAILED = "failed", "Opgivet"
        CANCELLED = "cancelled", "Annulleret"
        EMPTIED = "emptied", "Indhold slettet"

    mail = models.ForeignKey(OutboxMail, models.PROTECT, verbose_name="mail", related_name="events")
    at = models.DateTimeField("hvornår", default=timezone.now)
    what = models.CharField("hvad", max_length=12, choices=What.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name="hvem",
        null=True,
        blank=True,
        related_name="+",
    )
    reason = models.CharField("begrundelse", max_length=500, blank=True)
    detail = models.TextField("teknisk", blank=True)

    class Meta:
        verbose_name = "hændelse"
        verbose_name_plural = "hændelser"
        ordering: ClassVar = ["-id"]
        default_permissions = ()

    def __str__(self) -> str:
        return f"{self.get_what_display()} {self.at}"


__all__ = ["WAITING", "MailEvent", "MailState", "OutboxMail", "OutboxMailQuerySet"]
