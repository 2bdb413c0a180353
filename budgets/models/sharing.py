"""Sharing out: how a component's cost of a year falls on organisations, and whose budget it is in the first place."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from budgets.models.line import Funding
from budgets.models.year import BudgetYear
from foi_portal.core.fields import DANISH
from foi_portal.core.models import Archivable, ArchivableQuerySet, Record
from registry.models import Asset, Organisation


class ShareKey(models.TextChoices):
    EQUAL = "equal", "Lige store dele"
    SYSTEMS = "systems", "Efter antal fagsystemer, der bruger komponenten"
    USERS = "users", "Efter antal brugere"
    PERCENT = "percent", "Efter procent"


SHORT_KEYS = {
    ShareKey.EQUAL: "Lige",
    ShareKey.SYSTEMS: "Fagsystemer",
    ShareKey.USERS: "Brugere",
    ShareKey.PERCENT: "Procent",
}


class Sharing(Archivable):
    """The key that shares a component's cost of a year. ``SYSTEMS`` counts in the registry and has no parts.

    There is one per component and year, whatever it is: writing a new key takes an archived one into use again.
    """

    year = models.ForeignKey(BudgetYear, models.PROTECT, verbose_name="budgetår", related_name="sharings")
    component = models.ForeignKey(Asset, models.PROTECT, verbose_name="komponent", related_name="sharings")
    key = models.CharField("fordelingsnøgle", max_length=7, choices=ShareKey.choices)
    departments_only = models.BooleanField(
        "kun det, forvaltningerne betaler",
        default=False,
        help_text="Uden kryds fordeles hele omkostningen, også det, andre betaler.",
    )
    note = models.CharField("bemærkning", max_length=500, blank=True, db_collation=DANISH)

    objects = ArchivableQuerySet["Sharing"].as_manager()

    class Meta:
        verbose_name = "fordeling"
        verbose_name_plural = "fordelinger"
        ordering: ClassVar = ["-year__year", "component__name", "id"]
        default_permissions = ("add", "change", "view")
        constraints: ClassVar = [
            models.CheckConstraint(name="share_key_is_known", condition=Q(key__in=ShareKey.values)),
            models.UniqueConstraint(
                name="one_sharing_per_component_and_year",
                fields=["year", "component"],
                violation_error_message="Komponenten har allerede en fordeling det år. Ret den i stedet.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.component} {self.year.year}: {self.get_key_display().lower()}"

    def get_absolute_url(self) -> str:
        return f"{reverse('budget-component', args=[self.year.year, self.component.code])}#fordeling"

    @property
    def short_key(self) -> str:
        """The key in a word, for tables."""
        return SHORT_KEYS[ShareKey(self.key)]

    def covers(self, funding: str) -> bool:
        """Whether what is financed so is shared by this key."""
        return funding == Funding.DEPARTMENT or not self.departments_only


class SharePart(Record):
    """One organisation's part: its per cent, its users, or 1 when all are equal."""

    sharing = models.ForeignKey(Sharing, models.CASCADE, verbose_name="fordeling", related_name="parts")
    organisation = models.ForeignKey(
        Organisation, models.PROTECT, verbose_name="organisation", related_name="cost_shares"
    )
    weight = models.DecimalField("vægt", max_digits=12, decimal_places=4, default=1)

    class Meta:
        verbose_name = "andel i fordeling"
        verbose_name_plural = "andele i fordelinger"
        ordering: ClassVar = ["sharing", "organisation__name", "id"]
        default_permissions = ("add", "change", "view")
        constraints: ClassVar = [
            models.UniqueConstraint(
                name="an_organisation_once_in_a_sharing",
                fields=["sharing", "organisation"],
                violation_error_message="Organisationen står der to gange.",
            ),
            models.CheckConstraint(
                name="share_weight_is_not_negative",
                condition=Q(weight__gte=0),
                violation_error_message="En andel kan ikke være under 0.",
            ),
        ]

    def __str__(self) -> str:
        return str(self.organisation)  # what it weighed when is in the history


class BudgetResponsibility(Archivable):
    """Whose budget a component belongs in, whether that is clarified, since when, and what is being done."""

    # Systemansvarlige may view those of what their own systems use only (``rights.may_see_component``).
    history_permission = "budgets.view_budgetline"

    component = models.OneToOneField(
        Asset, models.PROTECT, verbose_name="komponent", related_name="budget_responsibility"
    )
    organisation = models.ForeignKey(
        Organisation,
        models.PROTECT,
        verbose_name="hvis budget",
        null=True,
        blank=True,
        related_name="budget_responsibilities",
    )
    responsible = models.CharField(
        "budgetansvarlig", max_length=200, blank=True, help_text="Stilling eller navn.", db_collation=DANISH
    )
    clarified = models.BooleanField("afklaret", default=False)
    since = models.DateField("siden", default=timezone.localdate)
    action = models.TextField("hvad der gøres", max_length=2000, blank=True, db_collation=DANISH)
    follow_up_on = models.DateField("følges op", null=True, blank=True)

    objects = ArchivableQuerySet["BudgetResponsibility"].as_manager()

    class Meta:
        verbose_name = "budgetansvar"
        verbose_name_plural = "budgetansvar"
        ordering: ClassVar = ["clarified", "since", "component__name", "id"]
        default_permissions = ("add", "change", "view")
        constraints: ClassVar = [
            models.CheckConstraint(
                name="clarified_responsibility_says_whose",
                condition=Q(clarified=False) | Q(organisation__isnull=False),
                violation_error_message="Vælg, hvis budget det er, når ansvaret er afklaret.",
            ),
        ]

    def __str__(self) -> str:
        return f"Budgetansvar for {self.component}"

    def get_absolute_url(self) -> str:
        return reverse("responsibility-detail", args=[self.component.code])
