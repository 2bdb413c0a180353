"""Who may do what with confirmation. ``world`` makes what the addresses name; ``MISSING`` names what is not there."""

from __future__ import annotations

from typing import Any

from registry.models import Asset
from roles.models import RoundAsset
from tests import factories
from tests.access.rules import EDITORS, READERS, Rule

RULES: dict[str, Rule] = {
    "asset-confirm": Rule(EDITORS, EDITORS, ("system",)),
    "round-list": Rule(READERS),
    "round-create": Rule(EDITORS, EDITORS),
    "round-detail": Rule(READERS, None, ("round",)),
    "round-update": Rule(EDITORS, EDITORS, ("round",)),
    "round-close": Rule(EDITORS, EDITORS, ("round",)),
    "round-history": Rule(READERS, None, ("round",)),
}
MISSING: dict[str, Any] = {"round": 0}


def world(found: dict[str, Any]) -> dict[str, Any]:
    """A round that asks about CURA, which nobody is responsible for."""
    made = factories.confirmation_round()
    RoundAsset.objects.create(round=made, asset=Asset.objects.get(code=found["system"]))
    return {"round": made.pk}
