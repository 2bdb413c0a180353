"""The dates of agreements, counted by the database so that lists can be sorted, filtered and exported by them.

``with_days`` says the same of many rows as the model's ``has_expired``, ``last_notice_day`` and ``next_review`` say
of one; a test holds them together.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.db import models
from django.db.models import Case, F, Func, Q, QuerySet, Value, When
from django.db.models.functions import Coalesce

from registry.models import AgreementStatus

SOON = 90  # days: what is nearer is marked on the lists


class Standing(models.TextChoices):
    """The status as people say it on a day: the stored one, or that the agreement has run out."""

    REQUESTED = "requested", "Anmodet"
    APPROVED = "approved", "Godkendt"
    REJECTED = "rejected", "Afvist"
    ACTIVE = "active", "Aktiv"
    TERMINATED = "terminated", "Opsagt"
    EXPIRED = "expired", "Udløbet"


class MonthsLater(Func):
    """SQL: a date so many months later or earlier, or that month's last day where it is too short.

    ``core.periods.months_after`` for the database; ``sign`` is "+" or "-".
    """

    output_field = models.DateField()

    def __init__(self, day: Any, months: Any, sign: str = "+") -> None:
        super().__init__(day, months)
        self.sign = sign

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = f"(%(expressions)s)::date {self.sign} make_interval(months => (%(months)s)::int)"
        return self._made(compiler, f"({template})::date")

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """The 31st of a month of 30 days would be the 1st of the next: the smaller of that and the month's end."""
        step = f"'{self.sign}' || (%(months)s) || ' months'"
        naive = f"date(%(expressions)s, {step})"
        end = f"date(%(expressions)s, 'start of month', {step}, '+1 month', '-1 day')"
        return self._made(compiler, f"min({naive}, {end})")

    def _made(self, compiler: Any, template: str) -> tuple[str, list[Any]]:
        (day, day_params), (months, months_params) = (
            compiler.compile(part) for part in self.get_source_expressions()
        )
        # In the order that they stand in the template: the one or two places of each.
        params: list[Any] = []
        for piece in template.split("%(")[1:]:
            params += day_params if piece.startswith("expressions") else months_params
        return template % {"expressions": day, "months": months}, params


def with_days(rows: QuerySet[Any], on: datetime.date) -> QuerySet[Any]:
    """Agreements with ``standing``, ``notice_day`` and ``review_day`` as they are on the day ``on``."""
    over = Q(valid_to__lte=on) & ~Q(status=AgreementStatus.REJECTED)
    active = Q(status=AgreementStatus.ACTIVE)
    notice = MonthsLater(F("valid_to"), F("notice_months"), "-")
    review = MonthsLater(Coalesce(F("reviewed_on"), F("valid_from")), F("review_months"))
    nothing: Any = Value(None, output_field=models.DateField())
    return rows.annotate(  # type: ignore[no-any-return]
        standing=Case(
            When(over, then=Value(Standing.EXPIRED.value)),
            default=F("status"),
            output_field=models.CharField(),
        ),
        notice_day=Case(
            When(active & Q(valid_to__isnull=False, notice_months__isnull=False), then=notice),
            default=nothing,
        ),
        review_day=Case(
            When(active & Q(valid_to=None, archived_at=None), then=review),
            default=nothing,
        ),
    )


__all__ = ["SOON", "MonthsLater", "Standing", "with_days"]
