"""One event: what every program needs, what Outlook adds, and that nothing in a text breaks the file."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from icalendar import Calendar

from coordination import calendar_events
from coordination.calendar_events import Said

pytestmark = pytest.mark.anywhere

NOW = datetime.datetime(2026, 12, 1, 9, 30, 15, 999, tzinfo=datetime.UTC)


def said(**values: Any) -> Said:
    defaults: dict[str, Any] = {
        "key": "certificate/7",
        "on": datetime.date(2027, 3, 1),
        "summary": "OCES3 til Ydelser udløber",
        "description": "Ansvarlig: Åse Ørsted",
        "url": "https://foi.example.org/certifikater/7/",
        "category": "Certifikat udløber",
        "alarms": (),
        "people": (),
        "roles": (),
    }
    return Said(**defaults | values)


def file(one: Said, sequence: int = 0) -> bytes:
    return calendar_events.calendar("FOI", [calendar_events.body(one, sequence, NOW)])


def event(one: Said, sequence: int = 0) -> Any:
    (found,) = Calendar.from_ical(file(one, sequence)).walk("VEVENT")
    return found


def test_the_calendar_says_who_made_it_and_how_often_it_is_worth_fetching():
    text = file(said()).decode()
    assert text.startswith("BEGIN:VCALENDAR\r\n")
    assert text.endswith("END:VEVENT\r\nEND:VCALENDAR\r\n")
    for line in (
        "PRODID:-//Odense Kommune//FOI-portalen//DA",
        "VERSION:2.0",
        "METHOD:PUBLISH",
        "X-WR-CALNAME:FOI",
        "NAME:FOI",
        "X-WR-TIMEZONE:Europe/Copenhagen",
        "REFRESH-INTERVAL;VALUE=DURATION:PT6H",
        "X-PUBLISHED-TTL:PT6H",
    ):
        assert f"{line}\r\n" in text
    assert text.index("METHOD") < text.index("BEGIN:VEVENT")


def test_a_whole_day_that_takes_nobodys_time():
    text = file(said(), 3).decode()
    for line in (
        "UID:certificate-7@localhost",
        "DTSTAMP:20261201T093015Z",
        "LAST-MODIFIED:20261201T093015Z",
        "SEQUENCE:3",
        "DTSTART;VALUE=DATE:20270301",
        "DTEND;VALUE=DATE:20270302",
        "TRANSP:TRANSPARENT",
        "STATUS:CONFIRMED",
        "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE",
        "X-MICROSOFT-CDO-BUSYSTATUS:FREE",
        "CATEGORIES:Certifikat udløber",
        "URL:https://foi.example.org/certifikater/7/",
    ):
        assert f"{line}\r\n" in text, line


@pytest.mark.parametrize(
    ("on", "end"),
    [
        ("2028-02-28", "20280229"),
        ("2028-02-29", "20280301"),
        ("2027-03-28", "20270329"),  # the clock goes forward
        ("2027-10-31", "20271101"),  # and back
        ("2027-12-31", "20280101"),
    ],
)
def test_the_next_day_is_the_next_date(on: str, end: str):
    day = datetime.date.fromisoformat(on)
    text = file(said(on=day)).decode()
    assert f"DTSTART;VALUE=DATE:{day:%Y%m%d}\r\nDTEND;VALUE=DATE:{end}\r\n" in text
    assert "TZID" not in text


@pytest.mark.parametrize(
    "title",
    [
        "Æbler, pærer; og \\ skråstreg, \\Navne og \\\\n",
        'BEGIN:VEVENT <b>"x"</b>: y',
        "Blåbærgrød 🫐 " * 20,
        "e\u0301tude",
    ],
)
def test_any_title_comes_back_as_it_was(title: str):
    found = event(said(summary=calendar_events.line(title), description=title))
    assert str(found["summary"]) == calendar_events.line(title)
    assert str(found["description"]) == title
    assert all(len(line) <= 75 for line in file(said(summary=title)).split(b"\r\n"))


def test_line_breaks_and_control_signs_cannot_begin_a_property():
    evil = "x\r\nATTACH:http://evil\nEND:VEVENT\x00\x0b\x85y"
    found = event(
        said(summary=calendar_events.line(evil), description=calendar_events.paragraphs([evil, "", "z"]))
    )
    assert str(found["summary"]) == "x ATTACH:http://evil END:VEVENT y".replace(" y", "y")
    assert str(found["description"]) == "x\nATTACH:http://evil\nEND:VEVENTy\nz"
    assert "ATTACH" not in found


def test_alarms_ring_at_nine_so_many_days_before():
    alarms = list(event(said(alarms=(30, 7))).walk("VALARM"))
    assert [alarm["trigger"].dt for alarm in alarms] == [
        datetime.timedelta(days=-30, hours=9),
        datetime.timedelta(days=-7, hours=9),
    ]
    assert {str(alarm["action"]) for alarm in alarms} == {"DISPLAY"}
    assert all(alarm["description"] for alarm in alarms)


def test_what_is_dealt_with_says_so_in_the_title_too():
    body = calendar_events.cancelled("certificate/7", datetime.date(2027, 3, 1), "X udløber", 4, NOW)
    (found,) = Calendar.from_ical(calendar_events.calendar("FOI", [body])).walk("VEVENT")
    assert (str(found["status"]), found["sequence"]) == ("CANCELLED", 4)
    assert str(found["summary"]) == "Afsluttet: X udløber"
    assert found["uid"] == event(said())["uid"]
    assert not found.walk("VALARM")


def test_the_digest_is_of_what_is_read_and_not_of_whose_it_is():
    assert said().digest == said(people=(1,), roles=(2,)).digest
    for change in (
        {"on": datetime.date(2027, 3, 2)},
        {"summary": "y"},
        {"description": "y"},
        {"url": "y"},
        {"category": "y"},
        {"alarms": (1,)},
    ):
        assert said(**change).digest != said().digest


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("certificate/7/2027-03-01", "certificate/7"),
        ("lifecycle/3-retired_from/2027-03-01", "lifecycle/3-retired_from"),
    ],
)
def test_the_matter_is_the_key_without_its_day(key: str, expected: str):
    assert calendar_events.matter(key) == expected
