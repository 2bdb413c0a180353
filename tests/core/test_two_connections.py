"""Two people, two real connections: one wins, the other is told, and the history names each."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import close_old_connections, connections

from foi_portal.core import history
from foi_portal.core.models import Change, User
from registry.models import Organisation
from tests import factories

pytestmark = pytest.mark.django_db(transaction=True)


def together(*tasks: Callable[[], Any]) -> list[Any]:
    """Run the tasks at the same time, each on its own connection; gives their results in order."""
    start = Barrier(len(tasks))

    def run(task: Callable[[], Any]) -> Any:
        try:
            start.wait(10)
            return task()
        finally:
            close_old_connections()
            connections.close_all()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(run, tasks))


def test_a_guarded_update_has_one_winner():
    users = [factories.user() for _ in range(4)]
    kmd = factories.organisation(name="KMD")

    def edit(user: User) -> Callable[[], int]:
        def write() -> int:
            with history.recording(actor=user):
                return Organisation.objects.filter(pk=kmd.pk, version=version).update(
                    name=f"KMD {version} {user.pk}"
                )

        return write

    for version in range(1, 6):
        assert sorted(together(*(edit(user) for user in users))) == [0, 0, 0, 1]
        now = Organisation.objects.get(pk=kmd.pk)
        assert now.version == version + 1
        last = Change.objects.get(table="registry_organisation", row_id=kmd.pk, row_version=now.version)
        assert now.name == f"KMD {version} {last.actor_id}"


def test_unguarded_updates_are_all_counted():
    kmd = factories.organisation(name="KMD")
    tasks = [lambda n=n: Organisation.objects.filter(pk=kmd.pk).update(name=f"KMD {n}") for n in range(6)]
    assert together(*tasks) == [1] * 6
    assert Organisation.objects.get(pk=kmd.pk).version == 7
    versions = (
        Change.objects.filter(table="registry_organisation")
        .order_by("id")
        .values_list("row_version", flat=True)
    )
    assert list(versions) == [1, 2, 3, 4, 5, 6, 7]


def test_of_two_undos_at_once_one_is_refused():
    mette = factories.user()
    kmd = factories.organisation(name="KMD")
    with history.recording(actor=mette) as change_set:
        Organisation.objects.filter(pk=kmd.pk).update(name="Forkert")

    def undo() -> str:
        try:
            return str(history.undo(change_set, mette).rows)
        except history.ChangedSince:
            return "refused"

    assert sorted(together(undo, undo)) == ["1", "refused"]
    assert Organisation.objects.get(pk=kmd.pk).name == "KMD"


def test_acts_do_not_leak_between_connections():
    mette = factories.user()

    def recorded() -> None:
        with history.recording(actor=mette):
            factories.organisation(code="MED")

    def plain() -> None:
        factories.organisation(code="UDEN")

    together(recorded, plain)
    found: list[Any] = list(Change.objects.filter(table="registry_organisation"))
    actors = {change.after["code"]: change.actor for change in found}
    assert actors == {"MED": mette, "UDEN": None}
