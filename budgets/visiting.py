"""When somebody last looked at a year. Looking is told by a POST of its own: a GET writes nothing."""

from __future__ import annotations

import datetime

from django.db import transaction

from budgets.models import BudgetYear, YearVisit
from foi_portal.core.models import User

SITTING = datetime.timedelta(hours=4)  # a page opened again within it belongs to the same visit


def last(user: User, year: BudgetYear, *, now: datetime.datetime) -> datetime.datetime | None:
    """When the visit before this one was; ``None`` when this is the first. One query."""
    visit = YearVisit.objects.filter(user=user, year=year).first()
    if visit is None:
        return None
    return visit.at if now - visit.at > SITTING else visit.since


def remember(*, user: User, year: BudgetYear, now: datetime.datetime, seen: bool) -> None:
    """The user looks at the year. With ``seen`` the user says that all changes so far have been read."""
    with transaction.atomic():
        visit, made = YearVisit.objects.select_for_update().get_or_create(
            user=user, year=year, defaults={"at": now, "since": now if seen else None}
        )
        if made:
            return
        if seen:
            visit.since = now
        elif now - visit.at > SITTING:
            visit.since = visit.at
        visit.at = now
        visit.save()


__all__ = ["SITTING", "last", "remember"]
