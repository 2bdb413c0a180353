"""What the rules say of assignments that somebody is about to write. Nothing is written here.

A fault is a field's name and a Danish message that says what to do. The database's constraints have the last
word; these say it kindly and all at once, in two queries however many rows there are.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence

from foi_portal.core.keys import among
from foi_portal.ui import formats
from registry.models import Asset, Kind, Lifecycle, Organisation, OrganisationKind
from roles.coverage import Seat
from roles.models import Assignment, Part, RoleRequirement, ScopeKind

Faults = dict[str, str]  # field ("" for the whole row) → message
REASONS = "Skriv i «hvorfor her», hvorfor den alligevel tildeles."


def seat_of(row: Assignment) -> Seat:
    return Seat(row.role_id, row.asset_id, row.organisation_id)


def needs(rows: Iterable[Assignment]) -> dict[Seat, RoleRequirement]:
    """The requirement of each row's seat; those that are not required are left out. One query.

    The rows' assets and organisations must be at hand.
    """
    rows = list(rows)
    by_role: dict[int, list[RoleRequirement]] = {}
    required = RoleRequirement.objects.current().filter(role_id__in=among({row.role_id for row in rows}))
    for requirement in required.order_by("id"):
        by_role.setdefault(requirement.role_id, []).append(requirement)
    found: dict[Seat, RoleRequirement] = {}
    for row in rows:
        fitting = [r for r in by_role.get(row.role_id, ()) if _is_for(r, row.asset, row.organisation)]
        if fitting:  # one for the asset itself goes before one for every system
            found[seat_of(row)] = min(fitting, key=lambda r: r.asset_id is None)
    return found


def _is_for(requirement: RoleRequirement, asset: Asset | None, organisation: Organisation | None) -> bool:
    kind = requirement.scope_kind
    if kind == ScopeKind.MUNICIPALITY:
        return asset is None and organisation is None
    if kind == ScopeKind.ASSET:
        return asset is not None and requirement.asset_id == asset.pk
    if kind == ScopeKind.EVERY_SYSTEM:
        return asset is not None and asset.kind == Kind.SYSTEM
    return organisation is not None and organisation.kind == OrganisationKind.FORVALTNING


def overlap(one: Assignment, other: Assignment) -> bool:
    """Whether the two share a day."""
    return (other.until is None or one.since < other.until) and (one.until is None or other.since < one.until)


def period(since: datetime.date, until: datetime.date | None) -> str:
    """fra 1. jan. 2026 til og med 31. jan. 2026"""
    if until is None:
        return f"fra {formats.date(since)}"
    last = until - datetime.timedelta(days=1)
    return f"fra {formats.date(since)} til og med {formats.date(last)}"


def faults(
    rows: Sequence[Assignment], instead: Mapping[int, Assignment | None] | None = None
) -> list[Faults]:
    """What is wrong with each row, judged by the database and by the rows before it; an empty dict is fine.

    A row with a key is one that stands there already: its role, scope and reason were judged when it was written.
    ``instead`` says what other rows become in the same act, by key (None: archived).
    """
    own = {row.pk for row in rows if row.pk}
    instead = instead or {}
    others: dict[int, list[Assignment]] = {}
    scopes = {seat_of(row).scope for row in rows}
    people = {row.person.pk for row in rows if row.person.pk}
    standing = Assignment.objects.current().filter(person_id__in=among(people))
    standing = standing.select_related("person", "role", "asset", "organisation").order_by("since", "id")
    for there in standing:
        became = instead.get(there.pk, there)
        if there.pk not in own and became is not None and seat_of(there).scope in scopes:
            others.setdefault(there.person_id, []).append(became)
    required = needs([*rows, *(other for found in others.values() for other in found)])
    answers = []
    for row in rows:
        mine = others.setdefault(row.person.pk or -id(row.person), [])  # who is new has no key yet
        answers.append(_faults_of(row, mine, required))
        mine.append(row)
    return answers


def _faults_of(row: Assignment, mine: list[Assignment], required: Mapping[Seat, RoleRequirement]) -> Faults:
    found: Faults = {}
    if row.until is not None and row.until <= row.since:
        found["until"] = "Slutdatoen skal ligge efter startdatoen. Ret en af dem."
    for field, message in _person(row):
        found.setdefault(field, message)
    if not row.pk:
        for field, message in (*_role_and_scope(row), *_unrequired(row, required)):
            found.setdefault(field, message)
    if "until" not in found:
        for field, message in _others(row, mine, required):
            found.setdefault(field, message)
    return found


def _person(row: Assignment) -> Iterator[tuple[str, str]]:
    person = row.person
    if person.is_archived:
        now = person.merged_into
        text = (
            f"{person} er lagt sammen med {now}. Vælg {now} i stedet."
            if now
            else f"{person} er arkiveret. Vælg en anden."
        )
        yield "person", text
    elif person.active_to is not None and person.active_to <= row.since:
        left = formats.date(person.active_to)
        yield "person", f"{person} er fratrådt {left}. Vælg en anden, eller ret startdatoen."
    elif person.active_from is not None and row.until is not None and row.until <= person.active_from:
        comes = formats.date(person.active_from)
        yield "person", f"{person} er først ansat fra {comes}. Vælg en anden, eller ret perioden."


def _role_and_scope(row: Assignment) -> Iterator[tuple[str, str]]:
    if row.role.is_archived:
        yield "role", f"Rollen {row.role} er udgået af kataloget. Vælg en anden."
    asset, organisation = row.asset, row.organisation
    if asset is not None and organisation is not None:
        yield "asset", "Vælg en komponent, et fagsystem eller en organisation, ikke flere."
        return
    if asset is not None:
        if asset.is_archived:
            yield "asset", f"{asset} er arkiveret. Gendan den først, eller vælg en anden."
        elif has_retired(asset, row.since):
            yield "asset", f"{asset} er udfaset. Vælg en anden, eller ret dens status først."
    if organisation is not None:
        if organisation.is_archived:
            yield "organisation", f"{organisation} er arkiveret. Gendan den først, eller vælg en anden."
        elif organisation.valid_to is not None and organisation.valid_to <= row.since:
            ended = formats.date(organisation.valid_to)
            yield "organisation", f"{organisation} er ophørt {ended}. Vælg en anden."


def is_gone(row: Assignment, on: datetime.date) -> bool:
    """Whether what the role is for is not there on the day ``on``, so that nobody new can have it."""
    if row.asset is not None:
        return row.asset.is_archived or has_retired(row.asset, on)
    ended = row.organisation.valid_to if row.organisation is not None else None
    return (row.organisation is not None and row.organisation.is_archived) or (
        ended is not None and ended <= on
    )


def has_retired(asset: Asset, on: datetime.date) -> bool:
    """Whether the asset is out of use on the day ``on``, as far as that is written."""
    if asset.retired_from is not None:
        return asset.retired_from <= on
    return bool(asset.lifecycle == Lifecycle.RETIRED)


def _unrequired(row: Assignment, required: Mapping[Seat, RoleRequirement]) -> Iterator[tuple[str, str]]:
    if seat_of(row) not in required and not row.why_here:
        yield "why_here", f"{row.role} kræves ikke for {row.scope_name}. {REASONS}"


def _others(
    row: Assignment, mine: list[Assignment], required: Mapping[Seat, RoleRequirement]
) -> Iterator[tuple[str, str]]:
    """What the person's other assignments in the same days say."""
    for other in mine:
        if not overlap(row, other) or seat_of(other).scope != seat_of(row).scope:
            continue
        when = period(other.since, other.until)
        if other.role_id != row.role_id:
            if (both := _forbidden(row, other, required) or _forbidden(other, row, required)) is not None:
                yield "person", both
        elif other._state.adding:
            yield (
                "person",
                f"{row.person} står to gange for {row.role} for {row.scope_name} i perioden. Fjern den ene.",
            )
        elif row.part == Part.DEPUTY and other.part == Part.HOLDER:
            yield (
                "person",
                f"{row.person} er selv indehaver her ({when}) og kan ikke være sin egen stedfortræder. "
                "Vælg en anden.",
            )
        elif row.part == Part.HOLDER and other.part == Part.DEPUTY:
            yield (
                "person",
                f"{row.person} er stedfortræder her ({when}). Afslut det først, eller vælg en anden.",
            )
        else:
            yield (
                "person",
                f"{row.person} har allerede rollen her ({when}). "
                "Ret den, der står, eller vælg en anden periode.",
            )


def _forbidden(
    deputy: Assignment, holder: Assignment, required: Mapping[Seat, RoleRequirement]
) -> str | None:
    """Why ``deputy`` cannot be that while the same person is ``holder`` of another role in the scope."""
    need = required.get(seat_of(deputy))
    parts = (deputy.part, holder.part)
    if need is None or need.deputy_may_hold or parts != (Part.DEPUTY, Part.HOLDER):
        return None
    return (
        f"{deputy.person} kan ikke både være stedfortræder som {deputy.role} og indehaver af {holder.role} for "
        f"{deputy.scope_name}: det tillader kravet ikke. Vælg en anden."
    )


__all__ = ["Faults", "faults", "has_retired", "is_gone", "needs", "overlap", "period", "seat_of"]
