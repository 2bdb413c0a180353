"""The demonstration's caretakers, and somebody who wants one mail on Mondays. What is there already is left alone."""

from __future__ import annotations

from coordination.models import Caretaker, ReminderPreference
from registry.models import Agreement, Certificate
from roles.models import Person

CERTIFICATES = {"odense.dk": "tina.bro", "idp.odense.dk": "rune.dam"}
AGREEMENTS = {"Kontrakt: KMD Nova": "karin.toft", "SDN-aftale: Cura og NSP": "jonas.birk"}
WEEKLY = ("lone.friis",)


def load() -> int:
    """Name who looks after what of the demonstration is there. Out: how many rows were made."""
    people = {person.email.partition("@")[0]: person for person in Person.objects.filter(merged_into=None)}
    made = 0
    for certificate in Certificate.objects.filter(name__in=CERTIFICATES, caretaker=None):
        if person := people.get(CERTIFICATES[certificate.name]):
            Caretaker.objects.create(certificate=certificate, person=person)
            made += 1
    for agreement in Agreement.objects.filter(name__in=AGREEMENTS, caretaker=None):
        if person := people.get(AGREEMENTS[agreement.name]):
            Caretaker.objects.create(agreement=agreement, person=person)
            made += 1
    for name in WEEKLY:
        if person := people.get(name):
            made += ReminderPreference.objects.get_or_create(person=person, defaults={"digest": True})[1]
    return made


__all__ = ["load"]
