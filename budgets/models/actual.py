"""Actuals: what was spent, month by month; rows of the finance system that fit no line wait to be placed."""

from __future__ import annotations

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse

from budgets.models.fields import MoneyField
from budgets.models.line import BudgetLine
from budgets.models.year import BudgetYear
from foi_portal.core.fields import DANISH
from foi_portal.core.models import Record


class ColumnMapping(Record):
    """Which column of a finance system's file is what. ``headers`` is a digest of the file's first row, so that the
    next file of that shape is read the same way; ``columns`` is ``{"amount": "Beløb", "month": "Periode", …}``."""

    name = models.CharField("navn", max_length=200, unique=True)
    headers = models.CharField("kolonner", max_length=64, unique=True, editable=False)
    columns = models.JSONField("hvad kolonnerne er", default=dict)

    class Meta:
        verbose_name = "kolonnevalg"
        verbose_name_plural = "kolonnevalg"
        ordering: ClassVar = ["name", "id"]
        default_permissions = ("add", "change", "view")

    def __str__(self) -> str:
        return self.name


class ActualImport(Record):
    """A file of actuals that was read: by whom, and what became of its rows.

    One that was wrong is taken back by posting the opposite of all that it booked (``budgets.correcting``).
    """

    year = models.ForeignKey(
        BudgetYear, models.PROTECT, verbose_name="budgetår", related_name="actual_imports"
    )
    file_name = models.CharField("fil", max_length=200)
    digest = models.CharField("fingeraftryk", max_length=64)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, verbose_name="hvem", related_name="+")
    at = models.DateTimeField("hvornår")
    added = models.PositiveIntegerField("nye posteringer", default=0)
    known = models.PositiveIntegerField("kendte i forvejen", default=0)
    unplaced = models.PositiveIntegerField("uden linje", default=0)
    taken_back_at = models.DateTimeField("taget tilbage", null=True, blank=True, editable=False)
    taken_back_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name="taget tilbage af",
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    taken_back_because = models.CharField(
        "hvorfor", max_length=500, blank=True, default="", db_default="", editable=False, db_collation=DANISH
    )

    class Meta:
        verbose_name = "indlæst forbrug"
        verbose_name_plural = "indlæste forbrug"
        ordering: ClassVar = ["-at", "-id"]
        default_permissions = ("add", "change", "view")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="import_taken_back_by_somebody",
                condition=Q(taken_back_at=None, taken_back_by=None)
                | Q(taken_back_at__isnull=False, taken_back_by__isnull=False),
            )
        ]

    def __str__(self) -> str:
        return self.file_name

    def get_absolute_url(self) -> str:
        return reverse("actual-import-detail", args=[self.year.year, self.pk])


class ActualSource(models.TextChoices):
    TYPED = "typed", "Indtastet"
    FINANCE = "finance", "Økonomisystemet"
    SHEET = "sheet", "Budgetarket"


class ActualQuerySet(models.QuerySet["Actual"]):
    def standing(self) -> Self:
        """Postings that have not been cancelled by their opposite, and are no such opposite."""
        return self.filter(reverses=None, reversed_by=None)

    def unplaced(self) -> Self:
        """Postings that wait for a line."""
        return self.standing().filter(line=None)


class Actual(Record):
    """One posting: DKK spent in a month. Without a line it waits to be placed, and counts in no line's total.

    ``key`` names an imported row by its content and its place among equal ones, so a file read twice adds nothing.
    ``year`` is the line's own, beside it because a posting without a line has one too. ``reverses`` is the posting
    whose opposite this is: the two cancel out, and both stay.
    """

    unrecorded = ("row",)

    year = models.ForeignKey(BudgetYear, models.PROTECT, verbose_name="budgetår", related_name="actuals")
    line = models.ForeignKey(
        BudgetLine, models.PROTECT, verbose_name="budgetlinje", null=True, blank=True, related_name="actuals"
    )
    month = models.PositiveSmallIntegerField("måned")
    amount = MoneyField("beløb")
    account = models.CharField("kontostreng", max_length=60, blank=True)
    text = models.CharField("tekst", max_length=300, blank=True)
    source = models.CharField(
        "kommer fra", max_length=7, choices=ActualSource.choices, default=ActualSource.TYPED, editable=False
    )
    batch = models.ForeignKey(
        ActualImport,
        models.PROTECT,
        verbose_name="indlæsning",
        null=True,
        blank=True,
        editable=False,
        related_name="actuals",
    )
    key = models.CharField("nøgle", max_length=64, null=True, blank=True, unique=True, editable=False)
    # What the row said, for the one who places it. It never changes.
    row = models.JSONField("rækken, som den stod", null=True, blank=True, editable=False)
    reverses = models.OneToOneField(
        "self",
        models.PROTECT,
        verbose_name="tilbagefører",
        null=True,
        blank=True,
        editable=False,
        related_name="reversed_by",
        error_messages={"unique": "Posteringen er allerede tilbageført."},
    )

    objects = ActualQuerySet.as_manager()

    class Meta:
        verbose_name = "forbrug"
        verbose_name_plural = "forbrug"
        ordering: ClassVar = ["-year__year", "month", "id"]
        default_permissions = ("add", "change", "view")
        indexes: ClassVar = [
            # holds all that the sums by line and month read, so that they never visit the table
            models.Index(fields=["year", "line", "month", "amount"], name="actual_by_month"),
            models.Index(fields=["line", "month"], name="actual_of_line"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                name="a_year_has_twelve_months",
                condition=Q(month__gte=1, month__lte=12),
                violation_error_message="Måneden skal være mellem 1 og 12.",
            ),
            models.CheckConstraint(
                name="actual_source_is_known", condition=Q(source__in=ActualSource.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year.year}-{self.month:02}: {self.amount}"

    def get_absolute_url(self) -> str:
        return reverse("actual-detail", args=[self.year.year, self.pk])
