"""Actuals that were booked wrong: moved to another line, or cancelled by posting their opposite.

Nothing is deleted: the wrong posting and its opposite both stay, and the history tells who did it and why.
"""

from __future__ import annotations

import datetime

from django.utils import timezone

from budgets.models import Actual, ActualImport, BudgetLine
from budgets.posting import BATCH, Refused, lock
from foi_portal.core import history
from foi_portal.core.models import User

PREFIX = "Tilbageført: "


def move(
    *,
    posting: Actual,
    version: int | None,
    line: BudgetLine,
    alike: bool,
    reason: str,
    on: datetime.date,
    actor: User,
) -> int:
    """Put the posting on another of the year's lines; with ``alike`` also all others of its line with its account.

    Out: how many were moved. Errors: ``Refused``, also when ``version`` is not the posting's any more.
    """
    with history.recording(actor=actor, reason=reason):
        posting = _standing(posting, version, on)
        line = BudgetLine.objects.select_for_update(no_key=True).get(pk=line.pk)
        if line.year_id != posting.year_id or line.archived_at is not None:
            raise Refused("Linjen hører ikke til året eller er arkiveret. Vælg en anden.")
        if line.pk == posting.line_id:
            raise Refused("Posteringen står allerede på den linje. Vælg en anden.")
        rows = Actual.objects.filter(pk=posting.pk)
        if alike and posting.account:
            rows = Actual.objects.filter(
                year=posting.year_id, line=posting.line_id, account=posting.account
            ).standing()
        # keys first: the joins that tell which postings stand are not for an update
        keys = list(rows.values_list("pk", flat=True))
        for start in range(0, len(keys), BATCH):
            Actual.objects.filter(pk__in=keys[start : start + BATCH]).update(line=line)
        return len(keys)


def reverse(*, posting: Actual, version: int | None, reason: str, on: datetime.date, actor: User) -> Actual:
    """Book the posting's opposite, in the same month on the same line. Errors: ``Refused``.

    The row that it came from still counts as read, so the next file does not bring it back.
    """
    if not reason:
        raise Refused("Skriv, hvorfor posteringen tilbageføres.")
    with history.recording(actor=actor, reason=reason):
        posting = _standing(posting, version, on)
        opposite = _opposite(posting)
        opposite.save()
        return opposite


def take_back(*, batch: ActualImport, reason: str, on: datetime.date, actor: User) -> int:
    """Book the opposite of all that the file booked, wherever it stands now, but what was cancelled already.

    Its rows can be read again, from this file or a better one. Out: how many were cancelled. Errors: ``Refused``.
    """
    if not reason:
        raise Refused("Skriv, hvorfor filen tages tilbage.")
    with history.recording(actor=actor, reason=reason):
        lock(batch.year, on)
        batch = ActualImport.objects.select_for_update(no_key=True).get(pk=batch.pk)
        if batch.taken_back_at is not None:
            raise Refused(f"Filen er allerede taget tilbage af {batch.taken_back_by}.")
        standing = list(Actual.objects.filter(batch=batch).standing().order_by("pk"))
        Actual.objects.bulk_create((_opposite(posting) for posting in standing), batch_size=BATCH)
        Actual.objects.filter(batch=batch).exclude(key=None).update(key=None)
        batch.taken_back_at, batch.taken_back_by, batch.taken_back_because = timezone.now(), actor, reason
        batch.save(update_fields=["taken_back_at", "taken_back_by", "taken_back_because"])
        return len(standing)


def _standing(posting: Actual, version: int | None, on: datetime.date) -> Actual:
    """The posting, locked, when it is as it was seen and has not been cancelled."""
    lock(posting.year, on)
    locked = Actual.objects.select_for_update(no_key=True).get(pk=posting.pk)
    if locked.reverses_id is not None or Actual.objects.filter(reverses=locked).exists():
        raise Refused("Posteringen er tilbageført, så den kan ikke rettes mere.")
    if locked.version != version:
        raise Refused("Nogen har rettet posteringen imens. Se, hvor den står nu, og gentag så.")
    return locked


def _opposite(posting: Actual) -> Actual:
    return Actual(
        year_id=posting.year_id,
        line_id=posting.line_id,
        month=posting.month,
        amount=-posting.amount,
        account=posting.account,
        text=f"{PREFIX}{posting.text}"[:300].strip(),
        source=posting.source,
        batch_id=posting.batch_id,
        reverses=posting,
    )


__all__ = ["move", "reverse", "take_back"]
