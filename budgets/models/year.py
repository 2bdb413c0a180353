"""Budget years and what was decided about them."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from foi_portal.core.models import Record

FIRST_YEAR, LAST_YEAR = 2000, 2100
ESTIMATED_YEARS = (
    3  # overslagsår: a Danish municipality adopts a budget year and three more (styrelsesloven § 37)
)


class YearState(models.TextChoices):
    DRAFT = "draft", "Kladde"
    SUBMITTED = "submitted", "Indsendt"
    APPROVED = "approved", "Godkendt"
    CLOSED = "closed", "Lukket"


class BudgetYear(Record):
    """One year's budget. ``budgets.approving`` moves it from state to state; nothing else writes ``state``."""

    year = models.PositiveSmallIntegerField(
        "budgetår", unique=True, error_messages={"unique": "Budgetåret findes allerede."}
    )
    state = models.CharField(
        "tilstand", max_length=9, choices=YearState.choices, default=YearState.DRAFT, editable=False
    )
    note = models.TextField("bemærkning", max_length=5000, blank=True)

    class Meta:
        verbose_name = "budgetår"
        verbose_name_plural = "budgetår"
        ordering: ClassVar = ["-year"]
        default_permissions = ("add", "change", "view")
        permissions: ClassVar = [("approve_budgetyear", "Kan godkende, genåbne og lukke budgetår")]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="budget_year_is_a_year",
                condition=Q(year__gte=FIRST_YEAR, year__lte=LAST_YEAR),
                violation_error_message=f"Budgetåret skal være mellem {FIRST_YEAR} og {LAST_YEAR}.",
            ),
            models.CheckConstraint(
                name="budget_year_state_is_known", condition=Q(state__in=YearState.values)
            ),
        ]

    def __str__(self) -> str:
        return f"Budget {self.year}"

    def get_absolute_url(self) -> str:
        return reverse("budget-year", args=[self.year])

    @property
    def is_draft(self) -> bool:
        return self.state == YearState.DRAFT

    @property
    def is_adopted(self) -> bool:
        """Whether lines are locked: only dated adjustments change the budget now."""
        return self.state in (YearState.APPROVED, YearState.CLOSED)


class DecisionKind(models.TextChoices):
    SUBMIT = "submit", "Indsendt"
    RETURN = "return", "Sendt tilbage"
    APPROVE = "approve", "Godkendt"
    REOPEN = "reopen", "Genåbnet"
    CLOSE = "close", "Lukket"


class YearDecision(Record):
    """A step that somebody took with a year, kept for ever. Together they are the year's story."""

    year = models.ForeignKey(BudgetYear, models.PROTECT, verbose_name="budgetår", related_name="decisions")
    kind = models.CharField("beslutning", max_length=8, choices=DecisionKind.choices)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="hvem", related_name="+")
    at = models.DateTimeField("hvornår")
    note = models.CharField("bemærkning", max_length=500, blank=True)

    class Meta:
        verbose_name = "beslutning om budgetår"
        verbose_name_plural = "beslutninger om budgetår"
        ordering: ClassVar = ["-at", "-id"]
        default_permissions = ("view",)
        constraints: ClassVar = [
            models.CheckConstraint(name="decision_kind_is_known", condition=Q(kind__in=DecisionKind.values)),
            models.CheckConstraint(
                name="reopening_and_returning_have_reasons",
                condition=~Q(kind__in=(DecisionKind.REOPEN, DecisionKind.RETURN)) | ~Q(note=""),
                violation_error_message="Skriv en begrundelse.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.get_kind_display().lower()}"


class YearVisit(models.Model):
    """When somebody last looked at a year: «ændret siden dit sidste besøg» starts there. No history."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    year = models.ForeignKey(BudgetYear, models.CASCADE, related_name="+")
    # The visit before this one stays until a new sitting begins, so that a reload does not hide the changes.
    since = models.DateTimeField(null=True)
    at = models.DateTimeField()

    class Meta:
        default_permissions = ()
        constraints: ClassVar = [
            models.UniqueConstraint(name="one_visit_per_user_and_year", fields=["user", "year"])
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.year_id}"
