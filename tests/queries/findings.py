"""Queries of the pages about findings: (limit, address' name, its arguments, query) by title."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone

from coordination.models import Finding
from registry.models import Asset
from roles.models import Person
from tests import factories

LIST, DETAIL = 12, 20
FINDING = 60_000
COLUMNS = (
    "kind asset_code owner due_on state department_code agreement certificate owner_email accepted_reason"
)
PAGES: dict[str, tuple[int, str, list[Any], str]] = {
    "oprydning": (LIST, "finding-list", [], "size=250"),
    "oprydning, alle kolonner": (
        LIST,
        "finding-list",
        [],
        "size=250&state=all&" + "&".join(f"col={name}" for name in COLUMNS.split()),
    ),
    "oprydning, filtreret": (
        LIST + 2,
        "finding-list",
        [],
        "kind=system_unconfirmed&department=O1&asset=S1&owner=-&overdue=1&q=sys&sort=-owner",
    ),
    "oprydning som csv": (LIST, "finding-list", [], "_export=csv&state=all"),
    "oprydningspunkt": (LIST, "finding-detail", [FINDING], ""),
    "oprydningspunkts historik": (LIST, "finding-history", [FINDING], ""),
    "formular: acceptér": (LIST, "finding-accept", [FINDING], ""),
    "formular: vælg ansvarlig": (LIST, "finding-owner", [FINDING], ""),
    "gennemgang": (LIST, "finding-run", [], ""),
}


def grow(start: int, count: int) -> None:
    """An overdue finding about each system and each component; each third is accepted, each second has an owner."""
    today, user = timezone.localdate(), factories.user()
    assets = list(Asset.objects.filter(findings=None).order_by("pk"))
    people = [
        Person(name=f"Oprydder {start}-{n}", email=f"oprydder{start}-{n}@example.org") for n in range(5)
    ]
    people = Person.objects.bulk_create(people)
    first = FINDING + Finding.objects.count()
    Finding.objects.bulk_create(
        Finding(
            pk=first + n,
            kind="system_unconfirmed",
            key=str(asset.pk),
            text=f"{asset.name} er aldrig bekræftet.",
            asset=asset,
            owner=people[n % 5] if n % 2 else None,
            due_on=today - datetime.timedelta(days=1),
            accepted_until=today + datetime.timedelta(days=30) if n % 3 == 0 else None,
            accepted_reason="Aftalt" if n % 3 == 0 else "",
            accepted_by=user if n % 3 == 0 else None,
        )
        for n, asset in enumerate(assets)
    )
