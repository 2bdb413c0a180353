"""Findings among the deadlines: the day by which somebody should have put them right.

One deadline for all of a kind that one person is to put right by the same day: the check can open hundreds in a
night, and neither a calendar nor a mail should hold more of them than of everything else.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import NamedTuple

from django.urls import reverse

from coordination.hygiene import kind_of
from coordination.models import Finding
from foi_portal.ui.tables import listing
from registry import deadlines
from registry.deadlines import Act, Deadline, Source
from registry.filters import NOBODY


class Row(NamedTuple):
    due: datetime.date
    kind: str
    owner: int | None
    pk: int
    text: str
    asset: int | None


def load(on: datetime.date, last: datetime.date) -> Iterator[Deadline]:
    """Findings that wait on the day ``on`` and are due no later than ``last``, by day, kind and owner. One query."""
    waiting = (
        Finding.objects.waiting(on).filter(due_on__lte=last).order_by("due_on", "kind", "owner_id", "pk")
    )
    rows = (
        Row(*values) for values in waiting.values_list("due_on", "kind", "owner_id", "pk", "text", "asset_id")
    )
    for _, group in groupby(rows, key=lambda row: (row.due, row.kind, row.owner)):
        yield _deadline(list(group))


def _deadline(rows: Sequence[Row]) -> Deadline:
    first = rows[0]
    kind = kind_of(first.kind)
    label = kind.label if kind else "Fund"
    if len(rows) == 1:
        title, url = first.text, reverse("finding-detail", args=[first.pk])
    else:
        title = f"{label}: {len(rows)} fund"
        url = listing(reverse("finding-list"), kind=first.kind, owner=first.owner or NOBODY)
    return Deadline(
        key=f"finding/{first.kind}-{first.owner or 0}/{first.due.isoformat()}",
        kind="finding",
        on=first.due,
        title=title,
        subject=label,
        url=url,
        assets=tuple(dict.fromkeys(row.asset for row in rows if row.asset is not None)),
        people=(first.owner,) if first.owner is not None else (),
        acts=(Act("Ryd op", url),),
    )


def register() -> None:
    deadlines.register(Source("finding", "Oprydning", load))


__all__ = ["load", "register"]
