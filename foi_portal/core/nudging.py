"""Telling a worker that there is something to do, at no cost to whoever tells it.

What is to be done stands in the database, so a message that is lost only means waiting for the next sweep.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings

log = logging.getLogger(__name__)
_lock = threading.Lock()
_under_way: dict[tuple[str, tuple[str, ...]], bool] = {}  # message → asked for again since it was begun


def nudge(task: Any, *args: str) -> None:
    """Send the task's message from a thread of its own: a broker that refuses or hangs keeps nobody waiting.

    One thread per message: while it is at it, asking again makes it send once more. Never raises.
    """
    key = (str(task.name), args)
    with _lock:
        if key in _under_way:
            _under_way[key] = True
            return
        _under_way[key] = False
    threading.Thread(target=_send, args=(task, key), daemon=True, name=f"nudge {task.name}").start()


@contextmanager
def without_workers() -> Iterator[None]:
    """Have this process do itself what it would else tell a worker to do: for commands that need no Redis."""
    before = settings.CELERY_TASK_ALWAYS_EAGER
    settings.CELERY_TASK_ALWAYS_EAGER = True
    try:
        yield
    finally:
        settings.CELERY_TASK_ALWAYS_EAGER = before


def _send(task: Any, key: tuple[str, tuple[str, ...]]) -> None:
    again = True
    while again:
        try:
            task.delay(*key[1])
        except Exception as error:  # noqa: BLE001, RUF100 - whatever it is, the sweep makes up for it
            log.warning("The broker did not take %s, so the next sweep will: %r", key[0], error)
        with _lock:
            again = _under_way[key]
            if again:
                _under_way[key] = False
            else:
                del _under_way[key]


__all__ = ["nudge", "without_workers"]
