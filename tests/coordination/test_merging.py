"""Two people become one: what coordination keeps about the double follows."""

from __future__ import annotations

import pytest
from django.utils import timezone

from coordination.models import CalendarLink, Caretaker, Finding, ReminderPreference
from roles import people
from roles.models import Person
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair() -> tuple[Person, Person]:
    return factories.person(), factories.person()


def merge(keep: Person, double: Person) -> None:
    state = people.prepare_merge(keep, double).state
    people.merge(keep=keep.pk, double=double.pk, state=state, actor=factories.user())


def test_everything_about_the_double_is_the_kept_persons(pair: tuple[Person, Person]) -> None:
    keep, double = pair
    today = timezone.localdate()
    Caretaker.objects.create(certificate=factories.certificate(), person=double)
    ReminderPreference.objects.create(person=double, digest=True)
    Finding.objects.create(kind="x", key="1", text="Noget", owner=double, due_on=today)
    CalendarLink.objects.create(token_digest="a", person=double, made_by=factories.user())
    merge(keep, double)
    assert Caretaker.objects.get().person == keep
    assert ReminderPreference.objects.get().person == keep
    assert Finding.objects.get().owner == keep
    assert CalendarLink.objects.get().person == keep


def test_who_is_kept_has_their_own_wish(pair: tuple[Person, Person]) -> None:
    keep, double = pair
    ReminderPreference.objects.create(person=keep, digest=False)
    ReminderPreference.objects.create(person=double, digest=True)
    merge(keep, double)
    assert ReminderPreference.objects.get(person=keep).digest is False
