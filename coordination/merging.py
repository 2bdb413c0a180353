"""When two people turn out to be one: what coordination keeps about the double is the kept person's."""

from __future__ import annotations

from coordination.models import CalendarLink, Caretaker, Finding, ReminderPreference
from roles import people
from roles.models import Person


def register() -> None:
    people.when_merged("takes_care_of", _caretakers)
    people.when_merged("reminder_preference", _preference)
    people.when_merged("findings", _findings)
    people.when_merged("calendar_links", _calendars)


def _caretakers(keep: Person, double: Person) -> None:
    Caretaker.objects.filter(person=double).update(person=keep)


def _preference(keep: Person, double: Person) -> None:
    """The kept person's own wish goes before the double's."""
    if not ReminderPreference.objects.filter(person=keep).exists():
        ReminderPreference.objects.filter(person=double).update(person=keep)


def _findings(keep: Person, double: Person) -> None:
    Finding.objects.filter(owner=double).update(owner=keep)


def _calendars(keep: Person, double: Person) -> None:
    CalendarLink.objects.filter(person=double).update(person=keep)


__all__ = ["register"]
