"""All deadlines of a day with what pages, calendars and panels show of them: read once, then chosen from in memory.

A ``Board`` is kept in the process until anything is written anywhere (as landscapes are: decision 0006), so a page
costs a few small queries however many deadlines there are.
"""

from __future__ import annotations

import datetime
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from threading import Lock
from typing import Any, NamedTuple

from django.db import connection

from coordination.models import Acknowledgement
from coordination.recipients import Recipients, Responsible
from foi_portal.core.history.tables import tracked_models
from foi_portal.ui import formats
from registry import deadlines, landscape
from registry.deadlines import Deadline
from registry.landscape import Facts, Owner, collector_resting

FAR = datetime.date(2200, 12, 31)  # the last day that any form takes
NOBODY = "-"  # where an address says that there is none; no code is written so


class Urgency(StrEnum):
    """How soon a deadline is: overdue, or within so many days (and not within the fewer before)."""

    OVERDUE = "overskredet"
    WEEK = "7"
    MONTH = "30"
    QUARTER = "90"
    HALF_YEAR = "180"
    LATER = "senere"


URGENCY_LABELS = {
    Urgency.OVERDUE: "Overskredet",
    Urgency.WEEK: "Inden for 7 dage",
    Urgency.MONTH: "Om 8 til 30 dage",
    Urgency.QUARTER: "Om 31 til 90 dage",
    Urgency.HALF_YEAR: "Om 91 til 180 dage",
    Urgency.LATER: "Senere",
}
RESTING, RESTING_LABEL = "hviler", "Taget til efterretning"
_LIMITS = ((7, Urgency.WEEK), (30, Urgency.MONTH), (90, Urgency.QUARTER), (180, Urgency.HALF_YEAR))


def urgency(days_left: int) -> Urgency:
    """Of a deadline so many days ahead; today is within the week."""
    if days_left < 0:
        return Urgency.OVERDUE
    return next((name for limit, name in _LIMITS if days_left <= limit), Urgency.LATER)


class Rest(NamedTuple):
    """That a deadline is taken note of: until when, why, by whom."""

    key: int
    until: datetime.date
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class Item:
    """A deadline as it stands on the board's day. ``assets`` are those not archived, ``departments`` keys."""

    deadline: Deadline
    days_left: int
    urgency: Urgency
    kind: str
    assets: tuple[Facts, ...]
    departments: tuple[int, ...]
    rest: Rest | None

    @property
    def group(self) -> str:
        """The heading it stands under: what rests is by itself."""
        return RESTING if self.rest else self.urgency

    @property
    def left(self) -> str:
        """om 12 dage, i dag, for 3 dage siden"""
        day = self.deadline.on
        return formats.until(day, day - datetime.timedelta(days=self.days_left))


@dataclass(frozen=True)
class Board:
    """The deadlines of the day ``on``, the first due first. Shared by requests: never write on it."""

    on: datetime.date
    items: Sequence[Item]
    kinds: Mapping[str, str]
    organisations: Mapping[int, Owner]
    recipients: Recipients
    _told: dict[str, list[Responsible]] = field(default_factory=dict, repr=False)

    @cached_property
    def by_key(self) -> Mapping[str, Item]:
        return {item.deadline.key: item for item in self.items}

    def people(self, item: Item) -> list[Responsible]:
        """Who is responsible today; empty: FOI's mailbox."""
        key = item.deadline.key
        if key not in self._told:
            self._told[key] = self.recipients.people_for(item.deadline)
        return self._told[key]

    def concerns(self, item: Item, person: int) -> bool:
        """Whether the deadline is the person's: theirs to see to, or about themselves."""
        return person in item.deadline.people or any(one.key == person for one in self.people(item))

    def of_person(self, person: int) -> list[Item]:
        return [item for item in self.items if self.concerns(item, person)]

    def of_assets(self, keys: Iterable[int]) -> list[Item]:
        wanted = set(keys)
        return [item for item in self.items if not wanted.isdisjoint(item.deadline.assets)]


_kept: dict[tuple[Any, ...], Board] = {}
_lock = Lock()


def board(on: datetime.date) -> Board:
    """The board of a day. One query while nothing has been written, else as many as the sources have.

    Inside a transaction nothing is kept or taken from memory, as with landscapes.
    """
    if connection.in_atomic_block:
        return load(on)
    key = (connection.settings_dict["NAME"], on, landscape.version(tracked_models()))
    with _lock:
        found = _kept.get(key)
    if found is None:
        found = load(on)
        with _lock:
            _kept.clear()  # what was written since makes every other one old
            _kept[key] = found
    return found


def forget() -> None:
    """Empty the process's memory of boards."""
    with _lock:
        _kept.clear()


def load(on: datetime.date) -> Board:
    """The board, read from the tables."""
    with collector_resting():
        land = landscape.at()
        rests = {
            key: Rest(pk, until, reason, f"{first} {last}".strip() or username)
            for pk, key, until, reason, first, last, username in Acknowledgement.objects.ongoing(on)
            .order_by()
            .values_list("pk", "key", "until", "reason", "by__first_name", "by__last_name", "by__username")
        }
        kinds = {source.kind: source.label for source in deadlines.sources()}
        items = [_item(one, on, kinds, land.assets, rests) for one in deadlines.load(on, FAR)]
        return Board(on, items, kinds, land.organisations, Recipients.load(on))


def _item(
    one: Deadline,
    on: datetime.date,
    kinds: Mapping[str, str],
    assets: Mapping[int, Facts],
    rests: Mapping[str, Rest],
) -> Item:
    known = tuple(assets[key] for key in one.assets if key in assets)
    owners = dict.fromkeys([*one.organisations, *(f.department for f in known if f.department is not None)])
    days = one.days_left(on)
    return Item(
        one, days, urgency(days), kinds.get(one.kind, one.kind), known, tuple(owners), rests.get(one.key)
    )


@dataclass(frozen=True)
class Wanted:
    """What a list is narrowed to; what is empty narrows nothing. Keys, except ``month`` (2027-03) and ``department``,
    which is a key or ``NOBODY``. ``resting``: True only what is taken note of, False only what is not."""

    urgency: str = ""
    kind: str = ""
    person: int | None = None
    department: int | str | None = None
    asset: int | None = None
    resting: bool | None = None
    month: str = ""


def chosen(found: Board, wanted: Wanted) -> list[Item]:
    """The items that fit, what rests last and else the first due first."""
    tests: list[Callable[[Item], bool]] = []
    if wanted.kind:
        tests.append(lambda item: item.deadline.kind == wanted.kind)
    if wanted.urgency:
        tests.append(lambda item: item.urgency == wanted.urgency)
    if wanted.resting is not None:
        tests.append(lambda item: (item.rest is not None) == wanted.resting)
    if wanted.month:
        tests.append(lambda item: f"{item.deadline.on:%Y-%m}" == wanted.month and item.days_left >= 0)
    if wanted.department == NOBODY:
        tests.append(lambda item: not item.departments)
    elif wanted.department is not None:
        tests.append(lambda item: wanted.department in item.departments)
    if wanted.asset is not None:
        tests.append(lambda item: wanted.asset in item.deadline.assets)
    if wanted.person is not None:
        person = wanted.person
        tests.append(lambda item: found.concerns(item, person))
    items = [item for item in found.items if all(test(item) for test in tests)]
    items.sort(key=lambda item: item.rest is not None)  # stable: by day within both
    return items


def tally(items: Iterable[Item]) -> Counter[str]:
    """How many under each heading."""
    return Counter(item.group for item in items)


__all__ = [
    "FAR",
    "NOBODY",
    "RESTING",
    "RESTING_LABEL",
    "URGENCY_LABELS",
    "Board",
    "Item",
    "Rest",
    "Urgency",
    "Wanted",
    "board",
    "chosen",
    "forget",
    "load",
    "tally",
    "urgency",
]
