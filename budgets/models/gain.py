"""Gains (gevinster): what the infrastructure gives, and what it costs to leave it alone."""

from __future__ import annotations

import datetime
from typing import ClassVar, Self

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.urls import reverse

from budgets.models.fields import MoneyField
from budgets.models.year import FIRST_YEAR, LAST_YEAR
from foi_portal.core.fields import DANISH
from foi_portal.core.models import Archivable, ArchivableQuerySet
from registry.models import Asset, Organisation


class GainKind(models.TextChoices):
    """The report's eight gains and its seven consequences of doing nothing (foi-report-2020)."""

    CHEAPER_INTEGRATION = "cheaper_integration", "Billigere integration mellem systemer"
    BETTER_USE = "better_use", "Bedre udnyttelse af systemer"
    BETTER_DATA = "better_data", "Billigere og bedre data"
    DATA_REUSE = "data_reuse", "Genbrug af data"
    FASTER_CASES = "faster_cases", "Øget procesgennemløb"
    HIGHER_QUALITY = "higher_quality", "Højere kvalitet"
    BETTER_DECISIONS = "better_decisions", "Bedre beslutningsgrundlag"
    LEGAL_RIGHTS = "legal_rights", "Sikret retssikkerhed for borgeren"
    SECURITY_INCIDENT = "security_incident", "Undgået: sikkerhedshændelse"
    MISSING_DATA = "missing_data", "Undgået: manglende eller forkerte data"
    WRONG_DECISION = "wrong_decision", "Undgået: forkert afgørelse"
    LONGER_CASES = "longer_cases", "Undgået: længere sagsbehandlingstid"
    DOUBLE_COST = "double_cost", "Undgået: flere udgifter til samme type ydelse"
    DEARER_MAINTENANCE = "dearer_maintenance", "Undgået: dyrere systemvedligeholdelse"
    DEARER_PROCUREMENT = "dearer_procurement", "Undgået: dyrere systemanskaffelser"


CONSEQUENCES = (
    GainKind.SECURITY_INCIDENT,
    GainKind.MISSING_DATA,
    GainKind.WRONG_DECISION,
    GainKind.LONGER_CASES,
    GainKind.DOUBLE_COST,
    GainKind.DEARER_MAINTENANCE,
    GainKind.DEARER_PROCUREMENT,
)  # of doing nothing, avoided


class GainState(models.TextChoices):
    POSSIBLE = "possible", "Mulig"
    PLANNED = "planned", "Planlagt"
    REALISED = "realised", "Realiseret"
    GIVEN_UP = "given_up", "Opgivet"
    # The portal thought so, somebody said no: kept with the reason, so that it is not asked again.
    REJECTED = "rejected", "Ikke en gevinst"


AWAITED = (GainState.POSSIBLE, GainState.PLANNED)  # somebody must still do something


class GainQuerySet(ArchivableQuerySet["Gain"]):
    def with_amount(self) -> Self:
        """Those that are told in kroner."""
        return self.exclude(yearly=None)

    def overdue(self, on: datetime.date) -> Self:
        """Those still awaited whose follow-up should have been before the day ``on``."""
        return self.filter(state__in=AWAITED, follow_up_on__lt=on)

    def over(self, year: int) -> Self:
        """Those that ended before ``year``."""
        return self.filter(to_year__lt=year)


class Gain(Archivable):
    """A gain of a component or a system: words always, DKK a year from ``from_year`` on when it can be told.

    ``finding`` names the possible gain of ``budgets.finding_gains`` that it was made from; one that is current keeps
    the portal from finding it again.
    """

    asset = models.ForeignKey(
        Asset, models.PROTECT, verbose_name="komponent eller fagsystem", related_name="gains"
    )
    kind = models.CharField("slags", max_length=19, choices=GainKind.choices)
    text = models.TextField("beskrivelse", max_length=5000, db_collation=DANISH)
    yearly = MoneyField(
        "kroner om året",
        null=True,
        blank=True,
        help_text="Lad feltet stå tomt, hvis den ikke kan gøres op i kroner.",
    )
    from_year = models.PositiveSmallIntegerField("fra og med år", null=True, blank=True)
    to_year = models.PositiveSmallIntegerField("til og med år", null=True, blank=True)
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        verbose_name="hvem høster den",
        null=True,
        blank=True,
        related_name="gains",
    )
    responsible = models.CharField("ansvarlig", max_length=200, blank=True, db_collation=DANISH)
    state = models.CharField("tilstand", max_length=8, choices=GainState.choices, default=GainState.POSSIBLE)
    follow_up_on = models.DateField("følges op", null=True, blank=True)
    finding = models.CharField("fundet af portalen som", max_length=60, blank=True, default="", db_default="")

    objects = GainQuerySet.as_manager()

    class Meta:
        verbose_name = "gevinst"
        verbose_name_plural = "gevinster"
        ordering: ClassVar = ["asset__name", "kind", "id"]
        default_permissions = ("add", "change", "view")
        constraints: ClassVar = [
            models.CheckConstraint(name="gain_kind_is_known", condition=Q(kind__in=GainKind.values)),
            models.CheckConstraint(name="gain_state_is_known", condition=Q(state__in=GainState.values)),
            models.CheckConstraint(
                name="a_gain_is_not_a_loss",
                condition=Q(yearly=None) | Q(yearly__gte=0),
                violation_error_message=(
                    "En gevinst kan ikke være under 0 kr. Skriv en merudgift som budgetlinje i stedet."
                ),
            ),
            models.CheckConstraint(
                name="gain_year_is_a_year",
                condition=Q(from_year=None) | Q(from_year__gte=FIRST_YEAR, from_year__lte=LAST_YEAR),
                violation_error_message=f"Året skal være mellem {FIRST_YEAR} og {LAST_YEAR}.",
            ),
            models.CheckConstraint(
                name="gain_years_in_order",
                condition=Q(to_year=None)
                | (
                    Q(from_year__isnull=False) & Q(to_year__gte=models.F("from_year"), to_year__lte=LAST_YEAR)
                ),
                violation_error_message="Slutåret kan ikke ligge før startåret. Skriv også startåret.",
            ),
            models.UniqueConstraint(
                name="a_finding_is_registered_once",
                fields=["finding"],
                condition=Q(archived_at=None) & ~Q(finding=""),
                violation_error_message="Den mulige gevinst er allerede registreret eller afvist.",
            ),
            models.CheckConstraint(
                name="an_amount_has_a_first_year",
                condition=Q(yearly=None) | Q(from_year__isnull=False),
                violation_error_message="Skriv, fra hvilket år gevinsten regnes, når den er gjort op i kroner.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.asset}"

    def get_absolute_url(self) -> str:
        return reverse("gain-detail", args=[self.pk])

    def clean(self) -> None:
        """A planned gain says when somebody looks at it again; what is no gain has no kroner."""
        if self.state == GainState.PLANNED and self.follow_up_on is None:
            raise ValidationError(
                {"follow_up_on": "Skriv, hvornår der følges op, når gevinsten er planlagt."}
            )
        if self.state == GainState.REJECTED and self.yearly is not None:
            refusal = (
                "Det, der ikke er en gevinst, kan ikke have kroner. Tøm feltet, eller vælg en anden tilstand."
            )
            raise ValidationError({"yearly": refusal})

    @property
    def is_avoided(self) -> bool:
        """Whether it is a consequence of doing nothing that does not come."""
        return self.kind in CONSEQUENCES

    def is_overdue(self, on: datetime.date) -> bool:
        """``GainQuerySet.overdue`` for one row."""
        return self.state in AWAITED and self.follow_up_on is not None and self.follow_up_on < on
