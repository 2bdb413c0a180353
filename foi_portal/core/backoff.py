"""How long to wait before trying again. Pure, with the randomness passed in."""

from __future__ import annotations

import datetime
import random

FIRST = datetime.timedelta(seconds=30)
MOST = datetime.timedelta(minutes=30)
JITTER = 0.2  # a fifth to either side, so that what failed together is not tried again together


def delay(failures: int, rng: random.Random) -> datetime.timedelta:
    """The wait after so many failures in a row (at least 1): half a minute, doubled each time, at most half an hour."""
    doubled = FIRST * 2.0 ** min(max(failures, 1) - 1, 10)
    return min(doubled, MOST) * rng.uniform(1 - JITTER, 1 + JITTER)


__all__ = ["FIRST", "JITTER", "MOST", "delay"]
