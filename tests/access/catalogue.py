"""Who may do what with the catalogue. ``world`` makes what the addresses name; ``MISSING`` names what is not there."""

from __future__ import annotations

from typing import Any

from roles import catalogue
from tests import factories
from tests.access.rules import EDITORS, READERS, Rule, noun

RULES: dict[str, Rule] = {
    **noun("role", "role"),
    "requirement-list": Rule(READERS),
    "requirement-create": Rule(EDITORS, EDITORS, ("role",)),
    "requirement-update": Rule(EDITORS, EDITORS, ("requirement",)),
    "requirement-archive": Rule(EDITORS, EDITORS, ("requirement",)),
    "requirement-restore": Rule(EDITORS, EDITORS, ("requirement",)),
    "edition-list": Rule(READERS),
    "edition-create": Rule(EDITORS, EDITORS),
    "edition-detail": Rule(READERS, None, ("edition",)),
    "edition-use": Rule(EDITORS, EDITORS, ("edition",)),
    "edition-archive": Rule(EDITORS, EDITORS, ("edition",)),
    "edition-restore": Rule(EDITORS, EDITORS, ("edition",)),
    "edition-history": Rule(READERS, None, ("edition",)),
}
MISSING: dict[str, Any] = {"role": "X", "requirement": 0, "edition": 0}


def world(found: dict[str, Any]) -> dict[str, Any]:
    """Rows for the addresses; ``found`` is what the registry's tests made (system CURA, component SP)."""
    role = factories.role(code="INFRAANSV", name="Infrastrukturansvarlig")
    entry = catalogue.EntryValues(code="INFRAANSV", name="Infraansvarlig", level="tactical", scope=["SP"])
    edition = catalogue.prepare(actor=factories.user(), name="Rollegalleriet 1.4", entries=[entry])
    return {"role": role.code, "requirement": factories.requirement(role).pk, "edition": edition.pk}
