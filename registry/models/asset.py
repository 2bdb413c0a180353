"""Assets: everything that can depend or be depended on. Components and systems are two faces of one table."""

from __future__ import annotations

import datetime
from typing import Any, ClassVar, Self

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

from foi_portal.core.fields import DANISH, CodeField, LinkField, code_pattern, safe_link
from foi_portal.core.models import Archivable, ArchivableQuerySet
from foi_portal.core.periods import months_before
from registry.models.organisation import Organisation

CONFIRMED_FOR = 12  # months that a confirmation is good for


class Kind(models.TextChoices):
    COMPONENT = "component", "Komponent"
    SYSTEM = "system", "Fagsystem"


class Lifecycle(models.TextChoices):
    PLANNED = "planned", "Planlagt"
    PHASING_IN = "phasing_in", "Indfases"
    ACTIVE = "active", "I drift"
    PHASING_OUT = "phasing_out", "Udfases"
    RETIRED = "retired", "Udfaset"


class Criticality(models.IntegerChoices):
    LOW = 1, "1 Lav"
    MEDIUM = 2, "2 Middel"
    HIGH = 3, "3 Høj"
    CRITICAL = 4, "4 Kritisk"


class Level(models.TextChoices):
    JOINT_PUBLIC = "joint-public", "Fællesoffentlig"
    JOINT_MUNICIPAL = "joint-municipal", "Fælleskommunal"
    USER_CLUB = "user-club", "Brugerklub"
    OWN = "own", "Kommunens egen"


class ComponentType(models.TextChoices):
    PLATFORM = "platform", "Platform"
    MODULE = "module", "Modul"
    SERVICE = "service", "Service"
    REGISTER = "register", "Register"
    STANDARD = "standard", "Standard"
    NETWORK = "network", "Netværk"


class PersonalData(models.TextChoices):
    NONE = "none", "Ingen"
    ORDINARY = "ordinary", "Almindelige"
    CONFIDENTIAL = "confidential", "Fortrolige"
    SENSITIVE = "sensitive", "Følsomme"


class AssetQuerySet(ArchivableQuerySet["Asset"]):
    def components(self) -> Self:
        return self.filter(kind=Kind.COMPONENT)

    def systems(self) -> Self:
        return self.filter(kind=Kind.SYSTEM)

    def in_use(self) -> Self:
        """Assets that somebody can be leaning on now: neither archived, planned nor retired."""
        return self.filter(archived_at=None).exclude(lifecycle__in=(Lifecycle.PLANNED, Lifecycle.RETIRED))

    def in_operation(self, on: datetime.date) -> Self:
        """Assets that can fail, and be hit, on the date ``on``: in use, and neither before nor after their dates."""
        return self.in_use().filter(
            Q(active_from=None) | Q(active_from__lte=on), Q(retired_from=None) | Q(retired_from__gt=on)
        )

    def without_owner(self) -> Self:
        """In use, but nobody is written as owner: systems lack a department, components a provider."""
        return self.in_use().filter(
            Q(kind=Kind.SYSTEM, department=None) | Q(kind=Kind.COMPONENT, provider=None)
        )

    def without_dependencies(self) -> Self:
        """In use, but nothing is written about what they lean on."""
        return self.in_use().filter(
            ~models.Exists(_dependency()._default_manager.filter(source=models.OuterRef("pk")))
        )

    def retired_but_used(self) -> Self:
        """Retired, yet something ongoing is written as using it."""
        using = _dependency()._default_manager.ongoing().filter(target=models.OuterRef("pk"))  # type: ignore[attr-defined]
        return self.filter(archived_at=None, lifecycle=Lifecycle.RETIRED).filter(models.Exists(using))

    def unconfirmed(self, on: datetime.date) -> Self:
        """Whose last confirmation is more than ``CONFIRMED_FOR`` months before the day ``on``, or that have none."""
        return self.filter(Q(confirmed_on=None) | Q(confirmed_on__lt=months_before(on, CONFIRMED_FOR)))


def _dependency() -> type[models.Model]:
    from registry.models.dependency import Dependency  # the two modules need each other at run time only

    return Dependency


class Asset(Archivable):
    """A component or a system; ``kind`` says which, and constraints keep the other's fields empty."""

    kind = models.CharField("slags", max_length=10, choices=Kind.choices, editable=False)
    code = CodeField(
        "kode",
        unique=True,
        help_text="Bruges i adresser og udtræk.",
        error_messages={"unique": "Koden bruges allerede af en anden komponent eller et andet fagsystem."},
    )
    name = models.CharField("navn", max_length=200, db_collation=DANISH)
    aliases = models.CharField(
        "gamle og andre navne",
        max_length=500,
        blank=True,
        db_collation=DANISH,
        help_text="Søgning finder dem. Adskil med komma.",
    )
    description = models.TextField("beskrivelse", max_length=5000, blank=True, db_collation=DANISH)
    url = LinkField("link", blank=True, help_text="Begynder med https://, http:// eller mailto:")
    provider = models.ForeignKey(
        Organisation,
        models.PROTECT,
        verbose_name="leverandør",
        null=True,
        blank=True,
        related_name="provided_assets",
    )
    lifecycle = models.CharField("status", max_length=12, choices=Lifecycle.choices, default=Lifecycle.ACTIVE)
    active_from = models.DateField("i drift fra", null=True, blank=True)
    phasing_out_from = models.DateField("udfases fra", null=True, blank=True)
    retired_from = models.DateField("slutdato", null=True, blank=True, help_text="Den første dag uden drift.")
    criticality = models.PositiveSmallIntegerField(
        "kritikalitet", choices=Criticality.choices, null=True, blank=True
    )
    confirmed_on = models.DateField("bekræftet", null=True, blank=True, editable=False)
    confirmed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        models.PROTECT,
        verbose_name="bekræftet af",
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    successor = models.ForeignKey(
        "self", models.PROTECT, verbose_name="afløses af", null=True, blank=True, related_name="predecessors"
    )

    # Components only
    level = models.CharField("niveau", max_length=16, choices=Level.choices, blank=True)
    component_type = models.CharField("type", max_length=10, choices=ComponentType.choices, blank=True)
    parent = models.ForeignKey(
        "self", models.PROTECT, verbose_name="hører til", null=True, blank=True, related_name="modules"
    )

    needs_agreement = models.BooleanField(
        "kræver en serviceaftale",
        default=False,
        db_default=False,
        help_text="Et fagsystem må kun bruge den, når kommunen har godkendt en aftale om det.",
    )

    # Systems only
    department = models.ForeignKey(
        Organisation,
        models.PROTECT,
        verbose_name="forvaltning",
        null=True,
        blank=True,
        related_name="owned_systems",
    )
    personal_data = models.CharField("persondata", max_length=12, choices=PersonalData.choices, blank=True)
    external_id = models.UUIDField("ekstern id i KITOS", null=True, blank=True)

    objects = AssetQuerySet.as_manager()

    class Meta:
        verbose_name = "komponent eller fagsystem"
        verbose_name_plural = "komponenter og fagsystemer"
        ordering: ClassVar = ["name", "code"]
        default_permissions = ("view",)
        indexes: ClassVar = [
            models.Index(fields=["kind", "name", "code"], name="asset_kind_name"),
            models.Index(fields=["kind", "lifecycle"], name="asset_kind_lifecycle"),
        ]
        constraints: ClassVar = [
            code_pattern("asset_code_is_a_code"),
            safe_link("url", "asset_url_is_safe"),
            models.CheckConstraint(name="asset_kind_is_known", condition=Q(kind__in=Kind.values)),
            models.CheckConstraint(
                name="asset_lifecycle_is_known", condition=Q(lifecycle__in=Lifecycle.values)
            ),
            models.CheckConstraint(
                name="asset_criticality_is_1_to_4",
                condition=Q(criticality=None) | Q(criticality__in=Criticality.values),
                violation_error_message="Kritikalitet skal være 1, 2, 3 eller 4.",
            ),
            models.CheckConstraint(
                name="asset_component_has_level_and_type_and_no_system_fields",
                condition=~Q(kind=Kind.COMPONENT)
                | Q(
                    level__in=Level.values,
                    component_type__in=ComponentType.values,
                    department=None,
                    personal_data="",
                    external_id=None,
                ),
                violation_error_message=(
                    "En komponent skal have niveau og type og kan ikke have forvaltning, persondata eller KITOS-id."
                ),
            ),
            models.CheckConstraint(
                name="asset_system_has_no_component_fields",
                condition=~Q(kind=Kind.SYSTEM)
                | Q(level="", component_type="", parent=None, personal_data__in=["", *PersonalData.values]),
                violation_error_message="Et fagsystem kan ikke have niveau, type eller høre til en komponent.",
            ),
            models.CheckConstraint(
                name="asset_only_components_need_agreements",
                condition=Q(kind=Kind.COMPONENT) | Q(needs_agreement=False),
                violation_error_message="Kun en komponent kan kræve en serviceaftale.",
            ),
            models.CheckConstraint(
                name="asset_is_not_its_own_parent",
                condition=Q(parent=None) | ~Q(parent=F("id")),
                violation_error_message="En komponent kan ikke høre til sig selv.",
            ),
            models.CheckConstraint(
                name="asset_is_not_its_own_successor",
                condition=Q(successor=None) | ~Q(successor=F("id")),
                violation_error_message="Noget kan ikke afløses af sig selv.",
            ),
            models.CheckConstraint(
                name="asset_dates_in_order",
                condition=(
                    (Q(active_from=None) | Q(retired_from=None) | Q(retired_from__gt=F("active_from")))
                    & (
                        Q(active_from=None)
                        | Q(phasing_out_from=None)
                        | Q(phasing_out_from__gte=F("active_from"))
                    )
                    & (
                        Q(phasing_out_from=None)
                        | Q(retired_from=None)
                        | Q(retired_from__gte=F("phasing_out_from"))
                    )
                ),
                violation_error_message="Datoerne skal ligge i rækkefølgen: i drift fra, udfases fra, slutdato.",
            ),
            models.UniqueConstraint(
                name="asset_external_id_used_once",
                fields=["external_id"],
                violation_error_message="Et andet fagsystem har allerede dette KITOS-id.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse(f"{self.kind}-detail", args=[self.code])

    @property
    def noun(self) -> str:
        """What the history calls this row, as the table holds two kinds: "komponent" or "fagsystem"."""
        return str(self.get_kind_display()).lower()

    def clean(self) -> None:
        """Refuse a loop among parents and a parent that is a system; both need other rows to see.

        The loop is one query per step up the module tree, which is two or three deep.
        """
        if self.pk and self.successor_id == self.pk:  # forms leave out constraints on the key
            raise ValidationError({"successor": "Noget kan ikke afløses af sig selv. Vælg en anden."})
        if self.parent is None:
            return
        if self.pk and self.parent_id == self.pk:
            raise ValidationError({"parent": "En komponent kan ikke høre til sig selv. Vælg en anden."})
        if self.parent.kind != Kind.COMPONENT:
            raise ValidationError({"parent": "Vælg en komponent. Et fagsystem kan ikke have moduler."})
        seen: set[Any] = {self.pk} if self.pk else set()
        parent: Asset | None = self.parent
        while parent is not None:
            if parent.pk in seen:
                raise ValidationError(
                    {"parent": f"{self.parent} hører selv til {self}, så det ville gå i ring. Vælg en anden."}
                )
            seen.add(parent.pk)
            parent = parent.parent


class ComponentManager(models.Manager.from_queryset(AssetQuerySet)):  # type: ignore[misc]
    def get_queryset(self) -> AssetQuerySet:
        return super().get_queryset().components()  # type: ignore[no-any-return]


class SystemManager(models.Manager.from_queryset(AssetQuerySet)):  # type: ignore[misc]
    def get_queryset(self) -> AssetQuerySet:
        return super().get_queryset().systems()  # type: ignore[no-any-return]


class Component(Asset):
    """An infrastructure component: platform → module → service, register, standard or network."""

    objects = ComponentManager()  # type: ignore[misc]

    class Meta:
        proxy = True
        verbose_name = "komponent"
        verbose_name_plural = "komponenter"
        default_permissions = ("add", "change", "view")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not args:
            kwargs.setdefault("kind", Kind.COMPONENT)
        super().__init__(*args, **kwargs)


class System(Asset):
    """A fagsystem: a business system that a forvaltning works in."""

    objects = SystemManager()  # type: ignore[misc]

    class Meta:
        proxy = True
        verbose_name = "fagsystem"
        verbose_name_plural = "fagsystemer"
        default_permissions = ("add", "change", "view")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if not args:
            kwargs.setdefault("kind", Kind.SYSTEM)
        super().__init__(*args, **kwargs)
