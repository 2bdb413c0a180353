"""Rows as they stood on an earlier day: the same values as the model's own, at Danish midnight."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.db import connection, models
from django.utils import timezone

from foi_portal.core.models import Change
from registry import past
from registry.models import AlternativeGroup, Asset, Dependency, Organisation
from tests import days, factories

pytestmark = pytest.mark.django_db

READ = (models.IntegerField, models.CharField, models.TextField, models.DateField, models.ForeignKey)
NOT_READ = {"id", "version", "archived_at", "created_at", "updated_at", "archive_reason"}


def columns(model: type[models.Model]) -> list[str]:
    """The model's columns of the kinds that ``past.rows`` reads."""
    fields = [field for field in model._meta.concrete_fields if isinstance(field, READ)]
    return [field.attname for field in fields if field.attname not in NOT_READ]


def names(on: datetime.date | str) -> list[str]:
    date = days.day(on) if isinstance(on, str) else on
    return [name for _, name in past.rows(Organisation, ("name",), date)]


def write(row: Organisation, name: str, moment: str, operation: str = "update") -> None:
    """Add to the history that the row got the name at the moment (UTC)."""
    last: Any = Change.objects.filter(table="registry_organisation", row_id=row.pk).latest("pk")
    after = None if operation == "delete" else last.after | {"name": name}
    Change.objects.create(
        table=last.table,
        row_id=row.pk,
        row_version=2,
        operation=operation,
        before=last.after,
        after=after,
        change_set=last.change_set,
        at=datetime.datetime.fromisoformat(moment + "+00:00"),
    )


@pytest.mark.parametrize("model", [Asset, Dependency, Organisation, AlternativeGroup])
def test_today_is_what_the_tables_say_in_every_column(model: type[models.Model]):
    today = timezone.localdate()
    user = factories.user()
    municipality = factories.organisation(kind="municipality", name="Ærø «Kommune» \"null\" 'x'")
    department = factories.organisation(kind="forvaltning", parent=municipality, name="null")
    platform = factories.component(component_type="platform", name="123", provider=municipality)
    module = factories.component(parent=platform, criticality=4, retired_from=datetime.date(2030, 12, 31))
    full = factories.system(
        department=department,
        criticality=1,
        personal_data="sensitive",
        active_from=datetime.date(2020, 2, 29),
        phasing_out_from=today,
        aliases="",
        description="To\nlinjer\tog \\ og {}",
    )
    factories.system(archived_at=timezone.now())
    group = AlternativeGroup.objects.create(source=full, name="CPR", needed=2)
    AlternativeGroup.objects.create(source=module, name="Uden", archived_at=timezone.now())
    factories.dependency(source=full, target=module, alternatives=group, via=platform, since=today)
    factories.dependency(verified_on=today, verified_by=user, until=today, importance="minor", status="ended")
    factories.dependency(archived_at=timezone.now())
    Asset.objects.filter(pk=module.pk).update(successor=platform)

    fields = columns(model)
    found = list(past.rows(model, fields, today))
    expected = model._default_manager.filter(archived_at=None).order_by("pk").values_list("pk", *fields)
    assert found == list(expected)
    assert [[type(value) for value in row] for row in found] == [[type(v) for v in row] for row in expected]
    kinds = {type(value) for row in found for value in row}
    assert {int, str} <= kinds
    assert model is AlternativeGroup or type(None) in kinds


@pytest.mark.parametrize(
    ("day", "last_moment", "next_moment"),
    [
        ("2026-01-15", "2026-01-15T22:59:59.999", "2026-01-15T23:00:00"),
        ("2026-07-15", "2026-07-15T21:59:59.999", "2026-07-15T22:00:00"),
        ("2026-03-28", "2026-03-28T22:59:59.999", "2026-03-28T23:00:00"),  # the night the clocks go forward
        ("2026-03-29", "2026-03-29T21:59:59.999", "2026-03-29T22:00:00"),  # 23 hours
        ("2026-10-24", "2026-10-24T21:59:59.999", "2026-10-24T22:00:00"),
        ("2026-10-25", "2026-10-25T22:59:59.999", "2026-10-25T23:00:00"),  # 25 hours
    ],
)
def test_a_day_ends_at_danish_midnight(day: str, last_moment: str, next_moment: str):
    with days.written("2025-12-01"):
        row = factories.organisation(name="Først")
    write(row, "Sidst på dagen", last_moment)
    write(row, "Dagen efter", next_moment)
    assert names(day) == ["Sidst på dagen"]
    assert names(days.day(day) - datetime.timedelta(days=1)) == ["Først"]
    assert names(days.day(day) + datetime.timedelta(days=1)) == ["Dagen efter"]


def test_the_last_of_a_days_changes_counts_and_days_without_any_keep_it():
    with days.written("2026-01-01"):
        row = factories.organisation(name="A")
    for number, name in enumerate("BCD"):
        write(row, name, f"2026-02-01T{10 + number}:00:00")
    assert names("2025-12-31") == []
    assert names("2026-01-01") == names("2026-01-31") == ["A"]
    assert names("2026-02-01") == names("2026-06-01") == ["D"]


def test_archived_rows_are_out_until_they_are_restored():
    with days.written("2026-01-01"):
        row = factories.organisation(name="KMD")
    with days.written("2026-01-10"):
        Organisation.objects.update(archived_at=timezone.now(), archive_reason="Slut")
    with days.written("2026-01-20"):
        Organisation.objects.update(archived_at=None, archive_reason="")
    assert (names("2026-01-09"), names("2026-01-10"), names("2026-01-19")) == (["KMD"], [], [])
    assert names("2026-01-20") == [row.name]


def test_deleted_rows_are_out_from_that_day():
    with days.written("2026-01-01"):
        row = factories.organisation(name="Fejl")
    write(row, "", "2026-01-10T10:00:00", operation="delete")
    assert (names("2026-01-09"), names("2026-01-10")) == (["Fejl"], [])


def test_rows_written_by_sql_are_read_too():
    with days.written("2026-01-01"):
        row = factories.organisation(name="KMD")
    with days.written("2026-01-02"), connection.cursor() as cursor:
        cursor.execute("UPDATE registry_organisation SET name = 'Netcompany' WHERE id = %s", [row.pk])
    assert (names("2026-01-01"), names("2026-01-02")) == (["KMD"], ["Netcompany"])


def test_one_query(django_assert_num_queries: Any):
    for _ in range(5):
        factories.organisation()
    with django_assert_num_queries(1):
        assert len(names(timezone.localdate())) == 5


def test_history_begins_with_the_first_asset():
    assert past.first_day() is None
    with days.written("2026-01-01"):
        factories.organisation()
    assert past.first_day() is None
    with days.written("2026-01-02", hour=0):
        factories.system()
    with days.written("2026-01-03"):
        factories.system()
    assert past.first_day() == datetime.date(2026, 1, 2)
