"""The demonstration landscape for each test: loaded once in a process, then put back as it was, which takes a
twentieth of the time. What Django itself keeps (rights, groups) is put back with it."""

from __future__ import annotations

import io
import sqlite3
from functools import cache

from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connection, transaction

from foi_portal.core.history import triggers

_kept: list[sqlite3.Connection] = []
COPY = "kept_landscape"


def put() -> None:
    """Fill the database, whatever is in it, with the demonstration landscape and its users."""
    if connection.vendor == "sqlite":
        _sqlite()
    else:
        _postgresql()


def _load() -> None:
    settings.DEBUG = True  # load_demo wants it
    try:
        call_command("load_demo", verbosity=0, stdout=io.StringIO())
    finally:
        settings.DEBUG = False


def _sqlite() -> None:
    connection.ensure_connection()
    if _kept:
        _kept[0].backup(connection.connection)
        return
    _load()
    # The tests close it with the process; another thread never uses it.
    _kept.append(sqlite3.connect(":memory:"))
    connection.connection.backup(_kept[0])


def _postgresql() -> None:
    if not _is_kept():
        _load()
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE SCHEMA "{COPY}"')
            for table in _tables():
                cursor.execute(f'CREATE TABLE "{COPY}"."{table}" AS TABLE "{table}"')
        return
    with triggers.suspended(connection), transaction.atomic(), connection.cursor() as cursor:
        for table in _tables():  # foreign keys are looked at when the transaction ends
            cursor.execute(f'DELETE FROM "{table}"')  # noqa: S608
        for table in _tables():
            columns = _columns(table)
            cursor.execute(f'INSERT INTO "{table}" ({columns}) SELECT {columns} FROM "{COPY}"."{table}"')  # noqa: S608
    with connection.cursor() as cursor:
        for sql in connection.ops.sequence_reset_sql(no_style(), _models()):
            cursor.execute(sql)


def _is_kept() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [COPY])
        return cursor.fetchone() is not None


def _models() -> list[type]:
    return list(apps.get_models(include_auto_created=True))


@cache
def _tables() -> tuple[str, ...]:
    return tuple(sorted({model._meta.db_table for model in _models() if model._meta.managed}))  # type: ignore[attr-defined]


@cache
def _columns(table: str) -> str:
    """Without those that the database computes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT string_agg(quote_ident(column_name), ', ') FROM information_schema.columns"
            " WHERE table_schema = current_schema() AND table_name = %s AND is_generated = 'NEVER'",
            [table],
        )
        return str(cursor.fetchone()[0])
