"""Looking in the history: one version, what came since, and changes as people read them."""

from __future__ import annotations

import datetime
import uuid

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test.utils import CaptureQueriesContext

from foi_portal.core import history
from foi_portal.core.models import Change
from registry.models import Asset, Dependency, Organisation
from tests import factories

pytestmark = pytest.mark.django_db


def test_state_at_gives_the_models_own_values_on_both_databases():
    kitos = uuid.uuid4()
    cura = factories.system(
        code="CURA", name="Cura", external_id=kitos, criticality=4, active_from=datetime.date(2019, 1, 1)
    )
    Asset.objects.filter(pk=cura.pk).update(
        name="Columna Cura", archived_at=datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
    )
    first, second = history.state_at(cura, 1), history.state_at(cura, 2)
    assert first is not None
    assert second is not None
    assert (first["name"], second["name"]) == ("Cura", "Columna Cura")
    assert (first["version"], second["version"]) == (1, 2)
    now = Asset.objects.filter(pk=cura.pk).values().get()
    assert second == now
    assert second["external_id"] == kitos
    assert second["archived_at"] == datetime.datetime(2026, 3, 1, 12, tzinfo=datetime.UTC)
    assert history.state_at(cura, 3) is None


def test_since_is_what_came_after_a_version():
    cura = factories.system(name="A")
    for name in "BC":
        Asset.objects.filter(pk=cura.pk).update(name=name)
    assert [c.row_version for c in history.since(cura, 1)] == [3, 2]


def test_changes_of_a_user_include_the_groups():
    user = factories.user(group="FOI")
    factories.user(group="FOI")
    assert [c.table for c in history.changes_of(user)] == ["core_user_groups", "core_user"]


def test_readable_names_fields_choices_references_and_dates():
    mette = factories.user(first_name="Mette", last_name="Sørensen")
    kmd, systematic = (
        factories.organisation(name="KMD"),
        factories.organisation(code="SYSTEMATIC", name="Systematic"),
    )
    cura = factories.system(code="CURA", name="Cura", provider=kmd)
    with history.recording(actor=mette, reason="Ny leverandør"):
        Asset.objects.filter(pk=cura.pk).update(
            provider=systematic, lifecycle="phasing_out", retired_from=datetime.date(2027, 3, 1)
        )
    (entry,) = history.readable(history.changes_of(cura)[:1])
    assert entry.noun == "fagsystem"
    assert (entry.title, entry.url, entry.who) == ("Cura", "/fagsystemer/CURA/", "Mette Sørensen")
    assert (entry.operation, entry.kind, entry.reason) == ("ændret", "Rettelse", "Ny leverandør")
    assert [(d.label, d.before, d.after) for d in entry.differences] == [
        ("Leverandør", "KMD", "Systematic"),
        ("Status", "I drift", "Udfases"),
        ("Slutdato", "", "1. marts 2027"),
    ]
    assert entry.differences[0].after_url == "/organisationer/SYSTEMATIC/"


def test_readable_yes_and_no_and_many_to_many():
    user = factories.user(first_name="Anders", last_name="Åkjær")
    user.is_active = False
    user.save()
    user.groups.add(Group.objects.create(name="Redaktion"))
    groups, active, made = history.readable(history.changes_of(user))
    assert [(d.before, d.after) for d in active.differences] == [("ja", "nej")]
    assert (groups.title, groups.noun, groups.operation) == ("Anders Åkjær", "bruger", "ændret")
    assert [(d.before, d.after) for d in groups.differences] == [("", "Redaktion")]
    assert (made.operation, made.who) == ("oprettet", "Systemet")


def test_readable_row_that_is_gone_keeps_its_name():
    kmd = factories.organisation(name="KMD")
    changes = history.changes_of(kmd)
    pk = kmd.pk
    kmd.delete()
    kmd.pk = pk
    entries = history.readable(history.changes_of(kmd))
    assert [(e.title, e.url, e.operation) for e in entries] == [
        ("KMD", "", "slettet"),
        ("KMD", "", "oprettet"),
    ]
    assert changes.count() == 2


def test_readable_column_that_the_model_has_no_more():
    kmd = factories.organisation(name="KMD")
    change = history.changes_of(kmd)[0]
    change.operation, change.before = "update", {**(change.after or {}), "gammel_kolonne": "x"}
    (entry,) = history.readable([change])
    assert [(d.label, d.before, d.after) for d in entry.differences] == [("gammel_kolonne", "x", "")]


def test_readable_costs_the_same_whatever_the_number():
    def queries(count: int) -> int:
        with CaptureQueriesContext(
            connection,
        ) as captured:
            assert len(history.readable(Change.objects.all()[:count], factories_user)) == count
        return len(captured)

    factories_user = factories.user(is_superuser=True)
    for number in range(8):
        kmd = factories.organisation()
        mette = factories.user()
        with history.recording(actor=mette):
            factories.dependency(source=factories.system(provider=kmd), purpose=f"Formål {number}")
    assert queries(24) == queries(12) <= 6


def test_only_those_who_may_view_a_table_see_its_history():
    reader = factories.user()
    reader.user_permissions.add(Permission.objects.get(codename="view_organisation"))
    factories.dependency()
    factories.organisation()
    assert history.permission(Dependency) == "registry.view_dependency"
    assert {c.table for c in history.visible_to(reader, Change.objects.all())} == {"registry_organisation"}
    assert {e.noun for e in history.readable(Change.objects.all(), reader)} == {"organisation"}
    # A membership is as secret as the user it belongs to.
    (groups,) = [m for m in history.tracked_models() if m._meta.db_table == "core_user_groups"]
    assert history.permission(groups) == "core.view_user"


def test_every_record_user_and_group_table_is_tracked():
    tables = {model._meta.db_table for model in history.tracked_models()}
    assert tables >= {
        "registry_organisation",
        "registry_asset",
        "registry_dependency",
        "core_user",
        "core_user_groups",
        "core_user_user_permissions",
        "auth_group",
        "auth_group_permissions",
    }
    assert "core_change" not in tables
    assert Organisation in history.tracked_models()
