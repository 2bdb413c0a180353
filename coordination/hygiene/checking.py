"""The check: opens what is broken, closes what is right again, keeps text, owner and due date of the rest true.

All of it is one transaction, so that a run which is killed has done nothing and can be run again. Two runs take turns,
and a constraint says that a finding is open once.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.utils import timezone

from coordination.hygiene import KINDS
from coordination.hygiene.base import Found, Kind
from coordination.hygiene.owners import Owners
from coordination.models import Finding
from foi_portal.core import history
from foi_portal.core.keys import among
from foi_portal.core.models import Change

REASON = "Gennemgang af oplysningerne"
TURN = 0x464F4A  # the advisory lock that runs take turns by
BATCH = 1000
LONGEST = 500
KEPT = (
    "text",
    "asset_id",
    "dependency_id",
    "agreement_id",
    "certificate_id",
    "owner_id",
    "owner_chosen",
    "due_on",
)
Show = Callable[[str, int, int], None]  # what is being done, how many of the steps are done, of how many


@dataclass(frozen=True)
class Checked:
    """What a run did, and how many findings are open after it. ``busy``: another run was at it, so nothing was done."""

    opened: int = 0
    closed: int = 0
    changed: int = 0
    open: int = 0
    busy: bool = False

    def __str__(self) -> str:
        if self.busy:
            return "En anden gennemgang er i gang"
        return f"{self.opened} nye, {self.closed} bragt i orden, {self.open} åbne"


def _quiet(text: str, done: int, total: int) -> None:
    """Shows nothing."""


def check(*, now: datetime.datetime, kinds: Sequence[Kind] = KINDS, show: Show = _quiet) -> Checked:
    """Look for all kinds as the registry is on the Danish day of ``now``."""
    on, steps = timezone.localdate(now), len(kinds) + 1
    with history.recording(kind=Change.Kind.SYSTEM, reason=REASON):
        if not _is_our_turn():
            return Checked(busy=True)
        broken: dict[tuple[str, str], tuple[Kind, Found]] = {}
        for number, kind in enumerate(kinds):
            show(kind.label, number, steps)
            broken |= {(kind.kind, found.key): (kind, found) for found in kind.broken(on)}
        show("Gemmer", steps - 1, steps)
        # Locked, so that nobody chooses an owner between what is read here and what is written.
        rows = Finding.objects.open().select_for_update(of=("self",)).order_by("pk")
        known = {(row.kind, row.key): row for row in rows}
        owners = Owners.load(
            on, {row.owner_id for row in known.values() if row.owner_chosen and row.owner_id}
        )
        new = [
            _fill(Finding(kind=key[0], key=key[1], found_at=now), *what, owners)
            for key, what in broken.items()
            if key not in known
        ]
        changed = [
            row for key, row in known.items() if key in broken and _is_changed(row, *broken[key], owners)
        ]
        right_again = [row.pk for key, row in known.items() if key not in broken]
        Finding.objects.bulk_create(new, batch_size=BATCH, ignore_conflicts=True)
        Finding.objects.bulk_update(changed, [name.removesuffix("_id") for name in KEPT], batch_size=BATCH)
        Finding.objects.filter(pk__in=among(right_again), closed_at=None).update(closed_at=now)
        return Checked(len(new), len(right_again), len(changed), len(broken))


def _is_our_turn() -> bool:
    """Whether no other run is at it; until the transaction ends. SQLite's transactions take turns by themselves."""
    if connection.vendor != "postgresql":
        return True
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [TURN])
        return bool(cursor.fetchone()[0])


def _fill(row: Finding, kind: Kind, found: Found, owners: Owners) -> Finding:
    """Put on the row what is known today. A chosen owner stays for as long as they work here."""
    row.text = found.text if len(found.text) <= LONGEST else f"{found.text[: LONGEST - 1]}…"
    row.asset_id, row.dependency_id = found.asset, found.dependency
    row.agreement_id, row.certificate_id = found.agreement, found.certificate
    chosen = owners.chosen.get(row.owner_id) if row.owner_chosen and row.owner_id else None
    row.owner_id, row.owner_chosen = chosen or owners.of(found), chosen is not None
    row.due_on = found.due(timezone.localdate(row.found_at), kind.due_days)
    return row


def _is_changed(row: Finding, kind: Kind, found: Found, owners: Owners) -> bool:
    """Fill the row anew; out: whether that changed anything."""
    before = _values(row)
    return _values(_fill(row, kind, found, owners)) != before


def _values(row: Finding) -> list[Any]:
    return [getattr(row, name) for name in KEPT]


__all__ = ["Checked", "Show", "check"]
