"""Reads about confirmation rounds: how far they are, who has not answered, and who is to be asked. Few queries."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Case, CharField, Count, IntegerField, Q, QuerySet, Value, When

from foi_portal.core.danish import sort_key
from foi_portal.core.keys import among
from registry.models import Asset, System
from roles.models import Assignment, ConfirmationRound, RoundAsset
from roles.responsible import OWN_ROLES, Contact, Duties, Duty

# Where an item of a round stands, in the order the page lists them.
NOBODY, WAITING, GONE, ANSWERED = "nobody", "waiting", "archived", "answered"
STATES = {
    NOBODY: "Ingen at spørge",
    WAITING: "Mangler svar",
    GONE: "Arkiveret imens",
    ANSWERED: "Bekræftet",
}
OPEN_STATES = (NOBODY, WAITING)


def somebody(on: datetime.date, asset: str) -> Q:
    """Whether somebody serves as systemansvarlig or systemkontaktperson of the row's ``asset`` that day.

    One list of them for all rows: to look for each of 10,000 takes several times as long.
    """
    serving = Assignment.objects.serving(on).filter(role__code__in=OWN_ROLES, asset__isnull=False)
    return Q((f"{asset}__in", serving.order_by().values("asset")))


def items_of(chosen: ConfirmationRound, on: datetime.date) -> QuerySet[RoundAsset]:
    """The round's frozen list, each with its ``state`` on the day ``on`` and the state's ``rank``."""
    rows = RoundAsset.objects.filter(round=chosen).annotate(
        state=Case(
            When(answered_at__isnull=False, then=Value(ANSWERED)),
            When(asset__archived_at__isnull=False, then=Value(GONE)),
            When(somebody(on, "asset"), then=Value(WAITING)),
            default=Value(NOBODY),
            output_field=CharField(),
        )
    )
    ranks = [When(Q(("state", state)), then=Value(rank)) for rank, state in enumerate(STATES)]
    return rows.annotate(rank=Case(*ranks, output_field=IntegerField()))


@dataclass
class Progress:
    """How many of a department's systems, or of all, are in each state. ``code`` is empty for those without one."""

    code: str = ""
    name: str = ""
    answered: int = 0
    waiting: int = 0
    nobody: int = 0
    archived: int = 0

    @property
    def asked(self) -> int:
        """Those that an answer is wanted for; what is archived meanwhile is not."""
        return self.answered + self.missing

    @property
    def missing(self) -> int:
        return self.waiting + self.nobody

    @property
    def percent(self) -> int:
        """Whole percent, rounded down so that 100 means all."""
        return 100 * self.answered // self.asked if self.asked else 100


def progress(items: QuerySet[Any]) -> tuple[Progress, list[Progress]]:
    """All of the items, and per department those furthest from done first. One query."""
    whole, parts = Progress(), dict[str, Progress]()
    counted = (
        items.order_by()
        .values_list("asset__department__code", "asset__department__name", "state")
        .annotate(n=Count("pk"))
    )
    for code, name, state, n in counted:
        part = parts.setdefault(code or "", Progress(code or "", name or "Uden forvaltning"))
        for sums in (whole, part):
            setattr(sums, state, getattr(sums, state) + n)
    return whole, sorted(parts.values(), key=lambda part: (-part.missing, sort_key(part.name), part.code))


@dataclass(frozen=True)
class Asked:
    """Who is asked about one system, and as what. ``here``: at work today; else all of them are away."""

    people: Sequence[tuple[Contact, str]] = ()

    @property
    def here(self) -> list[Contact]:
        return [contact for contact, _ in self.people if not contact.is_away]

    @property
    def addresses(self) -> list[str]:
        """Of those who are here, else of those who are away."""
        reached = self.here or [contact for contact, _ in self.people]
        return list(dict.fromkeys(contact.email for contact in reached if contact.email))


def asked_about(assets: Collection[int], on: datetime.date) -> Mapping[int, Asked]:
    """Who is asked about each asset on the day ``on``: holders, and deputies while no holder is here. Two queries."""
    found = Duties(on)
    found.read_posts(Assignment.objects.filter(asset__in=among(assets), role__code__in=OWN_ROLES))
    people: dict[int, list[tuple[int, Contact, str]]] = {}
    for duty in found.made():
        for contact in _in_charge(duty):
            place = (OWN_ROLES.index(duty.role.code), contact, duty.role.name)
            people.setdefault(duty.seat.asset or 0, []).append(place)
    answer = {}
    for asset, places in people.items():
        first: dict[int, tuple[Contact, str]] = {}
        for _, contact, role in sorted(places, key=lambda place: place[0]):
            first.setdefault(contact.key, (contact, role))
        answer[asset] = Asked(list(first.values()))
    return answer


def _in_charge(duty: Duty) -> list[Contact]:
    if any(not contact.is_away for contact in duty.holders):
        return list(duty.holders)
    present = [contact for contact in duty.deputies if not contact.is_away]
    return [*duty.holders, *(present or ([] if duty.holders else duty.deputies))]


def without_anybody(systems: Iterable[System], on: datetime.date) -> list[Asset]:
    """Those of the systems that nobody can be asked about. One query."""
    rows = Asset.objects.filter(pk__in=among(system.pk for system in systems))
    return list(rows.filter(~somebody(on, "pk")).order_by("name", "code"))


def with_counts(rounds: QuerySet[ConfirmationRound]) -> QuerySet[ConfirmationRound]:
    """Rounds with ``asked``, ``answered`` and ``missing``; systems archived before they answered are not asked."""
    answered = Q(items__answered_at__isnull=False)
    return rounds.annotate(
        asked=Count("items", filter=Q(items__asset__archived_at=None) | answered),
        answered=Count("items", filter=answered),
        missing=Count("items", filter=Q(items__asset__archived_at=None) & Q(items__answered_at=None)),
    )


__all__ = [
    "ANSWERED",
    "GONE",
    "NOBODY",
    "OPEN_STATES",
    "STATES",
    "WAITING",
    "Asked",
    "Progress",
    "asked_about",
    "items_of",
    "progress",
    "somebody",
    "with_counts",
    "without_anybody",
]
