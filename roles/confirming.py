"""Confirming that the facts and dependencies of a system are right, and rounds that ask for it (decision 0011).

Everything that is written about it is written here; ``roles.rounds`` reads.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.crypto import salted_hmac

from foi_portal.core import history
from foi_portal.core.keys import among
from foi_portal.core.models import User
from foi_portal.core.periods import months_before
from registry.models import CONFIRMED_FOR, Dependency, System
from roles.models import ConfirmationRound, RoundAsset

BATCH = 500
CONFIRMED = "Bekræftet: fakta og afhængigheder er rigtige."
CHANGED = "Nogen har rettet eller afsluttet runden imens. Læs den igen, og gentag så."


class Refused(Exception):  # noqa: N818 - it is an answer to the user, not a fault
    """Nothing has been written; ``str()`` says why and what to do, in Danish."""


@dataclass(frozen=True)
class Sheet:
    """What is confirmed: the system and its ongoing dependencies. ``digest`` tells whether they changed since."""

    system: System
    dependencies: Sequence[Dependency]

    @property
    def digest(self) -> str:
        versions = [(self.system.pk, self.system.version), *((d.pk, d.version) for d in self.dependencies)]
        return salted_hmac("roles.confirming.sheet", repr(versions)).hexdigest()


def sheet(system: System, on: datetime.date, *, lock: bool = False) -> Sheet:
    """The system with what it depends on, on the day ``on``. One query; with ``lock`` the rows are ours."""
    rows = Dependency.objects.ongoing(on).filter(source=system).select_related("target")
    if lock:
        rows = rows.select_for_update(of=("self",), no_key=True)
    return Sheet(system, list(rows.order_by("target__name", "target__code", "id")))


def is_old(confirmed_on: datetime.date | None, on: datetime.date) -> bool:
    """Whether the last confirmation is more than twelve months back, or there is none; as ``unconfirmed`` of assets."""
    return confirmed_on is None or confirmed_on < months_before(on, CONFIRMED_FOR)


def confirm(*, system: System, actor: User, on: datetime.date, seen: str, comment: str = "") -> int:
    """Write that the system's facts and ongoing dependencies are right. Out: how many open rounds it answered.

    ``seen`` is the digest of the sheet that the actor had before them. ``Refused`` when it is archived or
    something has changed since. The asset, its dependencies and the rounds are one change set, which has the
    ``comment`` in its reason; the rounds' answers have it too.
    """
    with history.recording(actor=actor, reason=f"{CONFIRMED} {comment}".strip()):
        locked = System.objects.select_for_update(no_key=True).get(pk=system.pk)
        if locked.is_archived:
            raise Refused(f"{locked} er arkiveret og kan ikke bekræftes. Gendan det først.")
        there = sheet(locked, on, lock=True)
        if there.digest != seen:
            raise Refused(
                f"Nogen har rettet {locked} eller dets afhængigheder, siden du åbnede siden. Se dem igennem igen."
            )
        System.objects.filter(pk=locked.pk).update(confirmed_on=on, confirmed_by=actor)
        Dependency.objects.filter(pk__in=among(d.pk for d in there.dependencies)).update(
            verified_on=on, verified_by=actor
        )
        # The rounds are locked too, so that none is closed between being asked about and answered.
        asked = open_items([locked.pk]).select_for_update(of=("self", "round"), no_key=True)
        return RoundAsset.objects.filter(pk__in=[item.pk for item in asked]).update(
            answered_at=timezone.now(), answered_by=actor, comment=comment
        )


def fingerprint(systems: Iterable[System]) -> str:
    """Tells whether a choice of systems is the one that was shown."""
    return salted_hmac("roles.confirming.choice", repr(sorted(row.pk for row in systems))).hexdigest()


def start_round(
    *,
    actor: User,
    title: str,
    message: str,
    deadline: datetime.date,
    systems: Collection[System],
    chosen_by: str,
    on: datetime.date,
) -> ConfirmationRound:
    """Ask for confirmation of ``systems``; the list is frozen. ``Refused`` when it is empty or the deadline is over."""
    if not systems:
        raise Refused("Ingen fagsystemer passer til valget. Vælg bredere.")
    if deadline <= on:
        raise Refused("Fristen skal ligge efter i dag.")
    with history.recording(actor=actor, reason=f"Bekræftelsesrunde: {title}"):
        made = ConfirmationRound.objects.create(
            title=title,
            message=message,
            deadline=deadline,
            started_on=on,
            started_by=actor,
            chosen_by=chosen_by,
        )
        RoundAsset.objects.bulk_create(
            (RoundAsset(round=made, asset=system) for system in systems), batch_size=BATCH
        )
    return made


def close_round(
    *, chosen: ConfirmationRound, actor: User, on: datetime.date, version: int, reason: str
) -> None:
    """Stop asking; what is unanswered stays so. ``Refused`` when somebody changed or closed it meanwhile."""
    with history.recording(actor=actor, reason=reason or "Runden er afsluttet"):
        rows = ConfirmationRound.objects.filter(
            pk=chosen.pk, version=version, closed_on=None, archived_at=None
        )
        if not rows.update(closed_on=on):
            raise Refused(CHANGED)


def open_items(assets: Collection[int]) -> QuerySet[RoundAsset]:
    """The places of these assets in open rounds that wait for an answer, the nearest deadline first."""
    return RoundAsset.objects.waiting().filter(asset__in=among(assets)).select_related("round", "asset")


__all__ = [
    "CHANGED",
    "CONFIRMED",
    "Refused",
    "Sheet",
    "close_round",
    "confirm",
    "fingerprint",
    "is_old",
    "open_items",
    "sheet",
    "start_round",
]
