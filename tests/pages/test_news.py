"""What the front page tells of the latest changes, and to whom."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from foi_portal.core.history import recording
from foi_portal.core.permissions import READER
from foi_portal.pages import history
from roles.models import Absence, Person, RoleRequirement
from tests import factories

pytestmark = pytest.mark.django_db
DAY = datetime.date(2026, 1, 1)


def act(make: Any, **values: Any) -> Any:
    """The row made in an act of its own."""
    with recording():
        return make(**values)


def told(user: Any) -> list[str]:
    return [line.entry.title if line.entry else str(line.count) for line in history.news(user, limit=8)]


def test_tells_of_assignments_requirements_and_roles_newest_first():
    system, role = act(factories.system, name="Sag"), act(factories.role, name="Vagt")
    person = act(factories.person, name="Ida Holm")
    act(factories.assignment, person=person, role=role, asset=system)
    act(RoleRequirement.objects.create, role=role, scope_kind="every_system", since=DAY)
    foi = factories.client("FOI")
    assert told(foi.user)[:4] == [  # type: ignore[attr-defined]
        "Vagt for hvert fagsystem",
        "Ida Holm: Vagt for Sag",
        "Vagt",
        "Sag",
    ]
    for client in (foi, factories.client(READER)):
        page = client.get(reverse("front")).content.decode()
        assert "Ida Holm: Vagt for Sag</a> oprettet" in page


def test_leaves_out_people_and_absences():
    user = factories.member(READER)
    before = told(user)
    person = act(factories.person, name="Ida Holm")
    act(Absence.objects.create, person=person, since=DAY)
    Person.objects.filter(pk=person.pk).update(phone="6613 0000")
    assert told(user) == before


def test_who_may_not_view_a_kind_sees_none_of_its_changes():
    system, role = act(factories.system, name="Sag"), act(factories.role, name="Vagt")
    person = act(factories.person, name="Ida Holm")

    def both() -> None:
        factories.assignment(person=person, role=role, asset=system)
        factories.system(name="Post")

    act(both)
    assert told(factories.member(READER))[0] == "2"
    Group.objects.get(name=READER).permissions.remove(
        *Permission.objects.filter(codename__in=["view_assignment", "view_role"])
    )
    assert told(factories.member(READER))[:2] == ["Post", "Sag"]


def test_an_act_of_several_changes_names_no_rows():
    def several() -> None:
        for _ in range(3):
            factories.assignment(person=person, role=role, asset=factories.system())

    person, role = factories.person(), factories.role()
    user = factories.member(READER)
    for _ in range(8):
        act(several)
    user.get_all_permissions()
    with CaptureQueriesContext(connection) as asked:
        assert told(user) == ["6"] * 8
    assert len(asked) == 2
