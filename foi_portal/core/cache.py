"""A Redis cache whose absence is a miss, never an error."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from django.core.cache.backends.redis import RedisCache
from redis.exceptions import RedisError

logger = logging.getLogger(__name__)
QUIET_SECONDS = 60
_last_warning = float("-inf")
T = TypeVar("T")


def _forgive(otherwise: T, call: Callable[[], T]) -> T:
    """The call's answer, or ``otherwise`` when Redis cannot be reached; logged once a minute at most."""
    global _last_warning  # noqa: PLW0603 - one process, one log
    try:
        return call()
    except (RedisError, OSError) as error:
        if time.monotonic() - _last_warning > QUIET_SECONDS:
            _last_warning = time.monotonic()
            logger.warning("Redis cannot be reached, so the cache is off: %s", error)
        return otherwise


class ForgivingRedisCache(RedisCache):
    """Django's Redis cache, except that reads miss and writes are forgotten while Redis is away."""

    def add(self, key: Any, *args: Any, **kwargs: Any) -> bool:
        return _forgive(False, lambda: super(ForgivingRedisCache, self).add(key, *args, **kwargs))

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        return _forgive(default, lambda: super(ForgivingRedisCache, self).get(key, default, version))

    def set(self, key: Any, *args: Any, **kwargs: Any) -> None:
        _forgive(None, lambda: super(ForgivingRedisCache, self).set(key, *args, **kwargs))

    def touch(self, key: Any, *args: Any, **kwargs: Any) -> bool:
        return _forgive(False, lambda: super(ForgivingRedisCache, self).touch(key, *args, **kwargs))

    def delete(self, key: Any, version: int | None = None) -> bool:
        return _forgive(False, lambda: super(ForgivingRedisCache, self).delete(key, version))

    def get_many(self, keys: Iterable[Any], version: int | None = None) -> dict[Any, Any]:
        return _forgive({}, lambda: super(ForgivingRedisCache, self).get_many(keys, version))

    def has_key(self, key: Any, version: int | None = None) -> bool:
        return _forgive(False, lambda: super(ForgivingRedisCache, self).has_key(key, version))

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        return _forgive(delta, lambda: super(ForgivingRedisCache, self).incr(key, delta, version))

    def set_many(self, data: Any, *args: Any, **kwargs: Any) -> list[Any]:
        return _forgive(list(data), lambda: super(ForgivingRedisCache, self).set_many(data, *args, **kwargs))

    def delete_many(self, keys: Iterable[Any], version: int | None = None) -> None:
        _forgive(None, lambda: super(ForgivingRedisCache, self).delete_many(keys, version))

    def clear(self) -> None:
        _forgive(None, lambda: super(ForgivingRedisCache, self).clear())
