"""The benchmark's landscape is the same each time and obeys the registry's rules; its database is never yours."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from budgets.models import Actual, BudgetLine, BudgetYear
from foi_portal.pages.bench import budget
from foi_portal.pages.bench.landscape import Size, make
from registry.models import Asset, Dependency
from roles.models import Assignment
from tests import factories
from tests.conftest import on_postgresql

SMALL = Size(systems=40, components=10, dependencies=150, changes=0, vendors=3)


def test_same_seed_gives_the_same_landscape() -> None:
    rows = [[list(made) for _, made in make(seed, SMALL)] for seed in (1, 1, 2)]
    assert rows[0] == rows[1]
    assert rows[0] != rows[2]
    assert [len(made) for made in rows[0]] == [1 + SMALL.forvaltninger + 3, 50, 150, 4, 50, 50, 80]


@pytest.mark.django_db
def test_landscape_obeys_the_registrys_rules() -> None:
    for model, rows in make(1, SMALL):
        model._default_manager.bulk_create(model(**row) for row in rows)
    for asset in Asset.objects.all():
        asset.full_clean()
    for dependency in Dependency.objects.select_related("source", "target")[:30]:
        dependency.full_clean()
    for assignment in Assignment.objects.select_related("person", "role", "asset"):
        assignment.full_clean()


@pytest.mark.django_db
def test_budgets_obey_the_portals_rules_and_fill_their_pages(client: Client) -> None:
    assert [list(rows) for _, rows in budget.make(1, SMALL)] == [
        list(rows) for _, rows in budget.make(1, SMALL)
    ]
    for model, rows in [*make(1, SMALL), *budget.make(1, SMALL)]:
        model._default_manager.bulk_create(model(**row) for row in rows)
    for line in BudgetLine.objects.select_related("year", "component")[:60]:
        line.full_clean()
    assert BudgetYear.objects.count() == 12
    assert BudgetLine.objects.count() == 12 * 10 * budget.PER_COMPONENT
    assert Actual.objects.count() == 11 * 12 * 10 * budget.PER_COMPONENT
    client.force_login(factories.user(is_superuser=True))
    for page in budget.pages():
        assert client.get(page.path).status_code == 200, page.name


def test_only_a_database_of_its_own_is_touched() -> None:
    """The name is checked before anything is dropped; on SQLite it never comes so far."""
    with pytest.raises(CommandError, match="bench_" if on_postgresql() else "PostgreSQL"):
        call_command("bench", database="portal")
