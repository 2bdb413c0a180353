"""Acts on assignments: assign, end, hand over, transfer all, archive, restore.

Each act is first a ``Plan``: what every row becomes, which are new, and what is left empty by it. The plan that
was shown is the one that is carried out: under locks it is made again, and if it says something else than the
one the user saw (``seen``, its digest), nothing is written. One act is one transaction and one change set.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, field

from django.core.serializers.json import DjangoJSONEncoder
from django.db import IntegrityError
from django.db.models import Model
from django.utils import timezone
from django.utils.crypto import salted_hmac

from foi_portal.core import history
from foi_portal.core.keys import among
from foi_portal.core.models import User
from foi_portal.ui import formats
from registry.models import Asset, Organisation
from roles.gaps import Gap, between, if_leaving, in_seats
from roles.models import Assignment, Part, Person, Role
from roles.seat_rules import Faults, faults, overlap, period, seat_of

OVERTAKEN = (
    "En anden gemte noget i samme øjeblik, som står i vejen. Intet er gemt. Se det igennem, og prøv igen."
)
MOST_AT_ONCE = 200  # seats that one act transfers; whoever has more does it again
CHANGED = "Nogen har ændret noget, siden du så forhåndsvisningen. Intet er gemt. Se den igennem igen."


class Refused(Exception):  # noqa: N818 - it is an answer to the user, not a fault
    """Nothing has been written; ``str()`` says why in Danish. ``rows`` has the faults of each row, if that is why."""

    def __init__(self, message: str, rows: Sequence[Faults] = ()) -> None:
        super().__init__(message)
        self.rows = rows


class ChangedSince(Refused):
    """The plan is no longer the one that was shown; ``plan`` is the present one."""

    def __init__(self, plan: Plan) -> None:
        super().__init__(CHANGED)
        self.plan = plan


@dataclass
class Line:
    """One assignment of a plan: what happens to it, in Danish, or why it cannot (``fault``)."""

    row: Assignment
    to: Person | None = None
    words: list[str] = field(default_factory=list)
    fault: str = ""


@dataclass
class Plan:
    """What an act does. ``changes``: what rows become, by key (archived: cancelled); ``new``: rows to be made."""

    today: datetime.date
    lines: list[Line] = field(default_factory=list)
    before: dict[int, Assignment] = field(default_factory=dict)
    changes: dict[int, Assignment] = field(default_factory=dict)
    new: list[Assignment] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)

    @property
    def faults(self) -> list[str]:
        return [line.fault for line in self.lines if line.fault]

    @property
    def takes_last_holder(self) -> bool:
        return any(gap.is_last for gap in self.gaps)

    @property
    def digest(self) -> str:
        """A text that is another as soon as anything in the plan is."""
        people = {line.to for line in self.lines if line.to is not None and line.to.pk}
        content = {
            "changes": [
                (key, self.before[key].version, row.since, row.until, row.is_archived, row.note)
                for key, row in sorted(self.changes.items())
            ],
            "new": [
                (row.person_id or row.person.email, *seat_of(row), row.part, row.since, row.until, row.note)
                for row in self.new
            ],
            "lines": [(line.row.pk, line.row.version, line.words, line.fault) for line in self.lines],
            "people": sorted((person.pk, person.version) for person in people),
            "gaps": [str(gap) for gap in self.gaps],
        }
        text = DjangoJSONEncoder(sort_keys=True).encode(content)
        return salted_hmac("roles.assigning", text, algorithm="sha256").hexdigest()

    def become(self, row: Assignment, **values: object) -> None:
        """Note that ``row`` gets the values, on top of what it gets already."""
        assert row.pk is not None  # noqa: S101 - new rows are in ``new``
        self.before.setdefault(row.pk, row)
        changed = copy(self.changes.get(row.pk, row))
        for name, value in values.items():
            setattr(changed, name, value)
        self.changes[row.pk] = changed

    def cancel(self, row: Assignment, why: str) -> None:
        """Archive what never began."""
        self.become(row, archived_at=timezone.now(), archive_reason=why)

    def now(self, row: Assignment) -> Assignment:
        return self.changes.get(row.pk or 0, row)


# Assign --------------------------------------------------------------------------------------------------------


def assign(
    *, rows: Sequence[Assignment], today: datetime.date, actor: User, reason: str = ""
) -> list[Assignment]:
    """Write new assignments, all or none, and the people among them who are new. ``Refused`` has each row's faults."""
    try:
        with history.recording(actor=actor, reason=reason):
            _lock(rows)
            found = faults(_fresh(rows))
            if any(found):
                raise Refused("Intet er gemt.", found)
            _save_people(rows)
            return list(Assignment.objects.bulk_create(rows))
    except IntegrityError as error:
        raise Refused(OVERTAKEN) from error


def _fresh(rows: Sequence[Assignment]) -> list[Assignment]:
    """The rows with what they refer to read again, under the locks."""
    people = {
        p.pk: p for p in Person.objects.filter(pk__in=among({r.person.pk for r in rows if r.person.pk}))
    }
    roles = {r.pk: r for r in Role.objects.filter(pk__in=among({r.role_id for r in rows}))}
    assets = {a.pk: a for a in Asset.objects.filter(pk__in=among({r.asset_id for r in rows if r.asset_id}))}
    keys = {r.organisation_id for r in rows if r.organisation_id}
    organisations = {o.pk: o for o in Organisation.objects.filter(pk__in=among(keys))}
    for row in rows:
        row.person = people.get(row.person.pk, row.person)
        row.role = roles[row.role_id]
        row.asset = assets.get(row.asset_id or 0)
        row.organisation = organisations.get(row.organisation_id or 0)
    return list(rows)


def _save_people(rows: Iterable[Assignment]) -> None:
    for row in rows:
        if row.person._state.adding:
            row.person.save()
        row.person = row.person  # the key, which it may just have got


# End, hand over, transfer --------------------------------------------------------------------------------------


def plan_end(row: Assignment, *, on: datetime.date, today: datetime.date) -> Plan:
    """The assignment's first day without the role is ``on``."""
    plan = Plan(today)
    line = Line(row)
    plan.lines.append(line)
    if on <= row.since:
        line.fault = (
            f"Tildelingen begynder først {formats.date(row.since)}. Vælg en senere dato, "
            "eller arkivér den, hvis den er skrevet ved en fejl."
        )
    elif row.until is not None and row.until <= on:
        line.fault = f"Den ophører allerede {formats.date(row.until)}. Vælg en tidligere dato."
    else:
        _end(plan, line, on)
    return _with_gaps(plan, in_seats([seat_of(row)]))


def end(
    *,
    row: Assignment,
    on: datetime.date,
    today: datetime.date,
    actor: User,
    reason: str = "",
    seen: str | None = None,
) -> Plan:
    """Carry out ``plan_end``."""
    return _carry_out(lambda: plan_end(_reread(row), on=on, today=today), actor, reason, seen)


def plan_hand_over(
    rows: Sequence[Assignment], fates: Mapping[int, Person | None], *, on: datetime.date, today: datetime.date
) -> Plan:
    """Each row of ``fates`` goes to its person from the day ``on``, or to nobody; rows not in it are left alone.

    What has not begun by then is cancelled for the one and begins as planned for the other.
    """
    plan = Plan(today)
    standing = in_seats(seat_of(row) for row in rows)
    for row in rows:
        if row.pk in fates:
            _hand_over(plan, row, fates[row.pk], on, standing)
    _judge(plan)
    return _with_gaps(plan, standing)


def hand_over(
    *,
    rows: Sequence[Assignment],
    to: Person | None,
    on: datetime.date,
    today: datetime.date,
    actor: User,
    reason: str = "",
    seen: str | None = None,
) -> Plan:
    """Give the rows to one person (or end them) on the day ``on``."""

    def make() -> Plan:
        again = [_reread(row) for row in rows]
        return plan_hand_over(again, {row.pk: _again(to) for row in again}, on=on, today=today)

    return _carry_out(make, actor, reason, seen)


def seats_of(person: Person, on: datetime.date) -> list[Assignment]:
    """The first ``MOST_AT_ONCE`` of the person's assignments that are not over on the day ``on``, as holder first.

    One query.
    """
    rows = Assignment.objects.not_over(on).filter(person=person)
    related = rows.select_related("person", "role", "asset", "organisation")
    order = ("-part", "role__name", "role_id", "asset__name", "organisation__name", "id")
    return list(related.order_by(*order)[:MOST_AT_ONCE])


def plan_transfer(
    person: Person, fates: Mapping[int, Person | None], *, on: datetime.date, today: datetime.date
) -> Plan:
    """The person's ``seats_of`` the day ``on``; those not in ``fates`` are left and say so."""
    rows = seats_of(person, on)
    plan = plan_hand_over(rows, fates, on=on, today=today)
    done = {line.row.pk for line in plan.lines}
    plan.lines += [Line(row, words=["Bliver stående"]) for row in rows if row.pk not in done]
    order = {row.pk: index for index, row in enumerate(rows)}
    plan.lines.sort(key=lambda line: order[line.row.pk])
    return plan


def transfer_all(
    *,
    person: Person,
    fates: Mapping[int, Person | None],
    on: datetime.date,
    today: datetime.date,
    actor: User,
    reason: str = "",
    seen: str | None = None,
) -> Plan:
    """Carry out ``plan_transfer``."""

    def make() -> Plan:
        again = {key: _again(to) for key, to in fates.items()}
        return plan_transfer(person, again, on=on, today=today)

    return _carry_out(make, actor, reason, seen)


def _hand_over(
    plan: Plan, row: Assignment, to: Person | None, on: datetime.date, standing: Sequence[Assignment]
) -> None:
    line = Line(row, to)
    plan.lines.append(line)
    if row.until is not None and row.until <= on:
        line.fault = f"Den ophører allerede {formats.date(row.until)}. Vælg en tidligere dato."
        return
    if to is not None and to.pk == row.person_id:
        line.fault = f"{to} har den allerede. Vælg en anden."
        return
    begins = max(on, row.since)
    if row.since >= on:
        plan.cancel(row, f"Overdraget til {to}, før den begyndte." if to else "Aflyst, før den begyndte.")
        line.words.append(f"{row.person}s tildeling, der skulle begynde {formats.date(row.since)}, aflyses")
    else:
        _end(plan, line, on)
    if to is None:
        return
    new = Assignment(
        person=to,
        role=row.role,
        asset=row.asset,
        organisation=row.organisation,
        part=row.part,
        since=begins,
        until=row.until,
        note=row.note,
        why_here=row.why_here or f"Overtaget efter {row.person}."[:300],
    )
    here = [plan.now(there) for there in standing if seat_of(there) == seat_of(row)]
    theirs = [there for there in here if to.pk and there.person_id == to.pk]
    theirs = [there for there in theirs if not there.is_archived and overlap(new, there)]
    if row.part == Part.DEPUTY and any(there.part == Part.HOLDER for there in theirs):
        line.fault = (
            f"{to} er selv indehaver her og kan ikke være sin egen stedfortræder. "
            "Vælg en anden, eller afslut den uden afløser."
        )
        return
    for there in theirs:
        if there.part != row.part:
            _promote(plan, line, there, begins)
    same = [there for there in theirs if there.part == row.part]
    if len(same) > 1:
        line.fault = f"{to} har rollen her i flere perioder. Saml dem til én først."
    elif same:
        _stretch(plan, line, same[0], new)
    else:
        plan.new.append(new)
        line.words.append(f"{to} har den {period(new.since, new.until)}")


def _end(plan: Plan, line: Line, on: datetime.date) -> None:
    plan.become(line.row, until=on)
    last = on - datetime.timedelta(days=1)
    line.words.append(f"{line.row.person} har den til og med {formats.date(last)}")


def _promote(plan: Plan, line: Line, deputy: Assignment, begins: datetime.date) -> None:
    """Who takes over as holder is no longer the seat's deputy."""
    if deputy.since < begins:
        plan.become(deputy, until=begins)
    else:
        plan.cancel(deputy, "Blev indehaver, før den begyndte.")
    line.words.append(f"{deputy.person} er ikke længere stedfortræder her fra {formats.date(begins)}")


def _stretch(plan: Plan, line: Line, there: Assignment, new: Assignment) -> None:
    """The successor is in the seat already: that assignment covers the days of both, and gets the note."""
    since = min(there.since, new.since)
    until = None if there.until is None or new.until is None else max(there.until, new.until)
    notes = dict.fromkeys(note for note in (there.note, new.note) if note)
    plan.become(there, since=since, until=until, note="\n\n".join(notes)[:5000])
    if (since, until) == (there.since, there.until):
        line.words.append(f"{there.person} har den allerede {period(since, until)}")
    else:
        line.words.append(f"{there.person}s egen tildeling udvides: {period(since, until)}")


def _judge(plan: Plan) -> None:
    """Put the rules' faults on the plan's lines."""
    instead = {key: None if row.is_archived else row for key, row in plan.changes.items()}
    wider = [row for key, row in plan.changes.items() if _is_wider(plan.before[key], row)]
    rows = [*plan.new, *wider]
    for row, found in zip(rows, faults(rows, instead), strict=True):
        for name, message in found.items():
            over = name in ("role", "asset", "organisation")
            advice = f"{message.split('. ', 1)[0]}. Afslut den uden afløser, eller lad den stå."
            for line in plan.lines:
                if seat_of(line.row) == seat_of(row) and line.to is not None and line.to == row.person:
                    line.fault = line.fault or (advice if over else message)


def _is_wider(before: Assignment, row: Assignment) -> bool:
    if row.is_archived:
        return False
    later = before.until is not None and (row.until is None or row.until > before.until)
    return row.since < before.since or later


# Change, archive, restore --------------------------------------------------------------------------------------


def plan_change(row: Assignment, changed: Assignment, *, today: datetime.date) -> Plan:
    """``row`` becomes ``changed``, whose period or part may be another: what is left empty by that."""
    plan = Plan(today, lines=[Line(row)])
    plan.become(row, since=changed.since, until=changed.until, part=changed.part)
    return _with_gaps(plan, in_seats([seat_of(row)]))


def plan_archive(row: Assignment, *, today: datetime.date, why: str = "") -> Plan:
    """``row`` was never there."""
    plan = Plan(today, lines=[Line(row)])
    plan.cancel(row, why)
    return _with_gaps(plan, in_seats([seat_of(row)]))


def archive(
    *, row: Assignment, today: datetime.date, actor: User, reason: str, seen: str | None = None
) -> Plan:
    """Take away what was written by mistake. Raises as the other acts do."""
    return _carry_out(lambda: plan_archive(_reread(row), today=today, why=reason), actor, reason, seen)


def faults_of_restoring(row: Assignment) -> list[str]:
    """Why an archived assignment cannot come back: somebody is in the way, or the person has left."""
    return list(faults([row])[0].values())


def reason_with(reason: str, gaps: Iterable[Gap]) -> str:
    """The reason as it is kept, with a word on the last holder who goes."""
    last = [gap for gap in gaps if gap.is_last]
    if not last:
        return history.tidy(reason)
    what = f"af {last[0].role} for {last[0].scope}" if len(last) == 1 else f"af {len(last)} roller"
    note = f"(sidste indehaver {what})"[: history.REASON_LENGTH // 2]
    return f"{history.tidy(reason)[: history.REASON_LENGTH - len(note) - 1]} {note}".strip()


# Common --------------------------------------------------------------------------------------------------------


def _with_gaps(plan: Plan, standing: Sequence[Assignment]) -> Plan:
    after = [plan.now(row) for row in standing]
    after = [row for row in after if not row.is_archived]
    plan.gaps = between(standing, [*after, *plan.new], plan.today)
    return plan


def _carry_out(make: Callable[[], Plan], actor: User, reason: str, seen: str | None) -> Plan:
    try:
        with history.recording(actor=actor):
            first = make()
            _lock([*first.before.values(), *(line.row for line in first.lines), *first.new])
            plan = make()
            if seen is not None and plan.digest != seen:
                raise ChangedSince(plan)
            if plan.faults:
                raise Refused(plan.faults[0])
            with history.recording(reason=reason_with(reason, plan.gaps)):
                _write(plan)
            return plan
    except IntegrityError as error:
        raise Refused(OVERTAKEN) from error


def _write(plan: Plan) -> None:
    """Shorten first: the new rows may take the places that are left."""
    for key, row in sorted(plan.changes.items(), key=lambda item: _is_wider(plan.before[item[0]], item[1])):
        values = {
            name: getattr(row, name) for name in ("since", "until", "note", "archived_at", "archive_reason")
        }
        same = Assignment.objects.filter(pk=key, version=plan.before[key].version)
        if not same.update(**values):
            raise ChangedSince(plan)
    _save_people(plan.new)
    Assignment.objects.bulk_create(plan.new)


def _lock(rows: Sequence[Assignment]) -> None:
    """Keep others from changing what the act is judged by, in one order always. Acts on one role take turns."""
    wanted: tuple[tuple[type[Model], set[int | None]], ...] = (
        (Role, {row.role_id for row in rows}),
        (Person, {row.person.pk for row in rows}),
        (Asset, {row.asset_id for row in rows}),
        (Organisation, {row.organisation_id for row in rows}),
        (Assignment, {row.pk for row in rows}),
    )
    for model, found in wanted:
        keys = [key for key in found if key]
        if keys:
            locked = model._default_manager.filter(pk__in=among(keys)).order_by("pk")
            list(locked.select_for_update(no_key=True).values_list("pk", flat=True))


def lock(row: Assignment) -> None:
    """Lock what ``row`` is judged by until the transaction ends."""
    _lock([row])


def _reread(row: Assignment) -> Assignment:
    related = Assignment.objects.select_related("person", "role", "asset", "organisation")
    return related.get(pk=row.pk)


def _again(person: Person | None) -> Person | None:
    return Person.objects.get(pk=person.pk) if person is not None and person.pk else person


__all__ = [
    "MOST_AT_ONCE",
    "OVERTAKEN",
    "ChangedSince",
    "Gap",
    "Line",
    "Plan",
    "Refused",
    "archive",
    "assign",
    "end",
    "faults_of_restoring",
    "hand_over",
    "if_leaving",
    "lock",
    "plan_archive",
    "plan_change",
    "plan_end",
    "plan_hand_over",
    "plan_transfer",
    "reason_with",
    "seats_of",
    "transfer_all",
]
