"""Adjustments: the only way an adopted budget changes. Original budget + approved adjustments = revised budget."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from budgets.models.fields import MoneyField
from budgets.models.line import BudgetLine
from budgets.models.year import BudgetYear
from foi_portal.core.fields import DANISH
from foi_portal.core.models import Record


class AdjustmentKind(models.TextChoices):
    SUPPLEMENT = "supplement", "Tillægsbevilling"
    TRANSFER = "transfer", "Omplacering"
    INDEXATION = "indexation", "PL-fremskrivning"


class AdjustmentState(models.TextChoices):
    PROPOSED = "proposed", "Foreslået"
    APPROVED = "approved", "Godkendt"
    REFUSED = "refused", "Afvist"
    WITHDRAWN = "withdrawn", "Trukket tilbage"


class Adjustment(Record):
    """One dated act in an approved year. It counts from the day it is approved; ``budgets.adjusting`` writes it.

    ``on`` is the day the change holds from (the decision's own date). A transfer's entries add up to 0.
    """

    year = models.ForeignKey(BudgetYear, models.PROTECT, verbose_name="budgetår", related_name="adjustments")
    kind = models.CharField("slags", max_length=10, choices=AdjustmentKind.choices)
    on = models.DateField("dato", default=timezone.localdate)
    reason = models.CharField("begrundelse", max_length=500, db_collation=DANISH)
    case_number = models.CharField("sagsnummer", max_length=60, blank=True)
    state = models.CharField(
        "tilstand",
        max_length=9,
        choices=AdjustmentState.choices,
        default=AdjustmentState.PROPOSED,
        editable=False,
    )
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name="foreslået af",
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name="afgjort af",
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    decided_at = models.DateTimeField("afgjort", null=True, blank=True, editable=False)
    decision_note = models.CharField(
        "bemærkning til afgørelsen",
        max_length=500,
        blank=True,
        default="",
        db_default="",
        editable=False,
        db_collation=DANISH,
    )

    class Meta:
        verbose_name = "budgetændring"
        verbose_name_plural = "budgetændringer"
        ordering: ClassVar = ["-on", "-id"]
        default_permissions = ("add", "change", "view")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="adjustment_kind_is_known", condition=Q(kind__in=AdjustmentKind.values)
            ),
            models.CheckConstraint(
                name="adjustment_says_who_decided",
                condition=Q(state=AdjustmentState.PROPOSED, decided_by=None, decided_at=None)
                | Q(
                    state__in=(
                        AdjustmentState.APPROVED,
                        AdjustmentState.REFUSED,
                        AdjustmentState.WITHDRAWN,
                    ),
                    decided_by__isnull=False,
                    decided_at__isnull=False,
                ),
            ),
            models.CheckConstraint(
                name="adjustment_has_a_reason",
                condition=~Q(reason=""),
                violation_error_message="Skriv en begrundelse.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.year.year}: {self.reason}"

    def get_absolute_url(self) -> str:
        return reverse("adjustment-detail", args=[self.year.year, self.pk])


class AdjustmentEntry(Record):
    """What the adjustment does to one line, in DKK: more (+) or less (−)."""

    named_by = ("line__component", "line__year", "adjustment__year")

    adjustment = models.ForeignKey(
        Adjustment, models.PROTECT, verbose_name="budgetændring", related_name="entries"
    )
    line = models.ForeignKey(
        BudgetLine, models.PROTECT, verbose_name="budgetlinje", related_name="adjustment_entries"
    )
    amount = MoneyField("beløb")

    class Meta:
        verbose_name = "post i budgetændring"
        verbose_name_plural = "poster i budgetændringer"
        ordering: ClassVar = ["adjustment", "id"]
        default_permissions = ("add", "change", "view")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="a_line_once_in_an_adjustment",
                fields=["adjustment", "line"],
                violation_error_message="Linjen står der to gange. Skriv det samlede beløb én gang.",
            ),
            models.CheckConstraint(
                name="adjustment_entry_changes_something",
                condition=~Q(amount=0),
                violation_error_message="Skriv et beløb, der ikke er 0.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.line}: {self.amount}"
