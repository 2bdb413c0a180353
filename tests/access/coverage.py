"""Who may do what with coverage. ``world`` makes what the addresses name; ``MISSING`` names what is not there."""

from __future__ import annotations

from typing import Any

from tests import factories
from tests.access.rules import READERS, Rule

RULES: dict[str, Rule] = {"coverage": Rule(READERS)}
MISSING: dict[str, Any] = {}


def world(found: dict[str, Any]) -> dict[str, Any]:
    """Rows for the addresses; ``found`` is what the registry's tests made (system CURA, component SP)."""
    factories.requirement(factories.role(), scope_kind="every_system")
    return {}
