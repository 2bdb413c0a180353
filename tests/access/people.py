"""Who may do what with people. ``world`` makes what the addresses name; ``MISSING`` names what is not there."""

from __future__ import annotations

import datetime
from typing import Any

from roles.models import Absence
from tests import factories
from tests.access.rules import EDITORS, READERS, Rule

RULES: dict[str, Rule] = {
    "person-list": Rule(READERS),
    "person-create": Rule(EDITORS, EDITORS),
    "person-detail": Rule(READERS, None, ("person",)),
    "person-update": Rule(EDITORS, EDITORS, ("person",)),
    "person-history": Rule(READERS, None, ("person",)),
    "person-merge": Rule(EDITORS, EDITORS, ("person",)),
    # besides these everybody their own (tests of people)
    "absence-create": Rule(EDITORS, EDITORS, ("person",)),
    "absence-update": Rule(EDITORS, EDITORS, ("absence",)),
    "absence-archive": Rule(EDITORS, EDITORS, ("absence",)),
    "person-lookup": Rule(READERS),
}
MISSING: dict[str, Any] = {"person": 0, "absence": 0}


def world(found: dict[str, Any]) -> dict[str, Any]:
    """Rows for the addresses; ``found`` is what the registry's tests made (system CURA, component SP)."""
    person = factories.person(name="Anne Kvist")
    absence = Absence.objects.create(person=person, since=datetime.date(2026, 1, 5))
    return {"person": person.pk, "absence": absence.pk}
