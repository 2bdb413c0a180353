"""When something is done next. Pure: moments in, moments out; days and times of day are Danish.

A time of day between 02:00 and 03:00 is refused: once a year it does not exist, and once it comes twice.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Protocol
from zoneinfo import ZoneInfo

COPENHAGEN = ZoneInfo("Europe/Copenhagen")
WEEKDAYS = ("mandag", "tirsdag", "onsdag", "torsdag", "fredag", "lørdag", "søndag")
CLOCK_CHANGE = 2  # the hour in which the clock is changed, in March and in October
_EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


class Schedule(Protocol):
    """Says when the next run is after ``moment`` (aware; the answer is in UTC); ``str`` says it in Danish."""

    def next_after(self, moment: datetime.datetime) -> datetime.datetime: ...


@dataclass(frozen=True)
class Every:
    """Again and again, on whole multiples of ``seconds`` since 1970: two schedulers agree on when."""

    seconds: int

    def next_after(self, moment: datetime.datetime) -> datetime.datetime:
        period = datetime.timedelta(seconds=self.seconds)
        return _EPOCH + ((moment - _EPOCH) // period + 1) * period

    def __str__(self) -> str:
        if self.seconds % 60:
            return f"Hvert {self.seconds}. sekund"
        minutes = self.seconds // 60
        return "Hvert minut" if minutes == 1 else f"Hvert {minutes}. minut"


@dataclass(frozen=True)
class Daily:
    """Every day at a Danish time of day."""

    at: datetime.time

    def __post_init__(self) -> None:
        _refuse_the_changing_hour(self.at)

    def next_after(self, moment: datetime.datetime) -> datetime.datetime:
        return _next(self.at, moment, None)

    def __str__(self) -> str:
        return f"Hver dag kl. {_clock(self.at)}"


@dataclass(frozen=True)
class Weekly:
    """Every week on a weekday (0 is Monday) at a Danish time of day."""

    weekday: int
    at: datetime.time

    def __post_init__(self) -> None:
        _refuse_the_changing_hour(self.at)
        if self.weekday not in range(7):
            raise ValueError(f"there is no weekday {self.weekday}")

    def next_after(self, moment: datetime.datetime) -> datetime.datetime:
        return _next(self.at, moment, self.weekday)

    def __str__(self) -> str:
        return f"Hver {WEEKDAYS[self.weekday]} kl. {_clock(self.at)}"


def _next(at: datetime.time, moment: datetime.datetime, weekday: int | None) -> datetime.datetime:
    """The first such time after ``moment``, found day by day so that no clock change moves the time of day."""
    day = moment.astimezone(COPENHAGEN).date()
    while True:
        found = datetime.datetime.combine(day, at, COPENHAGEN).astimezone(datetime.UTC)
        if found > moment and weekday in (None, day.weekday()):
            return found
        day += datetime.timedelta(days=1)


def _refuse_the_changing_hour(at: datetime.time) -> None:
    if at.hour == CLOCK_CHANGE:
        raise ValueError("between 02:00 and 03:00 the clock is changed: choose another time of day")


def _clock(at: datetime.time) -> str:
    return f"{at.hour}.{at.minute:02}"


__all__ = ["COPENHAGEN", "WEEKDAYS", "Daily", "Every", "Schedule", "Weekly"]
