"""Coverage worked out by hand, and against a recount that knows only single days."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from roles import occupancy
from roles.coverage import (
    SOON,
    Away,
    Cover,
    Demand,
    Post,
    Roster,
    Seat,
    State,
    Stay,
    judge,
    judge_all,
    vacant,
)
from roles.models import Assignment, Person
from tests import factories
from tests.days import day

TODAY = day("2026-11-23")
ANN, BO, CAT, DAN = 1, 2, 3, 4
SEAT = Seat(role=1, asset=10)
ELSEWHERE = Seat(role=2, asset=10)  # another role in the same scope
ONE = Demand(1, deputy=False, since=day("2024-01-01"))
WITH_DEPUTY = ONE._replace(deputy=True)


def days(count: int) -> datetime.date:
    """So many days from today."""
    return TODAY + datetime.timedelta(days=count)


def post(person: int, holder: bool = True, since: Any = None, until: Any = None, seat: Seat = SEAT) -> Post:
    return Post(
        person * 100 + (0 if holder else 10) + seat.role,
        person,
        seat,
        holder,
        since or day("2025-01-01"),
        until,
    )


def deputy(person: int, **period: Any) -> Post:
    return post(person, holder=False, **period)


def asked(demand: Demand, *posts: Post, on: datetime.date = TODAY, **known: Any) -> Cover:
    return judge(Roster.of(posts, **known), SEAT, demand, on)


@pytest.mark.anywhere
class TestByHand:
    def test_holder_only(self):
        cover = asked(ONE, post(ANN))
        assert (cover.state, cover.lacking, cover.vacant_days) == (State.FILLED, 0, None)
        assert [p.person for p in cover.holders] == [ANN]
        assert asked(WITH_DEPUTY, post(ANN)).state is State.DEPUTY_MISSING

    def test_holder_and_a_deputy_who_is_away(self):
        back = days(14)
        cover = asked(WITH_DEPUTY, post(ANN), deputy(BO), absences={BO: [Away(days(-1), back)]})
        assert (cover.state, cover.deputies, cover.changes_on) == (State.DEPUTY_MISSING, (), back)
        assert asked(ONE, post(ANN), deputy(BO), absences={BO: [Away(days(-1), back)]}).state is State.FILLED

    def test_missing_deputy_is_not_back_on_the_day_something_else_turns(self):
        """Bo's post ends later than his absence; Cat's begins while she is away herself."""
        cover = asked(
            WITH_DEPUTY,
            post(ANN),
            deputy(BO, until=days(60)),
            deputy(CAT, since=days(5)),
            absences={BO: [Away(days(-1), days(30))], CAT: [Away(days(0), days(40))]},
        )
        assert cover.changes_on == days(30)

    def test_holder_who_is_away_holds_and_the_deputy_stands_in(self):
        held = post(ANN)
        roster = Roster.of([held, deputy(BO)], absences={ANN: [Away(TODAY, days(3), stand_in=CAT)]})
        assert judge(roster, SEAT, WITH_DEPUTY, TODAY).state is State.FILLED
        assert [roster.standing_in(held, days(n)) for n in (-1, 0, 2, 3)] == [None, BO, BO, None]

    def test_the_first_deputy_who_is_here_stands_in(self):
        held = post(ANN)
        posts = held, deputy(BO), deputy(CAT, since=days(-5)), deputy(DAN, since=days(-9))
        roster = Roster.of(posts, absences={ANN: [Away(TODAY)], BO: [Away(TODAY)]})
        assert roster.standing_in(held, TODAY) == DAN

    def test_who_is_asked_without_a_deputy(self):
        held, away = post(ANN), Away(TODAY, None, stand_in=CAT)
        assert Roster.of([held], absences={ANN: [away]}).standing_in(held, TODAY) == CAT
        both = {ANN: [away], CAT: [Away(TODAY)]}
        assert Roster.of([held], absences=both).standing_in(held, TODAY) is None
        gone = Roster.of([held], {CAT: Stay(until=TODAY)}, {ANN: [away]})
        assert gone.standing_in(held, TODAY) is None

    def test_two_needed_one_there(self):
        cover = asked(ONE._replace(holders=2), post(ANN), post(BO, until=days(-10)))
        assert (cover.state, cover.lacking, cover.vacant_days) == (State.VACANT, 1, 10)
        assert [p.person for p in cover.holders] == [ANN]

    def test_starts_tomorrow(self):
        cover = asked(ONE, post(ANN, since=days(1)))
        assert (cover.state, cover.changes_on) == (State.VACANT, days(1))
        assert cover.vacant_days == (TODAY - ONE.since).days  # nobody was ever there
        assert asked(ONE, post(ANN, since=days(1)), on=days(1)).state is State.FILLED

    @pytest.mark.parametrize(("until", "state", "vacant_days"), [
        (-1, State.VACANT, 1), (0, State.VACANT, 0), (1, State.EXPIRING, None),
    ])  # fmt: skip
    def test_the_last_day_is_the_day_before_the_end(self, until: int, state: State, vacant_days: int | None):
        cover = asked(ONE, post(ANN, until=days(until)))
        assert (cover.state, cover.vacant_days) == (state, vacant_days)

    def test_left_the_organisation(self):
        cover = asked(ONE, post(ANN), stays={ANN: Stay(until=days(-7))})
        assert (cover.state, cover.holders, cover.vacant_days) == (State.LEFT, (), 7)
        assert asked(ONE, post(ANN), stays={ANN: Stay(until=TODAY)}).state is State.LEFT
        assert asked(ONE, post(ANN, until=days(-9)), stays={ANN: Stay(until=days(-7))}).state is State.VACANT

    def test_left_but_the_successor_is_there(self):
        cover = asked(ONE, post(ANN), post(BO, since=days(-2)), stays={ANN: Stay(until=days(-7))})
        assert (cover.state, [p.person for p in cover.holders]) == (State.FILLED, [BO])

    def test_not_here_yet_is_vacant_and_not_left(self):
        cover = asked(ONE, post(ANN), stays={ANN: Stay(since=days(4))})
        assert (cover.state, cover.changes_on) == (State.VACANT, days(4))

    def test_holder_is_not_the_deputy_too(self):
        assert asked(WITH_DEPUTY, post(ANN), deputy(ANN)).state is State.DEPUTY_MISSING

    def test_deputy_who_holds_another_role_here(self):
        posts = post(ANN), deputy(BO), post(BO, seat=ELSEWHERE)
        assert asked(WITH_DEPUTY, *posts).state is State.FILLED
        roster = Roster.of(posts)
        assert [roster.holds_another(who, SEAT, TODAY) for who in (ANN, BO)] == [False, True]
        strict = WITH_DEPUTY._replace(deputy_may_hold=False)
        assert asked(strict, *posts).state is State.DEPUTY_MISSING
        in_another_scope = post(BO, seat=Seat(2, 11))
        assert asked(strict, post(ANN), deputy(BO), in_another_scope).state is State.FILLED
        ends = post(ANN), deputy(BO), post(BO, until=days(20), seat=ELSEWHERE)
        assert asked(strict, *ends).changes_on == days(20)
        begins = post(ANN), deputy(BO), post(BO, since=days(20), seat=ELSEWHERE)
        cover = asked(strict, *begins)
        assert (cover.state, cover.changes_on) == (State.EXPIRING, days(20))

    @pytest.mark.parametrize(("ahead", "state"), [(SOON, State.EXPIRING), (SOON + 1, State.FILLED)])
    def test_soon_is_ninety_days(self, ahead: int, state: State):
        assert asked(ONE, post(ANN, until=days(ahead))).state is state
        assert asked(ONE, post(ANN), stays={ANN: Stay(until=days(ahead))}).state is state
        assert asked(WITH_DEPUTY, post(ANN), deputy(BO, until=days(ahead))).state is state

    def test_ends_soon_but_the_successor_is_assigned(self):
        assert asked(ONE, post(ANN, until=days(30)), post(BO, since=days(30))).state is State.FILLED
        gap = asked(ONE, post(ANN, until=days(30)), post(BO, since=days(31)))
        assert (gap.state, gap.changes_on) == (State.EXPIRING, days(30))

    def test_absence_ahead_is_not_looked_at(self):
        away = {BO: [Away(days(5), days(9))]}
        assert asked(WITH_DEPUTY, post(ANN), deputy(BO), absences=away).state is State.FILLED

    def test_vacancy_counts_from_the_requirement(self):
        old = post(ANN, until=days(-100))
        assert asked(ONE, old).vacant_days == 100
        assert asked(ONE._replace(since=days(-3)), old).vacant_days == 3
        assert vacant(ONE._replace(since=days(-3)), TODAY).vacant_days == 3
        assert vacant(ONE._replace(since=days(-3)), TODAY, days(-1)).vacant_days == 1
        assert vacant(ONE, TODAY, days(5)).vacant_days == 0
        assert asked(ONE._replace(since=days(5)), old).vacant_days == 0

    def test_second_vacancy_counts_from_its_own_beginning(self):
        first, second = post(ANN, until=days(-300)), post(BO, since=days(-200), until=days(-8))
        assert asked(ONE, first, second).vacant_days == 8


PEOPLE = (ANN, BO, CAT)
NEAR = st.integers(-12, 12)
PERIOD = st.tuples(NEAR, st.none() | st.integers(1, 20)).map(
    lambda p: (days(p[0]), None if p[1] is None else days(p[0] + p[1]))
)


@dataclass
class Naive:
    """Everything asked day by day, from the rows themselves."""

    posts: Sequence[Post]
    stays: dict[int, Stay]
    absences: dict[int, list[Away]]
    demand: Demand

    @staticmethod
    def within(on: datetime.date, since: datetime.date | None, until: datetime.date | None) -> bool:
        return not (since is not None and on < since) and not (until is not None and on >= until)

    def serving(self, seat: Seat, holder: bool, on: datetime.date) -> set[int]:
        return {
            p.person
            for p in self.posts
            if (p.seat, p.holder) == (seat, holder)
            and self.within(on, p.since, p.until)
            and self.within(on, *self.stays.get(p.person, Stay()))
        }

    def short(self, on: datetime.date) -> bool:
        return len(self.serving(SEAT, True, on)) < self.demand.holders

    def ready(self, on: datetime.date) -> set[int]:
        found = self.serving(SEAT, False, on) - self.serving(SEAT, True, on)
        return found if self.demand.deputy_may_hold else found - self.serving(ELSEWHERE, True, on)

    def here(self, on: datetime.date) -> set[int]:
        return {
            p for p in self.ready(on) if not any(self.within(on, *a[:2]) for a in self.absences.get(p, []))
        }

    def state(self, on: datetime.date) -> State:
        if self.short(on):
            left = any(
                p.seat == SEAT and p.holder and self.within(on, p.since, p.until)
                and (gone := self.stays.get(p.person, Stay()).until) is not None and gone <= on
                for p in self.posts
            )  # fmt: skip
            return State.LEFT if left else State.VACANT
        if self.demand.deputy and not self.here(on):
            return State.DEPUTY_MISSING
        return State.FILLED if self.worse_on(on) is None else State.EXPIRING

    def worse_on(self, on: datetime.date) -> datetime.date | None:
        for n in range(1, SOON + 1):
            later = on + datetime.timedelta(days=n)
            if self.short(later) or (self.demand.deputy and not self.ready(later)):
                return later
        return None

    def vacant_days(self, on: datetime.date) -> int:
        n = 0
        while (
            self.short(on - datetime.timedelta(days=n))
            and on - datetime.timedelta(days=n) >= self.demand.since
        ):
            n += 1
        return max(n - 1, 0)


@st.composite
def rosters(draw: st.DrawFn) -> Naive:
    posts = [
        Post(key, draw(st.sampled_from(PEOPLE)), draw(st.sampled_from([SEAT, SEAT, ELSEWHERE])),
             draw(st.booleans()), *draw(PERIOD))
        for key in range(draw(st.integers(0, 5)))
    ]  # fmt: skip
    stays = {p: Stay(*draw(PERIOD)) for p in PEOPLE if draw(st.booleans())}
    absences = {p: [Away(*draw(PERIOD))] for p in PEOPLE if draw(st.booleans())}
    demand = Demand(
        draw(st.integers(1, 2)), draw(st.booleans()), days(draw(st.integers(-20, 0))), draw(st.booleans())
    )
    return Naive(posts, stays, absences, demand)


@pytest.mark.anywhere
@given(rosters())
@settings(max_examples=200, deadline=None)
def test_same_as_a_naive_recount(naive: Naive):
    cover = asked(naive.demand, *naive.posts, stays=naive.stays, absences=naive.absences)
    assert cover.state is naive.state(TODAY)
    assert {p.person for p in cover.holders} == naive.serving(SEAT, True, TODAY)
    assert {p.person for p in cover.deputies} == naive.here(TODAY)
    if naive.short(TODAY):
        assert cover.vacant_days == naive.vacant_days(TODAY)
    else:
        assert cover.vacant_days is None
    ahead = [TODAY + datetime.timedelta(days=n) for n in range(1, 60)]
    if cover.state is State.EXPIRING:
        assert cover.changes_on == naive.worse_on(TODAY)
    elif cover.state is State.DEPUTY_MISSING:
        assert cover.changes_on == next((d for d in ahead if naive.here(d)), None)
    elif cover.state in (State.LEFT, State.VACANT):
        assert cover.changes_on == next((d for d in ahead if not naive.short(d)), None)


SEATS = (SEAT, ELSEWHERE, Seat(role=1, asset=11), Seat(role=1))


@st.composite
def states_of_things(draw: st.DrawFn) -> tuple[Roster, dict[Seat, Demand]]:
    """Few people and seats, so that two of them have much in common."""
    posts = [
        Post(key, draw(st.sampled_from(PEOPLE)), draw(st.sampled_from(SEATS)), key % 2 == 0, days(-5),
             draw(st.sampled_from([None, days(0), days(3)])))
        for key in range(draw(st.integers(0, 6)))
    ]  # fmt: skip
    until = st.sampled_from([days(0), days(4)])
    stays = {p: Stay(None, draw(until)) for p in PEOPLE if draw(st.integers(0, 3)) == 0}
    absences = {p: [Away(days(-1), draw(until))] for p in PEOPLE if draw(st.integers(0, 3)) == 0}
    return Roster.of(posts, stays, absences), {
        seat: draw(st.sampled_from([ONE, WITH_DEPUTY, WITH_DEPUTY._replace(deputy_may_hold=False)]))
        for seat in draw(st.sets(st.sampled_from(SEATS)))
    }


@pytest.mark.anywhere
@given(states_of_things(), states_of_things())
@settings(max_examples=300, deadline=None)
def test_answers_that_are_taken_over_are_those_that_would_be_found(
    before: tuple[Roster, dict[Seat, Demand]], after: tuple[Roster, dict[Seat, Demand]]
):
    earlier = judge_all(*before, TODAY)
    assert judge_all(*after, TODAY, earlier).covers == judge_all(*after, TODAY).covers
    again = judge_all(*before, TODAY, earlier).covers
    assert again == earlier.covers


@pytest.mark.anywhere
@pytest.mark.parametrize(
    "change",
    [
        {"posts": [post(ANN, until=days(3)), deputy(BO)]},
        {"posts": [post(ANN)]},
        {"posts": [post(ANN), deputy(BO), post(BO, seat=ELSEWHERE)], "may_hold": False},
        {"stays": {ANN: Stay(None, days(0))}},
        {"absences": {BO: [Away(days(-1))]}},
        {"demand": ONE._replace(holders=2)},
    ],
)
def test_what_happened_to_a_seat_is_judged_anew(change: dict[str, Any]):
    demand = WITH_DEPUTY._replace(deputy_may_hold=change.pop("may_hold", True))
    posts = [post(ANN), deputy(BO)]
    earlier = judge_all(Roster.of(posts), {SEAT: demand}, TODAY)
    assert earlier.covers[SEAT].state is State.FILLED
    now = Roster.of(change.get("posts", posts), change.get("stays"), change.get("absences"))
    found = judge_all(now, {SEAT: change.get("demand", demand)}, TODAY, earlier)
    assert found.covers[SEAT] == judge(now, SEAT, change.get("demand", demand), TODAY)
    assert found.covers[SEAT].state is not State.FILLED


@pytest.mark.django_db
class TestOccupancy:
    """What the rows of a day are read as."""

    def seats(self, on: datetime.date = TODAY) -> dict[tuple[str, str], Cover]:
        found = occupancy.at(on)
        seats = [
            ((found.roles[rule.role].code, found.assets[seat.asset].code if seat.asset else "–"), cover)
            for rule, seat, cover in found.everything()
        ]
        assert len(dict(seats)) == len(seats), "a seat is required once"
        return dict(seats)

    def test_named_goes_before_every_system(self):
        ky, other = factories.system(code="KY"), factories.system(code="CURA")
        role = factories.role(code="R")
        factories.requirement(role, scope_kind="every_system")
        named = factories.requirement(role, ky, holders=2, since=day("2026-11-13"))
        factories.assignment(role=role, asset=ky)
        found = self.seats()
        assert {code: (c.state, c.lacking) for (_, code), c in found.items()} == {
            "KY": (State.VACANT, 1),
            "CURA": (State.VACANT, 1),
        }
        assert found["R", "KY"].vacant_days == 10
        assert self.seats(day("2026-11-12"))["R", "KY"].state is State.FILLED  # one was enough until then
        named.archived_at = "2026-11-20T12:00Z"
        named.save()
        assert self.seats()["R", "KY"].state is State.FILLED
        other.lifecycle = "planned"
        other.save()
        assert set(self.seats()) == {("R", "KY")}

    def test_catalogue_changed(self):
        role, gone = factories.role(code="R"), factories.role(code="GONE")
        required, _ = factories.requirement(role), factories.requirement(gone)
        factories.assignment(role=role)
        assert {key: c.state for key, c in self.seats().items()} == {
            ("R", "–"): State.FILLED,
            ("GONE", "–"): State.VACANT,
        }
        gone.archived_at = "2026-11-20T12:00Z"
        gone.save()
        required.holders, required.since = 2, day("2026-11-20")
        required.save()
        cover = self.seats()["R", "–"]
        assert (cover.state, cover.lacking, cover.vacant_days) == (State.VACANT, 1, 3)
        assert ("GONE", "–") not in self.seats()

    def test_scope_newer_than_the_demand_and_one_that_is_over(self):
        new, old = factories.system(active_from=days(-5)), factories.component(retired_from=days(1))
        role = factories.role(code="R")
        factories.requirement(role, new)
        factories.requirement(role, old)
        factories.assignment(role=role, asset=new, until=day("2024-02-01"))
        assert {code: c.vacant_days for (_, code), c in self.seats().items()} == {
            new.code: 5,
            old.code: (TODAY - day("2020-01-01")).days,
        }
        assert set(self.seats(days(1))) == {("R", new.code)}

    def test_departments_of_the_day_and_the_municipality(self):
        here = factories.organisation(kind="forvaltning", code="BSF")
        factories.organisation(kind="forvaltning", valid_to=TODAY)
        factories.organisation(kind="office")
        role = factories.role()
        factories.requirement(role, scope_kind="every_department")
        found = occupancy.at(TODAY)
        assert [seat.organisation for _, seat, _ in found.everything()] == [here.pk]
        assert found.municipality == "KOMMUNEN"
        factories.organisation(kind="municipality", code="OK")
        assert occupancy.at(TODAY).municipality == "OK"

    def test_a_double_holds_nothing_and_is_asked_as_the_one_they_are(self):
        kept = factories.person()
        double = factories.person(email="", merged_into=kept, archived_at="2026-11-20T12:00Z")
        role = factories.role(code="R")
        factories.requirement(role)
        held = factories.assignment(role=role, person=double)
        assert self.seats()["R", "–"].state is State.VACANT
        away = factories.assignment(role=role)
        away.person.absences.create(since=TODAY, stand_in=double)
        found = occupancy.at(TODAY)
        posts = [p for posts in found.roster.posts.values() for p in posts]
        assert [p.key for p in posts] == [away.pk]
        assert found.roster.standing_in(posts[0], TODAY) == kept.pk
        assert held.pk != away.pk


@pytest.mark.django_db(transaction=True)
def test_a_picture_is_kept_until_something_it_is_made_of_changes(django_assert_num_queries):
    role = factories.role()
    factories.requirement(role)
    with django_assert_num_queries(8):
        first = occupancy.at(TODAY)
    assert [cover.state for _, _, cover in first.everything()] == [State.VACANT]
    with django_assert_num_queries(1):
        assert occupancy.at(TODAY) is first
    assert occupancy.at(days(1)) is not first
    holder = factories.assignment(role=role)
    assert first.covers == {}
    changed = occupancy.at(TODAY)
    assert changed.earlier == [first.judged]
    assert [cover.state for _, _, cover in changed.everything()] == [State.FILLED]
    assert changed.earlier == [], "or each would hold all before it"
    factories.assignment(role=factories.role())
    (cover,) = changed.covers.values()
    assert occupancy.at(TODAY).covers[next(iter(changed.covers))] is cover, "nothing happened to it"
    Person.objects.filter(pk=holder.person_id).update(active_to=TODAY)
    assert [cover.state for _, _, cover in occupancy.at(TODAY).everything()] == [State.LEFT]
    with transaction.atomic():
        Assignment.objects.filter(pk=holder.pk).update(archived_at=timezone.now())
        assert [cover.state for _, _, cover in occupancy.at(TODAY).everything()] == [State.VACANT]
        transaction.set_rollback(True)
    assert [cover.state for _, _, cover in occupancy.at(TODAY).everything()] == [State.LEFT]
