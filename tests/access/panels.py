"""Who may get the people of an impact answer. ``world`` has nothing to make: the registry's own rows are enough."""

from __future__ import annotations

from typing import Any

from tests.access.rules import READERS, Rule

RULES: dict[str, Rule] = {"impact-people": Rule(READERS)}
MISSING: dict[str, Any] = {}


def world(found: dict[str, Any]) -> dict[str, Any]:
    return {}
