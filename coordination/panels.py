"""The next deadlines beside what they are about: on the pages of assets and people, and on the front page."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from coordination import deadlines
from coordination.deadlines import Item, Wanted
from coordination.rights import Actor, sees_deadlines
from foi_portal.core.models import User
from foi_portal.core.permissions import may
from foi_portal.ui.panels import Panel
from foi_portal.ui.panels import register as register_panel
from foi_portal.ui.tables import listing
from registry.models import Asset, Component, System
from roles.models import Person

SHOWN = 5
TEMPLATE = "coordination/panel_deadlines.html"


def register() -> None:
    """Put the panels on the pages of the apps below."""
    for model in (System, Component):
        register_panel(model, Panel("deadlines", TEMPLATE, asset_panel, "side", 15))
    register_panel(Person, Panel("deadlines", TEMPLATE, person_panel, "side", 15))


def asset_panel(request: HttpRequest, asset: Asset) -> dict[str, Any] | None:
    """What is next for a component or system; nothing where nothing is."""
    if not sees_deadlines(request.user):
        return None
    items = deadlines.chosen(deadlines.board(timezone.localdate()), Wanted(asset=asset.pk))
    return _first(items, asset=asset.code) if items else None


def person_panel(request: HttpRequest, person: Person) -> dict[str, Any] | None:
    """What a person is to see to next; nothing where nothing is."""
    if not sees_deadlines(request.user):
        return None
    items = deadlines.chosen(deadlines.board(timezone.localdate()), Wanted(person=person.pk))
    return _first(items, person=str(person.pk)) if items else None


def on_the_front(user: User, on: datetime.date) -> dict[str, Any] | None:
    """What is next for the one who has just come: all of it for who keeps the registry, else what is theirs."""
    if not sees_deadlines(user):
        return None
    if may(user, "change", System):
        return _first(deadlines.chosen(deadlines.board(on), Wanted(resting=False)), efterretning="nej")
    person = Actor(user, on).person
    if person is None:
        return None
    items = deadlines.chosen(deadlines.board(on), Wanted(person=person, resting=False))
    return _first(items, person=str(person), efterretning="nej") if items else None


def _first(items: Sequence[Item], **filters: str) -> dict[str, Any]:
    """The first of them, how many there are, and the list with as many rows."""
    return {
        "items": items[:SHOWN],
        "count": len(items),
        "url": listing(reverse("deadline-list"), **filters),
    }


__all__ = ["on_the_front", "register"]
