"""What people do to findings: accept them for a while, take that back, choose who puts them right.

Each is one act in one transaction, on exactly the rows that were seen (key → version), all of them or none.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from coordination.hygiene.base import Found
from coordination.hygiene.owners import Owners
from coordination.models import Finding
from coordination.models.finding import MOST_YEARS
from foi_portal.core import history
from foi_portal.core.keys import among
from foi_portal.core.models import Change, User
from foi_portal.core.periods import months_after
from foi_portal.ui import formats
from roles.models import Person


class Refused(Exception):  # noqa: N818 - it is an answer to the user, not a fault
    """Nothing has been written; ``str()`` says why in Danish."""


Versions = Mapping[int, int]


def last_day(on: datetime.date) -> datetime.date:
    """The last day that a finding can be accepted until."""
    return months_after(on, 12 * MOST_YEARS)


def accept(versions: Versions, *, until: datetime.date, reason: str, actor: User, on: datetime.date) -> None:
    """Let the findings rest until the day ``until``, for a reason."""
    reason = history.tidy(reason)
    if not reason:
        raise Refused("Skriv, hvorfor det accepteres.")
    if not on < until <= last_day(on):
        raise Refused(f"Datoen skal ligge efter i dag og senest {formats.date(last_day(on))}.")
    _write(versions, actor, reason, accepted_until=until, accepted_reason=reason, accepted_by=actor)


def take_back(versions: Versions, *, actor: User, reason: str = "") -> None:
    """Let the findings be open again at once."""
    _write(versions, actor, reason, accepted_until=None, accepted_reason="", accepted_by=None)


def choose_owner(
    versions: Versions, *, owner: Person | None, actor: User, on: datetime.date, reason: str = ""
) -> None:
    """Let ``owner`` put the findings right; None: whoever answers for such matters again."""
    if owner is not None and not owner.is_active(on):
        raise Refused(f"{owner} arbejder her ikke i dag. Vælg en anden.")
    if owner is not None:
        _write(versions, actor, reason, owner=owner, owner_chosen=True)
        return
    with history.recording(actor=actor, kind=_kind(versions), reason=reason):
        rows = _locked(versions)
        owners = Owners.load(on, ())
        for row in rows:
            row.owner_id, row.owner_chosen = owners.of(_found(row)), False
        Finding.objects.bulk_update(rows, ["owner", "owner_chosen"], batch_size=1000)


def _write(versions: Versions, actor: User, reason: str, **values: Any) -> None:
    with history.recording(actor=actor, kind=_kind(versions), reason=reason):
        rows = _locked(versions)
        Finding.objects.filter(pk__in=among(row.pk for row in rows)).update(**values)


def _kind(versions: Versions) -> str:
    return Change.Kind.BULK if len(versions) > 1 else Change.Kind.EDIT


def _locked(versions: Versions) -> list[Finding]:
    """The rows, kept from others until the transaction ends; ``Refused`` when one is not as it was seen."""
    rows = list(Finding.objects.filter(pk__in=among(versions)).select_for_update(of=("self",)).order_by("pk"))
    closed = sum(row.closed_at is not None for row in rows)
    changed = len(versions) - sum(row.version == versions[row.pk] for row in rows)
    if closed:
        raise Refused(
            "Det er bragt i orden imens, så der er ikke mere at gøre."
            if len(versions) == 1
            else f"{formats.plain(closed)} af dem er bragt i orden imens. Se listen igen, og gentag så."
        )
    if changed:
        raise Refused("Nogen har ændret det imens. Læs det igen, og gentag så.")
    return rows


def _found(row: Finding) -> Found:
    """What the check found, as far as the row remembers it; the next check knows the rest."""
    return Found(row.key, row.text, row.asset_id, row.dependency_id, row.agreement_id, row.certificate_id)


__all__ = ["Refused", "accept", "choose_owner", "last_day", "take_back"]
