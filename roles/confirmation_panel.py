"""The panel on a system's page: when and by whom its facts were last confirmed, and who asks for it now."""

from __future__ import annotations

import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from foi_portal.core.periods import months_since
from foi_portal.core.permissions import may
from foi_portal.ui.panels import Panel
from registry.models import CONFIRMED_FOR, System
from roles.confirming import is_old, open_items
from roles.models import ConfirmationRound


def load(request: HttpRequest, system: System) -> dict[str, Any]:
    """Two queries at most: who confirmed, and the open rounds."""
    today = timezone.localdate()
    return {
        **last_confirmed(system, today),
        "asked": list(open_items([system.pk])) if may(request.user, "view", ConfirmationRound) else [],
        "may_confirm": not system.is_archived and may(request.user, "change", system),
        "today": today,
    }


def last_confirmed(system: System, on: datetime.date) -> dict[str, Any]:
    """How old the last confirmation is, in whole months when it is too old."""
    day = system.confirmed_on
    return {
        "confirmed_on": day,
        "confirmed_by": system.confirmed_by,
        "is_old": is_old(day, on),
        "months": months_since(day, on) if day else 0,
        "good_for": CONFIRMED_FOR,
    }


PANEL = Panel("confirmation", "roles/confirmation_panel.html", load, "side", 20)
