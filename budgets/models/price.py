"""The price catalogue: what things cost by year, and the assumptions (inhabitants, volumes) they are multiplied by."""

from __future__ import annotations

from typing import Any, ClassVar

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import OuterRef, Q, Subquery
from django.urls import reverse

from budgets import prices
from budgets.models.year import FIRST_YEAR, LAST_YEAR
from foi_portal.core.fields import DANISH, CodeField, LinkField, code_pattern, safe_link
from foi_portal.core.models import Archivable, ArchivableQuerySet, Record
from registry.models import Asset

PERCENT = ("procent", "pct.", "pct", "%")  # units that are per cent


def _is_a_year(name: str, field: str) -> models.CheckConstraint:
    return models.CheckConstraint(
        name=name,
        condition=Q(**{f"{field}__gte": FIRST_YEAR, f"{field}__lte": LAST_YEAR}),
        violation_error_message=f"Året skal være mellem {FIRST_YEAR} og {LAST_YEAR}.",
    )


class Assumption(Archivable):
    """Something budgets are computed from: inhabitants, calls, users, or the PL percentage (code ``PL``)."""

    code = CodeField("kode", unique=True, error_messages={"unique": "Koden bruges allerede."})
    name = models.CharField("navn", max_length=200, db_collation=DANISH)
    unit = models.CharField("enhed", max_length=40, help_text="Fx indbyggere, kald eller brugere.")
    note = models.CharField("bemærkning", max_length=500, blank=True, db_collation=DANISH)

    objects = ArchivableQuerySet["Assumption"].as_manager()

    class Meta:
        verbose_name = "forudsætning"
        verbose_name_plural = "forudsætninger"
        ordering: ClassVar = ["name", "code"]
        default_permissions = ("add", "change", "view")
        constraints: ClassVar = [code_pattern("assumption_code_is_a_code")]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("assumption-detail", args=[self.code])

    @property
    def is_percentage(self) -> bool:
        """Whether it is a rate, such as PL, and no quantity: nothing has a price for each of it."""
        return self.unit.strip().lower() in PERCENT


class AssumptionValue(Record):
    """What the assumption is in one year (``None`` is not known), and where that is from."""

    assumption = models.ForeignKey(
        Assumption, models.PROTECT, verbose_name="forudsætning", related_name="values"
    )
    year = models.PositiveSmallIntegerField("år")
    value = models.DecimalField("værdi", max_digits=16, decimal_places=4, null=True, blank=True)
    estimated = models.BooleanField("skønnet", default=False)
    source = models.CharField("kilde", max_length=200, blank=True)

    class Meta:
        verbose_name = "årets forudsætning"
        verbose_name_plural = "årenes forudsætninger"
        ordering: ClassVar = ["assumption__name", "-year", "id"]
        default_permissions = ("add", "change", "view")
        constraints: ClassVar = [
            _is_a_year("assumption_year_is_a_year", "year"),
            models.UniqueConstraint(
                name="assumption_once_a_year",
                fields=["assumption", "year"],
                violation_error_message="Forudsætningen er allerede skrevet for det år. Ret den i stedet.",
            ),
            models.CheckConstraint(
                name="assumption_is_not_far_below_zero",
                condition=Q(value__gte=-100),  # PL may be a negative percentage
                violation_error_message="Værdien kan ikke være under 0 (eller −100 for en procent).",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.assumption} {self.year}"

    def get_absolute_url(self) -> str:
        return self.assumption.get_absolute_url()


class PriceKind(models.TextChoices):
    FIXED = "fixed", "Fast beløb om året"
    INHABITANT_TIERED = "inhabitant_tiered", "Pr. indbygger med trin"
    INHABITANT_FLAT = "inhabitant_flat", "Pr. indbygger"
    TRANSACTION = "transaction", "Pr. transaktion"
    HOUR = "hour", "Pr. time"
    USER = "user", "Pr. bruger"

    @property
    def has_steps(self) -> bool:
        """Whether the price may change with the quantity: a fixed amount has none, and flat is flat."""
        return self not in (PriceKind.FIXED, PriceKind.INHABITANT_FLAT)

    @property
    def per(self) -> str:
        """What the price is for, after the amount."""
        return PER[self]


PER = {
    PriceKind.FIXED: "om året",
    PriceKind.INHABITANT_TIERED: "pr. indbygger",
    PriceKind.INHABITANT_FLAT: "pr. indbygger",
    PriceKind.TRANSACTION: "pr. transaktion",
    PriceKind.HOUR: "pr. time",
    PriceKind.USER: "pr. bruger",
}


class PriceModel(Archivable):
    """How something is paid for. All kinds but the fixed one need the assumption they are multiplied by."""

    code = CodeField("kode", unique=True, error_messages={"unique": "Koden bruges allerede."})
    name = models.CharField("navn", max_length=200, db_collation=DANISH)
    kind = models.CharField("slags", max_length=17, choices=PriceKind.choices)
    component = models.ForeignKey(
        Asset, models.PROTECT, verbose_name="komponent", null=True, blank=True, related_name="price_models"
    )
    assumption = models.ForeignKey(
        Assumption,
        models.PROTECT,
        verbose_name="ganges med",
        null=True,
        blank=True,
        related_name="price_models",
    )
    note = models.TextField("beskrivelse", max_length=2000, blank=True, db_collation=DANISH)
    source = LinkField("kilde", blank=True)

    objects = ArchivableQuerySet["PriceModel"].as_manager()

    class Meta:
        verbose_name = "prismodel"
        verbose_name_plural = "prismodeller"
        ordering: ClassVar = ["name", "code"]
        default_permissions = ("add", "change", "view")
        constraints: ClassVar = [
            code_pattern("price_model_code_is_a_code"),
            safe_link("source", "price_model_source_is_safe"),
            models.CheckConstraint(name="price_kind_is_known", condition=Q(kind__in=PriceKind.values)),
            models.CheckConstraint(
                name="price_has_an_assumption_unless_fixed",
                condition=Q(kind=PriceKind.FIXED, assumption=None)
                | (~Q(kind=PriceKind.FIXED) & Q(assumption__isnull=False)),
                violation_error_message=(
                    "Vælg det, prisen ganges med. Kun et fast beløb har ingen forudsætning."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("price-detail", args=[self.code])


class StepsField(models.JSONField):
    """A price's steps, as ``prices.Steps``."""

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Any:
        return self.to_python(super().from_db_value(value, expression, connection))

    def to_python(self, value: Any) -> Any:
        return prices.Steps(value) if isinstance(value, list) else value


class PriceQuerySet(ArchivableQuerySet["Price"]):
    """Prices of models by year."""

    def in_force(self, year: int) -> PriceQuerySet:
        """The price of each model in that year, as ``prices.in_force`` says."""
        latest = (
            Price.objects.current()
            .filter(model=OuterRef("model"), since__lte=year)
            .order_by("-since")
            .values("pk")[:1]
        )
        return self.filter(Q(until=None) | Q(until__gte=year), pk=Subquery(latest))


class Price(Archivable):
    """The model's price from the year ``since`` until the next one: steps of a unit price in DKK.

    ``steps`` is ``[["0", "25.00"], ["150000", "12.50"]]``: above 0 units each costs 25 kr., above 150,000 each costs
    12.50. A flat or fixed price is one step above 0. Texts, because JSON numbers are not decimals.
    """

    model = models.ForeignKey(PriceModel, models.PROTECT, verbose_name="prismodel", related_name="prices")
    since = models.PositiveSmallIntegerField("gælder fra og med år")
    until = models.PositiveSmallIntegerField(
        "gælder til og med år",
        null=True,
        blank=True,
        help_text="Tomt, når den gælder, til en ny afløser den.",
    )
    steps = StepsField("pris")
    estimated = models.BooleanField("skønnet", default=False)
    source = models.CharField("kilde", max_length=200, blank=True)

    objects = PriceQuerySet.as_manager()

    class Meta:
        verbose_name = "pris"
        verbose_name_plural = "priser"
        ordering: ClassVar = ["model__name", "-since", "id"]
        default_permissions = ("add", "change", "view")
        constraints: ClassVar = [
            _is_a_year("price_year_is_a_year", "since"),
            models.UniqueConstraint(
                name="price_once_from_a_year",
                fields=["model", "since"],
                condition=Q(archived_at=None),
                violation_error_message="Der er allerede en pris fra det år. Ret den i stedet.",
            ),
            models.CheckConstraint(
                name="price_years_in_order",
                condition=Q(until=None) | Q(until__gte=models.F("since")),
                violation_error_message="Slutåret kan ikke ligge før startåret.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model} fra {self.since}"

    def get_absolute_url(self) -> str:
        return f"{self.model.get_absolute_url()}#pris-{self.pk}"

    def clean(self) -> None:
        try:
            steps = prices.read_steps(self.steps)
        except prices.BadSteps as error:
            raise ValidationError({"steps": str(error)}) from error
        if self.model_id and len(steps) > 1 and not PriceKind(self.model.kind).has_steps:
            raise ValidationError({"steps": "Den slags pris har ingen trin. Skriv én pris."})


__all__ = ["Assumption", "AssumptionValue", "Price", "PriceKind", "PriceModel"]
