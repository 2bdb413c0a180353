"""The filters of the registry's lists. Parameter names are part of links people save: keep them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.urls import reverse_lazy
from django.utils import timezone

from foi_portal.core.keys import among
from foi_portal.ui.filters import FilterSet
from foi_portal.ui.forms import SEPARATOR, as_choice
from registry import findings, landscape, queries, search
from registry.agreements import covering
from registry.models import (
    CONFIRMED_FOR,
    Agreement,
    Asset,
    Component,
    ComponentType,
    Criticality,
    Dependency,
    DependencyStatus,
    Direction,
    ImpactSnapshot,
    Importance,
    Kind,
    Level,
    Lifecycle,
    Organisation,
    OrganisationKind,
    PersonalData,
    System,
)

MOST_WORDS = 8
NOBODY = "-"  # where an address says that there is none; no code is written so
MISSING = (
    ("owner", "Forvaltning eller ejer"),
    ("dependencies", "Afhængigheder"),
    ("criticality", "Kritikalitet"),
    ("users", "Brugere: ingen bruger den"),
    ("replacement", "Erstatning: udfaset, men bruges"),
)
FUND = (
    ("single_point", "Svage punkter: kan alene stoppe meget"),
    ("understated", "Bærer mere, end de er vurderet til"),
    ("ending", "Kritiske med planlagt slutning"),
    ("cycle", "Med i en ring af afhængigheder"),
)


def owning_systems() -> QuerySet[Organisation]:
    """Those a select of owners offers: the ones that own a fagsystem."""
    return Organisation.objects.filter(pk__in=System.objects.values("department"))


def providers_of_systems() -> QuerySet[Organisation]:
    return Organisation.objects.filter(pk__in=System.objects.values("provider"))


def providers_of_components() -> QuerySet[Organisation]:
    return Organisation.objects.filter(pk__in=Component.objects.values("provider"))


class CodeChoice(forms.ChoiceField):
    """Codes are typed in links too, in any case."""

    def to_python(self, value: Any) -> str:
        return str(super().to_python(value)).strip().upper()


class CodeFilter(django_filters.Filter):  # type: ignore[misc]
    """A select whose address holds the organisation's code and not a number nobody knows.

    Its rows are fetched once, for the options and for judging the answer.
    """

    def __init__(self, rows: Callable[[], QuerySet[Organisation]], **kwargs: Any) -> None:
        self.rows = rows
        super().__init__(**kwargs)

    @property
    def field(self) -> forms.ChoiceField:
        if not hasattr(self, "_field"):
            choices = [("", "Alle"), *self.rows().values_list("code", "name")]
            self._field = CodeChoice(choices=choices, required=False, label=self.label)
        return self._field

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        return qs.filter(**{f"{self.field_name}__code": value}) if value else qs


class DepartmentFilter(CodeFilter):
    """Owners, and those without one (``NOBODY``)."""

    @property
    def field(self) -> forms.ChoiceField:
        if not hasattr(self, "_field"):
            field = super().field
            field.choices = [*list(field.choices), (NOBODY, "Uden forvaltning")]  # type: ignore[arg-type]
        return self._field

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        return qs.filter(**{self.field_name: None}) if value == NOBODY else super().filter(qs, value)


class SearchFilter(django_filters.CharFilter):  # type: ignore[misc]
    """Every word must be in one of the paths, whatever its case."""

    def __init__(self, *paths: str, **kwargs: Any) -> None:
        self.paths = paths
        super().__init__(**kwargs)

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        for word in list(dict.fromkeys((value or "")[:200].split()))[:MOST_WORDS]:
            match = Q()
            for path in self.paths:
                match |= Q(**{f"{path}__icontains": word})
            qs = qs.filter(match)
        return qs


class PickFilter(django_filters.CharFilter):  # type: ignore[misc]
    """One component or system by code or by name; the tag says which was taken. No hit, no rows.

    The filter set's method ``then`` gets the rows and the code.
    """

    def __init__(self, then: str, kind: str = "", **kwargs: Any) -> None:
        self.then = then  # not ``method``: that would put this class's own ``filter`` out of use
        self.kinds = [kind] if kind else list(Kind.values)
        address = reverse_lazy("asset-lookup")
        super().__init__(widget=forms.TextInput(attrs={"data-lookup": address}), **kwargs)

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return qs
        typed = value.split(SEPARATOR, maxsplit=1)[0].strip()
        # A whole code names its row, also when that is archived. Most links have one: no search is made for it.
        exact = Asset.objects.filter(code=typed, kind__in=self.kinds).first()
        if exact is not None:
            found: Mapping[str, str] | None = {"code": exact.code, "label": as_choice(exact)}
        else:
            found = self._best(typed, search.lookup(typed, self.kinds))
        if found is None:
            return qs.none()
        self.parent.meant[self.field_name] = found["label"]
        rows: QuerySet[Any] = getattr(self.parent, self.then)(qs, found["code"])
        return rows

    def _best(self, typed: str, hits: list[dict[str, str]]) -> dict[str, str] | None:
        """The shortest name that begins so; else the search's best."""
        begin = [hit for hit in hits if hit["name"].casefold().startswith(typed.casefold())]
        begin.sort(key=lambda hit: (len(hit["name"]), len(hit["code"])))
        return next(iter([*begin, *hits]), None)


class AgreementPick(django_filters.CharFilter):  # type: ignore[misc]
    """The dependencies that one agreement covers, by its number in addresses. No such agreement, no rows."""

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return qs
        number = int(value) if value.isascii() and value.isdecimal() and len(value) < 19 else 0
        found = Agreement.objects.filter(pk=number).first()
        if found is None:
            return qs.none()
        self.parent.meant[self.field_name] = str(found)
        covered = Agreement.dependencies.through._default_manager.filter(agreement=found)
        return qs.filter(pk__in=covered.values("dependency"))


class AssetFilter(FilterSet):
    """What systems and components share."""

    q = SearchFilter("name", "code", "aliases", label="Navn, kode eller gammelt navn")
    status = django_filters.ChoiceFilter(
        field_name="lifecycle", label="Status", choices=Lifecycle.choices, empty_label="Alle"
    )
    uses = PickFilter("filter_uses", "component", label="Bruger komponenten")
    fund = django_filters.ChoiceFilter(
        label="Fund", choices=FUND, empty_label="Vis alle", method="filter_fund"
    )
    missing = django_filters.ChoiceFilter(
        label="Mangler", choices=MISSING, empty_label="Vis alle", method="filter_missing"
    )

    def filter_uses(self, rows: QuerySet[Any], code: str) -> QuerySet[Any]:
        """Those with an ongoing dependency on the component, directly or on one of its modules."""
        using = Dependency.objects.ongoing().filter(target__in=queries.modules_below(code))
        return rows.filter(pk__in=using.values("source"))

    def filter_fund(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(pk__in=among(findings.keys(value, landscape.at())))

    def filter_missing(self, rows: Any, name: str, value: str) -> QuerySet[Any]:
        if value == "owner":
            return rows.without_owner()  # type: ignore[no-any-return]
        if value == "dependencies":
            return rows.without_dependencies()  # type: ignore[no-any-return]
        if value == "users":
            return rows.filter(pk__in=queries.unused_components().values("pk"))  # type: ignore[no-any-return]
        if value == "replacement":
            return rows.retired_but_used()  # type: ignore[no-any-return]
        return rows.in_use().filter(criticality=None)  # type: ignore[no-any-return]


class SystemFilter(AssetFilter):
    seldom: tuple[str, ...] = ("personal_data", "missing", "unconfirmed", "fund", "archived")

    department = CodeFilter(label="Forvaltning", rows=owning_systems)
    vendor = CodeFilter(
        field_name="provider",
        label="Leverandør",
        rows=providers_of_systems,
    )
    criticality = django_filters.ChoiceFilter(
        label="Kritikalitet", choices=Criticality.choices, empty_label="Alle"
    )
    personal_data = django_filters.ChoiceFilter(
        label="Persondata", choices=PersonalData.choices, empty_label="Alle"
    )
    unconfirmed = django_filters.ChoiceFilter(
        label="Bekræftet",
        choices=(("1", f"Ikke bekræftet i {CONFIRMED_FOR} måneder"),),
        empty_label="Vis alle",
        method="filter_unconfirmed",
    )

    class Meta:
        model = System
        fields = (
            "q",
            "department",
            "vendor",
            "status",
            "criticality",
            "personal_data",
            "uses",
            "missing",
            "unconfirmed",
            "fund",
            "archived",
        )

    def filter_unconfirmed(self, rows: Any, name: str, value: str) -> QuerySet[Any]:
        return rows.unconfirmed(timezone.localdate())  # type: ignore[no-any-return]


class ComponentFilter(AssetFilter):
    seldom = ("uses", "missing", "needs_agreement", "fund", "archived")

    level = django_filters.ChoiceFilter(label="Niveau", choices=Level.choices, empty_label="Alle")
    type = django_filters.ChoiceFilter(
        field_name="component_type", label="Type", choices=ComponentType.choices, empty_label="Alle"
    )
    owner = CodeFilter(
        field_name="provider",
        label="Ejer",
        rows=providers_of_components,
    )
    parent = PickFilter("filter_parent", "component", label="Hører til")
    needs_agreement = django_filters.ChoiceFilter(
        label="Serviceaftale",
        choices=(("1", "Kræves"), ("0", "Kræves ikke")),
        empty_label="Alle",
        method="filter_needs_agreement",
    )

    class Meta:
        model = Component
        fields = (
            "q",
            "level",
            "type",
            "owner",
            "parent",
            "status",
            "uses",
            "missing",
            "needs_agreement",
            "fund",
            "archived",
        )

    def filter_needs_agreement(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(needs_agreement=value == "1")

    def filter_parent(self, rows: QuerySet[Any], code: str) -> QuerySet[Any]:
        """Everything below the component, however deep."""
        return rows.filter(pk__in=queries.modules_below(code)[1:])


class OrganisationFilter(FilterSet):
    seldom = ()

    q = SearchFilter("name", "code", label="Navn eller kode")
    kind = django_filters.ChoiceFilter(label="Type", choices=OrganisationKind.choices, empty_label="Alle")

    class Meta:
        model = Organisation
        fields = ("q", "kind", "archived")


class DependencyFilter(FilterSet):
    seldom = (
        "within",
        "direction",
        "source_kind",
        "target_kind",
        "user_q",
        "vendor",
        "user_status",
        "ongoing",
        "agreement",
        "lacking",
        "archived",
    )

    q = SearchFilter(
        "purpose",
        "source__name",
        "source__code",
        "target__name",
        "target__code",
        label="Navn, kode eller formål",
    )
    source = PickFilter("filter_source", label="Hvem bruger")
    target = PickFilter("filter_target", label="Hvad bruges")
    within = PickFilter("filter_within", "component", label="Hvad bruges, med moduler")
    department = DepartmentFilter(
        field_name="source__department",
        label="Forvaltning",
        rows=owning_systems,
    )
    direction = django_filters.ChoiceFilter(label="Data", choices=Direction.choices, empty_label="Alle")
    importance = django_filters.ChoiceFilter(
        label="Svigter den", choices=Importance.choices, empty_label="Alle"
    )
    status = django_filters.ChoiceFilter(label="Status", choices=DependencyStatus.choices, empty_label="Alle")

    # The landscape's counts link here, with these for what it was filtered by.
    source_kind = django_filters.ChoiceFilter(
        label="Slags bruger", choices=Kind.choices, empty_label="Alle", method="filter_source_kind"
    )
    target_kind = django_filters.ChoiceFilter(
        field_name="target__kind", label="Slags brugt", choices=Kind.choices, empty_label="Alle"
    )
    user_q = SearchFilter("source__name", "source__code", label="Brugerens navn eller kode")
    vendor = CodeFilter(
        field_name="source__provider", label="Brugerens leverandør", rows=providers_of_systems
    )
    user_status = django_filters.ChoiceFilter(
        field_name="source__lifecycle",
        label="Brugerens status",
        choices=Lifecycle.choices,
        empty_label="Alle",
    )
    ongoing = django_filters.ChoiceFilter(
        label="Ophørte", choices=(("ja", "Uden ophørte"),), empty_label="Som status", method="filter_ongoing"
    )
    agreement = AgreementPick(label="Dækkes af aftalen")
    lacking = django_filters.ChoiceFilter(
        label="Aftale",
        choices=(("ja", "Mangler den aftale, der kræves"),),
        empty_label="Alle",
        method="filter_lacking",
    )

    class Meta:
        model = Dependency
        fields = (
            "q",
            "source",
            "target",
            "within",
            "department",
            "direction",
            "importance",
            "status",
            "source_kind",
            "target_kind",
            "user_q",
            "vendor",
            "user_status",
            "ongoing",
            "agreement",
            "lacking",
            "archived",
        )

    def filter_source(self, rows: QuerySet[Any], code: str) -> QuerySet[Any]:
        """One asset's ongoing dependencies; with ?status= set, those of that status."""
        return self._ongoing(rows.filter(source__code=code))

    def filter_target(self, rows: QuerySet[Any], code: str) -> QuerySet[Any]:
        return self._ongoing(rows.filter(target__code=code))

    def filter_within(self, rows: QuerySet[Any], code: str) -> QuerySet[Any]:
        """What is used from outside: a platform's modules that use each other are not among its users."""
        inside = queries.modules_below(code)
        return self._ongoing(rows.filter(target__in=inside).exclude(source__in=inside))

    def filter_source_kind(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Used by the registry's present fagsystemer (or components): archived ones are left out."""
        return rows.filter(source__kind=value, source__archived_at=None)

    def filter_ongoing(self, rows: Any, name: str, value: str) -> QuerySet[Any]:
        return rows.ongoing()  # type: ignore[no-any-return]

    def filter_lacking(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(pk__in=covering.lacking(timezone.localdate()).order_by().values("pk"))

    def _ongoing(self, rows: Any) -> QuerySet[Any]:
        return rows if self.form.cleaned_data.get("status") else rows.ongoing()  # type: ignore[no-any-return]


class SnapshotFilter(FilterSet):
    seldom = ()

    q = SearchFilter("title", "note", "question", label="Titel, note eller kode")
    who = SearchFilter("asked_by__first_name", "asked_by__last_name", "asked_by__username", label="Gemt af")

    class Meta:
        model = ImpactSnapshot
        fields = ("q", "who", "archived")
