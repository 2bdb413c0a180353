"""The filter of the list of certificates. Parameter names are part of links people save: keep them."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils import timezone

from foi_portal.ui.filters import FilterSet
from foi_portal.ui.forms import DateField
from registry.certificates.hexes import compact
from registry.filters import PickFilter, SearchFilter
from registry.models import Certificate, CertificateKind, Environment
from registry.models.certificate import SOON

STATES = (
    ("valid", "Gyldigt"),
    ("expiring", f"Udløber inden for {SOON} dage"),
    ("overdue", "Udløbet uden at være fornyet"),
    ("expired", "Udløbet"),
    ("revoked", "Spærret"),
    ("upcoming", "Kommende"),
)


class DayFilter(django_filters.Filter):  # type: ignore[misc]
    field_class = DateField


class WordsFilter(SearchFilter):
    """Also finds a fingerprint or serial number that was copied with colons or blanks in it."""

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        return super().filter(qs, compact(value or "") or value)


class CertificateFilter(FilterSet):
    seldom = ("issuer", "before", "archived")

    q = WordsFilter(
        "name", "subject", "serial", "sha256", "location", label="Navn, serienummer eller fingeraftryk"
    )
    kind = django_filters.ChoiceFilter(label="Type", choices=CertificateKind.choices, empty_label="Alle")
    environment = django_filters.ChoiceFilter(label="Miljø", choices=Environment.choices, empty_label="Alle")
    state = django_filters.ChoiceFilter(
        label="Tilstand", choices=STATES, empty_label="Alle", method="filter_state"
    )
    asset = PickFilter("filter_asset", label="Bruges af")
    issuer = SearchFilter("issuer", label="Udsteder")
    before = DayFilter(field_name="valid_to", lookup_expr="lte", label="Udløber senest")

    class Meta:
        model = Certificate
        fields = ("q", "kind", "environment", "state", "asset", "issuer", "before", "archived")

    def filter_asset(self, rows: QuerySet[Any], code: str) -> QuerySet[Any]:
        using = Certificate.assets.through._default_manager.filter(asset__code=code)
        return rows.filter(pk__in=using.values("certificate"))

    def filter_state(self, rows: Any, name: str, value: str) -> QuerySet[Any]:
        on = timezone.localdate()
        if value == "overdue":
            return rows.expired(on).to_be_renewed()  # type: ignore[no-any-return]
        if value == "revoked":
            return rows.exclude(revoked_on=None)  # type: ignore[no-any-return]
        return getattr(rows, value)(on)  # type: ignore[no-any-return]


__all__ = ["CertificateFilter"]
