"""Who owns a finding: whoever is told about such matters today (``coordination.recipients``), or whom FOI chose."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from dataclasses import dataclass

from coordination.hygiene.base import Found
from coordination.recipients import Recipients
from registry.deadlines import Deadline
from roles.models import Person


@dataclass(frozen=True)
class Owners:
    """The day's owners. ``chosen``: whom FOI chose → who that is today; those who have left are not in it."""

    recipients: Recipients
    chosen: dict[int, int]

    @classmethod
    def load(cls, on: datetime.date, chosen: Collection[int]) -> Owners:
        """A constant number of queries. ``chosen`` are keys of the people whom FOI chose."""
        real = dict(Person.objects.filter(pk__in=chosen).order_by().values_list("pk", "merged_into"))
        present = {key: merged or key for key, merged in real.items()}
        here = set(
            Person.objects.active(on).filter(pk__in=present.values()).order_by().values_list("pk", flat=True)
        )
        return cls(Recipients.load(on), {key: now for key, now in present.items() if now in here})

    def of(self, found: Found) -> int | None:
        """The key of the person who answers for it; None: FOI."""
        matter, about = "finding", ""
        if found.certificate is not None:
            matter, about = "certificate", f"certificate/{found.certificate}"
        elif found.agreement is not None:
            matter, about = "agreement", f"agreement/{found.agreement}"
        assets = found.concerns or ((found.asset,) if found.asset is not None else ())
        asked = Deadline(
            key=found.key,
            kind=f"{matter}_finding",
            on=self.recipients.on,
            title=found.text,
            subject="",
            url="",
            assets=assets,
            cared_for_as=about,
        )
        return next((person.key for person in self.recipients.people_for(asked)), None)


__all__ = ["Owners"]
