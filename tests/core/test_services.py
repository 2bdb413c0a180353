"""The rules of tests/conftest.py for tests whose service is missing."""

from __future__ import annotations

from typing import Any

import pytest

from tests import conftest


class Item:
    """A collected test with one marker."""

    def __init__(self, marker: str) -> None:
        self.marker = marker

    def get_closest_marker(self, name: str) -> str | None:
        return name if name == self.marker else None


@pytest.mark.parametrize(
    ("marker", "postgresql", "required", "outcome"),
    [
        ("postgres", False, False, pytest.skip.Exception),
        ("postgres", False, True, pytest.skip.Exception),  # a run on SQLite promises no PostgreSQL
        ("redis", False, True, pytest.skip.Exception),
        ("redis", True, False, pytest.skip.Exception),
        ("redis", True, True, pytest.fail.Exception),
        ("browser", False, False, pytest.skip.Exception),
        ("browser", False, True, pytest.fail.Exception),
        ("postgres", True, True, None),
        ("none", False, True, None),
    ],
)
def test_a_missing_service_skips_or_fails(monkeypatch, settings, *, marker, postgresql, required, outcome):
    settings.REDIS_URL = ""
    monkeypatch.setattr(conftest, "on_postgresql", lambda: postgresql)
    monkeypatch.setattr(conftest, "REQUIRE_SERVICES", required)
    monkeypatch.setattr("shutil.which", lambda name: None)
    item: Any = Item(marker)
    if outcome is None:
        conftest.pytest_runtest_setup(item)
        return
    with pytest.raises(outcome):
        conftest.pytest_runtest_setup(item)
