"""A planned letter made into a mail: its occasion, subject, text and HTML."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from coordination.reminder_plan import FOI, Letter, Line, Sort
from foi_portal.core import mail
from registry.deadlines import Deadline

OCCASION = "reminder"  # what the occasions of all letters begin with
WEEKLY = f"{OCCASION}/digest-"
MOST_LINES = 60  # in one mail; the rest are counted and found on the page
MOST_OTHERS = 5


@dataclass(frozen=True)
class About:
    """What a mail is about, for the operations page."""

    name: str
    url: str = ""

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return self.url


@dataclass(frozen=True)
class Item:
    """A line as the templates show it. ``rights``: what the recipient may do; None: everything."""

    line: Line
    left: int
    rights: Collection[str] | None

    @property
    def when(self) -> str:
        return days(self.left)

    @property
    def overdue(self) -> bool:
        return self.left < 0

    @property
    def headline(self) -> str:
        return headline(self.line.deadline)

    @property
    def url(self) -> str:
        return mail.absolute(self.line.deadline.url)

    @property
    def act(self) -> tuple[str, str] | None:
        """The first action that the recipient may take: words and where it leads."""
        acts = self.line.deadline.acts
        mine = (
            act for act in acts if self.rights is None or not act.permission or act.permission in self.rights
        )
        act = next(mine, None)
        return (act.label, mail.absolute(act.url)) if act is not None else None

    @property
    def others(self) -> str:
        names = [name or "FOI-enheden" for name in self.line.others]
        more = len(names) - MOST_OTHERS
        return ", ".join(names[:MOST_OTHERS]) + (f" og {more} andre" if more > 0 else "")


def days(left: int) -> str:
    """i dag, i morgen, om 30 dage; overskredet med 3 dage."""
    if left < 0:
        return f"overskredet med {_counted(-left, 'dag', 'dage')}"
    return ("i dag", "i morgen")[left] if left < 2 else f"om {left} dage"


def headline(deadline: Deadline) -> str:
    """What happens to what; some kinds' titles name the matter themselves."""
    if deadline.subject in deadline.title:
        return deadline.title
    return f"{deadline.subject}: {deadline.title}"


def written(letter: Letter, on: datetime.date, rights: Collection[str] = ()) -> dict[str, Any]:
    """What ``mail.enqueue`` is asked for. ``rights``: the permissions that the person has; FOI has all."""
    may = None if letter.key == FOI else rights
    items = [Item(line, line.deadline.days_left(on), may) for line in letter.lines]
    subject = _subject(letter, items)
    context = {
        "letter": letter,
        "heading": subject,
        "items": items[:MOST_LINES],
        "more": max(len(items) - MOST_LINES, 0),
        "count": len(items),
        "is_foi": letter.key == FOI,
        "digest": letter.sort == Sort.DIGEST,
        "escalation": letter.sort == Sort.ESCALATION,
        "groups": _groups(items[:MOST_LINES]) if letter.sort == Sort.DIGEST else [("", items[:MOST_LINES])],
    }
    text, html = mail.render(_template(letter), context)
    first = letter.lines[0].deadline
    single = len(items) == 1
    return {
        "occasion": occasion(letter, on),
        "to": letter.to,
        "subject": subject,
        "text": text,
        "html": html,
        "about": About(first.subject, first.url)
        if single
        else About(_counted(len(items), "frist", "frister")),
    }


def occasion(letter: Letter, on: datetime.date) -> str:
    """The same for the same letter: the week of a Monday mail, the step of one deadline, else all the steps."""
    first = letter.lines[0]
    if letter.sort == Sort.DIGEST:
        return f"{WEEKLY}{first.step.removeprefix('digest-')}/{letter.key}"
    if len(letter.lines) == 1:
        return f"{OCCASION}/{first.deadline.key}/{first.step}"
    steps = "\n".join(f"{line.deadline.key}/{line.step}" for line in letter.lines)
    return f"{OCCASION}/{on}/{letter.sort}-{hashlib.sha256(steps.encode()).hexdigest()[:16]}"


def is_weekly(occasion: str) -> bool:
    return occasion.startswith(WEEKLY)


def _template(letter: Letter) -> str:
    return "mail/escalation" if letter.sort == Sort.ESCALATION else "mail/reminder"


def _subject(letter: Letter, items: list[Item]) -> str:
    first, count = items[0], _counted(len(items), "frist", "frister")
    overdue = sum(item.overdue for item in items)
    if letter.sort == Sort.ESCALATION:
        return (
            f"Intet er sket: {first.headline}"
            if len(items) == 1
            else f"Intet er sket: {count} er overskredet"
        )
    if letter.sort == Sort.DIGEST:
        late = f", {overdue} overskredet" if overdue else ""
        return f"Ugens frister: {count}{late}"
    if len(items) == 1:
        return f"{first.when.capitalize()}: {first.headline}"
    if overdue:
        return f"{count} er overskredet" if overdue == len(items) else f"{count}, {overdue} overskredet"
    return f"{count}, den første {first.when}"


def _groups(items: list[Item]) -> list[tuple[str, list[Item]]]:
    """What is in a Monday mail, by how soon it is; without what there is nothing of."""
    groups = (
        ("Overskredet", [item for item in items if item.left < 0]),
        ("Denne uge", [item for item in items if 0 <= item.left < 7]),
        ("De næste 30 dage", [item for item in items if item.left >= 7]),
    )
    return [(title, members) for title, members in groups if members]


def _counted(count: int, one: str, many: str) -> str:
    return f"{count} {one if count == 1 else many}"


__all__ = ["OCCASION", "About", "Item", "days", "headline", "is_weekly", "occasion", "written"]
