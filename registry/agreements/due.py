"""The dates of agreements among all deadlines: when one ends, when it must be ended, when it is to be looked at.

What is overdue stays until somebody has extended, ended or looked at the agreement. The end of one that is ended is
shown until it is past, but is decided: nobody is reminded.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse

from registry import deadlines
from registry.agreements.covering import COVERS, NAMES
from registry.agreements.days import with_days
from registry.deadlines import Act, Deadline, Source
from registry.models import Agreement, AgreementStatus

CHANGE = "registry.change_agreement"


def register() -> None:
    """Make the three kinds known."""
    deadlines.register(Source("agreement_end", "Aftale udløber", ends))
    deadlines.register(Source("agreement_notice", "Aftale skal opsiges", notices))
    deadlines.register(Source("agreement_review", "Aftale skal ses efter", reviews))


def ends(on: datetime.date, last: datetime.date) -> Iterable[Deadline]:
    """Active agreements that end, or should have been dealt with; and ended ones until their last day is over."""
    dealt_with = Q(status=AgreementStatus.TERMINATED, valid_to__lte=on)
    rows = _current(on).filter(
        status__in=(AgreementStatus.ACTIVE, AgreementStatus.TERMINATED), valid_to__lte=last
    )
    return _made("agreement_end", rows.exclude(dealt_with), lambda row: row.valid_to, _end_acts, "{} udløber")


def notices(on: datetime.date, last: datetime.date) -> Iterable[Deadline]:
    """The last day to give notice. After the end itself there is nothing more to give notice of."""
    rows = _current(on).filter(notice_day__lte=last, valid_to__gt=on)
    return _made(
        "agreement_notice", rows, lambda row: row.notice_day, _notice_acts, "Sidste dag for at opsige {}"
    )


def reviews(on: datetime.date, last: datetime.date) -> Iterable[Deadline]:
    """When an agreement without an end is to be looked at again."""
    rows = _current(on).filter(review_day__lte=last)
    return _made("agreement_review", rows, lambda row: row.review_day, _review_acts, "{} skal ses efter")


def _current(on: datetime.date) -> QuerySet[Any]:
    return with_days(Agreement.objects.current(), on)


def _made(
    kind: str,
    rows: QuerySet[Any],
    day: Callable[[Any], datetime.date],
    acts: Callable[[Any], tuple[Act, ...]],
    title: str,
) -> list[Deadline]:
    """Three queries: the agreements, what they cover, what they name."""
    found = list(rows.select_related("system", "unit", "counterpart"))
    keys = rows.order_by().values("pk")
    assets: dict[int, dict[int, None]] = {row.pk: {} for row in found}
    for row in found:
        if row.system_id is not None:
            assets[row.pk][row.system_id] = None
    for through, path in ((COVERS, "dependency__source_id"), (NAMES, "asset_id")):
        pairs = through.objects.filter(agreement__in=keys).order_by("pk").values_list("agreement_id", path)
        for agreement, asset in pairs:
            if agreement in assets:
                assets[agreement][asset] = None
    return [
        Deadline(
            key=f"{kind}/{row.pk}/{day(row).isoformat()}",
            kind=kind,
            on=day(row),
            title=title.format(row.name),
            subject=row.name,
            url=row.get_absolute_url(),
            assets=tuple(assets[row.pk]),
            organisations=tuple(key for key in (row.unit_id,) if key is not None),
            cared_for_as=f"agreement/{row.pk}",
            acts=acts(row),
            note=_note(row),
            decided=row.status == AgreementStatus.TERMINATED,
        )
        for row in found
    ]


def _note(row: Any) -> str:
    """The kind, with whom, and that it is ended already."""
    parts = [str(row.get_kind_display()), row.counterpart.name if row.counterpart else ""]
    parts.append("Opsagt" if row.status == AgreementStatus.TERMINATED else "")
    return ", ".join(filter(None, parts))


def _act(label: str, name: str, row: Any) -> Act:
    return Act(label, reverse(name, args=[row.pk]), CHANGE)


def _end_acts(row: Any) -> tuple[Act, ...]:
    if row.status == AgreementStatus.TERMINATED:
        return (_act("Tag opsigelsen tilbage", "agreement-take-back", row),)
    return _act("Forlæng", "agreement-extend", row), _act("Opsig", "agreement-terminate", row)


def _notice_acts(row: Any) -> tuple[Act, ...]:
    return _act("Opsig", "agreement-terminate", row), _act("Forlæng", "agreement-extend", row)


def _review_acts(row: Any) -> tuple[Act, ...]:
    return _act("Set efter", "agreement-review", row), _act("Opsig", "agreement-terminate", row)


__all__ = ["ends", "notices", "register", "reviews"]
