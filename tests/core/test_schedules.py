"""When things are done next: Danish days and times of day, also when the clock is changed. And how long to wait."""

from __future__ import annotations

import datetime
import random
from datetime import UTC, time, timedelta

import pytest

from foi_portal.core import backoff
from foi_portal.core.schedules import COPENHAGEN, Daily, Every, Weekly

pytestmark = pytest.mark.anywhere

SEVEN = Daily(time(7, 0))


def danish(text: str) -> datetime.datetime:
    """A Danish wall clock time as a moment."""
    return datetime.datetime.fromisoformat(text).replace(tzinfo=COPENHAGEN).astimezone(UTC)


def shown(moment: datetime.datetime) -> str:
    return f"{moment.astimezone(COPENHAGEN):%Y-%m-%d %H:%M}"


class TestDaily:
    def test_it_is_today_when_the_time_is_still_to_come_and_else_tomorrow(self):
        assert shown(SEVEN.next_after(danish("2026-11-23 06:59"))) == "2026-11-23 07:00"
        assert shown(SEVEN.next_after(danish("2026-11-23 07:00"))) == "2026-11-24 07:00"
        assert shown(SEVEN.next_after(danish("2026-11-23 07:01"))) == "2026-11-24 07:00"

    @pytest.mark.parametrize(
        ("day", "hours"), [("2026-03-28", 23), ("2026-10-24", 25), ("2026-06-01", 24), ("2026-12-31", 24)]
    )
    def test_the_time_of_day_stays_when_the_clock_is_changed(self, day, hours):
        first = danish(f"{day} 07:00")
        again = SEVEN.next_after(first)
        assert again - first == timedelta(hours=hours)
        assert shown(again).endswith("07:00")

    def test_one_run_a_day_through_a_whole_leap_year(self):
        moment, end = danish("2027-12-31 07:00"), danish("2028-12-31 07:00")
        days = []
        while moment < end:
            moment = SEVEN.next_after(moment)
            days.append(shown(moment))
        assert len(days) == len(set(days)) == 366
        assert "2028-02-29 07:00" in days
        assert all(day.endswith("07:00") for day in days)

    def test_asked_around_midnight_it_goes_by_the_danish_day(self):
        """23:30 UTC in summer is half past one the next day in Denmark."""
        assert (
            shown(SEVEN.next_after(datetime.datetime(2026, 6, 1, 23, 30, tzinfo=UTC))) == "2026-06-02 07:00"
        )

    @pytest.mark.parametrize("at", [time(2, 0), time(2, 59)])
    def test_the_hour_that_is_skipped_and_doubled_is_refused(self, at):
        with pytest.raises(ValueError, match="clock is changed"):
            Daily(at)
        with pytest.raises(ValueError, match="clock is changed"):
            Weekly(0, at)

    def test_three_o_clock_is_there_every_day(self):
        for day in ("2026-03-28", "2026-10-24"):
            again = Daily(time(3, 0)).next_after(danish(f"{day} 12:00"))
            assert shown(again).endswith("03:00")
            assert again > danish(f"{day} 12:00")

    def test_in_words(self):
        assert str(SEVEN) == "Hver dag kl. 7.00"


class TestWeekly:
    MONDAY = Weekly(0, time(7, 30))

    def test_it_is_the_next_such_weekday(self):
        assert shown(self.MONDAY.next_after(danish("2026-11-22 23:59"))) == "2026-11-23 07:30"
        assert shown(self.MONDAY.next_after(danish("2026-11-23 07:30"))) == "2026-11-30 07:30"

    def test_the_weeks_in_which_the_clock_is_changed_are_an_hour_off(self):
        assert self.MONDAY.next_after(danish("2026-03-23 07:30")) - danish("2026-03-23 07:30") == timedelta(
            days=7, hours=-1
        )
        assert self.MONDAY.next_after(danish("2026-10-19 07:30")) - danish("2026-10-19 07:30") == timedelta(
            days=7, hours=1
        )

    def test_an_eighth_day_is_refused(self):
        with pytest.raises(ValueError, match="no weekday 7"):
            Weekly(7, time(7, 0))

    def test_in_words(self):
        assert str(self.MONDAY) == "Hver mandag kl. 7.30"


class TestEvery:
    def test_two_schedulers_agree_on_when(self):
        for second in (0, 1, 14):
            moment = datetime.datetime(2026, 11, 23, 7, 0, second, 5, tzinfo=UTC)
            assert Every(15).next_after(moment) == datetime.datetime(2026, 11, 23, 7, 0, 15, tzinfo=UTC)

    def test_the_hour_that_comes_twice_is_gone_through_twice(self):
        """Half past two, Danish summer time and then winter time: the seconds go on."""
        moment, seen = datetime.datetime(2026, 10, 25, 0, 0, tzinfo=UTC), []
        for _ in range(8):
            moment = Every(1800).next_after(moment)
            seen.append(f"{moment.astimezone(COPENHAGEN):%H:%M}")
        assert seen == ["02:30", "02:00", "02:30", "03:00", "03:30", "04:00", "04:30", "05:00"]

    def test_in_words(self):
        assert [str(Every(n)) for n in (15, 60, 300)] == ["Hvert 15. sekund", "Hvert minut", "Hvert 5. minut"]


class TestBackoff:
    def test_the_wait_doubles_up_to_half_an_hour(self):
        class Middle(random.Random):
            def uniform(self, a: float, b: float) -> float:
                return (a + b) / 2

        waits = [backoff.delay(n, Middle()).total_seconds() for n in (1, 2, 3, 6, 7, 50, 10_000)]
        assert waits == [30, 60, 120, 960, 1800, 1800, 1800]

    def test_what_failed_together_is_spread_by_a_fifth(self):
        rng = random.Random(1)
        waits = [backoff.delay(2, rng).total_seconds() for _ in range(200)]
        assert 48 <= min(waits) < 52
        assert 68 < max(waits) <= 72
