"""Deadlines of the tests' own instead of those that the apps know."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.utils import timezone

from coordination import calendar_memory
from registry import deadlines
from registry.deadlines import Deadline, Source


class Given:
    """A list of deadlines that the kinds ``certificate`` and ``agreement_end`` give, as long as the test lasts."""

    def __init__(self) -> None:
        self.rows: list[Deadline] = []

    def add(self, matter: str, days: int = 10, **values: Any) -> Deadline:
        """``matter`` is "certificate/7"; ``days`` from today."""
        return self.on(matter, timezone.localdate() + datetime.timedelta(days=days), **values)

    def on(self, matter: str, day: datetime.date, **values: Any) -> Deadline:
        """The same on a day. Another of the same matter takes its place."""
        self.drop(matter)
        kind = matter.split("/", maxsplit=1)[0]
        defaults = {"title": f"{matter} udløber", "subject": matter, "url": f"/{matter}/"}
        made = Deadline(key=f"{matter}/{day}", kind=kind, on=day, **defaults | values)
        self.rows.append(made)
        return made

    def drop(self, matter: str) -> None:
        self.rows = [row for row in self.rows if not row.key.startswith(f"{matter}/")]

    def load(self, kind: str) -> Any:
        return lambda on, last: [row for row in self.rows if row.kind == kind and row.on <= last]


def given(monkeypatch: pytest.MonkeyPatch) -> Given:
    made = Given()
    kinds = {"certificate": "Certifikat udløber", "agreement_end": "Aftale udløber"}
    sources = {kind: Source(kind, label, made.load(kind)) for kind, label in kinds.items()}
    monkeypatch.setattr(deadlines, "_sources", sources)
    calendar_memory.forget()
    return made
