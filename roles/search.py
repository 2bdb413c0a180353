"""Finding people and roles: for the type-ahead, and among the answers of /soeg/."""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Subquery
from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import SafeString

from foi_portal.ui import formats
from foi_portal.ui.forms import SEPARATOR
from registry import search
from registry.ranking import Query, highlight, parse, snippet
from registry.search import Result, Source
from roles.forms.fields import as_person
from roles.models import Absence, Person, Role, RoleLevel
from roles.people_html import away_text

OPTIONS = 12


def register() -> None:
    """Let /soeg/ find people and roles."""
    search.register(Source("person", "Personer", Person, ("email", "name", "title"), _people))
    search.register(Source("role", "Roller", Role, ("code", "name"), _roles))


def lookup_people(raw: str, on: datetime.date | None) -> list[dict[str, Any]]:
    """Type-ahead: people by name, e-mail or title, the best first; with ``on`` only those who have not left by then.

    ``label`` is what ``PersonField`` reads. One query.
    """
    query = parse(raw.replace(SEPARATOR.strip(), " "))
    if not query:
        return []
    rows = Person.objects.current()
    if on is not None:
        rows = rows.exclude(active_to__lte=on)
    found = search.ranked(rows, query).order_by("rank", "name", "pk")[:OPTIONS]
    return [{"key": row.pk, "name": row.name, "email": row.email, "label": as_person(row)} for row in found]


def _people(keys: list[int], query: Query) -> dict[int, Result]:
    made: dict[int, Result] = {}
    absences = Absence.objects.ongoing(timezone.localdate()).filter(person=OuterRef("pk"))
    rows: Any = Person.objects.select_related("unit").filter(pk__in=keys)
    for row in rows.annotate(is_away=Exists(absences), back=Subquery(absences.values("until")[:1])):
        made[row.pk] = Result(
            kind="person",
            kind_label="Person",
            url=reverse("person-detail", args=[row.pk]),
            code=highlight(row.email, query),
            name=highlight(row.name, query),
            text=SafeString(),
            badge="Lagt sammen" if row.is_archived else "",
        )
        facts = [("Titel", row.title), ("Enhed", row.unit.name if row.unit else ""), ("Telefon", row.phone)]
        facts += [("Fratrådt", formats.plain(row.active_to))]
        facts += [("Nu", away_text(row.back) if row.is_away else "")]
        made[row.pk].facts += [(label, highlight(text, query)) for label, text in facts if text]
    return made


def _roles(keys: list[int], query: Query) -> dict[int, Result]:
    return {
        row.pk: Result(
            kind="role",
            kind_label="Rolle",
            url=reverse("role-detail", args=[row.code]),
            code=highlight(row.code, query),
            name=highlight(row.name, query),
            text=snippet(row.description, query),
            badge="Arkiveret" if row.is_archived else "",
            facts=[("Niveau", highlight(str(RoleLevel(row.level).label), Query()))],
        )
        for row in Role.objects.filter(pk__in=keys)
    }
