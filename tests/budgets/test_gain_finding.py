"""The finders of possible gains, each by cases worked out by hand. Nothing here touches a database."""

from __future__ import annotations

import random
from decimal import Decimal
from time import perf_counter

import pytest

from budgets.finding_gains import (
    bilateral,
    both_generations,
    direct_register,
    hardly_used,
    paid_twice,
    two_ways,
)
from budgets.gain_world import Link, Thing, World

pytestmark = pytest.mark.anywhere

# A small Denmark: CVR lies on the distributor DAF, the platform SP has a service ONLINE that fetches from CVR.
DAF, CVR, SP, ONLINE, POST, SEND, PRINT = 1, 2, 3, 4, 5, 6, 7
COMPONENTS = (
    Thing(DAF, type="platform"),
    Thing(CVR, type="register", parent=DAF),
    Thing(SP, type="platform"),
    Thing(ONLINE, type="service", parent=SP),
    Thing(POST, type="module", parent=SP),
    Thing(SEND, type="service", parent=POST),
    Thing(PRINT, type="service"),
)
OLD, NEW, OTHER = 11, 12, 13  # fagsystemer
SYSTEMS = (Thing(OLD, True, criticality=2), Thing(NEW, True, criticality=4), Thing(OTHER, True))


def world(*links: Link, things: tuple[Thing, ...] = ()) -> World:
    own = {thing.key: thing for thing in (*COMPONENTS, *SYSTEMS, *things)}
    return World(own.values(), links)


OFFERED = Link(100, ONLINE, CVR)


class TestDirectRegister:
    def test_finds_who_fetches_itself_what_a_service_fetches_for_others(self):
        found = direct_register(world(OFFERED, Link(101, OLD, CVR), Link(102, OTHER, ONLINE)))
        assert [(each.about, each.gains, each.user, each.known_way) for each in found] == [
            ((OLD, CVR), ONLINE, OLD, False)
        ]
        assert set(found[0].links) == {100, 101}
        assert found[0].key == f"direct_register-{OLD}-{CVR}"

    def test_finds_nobody_when_no_component_offers_it(self):
        assert direct_register(world(Link(101, OLD, CVR))) == []

    def test_does_not_advise_a_service_that_only_reads_to_who_writes(self):
        """The folkeregister writes to CPR: a copy to read from is no use."""
        writes = Link(101, OLD, CVR, reads=True, writes=True)
        assert direct_register(world(OFFERED, writes)) == []
        both = Link(100, ONLINE, CVR, reads=True, writes=True)
        assert len(direct_register(world(both, writes))) == 1

    def test_joins_reading_and_writing_written_apart(self):
        apart = (Link(101, OLD, CVR), Link(102, OLD, CVR, reads=False, writes=True))
        assert direct_register(world(OFFERED, *apart)) == []

    def test_counts_neither_logins_nor_what_goes_by_way_of_something(self):
        assert direct_register(world(OFFERED, Link(101, OLD, CVR, reads=False))) == []
        assert direct_register(world(OFFERED, Link(101, OLD, CVR, via=SP))) == []

    def test_using_a_part_of_the_registers_own_platform_is_not_going_round_it(self):
        """CVR lies on DAF: a module of DAF that fetches from it is no other way."""
        own = Thing(20, type="module", parent=CVR)
        whole = Link(100, DAF, CVR)
        part = Link(103, 20, CVR)
        assert direct_register(world(whole, part, Link(101, OLD, CVR), things=(own,))) == []

    def test_what_others_go_by_way_of_is_an_offer(self):
        found = direct_register(world(Link(101, OLD, CVR), Link(102, OTHER, CVR, via=ONLINE)))
        assert [(each.user, each.gains) for each in found] == [(OLD, ONLINE)]

    @pytest.mark.parametrize("gone", ["dependency", "fagsystem", "register", "offer"])
    def test_what_is_being_phased_out_is_left_alone(self, gone: str):
        leaving = {"fagsystem": OLD, "register": CVR, "offer": ONLINE}.get(gone)
        things = tuple(t._replace(leaving=True) for t in (*COMPONENTS, *SYSTEMS) if t.key == leaving)
        direct = Link(101, OLD, CVR, leaving=gone == "dependency")
        assert direct_register(world(OFFERED, direct, things=things)) == []

    def test_proposes_the_service_on_a_platform_that_the_system_uses_already(self):
        elsewhere, copy = Thing(20, type="platform"), Thing(21, type="module", parent=20)
        popular = [Link(110 + n, 50 + n, 21) for n in range(3)]
        users = tuple(Thing(50 + n, True) for n in range(3))
        links = [OFFERED, Link(104, 21, CVR), Link(101, OLD, CVR), *popular]
        unconnected = direct_register(world(*links, things=(elsewhere, copy, *users)))
        assert unconnected[0].gains == 21, "the one most use"
        connected = direct_register(world(*links, Link(105, OLD, SEND), things=(elsewhere, copy, *users)))
        assert (connected[0].gains, connected[0].known_way) == (ONLINE, True)
        assert 105 in connected[0].links

    def test_puts_the_most_critical_system_first(self):
        found = direct_register(world(OFFERED, *(Link(100 + key, key, CVR) for key in (OLD, NEW, OTHER))))
        assert [each.user for each in found] == [NEW, OLD, OTHER]


class TestTwoWays:
    SHARED = Link(100, POST, PRINT, reads=False, writes=True)
    ITSELF = Link(101, OLD, PRINT, reads=False, writes=True)

    def test_finds_who_sends_itself_and_by_the_shared_component_too(self):
        sends = Link(102, OLD, SEND, reads=False, writes=True)
        found = two_ways(world(self.SHARED, self.ITSELF, sends))
        assert [(each.about, each.gains) for each in found] == [((OLD, PRINT), POST)]
        assert set(found[0].links) == {100, 101, 102}

    def test_needs_the_system_to_exchange_data_with_the_shared_component(self):
        assert two_ways(world(self.SHARED, self.ITSELF)) == []
        login = Link(102, OLD, SEND, reads=False)
        assert two_ways(world(self.SHARED, self.ITSELF, login)) == []

    def test_leaves_standards_and_networks_alone(self):
        """One follows a standard; that the shared component does so too is no second way."""
        for type_ in ("standard", "network"):
            standard = Thing(20, type=type_)
            links = (Link(100, POST, 20), Link(101, OLD, 20), Link(102, OLD, SEND))
            assert two_ways(world(*links, things=(standard,))) == []


class TestBilateral:
    BUS, OUT, IN = 21, 22, 23
    SHARED = (
        Thing(20, type="platform"),
        Thing(BUS, type="module", parent=20),
        Thing(OUT, type="service", parent=BUS),
        Thing(IN, type="service", parent=BUS),
        Thing(24, type="module", parent=20),
    )
    GIVES = Link(101, NEW, OUT, reads=False, writes=True)
    TAKES = Link(102, OLD, IN)

    def test_finds_two_systems_that_could_meet_at_a_module(self):
        found = bilateral(world(Link(100, OLD, NEW), self.GIVES, self.TAKES, things=self.SHARED))
        assert [(each.about, each.gains, each.known_way) for each in found] == [((OLD, NEW), self.BUS, True)]
        assert set(found[0].links) == {100, 101, 102}

    def test_the_giver_must_write_and_the_taker_read(self):
        """Here NEW reads and OLD writes: nothing carries NEW's data to OLD."""
        turned = (Link(101, NEW, self.IN), Link(102, OLD, self.OUT, reads=False, writes=True))
        assert bilateral(world(Link(100, OLD, NEW), *turned, things=self.SHARED)) == []
        writes = Link(100, OLD, NEW, reads=False, writes=True)
        assert len(bilateral(world(writes, *turned, things=self.SHARED))) == 1

    def test_both_ways_need_both_to_read_and_write(self):
        both = Link(100, OLD, NEW, writes=True)
        assert bilateral(world(both, self.GIVES, self.TAKES, things=self.SHARED)) == []
        back = (Link(103, NEW, self.IN), Link(104, OLD, self.OUT, reads=False, writes=True))
        found = bilateral(world(both, self.GIVES, self.TAKES, *back, things=self.SHARED))
        assert set(found[0].links) == {100, 101, 102, 103, 104}

    def test_two_modules_of_one_platform_are_a_weaker_sign(self):
        elsewhere = Link(102, OLD, 24)
        found = bilateral(world(Link(100, OLD, NEW), self.GIVES, elsewhere, things=self.SHARED))
        assert [(each.gains, each.known_way) for each in found] == [(20, False)]
        itself = Link(101, NEW, 20, reads=False, writes=True)
        found = bilateral(world(Link(100, OLD, NEW), itself, elsewhere, things=self.SHARED))
        assert [(each.gains, each.known_way) for each in found] == [(20, False)], "as far off as the farther"

    def test_a_register_that_both_read_carries_nothing(self):
        links = (Link(101, NEW, CVR, writes=True), Link(102, OLD, CVR))
        assert bilateral(world(Link(100, OLD, NEW), *links)) == []

    def test_a_login_and_what_goes_by_way_of_something_are_no_integrations(self):
        for own in (Link(100, OLD, NEW, reads=False), Link(100, OLD, NEW, via=self.BUS)):
            assert bilateral(world(own, self.GIVES, self.TAKES, things=self.SHARED)) == []


class TestMoney:
    def test_counts_users_through_modules_and_through_other_components(self):
        """Nobody uses PRINT but the post component, which two systems use through SEND."""
        links = (Link(100, POST, PRINT), Link(101, OLD, SEND), Link(102, NEW, SEND))
        costs = {PRINT: Decimal(500), SP: Decimal(900), DAF: Decimal(100)}
        found = hardly_used(world(*links), costs, limit=1)
        assert [(each.gains, each.others, each.kroner) for each in found] == [(DAF, (), Decimal(100))]
        found = hardly_used(world(*links), costs, limit=2)
        assert [(each.gains, each.others) for each in found] == [
            (SP, (OLD, NEW)),
            (PRINT, (OLD, NEW)),
            (DAF, ()),
        ]

    def test_what_costs_nothing_or_is_not_in_operation_is_not_paid_for(self):
        assert hardly_used(world(), {DAF: Decimal(0), 99: Decimal(5)}, limit=1) == []

    def test_components_that_use_each_other_end_the_count(self):
        ring = (Link(100, SP, DAF), Link(101, DAF, SP), Link(102, OLD, DAF))
        assert [each.others for each in hardly_used(world(*ring), {SP: Decimal(1)}, limit=5)] == [(OLD,)]

    def test_finds_what_is_paid_for_beside_what_takes_over(self):
        old = Thing(PRINT, type="service", successor=POST)
        costs = {PRINT: Decimal(10), POST: Decimal(20)}
        assert [each.about for each in paid_twice(world(things=(old,)), costs)] == [(PRINT, POST)]
        assert paid_twice(world(things=(old,)), {PRINT: Decimal(10)}) == []

    def test_finds_who_uses_both_what_is_replaced_and_what_replaces_it(self):
        old = Thing(PRINT, type="service", successor=POST, leaving=True)
        links = (Link(100, OLD, PRINT, leaving=True), Link(101, OLD, POST), Link(102, NEW, PRINT))
        found = both_generations(world(*links, things=(old,)))
        assert [(each.about, each.gains, each.links) for each in found] == [
            ((OLD, PRINT, POST), PRINT, (100, 101))
        ]


def test_parents_in_a_loop_end_the_walk():
    loop = (Thing(20, type="module", parent=21), Thing(21, type="module", parent=20))
    own = world(things=loop)
    assert own.above(20) == (20, 21)
    assert sorted(own.below(20)) == [20, 21]


def test_ten_thousand_assets_and_a_hundred_thousand_dependencies_take_seconds():
    """Every finder over a landscape of the size that the portal is built for."""
    platforms = [Thing(n, type="platform") for n in range(20)]
    registers = [Thing(20 + n, type="register", parent=n % 20) for n in range(80)]
    services = [Thing(100 + n, type="service", parent=n % 20) for n in range(1900)]
    systems = [Thing(2000 + n, True, criticality=n % 4 + 1) for n in range(8000)]
    dice = random.Random(5)
    links = [Link(n, dice.randrange(100, 2000), dice.randrange(20, 100)) for n in range(2000)]
    for n in range(2000, 100_000):
        target = dice.randrange(10_000 if n % 3 else 2000)
        links.append(Link(n, dice.randrange(2000, 10_000), target, reads=n % 2 == 0, writes=n % 4 == 1))
    costs = {thing.key: Decimal(thing.key + 1) for thing in (*platforms, *services)}
    start = perf_counter()
    large = World([*platforms, *registers, *services, *systems], links)
    found = [find(large) for find in (direct_register, two_ways, bilateral, both_generations)]
    found.append(hardly_used(large, costs, 5))
    assert len(found[0]) > 100
    assert len(found[2]) > 100
    assert perf_counter() - start < 15
