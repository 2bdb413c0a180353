"""Each kind of hygiene finding: what is one, what is not, and that it closes when the data is right again."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from coordination.hygiene import KINDS, Found, kind_of
from coordination.hygiene.checking import check
from coordination.models import Finding
from registry.models import Asset, Dependency
from roles.models import Assignment, Role
from tests import factories

pytestmark = pytest.mark.django_db

DAY = datetime.date(2027, 3, 1)
BEFORE, AFTER = DAY - datetime.timedelta(days=1), DAY + datetime.timedelta(days=1)
NIGHT = datetime.datetime(2027, 3, 1, 4, 30, tzinfo=datetime.UTC)


def found(kind: str, on: datetime.date = DAY) -> list[Found]:
    looked_for = kind_of(kind)
    assert looked_for is not None
    return list(looked_for.broken(on))


def texts(kind: str, on: datetime.date = DAY) -> list[str]:
    return [one.text for one in found(kind, on)]


def held(asset: Any, **values: Any) -> Assignment:
    role = Role.objects.filter(code="SYSTEMANSV").first() or factories.role(code="SYSTEMANSV")
    return factories.assignment(role=role, asset=asset, **values)


# --- Red and green: (kind, break it and give what puts it right) ------------------------------------------------


def for_retired() -> Callable[[], Any]:
    system = factories.system(name="Gammel", lifecycle="retired")
    agreement = factories.agreement(name="SF1", system=system, legal_basis="Lov § 1")
    return lambda: type(agreement).objects.update(status="terminated", valid_to=AFTER)


def without_agreement() -> Callable[[], Any]:
    row = factories.dependency(
        source=factories.system(name="KY"), target=factories.component(name="SF1520", needs_agreement=True)
    )
    return lambda: factories.agreement(dependencies=[row], legal_basis="Lov § 1")


def no_legal_basis() -> Callable[[], Any]:
    agreement = factories.agreement(name="SF1")
    return lambda: type(agreement).objects.update(legal_basis="Lov § 1")


def shared_certificate() -> Callable[[], Any]:
    certificate = factories.certificate(
        name="Fælles", for_one_system=True, assets=[factories.system(name="KY"), factories.system(name="KSD")]
    )
    return lambda: certificate.assets.set([factories.system()])


def revoked_used() -> Callable[[], Any]:
    certificate = factories.certificate(
        name="Lækket", revoked_on=BEFORE, assets=[factories.system(name="KY"), factories.component(name="SP")]
    )
    return lambda: factories.certificate(replaces=certificate)


def ends_first() -> Callable[[], Any]:
    system = factories.system(name="KY")
    certificate = factories.certificate(name="OCES", assets=[system])
    factories.agreement(name="SF1", system=system, valid_to=datetime.date(2029, 1, 1), legal_basis="Lov § 1")
    return lambda: factories.certificate(replaces=certificate, valid_to=datetime.date(2031, 1, 1))


def nobody_responsible() -> Callable[[], Any]:
    system = factories.system(name="KY", confirmed_on=BEFORE, confirmed_by=factories.user())
    return lambda: held(system)


def retired_used() -> Callable[[], Any]:
    row = factories.dependency(
        source=factories.system(name="KY"), target=factories.component(name="Gammel", lifecycle="retired")
    )
    return lambda: type(row).objects.update(status="ended")


def unconfirmed() -> Callable[[], Any]:
    system = factories.system(name="KY")
    by = factories.user()
    return lambda: Asset.objects.filter(pk=system.pk).update(confirmed_on=DAY, confirmed_by=by)


CASES: dict[str, tuple[Callable[[], Callable[[], Any]], str]] = {
    "agreement_for_retired": (for_retired, "Aftalen «SF1» løber stadig, men Gammel er udfaset."),
    "dependency_without_agreement": (
        without_agreement,
        "KY bruger SF1520 uden en aktiv aftale, der dækker det.",
    ),
    "agreement_without_legal_basis": (no_legal_basis, "Aftalen «SF1» mangler hjemmel."),
    "certificate_shared": (
        shared_certificate,
        "Certifikatet «Fælles» er til ét fagsystem, men bruges af 2: KSD og KY.",
    ),
    "certificate_revoked_used": (
        revoked_used,
        "Certifikatet «Lækket» er spærret, men bruges stadig af KY og SP.",
    ),
    "certificate_ends_first": (
        ends_first,
        "Certifikatet «OCES» udløber 1. mar. 2028, før aftalen «SF1» (1. jan. 2029).",
    ),
    "system_without_responsible": (nobody_responsible, "KY har ingen systemansvarlig."),
    "retired_component_used": (retired_used, "Gammel er udfaset, men bruges stadig af KY."),
    "system_unconfirmed": (unconfirmed, "KY er aldrig bekræftet."),
}


def test_every_kind_has_its_case():
    assert set(CASES) == {kind.kind for kind in KINDS}
    assert len({kind.kind for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize("kind", CASES)
def test_it_is_found_and_closes_itself_when_it_is_right_again(kind: str):
    breaks, text = CASES[kind]
    put_right = breaks()
    check(now=NIGHT)
    row = Finding.objects.get(kind=kind)
    looked_for = kind_of(kind)
    assert looked_for is not None
    assert (row.text, row.closed_at, row.get_kind_display()) == (text, None, looked_for.label)
    assert row.due_on >= DAY + datetime.timedelta(days=looked_for.due_days), "within its own dates"
    row.full_clean()

    put_right()
    later = NIGHT + datetime.timedelta(days=1)
    check(now=later)
    row.refresh_from_db()
    assert (row.closed_at, row.text) == (later, text)
    assert texts(kind) == []


@pytest.mark.parametrize("kind", CASES)
def test_nothing_is_found_on_an_empty_portal(kind: str):
    assert texts(kind) == []


# --- What is and is not one -------------------------------------------------------------------------------------


class TestAgreementForRetired:
    KIND = "agreement_for_retired"

    @pytest.mark.parametrize(
        "values",
        [
            {"lifecycle": "retired"},
            {"retired_from": DAY},
            {"archived_at": timezone.now(), "archive_reason": "Lukket"},
        ],
    )
    @pytest.mark.parametrize("status", ["requested", "approved", "active"])
    def test_whatever_way_the_system_is_gone(self, values: dict[str, Any], status: str):
        factories.agreement(system=factories.system(**values), status=status)
        assert len(texts(self.KIND)) == 1

    @pytest.mark.parametrize(
        "values",
        [
            {"status": "terminated", "valid_to": AFTER},
            {"status": "rejected"},
            {"valid_to": DAY},
            {"archived_at": timezone.now(), "archive_reason": "Fejl"},
        ],
    )
    def test_not_when_the_agreement_has_been_dealt_with(self, values: dict[str, Any]):
        factories.agreement(system=factories.system(lifecycle="retired"), **values)
        assert texts(self.KIND) == []

    def test_not_before_the_system_stops(self):
        factories.agreement(system=factories.system(retired_from=AFTER, lifecycle="phasing_out"))
        assert texts(self.KIND) == []
        assert len(texts(self.KIND, AFTER)) == 1

    def test_without_a_system_all_that_it_is_for_must_be_gone(self):
        old, older = (factories.system(lifecycle="retired") for _ in range(2))
        row = factories.dependency(source=old)
        agreement = factories.agreement(name="Fælles", dependencies=[row], assets=[older])
        assert texts(self.KIND) == ["Aftalen «Fælles» løber stadig, men dens fagsystemer er udfaset."]
        agreement.assets.add(factories.system())
        assert texts(self.KIND) == []

    def test_not_an_agreement_without_any_system(self):
        factories.agreement(assets=[factories.component(lifecycle="retired")])
        assert texts(self.KIND) == []


class TestWithoutAgreement:
    KIND = "dependency_without_agreement"

    @pytest.fixture
    def service(self) -> Asset:
        """A service of a module of a platform; the requirement is written on the platform."""
        platform = factories.component(name="SP", component_type="platform", needs_agreement=True)
        module = factories.component(component_type="module", parent=platform)
        return factories.component(name="SF1520", parent=module)

    def test_the_requirement_is_for_all_below(self, service: Asset):
        factories.dependency(source=factories.system(name="KY"), target=service)
        assert texts(self.KIND) == [
            "KY bruger SF1520 uden en aktiv aftale, der dækker det. Kravet kommer fra SP."
        ]

    def test_not_for_what_is_above(self):
        platform = factories.component(component_type="platform")
        factories.component(parent=platform, needs_agreement=True)
        factories.dependency(target=platform)
        assert texts(self.KIND) == []

    def test_what_it_goes_through_counts(self, service: Asset):
        factories.dependency(
            source=factories.system(name="KY"), target=factories.component(name="CPR"), via=service
        )
        assert texts(self.KIND) == [
            "KY bruger CPR uden en aktiv aftale, der dækker det. Kravet kommer fra SP."
        ]

    @pytest.mark.parametrize(
        "values",
        [
            {"environment": "external_test"},
            {"status": "requested"},
            {"status": "approved"},
            {"valid_to": DAY},
            {"valid_from": AFTER},
            {"archived_at": timezone.now(), "archive_reason": "Fejl"},
        ],
    )
    def test_not_every_agreement_will_do(self, service: Asset, values: dict[str, Any]):
        row = factories.dependency(target=service)
        factories.agreement(dependencies=[row], **values)
        assert len(texts(self.KIND)) == 1

    @pytest.mark.parametrize(
        "values", [{}, {"kind": "federation"}, {"status": "terminated", "valid_to": AFTER}]
    )
    def test_one_that_is_in_force_will_do(self, service: Asset, values: dict[str, Any]):
        row = factories.dependency(target=service)
        factories.agreement(dependencies=[row], **values)
        assert texts(self.KIND) == []

    def test_one_of_the_systems_own_that_names_what_is_used_will_do(self, service: Asset):
        row = factories.dependency(target=service)
        named: list[Any] = [service, service.parent, service.parent.parent]
        agreement = factories.agreement(system=row.source)
        assert len(texts(self.KIND)) == 1, "it is for the system, but not for this"
        for asset in named:
            agreement.assets.set([asset])
            assert texts(self.KIND) == []
        agreement.assets.set([factories.component()])
        assert len(texts(self.KIND)) == 1
        factories.agreement(system=factories.system(), assets=named)
        assert len(texts(self.KIND)) == 1, "another system's is not its own"

    @pytest.mark.parametrize(
        "values", [{"status": "planned"}, {"status": "ended"}, {"until": DAY}, {"since": AFTER}]
    )
    def test_only_what_is_in_use(self, service: Asset, values: dict[str, Any]):
        factories.dependency(target=service, **values)
        assert texts(self.KIND) == []

    def test_only_fagsystemer_in_operation(self, service: Asset):
        factories.dependency(source=factories.component(), target=service)
        factories.dependency(source=factories.system(lifecycle="retired"), target=service)
        factories.dependency(source=factories.system(lifecycle="planned"), target=service)
        assert texts(self.KIND) == []

    def test_a_ring_of_parents_does_no_harm(self):
        first = factories.component()
        second = factories.component(parent=first)
        Asset.objects.filter(pk=first.pk).update(parent=second)
        factories.dependency(target=first)
        assert texts(self.KIND) == []


class TestNoLegalBasis:
    KIND = "agreement_without_legal_basis"

    @pytest.mark.parametrize(
        ("values", "matters"),
        [
            ({}, True),
            ({"status": "requested"}, True),
            ({"kind": "connection"}, True),
            ({"kind": "federation"}, False),
            ({"kind": "sdn"}, False),
            ({"kind": "contract"}, False),
            ({"kind": "data_processing"}, False),
            ({"environment": "external_test"}, False),
            ({"status": "rejected"}, False),
            ({"status": "terminated", "valid_to": AFTER}, False),
        ],
    )
    def test_where_it_matters(self, values: dict[str, Any], matters: bool):
        factories.agreement(**values)
        assert bool(texts(self.KIND)) == matters


class TestSharedCertificate:
    KIND = "certificate_shared"

    @pytest.mark.parametrize(
        "values",
        [
            {"for_one_system": False},
            {"valid_to": DAY},
            {"revoked_on": BEFORE},
            {"archived_at": timezone.now(), "archive_reason": "Fejl"},
        ],
    )
    def test_not_when_it_may_be_shared_or_is_over(self, values: dict[str, Any]):
        factories.certificate(
            assets=[factories.system(), factories.system()], **{"for_one_system": True} | values
        )
        assert texts(self.KIND) == []

    def test_components_and_retired_systems_do_not_count(self):
        assets = [factories.system(), factories.component(), factories.system(lifecycle="retired")]
        factories.certificate(for_one_system=True, assets=assets)
        assert texts(self.KIND) == []

    def test_many_names_are_shortened(self):
        systems = [factories.system(name=f"S{n}") for n in range(8)]
        factories.certificate(name="C", for_one_system=True, assets=systems)
        assert texts(self.KIND) == [
            "Certifikatet «C» er til ét fagsystem, men bruges af 8: S0, S1, S2, S3 og 4 andre."
        ]


class TestRevokedCertificate:
    KIND = "certificate_revoked_used"

    @pytest.mark.parametrize(
        "values",
        [{"revoked_on": None}, {"archived_at": timezone.now(), "archive_reason": "Fejl"}, {"assets": []}],
    )
    def test_not_when_nothing_is_wrong(self, values: dict[str, Any]):
        factories.certificate(**{"revoked_on": BEFORE, "assets": [factories.system()]} | values)
        assert texts(self.KIND) == []

    def test_what_is_retired_does_not_count(self):
        system = factories.system(lifecycle="retired")
        factories.certificate(revoked_on=BEFORE, assets=[system])
        assert texts(self.KIND) == []

    def test_a_renewal_that_was_revoked_is_seen_though_the_old_one_is_no_deadline_more(self):
        system = factories.system(name="KY")
        old = factories.certificate(name="Gammelt", assets=[system])
        new = factories.certificate(name="Nyt", replaces=old, revoked_on=BEFORE, assets=[system])
        assert texts(self.KIND) == ["Certifikatet «Nyt» er spærret, men bruges stadig af KY."]
        factories.certificate(replaces=new, assets=[system])
        assert texts(self.KIND) == []


class TestCertificateEndsFirst:
    KIND = "certificate_ends_first"
    END = datetime.date(2028, 3, 1)

    def pair(self, certificate: dict[str, Any] = {}, agreement: dict[str, Any] = {}) -> None:  # noqa: B006
        system = factories.system()
        factories.certificate(assets=[system], **{"valid_to": self.END} | certificate)
        factories.agreement(**{"system": system, "valid_to": datetime.date(2029, 1, 1)} | agreement)

    @pytest.mark.parametrize(
        ("certificate", "agreement"),
        [
            ({"valid_to": datetime.date(2029, 1, 1)}, {}),
            ({"valid_to": None}, {}),
            ({"revoked_on": BEFORE}, {}),
            ({"environment": "external_test"}, {}),
            ({}, {"valid_to": None}),
            ({}, {"kind": "contract"}),
            ({}, {"status": "rejected"}),
            ({}, {"valid_to": BEFORE}),
        ],
    )
    def test_not_when_nothing_stops(self, certificate: dict[str, Any], agreement: dict[str, Any]):
        self.pair(certificate, agreement)
        assert texts(self.KIND) == []

    def test_one_that_has_run_out_already_is_one(self):
        self.pair({"valid_to": BEFORE})
        assert len(texts(self.KIND)) == 1

    def test_an_agreement_without_a_system_needs_those_of_its_assets_once(self):
        assets = [factories.component(), factories.system()]
        factories.certificate(assets=assets, valid_to=self.END)
        factories.agreement(assets=assets, valid_to=datetime.date(2029, 1, 1))
        assert len(texts(self.KIND)) == 1

    @pytest.mark.parametrize(
        ("end", "due"),
        [
            (END, END - datetime.timedelta(days=90)),  # there is time until it is to be renewed
            (DAY + datetime.timedelta(days=100), DAY + datetime.timedelta(days=30)),
            (DAY + datetime.timedelta(days=10), DAY + datetime.timedelta(days=10)),  # later is too late
            (BEFORE, DAY),  # it is too late already
        ],
    )
    def test_it_is_due_before_it_is_too_late(self, end: datetime.date, due: datetime.date):
        self.pair({"valid_to": end})
        check(now=NIGHT)
        assert Finding.objects.get(kind=self.KIND).due_on == due


class TestNobodyResponsible:
    KIND = "system_without_responsible"

    @pytest.mark.parametrize("values", [{"until": DAY}, {"since": AFTER}, {"part": "deputy"}])
    def test_a_holder_of_today_is_wanted(self, values: dict[str, Any]):
        held(factories.system(), **values)
        assert len(texts(self.KIND)) == 1

    def test_somebody_who_has_left_is_nobody(self):
        held(factories.system(), person=factories.person(active_to=DAY))
        assert len(texts(self.KIND)) == 1
        assert texts(self.KIND, BEFORE) == []

    @pytest.mark.parametrize(
        "values",
        [{"lifecycle": "planned"}, {"lifecycle": "retired"}, {"retired_from": DAY}, {"active_from": AFTER}],
    )
    def test_only_systems_in_operation(self, values: dict[str, Any]):
        factories.system(**values)
        factories.component()
        assert texts(self.KIND) == []


class TestRetiredStillUsed:
    KIND = "retired_component_used"

    def test_one_finding_for_all_its_users(self):
        old = factories.component(name="Gammel", retired_from=DAY)
        for name in ("KY", "KSD"):
            factories.dependency(source=factories.system(name=name), target=old)
        Dependency.objects.create(source=Asset.objects.get(name="KY"), target=old, direction="writes")
        assert texts(self.KIND) == ["Gammel er udfaset, men bruges stadig af KSD og KY."]
        assert texts(self.KIND, BEFORE) == []

    @pytest.mark.parametrize(
        "values", [{"until": DAY}, {"archived_at": timezone.now(), "archive_reason": "Fejl"}]
    )
    def test_not_by_what_has_ended(self, values: dict[str, Any]):
        factories.dependency(target=factories.component(lifecycle="retired"), **values)
        assert texts(self.KIND) == []

    def test_not_by_what_is_gone_itself(self):
        old = factories.component(lifecycle="retired")
        factories.dependency(source=factories.system(lifecycle="retired"), target=old)
        assert texts(self.KIND) == []


class TestUnconfirmed:
    KIND = "system_unconfirmed"

    def test_a_year_is_good_for_twelve_months(self):
        by = factories.user()
        factories.system(name="KY", confirmed_on=datetime.date(2026, 2, 28), confirmed_by=by)
        factories.system(name="KSD", confirmed_on=datetime.date(2026, 3, 1), confirmed_by=by)
        assert texts(self.KIND) == ["KY er ikke bekræftet siden 28. feb. 2026."]

    def test_only_systems_in_operation(self):
        factories.component()
        factories.system(lifecycle="retired")
        assert texts(self.KIND) == []


def test_a_kind_costs_the_same_number_of_queries_for_many_rows():
    def counted() -> dict[str, int]:
        counts = {}
        for kind in KINDS:
            with CaptureQueriesContext(
                connection,
            ) as queries:
                list(kind.broken(DAY))
            counts[kind.kind] = len(queries)
        return counts

    for breaks, _ in CASES.values():
        breaks()
    few = counted()
    for _ in range(15):
        for breaks, _ in CASES.values():
            breaks()
    assert counted() == few
    assert max(few.values()) <= 7
