"""The demonstration's agreements: illustrative, and only ever loaded on a developer's machine.

Cells like ``+45`` are days from the day of loading, so that something is overdue, something soon and something fine
whenever the demonstration is first loaded. An agreement whose number is there already, edited or not, is left alone.
"""

from __future__ import annotations

import csv
import datetime
import uuid
from pathlib import Path

from registry.models import Agreement, Asset, Component, Dependency, Organisation, System

DEMO = Path(__file__).resolve().parents[1] / "demo" / "agreements"
SOURCE = "https://foi-portalen.example/demo/"


def load(*, on: datetime.date) -> int:
    """Make the agreements that are not there, dated from the day ``on``. Out: how many.

    What needs an agreement is said of the components only when there are no agreements yet.
    """
    known = set(Agreement.objects.values_list("number", flat=True))
    if not known:
        codes = (DEMO / "needs_agreement.txt").read_text(encoding="utf-8").split()
        Component.objects.filter(code__in=codes).update(needs_agreement=True)
    with (DEMO / "agreements.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["number"] not in known]
    if not rows:
        return 0
    parties = dict(Organisation.objects.values_list("code", "pk"))
    systems = dict(System.objects.values_list("code", "pk"))
    assets = dict(Asset.objects.values_list("code", "pk"))
    covered: dict[tuple[str, str], list[int]] = {}
    for source, target, key in Dependency.objects.values_list("source__code", "target__code", "pk"):
        covered.setdefault((source, target), []).append(key)
    for row in rows:
        made = _made(row, on, parties, systems)
        covers = [key for code in row["covers"].split() for key in covered[row["system"], code]]
        made.dependencies.set(covers)
        made.assets.set(assets[code] for code in row["assets"].split())
    return len(rows)


def _made(
    row: dict[str, str], on: datetime.date, parties: dict[str, int], systems: dict[str, int]
) -> Agreement:
    return Agreement.objects.create(
        number=row["number"],
        name=row["name"],
        kind=row["kind"],
        status=row["status"],
        environment=row["environment"],
        system_id=systems[row["system"]] if row["system"] else None,
        counterpart_id=parties[row["counterpart"]],
        unit_id=parties[row["unit"]],
        requested_on=_day(row["requested"], on),
        decided_on=_day(row["decided"], on),
        valid_from=_day(row["from"], on),
        valid_to=_day(row["to"], on),
        notice_months=int(row["notice"]) if row["notice"] else None,
        review_months=int(row["review"]),
        reviewed_on=_day(row["reviewed"], on),
        case_number=row["case"],
        uuid=_uuid("aftale", row["number"]),
        service_uuid=_uuid("service", row["service"]) if row["service"] else None,
        system_uuid=_uuid("system", row["system"]) if row["service"] else None,
        purpose=row["purpose"],
        legal_basis=row["legal_basis"],
        note=row["note"],
    )


def _day(cell: str, on: datetime.date) -> datetime.date | None:
    return on + datetime.timedelta(days=int(cell)) if cell else None


def _uuid(kind: str, name: str) -> uuid.UUID:
    """The same each time, so that two demonstrations can be compared."""
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{SOURCE}{kind}/{name}")


__all__ = ["load"]
