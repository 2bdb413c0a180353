"""The filter of /gevinster/. Parameter names are part of links people save: keep them."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils import timezone

from budgets.gain_totals import LIVE_STATES
from budgets.models import CONSEQUENCES, Gain, GainKind, GainState
from foi_portal.ui.filters import FilterSet
from registry import queries
from registry.filters import CodeFilter, PickFilter, SearchFilter
from registry.models import Organisation

LIVE = "live"
YES, NO = "ja", "nej"


def harvesters() -> QuerySet[Organisation]:
    """Those a select offers: the ones that harvest a gain."""
    return Organisation.objects.filter(pk__in=Gain.objects.exclude(organisation=None).values("organisation"))


class GainFilter(FilterSet):
    """What is no gain after all is left out unless it is asked for."""

    seldom = ("kind", "organisation", "within", "amount", "ended", "archived")

    q = SearchFilter(
        "text", "responsible", "asset__name", "asset__code", label="Beskrivelse, ansvarlig eller navn"
    )
    asset = PickFilter("filter_asset", label="Komponent eller fagsystem")
    within = PickFilter("filter_within", "component", label="Komponenten med moduler")
    side = django_filters.ChoiceFilter(
        label="Type",
        choices=(("gain", "Gevinster"), ("avoided", "Undgåede konsekvenser")),
        empty_label="Begge",
        method="filter_side",
    )
    kind = django_filters.ChoiceFilter(label="Slags", choices=GainKind.choices, empty_label="Alle")
    state = django_filters.ChoiceFilter(
        label="Tilstand",
        choices=((LIVE, "Mulig, planlagt eller realiseret"), *GainState.choices),
        empty_label="Alle gevinster",
        method="filter_state",
    )
    organisation = CodeFilter(harvesters, label="Høstes af")
    follow_up = django_filters.ChoiceFilter(
        label="Opfølgning",
        choices=(("overdue", "Over tiden"), ("none", "Uden dato")),
        empty_label="Alle",
        method="filter_follow_up",
    )
    amount = django_filters.ChoiceFilter(
        label="Kroner",
        choices=((YES, "Med kroner"), (NO, "Uden kroner")),
        empty_label="Begge",
        method="filter_amount",
    )
    ended = django_filters.ChoiceFilter(
        label="Ophørte",
        choices=((NO, "Uden dem, der er ophørt"), (YES, "Kun dem, der er ophørt")),
        empty_label="Alle",
        method="filter_ended",
    )

    class Meta:
        model = Gain
        fields = (
            "q",
            "asset",
            "within",
            "side",
            "kind",
            "state",
            "organisation",
            "follow_up",
            "amount",
            "ended",
            "archived",
        )

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows = super().filter_queryset(queryset)
        return rows if self.form.cleaned_data.get("state") else rows.exclude(state=GainState.REJECTED)

    def filter_asset(self, rows: QuerySet[Any], code: str) -> QuerySet[Any]:
        return rows.filter(asset__code=code)

    def filter_within(self, rows: QuerySet[Any], code: str) -> QuerySet[Any]:
        return rows.filter(asset__in=queries.modules_below(code))

    def filter_side(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return (
            rows.filter(kind__in=CONSEQUENCES) if value == "avoided" else rows.exclude(kind__in=CONSEQUENCES)
        )

    def filter_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(state__in=LIVE_STATES) if value == LIVE else rows.filter(state=value)

    def filter_follow_up(self, rows: Any, name: str, value: str) -> QuerySet[Any]:
        if value == "overdue":
            return rows.overdue(timezone.localdate())  # type: ignore[no-any-return]
        return rows.filter(follow_up_on=None)  # type: ignore[no-any-return]

    def filter_amount(self, rows: Any, name: str, value: str) -> QuerySet[Any]:
        return rows.with_amount() if value == YES else rows.filter(yearly=None)  # type: ignore[no-any-return]

    def filter_ended(self, rows: Any, name: str, value: str) -> QuerySet[Any]:
        over = rows.over(timezone.localdate().year)
        return over if value == YES else rows.exclude(pk__in=over.values("pk"))  # type: ignore[no-any-return]


__all__ = ["LIVE", "NO", "YES", "GainFilter"]
