"""Planned days in the life of components and systems, as deadlines.

A day is open until the lifecycle says that what was planned has happened: then the day is history.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from typing import NamedTuple

from django.db.models import Q
from django.urls import reverse

from registry.deadlines import Act, Deadline, Source, register
from registry.models import Asset, Kind, Lifecycle


class Step(NamedTuple):
    """A planned day: its field, what happens to {} then, and the lifecycles in which it has not happened yet."""

    field: str
    title: str
    before: tuple[str, ...]
    note: str


STEPS = (
    Step(
        "active_from",
        "{} tages i drift",
        (Lifecycle.PLANNED,),
        "Ret status, når det er taget i brug, eller ret datoen.",
    ),
    Step(
        "phasing_out_from",
        "Udfasningen af {} begynder",
        (Lifecycle.PLANNED, Lifecycle.PHASING_IN, Lifecycle.ACTIVE),
        "Ret status til «Udfases», når den er begyndt, eller ret datoen.",
    ),
    Step(
        "retired_from",
        "{}: første dag uden drift",
        (Lifecycle.PLANNED, Lifecycle.PHASING_IN, Lifecycle.ACTIVE, Lifecycle.PHASING_OUT),
        "Ret status til «Udfaset», når driften er slut, eller ret datoen.",
    ),
)


def lifecycle_deadlines(on: datetime.date, last: datetime.date) -> Iterator[Deadline]:
    """The planned days no later than ``last`` that have not happened. One query."""
    due = Q()
    for step in STEPS:
        due |= Q(**{f"{step.field}__lte": last}, lifecycle__in=step.before)
    rows = Asset.objects.current().filter(due).order_by("pk")
    for key, kind, code, name, lifecycle, *days in rows.values_list(
        "pk", "kind", "code", "name", "lifecycle", *(step.field for step in STEPS)
    ):
        for step, day in zip(STEPS, days, strict=True):
            if day is None or day > last or lifecycle not in step.before:
                continue
            edit = Act(
                "Ret status eller dato", reverse(f"{kind}-update", args=[code]), f"registry.change_{kind}"
            )
            yield Deadline(
                key=f"lifecycle/{key}-{step.field}/{day}",
                kind="lifecycle",
                on=day,
                title=step.title.format(name),
                subject=name,
                url=reverse(f"{kind}-detail", args=[code]),
                assets=(key,),
                acts=(edit,) if step.field == "active_from" else (_users_first(kind, code), edit),
                note=step.note,
            )


def _users_first(kind: str, code: str) -> Act:
    """What ends is first looked at: a component's users must move, a system's dependencies must end."""
    word = "Se, hvem der bruger den" if kind == Kind.COMPONENT else "Se, hvad der hænger på det"
    return Act(word, f"{reverse('impact')}?asset={code}")


def register_source() -> None:
    register(Source("lifecycle", "Planlagt drift og udfasning", lifecycle_deadlines))


__all__ = ["STEPS", "lifecycle_deadlines", "register_source"]
