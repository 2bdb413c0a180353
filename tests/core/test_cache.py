"""A cache that is away is a miss, and says so quietly."""

from __future__ import annotations

import socket
import time

import pytest
from django.conf import settings

from foi_portal.core import cache as module
from foi_portal.core.cache import ForgivingRedisCache


@pytest.fixture
def away(monkeypatch) -> ForgivingRedisCache:
    """A cache on a port where nothing listens."""
    monkeypatch.setattr(module, "_last_warning", float("-inf"))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return ForgivingRedisCache(f"redis://127.0.0.1:{port}/0", {"OPTIONS": {"socket_connect_timeout": 1}})


def test_a_cache_that_is_away_is_a_miss(away, caplog):
    away.set("a", 1)
    away.set_many({"a": 1})
    away.delete("a")
    away.delete_many(["a"])
    away.clear()
    assert away.get("a") is None
    assert away.get("a", "ellers") == "ellers"
    assert away.get_many(["a"]) == {}
    assert away.get_or_set("a", lambda: 7) == 7
    assert away.add("a", 1) is False
    assert away.touch("a") is False
    assert "a" not in away
    assert away.incr("a") == 1
    assert [r.getMessage()[:23] for r in caplog.records] == ["Redis cannot be reached"]


def test_a_frozen_redis_is_a_miss_too():
    with socket.socket() as frozen:
        frozen.bind(("127.0.0.1", 0))
        frozen.listen()
        port = frozen.getsockname()[1]
        options = {"socket_connect_timeout": 0.2, "socket_timeout": 0.2}
        start = time.monotonic()
        assert ForgivingRedisCache(f"redis://127.0.0.1:{port}/0", {"OPTIONS": options}).get("a") is None
        assert time.monotonic() - start < 5


@pytest.mark.redis
def test_a_cache_that_is_there_remembers():
    there = ForgivingRedisCache(settings.REDIS_URL, {"KEY_PREFIX": "test-history"})
    there.set("a", {"æ": 1}, 10)
    assert there.get("a") == {"æ": 1}
    assert there.add("a", 2) is False
    assert there.incr("n", 2) == 2 if there.add("n", 0, 10) else True
    there.delete_many(["a", "n"])
    assert there.get("a") is None


def test_a_mistake_of_ours_is_not_forgiven(away):
    with pytest.raises(TypeError):
        away.set()
