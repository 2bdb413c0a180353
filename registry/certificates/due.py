"""Certificates that end, for the calendar of all that is due (``registry.deadlines``)."""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from django.urls import reverse

from registry.deadlines import Act, Deadline, Source, register
from registry.models import Certificate

KIND = "certificate"


def load(on: datetime.date, last: datetime.date) -> Iterator[Deadline]:
    """What is to be renewed and ends on the day ``last`` or before, overdue ones included. Two queries."""
    rows = Certificate.objects.to_be_renewed().filter(valid_to__lte=last)
    for row in rows.prefetch_related("assets").order_by("valid_to", "pk"):
        if row.valid_to is not None:
            yield _deadline(row, row.valid_to, on)


def _deadline(row: Certificate, day: datetime.date, on: datetime.date) -> Deadline:
    users = sorted(row.assets.all(), key=lambda asset: asset.pk)
    over = "udløb" if day <= on else "udløber"
    return Deadline(
        key=f"{KIND}/{row.pk}/{day.isoformat()}",
        kind=KIND,
        on=day,
        title=f"{row.name} {over}",
        subject=row.name,
        url=row.get_absolute_url(),
        assets=tuple(asset.pk for asset in users),
        organisations=tuple(
            sorted({asset.department_id for asset in users if asset.department_id is not None})
        ),
        cared_for_as=f"{KIND}/{row.pk}",
        acts=(
            Act("Forny", reverse("certificate-renew", args=[row.pk]), "registry.add_certificate"),
            Act("Ret", reverse("certificate-update", args=[row.pk]), "registry.change_certificate"),
        ),
        note=", ".join(filter(None, (row.get_kind_display(), row.get_environment_display(), row.location))),
    )


SOURCE = Source(KIND, "Certifikat udløber", load)


def connect() -> None:
    register(SOURCE)


__all__ = ["KIND", "SOURCE", "connect", "load"]
