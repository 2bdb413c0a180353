"""Panels of gains on ``/budget/<year>/<code>/`` and on the pages of components and systems."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, F, Q
from django.http import HttpRequest

from budgets.gain_totals import LIVE_STATES
from budgets.models import Gain, GainState
from budgets.panels import ComponentYear
from foi_portal.core.permissions import may
from foi_portal.ui.panels import Panel
from foi_portal.ui.panels import register as register_panel
from registry.models import Asset, Component, Kind, System

SHOWN = 6  # gains before «Alle»


def register() -> None:
    """Make the panels known."""
    register_panel("budget-component", Panel("gains", "budgets/gains_panel_year.html", year_panel, order=70))
    counts = Panel("gains", "budgets/gains_panel_asset.html", asset_panel, "side", 70)
    for model in (Component, System):
        register_panel(model, counts)


def year_panel(request: HttpRequest, shown: ComponentYear) -> dict[str, Any] | None:
    """The component's gains, those worth most first. Two queries."""
    if not may(request.user, "view", Gain):
        return None
    rows = Gain.objects.current().filter(asset=shown.component).exclude(state=GainState.REJECTED)
    gains = list(rows.select_related("asset").order_by(F("yearly").desc(nulls_last=True), "pk")[: SHOWN + 1])
    return {
        "gains": gains[:SHOWN],
        "more": rows.count() if len(gains) > SHOWN else 0,
        "component": shown.component,
        "year": shown.year.year,
    }


def asset_panel(request: HttpRequest, asset: Asset) -> dict[str, Any] | None:
    """How many gains the asset has. One query."""
    if not may(request.user, "view", Gain):
        return None
    counts = (
        Gain.objects.current()
        .filter(asset=asset)
        .aggregate(
            live=Count("pk", filter=Q(state__in=LIVE_STATES)),
            given_up=Count("pk", filter=Q(state=GainState.GIVEN_UP)),
        )
    )
    return {**counts, "is_component": asset.kind == Kind.COMPONENT}
