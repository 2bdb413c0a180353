"""Roles about to be empty, people who leave while they hold some, and rounds that wait."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.utils import timezone

from registry.deadlines import Deadline
from registry.models import Asset
from roles.due import confirmation_deadlines, role_deadlines
from roles.models import Absence, Assignment, Person, RoundAsset
from tests import factories

pytestmark = pytest.mark.django_db

ON = datetime.date(2026, 12, 1)
LAST = datetime.date(2028, 1, 1)


def day(days: int) -> datetime.date:
    return ON + datetime.timedelta(days=days)


def found(last: datetime.date = LAST) -> list[Deadline]:
    return sorted(role_deadlines(ON, last), key=lambda d: d.key)


@pytest.fixture
def seat() -> dict[str, Any]:
    """A required role for a system."""
    role, system = factories.role(name="Systemansvarlig"), factories.system(name="Ydelser")
    factories.requirement(role, system)
    return {"role": role, "asset": system}


class TestPeriods:
    def test_one_that_ends_with_nobody_to_follow(self, seat: dict[str, Any]):
        row = factories.assignment(**seat, until=day(40))
        (one,) = found()
        assert one.key == f"role/{row.pk}/{day(40)}"
        assert (one.on, one.title, one.subject) == (
            day(40),
            "Systemansvarlig for Ydelser uden indehaver",
            "Systemansvarlig for Ydelser",
        )
        assert one.assets == (seat["asset"].pk,)
        assert one.people == (row.person_id,)
        assert one.acts[0].url == f"/roller/tildelinger/{row.pk}/overdrag/"
        assert f"asset={seat['asset'].code}" in one.acts[1].url

    def test_a_successor_ends_the_matter_also_when_there_is_a_gap(self, seat: dict[str, Any]):
        factories.assignment(**seat, until=day(40))
        factories.assignment(**seat, since=day(60))
        assert found() == []

    def test_who_has_left_by_then_is_no_successor(self, seat: dict[str, Any]):
        factories.assignment(**seat, until=day(40))
        factories.assignment(**seat, person=factories.person(active_to=day(20)), until=day(90))
        assert [d.key.split("/")[1].split("-")[0] for d in found()][-1] == "person"
        assert len(found()) == 2

    def test_a_deputy_is_no_successor(self, seat: dict[str, Any]):
        factories.assignment(**seat, until=day(40))
        factories.assignment(**seat, part="deputy")
        assert len(found()) == 1

    def test_an_absence_changes_nothing(self, seat: dict[str, Any]):
        factories.assignment(**seat, until=day(40))
        other = factories.assignment(**seat)
        Absence.objects.create(person=other.person, since=day(30), until=day(50))
        assert found() == []

    def test_all_who_are_required_must_follow(self):
        role, system = factories.role(), factories.system()
        factories.requirement(role, system, holders=2)
        factories.assignment(role=role, asset=system, until=day(40))
        factories.assignment(role=role, asset=system)
        assert len(found()) == 1

    def test_a_required_seat_that_was_left_is_overdue_and_told_once(self, seat: dict[str, Any]):
        factories.assignment(**seat, until=day(-400))
        last = factories.assignment(**seat, until=day(-30))
        assert [(d.key, d.days_left(ON)) for d in found()] == [(f"role/{last.pk}/{day(-30)}", -30)]

    def test_what_is_not_required_is_over_when_it_ends(self):
        row = factories.assignment(until=day(-1))
        assert found() == []
        Assignment.objects.filter(pk=row.pk).update(until=day(1))
        (one,) = found()
        assert one.subject.endswith(" for hele kommunen")
        assert "kræves ikke" in one.note

    @pytest.mark.parametrize("needed", [True, False])
    def test_a_deputy_counts_where_one_is_needed(self, needed: bool):
        role, system = factories.role(), factories.system()
        factories.requirement(role, system, deputy_needed=needed)
        factories.assignment(role=role, asset=system)
        factories.assignment(role=role, asset=system, part="deputy", until=day(5))
        assert [d.title.split()[-1] for d in found()] == (["stedfortræder"] if needed else [])

    def test_what_is_over_or_archived_or_later_is_left_out(self, seat: dict[str, Any]):
        row = factories.assignment(**seat, until=day(40))
        assert found(day(39)) == []
        Asset.objects.filter(pk=seat["asset"].pk).update(lifecycle="retired")
        assert found() == []
        Asset.objects.filter(pk=seat["asset"].pk).update(lifecycle="active")
        Assignment.objects.filter(pk=row.pk).update(archived_at=timezone.now())
        assert found() == []

    def test_for_a_department(self):
        unit = factories.organisation(kind="forvaltning", name="Børn", code="BUF")
        row = factories.assignment(organisation=unit, until=day(5))
        (one,) = found()
        assert one.organisations == (unit.pk,)
        assert "for Børn" in one.title
        assert "organisation=BUF" in one.acts[1].url
        assert row.organisation_id == unit.pk


class TestLeaving:
    def test_one_deadline_for_all_that_runs_on(self, seat: dict[str, Any]):
        karin = factories.person(name="Karin", active_to=day(30))
        factories.assignment(**seat, person=karin)
        factories.assignment(person=karin, until=day(90))
        factories.assignment(person=karin, until=day(30))  # ends with her: nothing runs on
        mine = [d for d in found() if "person-" in d.key]
        assert [(d.key, d.title, d.subject) for d in mine] == [
            (f"role/person-{karin.pk}/{day(30)}", "Karin fratræder med 2 roller", "Karin")
        ]
        assert mine[0].assets == (seat["asset"].pk,)

    def test_it_is_overdue_until_the_roles_are_handed_over(self, seat: dict[str, Any]):
        karin = factories.person(active_to=day(-30))
        row = factories.assignment(**seat, person=karin)
        assert [d.days_left(ON) for d in found()] == [-30]
        Assignment.objects.filter(pk=row.pk).update(until=day(-30))
        factories.assignment(**seat)
        assert found() == []

    def test_who_has_no_roles_just_leaves(self):
        factories.person(active_to=day(3))
        assert Person.objects.count() == 1
        assert found() == []


class TestRounds:
    def test_an_open_round_that_waits(self):
        waiting = factories.confirmation_round(title="Efterår", deadline=day(9), started_on=day(-5))
        systems = [factories.system(), factories.system()]
        for system in systems:
            RoundAsset.objects.create(round=waiting, asset=system)
        (one,) = confirmation_deadlines(ON, LAST)
        assert one.key == f"confirmation/{waiting.pk}/{day(9)}"
        assert set(one.assets) == {system.pk for system in systems}
        assert one.note == "2 fagsystemer mangler svar."
        RoundAsset.objects.update(answered_at=timezone.now(), answered_by=waiting.started_by)
        assert list(confirmation_deadlines(ON, LAST)) == []


def test_the_number_of_queries_does_not_grow(django_assert_max_num_queries):
    for n in range(30):
        unit = factories.organisation(kind="forvaltning")
        factories.assignment(asset=factories.system(), until=day(n + 1))
        factories.assignment(organisation=unit, person=factories.person(active_to=day(n + 1)))
    with django_assert_max_num_queries(9):
        assert len(found()) == 60
