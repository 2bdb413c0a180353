"""What feeds said last (``CalendarEvent``), kept in step with the deadlines whenever a feed is fetched.

Comparing costs one query, and nothing while nothing has changed. Where something has, one at a time reads the deadlines
again and writes the difference: two that fetch at once say the same, and a number is never used for two contents.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from django.db import connection, transaction
from django.utils import timezone

from coordination import calendar_events, deadlines
from coordination.calendar_events import Said
from coordination.deadlines import Board, Item
from coordination.models import CalendarEvent, CalendarLink, ReminderRule
from coordination.recipients import Responsible
from foi_portal.core import jobs
from foi_portal.core.keys import among
from foi_portal.core.mail.composing import absolute
from foi_portal.core.schedules import Every
from foi_portal.ui import formats
from roles.coverage import Seat

CANCELLED_FOR = datetime.timedelta(days=90)
LOCK = 6_031_002  # PostgreSQL's number for «writing the memory of calendars»
BATCH = 500

_said: tuple[Board | None, Mapping[str, Said]] = (None, {})  # of the last board that was asked about
_in_step: Board | None = None  # the board that the memory was last seen to agree with


def bodies(link: CalendarLink, found: Board, now: datetime.datetime) -> list[str]:
    """The events of a link's feed, by day. Two queries while nothing has changed.

    May write, and must not be called in a transaction where others wait for it.
    """
    known = _remembered(found, now)
    since = now - CANCELLED_FOR
    gone = CalendarEvent.objects.filter(cancelled_at__gt=since).values_list(
        "on", "key", "body", "people", "roles"
    )
    told = [(on, key, body) for on, key, body, people, roles in gone if _is_in(link, people, roles)]
    rows = CalendarEvent.objects.filter(cancelled_at=None).order_by()
    if link.person_id is not None or link.role_id is not None:
        mine = [said.key for said in known.values() if _is_in(link, said.people, said.roles)]
        rows = rows.filter(key__in=among(mine))
    told += rows.values_list("on", "key", "body")
    return [body for _, _, body in sorted(told)]


def register() -> None:
    """Have the memory kept in step every quarter of an hour."""
    jobs.register("calendar-memory", Every(900), run, label="Hold kalenderne ajour")


def run(now: datetime.datetime) -> str:
    """Keep the memory in step also while nobody fetches, so that whoever does waits for little. A scheduled job."""
    known = _remembered(deadlines.board(timezone.localdate(now)), now)
    return f"{formats.plain(len(known))} {'frist' if len(known) == 1 else 'frister'} i kalenderne."


def _is_in(link: CalendarLink, people: Iterable[int], roles: Iterable[int]) -> bool:
    if link.person_id is not None:
        return link.person_id in people
    return link.role_id is None or link.role_id in roles


def _remembered(found: Board, now: datetime.datetime) -> Mapping[str, Said]:
    """What there is to say of each matter, once the memory says the same."""
    global _in_step  # noqa: PLW0603 - a process's own note that saves a query
    known = said_of(found)
    if found is _in_step or not _differs(known):
        _in_step = found
        return known
    with transaction.atomic():
        if connection.vendor == "postgresql":  # on SQLite a transaction is alone from its beginning
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])
        known = said_of(deadlines.load(found.on))
        _write(known, now)
    return known


def _differs(known: Mapping[str, Said]) -> bool:
    rows = CalendarEvent.objects.order_by().values_list("key", "digest", "people", "roles", "cancelled_at")
    remembered = {
        key: (digest, tuple(people), tuple(roles))
        for key, digest, people, roles, gone in rows
        if gone is None
    }
    return remembered != {said.key: (said.digest, said.people, said.roles) for said in known.values()}


def _write(known: Mapping[str, Said], now: datetime.datetime) -> None:
    rows = {row.key: row for row in CalendarEvent.objects.defer("body")}
    new, changed, moved = [], [], []
    for key, said in known.items():
        row = rows.get(key)
        if row is None:
            new.append(_told(CalendarEvent(key=key), said, now))
        elif row.cancelled_at is not None or row.digest != said.digest:
            row.sequence += 1
            changed.append(_told(row, said, now))
        elif (row.people, row.roles) != (list(said.people), list(said.roles)):
            row.people, row.roles = list(said.people), list(said.roles)
            moved.append(row)
    for key, row in rows.items():
        if key not in known and row.cancelled_at is None:
            row.sequence += 1
            row.changed_at = row.cancelled_at = now
            row.body = calendar_events.cancelled(key, row.on, row.title, row.sequence, now)
            changed.append(row)
    CalendarEvent.objects.bulk_create(new, batch_size=BATCH)
    fields = ["digest", "sequence", "on", "title", "body", "people", "roles", "changed_at", "cancelled_at"]
    CalendarEvent.objects.bulk_update(changed, fields, batch_size=BATCH)
    CalendarEvent.objects.bulk_update(moved, ["people", "roles"], batch_size=BATCH)


def _told(row: CalendarEvent, said: Said, now: datetime.datetime) -> CalendarEvent:
    row.digest, row.on, row.title = said.digest, said.on, said.summary[:300]
    row.people, row.roles = list(said.people), list(said.roles)
    row.changed_at, row.cancelled_at = now, None
    row.body = calendar_events.body(said, row.sequence, now)
    return row


# --- What there is to say ----------------------------------------------------------------------------------------


def said_of(found: Board) -> Mapping[str, Said]:
    """What feeds say of each matter on the board. One query the first time."""
    global _said  # noqa: PLW0603 - a process's own
    if _said[0] is not found:
        _said = (found, {said.key: said for said in _all(found)})
    return _said[1]


def _all(found: Board) -> Iterator[Said]:
    """Who is responsible is told as it is without absences: a holiday moves nobody's calendar and nobody's dates.

    Whoever is asked meanwhile has it in their feed too.
    """
    recipients = found.recipients
    usual = replace(recipients, roster=replace(recipients.roster, absences={}), _known={})
    steps = alarms()
    seats = _seats(found)
    taken: set[str] = set()
    for item in found.items:
        one = item.deadline
        key = calendar_events.matter(one.key)
        if key in taken:  # a second day of the same matter is an event of its own
            key = one.key
        taken.add(key)
        people = usual.people_for(one)
        in_feeds = {*(who.key for who in people), *(who.key for who in found.people(item)), *one.people}
        yield Said(
            key,
            one.on,
            calendar_events.line(one.title),
            calendar_events.description(item, people),
            calendar_events.line(absolute(one.url)),
            item.kind,
            () if item.rest or one.decided else steps.get(one.kind, ()),
            tuple(sorted(in_feeds)),
            tuple(sorted(_roles(found, item, people, seats))),
        )


def alarms() -> Mapping[str, tuple[int, ...]]:
    """How many days before its day a calendar rings, by kind: when people are reminded."""
    rules = ReminderRule.objects.filter(active=True)
    return {rule.kind: tuple(rule.days) for rule in rules}


def _seats(found: Board) -> Mapping[int, list[Seat]]:
    """The seats each person is in today, as holder or deputy."""
    seats: dict[int, list[Seat]] = defaultdict(list)
    roster = found.recipients.roster
    for seat, posts in roster.posts.items():
        for post in posts:
            if roster.serves(post, found.on):
                seats[post.person].append(seat)
    return seats


def _roles(
    found: Board, item: Item, people: Iterable[Responsible], seats: Mapping[int, list[Seat]]
) -> set[int]:
    """The roles by which those who are responsible have to do with it: the roles they have for its assets, or what
    those are part of; else for its departments; else for the whole municipality."""
    assets = set(_with_parents(found, item.deadline.assets))
    roles: set[int] = set()
    for who in people:
        own = seats.get(who.key, [])
        roles |= (
            {seat.role for seat in own if seat.asset in assets}
            or {seat.role for seat in own if seat.organisation in item.departments}
            or {seat.role for seat in own if seat.scope == (None, None)}
        )
    return roles


def _with_parents(found: Board, assets: Iterable[int]) -> Iterator[int]:
    for key in assets:
        seen: set[int] = set()
        above: int | None = key
        while above is not None and above not in seen:
            seen.add(above)
            yield above
            facts = found.recipients.assets.get(above)
            above = facts.parent if facts else None


def forget() -> None:
    """Empty the process's notes."""
    global _said, _in_step
    _said, _in_step = (None, {}), None


__all__ = ["CANCELLED_FOR", "alarms", "bodies", "forget", "register", "run", "said_of"]
