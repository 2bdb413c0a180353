"""Queries of the pages about people: (limit, address' name, its arguments, query) by title."""

from __future__ import annotations

import datetime
from typing import Any

from registry.models import Organisation, System
from roles.models import Absence, Assignment, Person, Role

LIST, DETAIL = 12, 20
FIRST = 90_001  # key of the person whom the detail pages are about

PAGES: dict[str, tuple[int, str, list[Any], str]] = {
    "personer": (LIST, "person-list", [], "size=250"),
    "personer, filtreret": (
        LIST,
        "person-list",
        [],
        "q=per&unit=O1&state=here&roles=with&absent=no&sort=-roles&archived=alle",
    ),
    "personer som regneark": (LIST, "person-list", [], "_export=xlsx"),
    "person": (
        DETAIL + 60,
        "person-detail",
        [FIRST],
        "",
    ),  # the next deadlines are read anew in a transaction
    "historik for en person": (DETAIL, "person-history", [FIRST], ""),
    "opslag af person": (LIST, "person-lookup", [], "q=per"),
    "formular for en person": (DETAIL, "person-update", [FIRST], ""),
    "ny person": (DETAIL, "person-create", [], ""),
    "formular for fravær": (DETAIL, "absence-create", [FIRST], ""),
    "formular: læg sammen": (DETAIL, "person-merge", [FIRST], f"dobbelt={FIRST + 1}"),
    "søgning efter en person": (LIST + 4, "search", [], "q=person"),
}


def grow(start: int, count: int) -> None:
    """Rows number ``start`` to ``count``; the registry has systems S0 …, components K0 … and organisations O0 ….

    The first person has a role for every system, with the next one as deputy; all are away now and then.
    """
    units = list(Organisation.objects.filter(code__startswith="O").order_by("pk"))
    systems = list(System.objects.filter(code__startswith="S").order_by("pk"))
    role, _ = Role.objects.get_or_create(code="ANSVAR", defaults={"name": "Ansvarlig", "level": "tactical"})
    Person.objects.bulk_create(
        Person(id=FIRST + i, name=f"Person {i}", email=f"p{i}@odense.example", unit=units[i])
        for i in range(start, count)
    )
    day, today = datetime.date(2020, 1, 1), datetime.date.today()
    Assignment.objects.bulk_create(
        Assignment(person_id=FIRST + (i if i % 2 else 0), role=role, asset=systems[i], since=day)
        for i in range(start, count)
    )
    Assignment.objects.bulk_create(
        Assignment(person_id=FIRST + max(i, 1), role=role, asset=systems[i], part="deputy", since=today)
        for i in range(start, count)
        if i % 2 == 0
    )
    Absence.objects.bulk_create(
        Absence(person_id=FIRST + i, since=today, stand_in_id=FIRST + i - 1) for i in range(start + 1, count)
    )
    Absence.objects.bulk_create(
        Absence(
            person_id=FIRST, since=day + datetime.timedelta(2 * i), until=day + datetime.timedelta(2 * i + 1)
        )
        for i in range(start, count)
    )
    if start == 0:
        Absence.objects.create(person_id=FIRST, since=today, stand_in_id=FIRST + 1)
