"""Who may do what on the operations page: FOI and administrators, and nobody else."""

from __future__ import annotations

from typing import Any

from foi_portal.core import mail
from tests.access.rules import EDITORS, Rule

RULES: dict[str, Rule] = {
    "operations": Rule(EDITORS),
    "mail-list": Rule(EDITORS),
    "mail-detail": Rule(EDITORS, None, ("mail",)),
    "mail-resend": Rule(None, EDITORS, ("mail",)),
    "mail-stop": Rule(None, EDITORS, ("mail",)),
    "mail-resend-failed": Rule(EDITORS, EDITORS),
    "mail-test": Rule(None, EDITORS),
}
MISSING: dict[str, Any] = {"mail": 0}


def world(found: dict[str, Any]) -> dict[str, Any]:
    """A mail that waits."""
    written = mail.enqueue(occasion="world", to="world@example.org", subject="Emne", text="Tekst")
    return {"mail": written.pk}
