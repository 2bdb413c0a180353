"""Findings on the pages of what they are about, and on the front page of who puts them right."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from coordination.hygiene import counts
from coordination.hygiene.counts import Tile, Total
from coordination.hygiene.tables import due_words
from coordination.models import Finding, FindingState
from coordination.models.finding import FindingQuerySet
from foi_portal.core.permissions import may
from foi_portal.ui.panels import Panel
from foi_portal.ui.panels import register as register_panel
from foi_portal.ui.tables import listing
from registry.models import Agreement, Asset, Certificate, Component, System

SHOWN = 5


def register() -> None:
    """Put the panels on the pages of the apps below."""
    of_asset = Panel("findings", "coordination/finding_panel.html", asset_panel, "side", 40)
    for model in (System, Component):
        register_panel(model, of_asset)
    register_panel("asset-confirm", replace(of_asset, place="main"))
    for other in (Agreement, Certificate):
        load = partial(row_panel, str(other._meta.model_name))
        register_panel(other, Panel("findings", "coordination/finding_panel.html", load, "side", 40))


def asset_panel(request: HttpRequest, asset: Asset) -> dict[str, Any] | None:
    """What is to be put right about an asset."""
    return _panel(request, Finding.objects.about([asset.pk]), asset=asset.code)


def row_panel(path: str, request: HttpRequest, obj: Agreement | Certificate) -> dict[str, Any] | None:
    """What is to be put right about an agreement or a certificate."""
    return _panel(request, Finding.objects.filter(**{path: obj}), **{path: str(obj.pk)})


def _panel(request: HttpRequest, rows: FindingQuerySet, **query: str) -> dict[str, Any] | None:
    """The first that wait, and how many there are; nothing when there is none. Two queries."""
    if not may(request.user, "view", Finding):
        return None
    on = timezone.localdate()
    total = counts.total(rows, on)
    if not total.waiting and not total.accepted:
        return None
    address = reverse("finding-list")
    return {
        "lines": lines(rows, on) if total.waiting else [],
        "total": total,
        "url": listing(address, **query),
        "accepted_url": listing(address, **query, state=FindingState.ACCEPTED),
    }


@dataclass(frozen=True)
class Line:
    """A finding in a line: its page, what it says, and by when."""

    url: str
    text: str
    due: str


def lines(rows: FindingQuerySet, on: datetime.date) -> list[Line]:
    """The first of the rows that wait, the first due first. One query."""
    found = rows.waiting(on).order_by("due_on", "pk").values_list("pk", "text", "due_on")[:SHOWN]
    return [
        Line(reverse("finding-detail", args=[pk]), text, due_words(due, FindingState.OPEN, on))
        for pk, text, due in found
    ]


@dataclass(frozen=True)
class Desk:
    """What the front page shows: all kinds in numbers for FOI, and one's own findings."""

    tiles: list[Tile]
    own: list[Line]
    total: Total
    url: str


def desk(*, editor: bool, person: int | None, on: datetime.date) -> Desk:
    """``editor``: FOI. ``person``: the reader's own key, when they hold something. Three queries at most."""
    rows = Finding.objects.filter(owner=person) if person is not None else Finding.objects.none()
    total = counts.total(rows, on) if person is not None else Total(0, 0, 0)
    return Desk(
        counts.per_kind(on) if editor else [],
        lines(rows, on) if total.waiting else [],
        total,
        listing(reverse("finding-list"), owner=person),
    )


__all__ = ["SHOWN", "Desk", "asset_panel", "desk", "register", "row_panel"]
