"""Trigram indexes for the search, on PostgreSQL only.

They are on ``UPPER(column)``, which is what Django's ``icontains`` asks for, so the lists' filters use them
too. SQLite has nothing like them and needs nothing: its landscapes are small.
"""

from django.apps.registry import Apps as StateApps
from django.db import migrations
from django.db.backends.base.schema import BaseDatabaseSchemaEditor

COLUMNS = [
    ("asset_code_trigram", "registry_asset", "code"),
    ("asset_name_trigram", "registry_asset", "name"),
    ("asset_aliases_trigram", "registry_asset", "aliases"),
    ("asset_description_trigram", "registry_asset", "description"),
    ("organisation_code_trigram", "registry_organisation", "code"),
    ("organisation_name_trigram", "registry_organisation", "name"),
    ("dependency_purpose_trigram", "registry_dependency", "purpose"),
]


def create(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        for name, table, column in COLUMNS:
            schema_editor.execute(
                f"CREATE INDEX {name} ON {table} USING gin (UPPER({column}::text) gin_trgm_ops)"
            )


def drop(apps: StateApps, schema_editor: BaseDatabaseSchemaEditor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        for name, _table, _column in COLUMNS:
            schema_editor.execute(f"DROP INDEX {name}")


class Migration(migrations.Migration):
    dependencies = [("registry", "0001_initial"), ("core", "0001_initial")]
    operations = [migrations.RunPython(create, drop, elidable=False)]
