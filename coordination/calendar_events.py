"""A deadline as a VEVENT (RFC 5545), the way Outlook and Thunderbird take it from a calendar that is subscribed to.

Pure but for the portal's own address. All-day events by ``VALUE=DATE`` have no time zone: they are Danish days
wherever they are read, on the days when the clock is changed too. Outlook hides what is FREE from nobody and blocks
nobody's time; it shows a cancelled event as any other, so that is said in the title too.
"""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings
from icalendar import Calendar, vDuration
from icalendar.parser import Contentline

from coordination.deadlines import Item
from coordination.recipients import Responsible
from foi_portal.core.mail.composing import absolute
from foi_portal.ui import formats

PRODID = "-//Odense Kommune//FOI-portalen//DA"
REFRESH = datetime.timedelta(hours=6)
AT_NINE = datetime.timedelta(hours=9)  # when an alarm rings
WIDTH = 75  # octets of a line, at most
NAMED = 10  # assets and people that are named
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Said:
    """What a feed says of a deadline, and in whose feeds. ``alarms`` are days before."""

    key: str
    on: datetime.date
    summary: str
    description: str
    url: str
    category: str
    alarms: tuple[int, ...]
    people: tuple[int, ...]
    roles: tuple[int, ...]

    @property
    def digest(self) -> str:
        """The same as long as nobody who reads the calendar would see a difference."""
        told = (self.on, self.summary, self.description, self.url, self.category, self.alarms)
        return hashlib.sha256(repr(told).encode()).hexdigest()


def matter(key: str) -> str:
    """What the deadline of that key is about, whatever the day."""
    return key.rpartition("/")[0] or key


def uid(key: str) -> str:
    """The event's identity for ever, and nobody else's: the matter at this portal's address."""
    return f"{key.replace('/', '-')}@{urlsplit(settings.SITE_URL).hostname or 'localhost'}"


def line(text: str) -> str:
    """One line without control characters."""
    return " ".join(CONTROL.sub("", text).split())


def paragraphs(texts: Sequence[str]) -> str:
    """Each that is not empty, with its own line breaks, without control characters."""
    plain = (CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip() for text in texts)
    return "\n".join(text for text in plain if text)


def description(item: Item, people: Sequence[Responsible]) -> str:
    """What a reader needs to know before the page is opened; says nothing that changes by the day alone."""
    one, rest = item.deadline, item.rest
    assets = _some([facts.name for facts in item.assets])
    told = _some([who.name for who in people]) or f"FOI-enheden {settings.FOI_EMAIL}".strip()
    return paragraphs(
        [
            one.note,
            f"Gælder: {assets}" if assets else "",
            f"Ansvarlig: {told}",
            f"Taget til efterretning til {formats.date(rest.until)}: {rest.reason}" if rest else "",
            absolute(one.url),
        ]
    )


def _some(names: Sequence[str]) -> str:
    more = len(names) - NAMED
    return ", ".join(line(name) for name in names[:NAMED]) + (f" og {more} andre" if more > 0 else "")


def body(said: Said, sequence: int, changed_at: datetime.datetime) -> str:
    """The event as text, its lines folded."""
    return _written(
        [
            *_lines(said.key, said.on, said.summary, sequence, changed_at),
            "STATUS:CONFIRMED",
            f"DESCRIPTION:{_text(said.description)}",
            f"URL:{said.url}",
            f"CATEGORIES:{_text(said.category)}",
            *(part for days in said.alarms for part in _alarm(days, said.summary)),
        ]
    )


def cancelled(key: str, on: datetime.date, title: str, sequence: int, changed_at: datetime.datetime) -> str:
    """The event that says that the matter is dealt with, or no longer there."""
    return _written([*_lines(key, on, f"Afsluttet: {title}", sequence, changed_at), "STATUS:CANCELLED"])


def _lines(
    key: str, on: datetime.date, title: str, sequence: int, changed_at: datetime.datetime
) -> Iterator[str]:
    moment = f"{changed_at.astimezone(datetime.UTC):%Y%m%dT%H%M%SZ}"
    yield f"UID:{_text(uid(key))}"
    yield f"DTSTAMP:{moment}"
    yield f"LAST-MODIFIED:{moment}"
    yield f"SEQUENCE:{sequence}"
    yield f"DTSTART;VALUE=DATE:{on:%Y%m%d}"
    yield f"DTEND;VALUE=DATE:{on + datetime.timedelta(days=1):%Y%m%d}"
    yield f"SUMMARY:{_text(title)}"
    yield "TRANSP:TRANSPARENT"
    yield "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE"
    yield "X-MICROSOFT-CDO-BUSYSTATUS:FREE"


def _alarm(days: int, title: str) -> Iterator[str]:
    trigger = vDuration(AT_NINE - datetime.timedelta(days=days)).to_ical().decode()  # type: ignore[no-untyped-call]
    yield "BEGIN:VALARM"
    yield "ACTION:DISPLAY"
    yield f"DESCRIPTION:{_text(title)}"
    yield f"TRIGGER:{trigger}"
    yield "END:VALARM"


def _text(value: str) -> str:
    """A text as it stands in a property. icalendar's own makes a line break of a backslash before an N."""
    for sign in ("\\", ";", ","):
        value = value.replace(sign, f"\\{sign}")
    return value.replace("\n", "\\n")


def _written(lines: Iterable[str]) -> str:
    """Folded by icalendar, which counts in octets and never in the middle of a letter. Building its components for
    ten thousand events takes ten times as long."""
    folded = (line if len(line.encode()) < WIDTH else _folded(line) for line in lines)
    return "".join(f"{line}\r\n" for line in ("BEGIN:VEVENT", *folded, "END:VEVENT"))


def _folded(line: str) -> str:
    return str(Contentline(line).to_ical().decode())  # type: ignore[no-untyped-call]


def calendar(name: str, bodies: Sequence[str]) -> bytes:
    """The whole file: the events as they were made, in a calendar with a name that programs show."""
    whole = Calendar()
    whole.add("prodid", PRODID)
    whole.add("version", "2.0")
    whole.add("calscale", "GREGORIAN")
    whole.add("method", "PUBLISH")
    whole.add("x-wr-calname", line(name))
    whole.add("name", line(name))
    whole.add("x-wr-timezone", settings.TIME_ZONE)
    whole.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    whole.add("x-published-ttl", vDuration(REFRESH))
    head, end, _ = whole.to_ical().decode().rpartition("END:VCALENDAR")
    return f"{head}{''.join(bodies)}{end}\r\n".encode()


__all__ = ["Said", "body", "calendar", "cancelled", "description", "line", "matter", "uid"]
