"""Deadlines out of the air for the tests of reminders, and looks into the outbox."""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from typing import Any

from coordination import reminding
from foi_portal.core import jobs
from foi_portal.core.models import OutboxMail
from foi_portal.core.schedules import COPENHAGEN
from registry import deadlines
from registry.deadlines import Act, Deadline, Source
from tests.days import day

KIND = "certificate"
FOI = "foi@example.org"


class Dates(list[Deadline]):
    """The only deadlines there are, and the days they were asked about."""

    asked: tuple[datetime.date, datetime.date]

    def put(self, on: str, people: Sequence[Any] = (), number: int = 1, **values: Any) -> Deadline:
        """A deadline on the day, about these people."""
        defaults: dict[str, Any] = {
            "title": "Udløber",
            "subject": f"Certifikat {number}",
            "url": f"/x/{number}/",
        }
        defaults["acts"] = (Act("Forny", f"/x/{number}/forny/"),)
        values["people"] = tuple(person.pk for person in people)
        made = Deadline(f"{KIND}/{number}/{on}", KIND, day(on), **defaults | values)
        self.append(made)
        return made

    def load(self, on: datetime.date, last: datetime.date) -> Iterator[Deadline]:
        self.asked = on, last
        return (deadline for deadline in self if deadline.on <= last)


def only(monkeypatch: Any, settings: Any) -> Dates:
    """A portal without workers that knows no other deadlines and no other job."""
    dates = Dates()
    monkeypatch.setattr(deadlines, "_sources", {})
    monkeypatch.setattr(jobs, "_jobs", {})
    deadlines.register(Source(KIND, "Certifikat udløber", dates.load))
    reminding.register()
    settings.FOI_EMAIL = FOI
    return dates


def danish(text: str) -> datetime.datetime:
    return datetime.datetime.fromisoformat(text).replace(tzinfo=COPENHAGEN)


def remind(on: str, times: int = 1) -> list[OutboxMail]:
    """The morning's run, so many times. Out: the mails it wrote."""
    last = OutboxMail.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    for _ in range(times):
        reminding.remind(danish(f"{on} 07:00"))
    return list(OutboxMail.objects.filter(pk__gt=last).order_by("pk"))
