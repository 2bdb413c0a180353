"""Which reminders go out on a day and to whom. Pure: deadlines, rules and what was told in, letters out.

A deadline is at one step at a time: the last that has been reached, so who was not told for days is told once. A step
is told to each recipient once:

- to those responsible; to FOI's mailbox when there is nobody, when one of them cannot be written to, or when the mail
  server refuses their address (then to both);
- not to who wants one mail on Mondays: that has what is overdue and the next 30 days;
- ``escalate_after`` days past the day, once, to FOI's mailbox with who was told and when.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from coordination.recipients import Responsible
from foi_portal.core.mail import Recipient
from registry.deadlines import Deadline

FOI = "foi"  # the key of FOI's mailbox
ESCALATION = "escalation"
DIGEST_DAYS = 30
NOW = "skrives nu"
NOBODY = "Ingen er ansvarlig, eller den ansvarlige og stedfortræderne er væk."
REFUSED = "Den seneste mail til {} kunne ikke afleveres."
UNREACHABLE = {True: "{} har en e-mailadresse, der ikke kan bruges.", False: "{} har ingen e-mailadresse."}


@dataclass(frozen=True, slots=True)
class Rule:
    """When a kind of deadline is reminded of (``coordination.models.ReminderRule``)."""

    before: tuple[int, ...] = (90, 30, 7)
    overdue_every: int = 7
    escalate_after: int = 7
    active: bool = True

    def step(self, left: int) -> str:
        """The last step reached with ``left`` days to go; empty before the first."""
        if left < 0:
            return f"overdue-{(-left - 1) // self.overdue_every}"
        return str(min((day for day in self.before if left <= day), default=""))

    def escalates(self, left: int) -> bool:
        return left <= 0 and -left >= self.escalate_after

    @property
    def horizon(self) -> int:
        """How many days ahead there is anything to tell."""
        return max(self.before, default=0)


class Sort(StrEnum):
    SINGLE = "single"
    DIGEST = "digest"
    ESCALATION = "escalation"


@dataclass(frozen=True, slots=True)
class Told:
    """Somebody was told of a deadline: who, when, and what came of the mail in Danish."""

    name: str
    on: datetime.date
    outcome: str


@dataclass(frozen=True, slots=True)
class Line:
    """A deadline in a letter: the step it is at, why this recipient, who else is told, who was told before."""

    deadline: Deadline
    step: str
    why: str
    others: tuple[str, ...] = ()
    told: tuple[Told, ...] = ()


@dataclass(frozen=True)
class Letter:
    sort: Sort
    to: Recipient
    lines: tuple[Line, ...]

    @property
    def key(self) -> str:
        return self.to.key


@dataclass(frozen=True)
class Day:
    """What a day's letters are made from.

    ``resting``: keys of deadlines that somebody has taken note of. ``told``: deadline, step and recipient of all that
    was told. ``weekly``: keys of the persons who want one mail on Mondays. ``refused``: keys and addresses that
    the last mail could not be delivered to. ``monday``: the week whose mails go out today, if they do.
    """

    on: datetime.date
    deadlines: Sequence[Deadline]
    people_for: Callable[[Deadline], Sequence[Responsible]]
    foi: Recipient
    rules: Mapping[str, Rule] = field(default_factory=dict)
    resting: Collection[str] = ()
    told: Collection[tuple[str, str, str]] = ()
    log: Mapping[str, tuple[Told, ...]] = field(default_factory=dict)
    weekly: Collection[str] = ()
    refused: Collection[tuple[str, str]] = ()
    monday: datetime.date | None = None


def plan(day: Day) -> list[Letter]:
    """The letters of the day, at most one of each sort to each recipient, the first due first in each."""
    found: dict[tuple[Sort, str], tuple[Recipient, list[Line]]] = {}
    done = _digested(day)
    for deadline in day.deadlines:
        for sort, to, line in _about(deadline, day):
            if (deadline.key, line.step, to.key) not in day.told and not (
                sort == Sort.DIGEST and to.key in done
            ):
                found.setdefault((sort, to.key), (to, []))[1].append(line)
    return [Letter(sort, to, tuple(lines)) for (sort, _), (to, lines) in found.items()]


def is_open(deadline: Deadline, rules: Mapping[str, Rule], resting: Collection[str]) -> bool:
    """Whether anybody is reminded of the deadline."""
    active = rules.get(deadline.kind, Rule()).active
    return active and not deadline.decided and deadline.key not in resting


def _about(deadline: Deadline, day: Day) -> Iterator[tuple[Sort, Recipient, Line]]:
    """What is to be told of one deadline by today, be it told already."""
    rule, left = day.rules.get(deadline.kind, Rule()), deadline.days_left(day.on)
    step = rule.step(left)
    weekly = day.monday is not None and left <= DIGEST_DAYS
    late = rule.escalates(left)
    if not is_open(deadline, day.rules, day.resting) or not (step or weekly or late):
        return
    people = day.people_for(deadline)
    receivers = list(_receivers(people, day)) if step else []
    for to, why in receivers:
        others = tuple(other.name for other, _ in receivers if other.key != to.key)
        others += tuple(one.name for one in people if _in_digest(one, day))
        yield Sort.SINGLE, to, Line(deadline, step, why, others)
    if weekly:
        for one in people:
            if _in_digest(one, day):
                others = tuple(other.name for other in people if other.key != one.key)
                yield Sort.DIGEST, _recipient(one), Line(deadline, f"digest-{day.monday}", _why(one), others)
    if late:
        now = [to for to, _ in receivers if (deadline.key, step, to.key) not in day.told]
        told = (*day.log.get(deadline.key, ()), *(Told(to.name, day.on, NOW) for to in now))
        yield Sort.ESCALATION, day.foi, Line(deadline, ESCALATION, "", told=told)


def _receivers(people: Sequence[Responsible], day: Day) -> Iterator[tuple[Recipient, str]]:
    """Who gets a single mail, each with why; FOI's mailbox once, with all the reasons."""
    for_foi = [] if people else [NOBODY]
    for one in people:
        to = _recipient(one)
        if _trouble(to):
            for_foi.append(UNREACHABLE[bool(to.address)].format(one.name))
            continue
        if (to.key, to.address) in day.refused:
            for_foi.append(REFUSED.format(one.name))
        if not _in_digest(one, day):
            yield to, _why(one)
    if for_foi:
        yield day.foi, " ".join(for_foi)


def _in_digest(one: Responsible, day: Day) -> bool:
    to = _recipient(one)
    return to.key in day.weekly and not _trouble(to)


def _digested(day: Day) -> set[str]:
    """Who has had the week's mail."""
    return {recipient for _, step, recipient in day.told if step == f"digest-{day.monday}"}


def _recipient(one: Responsible) -> Recipient:
    return _addressed(one.key, one.name, one.email)


# A month ahead asks the same of the same people for every deadline and day.
@lru_cache(maxsize=2000)
def _addressed(key: int, name: str, email: str) -> Recipient:
    return Recipient(email, name, key=f"person/{key}").tidy()


@lru_cache(maxsize=2000)
def _trouble(to: Recipient) -> str:
    return to.trouble


def _why(one: Responsible) -> str:
    """As what somebody is told."""
    absent = " og ".join(one.instead_of)
    if absent:
        return f"{one.because}, i stedet for {absent}, der er fraværende"
    return f"stedfortræder for {one.because}, som ingen er lige nu" if one.as_deputy else one.because


__all__ = [
    "DIGEST_DAYS",
    "ESCALATION",
    "FOI",
    "Day",
    "Letter",
    "Line",
    "Rule",
    "Sort",
    "Told",
    "is_open",
    "plan",
]
