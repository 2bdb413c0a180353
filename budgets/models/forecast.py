"""Forecasts: what the year is expected to end at, one amount per line and follow-up round."""

from __future__ import annotations

import datetime
from typing import ClassVar, Self

from django.db import models
from django.db.models import Exists, OuterRef
from django.urls import reverse

from budgets.models.fields import MoneyField
from budgets.models.line import BudgetLine
from budgets.models.year import BudgetYear
from foi_portal.core.models import Record


class ForecastRoundQuerySet(models.QuerySet["ForecastRound"]):
    def written(self) -> Self:
        """Rounds in which something is expected; an empty one takes nothing away from the one before it."""
        return self.filter(Exists(Forecast.objects.filter(round=OuterRef("pk"), amount__isnull=False)))


class ForecastRound(Record):
    """A budget follow-up (budgetopfølgning) of a year, with actuals up to and including ``actuals_to``."""

    year = models.ForeignKey(BudgetYear, models.PROTECT, verbose_name="budgetår", related_name="rounds")
    name = models.CharField("navn", max_length=100, help_text="Fx 2. budgetopfølgning.")
    actuals_to = models.DateField("forbrug til og med")

    objects = ForecastRoundQuerySet.as_manager()

    class Meta:
        verbose_name = "budgetopfølgning"
        verbose_name_plural = "budgetopfølgninger"
        ordering: ClassVar = ["-actuals_to", "-id"]
        default_permissions = ("add", "change", "view")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="one_round_per_day",
                fields=["year", "actuals_to"],
                violation_error_message="Der er allerede en opfølgning med den dato. Ret den i stedet.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.year.year}"

    def get_absolute_url(self) -> str:
        return reverse("forecast-detail", args=[self.year.year, self.pk])

    @property
    def months(self) -> int:
        """How many whole months of the year its actuals cover, 0–12."""
        after = self.actuals_to + datetime.timedelta(days=1)
        return max(0, min(12, (after.year - self.year.year) * 12 + after.month - 1))


class Forecast(Record):
    """What the line is expected to end at, in DKK; ``None`` when it is not known."""

    named_by = ("line__component", "line__year", "round__year")

    round = models.ForeignKey(
        ForecastRound, models.PROTECT, verbose_name="budgetopfølgning", related_name="forecasts"
    )
    line = models.ForeignKey(BudgetLine, models.PROTECT, verbose_name="budgetlinje", related_name="forecasts")
    amount = MoneyField("forventet regnskab", null=True, blank=True)

    class Meta:
        verbose_name = "forventet regnskab"
        verbose_name_plural = "forventede regnskaber"
        ordering: ClassVar = ["round", "line"]
        default_permissions = ("add", "change", "view")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="a_line_once_in_a_round",
                fields=["round", "line"],
                violation_error_message="Linjen har allerede et forventet regnskab i den opfølgning.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.line}, {self.round}"
