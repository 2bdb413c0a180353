"""Who may do what with assignments. ``world`` makes what the addresses name; ``MISSING`` names what is not there."""

from __future__ import annotations

from typing import Any

from tests import factories
from tests.access.rules import EDITORS, READERS, Rule, noun

RULES: dict[str, Rule] = {
    **noun("assignment", "assignment"),
    "assignment-end": Rule(EDITORS, EDITORS, ("assignment",)),
    "assignment-handover": Rule(EDITORS, EDITORS, ("assignment",)),
    "person-transfer": Rule(EDITORS, EDITORS, ("assignment_person",)),
    "scope-lookup": Rule(READERS),
}
MISSING: dict[str, Any] = {"assignment": 0, "assignment_person": 0}


def world(found: dict[str, Any]) -> dict[str, Any]:
    """Rows for the addresses; ``found`` is what the registry's tests made (system CURA, component SP)."""
    row = factories.assignment()
    return {"assignment": row.pk, "assignment_person": row.person_id}
