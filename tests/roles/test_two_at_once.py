"""Two people act on the same roles in the same instant: one is told, and nothing is half-done."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from functools import partial

import pytest
from django.utils import timezone

from foi_portal.core.models import User
from roles import assigning, people
from roles.models import Assignment, Person, Role
from tests import factories
from tests.core.test_two_connections import together

pytestmark = pytest.mark.django_db(transaction=True)

TODAY = timezone.localdate()
SOON = TODAY + datetime.timedelta(days=7)
ROUNDS = 3


@pytest.fixture
def role() -> Role:
    role = factories.role(name="Systemansvarlig")
    factories.requirement(role)
    return role


def refused(act: Callable[[], object]) -> Callable[[], str]:
    """What became of the act: "done", or "refused" with nothing written."""

    def run() -> str:
        try:
            act()
        except (assigning.Refused, people.MergeChanged, people.CannotMerge):
            return "refused"
        return "done"

    return run


def ending(row: Assignment, actor: User) -> Callable[[], object]:
    """End the assignment today, as it was seen before the others began."""
    plan = assigning.plan_end(row, on=TODAY, today=TODAY)
    assert not plan.gaps, "somebody else is there"
    return partial(assigning.end, row=row, on=TODAY, today=TODAY, actor=actor, seen=plan.digest)


def test_the_last_two_holders_are_not_both_ended_unseen(role: Role):
    users = [factories.user() for _ in range(2)]
    since = TODAY - datetime.timedelta(days=30)
    for _ in range(ROUNDS):
        rows = [factories.assignment(role=role, since=since) for _ in users]
        acts = [refused(ending(row, user)) for row, user in zip(rows, users, strict=True)]
        assert sorted(together(*acts)) == ["done", "refused"]
        assert Assignment.objects.ongoing(TODAY).filter(role=role).count() == 1
        Assignment.objects.ongoing(TODAY).filter(role=role).update(until=TODAY)


def test_one_assignment_goes_to_one_successor(role: Role):
    users = [factories.user() for _ in range(4)]
    row = factories.assignment(role=role)
    for _ in range(ROUNDS):

        def handing(user: User, row: Assignment = row) -> Callable[[], object]:
            to = factories.person()
            plan = assigning.plan_hand_over([row], {row.pk: to}, on=SOON, today=TODAY)
            return lambda: assigning.hand_over(
                rows=[row], to=to, on=SOON, today=TODAY, actor=user, seen=plan.digest
            )

        assert sorted(together(*(refused(handing(user)) for user in users))) == ["done", *["refused"] * 3]
        after = Assignment.objects.current().filter(role=role, since=SOON)
        assert after.count() == 1
        row.refresh_from_db()
        assert row.until == SOON
        Assignment.objects.filter(role=role).update(archived_at=timezone.now())
        row = factories.assignment(role=role)


def test_the_same_person_is_assigned_once(role: Role):
    users = [factories.user() for _ in range(4)]
    for _ in range(ROUNDS):
        person = factories.person()

        def assigning_to(user: User, person: Person = person) -> Callable[[], object]:
            row = Assignment(person=person, role=role, since=TODAY)
            return lambda: assigning.assign(rows=[row], today=TODAY, actor=user)

        assert sorted(together(*(refused(assigning_to(user)) for user in users))) == [
            "done",
            *["refused"] * 3,
        ]
        assert person.assignments.count() == 1


def test_nobody_is_assigned_to_a_double_that_is_being_merged(role: Role):
    user = factories.user()
    for _ in range(ROUNDS):
        keep, double = factories.person(), factories.person()
        state = people.prepare_merge(keep, double).state
        row = Assignment(person=double, role=role, since=TODAY)
        merge = partial(people.merge, keep=keep.pk, double=double.pk, state=state, actor=user)
        assign = partial(assigning.assign, rows=[row], today=TODAY, actor=user)
        merged, assigned = together(refused(merge), refused(assign))
        assert {merged, assigned} == {"done", "refused"}
        double.refresh_from_db()
        assert double.is_archived == (merged == "done")
        assert double.assignments.exists() == (assigned == "done")


def test_all_are_transferred_or_none_when_one_comes_meanwhile(role: Role):
    user = factories.user()
    for _ in range(ROUNDS):
        anna, bo = factories.person(), factories.person()
        rows = [factories.assignment(person=anna, role=role), factories.assignment(person=anna)]
        fates = {row.pk: bo for row in rows}
        plan = assigning.plan_transfer(anna, fates, on=SOON, today=TODAY)
        new = Assignment(person=anna, role=rows[1].role, asset=factories.system(), since=TODAY, why_here="Ny")
        transfer = partial(
            assigning.transfer_all,
            person=anna,
            fates=fates,
            on=SOON,
            today=TODAY,
            actor=user,
            seen=plan.digest,
        )
        assign = partial(assigning.assign, rows=[new], today=TODAY, actor=user)
        moved, assigned = together(refused(transfer), refused(assign))
        assert assigned == "done"
        assert bo.assignments.count() == (2 if moved == "done" else 0)
        ended = anna.assignments.filter(until=SOON).count()
        assert ended == (2 if moved == "done" else 0)
