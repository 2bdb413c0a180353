from __future__ import annotations

import pytest

from tests.coordination import due


@pytest.fixture
def given(monkeypatch: pytest.MonkeyPatch) -> due.Given:
    """Only the deadlines that the test adds."""
    return due.given(monkeypatch)
