"""Finding agreements: among the answers of /soeg/, and dependencies by two names for the type-ahead."""

from __future__ import annotations

import re
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils import timezone

from registry import search
from registry.agreements.forms import DependencyField
from registry.models import Agreement, Dependency
from registry.ranking import Query, highlight, parse, snippet
from registry.search import Result, Source

OPTIONS = 12
NAMES = (
    "number",
    "name",
    "case_number",
    "purpose",
    "uuid",
    "service_uuid",
    "system_uuid",
)  # the first is one as good as a code
ARROW_OR_WAY = re.compile(r"->|[→>]|\(.*")  # what the label of a dependency has besides its two codes


def register() -> None:
    """Let /soeg/ find agreements."""
    # Purposes are long texts: what is nearly spelt so is found in all of them.
    search.register(Source("agreement", "Aftaler", Agreement, NAMES, _results, similar=False))


def lookup_dependencies(raw: str) -> list[dict[str, str]]:
    """Type-ahead: current dependencies in which each word is in a code, a name or the purpose. One query.

    ``label`` is what ``DependencyField`` reads.
    """
    query = parse(ARROW_OR_WAY.sub(" ", raw))
    if not query:
        return []
    rows = Dependency.objects.ongoing().select_related("source", "target")
    for word in query.words:
        match = Q(purpose__icontains=word)
        for end in ("source", "target"):
            match |= Q(**{f"{end}__code__icontains": word}) | Q(**{f"{end}__name__icontains": word})
        rows = rows.filter(match)
    field = DependencyField()
    found = rows.order_by("source__code", "target__code", "direction", "pk")[:OPTIONS]
    return [{"code": str(row.pk), "name": str(row), "label": field.written(row)} for row in found]


def _results(keys: list[int], query: Query) -> dict[int, Result]:
    today = timezone.localdate()
    made: dict[int, Result] = {}
    for row in Agreement.objects.select_related("system", "counterpart").filter(pk__in=keys):
        standing = row.standing(today)
        made[row.pk] = Result(
            kind="agreement",
            kind_label=str(row.get_kind_display()),
            url=reverse("agreement-detail", args=[row.pk]),
            code=highlight(row.number, query),
            name=highlight(row.name, query),
            text=snippet(row.purpose, query),
            badge="Arkiveret" if row.is_archived else ("" if standing == "Aktiv" else standing),
        )
        facts: list[tuple[str, Any]] = [
            ("Fagsystem", row.system.name if row.system else ""),
            ("Modpart", row.counterpart.name if row.counterpart else ""),
            ("Sagsnummer", row.case_number),
        ]
        asked = query.text.casefold()
        facts += [
            (label, str(value))
            for label, value in (
                ("Aftalens UUID", row.uuid),
                ("Servicens UUID", row.service_uuid),
                ("It-systemets UUID", row.system_uuid),
            )
            if value and asked.replace("-", "") in value.hex
        ]
        made[row.pk].facts += [(label, highlight(text, query)) for label, text in facts if text]
    return made


__all__ = ["lookup_dependencies", "register"]
