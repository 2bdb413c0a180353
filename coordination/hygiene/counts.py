"""How many findings there are: per kind, and of the rows that one page is about."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.db.models import Count, Q
from django.urls import reverse

from coordination.hygiene import KINDS
from coordination.models import Finding
from coordination.models.finding import FindingQuerySet
from foi_portal.ui.tables import listing


@dataclass(frozen=True)
class Tile:
    """A kind's findings that wait, how many of them are overdue, and the list of just so many."""

    count: int
    label: str
    overdue: int
    url: str
    overdue_url: str


@dataclass(frozen=True)
class Total:
    """All findings that are open, in numbers."""

    waiting: int
    overdue: int
    accepted: int


def per_kind(on: datetime.date) -> list[Tile]:
    """The kinds that something waits for, in their order. One query."""
    address = reverse("finding-list")
    rows = Finding.objects.waiting(on).order_by().values("kind")
    counts = {
        row["kind"]: (row["count"], row["overdue"])
        for row in rows.annotate(count=Count("pk"), overdue=Count("pk", filter=Q(due_on__lt=on)))
    }
    return [
        Tile(
            count,
            kind.label,
            overdue,
            listing(address, kind=kind.kind),
            listing(address, kind=kind.kind, overdue=1),
        )
        for kind in KINDS
        if kind.kind in counts
        for count, overdue in [counts[kind.kind]]
    ]


def total(rows: FindingQuerySet, on: datetime.date) -> Total:
    """The rows in numbers. One query."""
    waits = Q(accepted_until=None) | Q(accepted_until__lte=on)
    found = rows.open().aggregate(
        waiting=Count("pk", filter=waits),
        overdue=Count("pk", filter=waits & Q(due_on__lt=on)),
        accepted=Count("pk", filter=~waits),
    )
    return Total(**found)


__all__ = ["Tile", "Total", "per_kind", "total"]
