"""The demonstration's certificates: something in every state, of both sorts, made once."""

from __future__ import annotations

import datetime

import pytest
from django.core.management import call_command

from registry.certificates import demo
from registry.certificates.reading import read
from registry.models import Certificate
from tests import factories

pytestmark = pytest.mark.django_db

ON = datetime.date(2028, 2, 29)
CODES = ("KY", "KSD", "CURA", "SBSYS", "EDOC")


@pytest.fixture
def loaded() -> None:
    for code in CODES:
        factories.system(code=code)
    assert demo.load(on=ON) > 20


def test_dates_are_from_the_day_of_loading(loaded):
    ends = {row.name: row.valid_to for row in Certificate.objects.to_be_renewed()}
    left = sorted((day - ON).days for day in ends.values() if day is not None)
    assert left[0] < 0
    assert [days for days in left if 0 < days <= 7]
    assert [days for days in left if 7 < days <= 30]
    assert [days for days in left if 30 < days <= 90]
    assert [days for days in left if days > 365]


def test_there_is_a_chain_a_revoked_one_and_one_that_two_share_though_it_is_personal(loaded):
    last = Certificate.objects.get(name="KSD – integrationer")
    assert last.replaces.replaces.replaces is None
    assert Certificate.objects.exclude(revoked_on=None).count() == 1
    shared = [row for row in Certificate.objects.filter(for_one_system=True) if row.assets.count() > 1]
    assert [row.name for row in shared] == ["SBSYS – adgang til SBSIP"]


def test_those_with_a_file_were_read_from_it(loaded):
    rows = [row for row in Certificate.objects.all() if row.is_read]
    assert len(rows) > 8
    for row in rows:
        facts = read(row.pem.encode())
        assert (facts.sha256, facts.valid_to, facts.kind) == (row.sha256, row.valid_to, row.kind)


def test_what_is_there_is_left_alone(loaded):
    Certificate.objects.filter(name="odense.dk").update(name="www.odense.dk")
    assert demo.load(on=ON + datetime.timedelta(days=400)) == 0
    assert not Certificate.objects.filter(name="odense.dk").exists()


def test_nothing_in_the_landscape_s_own_directory_is_taken_for_an_import(settings):
    """The certificates' file lies below it: an import of the directory does not see it."""
    call_command("import_registry", settings.BASE_DIR / "registry" / "demo", verbosity=0)
