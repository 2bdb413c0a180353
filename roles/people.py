"""People: the rows behind their pages, and making one of two. Reads first, then ``merge``."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.db.models import Q
from django.utils import timezone

from foi_portal.core import history
from foi_portal.core.models import User
from foi_portal.core.periods import holds
from roles.coverage import Away, Post, Roster, Seat, Stay
from roles.models import Absence, Assignment, Part, Person
from roles.people_html import Absent, Who


def seat_of(assignment: Assignment) -> Seat:
    return Seat(assignment.role_id, assignment.asset_id, assignment.organisation_id)


def post_of(assignment: Assignment) -> Post:
    holder = assignment.part == Part.HOLDER
    return Post(
        assignment.pk, assignment.person_id, seat_of(assignment), holder, assignment.since, assignment.until
    )


class Deputy(NamedTuple):
    """Who is deputy in a seat, and how they are away today."""

    person: Person
    away: Absent | None


@dataclass(frozen=True)
class Held:
    """One of a person's assignments, with who else is ready in its seat today and who is asked instead."""

    assignment: Assignment
    deputies: Sequence[Deputy] = ()
    away: Absent | None = None  # when the person is absent today

    @property
    def last_day(self) -> datetime.date | None:
        """The last day with the role, which is how people say when it ends."""
        until = self.assignment.until
        return until - datetime.timedelta(days=1) if until else None


@dataclass(frozen=True)
class HeldRoles:
    """A person's assignments on a day: those that run, those to come (soonest first) and those over (latest first)."""

    present: list[Held]
    coming: list[Held]
    over: list[Held]

    def __bool__(self) -> bool:
        return bool(self.present or self.coming or self.over)


def roles_of(person: Person, on: datetime.date) -> HeldRoles:
    """The person's roles as seen on the day ``on``. Three queries, whatever their number."""
    own = list(
        person.assignments.current()
        .select_related("role", "asset", "organisation")
        .order_by("role__name", "asset__name", "organisation__name", "since", "id")
    )
    running = [row for row in own if holds(on, row.since, row.until)]
    beside = list(_others_in_seats_of(running, on))
    names = {row.person_id: row.person.name for row in beside} | {person.pk: person.name}
    absences: dict[int, list[Away]] = {}
    stays = {person.pk: Stay(person.active_from, person.active_to)}
    ongoing = Absence.objects.ongoing(on)
    asked = ongoing.filter(person__in=[*names]).values("stand_in")  # who may be away too
    concerned = ongoing.filter(Q(person__in=[*names]) | Q(person__in=asked))
    for absence in concerned.select_related("stand_in").order_by("id"):
        period = Away(absence.since, absence.until, absence.stand_in_id)
        absences.setdefault(absence.person_id, []).append(period)
        if absence.stand_in is not None:
            names[absence.stand_in.pk] = absence.stand_in.name
            stays[absence.stand_in.pk] = Stay(absence.stand_in.active_from, absence.stand_in.active_to)
    roster = Roster.of([post_of(row) for row in [*own, *beside]], stays, absences)

    def away(row: Assignment) -> Absent | None:
        gone = roster.absence(row.person_id, on)
        if gone is None:
            return None
        instead = roster.standing_in(post_of(row), on)
        return Absent(gone.until, Who(instead, names[instead]) if instead is not None else None)

    deputies: dict[Seat, list[Deputy]] = {}
    for row in beside:
        if row.part == Part.DEPUTY:
            deputies.setdefault(seat_of(row), []).append(Deputy(row.person, away(row)))

    def held(row: Assignment) -> Held:
        return Held(row, deputies.get(seat_of(row), ()), away(row))

    present = [held(row) for row in running]
    coming = sorted((Held(row) for row in own if row.since > on), key=lambda h: h.assignment.since)
    over = [Held(row) for row in own if row.until is not None and row.until <= on]
    over.sort(key=lambda one: (one.assignment.until, one.assignment.pk), reverse=True)
    return HeldRoles(present, coming, over)


def _others_in_seats_of(own: Iterable[Assignment], on: datetime.date) -> Any:
    """Who else serves on the day ``on`` in the seats of the assignments ``own``."""
    seats = {seat_of(row) for row in own}
    wanted = Q(pk__in=[])
    for role in {seat.role for seat in seats}:
        scopes = [seat.scope for seat in seats if seat.role == role]
        scope = Q(asset__in=[asset for asset, _ in scopes if asset])
        scope |= Q(organisation__in=[organisation for _, organisation in scopes if organisation])
        if (None, None) in scopes:
            scope |= Q(asset=None, organisation=None)
        wanted |= Q(role=role) & scope
    rows = Assignment.objects.serving(on).filter(wanted).exclude(pk__in=[row.pk for row in own])
    return rows.select_related("person").order_by("since", "id")


# --- one person written twice -----------------------------------------------------------------------------------

FACTS = ("name", "title", "email", "phone", "unit", "active_from", "active_to", "user")


class MergeChanged(Exception):  # noqa: N818 - it is an answer to the user, not a fault
    """Somebody has changed one of the two, their roles or absences since the preview was made."""


class CannotMerge(Exception):  # noqa: N818 - it is an answer to the user, not a fault
    """What must be put right first: ``reasons`` are Danish sentences, each with the row it is about or None."""

    def __init__(self, reasons: Sequence[tuple[str, Any]]) -> None:
        self.reasons = reasons
        super().__init__("; ".join(text for text, _ in reasons))


@dataclass
class Joined:
    """Rows of one seat (or one person's absences) whose periods share days, made into one: ``keep``."""

    keep: Any
    others: list[Any]

    @property
    def since(self) -> datetime.date:
        first: datetime.date = min(row.since for row in [self.keep, *self.others])
        return first

    @property
    def until(self) -> datetime.date | None:
        ends = [row.until for row in [self.keep, *self.others]]
        return None if None in ends else max(ends)

    @property
    def last_day(self) -> datetime.date | None:
        return self.until - datetime.timedelta(days=1) if self.until else None


@dataclass
class Merge:
    """What becomes of ``double`` when ``keep`` is the one that stays; ``facts`` are the values ``keep`` gets."""

    keep: Person
    double: Person
    facts: dict[str, Any]
    moved: list[Assignment] = field(default_factory=list)
    joined: list[Joined] = field(default_factory=list)
    absences_moved: list[Absence] = field(default_factory=list)
    absences_joined: list[Joined] = field(default_factory=list)
    standing_in: int = 0
    doubles: int = 0
    reasons: list[tuple[str, Any]] = field(default_factory=list)
    state: str = ""


def prepare_merge(keep: Person, double: Person) -> Merge:
    """What ``merge`` would do, with the reasons why it cannot if there are any. Five queries."""
    plan = Merge(keep, double, _facts(keep, double), reasons=_why_not(keep, double))
    both = (keep.pk, double.pk)
    assignments = list(
        Assignment.objects.current()
        .filter(person__in=both)
        .select_related("person", "role", "asset", "organisation")
        .order_by("since", "id")
    )
    seats: dict[Seat, list[Assignment]] = {}
    for row in assignments:
        seats.setdefault(seat_of(row), []).append(row)
    for rows in seats.values():
        for chain in _chains(rows):
            if len({row.part for row in chain}) > 1:
                first = chain[0]
                text = (
                    f"{first.role} for {first.scope_name}: den ene er indehaver og den anden stedfortræder i samme"
                    " periode. Afslut den ene tildeling først."
                )
                plan.reasons.append((text, first))
            _sort_out(plan, chain, plan.moved, plan.joined)
    absences = list(
        Absence.objects.current().filter(person__in=both).select_related("stand_in").order_by("since", "id")
    )
    for absent in _chains(absences):
        _sort_out(plan, absent, plan.absences_moved, plan.absences_joined)
    referring = Absence.objects.filter(stand_in=double).values_list("pk", "version")
    doubles = Person.objects.filter(merged_into=double).values_list("pk", "version")
    plan.standing_in, plan.doubles = len(referring), len(doubles)
    seen = [(keep.pk, keep.version), (double.pk, double.version), *referring, *doubles]
    seen += [(row.pk, row.version) for row in [*assignments, *absences]]
    plan.state = hashlib.sha256(repr(seen).encode()).hexdigest()[:32]
    return plan


def _why_not(keep: Person, double: Person) -> list[tuple[str, Any]]:
    reasons: list[tuple[str, Any]] = []
    if keep.pk == double.pk:
        reasons.append(("En person kan ikke lægges sammen med sig selv. Vælg den anden.", None))
    reasons += [
        (f"{person} er allerede lagt sammen med en anden.", person)
        for person in (keep, double)
        if person.is_archived
    ]
    if keep.user_id and double.user_id and keep.user_id != double.user_id:
        text = (
            f"Begge har en bruger, {keep.user.username} og {double.user.username}. "  # type: ignore[union-attr]
            "Fjern først brugernavnet fra den, der ikke bruges mere."
        )
        reasons.append((text, double))
    return reasons


def _facts(keep: Person, double: Person) -> dict[str, Any]:
    """The values the kept person gets: their own, and the double's where they have none.

    Working here is from the earliest day known to the latest, or on, if one of the two works here still.
    """
    facts = {name: getattr(keep, name) or getattr(double, name) for name in FACTS}
    starts = [day for day in (keep.active_from, double.active_from) if day is not None]
    facts["active_from"] = min(starts, default=None)
    ends = [day for day in (keep.active_to, double.active_to) if day is not None]
    facts["active_to"] = max(ends) if len(ends) == 2 else None
    return facts


def _chains(rows: Iterable[Any]) -> list[list[Any]]:
    """Rows, given by ``since``, put together as long as the next one shares a day with one before it."""
    chains: list[list[Any]] = []
    end: datetime.date | None = None
    for row in rows:
        if chains and (end is None or row.since < end):
            chains[-1].append(row)
            end = None if end is None or row.until is None else max(end, row.until)
        else:
            chains.append([row])
            end = row.until
    return chains


def _sort_out(plan: Merge, chain: list[Any], moved: list[Any], joined: list[Joined]) -> None:
    """A row alone moves if it is the double's; several become the first of the kept person's."""
    if len(chain) > 1:
        keep = next(row for row in chain if row.person_id == plan.keep.pk)
        joined.append(Joined(keep, [row for row in chain if row is not keep]))
    elif chain[0].person_id == plan.double.pk:
        moved.append(chain[0])


def merge(*, keep: int, double: int, state: str, actor: User, reason: str = "") -> Person:
    """Make ``double`` (a key) part of ``keep`` (a key), all in one act, and give the kept person.

    ``state`` is that of the preview. ``MergeChanged`` when something has changed since, ``CannotMerge`` with what
    to do when the two cannot be one; then nothing is written. The double is archived, never deleted.
    """
    with history.recording(actor=actor, reason=reason):
        rows = {
            row.pk: row
            for row in Person.objects.select_for_update(of=("self",))
            .select_related("user", "unit")
            .filter(pk__in=(keep, double))
            .order_by("pk")
        }
        if len(rows) != 2:
            raise CannotMerge([("En person kan ikke lægges sammen med sig selv. Vælg den anden.", None)])
        plan = prepare_merge(rows[keep], rows[double])
        if plan.state != state:
            raise MergeChanged
        if plan.reasons:
            raise CannotMerge(plan.reasons)
        _write(plan, f"Lagt sammen med {plan.keep}.")
        return plan.keep


def _write(plan: Merge, why: str) -> None:
    """In an order in which no constraint is broken on the way."""
    keep, double, now = plan.keep, plan.double, timezone.now()
    gone = {"archived_at": now, "archive_reason": why}
    Person.objects.filter(pk=double.pk).update(**gone, user=None, merged_into=keep)
    Person.objects.filter(merged_into=double).update(merged_into=keep)
    for name, value in plan.facts.items():
        setattr(keep, name, value)
    keep.save()
    for joined in plan.joined:
        _archive(Assignment, joined, gone)
        rows = [joined.keep, *joined.others]
        note = "\n\n".join(dict.fromkeys(row.note for row in rows if row.note))[:5000]
        why_here = next((row.why_here for row in rows if row.why_here), "")
        Assignment.objects.filter(pk=joined.keep.pk).update(
            since=joined.since, until=joined.until, note=note, why_here=why_here
        )
    for joined in plan.absences_joined:
        _archive(Absence, joined, gone)
        named = [row.stand_in_id for row in [joined.keep, *joined.others]]
        stand_in = next((key for key in named if key and key not in (keep.pk, double.pk)), None)
        Absence.objects.filter(pk=joined.keep.pk).update(
            since=joined.since, until=joined.until, stand_in=stand_in
        )
    # Nobody stands in for themselves, which those may who stood in for each other.
    selves = Absence.objects.filter(person__in=(keep, double), stand_in__in=(keep, double))
    selves.update(stand_in=None)
    Absence.objects.filter(stand_in=double).update(stand_in=keep)
    Absence.objects.filter(person=double).update(person=keep)
    Assignment.objects.filter(person=double).update(person=keep)
    for move in _moves.values():
        move(keep, double)


# In: the kept person and the double. What the app keeps about the double is the kept person's from then on.
Move = Callable[[Person, Person], None]
_moves: dict[str, Move] = {}


def when_merged(accessor: str, move: Move) -> None:
    """Have an upper app's rows moved in a merge; ``accessor`` is their name on a person. Once for each relation."""
    _moves[accessor] = move


def moved_by_others() -> set[str]:
    """The relations to people that upper apps move themselves."""
    return set(_moves)


def _archive(model: Any, joined: Joined, gone: dict[str, Any]) -> None:
    model.objects.filter(pk__in=[row.pk for row in joined.others]).update(**gone)


__all__ = [
    "FACTS",
    "CannotMerge",
    "Held",
    "HeldRoles",
    "Joined",
    "Merge",
    "MergeChanged",
    "Move",
    "merge",
    "moved_by_others",
    "prepare_merge",
    "roles_of",
    "when_merged",
]
