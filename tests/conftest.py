"""What every test needs: a fast password hasher, the services' rules, and a history that can be emptied."""

from __future__ import annotations

import os
import re
import shutil
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from django.db.backends.base.operations import BaseDatabaseOperations

from budgets import kept
from coordination import calendar_memory, deadlines
from foi_portal.core.history import triggers
from registry import landscape
from roles import occupancy

DATABASE = {"db", "transactional_db", "live_server"}
REQUIRE_SERVICES = os.environ.get("FOI_REQUIRE_SERVICES") == "1"


def on_postgresql() -> bool:
    return str(settings.DATABASES["default"]["ENGINE"]).endswith("postgresql")


def pytest_configure(config: pytest.Config) -> None:
    for marker in (
        "postgres: needs PostgreSQL (DATABASE_URL)",
        "redis: needs Redis (REDIS_URL)",
        "browser: drives a real browser",
        "narrow: a journey that is also made at full width; .ci/run makes it once",
        "anywhere: touches neither database nor services; .ci/run runs it once",
    ):
        config.addinivalue_line("markers", marker)
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than there are processors, for tests wait for the browser, the services and other processes."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        needs = {"django_db", "postgres", "redis", "browser"} & {mark.name for mark in item.iter_markers()}
        if item.get_closest_marker("anywhere") and (
            needs or DATABASE & set(getattr(item, "fixturenames", ()))
        ):
            raise pytest.UsageError(f"{item.nodeid} says anywhere but needs a database or a service")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what lacks its service, or fail when FOI_REQUIRE_SERVICES=1 promised it.

    A run on SQLite has promised neither PostgreSQL nor Redis, so there those tests are skipped always.
    """
    promised = REQUIRE_SERVICES and on_postgresql()
    if item.get_closest_marker("postgres") and not on_postgresql():
        pytest.skip("needs PostgreSQL: set DATABASE_URL")
    if item.get_closest_marker("redis") and not settings.REDIS_URL:
        _missing("needs Redis: set REDIS_URL", promised)
    if item.get_closest_marker("browser") and not (
        shutil.which("chromium") or shutil.which("chromium-browser")
    ):
        _missing("needs Chromium on the path", REQUIRE_SERVICES)


def _missing(what: str, promised: bool) -> None:
    if promised:
        pytest.fail(f"{what} (FOI_REQUIRE_SERVICES=1)", pytrace=False)
    pytest.skip(what)


@pytest.fixture(autouse=True)
def _no_landscape_is_remembered() -> None:
    """Emptying the tables begins their numbers again, which never happens to a portal that is running."""
    landscape.forget()
    occupancy.forget()
    kept.forget()
    deadlines.forget()
    calendar_memory.forget()


@pytest.fixture(scope="session", autouse=True)
def _history_can_be_emptied() -> Any:
    """Let Django empty the tables between transactional tests: nothing else may touch the history."""
    flush = BaseDatabaseOperations.execute_sql_flush

    def without_history(self: Any, sql_list: list[str]) -> None:
        with triggers.suspended(self.connection), transaction.atomic():
            flush(self, [sql for one in sql_list for sql in row_by_row(one)])

    def row_by_row(sql: str) -> list[str]:
        """TRUNCATE makes a new file for each of a hundred small tables; deleting their rows is much quicker."""
        names = re.fullmatch(r"TRUNCATE (.+);", sql)
        return [f"DELETE FROM {name};" for name in names[1].split(", ")] if names else [sql]  # noqa: S608

    patch = pytest.MonkeyPatch()
    patch.setattr(BaseDatabaseOperations, "execute_sql_flush", without_history)
    yield
    patch.undo()
