"""Who may do what with agreements. ``world`` makes what the addresses name; ``MISSING`` names what is not there."""

from __future__ import annotations

from typing import Any

from registry.models import Dependency, System
from tests import factories
from tests.access.rules import EDITORS, READERS, Rule, noun

STEPS = ("approve", "reject", "request", "activate", "terminate", "take-back", "review", "extend")

RULES: dict[str, Rule] = {
    **noun("agreement", "agreement"),
    **{f"agreement-{step}": Rule(EDITORS, EDITORS, ("agreement",)) for step in STEPS},
    "agreement-coverage": Rule(EDITORS, EDITORS, ("agreement",)),
    "dependency-lookup": Rule(READERS),
    "impact-agreements": Rule(READERS),
}
MISSING: dict[str, Any] = {"agreement": 0}


def world(found: dict[str, Any]) -> dict[str, Any]:
    """Rows for the addresses; ``found`` is what the registry's tests made (system CURA, component SP)."""
    row = factories.agreement(
        system=System.objects.get(code=found["system"]),
        dependencies=[Dependency.objects.get(pk=found["dependency"])],
    )
    return {"agreement": row.pk}
