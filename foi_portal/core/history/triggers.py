"""The triggers that write the history and the versions, generated for both databases from the models.

PostgreSQL: generic functions that read the row as JSON, fired once per statement with the statement's rows, so
a bulk write costs one insert. They name no column, so a migration can change a table under them. SQLite: one
trigger per table and operation with the columns written out; they are dropped before a migration, because
SQLite rebuilds tables in one, and put back after it.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.core import checks
from django.db import connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate, pre_migrate

from foi_portal.core.history.tables import KEPT_BY_TRIGGERS, recorded_fields, tracked_models

HISTORY = "core_change"
REFUSED = "Historikken kan hverken ændres eller slettes."
COLUMNS = (
    '"table", row_id, row_version, operation, "before", "after", actor_id, change_set, kind, reason, "at"'
)

# --- PostgreSQL ---------------------------------------------------------------------------------------------

_ACT = """
    NULLIF(current_setting('foi.actor', true), '')::bigint,
    change_set,
    COALESCE(NULLIF(current_setting('foi.kind', true), ''), 'system'),
    COALESCE(current_setting('foi.reason', true), ''),
    statement_timestamp()"""

# Arguments of the triggers: the primary key's column, then the columns that are not recorded.
FUNCTIONS = {
    "foi_version": f"""
DECLARE
    ignored text[] := TG_ARGV[1:] || '{{{",".join(KEPT_BY_TRIGGERS)}}}'::text[];
BEGIN
    NEW.created_at := OLD.created_at;
    IF to_jsonb(NEW) - ignored = to_jsonb(OLD) - ignored THEN
        NEW.version := OLD.version;
        NEW.updated_at := OLD.updated_at;
    ELSE
        NEW.version := OLD.version + 1;
        NEW.updated_at := statement_timestamp();
    END IF;
    RETURN NEW;
END""",
    "foi_record": f"""
DECLARE
    pk text := TG_ARGV[0];
    hidden text[] := TG_ARGV[1:];
    ignored text[] := '{{{",".join(KEPT_BY_TRIGGERS)}}}'::text[];
    change_set uuid := COALESCE(NULLIF(current_setting('foi.change_set', true), '')::uuid, gen_random_uuid());
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO {HISTORY} ({COLUMNS})
        SELECT TG_TABLE_NAME, (a ->> pk)::bigint, (a ->> 'version')::int, 'insert', NULL, a, {_ACT}
        FROM (SELECT to_jsonb(r) - hidden AS a FROM foi_new r) n;
    ELSIF TG_OP = 'UPDATE' THEN
        INSERT INTO {HISTORY} ({COLUMNS})
        SELECT TG_TABLE_NAME, COALESCE(a ->> pk, b ->> pk)::bigint, (a ->> 'version')::int,
            CASE WHEN b IS NULL THEN 'insert' WHEN a IS NULL THEN 'delete' ELSE 'update' END, b, a, {_ACT}
        FROM (SELECT to_jsonb(r) - hidden AS b FROM foi_old r) o
        FULL JOIN (SELECT to_jsonb(r) - hidden AS a FROM foi_new r) n ON a ->> pk = b ->> pk
        WHERE (a - ignored) IS DISTINCT FROM (b - ignored);
    ELSE
        INSERT INTO {HISTORY} ({COLUMNS})
        SELECT TG_TABLE_NAME, (b ->> pk)::bigint, NULL, 'delete', b, NULL, {_ACT}
        FROM (SELECT to_jsonb(r) - hidden AS b FROM foi_old r) o;
    END IF;
    RETURN NULL;
END""",
    "foi_refuse": """
BEGIN
    RAISE EXCEPTION '%', TG_ARGV[0] USING ERRCODE = 'integrity_constraint_violation';
END""",
}

Definitions = dict[tuple[str, str], str]  # (table, trigger) → SQL that creates it


def _postgresql(tables: dict[str, set[str]]) -> Definitions:
    wanted: Definitions = {}

    def add(table: str, name: str, when: str, how: str) -> None:
        wanted[table, name] = f'CREATE TRIGGER {name} {when} ON "{table}" {how}'

    rows = {
        "insert": "NEW TABLE AS foi_new",
        "update": "OLD TABLE AS foi_old NEW TABLE AS foi_new",
        "delete": "OLD TABLE AS foi_old",
    }
    for model in tracked_models():
        table = model._meta.db_table
        if table not in tables:
            continue
        recorded = {str(field.column) for field in recorded_fields(model)}
        hidden = [f.column for f in model._meta.local_concrete_fields if f.column not in recorded]
        args = ", ".join(f"'{column}'" for column in (_pk(model), *hidden))
        for operation, names in rows.items():
            how = f"REFERENCING {names} FOR EACH STATEMENT EXECUTE FUNCTION foi_record({args})"
            add(table, f"foi_{operation}", f"AFTER {operation.upper()}", how)
        why = f"{table} has a history and cannot be truncated."
        add(table, "foi_truncate", "BEFORE TRUNCATE", f"EXECUTE FUNCTION foi_refuse('{why}')")
        if recorded.issuperset(KEPT_BY_TRIGGERS):
            add(table, "foi_version", "BEFORE UPDATE", f"FOR EACH ROW EXECUTE FUNCTION foi_version({args})")
    add(
        HISTORY,
        "foi_refuse",
        "BEFORE UPDATE OR DELETE OR TRUNCATE",
        f"EXECUTE FUNCTION foi_refuse('{REFUSED}')",
    )
    return wanted


# --- SQLite -------------------------------------------------------------------------------------------------

_NOW = "strftime('%Y-%m-%d %H:%M:%f', 'now')"


def _sqlite(tables: dict[str, set[str]]) -> Definitions:
    wanted: Definitions = {}

    def add(table: str, name: str, when: str, body: str) -> None:
        wanted[table, name] = f'CREATE TRIGGER "{name}" {when} ON "{table}" BEGIN {body} END'

    for model in tracked_models():
        table, pk = model._meta.db_table, _pk(model)
        fields = {str(f.column): f for f in recorded_fields(model) if f.column in tables.get(table, ())}
        if not fields:
            continue
        versioned = fields.keys() >= set(KEPT_BY_TRIGGERS)
        real = " OR ".join(f'OLD."{c}" IS NOT NEW."{c}"' for c in fields if c not in KEPT_BY_TRIGGERS)
        old = {column: _json(f'OLD."{column}"', field) for column, field in fields.items()}
        new = {column: _json(f'NEW."{column}"', field) for column, field in fields.items()}
        kept = (
            {"version": "OLD.version + 1", "created_at": "OLD.created_at", "updated_at": _NOW}
            if versioned
            else {}
        )
        for operation, row, before, after in (
            ("insert", "NEW", None, new),
            ("update", "NEW", old, new | kept),
            ("delete", "OLD", old, None),
        ):
            version = (after or {}).get("version", "NULL")
            body = (
                f"INSERT INTO {HISTORY} ({COLUMNS}) SELECT '{table}', {row}.\"{pk}\", {version}, '{operation}',"
                f" {_object(before)}, {_object(after)}, foi_actor(), foi_change_set(), foi_kind(), foi_reason(), {_NOW}"
            )
            if operation == "update":
                body += f" WHERE {real}"
                if versioned:
                    # In the same trigger: SQLite lets a trigger's own write fire every trigger but itself.
                    body += (
                        f'; UPDATE "{table}" SET version = OLD.version + ({real}), created_at = OLD.created_at,'
                        f" updated_at = CASE WHEN {real} THEN {_NOW} ELSE OLD.updated_at END"
                        f' WHERE "{pk}" = NEW."{pk}"'
                    )
            add(table, f"foi_{operation}_{table}", f"AFTER {operation.upper()}", f"{body};")
    for operation in ("update", "delete"):
        refuse = f"SELECT RAISE(ABORT, '{REFUSED}');"
        add(HISTORY, f"foi_refuse_{operation}", f"BEFORE {operation.upper()}", refuse)
    return wanted


def _object(state: dict[str, str] | None) -> str:
    if state is None:
        return "NULL"
    return "json_object(" + ", ".join(f"'{column}', {value}" for column, value in state.items()) + ")"


def _json(value: str, field: models.Field[Any, Any]) -> str:
    return f"json({value})" if isinstance(field, models.JSONField) else value


def _pk(model: type[models.Model]) -> str:
    pk = model._meta.pk
    assert pk is not None  # noqa: S101 - every model class has one
    return str(pk.column)


def _teach(connection: BaseDatabaseWrapper, **_: Any) -> None:
    """Give a new SQLite connection the functions that the triggers ask who is writing."""
    if connection.vendor != "sqlite":
        return
    own_set = [""]  # of a statement outside recording

    def renew(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        own_set[0] = ""
        return execute(sql, params, many, context)

    def act() -> Any:
        return getattr(connection, "foi_act", None)

    def change_set() -> str:
        own_set[0] = own_set[0] or uuid.uuid4().hex
        return act().change_set.hex if act() else own_set[0]

    answers: dict[str, Callable[[], Any]] = {
        "foi_actor": lambda: act().actor if act() else None,
        "foi_change_set": change_set,
        "foi_kind": lambda: act().kind if act() else "system",
        "foi_reason": lambda: act().reason if act() else "",
    }
    for name, answer in answers.items():
        connection.connection.create_function(name, 0, answer)
    connection.execute_wrappers[:] = [w for w in connection.execute_wrappers if w.__name__ != "renew"]
    connection.execute_wrappers.append(renew)


# --- Both ---------------------------------------------------------------------------------------------------


def expected(connection: BaseDatabaseWrapper) -> Definitions:
    """The triggers that should be there, for the tables that are there. None before the history's own table is."""
    with connection.cursor() as cursor:
        names = set(connection.introspection.table_names(cursor))
        tables: dict[str, set[str]] = {}
        for table in names & {HISTORY, *(model._meta.db_table for model in tracked_models())}:
            tables[table] = set()
            if connection.vendor == "sqlite":  # Django's own description stumbles over our check constraints
                cursor.execute("SELECT name FROM pragma_table_info(%s)", [table])
                tables[table] = {name for (name,) in cursor.fetchall()}
    if HISTORY not in tables:
        return {}
    return _postgresql(tables) if connection.vendor == "postgresql" else _sqlite(tables)


def installed(connection: BaseDatabaseWrapper) -> Definitions:
    """The triggers of ours that are there, by what they were made from (on PostgreSQL a digest of it)."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT c.relname, t.tgname, CASE WHEN t.tgenabled = 'O' THEN obj_description(t.oid, 'pg_trigger') END"
                " FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
                " WHERE NOT t.tgisinternal AND starts_with(t.tgname, 'foi_') AND pg_table_is_visible(c.oid)"
            )
        else:
            cursor.execute(
                "SELECT tbl_name, name, sql FROM sqlite_master WHERE type = 'trigger' AND name GLOB 'foi_*'"
            )
        return {(table, name): made_from for table, name, made_from in cursor.fetchall()}


def _mark(connection: BaseDatabaseWrapper, sql: str) -> str:
    """What ``installed`` says of a trigger made from ``sql`` by this release."""
    if connection.vendor == "sqlite":
        return sql
    return hashlib.sha256(repr((sql, FUNCTIONS)).encode()).hexdigest()


def faults(connection: BaseDatabaseWrapper) -> tuple[Definitions, list[tuple[str, str]]]:
    """Triggers to make (missing or outdated), and triggers to drop (outdated or no longer wanted)."""
    wanted, there = expected(connection), installed(connection)
    make = {key: sql for key, sql in wanted.items() if there.get(key) != _mark(connection, sql)}
    return make, [key for key in there if key in make or key not in wanted]


def install(connection: BaseDatabaseWrapper) -> None:
    """Make the triggers what they should be; does nothing when they are."""
    make, drop_first = faults(connection)
    if not make and not drop_first:
        return
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        drop(connection, drop_first)
        if connection.vendor == "postgresql":
            for name, body in FUNCTIONS.items():
                cursor.execute(
                    f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $foi${body}$foi$"
                )
        for (table, name), sql in make.items():
            cursor.execute(sql)
            if connection.vendor == "postgresql":
                cursor.execute(f"COMMENT ON TRIGGER {name} ON \"{table}\" IS '{_mark(connection, sql)}'")


def drop(connection: BaseDatabaseWrapper, keys: Sequence[tuple[str, str]]) -> None:
    with connection.cursor() as cursor:
        for table, name in keys:
            on = f' ON "{table}"' if connection.vendor == "postgresql" else ""
            cursor.execute(f'DROP TRIGGER IF EXISTS "{name}"{on}')


@contextmanager
def suspended(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Work without history, for emptying test databases only."""
    keys = list(installed(connection))

    def switch(how: str) -> None:
        with connection.cursor() as cursor:
            for table in {table for table, _ in keys}:
                cursor.execute(f'ALTER TABLE "{table}" {how} TRIGGER USER')

    try:
        drop(connection, keys) if connection.vendor == "sqlite" else switch("DISABLE")
        yield
    finally:
        install(connection) if connection.vendor == "sqlite" else switch("ENABLE")


def _before_migrate(using: str, **_: Any) -> None:
    if connections[using].vendor == "sqlite":
        drop(connections[using], list(installed(connections[using])))


def _after_migrate(using: str, **_: Any) -> None:
    install(connections[using])


def check(databases: Sequence[str] | None = None, **_: Any) -> list[checks.CheckMessage]:
    """System check foi.W101: a trigger of the history is missing, switched off or outdated.

    A warning, because ``migrate`` runs this check before it repairs the fault.
    """
    return [
        checks.Warning(
            f"Historikken har en fejl: triggeren {name} på tabellen {table} mangler eller er forældet.",
            hint="Kør «manage.py migrate»: den lægger triggerne på plads. "
            "(The history's trigger is missing or outdated; run migrate.)",
            obj=table,
            id="foi.W101",
        )
        for alias in databases or ()
        for table, name in faults(connections[alias])[0]
    ]


def connect() -> None:
    """Connect to Django's signals and checks. Both migrate signals come once per app; the first does the work."""
    connection_created.connect(_teach, dispatch_uid="foi_portal.core.history")
    pre_migrate.connect(_before_migrate, dispatch_uid="foi_portal.core.history")
    post_migrate.connect(_after_migrate, dispatch_uid="foi_portal.core.history")
    checks.register(check, checks.Tags.database)
