"""Dates that matter: each app says which it knows, and the pages, calendars and reminders ask for all of them.

A deadline is no row. It is read from what it is about, so it is never out of step with it, and gone when the matter is
dealt with. An app adds its own kinds from ``AppConfig.ready``::

    deadlines.register(Source("certificate", "Certifikat udløber", certificate_deadlines))
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Act:
    """Something to do about a deadline: words on a button and where it leads. ``permission`` is what it takes."""

    label: str
    url: str
    permission: str = ""


@dataclass(frozen=True, slots=True)
class Deadline:
    """A day on which something stops or must have been done.

    ``key`` names matter and day ("certificate/7/2027-03-01"): the same as long as it is the same deadline,
    another when its date moves. ``assets`` and ``organisations`` are keys of what it concerns; ``people`` keys of
    the persons it is about themselves (who holds a role that ends). ``cared_for_as`` is "agreement/7" or
    "certificate/7" where somebody can be named to look after it. ``acts``: the first is the one to offer.
    ``decided``: all that was to be done is done; the day is shown, and nobody is reminded of it.
    """

    key: str
    kind: str
    on: datetime.date
    title: str
    subject: str
    url: str
    assets: tuple[int, ...] = ()
    organisations: tuple[int, ...] = ()
    people: tuple[int, ...] = ()
    cared_for_as: str = ""
    acts: tuple[Act, ...] = ()
    note: str = ""
    decided: bool = False

    def days_left(self, on: datetime.date) -> int:
        """Days from ``on``; negative when it has passed."""
        return (self.on - on).days


# In: today and the last day asked about. Out: what is not dealt with and falls no later, however long ago.
Load = Callable[[datetime.date, datetime.date], Iterable[Deadline]]


@dataclass(frozen=True, slots=True)
class Source:
    """A kind of deadline: its key in addresses, its Danish name, and where it comes from.

    ``load(on, last)`` gives what is open on the day ``on`` and falls on the day ``last`` or before; what is overdue is
    among it. In a constant number of queries.
    """

    kind: str
    label: str
    load: Load


_sources: dict[str, Source] = {}


def register(source: Source) -> None:
    """Add a kind. Registering it again replaces it."""
    _sources[source.kind] = source


def sources() -> list[Source]:
    """All kinds, in the order they were registered."""
    return list(_sources.values())


def load(on: datetime.date, last: datetime.date, kinds: Collection[str] | None = None) -> list[Deadline]:
    """What is open on the day ``on`` and falls no later than ``last``, of these kinds (all), the first due first."""
    found = [
        deadline
        for source in _sources.values()
        if kinds is None or source.kind in kinds
        for deadline in source.load(on, last)
    ]
    return sorted(found, key=lambda deadline: (deadline.on, deadline.title, deadline.key))


__all__ = ["Act", "Deadline", "Load", "Source", "load", "register", "sources"]
