"""Who may do what with agreements. ``world`` makes what the addresses name; ``MISSING`` names what is not there."""

from __future__ import annotations

from typing import Any

from tests.access.rules import Rule

RULES: dict[str, Rule] = {}
MISSING: dict[str, Any] = {}


def world(found: dict[str, Any]) -> dict[str, Any]:
    """Rows for the addresses; ``found`` is what the registry's tests made (system CURA, component SP)."""
    return {}
