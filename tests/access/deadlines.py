"""Who may do what with deadlines. ``world`` makes what the addresses name; ``MISSING`` names what is not there."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone

from coordination.models import Acknowledgement, CalendarLink
from registry.models import Asset
from tests import factories
from tests.access.rules import EDITORS, NONE, READERS, Rule

RULES: dict[str, Rule] = {
    "deadline-list": Rule(READERS),
    # For calendar programs: the key in its query is the right to it, and without one there is nothing there (404).
    "deadline-feed": Rule(NONE),
    "deadline-acknowledge": Rule(EDITORS, EDITORS, ("deadline",)),
    "acknowledgement-update": Rule(EDITORS, EDITORS, ("acknowledgement",)),
    "acknowledgement-withdraw": Rule(None, EDITORS, ("acknowledgement",)),
    "calendar-list": Rule(READERS, READERS),
    "calendar-revoke": Rule(None, EDITORS, ("calendar",)),
}
MISSING: dict[str, Any] = {"deadline": "lifecycle/0-x/2027-01-01", "acknowledgement": 0, "calendar": 0}


def world(found: dict[str, Any]) -> dict[str, Any]:
    """SP is phased out in ten days and CURA in twenty, which somebody has taken note of; and somebody's calendar."""
    today, owner = timezone.localdate(), factories.user()
    keys = []
    for code, days in ((found["component"], 10), (found["system"], 20)):
        day = today + datetime.timedelta(days=days)
        Asset.objects.filter(code=code).update(retired_from=day)
        keys.append(f"lifecycle/{Asset.objects.get(code=code).pk}-retired_from/{day}")
    until = today + datetime.timedelta(days=5)
    row = Acknowledgement.objects.create(key=keys[1], title="x", until=until, reason="x", by=owner)
    link = CalendarLink.objects.create(token_digest="0" * 64, made_by=owner)
    return {"deadline": keys[0], "acknowledgement": row.pk, "calendar": link.pk}
