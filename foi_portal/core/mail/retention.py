"""What is deleted in the outbox, and when (docs/personal-data.md)."""

from __future__ import annotations

import datetime

from django.db import transaction

from foi_portal.core.models import MailEvent, OutboxMail

BODIES_KEPT = datetime.timedelta(days=90)
MAILS_KEPT = datetime.timedelta(days=2 * 365)
AT_ONCE = 1000


def tidy_up(now: datetime.datetime) -> str:
    """Empty what was settled 90 days ago, delete what was settled two years ago. Out: what was done, in Danish.

    What still waits is never touched. As long as a row is kept, its occasion does not send the same mail again.
    """
    emptied = _empty(now)
    deleted = 0
    while batch := _old(now):
        with transaction.atomic():
            MailEvent.objects.filter(mail__in=batch).delete()
            gone = OutboxMail.objects.filter(pk__in=batch).delete()[1]  # with what upper apps kept of them
            deleted += gone.get(OutboxMail._meta.label, 0)
    return f"{emptied} tømt, {deleted} slettet"


def _empty(now: datetime.datetime) -> int:
    done = 0
    old = OutboxMail.objects.filter(settled_at__lt=now - BODIES_KEPT, emptied_at=None)
    while keys := list(old.order_by("pk").values_list("pk", flat=True)[:AT_ONCE]):
        with transaction.atomic():
            done += old.filter(pk__in=keys).update(text="", html="", error_detail="", emptied_at=now)
            MailEvent.objects.filter(mail__in=keys).update(detail="")
            MailEvent.objects.bulk_create(
                MailEvent(mail_id=key, at=now, what=MailEvent.What.EMPTIED) for key in keys
            )
    return done


def _old(now: datetime.datetime) -> list[int]:
    old = OutboxMail.objects.filter(settled_at__lt=now - MAILS_KEPT).order_by("pk")
    return list(old.values_list("pk", flat=True)[:AT_ONCE])


__all__ = ["BODIES_KEPT", "MAILS_KEPT", "tidy_up"]
