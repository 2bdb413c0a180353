"""Twelve ways to write, on either database: each leaves its history, and none can go around it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import IntegrityError, connection, transaction
from django.db.models import F

from foi_portal.core import history
from foi_portal.core.models import Change, User
from registry.models import Organisation
from tests import factories

pytestmark = pytest.mark.django_db


def changes(obj: Any) -> list[Any]:
    """The row's changes, oldest first."""
    return list(Change.objects.filter(table=obj._meta.db_table, row_id=obj.pk).order_by("id"))


def last(obj: Any) -> Any:
    return changes(obj)[-1]


def raw(sql: str, *params) -> int:
    with connection.cursor() as cursor:
        cursor.execute(sql, params)
        return int(cursor.rowcount)


@pytest.fixture
def kmd() -> Organisation:
    return factories.organisation(code="KMD", name="KMD")


def test_create(kmd):
    (change,) = changes(kmd)
    assert (change.operation, change.before, change.row_version) == ("insert", None, 1)
    assert change.after["name"] == "KMD"


def test_save(kmd):
    kmd.name = "KMD A/S"
    kmd.save()
    change = last(kmd)
    assert (change.operation, change.before["name"], change.after["name"]) == ("update", "KMD", "KMD A/S")
    assert change.row_version == change.after["version"] == 2
    kmd.refresh_from_db()
    assert kmd.version == 2
    assert kmd.updated_at >= kmd.created_at


def test_many_to_many_add_and_remove():
    user, group = factories.user(), Group.objects.create(name="Redaktion")
    user.groups.add(group)
    user.groups.remove(group)
    rows: list[Any] = list(Change.objects.filter(table="core_user_groups").order_by("id"))
    assert [row.operation for row in rows] == ["insert", "delete"]
    assert rows[0].after["user_id"] == rows[1].before["user_id"] == user.pk


def test_queryset_update(kmd):
    assert Organisation.objects.filter(pk=kmd.pk).update(name="KMD A/S") == 1
    assert last(kmd).after["name"] == "KMD A/S"
    assert last(kmd).row_version == 2


def test_bulk_create():
    made = Organisation.objects.bulk_create(
        Organisation(code=f"B{n}", name=f"B {n}", kind="vendor") for n in range(3)
    )
    assert [len(changes(one)) for one in made] == [1, 1, 1]


def test_bulk_create_with_conflicts(kmd):
    Organisation.objects.bulk_create(
        [
            Organisation(code="KMD", name="KMD A/S", kind="vendor"),
            Organisation(code="NY", name="Ny", kind="vendor"),
        ],
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["name"],
    )
    assert [c.operation for c in changes(kmd)] == ["insert", "update"]
    assert [c.operation for c in changes(Organisation.objects.get(code="NY"))] == ["insert"]


def test_bulk_update(kmd):
    kmd.name = "KMD A/S"
    Organisation.objects.bulk_update([kmd], ["name"])
    assert last(kmd).after["name"] == "KMD A/S"
    assert last(kmd).row_version == 2


def test_raw_update(kmd):
    assert raw("UPDATE registry_organisation SET name = %s WHERE id = %s", "KMD A/S", kmd.pk) == 1
    assert last(kmd).after["name"] == "KMD A/S"
    assert last(kmd).row_version == 2


@pytest.mark.parametrize("way", ["queryset", "object", "raw"])
def test_delete(kmd, way):
    pk = kmd.pk
    if way == "queryset":
        Organisation.objects.filter(pk=pk).delete()
    elif way == "object":
        Organisation.objects.get(pk=pk).delete()
    else:
        raw("DELETE FROM registry_organisation WHERE id = %s", pk)
    change = last(kmd)
    assert (change.operation, change.after, change.before["name"]) == ("delete", None, "KMD")


def test_rollback_leaves_nothing(kmd):
    def write_and_fail() -> None:
        Organisation.objects.filter(pk=kmd.pk).update(name="Væk")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError), history.recording():
        write_and_fail()
    assert len(changes(kmd)) == 1


@pytest.mark.parametrize(
    "write",
    [
        lambda: Change.objects.update(reason="pyntet"),
        lambda: Change.objects.all().delete(),
        lambda: Change.objects.earliest("id").delete(),
        lambda: raw("UPDATE core_change SET reason = 'pyntet'"),
        lambda: raw("DELETE FROM core_change"),
        pytest.param(lambda: raw("TRUNCATE core_change"), marks=pytest.mark.postgres),
    ],
)
def test_history_cannot_be_changed_or_deleted(kmd, write):
    before = list(Change.objects.values())
    with (
        pytest.raises(IntegrityError, match="Historikken kan hverken ændres eller slettes"),
        transaction.atomic(),
    ):
        write()
    assert list(Change.objects.values()) == before


@pytest.mark.postgres
def test_a_table_with_history_cannot_be_truncated(kmd):
    with pytest.raises(IntegrityError, match="cannot be truncated"), transaction.atomic():
        raw("TRUNCATE registry_dependency CASCADE")


@pytest.mark.parametrize(
    "write",
    [
        lambda one: one.save(),
        lambda one: Organisation.objects.filter(pk=one.pk).update(name=one.name),
        lambda one: Organisation.objects.filter(pk=one.pk).update(version=F("version") + 1),
        lambda one: Organisation.objects.bulk_update([one], ["name", "version"]),
        lambda one: raw(
            "UPDATE registry_organisation SET version = 9, created_at = updated_at WHERE id = %s", one.pk
        ),
    ],
)
def test_a_write_that_changes_nothing_is_no_change(kmd, write):
    before = Organisation.objects.filter(pk=kmd.pk).values().get()
    write(kmd)
    assert Organisation.objects.filter(pk=kmd.pk).values().get() == before
    assert len(changes(kmd)) == 1


def test_nobody_but_the_triggers_sets_the_version(kmd):
    raw("UPDATE registry_organisation SET name = 'A', version = 77 WHERE id = %s", kmd.pk)
    kmd.name = "B"  # its version is still 1 in memory
    kmd.save()
    assert [c.row_version for c in changes(kmd)] == [1, 2, 3]
    assert Organisation.objects.get(pk=kmd.pk).version == 3


def test_guarded_update_tells_a_stale_version(kmd):
    mine = Organisation.objects.filter(pk=kmd.pk, version=1)
    assert mine.update(name="Først", version=F("version") + 1) == 1
    assert mine.update(name="For sent", version=F("version") + 1) == 0
    assert Organisation.objects.get(pk=kmd.pk).version == 2


def test_passwords_and_sign_ins_are_never_recorded(client):
    user = factories.user()
    assert client.login(username=user.username, password="hemmelig-2026")
    user.set_password("en-anden-2026")
    user.save()
    (change,) = changes(user)
    assert not {"password", "last_login"} & set(change.after)
    User.objects.filter(pk=user.pk).update(first_name="Mette", password="!")
    assert "password" not in last(user).before | last(user).after


def test_who_when_how_and_why():
    mette = factories.user(first_name="Mette", last_name="Sørensen")
    with history.recording(actor=mette, kind=Change.Kind.BULK, reason=" Ny leverandør ") as change_set:
        one, two = factories.organisation(), factories.organisation()
    for change in (last(one), last(two)):
        assert change.actor == mette
        assert (change.kind, change.reason, change.change_set) == ("bulk", "Ny leverandør", change_set)
        assert abs((change.at - one.created_at).total_seconds()) < 60


def test_outside_recording_each_statement_is_the_systems():
    made = Organisation.objects.bulk_create(
        Organisation(code=f"B{n}", name=f"B {n}", kind="vendor") for n in range(3)
    )
    other = factories.organisation()
    sets = [last(one).change_set for one in [*made, other]]
    assert sets[0] == sets[1] == sets[2] != sets[3]
    assert (last(other).actor, last(other).kind, last(other).reason) == (None, "system", "")


def test_an_inner_recording_keeps_what_it_is_not_given():
    mette, anders = factories.user(), factories.user()
    with history.recording(actor=mette, reason="ydre") as outer:
        with history.recording(kind="import") as inner:
            one = factories.organisation()
        with history.recording(actor=anders, reason="indre"):
            two = factories.organisation()
        three = factories.organisation()
    assert inner == outer
    assert {last(o).change_set for o in (one, two, three)} == {outer}
    assert [(last(o).actor, last(o).kind, last(o).reason) for o in (one, two, three)] == [
        (mette, "import", "ydre"),
        (anders, "edit", "indre"),
        (mette, "edit", "ydre"),
    ]


def test_the_outer_recording_is_back_after_a_failed_inner_one():
    mette, anders = factories.user(), factories.user()
    with history.recording(actor=mette, reason="ydre"):
        with pytest.raises(IntegrityError), history.recording(actor=anders, reason="indre"):
            factories.organisation(kind="ukendt")
        with pytest.raises(ZeroDivisionError), transaction.atomic(), history.recording(reason="indre"):
            raise ZeroDivisionError
        one = factories.organisation()
    two = factories.organisation()
    assert (last(one).actor, last(one).reason) == (mette, "ydre")
    assert (last(two).actor, last(two).kind, last(two).reason) == (None, "system", "")


def test_set_rollback_inside_recording_rolls_back_quietly():
    with history.recording():
        with history.recording():
            factories.organisation(code="VAEK")
            transaction.set_rollback(True)
        kept = factories.organisation()
    assert not Organisation.objects.filter(code="VAEK").exists()
    assert last(kept).kind == "edit"
    assert history.current() is None


def test_every_connection_starts_outside(kmd):
    assert isinstance(last(kmd).change_set, uuid.UUID)
    assert history.current() is None
