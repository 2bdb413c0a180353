"""Queries of the pages about deadlines: (limit, address' name, its arguments, query) by title."""

from __future__ import annotations

import datetime
from typing import Any

from django.utils import timezone

from coordination.models import Acknowledgement, CalendarLink
from foi_portal.core.models import User
from registry.models import Component
from tests import factories

# In a test's transaction the board is read anew each time it is asked for: the few queries of each kind of deadline,
# the landscape and the day's picture of the roles, instead of one.
BOARD = 60
MAKER = "kalender"
DAY = datetime.date(2030, 2, 28)
PAGES: dict[str, tuple[int, str, list[Any], str]] = {
    "frister": (BOARD, "deadline-list", [], ""),
    "frister, filtreret": (
        BOARD,
        "deadline-list",
        [],
        "slags=lifecycle&forvaltning=-&asset=F1&efterretning=nej",
    ),
    "frister, anden side": (BOARD, "deadline-list", [], "page=2&person=70001"),
    "frister som tidslinje": (BOARD, "deadline-list", [], "vis=tidslinje&efter=forvaltning"),
    "frister som csv": (BOARD, "deadline-list", [], "_export=csv"),
    "frister som regneark": (BOARD, "deadline-list", [], "_export=xlsx"),
    "kalendere": (20, "calendar-list", [], ""),
}


def grow(start: int, count: int) -> None:
    """Components that end one day; each third is taken note of. Somebody has as many calendars."""
    made = Component.objects.bulk_create(
        Component(code=f"F{n}", name=f"Frist {n}", level="own", component_type="service", retired_from=DAY)
        for n in range(start, count)
    )
    maker = User.objects.filter(username=MAKER).first() or factories.member("FOI", username=MAKER)
    until = timezone.localdate() + datetime.timedelta(days=30)
    Acknowledgement.objects.bulk_create(
        Acknowledgement(
            key=f"lifecycle/{row.pk}-retired_from/{DAY}",
            title=row.name,
            until=until,
            reason="Aftalt",
            by=maker,
        )
        for row in made[::3]
    )
    CalendarLink.objects.bulk_create(
        CalendarLink(token_digest=f"{number:064}", made_by=maker) for number in range(start, count)
    )
