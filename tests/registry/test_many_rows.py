"""Tens of thousands of rows at once, on a SQLite that takes as few variables in a statement as it can be built with."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from django.db import connection

from foi_portal.core import history, permissions
from foi_portal.core.models import User
from registry import bulk
from registry.models import Asset, Dependency, Organisation, System
from tests import factories

pytestmark = pytest.mark.django_db
MANY = 1_100


@pytest.fixture(autouse=True)
def _few_variables(db: None) -> Iterator[None]:
    """999 variables: Debian's SQLite takes 250,000, most others 32,766."""
    if connection.vendor != "sqlite":
        yield
        return
    connection.ensure_connection()
    before = connection.connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 999)
    yield
    connection.connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, before)


@pytest.fixture
def karin() -> User:
    permissions.sync_groups()
    return factories.user(permissions.FOI)


@pytest.fixture
def systems() -> list[System]:
    made: list[System] = System.objects.bulk_create(
        System(code=f"S{n}", name=f"System {n}") for n in range(MANY)
    )
    return made


def everything(model: type[System] | type[Dependency], **values: object) -> bulk.Selection:
    return bulk.Selection(model, dict(model._default_manager.values_list("pk", "version")), values)


def test_a_bulk_edit_and_its_undo(karin, systems):
    done = bulk.apply(everything(System, criticality=4), karin, "")
    assert done.rows == Asset.objects.filter(criticality=4).count() == MANY
    assert history.undoable(done.change_set)
    assert history.undo(done.change_set, karin).rows == MANY
    assert not Asset.objects.filter(criticality=4).exists()


def test_a_bulk_edit_of_what_must_be_unique(karin, systems):
    target = factories.component()
    Dependency.objects.bulk_create(Dependency(source=row, target=target) for row in systems)
    assert bulk.apply(everything(Dependency, direction="writes"), karin, "").rows == MANY


def test_the_rows_come_in_the_models_order(systems):
    keys = [row.pk for row in systems]
    names = [row.name for row in bulk.load(System, [*keys, 10**17], lock=True)]
    assert names == list(System.objects.values_list("name", flat=True))


def test_undo_of_as_many_different_references(karin, systems):
    vendors = Organisation.objects.bulk_create(
        Organisation(code=f"V{n}", name=f"V{n}", kind="vendor") for n in range(MANY)
    )
    for row, vendor in zip(systems, vendors, strict=True):
        row.provider = vendor
    Asset.objects.bulk_update(systems, ["provider"])
    with history.recording(actor=karin) as change_set:
        System.objects.update(provider=None)
    history.undo(change_set, karin)
    assert Asset.objects.values("provider").distinct().count() == MANY
