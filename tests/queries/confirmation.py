"""Queries of the pages about confirmation: (limit, address' name, its arguments, query) by title."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone

from registry.models import Asset
from roles.models import ConfirmationRound, Person, Role, RoundAsset
from roles.models.assignment import Assignment
from tests import factories

LIST, DETAIL = 12, 20
ROUND = 80_001
PAGES: dict[str, tuple[int, str, list[Any], str]] = {
    "bekræftelsesrunder": (LIST, "round-list", [], "size=250"),
    "ny bekræftelsesrunde": (DETAIL, "round-create", [], ""),
    "bekræftelsesrunde": (DETAIL, "round-detail", [ROUND], "size=250"),
    "bekræftelsesrunde, filtreret": (DETAIL, "round-detail", [ROUND], "svar=nej&department=O1&q=sys"),
    "bekræftelsesrunde som csv": (DETAIL, "round-detail", [ROUND], "_export=csv"),
    "formular til at bekræfte": (DETAIL, "asset-confirm", ["S0"], ""),
    "formular til at afslutte en runde": (DETAIL, "round-close", [ROUND], ""),
    "formular til en runde": (DETAIL, "round-update", [ROUND], ""),
    "historik for en runde": (LIST, "round-history", [ROUND], ""),
}


def grow(start: int, count: int) -> None:
    """The round ``ROUND`` asks about every system; each second has a systemansvarlig, each third has answered."""
    made = ConfirmationRound.objects.filter(pk=ROUND).first() or factories.confirmation_round(pk=ROUND)
    user = made.started_by
    role, _ = Role.objects.get_or_create(
        code="SYSTEMANSV", defaults={"name": "Systemansvarlig", "level": "operational"}
    )
    systems = list(Asset.objects.systems().exclude(round_items__round=made).order_by("pk"))
    # Numbers of their own: other subjects' people have theirs, and no sequence may run into them.
    people = Person.objects.bulk_create(
        Person(pk=70_000 + row.pk, name=f"Ansvarlig {row.pk}", email=f"ansvarlig{row.pk}@example.org")
        for row in systems
    )
    Assignment.objects.bulk_create(
        Assignment(
            pk=70_000 + system.pk, person=person, role=role, asset=system, since=datetime.date(2024, 1, 1)
        )
        for person, system in zip(people[::2], systems[::2], strict=True)
    )
    RoundAsset.objects.bulk_create(
        RoundAsset(
            round=made,
            asset=row,
            answered_at=timezone.now() if n % 3 == 1 else None,
            answered_by=user if n % 3 == 1 else None,
        )
        for n, row in enumerate(systems)
    )
    Asset.objects.filter(code="S0", confirmed_on=None).update(confirmed_on=made.started_on, confirmed_by=user)
    ConfirmationRound.objects.bulk_create(
        ConfirmationRound(
            title=f"Runde {n}", deadline=made.deadline, started_on=made.started_on, started_by=user
        )
        for n in range(start, count)
    )
