"""The triggers themselves: kept in place, and missed when they are gone."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from foi_portal.core import history
from foi_portal.core.history import triggers
from foi_portal.core.models import Change
from tests import factories

SOME_TRIGGER = (
    "registry_asset",
    "foi_update" if connection.vendor == "postgresql" else "foi_update_registry_asset",
)


@pytest.mark.django_db
def test_all_triggers_are_in_place_after_migrate():
    assert triggers.check(["default"]) == []
    assert len(triggers.installed(connection)) > 20


@pytest.mark.django_db
def test_the_check_finds_a_dropped_trigger_and_install_repairs_it():
    triggers.drop(connection, [SOME_TRIGGER])
    (warning,) = triggers.check(["default"])
    assert warning.id == "foi.W101"
    assert "registry_asset" in warning.msg
    assert "migrate" in str(warning.hint)
    triggers.install(connection)
    assert triggers.check(["default"]) == []


@pytest.mark.django_db
@pytest.mark.postgres
@pytest.mark.parametrize(
    "damage",
    [
        "ALTER TABLE registry_asset DISABLE TRIGGER foi_update",
        "COMMENT ON TRIGGER foi_update ON registry_asset IS 'an older release'",
    ],
)
def test_the_check_finds_a_trigger_switched_off_or_outdated(damage):
    with connection.cursor() as cursor:
        cursor.execute(damage)
    assert triggers.check(["default"])
    triggers.install(connection)
    assert triggers.check(["default"]) == []


@pytest.mark.django_db
def test_a_release_with_new_definitions_replaces_the_old(monkeypatch):
    if connection.vendor == "postgresql":
        body = triggers.FUNCTIONS["foi_refuse"].replace("'%', TG_ARGV[0]", "'Nej.'")
        monkeypatch.setitem(triggers.FUNCTIONS, "foi_refuse", body)
    else:
        monkeypatch.setattr(triggers, "REFUSED", "Nej.")
    assert triggers.check(["default"])
    triggers.install(connection)
    assert triggers.check(["default"]) == []
    factories.organisation()
    with pytest.raises(IntegrityError, match="Nej"), transaction.atomic():
        Change.objects.update(reason="pyntet")


@pytest.mark.django_db
def test_a_trigger_for_a_table_no_longer_tracked_goes_away(monkeypatch):
    fewer = [m for m in history.tracked_models() if m._meta.db_table != "auth_group"]
    monkeypatch.setattr(triggers, "tracked_models", lambda: fewer)
    triggers.install(connection)
    assert not [table for table, _ in triggers.installed(connection) if table == "auth_group"]


@pytest.mark.django_db(transaction=True)
def test_migrate_leaves_the_triggers_in_place():
    call_command("migrate", verbosity=0)
    assert triggers.check(["default"]) == []


def test_no_check_without_a_database():
    assert triggers.check() == []
