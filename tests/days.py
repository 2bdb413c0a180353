"""A history that is several days old, for tests: the triggers know only the present moment."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from django.db import connection
from django.utils import timezone

from foi_portal.core.history import triggers
from foi_portal.core.models import Change


def day(text: str) -> datetime.date:
    """2026-10-01"""
    return datetime.date.fromisoformat(text)


@contextmanager
def written(on: datetime.date | str, hour: int = 12) -> Iterator[None]:
    """What is written inside is in the history as written on that day, in Danish time. Days must come in order."""
    date = day(on) if isinstance(on, str) else on
    moment = timezone.make_aware(datetime.datetime.combine(date, datetime.time(hour)))
    last = last_change()
    yield
    with _unlocked():
        Change.objects.filter(pk__gt=last).update(at=moment)


def spread(marks: Mapping[int, datetime.date]) -> None:
    """What was written after the change with each key, and before the next of them, is written on that day.

    Faster than ``written`` for many days. ``last_change`` gives the keys.
    """
    ends = [*sorted(marks)[1:], 2**62]
    with _unlocked():
        for (first, date), end in zip(sorted(marks.items()), ends, strict=True):
            moment = timezone.make_aware(datetime.datetime.combine(date, datetime.time(12)))
            Change.objects.filter(pk__gt=first, pk__lte=end).update(at=moment)


def last_change() -> int:
    """The key of the newest change there is; 0 for an empty history."""
    return Change.objects.order_by("-pk").values_list("pk", flat=True).first() or 0


def moved(on: datetime.date | str) -> None:
    """All that is in the history is now written on that day."""
    date = day(on) if isinstance(on, str) else on
    with _unlocked():
        Change.objects.update(at=timezone.make_aware(datetime.datetime.combine(date, datetime.time(12))))


@contextmanager
def _unlocked() -> Iterator[None]:
    """The history without the trigger that refuses to change it. Only its own table is touched."""
    table = triggers.HISTORY
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f'ALTER TABLE "{table}" DISABLE TRIGGER foi_refuse')
            yield
            cursor.execute(f'ALTER TABLE "{table}" ENABLE TRIGGER foi_refuse')
        else:
            triggers.drop(connection, [(table, "foi_refuse_update")])
            yield
            triggers.install(connection)
