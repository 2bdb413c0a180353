"""The agreements that an impact answer touches: those that cover a connection which fails, or name what fails.

A connection fails with the answer when both its ends are in it. Agreements are those that are in force on the day asked
about, as they are written today.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import reverse

from foi_portal.core.keys import among
from registry.agreements.covering import COVERS, NAMES
from registry.agreements.tables import day_left
from registry.impact import Reply
from registry.models import Agreement

SHOWN = 12  # on the page
MOST_ON_PAPER = 40
EXPORTED = (
    "name",
    "number",
    "kind",
    "status",
    "system_code",
    "counterpart_code",
    "valid_from",
    "valid_to",
    "case_number",
    "touched",
    "covers",
    "uuid",
)


@dataclass(frozen=True, slots=True)
class Touched:
    """An agreement: how many of the dependencies it covers fail (``touched`` of ``covers``), and whether it names what
    fails.
    """

    agreement: Agreement
    touched: int
    covers: int
    named: bool


def by(reply: Reply) -> list[Touched]:
    """The agreements touched, those with the most failing connections first. Three queries, whatever the answer."""
    hit = {facts.key for facts in (*reply.failed, *reply.down)} | {row.facts.key for row in reply.rows}
    valid = Agreement.objects.in_force(reply.question.on).order_by()
    covered: dict[int, list[bool]] = {}
    rows = COVERS.objects.filter(agreement__in=valid.values("pk"), dependency__archived_at=None)
    for key, source, target in rows.values_list(
        "agreement_id", "dependency__source_id", "dependency__target_id"
    ):
        covered.setdefault(key, []).append(source in hit and target in hit)
    failed = {facts.key for facts in reply.failed}
    named = {
        key
        for key, asset in NAMES.objects.filter(agreement__in=valid.values("pk")).values_list(
            "agreement_id", "asset_id"
        )
        if asset in failed
    }
    wanted = {key for key, fails in covered.items() if any(fails)} | named
    found = [
        Touched(row, sum(covered.get(row.pk, ())), len(covered.get(row.pk, ())), row.pk in named)
        for row in Agreement.objects.select_related("system", "counterpart").filter(pk__in=among(wanted))
    ]
    return sorted(found, key=lambda one: -one.touched)  # the query has put them by name


def panel(reply: Reply) -> dict[str, Any]:
    """What the impact page shows."""
    found = by(reply)
    return {
        "shown": [_line(one, reply) for one in found[:SHOWN]],
        "rest": [_line(one, reply) for one in found[SHOWN:]],
        "count": len(found),
        "csv_url": f"{reverse('impact-agreements')}?{reply.question.query()}",
        "upstream": reply.is_upstream,
    }


def _line(one: Touched, reply: Reply) -> dict[str, Any]:
    ends = one.agreement.valid_to
    return {"one": one, "end": day_left(ends, reply.question.on) if ends else ""}


def on_paper(reply: Reply) -> dict[str, Any] | None:
    """What the PDF shows; None when nothing is touched."""
    found = by(reply)
    if not found:
        return None
    return {
        "rows": found[:MOST_ON_PAPER],
        "more": max(len(found) - MOST_ON_PAPER, 0),
        "count": len(found),
        "upstream": reply.is_upstream,
    }


def export_rows(found: list[Touched]) -> Iterator[list[Any]]:
    """Rows under ``EXPORTED``."""
    for one in found:
        row = one.agreement
        yield [
            row.name,
            row.number,
            row.kind,
            row.status,
            row.system.code if row.system else "",
            row.counterpart.code if row.counterpart else "",
            row.valid_from,
            row.valid_to,
            row.case_number,
            one.touched,
            one.covers,
            row.uuid,
        ]


__all__ = ["EXPORTED", "Touched", "by", "export_rows", "on_paper", "panel"]
