"""Who may do what with certificates. ``world`` makes what the addresses name; ``MISSING`` names what is not there."""

from __future__ import annotations

from typing import Any

from tests.access.rules import EDITORS, READERS, Rule, noun
from tests.registry import certificate_files

RULES: dict[str, Rule] = {
    **noun("certificate", "certificate"),
    "certificate-renew": Rule(EDITORS, EDITORS, ("certificate",)),
    "certificate-revoke": Rule(EDITORS, EDITORS, ("certificate",)),
    "certificate-pem": Rule(READERS, None, ("certificate",)),
}
MISSING: dict[str, Any] = {"certificate": 0}


def world(found: dict[str, Any]) -> dict[str, Any]:
    """A certificate that was read from a file. ``found`` is what the registry's tests made (CURA, SP)."""
    return {"certificate": certificate_files.kept(name="Cura, produktion").pk}
