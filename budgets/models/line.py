"""Budget lines: what a component costs in a year, of which kind and who pays; and the three estimated years."""

from __future__ import annotations

from typing import ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.urls import reverse

from budgets.models.fields import AccountField, MoneyField
from budgets.models.price import PriceModel
from budgets.models.year import ESTIMATED_YEARS, BudgetYear
from foi_portal.core.fields import DANISH
from foi_portal.core.models import Archivable, ArchivableQuerySet, Record
from registry.models import Asset, Kind, Organisation


class CostType(models.TextChoices):
    LICENCE = "licence", "Licens"
    OPERATION = "operation", "Drift"
    DEVELOPMENT = "development", "Udvikling"
    TRANSACTION = "transaction", "Transaktion"
    STAFF = "staff", "Løn"


class Funding(models.TextChoices):
    """Who pays. The values are those of the import format."""

    OWN = "DA", "Digitalisering og Arkitektur"
    DEPARTMENT = "forvaltning", "Forvaltning"
    POOL = "pulje", "Pulje"
    BLOCK_GRANT = "bloktilskud", "Bloktilskud"


class BudgetLine(Archivable):
    """``original`` is the year's original budget in DKK, ``None`` when it is not known.

    A computed line has a price model; ``calculation`` is the arithmetic of the day it was computed, and the amount
    changes only when somebody computes it anew (``budgets.computing``).
    """

    year = models.ForeignKey(BudgetYear, models.PROTECT, verbose_name="budgetår", related_name="lines")
    component = models.ForeignKey(
        Asset, models.PROTECT, verbose_name="komponent", related_name="budget_lines"
    )
    cost_type = models.CharField("omkostningstype", max_length=11, choices=CostType.choices)
    funding = models.CharField("finansiering", max_length=11, choices=Funding.choices, default=Funding.OWN)
    unit = models.ForeignKey(
        Organisation,
        models.PROTECT,
        verbose_name="budgetenhed",
        null=True,
        blank=True,
        related_name="budget_lines",
        help_text="Den enhed, hvis budget linjen ligger i.",
    )
    original = MoneyField(
        "oprindeligt budget",
        null=True,
        blank=True,
        help_text="Kroner. Lad feltet stå tomt, hvis det ikke er kendt.",
    )
    account = AccountField("kontostreng", help_text="Fx 6.45.51.3-410-7.")
    note = models.CharField("bemærkning", max_length=500, blank=True, db_collation=DANISH)
    illustrative = models.BooleanField(
        "opdigtet eksempel", default=False, help_text="Sæt kryds, når beløbet ikke er et rigtigt tal."
    )
    price_model = models.ForeignKey(
        PriceModel,
        models.PROTECT,
        verbose_name="prismodel",
        null=True,
        blank=True,
        related_name="lines",
        help_text="Beløbet kan regnes ud af en pris og en forudsætning.",
    )
    calculation = models.CharField("udregning", max_length=1000, blank=True, editable=False)
    explanation = models.TextField(
        "forklaring på afvigelse", max_length=2000, blank=True, db_collation=DANISH
    )
    # The deviation that was explained: when it has moved since, the page asks again.
    explained = MoneyField("afvigelse, da den blev forklaret", null=True, blank=True, editable=False)

    objects = ArchivableQuerySet["BudgetLine"].as_manager()

    class Meta:
        verbose_name = "budgetlinje"
        verbose_name_plural = "budgetlinjer"
        ordering: ClassVar = ["-year__year", "component__name", "cost_type", "funding", "id"]
        default_permissions = ("add", "change", "view")
        indexes: ClassVar = [models.Index(fields=["component", "year"], name="line_of_component")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="line_cost_type_is_known", condition=Q(cost_type__in=CostType.values)
            ),
            models.CheckConstraint(name="line_funding_is_known", condition=Q(funding__in=Funding.values)),
            models.UniqueConstraint(
                name="line_once_for_a_unit",
                fields=["year", "component", "cost_type", "funding", "unit"],
                condition=Q(archived_at=None, unit__isnull=False),
                violation_error_message=(
                    "Der er allerede en linje med den komponent, type, finansiering og enhed. Ret den i stedet."
                ),
            ),
            models.UniqueConstraint(
                name="line_once_without_a_unit",
                fields=["year", "component", "cost_type", "funding"],
                condition=Q(archived_at=None, unit=None),
                violation_error_message=(
                    "Der er allerede en linje med den komponent, type og finansiering. Ret den, eller vælg en enhed."
                ),
            ),
            models.CheckConstraint(
                name="a_licence_is_never_negative",
                condition=~Q(cost_type=CostType.LICENCE) | Q(original=None) | Q(original__gte=0),
                violation_error_message=(
                    "En licens kan ikke koste mindre end 0 kr. Skriv en kreditnota som forbrug i stedet."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.component}, {self.get_cost_type_display().lower()} {self.year.year}"

    def get_absolute_url(self) -> str:
        return f"{reverse('budget-component', args=[self.year.year, self.component.code])}#linje-{self.pk}"

    def clean(self) -> None:
        """Refuse a system: what it costs is its own forvaltning's affair, here are components."""
        if self.component_id and self.component.kind != Kind.COMPONENT:
            raise ValidationError({"component": "Vælg en komponent. Et fagsystem har ikke budgetlinjer her."})


class Estimate(Record):
    """A line's overslag for the year ``ahead`` years after its own, in DKK; ``None`` when it is not known."""

    named_by = ("line__component", "line__year")

    line = models.ForeignKey(BudgetLine, models.PROTECT, verbose_name="budgetlinje", related_name="estimates")
    ahead = models.PositiveSmallIntegerField("år frem")
    amount = MoneyField("overslag", null=True, blank=True)

    class Meta:
        verbose_name = "overslag"
        verbose_name_plural = "overslag"
        ordering: ClassVar = ["line", "ahead"]
        default_permissions = ("add", "change", "view")
        constraints: ClassVar = [
            models.UniqueConstraint(name="estimate_once_per_year", fields=["line", "ahead"]),
            models.CheckConstraint(
                name="estimate_is_of_the_three_years",
                condition=Q(ahead__gte=1, ahead__lte=ESTIMATED_YEARS),
                violation_error_message="Der er overslag for de tre år efter budgetåret.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line} + {self.ahead}"
