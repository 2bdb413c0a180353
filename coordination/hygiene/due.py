"""Findings among the deadlines: the day by which somebody should have put them right."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from django.urls import reverse

from coordination.hygiene import kind_of
from coordination.models import Finding
from registry import deadlines
from registry.deadlines import Act, Deadline, Source


def load(on: datetime.date, last: datetime.date) -> Iterator[Deadline]:
    """Findings that wait on the day ``on`` and are due no later than ``last``. One query."""
    rows = Finding.objects.waiting(on).filter(due_on__lte=last).order_by("due_on", "pk")
    for pk, kind, text, due, asset, owner in rows.values_list(
        "pk", "kind", "text", "due_on", "asset_id", "owner_id"
    ):
        found = kind_of(kind)
        url = reverse("finding-detail", args=[pk])
        yield Deadline(
            key=f"finding/{pk}/{due.isoformat()}",
            kind="finding",
            on=due,
            title=text,
            subject=found.label if found else "",
            url=url,
            assets=(asset,) if asset is not None else (),
            people=(owner,) if owner is not None else (),
            acts=(Act("Ryd op", url),),
        )


def register() -> None:
    deadlines.register(Source("finding", "Oprydning", load))


__all__ = ["load", "register"]
