"""Many keys in one statement."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models.expressions import RawSQL


def among(keys: Iterable[int] | Iterable[str]) -> Any:
    """What to give ``pk__in`` (or ``…_id__in``) when there may be tens of thousands of keys.

    SQLite takes at most 32,766 variables in a statement, so there all the keys go as one. PostgreSQL has no limit,
    as the keys stand in the statement itself.
    """
    found: list[int | str] = list(keys)
    if connection.vendor != "sqlite":
        return found
    return RawSQL("SELECT value FROM json_each(%s)", [json.dumps(found)])
