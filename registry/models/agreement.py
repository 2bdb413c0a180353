"""Agreements: serviceaftaler, føderationsaftaler, data processing agreements, contracts, connections, SDN."""

from __future__ import annotations

import datetime
from typing import ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from foi_portal.core.fields import DANISH, LinkField, safe_link
from foi_portal.core.models import Archivable, ArchivableQuerySet
from foi_portal.core.periods import during, holds, months_after, months_before
from registry.models.asset import Asset, Kind, System
from registry.models.dependency import Dependency
from registry.models.organisation import Organisation

FIRST_DAY, LAST_DAY = datetime.date(1990, 1, 1), datetime.date(2099, 12, 31)
REVIEW_MONTHS = 12  # how often what has no end date is looked at (DOMAIN §3.1: none is published)


class AgreementKind(models.TextChoices):
    SERVICE = "service", "Serviceaftale"
    FEDERATION = "federation", "Føderationsaftale"
    DATA_PROCESSING = "data_processing", "Databehandleraftale"
    CONTRACT = "contract", "Kontrakt"
    CONNECTION = "connection", "Tilslutningsaftale"
    SDN = "sdn", "SDN-aftale"
    OTHER = "other", "Anden aftale"


class AgreementStatus(models.TextChoices):
    """How far it is decided. That one has run out follows from its dates (``has_expired``)."""

    REQUESTED = "requested", "Anmodet"
    APPROVED = "approved", "Godkendt"
    REJECTED = "rejected", "Afvist"
    ACTIVE = "active", "Aktiv"
    TERMINATED = "terminated", "Opsagt"


class Environment(models.TextChoices):
    PRODUCTION = "production", "Produktion"
    EXTERNAL_TEST = "external_test", "Eksternt testmiljø"
    INTERNAL_TEST = "internal_test", "Internt testmiljø"


IN_FORCE = (
    AgreementStatus.ACTIVE,
    AgreementStatus.TERMINATED,
)  # what is ended is in force until its last day
# What a status may be followed by. Rejected and terminated are not the end: a mistake can be put right.
NEXT = {
    AgreementStatus.REQUESTED: (AgreementStatus.APPROVED, AgreementStatus.REJECTED),
    AgreementStatus.APPROVED: (AgreementStatus.ACTIVE, AgreementStatus.REJECTED),
    AgreementStatus.REJECTED: (AgreementStatus.REQUESTED,),
    AgreementStatus.ACTIVE: (AgreementStatus.TERMINATED,),
    AgreementStatus.TERMINATED: (AgreementStatus.ACTIVE,),
}


def of_our_time(*fields: str) -> Q:
    """Each of the date fields is empty or within 1990–2099: 1899 and 2206 are slips of the hand."""
    found = Q()
    for field in fields:
        found &= Q(**{field: None}) | Q(**{f"{field}__range": (FIRST_DAY, LAST_DAY)})
    return found


class AgreementQuerySet(ArchivableQuerySet["Agreement"]):
    def in_force(self, on: datetime.date) -> Self:
        """Active, or ended but not over yet, and within the period on the day ``on``."""
        return self.filter(during(on, "valid_from", "valid_to"), archived_at=None, status__in=IN_FORCE)

    def not_over(self, on: datetime.date) -> Self:
        """Neither rejected, archived nor past its last day on the day ``on``: asked for, coming or in force."""
        return self.filter(Q(valid_to=None) | Q(valid_to__gt=on), archived_at=None).exclude(
            status=AgreementStatus.REJECTED
        )

    def expired(self, on: datetime.date) -> Self:
        """Was in force, or should have been, and is past its last day."""
        return self.filter(valid_to__lte=on, archived_at=None).exclude(status=AgreementStatus.REJECTED)

    def about(self, asset: Asset) -> Self:
        """Those of the system itself, those that name the asset, and those that cover a dependency it is an end of."""
        return self.filter(
            Q(system_id=asset.pk)
            | Q(pk__in=Agreement.assets.through._default_manager.filter(asset=asset).values("agreement"))
            | Q(
                pk__in=Agreement.dependencies.through._default_manager.filter(
                    Q(dependency__source=asset) | Q(dependency__target=asset) | Q(dependency__via=asset)
                ).values("agreement")
            )
        )


class Agreement(Archivable):
    """What lets a system use a component, from ``valid_from`` to ``valid_to`` (half-open; empty: open).

    ``system`` is the fagsystem it was made for, ``dependencies`` the connections it covers, ``assets`` what else it is
    about (the component of a connection agreement, the system of a contract). ``unit`` is who signed here.
    A serviceaftale is the municipality's instruction to KOMBIT to pass data on (DOMAIN §0): hence purpose and
    legal basis. One without an end is looked at every ``review_months``.
    """

    name = models.CharField("navn", max_length=200, db_collation=DANISH)
    kind = models.CharField("type", max_length=16, choices=AgreementKind.choices)
    number = models.CharField("aftalenummer", max_length=100, blank=True, db_collation=DANISH)
    uuid = models.UUIDField("aftalens UUID", null=True, blank=True)
    status = models.CharField(
        "status", max_length=10, choices=AgreementStatus.choices, default=AgreementStatus.REQUESTED
    )
    environment = models.CharField(
        "miljø", max_length=13, choices=Environment.choices, default=Environment.PRODUCTION
    )
    counterpart = models.ForeignKey(
        Organisation,
        models.PROTECT,
        verbose_name="modpart",
        null=True,
        blank=True,
        related_name="agreements",
    )
    unit = models.ForeignKey(
        Organisation,
        models.PROTECT,
        verbose_name="indgået af",
        null=True,
        blank=True,
        related_name="own_agreements",
        help_text="Kommunens forvaltning eller enhed.",
    )
    system = models.ForeignKey(
        System, models.PROTECT, verbose_name="fagsystem", null=True, blank=True, related_name="agreements"
    )
    dependencies = models.ManyToManyField(
        Dependency, verbose_name="dækker afhængighederne", blank=True, related_name="agreements"
    )
    assets = models.ManyToManyField(
        Asset, verbose_name="gælder også", blank=True, related_name="named_in_agreements"
    )
    purpose = models.TextField("formål", max_length=2000, blank=True, db_collation=DANISH)
    legal_basis = models.CharField(
        "hjemmel", max_length=500, blank=True, db_collation=DANISH, help_text="Lov og paragraf."
    )
    service_uuid = models.UUIDField("servicens UUID", null=True, blank=True)
    system_uuid = models.UUIDField("it-systemets UUID", null=True, blank=True)
    requested_on = models.DateField("anmodet", null=True, blank=True)
    decided_on = models.DateField("afgjort", null=True, blank=True)
    valid_from = models.DateField("gælder fra", null=True, blank=True)
    valid_to = models.DateField(
        "gælder til", null=True, blank=True, help_text="Den første dag uden aftalen. Tom: løber videre."
    )
    notice_months = models.PositiveSmallIntegerField("opsigelsesvarsel i måneder", null=True, blank=True)
    review_months = models.PositiveSmallIntegerField(
        "ses efter hver … måned", default=REVIEW_MONTHS, db_default=REVIEW_MONTHS
    )
    reviewed_on = models.DateField("sidst set efter", null=True, blank=True)
    case_number = models.CharField("sagsnummer", max_length=60, blank=True)
    url = LinkField("link", blank=True, help_text="Begynder med https://, http:// eller mailto:")
    note = models.TextField("note", max_length=5000, blank=True, db_collation=DANISH)

    objects = AgreementQuerySet.as_manager()

    class Meta:
        verbose_name = "aftale"
        verbose_name_plural = "aftaler"
        ordering: ClassVar = ["name", "id"]
        default_permissions = ("add", "change", "view")
        indexes: ClassVar = [
            models.Index(fields=["status", "valid_to"], name="agreement_status_end"),
            models.Index(fields=["valid_to"], name="agreement_end"),
        ]
        constraints: ClassVar = [
            safe_link("url", "agreement_url_is_safe"),
            models.CheckConstraint(
                name="agreement_kind_is_known", condition=Q(kind__in=AgreementKind.values)
            ),
            models.CheckConstraint(
                name="agreement_status_is_known", condition=Q(status__in=AgreementStatus.values)
            ),
            models.CheckConstraint(
                name="agreement_environment_is_known", condition=Q(environment__in=Environment.values)
            ),
            models.CheckConstraint(
                name="agreement_ends_after_it_begins",
                condition=Q(valid_from=None) | Q(valid_to=None) | Q(valid_to__gt=F("valid_from")),
                violation_error_message="Slutdatoen skal ligge efter startdatoen.",
            ),
            models.CheckConstraint(
                name="agreement_dates_are_of_our_time",
                condition=of_our_time("requested_on", "decided_on", "valid_from", "valid_to", "reviewed_on"),
                violation_error_message="Datoerne skal ligge mellem 1990 og 2099.",
            ),
            models.CheckConstraint(
                name="agreement_decided_after_request",
                condition=Q(requested_on=None) | Q(decided_on=None) | Q(decided_on__gte=F("requested_on")),
                violation_error_message="Aftalen kan ikke være afgjort, før der blev anmodet om den.",
            ),
            models.CheckConstraint(
                name="agreement_in_force_has_a_beginning",
                condition=~Q(status__in=IN_FORCE) | Q(valid_from__isnull=False),
                violation_error_message="Skriv, hvornår aftalen gælder fra, når den er aktiv eller opsagt.",
            ),
            models.CheckConstraint(
                name="agreement_terminated_has_an_end",
                condition=~Q(status=AgreementStatus.TERMINATED) | Q(valid_to__isnull=False),
                violation_error_message="Skriv, hvornår den opsagte aftale gælder til.",
            ),
            models.CheckConstraint(
                name="agreement_notice_is_some_months",
                condition=Q(notice_months=None) | Q(notice_months__range=(1, 60)),
                violation_error_message="Opsigelsesvarslet skal være 1 til 60 måneder. Uden varsel er feltet tomt.",
            ),
            models.CheckConstraint(
                name="agreement_review_is_some_months",
                condition=Q(review_months__range=(1, 60)),
                violation_error_message="En aftale skal ses efter hver 1. til 60. måned.",
            ),
            models.UniqueConstraint(
                name="agreement_uuid_used_once",
                fields=["uuid"],
                violation_error_message="En anden aftale har allerede dette UUID. Find den, og ret den i stedet.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("agreement-detail", args=[self.pk])

    def is_in_force(self, on: datetime.date) -> bool:
        """Whether the agreement lets anything happen on the day ``on``."""
        return not self.is_archived and self.status in IN_FORCE and holds(on, self.valid_from, self.valid_to)

    def has_expired(self, on: datetime.date) -> bool:
        """Whether the last day is past on the day ``on``."""
        return self.status != AgreementStatus.REJECTED and self.valid_to is not None and self.valid_to <= on

    def standing(self, on: datetime.date) -> str:
        """The status as people say it on the day ``on``: the stored one, or «Udløbet»."""
        return "Udløbet" if self.has_expired(on) else str(self.get_status_display())

    def last_notice_day(self) -> datetime.date | None:
        """The last day to give notice so that the agreement ends at ``valid_to``; None when nothing is to be ended."""
        if self.valid_to is None or self.notice_months is None or self.status != AgreementStatus.ACTIVE:
            return None
        return months_before(self.valid_to, self.notice_months)

    def next_review(self) -> datetime.date | None:
        """When an agreement in force without an end is to be looked at; None for all others."""
        if self.valid_to is not None or self.status != AgreementStatus.ACTIVE or self.is_archived:
            return None
        since = self.reviewed_on or self.valid_from
        return months_after(since, self.review_months) if since is not None else None

    def clean(self) -> None:
        """Refuse a system that is not one; the constraint of the table cannot see its kind."""
        if self.system is not None and self.system.kind != Kind.SYSTEM:
            raise ValidationError({"system": "Vælg et fagsystem. Komponenter skrives under «gælder også»."})


__all__ = [
    "FIRST_DAY",
    "IN_FORCE",
    "LAST_DAY",
    "NEXT",
    "REVIEW_MONTHS",
    "Agreement",
    "AgreementKind",
    "AgreementQuerySet",
    "AgreementStatus",
    "Environment",
    "of_our_time",
]
