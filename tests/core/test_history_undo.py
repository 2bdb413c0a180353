"""Undoing a change set: all of it or nothing, and never over somebody's newer work."""

from __future__ import annotations

import re
import uuid

import pytest

from foi_portal.core import history
from foi_portal.core.models import Change, User
from registry.models import Asset, Component, Organisation, System
from tests import factories

pytestmark = pytest.mark.django_db


@pytest.fixture
def mette() -> User:
    return factories.user(first_name="Mette", last_name="Sørensen")


@pytest.fixture
def bulk(mette) -> uuid.UUID:
    """A change set that gave three systems a vendor and a status, one of them in two steps."""
    kmd = factories.organisation(code="KMD")
    systems = [factories.system(code=f"S{n}") for n in range(3)]
    with history.recording(actor=mette, kind="bulk") as change_set:
        Asset.objects.filter(pk__in=[s.pk for s in systems]).update(provider=kmd)
        Asset.objects.filter(code="S0").update(lifecycle="retired", provider=None)
    return change_set


def test_undo_puts_every_row_back_in_a_change_set_of_its_own(bulk, mette):
    assert history.undoable(bulk)
    done = history.undo(bulk, mette, "Forkert leverandør")
    assert done.rows == 3
    assert not Asset.objects.exclude(provider=None, lifecycle="active").exists()
    changes = Change.objects.filter(change_set=done.change_set)
    assert changes.count() == 3
    assert {(c.kind, c.actor) for c in changes} == {("undo", mette)}
    assert re.fullmatch(
        r"Fortryder masserettelse fra \d+\. \S+ \d{4} \d\d\.\d\d: Forkert leverandør", changes[0].reason
    )
    assert set(Asset.objects.values_list("code", "version")) == {("S0", 4), ("S1", 3), ("S2", 3)}


def test_an_undo_can_be_undone(bulk, mette):
    done = history.undo(bulk, mette)
    assert not history.undoable(bulk)
    history.undo(done.change_set, mette)
    assert Asset.objects.filter(provider__code="KMD").count() == 2


def test_undo_refuses_when_a_row_is_changed_since_and_names_it(bulk, mette):
    Asset.objects.filter(code="S1").update(name="Cura")
    assert not history.undoable(bulk)
    with pytest.raises(history.ChangedSince, match="1 af 3 rækker er ændret siden") as refused:
        history.undo(bulk, mette)
    assert refused.value.rows == ["Cura"]
    assert Asset.objects.filter(provider__code="KMD").count() == 2


def test_undo_refuses_a_row_that_is_gone(bulk, mette):
    Asset.objects.filter(code="S1").delete()
    assert not history.undoable(bulk)
    with pytest.raises(history.ChangedSince):
        history.undo(bulk, mette)


def test_undo_refuses_what_made_rows_and_what_does_not_exist(mette):
    with history.recording(actor=mette) as change_set:
        factories.organisation()
    for unknown in (change_set, uuid.uuid4()):
        assert not history.undoable(unknown)
        with pytest.raises(history.NotUndoable):
            history.undo(unknown, mette)
    assert Organisation.objects.count() == 1


def test_undo_says_what_to_do_with_what_was_made(mette):
    with history.recording(actor=mette) as change_set:
        factories.organisation()
    with pytest.raises(
        history.NotUndoable, match=r"Arkivér \(eller opløs\) det, der blev oprettet, i stedet\."
    ):
        history.undo(change_set, mette)


def test_undo_refuses_rows_without_versions(mette):
    with history.recording(actor=mette) as change_set:
        User.objects.filter(pk=mette.pk).update(is_active=False)
    assert not history.undoable(change_set)
    with pytest.raises(history.NotUndoable):
        history.undo(change_set, mette)


def test_undo_refuses_old_values_that_break_a_constraint_now(mette):
    kmd = factories.organisation(code="KMD")
    with history.recording(actor=mette) as change_set:
        Organisation.objects.filter(pk=kmd.pk).update(code="KMD-AS")
    factories.organisation(code="KMD")
    with pytest.raises(history.NotUndoable):
        history.undo(change_set, mette)
    assert set(Organisation.objects.values_list("code", flat=True)) == {"KMD", "KMD-AS"}


def test_undo_refuses_old_values_that_break_a_rule_across_rows_now(mette):
    platform = factories.component(name="Serviceplatformen")
    module = factories.component(name="Modul", parent=platform)
    with history.recording(actor=mette) as change_set:
        Component.objects.filter(pk=module.pk).update(parent=None)
    Component.objects.filter(pk=platform.pk).update(parent=module)
    with pytest.raises(history.NotUndoable) as refused:
        history.undo(change_set, mette)
    assert "ring" in refused.value.rows[0]
    assert Component.objects.get(pk=module.pk).parent is None


def test_undo_refuses_to_refer_to_a_row_that_is_gone(mette):
    kmd = factories.organisation(code="KMD")
    cura = factories.system(provider=kmd)
    with history.recording(actor=mette) as change_set:
        Asset.objects.filter(pk=cura.pk).update(provider=None)
    kmd.delete()
    with pytest.raises(history.NotUndoable, match="findes ikke længere"):
        history.undo(change_set, mette)
    assert Asset.objects.get().version == 2


def test_touched_models_says_which_kinds_of_rows_a_set_holds(mette):
    system, component, vendor = factories.system(), factories.component(), factories.organisation()
    factories.dependency()
    with history.recording(actor=mette) as change_set:
        Asset.objects.filter(pk=system.pk).update(name="Ny")
    assert history.touched_models(change_set) == [System]
    with history.recording(actor=mette) as change_set:
        Asset.objects.filter(pk__in=[system.pk, component.pk]).update(name="Nyere")
        Organisation.objects.filter(pk=vendor.pk).update(name="Ny")
    assert set(history.touched_models(change_set)) == {System, Component, Organisation}
    assert history.touched_models(uuid.uuid4()) == []


def test_a_row_that_is_gone_counts_as_the_whole_table(mette):
    gone = factories.system()
    with history.recording(actor=mette) as change_set:
        Asset.objects.filter(pk=gone.pk).update(name="Ny")
    gone.delete()
    assert history.touched_models(change_set) == [Asset]


@pytest.mark.parametrize("number", [3, 30])
def test_undo_of_many_rows_is_few_queries(mette, number, django_assert_max_num_queries):
    kmd = factories.organisation()
    systems = [factories.system(criticality=n % 4 + 1) for n in range(number)]
    with history.recording(actor=mette, kind="bulk") as change_set:
        Asset.objects.filter(pk__in=[s.pk for s in systems]).update(provider=kmd, criticality=3)
    with django_assert_max_num_queries(15):
        assert history.undo(change_set, mette).rows == number
    assert {s.criticality for s in systems} == set(Asset.objects.values_list("criticality", flat=True))


def test_undo_names_only_the_first_rows_in_the_way(mette):
    systems = [factories.system() for _ in range(60)]
    with history.recording(actor=mette, kind="bulk") as change_set:
        Asset.objects.filter(pk__in=[s.pk for s in systems]).update(criticality=3)
    Asset.objects.update(criticality=4)
    with pytest.raises(history.ChangedSince, match="60 af 60 rækker er ændret siden") as refused:
        history.undo(change_set, mette)
    assert len(refused.value.rows) == 50
