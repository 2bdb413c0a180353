"""Who may do what with reminders. ``world`` makes what the addresses name; ``MISSING`` names what is not there."""

from __future__ import annotations

from typing import Any

from coordination.models import Caretaker
from tests import factories
from tests.access.rules import EDITORS, READERS, Rule

RULES: dict[str, Rule] = {
    "reminder-rule-list": Rule(READERS),
    "reminder-rule-update": Rule(EDITORS, EDITORS, ("reminded_kind",)),
    "reminder-preference": Rule(READERS, READERS),
    "reminder-preference-person": Rule(EDITORS, EDITORS, ("reminded_person",)),
    "care-handover": Rule(EDITORS, EDITORS, ("reminded_person",)),
    "agreement-caretaker": Rule(EDITORS, EDITORS, ("reminded_agreement",)),
    "certificate-caretaker": Rule(EDITORS, EDITORS, ("reminded_certificate",)),
}
MISSING: dict[str, Any] = {
    "reminded_kind": "findes-ikke",
    "reminded_person": 0,
    "reminded_agreement": 0,
    "reminded_certificate": 0,
}


def world(found: dict[str, Any]) -> dict[str, Any]:
    """Somebody who looks after an agreement and a certificate."""
    person, agreement, certificate = factories.person(), factories.agreement(), factories.certificate()
    Caretaker.objects.create(person=person, agreement=agreement)
    Caretaker.objects.create(person=person, certificate=certificate)
    return {
        "reminded_kind": "certificate",
        "reminded_person": person.pk,
        "reminded_agreement": agreement.pk,
        "reminded_certificate": certificate.pk,
    }
