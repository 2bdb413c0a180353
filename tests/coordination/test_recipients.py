"""Who is told: the choice on plain data, and that the day is read in a constant number of queries."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

import pytest

from coordination.models import Caretaker
from coordination.recipients import Recipients
from registry.deadlines import Deadline
from roles.coverage import Away, Post, Roster, Seat, Stay
from roles.models import Absence
from roles.occupancy import AssetFacts, PersonFacts
from tests import factories
from tests.days import day

ON = datetime.date(2026, 12, 1)
BEFORE, NEXT_WEEK = datetime.date(2020, 1, 1), datetime.date(2026, 12, 8)
ROLES = {"SYSTEMANSV": 1, "SYSTEMKONTAKT": 2, "INFRAANSV": 3, "CERTANSV": 4, "AFTALEADM": 5}
ANN, BO, CAI, DAN, EVA = 11, 12, 13, 14, 15
KY, SP, SPCPR, FORV = 21, 22, 23, 31


def post(
    person: int, role: str, asset: int | None = None, *, holder: bool = True, org: int | None = None
) -> Post:
    key = person * 1000 + ROLES[role]
    return Post(key, person, Seat(ROLES[role], asset, org), holder, BEFORE, None)


def asset(key: int, kind: str, parent: int | None = None, department: int | None = None) -> AssetFacts:
    return AssetFacts(key, f"A{key}", f"Navn {key}", kind, department, parent, None, None, False, False)


def world(
    posts: Iterable[Post] = (),
    *,
    away: dict[int, int | None] | None = None,
    left: Iterable[int] = (),
    merged: dict[int, int] | None = None,
    caretakers: dict[str, int] | None = None,
) -> Recipients:
    """Five people, the system KY of a department, and the platform SP with the service SPCPR."""
    people = {
        key: PersonFacts(key, name, f"{name.lower()}@example.org", "", None, (merged or {}).get(key))
        for key, name in ((ANN, "Ann"), (BO, "Bo"), (CAI, "Cai"), (DAN, "Dan"), (EVA, "Eva"))
    }
    roster = Roster.of(
        posts,
        {key: Stay(None, ON) for key in left},
        {key: [Away(BEFORE, NEXT_WEEK, instead)] for key, instead in (away or {}).items()},
    )
    assets = {
        KY: asset(KY, "system", department=FORV),
        SP: asset(SP, "component"),
        SPCPR: asset(SPCPR, "component", parent=SP),
    }
    return Recipients(ON, roster, people, assets, ROLES, caretakers or {})


def due(kind: str = "lifecycle", **values: Any) -> Deadline:
    return Deadline(f"{kind}/1/2027-01-01", kind, ON, "Udløber", "Noget", "/", **values)


def names(found: Recipients, deadline: Deadline) -> list[str]:
    return [one.name for one in found.people_for(deadline)]


@pytest.mark.anywhere
class TestChoice:
    def test_the_caretaker_goes_before_everybody(self) -> None:
        found = world([post(ANN, "SYSTEMANSV", KY)], caretakers={"certificate/7": BO})
        deadline = due("certificate", assets=(KY,), people=(CAI,), cared_for_as="certificate/7")
        assert names(found, deadline) == ["Bo"]
        assert names(found, due("certificate", assets=(KY,), cared_for_as="certificate/8")) == ["Ann"]

    @pytest.mark.parametrize(
        ("values", "expected"),
        [
            ({"left": [BO]}, ["Ann"]),
            ({"away": {BO: None}}, ["Ann"]),
            ({"away": {BO: EVA}}, ["Eva"]),
            ({"away": {BO: EVA, EVA: None}}, ["Ann"]),
            ({"away": {BO: EVA}, "left": [EVA]}, ["Ann"]),
            ({"merged": {BO: CAI}}, ["Cai"]),
            ({"merged": {BO: CAI, CAI: DAN}}, ["Dan"]),
            ({"merged": {BO: CAI}, "left": [CAI]}, ["Ann"]),
        ],
    )
    def test_a_caretaker_who_is_not_here(self, values: dict[str, Any], expected: list[str]) -> None:
        found = world([post(ANN, "SYSTEMANSV", KY)], caretakers={"agreement/7": BO}, **values)
        assert names(found, due("agreement_end", assets=(KY,), cared_for_as="agreement/7")) == expected

    def test_the_deadlines_own_people_go_before_the_assets(self) -> None:
        found = world([post(ANN, "SYSTEMANSV", KY)])
        assert names(found, due("role", assets=(KY,), people=(CAI, BO, CAI))) == ["Cai", "Bo"]
        assert names(
            world([post(ANN, "SYSTEMANSV", KY)], left=[CAI]), due("role", assets=(KY,), people=(CAI,))
        ) == ["Ann"]

    @pytest.mark.parametrize(
        ("values", "expected", "instead_of"),
        [
            ({}, "Ann", ()),
            ({"away": {ANN: None}}, "Bo", ("Ann",)),
            ({"away": {ANN: EVA}}, "Bo", ("Ann",)),  # the seat's deputy goes before the absence's stand-in
            ({"away": {ANN: EVA, BO: None}}, "Eva", ("Ann",)),
            ({"left": [ANN]}, "Bo", ()),
            ({"away": {ANN: None, BO: None}}, "Cai", ()),  # then the next role
            ({"left": [ANN, BO]}, "Cai", ()),
        ],
    )
    def test_a_system_by_its_holder_or_who_stands_in(
        self, values: dict[str, Any], expected: str, instead_of: tuple[str, ...]
    ) -> None:
        posts = [
            post(ANN, "SYSTEMANSV", KY),
            post(BO, "SYSTEMANSV", KY, holder=False),
            post(CAI, "SYSTEMKONTAKT", KY),
            post(DAN, "CERTANSV"),
        ]
        (one,) = world(posts, **values).people_for(due("certificate", assets=(KY,)))
        assert (one.name, one.instead_of) == (expected, instead_of)
        assert one.as_deputy == (values.get("left") == [ANN])

    def test_one_holder_away_leaves_the_other(self) -> None:
        posts = [post(ANN, "SYSTEMANSV", KY), post(BO, "SYSTEMANSV", KY)]
        assert names(world(posts, away={ANN: None}), due(assets=(KY,))) == ["Bo"]
        assert names(world(posts), due(assets=(KY,))) == ["Ann", "Bo"]

    def test_a_component_by_the_specialist_then_by_whom_it_is_covered(self) -> None:
        posts = [post(ANN, "INFRAANSV", SP), post(BO, "AFTALEADM", SP), post(CAI, "CERTANSV")]
        found = world(posts)
        assert names(found, due("agreement_notice", assets=(SPCPR,))) == ["Bo"]
        assert names(found, due("certificate", assets=(SPCPR,))) == ["Cai"]
        assert names(found, due("lifecycle", assets=(SPCPR,))) == ["Ann"]  # by the platform
        assert names(world([post(DAN, "SYSTEMKONTAKT", SPCPR)]), due(assets=(SPCPR,))) == ["Dan"]

    def test_the_nearest_scope_first(self) -> None:
        posts = [post(ANN, "SYSTEMANSV", org=FORV), post(BO, "SYSTEMANSV"), post(CAI, "SYSTEMANSV", KY)]
        assert names(world(posts), due(assets=(KY,))) == ["Cai"]
        assert names(world(posts[:2]), due(assets=(KY,))) == ["Ann"]
        assert names(world(posts[1:2]), due(assets=(KY,))) == ["Bo"]

    def test_each_asset_has_its_own_and_each_person_is_told_once(self) -> None:
        posts = [post(ANN, "SYSTEMANSV", KY), post(ANN, "INFRAANSV", SP), post(BO, "INFRAANSV", SP)]
        assert names(world(posts), due(assets=(KY, SP))) == ["Ann", "Bo"]

    def test_nobody_is_an_empty_list(self) -> None:
        assert (
            world().people_for(due("certificate", assets=(KY, 999), people=(999,), cared_for_as="x/1")) == []
        )
        assert world().people_for(due("certificate")) == []

    def test_without_assets_the_specialist_of_the_organisation_or_the_municipality(self) -> None:
        posts = [post(ANN, "CERTANSV", org=FORV), post(BO, "CERTANSV")]
        assert names(world(posts), due("certificate", organisations=(FORV,))) == ["Ann"]
        assert names(world(posts), due("certificate", organisations=(99,))) == ["Bo"]
        assert names(world(posts), due("lifecycle")) == []

    def test_the_owner_of_an_asset_even_one_that_is_over(self) -> None:
        owner = world([post(ANN, "SYSTEMANSV", 999)]).owner_of_asset(999)
        assert owner is not None
        assert owner.key == ANN
        assert world().owner_of_asset(KY) is None

    def test_merged_people_who_refer_to_each_other_do_not_hang(self) -> None:
        assert len(world(merged={ANN: BO, BO: ANN}).people_for(due(people=(ANN,)))) == 1


@pytest.mark.django_db
def test_the_day_is_read_from_the_database_in_constant_queries(django_assert_num_queries: Any) -> None:
    ky = factories.system()
    role = factories.role(code="SYSTEMANSV")
    holder, deputy, keeper = factories.person(), factories.person(), factories.person(email="")
    factories.assignment(person=holder, role=role, asset=ky)
    factories.assignment(person=deputy, role=role, asset=ky, part="deputy")
    Absence.objects.create(person=holder, since=day("2026-11-20"), until=day("2026-12-08"))
    kept = factories.certificate()
    Caretaker.objects.create(certificate=kept, person=keeper)
    with django_assert_num_queries(8):
        found = Recipients.load(ON)
    (one,) = found.people_for(due(assets=(ky.pk,)))
    assert (one.key, one.instead_of) == (deputy.pk, (holder.name,))
    (one,) = found.people_for(due("certificate", assets=(ky.pk,), cared_for_as=f"certificate/{kept.pk}"))
    assert (one.key, one.email) == (keeper.pk, "")
    assert one.because == "ansvarlig for fornyelse"
    assert found.on_day(day("2026-12-08")).people_for(due(assets=(ky.pk,)))[0].because == f"{role} for {ky}"
    assert Recipients.load(day("2026-12-08")).people_for(due(assets=(ky.pk,)))[0].key == holder.pk
    Caretaker.objects.update(archived_at=datetime.datetime.now(datetime.UTC))
    assert not Recipients.load(ON).caretakers
