"""Certificates and other credentials: what runs out, and which assets stop when it does."""

from __future__ import annotations

import datetime
from typing import ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from foi_portal.core.fields import DANISH
from foi_portal.core.models import Archivable, ArchivableQuerySet
from registry.models.agreement import Environment, of_our_time
from registry.models.asset import Asset

SOON = 90  # days


class CertificateKind(models.TextChoices):
    OCES_SYSTEM = "oces_system", "OCES-systemcertifikat"
    OCES_ORGANISATION = "oces_organisation", "OCES-organisationscertifikat"
    SERVER = "server", "Servercertifikat (TLS)"
    PROVIDER = "provider", "Leverandørens certifikat"
    ACCESS_KEY = "access_key", "Adgangsnøgle eller tjenestebruger"
    OTHER = "other", "Andet"


class CertificateQuerySet(ArchivableQuerySet["Certificate"]):
    def valid(self, on: datetime.date) -> Self:
        """Neither archived, revoked nor run out on the day ``on``, and begun."""
        return self.not_over(on).filter(Q(valid_from=None) | Q(valid_from__lte=on))

    def not_over(self, on: datetime.date) -> Self:
        """Neither archived, revoked nor run out on the day ``on``; it may begin later."""
        return self.filter(Q(valid_to=None) | Q(valid_to__gt=on), archived_at=None, revoked_on=None)

    def expiring(self, on: datetime.date) -> Self:
        """Those to be renewed that still work on the day ``on`` and end within ``SOON`` days."""
        last = on + datetime.timedelta(days=SOON)
        return self.to_be_renewed().valid(on).filter(valid_to__lte=last)

    def expired(self, on: datetime.date) -> Self:
        """Run out by the day ``on``; what was revoked is revoked."""
        return self.filter(valid_to__lte=on, revoked_on=None)

    def upcoming(self, on: datetime.date) -> Self:
        """Those that begin after the day ``on``."""
        return self.filter(Q(valid_to=None) | Q(valid_to__gt=on), valid_from__gt=on, revoked_on=None)

    def to_be_renewed(self) -> Self:
        """Those whose end matters: neither archived nor revoked, and nothing has come in their place."""
        return self.newest().filter(revoked_on=None)

    def newest(self) -> Self:
        """Those that nothing has come in place of, and not archived."""
        return self.filter(archived_at=None).exclude(
            pk__in=Certificate.objects.filter(archived_at=None, replaces__isnull=False)
            .order_by()
            .values("replaces")
        )


class Certificate(Archivable):
    """A certificate or credential that ``assets`` use, from ``valid_from`` to ``valid_to`` (half-open, Danish days).

    ``valid_to`` is the Danish day on which it stops working, ``expires_at`` the moment, where a file told it.
    ``replaces`` is the one it renews; of several renewals one at most is not archived.
    ``serial`` and ``sha256`` are lower-case hex without signs between. ``pem`` is
    the public certificate as it was uploaded, without its chain; private keys are never kept.
    ``for_one_system``: personal to one system, so two that share it is a finding.
    """

    unrecorded = ("pem",)

    name = models.CharField("navn", max_length=200, db_collation=DANISH)
    kind = models.CharField("type", max_length=17, choices=CertificateKind.choices)
    environment = models.CharField(
        "miljø", max_length=13, choices=Environment.choices, default=Environment.PRODUCTION
    )
    subject = models.CharField("udstedt til", max_length=1000, blank=True, db_collation=DANISH)
    issuer = models.CharField("udsteder", max_length=1000, blank=True, db_collation=DANISH)
    serial = models.CharField("serienummer", max_length=80, blank=True)
    sha256 = models.CharField("fingeraftryk (SHA-256)", max_length=64, null=True, blank=True)  # noqa: DJ001 - unique
    key_usage = models.CharField("nøglens brug", max_length=300, blank=True)
    oces_id = models.CharField("OCES-id", max_length=200, blank=True)
    valid_from = models.DateField("gælder fra", null=True, blank=True)
    valid_to = models.DateField(
        "udløber", null=True, blank=True, help_text="Den dag, det holder op med at virke."
    )
    expires_at = models.DateTimeField("udløber præcist", null=True, blank=True, editable=False)
    revoked_on = models.DateField("spærret", null=True, blank=True)
    for_one_system = models.BooleanField("må kun bruges af ét fagsystem", default=False, db_default=False)
    assets = models.ManyToManyField(Asset, verbose_name="bruges af", blank=True, related_name="certificates")
    replaces = models.ForeignKey(
        "self", models.PROTECT, verbose_name="fornyer", null=True, blank=True, related_name="renewals"
    )
    location = models.CharField(
        "hvor det ligger", max_length=300, blank=True, db_collation=DANISH, help_text="Server, nøgleboks …"
    )
    note = models.TextField("note", max_length=5000, blank=True, db_collation=DANISH)
    pem = models.TextField("certifikatet", blank=True, editable=False)

    objects = CertificateQuerySet.as_manager()

    class Meta:
        verbose_name = "certifikat"
        verbose_name_plural = "certifikater"
        ordering: ClassVar = ["name", "id"]
        default_permissions = ("add", "change", "view")
        indexes: ClassVar = [models.Index(fields=["valid_to"], name="certificate_end")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="certificate_kind_is_known", condition=Q(kind__in=CertificateKind.values)
            ),
            models.CheckConstraint(
                name="certificate_environment_is_known", condition=Q(environment__in=Environment.values)
            ),
            models.CheckConstraint(
                name="certificate_ends_after_it_begins",
                condition=Q(valid_from=None) | Q(valid_to=None) | Q(valid_to__gt=F("valid_from")),
                violation_error_message="Udløbsdatoen skal ligge efter startdatoen.",
            ),
            models.CheckConstraint(
                name="certificate_dates_are_of_our_time",
                condition=of_our_time("valid_from", "valid_to", "revoked_on"),
                violation_error_message="Datoerne skal ligge mellem 1990 og 2099.",
            ),
            models.CheckConstraint(
                name="certificate_serial_is_hex",
                condition=Q(serial__regex=r"^[0-9a-f]*$"),
                violation_error_message="Serienummeret skrives med tallene 0-9 og bogstaverne a-f.",
            ),
            models.CheckConstraint(
                name="certificate_sha256_is_hex",
                condition=Q(sha256=None) | Q(sha256__regex=r"^[0-9a-f]{64}$"),
                violation_error_message="Fingeraftrykket er 64 tegn: tallene 0-9 og bogstaverne a-f.",
            ),
            models.UniqueConstraint(
                name="certificate_known_once",
                fields=["sha256"],
                violation_error_message="Certifikatet findes allerede i portalen.",
            ),
            models.UniqueConstraint(
                name="certificate_renewed_once",
                fields=["replaces"],
                condition=Q(archived_at=None),
                violation_error_message="Certifikatet er allerede fornyet af et andet.",
            ),
            models.CheckConstraint(
                name="certificate_does_not_replace_itself",
                condition=Q(replaces=None) | ~Q(replaces=F("id")),
                violation_error_message="Et certifikat kan ikke forny sig selv.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("certificate-detail", args=[self.pk])

    @property
    def is_read(self) -> bool:
        """Whether its facts were read from a file, so that nobody types others."""
        return self.pem != ""

    def renewed_by(self) -> Certificate | None:
        """What has come in its place. One query."""
        return Certificate.objects.current().filter(replaces=self.pk).first()

    def is_valid(self, on: datetime.date) -> bool:
        """Whether it works on the day ``on``."""
        begun = self.valid_from is None or self.valid_from <= on
        return begun and self.standing(on) == "Gyldigt"

    def standing(self, on: datetime.date) -> str:
        """How it is on the day ``on``, in one Danish word."""
        if self.revoked_on is not None:
            return "Spærret"
        if self.valid_to is not None and self.valid_to <= on:
            return "Udløbet"
        if self.valid_from is not None and self.valid_from > on:
            return "Kommende"
        return "Gyldigt"

    def clean(self) -> None:
        """Refuse a chain of renewals that comes back to itself; the walk is as long as the chain."""
        seen, before = {self.pk}, self.replaces
        while before is not None and self.pk is not None:
            if before.pk in seen:
                raise ValidationError({"replaces": f"{before} fornyer selv {self}. Vælg et andet."})
            seen.add(before.pk)
            before = before.replaces


__all__ = ["SOON", "Certificate", "CertificateKind", "CertificateQuerySet"]
