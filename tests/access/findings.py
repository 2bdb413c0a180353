"""Who may do what with findings. ``world`` makes what the addresses name; ``MISSING`` names what is not there."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone

from coordination.models import Finding
from registry.models import Asset
from tests import factories
from tests.access.rules import EDITORS, READERS, Rule

RULES: dict[str, Rule] = {
    "finding-list": Rule(READERS),
    "finding-run": Rule(READERS, EDITORS),
    "finding-bulk": Rule(EDITORS, EDITORS),
    "finding-detail": Rule(READERS, None, ("finding",)),
    "finding-accept": Rule(EDITORS, EDITORS, ("finding",)),
    "finding-take-back": Rule(None, EDITORS, ("finding",)),
    "finding-owner": Rule(EDITORS, EDITORS, ("finding",)),
    "finding-history": Rule(READERS, None, ("finding",)),
}
MISSING: dict[str, Any] = {"finding": 0}


def world(found: dict[str, Any]) -> dict[str, Any]:
    """CURA has no systemansvarlig, which somebody has accepted."""
    system, today = Asset.objects.get(code=found["system"]), timezone.localdate()
    made = Finding.objects.create(
        kind="system_without_responsible",
        key=str(system.pk),
        text=f"{system} har ingen systemansvarlig.",
        asset=system,
        due_on=today,
        accepted_until=today + datetime.timedelta(days=30),
        accepted_reason="Aftalt",
        accepted_by=factories.user(),
    )
    return {"finding": made.pk}
