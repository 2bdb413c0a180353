"""How long ago something was, the way people say it."""

from __future__ import annotations

import datetime

from foi_portal.ui import formats

UNITS = ((3600, "time", "timer"), (60, "minut", "minutter"), (1, "sekund", "sekunder"))
DAY = datetime.timedelta(days=1)


def span(length: datetime.timedelta) -> str:
    """8 sekunder, 1 minut, 3 timer, 2 dage: in the largest unit that fits."""
    if length >= DAY:
        return "1 dag" if length.days == 1 else f"{length.days} dage"
    seconds = int(length.total_seconds())
    for size, one, many in UNITS:
        if seconds >= size:
            count = seconds // size
            return f"{count} {one if count == 1 else many}"
    return "0 sekunder"


def ago(moment: datetime.datetime, now: datetime.datetime) -> str:
    """for 8 sekunder siden; from a day on the moment itself."""
    length = now - moment
    if length >= DAY:
        return formats.moment(moment)
    return f"for {span(length)} siden" if length >= datetime.timedelta(seconds=1) else "lige nu"


def ahead(moment: datetime.datetime, now: datetime.datetime) -> str:
    """om 8 sekunder, and what should have been is nu; from an hour on the moment itself."""
    length = moment - now
    if length >= datetime.timedelta(hours=1):
        return formats.moment(moment)
    return f"om {span(length)}" if length >= datetime.timedelta(seconds=1) else "nu"


def took(length: datetime.timedelta) -> str:
    """0,4 s, 12 s, 3 minutter"""
    seconds = length.total_seconds()
    if seconds >= 60:
        return span(length)
    return f"{seconds:.1f} s".replace(".", ",") if seconds < 10 else f"{seconds:.0f} s"


__all__ = ["ago", "ahead", "span", "took"]
